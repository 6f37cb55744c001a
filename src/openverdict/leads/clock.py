"""What a long review tells while it goes on: the step, its share, and the seconds that each took."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from openverdict.linkage import give_back

Progress = Callable[[str, float], None]


@dataclass
class Clock:
    """Seconds by step, and progress told to the caller."""

    tell: Progress
    spent: dict[str, float] = field(default_factory=dict)
    step: str = ""
    began: float = 0.0

    def start(self, step: str) -> None:
        """End the step before, and begin this one with the memory that it left given back."""
        self.stop()
        give_back()
        self.step, self.began = step, time.perf_counter()
        self.tell(step, 0.0)

    def stop(self) -> None:
        """End the step that goes on, if one does."""
        if self.step:
            self.spent[self.step] = (
                self.spent.get(self.step, 0.0) + time.perf_counter() - self.began
            )
            self.tell(self.step, 1.0)
        self.step = ""


def quiet(step: str, share: float) -> None:
    """No progress."""
