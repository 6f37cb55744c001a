"""`evaluate`: how good and how honest, on known series or on planted ones."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openverdict.cli.options import (
    Budget,
    KnownSeries,
    Map,
    Quiet,
    Seed,
)
from openverdict.cli.reading import check_apart, check_numbers, read_files
from openverdict.cli.terminal import (
    errors,
    fail,
    progress,
)

if TYPE_CHECKING:
    pass

PLANTED_KEYS = {"raised", "replicates", "budget_per_year"}
KNOWN_KEYS = {"cases", "pairs", "linked_pairs"}


def add_evaluate_command(app: typer.Typer) -> None:
    """Put the command into the program."""
    app.command()(evaluate)


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
    with errors(out), progress(quiet) as tell:
        from openverdict import evaluation

        check_numbers(budget=budget, seed=seed)
        if register is not None and known_series is None:
            fail("a register to evaluate on needs --known-series, a CSV with case_id and series_id")
        if out is not None:
            inputs = (register, known_series, Path(mapping) if mapping else None)
            check_apart(out, [path for path in inputs if path is not None])
            _check_evaluation(out, is_folder=register is not None)
        if register is not None and known_series is not None:
            read = read_files([register], mapping, None, tell)
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


def _check_evaluation(out: Path, *, is_folder: bool) -> None:
    """Refuse to replace what no evaluation wrote."""
    if is_folder and out.exists() and not out.is_dir():
        fail(f"--out {out}: is a file; name a folder")
    if not is_folder and out.is_dir():
        fail(f"--out {out}: is a folder; name a JSON file")
    figures = out / "evaluation.json" if is_folder else out
    held = [path for path in (figures, out / "evaluation.html") if path.exists()]
    keys = KNOWN_KEYS if is_folder else PLANTED_KEYS
    if held and not keys <= set(_keys_of(figures)):
        fail(f"{held[0]}: was not written by an evaluation of this kind; name a new place")


def _keys_of(path: Path) -> Iterable[str]:
    try:
        told = jsonlib.loads(path.read_bytes())
    except (OSError, ValueError):
        return ()
    return told if isinstance(told, dict) else ()


def _city(share: float, cities: int) -> str:
    return f"city {min(round(share * cities) + 1, cities)} of {cities}"
