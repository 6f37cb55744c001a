"""`simulate`: a register of simulated cities as a file, as large as asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from openverdict.cli.terminal import count, errors, fail, progress

FORMS = (".parquet", ".csv")


def add_simulate_command(app: typer.Typer) -> None:
    """Put `simulate` beside the other commands."""
    app.command()(simulate)


def simulate(
    out: Annotated[Path, typer.Option("--out", help="New file, .parquet or .csv.")],
    cases: Annotated[int, typer.Option("--cases", min=1, help="Cases in all.")] = 11_000,
    cities: Annotated[
        int | None,
        typer.Option("--cities", min=1, help="How many; else each with some 11,000 deaths a year."),
    ] = None,
    years: Annotated[float, typer.Option("--years", min=0.1, help="Length of the register.")] = 2.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another register each.")] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
) -> None:
    """A register of simulated deaths in the layout of the template, to try things on and to measure with.

    The cities lie 200 km apart and share no person; no series is planted in them. Each case's `found_place` says that it is
    simulated, and so should whoever shows the file to somebody: nobody in it lived or died. The same call gives the
    same bytes.
    """
    with errors(out):
        from openverdict.cases.words import counted
        from openverdict.intake import template_texts
        from openverdict.simulate import CitySpec, CountrySpec, simulate_country

        if out.suffix.lower() not in FORMS:
            fail(f"--out {out}: write .parquet or .csv at its end")
        if out.exists() or out.is_symlink():
            fail(f"--out {out}: is there already; name a new file, so that nothing is replaced")
        spec = CountrySpec(cases, cities, replace(CitySpec(), years=years))
        made = out.with_name(f".{out.name}.part")
        with progress(quiet) as tell:
            register = simulate_country(spec, seed, tell).register
            tell("writing the file", 0.0)
            texts = template_texts(register)
            try:
                if out.suffix.lower() == ".parquet":
                    texts.write_parquet(made)
                else:
                    texts.write_csv(made)
                made.replace(out)
            finally:
                made.unlink(missing_ok=True)
        if not quiet:
            typer.echo(
                f"{count(cases, 'simulated case')} in {counted(spec.count, 'city', 'cities')}: {out}"
            )
