"""PDF bytes to pieces: the text layer page by page, filled form fields and remarks; pages without text are named."""

from __future__ import annotations

import io
import logging
import re
from dataclasses import dataclass, field
from typing import Any

from openverdict.documents.limits import Limits
from openverdict.documents.pdf_remarks import dictionary, remarks, safely
from openverdict.documents.pieces import Pieces, numbers
from openverdict.documents.wrapped import joins
from openverdict.errors import InputError, MissingPartError

_ANEW = "open it and print it to a new PDF, or name another copy"
_OCR = "recognise the characters (OCR) in the program that scanned it, check the result, and save it with its text"
_GLYPHS = re.compile(r"(?:/[A-Za-z]{1,8}\d{1,5}){3}|\(cid:\d+\)")
_WORDLESS = re.compile("[\x00-\x08\x0e-\x1f\x80-\x9f\ufffd\ue000-\uf8ff]")
GARBLED = 0.15  # of a page's characters: from here on its font does not say which letters its signs stand for
_FORMS = 500  # forms of a page that are looked through for pictures
SPARSE = (
    200  # characters: a page with a picture and fewer may be a scan with a stamp or a page number
)
_DRAWN = 1_500  # bytes of drawing on a page without text: less is a blank page with a rule or two


@dataclass
class _Seen:
    """Numbers of the pages that something has to be said of."""

    scanned: list[int] = field(default_factory=list)
    garbled: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    partly: list[int] = field(default_factory=list)
    recognised: list[int] = field(default_factory=list)
    sparse: list[int] = field(default_factory=list)
    redacted: list[int] = field(default_factory=list)


class _Warnings(logging.Handler):
    """Counts what the library could not read and went on without."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count it; its words may quote the file, and are not kept."""
        self.count += 1


def read_pdf(data: bytes, pieces: Pieces) -> None:
    """Put the text of a PDF.

    Raises:
        InputError: damaged, encrypted, without a text layer, or beyond the limits.
        MissingPartError: pypdf is not installed.
    """
    try:
        import pypdf  # noqa: F401, PLC0415
    except ImportError:
        raise MissingPartError("Reading PDF", "documents") from None
    told = _Warnings()
    log = logging.getLogger("pypdf")
    kept = log.level, log.propagate
    log.addHandler(told)
    log.setLevel(logging.WARNING)
    log.propagate = False
    try:
        _read(data, pieces, told)
    finally:
        log.removeHandler(told)
        log.level, log.propagate = kept


def _read(data: bytes, pieces: Pieces, told: _Warnings) -> None:
    limits = pieces.limits
    from pypdf._configuration import apply_configuration  # noqa: PLC0415

    with apply_configuration(**_configuration(limits)):
        reader, pages = _opened(data, limits)
        if told.count:
            pieces.note(
                "damaged, and read as far as it can be; compare what was read with the file"
            )
        pieces.tell("pages", len(pages))
        _tell_about(reader, pieces)
        seen = _Seen()
        for number, page in enumerate(pages, start=1):
            told.count = 0
            _read_page(number, page, pieces, seen)
            if told.count and number not in seen.broken:
                seen.partly.append(number)
        _notes(seen, pieces)
        if pieces.is_blank:
            raise InputError(_empty(seen, len(pages)))


def _configuration(limits: Limits) -> dict[str, Any]:
    """The limits in the library's own words; its helper program for pictures is never called."""
    most = limits.unpacked_bytes
    return {
        "zlib_maximum_output_length": most,
        "lzw_maximum_output_length": most,
        "run_length_maximum_output_length": most,
        "array_based_stream_maximum_output_length": most,
        "stream_decoding_work_maximum_length": 2 * most,
        "maximum_declared_stream_length": limits.file_bytes,
        "jbig2dec_binary": None,
    }


def _opened(data: bytes, limits: Limits) -> tuple[Any, list[Any]]:
    """The reader and its pages.

    Raises:
        InputError: damaged, encrypted, or too many pages.
    """
    from pypdf import PdfReader  # noqa: PLC0415
    from pypdf.errors import DependencyError, LimitReachedError  # noqa: PLC0415

    locked = "is encrypted; open it with its password and save a copy without"
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise InputError(locked)
        form = dictionary(reader.root_object.get("/AcroForm"))
        if form.get("/XFA") is not None and reader.root_object.get("/NeedsRendering"):
            raise InputError(
                "is a form that is drawn only when Adobe Reader opens it (XFA); print it to a new PDF there"
            )
        count = len(reader.pages)
        if count > limits.pages:
            raise InputError(f"has {count:,} pages, more than {limits.pages:,}; split it")
        if not count:
            raise InputError(f"has no pages; {_ANEW}")
        return reader, list(reader.pages)
    except (InputError, MemoryError):
        raise
    except DependencyError:
        raise InputError(locked) from None
    except LimitReachedError:
        raise InputError(
            f"is made so that it would take far too much to read (pages or packed data without end); {_ANEW}"
        ) from None
    except Exception as error:  # the library raises many kinds on damaged input
        raise InputError(f"is a damaged PDF ({_kind(error)}); {_ANEW}") from None


