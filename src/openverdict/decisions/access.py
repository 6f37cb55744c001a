"""Access: the table of roles evaluated in SQL, so that lists and counts obey it, and answered in words for one person and case.

A case stands to a person as *own* (a grant for its unit, for itself or for everything, or they own it), *other*, or
*restricted*: then only a grant for that very case makes it their own. Where no account was ever made, the store is one
person's own and its file's rights are what there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q

from openverdict.decisions.models import (
    About,
    Glass,
    GlassEnd,
    Grant,
    Owner,
    Restriction,
    Revocation,
    UserState,
)
from openverdict.decisions.roles import (
    BY_ITSELF,
    HOUSE,
    OPEN,
    TABLE,
    Access,
    Operation,
    Role,
    Standing,
    roles_with,
)
from openverdict.ledger.events import AccessDenied
from openverdict.ledger.events.base import moment_text
from openverdict.ledger.itself import PROGRAM
from openverdict.ledger.models import Case, Fact
from openverdict.ledger.store import Store
from openverdict.ledger.writing import RefusedError, Writer

RESTRICTED = "restricted"
CONSULTATION = "consultation"
AT_ONCE = 500
ABLE = ("made", "opened")  # states of an account that may act
# From the most to the least that a person may see, who has several roles.
_BEST = (Access.YES, Access.REDACTED, Access.GLASS, Access.COUNTED, Access.NO)
_STANDING_WORDS = {
    Standing.OWN: "within their grants",
    Standing.OTHER: "outside their grants",
    Standing.RESTRICTED: "restricted",
}


class AccessError(RefusedError):
    """The person may not do this. Says by which rule, and what to do; the refusal is logged."""

    def __init__(self, answer: Answer, purpose: str = CONSULTATION) -> None:
        super().__init__(
            answer.text,
            AccessDenied,
            actor=answer.user,
            purpose=purpose,
            operation=answer.operation.value,
            rule=answer.rule,
            subject_kind=None if answer.case is None else "case",
            subject=answer.case,
        )
        self.answer = answer


@dataclass(frozen=True)
class Answer:
    """Whether a person may do something with a case, and why. `rule`: a code; `text`: one line with what to do."""

    user: str
    operation: Operation
    case: str | None
    allowed: bool
    access: Access
    standing: Standing | None
    roles: tuple[Role, ...]
    rule: str
    text: str


def in_use(store: Store) -> bool:
    """Whether accounts were ever made in this store."""
    return bool(store.rows(UserState).exists())


def has_account(store: Store, user: str, *, in_any_state: bool = False) -> bool:
    """Whether there is an account of this name that may act; `in_any_state`: also one that is locked or closed."""
    last = store.rows(UserState).filter(user=user).order_by("-id").first()
    return last is not None and (in_any_state or last.change in ABLE)


def active(store: Store, user: str, at: datetime) -> Any:
    """A person's grants that count at a time, as a query set; none when their account is locked or closed."""
    newer = store.rows(UserState).filter(user=OuterRef("user"), id__gt=OuterRef("id"))
    able = store.rows(UserState).filter(user=user, change__in=ABLE).exclude(Exists(newer))
    revoked = store.rows(Revocation).filter(grant=OuterRef("id"))
    grants = store.rows(Grant).filter(Exists(able), user=user).exclude(Exists(revoked))
    return grants.filter(Q(until__isnull=True) | Q(until__gt=moment_text(at)))


def may(store: Store, user: str, operation: Operation, *, at: datetime, case: str = "case_id") -> Q:
    """The rows whose case (in column `case`) a person may do this with, as a condition of a query set.

    Which grants count now is no question about a row: they are read once, before the rows are.
    """
    if not in_use(store) or (user == PROGRAM and operation in BY_ITSELF):
        return Q()
    grants = list(active(store, user, at))
    held = {grant.role for grant in grants}

    def has(standing: Standing, *access: Access) -> bool:
        return not held.isdisjoint(roles_with(operation, standing, *access))

    if has(Standing.RESTRICTED, *OPEN):
        return Q()
    own = [each for each in grants if each.role in roles_with(operation, Standing.OWN, *OPEN)]
    is_free = ~_restricted(store, case)
    parts: list[Q] = []
    if has(Standing.OTHER, *OPEN) or _is_everything(own):
        parts.append(is_free)
    elif own:
        parts.append(_own(store, user, own, case) & is_free)
    if named := {each.case_id for each in own if each.case_id is not None}:
        parts.append(Q(**{f"{case}__in": named}))
    if has(Standing.RESTRICTED, Access.GLASS):
        parts.append(_glass(store, user, at, case))
    elif has(Standing.OTHER, Access.GLASS):
        parts.append(_glass(store, user, at, case) & is_free)
    return reduce(or_, parts) if parts else Q(pk__in=())


