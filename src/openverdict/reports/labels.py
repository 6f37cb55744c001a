"""Codes and cells as words a reader knows: labels of the vocabularies, and what is missing said as such."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from openverdict.cases import Field, FieldType, Status, checks, dictionary, indicators, substances
from openverdict.reports.words import moment_words

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


def level_words(level: int) -> str:
    """A triage level in words."""
    return LEVEL_WORDS[min(max(level, 0), len(LEVEL_WORDS) - 1)]


def plain(code: str) -> str:
    """A code as words: sitting_propped to sitting propped."""
    return code.replace("_", " ")


def check_label(name: str) -> str:
    """The label of a check of the vocabulary; a sentence stays as it is."""
    entry = checks().get(name)
    return entry.label if entry else name


def source_words(source: str) -> str:
    """Where a reason comes from: names of fields become their labels, anything else stays as it is."""
    fields = dictionary()
    parts = [part.strip() for part in source.replace(";", ",").split(",")]
    named = [fields[part].label.lower() if part in fields else part for part in parts if part]
    return ", ".join(named)


def indicator_label(name: str) -> str:
    """The label of an indicator of the vocabulary; anything else as plain words."""
    entry = indicators().get(name)
    return entry.label if entry else plain(name)


def item_label(field: Field, code: str) -> str:
    """One coded value of a field as words."""
    if field.vocabulary == "substances":
        substance = substances().get(code)
        return substance.label if substance else plain(code)
    if field.vocabulary == "indicators":
        return indicator_label(code)
    if field.vocabulary == "checks":
        return check_label(code)
    if field.type is FieldType.KEYS:
        role, _, key = code.partition(":")
        return f"{plain(role)} {key}"
    return plain(code) if code in field.values else code


def value_words(field: Field, value: object, span_s: int | None) -> str:
    """One recorded value as words, with its unit."""
    if isinstance(value, datetime):
        return moment_words(value, span_s)
    if isinstance(value, float):
        unit = {"degree": "°", "year": ""}.get(field.unit or "", f" {field.unit or ''}".rstrip())
        return f"{value:g}{unit}"
    if isinstance(value, list):
        return "; ".join(item_label(field, str(item)) for item in value) or ABSENT
    text = str(value)
    return text if field.type is FieldType.TEXT else item_label(field, text)
