"""The commands of accounts: who there is, who has which role, which cases are restricted, and why somebody may or may not."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openverdict.cli.acting import (
    As,
    Purpose,
    Text,
    TextFile,
    acting,
    now,
    opened,
    say,
    subject_of,
    words_of,
)
from openverdict.cli.options import Because, CaseId, Json, Url
from openverdict.cli.record import who_does
from openverdict.cli.terminal import fail

if TYPE_CHECKING:
    from openverdict.ledger.store import Store

account = typer.Typer(
    name="account",
    help="Accounts, roles, restricted cases, exceptional access, and why somebody may or may not.",
    no_args_is_help=True,
)
User = Annotated[str, typer.Argument(metavar="USER", help="The account's key, never a name.")]


@account.command("found")
def found(
    administrator: User, store: Url, purpose: Purpose = "administration", json: Json = False
) -> None:
    """Make the first account, an administrator's; from here on, access is by role."""
    with opened(store) as record:
        from openverdict.decisions import accounts

        with record.writing(administrator, purpose) as writer:
            accounts.found(record, writer, administrator)
        words = f"{administrator} is the administrator; from here on, access is by role."
        say(json, {"user": administrator, "role": "administrator"}, words)


@account.command("change")
def change(
    changed: User,
    to: Annotated[str, typer.Argument(metavar="CHANGE", help="made, locked, opened or closed.")],
    store: Url,
    user: As = None,
    purpose: Purpose = "administration",
    json: Json = False,
) -> None:
    """Make, lock, open or close an account."""
    with opened(store) as record:
        from openverdict.decisions import accounts

        with acting(record, user, purpose) as writer:
            accounts.change_user(record, writer, changed, to)
        say(json, {"user": changed, "change": to}, f"Account {changed}: {to}.")


@account.command("grant")
def grant(
    granted: User,
    role: Annotated[
        str,
        typer.Argument(
            help="reader, reviewer, supervisor, data_manager, auditor or administrator."
        ),
    ],
    store: Url,
    unit: Annotated[str | None, typer.Option("--unit", help="Only for cases of this unit.")] = None,
    case: Annotated[str | None, typer.Option("--case", help="Only for this case.")] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="The last day (UTC) on which it counts.")
    ] = None,
    user: As = None,
    purpose: Purpose = "administration",
    json: Json = False,
) -> None:
    """Give somebody a role: for a unit, for a case, or for everything."""
    last = _end_of(until)
    with opened(store) as record:
        from openverdict.decisions import accounts

        with acting(record, user, purpose) as writer:
            number = accounts.grant(record, writer, granted, role, unit=unit, case=case, until=last)
        where = f"unit {unit}" if unit else f"case {case}" if case else "every case"
        told = {"grant": number, "user": granted, "role": role, "unit": unit, "case": case}
        say(json, told, f"Grant {number}: {granted} is {role} for {where}.")


@account.command("revoke")
def revoke(
    number: Annotated[int, typer.Argument(metavar="GRANT", help="The number of the grant.")],
    store: Url,
    user: As = None,
    purpose: Purpose = "administration",
    json: Json = False,
) -> None:
    """Take a grant back."""
    with opened(store) as record:
        from openverdict.decisions import accounts

        with acting(record, user, purpose) as writer:
            accounts.revoke(record, writer, number)
        say(json, {"grant": number, "revoked": True}, f"Grant {number} counts no longer.")


@account.command("list")
def list_accounts(
    store: Url, user: As = None, purpose: Purpose = "administration", json: Json = False
) -> None:
    """Every account with its state and the grants that count."""
    with opened(store) as record:
        from openverdict.decisions.access import in_use

        if not in_use(record):
            said = "No accounts were made: whoever can open this store may do everything."
            say(json, {"accounts": []}, said)
            return
        _ask_as_manager(record, user)
        rows = _accounts(record)
        lines = [
            f"{row['user']}: {row['state']}; "
            + ("; ".join(_grant_words(each) for each in row["grants"]) or "no role")
            for row in rows
        ]
        say(json, {"accounts": rows}, "\n".join(lines))


