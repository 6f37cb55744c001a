"""Sheet: one file's table as text, whatever format it came in, with the row number of every row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import polars as pl

from openverdict.errors import InputError


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row, or a cell of it, that could not be laid under the header."""

    row: int
    field: str
    value: str
    reason: str


@dataclass(frozen=True)
class Sheet:
    """One file as text.

    `frame` has one String column a header name, trimmed, null where a cell is empty; `rows` holds the row number in the
    file of each of its rows. Rows that could not be laid under the header stand in `faults` only.
    """

    name: str
    sha256: str
    kind: str
    frame: pl.DataFrame
    rows: tuple[int, ...]
    faults: tuple[RowFault, ...] = ()
    notes: tuple[str, ...] = ()
    size_bytes: int = 0

    @property
    def rows_read(self) -> int:
        """All rows of the file that hold anything."""
        return len(self.rows) + len({fault.row for fault in self.faults})


@dataclass(frozen=True)
class Table:
    """What a reader of one format hands over: header names, records with their row numbers, and what went wrong."""

    header: Sequence[str]
    records: Sequence[Sequence[str | None]]
    rows: Sequence[int]
    faults: tuple[RowFault, ...] = ()
    notes: tuple[str, ...] = ()


def nearest(word: str, names: Iterable[str]) -> str:
    """The mend for a name that is not there: the one most like it, or where the names stand."""
    names = list(names)
    near = get_close_matches(word, names, 1, 0.6)
    if near:
        return f"did you mean {near[0]}?"
    return f"write one of: {', '.join(names)}" if len(names) <= 12 else "see the field dictionary"


def check_header(name: str, header: Sequence[str]) -> list[str]:
    """Header names, trimmed.

    Raises:
        InputError: no header, a column without a name, or the same name twice.
    """
    names = [" ".join(text.split()) for text in header]
    if not any(names):
        raise InputError(f"{name}: the file is empty; it needs a header row with the column names")
    for position, text in enumerate(names, start=1):
        if not text:
            raise InputError(f"{name}: column {position} has no name; name it in the header row")
        if text in names[: position - 1]:
            raise InputError(f"{name}: the column {text!r} stands twice; keep one of them")
    return names


def lay_out(name: str, table: Table) -> tuple[pl.DataFrame, tuple[int, ...], tuple[RowFault, ...]]:
    """Records laid under the header: (frame of text, row numbers, faults of the rows that do not fit).

    Cells beyond the header are let pass when they are empty, and so is a column that has neither a name nor a value.

    Raises:
        InputError: see `check_header`.
    """
    header = [text.strip() for text in table.header]
    width = len(header)
    while width and not header[width - 1] and not _holds(table.records, width - 1):
        width -= 1
    names = check_header(name, header[:width])
    faults = list(table.faults)
    spoiled = {fault.row for fault in faults}
    kept, rows = [], []
    for row, record in zip(table.rows, table.records, strict=True):
        if row in spoiled:
            continue
        beyond = [cell for cell in record[width:] if cell and cell.strip()]
        if beyond or len(record) < width:
            reason = f"the row has {len(record)} cells, the header {width}"
            faults.append(RowFault(row, "", ";".join(beyond), reason))
        else:
            kept.append(record)
            rows.append(row)
    columns = list(zip(*kept, strict=False)) if kept else [()] * width
    frame = pl.DataFrame(
        [pl.Series(text, columns[place], pl.String()) for place, text in enumerate(names)]
    )
    return tidy(frame), tuple(rows), tuple(faults)


def _holds(records: Sequence[Sequence[str | None]], place: int) -> bool:
    return any(len(record) > place and (record[place] or "").strip() for record in records)


def tidy(frame: pl.DataFrame) -> pl.DataFrame:
    """Text cells trimmed, empty ones null."""
    trimmed = pl.all().str.strip_chars()
    return frame.select(pl.when(trimmed != "").then(trimmed).name.keep()) if frame.width else frame
