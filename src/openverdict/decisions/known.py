"""What was known on a day: cases as they stood then, the groups that a run had put forward by then, and where the cases lie.

A fact counts from its `known_from` on, and until another that was known by then stands in its place; a case counts from the day
on which it was known that it had been found. These are the rules of `ledger.facts` and `Register.as_of`, asked of a page of
cases instead of the whole register; a test holds them against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef

from openverdict.decisions.access import in_use, may
from openverdict.decisions.guarding import look
from openverdict.decisions.listing import (
    PAGE,
    CaseFilter,
    CaseLine,
    CasePage,
    last_run,
    list_cases,
)
from openverdict.decisions.reach import reach
from openverdict.decisions.roles import Access, Operation
from openverdict.ledger.derived import Present
from openverdict.ledger.models import Fact, Lead, LeadCase
from openverdict.ledger.present import COLUMNS, READ, from_facts
from openverdict.ledger.store import Store

LEADS = 50  # groups that are named on a page
AT_ONCE = 500
_READ = (*READ, "author", "source_id", "row", "supersedes")
_FIELD, _VALUE, _STATUS, _KNOWN_FROM = 2, 3, 4, 5
_PLACE = {name: place for place, name in enumerate(COLUMNS)}
_SERIES = "series"


@dataclass(frozen=True)
class KnownPage:
    """A page of cases as they were known on `day`. `later`: how many of the page had been found by then and became known later.

    The cases are chosen by what is said of them at present, and found by then; `page.count` counts these.
    """

    day: date
    page: CasePage
    later: int


@dataclass(frozen=True)
class KnownLead:
    """A group of a run that had been raised by the day: its cases that were known then, in order of time."""

    number: int
    rank: int
    cases: tuple[str, ...]
    members: int
    log10_lr: float | None
    first_raised: str


@dataclass(frozen=True)
class Point:
    """Where a case was found, as known then. `precision_m`: None where nobody said."""

    case: str
    lat: float
    lon: float
    precision_m: float | None
    incident: bool


@dataclass(frozen=True)
class KnownOn:
    """What was known on a day. `first`, `last`: the days between which anything was found; None for an empty register.

    `leads`: at most LEADS, by rank, of the groups raised by then whose cases the person may list; `hidden_leads`: others.
    `points`: of the cases of these and of the page, where the person may see the place.
    """

    day: date
    first: date | None
    last: date | None
    run: int | None
    leads: tuple[KnownLead, ...]
    hidden_leads: int
    known: KnownPage
    points: tuple[Point, ...]


@look(Operation.LIST)
def list_known(
    store: Store,
    day: date,
    chosen: CaseFilter | None = None,
    *,
    user: str | None = None,
    sort: str = "found_at",
    descending: bool = True,
    after: str | None = None,
    before: str | None = None,
    size: int = PAGE,
) -> KnownPage:
    """A page of the cases that a person may list, as they were known on a day."""
    asked = chosen or CaseFilter()
    until = day if asked.found_until is None else min(day, asked.found_until)
    found = list_cases(
        store,
        replace(asked, found_until=until),
        user=user,
        sort=sort,
        descending=descending,
        after=after,
        before=before,
        size=size,
    )
    held = _facts(store, [line.case_id for line in found.lines], day)
    lines = [_line(line, held.get(line.case_id, []), day) for line in found.lines]
    kept = tuple(line for line in lines if line is not None)
    return KnownPage(day, replace(found, lines=kept), len(lines) - len(kept))


@look(Operation.LIST)
def known_on(
    store: Store, day: date | None = None, *, user: str | None = None, run: int | None = None
) -> KnownOn:
    """What was known at the end of a day (the last day there is, where none is named): groups of a run, cases, places.

    `run`: the last one that ended, where none is named.
    """
    first, last = _span(store)
    day = day or last or store.clock().date()
    run = last_run(store) if run is None else run
    leads, hidden = _leads(store, run, day, user)
    known = list_known(store, day, user=user)
    cases = dict.fromkeys(case for lead in leads for case in lead.cases)
    cases |= dict.fromkeys(line.case_id for line in known.page.lines)
    points = _points(store, _clear(store, list(cases), user), day)
    return KnownOn(day, first, last, run, leads, hidden, known, points)


def _span(store: Store) -> tuple[date | None, date | None]:
    """The first and the last day on which something was found."""
    rows = (
        store.rows(Present)
        .exclude(found_at="")
        .order_by("found_at")
        .values_list("found_at", flat=True)
    )
    first, last = rows.first(), rows.last()
    if first is None or last is None:
        return None, None
    return date.fromisoformat(first[:10]), date.fromisoformat(last[:10])


def _facts(store: Store, cases: Sequence[str], day: date) -> dict[str, list[tuple[Any, ...]]]:
    """What was known of these cases at the end of a day."""
    held: dict[str, list[tuple[Any, ...]]] = {}
    for start in range(0, len(cases), AT_ONCE):
        rows = store.rows(Fact).filter(case_id__in=list(cases[start : start + AT_ONCE]))
        for fact in rows.order_by("id").values_list(*_READ):
            known_from = fact[_KNOWN_FROM]
            if known_from is not None and known_from[:10] <= day.isoformat():
                held.setdefault(fact[1], []).append(fact)
    return held


def _line(line: CaseLine, facts: list[tuple[Any, ...]], day: date) -> CaseLine | None:
    """A line as it was; None where nobody knew of the case."""
    made, _ = from_facts(line.number, line.case_id, facts)
    then = {name: made[place] for name, place in _PLACE.items()}
    if not then["found_at"] or then["found_at"][:10] > day.isoformat():
        return None
    return CaseLine(
        line.number,
        line.case_id,
        then["kind"],
        then["found_at"],
        None if line.redacted else then["found_place_kind"],
        None if line.redacted else _last(facts, "found_place"),
        then["age_years"],
        then["sex"],
        then["unit"],
        then["manner_police"],
        then["manner_pathologist"],
        then["manner_coroner"],
        then["category_police"],
        then["closed_at"],
        None,
        line.restricted,
        line.redacted,
    )


def _last(facts: Iterable[tuple[Any, ...]], field: str) -> str | None:
    """What was said last of a field among these facts; None where that is no value."""
    listed = list(facts)
    gone = {fact[-1] for fact in listed}
    own = [fact for fact in listed if fact[_FIELD] == field and fact[0] not in gone]
    own.sort(key=lambda fact: (fact[_KNOWN_FROM], fact[6] or "", fact[0]))
    return str(own[-1][_VALUE]) if own and own[-1][_VALUE] is not None else None


def _leads(
    store: Store, run: int | None, day: date, user: str | None
) -> tuple[tuple[KnownLead, ...], int]:
    """(the groups of a run that had been raised by the day, how many more there are of cases that are not theirs to see)."""
    if run is None:
        return (), 0
    raised = store.rows(Lead).filter(
        run_id=run, kind=_SERIES, first_raised__lte=f"{day.isoformat()}T99"
    )
    total = raised.count()
    if in_use(store):
        assert user is not None  # noqa: S101  (the mark refuses nobody)
        own = store.rows(LeadCase).filter(lead=OuterRef("id"))
        allowed = may(store, user, Operation.LIST, at=store.clock())
        raised = raised.exclude(Exists(own.exclude(allowed)))
    hidden = int(total - raised.count())
    rows = list(raised.order_by("rank")[:LEADS])
    members: dict[int, list[str]] = {}
    held = store.rows(LeadCase).filter(lead_id__in=[row.id for row in rows]).order_by("id")
    for lead, case in held.values_list("lead_id", "case_id"):
        members.setdefault(lead, []).append(case)
    every = list(dict.fromkeys(case for cases in members.values() for case in cases))
    known = {
        case
        for case, facts in _facts(store, every, day).items()
        if any(fact[_FIELD] == "found_at" and fact[_VALUE] for fact in facts)
    }
    found = tuple(
        KnownLead(
            row.id,
            row.rank,
            tuple(case for case in members.get(row.id, ()) if case in known),
            len(members.get(row.id, ())),
            row.log10_lr,
            row.first_raised,
        )
        for row in rows
    )
    return found, hidden


def _clear(store: Store, cases: list[str], user: str | None) -> list[str]:
    """Those of the cases whose places the person may see, in their order."""
    clear = reach(store, user, Operation.LIST, at=store.clock(), access=(Access.YES,))
    seen: set[str] = set()
    for start in range(0, len(cases), AT_ONCE):
        rows = store.rows(Present).filter(case_id__in=cases[start : start + AT_ONCE])
        seen.update(clear.allows(rows).values_list("case_id", flat=True))
    return [case for case in cases if case in seen]


def _points(store: Store, cases: list[str], day: date) -> tuple[Point, ...]:
    found = []
    for case, facts in _facts(store, cases, day).items():
        lat, lon = _number(_last(facts, "found_lat")), _number(_last(facts, "found_lon"))
        if lat is None or lon is None:
            continue
        precision = _number(_last(facts, "found_precision_m"))
        found.append(Point(case, lat, lon, precision, _last(facts, "kind") == "incident"))
    order = {case: place for place, case in enumerate(cases)}
    return tuple(sorted(found, key=lambda point: order[point.case]))


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


__all__ = ["KnownLead", "KnownOn", "KnownPage", "Point", "known_on", "list_known"]
