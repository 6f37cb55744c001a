"""The commands of retention: how long a case is kept, what holds it, its erasure by two people, and its certificate."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openverdict.cli.acting import As, Purpose, acting, now, opened, say
from openverdict.cli.options import Because, CaseId, Json, Url
from openverdict.cli.record import who_does, working
from openverdict.cli.terminal import count, fail

if TYPE_CHECKING:
    from openverdict.decisions.retention import Kept

keep = typer.Typer(
    name="keep",
    help="How long cases are kept: until, hold, lift, list, approve, erase, check.",
    no_args_is_help=True,
)


@keep.command("until")
def until(
    case: CaseId,
    day: Annotated[str, typer.Argument(metavar="DAY", help="When it is looked at again.")],
    store: Url,
    group: Annotated[str, typer.Option("--group", help="group_1, group_2, group_3 or group_4.")],
    because: Because = "policy",
    user: As = None,
    purpose: Purpose = "retention",
    json: Json = False,
) -> None:
    """Say to which group a case belongs, and on which day it is decided anew whether it stays."""
    try:
        due = date.fromisoformat(day)
    except ValueError:
        fail(f"{day!r} is not a date; write it as 2034-08-28")
    with opened(store) as record:
        from openverdict.decisions import retention

        with acting(record, user, purpose) as writer:
            retention.set_retention(record, writer, case, group, due, because)
        told = {"case": case, "group": group, "review_due": due.isoformat()}
        say(json, told, f"Case {case} ({group}) is kept until {due}, and then looked at again.")


@keep.command("hold")
def hold(
    case: CaseId,
    store: Url,
    because: Because,
    user: As = None,
    purpose: Purpose = "retention",
    json: Json = False,
) -> None:
    """Let a case not be erased for now: an inquest, an inquiry, a complaint."""
    with opened(store) as record:
        from openverdict.decisions import retention

        with acting(record, user, purpose) as writer:
            retention.place_hold(record, writer, case, because)
        say(json, {"case": case, "on_hold": True}, f"Case {case} is on hold: {because}.")


@keep.command("lift")
def lift(
    case: CaseId,
    store: Url,
    because: Because,
    user: As = None,
    purpose: Purpose = "retention",
    json: Json = False,
) -> None:
    """Lift a hold; what was approved before it does not count."""
    with opened(store) as record:
        from openverdict.decisions import retention

        with acting(record, user, purpose) as writer:
            retention.lift_hold(record, writer, case, because)
        say(json, {"case": case, "on_hold": False}, f"Case {case} is not on hold: {because}.")


@keep.command("list")
def listed(
    store: Url,
    due: Annotated[bool, typer.Option("--due", help="Only those whose day has come.")] = False,
    user: As = None,
    json: Json = False,
) -> None:
    """How long the cases are kept that you may list, what is due first at the head."""
    with opened(store) as record:
        from openverdict.decisions import retention

        ask = retention.due_for_review if due else retention.kept
        found = ask(record, now(), user=who_does(user))
        lines = [_line(each) for each in found] or ["No case is due." if due else "None was set."]
        say(json, {"kept": [asdict(each) for each in found]}, "\n".join(lines))


@keep.command("approve")
def approve(
    case: CaseId,
    store: Url,
    rule: Annotated[
        str, typer.Option("--rule", help="Why it is not kept longer, as one word.")
    ] = "end_of_retention",
    user: As = None,
    purpose: Purpose = "retention",
    json: Json = False,
) -> None:
    """Approve that another person erases a case whose day has come."""
    with opened(store) as record:
        from openverdict.decisions import retention

        with acting(record, user, purpose) as writer:
            retention.approve_erasure(record, writer, case, rule)
        say(json, {"case": case, "rule": rule}, f"Another person may erase case {case}: {rule}.")


@keep.command("erase")
def erase(
    case: CaseId,
    certificate: Annotated[Path, typer.Argument(help="New file for the certificate.")],
    store: Url,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", help="File of the signing key; FILE.key beside a SQLite store otherwise."
        ),
    ] = None,
    user: As = None,
    purpose: Purpose = "retention",
    json: Json = False,
) -> None:
    """Erase a case that another person approved of, and write its certificate. It can't be undone."""
    if not certificate.absolute().parent.is_dir():
        fail(f"{certificate}: there is no folder {certificate.parent}; make it first")
    with opened(store, certificate, key) as record:
        from openverdict.decisions.certificate import erase_case

        made = erase_case(record, case, actor=who_does(user), purpose=purpose, target=certificate)
        told = {
            "case": case,
            "pseudonym": made.pseudonym,
            "entry": made.entry,
            "entries": list(made.entries),
            "facts": made.facts,
            "certificate": str(certificate),
        }
        words = (
            f"Case {case} is erased: {count(made.facts, 'fact')}, and the words of {len(made.entries):,} "
            f"entries. It is told from now on as {made.pseudonym}. Wrote {certificate}."
        )
        say(json, told, words)


@keep.command("check")
def check(
    certificate: Annotated[Path, typer.Argument(help="The certificate.")],
    key: Annotated[
        list[Path] | None,
        typer.Option("--key", help="File of the log's verifier keys, as you got it."),
    ] = None,
    json: Json = False,
) -> None:
    """Whether a certificate proves what it states, without the store: exit code 0 it does, 1 it does not, 2 can't tell."""
    with working():
        from openverdict.decisions.certificate import check_certificate
        from openverdict.errors import RecordError
        from openverdict.ledger.note import read_keys

        keys = tuple(each for path in key or [] for each in read_keys(_text(path)))
        try:
            stated = check_certificate(_text(certificate), keys)
        except RecordError as error:
            typer.echo(f"BROKEN: {error}")
            raise typer.Exit(1) from None
        words = "\n".join(f"{name}: {value}" for name, value in stated.items())
        say(json, {"holds": True, "signed": bool(keys), "stated": stated}, words)
        if not keys:
            typer.echo(
                "Nobody's signature was looked at: give the log's verifier keys with --key.",
                err=True,
            )
            raise typer.Exit(2)


def _line(each: Kept) -> str:
    over = f", {count(each.days_over, 'day')} over" if each.days_over else ""
    held = ", on hold" if each.on_hold else ""
    said = f", {each.approved_by} approved that it is erased" if each.approved_by else ""
    return f"Case {each.case} ({each.group}): until {each.review_due}{over}{held}{said}"


def _text(path: Path) -> str:
    try:
        # As it stands: the proof holds for these bytes, line ends too.
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        fail(f"{path}: is not text in UTF-8; name the file as you got it")
