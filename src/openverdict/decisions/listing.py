"""The register as a list: cases by what is said of them at present, a page at a time; what the person may not see is counted.

Which cases those are comes from the bit sets of the present values (`ledger.bits`), so that they are counted to the last one;
only the cases of a page are read. A page is found by its first or last row (keyset): the last page is as near as the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta

from openverdict.decisions.guarding import look
from openverdict.decisions.reach import Reach, numbers_of_cases, reach, restricted_cases
from openverdict.decisions.roles import Access, Operation
from openverdict.errors import InputError
from openverdict.ledger import bits
from openverdict.ledger.bit_pages import LAST, Bound, Order, first_of, numbered
from openverdict.ledger.derived import Present
from openverdict.ledger.models import Fact, Triaged
from openverdict.ledger.store import Store

PAGE, LARGEST_PAGE = 50, 500
SORTS = ("found_at", "case_id")


@dataclass(frozen=True, kw_only=True)
class CaseFilter:
    """What cases are chosen by; what is None chooses nothing. Codes as in the field dictionary.

    `found_from`, `found_until`: days, both included. `manner`: of whoever's opinion. `closed`: whether it has a day of closing.
    `number`: how the case number begins. `level`: this triage level or a higher one, of the run that the list names.
    `restricted`: whether the case is restricted now.
    """

    found_from: date | None = None
    found_until: date | None = None
    kind: str | None = None
    place_kind: str | None = None
    unit: str | None = None
    age_from: float | None = None
    age_until: float | None = None
    sex: str | None = None
    substance: str | None = None
    indicator: str | None = None
    manner: str | None = None
    category: str | None = None
    closed: bool | None = None
    number: str | None = None
    level: int | None = None
    restricted: bool | None = None

    @property
    def is_empty(self) -> bool:
        """Whether every case is chosen."""
        return all(getattr(self, field.name) is None for field in fields(self))


@dataclass(frozen=True)
class CaseLine:
    """One case in a list, at present. `redacted`: what could name people or places is left out for this reader.

    `level`: its triage level in the run that the list names; None where that run did not see it.
    """

    number: int
    case_id: str
    kind: str
    found_at: str
    place_kind: str | None
    place: str | None
    age_years: float | None
    sex: str | None
    unit: str | None
    manner_police: str | None
    manner_pathologist: str | None
    manner_coroner: str | None
    category: str | None
    closed_at: str | None
    level: int | None
    restricted: bool
    redacted: bool


@dataclass(frozen=True)
class CasePage:
    """One page of a list of cases.

    `count`: how many cases the filter chooses among those that the person may list.
    `hidden`: how many cases of the whole register they may not list, whatever is chosen: how many of these a filter chooses
    would tell what they are. `previous`, `next`: what to ask with as `before` and `after`; None at an end.
    """

    lines: tuple[CaseLine, ...]
    count: int
    hidden: int
    run: int | None
    previous: str | None
    next: str | None


@look(Operation.LIST)
def list_cases(
    store: Store,
    chosen: CaseFilter | None = None,
    *,
    user: str | None = None,
    run: int | None = None,
    sort: str = "found_at",
    descending: bool = True,
    after: str | None = None,
    before: str | None = None,
    size: int = PAGE,
) -> CasePage:
    """A page of the cases that a person may list.

    `run`: whose triage levels are told; the last one that ended otherwise. `user` may be left out only where the store has no
    accounts.

    Raises:
        InputError: no such order, size or page.
    """
    chosen = chosen or CaseFilter()
    _check(sort, size, after, before)
    within = reach(store, user, Operation.LIST, at=store.clock())
    clear = reach(store, user, Operation.LIST, at=store.clock(), access=(Access.YES,))
    run = last_run(store) if run is None else run
    every = bits.held(store.alias, bits.EVERY, "")
    reached = within.bits(store)
    # Nobody chooses by what is struck out for them.
    found = reached if chosen.place_kind is None or clear == within else clear.bits(store)
    for held in _chosen(store, chosen, run):
        found &= held
    for held in _without(store, chosen):
        found &= ~held
    backwards = before is not None
    columns = ("found_at", "case_id") if sort == "found_at" else ("case_id",)
    key = _key(sort, before if backwards else after)
    order = Order(columns, descending != backwards, key, _bounds(chosen))
    numbers = first_of(store.alias, found, order, size + 1)
    more, numbers = len(numbers) > size, numbers[:size]
    read = store.rows(Present).in_bulk(numbers)
    rows = [
        read[number] for number in (reversed(numbers) if backwards else numbers) if number in read
    ]
    lines = _lines(store, rows, within, clear, run)
    keys = (
        _cursor(sort, rows[0]) if rows and (after or (before and more)) else None,
        _cursor(sort, rows[-1]) if rows and (before or more) else None,
    )
    hidden = every.bit_count() - reached.bit_count()
    return CasePage(lines, found.bit_count(), hidden, run, *keys)


def last_run(store: Store) -> int | None:
    """The number of the last run that ended; None where none did."""
    return bits.last_run(store.alias)


def _chosen(store: Store, chosen: CaseFilter, run: int | None) -> Iterator[int]:
    """For each filter, the cases that it chooses, as a set."""
    alias = store.alias
    for field, value in (
        ("kind", chosen.kind),
        ("found_place_kind", chosen.place_kind),
        ("sex", chosen.sex),
        ("category_police", chosen.category),
        (bits.MANNER, chosen.manner),
        (bits.UNIT, chosen.unit),
        ("substances_detected", chosen.substance),
        ("indicators", chosen.indicator),
    ):
        if value is not None:
            yield bits.held(alias, field, value)
    if chosen.age_from is not None or chosen.age_until is not None:
        yield bits.of_age(alias, chosen.age_from, chosen.age_until)
    if chosen.found_from is not None or chosen.found_until is not None:
        yield bits.found_between(alias, chosen.found_from, chosen.found_until)
    if chosen.number:
        yield numbered(alias, chosen.number)
    if chosen.level is not None and chosen.level > 0:
        yield 0 if run is None else bits.of_level(alias, run, chosen.level)


def _bounds(chosen: CaseFilter) -> list[Bound]:
    """What of a filter says from where to where an index is read."""
    found = []
    if chosen.found_from is not None:
        found.append(("found_at", ">=", chosen.found_from.isoformat()))
    if chosen.found_until is not None:
        found.append(("found_at", "<", (chosen.found_until + timedelta(days=1)).isoformat()))
    if chosen.number:
        found += [("case_id", ">=", chosen.number), ("case_id", "<", chosen.number + LAST)]
    return found


def _without(store: Store, chosen: CaseFilter) -> Iterator[int]:
    """For each filter that chooses what is not in a set: that set."""
    if chosen.closed is not None:
        closed = bits.held(store.alias, bits.CLOSED, "")
        yield ~closed if chosen.closed else closed
    if chosen.restricted is not None:
        names = sorted(restricted_cases(store))
        held = bits.of_numbers(numbers_of_cases(store, names))
        yield ~held if chosen.restricted else held


def _lines(
    store: Store, rows: Sequence[Present], within: Reach, clear: Reach, run: int | None
) -> tuple[CaseLine, ...]:
    names = [row.case_id for row in rows]
    numbers = [row.id for row in rows]
    plain = set(numbers)
    if clear != within:
        seen = clear.allows(store.rows(Present).filter(id__in=numbers))
        plain = set(seen.values_list("id", flat=True))
    triaged = store.rows(Triaged).filter(run_id=run, case_id__in=names) if run is not None else None
    # With `event`, so that SQLite, which counts nothing, takes the index by case and not all of the run's levels.
    said = () if triaged is None else triaged.values_list("case_id", "level", "event_id")
    levels = {case: level for case, level, _ in said}
    held = restricted_cases(store, names)
    places = _places(store, [row.case_id for row in rows if row.id in plain])
    return tuple(
        CaseLine(
            row.id,
            row.case_id,
            row.kind,
            row.found_at,
            row.found_place_kind if row.id in plain else None,
            places.get(row.case_id),
            row.age_years,
            row.sex,
            row.unit,
            row.manner_police,
            row.manner_pathologist,
            row.manner_coroner,
            row.category_police,
            row.closed_at,
            levels.get(row.case_id),
            row.case_id in held,
            row.id not in plain,
        )
        for row in rows
    )


def _places(store: Store, cases: Sequence[str]) -> dict[str, str]:
    """Where they were found, in words, as said last."""
    facts = list(store.rows(Fact).filter(case_id__in=cases, field="found_place").order_by("id"))
    gone = {fact.supersedes for fact in facts}
    left = [fact for fact in facts if fact.id not in gone]
    left.sort(key=lambda fact: (fact.known_from or "", fact.recorded_at or "", fact.id))
    return {fact.case_id: fact.value for fact in left if fact.value}


def _key(sort: str, key: str | None) -> tuple[str, ...] | None:
    """The values of the columns of an order that the mark of a page stands for."""
    if key is None:
        return None
    if sort == "case_id":
        return (key,)
    found, mark, case = key.partition("~")
    if not mark:
        raise InputError(f"page {key!r}: there is none; begin with the first page")
    return (found, case)


def _cursor(sort: str, row: Present) -> str:
    return f"{row.found_at}~{row.case_id}" if sort == "found_at" else row.case_id


def _check(sort: str, size: int, after: str | None, before: str | None) -> None:
    if sort not in SORTS:
        raise InputError(f"order {sort!r}: one of: {', '.join(SORTS)}")
    if not 1 <= size <= LARGEST_PAGE:
        raise InputError(f"{size} cases on a page: give 1 to {LARGEST_PAGE}")
    if after is not None and before is not None:
        raise InputError("a page is after one case or before one; give one of the two")


__all__ = ["CaseFilter", "CaseLine", "CasePage", "last_run", "list_cases"]
