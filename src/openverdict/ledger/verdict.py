"""What verifying comes to: what was read, what does not fit, and whether the store is intact."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class Outcome(IntEnum):
    """What verifying came to; the number is the command's exit code."""

    INTACT = 0
    BROKEN = 1
    UNKNOWN = 2


@dataclass(frozen=True)
class Problem:
    """Something that does not fit: at which entry (None where no single one can be named), and what."""

    entry: int | None
    what: str

    def __str__(self) -> str:
        return self.what if self.entry is None else f"entry {self.entry}: {self.what}"


@dataclass
class Verdict:
    """What was read, and what did not fit."""

    entries: int = 0
    rows: int = 0
    nodes: int = 0
    checkpoints: int = 0
    erased: int = 0
    root: bytes = b""
    outside: int = 0
    problems: list[Problem] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """Broken if anything does not fit; unknown if something could not be looked at."""
        if self.problems:
            return Outcome.BROKEN
        return Outcome.UNKNOWN if self.doubts else Outcome.INTACT

    @property
    def first(self) -> Problem | None:
        """The problem at the earliest entry."""
        placed = [problem for problem in self.problems if problem.entry is not None]
        if placed:
            return min(placed, key=lambda problem: problem.entry or 0)
        return self.problems[0] if self.problems else None


@dataclass
class Findings:
    """What is gathered on the way through the store: the verdict, and what has to be looked at when the tree is there.

    `notes`: entry, size, root and text of each checkpoint; `keys`: entry, verifier key and status of each key.
    """

    verdict: Verdict
    notes: list[tuple[int, int, bytes, str]] = field(default_factory=list)
    keys: list[tuple[int, str, str]] = field(default_factory=list)

    def bad(self, entry: int | None, what: str) -> None:
        """Note that something does not fit."""
        self.verdict.problems.append(Problem(entry, what))
