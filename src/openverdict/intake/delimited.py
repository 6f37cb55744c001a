"""CSV bytes to a table of text: encoding, delimiter, quotes, and rows of the wrong length."""

from __future__ import annotations

import csv
import io

from openverdict.errors import InputError
from openverdict.intake.sheet import Table

DELIMITERS = (",", ";", "\t")
LONGEST_CELL = 4_000_000  # characters: a long narrative fits; what is longer is a quotation mark that nobody closed
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_delimited(name: str, data: bytes) -> Table:
    """The table in a CSV file: UTF-8 with or without a byte order mark, or Windows-1252; `,`, `;` or tab.

    Row numbers count records, the header being row 1; an empty line is passed over but counted.

    Raises:
        InputError: not text in one of these encodings, or quotation marks that do not close.
    """
    text, notes = _decode(name, data)
    delimiter = _delimiter(name, text)
    records, rows = [], []
    blank = 0
    csv.field_size_limit(LONGEST_CELL)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        header = next(reader, [])
        for row, record in enumerate(reader, start=2):
            if any(cell and not cell.isspace() for cell in record):
                records.append(record)
                rows.append(row)
            elif record:
                blank += 1
    except csv.Error as error:
        raise InputError(
            f"{name}: line {reader.line_num}: {error}; a quotation mark is not closed or not doubled"
        ) from None
    if blank:
        notes = (*notes, f"{name}: {blank} rows without any value were passed over")
    return Table(header, records, rows, notes=notes)


def _decode(name: str, data: bytes) -> tuple[str, tuple[str, ...]]:
    if data.startswith(_UTF16):
        raise InputError(f"{name}: the file is UTF-16; save it as CSV UTF-8")
    if data.startswith(b"PK\x03\x04"):
        raise InputError(f"{name}: this is a zip or workbook, not CSV; name it .xlsx if it is one")
    place = data.find(b"\0")
    if place >= 0:
        line = data.count(b"\n", 0, place) + 1
        raise InputError(f"{name}: line {line} holds a NUL byte; save the table as CSV UTF-8")
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name}: line {line} is neither UTF-8 nor Windows-1252; save the table as CSV UTF-8"
        ) from None
    return text, (f"{name}: read as Windows-1252, since it is not UTF-8",)


def _delimiter(name: str, text: str) -> str:
    """The delimiter that splits the first record into most columns."""
    found = {}
    for delimiter in DELIMITERS:
        try:
            first = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
        except csv.Error as error:
            raise InputError(f"{name}: the header row cannot be read: {error}") from None
        found[delimiter] = len(first)
    return max(DELIMITERS, key=lambda delimiter: found[delimiter])
