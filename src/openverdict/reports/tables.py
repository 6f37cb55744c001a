"""The tables of a review as CSV and Parquet, with cells that no spreadsheet runs as a formula."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import polars as pl

from openverdict.leads.results import Review

LEADS_SCHEMA: dict[str, pl.DataType] = {
    "rank": pl.Int64(),
    "lead_id": pl.String(),
    "kind": pl.String(),
    "cases": pl.String(),
    "log10_lr": pl.Float64(),
    "chance_per_year": pl.Float64(),
    "first_raised": pl.Date(),
    "reasons": pl.String(),
    "chance_low": pl.Float64(),
    "chance_high": pl.Float64(),
    "raised_in_replay": pl.Date(),
    "log10_lr_low": pl.Float64(),
    "log10_lr_high": pl.Float64(),
    "log10_lr_reported": pl.Float64(),
}
CASES_SCHEMA: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    "triage_level": pl.Int64(),
    "indicators": pl.String(),
    "contradictions": pl.String(),
    "checks_missing": pl.String(),
}
REJECTS_COLUMNS = ("file", "row", "field", "value", "reason")

CSV_ROWS = 1 << 16  # rows written at a time

# What a spreadsheet takes for a formula, also in full width or after white space; a plain number is none.
_FORMULA = r"^[\s\x00]*[=+\-@\t\r＝＋－＠]"
_PLAIN_NUMBER = r"^[+\-]?\d+(\.\d+)?$"


def leads_table(review: Review) -> pl.DataFrame:
    """One row a lead, in order of rank; ratio, chance rate and their 95 % intervals are empty for single cases, the
    day of the replay also where none was asked for.
    """
    rows = [
        (
            lead.rank,
            lead.lead_id,
            lead.kind,
            ";".join(lead.cases),
            lead.log10_lr,
            lead.chance_per_year,
            lead.first_raised,
            "; ".join(reason.text for reason in lead.reasons),
            lead.chance.low if lead.chance else None,
            lead.chance.high if lead.chance else None,
            lead.replayed.day if lead.replayed else None,
            lead.assessment.low if lead.assessment else None,
            lead.assessment.high if lead.assessment else None,
            lead.assessment.reported if lead.assessment else None,
        )
        for lead in review.leads
    ]
    return pl.DataFrame(rows, schema=LEADS_SCHEMA, orient="row")


def cases_table(review: Review) -> pl.DataFrame:
    """One row a case of the register, in its order; `indicators` are the codes of the reasons, both ways."""
    columns = {
        "case_id": [entry.case_id for entry in review.triage],
        "triage_level": [entry.level for entry in review.triage],
        "indicators": [_joined(entry.codes, ";") for entry in review.triage],
        "contradictions": [_joined(entry.contradictions, "; ") for entry in review.triage],
        "checks_missing": [_joined(entry.checks_missing, ";") for entry in review.triage],
    }
    triaged = pl.DataFrame(columns, schema=CASES_SCHEMA)
    ids = review.register.table.select("case_id")
    return ids.join(triaged, on="case_id", how="left", maintain_order="left")


@lru_cache(maxsize=1 << 16)
def _joined(texts: tuple[str, ...], mark: str) -> str:
    """Texts as one; of a large register many cases share theirs."""
    return mark.join(texts)


def rejects_table(review: Review) -> pl.DataFrame:
    """One row a reject."""
    return review.rejects.select(REJECTS_COLUMNS)


def safe_csv(table: pl.DataFrame, *, header: bool = True) -> bytes:
    """A table as UTF-8 CSV; a text cell that a spreadsheet would run gets a leading apostrophe."""
    texts = [name for name, dtype in table.schema.items() if dtype == pl.String]
    guarded = table.with_columns(
        pl.when(pl.col(name).str.contains(_FORMULA) & ~pl.col(name).str.contains(_PLAIN_NUMBER))
        .then(pl.concat_str(pl.lit("'"), pl.col(name)))
        .otherwise(pl.col(name))
        .alias(name)
        for name in texts
    )
    return guarded.write_csv(include_header=header).encode()


def safe_csv_parts(table: pl.DataFrame) -> Iterator[bytes]:
    """The same bytes part by part, so that the text of a large table never stands in memory whole."""
    for first in range(0, max(table.height, 1), CSV_ROWS):
        yield safe_csv(table.slice(first, CSV_ROWS), header=first == 0)
