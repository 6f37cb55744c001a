"""XLSX bytes to a table of text. The container is checked before anything of it is opened."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime, time, timedelta

import python_calamine as calamine

from openverdict.errors import InputError
from openverdict.intake.sheet import RowFault, Table

MAX_ENTRIES = 2_000
MAX_BYTES = 1 << 30
MAX_RATIO = 250
_RATIO_FROM = 1 << 20  # below this size a high ratio is harmless
_OLE = b"\xd0\xcf\x11\xe0"
_ERROR_CELL = re.compile(rb'<c\b[^>]*\bt="e"[^>]*>')
_EMPTY_FORMULA = re.compile(
    rb"<c\b[^>]*>\s*<f\b[^>]*?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>"
)
_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')


def read_workbook(name: str, data: bytes, sheet: str | None = None) -> Table:
    """The table in one sheet of an XLSX workbook: the one named, or the first.

    A formula counts as the value stored beside it; macros are never run. A date cell at midnight is a date alone.

    Raises:
        InputError: encrypted, damaged, too large once unpacked, or no such sheet.
    """
    guard(name, data)
    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            names = book.sheet_names
            if not names:
                raise InputError(f"{name}: the workbook has no sheet")
            chosen = names[0] if sheet is None else sheet
            if chosen not in names:
                raise InputError(f"{name}: no sheet {sheet!r}; it has: {', '.join(names)}")
            sheet_cells = book.get_sheet_by_name(chosen).to_python(skip_empty_area=False)
            cells: list[list[object]] = [list(line) for line in sheet_cells]
    except calamine.PasswordError:
        raise InputError(f"{name}: encrypted; save a copy without a password") from None
    except (calamine.CalamineError, calamine.WorksheetNotFound) as error:
        raise InputError(f"{name}: not a readable XLSX workbook: {_one_line(error)}") from None
    except OSError as error:
        raise InputError(f"{name}: not a readable XLSX workbook: {_one_line(error)}") from None
    others = [other for other in names if other not in (chosen, "dictionary")]
    notes = (
        (f"{name}: only the sheet {chosen!r} was read, not {', '.join(others)}",) if others else ()
    )
    return _table(name, data, names.index(chosen), cells, notes)


def guard(name: str, data: bytes) -> None:
    """Refuse what is not a plain zip of sane size, before a reader unpacks it.

    Raises:
        InputError: encrypted or old format, damaged, or over the caps on entries, size and ratio.
    """
    if data.startswith(_OLE):
        raise InputError(
            f"{name}: encrypted, or an old .xls workbook; save a copy as .xlsx without a password"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            total = sum(entry.file_size for entry in entries)
            if len(entries) > MAX_ENTRIES:
                raise InputError(
                    f"{name}: {len(entries)} parts in the workbook; at most {MAX_ENTRIES}"
                )
            if total > MAX_BYTES:
                raise InputError(f"{name}: {total} bytes once unpacked; at most {MAX_BYTES}")
            if total > _RATIO_FROM and total > MAX_RATIO * len(data):
                raise InputError(
                    f"{name}: unpacks to more than {MAX_RATIO} times its size; save it anew"
                )
            if any(entry.flag_bits & 1 for entry in entries):
                raise InputError(f"{name}: encrypted; save a copy without a password")
            broken = archive.testzip()  # reads every part: declared sizes and checksums hold
    except InputError:
        raise
    except Exception as error:  # zipfile raises many kinds on damaged input
        raise InputError(f"{name}: not a readable XLSX workbook: {_one_line(error)}") from None
    if broken is not None:
        raise InputError(f"{name}: the workbook is damaged at {broken}; save it anew")


def _table(
    name: str, data: bytes, place: int, cells: list[list[object]], notes: tuple[str, ...]
) -> Table:
    header = [cell_text(cell) for cell in cells[0]] if cells else []
    width = max((i + 1 for i, text in enumerate(header) if text.strip()), default=0)
    records, rows = [], []
    for row, line in enumerate(cells[1:], start=2):
        record = [cell_text(cell) for cell in line]
        if any(text and not text.isspace() for text in record):
            records.append(record)
            rows.append(row)
    faults = tuple(
        RowFault(row, header[column] if column < width else "", "", reason)
        for row, column, reason in _valueless(data, place)
        if row > 1
    )
    known = set(rows)
    lost = [fault.row for fault in faults if fault.row not in known]
    blank = len(cells) - 1 - len(rows) - len(set(lost)) if cells else 0
    if blank:
        notes = (*notes, f"{name}: {blank} rows without any value were passed over")
    return Table(header, records, rows, faults, notes)


def cell_text(cell: object) -> str:
    """A typed cell as text: whole numbers without a point, dates and times in ISO 8601, truth as true or false."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, (date, datetime, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return "" if cell is None else str(cell)


def _valueless(data: bytes, place: int) -> list[tuple[int, int, str]]:
    """(row, column from 0, reason) of cells that show an error or hold a formula without a stored value."""
    xml = _sheet_xml(data, place)
    found = []
    for pattern, reason in (
        (_ERROR_CELL, "the cell shows an error; correct the formula"),
        (_EMPTY_FORMULA, "a formula without a stored value; open and save the workbook once"),
    ):
        for match in pattern.finditer(xml):
            if b't="str"' in match[0][: match[0].find(b">")]:
                continue  # a formula whose value is an empty text
            reference = _REFERENCE.search(match[0])
            if reference:
                column = 0
                for letter in reference[1]:
                    column = column * 26 + letter - 64
                found.append((int(reference[2]), column - 1, reason))
    return found


def _sheet_xml(data: bytes, place: int) -> bytes:
    """The XML part behind the sheet at a place in the workbook's order."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
            return b""
        book = archive.read("xl/workbook.xml")
        relations = archive.read("xl/_rels/workbook.xml.rels")
        ids = re.findall(rb'<(?:\w+:)?sheet\b[^>]*?\b\w+:id="([^"]+)"', book)
        for relation in re.findall(rb"<(?:\w+:)?Relationship\b[^>]*>", relations):
            identity = re.search(rb'\bId="([^"]+)"', relation)
            target = re.search(rb'\bTarget="([^"]+)"', relation)
            if identity and target and place < len(ids) and identity[1] == ids[place]:
                part = target[1].decode("utf-8", "replace").lstrip("/")
                part = part if part.startswith("xl/") else f"xl/{part}"
                return archive.read(part) if part in names else b""
    return b""


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
