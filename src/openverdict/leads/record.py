"""The system's own record: how often leads of a strength were right or wrong where the answer was known."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from openverdict.cases.words import counted

NONE_MEASURED = (
    "How often leads of this strength were right or wrong has not been measured for this model."
)


@dataclass(frozen=True, slots=True)
class Record:
    """From `from_strength` on: planted series that reached it, and groups of that strength in registers without series."""

    model_hash: str
    source: str
    from_strength: float
    planted: int
    false: int
    years: float


def shipped() -> tuple[Record, ...]:
    """The record that comes with the package; empty when nothing was measured."""
    text = files("openverdict.leads").joinpath("data/record.toml").read_text(encoding="utf-8")
    return tuple(Record(**entry) for entry in tomllib.loads(text).get("record", []))


def record_words(strength: float, model_hash: str, records: Sequence[Record] | None = None) -> str:
    """What was measured at a strength, in one sentence; a record of another model is none."""
    own = [r for r in (shipped() if records is None else records) if r.model_hash == model_hash]
    reached = [r for r in own if r.from_strength <= strength]
    if not reached:
        return NONE_MEASURED
    r = max(reached, key=lambda r: r.from_strength)
    return (
        f"Where the answer was known, {counted(r.planted, 'planted group')} reached this strength, and "
        f"{r.years:g} years of registers without any gave {counted(r.false, 'group')} as strong ({r.source})."
    )
