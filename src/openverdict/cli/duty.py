"""The commands of duties: owners, assignments, referrals, concerns, categories, sign-off, reopening, and what is waited for."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from openverdict.cli.acting import (
    As,
    OfCase,
    OfLead,
    OfPair,
    Purpose,
    ShownAs,
    Text,
    TextFile,
    acting,
    now,
    opened,
    say,
    showing_of,
    subject_of,
    words_of,
)
from openverdict.cli.options import CaseId, Json, Url
from openverdict.cli.record import who_does
from openverdict.cli.terminal import count, fail

if TYPE_CHECKING:
    from openverdict.decisions.duties import Waiting
    from openverdict.ledger.store import Store

duty = typer.Typer(
    name="duty",
    help="Who has to do what by when: own, assign, refer, concern, answer, category, sign, reopen, waiting.",
    no_args_is_help=True,
)


@duty.command("own")
def own(
    case: CaseId,
    owner: Annotated[str, typer.Argument(help="Who is responsible for it from here on.")],
    store: Url,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Make somebody responsible for a case."""
    with opened(store) as record:
        from openverdict.decisions import duties

        with acting(record, user, purpose) as writer:
            duties.own(record, writer, case, owner)
        say(json, {"case": case, "owner": owner}, f"{owner} is responsible for case {case}.")


