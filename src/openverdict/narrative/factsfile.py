"""A register and what was accepted as one table in the layout of a facts file."""

from __future__ import annotations

import polars as pl

from openverdict.cases import FACTS_SCHEMA, Register, Status
from openverdict.intake import template_texts


def with_register(register: Register, accepted: pl.DataFrame, source: str) -> pl.DataFrame:
    """Every cell of a register as a fact, with the accepted ones: a facts file that is read instead of the register.

    A cell's `known_from` is its row's; cases that came as facts keep theirs, dates, sources and all.
    """
    came = set(register.facts.get_column("case_id"))
    texts = template_texts(register).filter(~pl.col("case_id").is_in(list(came)))
    known = register.table.select("case_id", "known_from")
    cells = (
        texts.drop("known_from")
        .unpivot(index="case_id", variable_name="field", value_name="value")
        .drop_nulls("value")
        .join(known, on="case_id", how="left", maintain_order="left")
    )
    words = {str(s) for s in Status} - {str(Status.RECORDED)}
    is_word = pl.col("value").is_in(list(words))
    rows = cells.select(
        "case_id",
        "field",
        value=pl.when(~is_word).then("value"),
        status=pl.when(is_word).then("value").otherwise(pl.lit(str(Status.RECORDED))),
        known_from="known_from",
        recorded_at=pl.lit(None, pl.Datetime("us")),
        source=pl.lit(source),
        author=pl.lit(""),
    )
    return pl.concat([rows.cast(FACTS_SCHEMA), register.facts, accepted]).sort(  # type: ignore[arg-type]
        "case_id", maintain_order=True
    )
