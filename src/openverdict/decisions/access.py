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
from typing import Any

from django.db.models import Exists, OuterRef, Q

from openverdict.decisions.models import (
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
from openverdict.ledger import engine
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
OWNED = True  # stands beside units
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


@dataclass(frozen=True)
class Held:
    """A role that a person has: for a unit, for one case, or for everything."""

    role: str
    unit: str | None
    case_id: str | None

    @property
    def is_for_everything(self) -> bool:
        """Whether it is for no unit and no case alone."""
        return self.unit is None and self.case_id is None


# Asked several times for every page, so that they are written out here.
_ANYBODY = "SELECT 1 FROM decisions_userstate LIMIT 1"
_LAST_STATE = 'SELECT change FROM decisions_userstate WHERE "user" = %s ORDER BY id DESC LIMIT 1'
_GRANTS = (
    'SELECT role, unit, case_id, until FROM decisions_grant g WHERE "user" = %s '
    'AND NOT EXISTS (SELECT 1 FROM decisions_revocation r WHERE r."grant" = g.id) ORDER BY id'
)

# The same of cases: in the order in which they were recorded, so that the last of a case is what counts.
_THERE = "SELECT case_id FROM ledger_case WHERE case_id IN ({these})"
_OWNERS = "SELECT case_id, owner FROM decisions_owner WHERE case_id IN ({these}) ORDER BY id"
_RESTRICTED = (
    "SELECT case_id, status FROM decisions_restriction WHERE case_id IN ({these}) ORDER BY id"
)
_UNITS = "SELECT id, case_id, value FROM ledger_fact WHERE field = 'unit' AND case_id IN ({these})"
_LATER = "SELECT supersedes FROM ledger_fact WHERE supersedes IN ({these})"
_BROKEN = 'SELECT id, case_id FROM decisions_glass WHERE "user" = %s AND until > %s AND case_id IN ({these})'
_ENDED = "SELECT glass FROM decisions_glassend WHERE glass IN ({these})"


def in_use(store: Store) -> bool:
    """Whether accounts were ever made in this store."""
    return engine.one(store.alias, _ANYBODY) is not None


def has_account(store: Store, user: str, *, in_any_state: bool = False) -> bool:
    """Whether there is an account of this name that may act; `in_any_state`: also one that is locked or closed."""
    last = engine.one(store.alias, _LAST_STATE, [user])
    return last is not None and (in_any_state or last[0] in ABLE)


def active(store: Store, user: str, at: datetime) -> Any:
    """A person's grants that count at a time, as a query set; none when their account is locked or closed."""
    newer = store.rows(UserState).filter(user=OuterRef("user"), id__gt=OuterRef("id"))
    able = store.rows(UserState).filter(user=user, change__in=ABLE).exclude(Exists(newer))
    revoked = store.rows(Revocation).filter(grant=OuterRef("id"))
    grants = store.rows(Grant).filter(Exists(able), user=user).exclude(Exists(revoked))
    return grants.filter(Q(until__isnull=True) | Q(until__gt=moment_text(at)))


def held_by(store: Store, user: str, at: datetime) -> list[Held]:
    """The same, read."""
    if not has_account(store, user):
        return []
    now = moment_text(at)
    rows = engine.every(store.alias, _GRANTS, [user])
    return [
        Held(role, unit, case) for role, unit, case, until in rows if until is None or until > now
    ]


def may(store: Store, user: str, operation: Operation, *, at: datetime, case: str = "case_id") -> Q:
    """The rows whose case (in column `case`) a person may do this with, as a condition of a query set; empty for all rows."""
    if not in_use(store) or (user == PROGRAM and operation in BY_ITSELF):
        return Q()
    grants = held_by(store, user, at)
    roles = {grant.role for grant in grants}

    def has(standing: Standing, *access: Access) -> bool:
        return not roles.isdisjoint(roles_with(operation, standing, *access))

    if has(Standing.RESTRICTED, *OPEN):
        return Q()
    own = [grant for grant in grants if grant.role in roles_with(operation, Standing.OWN, *OPEN)]
    named = [grant.case_id for grant in own if grant.case_id is not None]
    condition = Q(**{f"{case}__in": named})
    glass = _glass(store, user, at, case)
    if has(Standing.RESTRICTED, Access.GLASS):
        condition |= glass
    not_restricted = ~_restricted(store, case)
    if has(Standing.OTHER, *OPEN) or any(grant.is_for_everything for grant in own):
        return condition | not_restricted
    if own:
        condition |= _own(store, user, own, case) & not_restricted
    if has(Standing.OTHER, Access.GLASS):
        condition |= glass & not_restricted
    return condition


def seen_by(
    store: Store,
    told: Mapping[int, Sequence[str]],
    user: str,
    operation: Operation,
    *,
    at: datetime,
) -> set[int]:
    """Of entries with the cases that they are about, those all of whose cases a person may do this with."""
    every = {case for cases in told.values() for case in cases}
    stance = footing(store, user, every, at=at)
    seen = {case for case in every if stance.answer(operation, case).allowed}
    return {entry for entry, cases in told.items() if seen.issuperset(cases)}


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
    grants = held_by(store, user, at)
    roles = tuple(sorted({Role(grant.role) for grant in grants}))
    standings: dict[str, dict[Role, Standing]] = {case: {} for case in wanted}
    opened: set[str] = set()
    for start in range(0, len(wanted) if roles else 0, AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        there = {case for (case,) in engine.among(store.alias, _THERE, part)}
        hidden = _restricted_of(store, part)
        opened |= _opened_of(store, user, part, at) & there
        own = _own_of(store, user, grants, part)
        for role in roles:
            held = [grant for grant in grants if grant.role == role]
            everything = any(grant.is_for_everything for grant in held)
            named = {grant.case_id for grant in held}
            units = {grant.unit for grant in held}
            for case in part:
                # Nothing is there to be kept from anybody where there is no such case: a new one has to begin somehow.
                if case in named or case not in there:
                    standings[case][role] = Standing.OWN
                elif case in hidden:
                    standings[case][role] = Standing.RESTRICTED
                elif everything or OWNED in own[case] or not units.isdisjoint(own[case]):
                    standings[case][role] = Standing.OWN
                else:
                    standings[case][role] = Standing.OTHER
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


def _own(store: Store, user: str, grants: Sequence[Held], case: str) -> Q:
    """Cases within some grants of units, or owned by who has a grant, restricted or not."""
    units = sorted({grant.unit for grant in grants if grant.unit is not None})
    later = store.rows(Fact).filter(supersedes=OuterRef("id"))
    # Asked of each row by its case number: a unit may have a hundred thousand cases, and most questions are about one.
    of_unit = store.rows(Fact).filter(case_id=OuterRef(case), field="unit", value__in=units)
    newer = store.rows(Owner).filter(case_id=OuterRef("case_id"), id__gt=OuterRef("id"))
    owned = store.rows(Owner).filter(case_id=OuterRef(case), owner=user).exclude(Exists(newer))
    return Q(Exists(of_unit.exclude(Exists(later)))) | Q(Exists(owned))


def _own_of(
    store: Store, user: str, grants: Sequence[Held], cases: Sequence[str]
) -> dict[str, set[str | bool]]:
    """By case, the units of these grants that it is of; with OWNED where the person owns it."""
    found: dict[str, set[str | bool]] = {case: set() for case in cases}
    for case, owner in dict(engine.among(store.alias, _OWNERS, cases)).items():
        if owner == user:
            found[case].add(OWNED)
    units = {grant.unit for grant in grants if grant.unit is not None}
    if units:
        said = [row for row in engine.among(store.alias, _UNITS, cases) if row[2] in units]
        later = engine.among(store.alias, _LATER, [number for number, *_ in said])
        gone = {number for (number,) in later}
        for number, case, unit in said:
            if number not in gone:
                found[case].add(unit)
    return found


def _restricted_of(store: Store, cases: Sequence[str]) -> set[str]:
    """Of these cases, those that are restricted."""
    states = dict(engine.among(store.alias, _RESTRICTED, cases))
    return {case for case, status in states.items() if status == RESTRICTED}


def _opened_of(store: Store, user: str, cases: Sequence[str], at: datetime) -> set[str]:
    """Of these cases, those whose glass a person has broken and not ended."""
    broken = dict(engine.among(store.alias, _BROKEN, cases, [user, moment_text(at)]))
    ended = {number for (number,) in engine.among(store.alias, _ENDED, list(broken))}
    return {case for number, case in broken.items() if number not in ended}


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
