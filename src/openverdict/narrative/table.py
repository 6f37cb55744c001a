"""The suggestions of a register as one table, in the layout that a reviewer fills in."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from openverdict.cases import Register
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
    "accepted": pl.String(),
    "reviewer": pl.String(),
    "at": pl.String(),
}
EVERY = 500  # cases between two words on progress


def suggest_register(
    register: Register,
    read: Callable[[str], list[Suggestion]] = suggest,
    progress: Callable[[str, float], None] | None = None,
) -> pl.DataFrame:
    """What the narratives of a register suggest, in `SUGGESTIONS_SCHEMA`, with the three columns of review left empty.

    Raises:
        MissingPartError: spaCy is not installed (not with `read=suggest_substances`).
    """
    texts = register.table.select("case_id", "narrative").drop_nulls()
    rows: list[tuple[object, ...]] = []
    for number, (case_id, text) in enumerate(texts.iter_rows()):
        if progress and number % EVERY == 0:
            progress("narratives", number / texts.height)
        rows.extend(_row(case_id, text, s) for s in read(text))
    return pl.DataFrame(rows, schema=SUGGESTIONS_SCHEMA, orient="row")


def _row(case_id: str, text: str, s: Suggestion) -> tuple[object, ...]:
    said = (s.assertion.value, s.status, s.start, s.end, s.span(text))
    return (case_id, s.field, s.value, *said, s.rule, s.version, s.confidence, None, None, None)
