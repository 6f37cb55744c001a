"""Simulated cities with series planted in them: how many are raised, at which death, and at what price in false leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from openverdict.evaluation.nulls import rate_interval
from openverdict.evaluation.power import Setting, interval
from openverdict.leads import Review, Settings, review
from openverdict.simulate import Simulated, simulate_register


def on_planted_series(
    *,
    deaths_a_year: int,
    replicates: int,
    members: int,
    budget: float,
    seed: int,
    kind: str = "outdoor",
    progress: Callable[[str, float], None] = lambda step, share: None,
) -> dict[str, Any]:
    """Power and false leads over `replicates` cities, each with one planted series of `members` deaths.

    A series counts as raised when a lead holds two or more of its members; a lead that holds fewer than two members of any
    one series is false. The years of all cities together are the denominator of the false leads a year.
    """
    setting = Setting(kind, members, deaths_a_year=deaths_a_year)
    cities = []
    for k in range(replicates):
        progress("cities", k / replicates)
        cities.append(one_review(setting, seed + k, budget))
    progress("cities", 1.0)
    return reviewed(cities, members) | {
        "kind": kind,
        "deaths_a_year": deaths_a_year,
        "replicates": replicates,
        "members": members,
        "budget_per_year": budget,
        "seed": seed,
    }


def one_review(setting: Setting, seed: int, budget: float) -> dict[str, Any]:
    """One planted city through the whole review, with its own null registers: members raised, false leads, years."""
    simulated = simulate_register(setting.spec(planted=True), seed)
    result = review(simulated.register, Settings(budget=budget, seed=seed))
    most, wrong = _score(result, simulated)
    return {"raised_with": most, "false": wrong, "years": float(result.summary["years"])}


def reviewed(cities: Sequence[Mapping[str, Any]], members: int) -> dict[str, Any]:
    """Over whole reviews: series raised, and the measured false leads a year, with their intervals."""
    raised = np.array([int(city["raised_with"]) for city in cities])
    false = sum(int(city["false"]) for city in cities)
    years = sum(float(city["years"]) for city in cities)
    hits = int((raised >= 2).sum())
    return {
        "raised": hits,
        "raised_interval": [round(x, 4) for x in interval(hits, len(cities))],
        "raised_with_members": {str(m): int((raised == m).sum()) for m in range(members + 1)},
        "false_leads": false,
        "years": round(years, 2),
        "false_leads_per_year": round(false / years, 3),
        "false_leads_per_year_interval": [round(x, 3) for x in rate_interval(false, years)],
    }


def _score(result: Review, simulated: Simulated) -> tuple[int, int]:
    """Most members of one planted series that a lead holds, and how many leads hold fewer than two of any."""
    series_of = dict(simulated.series.select("case_id", "series_id").iter_rows())
    most, wrong = 0, 0
    for lead in result.series_leads:
        held: dict[str, int] = {}
        for case in lead.cases:
            if case in series_of:
                held[series_of[case]] = held.get(series_of[case], 0) + 1
        best = max(held.values(), default=0)
        most = max(most, best if best >= 2 else 0)
        wrong += best < 2
    return most, wrong
