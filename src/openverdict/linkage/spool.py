"""The executor that keeps what is finished: a run that was stopped, or killed, goes on from there.

One file a job, to which the part of each finished task is added as one record with its checksum. Records are read up to the
first that is not whole, so that a run killed at any moment leaves nothing that could be mistaken for a result. The file
is named by all that the result depends on: the job, and the code that runs it.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np

from openverdict.linkage.job import Executor, Job, Part, Task

MARK = b"openverdict spool 1\n"
HEAD = struct.Struct("<qq")  # number of the task, pairs that it found
INT32 = np.dtype("<i4")
CHECKSUM = 32
SYNC_BYTES = 1 << 24  # what may be lost when the machine, not the run, goes down


@dataclass(frozen=True)
class Spool:
    """Runs jobs by `inner`, keeps the part of each finished task in `folder`, and runs no task that is kept there.

    Whoever runs the jobs clears the folder (`clear`) once what came of them stands. A second run that works in the same
    folder at the same time keeps nothing of the jobs that the first one is at.
    """

    inner: Executor
    folder: Path

    def run(
        self, job: Job, tell: Callable[[int], None], tasks: Sequence[Task] | None = None
    ) -> Iterator[Part]:
        """What each task found, in the order of the tasks."""
        todo = tuple(job.tasks if tasks is None else tasks)
        name = hashlib.sha256(f"{job.fingerprint} {code_hash()} {todo!r}".encode()).hexdigest()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _held(self.folder / f"{name[:40]}.spool") as file:
            if file is None:
                yield from self.inner.run(job, tell, todo)
                return
            kept = _whole_records(file, name.encode(), len(todo))
            tell(sum(todo[number].pairs for number in kept))
            rest = [task for number, task in enumerate(todo) if number not in kept]
            parts = iter(self.inner.run(job, tell, rest))
            unsynced = 0
            for number in range(len(todo)):
                if number in kept:
                    yield _part(_read(file, *kept[number]))
                    continue
                part = next(parts)
                record = _record(name.encode(), number, part)
                _append(file, record)
                unsynced += len(record)
                if unsynced >= SYNC_BYTES:
                    os.fsync(file.fileno())
                    unsynced = 0
                yield part


def clear(folder: Path) -> None:
    """Remove what spools left in a folder, and the folder if nothing else is in it."""
    for path in folder.glob("*.spool"):
        path.unlink(missing_ok=True)
    with suppress(OSError):  # not there, or something of somebody else's is in it
        folder.rmdir()


@cache
def code_hash() -> str:
    """SHA-256 of the code that makes parts: what another version found is not taken for its own."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _record(name: bytes, number: int, part: Part) -> bytes:
    """The checksum, of the job's name too, then the number of the task, the count of its pairs, and the pairs."""
    body = HEAD.pack(number, len(part.i)) + b"".join(p.astype(INT32).tobytes() for p in part)
    return hashlib.sha256(name + body).digest() + body


def _part(body: bytes) -> Part:
    """The part in a record's three arrays, one after the other."""
    i, j, units = np.frombuffer(body, dtype=INT32).astype(np.int32).reshape(3, -1)
    return Part(i, j, units)


def _whole_records(file: IO[bytes], name: bytes, tasks: int) -> dict[int, tuple[int, int]]:
    """By number of the task, place and length of its arrays; the file is cut behind the last whole record."""
    size = file.seek(0, os.SEEK_END)
    at = len(MARK)
    kept: dict[int, tuple[int, int]] = {}
    if _read(file, 0, at) != MARK:
        file.truncate(0)
        _append(file, MARK)
        return kept
    while size - at >= CHECKSUM + HEAD.size:
        head = _read(file, at, CHECKSUM + HEAD.size)
        number, pairs = HEAD.unpack(head[CHECKSUM:])
        length = 3 * INT32.itemsize * pairs
        begin = at + CHECKSUM + HEAD.size
        if not (0 <= number < tasks and 0 <= length <= size - begin):
            break
        body = head[CHECKSUM:] + _read(file, begin, length)
        if hashlib.sha256(name + body).digest() != head[:CHECKSUM]:
            break
        kept[number] = (begin, length)
        at = begin + length
    file.truncate(at)
    return kept


def _append(file: IO[bytes], record: bytes) -> None:
    """Add a record; an unbuffered file may take less than it is given."""
    rest = memoryview(record)
    while rest:
        rest = rest[file.write(rest) :]


def _read(file: IO[bytes], at: int, length: int) -> bytes:
    file.seek(at)
    return file.read(length)


@contextmanager
def _held(path: Path) -> Iterator[IO[bytes] | None]:
    """A file to read and to add to, made if need be; None while another run has it."""
    # Unbuffered, and every write at the end: what a stop cuts off is a record that is not whole, and so not read.
    with path.open("a+b", buffering=0) as file:
        yield file if _lock(file) else None


def _lock(file: IO[bytes]) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: two runs into one folder are left to the one who starts them
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
