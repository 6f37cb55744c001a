"""What every command says on the terminal: progress, errors as one line, exit codes."""

from __future__ import annotations

import datetime
import errno
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from openverdict.cases import Register
    from openverdict.intake import Intake

DONE, REJECTED, UNUSABLE, STOPPED, TERMINATED = 0, 1, 2, 130, 143
AGAIN_S = 0.05  # after which a signal that was swallowed is sent again
LINE_EVERY_S = 30.0  # between lines of progress where there is no terminal
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
    "narratives": "reading the narratives",
    "documents": "reading the documents",
    "arrivals": "comparing new cases",
    "collecting": "taking it into the store",
    "storing": "storing what came out",
    "verify-file": "reading the database",
    "verify-entries": "hashing every entry and row",
    "verify-tree": "building the tree anew",
    "verify-lists": "comparing the lists with the record",
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


def why_empty(read: Intake, known: Register, to: str = "review") -> str:
    """Why there is no case to review, or to do something else with, and the mend, as one line."""
    if known.known_on is not None and len(read.register):
        said = f"no case was known at the end of {known.known_on}"
        if known.undated_rows:
            rows = count(known.undated_rows, "row")
            has = "has" if known.undated_rows == 1 else "have"
            return f"{said}: {rows} {has} no known_from; give the column, or map it"
        return f"{said}: each was found, or known from, a later day; name a later day"
    rows = f"no case left to {to}: {count(read.rows_read, 'row')} read"
    if not read.rejected_rows:
        return f"{rows}; the register needs one row a case below its header"
    first = read.rejects.row(0, named=True)
    where = f"{first['file']}, row {first['row']}, {first['field'] or 'the row'} {first['value']!r}"
    return (
        f"{rows}, {read.rejected_rows:,} rejected; first: {where}: {first['reason']}; "
        "see openverdict intake"
    )


def all_rejected(read: Intake) -> str:
    """That not one row could be read, the first reason, and the mend, as one line."""
    first = read.rejects.row(0, named=True)
    where = f"{first['file']}, row {first['row']}, {first['field'] or 'the row'} {first['value']!r}"
    rows = "the one row was" if read.rows_read == 1 else f"all {read.rows_read:,} rows were"
    return f"{rows} rejected; first: {where}: {first['reason']}; mend the file, or read it by a mapping (--map)"


def fail(message: str) -> NoReturn:
    """Say why the call or the input is unusable, in one line, and end."""
    typer.echo(f"openverdict: {message}", err=True)
    raise typer.Exit(UNUSABLE)


class Terminated(KeyboardInterrupt):
    """Somebody asked the program to end (SIGTERM); like Ctrl-C for whoever has something to put in order."""


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """SIGTERM is raised as `Terminated`, and again where Python was just clearing something away, which swallows it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: Any) -> NoReturn:
        raise Terminated

    def tell(swallowed: sys.UnraisableHookArgs) -> None:
        if not issubclass(swallowed.exc_type, KeyboardInterrupt):
            told(swallowed)
            return
        again = signal.SIGTERM if issubclass(swallowed.exc_type, Terminated) else signal.SIGINT
        # From another thread and a little later: raised in here, it would be swallowed once more.
        later = threading.Timer(AGAIN_S, os.kill, (os.getpid(), again))
        later.daemon = True
        later.start()

    before, told = signal.signal(signal.SIGTERM, end), sys.unraisablehook
    sys.unraisablehook = tell
    try:
        yield
    finally:
        sys.unraisablehook = told
        signal.signal(signal.SIGTERM, before)


@contextmanager
def errors(out: Path | None = None, work: Path | None = None) -> Iterator[None]:
    """One line for what was raised on purpose; a broken pipe, Ctrl-C and SIGTERM are not accidents.

    `out` is where the command writes: whoever stops it is told what already stands there; `work` is the folder from which
    a stopped command goes on.
    """
    before = _standing(out)
    try:
        from openverdict.errors import OpenverdictError

        try:
            with _ended_in_order():
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
    except KeyboardInterrupt as stop:
        is_same = _standing(out) == before
        said = "nothing was written" if is_same else f"what was written so far stands in {out}"
        if work is not None and work.exists():
            said += "; the same command goes on from what is finished"
        typer.echo(f"openverdict: stopped; {said}", err=True)
        told_stopped.append(True)
        raise typer.Exit(TERMINATED if isinstance(stop, Terminated) else STOPPED) from None


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
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """Pairs a second over the last half minute, for the steps that compare pairs."""

        def render(self, task: Task) -> Text:
            share = task.speed or task.finished_speed
            return Text("" if share is None else _rate_words(share * task.fields["pairs"]))

    with Progress(
        TextColumn("{task.description:44}"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        Rate(),
        console=Console(stderr=True),
    ) as bar:
        tasks: dict[str, Any] = {}

        def tell(step: str, share: float) -> None:
            # One bar a look or a step, and one for all cities: a bar a city would fill the screen.
            name = "cities" if step.startswith("city ") else step.partition(": ")[0]
            if name not in tasks:
                for task in tasks.values():
                    bar.update(task, completed=1.0)
                tasks[name] = bar.add_task(_step_words(step), total=1.0, pairs=0)
            bar.update(tasks[name], completed=share, description=_step_words(step))
            if of := _pairs_of(share):
                bar.update(tasks[name], pairs=of)

        yield tell


def _lines() -> Callable[[str, float], None]:
    """A line as a step begins, and one every half minute of a step that compares pairs."""
    began: dict[
        str, tuple[float, float]
    ] = {}  # the time and the share from which the rate is counted
    said_at = time.monotonic()

    def tell(step: str, share: float) -> None:
        nonlocal said_at
        now = time.monotonic()
        of = _pairs_of(share)
        if step not in began:
            typer.echo(f"{_step_words(step)} …", err=True)
            began[step] = now, share
        elif of and began[step][1] == 0.0:
            began[step] = now, share  # what an earlier run had finished is no part of the rate
        elif of and now - said_at >= LINE_EVERY_S and share > began[step][1]:
            since, first = began[step]
            speed = (share - first) / (now - since)
            left = datetime.timedelta(seconds=round((1.0 - share) / speed))
            typer.echo(
                f"{_step_words(step)}: {share:.0%}, {_rate_words(speed * of)}, {left} left",
                err=True,
            )
        else:
            return
        said_at = now

    return tell


def _pairs_of(share: float) -> int:
    """Of how many pairs a share is told; 0 where it is of something else."""
    return int(getattr(share, "pairs", 0))


def _rate_words(pairs_a_second: float) -> str:
    """A rate for a line or a bar; nothing when there is none."""
    if not pairs_a_second > 0:
        return ""
    millions = pairs_a_second / 1e6
    return f"{millions:,.{0 if millions >= 10 else 1}f} million pairs a second"


def _step_words(step: str) -> str:
    """A step in words; one of a look keeps the look's name before it."""
    look, colon, name = step.rpartition(": ")
    return f"{look}{colon}{STEPS.get(name, name)}"
