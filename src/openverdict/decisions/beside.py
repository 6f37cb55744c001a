"""A suggestion as a reader needs it: its text with what else was read there, what it would state, and how its rule has proved.

That somebody read a text is logged, like every reading of a case.
"""

from __future__ import annotations

from dataclasses import dataclass

from openverdict.decisions.guarding import act, case_by, look
from openverdict.decisions.models import About, NarrativeRead, Suggested
from openverdict.decisions.proving import RuleRate, rate_of
from openverdict.decisions.readings import hash_of, last_decision, narratives, shown
from openverdict.decisions.roles import Access, Operation
from openverdict.decisions.suggestions import (
    SuggestionLine,
    SuggestionText,
    line_of,
    outcomes,
    suggestion_text,
)
from openverdict.decisions.taking import OTHER_TEXT, Held, as_row, by_person
from openverdict.errors import FieldError
from openverdict.ledger.events import CaseViewed
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer


@dataclass(frozen=True)
class Reading:
    """A suggestion in its text.

    `others`: what else was read in the same text, by place; for a second reader without what was decided on it. `states`: the
    value of the fact that it would be, accepted as it stands; None where it states none. `hindrance`: why it can't be accepted
    as it stands; None where it can. `rate`: of its rule and version in this store. `redacted`: the text is struck out.
    """

    seen: SuggestionText
    others: tuple[SuggestionLine, ...]
    states: str | None
    hindrance: str | None
    rate: RuleRate
    redacted: bool


@dataclass(frozen=True)
class MarkedNarrative:
    """The narrative of a case as it stands, and what was read in it, by place."""

    text: str
    lines: tuple[SuggestionLine, ...]


@act(Operation.VIEW, "suggestion", case_by(Suggested), seen=True)
def read_suggestion(
    store: Store,
    writer: Writer,
    suggestion: int,
    *,
    blind: bool = False,
    access: Access = Access.YES,
) -> Reading:
    """A suggestion with the text beside it. `blind`: for a second reader, without what anybody decided in this text.

    Raises:
        InputError: there is none of this number, or it was erased.
    """
    seen = suggestion_text(store, suggestion, user=writer.actor, blind=blind)
    case = seen.line.case
    writer.record(CaseViewed, [About(case_id=case)], case=case, part="narrative")
    row = store.rows(Suggested).get(id=suggestion)
    digest = store.rows(NarrativeRead).get(id=row.read).text_sha256
    redacted = access is Access.REDACTED
    others = () if redacted else _read_in(store, case, digest, blind=blind)
    states, hindrance = _foreseen(store, writer, row)
    return Reading(
        seen,
        tuple(line for line in others if line.suggestion != suggestion),
        None if redacted else states,
        hindrance,
        rate_of(store, row.rule, row.version),
        redacted,
    )


@look(Operation.VIEW, "case", seen=True)
def marked_narrative(
    store: Store, case: str, *, user: str | None = None, access: Access = Access.YES
) -> MarkedNarrative | None:
    """The narrative of a case with what was read in it; None where it has none, or what names people is struck out."""
    fact = next(narratives(store, [case]), None)
    if fact is None or access is Access.REDACTED:
        return None
    lines = _read_in(store, case, hash_of(fact.value), blind=False)
    return MarkedNarrative(str(fact.value), lines)


def _read_in(store: Store, case: str, digest: str, *, blind: bool) -> tuple[SuggestionLine, ...]:
    """What was read in a text of a case, by place; of earlier rules, what somebody decided on."""
    reads = store.rows(NarrativeRead).filter(case_id=case, text_sha256=digest).values("id")
    rows = shown(store).filter(case_id=case, read__in=reads).order_by("begins", "ends", "id")
    found = list(rows)
    told = {} if blind else outcomes(store, [row.decision for row in found])
    return tuple(line_of(row, told.get(row.decision)) for row in found)


def _foreseen(store: Store, writer: Writer, row: Suggested) -> tuple[str | None, str | None]:
    """The value of the fact that a suggestion would be, and why it can't be accepted as it stands."""
    before = last_decision(store, row.id)
    held = Held(store, [row], without=None if before is None else before.fact)
    text = held.text(row)
    if text is None:
        return None, OTHER_TEXT
    told = as_row(row, text)
    try:
        fact = held.fact_of(told, by_person(writer, told))
    except FieldError as error:
        return None, error.reason
    return (None if fact is None else fact.value), None
