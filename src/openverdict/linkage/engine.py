"""Which executor runs a review's jobs, by the names that a user gives: an engine, its address, threads, a work folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from openverdict.errors import InputError
from openverdict.linkage.job import Executor, Local
from openverdict.linkage.spark import Spark, check_spark
from openverdict.linkage.spool import Spool

ENGINES = ("local", "spark")


def check_engine(engine: str, master: str, threads: int | None = None) -> None:
    """Refuse, before any work is done, an engine that could not be used.

    Raises:
        InputError: there is no such engine, no such address, no Java, or less than one thread.
        MissingPartError: PySpark is not installed.
    """
    if engine not in ENGINES:
        raise InputError(f"--engine {engine!r} is not there; choose {' or '.join(ENGINES)}")
    if threads is not None and threads < 1:
        raise InputError(f"--threads {threads}: give 1 or more")
    if engine == "spark":
        check_spark(master)


@contextmanager
def engine(
    name: str = "local",
    *,
    master: str = "local[*]",
    threads: int | None = None,
    work: Path | None = None,
) -> Iterator[Executor]:
    """The executor of that name, for as long as the `with` block; `work` keeps finished tasks (`Spool`).

    Raises:
        InputError, MissingPartError: as `check_engine`.
        EngineError: Spark could not be started.
    """
    check_engine(name, master, threads)
    with ExitStack() as stack:
        runs: Executor = Local(threads)
        if name == "spark":
            runs = stack.enter_context(Spark(master))
        yield runs if work is None else Spool(runs, work)
