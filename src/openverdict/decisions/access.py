"""Access: the table of roles evaluated in SQL, so that lists and counts obey it, and answered in words for one person and case.

A case stands to a person as *own* (a grant for its unit, for itself or for everything, or they own it), *other*, or
*restricted*: then only a grant for that very case makes it their own. Where no account was ever made, the store is one
person's own and its file's rights are what there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
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
from openverdict.ledger.models import Case, Fact
from openverdict.ledger.store import PROGRAM, Store
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
    """The rows whose case (in column `case`) a person may do this with, as a condition of a query set."""
    if not in_use(store) or (user == PROGRAM and operation in BY_ITSELF):
        return Q()
    grants = active(store, user, at).filter(role__in=roles_with(operation, Standing.OWN, *OPEN))
    condition = (_own(store, user, grants, case) & ~_restricted(store, case)) | Q(
        **{f"{case}__in": grants.filter(case_id__isnull=False).values("case_id")}
    )
    for standing, holds in (
        (Standing.OTHER, ~_restricted(store, case)),
        (Standing.RESTRICTED, Q()),
    ):
        anywhere = active(store, user, at).filter(role__in=roles_with(operation, standing, *OPEN))
        condition |= Q(Exists(anywhere)) & holds
        opened = active(store, user, at).filter(
            role__in=roles_with(operation, standing, Access.GLASS)
        )
        condition |= Q(Exists(opened)) & holds & _glass(store, user, at, case)
    return condition


def seen_by(store: Store, rows: Any, user: str, operation: Operation, *, at: datetime) -> Any:
    """Of rows that stand under events about cases (`About`), those all of whose cases a person may do this with."""
    condition = may(store, user, operation, at=at)
    if not condition:
        return rows
    about = store.rows(About).filter(event_id=OuterRef("event_id"))
    return rows.exclude(Exists(about.exclude(condition)))


def counted(store: Store, user: str, *, at: datetime) -> tuple[int, int]:
    """(cases that a person may list, cases there are that they may not): what is invisible is still counted."""
    total = store.rows(Case).count()
    listed = store.rows(Case).filter(may(store, user, Operation.LIST, at=at)).count()
    return int(listed), int(total - listed)


def why(
    store: Store, user: str, operation: Operation, case: str | None = None, *, at: datetime
) -> Answer:
    """Whether a person may do this with a case, by which rule, and what would change it."""
    if not in_use(store):
        text = "no accounts were made in this store: whoever can open it may do this"
        return Answer(user, operation, case, True, Access.YES, None, (), "no_accounts", text)
    if user == PROGRAM and operation in BY_ITSELF:
        text = f"the program may {operation.value.replace('_', ' ')} by itself"
        return Answer(user, operation, case, True, Access.YES, None, (), "by_itself", text)
    grants = list(active(store, user, at))
    roles = tuple(sorted({Role(grant.role) for grant in grants}))
    if not roles:
        text = f"{user} has no role that counts now; an administrator gives roles"
        return Answer(user, operation, case, False, Access.NO, None, (), "no_role", text)
    if operation in HOUSE or case is None:
        access = _best(TABLE[role][operation].own for role in roles)
        return _answer(user, operation, None, access, None, roles, opened=False)
    best: tuple[Access, Standing] | None = None
    for role in roles:
        standing = _standing(store, user, role, case, at)
        access = TABLE[role][operation].of(standing)
        if best is None or _BEST.index(access) < _BEST.index(best[0]):
            best = (access, standing)
    assert best is not None  # noqa: S101
    there = store.rows(Case).filter(case_id=case)
    opened = there.filter(_glass(store, user, at, "case_id")).exists()
    return _answer(user, operation, case, *best, roles, opened=opened)


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
    for case in dict.fromkeys(cases) if operation not in HOUSE and cases else (None,):
        answer = why(store, user, operation, case, at=at)
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


def _own(store: Store, user: str, grants: Any, case: str) -> Q:
    """Cases within some grants, restricted or not."""
    everything = grants.filter(unit__isnull=True, case_id__isnull=True)
    units = grants.filter(unit__isnull=False).values("unit")
    later = store.rows(Fact).filter(supersedes=OuterRef("id"))
    of_unit = store.rows(Fact).filter(field="unit", value__in=units).exclude(Exists(later))
    newer = store.rows(Owner).filter(case_id=OuterRef("case_id"), id__gt=OuterRef("id"))
    owned = store.rows(Owner).filter(owner=user).exclude(Exists(newer))
    return (
        Q(Exists(everything))
        | Q(**{f"{case}__in": of_unit.values("case_id")})
        | (Q(Exists(grants)) & Q(**{f"{case}__in": owned.values("case_id")}))
    )


def _restricted(store: Store, case: str) -> Q:
    newer = store.rows(Restriction).filter(case_id=OuterRef("case_id"), id__gt=OuterRef("id"))
    standing = store.rows(Restriction).filter(status=RESTRICTED).exclude(Exists(newer))
    return Q(**{f"{case}__in": standing.values("case_id")})


def _glass(store: Store, user: str, at: datetime, case: str) -> Q:
    ended = store.rows(GlassEnd).filter(glass=OuterRef("id"))
    opened = store.rows(Glass).filter(user=user, until__gt=moment_text(at)).exclude(Exists(ended))
    return Q(**{f"{case}__in": opened.values("case_id")})


def _standing(store: Store, user: str, role: Role, case: str, at: datetime) -> Standing:
    """How a case stands to a person in one role."""
    grants = active(store, user, at).filter(role=role)
    if grants.filter(case_id=case).exists():
        return Standing.OWN
    cases = store.rows(Case).filter(case_id=case)
    if not cases.exists():
        return (
            Standing.OWN
        )  # nothing is there to be kept from anybody; a new case has to begin somehow
    if cases.filter(_restricted(store, "case_id")).exists():
        return Standing.RESTRICTED
    if cases.filter(_own(store, user, grants, "case_id")).exists():
        return Standing.OWN
    return Standing.OTHER


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
