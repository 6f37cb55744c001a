"""Simulated cities with series planted in them: how many are raised, at which death, and at what price in false leads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from openverdict.leads import Review, Settings, review
from openverdict.simulate import CitySpec, SeriesPlan, Simulated, simulate_register


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
    plan = SeriesPlan(kind=kind, members=members, count=1)
    spec = CitySpec(cases_a_year=deaths_a_year, series=(plan,))
    raised_with: list[int] = []
    false = 0
    years = 0.0
    for k in range(replicates):
        progress("cities", k / replicates)
        simulated = simulate_register(spec, seed + k)
        result = review(simulated.register, Settings(budget=budget, seed=seed + k))
        years += float(result.summary["years"])
        most, wrong = _score(result, simulated)
        raised_with.append(most)
        false += wrong
    progress("cities", 1.0)
    raised = np.array(raised_with)
    return {
        "kind": kind,
        "deaths_a_year": deaths_a_year,
        "replicates": replicates,
        "members": members,
        "budget_per_year": budget,
        "seed": seed,
        "raised": int((raised >= 2).sum()),
        "raised_with_members": {str(m): int((raised == m).sum()) for m in range(members + 1)},
        "false_leads": false,
        "years": round(years, 2),
        "false_leads_per_year": round(false / years, 3),
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
