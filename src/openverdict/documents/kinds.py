"""Which kind a document is: by the end of its name, held against its first bytes."""

from __future__ import annotations

from openverdict.errors import InputError

KINDS = {".txt": "txt", ".text": "txt", ".docx": "docx", ".pdf": "pdf", ".eml": "eml"}
# Kinds of text that are not read, and what to do about each.
OTHERS = {
    ".doc": "an old Word document; save it as .docx",
    ".docm": "a Word document with macros; save it as .docx, without them",
    ".dot": "a Word template; save the document made from it as .docx",
    ".dotx": "a Word template; save the document made from it as .docx",
    ".dotm": "a Word template with macros; save the document made from it as .docx",
    ".rtf": "an RTF document; save it as .docx",
    ".odt": "an OpenDocument text; save it as .docx",
    ".pages": "a Pages document; export it as .docx",
    ".msg": "an Outlook message; save it as .eml",
    ".mbox": "a mailbox; export the messages that matter as .eml",
    ".pst": "a mailbox; export the messages that matter as .eml",
    ".html": "a web page; print it to PDF",
    ".htm": "a web page; print it to PDF",
    ".zip": "an archive; unpack it and name the documents",
    **dict.fromkeys(
        (".jpg", ".jpeg", ".png", ".gif", ".tif", ".tiff", ".heic", ".bmp", ".webp"),
        "a picture; recognise its characters (OCR), check the result, and save it as PDF with its text",
    ),
}
_FIRST_BYTES: dict[bytes, tuple[str, str]] = {
    b"%PDF": ("a PDF", "pdf"),
    b"PK\x03\x04": ("a zip archive or an Office file", "docx"),
    b"PK\x05\x06": ("an empty zip archive", ""),
    b"\xd0\xcf\x11\xe0": ("an old Office file, or one with a password", ""),
    b"{\\rtf": ("an RTF document", ""),
    b"\x89PNG": ("a PNG picture", ""),
    b"\xff\xd8\xff": ("a JPEG picture", ""),
    b"GIF8": ("a GIF picture", ""),
    b"II*\0": ("a TIFF picture", ""),
    b"MM\0*": ("a TIFF picture", ""),
    b"\x1f\x8b": ("a gzip archive", ""),
    b"7z\xbc\xaf": ("a 7z archive", ""),
    b"Rar!": ("a RAR archive", ""),
    b"SQLite format 3\0": ("a SQLite database", ""),
    b"PAR1": ("a Parquet file", ""),
    b"\x7fELF": ("a program", ""),
    b"MZ": ("a program", ""),
    b"<!DOCTYPE": ("a web page", ""),
    b"<html": ("a web page", ""),
}
_PDF_WITHIN = 1024  # bytes that may stand before the mark of a PDF
_SAID = {"txt": "text", "docx": "a DOCX", "pdf": "a PDF", "eml": "an e-mail"}


def named_kind(name: str) -> str | None:
    """The kind that a name says; None when its ending is none of a document that is read."""
    return KINDS.get(ending(name))


def checked_kind(name: str, data: bytes, kind: str | None = None) -> str:
    """The kind of a document, which its name and its first bytes agree on.

    Raises:
        InputError: a kind that is not read, an empty file, or bytes of another kind.
    """
    kind = kind or named_kind(name)
    if kind is None:
        raise InputError(refusal(name))
    if not data:
        raise InputError("is empty; name the file that holds the text")
    for start, (what, fits) in _FIRST_BYTES.items():
        if data[: len(start)].lower() == start.lower() and kind != fits:
            raise InputError(_other(what, kind))
    if kind == "pdf" and b"%PDF-" not in data[:_PDF_WITHIN]:
        raise InputError(
            "is named PDF and is none: it does not begin like one; name it what it is, or get it anew"
        )
    if kind == "docx" and not data.startswith(b"PK\x03\x04"):
        raise InputError(
            "is named DOCX and is none: it does not begin like one; name it what it is, or get it anew"
        )
    return kind


def refusal(name: str) -> str:
    """Why a file of this name is not read."""
    said = ending(name)
    if said in OTHERS:
        return f"is {OTHERS[said]}"
    return f"ends in {said[:20] or 'nothing'!r}; documents are read as .txt, .docx, .pdf or .eml"


def _other(what: str, kind: str) -> str:
    if what.startswith("an old Office") and kind == "docx":
        return "is protected by a password, or an old Word document; open it, and save a copy as .docx without a password"
    return f"is {what}, not {_SAID[kind]}; name it what it is, or save its text as .docx or .pdf"


def ending(name: str) -> str:
    """The ending of a name, in lower case with its dot; empty where there is none."""
    stem, dot, ending = name.rpartition(".")
    return f".{ending.lower()}" if dot and stem else ""
