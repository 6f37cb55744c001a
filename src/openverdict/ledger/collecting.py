"""Collecting: what intake read goes into the store, whole or not at all.

A case that is new comes in as it was read. A case that the store has is compared with what the store says of it: what is the
same adds nothing, what is new is added, and a cell of a table that now says something else supersedes what it said
before (`ledger.changes`). Nothing is taken back because a cell is empty: missing is never negative.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import polars as pl

from openverdict.errors import InputError
from openverdict.intake import Intake
from openverdict.intake.result import PLACES_SCHEMA
from openverdict.intake.result import Source as ReadSource
from openverdict.ledger import engine
from openverdict.ledger.cells import cells, moment_text
from openverdict.ledger.changes import Known, new_equality, new_facts, record_row
from openverdict.ledger.commitment import commit
from openverdict.ledger.events import FactsRecorded, SourceRegistered
from openverdict.ledger.models import Case, Content, EqualityFact, Fact, Reject, Source
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Block, Writer

CASES_AT_ONCE = 20_000  # cases held as Python objects at a time
FEW = 2_000  # cases that are asked for by name
Rows = list[tuple[Any, ...]]
# Some cases of a file: their ids, and each with its source and its rows.
Chunk = tuple[list[str], Iterator[tuple[tuple[str, int | None], Rows]]]


@dataclass
class Receipt:
    """What an intake changed: cases that were new, facts added, facts that supersede others, facts that said nothing new.

    `sources`: their numbers in the store. `first_entry`, `last_entry`: the entries of the log that it made.
    """

    new_cases: int = 0
    facts: int = 0
    superseded: int = 0
    unchanged: int = 0
    sources: list[int] = field(default_factory=list)
    first_entry: int = 0
    last_entry: int = 0


def collect(
    store: Store,
    read: Intake,
    *,
    actor: str,
    purpose: str,
    mapping: tuple[str, str] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Receipt:
    """Take in what was read, in one transaction.

    Args:
        store: where to.
        read: what `intake.read_register` returned.
        actor: who does this, as the log will name them.
        purpose: why, as a code.
        mapping: name and SHA-256 of the mapping by which tables were read.
        progress: told (step, share done); what it raises ends the intake, and nothing of it stands.

    Raises:
        InputError: one of the files was taken in before, or a case number can't stand in the log.
    """
    receipt = Receipt()
    with _no_cycles_sought(), store.writing(actor, purpose) as writer:
        receipt.first_entry = writer.size
        receipt.sources = _sources(store, writer, read, mapping)
        known = known_cases(store, _case_ids(read))
        equality = _equality(read)
        done, total = 0, max(len(read.register), 1)
        for ids, parts in chain(
            _from_table(read, receipt.sources), _from_facts(read, receipt.sources)
        ):
            if progress is not None:
                progress("collecting", min(done / total, 1.0))
            done += len(ids)
            before = Known.load(store, [case for case in ids if case in known])
            for (case, source), rows in parts:
                said = equality.pop(case, [])
                if case in known:
                    kept = _again(writer, before, case, rows, receipt)
                    said = new_equality(before, case, said)
                else:
                    kept = rows
                _record(writer, case, source, kept, said, is_new=case not in known)
                receipt.facts += len(kept)
                if case not in known:
                    known.add(case)
                    receipt.new_cases += 1
        receipt.last_entry = writer.size - 1
    return receipt


@contextmanager
def _no_cycles_sought() -> Iterator[None]:
    """Millions of tuples come and go here, none in a cycle: looking for cycles among them costs a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _again(writer: Writer, before: Known, case: str, rows: Rows, receipt: Receipt) -> Rows:
    """What of these rows is to be added to a case that the store has; corrections are written here."""
    if rows and rows[0][_ORIGIN] is None:
        kept, superseded, same = record_row(writer, before, case, rows)
        receipt.superseded += superseded
    else:
        kept, same = new_facts(before, case, rows)
    receipt.unchanged += same
    return kept


def _record(
    writer: Writer, case: str, source: int | None, rows: Rows, said: Rows, *, is_new: bool
) -> None:
    blocks = []
    if is_new:
        blocks.append(Block(Case, [(case,)]))
    if rows:
        blocks.append(Block(Fact, rows))
    if said:
        blocks.append(Block(EqualityFact, said))
    if blocks:
        key = None if source is None else str(source)
        writer.record(FactsRecorded, blocks, facts=len(rows), cases=1, source=key, case=case)


# Where `origin` stands in a row of facts: null for a cell of a table.
_ORIGIN = 6


def _from_table(read: Intake, sources: Sequence[int]) -> Iterator[Chunk]:
    """Cases of tables, a chunk at a time."""
    from_facts = read.register.facts.get_column("case_id").unique().implode()
    table = read.register.table.filter(~pl.col("case_id").is_in(from_facts))
    table = table.join(read.case_places, on="case_id", how="left", maintain_order="left")
    for start in range(0, table.height, CASES_AT_ONCE):
        part = table.slice(start, CASES_AT_ONCE)
        ids = part.get_column("case_id").to_list()
        yield ids, _table_cases(part, ids, read.register.statuses, sources)


