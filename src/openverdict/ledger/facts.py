"""The facts of a store as a register: what was known on a day, and what the store held on a day.

Two axes of time. *Known*: a fact counts from its `known_from` on; one that supersedes another puts it aside from then on, and
not before: what people believed on a day is not mended by what they learned later. *Recorded*: the store's own clock, which
never runs backwards; what came in after a day is not in the answer about that day, whatever date it bears. So an
answer about the past stays what it was.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import polars as pl

from openverdict.cases import FACTS_SCHEMA, REJECTS_SCHEMA, Register
from openverdict.cases.equality import EqualityRecord
from openverdict.cases.fields import equality_fields
from openverdict.intake import Intake
from openverdict.intake.result import Source as ReadSource
from openverdict.ledger import engine
from openverdict.ledger.cells import moment, uncells
from openverdict.ledger.models import Content, EqualityFact, Event, Fact, Source
from openverdict.ledger.store import Store

ERASED = "(erased)"
_COLUMNS: dict[str, pl.DataType] = {
    "id": pl.Int64(),
    "event": pl.Int64(),
    "case_id": pl.String(),
    "field": pl.String(),
    "value": pl.String(),
    "status": pl.String(),
    "known_from": pl.String(),
    "recorded_at": pl.String(),
    "origin": pl.String(),
    "author": pl.String(),
    "source": pl.Int64(),
    "row": pl.Int64(),
    "supersedes": pl.Int64(),
}
_QUERY = (
    "SELECT id, event_id, case_id, field, value, status, known_from, recorded_at, origin, author, source_id, "
    '"row", supersedes FROM ledger_fact WHERE event_id < {cut} ORDER BY id'
)


@dataclass(frozen=True)
class AsOf:
    """A question on both axes; None leaves an axis open. `recorded`: a day, by its end in UTC, or a moment with its zone."""

    known: date | None = None
    recorded: date | datetime | None = None


def read_store(store: Store, as_of: AsOf | None = None, *, entries: int | None = None) -> Intake:
    """What the store held, as intake hands it out: the register with the account of its files and what was rejected.

    `register` holds every fact that was recorded by then; its own `as_of(known)` gives what was known. Facts that were
    superseded by what was known on the day are left out, and no others. `entries`: read no more than so many entries of the
    log. The equality record is not in it: see `equality_record`.
    """
    asked = as_of or AsOf()
    with store.snapshot():
        cut = entries_by(store, asked.recorded) if entries is None else entries
        sources = list(store.rows(Source).filter(event_id__lt=cut).order_by("id"))
        facts = _read(store, cut)
        names = _contents(store, "file_name", cut)
        said = _contents(store, "notes", cut)
        rejects = _rejects(store, cut, {s.id: names.get(s.event_id, ERASED) for s in sources})
    called = {s.id: names.get(s.event_id, ERASED) for s in sources}
    return Intake(
        register=_register(facts, asked.known, called),
        equality=EqualityRecord(pl.DataFrame(schema={"case_id": pl.String()})),
        rejects=rejects,
        rows_read=sum(s.rows_read for s in sources),
        rejected_rows=sum(s.rows_rejected for s in sources),
        sources=tuple(
            ReadSource(
                called[s.id],
                s.sha256,
                s.kind,
                s.rows_read,
                s.rows_rejected,
                s.size_bytes,
                s.layout,
            )
            for s in sources
        ),
        notes=tuple(note for notes in said.values() for note in notes),
    )


def read_cases(
    store: Store,
    cases: Sequence[str],
    known: date | None = None,
    *,
    entries: int | None = None,
    fields: Collection[str] | None = None,
) -> Register:
    """Some cases alone, as `read_store(…, entries=entries).register` has them at the end of `known`; the others are not read.

    `fields`: the facts of no other fields are in it (`found_at` always is, for without it there is no case).
    """
    rows = store.rows(Fact).filter(case_id__in=list(cases))
    if entries is not None:
        rows = rows.filter(event_id__lt=entries)
    if fields is not None:
        rows = rows.filter(field__in=[*fields, "found_at"])
    names = [{"event": "event_id", "source": "source_id"}.get(name, name) for name in _COLUMNS]
    held = list(rows.order_by("id").values_list(*names))
    facts = pl.DataFrame(held, schema=_COLUMNS, orient="row")
    sources = facts.get_column("source").drop_nulls().unique().to_list()
    files = dict(store.rows(Source).filter(id__in=sources).values_list("id", "event_id"))
    told = store.rows(Content).filter(name="file_name", event_id__in=list(files.values()))
    called = {entry: json.loads(value) for entry, value in told.values_list("event_id", "value")}
    register = _register(facts, known, {n: called.get(e, ERASED) for n, e in files.items()})
    return register if known is None else register.as_of(known)


def entries_by(store: Store, recorded: date | datetime | None) -> int:
    """How many entries the log had by then."""
    if recorded is None:
        return store.size()
    moment_at = recorded if isinstance(recorded, datetime) else datetime.combine(recorded, time.max)
    text = moment_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    last = store.rows(Event).filter(at__lte=text).order_by("-at", "-seq").first()
    return 0 if last is None else int(last.seq) + 1


def equality_record(store: Store) -> EqualityRecord:
    """The equality record of all cases, what came last standing for each field. For the equality report only."""
    names = [field.name for field in equality_fields()]
    rows: dict[str, dict[str, str]] = {}
    for line in store.rows(EqualityFact).order_by("id"):
        rows.setdefault(line.case_id, {"case_id": line.case_id})[line.field] = line.value
    schema = {"case_id": pl.String(), **dict.fromkeys(names, pl.String())}
    table = pl.DataFrame(list(rows.values()), schema=schema, orient="row")
    return EqualityRecord(table.sort("case_id"))


def _read(store: Store, cut: int) -> pl.DataFrame:
    parts = [pl.DataFrame(schema=_COLUMNS)]
    held: list[tuple[Any, ...]] = []
    for row in engine.stream(store.alias, _QUERY.format(cut=int(cut))):
        held.append(row)
        if len(held) >= 200_000:
            parts.append(pl.DataFrame(held, schema=_COLUMNS, orient="row"))
            held = []
    parts.append(pl.DataFrame(held, schema=_COLUMNS, orient="row"))
    return pl.concat(parts)


def _register(facts: pl.DataFrame, known: date | None, called: dict[int, str]) -> Register:
    """Cases that are still as one row of a table gave them come as rows; all others as their facts."""
    as_row = (
        facts.group_by("case_id")
        .agg(plain=(pl.col("event").n_unique() == 1) & pl.col("origin").is_null().all())
        .filter("plain")
        .get_column("case_id")
        .implode()
    )
    rows = facts.filter(pl.col("case_id").is_in(as_row))
    others = facts.filter(~pl.col("case_id").is_in(as_row))
    others = others.filter(~pl.col("id").is_in(list(_superseded(others, known))))
    told = _as_facts(others, called)
    register = Register.from_facts(told) if len(told) else None
    if len(rows):
        table, statuses = uncells(rows)
        of_rows = Register.from_table(table, statuses)
        register = of_rows if register is None else of_rows + register
    if register is None:
        return Register.from_table(pl.DataFrame(schema={"case_id": pl.String()}))
    return register


def _superseded(facts: pl.DataFrame, known: date | None) -> set[int]:
    """Facts that another one, known by then, stands in the place of; through any number of steps."""
    links = facts.filter(pl.col("supersedes").is_not_null())
    before = dict(links.select("id", "supersedes").iter_rows())
    if known is not None:
        links = links.filter(moment(pl.col("known_from")) <= datetime.combine(known, time.max))
    gone: set[int] = set()
    for number in links.get_column("id"):
        old = before.get(number)
        while old is not None and old not in gone:
            gone.add(old)
            old = before.get(old)
    return gone


def _as_facts(facts: pl.DataFrame, called: dict[int, str]) -> pl.DataFrame:
    """Stored facts in `FACTS_SCHEMA`, in the order in which their files held them; the store's own come last."""
    names = pl.DataFrame(
        {"source": list(called), "file": list(called.values())},
        schema={"source": pl.Int64(), "file": pl.String()},
    )
    placed = facts.sort("source", "row", "id", nulls_last=True, maintain_order=True)
    placed = placed.join(names, on="source", how="left", maintain_order="left")
    return placed.select(
        "case_id",
        "field",
        "value",
        "status",
        moment(pl.col("known_from")).alias("known_from"),
        moment(pl.col("recorded_at")).alias("recorded_at"),
        pl.coalesce("origin", "file", pl.lit("")).alias("source"),
        pl.col("author").fill_null(""),
    ).cast(FACTS_SCHEMA)  # type: ignore[arg-type]


def _contents(store: Store, name: str, cut: int) -> dict[int, Any]:
    """The contents of this name by entry, in their order."""
    found = store.rows(Content).filter(name=name, event_id__lt=cut).order_by("id")
    return {content.event_id: json.loads(content.value) for content in found}


def _rejects(store: Store, cut: int, called: dict[int, str]) -> pl.DataFrame:
    query = (
        'SELECT source_id, "row", field, value, reason FROM ledger_reject '
        f"WHERE event_id < {int(cut)} ORDER BY id"
    )
    rows: Sequence[Any] = [
        (called.get(source, ERASED), *rest) for source, *rest in engine.stream(store.alias, query)
    ]
    return pl.DataFrame(rows, schema=REJECTS_SCHEMA, orient="row")
