"""The register as a list: cases by what is said of them at present, a page at a time; what the person may not see is counted.

It reads the present values (`ledger.present`), never the facts of a million cases. A page is found by its first or last row
(keyset), so that the last page is as near as the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

from django.db import connections
from django.db.models import Exists, F, OuterRef, Q, TextField, Value
from django.db.models.functions import Concat

from openverdict.decisions.guarding import look
from openverdict.decisions.reach import (
    UNIT,
    Reach,
    is_scattered,
    reach,
    restricted_cases,
    within_and_beyond,
)
from openverdict.decisions.roles import Access, Operation
from openverdict.errors import InputError
from openverdict.ledger.derived import Present, PresentItem
from openverdict.ledger.models import Fact, RunEnd, Triaged
from openverdict.ledger.store import Store

PAGE, LARGEST_PAGE = 50, 500
FEW = 5_000  # cases that are sorted by hand rather than met in the order of an index
CAP = 10_000  # as far as cases are counted where only a look at each tells
SORTS = ("found_at", "case_id")
LAST = "\U0010ffff"  # sorts after whatever else a case number goes on with
MANNERS = ("manner_police", "manner_pathologist", "manner_coroner")


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

    `count`: how many cases the filter chooses among those that the person may list; where `counted_all` is false, there are
    more than that. `hidden`: how many cases of the whole register they may not list, whatever is chosen: how many of these a
    filter chooses would tell what they are. `previous`, `next`: what to ask with as `before` and `after`; None at an end.
    """

    lines: tuple[CaseLine, ...]
    count: int
    counted_all: bool
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
    searched = (
        clear if chosen.place_kind is not None else within
    )  # nobody chooses by what is struck out for them
    query = _Query(store, chosen, searched, run)
    count, counted_all = query.count()
    rows, more = query.page(sort, descending, after, before, size, count if counted_all else None)
    lines = _lines(store, rows, within, clear, run)
    keys = (
        _cursor(sort, rows[0]) if rows and (after or (before and more)) else None,
        _cursor(sort, rows[-1]) if rows and (before or more) else None,
    )
    return CasePage(lines, count, counted_all, within_and_beyond(store, within)[1], run, *keys)


def last_run(store: Store) -> int | None:
    """The number of the last run that ended; None where none did."""
    end = store.rows(RunEnd).order_by("-run_id").values_list("run_id", flat=True).first()
    return None if end is None else int(end)


