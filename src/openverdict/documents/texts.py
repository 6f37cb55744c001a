"""TXT bytes to pieces: encoding, then lines."""

from __future__ import annotations

import codecs
import re

from openverdict.documents.pieces import Pieces, TooMuchError
from openverdict.documents.wrapped import joins
from openverdict.errors import InputError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Control characters that no text has; a tab, a line end, a page break and an escape that ends a printout may stand in one.
_CONTROL = re.compile("[\x00-\x06\x0e-\x19\x1c-\x1f]")
_SAVE = "save it as text, UTF-8"


def read_text(data: bytes, pieces: Pieces) -> None:
    """Put the lines of a text file: UTF-8, UTF-16 with its mark, or Windows-1252 where it is neither.

    Raises:
        InputError: no text in one of these encodings, control characters, or too much of it.
    """
    text = decoded(data, pieces)
    found = _CONTROL.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        what = "a NUL byte" if found[0] == "\0" else "a control character"
        raise InputError(f"holds {what} in line {line} and is no text; {_SAVE}")
    put_lines(text, pieces, "line ")
    if pieces.is_blank:
        raise InputError("holds no text; name the file that does")


def put_lines(text: str, pieces: Pieces, where: str, *, flowed: bool = False) -> None:
    """Put a text line by line, those that were only wrapped joined."""
    if len(text) > 2 * pieces.limits.characters:
        raise TooMuchError(
            f"holds more than {pieces.limits.characters:,} characters of text; split it"
        )
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    pieces.add_lines(where, lines, joins(lines, flowed=flowed))


def decoded(data: bytes, pieces: Pieces) -> str:
    """Bytes as text, with a note where the encoding is an assumption."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            if not encoding:
                raise InputError(f"is UTF-32; {_SAVE}")
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                raise InputError(f"is damaged {encoding.upper()}; {_SAVE}") from None
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise InputError(f"holds a NUL byte in line {line} and is no text; {_SAVE}")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"line {line} is neither UTF-8 nor Windows-1252; {_SAVE}") from None
    pieces.note("read as Windows-1252, since it is not UTF-8")
    return text
