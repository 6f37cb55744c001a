"""Options and arguments that several commands take, in the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store", help="The store: path of a SQLite file, or postgresql://user@host/database."
    ),
]
Url = Annotated[
    str,
    typer.Option(
        "--store", help="The store: path of a SQLite file, or postgresql://user@host/database."
    ),
]
Key = Annotated[
    Path | None,
    typer.Option(
        "--key", help="File of the signing key; FILE.key beside a SQLite store otherwise."
    ),
]
CaseId = Annotated[str, typer.Argument(metavar="CASE", help="The case.")]
Because = Annotated[str, typer.Option("--because", help="Why, as one word, for the log.")]
Map = Annotated[
    str | None, typer.Option("--map", help="Mapping file, or the name of a shipped one.")
]
Sheet = Annotated[
    str | None, typer.Option("--sheet", help="Sheet of a workbook; the first one otherwise.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]
Out = Annotated[
    Path, typer.Option("--out", help="Folder to write into; nothing is written elsewhere.")
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Use only what was known at the end of this day.")
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
