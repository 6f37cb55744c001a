"""`demo`: the main job on the worked example, or a store to practise on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openverdict.cli.options import (
    Out,
    Quiet,
    Seed,
)
from openverdict.cli.reading import check_numbers
from openverdict.cli.record import working
from openverdict.cli.terminal import (
    errors,
    progress,
)

if TYPE_CHECKING:
    pass


def add_demo_command(app: typer.Typer) -> None:
    """Put the command into the program."""
    app.command()(demo)


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
    with errors(out):
        check_numbers(seed=seed)
        if store is not None:
            _practise(store, seed, deaths_a_year, null_registers, quiet)
            return
        from openverdict.demo import run_demo

        with progress(quiet) as tell:
            index = run_demo(out, seed, deaths_a_year, null_registers, tell)
        if not quiet:
            typer.echo(f"Open {index} in a browser.")


def _practise(
    store: str, seed: int, deaths_a_year: int | None, null_registers: int, quiet: bool
) -> None:
    """Make the store to practise on, and say how to open it."""
    with working(), progress(quiet) as tell:
        from openverdict.practice import PEOPLE, make_practice_store

        cases = make_practice_store(store, seed, deaths_a_year, null_registers, tell)
    if not quiet:
        who = ", ".join(PEOPLE)
        typer.echo(f"Made {store}: {cases:,} simulated cases, one run, and accounts for {who}.")
        typer.echo(
            f"To open it in the app: openverdict serve --store {store} --link-for a.reviewer"
        )
