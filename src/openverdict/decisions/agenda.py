"""The agenda: leads of the last run, pairs in which one case names the other, and whatever somebody was given or is waited for.

Nothing of how alike a run found the cases is in it, and its order gives none of that away: it goes by the day on which an
answer is due, then by the day on which a lead was first raised, the newest first. What a person may not list is counted.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from django.db.models import Q

from openverdict.decisions.access import footing
from openverdict.decisions.clocks import Waiting, waiting
from openverdict.decisions.derived import LeadNow
from openverdict.decisions.guarding import look
from openverdict.decisions.listing import last_run
from openverdict.decisions.models import About, Assignment, Decision, Shown
from openverdict.decisions.reach import reach
from openverdict.decisions.retention import as_told, pseudonyms
from openverdict.decisions.roles import Operation
from openverdict.decisions.standing import (
    Standing,
    State,
    mentions_waiting,
    stands_on,
    stands_on_each,
)
from openverdict.decisions.subjects import Kind, cases_of, pair_key
from openverdict.decisions.worklist import visible_leads
from openverdict.ledger.models import Lead, LeadCase, Mention
from openverdict.ledger.store import Store

SIZE = 50
AT_ONCE = 500
LATEST = 9_999_999  # more than the ordinal of any day


class Queue(StrEnum):
    """A part of the work."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    OVERDUE = "overdue"
    AWAITED = "second"
    ALL = "all"


@dataclass(frozen=True)
class Work:
    """Something to look at.

    `name`: of a lead in its report, else its key. `kind`: pair, lead or case; `what`: of a lead, series or case. `since`: when
    a lead was first raised; `due`: when the first answer is. `people`: who has decided on it.
    """

    kind: str
    key: str
    name: str
    what: str
    cases: tuple[str, ...]
    run: int | None
    since: str
    mandatory: bool
    state: str
    people: tuple[str, ...]
    given_to: str | None
    due: str | None
    days_over: int


@dataclass(frozen=True)
class WorkPage:
    """One page of a queue. `counts`: how much is in each; `hidden`: how much there is that the person may not list."""

    queue: Queue
    run: int | None
    items: tuple[Work, ...]
    counts: dict[str, int]
    hidden: int
    after: str | None
    before: str | None


@dataclass(frozen=True)
class Place:
    """Where something stands in a queue: the how manieth (0: it is not in it), of how many, and what stands beside it."""

    position: int
    total: int
    previous: Work | None
    next: Work | None


@look(Operation.LIST)
def agenda(
    store: Store,
    queue: str,
    at: datetime,
    *,
    user: str,
    after: str | None = None,
    before: str | None = None,
    size: int = SIZE,
) -> WorkPage:
    """A page of a queue as a person has it; `at`: the day on which what is waited for counts as late.

    `after`, `before`: what the page before or after it gave; a page stays where it is when something above it is done.
    """
    found = _all(store, at, user)
    chosen = _of(Queue(queue), found.lines, user)
    keys = [line.cursor for line in chosen]
    end = len(chosen)
    if after is not None:
        start = bisect_right(keys, after)
        end = min(start + size, len(chosen))
    elif before is not None:
        end = bisect_left(keys, before)
        start = max(end - size, 0)
    else:
        start, end = 0, min(size, len(chosen))
    shown = chosen[start:end]
    return WorkPage(
        Queue(queue),
        found.run,
        as_told(found.work(store, shown), pseudonyms(store)),
        _counts(found.lines, user),
        found.hidden,
        keys[end - 1] if shown and end < len(chosen) else None,
        keys[start] if shown and start > 0 else None,
    )