def seen_by(store: Store, rows: Any, user: str, operation: Operation, *, at: datetime) -> Any:
    """Of rows that stand under events about cases (`About`), those all of whose cases a person may do this with."""
    condition = may(store, user, operation, at=at)
    if not condition:
        return rows
    about = store.rows(About).filter(event_id=OuterRef("event_id"))
    return rows.exclude(Exists(about.exclude(condition)))


def why(
    store: Store, user: str, operation: Operation, case: str | None = None, *, at: datetime
) -> Answer:
    """Whether a person may do this with a case, by which rule, and what would change it."""
    cases = () if case is None or operation in HOUSE else (case,)
    return footing(store, user, cases, at=at).answer(operation, case)


@dataclass(frozen=True)
class Footing:
    """How some cases stand to a person at a time: read once, and asked about many operations. See `footing`.

    `roles`: None where the store has no accounts. `standings`: of a case, in each role. `opened`: cases whose glass is broken.
    """

    user: str
    roles: tuple[Role, ...] | None
    standings: Mapping[str, Mapping[Role, Standing]]
    opened: frozenset[str]

    def answer(self, operation: Operation, case: str | None = None) -> Answer:
        """Whether the person may do this with one of the cases (or with none), and by which rule."""
        user = self.user
        if self.roles is None:
            text = "no accounts were made in this store: whoever can open it may do this"
            return Answer(user, operation, case, True, Access.YES, None, (), "no_accounts", text)
        if user == PROGRAM and operation in BY_ITSELF:
            text = f"the program may {operation.value.replace('_', ' ')} by itself"
            return Answer(user, operation, case, True, Access.YES, None, (), "by_itself", text)
        if not self.roles:
            text = f"{user} has no role that counts now; an administrator gives roles"
            return Answer(user, operation, case, False, Access.NO, None, (), "no_role", text)
        if operation in HOUSE or case is None:
            access = _best(TABLE[role][operation].own for role in self.roles)
            return _answer(user, operation, None, access, None, self.roles, opened=False)
        found = self.standings[case]
        best, standing = min(
            ((TABLE[role][operation].of(found[role]), found[role]) for role in self.roles),
            key=lambda each: _BEST.index(each[0]),
        )
        opened = case in self.opened
        return _answer(user, operation, case, best, standing, self.roles, opened=opened)

    def may(self, operation: Operation) -> bool:
        """Whether the person may do this with every one of the cases."""
        return all(self.answer(operation, case).allowed for case in self.standings)


