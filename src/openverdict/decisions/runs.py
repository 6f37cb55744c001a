"""The runs of a store: their list, and one with its settings, hashes, counts and leads, as far as a person may list cases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef

from openverdict.decisions.access import in_use, may
from openverdict.decisions.guarding import look
from openverdict.decisions.roles import Operation
from openverdict.errors import InputError
from openverdict.ledger.models import Event, Lead, LeadCase, Run, RunEnd
from openverdict.ledger.runs import DONE, outcomes
from openverdict.ledger.store import Store

PAGE = 50
UNDER_WAY = "under_way"
# Of the summary of a run, what counts and names no case.
COUNTS = (
    "cases",
    "deaths",
    "incidents",
    "rejected_rows",
    "undated_rows",
    "without_place",
    "pairs_total",
    "pairs_ledger",
    "pairs_remainder",
    "leads_series",
    "leads_case",
    "years",
)


@dataclass(frozen=True)
class RunLine:
    """One run. `state`: under_way, done, failed, stopped; `leads`, `pairs_total` and `pairs_ledger`: None until it is done."""

    run: int
    state: str
    planned_at: str
    ended_at: str | None
    by: str
    as_of: str | None
    recorded_as_of: str | None
    cases: int
    budget: float
    null_registers: int
    floor: float
    seed: int
    leads: int | None
    pairs_total: int | None
    pairs_ledger: int | None


@dataclass(frozen=True)
class LeadLine:
    """One lead of a run: `number` in the store, its cases in order of time."""

    number: int
    rank: int
    lead: str
    kind: str
    cases: tuple[str, ...]
    log10_lr: float | None
    chance_per_year: float | None
    first_raised: str


@dataclass(frozen=True)
class RunTold:
    """One run in full: versions and hashes, the rule of inclusion, counts, and a page of its leads from a rank on.

    `hidden`: how many leads hold cases that the person may not list. `next`: the rank after which the next page begins.
    """

    line: RunLine
    entries: int
    program_version: str
    model_version: str
    model_hash: str
    register_hash: str
    vocabularies: Mapping[str, str]
    rule: Mapping[str, Any]
    counts: Mapping[str, Any]
    leads: tuple[LeadLine, ...]
    hidden: int
    next: int | None


@look(Operation.LIST)
def list_runs(
    store: Store, *, user: str | None = None, before: int | None = None, size: int = PAGE
) -> tuple[list[RunLine], int | None]:
    """(runs, the newest at the head; the number before which the next page begins, None at the end)."""
    rows = store.rows(Run).order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    return _lines(store, found), found[-1].id if more else None


@look(Operation.LIST)
def one_run(
    store: Store,
    run: int,
    *,
    user: str | None = None,
    after: int = 0,
    size: int = PAGE,
) -> RunTold:
    """One run, with the leads after a rank that are made of cases the person may list.

    Raises:
        InputError: there is none of this number.
    """
    planned = store.rows(Run).filter(id=run).first()
    if planned is None:
        raise InputError(f"run {run}: there is none of this number; see the list of runs")
    (line,) = _lines(store, [planned])
    end = store.rows(RunEnd).filter(run_id=run).first()
    summary = {} if end is None else json.loads(end.summary)
    leads = store.rows(Lead).filter(run_id=run)
    total = leads.count()
    if in_use(store):
        assert user is not None  # noqa: S101  (the mark refuses nobody)
        own = store.rows(LeadCase).filter(lead=OuterRef("id"))
        leads = leads.exclude(
            Exists(own.exclude(may(store, user, Operation.LIST, at=store.clock())))
        )
    hidden = total - leads.count()
    listed = list(leads.filter(rank__gt=after).order_by("rank")[: size + 1])
    more, listed = len(listed) > size, listed[:size]
    rule = {
        name: value for name, value in json.loads(planned.rule).items() if name != "watched_pairs"
    }
    return RunTold(
        line,
        planned.log_size,
        planned.program_version,
        planned.model_version,
        planned.model_hash,
        planned.register_hash,
        json.loads(planned.vocabularies),
        rule,
        {name: summary.get(name) for name in COUNTS} if summary else {},
        _leads(store, listed),
        hidden,
        listed[-1].rank if more else None,
    )


def _lines(store: Store, rows: list[Run]) -> list[RunLine]:
    if not rows:
        return []
    numbers = [row.id for row in rows]
    ends = {end.run_id: end for end in store.rows(RunEnd).filter(run_id__in=numbers)}
    said = outcomes(store, min(row.event_id for row in rows))
    entries = [row.event_id for row in rows]
    told = store.rows(Event).filter(seq__in=entries).values_list("seq", "at", "actor")
    planned = {seq: (at, actor) for seq, at, actor in told}
    return [_line(row, ends.get(row.id), said.get(row.id), *planned[row.event_id]) for row in rows]


def _line(
    row: Run, end: RunEnd | None, said: tuple[str, str] | None, at: str, actor: str
) -> RunLine:
    state, ended = said or (UNDER_WAY, None)
    done = end if state == DONE else None
    return RunLine(
        row.id,
        state,
        at,
        ended,
        actor,
        row.as_of,
        row.recorded_as_of,
        row.cases,
        row.budget,
        row.null_registers,
        row.floor,
        row.seed,
        None if done is None else done.leads,
        None if done is None else done.pairs_total,
        None if done is None else done.pairs_ledger,
    )


def _leads(store: Store, rows: list[Lead]) -> tuple[LeadLine, ...]:
    cases: dict[int, list[str]] = {}
    held = store.rows(LeadCase).filter(lead_id__in=[row.id for row in rows]).order_by("id")
    for lead, case in held.values_list("lead_id", "case_id"):
        cases.setdefault(lead, []).append(case)
    return tuple(
        LeadLine(
            row.id,
            row.rank,
            row.lead_id,
            row.kind,
            tuple(cases.get(row.id, ())),
            row.log10_lr,
            row.chance_per_year,
            row.first_raised,
        )
        for row in rows
    )
