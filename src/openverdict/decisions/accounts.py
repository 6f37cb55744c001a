"""Accounts, roles, restricted cases and exceptional access: what changes who may see what, each an event of its own."""

from __future__ import annotations

from datetime import datetime, timedelta

from openverdict.decisions.access import ABLE, RESTRICTED, active, in_use
from openverdict.decisions.guarding import act, case_by
from openverdict.decisions.models import (
    Glass,
    GlassEnd,
    Grant,
    Notice,
    Restriction,
    Revocation,
    UserState,
)
from openverdict.decisions.policy import in_force
from openverdict.decisions.roles import Operation, Role
from openverdict.errors import InputError
from openverdict.ledger.commitment import commit
from openverdict.ledger.events import (
    BreakGlassClosed,
    BreakGlassOpened,
    CaseRestricted,
    RestrictionLifted,
    RoleGranted,
    RoleRevoked,
    UserChanged,
)
from openverdict.ledger.events.base import moment_text
from openverdict.ledger.models import Case, Fact
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer

CHANGES = ("made", "locked", "opened", "closed")


@act(Operation.MANAGE_ACCOUNTS)
def found(store: Store, writer: Writer, administrator: str) -> None:
    """Make the first account, which is an administrator's; from here on, access is by role.

    Raises:
        InputError: accounts were made before.
    """
    writer.flush()
    if in_use(store):
        raise InputError("accounts were made before; an administrator makes more")
    change_user(store, writer, administrator, "made")
    _grant(writer, administrator, Role.ADMINISTRATOR, None, None, None)


@act(Operation.MANAGE_ACCOUNTS)
def change_user(store: Store, writer: Writer, user: str, change: str) -> None:
    """Make, lock, open or close an account.

    Raises:
        InputError: no such change, or it doesn't follow on what the account is.
    """
    writer.flush()
    last = store.rows(UserState).filter(user=user).order_by("-id").first()
    now = None if last is None else last.change
    follows = {"made": (None,), "locked": ABLE, "opened": ("locked",), "closed": (*ABLE, "locked")}
    if change not in follows:
        raise InputError(f"{change!r}: an account is one of: {', '.join(CHANGES)}")
    if now not in follows[change]:
        raise InputError(
            f"user {user}: the account is {now or 'not made'}, so it can't be {change}"
        )
    writer.record(UserChanged, [UserState(user=user, change=change)], user=user, change=change)


@act(Operation.MANAGE_ACCOUNTS)
def note_means(store: Store, writer: Writer, user: str, means: str) -> None:
    """That somebody's means of signing in were changed by another; what they are stands in no record. `means`: a code.

    Raises:
        InputError: there is no such account.
    """
    if not store.rows(UserState).filter(user=user).exists():
        raise InputError(f"user {user}: there is no such account; make it first")
    writer.record(UserChanged, user=user, change=means)


@act(Operation.MANAGE_ACCOUNTS)
def grant(
    store: Store,
    writer: Writer,
    user: str,
    role: str,
    *,
    unit: str | None = None,
    case: str | None = None,
    until: datetime | None = None,
) -> int:
    """Give a user a role for a unit, for one case, or for everything; the number of the grant.

    Raises:
        InputError: no such account or role, a grant to oneself, unit and case together, or an
            administrator who would read cases.
    """
    writer.flush()
    if role not in set(Role):
        raise InputError(f"role {role!r}: one of: {', '.join(Role)}")
    if user == writer.actor:
        raise InputError(f"{user} can't give a role to themselves; another administrator can")
    if unit is not None and case is not None:
        raise InputError("a grant is for a unit or for a case; give two")
    if case is not None and not store.rows(Case).filter(case_id=case).exists():
        raise InputError(f"case {case}: the store does not have it; check the number")
    last = store.rows(UserState).filter(user=user).order_by("-id").first()
    if last is None or last.change not in ABLE:
        raise InputError(
            f"user {user}: there is no such account, or it is locked; make or open it first"
        )
    held = set(active(store, user, writer.at).values_list("role", flat=True))
    if held and (role == Role.ADMINISTRATOR) != (Role.ADMINISTRATOR in held):
        raise InputError(f"{user} is {', '.join(sorted(held))}; who manages accounts reads no case")
    return _grant(writer, user, Role(role), unit, case, until)


@act(Operation.MANAGE_ACCOUNTS)
def revoke(store: Store, writer: Writer, number: int) -> None:
    """Take a grant back. Raises InputError when it is none, or was taken back before."""
    writer.flush()
    row = store.rows(Grant).filter(id=number).first()
    if row is None or store.rows(Revocation).filter(grant=number).exists():
        raise InputError(f"grant {number}: there is none, or it was taken back before")
    writer.record(
        RoleRevoked,
        [Revocation(grant=number)],
        user=row.user,
        role=row.role,
        unit=row.unit,
        case=row.case_id,
    )


