"""The reviewed cohort: 58 GHB deaths in the city, June 2011 to October 2015, with or without a planted series."""

from __future__ import annotations

from datetime import date

from openverdict.simulate.register import simulate_counts, streams
from openverdict.simulate.spec import CitySpec, SeriesPlan, Simulated

COHORT_START = date(2011, 6, 1)
COHORT_DAYS = (date(2015, 10, 31) - COHORT_START).days + 1
COHORT_SIZE = 58


def cohort_58(seed: int, series: int = 0, spec: CitySpec | None = None) -> Simulated:
    """58 GHB deaths that have nothing to do with each other, or of which `series` belong to one outdoor series.

    `spec` sets what was recorded of them (missing, wrong, precision, city); its times, counts and plans are not read.
    """
    given = spec or CitySpec()
    whole = CitySpec(
        cases_a_year=round(COHORT_SIZE * 365.25 / COHORT_DAYS),
        years=COHORT_DAYS / 365.25,
        start=COHORT_START,
        missing_share=given.missing_share,
        wrong_share=given.wrong_share,
        duplicate_share=0.0,
        incident_share=0.0,
        date_only_share=given.date_only_share,
        hot_spots=0.0,
        batches_a_year=0.0,
        surges_a_year=0.0,
        trend_a_year=0.15,
        series=(SeriesPlan("cohort_outdoor", series),) if series else (),
        city_seed=given.city_seed,
        prefix="G-",
        key_offset=1_000_000_000,
    )
    return simulate_counts(streams(seed), whole, seed, {"ghb_cohort": COHORT_SIZE})
