"""The program: every command and group of commands under one name, and its entry point."""

from __future__ import annotations

from typing import Annotated

import typer

from openverdict.cli.account import account
from openverdict.cli.arrive import add_arrival_commands
from openverdict.cli.decide import decide
from openverdict.cli.demo import add_demo_command
from openverdict.cli.document import add_document_command
from openverdict.cli.duty import duty
from openverdict.cli.evaluate import add_evaluate_command
from openverdict.cli.exhibit import exhibit
from openverdict.cli.fhir import fhir
from openverdict.cli.identity import identity
from openverdict.cli.intake import add_intake_command
from openverdict.cli.keep import keep
from openverdict.cli.news import news
from openverdict.cli.persons import persons
from openverdict.cli.queue import queue
from openverdict.cli.report import report
from openverdict.cli.review import add_review_commands
from openverdict.cli.serve import add_serve_command
from openverdict.cli.simulate import add_simulate_command
from openverdict.cli.store import add_store_commands
from openverdict.cli.substance import add_substance_command
from openverdict.cli.suggest import add_suggest_commands
from openverdict.cli.terminal import STOPPED, TERMINATED, told_stopped
from openverdict.cli.toxicology import add_toxicology_command

app = typer.Typer(
    name="openverdict",
    help="Reads a register of unexpected deaths and says which deserve a second look, which may belong together and why, "
    "and how often chance alone would do that.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

add_demo_command(app)
add_review_commands(app)
add_intake_command(app)
add_evaluate_command(app)
add_store_commands(app)
add_arrival_commands(app)
add_serve_command(app)
add_simulate_command(app)
add_suggest_commands(app)
add_document_command(app)
add_toxicology_command(app)
add_substance_command(app)
for _group in (decide, duty, exhibit, fhir, identity, news, persons, queue, keep, account, report):
    app.add_typer(_group)


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


def main() -> None:
    """Entry point of the command; whoever stops it outside a command's own work is told so too."""
    try:
        app()
    except SystemExit as end:
        if end.code in (STOPPED, TERMINATED) and not told_stopped:
            typer.echo("openverdict: stopped; nothing was written", err=True)
        raise
