"""The commands, thin: read what was asked, call the library, say what came out."""

from __future__ import annotations

import json as jsonlib
import math
import os
import sys
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openverdict.cli_account import account
from openverdict.cli_arrive import add_arrival_commands
from openverdict.cli_decide import decide
from openverdict.cli_document import add_document_command
from openverdict.cli_duty import duty
from openverdict.cli_exhibit import exhibit
from openverdict.cli_fhir import fhir
from openverdict.cli_identity import identity
from openverdict.cli_keep import keep
from openverdict.cli_news import news
from openverdict.cli_persons import persons
from openverdict.cli_queue import queue
from openverdict.cli_record import Purpose, RecordedAsOf, StoreUrl, Who, working
from openverdict.cli_report import report
from openverdict.cli_serve import add_serve_command
from openverdict.cli_simulate import add_simulate_command
from openverdict.cli_store import add_store_commands
from openverdict.cli_suggest import add_suggest_commands
from openverdict.cli_toxicology import add_toxicology_command
from openverdict.terminal import REJECTED, STOPPED, TERMINATED, why_empty
from openverdict.terminal import count as _count
from openverdict.terminal import errors as _errors
from openverdict.terminal import fail as _fail
from openverdict.terminal import no_progress as _no_progress
from openverdict.terminal import progress as _progress
from openverdict.terminal import told_stopped as _told_stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from openverdict.intake import Intake
    from openverdict.leads import Lead, Link, Review

app = typer.Typer(
    name="openverdict",
    help="Reads a register of unexpected deaths and says which deserve a second look, which may belong together and why, "
    "and how often chance alone would do that.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

add_store_commands(app)
add_arrival_commands(app)
add_serve_command(app)
add_simulate_command(app)
add_suggest_commands(app)
add_document_command(app)
add_toxicology_command(app)
for _group in (decide, duty, exhibit, fhir, identity, news, persons, queue, keep, account, report):
    app.add_typer(_group)
RESUMED_FROM = 25_000  # cases
PLANTED_KEYS = {"raised", "replicates", "budget_per_year"}
KNOWN_KEYS = {"cases", "pairs", "linked_pairs"}

Out = Annotated[
    Path, typer.Option("--out", help="Folder to write into; nothing is written elsewhere.")
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Use only what was known at the end of this day.")
]
Map = Annotated[
    str | None, typer.Option("--map", help="Mapping file, or the name of a shipped one.")
]
Sheet = Annotated[
    str | None, typer.Option("--sheet", help="Sheet of a workbook; the first one otherwise.")
]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the null registers.")]
Budget = Annotated[float, typer.Option("--budget", help="Leads a year that chance alone may make.")]
KnownSeries = Annotated[
    Path | None,
    typer.Option("--known-series", help="CSV with case_id and series_id, to learn from."),
]
Inclusion = Annotated[
    Path | None,
    typer.Option(
        "--inclusion", help="TOML with the rule of inclusion: rule, fixed_on, by (a role)."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]


def _version(asked: bool) -> None:
    if asked:
        from openverdict import __version__

        typer.echo(f"openverdict {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say which version."),
    ] = False,
) -> None:
    """What holds for every command."""