def footing(store: Store, user: str, cases: Iterable[str], *, at: datetime) -> Footing:
    """How cases stand to a person, in a few queries however many there are."""
    wanted = tuple(dict.fromkeys(cases))
    if not in_use(store):
        return Footing(user, None, {case: {} for case in wanted}, frozenset())
    grants = list(active(store, user, at))
    roles = tuple(sorted({Role(grant.role) for grant in grants}))
    standings: dict[str, dict[Role, Standing]] = {case: {} for case in wanted}
    opened: set[str] = set()
    for start in range(0, len(wanted) if roles else 0, AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        there = set(store.rows(Case).filter(case_id__in=part).values_list("case_id", flat=True))
        hidden = _those(_restrictions(store), part)
        opened |= _those(_glasses(store, user, at), part) & there
        for role in roles:
            held = [grant for grant in grants if grant.role == role]
            own = _own_of(store, user, held, there - hidden)
            named = {grant.case_id for grant in held}
            for case in part:
                # Nothing is there to be kept from anybody where there is no such case: a new one has to begin somehow.
                if case in named or case not in there:
                    standings[case][role] = Standing.OWN
                elif case in hidden:
                    standings[case][role] = Standing.RESTRICTED
                else:
                    standings[case][role] = Standing.OWN if case in own else Standing.OTHER
    return Footing(user, roles, standings, frozenset(opened))


@contextmanager
def acting(
    store: Store, user: str, operation: Operation, cases: Sequence[str], purpose: str
) -> Iterator[Writer]:
    """A transaction for one act of a person on cases, if they may. A refusal is logged, and nothing else is.

    Raises:
        AccessError: they may not; by which rule.
    """
    with store.writing(user, purpose) as writer:
        require(store, user, operation, cases, at=writer.at, purpose=purpose)
        yield writer


def require(
    store: Store,
    user: str,
    operation: Operation,
    cases: Sequence[str],
    *,
    at: datetime,
    purpose: str = CONSULTATION,
) -> Access:
    """Raise AccessError unless a person may do this with every one of the cases; else the narrowest access to one of them."""
    found = Access.YES
    about = () if operation in HOUSE else tuple(dict.fromkeys(cases))
    stands = footing(store, user, about, at=at)
    for case in about or (None,):
        answer = stands.answer(operation, case)
        if not answer.allowed:
            raise AccessError(answer, purpose)
        if answer.access is Access.REDACTED:
            found = Access.REDACTED
    return found


def allowed(
    store: Store, user: str, operation: Operation, cases: Iterable[str], *, at: datetime
) -> set[str]:
    """Of these cases, those that a person may do this with."""
    wanted = sorted(set(cases))
    found: set[str] = set()
    for start in range(0, len(wanted), AT_ONCE):
        rows = store.rows(Case).filter(case_id__in=wanted[start : start + AT_ONCE])
        rows = rows.filter(may(store, user, operation, at=at))
        found |= set(rows.values_list("case_id", flat=True))
    return found


def _is_everything(grants: Iterable[Any]) -> bool:
    """Whether one of these grants is for every case there is."""
    return any(each.unit is None and each.case_id is None for each in grants)


def _own(store: Store, user: str, grants: Iterable[Any], case: str) -> Q:
    """Cases within some grants of units, or owned by the person, restricted or not."""
    newer = store.rows(Owner).filter(case_id=OuterRef("case_id"), id__gt=OuterRef("id"))
    owned = store.rows(Owner).filter(case_id=OuterRef(case), owner=user).exclude(Exists(newer))
    units = {each.unit for each in grants if each.unit is not None}
    if not units:
        return Q(Exists(owned))
    later = store.rows(Fact).filter(supersedes=OuterRef("id"))
    # Asked of each row by its case number: a unit may have a hundred thousand cases, and most questions are about one.
    of_unit = store.rows(Fact).filter(case_id=OuterRef(case), field="unit", value__in=units)
    return Q(Exists(of_unit.exclude(Exists(later)))) | Q(Exists(owned))


def _own_of(store: Store, user: str, grants: Sequence[Any], cases: set[str]) -> set[str]:
    """Of these cases, those within a person's grants of one role."""
    if not cases or _is_everything(grants):
        return cases
    rows = store.rows(Case).filter(case_id__in=cases).filter(_own(store, user, grants, "case_id"))
    return set(rows.values_list("case_id", flat=True))


def _restrictions(store: Store) -> Any:
    newer = store.rows(Restriction).filter(case_id=OuterRef("case_id"), id__gt=OuterRef("id"))
    return store.rows(Restriction).filter(status=RESTRICTED).exclude(Exists(newer))


def _glasses(store: Store, user: str, at: datetime) -> Any:
    ended = store.rows(GlassEnd).filter(glass=OuterRef("id"))
    return store.rows(Glass).filter(user=user, until__gt=moment_text(at)).exclude(Exists(ended))


def _restricted(store: Store, case: str) -> Q:
    return Q(**{f"{case}__in": _restrictions(store).values("case_id")})


def _glass(store: Store, user: str, at: datetime, case: str) -> Q:
    return Q(**{f"{case}__in": _glasses(store, user, at).values("case_id")})


def _those(rows: Any, cases: Sequence[str]) -> set[str]:
    return set(rows.filter(case_id__in=cases).values_list("case_id", flat=True))


def _best(found: Iterator[Access]) -> Access:
    return min(found, key=_BEST.index)


def _answer(
    user: str,
    operation: Operation,
    case: str | None,
    access: Access,
    standing: Standing | None,
    roles: tuple[Role, ...],
    *,
    opened: bool,
) -> Answer:
    allowed = access in OPEN or (access is Access.GLASS and opened)
    held = ", ".join(roles)
    what = f"{user} ({held}) {'may' if allowed else 'may not'} {operation.value.replace('_', ' ')}"
    place = "" if standing is None else f": the case is {_STANDING_WORDS[standing]}"
    if access is Access.NO and standing is Standing.OWN:
        place = ": this role may not, whatever the case"
    rule = f"{operation.value}.{standing.value if standing else 'house'}.{access.name.lower()}"
    mend = ""
    if not allowed:
        mend = {
            Access.GLASS: "; break the glass with a reason, or ask an administrator for a grant",
            Access.COUNTED: "; it is counted only; ask an administrator for a grant",
        }.get(access, "; ask an administrator for a grant or role that allows it")
    elif access is Access.REDACTED:
        mend = ", with what names people struck out"
    elif access is Access.GLASS:
        mend = ", while the glass is broken"
    return Answer(
        user, operation, case, allowed, access, standing, roles, rule, f"{what}{place}{mend}"
    )
