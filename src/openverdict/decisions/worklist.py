"""Work lists: the leads of a run that wait for somebody, a page at a time, with how many there are that the person may not see.

They are read from where each lead stands at present (`lead_table`), in the order of their ranks. No ratio is in them: who is to
say first what they think of a lead has not seen it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from openverdict.decisions.derived import LeadNow
from openverdict.decisions.guarding import look
from openverdict.decisions.lead_table import BETWEEN
from openverdict.decisions.listing import LARGEST_PAGE, PAGE, last_run
from openverdict.decisions.models import Disposal, FirstView
from openverdict.decisions.reach import Reach, names_of, reach
from openverdict.decisions.roles import Operation
from openverdict.decisions.standing import State
from openverdict.decisions.subjects import Kind
from openverdict.errors import InputError
from openverdict.ledger.derived import Present
from openverdict.ledger.models import Lead, LeadCase
from openverdict.ledger.store import Store


class WorkList(StrEnum):
    """Which leads of a run.

    `mine`: given to the person, who has not decided; `unassigned`: nobody has it and nobody decided, or it was reopened;
    `overdue`: something about it is waited for past its day; `first_view`: nobody has looked; `second`, `third`: a second or
    third person is waited for, and the person who asks has not decided on it; `reopened`: decided before one of its cases was
    reopened.
    """

    ALL = "all"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    OVERDUE = "overdue"
    FIRST_VIEW = "first_view"
    SECOND = "second"
    THIRD = "third"
    REOPENED = "reopened"


@dataclass(frozen=True)
class Counted:
    """How many leads are in a list that the person may list, and how many beside them that they may not."""

    shown: int
    hidden: int


@dataclass(frozen=True)
class WorkLine:
    """One lead in a list. `viewed`: the person who asks has recorded a first view; `days_over`: past its day by so many.

    `found_first`, `found_last`: when the first and the last of its cases were found. `decided_by`: who decided so far.
    """

    number: int
    rank: int
    lead_id: str
    kind: str
    cases: tuple[str, ...]
    units: tuple[str, ...]
    found_first: str
    found_last: str
    first_raised: str
    mandatory: bool
    state: State
    viewed: bool
    assignee: str | None
    due: str | None
    days_over: int
    decided_by: tuple[str, ...]
    reopened: bool


@dataclass(frozen=True)
class WorkPage:
    """One page of a work list. `counts`: of every list; `run`: None where no run has ended.

    `previous`, `next`: what to ask with as `before` and `after`; None at an end.
    """

    run: int | None
    which: WorkList
    lines: tuple[WorkLine, ...]
    counts: dict[WorkList, Counted]
    previous: str | None
    next: str | None


@look(Operation.LIST)
def work_list(
    store: Store,
    which: WorkList = WorkList.ALL,
    *,
    user: str | None = None,
    run: int | None = None,
    after: str | None = None,
    before: str | None = None,
    size: int = PAGE,
    at: datetime | None = None,
) -> WorkPage:
    """A page of the leads that a person may list: those all of whose cases they may list.

    `run`: the last one that ended otherwise. `at`: the day by which something is overdue; the store's own today otherwise.
    `user` may be left out only where the store has no accounts.

    Raises:
        InputError: no such size or page.
    """
    if not 1 <= size <= LARGEST_PAGE:
        raise InputError(f"{size} leads on a page: give 1 to {LARGEST_PAGE}")
    now = store.clock() if at is None else at
    today = now.astimezone(UTC).date()
    run = last_run(store) if run is None else run
    if run is None:
        return WorkPage(None, which, (), dict.fromkeys(WorkList, Counted(0, 0)), None, None)
    every = store.rows(LeadNow).filter(run=run)
    visible = visible_leads(store, every, reach(store, user, Operation.LIST, at=store.clock()))
    lists = _conditions(user, today)
    shown, total = (_count(rows, lists) for rows in (visible, every))
    backwards = before is not None
    if (key := before if backwards else after) is not None:
        visible = _beyond(visible, key, down=backwards)
    order = ("-rank", "-id") if backwards else ("rank", "id")
    rows = list(visible.filter(lists[which]).order_by(*order)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    return WorkPage(
        run,
        which,
        _lines(store, rows, user, today),
        {each: Counted(shown[each], total[each] - shown[each]) for each in WorkList},
        _cursor(rows[0]) if rows and (after or (backwards and more)) else None,
        _cursor(rows[-1]) if rows and (backwards or more) else None,
    )


def _conditions(user: str | None, today: date) -> dict[WorkList, Q]:
    undecided = Q(state__in=(State.RAISED.value, State.VIEWED.value)) | Q(reopened=1)
    not_first = Q(first_by__isnull=True) | ~Q(first_by=user or "")
    not_second = Q(second_by__isnull=True) | ~Q(second_by=user or "")
    return {
        WorkList.ALL: Q(),
        WorkList.MINE: Q(assignee=user or ""),
        WorkList.UNASSIGNED: undecided & Q(assignee__isnull=True),
        WorkList.OVERDUE: Q(due__lt=today.isoformat()),
        WorkList.FIRST_VIEW: Q(state=State.RAISED.value),
        WorkList.SECOND: Q(state=State.AWAITS_SECOND.value) & not_first,
        WorkList.THIRD: Q(state=State.AWAITS_THIRD.value) & not_first & not_second,
        WorkList.REOPENED: Q(reopened=1),
    }


def _count(rows: Any, lists: dict[WorkList, Q]) -> dict[WorkList, int]:
    """How many of each list, in one going through."""
    asked = {
        f"n_{each.value}": Count("id", filter=chosen) if chosen else Count("id")
        for each, chosen in lists.items()
    }
    found = rows.aggregate(**asked)
    return {each: int(found[f"n_{each.value}"]) for each in lists}


def visible_leads(store: Store, leads: Any, within: Reach) -> Any:
    """Of leads of one run, those all of whose cases are within reach."""
    if within.whole:
        return leads
    held = store.rows(LeadCase)
    if within.kept_back:
        back = names_of(store, within.kept_back)
        leads = leads.exclude(id__in=_leads_with(held, back))
    if within.everything:
        return leads
    # The cases of most leads are of one unit. The combinations that there are beside are few, and are looked at one by one.
    several = leads.filter(units__contains=BETWEEN).values_list("units", flat=True).distinct()
    mine = set(within.units)
    combined = [units for units in several.order_by() if mine.issuperset(units.split(BETWEEN))]
    seen = store.rows(Present).filter(case_id=OuterRef("case_id"))
    unseen = held.filter(lead_id=OuterRef("id")).exclude(Exists(within.allows(seen)))
    by_case = Q(units__isnull=True)
    if within.cases:
        by_case |= Q(id__in=_leads_with(held, names_of(store, within.cases)))
    one_by_one = leads.filter(by_case).exclude(Exists(unseen)).values_list("id", flat=True)
    return leads.filter(Q(units__in=[*within.units, *combined]) | Q(id__in=list(one_by_one)))


def _leads_with(held: Any, cases: Sequence[str]) -> list[int]:
    found: set[int] = set()
    for start in range(0, len(cases), 500):
        rows = held.filter(case_id__in=cases[start : start + 500])
        found.update(rows.values_list("lead_id", flat=True))
    return sorted(found)


def _lines(
    store: Store, rows: Sequence[LeadNow], user: str | None, today: date
) -> tuple[WorkLine, ...]:
    numbers = [row.id for row in rows]
    leads = {lead.id: lead for lead in store.rows(Lead).filter(id__in=numbers)}
    members: dict[int, list[str]] = {number: [] for number in numbers}
    held = store.rows(LeadCase).filter(lead_id__in=numbers).order_by("id")
    for number, case in held.values_list("lead_id", "case_id"):
        members[number].append(case)
    gone = store.rows(Disposal).filter(case_id__in={c for each in members.values() for c in each})
    erased = dict(gone.values_list("case_id", "pseudonym"))
    said = _present(store, {case for cases in members.values() for case in cases})
    views = store.rows(FirstView).filter(
        subject_kind=Kind.LEAD.value, subject__in=[str(n) for n in numbers], user=user or ""
    )
    viewed = set(views.values_list("subject", flat=True))
    made = []
    for row in rows:
        lead, cases = leads[row.id], members[row.id]
        found = sorted(said[case][0] for case in cases if case in said and said[case][0])
        units = {said[case][1] for case in cases if case in said} - {None}
        over = (today - date.fromisoformat(row.due or today.isoformat())).days
        made.append(
            WorkLine(
                row.id,
                row.rank,
                lead.lead_id,
                lead.kind,
                tuple(erased.get(case, case) for case in cases),
                tuple(sorted(str(unit) for unit in units)),
                found[0] if found else "",
                found[-1] if found else "",
                lead.first_raised,
                bool(lead.mandatory),
                State(row.state),
                str(row.id) in viewed,
                row.assignee,
                row.due,
                max(0, over),
                tuple(filter(None, (row.first_by, row.second_by))),
                bool(row.reopened),
            )
        )
    return tuple(made)


def _present(store: Store, cases: Iterable[str]) -> dict[str, tuple[str, str | None]]:
    """By case, when it was found and its unit."""
    wanted, found = sorted(cases), {}
    for start in range(0, len(wanted), 500):
        rows = store.rows(Present).filter(case_id__in=wanted[start : start + 500])
        for case, at, unit in rows.values_list("case_id", "found_at", "unit"):
            found[case] = (at, unit)
    return found


def _beyond(rows: Any, key: str, *, down: bool) -> Any:
    rank, _, number = key.partition("~")
    if not (rank.isdecimal() and number.isdecimal()):
        raise InputError(f"page {key!r}: there is none; begin with the first page")
    side = "lt" if down else "gt"
    rows = rows.filter(**{f"rank__{side}e": int(rank)})
    return rows.filter(
        Q(**{f"rank__{side}": int(rank)}) | Q(rank=int(rank), **{f"id__{side}": int(number)})
    )


def _cursor(row: LeadNow) -> str:
    return f"{row.rank}~{row.id}"


__all__ = ["Counted", "WorkLine", "WorkList", "WorkPage", "visible_leads", "work_list"]
