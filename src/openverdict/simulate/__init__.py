"""Registers made from published base rates, with or without planted series, for demos, evaluation and tests.

What comes in: a `CitySpec`, or a `CountrySpec` for many cities, and a seed. What goes out: `Simulated` or `Country`, a register
marked as simulated with the truth about it beside it, and `worked_example()`, the one register of this room that is not
simulated. Kinds of death, rates, habits and kinds of series are data files in `data/`. Nothing here reads a clock or a
file outside the package, and no other room learns anything from this one but through the registers it makes.
"""

from openverdict.simulate.city import city_outline
from openverdict.simulate.cohort import cohort_58
from openverdict.simulate.country import Country, CountrySpec, simulate_country
from openverdict.simulate.demo import DEMO_DATES, demo_register
from openverdict.simulate.example import (
    EXAMPLE_CASES,
    worked_example,
    worked_example_facts_path,
)
from openverdict.simulate.register import simulate_register
from openverdict.simulate.spec import CitySpec, SeriesPlan, Simulated
from openverdict.simulate.types import DeathType, death_types

__all__ = [
    "DEMO_DATES",
    "EXAMPLE_CASES",
    "CitySpec",
    "Country",
    "CountrySpec",
    "DeathType",
    "SeriesPlan",
    "Simulated",
    "city_outline",
    "cohort_58",
    "death_types",
    "demo_register",
    "simulate_country",
    "simulate_register",
    "worked_example",
    "worked_example_facts_path",
]
