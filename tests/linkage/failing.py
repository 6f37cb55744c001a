"""A job whose tasks fail, for tests of what an executor does then; in a module, so that Spark's workers can import it."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from openverdict.linkage import Job, Part, Task


@dataclass(frozen=True)
class Failing(Job):
    """Task by task: the first attempt ends the worker without a word, the second raises, the third goes well."""

    marks: Path = Path()
    for_ever: bool = False

    def run(self, task: Task) -> Part:
        """What the task finds, if it is its time."""
        mark = self.marks / f"{task.first}"
        tries = len(list(self.marks.glob(f"{task.first}.*")))
        mark.with_name(f"{task.first}.{tries}").touch()
        if task.first % 7 == 0 and (tries < 2 or self.for_ever):
            if tries == 0 and not self.for_ever:
                os.kill(os.getpid(), signal.SIGKILL)
            raise RuntimeError(f"task {task.first} fails on purpose")
        return super().run(task)
