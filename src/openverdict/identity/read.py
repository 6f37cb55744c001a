"""Tables of persons to records ready to be compared, each with its key.

Names, dates and numbers are held in memory for matching and go no further: a reject says which cell of which row, and never
what stood in it. What cannot be read counts as missing; a row is refused only if nobody could find it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from openverdict.cases import Status
from openverdict.errors import InputError
from openverdict.identity.names import fold, formal_names, words
from openverdict.identity.secret import Secret
from openverdict.identity.template import COLUMNS, DECEDENT, REQUIRED
from openverdict.intake.files import read_sheet
from openverdict.intake.sheet import nearest

REJECTS_SCHEMA: dict[str, pl.DataType] = {
    "file": pl.String(),
    "row": pl.Int64(),
    "field": pl.String(),
    "reason": pl.String(),
}
TEXTS = pl.List(pl.String())
RECORDS_SCHEMA: dict[str, pl.DataType] = {
    "rid": pl.Int64(),
    "source": pl.String(),
    "record_id": pl.String(),
    "case_id": pl.String(),
    "role": pl.String(),
    "key": pl.String(),
    "forename": pl.String(),
    "formal": TEXTS,
    "middle": pl.String(),
    "later_forenames": TEXTS,
    "surname": pl.String(),
    "surname_parts": TEXTS,
    "dob": pl.String(),
    "dob_known": pl.String(),
    "dob_swapped": pl.String(),
    "sex": pl.String(),
    "postcode": pl.String(),
    "sector": pl.String(),
    "district": pl.String(),
    "place": pl.String(),
    "number": pl.String(),
    "ids": TEXTS,
    "id_kinds": TEXTS,
    "dod": pl.String(),
    "dod_day": pl.Int64(),
}
DATES = ("iso", "dmy", "mdy")
EARLIEST, LATEST = 1850, 2100
# An identifier on more records than this is a hostel's telephone or a form's default, and tells nobody apart.
ORDINARY_IDENTIFIER = 20
_SAID_IN_WORDS = {str(status) for status in Status}
_POSTCODE = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)(\d)([A-Z]{2})")
_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?)?)?)?", re.ASCII)
_NO_ROLE = re.compile(r"[^a-z0-9]+")
_FORMULA = "=+-@"
_WORD = re.compile(r"[^\W\d_]{3}")
_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
Cells = Mapping[str, str | None]


class _UnreadableError(Exception):
    """Why a cell cannot be read; never what stands in it."""


@dataclass(frozen=True)
class Records:
    """Records to be compared, in the order of source and number, whatever order the files had.

    `table` in `RECORDS_SCHEMA`, `rid` counting from 0; `rejects` in `REJECTS_SCHEMA`, one line a cell left out or a row
    refused; `files` name and SHA-256 of each file; `notes` what was left out on purpose.
    """

    table: pl.DataFrame
    rejects: pl.DataFrame
    rows_read: int = 0
    rejected_rows: int = 0
    files: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.table.height


def read_persons(
    paths: Sequence[Path], secret: Secret, *, sheet: str | None = None, dates: str = "iso"
) -> Records:
    """Read tables of persons: CSV, XLSX or Parquet with the columns of the template, in any order.

    `dates`: how days are written, `iso` (2015-04-03), `dmy` (03/04/2015 is 3 April) or `mdy`; ISO is always read.

    Raises:
        InputError: a file cannot be read, has an unknown column or lacks one, or no record is left.
    """
    if dates not in DATES:
        raise InputError(f"--dates {dates}: write one of: {', '.join(DATES)}")
    rows: list[tuple[str, int, Cells]] = []
    faults: list[tuple[str, int, str, str]] = []
    given: list[tuple[str, str]] = []
    notes: list[str] = []
    rows_read = 0
    for path in paths:
        table = read_sheet(Path(path), sheet)
        if any(digest == table.sha256 for _, digest in given):
            raise InputError(f"{table.name}: the same file stands twice; name it once")
        given.append((table.name, table.sha256))
        # Not `fault.value`: what stands beyond the header may be a name.
        faults += [
            (
                table.name,
                f.row,
                f.field if f.field in COLUMNS else "",
                "row refused: " + _plain(f.reason),
            )
            for f in table.faults
        ]
        notes += table.notes
        rows_read += table.rows_read
        frame = table.frame.rename(_columns(table.name, table.frame.columns))
        rows += [
            (table.name, row, cells)
            for row, cells in zip(table.rows, frame.iter_rows(named=True), strict=True)
        ]
    records = make_records(rows, secret, dates)
    joined = pl.concat([pl.DataFrame(faults, schema=REJECTS_SCHEMA, orient="row"), records.rejects])
    if not len(records):
        first = joined.row(0, named=True) if joined.height else None
        why = f"; first: {first['file']}, row {first['row']}: {first['reason']}" if first else ""
        raise InputError(f"no record to compare in {rows_read} rows{why}")
    refused = joined.filter(pl.col("reason").str.starts_with("row refused"))
    return replace(
        records,
        rejects=joined.sort("file", "row", "field"),
        rows_read=rows_read,
        rejected_rows=refused.select("file", "row").unique().height,
        files=tuple(given),
        notes=(*notes, *records.notes),
    )


def make_records(
    rows: Iterable[tuple[str, int, Cells]], secret: Secret, dates: str = "iso"
) -> Records:
    """Records from rows of text, each with the name of its file and its number there."""
    reader = _Reader(secret, dates)
    for file, row, cells in rows:
        reader.add(file, row, cells)
    columns = zip(*reader.kept, strict=True) if reader.kept else ([],) * len(RECORDS_SCHEMA)
    made = zip(RECORDS_SCHEMA.items(), columns, strict=True)
    table = pl.DataFrame([pl.Series(name, values, kind) for (name, kind), values in made])
    table = table.sort("source", "record_id").with_columns(
        rid=pl.int_range(pl.len(), dtype=pl.Int64)
    )
    table, notes = _without_ordinary(table)
    rejects = pl.DataFrame(reader.faults, schema=REJECTS_SCHEMA, orient="row")
    return Records(table, rejects, notes=notes)


def _plain(reason: str) -> str:
    """A reason of intake's that quotes nothing."""
    return reason.partition("'")[0].strip()


