"""The commands, thin: read what was asked, call the library, say what came out."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from openverdict.intake import Intake
    from openverdict.leads import Link, Review

app = typer.Typer(
    name="openverdict",
    help="Reads a register of unexpected deaths and says which deserve a second look, which may belong together and why, "
    "and how often chance alone would do that.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

DONE, REJECTED, UNUSABLE = 0, 1, 2
STEPS = {
    "learn": "learning what is usual",
    "pairs": "comparing every pair",
    "series": "growing series",
    "chance": "measuring chance",
    "triage": "looking at single cases",
    "leads": "writing down leads",
}

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
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]


@app.command()
def demo(
    out: Out = Path("openverdict-demo"),
    seed: Seed = 1,
    deaths_a_year: Annotated[
        int | None, typer.Option("--deaths-a-year", help="A smaller city than the published one.")
    ] = None,
    null_registers: Annotated[int, typer.Option("--null-registers", min=0)] = 20,
    quiet: Quiet = False,
) -> None:
    """The main job on the nameless worked example, inside a simulated city, as of four dates."""
    from openverdict.demo import run_demo

    with _errors(), _progress(quiet) as tell:
        index = run_demo(out, seed, deaths_a_year, null_registers, tell)
    if not quiet:
        typer.echo(f"Open {index} in a browser.")


@app.command()
def review(
    register: Annotated[list[Path], typer.Argument(help="The files of one register.")],
    out: Out = Path("openverdict-review"),
    as_of: AsOf = None,
    mapping: Map = None,
    sheet: Sheet = None,
    budget: Budget = 6.0,
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
    seed: Seed = 1,
    outline: Annotated[
        Path | None, typer.Option("--outline", help="GeoJSON of areas to draw on the maps.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when rows were rejected.")
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Triage, links, series, leads and reports for one register."""
    from openverdict import review as run
    from openverdict.reports import check_folder, write_review

    with _errors():
        check_folder(out)
        day = _day(as_of)
        pairs = tuple(_pair(text) for text in watch or ())
        with _progress(quiet or json) as tell:
            read = _read(register, mapping, sheet, tell)
            result = run(
                read,
                as_of=day,
                budget=budget,
                null_registers=0 if no_chance else null_registers,
                seed=seed,
                watch=pairs,
                known_series=known_series,
                progress=tell,
            )
            tell("reports", 0.0)
            write_review(result, out, outline=outline)
    if json:
        typer.echo(jsonlib.dumps({**result.summary, "out": str(out)}, indent=2, ensure_ascii=False))
    elif not quiet:
        _say_review(result, read, out)
    if strict and read.rejected_rows:
        raise typer.Exit(REJECTED)


@app.command()
def intake(
    files: Annotated[list[Path] | None, typer.Argument(help="The files of one register.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for register.csv and rejects.csv.")
    ] = None,
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
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """What would be read, what rejected, and why."""
    from openverdict import intake as room

    with _errors():
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
            read = _read(files, mapping, sheet, tell)
        if out is not None:
            _write_intake(read, out)
    if json:
        typer.echo(jsonlib.dumps(_account(read), indent=2, ensure_ascii=False))
    elif not quiet:
        _say_intake(read)
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
    from openverdict import explain as run

    with _errors():
        read = _read([register], mapping, sheet, _no_progress)
        link = run(read, case_a, case_b, as_of=_day(as_of))
    if json:
        from dataclasses import asdict

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
    from openverdict import evaluation

    with _errors(), _progress(quiet) as tell:
        if register is not None:
            if known_series is None:
                _fail(
                    "a register to evaluate on needs --known-series, a CSV with case_id and series_id"
                )
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
                progress=tell,
            )
        text = jsonlib.dumps(outcome, indent=2)
        if out is not None and register is None:
            out.write_text(text + "\n", encoding="utf-8")
    if not quiet:
        typer.echo(text)


def _read(
    files: list[Path], mapping: str | None, sheet: str | None, tell: Callable[[str, float], None]
) -> Intake:
    from openverdict import read_register

    tell("reading", 0.0)
    return read_register(*files, mapping=mapping, sheet=sheet)


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


def _fail(message: str) -> NoReturn:
    typer.echo(f"openverdict: {message}", err=True)
    raise typer.Exit(UNUSABLE)


