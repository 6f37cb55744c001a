"""Suggestions on pages: how they are worded, and which part of an address says in which queue somebody is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from openverdict.cases import dictionary
from openverdict.decisions.readings import ACCEPTED, REJECTED
from openverdict.decisions.suggestions import (
    SORTS,
    UNDECIDED,
    SuggestionFilter,
    SuggestionLine,
)
from openverdict.narrative.measured import held_out
from openverdict.narrative.suggestion import MENTION
from openverdict.reports.shown import value_text
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Kind

ALL, TWICE = "all", "second"
NAMES = (
    "substances_detected", "substances_not_detected", "substances_pending", "substances_suspected",
    "indicators", "contact_channels", "body_position", "found_place_kind", "signs_moved",
    "note_present", "mentions_cases",
)  # fmt: skip
MENTIONS = ("time", "place", "address", "person")
STATUS = (
    (UNDECIDED, "waiting"),
    (ACCEPTED, "accepted"),
    (REJECTED, "rejected"),
    (ALL, "all"),
    (TWICE, "to be read a second time by you"),
)
ORDER = (("number", "as they came"), ("case", "by case"), ("rule", "by rule"))


def field_label(name: str) -> str:
    """What a suggestion is for, in words."""
    if name.startswith(MENTION):
        return f"Mention of a {name.removeprefix(MENTION)}".replace("a address", "an address")
    return dictionary()[name].label if name in dictionary() else name


def row_of(line: SuggestionLine) -> dict[str, Any]:
    """A suggestion as a line of a list."""
    stands = line.stands
    return {
        "suggestion": line.suggestion,
        "case": line.case,
        "field": line.field,
        "label": field_label(line.field),
        "value": line.value,
        "words": value_text({"status": "recorded", "field": line.field, "value": line.value}),
        "assertion": line.assertion,
        "begins": line.begins,
        "ends": line.ends,
        "rule": line.rule,
        "version": line.version,
        "confidence": line.confidence,
        "status": "waiting" if stands is None else stands.outcome,
        "by": None if stands is None else stands.policy or stands.by,
        "at": None if stands is None else stands.at,
        "fact": None if stands is None else stands.fact,
        "together": None if stands is None else stands.at_once,
    }


def measured_words(field: str, value: str) -> dict[str, Any] | None:
    """How well rules did on held-out texts with what is suggested here."""
    found = held_out(field, value)
    return None if found is None else asdict(found)


def asked_for(ask: Ask) -> SuggestionFilter:
    """What the address asks for."""
    status = ask.query["status"] or UNDECIDED
    return SuggestionFilter(
        case=ask.query["case"] or None,
        field=ask.query["field"] or None,
        value=ask.query["value"] or None,
        rule=ask.query["rule"] or None,
        outcome=None if status in (ALL, TWICE) else status,
        second=status == TWICE,
    )


def kept(ask: Ask) -> dict[str, Any]:
    """The part of the address that says which queue somebody is in."""
    return {each.name: ask.query[each.name] for each in CHOSEN if ask.query[each.name]}


def order_of(ask: Ask) -> str:
    """In which order somebody goes through the queue."""
    return str(ask.query["sort"] or next(iter(SORTS)))


FIELDS = tuple((name, field_label(name)) for name in (*NAMES, *(MENTION + each for each in MENTIONS)))  # fmt: skip
CHOSEN = (
    Field("case", "Case", required=False, longest=200),
    Field("field", "Field", Kind.PICK, required=False, choices=FIELDS),
    Field("value", "Value", required=False, longest=200),
    Field("rule", "Rule", required=False, longest=200),
    Field("status", "Status: waiting, unless", Kind.PICK, required=False, choices=STATUS),
    Field("sort", "Order", Kind.PICK, required=False, choices=ORDER),
)
