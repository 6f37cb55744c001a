"""The counts of a review, read from its summary and, where the summary is silent, from the review itself.

Keys of `Review.summary` that the report shows (all optional; what is absent is said to be absent):
cases, rejected_rows, pairs_total, pairs_ledger, pairs_remainder, floor_log10_lr, bar, budget_per_year, null_registers,
years, seed, model_version, model_hash, register_hash, best_series_log10_lr, best_series_chance_per_year and
best_series_words (the strongest group whether or not it reached the bar), and `method`, a table of name → number or
words that the page on method lists as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from openverdict.leads.results import Review


@dataclass(frozen=True, slots=True)
class Totals:
    """The numbers of one review."""

    cases: int
    deaths: int
    incidents: int
    without_place: int
    without_time: int
    without_interval: int
    rejected_rows: int
    undated_rows: int
    first_found: date | None
    last_found: date | None
    pairs_total: int
    pairs_ledger: int
    pairs_remainder: int
    series_leads: int
    case_leads: int
    as_of: date | None
    floor: float | None
    bar: float | None
    budget: float | None
    null_registers: int | None
    years: float | None
    seed: str
    model_version: str
    model_hash: str
    register_hash: str
    best_series: float | None
    best_series_chance: float | None
    best_series_words: str
    method: tuple[tuple[str, str], ...]


NOT_STATED = "not stated"


def totals(review: Review) -> Totals:
    """Everything the report counts, in one place, so that every page says the same."""
    table, summary = review.register.table, review.summary
    n = table.height
    incidents = table.filter(pl.col("kind") == "incident").height
    found = table.get_column("found_at")
    pairs_total = _whole(summary, "pairs_total", n * (n - 1) // 2)
    ledger = _whole(summary, "pairs_ledger", review.links.height)
    first, last = found.min(), found.max()
    return Totals(
        cases=n,
        deaths=n - incidents,
        incidents=incidents,
        without_place=table.filter(
            pl.col("found_lat").is_null() | pl.col("found_lon").is_null()
        ).height,
        without_time=found.null_count(),
        without_interval=table.get_column("last_known_alive_at").null_count(),
        rejected_rows=_whole(summary, "rejected_rows", review.rejects.height),
        undated_rows=review.register.undated_rows,
        first_found=first if isinstance(first, date) else None,
        last_found=last if isinstance(last, date) else None,
        pairs_total=pairs_total,
        pairs_ledger=ledger,
        pairs_remainder=_whole(summary, "pairs_remainder", pairs_total - ledger),
        series_leads=len(review.series_leads),
        case_leads=len(review.leads) - len(review.series_leads),
        as_of=review.register.known_on,
        floor=_number(summary, "floor_log10_lr"),
        bar=_number(summary, "bar"),
        budget=_number(summary, "budget_per_year"),
        null_registers=_whole_or_none(summary, "null_registers"),
        years=_number(summary, "years"),
        seed=_words(summary, "seed"),
        model_version=_words(summary, "model_version"),
        model_hash=_words(summary, "model_hash"),
        register_hash=_words(summary, "register_hash"),
        best_series=_number(summary, "best_series_log10_lr"),
        best_series_chance=_number(summary, "best_series_chance_per_year"),
        best_series_words=str(summary.get("best_series_words") or ""),
        method=_method(summary),
    )


def _number(summary: Mapping[str, object], key: str) -> float | None:
    value = summary.get(key)
    return float(value) if isinstance(value, (int, float)) else None


def _whole_or_none(summary: Mapping[str, object], key: str) -> int | None:
    value = _number(summary, key)
    return None if value is None else round(value)


def _whole(summary: Mapping[str, object], key: str, otherwise: int) -> int:
    value = _whole_or_none(summary, key)
    return otherwise if value is None else value


def _words(summary: Mapping[str, object], key: str) -> str:
    value = summary.get(key)
    return NOT_STATED if value is None else str(value)


def _method(summary: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    method = summary.get("method")
    if not isinstance(method, Mapping):
        return ()
    return tuple(
        (str(name).replace("_", " "), f"{value:g}" if isinstance(value, float) else str(value))
        for name, value in sorted(method.items())
    )
