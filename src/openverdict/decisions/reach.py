"""How far a person reaches: `access.may` prepared for the tables that lists are made from, with a million cases in them.

The rule is that of `access.may`, word for word; a test holds the two against each other. It is asked once for a page, and comes
out as what an index understands: units, a few cases by number, a few that are kept back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from openverdict.decisions.access import RESTRICTED, held_by, in_use
from openverdict.decisions.models import Glass, GlassEnd, Owner, Restriction
from openverdict.decisions.roles import BY_ITSELF, OPEN, Access, Operation, Standing, roles_with
from openverdict.ledger import bits
from openverdict.ledger.derived import PresentItem
from openverdict.ledger.events.base import moment_text
from openverdict.ledger.itself import PROGRAM
from openverdict.ledger.models import Case
from openverdict.ledger.store import Store

UNIT = bits.UNIT


@dataclass(frozen=True)
class Reach:
    """What a person may do something with: `everything` but for what is restricted, or the cases of `units` and `cases`.

    `kept_back`: numbers of restricted cases, but for those that the person may have all the same. `whole`: all there is.
    """

    whole: bool
    everything: bool
    units: tuple[str, ...]
    cases: frozenset[int]
    kept_back: frozenset[int]
    more_units: bool

    def bits(self, store: Store) -> int:
        """The cases within reach, as a set (`ledger.bits`)."""
        found = bits.held(store.alias, bits.EVERY, "")
        if self.whole:
            return found
        if not self.everything:
            found &= bits.held(store.alias, UNIT, *self.units) | bits.of_numbers(self.cases)
        return found & ~bits.of_numbers(self.kept_back)

    def allows(self, rows: Any) -> Any:
        """Of rows of `Present`, those within reach."""
        if self.whole:
            return rows
        if self.kept_back:
            rows = rows.exclude(id__in=self.kept_back)
        if self.everything:
            return rows
        condition = Q(unit__in=self.units)
        if self.more_units:
            others = PresentItem.objects.using(rows.db).filter(field=UNIT, item__in=self.units)
            condition |= Q(id__in=others.values("case"))
        if self.cases:
            condition |= Q(id__in=self.cases)
        return rows.filter(condition)


def reach(
    store: Store,
    user: str | None,
    operation: Operation,
    *,
    at: datetime,
    access: Sequence[Access] = tuple(OPEN),
) -> Reach:
    """How far a person reaches with an operation on cases; everywhere where the store has no accounts.

    `access`: what of the table counts as open; with `YES` alone, not what is shown with names struck out.
    """
    if not in_use(store) or (user == PROGRAM and operation in BY_ITSELF):
        return Reach(True, True, (), frozenset(), frozenset(), False)
    assert user is not None  # noqa: S101  (the marks refuse nobody before this is asked)
    grants = held_by(store, user, at)
    own = [g for g in grants if g.role in roles_with(operation, Standing.OWN, *access)]
    held = {grant.role for grant in grants}
    if held & set(roles_with(operation, Standing.RESTRICTED, *access)):
        return Reach(True, True, (), frozenset(), frozenset(), False)
    everything = any(g.unit is None and g.case_id is None for g in own) or bool(
        held & set(roles_with(operation, Standing.OTHER, *access))
    )
    named = {grant.case_id for grant in own if grant.case_id is not None}
    theirs = _owned(store, user) if own and not everything else set()
    opened = _opened(store, user, at)
    by_glass = {
        standing: bool(held & set(roles_with(operation, standing, Access.GLASS)))
        for standing in (Standing.OTHER, Standing.RESTRICTED)
    }
    restricted = set(restricted_cases(store))
    if by_glass[Standing.RESTRICTED]:
        named |= opened
    elif by_glass[Standing.OTHER]:
        named |= opened - restricted
    units = tuple(sorted({g.unit for g in own if g.unit is not None}))
    return Reach(
        False,
        everything,
        units,
        numbers_of_cases(store, named | theirs),
        numbers_of_cases(store, restricted - named),
        bool(units) and store.rows(PresentItem).filter(field=UNIT, item__in=units).exists(),
    )


def names_of(store: Store, numbers: Collection[int]) -> list[str]:
    """The case numbers of cases by their place in the store, in order."""
    found: set[str] = set()
    wanted = sorted(numbers)
    for start in range(0, len(wanted), 500):
        rows = store.rows(Case).filter(id__in=wanted[start : start + 500])
        found.update(rows.values_list("case_id", flat=True))
    return sorted(found)


def counted(store: Store, user: str, *, at: datetime) -> tuple[int, int]:
    """(cases that a person may list, cases there are that they may not): what is invisible is still counted."""
    return within_and_beyond(store, reach(store, user, Operation.LIST, at=at))


def within_and_beyond(store: Store, within: Reach) -> tuple[int, int]:
    """(how many cases of the register are within reach, how many are not)."""
    every = bits.held(store.alias, bits.EVERY, "").bit_count()
    listed = every if within.whole else within.bits(store).bit_count()
    return listed, every - listed


def seen_among(
    store: Store, user: str | None, operation: Operation, cases: Iterable[str]
) -> set[str]:
    """Of these cases, those that the record has and with which a person may do something, however many there are."""
    within = reach(store, user, operation, at=store.clock())
    numbers: set[int] = set()
    if not within.everything:
        held = bits.held(store.alias, UNIT, *within.units) | bits.of_numbers(within.cases)
        numbers.update(bits.numbers_of(held))
    wanted = sorted(set(cases))
    seen: set[str] = set()
    for start in range(0, len(wanted), 500):
        rows = store.rows(Case).filter(case_id__in=wanted[start : start + 500])
        for case, number in rows.values_list("case_id", "id"):
            if number not in within.kept_back and (within.everything or number in numbers):
                seen.add(case)
    return seen


def restricted_cases(store: Store, cases: Sequence[str] | None = None) -> frozenset[str]:
    """The cases that are restricted now; of these, where some are named."""
    newer = store.rows(Restriction).filter(case_id=OuterRef("case_id"), id__gt=OuterRef("id"))
    standing = store.rows(Restriction).filter(status=RESTRICTED).exclude(Exists(newer))
    if cases is not None:
        standing = standing.filter(case_id__in=list(cases))
    return frozenset(standing.values_list("case_id", flat=True))


def _owned(store: Store, user: str) -> set[str]:
    newer = store.rows(Owner).filter(case_id=OuterRef("case_id"), id__gt=OuterRef("id"))
    owned = store.rows(Owner).filter(owner=user).exclude(Exists(newer))
    return set(owned.values_list("case_id", flat=True))


def _opened(store: Store, user: str, at: datetime) -> set[str]:
    ended = store.rows(GlassEnd).filter(glass=OuterRef("id"))
    opened = store.rows(Glass).filter(user=user, until__gt=moment_text(at)).exclude(Exists(ended))
    return set(opened.values_list("case_id", flat=True))


def numbers_of_cases(store: Store, cases: Collection[str]) -> frozenset[int]:
    """The places in the store of cases by their numbers."""
    found: set[int] = set()
    wanted = sorted(cases)
    for start in range(0, len(wanted), 500):
        rows = store.rows(Case).filter(case_id__in=wanted[start : start + 500])
        found.update(rows.values_list("id", flat=True))
    return frozenset(found)
