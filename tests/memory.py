"""A folder in memory for what tests write: a store waits for the disk at every entry, and no test is about the disk itself."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

FOLDER = Path("/dev/shm")  # noqa: S108
NEEDED_BYTES = 6 * 2**30


def folder() -> Path | None:
    """The folder, where there is one with room; None where the disk has to do."""
    # What lies there is memory that no other program gets, so what is free of it counts, and not only what the folder may hold.
    if not os.access(FOLDER, os.W_OK) or shutil.disk_usage(FOLDER).free < NEEDED_BYTES:
        return None
    return FOLDER if _available_bytes() > NEEDED_BYTES else None


def _available_bytes() -> int:
    """Memory that programs may still take."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0
