"""The commands of narratives and documents: what texts suggest, what a person accepted of it, and how far reviewers agree."""

from __future__ import annotations

import json as jsonlib
import math
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openverdict.cli.document import (
    Index,
    KnownFrom,
    OfCase,
    Rejects,
    documents_given,
    documents_of,
)
from openverdict.cli.options import Json, Map, Quiet, Sheet
from openverdict.cli.terminal import REJECTED, count, errors, fail, progress

if TYPE_CHECKING:
    import polars as pl

    from openverdict.narrative import Accepted, Stated, Together
    from openverdict.narrative.at_once import Undecided

SHOWN = 5  # refused rows on the terminal

Files = Annotated[
    list[Path] | None, typer.Argument(help="The files of one register, and documents.")
]


def add_suggest_commands(app: typer.Typer) -> None:
    """Put the three commands into the program."""
    app.command()(suggest)
    app.command()(accept)
    app.command()(agreement)


def suggest(
    files: Files = None,
    *,
    out: Annotated[Path, typer.Option("--out", help="New file, .csv, for a person to review.")],
    case: OfCase = None,
    index: Index = None,
    known_from: KnownFrom = None,
    rejects: Rejects = None,
    substances_only: Annotated[
        bool,
        typer.Option("--substances-only", help="Read substances alone."),
    ] = False,
    mapping: Map = None,
    sheet: Sheet = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with 1 when a document, or part of one, was not read."),
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Read narratives and documents, and write down what they suggest, for a person to accept or reject.

    Documents (.docx, .pdf, .eml, and .txt whose case is named) need a case, by --case or an index. What could not be read of
    them goes to rejects.csv, and how each was read to documents.csv, both beside --out.
    """
    with errors(out):
        from openverdict import read_register
        from openverdict.narrative import suggest as read_all
        from openverdict.narrative import suggest_register, suggest_substances

        _new_csv(out)
        how = suggest_substances if substances_only else read_all
        register, given = documents_given(files or [], out, case, index, known_from, rejects)
        tables, cases, texts = [], 0, 0
        with progress(quiet or json) as tell:
            if register:
                tell("reading", 0.0)
                read = read_register(*register, mapping=mapping, sheet=sheet)
                tables.append(suggest_register(read.register, how, tell))
                cases = len(read.register)
                texts = cases - read.register.table.get_column("narrative").null_count()
            made = None if given is None else given.read(how, tell, alone=not register)
            tables += [] if made is None else [made.suggestions]
            table = tables[0].vstack(tables[1]) if len(tables) > 1 else tables[0]
            _write(table, out)
        if json:
            told = {
                "cases": cases,
                "narratives": texts,
                "suggestions": table.height,
                "out": str(out),
            }
            if made is not None:
                told["documents"] = made.documents.to_dicts()
                told["rejects"] = made.refused.to_dicts()
            typer.echo(jsonlib.dumps(told, indent=2, ensure_ascii=False))
        elif not quiet:
            sources = [f"{count(texts, 'narrative')} of {count(cases, 'case')}"] if register else []
            sources += [] if made is None else [count(made.documents.height, "document")]
            typer.echo(
                f"{count(table.height, 'suggestion')} from {' and '.join(sources)}: {out}. None of them counts until a "
                "person writes yes under `accepted`, with `reviewer` and `at`."
            )
            if made is not None and given is not None:
                given.say(made)
    if strict and made is not None and made.refused.height:
        raise typer.Exit(REJECTED)


def accept(
    files: Annotated[
        list[Path],
        typer.Argument(help="The register, and the documents that accepted rows are of."),
    ],
    reviewed: Annotated[Path, typer.Option("--reviewed", help="The suggestions with decisions.")],
    out: Annotated[Path, typer.Option("--out", help="New facts file, .csv.")],
    only: Annotated[
        bool,
        typer.Option("--only", help="Write the accepted facts alone, without the register's own."),
    ] = False,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy",
            help="A stated policy, .toml: undecided suggestions that it admits become facts, and leads say so.",
        ),
    ] = None,
    rule: Annotated[
        str | None,
        typer.Option(
            "--rule",
            help="Accept every undecided suggestion of this rule; its measured rate is shown first.",
        ),
    ] = None,
    measured: Annotated[
        list[Path] | None,
        typer.Option(
            "--measured", help="More reviewed files, to measure the rates of the rules on."
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Who accepts, with --rule: a role or a staff number.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="With --rule: do not ask.")] = False,
    mapping: Map = None,
    sheet: Sheet = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when rows were refused.")
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Make facts of the suggestions that a person accepted, or a stated policy admits: read instead of the register.

    With documents alone and --only, the facts go to a register, or a store, that has their cases.
    """
    with errors(out):
        from openverdict import read_register
        from openverdict.narrative import accept as take
        from openverdict.narrative import with_register

        _new_csv(out)
        if policy and rule:
            fail("--policy and --rule: give one of them; the policy names its rules itself")
        decided = _reviewed(reviewed)
        register, documents = documents_of(files, decided)
        if not register and not only:
            fail("no register among the files; name it, or write the accepted facts alone: --only")
        known = [decided, *(_reviewed(path) for path in measured or ())]
        others: Undecided | None = None
        if policy is not None:
            others = _policy(policy, known)
        elif rule is not None:
            others = _whole_rule(rule, known, by, yes=yes)
        with progress(quiet or json) as tell:
            tell("reading", 0.0)
            read = read_register(*register, mapping=mapping, sheet=sheet) if register else None
            taken = take(None if read is None else read.register, decided, others, documents)
            facts = taken.facts
            if read is not None and not only:
                facts = with_register(read.register, facts, ", ".join(p.name for p in register))
            _write(facts, out)
        if json:
            told = {
                "facts": taken.facts.height,
                "at_once": taken.at_once,
                "left": [{"why": why, "rows": rows} for why, rows in taken.left],
                "refused": taken.refused.to_dicts(),
                "rejected": taken.rejected,
                "undecided": taken.undecided,
                "no_fact": taken.pointed,
                "out": str(out),
            }
            typer.echo(jsonlib.dumps(told, indent=2, ensure_ascii=False))
        elif not quiet:
            _say_accepted(taken, policy, rule, reviewed, out)
    if strict and taken.refused.height:
        raise typer.Exit(REJECTED)


def _policy(path: Path, known: list[pl.DataFrame]) -> Stated:
    from openverdict.narrative import Stated, measure, read_suggestion_policy

    return Stated(read_suggestion_policy(path), measure(known), _now())


def _whole_rule(rule: str, known: list[pl.DataFrame], by: str | None, *, yes: bool) -> Together:
    """What accepts a rule's suggestions together, once a person has seen its rate and said yes."""
    from openverdict.narrative import rule_to_accept, wilson

    if by is None or not by.strip():
        fail("--rule: say who accepts, with --by")
    whole, left = rule_to_accept(rule, known, reviewer=by.strip(), at=_now())
    low, high = wilson(whole.accepted, whole.decided)
    typer.echo(
        f"{rule}: {whole.accepted} of {whole.decided} decided one by one were accepted, "
        f"{whole.accepted / whole.decided:.2f} ({low:.2f}–{high:.2f}). {count(left, 'suggestion')} of it would be accepted "
        f"by {whole.reviewer} without being read one by one.",
        err=True,
    )
    if yes:
        return whole
    if not sys.stdin.isatty():
        fail(f"--rule {rule}: nobody is there to be asked; read the rate above, and give --yes")
    if not typer.confirm("Accept them?", err=True):
        fail("nothing was accepted")
    return whole


def _now() -> datetime:
    """The time of the machine on its own clock, as a person would write it down."""
    return datetime.now().replace(microsecond=0)  # noqa: DTZ005 (facts keep the register's own clock)


def _say_accepted(
    taken: Accepted, policy: Path | None, rule: str | None, reviewed: Path, out: Path
) -> None:
    at_once = ""
    if policy is not None:
        at_once = f" ({taken.at_once:,} of them under the policy, by no person)"
    elif rule is not None:
        at_once = f" ({taken.at_once:,} of them with the whole rule)"
    typer.echo(
        f"{count(taken.facts.height, 'fact')} accepted{at_once}; {taken.rejected:,} rejected, {taken.undecided:,} "
        f"undecided, {taken.pointed:,} accepted that state no fact; {count(taken.refused.height, 'row')} refused: {out}"
    )
    for row, _, _, _, reason in taken.refused.head(SHOWN).iter_rows():
        typer.echo(f"note: row {row} of {reviewed.name}: {reason}")
    for why, rows in taken.left[:SHOWN] if policy is not None else ():
        typer.echo(f"note: left undecided: {count(rows, 'row')}: {why}")


def agreement(
    reviewed: Annotated[list[Path], typer.Argument(help="Reviewed suggestions, one file or more.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="New file, .csv, for the rates by rule.")
    ] = None,
    json: Json = False,
) -> None:
    """Say how often the suggestions of each rule were accepted and, of two files, how far the reviewers agree."""
    with errors(out):
        from openverdict.narrative import acceptance_rates
        from openverdict.narrative import agreement as agree

        frames = [_reviewed(path) for path in reviewed]
        rates = acceptance_rates(frames)
        pair = agree(*frames) if len(frames) == 2 else None
        if out is not None:
            _new_csv(out)
            _write(rates, out)
        if json:
            told = {
                "rules": rates.to_dicts(),
                "agreement": pair
                and {
                    "rows": pair.rows,
                    "agreed": pair.agreed,
                    "kappa": None if math.isnan(pair.kappa) else pair.kappa,
                },
            }
            typer.echo(jsonlib.dumps(told, indent=2, ensure_ascii=False))
            return
        for rule, decided, accepted, rate, low, high in rates.iter_rows():
            typer.echo(
                f"{rule}: {accepted} of {decided} accepted, {rate:.2f} ({low:.2f}–{high:.2f})"
            )
        if pair is not None:
            kappa = "not defined" if math.isnan(pair.kappa) else f"{pair.kappa:.2f}"
            typer.echo(
                f"Both decided {count(pair.rows, 'suggestion')} and agree on {pair.agreed:,}; Cohen's kappa {kappa}."
            )


def _new_csv(out: Path) -> None:
    if out.suffix.lower() != ".csv":
        fail(f"--out {out}: write .csv at its end")
    if out.exists() or out.is_symlink():
        fail(f"--out {out}: is there already; name a new file, so that nothing is replaced")


def _write(table: pl.DataFrame, out: Path) -> None:
    made = out.with_name(f".{out.name}.part")
    try:
        table.write_csv(made, datetime_format="%Y-%m-%dT%H:%M:%S%.f")
        made.replace(out)
    finally:
        made.unlink(missing_ok=True)


def _reviewed(path: Path) -> pl.DataFrame:
    """A reviewed file, CSV or workbook, every cell as text, whatever a spreadsheet made of it."""
    from openverdict.intake import read_sheet
    from openverdict.narrative import read_reviewed

    sheet = read_sheet(path)
    if sheet.faults:
        first = sheet.faults[0]
        fail(
            f"{path}: row {first.row}: {first.reason}; save the table as it was, one row a suggestion"
        )
    return read_reviewed(sheet.frame, str(path))