@account.command("why")
def why(
    asked: User,
    operation: Annotated[
        str,
        typer.Argument(help="What they would do: list, view, make_report, decide, disclose …"),
    ],
    store: Url,
    case: Annotated[str | None, typer.Argument(metavar="[CASE]", help="With which case.")] = None,
    user: As = None,
    purpose: Purpose = "administration",
    json: Json = False,
) -> None:
    """Whether somebody may see or do something, by which rule, and what would change it. Exit code 0 either way."""
    with opened(store) as record:
        from openverdict.decisions import access
        from openverdict.decisions.roles import Operation

        if operation not in set(Operation):
            fail(f"operation {operation!r}: one of: {', '.join(Operation)}")
        if asked != who_does(user) and access.in_use(record):
            _ask_as_manager(record, user)
        if case is not None:
            subject_of(record, None, None, case)
        told = access.why(record, asked, Operation(operation), case, at=now())
        facts = {
            "user": told.user,
            "operation": told.operation.value,
            "case": told.case,
            "allowed": told.allowed,
            "access": told.access.value,
            "standing": None if told.standing is None else told.standing.value,
            "roles": [role.value for role in told.roles],
            "rule": told.rule,
            "text": told.text,
        }
        say(json, facts, f"{'Yes' if told.allowed else 'No'}: {told.text}. Rule: {told.rule}.")


@account.command("restrict")
def restrict(
    case: CaseId,
    store: Url,
    because: Because,
    lift: Annotated[bool, typer.Option("--lift", help="Restrict it no longer.")] = False,
    user: As = None,
    purpose: Purpose = "administration",
    json: Json = False,
) -> None:
    """Make a case invisible to all who have no grant for this very case; it stays counted."""
    with opened(store) as record:
        from openverdict.decisions import accounts

        with acting(record, user, purpose) as writer:
            (accounts.lift if lift else accounts.restrict)(record, writer, case, because)
        words = f"Case {case} is {'no longer' if lift else 'now'} restricted."
        say(json, {"case": case, "restricted": not lift}, words)


@account.command("break-glass")
def break_glass(
    case: CaseId,
    store: Url,
    hours: Annotated[
        int | None,
        typer.Option("--hours", help="How long; as long as the policy allows otherwise."),
    ] = None,
    text: Text = None,
    text_file: TextFile = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Open a case that you may not normally see, for hours, with a reason; others are alerted."""
    said = words_of(text, text_file)
    with opened(store) as record:
        from openverdict.decisions import accounts
        from openverdict.decisions.models import Glass

        with acting(record, user, purpose) as writer:
            number = accounts.break_glass(record, writer, case, said, hours=hours)
        until = record.rows(Glass).get(id=number).until
        told = {"break_glass": number, "case": case, "until": until}
        say(json, told, f"Break-glass {number}: case {case} is open to you until {until}.")


@account.command("close-glass")
def close_glass(
    number: Annotated[int, typer.Argument(help="The number of the exceptional access.")],
    store: Url,
    because: Because = "done",
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """End an exceptional access before its time."""
    with opened(store) as record:
        from openverdict.decisions import accounts

        with acting(record, user, purpose) as writer:
            accounts.close_glass(record, writer, number, because)
        say(json, {"break_glass": number, "closed": True}, f"Break-glass {number} is over.")


def _ask_as_manager(store: Store, user: str | None) -> None:
    """Refuse who neither manages accounts nor inspects the log; a refusal is in the log."""
    from openverdict.decisions.access import why
    from openverdict.decisions.guarding import ask
    from openverdict.decisions.roles import Operation

    who = who_does(user)
    if not why(store, who, Operation.INSPECT_LOG, at=now()).allowed:
        ask(store, who, Operation.MANAGE_ACCOUNTS)


def _accounts(store: Store) -> list[dict[str, Any]]:
    from openverdict.decisions.models import Grant, Revocation, UserState

    states = dict(store.rows(UserState).order_by("id").values_list("user", "change"))
    gone = set(store.rows(Revocation).values_list("grant", flat=True))
    held: dict[str, list[dict[str, Any]]] = {user: [] for user in states}
    for row in store.rows(Grant).order_by("id"):
        over = row.until is not None and datetime.fromisoformat(row.until) <= now()
        if row.id not in gone and not over:
            held[row.user].append(
                {
                    "grant": int(row.id),
                    "role": row.role,
                    "unit": row.unit,
                    "case": row.case_id,
                    "until": row.until,
                }
            )
    return [
        {"user": user, "state": state, "grants": held[user]}
        for user, state in sorted(states.items())
    ]


def _grant_words(grant: dict[str, Any]) -> str:
    unit, case = grant["unit"], grant["case"]
    where = f"unit {unit}" if unit else f"case {case}" if case else "every case"
    until = ""
    if grant["until"]:
        last = datetime.fromisoformat(grant["until"]) - timedelta(microseconds=1)
        until = f" until {last.date()}"
    return f"{grant['role']} for {where}{until} (grant {grant['grant']})"


def _end_of(day: str | None) -> datetime | None:
    """The end of a day, in UTC."""
    if day is None:
        return None
    try:
        last = date.fromisoformat(day)
    except ValueError:
        fail(f"--until {day!r} is not a date; write it as 2024-12-31")
    return datetime.combine(last + timedelta(days=1), time(), UTC)