class _Query:
    """The cases that a filter chooses within somebody's reach."""

    def __init__(self, store: Store, chosen: CaseFilter, within: Reach, run: int | None) -> None:
        self._store, self._chosen, self._within, self._run = store, chosen, within, run
        self._is_sqlite = connections[store.alias].vendor == "sqlite"
        self._looks_at_each = False
        self._in_order = self._is_sqlite and is_scattered(store, within)
        self._rows = self._filtered(within.allows(store.rows(Present), in_order=self._in_order))

    def _filtered(self, rows: Any) -> Any:
        """Of rows of `Present`, those that the filter chooses."""
        store, chosen = self._store, self._chosen
        rows = _by_columns(rows, chosen)
        rows = self._by_number(rows)
        rows = self._by_unit(rows)
        for name, item in (
            ("substances_detected", chosen.substance),
            ("indicators", chosen.indicator),
        ):
            if item is not None:
                held = store.rows(PresentItem).filter(field=name, item=item)
                rows = rows.filter(id__in=held.values("case"))
        rows = self._by_level(rows)
        if chosen.restricted is not None:
            names = restricted_cases(store)
            rows = (
                rows.filter(case_id__in=names)
                if chosen.restricted
                else rows.exclude(case_id__in=names)
            )
        return rows

    def count(self) -> tuple[int, bool]:
        """(how many there are, whether all were counted)."""
        if self._looks_at_each:
            found = self._rows.values("id")[: CAP + 1].count()
            return min(found, CAP), found <= CAP
        back = self._within.kept_back
        if self._within.everything and back:
            # Holding a million numbers against those that are kept back takes longer than counting them.
            every = self._store.rows(Present)
            kept_back = self._filtered(every.filter(id__in=back)).count()
            return self._filtered(every).count() - kept_back, True
        return self._rows.count(), True

    def page(
        self,
        sort: str,
        descending: bool,
        after: str | None,
        before: str | None,
        size: int,
        count: int | None,
    ) -> tuple[list[Present], bool]:
        """(the rows of a page in their order, whether there are more in the direction that was asked for)."""
        backwards = before is not None
        down = descending != backwards
        key = before if backwards else after
        rows = self._rows if key is None else _beyond(self._rows, sort, key, down=down)
        if sort == "case_id" and count is not None and count <= FEW:
            # Sorting a few is sooner done than meeting them in the order of all case numbers.
            names = sorted(rows.order_by().values_list("case_id", flat=True), reverse=down)
            names = names[: size + 1]
            found = {
                row.case_id: row for row in self._store.rows(Present).filter(case_id__in=names)
            }
            listed = [found[name] for name in names if name in found]
        else:
            order = ("found_at", "case_id") if sort == "found_at" else ("case_id",)
            listed = list(rows.order_by(*(f"-{n}" if down else n for n in order))[: size + 1])
        more = len(listed) > size
        listed = listed[:size]
        return (listed[::-1] if backwards else listed), more

    def _by_number(self, rows: Any) -> Any:
        begins = self._chosen.number
        if not begins:
            return rows
        few = self._store.rows(Present).filter(case_id__gte=begins, case_id__lt=begins + LAST)
        if self._is_sqlite and few[: FEW + 1].count() > FEW:
            nothing = Value("", output_field=TextField())
            rows = rows.annotate(numbered=Concat(F("case_id"), nothing, output_field=TextField()))
            return rows.filter(numbered__gte=begins, numbered__lt=begins + LAST)
        return rows.filter(case_id__gte=begins, case_id__lt=begins + LAST)

    def _by_unit(self, rows: Any) -> Any:
        unit = self._chosen.unit
        if unit is None:
            return rows
        others = self._store.rows(PresentItem).filter(field=UNIT, item=unit)
        if not others.exists():
            return rows.filter(unit=unit)
        return rows.filter(Q(unit=unit) | Q(id__in=others.values("case")))

    def _by_level(self, rows: Any) -> Any:
        """By level: driven by the few that have it, or asked of each case where they are many."""
        level = self._chosen.level
        if level is None or level <= 0:
            return rows
        if self._run is None:
            return rows.none()
        held = self._store.rows(Triaged).filter(run_id=self._run, level__gte=level)
        if held[: FEW + 1].count() <= FEW:
            return rows.filter(case_id__in=list(held.values_list("case_id", flat=True)))
        self._looks_at_each = True
        return rows.filter(Exists(held.filter(case_id=OuterRef("case_id"))))


def _by_columns(rows: Any, chosen: CaseFilter) -> Any:
    said: dict[str, Any] = {
        "kind": chosen.kind,
        "found_place_kind": chosen.place_kind,
        "sex": chosen.sex,
        "category_police": chosen.category,
        "age_years__gte": chosen.age_from,
        "age_years__lte": chosen.age_until,
    }
    if chosen.found_from is not None:
        said["found_at__gte"] = chosen.found_from.isoformat()
    if chosen.found_until is not None:
        said["found_at__lt"] = (chosen.found_until + timedelta(days=1)).isoformat()
    if chosen.closed is not None:
        said["closed_at__isnull"] = not chosen.closed
    rows = rows.filter(**{name: value for name, value in said.items() if value is not None})
    if chosen.manner is not None:
        opinions = Q()
        for name in MANNERS:
            opinions |= Q(**{name: chosen.manner})
        rows = rows.filter(opinions)
    return rows


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


def _beyond(rows: Any, sort: str, key: str, *, down: bool) -> Any:
    """The rows after this key in a direction."""
    found, mark, case = key.partition("~") if sort == "found_at" else ("", "~", key)
    if not mark:
        raise InputError(f"page {key!r}: there is none; begin with the first page")
    past = {"case_id__lt" if down else "case_id__gt": case}
    if sort == "case_id":
        return rows.filter(**past)
    # The first condition says nothing new, but is what an index can be entered by.
    rows = rows.filter(**{"found_at__lte" if down else "found_at__gte": found})
    return rows.filter(
        Q(**{"found_at__lt" if down else "found_at__gt": found}) | Q(found_at=found, **past)
    )


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
