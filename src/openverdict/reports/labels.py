"""Codes and cells as words a reader knows: labels of the vocabularies, and what is missing said as such."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time

from openverdict.cases import Field, FieldType, Status, dictionary
from openverdict.cases.words import check_label, indicator_label, item_label, plain
from openverdict.reports.words import MINUS, day_words, moment_words

STATUS_WORDS: Mapping[str, str] = {
    Status.UNKNOWN: "unknown",
    Status.NOT_RECORDED: "not recorded",
    Status.NOT_APPLICABLE: "does not apply",
    Status.NOT_TESTED: "not tested",
    Status.WITHHELD: "withheld",
}
LEVEL_WORDS = (
    "no concern found",
    "quality gap",
    "further enquiry",
    "refer",
    "refer urgently",
)
DIRECTION_WORDS: Mapping[str, str] = {
    "S": "raises the need for enquiry",
    "L": "similar to another record",
    "E": "lowers concern",
    "Q": "quality of the record",
}
ABSENT = "looked for, none found"

__all__ = [
    "ABSENT",
    "DIRECTION_WORDS",
    "LEVEL_WORDS",
    "STATUS_WORDS",
    "check_label",
    "indicator_label",
    "item_label",
    "level_words",
    "plain",
    "source_words",
    "value_words",
]


def level_words(level: int) -> str:
    """A triage level in words."""
    return LEVEL_WORDS[min(max(level, 0), len(LEVEL_WORDS) - 1)]


def source_words(source: str) -> str:
    """Where a reason comes from: names of fields become their labels, anything else stays as it is.

    A field may be that of one case: `mentions_cases of C`.
    """
    fields = dictionary()
    named = []
    for part in (part.strip() for part in source.replace(";", ",").split(",")):
        name, of, whose = part.partition(" of ")
        whose = f" ({whose})" if of else ""
        named.append(f"{fields[name].label.lower()}{whose}" if name in fields else part)
    return ", ".join(part for part in named if part)


def value_words(field: Field, value: object, span_s: int | None) -> str:
    """One recorded value as words, with its unit."""
    if isinstance(value, datetime):
        if span_s is None and value.time() == time():
            return day_words(value)  # a field without a span of its own, given as a day
        return moment_words(value, span_s)
    if isinstance(value, float):
        unit = {"degree": "°", "year": ""}.get(field.unit or "", f" {field.unit or ''}".rstrip())
        return f"{MINUS if value < 0 else ''}{abs(value):g}{unit}"
    if isinstance(value, list):
        return "; ".join(item_label(field, str(item)) for item in value) or ABSENT
    text = str(value)
    return text if field.type is FieldType.TEXT else item_label(field, text)
