"""A cohort without a series is a cohort without a lead: what a review of 58 unrelated deaths says."""

from __future__ import annotations

import pytest

from openverdict.leads import Settings, review
from openverdict.simulate import cohort_58


@pytest.mark.slow
def test_at_most_one_of_ten_cohorts_without_a_series_gets_a_lead_at_one_a_year():
    """The hundred seeds of `benchmarks/cohort_58.py` gave a lead in five; two or more of ten would be worse than that."""
    with_lead = [
        seed
        for seed in range(1, 11)
        if review(cohort_58(seed).register, Settings(budget=1.0, seed=seed)).series_leads
    ]
    assert len(with_lead) <= 1


def test_a_cohort_with_a_planted_series_is_not_closed_over_it():
    simulated = cohort_58(3, series=4)
    result = review(simulated.register, Settings(budget=1.0))
    planted = set(simulated.series["case_id"])
    assert len(planted & set(result.series_leads[0].cases)) >= 3
