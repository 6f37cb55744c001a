"""`toxicology`: a laboratory's results to facts for a register, and what a level of GHB can say."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openverdict.cli.terminal import REJECTED, count, errors, fail

if TYPE_CHECKING:
    from openverdict.toxicology import ReadResults

SHOWN = 20


def add_toxicology_command(app: typer.Typer) -> None:
    """Put `toxicology` beside the other commands."""
    app.command()(toxicology)


def toxicology(
    file: Annotated[Path | None, typer.Argument(help="Table of results: one row a result.")] = None,
    out: Annotated[
        Path, typer.Option("--out", help="Folder to write into; nothing is written elsewhere.")
    ] = Path("openverdict-toxicology"),
    template: Annotated[
        Path | None,
        typer.Option("--template", help="Write an empty table (.csv or .xlsx) here."),
    ] = None,
    register: Annotated[
        list[Path] | None,
        typer.Option(
            "--register",
            help="Register of the cases: gives decomposition, and goes into facts.csv with the results.",
        ),
    ] = None,
    panels: Annotated[
        Path | None, typer.Option("--panels", help="TOML with your laboratory's panels.")
    ] = None,
    ghb: Annotated[
        Path | None, typer.Option("--ghb", help="TOML with other thresholds, each with its source.")
    ] = None,
    sheet: Annotated[
        str | None, typer.Option("--sheet", help="Sheet of a workbook; the first one otherwise.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when rows were rejected.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Read a laboratory's results, and write the facts that they make.

    `facts.csv` holds what was detected, not detected and pending, with day and source; not tested is never negative.
    `results.csv` holds every result, `ghb.csv` how the GHB results of each case read, with the source of each step.
    `intake facts.csv --store URL` takes the facts into a store that has the cases.
    """
    with errors(out):
        from openverdict import toxicology as room
        from openverdict.toxicology.facts import circumstances

        if template is not None:
            room.write_results_template(template)
            typer.echo(f"Wrote {template}.")
        if file is None:
            if template is None:
                fail(
                    "no file named; name a table of results, or make an empty one with --template FILE"
                )
            return
        room.check_folder(out, [p for p in (file, *(register or ()), panels, ghb) if p])
        rules, known = room.load_ghb_rules(ghb), room.load_panels(panels)
        read = room.read_results(file, sheet=sheet, panels=known)
        if not read.results:
            _nothing(read)
        around, cases, notes = None, None, []
        if register:
            from openverdict import read_register

            cases = read_register(*register).register
            around = circumstances(cases)
            strangers = sorted({r.case_id for r in read.results} - set(around))
            if strangers:
                notes = [
                    f"not in the register, and so not in facts.csv: {', '.join(strangers[:5])}"
                ]
                if len(strangers) > 5:
                    notes[0] += f" and {len(strangers) - 5:,} more"
        facts = room.make_facts(read.results, rules, around)
        table = None if cases is None else room.with_register(facts.table, cases)
        told = room.write_results(out, read, facts, rules, around, table)
        told["notes"] += notes
        if json:
            told["rejects"] = read.rejects.to_dicts()
            typer.echo(jsonlib.dumps({**told, "out": str(out)}, indent=2, ensure_ascii=False))
        elif not quiet:
            _say(told, read, out)
    if strict and read.rejected_rows:
        raise typer.Exit(REJECTED)


def _nothing(read: ReadResults) -> None:
    """Say why no row is left."""
    if read.rejects.is_empty():
        fail(f"{read.name}: no row below the header; write one row a result")
    first = read.rejects.row(0, named=True)
    fail(
        f"{read.name}: no result left, {count(read.rejected_rows, 'row')} rejected; first: row {first['row']}, "
        f"{first['field']} {first['value']!r}: {first['reason']}"
    )


def _say(told: dict[str, Any], read: ReadResults, out: Path) -> None:
    typer.echo(
        f"{count(told['rows_read'], 'row')} read, {count(told['rejected_rows'], 'row')} rejected: "
        f"{count(told['results'], 'result')} in {count(told['cases'], 'case')}, {count(told['facts'], 'fact')}."
    )
    for note in told["notes"]:
        typer.echo(f"note: {note}")
    for row in read.rejects.head(SHOWN).iter_rows(named=True):
        typer.echo(
            f"{row['file']}, row {row['row']}, {row['field']}: {row['value']!r}: {row['reason']}"
        )
    for name, number in sorted(told["ghb_classes"].items()):
        typer.echo(f"GHB {name.replace('_', ' ')}: {count(number, 'case')}")
    typer.echo(
        f"Facts for a register stand in {out / 'facts.csv'}; why each GHB result reads as it does, in {out / 'ghb.csv'}."
    )