def _table_cases(
    part: pl.DataFrame, ids: list[str], statuses: pl.DataFrame, sources: Sequence[int]
) -> Iterator[tuple[tuple[str, int | None], Rows]]:
    lines = cells(part.drop(*PLACES_SCHEMA), statuses)
    counts = [0] * len(ids)
    for case, count in lines.group_by("case").len().iter_rows():
        counts[case] = count
    said = lines.select("field", "value", "status").rows()
    dated = part.select(moment_text("known_from")).to_series().to_list()
    at = 0
    for number, (case, place, row) in enumerate(
        zip(ids, *part.select(*PLACES_SCHEMA), strict=True)
    ):
        source = sources[place or 0] if sources else None
        known_from = dated[number]
        rows = [
            (case, *cell, known_from, None, None, None, source, row, None)
            for cell in said[at : at + counts[number]]
        ]
        at += counts[number]
        yield (case, source), rows


def _from_facts(read: Intake, sources: Sequence[int]) -> Iterator[Chunk]:
    """Cases of facts files, likewise; one that stands in two files comes twice, once a file."""
    facts = read.register.facts
    if facts.is_empty():
        return
    placed = (
        pl.concat([facts, read.fact_places], how="horizontal")
        if len(read.fact_places)
        else (facts.with_columns(place=pl.lit(0, pl.Int64()), row=pl.lit(None, pl.Int64())))
    )
    lines = (
        placed.with_row_index("line")
        .with_columns(first=pl.col("line").min().over("case_id"))
        .sort("first", "place", "line")
        .select(
            "case_id",
            "field",
            "value",
            "status",
            moment_text("known_from", days=False),
            moment_text("recorded_at", days=False),
            "source",
            "author",
            "place",
            "row",
        )
    )
    every = [
        (key, [(*line[:8], sources[line[8]] if sources else None, line[9], None) for line in group])
        for key, group in groupby(lines.iter_rows(), key=itemgetter(0, 8))
    ]
    for start in range(0, len(every), CASES_AT_ONCE):
        part = every[start : start + CASES_AT_ONCE]
        ids = [key[0] for key, _ in part]
        yield (
            ids,
            iter(
                ((case, sources[place] if sources else None), rows) for (case, place), rows in part
            ),
        )


def _case_ids(read: Intake) -> list[str]:
    return read.register.table.get_column("case_id").to_list()


def known_cases(store: Store, ids: Sequence[str]) -> set[str]:
    """Those of the cases that the store has."""
    if len(ids) <= FEW:
        return set(store.rows(Case).filter(case_id__in=list(ids)).values_list("case_id", flat=True))
    every = {row[0] for row in engine.stream(store.alias, "SELECT case_id FROM ledger_case")}
    return every & set(ids)


def _equality(read: Intake) -> dict[str, Rows]:
    """The lines of the equality record by case."""
    table = read.equality.table
    names = [name for name in table.columns if name != "case_id"]
    said: dict[str, Rows] = {}
    for case, *values in table.select("case_id", *names).iter_rows():
        lines = [(case, name, value) for name, value in zip(names, values, strict=True) if value]
        if lines:
            said[case] = lines
    return said


def _sources(
    store: Store, writer: Writer, read: Intake, mapping: tuple[str, str] | None
) -> list[int]:
    """Register the files; their numbers by place."""
    numbers = []
    for place, source in enumerate(read.sources):
        used = mapping if source.layout == "table" else None
        _refuse_twice(store, source, used)
        number = writer.next_id(Source)
        name = commit(source.name)
        row = Source(
            sha256=source.sha256,
            place=place,
            kind=source.kind,
            layout=source.layout,
            size_bytes=source.size_bytes,
            rows_read=source.rows,
            rows_rejected=source.rejected_rows,
            mapping=used[0] if used else None,
            mapping_sha256=used[1] if used else None,
        )
        rows: list[Any] = [row]
        if place == 0 and read.notes:
            said = json.dumps(list(read.notes), ensure_ascii=False, separators=(",", ":"))
            rows.append(Content(name="notes", value=said))
        if source.name not in [other.name for other in read.sources[:place]]:
            lines = read.rejects.filter(pl.col("file") == source.name)
            told = lines.select("row", "field", "value", "reason").rows()
            rows.append(Block(Reject, [(number, *line) for line in told]))
        writer.record(
            SourceRegistered,
            rows,
            openings={"file_name": name},
            source=str(number),
            sha256=source.sha256,
            size_bytes=source.size_bytes,
            layout=source.layout,
            rows_read=source.rows,
            rows_rejected=source.rejected_rows,
            mapping=row.mapping,
            mapping_sha256=row.mapping_sha256,
            file_name=name.commitment,
        )
        numbers.append(number)
    return numbers


def _refuse_twice(store: Store, source: ReadSource, mapping: tuple[str, str] | None) -> None:
    """Refuse a file that was read in the same way before."""
    same = store.rows(Source).filter(
        sha256=source.sha256, mapping_sha256=mapping[1] if mapping else None
    )
    before = same.order_by("id").first()
    if before is not None:
        raise InputError(
            f"{source.name}: was taken into this store before, on {before.event.at[:10]} (entry "
            f"{before.event_id}); leave it out: a file that changed is read again, the same one adds nothing"
        )
