"""read_register: files in, one register out, and every row either a case or a reject."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from openverdict.cases import dictionary
from openverdict.errors import InputError
from openverdict.intake.apply import apply_mapping
from openverdict.intake.assemble import WHERE_SCHEMA, Gathered, assemble
from openverdict.intake.cells import faults_frame
from openverdict.intake.facts import KnownCases, facts_texts, is_facts
from openverdict.intake.files import read_sheet
from openverdict.intake.mapping import load_mapping
from openverdict.intake.result import Intake
from openverdict.intake.sheet import Sheet, nearest

FOREIGN_NAMED = 5  # foreign columns that an error names


def read_register(
    *paths: Path | str,
    mapping: Path | str | None = None,
    sheet: str | None = None,
    known_cases: KnownCases | None = None,
) -> Intake:
    """Read the files of one register.

    Args:
        paths: CSV, XLSX or Parquet tables in the layout of the template, and facts files as CSV or JSON.
        mapping: a mapping file, or the name of a shipped one, for tables of another layout.
        sheet: which sheet of a workbook to read; the first one otherwise.
        known_cases: says which of some cases stand elsewhere, in the store that the files are for; facts about
            those need no `found_at` beside them.

    Raises:
        InputError: a file cannot be read at all, or its columns are not those of the template.
        MappingError: the mapping is not well formed, or does not fit a file.
    """
    if not paths:
        raise InputError("no file named; name the files of the register")
    plan = None if mapping is None else load_mapping(mapping)
    sheets: list[Sheet] = []
    where: list[pl.DataFrame] = []
    layout_faults: list[pl.DataFrame] = []
    tables: list[pl.DataFrame] = []
    facts: list[pl.DataFrame] = []
    notes: list[str] = []
    for place, path in enumerate(paths):
        source = read_sheet(Path(path), sheet)
        sheets.append(source)
        rows, keyed, faults = _keyed(source, place, start=sum(part.height for part in where))
        where.append(rows)
        notes += source.notes
        layout_faults.append(faults)
        if is_facts(source):
            facts.append(facts_texts(source.name, keyed))
        elif plan is not None:
            mapped = apply_mapping(plan, source, keyed)
            tables.append(mapped.texts)
            layout_faults.append(mapped.faults)
            notes += mapped.notes
        else:
            tables.append(_template_texts(source, keyed, Path(path)))
    if sheet is not None and not any(source.kind == "xlsx" for source in sheets):
        raise InputError(
            f"{sheets[0].name}: not a workbook, so it has no sheet {sheet!r}; leave the sheet out"
        )
    gathered = Gathered(
        tuple(sheets),
        pl.concat(where),
        pl.concat(layout_faults),
        tables=pl.concat(tables, how="diagonal") if tables else None,
        facts=pl.concat(facts) if facts else None,
        lenient=plan.lenient if plan else frozenset(),
        notes=tuple(notes),
    )
    return assemble(gathered, known_cases)


def _keyed(sheet: Sheet, place: int, start: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """(where each row stands, the sheet's frame with its keys, the faults of rows that could not be laid out)."""
    lost = sorted({fault.row for fault in sheet.faults})
    numbers = [*sheet.rows, *lost]
    where = pl.DataFrame(
        {
            "key": range(start, start + len(numbers)),
            "place": [place] * len(numbers),
            "file": [sheet.name] * len(numbers),
            "row": numbers,
        },
        schema=WHERE_SCHEMA,
    )
    keys = where.get_column("key")
    keyed = sheet.frame.with_columns(keys.head(len(sheet.rows)))
    at = dict(zip(lost, keys.tail(len(lost)), strict=True))
    faults = faults_frame((at[f.row], f.field, f.value, f.reason, False) for f in sheet.faults)
    return where, keyed, faults


def _template_texts(sheet: Sheet, keyed: pl.DataFrame, path: Path) -> pl.DataFrame:
    """A sheet in the layout of the template under the names of the dictionary.

    Raises:
        InputError: a column that is not in the dictionary, one that stands twice, or a required one that is missing.
    """
    names: dict[str, str] = {}
    plain = {column: column.lower().replace(" ", "_") for column in sheet.frame.columns}
    missing = missing_columns(sheet.frame.columns)
    if missing:
        raise InputError(f"{sheet.name}: {_missing(missing, plain)}{_mend(path)}")
    foreign = [column for column, name in plain.items() if name not in dictionary()]
    if foreign:
        raise InputError(f"{sheet.name}: {_foreign(foreign, plain, path)}")
    for column, name in plain.items():
        if name in names.values():
            raise InputError(f"{sheet.name}: the column {name!r} stands twice; keep one of them")
        names[column] = name
    return keyed.rename(names)


def missing_columns(columns: Iterable[str]) -> list[str]:
    """The required fields that no column of a table is named as, in the order of the dictionary."""
    there = {column.lower().replace(" ", "_") for column in columns}
    required = (field.name for field in dictionary().values() if field.required)
    return [name for name in required if name not in there]


def _missing(missing: list[str], plain: dict[str, str]) -> str:
    """Which required columns are missing, and what stands there instead: what is no field first."""
    foreign = [column for column, name in plain.items() if name not in dictionary()]
    columns = [*foreign, *(column for column in plain if column not in foreign)]
    found = ", ".join(repr(column[:40]) for column in columns[:FOREIGN_NAMED])
    more = len(columns) - FOREIGN_NAMED
    found += f" and {more} more" if more > 0 else ""
    one = len(missing) == 1
    named = " and ".join(repr(name) for name in missing)
    said = f"the required column{'' if one else 's'} {named} {'is' if one else 'are'} missing; found instead: {found}"
    for column in foreign:
        near = nearest(plain[column], missing)
        if near.startswith("did you mean"):
            said += f" ({column[:40]!r}: {near})"
    return f"{said}; add {'it' if one else 'them'}, or"


def _mend(path: Path) -> str:
    return f" make a mapping: openverdict intake --suggest-mapping {shlex.quote(str(path))}"


def _foreign(columns: list[str], plain: dict[str, str], path: Path) -> str:
    """Which columns are not fields, and what to do about it."""
    named = ", ".join(repr(column[:40]) for column in columns[:FOREIGN_NAMED])
    more = len(columns) - FOREIGN_NAMED
    named += f" and {more} more" if more > 0 else ""
    said = f"the columns {named} are not in the field dictionary; for a table of another layout"
    if len(columns) == 1:
        said = f"the column {named} is not in the field dictionary; for a table of another layout"
        near = nearest(plain[columns[0]], dictionary())
        if near.startswith("did you mean"):
            said = f"the column {named} is not in the field dictionary; {near} For another layout"
    return f"{said}{_mend(path)}"
