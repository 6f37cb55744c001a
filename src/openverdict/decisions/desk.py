"""The desk: what waits for one person when they come in, by kind, with how much of it is over its time.

Every number is of what the person may list and may answer; of what is hidden from them nothing is counted here. What has a
clock is read from the clocks that run, which are as many as people started; what a register can hold many of is counted up to
`CAP` and no further, by an index, so that the page is as quick on a million cases as on a hundred.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from openverdict.decisions.access import Footing, footing
from openverdict.decisions.clocks import Waiting, waiting
from openverdict.decisions.derived import LeadNow
from openverdict.decisions.guarding import look
from openverdict.decisions.listing import last_run
from openverdict.decisions.models import Assignment, Category, Decision
from openverdict.decisions.reach import reach
from openverdict.decisions.readings import undecided, within_reach
from openverdict.decisions.roles import Operation
from openverdict.decisions.runs import list_runs
from openverdict.decisions.same_persons import waiting_for
from openverdict.decisions.standing import Standing, State, mentions_waiting, stands_on_each
from openverdict.decisions.subjects import Kind, pair_key
from openverdict.decisions.worklist import visible_leads
from openverdict.ledger.runs import DONE, FAILED
from openverdict.ledger.store import Store

CAP = 100  # as far as leads, suggestions and proposals are counted
RUNS = 20  # as far back as runs are looked at
AWAITS = (State.AWAITS_SECOND, State.AWAITS_THIRD)
FRESH = (State.RAISED, State.VIEWED)


class Pile(StrEnum):
    """A kind of thing that waits, in the order in which a person sees them."""

    GIVEN = "given"
    SECOND = "second"
    OVERDUE = "overdue"
    UNASSIGNED = "unassigned"
    REFERRAL = "referral"
    CONCERN = "concern"
    CATEGORY = "category"
    ENQUIRY = "enquiry"
    SUGGESTION = "suggestion"
    PROPOSAL = "proposal"
    FAILED = "failed_run"


@dataclass(frozen=True)
class Waits:
    """How much of one kind waits, and more where not `counted_all`. `late`: of it over its time; `due`: the first day."""

    kind: Pile
    count: int
    counted_all: bool = True
    late: int = 0
    due: str | None = None


@look(Operation.LIST)
def desk(store: Store, at: datetime, *, user: str) -> tuple[Waits, ...]:
    """What waits for a person, kind by kind; kinds of which there is nothing are left out. `at`: what is late is late then.

    `given`: to them, and not decided on. `second`: they may decide as the second or third person, and have not. `overdue`:
    whatever they may list. `unassigned`: leads and pairs that name each other, given to nobody and decided on by nobody.
    `referral`, `concern`, `category`, `enquiry`: without an answer that they may give. `failed_run`: since one ended well.
    """
    with store.snapshot():
        clocks = waiting(store, at, user=user)
        stance = footing(store, user, {case for each in clocks for case in each.cases}, at=at)
        found = [
            _timed(Pile.GIVEN, _given(store, clocks, user)),
            _timed(Pile.SECOND, _second(store, clocks, stance)),
        ]
        late = sum(bool(each.days_over) for each in clocks)
        found.append(Waits(Pile.OVERDUE, late, late=late))
        if _may(stance, Operation.DECIDE, Operation.ASSIGN):
            found.append(_few(Pile.UNASSIGNED, _unassigned(store, user)))
        for pile, operation in ANSWERED.items():
            own = [each for each in clocks if each.subject_kind == pile.value]
            if pile is Pile.CATEGORY:
                own = _of_others(store, own, user)
            found.append(_timed(pile, _answerable(own, stance, operation)))
        if _may(stance, Operation.ENTER_FACTS):
            rows = within_reach(store, user, undecided(store))
            found.append(_few(Pile.SUGGESTION, rows[: CAP + 1].count()))
            found.append(_few(Pile.PROPOSAL, waiting_for(store, user, most=CAP + 1)))
        if _may(stance, Operation.RUN):
            found.append(Waits(Pile.FAILED, _failed(store, user)))
    return tuple(sorted((w for w in found if w.count), key=lambda w: list(Pile).index(w.kind)))


ANSWERED = {
    Pile.REFERRAL: Operation.ANSWER,
    Pile.CONCERN: Operation.ANSWER,
    Pile.CATEGORY: Operation.SIGN_OFF,
    Pile.ENQUIRY: Operation.RESULT,
}


def _may(stance: Footing, *operations: Operation) -> bool:
    return any(stance.answer(each).allowed for each in operations)


def _timed(kind: Pile, clocks: Iterable[Waiting]) -> Waits:
    """A pile of what has a clock; what is due first stands first in it."""
    own = list(clocks)
    late = sum(bool(each.days_over) for each in own)
    return Waits(kind, len(own), True, late, own[0].due if own else None)


def _few(kind: Pile, count: int) -> Waits:
    return Waits(kind, min(count, CAP), count <= CAP)


def _answerable(clocks: Iterable[Waiting], stance: Footing, operation: Operation) -> list[Waiting]:
    return [each for each in clocks if _all(stance, operation, each.cases)]


def _all(stance: Footing, operation: Operation, cases: Iterable[str]) -> bool:
    return all(stance.answer(operation, case).allowed for case in cases)


def _rows(store: Store, clocks: Iterable[Waiting], kind: str, model: Any) -> dict[int, Any]:
    """What clocks of one kind run on, by clock."""
    numbers = {each.clock: int(each.subject) for each in clocks if each.subject_kind == kind}
    rows = {row.id: row for row in store.rows(model).filter(id__in=set(numbers.values()))}
    return {clock: rows[number] for clock, number in numbers.items() if number in rows}


def _given(store: Store, clocks: list[Waiting], user: str) -> list[Waiting]:
    """What was given to a person and to nobody after them."""
    rows = _rows(store, clocks, "assignment", Assignment)
    last = {(row.subject_kind, row.subject): row for row in sorted(rows.values(), key=_number)}
    own = {row.id for row in last.values() if row.user == user}
    return [each for each in clocks if each.clock in rows and rows[each.clock].id in own]


def _number(row: Any) -> int:
    return int(row.id)


def _of_others(store: Store, clocks: list[Waiting], user: str) -> list[Waiting]:
    """Categories that somebody else recorded: nobody signs their own."""
    rows = _rows(store, clocks, "category", Category)
    return [each for each in clocks if each.clock in rows and rows[each.clock].user != user]


def _second(store: Store, clocks: list[Waiting], stance: Footing) -> list[Waiting]:
    """What waits for a second or third person, who may be this one."""
    rows = _rows(store, clocks, "decision", Decision)
    stood: dict[tuple[str, str], Standing] = {}
    for kind in Kind:
        keys = [row.subject for row in rows.values() if row.subject_kind == kind.value]
        stood |= {(kind.value, k): s for k, s in stands_on_each(store, kind.value, keys).items()}

    own: dict[tuple[str, str], Waiting] = {}
    for each in clocks:
        if each.clock not in rows:
            continue
        subject = (rows[each.clock].subject_kind, rows[each.clock].subject)
        if stood[subject].state in AWAITS and stance.user not in stood[subject].people:
            own.setdefault(subject, each)
    return _answerable(own.values(), stance, Operation.DECIDE_TOO)


def _unassigned(store: Store, user: str) -> int:
    """Leads of the last run, and pairs that name each other, that nobody was given and nobody decided on; up to `CAP` + 1."""
    rows = store.rows(LeadNow).filter(run=last_run(store), assignee__isnull=True)
    rows = rows.filter(state__in=[state.value for state in FRESH])
    seen = visible_leads(store, rows, reach(store, user, Operation.LIST, at=store.clock()))
    found = int(seen[: CAP + 1].count())
    return found if found > CAP else min(found + _pairs_left(store, user), CAP + 1)


def _pairs_left(store: Store, user: str) -> int:
    pairs = {pair_key(*pair): pair for pair in mentions_waiting(store)}
    stood = stands_on_each(store, Kind.PAIR.value, list(pairs))
    given = store.rows(Assignment).filter(subject_kind=Kind.PAIR.value, subject__in=list(pairs))
    taken = set(given.values_list("subject", flat=True))
    left = {k: pair for k, pair in pairs.items() if k not in taken and stood[k].state in FRESH}
    stance = footing(store, user, {c for pair in left.values() for c in pair}, at=store.clock())
    return sum(_all(stance, Operation.LIST, pair) for pair in left.values())


def _failed(store: Store, user: str) -> int:
    lines, _ = list_runs(store, user=user, size=RUNS)
    good = next((place for place, line in enumerate(lines) if line.state == DONE), len(lines))
    return sum(line.state == FAILED for line in lines[:good])
