"""What the commands that read a register's files share: reading them, and refusing numbers and places that cannot be."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from openverdict.cli.terminal import (
    fail,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from openverdict.intake import Intake


def read_files(
    files: list[Path],
    mapping: str | None,
    sheet: str | None,
    tell: Callable[[str, float], None],
    known: Callable[[Collection[str]], Collection[str]] | None = None,
) -> Intake:
    """The files of one register, none of them named twice."""
    from openverdict.intake import read_register

    tell("reading", 0.0)
    read = read_register(*files, mapping=mapping, sheet=sheet, known_cases=known)
    first: dict[str, Path] = {}
    for path, source in zip(files, read.sources, strict=True):
        if source.sha256 in first:
            fail(f"{path}: the same file as {first[source.sha256]}, byte for byte; name it once")
        first[source.sha256] = path
    return read


def check_numbers(*, seed: int, budget: float = 0.0) -> None:
    """End the command on a seed or a budget that cannot be."""
    if not (math.isfinite(budget) and budget >= 0):
        fail(f"--budget {budget:g}: give a finite number, 0 or more")
    if seed < 0:
        fail(f"--seed {seed}: give a whole number, 0 or more")


def check_apart(out: Path, inputs: Iterable[Path]) -> None:
    """Refuse an output that is an input, or a folder that holds one: it is replaced as a whole."""
    place = out.resolve()
    for path in inputs:
        found = path.resolve()
        if found.exists() and (found == place or place in found.parents):
            fail(f"--out {out}: holds the input {path}; name a new folder, so that it is kept")


def day_of(text: str | None) -> date | None:
    """The day of `--as-of`; ends the command on what is no date."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"--as-of {text!r} is not a date; write it as 2014-08-28")
