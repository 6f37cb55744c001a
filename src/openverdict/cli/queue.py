"""The commands of the queue of suggestions in a store: reading narratives, deciding one by one or together, rates of rules."""

from __future__ import annotations

import math
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openverdict.cli.acting import As, Purpose, acting, opened, say
from openverdict.cli.options import Json, Url
from openverdict.cli.record import who_does
from openverdict.cli.terminal import count, fail, progress

if TYPE_CHECKING:
    from openverdict.decisions.suggestions import SuggestionLine

queue = typer.Typer(
    name="queue",
    help="Suggestions that wait in a store: read, list, show, accept, reject, withdraw, again, rates, rule, policy, undo.",
    no_args_is_help=True,
)
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the suggestion.")]
OfCase = Annotated[str | None, typer.Option("--case", help="Only of this case.")]
OfRule = Annotated[str | None, typer.Option("--rule", help="Only of this rule.")]
Why = Annotated[
    str, typer.Option("--why", help="The reason as one word: misread, rule_was_wrong …")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@queue.command("read")
def read(
    store: Url,
    substances_only: Annotated[
        bool,
        typer.Option("--substances-only", help="Read substances alone."),
    ] = False,
    user: As = None,
    purpose: Purpose = "death_review",
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
    json: Json = False,
) -> None:
    """Let the rules read the narratives of a store that they have not read; what they suggest waits for people."""
    with opened(store) as record:
        from openverdict.decisions.suggesting import suggest
        from openverdict.narrative import rules_version, suggest_substances
        from openverdict.narrative import suggest as read_all

        with progress(quiet or json) as tell:
            done = suggest(
                record,
                actor=who_does(user),
                purpose=purpose,
                read=suggest_substances if substances_only else read_all,
                rules=rules_version(substances_only=substances_only),
                progress=tell,
            )
        words = (
            f"{count(done.suggestions, 'suggestion')} from {count(done.cases, 'narrative')}; {done.as_before:,} were read "
            "before. None of them counts until a person accepts it."
        )
        if json or not quiet:
            say(json, asdict(done), words)


@queue.command("list")
def list_(
    store: Url,
    case: OfCase = None,
    rule: OfRule = None,
    field: Annotated[str | None, typer.Option("--field", help="Only for this field.")] = None,
    outcome: Annotated[
        str, typer.Option("--outcome", help="undecided, accepted, rejected or all.")
    ] = "undecided",
    second: Annotated[
        bool, typer.Option("--second", help="What you can read as the second reader.")
    ] = False,
    sort: Annotated[str, typer.Option("--sort", help="number, case or rule.")] = "number",
    after: Annotated[str | None, typer.Option("--after", help="The page after this one.")] = None,
    size: Annotated[int, typer.Option("--size", help="How many on a page.")] = 50,
    user: As = None,
    json: Json = False,
) -> None:
    """The suggestions on cases where you may enter facts, a page at a time."""
    with opened(store) as record:
        from openverdict.decisions import suggestions as room

        chosen = room.SuggestionFilter(
            case=case,
            field=field,
            rule=rule,
            outcome=None if outcome == "all" else outcome,
            second=second,
        )
        page = room.queue(record, chosen, user=who_does(user), sort=sort, after=after, size=size)
        more = "" if page.counted_all else "more than "
        lines = [f"{more}{count(page.count, 'suggestion')}."]
        lines += [_said(line) for line in page.lines]
        if page.next is not None:
            lines.append(f"The next page: --after {page.next!r}")
        say(json, asdict(page), "\n".join(lines))


@queue.command("show")
def show(
    number: Number,
    store: Url,
    blind: Annotated[
        bool, typer.Option("--blind", help="Without what was decided, for a second reader.")
    ] = False,
    user: As = None,
    json: Json = False,
) -> None:
    """One suggestion with the text beside it, its words in brackets."""
    with opened(store) as record:
        from openverdict.decisions.suggestions import suggestion_text

        seen = suggestion_text(record, number, user=who_does(user), blind=blind)
        line, text = seen.line, seen.text
        lines = [_said(line)]
        if seen.words != text:
            text = f"{text[: line.begins]}[{seen.words}]{text[line.ends :]}"
        lines += [text] if seen.current else [text, "note: the narrative is another text now"]
        lines += [f"{each.at} {each.by}: {each.outcome} ({each.place})" for each in seen.history]
        say(json, asdict(seen), "\n".join(lines))


@queue.command("accept")
def accept(
    number: Number,
    store: Url,
    value: Annotated[str | None, typer.Option("--value", help="What is right instead.")] = None,
    assertion: Annotated[
        str | None, typer.Option("--assertion", help="In which sense the text says it instead.")
    ] = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Accept a suggestion that you have read; what it states becomes a fact of yours."""
    with opened(store) as record:
        from openverdict.decisions import accepting

        with acting(record, user, purpose) as writer:
            decision = accepting.accept(record, writer, number, value=value, assertion=assertion)
        fact = _fact_of(record, decision)
        words = "it states no fact" if fact is None else f"fact {fact}"
        told = {"suggestion": number, "decision": decision, "fact": fact}
        say(json, told, f"Suggestion {number} accepted: {words}.")


@queue.command("reject")
def reject(
    number: Number,
    store: Url,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Turn a suggestion down that you have read."""
    with opened(store) as record:
        from openverdict.decisions import accepting

        with acting(record, user, purpose) as writer:
            decision = accepting.reject(record, writer, number)
        told = {"suggestion": number, "decision": decision}
        say(json, told, f"Suggestion {number} rejected.")


@queue.command("withdraw")
def withdraw(
    number: Number,
    why: Why,
    store: Url,
    second: Annotated[bool, typer.Option("--second", help="What the second reader said.")] = False,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Undo what was decided on a suggestion; a fact that came of it is superseded."""
    with opened(store) as record:
        from openverdict.decisions import accepting

        with acting(record, user, purpose) as writer:
            place = 2 if second else 1
            decision = accepting.withdraw(record, writer, number, why, place=place)
        told = {"suggestion": number, "decision": decision}
        say(json, told, f"Suggestion {number}: withdrawn, and waits again.")


@queue.command("again")
def again(
    number: Number,
    says: Annotated[str, typer.Argument(metavar="yes|no", help="Whether it is right.")],
    store: Url,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Say as the second reader, without having seen the first, whether a suggestion is right; it makes no fact."""
    if says not in ("yes", "no"):
        fail(f"{says!r}: say yes or no")
    with opened(store) as record:
        from openverdict.decisions import accepting

        with acting(record, user, purpose) as writer:
            decision = accepting.read_again(record, writer, number, accepted=says == "yes")
        told = {"suggestion": number, "decision": decision}
        say(json, told, f"Suggestion {number}: read a second time.")


@queue.command("rates")
def rates(store: Url, user: As = None, json: Json = False) -> None:
    """How good each rule has proved, how many of its suggestions wait, and how far two readers agree."""
    with opened(store) as record:
        from openverdict.decisions import proving

        who = who_does(user)
        found, readers = proving.rates(record, user=who), proving.agreement(record, user=who)
        lines = [
            f"{each.rule} ({each.version}): {each.accepted} of {each.decided} accepted, at least {each.low:.2f}, "
            f"at most {each.high:.2f}; {each.waiting:,} wait"
            for each in found
        ]
        kappa = None if math.isnan(readers.kappa) else readers.kappa
        if readers.rows:
            said = "not defined" if kappa is None else f"{kappa:.2f}"
            lines.append(
                f"Two people read {count(readers.rows, 'suggestion')} and agree on {readers.agreed:,}; Cohen's kappa {said}. "
                + (
                    f"They differ on: {', '.join(map(str, readers.differing))}."
                    if readers.differing
                    else ""
                )
            )
        told = {
            "rules": [asdict(each) for each in found],
            "readers": {**asdict(readers), "kappa": kappa},
        }
        say(json, told, "\n".join(lines) or "No rule has read a narrative of this store.")


@queue.command("rule")
def rule_(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Name of the rule.")],
    store: Url,
    version: Annotated[
        str | None, typer.Option("--version", help="Of the rule, where several wait.")
    ] = None,
    yes: Yes = False,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Accept every suggestion of a rule that waits; its measured rate is shown first, and you are asked."""
    with opened(store) as record:
        from openverdict.decisions import proving
        from openverdict.decisions.accepting import accept_rule

        all_of = proving.rates(record, user=who_does(user))
        found = [e for e in all_of if e.rule == rule and e.waiting and version in (None, e.version)]
        if len(found) != 1:
            fail(
                f"rule {rule!r}: none of its suggestions waits; see: openverdict queue rates"
                if not found
                else f"rule {rule!r}: name one with --version: {', '.join(e.version for e in found)}"
            )
        (rate,) = found
        _ask(
            f"{rule}: {rate.accepted} of {rate.decided} read one by one were accepted ({rate.low:.2f}–{rate.high:.2f}). "
            f"{count(rate.waiting, 'suggestion')} of it would be accepted without being read one by one.",
            yes=yes,
        )
        with acting(record, user, purpose) as writer:
            taken = accept_rule(record, writer, rule, rate.version, expected=rate.waiting)
        _say_taken(taken, json=json)


@queue.command("policy")
def policy(
    store: Url,
    adopt: Annotated[
        Path | None, typer.Option("--adopt", help="A stated policy, .toml, to put in force.")
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Accept what the policy in force admits.")
    ] = False,
    withdraw: Annotated[
        str | None,
        typer.Option("--withdraw", metavar="TEXT", help="Take the policy back, and why."),
    ] = None,
    yes: Yes = False,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Put a stated policy in force, say what it admits of what waits, accept that, or take the policy back."""
    if withdraw is not None and (adopt is not None or apply):
        fail("--withdraw: takes the policy back; leave --adopt and --apply out")
    with opened(store) as record:
        from openverdict.decisions import admitting

        if withdraw is not None:
            with acting(record, user, purpose) as writer:
                admitting.withdraw_suggestion_policy(record, writer, withdraw)
            say(json, {"policy": None}, "No policy is in force: only people accept.")
            return
        if adopt is not None:
            from openverdict.narrative import read_suggestion_policy

            read_one = read_suggestion_policy(adopt)
            with acting(record, user, purpose) as writer:
                admitting.adopt_suggestion_policy(record, writer, read_one)
        held = admitting.policy_in_force(record)
        found = admitting.admitted(record, user=who_does(user))
        assert held is not None  # noqa: S101  (`admitted` refuses otherwise)
        lines = [f"Policy {held.name} {held.version} (SHA-256 {held.sha256}), {held.adopted_by}."]
        lines += [
            f"{each.rule} ({each.version}), {each.field}: {each.waiting:,} wait: {each.refused or 'admitted'}"
            for each in found
        ]
        if not apply:
            told = {
                "policy": held.name,
                "version": held.version,
                "sha256": held.sha256,
                "waiting": [asdict(each) for each in found],
            }
            say(json, told, "\n".join(lines))
            return
        expected = sum(each.waiting for each in found if each.refused is None)
        _ask("\n".join([*lines, f"{count(expected, 'suggestion')} would become facts."]), yes=yes)
        with acting(record, user, purpose) as writer:
            taken = admitting.apply_policy(record, writer, expected=expected)
        _say_taken(taken, json=json)


@queue.command("undo")
def undo(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of what was accepted together.")
    ],
    why: Why,
    store: Url,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Undo what was accepted together, or by a policy in one go, but for what a person has read since."""
    with opened(store) as record:
        from openverdict.decisions.accepting import withdraw_together

        with acting(record, user, purpose) as writer:
            number = withdraw_together(record, writer, name, why)
        told = {"name": name, "suggestions": number}
        say(json, told, f"{name}: {count(number, 'suggestion')} withdrawn, and waiting again.")


def _said(line: SuggestionLine) -> str:
    what = f"{line.suggestion} case {line.case}: {line.field} {line.value} ({line.assertion}), {line.rule}"
    return what if line.stands is None else f"{what}: {line.stands.outcome} by {line.stands.by}"


def _fact_of(record: Any, decision: int) -> int | None:
    from openverdict.decisions.models import SuggestionDecision

    fact = record.rows(SuggestionDecision).get(id=decision).fact
    return None if fact is None else int(fact)


def _say_taken(taken: Any, *, json: bool) -> None:
    lines = [
        f"{count(taken.accepted, 'suggestion')} accepted under the name {taken.name}; {count(taken.facts, 'fact')} of them. "
        f"Undo it with: openverdict queue undo {taken.name} --why …"
    ]
    lines += [f"note: left: {count(n, 'suggestion')}: {why}" for why, n in taken.left]
    told = {**asdict(taken), "left": [{"why": why, "suggestions": n} for why, n in taken.left]}
    say(json, told, "\n".join(lines))


def _ask(words: str, *, yes: bool) -> None:
    """Show what would be done, and have somebody say yes."""
    typer.echo(words, err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        fail("nobody is there to be asked; read the above, and give --yes")
    if not typer.confirm("Accept them?", err=True):
        fail("nothing was accepted")
