"""Suggestion: what a rule reads in a text, which is no fact until a person accepts it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Assertion(StrEnum):
    """In which sense a text says something. Only PRESENT says it of this person, now, without doubt."""

    PRESENT = "present"
    NEGATED = "negated"
    UNCERTAIN = "uncertain"
    HISTORICAL = "historical"
    HYPOTHETICAL = "hypothetical"
    OTHER_PERSON = "other_person"
    PRESCRIBED = "prescribed"
    NOT_TESTED = "not_tested"
    PENDING = "pending"


MENTION = "mention:"  # fields of spans that are pointed at and stored nowhere else


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One reading of one span of one text.

    `text[start:end]` of the source is the span (characters, end excluded). `field` is a field of the dictionary, or
    `mention:time`, `mention:place`, `mention:person` or `mention:address` for what is only pointed at; such a mention's
    `value` is a kind or a normal form and never a name. `confidence` in (0, 1] is the rule's own prior. `status` is
    *suggested*: a suggestion is not a fact, and nothing that scores or ranks cases takes this type.
    """

    field: str
    value: str
    assertion: Assertion
    start: int
    end: int
    rule: str
    version: str
    confidence: float
    status: str = "suggested"

    def span(self, text: str) -> str:
        """The words of the source that this was read from."""
        return text[self.start : self.end]
