"""Suggestions as one table, in the layout that a reviewer fills in; here those of a register's narratives."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from openverdict.cases import Register
from openverdict.documents import Document
from openverdict.narrative.suggest import suggest
from openverdict.narrative.suggestion import Suggestion

SUGGESTIONS_SCHEMA: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    "field": pl.String(),
    "value": pl.String(),
    "assertion": pl.String(),
    "status": pl.String(),
    "start": pl.Int64(),
    "end": pl.Int64(),
    "text": pl.String(),
    "rule": pl.String(),
    "version": pl.String(),
    "confidence": pl.Float64(),
    "document": pl.String(),
    "sha256": pl.String(),
    "place": pl.String(),
    "known_from": pl.String(),
    "accepted": pl.String(),
    "reviewer": pl.String(),
    "at": pl.String(),
}
# Of a document alone: its name, the hash of its bytes, where in it the words stand, from which day on it was known.
OF_DOCUMENTS = ("document", "sha256", "place", "known_from")
EVERY = 500  # cases between two words on progress


def suggest_register(
    register: Register,
    read: Callable[[str], list[Suggestion]] = suggest,
    progress: Callable[[str, float], None] | None = None,
) -> pl.DataFrame:
    """What the narratives of a register suggest, in `SUGGESTIONS_SCHEMA`, with the three columns of review left empty."""
    texts = register.table.select("case_id", "narrative").drop_nulls()
    rows: list[tuple[object, ...]] = []
    for number, (case_id, text) in enumerate(texts.iter_rows()):
        if progress and number % EVERY == 0:
            progress("narratives", number / texts.height)
        rows.extend(suggestion_row(case_id, text, s) for s in read(text))
    return pl.DataFrame(rows, schema=SUGGESTIONS_SCHEMA, orient="row")


def suggestion_row(
    case_id: str,
    text: str,
    s: Suggestion,
    document: Document | None = None,
    name: str | None = None,
    known_from: str | None = None,
) -> tuple[object, ...]:
    """One suggestion in the columns of `SUGGESTIONS_SCHEMA`; `text` is a narrative, or that of a document."""
    said = (s.assertion.value, s.status, s.start, s.end, s.span(text))
    where: tuple[str | None, ...] = (None, None, None, None)
    if document is not None:
        where = (name, document.sha256, document.where(s.start, s.end), known_from)
    review = (None, None, None)
    return (case_id, s.field, s.value, *said, s.rule, s.version, s.confidence, *where, *review)