@look(Operation.VIEW, "case")
def with_case(store: Store, case: str, at: datetime, *, user: str) -> tuple[tuple[Work, ...], int]:
    """(leads of the last run that hold a case, then pairs with it that somebody has looked at or that name each other; how many
    besides are about cases that the person may not list).
    """
    run = last_run(store)
    held = store.rows(LeadCase).filter(case_id=case, lead__run_id=run).order_by("lead_id")
    keys = dict.fromkeys((Kind.LEAD.value, str(n)) for n in held.values_list("lead_id", flat=True))
    about = store.rows(About).filter(case_id=case).values("event_id")
    shown = store.rows(Shown).filter(subject_kind=Kind.PAIR.value, event_id__in=about)
    looked_at = shown.order_by("subject").values_list("subject", flat=True).distinct()
    keys |= dict.fromkeys((Kind.PAIR.value, key) for key in looked_at)
    named = store.rows(Mention).filter(Q(case_a=case) | Q(case_b=case)).order_by("id")
    pairs = {(Kind.PAIR.value, pair_key(*pair)) for pair in named.values_list("case_a", "case_b")}
    keys |= dict.fromkeys(sorted(pairs))
    cases = _cases(store, keys)
    listed = _listed(store, user, cases)
    seen = [key for key in keys if listed.issuperset(cases[key])]
    made = _made(store, seen, cases, [], {}, pairs)
    return as_told(tuple(made), pseudonyms(store)), len(keys) - len(seen)


@look(Operation.LIST)
def place_in(store: Store, queue: str, kind: str, key: str, at: datetime, *, user: str) -> Place:
    """Where a subject stands in a queue; next to one that is not in it any more, what the queue begins with."""
    found = _all(store, at, user)
    chosen = _of(Queue(queue), found.lines, user)
    at_place = next((i for i, w in enumerate(chosen) if (w.kind, w.key) == (str(kind), key)), None)
    if at_place is None:
        first = found.work(store, chosen[:1])
        return Place(0, len(chosen), None, first[0] if first else None)
    before = found.work(store, chosen[at_place - 1 : at_place] if at_place else [])
    after = found.work(store, chosen[at_place + 1 : at_place + 2])
    return Place(
        at_place + 1,
        len(chosen),
        before[0] if before else None,
        after[0] if after else None,
    )


@look(Operation.LIST)
def left_off(store: Store, *, user: str) -> tuple[str, str] | None:
    """The lead or pair (kind, key) that a person was shown last, if they have not decided on it and may still see it."""
    kinds = (Kind.LEAD.value, Kind.PAIR.value)
    last = store.rows(Shown).filter(user=user, subject_kind__in=kinds).order_by("-id").first()
    if last is None:
        return None
    stood = stands_on(store, last.subject_kind, last.subject)
    if stood.state is State.CONSIDERED or user in stood.people:
        return None
    cases = cases_of(store, last.subject_kind, last.subject)
    if not footing(store, user, cases, at=store.clock()).may(Operation.VIEW):
        return None
    return str(last.subject_kind), str(last.subject)


class _Line(NamedTuple):
    """What of a piece of work decides in which queues it is, and where. Of a run's many leads, no more than this is read."""

    kind: str
    key: str
    state: str
    people: tuple[str | None, ...]
    given_to: str | None
    days_over: int
    cursor: str


@dataclass(frozen=True)
class _Found:
    """All the work that a person may list, and what the lines of a page are made from. `hidden`: how much they may not."""

    run: int | None
    lines: list[_Line]
    hidden: int
    clocks: list[Waiting]
    subjects: dict[int, tuple[str, str]]
    named: set[tuple[str, str]]

    def work(self, store: Store, lines: Sequence[_Line]) -> tuple[Work, ...]:
        """These lines in full."""
        keys = [(line.kind, line.key) for line in lines]
        cases = _cases(store, keys)
        return tuple(_made(store, keys, cases, self.clocks, self.subjects, self.named))


def _cursor(due: str | None, since: str, kind: str, key: str) -> str:
    """What is due comes first, then what was raised last."""
    return f"{due or '~'} {_days_before(since)} {kind} {key}"


@lru_cache(maxsize=100_000)
def _days_before(since: str) -> str:
    """Days between a day and the last there can be, as text: smaller for what was raised later."""
    day = date.fromisoformat(since).toordinal() if since else 0
    return f"{LATEST - day:07d}"


