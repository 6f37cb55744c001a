"""`review` and `explain`: triage, links, series, leads and reports of one register; one pair with every contribution."""

from __future__ import annotations

import json as jsonlib
import os
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openverdict.cli.options import (
    AsOf,
    Budget,
    Inclusion,
    Json,
    KnownSeries,
    Map,
    Out,
    Quiet,
    Seed,
    Sheet,
    StoreUrl,
)
from openverdict.cli.reading import check_apart, check_numbers, day_of, read_files
from openverdict.cli.record import Purpose, RecordedAsOf, Who
from openverdict.cli.terminal import (
    REJECTED,
    count,
    errors,
    fail,
    no_progress,
    progress,
    why_empty,
)

if TYPE_CHECKING:
    from openverdict.intake import Intake
    from openverdict.leads import Lead, Link, Review

RESUMED_FROM = 25_000  # cases


def add_review_commands(app: typer.Typer) -> None:
    """Put both commands into the program."""
    app.command()(review)
    app.command()(explain)


def review(
    register: Annotated[
        list[Path] | None, typer.Argument(help="The files of one register.")
    ] = None,
    out: Out = Path("openverdict-review"),
    store: StoreUrl = None,
    as_of: AsOf = None,
    recorded_as_of: RecordedAsOf = None,
    mapping: Map = None,
    sheet: Sheet = None,
    budget: Budget = 6.0,
    floor: Annotated[
        float | None,
        typer.Option(
            "--floor",
            help="Log10 ratio from which a pair stands in the ledger; 2, or by the register's size.",
        ),
    ] = None,
    null_registers: Annotated[
        int, typer.Option("--null-registers", min=0, help="How many null registers measure chance.")
    ] = 20,
    no_chance: Annotated[
        bool,
        typer.Option("--no-chance", help="Do not measure chance; leads pass by strength alone."),
    ] = False,
    watch: Annotated[
        list[str] | None, typer.Option("--watch", help="A,B: explain this pair whatever its ratio.")
    ] = None,
    known_series: KnownSeries = None,
    replay: Annotated[
        bool,
        typer.Option(
            "--replay",
            help="Find by replay when each lead was first raised: a review for each day.",
        ),
    ] = False,
    inclusion: Inclusion = None,
    seed: Seed = 1,
    outline: Annotated[
        Path | None, typer.Option("--outline", help="GeoJSON of areas to draw on the maps.")
    ] = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Write the report as PDF too, and each lead as its own.")
    ] = False,
    power: Annotated[
        Path | None,
        typer.Option(
            "--power", help="JSON of an evaluation on planted series, for the closure report."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when rows were rejected.")
    ] = False,
    quiet: Quiet = False,
    by: Who = None,
    purpose: Purpose = "death_review",
    engine: Annotated[
        str,
        typer.Option(
            "--engine",
            help="Who compares the pairs, of null registers too: local (this machine) or spark. The result is the same.",
        ),
    ] = "local",
    master: Annotated[
        str,
        typer.Option(
            "--master", help="Spark's address: local[N], spark://host:7077, yarn, k8s://…"
        ),
    ] = "local[*]",
    threads: Annotated[
        int | None,
        typer.Option("--threads", help="Of --engine local; one a core otherwise."),
    ] = None,
    resume: Annotated[
        bool | None,
        typer.Option(
            "--resume/--no-resume",
            help="Keep what is finished beside DIR, so that a stopped run goes on; by itself from 25,000 cases.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Triage, links, series, leads and reports for one register, from its files or from a store."""
    work = work_folder(out)
    with errors(out, work):
        _one_thread_a_core(threads)
        from dataclasses import replace

        from openverdict import review as run
        from openverdict.cli import record as kept
        from openverdict.intake.plausible import strange
        from openverdict.leads.inclusion import read_inclusion
        from openverdict.linkage import check_engine, clear
        from openverdict.reports import check_folder, check_pdf, read_power, write_review

        if pdf:
            check_pdf()
        measured = None if power is None else read_power(power)
        check_engine(engine, master, threads)
        check_numbers(budget=budget, seed=seed)
        named = [p for p in (known_series, inclusion, outline, power) if p is not None]
        inputs = [*(register or ()), *named]
        check_apart(out, [*inputs, Path(mapping)] if mapping is not None else inputs)
        check_folder(out)
        day = day_of(as_of)
        today = date.today()  # noqa: DTZ011 (the user's own day)
        rule = None if inclusion is None else read_inclusion(inclusion, today)
        pairs = tuple(_pair(text) for text in watch or ())
        held = kept.held(store, register, mapping, sheet, day, recorded_as_of, by, purpose)
        with progress(quiet or json) as tell, held as record:
            read = (
                read_files(register or [], mapping, sheet, tell)
                if record is None
                else record.read()
            )
            known = read.register if day is None else read.register.as_of(day)
            if not len(known):
                fail(why_empty(read, known) if record is None else record.why_empty(read))
            read = replace(read, notes=(*read.notes, *strange(known, today)))
            how: dict[str, Any] = {
                "budget": budget,
                "floor": floor,
                "null_registers": 0 if no_chance else null_registers,
                "seed": seed,
                "watch": pairs,
                "known_series": known_series,
                "replay": replay,
                "inclusion": rule,
                "engine": engine,
                "master": master,
                "threads": threads,
                "work": work if _is_long(len(known), resume) else None,
            }
            if record is not None:
                record.plan(known, **how)
            result = run(read, as_of=day, progress=tell, **how)
            tell("reports", 0.0)
            write_review(result, out, outline=outline, printed=pdf, power=measured)
            if record is not None:
                tell("storing", 0.0)
                record.finish(result, out)
            clear(work)
        if json:
            told = {**result.summary, "out": str(out)}
            told |= {} if record is None else record.account()
            typer.echo(jsonlib.dumps(told, indent=2, ensure_ascii=False))
        elif not quiet:
            _say_review(result, read, out)
            if record is not None:
                record.say_changes()
    if strict and read.rejected_rows:
        raise typer.Exit(REJECTED)


def explain(
    register: Annotated[Path, typer.Argument(help="The register.")],
    case_a: Annotated[str, typer.Argument(metavar="A")],
    case_b: Annotated[str, typer.Argument(metavar="B")],
    as_of: AsOf = None,
    mapping: Map = None,
    sheet: Sheet = None,
    json: Json = False,
) -> None:
    """One pair, every contribution to its likelihood ratio."""
    with errors():
        from dataclasses import asdict

        from openverdict import explain as run

        read = read_files([register], mapping, sheet, no_progress)
        link = run(read, case_a, case_b, as_of=day_of(as_of))
        if json:
            typer.echo(jsonlib.dumps(asdict(link), indent=2, ensure_ascii=False))
        else:
            _say_link(link)


def work_folder(out: Path) -> Path:
    """Beside the folder that a review writes: what a long run has finished so far, for the next one to go on from."""
    target = out.resolve()
    return target.with_name(f".{target.name}.work")


def _is_long(cases: int, asked: bool | None) -> bool:
    """Whether what is finished is worth keeping: below this a register is compared in seconds."""
    return cases >= RESUMED_FROM if asked is None else asked


def _one_thread_a_core(threads: int | None) -> None:
    """Libraries with threads of their own use no more than were asked for. Must come before they are imported."""
    if threads is not None and threads > 0:
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
            os.environ.setdefault(name, str(threads))


def _pair(text: str) -> tuple[str, str]:
    a, comma, b = text.partition(",")
    if not comma or not a.strip() or not b.strip():
        fail(f"--watch {text!r} is not a pair; write it as A,B")
    return a.strip(), b.strip()


def _say_review(result: Review, read: Intake, out: Path) -> None:
    from openverdict.reports.policies import policy_rows

    s = result.summary
    typer.echo(
        f"{count(s['cases'], 'case')}, {count(read.rejected_rows, 'row')} rejected; "
        f"{count(s['pairs_total'], 'pair')} compared, {s['pairs_ledger']:,} at or above the floor."
    )
    for note in read.notes:
        typer.echo(f"note: {note}")
    if read.rejected_rows:
        typer.echo(f"note: what was rejected, and why, stands in {out / 'rejects.csv'}")
    if s["undated_rows"]:
        typer.echo(
            f"note: left out of the replay, having no known_from: {count(s['undated_rows'], 'case')}; "
            "give the column, or map it"
        )
    if s["possible_duplicates"]:
        typer.echo(
            f"note: one death recorded twice, by the look of it: "
            f"{count(len(s['possible_duplicates']), 'pair')} of records; see the report"
        )
    for row in policy_rows(s):
        typer.echo(f"note: {row.said}")
    shown = result.series_leads
    if not shown:
        typer.echo(_no_series(s))
    for lead in shown[:10]:
        rate = "chance not measured"
        if lead.chance_per_year is not None:
            rate = f"chance alone: {lead.chance_per_year:.2g} a year"
        typer.echo(
            f"{lead.rank:3}. {', '.join(lead.cases)}: log10 ratio {lead.log10_lr:.1f}, {rate}, "
            f"first raised {_raised(lead)}"
        )
    alone = sum(lead.kind == "case" for lead in result.leads)
    typer.echo(
        f"{count(len(shown), 'series lead')}, {count(alone, 'single case')} for a second look."
    )
    typer.echo(f"Open {out / 'report.html'} in a browser.")


def _raised(lead: Lead) -> str:
    """The day on which a lead was first raised, and the day by replay where that was asked for."""
    if lead.replayed is None:
        return str(lead.first_raised)
    by_replay = lead.replayed.day or "on no day tried"
    return f"{lead.first_raised}, by replay {by_replay}"


def _no_series(summary: Mapping[str, Any]) -> str:
    said = "No group of similar cases was put forward"
    if not summary["null_registers"]:
        return f"{said}: none passed the bar, and chance was not measured (see the report for the strongest)."
    return f"{said}: none passed both the bar and the budget (see the report for the strongest)."


def _say_link(link: Link) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("evidence", link.case_a, link.case_b, "comparison", "log10 ratio", "how usual"):
        table.add_column(name, justify="right" if name == "log10 ratio" else "left")
    *parts, last = link.contributions  # the last one says what a pair can show, and holds no values
    silent = [c.label.lower() for c in parts if None in (c.earlier, c.later)]
    for c in parts:
        if c.earlier is not None and c.later is not None:
            table.add_row(c.label, c.earlier, c.later, c.comparison, f"{c.log10_lr:+.3f}", c.note)
    table.add_row(last.label, "", "", "", f"{last.log10_lr:+.3f}", last.comparison)
    table.add_row("sum", "", "", "", f"{link.log10_lr:+.3f}", "")
    Console(width=160 if not sys.stdout.isatty() else None).print(table)
    if silent:
        typer.echo(f"Not recorded in both, and so adding nothing: {', '.join(silent)}.")
    typer.echo(link.sentence)
    if link.mandatory:
        typer.echo("One case names the other: a person has to consider this pair.")
