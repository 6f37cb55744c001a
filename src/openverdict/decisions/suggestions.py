"""The queue of suggestions: what rules read in the narratives of a store, listed for people to accept or reject.

How it is filled is in `suggesting`; what becomes of a suggestion in `accepting`; how good each rule has proved in `proving`;
what a stated policy admits in `admitting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q

from openverdict.decisions.guarding import case_by, look
from openverdict.decisions.models import Suggested, SuggestionDecision
from openverdict.decisions.readings import (
    ACCEPTED,
    FIRST,
    REJECTED,
    SECOND,
    WITHDRAWN,
    decisions,
    one_by_one,
    out_of_reach,
    shown,
    text_of,
    undecided,
    with_outcome,
    within_reach,
)
from openverdict.decisions.roles import Access, Operation
from openverdict.decisions.showing import STRUCK_OUT
from openverdict.errors import InputError
from openverdict.ledger.store import Store

UNDECIDED = "undecided"
OUTCOMES = (UNDECIDED, ACCEPTED, REJECTED)
SORTS = {"number": (), "case": ("case_id",), "rule": ("rule",)}
PAGE, LARGEST_PAGE = 50, 500
CAP = 10_000  # as far as suggestions are counted


@dataclass(frozen=True, kw_only=True)
class SuggestionFilter:
    """What suggestions are chosen by; what is None chooses nothing.

    `outcome`: undecided, accepted or rejected. `second`: those, whatever their outcome, that the person can read as the second
    reader: somebody else decided on them one by one, and nobody has read them a second time.
    """

    case: str | None = None
    field: str | None = None
    value: str | None = None
    rule: str | None = None
    version: str | None = None
    outcome: str | None = UNDECIDED
    second: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a person, or a policy, made of a suggestion. `place`: 1, or 2 for a second reader. `at`: UTC.

    `fact`: the number of the fact that an acceptance made; None where it states none. `at_once`: the name of what was accepted
    together with it; `policy`: the policy that admitted it.
    """

    decision: int
    place: int
    outcome: str
    by: str
    at: str
    fact: int | None
    corrected: bool
    at_once: str | None
    policy: str | None


@dataclass(frozen=True)
class SuggestionLine:
    """One suggestion in a list; `stands` is None while nobody has decided on it, or where that is kept from a second reader."""

    suggestion: int
    case: str
    field: str
    value: str
    assertion: str
    begins: int
    ends: int
    rule: str
    version: str
    confidence: float
    stands: Outcome | None


@dataclass(frozen=True)
class SuggestionPage:
    """One page of the queue.

    `count`: how many there are in all; where `counted_all` is false, there are more than that. `hidden`: how many undecided
    ones are on cases where the person may not enter facts, up to `CAP`, and whatever was asked for: counted by what is read in
    them, they would tell of those cases. `previous`, `next`: what to ask with as `before` and `after`; None at an end.
    """

    lines: tuple[SuggestionLine, ...]
    count: int
    counted_all: bool
    hidden: int
    previous: str | None
    next: str | None


@dataclass(frozen=True)
class QueuePlace:
    """Where a suggestion stands in the queue as it was asked for: `position` of `count`, from 1; None where it is not in it.

    Where `counted_all` is false, there are more than `count`. `previous`, `next`: the numbers of the suggestions beside it.
    """

    position: int | None
    count: int
    counted_all: bool
    previous: int | None
    next: int | None


@dataclass(frozen=True)
class SuggestionText:
    """A suggestion with the text beside it, and everything that was decided on it, what came first at the head.

    `words` are `text[begins:ends]`; `current`: the narrative of the case is still this text.
    """

    line: SuggestionLine
    text: str
    words: str
    current: bool
    history: tuple[Outcome, ...]


@look(Operation.LIST)
def queue(
    store: Store,
    chosen: SuggestionFilter | None = None,
    *,
    user: str | None = None,
    sort: str = "number",
    after: str | None = None,
    before: str | None = None,
    size: int = PAGE,
) -> SuggestionPage:
    """A page of the suggestions on whose cases a person may enter facts.

    `sort`: number, case or rule. With `second`, what the first reader said is left out.

    Raises:
        InputError: no such outcome, order, size or page.
    """
    chosen = chosen or SuggestionFilter()
    _check(chosen, sort, after, before, size)
    rows = within_reach(store, user, _chosen(store, chosen, user))
    count = rows[: CAP + 1].count()
    keys = (*SORTS[sort], "id")
    down = before is not None
    cursor = before if down else after
    page = rows if cursor is None else rows.filter(_beyond(keys, cursor, down=down))
    found = list(page.order_by(*(f"-{key}" if down else key for key in keys))[: size + 1])
    more, found = len(found) > size, found[:size]
    if down:
        found.reverse()
    told = {} if chosen.second else outcomes(store, [row.decision for row in found])
    return SuggestionPage(
        tuple(line_of(row, told.get(row.decision)) for row in found),
        min(count, CAP),
        count <= CAP,
        out_of_reach(store, user, undecided(store))[:CAP].count(),
        _cursor(found[0], keys) if found and (more if down else after is not None) else None,
        _cursor(found[-1], keys) if found and (down or more) else None,
    )


