"""What people decided on proposals: rows that are only ever appended, each with who, when and why, chained by hash.

A decision links two records or says that they are two persons; it merges nothing, and the records stay as their systems have
them. `undo` takes a decision back, and both rows stay. A row that was changed or taken out later no longer fits the next one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from openverdict.cases.values import parse_time
from openverdict.errors import FieldError, InputError
from openverdict.identity.clusters import Pair

NAME = "decisions.jsonl"
FIRST = "0" * 64


class Action(StrEnum):
    """What a person did."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNDO = "undo"


@dataclass(frozen=True)
class Decision:
    """One row. `undoes` is the number of the row that an `undo` takes back, 0 otherwise; `previous` the hash of the row
    before it.
    """

    number: int
    at: str
    by: str
    action: Action
    proposal: str
    record_a: str
    record_b: str
    probability: float | None
    model: str
    reason: str
    undoes: int
    previous: str

    @property
    def pair(self) -> Pair:
        """The keys of the two records, the smaller first."""
        return self.record_a, self.record_b

    def line(self) -> bytes:
        """The row as it is kept."""
        return (json.dumps(asdict(self), ensure_ascii=False, sort_keys=True) + "\n").encode()


@dataclass(frozen=True)
class Asked:
    """What somebody wants to put down about a proposal."""

    action: Action
    proposal: str
    record_a: str
    record_b: str
    probability: float | None
    by: str
    reason: str
    at: str


def read_decisions(path: Path) -> tuple[Decision, ...]:
    """Every row of a file of decisions; none where there is no file.

    Raises:
        InputError: a row cannot be read, or does not fit the one before it.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); name a folder that you may read"
        ) from None
    return _parse(path, data)


def _parse(path: Path, data: bytes) -> tuple[Decision, ...]:
    found: list[Decision] = []
    previous = FIRST
    for number, line in enumerate(data.splitlines(keepends=True), start=1):
        try:
            said = json.loads(line)
            decision = Decision(**{**said, "action": Action(said["action"])})
        except (ValueError, TypeError, KeyError):
            raise InputError(
                f"{path}: line {number} is no decision; restore the file from its backup"
            ) from None
        if decision.number != number or decision.previous != previous or decision.line() != line:
            raise InputError(
                f"{path}: line {number} does not fit the line before it; a decision was changed or taken out: "
                "restore the file from its backup"
            )
        found.append(decision)
        previous = sha256(line).hexdigest()
    return tuple(found)


def in_force(decisions: Iterable[Decision]) -> dict[Pair, Decision]:
    """The acceptance or rejection that stands for each pair of records, undone ones left out."""
    standing: dict[Pair, Decision] = {}
    for decision in decisions:
        if decision.action is Action.UNDO:
            standing.pop(decision.pair, None)
        else:
            standing[decision.pair] = decision
    return standing


def check(asked: Asked, standing: Mapping[Pair, Decision]) -> int:
    """Refuse what cannot be put down; gives the number of the row that an `undo` takes back, else 0.

    Raises:
        FieldError: nobody is named, no reason, no time, or it does not follow from what stands.
    """
    if not asked.by.strip():
        raise FieldError("reviewer", "", "nobody is named; a person decides, not a file")
    if not asked.reason.strip():
        raise FieldError("reason", "", "say why, without a name of anybody")
    parse_time("at", asked.at)
    now = standing.get((asked.record_a, asked.record_b))
    if asked.action is Action.UNDO:
        if now is None:
            raise FieldError("proposal", asked.proposal, "nothing stands that could be undone")
        return now.number
    if now is not None:
        done = "accepted" if now.action is Action.ACCEPT else "rejected"
        raise FieldError(
            "proposal",
            asked.proposal,
            f"{done} by {now.by} at {now.at} (row {now.number}); undo that first",
        )
    return 0


def append(
    path: Path, asked: Iterable[Asked], model: str
) -> tuple[list[Decision], list[tuple[Asked, str]]]:
    """Put decisions down, one after the other: (the rows made, those refused with the reason).

    The file is locked meanwhile and written at one go, so that two people's rows never mix.

    Raises:
        InputError: the file cannot be written, or does not hold together.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror}); name a folder of yours"
        ) from None
    with os.fdopen(handle, "r+b") as file:
        _lock(handle)
        before = _parse(path, file.read())
        standing = in_force(before)
        previous = sha256(before[-1].line()).hexdigest() if before else FIRST
        made: list[Decision] = []
        refused: list[tuple[Asked, str]] = []
        for one in asked:
            try:
                undoes = check(one, standing)
            except FieldError as error:
                refused.append((one, str(error)))
                continue
            decision = Decision(
                number=len(before) + len(made) + 1,
                at=one.at,
                by=one.by.strip(),
                action=one.action,
                proposal=one.proposal,
                record_a=one.record_a,
                record_b=one.record_b,
                probability=one.probability,
                model=model,
                reason=one.reason.strip(),
                undoes=undoes,
                previous=previous,
            )
            previous = sha256(decision.line()).hexdigest()
            made.append(decision)
            standing = in_force((*standing.values(), decision))
        os.write(handle, b"".join(decision.line() for decision in made))
        os.fsync(handle)
    return made, refused


def moment(now: datetime) -> str:
    """A time as it is put down: UTC, to the second."""
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def _lock(handle: int) -> None:
    with suppress(ImportError):  # no such lock on Windows, where one person writes
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)
