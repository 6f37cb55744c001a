"""Facts from a document about a case: what a person ticked of its suggestions, with hash and place as their source.

A store keeps no document, and no suggestion of one: what is not accepted leaves nothing. See `narrative` for what is suggested.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from openverdict.cases import Fact as CaseFact
from openverdict.cases import Status
from openverdict.decisions.guarding import act
from openverdict.decisions.lateness import note
from openverdict.decisions.readings import standing_facts
from openverdict.decisions.roles import Operation
from openverdict.decisions.steps import refuse_machine
from openverdict.decisions.taking import is_single, register_time
from openverdict.documents import Document
from openverdict.errors import FieldError, InputError
from openverdict.ledger import entering
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer
from openverdict.narrative import Suggestion
from openverdict.narrative.accept import fact_of
from openverdict.narrative.at_once import SPAN, By, Row
from openverdict.narrative.spans import Texts


@act(Operation.ENTER_FACTS, "case")
def accept_of_document(
    store: Store,
    writer: Writer,
    case: str,
    document: Document,
    chosen: Sequence[Suggestion],
    known_from: str | None = None,
) -> list[int]:
    """Make facts of the suggestions of a document that the actor has read, all or none; their numbers.

    What is suggested twice becomes one fact; what states none (`states`) becomes none. `known_from`: the day from which the
    document was known, ISO; the time of this act otherwise.

    Raises:
        InputError: one of them can be no fact, and which; or the machine acts.
    """
    writer.flush()
    refuse_machine(writer)
    began = writer.size
    texts = Texts(None, {document.sha256: document})
    names = sorted({each.field for each in chosen if is_single(each.field)})
    held = {
        (fact.case_id, fact.field): str(fact.value)
        for fact in (standing_facts(store, [case], names) if names else [])
        if fact.status == Status.RECORDED
    }
    made: dict[tuple[str, str | None], CaseFact] = {}
    for each in chosen:
        by = _by(writer.actor, register_time(writer), each)
        row = _row(case, document, each, known_from)
        try:
            fact = fact_of(row, texts, held, lambda _, by=by: by)  # type: ignore[misc]
        except FieldError as error:
            raise InputError(f"{each.field} {each.value!r} can't be accepted: {error}") from None
        if fact is not None:
            made.setdefault((fact.field, fact.value), fact)
    numbers = entering.enter_facts(store, writer, list(made.values())) if made else []
    writer.flush()
    note(store, writer, began)
    return numbers


def states(document: Document, suggestion: Suggestion) -> bool:
    """Whether a suggestion of a document would be a fact, accepted as it stands, of a case of which nothing else is known."""
    by = _by("nobody", datetime.now(UTC).replace(tzinfo=None), suggestion)
    row = _row("", document, suggestion, None)
    try:
        return fact_of(row, Texts(None, {document.sha256: document}), {}, lambda _: by) is not None
    except FieldError:
        return False


def _by(actor: str, at: datetime, each: Suggestion) -> By:
    return By(actor, at, f"narrative {SPAN}, rule {each.rule}, version {each.version}")


def _row(case: str, document: Document, each: Suggestion, known_from: str | None) -> Row:
    return {
        "case_id": case,
        "field": each.field,
        "value": each.value,
        "assertion": each.assertion.value,
        "start": str(each.start),
        "end": str(each.end),
        "text": each.span(document.text),
        "rule": each.rule,
        "version": each.version,
        "document": document.name,
        "sha256": document.sha256,
        "known_from": known_from,
    }