@act(Operation.RESTRICT, "case")
def restrict(store: Store, writer: Writer, case: str, reason: str) -> None:
    """Make a case invisible to all who have no grant for this very case; it stays counted. `reason`: a code."""
    writer.flush()
    if is_restricted(store, case):
        raise InputError(f"case {case} is restricted already")
    row = Restriction(case_id=case, status=RESTRICTED)
    writer.record(CaseRestricted, [row], case=case, reason=reason)


@act(Operation.RESTRICT, "case")
def lift(store: Store, writer: Writer, case: str, reason: str) -> None:
    """Restrict a case no longer."""
    writer.flush()
    if not is_restricted(store, case):
        raise InputError(f"case {case} is not restricted")
    row = Restriction(case_id=case, status="lifted")
    writer.record(RestrictionLifted, [row], case=case, reason=reason)


def is_restricted(store: Store, case: str) -> bool:
    """Whether a case is restricted now."""
    last = store.rows(Restriction).filter(case_id=case).order_by("-id").first()
    return last is not None and last.status == RESTRICTED


@act(Operation.BREAK_GLASS, "case")
def break_glass(
    store: Store, writer: Writer, case: str, text: str, *, hours: int | None = None
) -> int:
    """Open a case to the actor for a time, with a reason in words; those whom the policy names are told. Its number.

    Raises:
        InputError: the reason is too short, the time too long, the case unknown, or there is nobody to alert.
    """
    writer.flush()
    policy = in_force(store)
    lasts = policy.break_glass_hours if hours is None else hours
    if not 0 < lasts <= policy.break_glass_hours:
        raise InputError(f"{lasts} hours: the policy allows 1 to {policy.break_glass_hours}")
    if len(text.strip()) < policy.text_break_glass_min_chars:
        raise InputError(
            f"the reason has fewer than {policy.text_break_glass_min_chars} characters; say why it can't wait"
        )
    if not store.rows(Case).filter(case_id=case).exists():
        raise InputError(f"case {case}: the store does not have it; check the number")
    alerted = _alerted(store, writer, case, policy.break_glass_alerts)
    until = writer.at + timedelta(hours=lasts)
    opening = commit(text.strip())
    row = Glass(case_id=case, user=writer.actor, until=moment_text(until))
    notices = [Notice(user=user, case_id=case, reason="glass_broken") for user in alerted]
    writer.record(
        BreakGlassOpened,
        [row, *notices],
        openings={"text": opening},
        case=case,
        until=until,
        alerted=alerted,
        text=opening.commitment,
    )
    return int(row.id)


@act(Operation.BREAK_GLASS, "number", case_by(Glass))
def close_glass(store: Store, writer: Writer, number: int, reason: str = "done") -> None:
    """End an exceptional access before its time."""
    writer.flush()
    row = store.rows(Glass).filter(id=number).first()
    if row is None or store.rows(GlassEnd).filter(glass=number).exists():
        raise InputError(f"break-glass {number}: there is none, or it was ended before")
    writer.record(
        BreakGlassClosed,
        [GlassEnd(glass=number)],
        case=row.case_id,
        opened_at_entry=row.event_id,
        reason=reason,
    )


def units_of(store: Store, case: str) -> tuple[str, ...]:
    """The units of a case as its facts stand now."""
    facts = list(store.rows(Fact).filter(case_id=case, field="unit"))
    gone = {fact.supersedes for fact in facts}
    return tuple(sorted({fact.value for fact in facts if fact.id not in gone and fact.value}))


def _alerted(store: Store, writer: Writer, case: str, roles: tuple[str, ...]) -> tuple[str, ...]:
    """Who is told: the holders of these roles for the case; administrators where there is none."""
    units = set(units_of(store, case))
    for wanted in (roles, (Role.ADMINISTRATOR.value,)):
        told = set()
        for user in set(store.rows(Grant).filter(role__in=wanted).values_list("user", flat=True)):
            for held in active(store, user, writer.at).filter(role__in=wanted):
                if held.unit in units or held.case_id == case or not (held.unit or held.case_id):
                    told.add(user)
        told.discard(writer.actor)
        if told:
            return tuple(sorted(told))
    raise InputError(
        "nobody is there to be alerted; appoint a supervisor or an administrator first"
    )


def _grant(
    writer: Writer,
    user: str,
    role: Role,
    unit: str | None,
    case: str | None,
    until: datetime | None,
) -> int:
    row = Grant(
        user=user,
        role=role.value,
        unit=unit,
        case_id=case,
        until=None if until is None else moment_text(until),
    )
    writer.record(RoleGranted, [row], user=user, role=role.value, unit=unit, case=case, until=until)
    return int(row.id)