@duty.command("assign")
def assign(
    to: Annotated[str, typer.Argument(help="Who is to look at it.")],
    store: Url,
    pair: OfPair = None,
    lead: OfLead = None,
    case: OfCase = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Give a pair, a lead or a case to somebody to look at."""
    with opened(store) as record:
        from openverdict.decisions import duties

        subject = subject_of(record, pair, lead, case)
        with acting(record, user, purpose) as writer:
            number = duties.assign(record, writer, subject, to)
        told = {"assignment": number, "subject": str(subject), "to": to}
        say(json, told, f"Assignment {number}: {subject} to {to}.")


@duty.command("refer")
def refer(
    to: Annotated[str, typer.Argument(help="Who gets it: specialists, a coroner, another force.")],
    store: Url,
    pair: OfPair = None,
    lead: OfLead = None,
    case: OfCase = None,
    text: Text = None,
    text_file: TextFile = None,
    shown: ShownAs = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Refer it to somebody else, with what was shown to you last; the clock for an answer starts."""
    said = words_of(text, text_file)
    with opened(store) as record:
        from openverdict.decisions import duties

        subject = subject_of(record, pair, lead, case)
        seen = shown or showing_of(record, who_does(user), subject, ratio=None)
        with acting(record, user, purpose) as writer:
            number = duties.refer(record, writer, subject, to, seen, said)
        due = _due(record, "referral", number)
        told = {"referral": number, "subject": str(subject), "to": to, "due": due}
        say(json, told, f"Referral {number}: {subject} to {to}; an answer is due by {due}.")


@duty.command("concern")
def concern(
    cases: Annotated[list[str], typer.Argument(metavar="CASE...", help="What it is about.")],
    store: Url,
    raised_by: Annotated[
        str,
        typer.Option(
            "--raised-by", help="family, friend, community, press, professional, coroner or other."
        ),
    ],
    text: Text = None,
    text_file: TextFile = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Record a doubt that somebody raised; the owners are told, and it has to be answered."""
    said = words_of(text, text_file)
    with opened(store) as record:
        from openverdict.decisions import duties

        with acting(record, user, purpose) as writer:
            number = duties.raise_concern(record, writer, cases, raised_by, said)
        due = _due(record, "concern", number)
        told = {"concern": number, "cases": cases, "due": due}
        say(json, told, f"Concern {number} recorded; an answer is due by {due}.")


@duty.command("answer")
def answer(
    kind: Annotated[str, typer.Argument(help="referral or concern.")],
    number: Annotated[int, typer.Argument(help="Its number.")],
    store: Url,
    outcome: Annotated[
        str,
        typer.Option(
            "--outcome",
            help="Of a referral: accepted, refused or returned. Of a concern: enquiry_opened, facts_explained, "
            "passed_on or no_means_to_enquire.",
        ),
    ],
    told: Annotated[
        bool | None,
        typer.Option("--told/--not-told", help="Of a concern: whether whoever raised it was told."),
    ] = None,
    text: Text = None,
    text_file: TextFile = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Answer a referral or a concern, with the reason in words; its clock stops."""
    said = words_of(text, text_file)
    if kind not in ("referral", "concern"):
        fail(f"{kind!r}: answer a referral or a concern")
    if kind == "concern" and told is None:
        fail("say whether whoever raised the concern was told: --told or --not-told")
    with opened(store) as record:
        from openverdict.decisions import duties

        with acting(record, user, purpose) as writer:
            if kind == "referral":
                duties.answer_referral(record, writer, number, outcome, said)
            else:
                duties.answer_concern(record, writer, number, outcome, said, told=bool(told))
        say(json, {kind: number, "outcome": outcome}, f"{kind.capitalize()} {number}: {outcome}.")


@duty.command("category")
def category(
    case: CaseId,
    named: Annotated[
        str,
        typer.Argument(
            metavar="CATEGORY",
            help="expected, unexpected_not_suspicious, unexpected_under_investigation, homicide, suspicious or unexplained.",
        ),
    ],
    store: Url,
    done: Annotated[
        list[str] | None,
        typer.Option("--done", help="Code of a check that was made; may be given several times."),
    ] = None,
    text: Text = None,
    text_file: TextFile = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Put a case into a category with the checks that were made; provisional until another person signs it."""
    said = words_of(text, text_file)
    with opened(store) as record:
        from openverdict.decisions import duties
        from openverdict.decisions.models import Category

        with acting(record, user, purpose) as writer:
            number = duties.categorise(record, writer, case, named, said, done=done or [])
        row = record.rows(Category).get(id=number)
        told = {
            "category": number,
            "case": case,
            "checks_done": row.checks_done,
            "checks_needed": row.checks_needed,
            "premature": bool(row.premature),
        }
        early = "; premature, it says more than they do" if row.premature else ""
        words = (
            f"Category {number} of case {case}, provisional: {row.checks_done} of "
            f"{row.checks_needed} checks that are always expected were made{early}."
        )
        say(json, told, words)


@duty.command("sign")
def sign(
    kind: Annotated[str, typer.Argument(help="category or decision.")],
    number: Annotated[int, typer.Argument(help="Its number.")],
    store: Url,
    dissent: Annotated[
        bool, typer.Option("--dissent", help="Do not agree; the words say why.")
    ] = False,
    text: Text = None,
    text_file: TextFile = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Sign a category or a decision off, or dissent; never by whoever wrote it."""
    said = words_of(text, text_file, required=dissent)
    if kind not in ("category", "decision"):
        fail(f"{kind!r}: sign a category or a decision")
    if said and not dissent:
        fail("a signature has no words; with --dissent they say why not")
    with opened(store) as record:
        from openverdict.decisions import duties

        with acting(record, user, purpose) as writer:
            duties.sign_off(record, writer, kind, number, agrees=not dissent, dissent=said or None)
        what = "dissent recorded" if dissent else "signed off"
        say(json, {kind: number, "agrees": not dissent}, f"{kind.capitalize()} {number}: {what}.")


@duty.command("reopen")
def reopen(
    case: CaseId,
    store: Url,
    because: Annotated[
        str,
        typer.Option(
            "--because", help="late_result, coroners_doubt, new_facts, new_lead or concern."
        ),
    ],
    text: Text = None,
    text_file: TextFile = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Pull a case back to be looked at again; its owner is told."""
    said = words_of(text, text_file, required=False)
    with opened(store) as record:
        from openverdict.decisions import duties

        with acting(record, user, purpose) as writer:
            duties.reopen(record, writer, case, because, said or None)
        say(json, {"case": case, "reason": because}, f"Case {case} is reopened: {because}.")


@duty.command("waiting")
def waiting(
    store: Url,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is over its time.")] = False,
    escalate: Annotated[
        bool,
        typer.Option("--escalate", help="Also put on record, once, that what is late went up."),
    ] = False,
    to: Annotated[
        str | None, typer.Option("--to", help="To whom it goes up; the owner otherwise.")
    ] = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """What is waited for about the cases that you may list, what is due first at the head."""
    with opened(store) as record:
        from openverdict.decisions import duties

        if escalate:
            with acting(record, user, purpose) as writer:
                duties.escalate(record, writer, to)
        found = duties.waiting(record, now(), user=who_does(user))
        if overdue:
            found = [each for each in found if each.days_over]
        lines = [_line(each) for each in found] or ["Nothing is waited for."]
        say(json, {"waiting": [asdict(each) for each in found]}, "\n".join(lines))


def _line(each: Waiting) -> str:
    over = f", {count(each.days_over, 'day')} over" if each.days_over else ""
    up = f", went up to {each.escalated_to}" if each.escalated_to else ""
    return (
        f"{each.subject_kind} {each.subject} ({each.rule}; {', '.join(each.cases)}): "
        f"unanswered since {each.since}, due {each.due}{over}{up}"
    )


def _due(store: Store, kind: str, number: int) -> str:
    from openverdict.decisions.models import Clock

    return str(store.rows(Clock).get(subject_kind=kind, subject=str(number)).due)
