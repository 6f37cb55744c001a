"""Whether a store is served already: word left beside a SQLite store, for whoever starts a second server on it.

Two servers on one file work on one record and break nothing, but people land on the one that was not meant, and long runs are
taken by the worker of either. On PostgreSQL several servers are what a team has. A system without file locks is not asked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openverdict.web.running import Running

LONGEST = 300  # signs of an address


@contextmanager
def marked(running: Running) -> Iterator[str]:
    """Leave word for as long as this lasts; the address at which the store is served already, or nothing."""
    path = running.database.path
    if path is None:
        yield ""
        return
    try:
        import fcntl
    except ImportError:
        yield ""
        return
    place = _beside(path)
    file = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield os.pread(file, LONGEST, 0).decode(errors="replace").strip() or "another address"
            return
        os.ftruncate(file, 0)
        os.pwrite(file, f"{running.origin}/\n".encode(), 0)
        try:
            yield ""
        finally:
            place.unlink(missing_ok=True)
    finally:
        os.close(file)


def _beside(database: Path) -> Path:
    return database.with_name(f"{database.name}.served")
