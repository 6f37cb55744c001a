"""Decisions that people filled into a copy of the proposals, or gave by a command, as rows to be put down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from openverdict.errors import FieldError, InputError
from openverdict.identity.decide import Action, Asked
from openverdict.identity.run import Run
from openverdict.intake.files import read_sheet

YES, NO = frozenset({"yes", "y", "true", "1"}), frozenset({"no", "n", "false", "0"})
NEEDED = ("proposal", "accepted", "reviewer", "at", "reason")


@dataclass(frozen=True)
class Reviewed:
    """`asked` what to put down, in the order of the file; `refused` proposals with why; `undecided` rows without a decision."""

    asked: tuple[Asked, ...]
    refused: tuple[tuple[str, str], ...]
    undecided: int


def asked_in(run: Run, path: Path) -> Reviewed:
    """The decisions in a filled-in copy of `proposals.csv`.

    Raises:
        InputError: the file cannot be read or lacks a column.
    """
    frame = read_sheet(path).frame
    missing = [name for name in NEEDED if name not in frame.columns]
    if missing:
        raise InputError(
            f"{path}: has no column {missing[0]!r}; give a filled-in copy of proposals.csv"
        )
    asked: list[Asked] = []
    refused: list[tuple[str, str]] = []
    undecided = 0
    pairs = _pairs(run)
    for proposal, said, reviewer, at, reason in frame.select(NEEDED).iter_rows():
        word = (said or "").strip().lower()
        if not word:
            undecided += 1
            continue
        try:
            if word not in YES | NO:
                raise FieldError("accepted", said, "write yes, no or nothing")
            action = Action.ACCEPT if word in YES else Action.REJECT
            asked.append(
                _asked(pairs, proposal or "", action, reviewer or "", reason or "", at or "")
            )
        except FieldError as error:
            refused.append((proposal or "", str(error)))
    return Reviewed(tuple(asked), tuple(refused), undecided)


def asked_for(run: Run, proposal: str, action: Action, by: str, reason: str, at: str) -> Asked:
    """One decision on one proposal.

    Raises:
        FieldError: there is no such proposal.
    """
    return _asked(_pairs(run), proposal, action, by, reason, at)


def _pairs(run: Run) -> dict[str, tuple[str, str, float | None]]:
    """Every proposal's records and probability; those of carried decisions too."""
    found: dict[str, tuple[str, str, float | None]] = {
        d.proposal: (d.record_a, d.record_b, d.probability) for d in run.decisions
    }
    columns = run.proposals.select("proposal", "record_a", "record_b", pl.col("probability"))
    found |= {key: (a, b, p) for key, a, b, p in columns.iter_rows()}
    return found


def _asked(
    pairs: dict[str, tuple[str, str, float | None]],
    proposal: str,
    action: Action,
    by: str,
    reason: str,
    at: str,
) -> Asked:
    if proposal not in pairs:
        raise FieldError("proposal", proposal, "no proposal of this key; see proposals.csv")
    a, b, probability = pairs[proposal]
    return Asked(action, proposal, a, b, probability, by, reason, at)