@app.command()
def demo(
    out: Out = Path("openverdict-demo"),
    seed: Seed = 1,
    deaths_a_year: Annotated[
        int | None, typer.Option("--deaths-a-year", help="A smaller city than the published one.")
    ] = None,
    null_registers: Annotated[int, typer.Option("--null-registers", min=0)] = 20,
    store: Annotated[
        str | None,
        typer.Option("--store", help="A new store to practise on, instead of reports in a folder."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """The main job on the nameless worked example, inside a simulated city, as of four dates; or a store to practise on."""
    with _errors(out):
        _check_numbers(seed=seed)
        if store is not None:
            _practise(store, seed, deaths_a_year, null_registers, quiet)
            return
        from openverdict.demo import run_demo

        with _progress(quiet) as tell:
            index = run_demo(out, seed, deaths_a_year, null_registers, tell)
        if not quiet:
            typer.echo(f"Open {index} in a browser.")


def _practise(
    store: str, seed: int, deaths_a_year: int | None, null_registers: int, quiet: bool
) -> None:
    """Make the store to practise on, and say how to open it."""
    with working(), _progress(quiet) as tell:
        from openverdict.practice import PEOPLE, make_practice_store

        cases = make_practice_store(store, seed, deaths_a_year, null_registers, tell)
    if not quiet:
        who = ", ".join(PEOPLE)
        typer.echo(f"Made {store}: {cases:,} simulated cases, one run, and accounts for {who}.")
        typer.echo(f"Go on with: openverdict serve --store {store} --link-for a.reviewer")


@app.command()
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
    with _errors(out, work):
        _one_thread_a_core(threads)
        from dataclasses import replace

        from openverdict import cli_record
        from openverdict import review as run
        from openverdict.intake.plausible import strange
        from openverdict.leads.inclusion import read_inclusion
        from openverdict.linkage import check_engine, clear
        from openverdict.reports import check_folder, check_pdf, read_power, write_review

        if pdf:
            check_pdf()
        measured = None if power is None else read_power(power)
        check_engine(engine, master, threads)
        _check_numbers(budget=budget, seed=seed)
        named = [p for p in (known_series, inclusion, outline, power) if p is not None]
        inputs = [*(register or ()), *named]
        _check_apart(out, [*inputs, Path(mapping)] if mapping is not None else inputs)
        check_folder(out)
        day = _day(as_of)
        today = date.today()  # noqa: DTZ011 (the user's own day)
        rule = None if inclusion is None else read_inclusion(inclusion, today)
        pairs = tuple(_pair(text) for text in watch or ())
        held = cli_record.held(store, register, mapping, sheet, day, recorded_as_of, by, purpose)
        with _progress(quiet or json) as tell, held as record:
            read = _read(register or [], mapping, sheet, tell) if record is None else record.read()
            known = read.register if day is None else read.register.as_of(day)
            if not len(known):
                _fail(why_empty(read, known) if record is None else record.why_empty(read))
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


@app.command()
def intake(
    files: Annotated[list[Path] | None, typer.Argument(help="The files of one register.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for register.csv and rejects.csv.")
    ] = None,
    store: StoreUrl = None,
    mapping: Map = None,
    sheet: Sheet = None,
    suggest_mapping: Annotated[
        Path | None, typer.Option("--suggest-mapping", help="Print a first mapping for this file.")
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option("--template", help="Write an empty template (.csv or .xlsx) here."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when rows were rejected.")
    ] = False,
    by: Who = None,
    purpose: Purpose = "death_review",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """What would be read, what rejected, and why; with --store, taken into the store."""
    with _errors(out):
        from dataclasses import replace

        from openverdict import cli_record
        from openverdict import intake as room
        from openverdict.intake.plausible import strange

        if out is not None:
            room.check_outputs(out, [*(files or ()), *([Path(mapping)] if mapping else ())])
        if template is not None:
            room.write_template(template)
            typer.echo(f"Wrote {template}.")
        if suggest_mapping is not None:
            typer.echo(room.suggest_mapping(suggest_mapping, sheet))
        if not files:
            if template is None and suggest_mapping is None:
                _fail("no file named; name the files of the register")
            return
        with _progress(quiet or json) as tell:
            known = None if store is None else cli_record.held_cases(store)
            read = _read(files, mapping, sheet, tell, known)
        notes = strange(read.register, date.today())  # noqa: DTZ011 (the user's own day)
        read = replace(read, notes=(*read.notes, *notes))
        if out is not None:
            room.write_intake(read, out)
        told = {} if store is None else cli_record.take_in(store, read, mapping, by, purpose)
        if json:
            account = {**_account(read), **told}
            typer.echo(jsonlib.dumps(account, indent=2, ensure_ascii=False))
        elif not quiet:
            _say_intake(read)
            cli_record.say_taken_in(told)
    if strict and read.rejected_rows:
        raise typer.Exit(REJECTED)


@app.command()
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
    with _errors():
        from dataclasses import asdict

        from openverdict import explain as run

        read = _read([register], mapping, sheet, _no_progress)
        link = run(read, case_a, case_b, as_of=_day(as_of))
        if json:
            typer.echo(jsonlib.dumps(asdict(link), indent=2, ensure_ascii=False))
        else:
            _say_link(link)


@app.command()
def evaluate(
    register: Annotated[
        Path | None, typer.Argument(help="A register with known series (--known-series).")
    ] = None,
    known_series: KnownSeries = None,
    mapping: Map = None,
    deaths_a_year: Annotated[int, typer.Option("--deaths-a-year", min=50)] = 3000,
    replicates: Annotated[
        int, typer.Option("--replicates", min=1, help="Simulated cities, each with planted series.")
    ] = 10,
    members: Annotated[int, typer.Option("--members", min=2, max=8)] = 4,
    budget: Budget = 6.0,
    seed: Seed = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="With known series, a folder for evaluation.html and evaluation.json; else a JSON file.",
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """How good, how honest: on a register with known series, or on simulated cities with planted ones."""
    with _errors(out), _progress(quiet) as tell:
        from openverdict import evaluation

        _check_numbers(budget=budget, seed=seed)
        if register is not None and known_series is None:
            _fail(
                "a register to evaluate on needs --known-series, a CSV with case_id and series_id"
            )
        if out is not None:
            inputs = (register, known_series, Path(mapping) if mapping else None)
            _check_apart(out, [path for path in inputs if path is not None])
            _check_evaluation(out, is_folder=register is not None)
        if register is not None and known_series is not None:
            read = _read([register], mapping, None, tell)
            evaluated = evaluation.evaluate_known_series(read.register, known_series, seed=seed)
            outcome = evaluated.outcome
            if out is not None:
                evaluation.write_evaluation(evaluated, out)
        else:
            outcome = evaluation.on_planted_series(
                deaths_a_year=deaths_a_year,
                replicates=replicates,
                members=members,
                budget=budget,
                seed=seed,
                progress=lambda step, share: tell(_city(share, replicates), share),
            )
        text = jsonlib.dumps(outcome, indent=2)
        if out is not None and register is None:
            out.write_text(text + "\n", encoding="utf-8")
    if not quiet:
        typer.echo(text)


def _read(
    files: list[Path],
    mapping: str | None,
    sheet: str | None,
    tell: Callable[[str, float], None],
    known: Callable[[Collection[str]], Collection[str]] | None = None,
) -> Intake:
    from openverdict.intake import read_register

    tell("reading", 0.0)
    read = read_register(*files, mapping=mapping, sheet=sheet, known_cases=known)
    first: dict[str, Path] = {}
    for path, source in zip(files, read.sources, strict=True):
        if source.sha256 in first:
            _fail(f"{path}: the same file as {first[source.sha256]}, byte for byte; name it once")
        first[source.sha256] = path
    return read


def _check_numbers(*, seed: int, budget: float = 0.0) -> None:
    if not (math.isfinite(budget) and budget >= 0):
        _fail(f"--budget {budget:g}: give a finite number, 0 or more")
    if seed < 0:
        _fail(f"--seed {seed}: give a whole number, 0 or more")


def _check_apart(out: Path, inputs: Iterable[Path]) -> None:
    """Refuse an output that is an input, or a folder that holds one: it is replaced as a whole."""
    place = out.resolve()
    for path in inputs:
        found = path.resolve()
        if found.exists() and (found == place or place in found.parents):
            _fail(f"--out {out}: holds the input {path}; name a new folder, so that it is kept")


def _check_evaluation(out: Path, *, is_folder: bool) -> None:
    """Refuse to replace what no evaluation wrote."""
    if is_folder and out.exists() and not out.is_dir():
        _fail(f"--out {out}: is a file; name a folder")
    if not is_folder and out.is_dir():
        _fail(f"--out {out}: is a folder; name a JSON file")
    figures = out / "evaluation.json" if is_folder else out
    held = [path for path in (figures, out / "evaluation.html") if path.exists()]
    keys = KNOWN_KEYS if is_folder else PLANTED_KEYS
    if held and not keys <= set(_keys_of(figures)):
        _fail(f"{held[0]}: was not written by an evaluation of this kind; name a new place")


def _keys_of(path: Path) -> Iterable[str]:
    try:
        told = jsonlib.loads(path.read_bytes())
    except (OSError, ValueError):
        return ()
    return told if isinstance(told, dict) else ()


def _city(share: float, cities: int) -> str:
    return f"city {min(round(share * cities) + 1, cities)} of {cities}"


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


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        _fail(f"--as-of {text!r} is not a date; write it as 2014-08-28")


def _pair(text: str) -> tuple[str, str]:
    a, comma, b = text.partition(",")
    if not comma or not a.strip() or not b.strip():
        _fail(f"--watch {text!r} is not a pair; write it as A,B")
    return a.strip(), b.strip()


def _account(read: Intake) -> dict[str, Any]:
    return {
        "rows_read": read.rows_read,
        "cases": len(read.register),
        "rejected_rows": read.rejected_rows,
        "notes": list(read.notes),
        "rejects": read.rejects.to_dicts(),
    }


def _say_intake(read: Intake) -> None:
    typer.echo(
        f"{_count(read.rows_read, 'row')} read: {_count(len(read.register), 'case')}, "
        f"{_count(read.rejected_rows, 'row')} rejected."
    )
    for note in read.notes:
        typer.echo(f"note: {note}")
    for row in read.rejects.head(20).iter_rows(named=True):
        typer.echo(
            f"{row['file']}, row {row['row']}, {row['field']}: {row['value']!r}: {row['reason']}"
        )
    if len(read.rejects) > 20:
        typer.echo(f"… and {len(read.rejects) - 20:,} more; --out DIR writes them all")


def _say_review(result: Review, read: Intake, out: Path) -> None:
    from openverdict.reports.policies import policy_rows

    s = result.summary
    typer.echo(
        f"{_count(s['cases'], 'case')}, {_count(read.rejected_rows, 'row')} rejected; "
        f"{_count(s['pairs_total'], 'pair')} compared, {s['pairs_ledger']:,} at or above the floor."
    )
    for note in read.notes:
        typer.echo(f"note: {note}")
    if read.rejected_rows:
        typer.echo(f"note: what was rejected, and why, stands in {out / 'rejects.csv'}")
    if s["undated_rows"]:
        typer.echo(
            f"note: left out of the replay, having no known_from: {_count(s['undated_rows'], 'case')}; "
            "give the column, or map it"
        )
    if s["possible_duplicates"]:
        typer.echo(
            f"note: one death recorded twice, by the look of it: "
            f"{_count(len(s['possible_duplicates']), 'pair')} of records; see the report"
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
        f"{_count(len(shown), 'series lead')}, {_count(alone, 'single case')} for a second look."
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


def main() -> None:
    """Entry point of the command; whoever stops it outside a command's own work is told so too."""
    try:
        app()
    except SystemExit as end:
        if end.code in (STOPPED, TERMINATED) and not _told_stopped:
            typer.echo("openverdict: stopped; nothing was written", err=True)
        raise
