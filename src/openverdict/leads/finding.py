"""Finding: one reason found for one case, before the reasons of a case are put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from openverdict.leads.rules import direction_of, points_of


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason for one case: code of the vocabulary (or of the rules), words, fields it rests on, points, letter."""

    case_id: str
    code: str
    text: str
    source: str
    points: int
    direction: str


def found(case_id: str, code: str, text: str, source: str) -> Finding:
    """A finding of an indicator, with the direction and the points that the vocabulary and the rules give it."""
    direction = direction_of(code)
    return Finding(case_id, code, text, source, points_of(code, direction), direction)


def ordinary(case_id: str, code: str, text: str, source: str) -> Finding:
    """What would be a reason but is ordinary in this register: shown beside the innocent reasons, not counted."""
    return Finding(case_id, code, text, source, 0, "E")


def listed(parts: Iterable[str], limit: int) -> str:
    """The first parts joined by semicolons, and how many more there are."""
    every = list(parts)
    more = len(every) - limit
    shown = "; ".join(every[:limit])
    return f"{shown}; and {more} more" if more > 0 else shown


def in_words(value: object) -> str:
    """A recorded value as people read it: codes with spaces, lists with commas, whole numbers without a point."""
    if isinstance(value, float):
        return f"{value:,.0f}" if value == int(value) else f"{value:g}"
    if isinstance(value, list):
        return ", ".join(in_words(item) for item in value)
    return str(value).replace("_", " ")
