"""The executor `spark`: tasks are rows of a data frame, run by the same compiled kernel inside Arrow batches.

The tables of a job go to the cluster once: as a broadcast while they are small, else as a file that every Python worker of
a machine maps into memory, so that a machine holds one copy. Tasks are handed out in waves: the driver holds the results
of two waves at most, and finished ones can be kept while others run. A task's result depends on nothing but the job:
retries, lost executors and other partitions change nothing. Nothing but numbers is sent (`Tables`).
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np

from openverdict.errors import EngineError, InputError, MissingPartError
from openverdict.linkage.job import Job, Part, Task
from openverdict.linkage.shipped import opened, packed

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

Held = tuple[Job, tuple[Task, ...]]

BROADCAST_LIMIT = (
    256 * 2**20
)  # bytes of tables up to which they are broadcast; beyond, a file is mapped
PARTITIONS_A_SLOT = 4  # so that no slot waits long for the slowest
WAVES = (
    16  # at least so many of a long run: what is kept of it when it is interrupted, and progress
)
PAIRS_A_WAVE = 10**9  # at least, of a short one: each wave costs Spark half a second
ATTEMPTS = 4  # of a task, on a cluster Spark's own default
SCHEMA = "task int, i binary, j binary, units binary"
INT32 = np.dtype("<i4")
MASTER = re.compile(
    r"local(-cluster)?(\[[\d*]+(\s*,\s*\d+)*\])?"
    r"|spark://[^\s/:,]+(:\d+)?(,[^\s/:,]+(:\d+)?)*|yarn|k8s://\S+"
)


def check_spark(master: str) -> None:
    """Refuse at once what could not start later: no PySpark, no Java, an address that is none.

    Raises:
        MissingPartError: PySpark is not installed.
        InputError: `master` is not an address of Spark, or there is no Java.
    """
    if not MASTER.fullmatch(master):
        raise InputError(
            f"--master {master!r} is no address of Spark; write local[*], spark://host:7077, yarn or k8s://https://host:port"
        )
    if find_spec("pyspark") is None:
        raise MissingPartError("PySpark", "spark")
    home = os.environ.get("JAVA_HOME")
    java = Path(home) / "bin" / "java" if home else shutil.which("java")
    if java is None or not os.access(java, os.X_OK):
        raise InputError(
            f"no Java{f' in JAVA_HOME {home}' if home else ''} for Spark; install Java 17 or 21 "
            "(Debian: openjdk-17-jre-headless), or let JAVA_HOME name it"
        )


@dataclass(frozen=True)
class Spark:
    """Spark at `master`, or the session that is active already; a session of its own ends with the `with` block.

    `limit`: bytes of tables up to which they are broadcast; `conf`: further settings of a session of its own.
    """

    master: str = "local[*]"
    limit: int = BROADCAST_LIMIT
    conf: Mapping[str, str] = field(default_factory=dict)

    def __enter__(self) -> Spark:
        """Start, so that what cannot start says so before any work is done."""
        check_spark(self.master)
        assert self._session  # noqa: S101 (made by asking)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop a session that was started here."""
        session, is_own = self._session
        if is_own:
            session.stop()

    def run(
        self, job: Job, tell: Callable[[int], None], tasks: Sequence[Task] | None = None
    ) -> Iterator[Part]:
        """What each task found, in the order of the tasks.

        Raises:
            EngineError: Spark gave up on a task after its retries.
        """
        todo = tuple(job.tasks if tasks is None else tasks)
        if not todo:
            return
        session, _ = self._session
        tag = f"openverdict-{secrets.token_hex(4)}"
        waves = min(WAVES, max(1, sum(task.pairs for task in todo) // PAIRS_A_WAVE))
        with self._shipped((job, todo)) as held, ThreadPoolExecutor(2) as pool:
            under_way: deque[tuple[range, Future[list[Part]]]] = deque()
            first = 0
            try:
                while first < len(todo) or under_way:
                    # Two waves at a time: the next one fills the slots that the last tasks of this one leave.
                    while first < len(todo) and len(under_way) < 2:
                        wave, partitions = _wave(first, len(todo), self._slots(), waves)
                        rows = _rows(session, held, wave, partitions)
                        future = pool.submit(_run_wave, session, rows, wave, tag)
                        under_way.append((wave, future))
                        first = wave.stop
                    wave, future = under_way.popleft()
                    parts = _got(future)
                    tell(sum(todo[k].pairs for k in wave))
                    yield from parts
            except BaseException:
                with suppress(Exception):  # Spark may be gone
                    session.sparkContext.cancelJobsWithTag(tag)
                raise

    @cached_property
    def _session(self) -> tuple[SparkSession, bool]:
        """The session, and whether it was started here."""
        with _without_warnings():
            from pyspark.sql import SparkSession
        active = SparkSession.getActiveSession()
        if active is not None:
            return active, False
        return _start(self.master, self.conf), True

    def _slots(self) -> int:
        """Tasks that run at once, as far as Spark knows yet: executors may still be joining."""
        session, _ = self._session
        return max(int(session.sparkContext.defaultParallelism), 1)

    @contextmanager
    def _shipped(self, held: Held) -> Iterator[Callable[[], Held]]:
        """What gives a worker the job and its tasks: from a broadcast, or from a file on its machine."""
        session, _ = self._session
        context = session.sparkContext
        parcel = packed(held)
        if parcel.size <= self.limit:
            broadcast = context.broadcast(held)
            try:
                yield lambda: broadcast.value
            finally:
                with suppress(Exception):
                    broadcast.destroy()
            return
        with tempfile.TemporaryDirectory(prefix="openverdict-") as folder:
            path = Path(folder) / f"openverdict-{secrets.token_hex(8)}.job"
            parcel.write(path)
            context.addFile(str(path))
            name = path.name
            yield lambda: _from_file(name)


def _wave(first: int, last: int, slots: int, waves: int) -> tuple[range, int]:
    """The tasks that are handed out next, and into how many partitions; about so many waves in all."""
    partitions = slots * PARTITIONS_A_SLOT
    each = max(1, last // (partitions * waves))
    wave = range(first, min(first + partitions * each, last))
    return wave, min(partitions, len(wave))


def _rows(
    session: SparkSession, held: Callable[[], Held], wave: range, partitions: int
) -> DataFrame:
    """A data frame with one row a task, not yet computed."""
    numbers = session.range(wave.start, wave.stop, 1, partitions)
    with _without_warnings():
        return numbers.mapInArrow(_scoring(held), SCHEMA)


def _run_wave(session: SparkSession, rows: DataFrame, wave: range, tag: str) -> list[Part]:
    """Run some tasks on Spark; their parts in order."""
    session.sparkContext.addJobTag(tag)
    table = rows.toArrow()
    tasks = table.column("task").to_pylist()
    if sorted(tasks) != list(wave):
        raise EngineError(f"Spark gave back {len(tasks)} results for {len(wave)} tasks; run again")
    columns = [table.column(name).to_pylist() for name in ("i", "j", "units")]
    found = {
        task: Part(*(np.frombuffer(part, dtype=INT32).astype(np.int32) for part in parts))
        for task, *parts in zip(tasks, *columns, strict=True)
    }
    return [found[task] for task in wave]


def _scoring(
    held: Callable[[], Held],
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What a worker does with the numbers of the tasks that it is given: one row out for each."""

    def score(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        job, tasks = held()
        for batch in batches:
            for task in batch.column(0).to_pylist():
                part = job.run(tasks[task])
                columns = [pa.array([task], pa.int32())]
                columns += [pa.array([p.astype(INT32).tobytes()], pa.binary()) for p in part]
                yield pa.RecordBatch.from_arrays(columns, names=["task", "i", "j", "units"])

    return score


@lru_cache(maxsize=1)
def _from_file(name: str) -> Held:
    """The job in a file that Spark put on this machine; kept by a worker for its next tasks."""
    from pyspark import SparkFiles

    return cast(Held, opened(Path(SparkFiles.get(name))))


def _got(future: Future[list[Part]]) -> list[Part]:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        return future.result()
    except (Py4JError, PySparkException) as error:
        raise EngineError(
            f"Spark gave up ({_in_short(error)}); see the logs of its executors"
        ) from error


def _start(master: str, conf: Mapping[str, str]) -> SparkSession:
    from py4j.protocol import Py4JError

    with _without_warnings():
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("openverdict").master(_with_attempts(master))
    for name, value in {**_settings(master), **conf}.items():
        builder = builder.config(name, value)
    with tempfile.TemporaryFile() as log:
        try:
            with _told_to(log), _own_ctrl_c(), _without_warnings():
                return builder.getOrCreate()
        except (Py4JError, PySparkException, OSError) as error:
            log.seek(0)
            said = _in_log(log.read().decode(errors="replace")) or _in_short(error)
            raise EngineError(
                f"Spark cannot be started at {master} ({said}); "
                "see that the address is right and answers, and that Java is 17 or 21"
            ) from error


@contextmanager
def _told_to(log: IO[bytes]) -> Iterator[None]:
    """What Spark's driver, once started, has to say goes to a file: it would tear the progress on the terminal."""
    sys.stderr.flush()
    terminal = os.dup(2)
    try:
        os.dup2(log.fileno(), 2)
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)


@contextmanager
def _own_ctrl_c() -> Iterator[None]:
    """Keep the handler of Ctrl-C: PySpark puts one in place that fails once its session has ended."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)


@contextmanager
def _without_warnings() -> Iterator[None]:
    """PySpark warns of pandas 3, of which nothing here makes use."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def _settings(master: str) -> dict[str, str]:
    """One core a Python worker everywhere; on this machine nothing but this machine, and this very Python."""
    settings = {
        f"spark.executorEnv.{name}": "1"
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    }
    settings |= {"spark.log.level": "ERROR", "spark.ui.showConsoleProgress": "false"}
    if master.startswith("local"):
        settings |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.pyspark.python": sys.executable,
            "spark.pyspark.driver.python": sys.executable,
            "spark.executorEnv.PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
    return settings


def _with_attempts(master: str) -> str:
    """On this machine Spark gives a task one attempt, unless told otherwise."""
    found = re.fullmatch(r"local(?:\[([\d*]+)\])?", master)
    return f"local[{found[1] or 1},{ATTEMPTS}]" if found else master


def _in_log(text: str) -> str:
    """The line of what Spark's driver said that tells best why it ended; nothing if none does."""
    lines = [line.strip() for line in text.splitlines()]
    for sign in (" ERROR ", "Caused by: ", "Exception", "Error"):
        for line in lines:
            if sign in line:
                return line.partition(sign)[2][:200] if sign.endswith(" ") else line[:200]
    return ""


def _in_short(error: Any) -> str:
    """The line of a long message of Spark's that says what happened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    cause = next((line for line in reversed(lines) if "Caused by:" in line), None)
    at = next((line for line in lines if "Error" in line or "Exception" in line), "")
    return (cause or at or (lines or [type(error).__name__])[0])[:200]
