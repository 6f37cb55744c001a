"""The commands of identities in a store: take a comparison in, list, show, accept, reject, undo, and let a threshold count."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openverdict.cli.acting import As, Purpose, Text, TextFile, acting, opened, say, words_of
from openverdict.cli.options import Json, Url
from openverdict.cli.record import who_does
from openverdict.cli.terminal import count, fail

if TYPE_CHECKING:
    from openverdict.decisions.same_persons import ProposalLine

persons = typer.Typer(
    name="persons",
    help="Which records are of one person, in a store: take, list, show, accept, reject, undo, threshold.",
    no_args_is_help=True,
)
Proposal = Annotated[str, typer.Argument(metavar="PROPOSAL", help="The proposal, by its key.")]


@persons.command("take")
def take(
    folder: Annotated[Path, typer.Argument(help="Folder that `identity propose` wrote.")],
    store: Url,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Take in what a comparison proposed of cases that the store has. No name is in it, and nothing of it counts by that."""
    with opened(store) as record:
        from openverdict.decisions.linking import take_in
        from openverdict.identity import read_run

        run = read_run(folder)
        with acting(record, user, purpose) as writer:
            taken = take_in(record, writer, run)
        words = (
            f"Comparison {taken.comparison}: {count(taken.proposals, 'proposal')} of cases of the store, "
            f"{count(taken.contradictions, 'pair')} known to contradict; {count(taken.left_out, 'pair')} left out, of cases "
            f"that it does not have. {count(taken.decisions, 'decision')} taken over from the folder; "
            f"{_facts(taken.facts, taken.superseded)}"
        )
        say(json, asdict(taken), words)


@persons.command("list")
def list_(
    store: Url,
    case: Annotated[str | None, typer.Option("--case", help="Only of this case.")] = None,
    outcome: Annotated[
        str, typer.Option("--outcome", help="undecided, accepted, rejected or all.")
    ] = "undecided",
    after: Annotated[int, typer.Option("--after", help="The page after this number.")] = 0,
    size: Annotated[int, typer.Option("--size", help="How many on a page.")] = 50,
    user: As = None,
    json: Json = False,
) -> None:
    """The proposals on cases where you may enter facts, what needs a person first."""
    with opened(store) as record:
        from openverdict.decisions.same_persons import ProposalFilter, queue

        chosen = ProposalFilter(outcome=None if outcome == "all" else outcome, case=case)
        page = queue(record, chosen, user=who_does(user), after=after, size=size)
        more = "" if page.counted_all else "more than "
        lines = [f"{more}{count(page.count, 'proposal')}.", *(_said(line) for line in page.lines)]
        if page.next is not None:
            lines.append(f"The next page: --after {page.next}")
        say(json, asdict(page), "\n".join(lines))


@persons.command("show")
def show(proposal: Proposal, store: Url, user: As = None, json: Json = False) -> None:
    """One proposal: what every field adds, what holds it back, and everything that was said of it."""
    with opened(store) as record:
        from openverdict.decisions.same_persons import proposal_shown

        seen = proposal_shown(record, proposal, user=who_does(user))
        lines = [_said(seen.line), f"why: {seen.line.why}"]
        if seen.line.held_back:
            lines.append(f"held back: {seen.line.held_back}")
        lines += [f"{each.at} {each.by}: {each.outcome}: {each.text}" for each in seen.history]
        say(json, asdict(seen), "\n".join(lines))


@persons.command("accept")
def accept(
    proposal: Proposal,
    store: Url,
    text: Text = None,
    text_file: TextFile = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Say that two records are of one person. They stay as they are; reviews count the person as one from then on."""
    _decide("accept", proposal, store, words_of(text, text_file), user, purpose, json=json)


@persons.command("reject")
def reject(
    proposal: Proposal,
    store: Url,
    text: Text = None,
    text_file: TextFile = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Say that two records are of two persons: nothing joins them from then on."""
    _decide("reject", proposal, store, words_of(text, text_file), user, purpose, json=json)


@persons.command("undo")
def undo(
    proposal: Proposal,
    store: Url,
    text: Text = None,
    text_file: TextFile = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Take a decision back. Both stay in the record; the facts that came of it are superseded."""
    _decide("undo", proposal, store, words_of(text, text_file), user, purpose, json=json)


@persons.command("threshold")
def threshold(
    store: Url,
    least: Annotated[
        float | None,
        typer.Option(
            "--least", help="Probability from which a pair counts that nobody decided on."
        ),
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Only what people accepted counts.")] = False,
    text: Text = None,
    text_file: TextFile = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Let pairs over a threshold count undecided, or no longer; every lead with such a person says so."""
    if (least is None) != none:
        fail("say from which probability on with --least, or --none: only what people accepted")
    with opened(store) as record:
        from openverdict.decisions.linking import let_count

        why = words_of(text, text_file, required=False) or None
        with acting(record, user, purpose) as writer:
            settled = let_count(record, writer, least, why)
        told = {"least": least, "facts": settled.entered, "superseded": settled.superseded}
        says = (
            "Only what people accepted counts"
            if least is None
            else f"From {least:g} on, undecided pairs count"
        )
        say(json, told, f"{says}. {_facts(settled.entered, settled.superseded)}")


def _decide(
    action: str, proposal: str, store: str, text: str, user: str | None, purpose: str, *, json: bool
) -> None:
    with opened(store) as record:
        from openverdict.decisions import linking

        with acting(record, user, purpose) as writer:
            linked = getattr(linking, action)(record, writer, proposal, text)
        lines = [
            f"Decision {linked.decision}: {action} {proposal}. {_facts(linked.facts, linked.superseded)}",
            *(
                f"note: not followed: {why}; accept those two as well, or undo this"
                for why in linked.not_followed
            ),
        ]
        say(json, {"proposal": proposal, **asdict(linked)}, "\n".join(lines))


def _facts(entered: int, superseded: int) -> str:
    return f"Persons of cases: {count(entered, 'fact')} entered, {superseded:,} superseded."


def _said(line: ProposalLine) -> str:
    sides = " and ".join(_record(side) for side in (line.one, line.other))
    said = f"{line.proposal} {sides}: probability {line.probability:.4f}"
    if line.stands is not None:
        return f"{said}; {line.stands} by {line.by}"
    return f"{said}; {'over the threshold' if line.over else 'needs a person'}"


def _record(side: Any) -> str:
    return f"{side.role} of {side.case} ({side.source} {side.record_id})"
