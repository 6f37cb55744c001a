"""The commands of what came in late and what a run changed: notices, late results, and one run beside the run before."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from openverdict.cli.acting import As, opened, say
from openverdict.cli.options import Json, Url
from openverdict.cli.record import said_of_changes, who_does
from openverdict.cli.terminal import fail

if TYPE_CHECKING:
    from openverdict.decisions.changes import Moved

news = typer.Typer(
    name="news",
    help="What came and what it changed: notices, late, changes.",
    no_args_is_help=True,
)


@news.command("notices")
def notices(store: Url, user: As = None, json: Json = False) -> None:
    """What you were told of about cases that you own, the newest at the head."""
    with opened(store) as record:
        from openverdict.decisions import late

        who = who_does(user)
        found = late.notices(record, user=who)
        lines = [
            f"{each.at} case {each.case}: {each.reason}" + _cause(each.reason, each.cause)
            for each in found
        ]
        told = {"user": who, "notices": [asdict(each) for each in found]}
        say(json, told, "\n".join(lines) or f"{who} was told of nothing.")


@news.command("late")
def late_results(
    store: Url,
    case: Annotated[str | None, typer.Option("--case", help="Only of this case.")] = None,
    user: As = None,
    json: Json = False,
) -> None:
    """Results that a run could not know, of the cases that you may list."""
    with opened(store) as record:
        from openverdict.decisions import late

        found = late.late_facts(record, user=who_does(user), case=case)
        names = ("case", "field", "reason", "run")
        told = {"late": [dict(zip(names, each, strict=True)) for each in found]}
        lines = [f"Case {c}: {field} came after run {run} ({why})" for c, field, why, run in found]
        say(json, told, "\n".join(lines) or "Nothing came late.")


@news.command("changes")
def changes(
    store: Url,
    run: Annotated[
        int | None, typer.Option("--run", help="Number of the run; the last one otherwise.")
    ] = None,
    user: As = None,
    json: Json = False,
) -> None:
    """What is other in a run than in the run before it, and which owners were told."""
    with opened(store) as record:
        from openverdict.decisions import changes as room
        from openverdict.decisions.models import RunCompared

        rows = record.rows(RunCompared)
        row = (rows if run is None else rows.filter(run=run)).order_by("-run").first()
        if row is None:
            which = "no run" if run is None else f"run {run}: none of this number"
            fail(f"{which} was compared with one before it; review the store again for that")
        who = who_does(user)
        found = room.changes(record, row.run_before, row.run, user=who)
        told = room.told_of(record, row.run, user=who)
        lines = [said_of_changes(found, told)]
        lines += [
            f"Level of case {e.case}: {_or(e.before)} -> {_or(e.after)}" for e in found.levels
        ]
        lines += [_moved("Lead", each) for each in found.leads]
        lines += [_moved("Pair", each) for each in found.pairs]
        if found.hidden:
            lines.append(f"{found.hidden:,} more of cases that you may not see.")
        say(json, {**asdict(found), "told": _by_owner(told)}, "\n".join(lines))


def _by_owner(told: list[tuple[str, str]]) -> dict[str, list[str]]:
    """The cases by the owner who was told."""
    found: dict[str, list[str]] = {}
    for owner, case in told:
        found.setdefault(owner, []).append(case)
    return found


def _cause(reason: str, cause: str | None) -> str:
    return f" by run {cause}" if reason == "list_changed" else ""


def _or(number: int | None) -> str:
    return "none" if number is None else str(number)


def _moved(what: str, each: Moved) -> str:
    """Ratio and rank, before and after."""
    old, new = (
        "not listed" if rank is None else f"rank {rank}" + ("" if lr is None else f" ({lr:+.2f})")
        for lr, rank in ((each.ratio_before, each.rank_before), (each.ratio_after, each.rank_after))
    )
    return f"{what} {', '.join(each.cases)}: {old} -> {new}"
