"""Fact: one value of one field of one case, with what is known about the value itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """What stands behind a cell. Only RECORDED carries a value; every other status is missing, never negative."""

    RECORDED = "recorded"
    UNKNOWN = "unknown"
    NOT_RECORDED = "not_recorded"
    NOT_APPLICABLE = "not_applicable"
    NOT_TESTED = "not_tested"
    WITHHELD = "withheld"


# The word in a list cell that says: looked for, and absent.
NONE_WORD = "none"


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of one field of one case.

    `value` is the text as it stands in a facts file (ISO 8601 for times, one item for lists, the number in the field's
    unit); `known_from` is None when the day is not known, and then the fact is in no as-of replay.
    """

    case_id: str
    field: str
    value: str | None
    status: Status
    known_from: datetime | None
    recorded_at: datetime | None
    source: str
    author: str
