"""What every command says on the terminal: progress, errors as one line, exit codes."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import typer

DONE, REJECTED, UNUSABLE, STOPPED = 0, 1, 2, 130
STEPS = {
    "reading": "reading the files",
    "learn": "learning what is usual",
    "pairs": "comparing every pair",
    "series": "growing series",
    "chance": "measuring chance",
    "triage": "looking at single cases",
    "leads": "writing down leads",
    "replay": "replaying the days before each lead",
    "reports": "writing the report",
    "loading": "loading what was prepared",
    "arrivals": "comparing new cases",
    "collecting": "taking it into the store",
    "storing": "storing what came out",
    "verify-file": "reading the database",
    "verify-entries": "hashing every entry and row",
    "verify-tree": "building the tree anew",
    "verify-checkpoints": "checking the checkpoints",
    "copying": "copying every table",
}
# What the system says, in words.
REASONS = {
    errno.EACCES: "you may not read or write there",
    errno.EPERM: "you may not read or write there",
    errno.EROFS: "the disk can only be read",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your share of the disk is used up",
    errno.ENOENT: "there is no such file or folder",
    errno.ENOTDIR: "a file stands where a folder is needed",
    errno.EISDIR: "a folder stands where a file is needed",
    errno.EEXIST: "it is there already",
    errno.ENAMETOOLONG: "the name is too long",
}
told_stopped: list[bool] = []


def count(number: int, thing: str) -> str:
    """A number with its noun, in the plural unless it is one."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def fail(message: str) -> NoReturn:
    """Say why the call or the input is unusable, in one line, and end."""
    typer.echo(f"openverdict: {message}", err=True)
    raise typer.Exit(UNUSABLE)


@contextmanager
def errors(out: Path | None = None) -> Iterator[None]:
    """One line for what was raised on purpose; a broken pipe and Ctrl-C are not accidents.

    `out` is where the command writes: whoever stops it is told what already stands there.
    """
    before = _standing(out)
    try:
        from openverdict.errors import OpenverdictError

        try:
            yield
        except OpenverdictError as error:
            said = str(error)
            if isinstance(error.__cause__, OSError):
                said = said.replace(str(error.__cause__), in_words(error.__cause__))
            fail(" ".join(said.split()))
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        fail(f"{where}cannot be read or written ({in_words(error)}); name another place")
    except KeyboardInterrupt:
        is_same = _standing(out) == before
        said = "nothing was written" if is_same else f"what was written so far stands in {out}"
        typer.echo(f"openverdict: stopped; {said}", err=True)
        told_stopped.append(True)
        raise typer.Exit(STOPPED) from None


def in_words(error: OSError) -> str:
    """What the system says, in words."""
    return REASONS.get(error.errno or 0, (error.strerror or str(error)).lower())


def _standing(out: Path | None) -> frozenset[tuple[str, int, int]]:
    """What stands in a place, so that a change can be told: names, file numbers and times."""
    if out is None or not out.exists():
        return frozenset()
    paths = [out, *out.glob("*"), *out.glob("*/*")] if out.is_dir() else [out]
    found = [(path, path.lstat()) for path in paths if path == out or path.exists()]
    return frozenset(
        (str(path), stat.st_ino, stat.st_mtime_ns) for path, stat in found if not path.is_dir()
    )


def no_progress(step: str, share: float) -> None:
    """Nothing is shown."""


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """A bar on a terminal, a line a step elsewhere, nothing when quiet; always on standard error."""
    if quiet:
        yield no_progress
        return
    if not sys.stderr.isatty():
        said: set[str] = set()

        def line(step: str, share: float) -> None:
            if step not in said:
                said.add(step)
                typer.echo(f"{_step_words(step)} …", err=True)

        yield line
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description:44}"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bar:
        tasks: dict[str, Any] = {}

        def tell(step: str, share: float) -> None:
            # One bar a look or a step, and one for all cities: a bar a city would fill the screen.
            name = "cities" if step.startswith("city ") else step.partition(": ")[0]
            if name not in tasks:
                for task in tasks.values():
                    bar.update(task, completed=1.0)
                tasks[name] = bar.add_task(_step_words(step), total=1.0)
            bar.update(tasks[name], completed=share, description=_step_words(step))

        yield tell


def _step_words(step: str) -> str:
    """A step in words; one of a look keeps the look's name before it."""
    look, colon, name = step.rpartition(": ")
    return f"{look}{colon}{STEPS.get(name, name)}"