def _read_page(number: int, page: Any, pieces: Pieces, seen: _Seen) -> None:
    """Put what one page holds; a page that can't be read is named, the others are read."""
    hidden = 0

    def look(operator: bytes, operands: Any, *_: Any) -> None:
        nonlocal hidden
        if operator == b"Tr" and operands and operands[0] == 3:
            hidden += 1

    try:
        text = str(page.extract_text(visitor_operand_before=look))
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # the library raises many kinds on damaged input
        _refuse_beyond_limits(error, number)
        seen.broken.append(number)
        text = ""
    if text.strip() and _is_garbled(text):
        seen.garbled.append(number)
        text = ""
    if text.strip():
        lines = text.splitlines()
        whole = "".join(
            before + line.strip() for before, line in zip(joins(lines), lines, strict=True)
        )
        pieces.add(f"page {number}", whole)
        if (hidden or len(whole) < SPARSE) and safely(lambda: _has_picture(page), False):
            (seen.recognised if hidden else seen.sparse).append(number)
    elif number not in (*seen.broken, *seen.garbled) and safely(lambda: _is_drawn(page), True):
        seen.scanned.append(number)
    for where, said in safely(lambda: list(remarks(page)), []):
        if where == "redaction":
            seen.redacted.append(number)
        else:
            pieces.add(f"page {number}, {where}", said)


def _refuse_beyond_limits(error: Exception, number: int) -> None:
    from pypdf.errors import LimitReachedError  # noqa: PLC0415

    if isinstance(error, LimitReachedError):
        raise InputError(
            f"holds more on page {number} than may be unpacked or drawn; {_ANEW}"
        ) from None


def _is_garbled(text: str) -> bool:
    letters = sum(not c.isspace() for c in text)
    return bool(_GLYPHS.search(text)) or len(_WORDLESS.findall(text)) > GARBLED * letters


def _is_drawn(page: Any) -> bool:
    """Whether a page without text shows something all the same."""
    if _has_picture(page):
        return True
    content = page.get_contents()
    return content is not None and len(content.get_data()) > _DRAWN


def _has_picture(page: Any) -> bool:
    """Whether a page, or a form drawn on it, has a picture among its resources, or one within its own drawing."""
    left: list[Any] = [page]
    seen: set[int] = set()
    while left and len(seen) < _FORMS:
        holder = left.pop()
        if id(holder) in seen:
            continue
        seen.add(id(holder))
        found = dictionary(dictionary(holder.get("/Resources")).get("/XObject"))
        for name in list(found)[:_FORMS]:
            each = dictionary(found.get(name))
            if each.get("/Subtype") == "/Image":
                return True
            if each.get("/Subtype") == "/Form":
                left.append(each)
    content = page.get_contents()
    return content is not None and b" ID " in content.get_data()[: 1 << 20]


def _tell_about(reader: Any, pieces: Pieces) -> None:
    """What the file says of itself, and what of it is not read."""
    about = safely(lambda: dictionary(reader.metadata), {})
    names = {"/CreationDate": "created", "/ModDate": "modified", "/Author": "author", "/Title": "title",
             "/Producer": "made_with"}  # fmt: skip
    for key, name in names.items():
        value = safely(lambda key=key: about.get(key), None)  # type: ignore[misc]
        if isinstance(value, str):
            pieces.tell(name, value)
    held = safely(lambda: dictionary(reader.root_object.get("/Names")).get("/EmbeddedFiles"), None)
    if held is not None:
        pieces.note("has files attached inside it, which are not read; save them and name each")
    form = safely(lambda: dictionary(reader.root_object.get("/AcroForm")).get("/XFA"), None)
    if form is not None:
        pieces.note("is an XFA form; compare what was read with what Adobe Reader shows")


def _notes(seen: _Seen, pieces: Pieces) -> None:
    if seen.partly:
        pieces.note(
            f"damaged in parts, so that text may be missing on {_pages(seen.partly)}; compare with the file"
        )
    if seen.recognised:
        pieces.note(
            f"the text of {_pages(seen.recognised)} lies unseen over a picture, as recognition of characters leaves it; "
            "compare it with the picture"
        )
    if seen.sparse:
        pieces.note(
            f"a picture with fewer than {SPARSE} characters of text beside it: {_pages(seen.sparse)}; if it is a scan, "
            f"its words were not read: {_OCR}"
        )
    if seen.redacted:
        pieces.note(
            f"marked for redaction, which was not applied, so that the text under it was read: {_pages(seen.redacted)}"
        )
    if pieces.is_blank:
        return
    for found, reason in (
        (seen.scanned, f"holds a picture or a drawing and no text; {_OCR}"),
        (seen.garbled, f"its font does not say which letters its signs stand for; {_OCR}"),
        (seen.broken, f"damaged; {_ANEW}"),
    ):
        if found:
            pieces.leave(_pages(found), reason)


def _empty(seen: _Seen, pages: int) -> str:
    if seen.scanned:
        return f"holds pictures of pages and no text ({_pages(seen.scanned)} of {pages:,}); {_OCR}"
    if seen.garbled:
        return f"its fonts do not say which letters their signs stand for; {_OCR}"
    if damaged := sorted({*seen.broken, *seen.partly}):
        return f"is a damaged PDF ({_pages(damaged)} of {pages:,} can't be read); {_ANEW}"
    return (
        f"holds no text on its {pages:,} page{'' if pages == 1 else 's'}; name the file that does"
    )


def _pages(found: list[int]) -> str:
    return f"page{'' if len(found) == 1 else 's'} {numbers(found)}"


def _kind(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
