"""`intake`: what would be read of a register, what rejected, and why; with a store, taken in."""

from __future__ import annotations

import json as jsonlib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openverdict.cli.options import (
    Json,
    Map,
    Quiet,
    Sheet,
    StoreUrl,
)
from openverdict.cli.reading import read_files
from openverdict.cli.record import Purpose, Who
from openverdict.cli.terminal import (
    REJECTED,
    all_rejected,
    count,
    errors,
    fail,
    progress,
)

if TYPE_CHECKING:
    from openverdict.intake import Intake


def add_intake_command(app: typer.Typer) -> None:
    """Put the command into the program."""
    app.command()(intake)


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
    with errors(out):
        from dataclasses import replace

        from openverdict import intake as room
        from openverdict.cli import record as kept
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
                fail("no file named; name the files of the register")
            return
        with progress(quiet or json) as tell:
            known = None if store is None else kept.held_cases(store)
            read = read_files(files, mapping, sheet, tell, known)
        notes = strange(read.register, date.today())  # noqa: DTZ011 (the user's own day)
        read = replace(read, notes=(*read.notes, *notes))
        if out is not None:
            room.write_intake(read, out)
        told = {} if store is None else kept.take_in(store, read, mapping, by, purpose)
        if json:
            account = {**_account(read), **told}
            typer.echo(jsonlib.dumps(account, indent=2, ensure_ascii=False))
        elif not quiet:
            _say_intake(read)
            kept.say_taken_in(told)
        if read.rows_read and read.rejected_rows >= read.rows_read:
            typer.echo(f"openverdict: {all_rejected(read)}", err=True)
            raise typer.Exit(REJECTED)
    if strict and read.rejected_rows:
        raise typer.Exit(REJECTED)


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
        f"{count(read.rows_read, 'row')} read: {count(len(read.register), 'case')}, "
        f"{count(read.rejected_rows, 'row')} rejected."
    )
    for note in read.notes:
        typer.echo(f"note: {note}")
    for row in read.rejects.head(20).iter_rows(named=True):
        typer.echo(
            f"{row['file']}, row {row['row']}, {row['field']}: {row['value']!r}: {row['reason']}"
        )
    if len(read.rejects) > 20:
        typer.echo(f"… and {len(read.rejects) - 20:,} more; --out DIR writes them all")