@look(Operation.LIST)
def place_in_queue(
    store: Store,
    suggestion: int,
    chosen: SuggestionFilter | None = None,
    *,
    user: str | None = None,
    sort: str = "number",
) -> QueuePlace:
    """Where a suggestion stands among those that `queue` lists, with its neighbours, be it there itself or no more.

    Raises:
        InputError: no such outcome or order.
    """
    chosen = chosen or SuggestionFilter()
    _check(chosen, sort, None, None, PAGE)
    rows = within_reach(store, user, _chosen(store, chosen, user))
    keys = (*SORTS[sort], "id")
    row = store.rows(Suggested).filter(id=suggestion).first()
    if row is None:
        return QueuePlace(None, 0, True, None, None)
    cursor = _cursor(row, keys)
    before = rows.filter(_beyond(keys, cursor, down=True))
    after = rows.filter(_beyond(keys, cursor, down=False))
    own = rows.filter(id=suggestion).exists()
    count = rows[: CAP + 1].count()
    above = before[: CAP + 1].count() if own else 0
    previous = before.order_by(*(f"-{key}" for key in keys)).values_list("id", flat=True).first()
    following = after.order_by(*keys).values_list("id", flat=True).first()
    position = above + 1 if own and above <= CAP else None
    return QueuePlace(position, min(count, CAP), count <= CAP, previous, following)


@look(Operation.VIEW, "suggestion", case_by(Suggested), seen=True)
def suggestion_text(
    store: Store,
    suggestion: int,
    *,
    user: str | None = None,
    blind: bool = False,
    access: Access = Access.YES,
) -> SuggestionText:
    """One suggestion with the text beside it. `blind`: for a second reader, without what was decided on it.

    Raises:
        InputError: there is none of this number, or it was erased.
    """
    row = with_outcome(store, store.rows(Suggested).filter(id=suggestion)).first()
    if row is None:
        raise InputError(f"suggestion {suggestion}: there is none of this number, or it was erased")
    past = store.rows(SuggestionDecision).filter(suggestion=suggestion).order_by("id")
    told = {} if blind else outcomes(store, list(past.values_list("id", flat=True)))
    text, current = text_of(store, row)
    line = line_of(row, told.get(row.decision))
    words = text[row.begins : row.ends]
    if access is Access.REDACTED:
        text = words = STRUCK_OUT
    return SuggestionText(line, text, words, current, tuple(told.values()))


def _chosen(store: Store, chosen: SuggestionFilter, user: str | None) -> Any:
    if chosen.second:
        by_others = one_by_one(decisions(store, FIRST)).exclude(user=user)
        read = decisions(store, SECOND).filter(suggestion=OuterRef("id"))
        rows = shown(store).filter(Exists(by_others.filter(suggestion=OuterRef("id"))))
        rows = rows.exclude(Exists(read))
    elif chosen.outcome == UNDECIDED:
        rows = undecided(store)
    else:
        rows = shown(store)
        if chosen.outcome is not None:
            rows = rows.filter(outcome=chosen.outcome)
    columns = {
        "case_id": chosen.case,
        "field": chosen.field,
        "value": chosen.value,
        "rule": chosen.rule,
        "version": chosen.version,
    }
    return rows.filter(**{name: value for name, value in columns.items() if value is not None})


def outcomes(store: Store, numbers: Sequence[int | None]) -> dict[int | None, Outcome]:
    """What these decisions say, by their number."""
    wanted = [number for number in numbers if number is not None]
    rows = store.rows(SuggestionDecision).filter(id__in=wanted).annotate(at=F("event__at"))
    return {
        row.id: Outcome(
            row.id,
            row.place,
            row.outcome,
            row.user,
            row.at,
            row.fact,
            bool(row.corrected),
            row.at_once,
            row.policy,
        )
        for row in rows.order_by("id")
    }


def line_of(row: Any, stands: Outcome | None) -> SuggestionLine:
    """A suggestion as a line of a list."""
    if stands is not None and stands.outcome == WITHDRAWN:
        stands = None
    return SuggestionLine(
        row.id,
        row.case_id,
        row.field,
        row.value,
        row.assertion,
        row.begins,
        row.ends,
        row.rule,
        row.version,
        row.confidence,
        stands,
    )


def _beyond(keys: Sequence[str], cursor: str, *, down: bool) -> Q:
    """What comes after a place in this order, or before it."""
    number, mark, first = cursor.partition("~")
    if not number.isdecimal() or len(number) > 18 or bool(mark) != (len(keys) > 1):
        raise InputError(f"page {cursor!r}: there is none; begin with the first page")
    way = "lt" if down else "gt"
    past = Q(**{f"id__{way}": int(number)})
    if len(keys) == 1:
        return past
    return Q(**{f"{keys[0]}__{way}": first}) | (Q(**{keys[0]: first}) & past)


def _cursor(row: Any, keys: Sequence[str]) -> str:
    return str(row.id) if len(keys) == 1 else f"{row.id}~{getattr(row, keys[0])}"


def _check(
    chosen: SuggestionFilter, sort: str, after: str | None, before: str | None, size: int
) -> None:
    if chosen.outcome not in (None, *OUTCOMES):
        raise InputError(f"outcome {chosen.outcome!r}: one of: {', '.join(OUTCOMES)}")
    if sort not in SORTS:
        raise InputError(f"order {sort!r}: one of: {', '.join(SORTS)}")
    if not 1 <= size <= LARGEST_PAGE:
        raise InputError(f"{size} suggestions on a page: give 1 to {LARGEST_PAGE}")
    if after is not None and before is not None:
        raise InputError("a page is after one suggestion or before one; give one of the two")
