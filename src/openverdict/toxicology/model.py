"""A result of toxicology: one substance (or one panel, or one specimen) and what was found of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from openverdict.toxicology.units import Level


class Outcome(StrEnum):
    """What a laboratory says of a substance. Only DETECTED and NOT_DETECTED say anything about the body.

    UNCLEAR: a level below a limit, and nobody said whether there was a trace or nothing.
    """

    DETECTED = "detected"
    NOT_DETECTED = "not_detected"
    NOT_TESTED = "not_tested"
    PENDING = "pending"
    UNCLEAR = "unclear"


class Opinion(StrEnum):
    """What the toxicologist says of where a substance came from, in so many words."""

    EXOGENOUS = "exogenous"
    ENDOGENOUS = "endogenous"
    UNDECIDED = "undecided"


# Operators as written in files, by what they mean.
OPERATORS = {
    "=": "=",
    "<": "<",
    ">": ">",
    "≤": "≤",
    "<=": "≤",
    "≥": "≥",
    ">=": "≥",
    "~": "~",
    "≈": "~",
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What bears on a level beside the specimen: `decomposition` as in the field dictionary, hours from death to sampling."""

    decomposition: str | None = None
    pm_interval_h: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One line of a laboratory report.

    `substance` is a code of the vocabulary, or the name as written where the vocabulary does not hold it; None when the line
    is about a specimen as a whole (not analysed) or a panel as a whole. `value` and `unit` are as written, `level` is what they
    come to (None when there is none, or the unit has no mass). `text`: what was written, where the source has only text.
    """

    case_id: str
    substance: str | None
    outcome: Outcome
    named: str = ""
    operator: str = "="
    value: str | None = None
    unit: str | None = None
    level: Level | None = None
    specimen: str | None = None
    preservative: str | None = None
    method: str | None = None
    panel: str | None = None
    opinion: Opinion | None = None
    comment: str | None = None
    circumstances: Circumstances = Circumstances()
    taken_at: str | None = None
    received_at: str | None = None
    reported_at: str | None = None
    laboratory: str | None = None
    text: str | None = None
    source: str = ""

    @property
    def is_specimen(self) -> bool:
        """Whether the line speaks of a specimen as a whole."""
        return self.substance is None and self.panel is None