def _test(queue: Queue, user: str) -> Callable[[_Line], bool]:
    """Whether a piece of work is in a queue."""
    tests: dict[Queue, Callable[[_Line], bool]] = {
        Queue.MINE: lambda w: w.given_to == user and w.state != State.CONSIDERED,
        Queue.UNASSIGNED: lambda w: w.given_to is None and w.state in (State.RAISED, State.VIEWED),
        Queue.OVERDUE: lambda w: w.days_over > 0,
        Queue.AWAITED: lambda w: (
            w.state in (State.AWAITS_SECOND, State.AWAITS_THIRD) and user not in w.people
        ),
        Queue.ALL: lambda w: True,
    }
    return tests[queue]


def _counts(lines: list[_Line], user: str) -> dict[str, int]:
    """How much is in each queue."""
    tests = {each: _test(each, user) for each in Queue if each is not Queue.ALL}
    counts = {each.value: sum(map(test, lines)) for each, test in tests.items()}
    return {**counts, Queue.ALL.value: len(lines)}


def _of(queue: Queue, lines: list[_Line], user: str) -> list[_Line]:
    """What of the work is in a queue, in its order."""
    return sorted(filter(_test(queue, user), lines), key=attrgetter("cursor"))


def _all(store: Store, at: datetime, user: str) -> _Found:
    """All the work that a person may list: the leads of the last run that ended, from where they stand at present
    (`lead_table`), and whatever else there is, which is little.
    """
    with store.snapshot():
        run = last_run(store)
        clocks = [w for w in waiting(store, at, user=user) if w.subject_kind in _SUBJECT_OF]
        subjects = _subjects(store, clocks)
        due, given = _awaited(store, clocks, subjects)
        every = store.rows(LeadNow).filter(run=run)
        seen = visible_leads(store, every, reach(store, user, Operation.LIST, at=store.clock()))
        stand = seen.values_list("id", "state", "first_by", "second_by")
        raised = dict(store.rows(Lead).filter(run_id=run).values_list("id", "first_raised"))
        lines = [
            _line((Kind.LEAD.value, str(number)), state, people, raised[number][:10], due, given)
            for number, state, *people in stand.iterator(chunk_size=2_000)
        ]
        hidden = len(raised) - len(lines)
        named = {(Kind.PAIR.value, pair_key(*pair)) for pair in mentions_waiting(store)}
        more = [
            key
            for key in dict.fromkeys([*sorted(named), *subjects.values()])
            if key[0] != Kind.LEAD.value or int(key[1]) not in raised
        ]
        cases = _cases(store, more)
        listed = _listed(store, user, cases)
        shown = [key for key in more if listed.issuperset(cases[key])]
        lines += [
            _line((work.kind, work.key), work.state, work.people, work.since, due, given)
            for work in _made(store, shown, cases, clocks, subjects, named)
        ]
        return _Found(run, lines, hidden + len(more) - len(shown), clocks, subjects, named)


def _line(
    key: tuple[str, str],
    state: str,
    people: Iterable[str | None],
    since: str,
    due: Mapping[tuple[str, str], Waiting],
    given: Mapping[tuple[str, str], str],
) -> _Line:
    clock = due.get(key)
    if clock is None:
        return _Line(*key, state, tuple(people), given.get(key), 0, _cursor(None, since, *key))
    cursor = _cursor(clock.due, since, *key)
    return _Line(*key, state, tuple(people), given.get(key), clock.days_over, cursor)


def _listed(store: Store, user: str, cases: dict[tuple[str, str], tuple[str, ...]]) -> set[str]:
    """Of the cases of many subjects, those that a person may list."""
    every = {case for found in cases.values() for case in found}
    stance = footing(store, user, every, at=store.clock())
    return {case for case in every if stance.answer(Operation.LIST, case).allowed}


