"""Never looked at: pairs and leads that a run listed and nobody decided on, and answers that are overdue, by unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openverdict.decisions.access import AT_ONCE, in_use
from openverdict.decisions.duties import Waiting, decided_before_reopening, waiting
from openverdict.decisions.guarding import look
from openverdict.decisions.models import About
from openverdict.decisions.reach import seen_among
from openverdict.decisions.retention import as_told, pseudonyms
from openverdict.decisions.roles import Operation
from openverdict.decisions.standing import awaited, mentions_waiting, standing_decisions
from openverdict.decisions.subjects import Kind, pair_key
from openverdict.decisions.turns import blind_to
from openverdict.ledger.itself import PROGRAM
from openverdict.ledger.models import Fact, Lead, LeadCase, Link, RunEnd
from openverdict.ledger.store import Store

NO_UNIT = "(no unit recorded)"
Group = tuple[Any, tuple[str, ...]]  # what is listed, and its cases
KINDS = ("pairs", "leads", "mentions", "unfinished", "reopened", "overdue")


@dataclass(frozen=True)
class Begun:
    """A subject on which a decision stands and which is not done with: `decision` is the number of that decision."""

    subject_kind: str
    subject: str
    decision: int
    cases: tuple[str, ...]


@dataclass(frozen=True)
class Unlooked:
    """What of the last run nobody decided on. Pairs as (case, case, log10 ratio), leads as (number, cases,
    log10 ratio), by their ranks; after them, by their names and without a ratio, those on which the reader owes a first view.

    `mentions`: pairs in which one case names the other and that nobody finished considering. `unfinished`: a second or third
    person is waited for. `reopened`: decided before one of the cases was reopened, and not since. `by_unit`: how many of each
    of `KINDS` touch each unit; what touches two units counts for both. `hidden`: how many there are beside these of cases
    that the person who asks may not see. `units`: of every case that is listed.
    """

    run: int | None
    pairs: tuple[tuple[str, str, float | None], ...]
    leads: tuple[tuple[int, tuple[str, ...], float | None], ...]
    mentions: tuple[tuple[str, str], ...]
    unfinished: tuple[Begun, ...]
    reopened: tuple[Begun, ...]
    overdue: tuple[Waiting, ...]
    by_unit: dict[str, dict[str, int]]
    units: dict[str, tuple[str, ...]]
    hidden: int

    def count(self, kind: str) -> int:
        """How many there are of one of `KINDS`."""
        return len(getattr(self, kind))


@look(Operation.LIST)
def never_looked_at(store: Store, at: datetime, user: str | None = None) -> Unlooked:
    """What nobody looked at, as of the last run that ended, and what is overdue at a time.

    `user`: only what is about cases that this person may list; the rest is counted. May be left out only where the store has
    no accounts.
    """
    with store.snapshot():
        return _found(store, at, user)


def _found(store: Store, at: datetime, user: str | None) -> Unlooked:
    is_asked = user is not None and in_use(store)
    decided = set(standing_decisions(store).values_list("subject_kind", "subject"))
    end = store.rows(RunEnd).order_by("-run_id").first()
    run = None if end is None else int(end.run_id)
    found: dict[str, list[Group]] = {
        "pairs": [(pair, pair[:2]) for pair in _pairs(store, run, decided)],
        "leads": [(lead, lead[1]) for lead in _leads(store, run, decided)],
        "mentions": [(pair, pair) for pair in mentions_waiting(store)],
        "unfinished": [(each, each.cases) for each in _begun(store, awaited(store))],
        "reopened": [(each, each.cases) for each in _begun(store, decided_before_reopening(store))],
        "overdue": [
            (each, each.cases) for each in waiting(store, at, user=PROGRAM) if each.days_over
        ],
    }
    listed, hidden = found, 0
    if is_asked:
        every = {case for each in found.values() for _, cases in each for case in cases}
        visible = seen_among(store, user, Operation.LIST, every)
        listed = {
            kind: [group for group in each if visible.issuperset(group[1])]
            for kind, each in found.items()
        }
        hidden = sum(map(len, found.values())) - sum(map(len, listed.values()))
    if user is not None and is_asked:
        by_key = {pair_key(*cases): (pair, cases) for pair, cases in listed["pairs"]}
        listed["pairs"] = _blinded(store, Kind.PAIR, by_key, user)
        by_key = {str(lead[0]): (lead, cases) for lead, cases in listed["leads"]}
        listed["leads"] = _blinded(store, Kind.LEAD, by_key, user)
    touched = {case for each in listed.values() for _, cases in each for case in cases}
    known = _units(store, touched)
    units = {case: known.get(case, (NO_UNIT,)) for case in sorted(touched)}
    made = Unlooked(
        run,
        **{kind: tuple(one for one, _ in each) for kind, each in listed.items()},
        by_unit=_by_unit(listed, units),
        units=units,
        hidden=hidden,
    )
    told: Unlooked = as_told(made, pseudonyms(store))
    return told


def _blinded(store: Store, kind: Kind, groups: dict[str, Group], user: str) -> list[Group]:
    """Those whose ratio the reader may see, in their order; then the others by their cases, each without its ratio."""
    blind = blind_to(store, kind, {key: cases for key, (_, cases) in groups.items()}, user)
    seen = [group for key, group in groups.items() if key not in blind]
    kept = [((*one[:2], None), cases) for key, (one, cases) in groups.items() if key in blind]
    return seen + sorted(kept, key=lambda group: group[1])


def _pairs(
    store: Store, run: int | None, decided: set[tuple[str, str]]
) -> list[tuple[str, str, float]]:
    links = store.rows(Link).filter(run_id=run).order_by("-log10_lr", "id")
    kind = Kind.PAIR.value
    return [
        pair
        for pair in links.values_list("case_a", "case_b", "log10_lr").iterator(chunk_size=10_000)
        if (kind, pair_key(*pair[:2])) not in decided
    ]


def _leads(
    store: Store, run: int | None, decided: set[tuple[str, str]]
) -> list[tuple[int, tuple[str, ...], float | None]]:
    members: dict[int, list[str]] = {}
    cases = store.rows(LeadCase).filter(lead__run_id=run).order_by("id")
    for lead, case in cases.values_list("lead_id", "case_id"):
        members.setdefault(int(lead), []).append(case)
    leads = store.rows(Lead).filter(run_id=run).order_by("rank")
    return [
        (int(number), tuple(members.get(int(number), ())), ratio)
        for number, ratio in leads.values_list("id", "log10_lr")
        if (Kind.LEAD.value, str(number)) not in decided
    ]


def _begun(store: Store, decisions: Any) -> list[Begun]:
    rows = list(decisions)
    told: dict[int, list[str]] = {}
    about = store.rows(About).filter(event_id__in=decisions.values("event_id")).order_by("id")
    for entry, case in about.values_list("event_id", "case_id"):
        told.setdefault(entry, []).append(case)
    return [
        Begun(row.subject_kind, row.subject, int(row.id), tuple(told.get(row.event_id, ())))
        for row in rows
    ]


def _by_unit(
    listed: dict[str, list[Group]], units: dict[str, tuple[str, ...]]
) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for kind, each in listed.items():
        for _, cases in each:
            for unit in {unit for case in cases for unit in units[case]}:
                counts.setdefault(unit, Counter())[kind] += 1
    return {unit: {kind: counts[unit][kind] for kind in KINDS} for unit in sorted(counts)}


def _units(store: Store, cases: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The units of those of the cases that have one, as facts stand now."""
    wanted = sorted(cases)
    units: dict[str, set[str]] = {}
    for start in range(0, len(wanted), AT_ONCE):
        rows = store.rows(Fact).filter(case_id__in=wanted[start : start + AT_ONCE], field="unit")
        facts = list(rows.values_list("id", "case_id", "value", "supersedes"))
        gone = {supersedes for *_, supersedes in facts}
        for number, case, value, _ in facts:
            if value and number not in gone:
                units.setdefault(case, set()).add(value)
    return {case: tuple(sorted(names)) for case, names in units.items()}
