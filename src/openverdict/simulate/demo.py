"""The demo's register: the worked example inside a simulated city and a simulated cohort."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from openverdict.cases import Register
from openverdict.simulate.cohort import cohort_58
from openverdict.simulate.example import worked_example
from openverdict.simulate.register import simulate_register
from openverdict.simulate.spec import CitySpec

# The days on which the demo looks at the register: each of the deaths found, and the family's concern.
DEMO_DATES = (date(2014, 6, 19), date(2014, 8, 28), date(2014, 9, 20), date(2015, 9, 25))
# A whole city year stands before the first of them, and the city goes on to the last.
DEMO_CITY = CitySpec(
    start=date(2013, 6, 1),
    years=2.33,
    type_shares={"chemsex": 0.0004},  # the cohort brings the GHB deaths, at their published rate
)


def demo_register(
    seed: int = 1, *, enquiry: bool = False, cases_a_year: int | None = None
) -> Register:
    """The worked example's cases, a simulated city from June 2013 to September 2015 and a simulated cohort of 58.

    Case numbers `S-…` are the city's and `G-…` the cohort's; only the example's own cases are real. With `cases_a_year`
    the city is smaller than the published 10,978 deaths a year.
    """
    city = DEMO_CITY if cases_a_year is None else replace(DEMO_CITY, cases_a_year=cases_a_year)
    simulated = simulate_register(city, seed).register + cohort_58(seed).register
    return simulated + worked_example(enquiry)