def _columns(name: str, columns: Sequence[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for column in columns:
        ours = column.lower().replace(" ", "_")
        if ours not in COLUMNS:
            raise InputError(
                f"{name}: a table of persons has no column {column[:40]!r}; {nearest(ours, COLUMNS)}; "
                "an empty table with every column: openverdict identity template FILE"
            )
        if ours in names.values():
            raise InputError(f"{name}: the column {ours!r} stands twice; keep one of them")
        names[column] = ours
    for needed in REQUIRED:
        if needed not in names.values():
            raise InputError(f"{name}: the column {needed!r} is missing; add it")
    return names


class _Reader:
    """Rows in, records and faults out; what is the same in many rows is worked out once."""

    def __init__(self, secret: Secret, dates: str) -> None:
        self.secret = secret
        self.dates = dates
        self.kept: list[tuple[object, ...]] = []
        self.faults: list[tuple[str, int, str, str]] = []
        self.seen: set[tuple[str, str]] = set()
        self.folded: dict[str, list[str]] = {}

    def add(self, file: str, row: int, cells: Cells) -> None:
        """Keep a row, or say why not."""
        said = {name: self._text(cells.get(name)) for name in COLUMNS}
        record_id, source = said["record_id"], said["source"]
        forenames, surname = self._fold(said["forenames"]), self._fold(said["surname"])
        reason = ""
        if any(
            said[name][:1] in _FORMULA for name in ("record_id", "source", "case_id") if said[name]
        ):
            reason = "a number that begins with a sign, which a spreadsheet would take for a formula; write it without"
        elif not record_id or not source:
            reason = "no record_id or no source; without both nobody finds the record again"
        elif (source, record_id) in self.seen:
            reason = "this record_id stands in an earlier row of the same source; give each record its own"
        elif _WORD.search(record_id) and any(
            len(name) > 2 and name in fold(record_id) for name in (*forenames, *surname)
        ):
            reason = (
                "the record_id holds a name of the person; give a number, since it is written out"
            )
        if reason:
            self.faults.append((file, row, "record_id", f"row refused: {reason}"))
            return
        self.seen.add((source, record_id))

        def read(field: str, reader: object) -> object:
            try:
                return reader(said[field]) if said[field] else None  # type: ignore[operator]
            except _UnreadableError as error:
                self.faults.append((file, row, field, f"value left out: {error}"))
                return None

        born = read("date_of_birth", self._birthday)
        died = read("date_of_death", self._day)
        if born and died and str(died) < str(born)[: len(str(died))]:
            self.faults.append(
                (file, row, "date_of_death", "value left out: before the date of birth")
            )
            died = None
        ids = read("identifiers", self._identifiers)
        self.kept.append(
            (
                0,
                source,
                record_id,
                said["case_id"] or None,
                _NO_ROLE.sub("_", (said["role"] or "other").lower()).strip("_") or "other",
                self.secret.keyed("record", source, record_id),
                *self._names(forenames, surname),
                *_born(born),
                read("sex", _sex),
                *_postcode(said["postcode"]),
                " ".join(self._fold(said["place"])) or None,
                read("person_number", _number),
                ids,
                sorted({i.partition(":")[0] for i in ids}) if isinstance(ids, list) else None,
                died if isinstance(died, str) and len(died) == 8 else None,
                date(int(died[:4]), int(died[4:6]), int(died[6:])).toordinal()
                if isinstance(died, str) and len(died) == 8
                else None,
            )
        )

    @staticmethod
    def _text(cell: str | None) -> str:
        text = (cell or "").strip()
        return "" if text.lower() in _SAID_IN_WORDS else text

    def _fold(self, text: str) -> list[str]:
        if text not in self.folded:
            self.folded[text] = fold(text)
        return self.folded[text]

    @staticmethod
    def _names(forenames: list[str], surname: list[str]) -> tuple[object, ...]:
        """forename, formal names, middle name, later forenames, surname, its parts."""
        first = forenames[0] if forenames else None
        later = forenames[1:]
        parts = [part for part in surname if len(part) > 2]
        return (
            first,
            list(formal_names(first)) if first else None,
            later[0] if later else None,
            [name for name in later if len(name) > 1] or None,
            "".join(surname) or None,
            parts or None,
        )

    def _day(self, text: str) -> str:
        """ISO or declared day to digits: YYYYMMDD, YYYYMM or YYYY."""
        found = _DAY.fullmatch(text)
        if found:
            parts = [part for part in found.groups() if part]
        elif slashed := _SLASHED.fullmatch(text):
            one, two, year = slashed.groups()
            if self.dates == "iso":
                raise _UnreadableError(
                    "day and month may be either way round; write 2015-04-03, or give --dates"
                )
            day, month = (one, two) if self.dates == "dmy" else (two, one)
            parts = [year, month.zfill(2), day.zfill(2)]
        else:
            raise _UnreadableError("not a date; write 2014-06-19, 2014-06 or 2014")
        year, month, day = (*map(int, parts), 1, 1)[:3]
        try:
            date(year, month, day)
        except ValueError:
            raise _UnreadableError("no such day") from None
        if not EARLIEST <= year <= LATEST:
            raise _UnreadableError(f"not between {EARLIEST} and {LATEST}")
        return "".join(parts)

    def _birthday(self, text: str) -> str | None:
        day = self._day(text)
        iso = f"{day[:4]}-{day[4:6]}-{day[6:]}"
        return None if iso in words().no_birthdays else day

    def _identifiers(self, text: str) -> list[str]:
        found = set()
        for part in text.split(";"):
            kind, colon, value = (piece.strip() for piece in part.partition(":"))
            if not part.strip():
                continue
            if not colon or not kind or not value:
                raise _UnreadableError("write kind:value, for example phone:07700900123")
            kind = kind.lower()
            plain = re.sub(r"[\s()-]+", "", value).lower()
            found.add(f"{kind}:{self.secret.keyed('identifier', kind, plain)}")
        return sorted(found)


def _born(day: object) -> tuple[str | None, str | None, str | None]:
    """The whole day, what is known of it, and the day with day and month exchanged where that is a day."""
    if not isinstance(day, str):
        return None, None, None
    if len(day) < 8:
        return None, day, None
    other = day[:4] + day[6:] + day[4:6]
    return day, day, other if int(day[6:]) <= 12 and other != day else None


def _sex(text: str) -> str:
    code = words().sexes.get(text.upper())
    if code is None:
        raise _UnreadableError("write male, female or other")
    return code


def _number(text: str) -> str:
    """A number's letters and digits; one digit over and over stands for none."""
    plain = re.sub(r"[^A-Z0-9]", "", text.upper())
    if len(plain) < 5:
        raise _UnreadableError("too short to be a person's number")
    if len(set(plain)) == 1 or plain in "01234567890123456789":
        raise _UnreadableError("a number that stands for none")
    return plain


def _postcode(text: str) -> tuple[str | None, str | None, str | None]:
    """Postcode, its sector and its district: the last two of British postcodes only."""
    plain = re.sub(r"[^A-Z0-9]", "", text.upper())
    if len(plain) < 3:
        return None, None, None
    found = _POSTCODE.fullmatch(plain)
    if not found:
        return plain, None, None
    district, sector, _ = found.groups()
    return plain, f"{district} {sector}", district


def _without_ordinary(table: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Identifiers on very many records are taken away: they belong to a house or a form, and to nobody."""
    counts = table.select("rid", "ids").explode("ids").drop_nulls().get_column("ids").value_counts()
    ordinary = counts.filter(pl.col("count") > ORDINARY_IDENTIFIER).get_column("ids")
    if not len(ordinary):
        return table, ()
    kept = pl.col("ids").list.filter(~pl.element().is_in(ordinary.implode()))
    table = table.with_columns(ids=pl.when(kept.list.len() > 0).then(kept))
    kinds = (
        pl.col("ids").list.eval(pl.element().str.extract(r"^([^:]*):", 1)).list.unique().list.sort()
    )
    note = f"{len(ordinary)} identifiers stand on more than {ORDINARY_IDENTIFIER} records each and were not used"
    return table.with_columns(id_kinds=kinds), (note,)


def decedents(table: pl.DataFrame) -> pl.Series:
    """Which records are of the dead person."""
    return table.get_column("role") == DECEDENT