def _made(
    store: Store,
    keys: list[tuple[str, str]],
    cases: dict[tuple[str, str], tuple[str, ...]],
    clocks: list[Waiting],
    subjects: dict[int, tuple[str, str]],
    named: set[tuple[str, str]],
) -> list[Work]:
    stood: dict[tuple[str, str], Standing] = {}
    for of in Kind:
        of_kind = [key for kind, key in keys if kind == of.value]
        found = stands_on_each(store, of.value, of_kind)
        stood |= {(of.value, key): standing for key, standing in found.items()}
    due, to = _awaited(store, clocks, subjects)
    leads = _leads(store, [int(key) for kind, key in keys if kind == Kind.LEAD.value])
    made = []
    for kind, key in keys:
        lead = leads.get(int(key)) if kind == Kind.LEAD.value else None
        clock_of = due.get((kind, key))
        standing = stood[kind, key]
        made.append(
            Work(
                kind,
                key,
                " and ".join(cases[kind, key]) if lead is None else lead.lead_id,
                "" if lead is None else lead.kind,
                cases[kind, key],
                None if lead is None else int(lead.run_id),
                "" if lead is None else lead.first_raised[:10],
                (kind, key) in named if lead is None else bool(lead.mandatory),
                standing.state.value,
                standing.people,
                to.get((kind, key)),
                None if clock_of is None else clock_of.due,
                0 if clock_of is None else clock_of.days_over,
            )
        )
    return made


_SUBJECT_OF = {"assignment": Assignment, "decision": Decision}


def _subjects(store: Store, clocks: list[Waiting]) -> dict[int, tuple[str, str]]:
    """What clocks run on, by clock."""
    found = {}
    for kind, model in _SUBJECT_OF.items():
        numbers = {w.clock: int(w.subject) for w in clocks if w.subject_kind == kind}
        rows = model.objects.using(store.alias).in_bulk(list(numbers.values()))
        for clock, number in numbers.items():
            if number in rows:
                found[clock] = (str(rows[number].subject_kind), str(rows[number].subject))
    return {w.clock: found[w.clock] for w in clocks if w.clock in found}


def _awaited(
    store: Store, clocks: list[Waiting], subjects: dict[int, tuple[str, str]]
) -> tuple[dict[tuple[str, str], Waiting], dict[tuple[str, str], str]]:
    """By subject, the clock that ends first, and to whom it was given."""
    given = _given(store, clocks)
    due: dict[tuple[str, str], Waiting] = {}
    to: dict[tuple[str, str], str] = {}
    for clock in clocks:  # what is due first comes first
        if clock.clock in subjects:
            due.setdefault(subjects[clock.clock], clock)
            if clock.clock in given:
                to[subjects[clock.clock]] = given[clock.clock]
    return due, to


def _given(store: Store, clocks: list[Waiting]) -> dict[int, str]:
    """To whom something was given, by the clock that runs on it."""
    numbers = {w.clock: int(w.subject) for w in clocks if w.subject_kind == "assignment"}
    rows = store.rows(Assignment).filter(id__in=list(numbers.values()))
    users = dict(rows.values_list("id", "user"))
    return {clock: users[number] for clock, number in numbers.items() if number in users}


def _cases(store: Store, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, ...]]:
    """The cases of many subjects."""
    numbers = [int(key) for kind, key in keys if kind == Kind.LEAD.value]
    members: dict[str, list[str]] = {}
    for start in range(0, len(numbers), AT_ONCE):
        rows = store.rows(LeadCase).filter(lead_id__in=numbers[start : start + AT_ONCE])
        for lead, case in rows.order_by("id").values_list("lead_id", "case_id"):
            members.setdefault(str(lead), []).append(case)
    return {
        (kind, key): tuple(members.get(key, ()))
        if kind == Kind.LEAD.value
        else cases_of(store, kind, key)
        for kind, key in keys
    }


def _leads(store: Store, numbers: list[int]) -> dict[int, Lead]:
    found: dict[int, Lead] = {}
    for start in range(0, len(numbers), AT_ONCE):
        rows = store.rows(Lead).filter(id__in=numbers[start : start + AT_ONCE])
        found |= {int(row.id): row for row in rows}
    return found
