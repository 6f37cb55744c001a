"""Text gathered from files to an Intake: cells and facts are read, rows checked, and every row is counted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from openverdict.cases import Register
from openverdict.cases.equality import EqualityRecord
from openverdict.cases.fields import equality_fields
from openverdict.errors import InputError
from openverdict.intake.cells import Cells, faults_frame, read_cells
from openverdict.intake.checks import contradictions, doubled, offsets, two_clocks
from openverdict.intake.facts import (
    KnownCases,
    ReadFacts,
    facts_equality,
    facts_register,
    is_facts,
    read_facts,
)
from openverdict.intake.result import (
    CASE_PLACES_SCHEMA,
    PLACES_SCHEMA,
    REJECTS_SCHEMA,
    Intake,
    Source,
)
from openverdict.intake.sheet import Sheet

# Every row of every file by its key: in which file (its place among them, its name) and row it stands.
WHERE_SCHEMA: dict[str, pl.DataType] = {
    "key": pl.Int64(),
    "place": pl.Int64(),
    "file": pl.String(),
    "row": pl.Int64(),
}


@dataclass(frozen=True)
class Gathered:
    """The text of all files: `where` names every row, `tables` and `facts` hold `key` and the cells."""

    sheets: tuple[Sheet, ...]
    where: pl.DataFrame
    layout_faults: pl.DataFrame
    tables: pl.DataFrame | None
    facts: pl.DataFrame | None
    lenient: frozenset[str]
    notes: tuple[str, ...]


def assemble(gathered: Gathered, known: KnownCases | None = None) -> Intake:
    """Read what was gathered; `known`: cases of facts that need no `found_at`, since they stand elsewhere.

    Raises:
        InputError: two files keep different clocks.
    """
    where = gathered.where
    cells = None if gathered.tables is None else read_cells(gathered.tables, gathered.lenient)
    told = None if gathered.facts is None else read_facts(gathered.facts)
    faults = pl.concat([gathered.layout_faults, _row_faults(gathered, cells, told)])
    register = None
    equality = [_no_equality()]
    case_places = pl.DataFrame(schema=CASE_PLACES_SCHEMA)
    fact_places = pl.DataFrame(schema=PLACES_SCHEMA)
    if told is not None:
        register, more, keys = facts_register(_without(told.facts, faults), known)
        fact_places = _places(keys.to_frame(), where).select(*PLACES_SCHEMA)
        faults = pl.concat([faults, more])
        equality.append(facts_equality(_without(told.facts, faults)))
    if cells is not None:
        rows, record = _from_cells(cells, faults)
        register = rows if register is None else rows + register
        case_places = _places(_without(cells.table, faults), where).select(*CASE_PLACES_SCHEMA)
        equality.append(record)
    refused = faults.filter(~pl.col("kept")).get_column("key").unique()
    rejected = where.filter(pl.col("key").is_in(refused.implode()))
    return Intake(
        register=register or _nothing(),
        equality=EqualityRecord(pl.concat(equality, how="diagonal").sort("case_id")),
        rejects=_rejects(faults, where),
        rows_read=where.height,
        rejected_rows=rejected.height,
        sources=_sources(gathered.sheets, where, rejected),
        notes=gathered.notes,
        case_places=case_places,
        fact_places=fact_places,
    )


def _places(keyed: pl.DataFrame, where: pl.DataFrame) -> pl.DataFrame:
    """A frame with a `key` and where each of its rows was read, in its order."""
    return keyed.join(
        where.select("key", *PLACES_SCHEMA), on="key", how="left", maintain_order="left"
    )


def _nothing() -> Register:
    return Register.from_table(pl.DataFrame(schema={"case_id": pl.String()}))


def _no_equality() -> pl.DataFrame:
    names = [field.name for field in equality_fields()]
    return pl.DataFrame(schema={"case_id": pl.String(), **dict.fromkeys(names, pl.String())})


def _without(rows: pl.DataFrame, faults: pl.DataFrame) -> pl.DataFrame:
    """Rows with a `key` that no fault refuses."""
    refused = faults.filter(~pl.col("kept")).get_column("key").unique()
    return rows.filter(~pl.col("key").is_in(refused.implode()))


def _row_faults(gathered: Gathered, cells: Cells | None, told: ReadFacts | None) -> pl.DataFrame:
    """Faults of cells and facts, and of rows against themselves, each other and the clock of their file."""
    faults, ids, clocks = [faults_frame()], [], []
    texts = [frame for frame in (gathered.tables, _fact_cells(gathered.facts)) if frame is not None]
    if cells is not None:
        readable = _without(cells.table, cells.faults)
        # A cell that its mapping could not read is empty here, and need not be called missing as well.
        own = cells.faults.join(gathered.layout_faults, on=["key", "field"], how="anti")
        faults += [own, contradictions(readable)]
        ids.append(cells.table.select("key", "case_id"))
        clocks.append(offsets(cells.table))
    if told is not None:
        faults.append(told.faults)
        clocks.append(told.offsets)
    if told is not None and ids:
        both = told.facts.join(ids[0].drop_nulls(), on="case_id", how="semi")
        ids.append(both.select("key", "case_id"))
    if ids:
        faults.append(doubled(pl.concat(ids), gathered.where))
    if clocks:
        said = pl.concat(clocks)
        faults.append(two_clocks(said, gathered.where, pl.concat(texts, how="diagonal")))
        _one_clock(_without(said, pl.concat(faults)), gathered.where)
    return pl.concat(faults)


def _fact_cells(facts: pl.DataFrame | None) -> pl.DataFrame | None:
    """The text that a fault of a fact shows."""
    return None if facts is None else facts.select("key", fact_value="value")


def _one_clock(said: pl.DataFrame, where: pl.DataFrame) -> None:
    """Raise unless all files keep times with an offset, or all without."""
    files = said.join(where, on="key").group_by("offset").agg(pl.col("file").first())
    names = dict(files.iter_rows())
    if len(names) > 1:
        raise InputError(
            f"{names[True]} keeps times with an offset, {names[False]} times without; "
            "write both on one clock"
        )


def _from_cells(cells: Cells, faults: pl.DataFrame) -> tuple[Register, pl.DataFrame]:
    """The register of the rows that stand, and their equality record."""
    table = _without(cells.table, faults)
    ids = table.select("key", "case_id")
    statuses = cells.statuses.join(ids, on="key").select("case_id", "field", "status")
    drop = [name for name in table.columns if name.endswith("_offset")]
    register = Register.from_table(table.drop("key", *drop), statuses.sort("case_id", "field"))
    record = ids.join(cells.equality, on="key").drop("key")
    said = (
        pl.any_horizontal(pl.exclude("case_id").is_not_null())
        if record.width > 1
        else pl.lit(False)
    )
    return register, record.filter(said)


def _rejects(faults: pl.DataFrame, where: pl.DataFrame) -> pl.DataFrame:
    placed = faults.join(where, on="key", how="inner").unique(maintain_order=True)
    return placed.sort("place", "row", "field", maintain_order=True).select(*REJECTS_SCHEMA)


def _sources(
    sheets: Sequence[Sheet], where: pl.DataFrame, rejected: pl.DataFrame
) -> tuple[Source, ...]:
    return tuple(
        Source(
            sheet.name,
            sheet.sha256,
            sheet.kind,
            where.filter(pl.col("place") == place).height,
            rejected.filter(pl.col("place") == place).height,
            sheet.size_bytes,
            "facts" if is_facts(sheet) else "table",
        )
        for place, sheet in enumerate(sheets)
    )