@contextmanager
def _errors() -> Iterator[None]:
    """One line for what was raised on purpose; a broken pipe and Ctrl-C are not accidents."""
    from openverdict.errors import OpenverdictError

    try:
        yield
    except OpenverdictError as error:
        _fail(" ".join(str(error).split()))
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}cannot be read or written ({error.strerror or error}); name another place")
    except KeyboardInterrupt:
        _fail("stopped; nothing was written")


def _no_progress(step: str, share: float) -> None:
    """Nothing is shown."""


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """A bar on a terminal, a line a step elsewhere, nothing when quiet; always on standard error."""
    if quiet:
        yield _no_progress
        return
    if not sys.stderr.isatty():
        said: set[str] = set()

        def line(step: str, share: float) -> None:
            if step not in said:
                said.add(step)
                typer.echo(f"{STEPS.get(step, step)} …", err=True)

        yield line
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description:32}"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bar:
        tasks: dict[str, Any] = {}

        def tell(step: str, share: float) -> None:
            if step not in tasks:
                for task in tasks.values():
                    bar.update(task, completed=1.0)
                tasks[step] = bar.add_task(STEPS.get(step, step), total=1.0)
            bar.update(tasks[step], completed=share)

        yield tell


def _account(read: Intake) -> dict[str, Any]:
    return {
        "rows_read": read.rows_read,
        "cases": len(read.register),
        "rejected_rows": read.rejected_rows,
        "notes": list(read.notes),
        "rejects": read.rejects.to_dicts(),
    }


def _write_intake(read: Intake, out: Path) -> None:
    from openverdict.intake import template_texts

    out.mkdir(parents=True, exist_ok=True)
    template_texts(read.register).write_csv(out / "register.csv")
    read.rejects.write_csv(out / "rejects.csv")


def _say_intake(read: Intake) -> None:
    typer.echo(
        f"{read.rows_read:,} rows read: {len(read.register):,} cases, {read.rejected_rows:,} rows rejected."
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
    s = result.summary
    typer.echo(
        f"{s['cases']:,} cases, {read.rejected_rows:,} rows rejected; {s['pairs_total']:,} pairs compared, "
        f"{s['pairs_ledger']:,} at or above the floor."
    )
    if read.rejected_rows:
        typer.echo(f"note: what was rejected, and why, stands in {out / 'rejects.csv'}")
    if s["undated_rows"]:
        typer.echo(
            f"note: {s['undated_rows']:,} cases have no known_from and are left out of the replay; give the column, or map it"
        )
    if s["possible_duplicates"]:
        typer.echo(
            f"note: {len(s['possible_duplicates']):,} pairs of records look like one death recorded twice; see the report"
        )
    shown = result.series_leads
    if not shown:
        typer.echo("No series lead: nothing here is rarer than chance alone would give.")
    for lead in shown[:10]:
        rate = "chance not measured"
        if lead.chance_per_year is not None:
            rate = f"chance alone: {lead.chance_per_year:.2g} a year"
        typer.echo(
            f"{lead.rank:3}. {', '.join(lead.cases)}: log10 ratio {lead.log10_lr:.1f}, {rate}, "
            f"first raised {lead.first_raised}"
        )
    alone = sum(lead.kind == "case" for lead in result.leads)
    typer.echo(f"{len(shown):,} series leads, {alone:,} single cases for a second look.")
    typer.echo(f"Open {out / 'report.html'} in a browser.")


def _say_link(link: Link) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("evidence", link.case_a, link.case_b, "comparison", "log10 ratio", "how usual"):
        table.add_column(name, justify="right" if name == "log10 ratio" else "left")
    silent = [c.label.lower() for c in link.contributions if None in (c.earlier, c.later)]
    for c in link.contributions:
        if c.earlier is not None and c.later is not None:
            table.add_row(c.label, c.earlier, c.later, c.comparison, f"{c.log10_lr:+.3f}", c.note)
    table.add_row("sum", "", "", "", f"{link.log10_lr:+.3f}", "")
    Console(width=160 if not sys.stdout.isatty() else None).print(table)
    if silent:
        typer.echo(f"Not recorded in both, and so adding nothing: {', '.join(silent)}.")
    typer.echo(link.sentence)
    if link.mandatory:
        typer.echo("One case names the other: a person has to consider this pair.")


def main() -> None:
    """Entry point of the command."""
    app()
