"""The counts of a review, read from its summary and, where the summary is silent, from the review itself.

Keys of `Review.summary` that the report shows (all optional; what is absent is said to be absent):
rejected_rows, pairs_total, pairs_ledger, pairs_remainder, ledger_floor_log10_lr, lead_bar_strength, budget_per_year,
null_registers, drawn_registers, null_years, chance_classes, chance_fits, years, seed, model_version, model_hash,
register_hash; best_log10_lr, best_strength,
best_chance_per_year and best_cases (the strongest group, whether or not it is put forward); types_of_death (names);
prior_one_death_in; notes (sentences of intake) and sources (a table a file).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from openverdict.cases.words import plain
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
    duplicates: tuple[tuple[str, str], ...]
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
    drawn_registers: int
    null_years: float | None
    classes: tuple[tuple[str, float], ...]
    tails: tuple[int, int]
    years: float | None
    seed: str
    model_version: str
    model_hash: str
    register_hash: str
    best_log10: float | None
    best_strength: float | None
    best_chance: float | None
    best_cases: tuple[str, ...]
    types_of_death: tuple[str, ...]
    variables: int
    prior_one_in: float | None
    notes: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def no_chance(self) -> bool:
        """Whether this run measured no chance, by its own word."""
        return self.null_registers == 0


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
        duplicates=tuple((a, b) for a, b in summary.get("possible_duplicates", ())),
        first_found=first if isinstance(first, date) else None,
        last_found=last if isinstance(last, date) else None,
        pairs_total=pairs_total,
        pairs_ledger=ledger,
        pairs_remainder=_whole(summary, "pairs_remainder", pairs_total - ledger),
        series_leads=len(review.series_leads),
        case_leads=len(review.leads) - len(review.series_leads),
        as_of=review.register.known_on,
        floor=_number(summary, "ledger_floor_log10_lr"),
        bar=_number(summary, "lead_bar_strength"),
        budget=_number(summary, "budget_per_year"),
        null_registers=_whole_or_none(summary, "null_registers"),
        drawn_registers=_whole(summary, "drawn_registers", 0),
        null_years=_number(summary, "null_years"),
        classes=tuple((str(k), float(v)) for k, v in summary.get("chance_classes", {}).items()),
        tails=_tails(summary),
        years=_number(summary, "years"),
        seed=_words(summary, "seed"),
        model_version=_words(summary, "model_version"),
        model_hash=_words(summary, "model_hash"),
        register_hash=_words(summary, "register_hash"),
        best_log10=_number(summary, "best_log10_lr"),
        best_strength=_number(summary, "best_strength"),
        best_chance=_number(summary, "best_chance_per_year"),
        best_cases=_texts(summary, "best_cases"),
        types_of_death=tuple(map(plain, _texts(summary, "types_of_death"))),
        variables=sum(
            name.startswith("lr_") and name != "lr_relation" for name in review.links.columns
        ),
        prior_one_in=_number(summary, "prior_one_death_in"),
        notes=_texts(summary, "notes"),
        sources=_texts(summary, "sources"),
    )


def _tails(summary: Mapping[str, Any]) -> tuple[int, int]:
    """How many samples of null groups there are, and in how many of them no tail fits."""
    fits = [fit for fit in summary.get("chance_fits", {}).values() if fit["leads"] > 1]
    return len(fits), sum(fit["exceedances"] == 0 for fit in fits)


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


def _texts(summary: Mapping[str, object], key: str) -> tuple[str, ...]:
    """A list of the summary as sentences, a table on one line."""
    entries = summary.get(key)
    if not isinstance(entries, (list, tuple)):
        return ()
    return tuple(
        _table_words(entry) if isinstance(entry, Mapping) else str(entry) for entry in entries
    )


def _table_words(entry: Mapping[str, object]) -> str:
    """A small table on one line: its name, then the rest; a long hash by its first letters."""
    name = entry.get("name", entry.get("file"))
    rest = [
        f"{key.replace('_', ' ')} {str(value)[:12] if key == 'sha256' else value}"
        for key, value in entry.items()
        if key not in ("name", "file")
    ]
    return ", ".join(rest) if name is None else f"{name} ({', '.join(rest)})"
