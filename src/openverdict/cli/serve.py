"""The command that starts the review app: `openverdict serve`."""

from __future__ import annotations

import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Annotated

import typer

from openverdict.cli.options import Url
from openverdict.cli.terminal import errors, fail

PARTS = ("all", "pages", "worker")


def add_serve_command(app: typer.Typer) -> None:
    """Put `serve` among the commands."""
    app.command("serve")(serve)


def serve(
    store: Url,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")
    ] = 8000,
    name: Annotated[
        list[str] | None,
        typer.Option(
            "--name", help="Host name by which people reach it; may be given several times."
        ),
    ] = None,
    second_factor: Annotated[
        bool,
        typer.Option("--require-second-factor", help="Nobody gets in without an app or a key."),
    ] = False,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy on this machine serves it by https.")
    ] = False,
    link_for: Annotated[
        list[str] | None,
        typer.Option(
            "--link-for",
            help="Print a link by which this person sets their password, once; may be given several times.",
        ),
    ] = None,
    threads: Annotated[
        int, typer.Option("--threads", min=1, max=256, help="Requests answered at once.")
    ] = 8,
    outline: Annotated[
        Path | None, typer.Option("--outline", help="GeoJSON of areas to draw on the maps.")
    ] = None,
    only: Annotated[
        str, typer.Option("--only", help="all, pages, or worker (which does the long runs).")
    ] = "all",
) -> None:
    """Start the review app on a store, and print where it is. Ctrl-C ends it."""
    if only not in PARTS:
        fail(f"--only {only}: one of: {', '.join(PARTS)}")
    if only != "worker":
        _check_free(host, port)
    with errors(None):
        from openverdict.web.settings import configure_app

        configure_app()
        from openverdict.web import serving
        from openverdict.web.in_use import marked
        from openverdict.web.running import Options, start

        options = Options(
            host, port, tuple(name or ()), behind_proxy, second_factor, threads, outline
        )
        with start(store, options, create=True) as running, ExitStack() as keeping:
            if only == "worker":
                with suppress(KeyboardInterrupt):
                    serving.work()
                return
            # It listens before anybody is told where, so that whoever follows the link at once is answered.
            server = serving.server_of(running)
            beside = keeping.enter_context(marked(running))
            if beside:
                typer.echo(
                    f"openverdict: {running.store} is served already, at {beside}; this is a second server "
                    "on the same record: end the one that was not meant",
                    err=True,
                )
            for kind, who, link in serving.first_links(running, *(link_for or ())):
                what = (
                    "Make the first administrator" if kind == "first" else f"{who} sets a password"
                )
                typer.echo(f"{what}, once, within 24 hours: {link}")
            typer.echo(f"Openverdict serves {running.store} at {running.origin}/ (Ctrl-C ends it)")
            with suppress(KeyboardInterrupt):
                serving.serve(running, server, worker=only == "all")
            typer.echo("Ended. What was recorded stands.")


def _check_free(host: str, port: int) -> None:
    """Fail before a store is made or a link printed, where another program listens."""
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        why = error.strerror or "can't be listened on"
        fail(f"--host {host} --port {port}: {why}; name another port with --port")
