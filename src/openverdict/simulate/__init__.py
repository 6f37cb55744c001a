"""Registers made from published base rates, with or without planted series, for demos, evaluation and tests.

What comes in: a `CitySpec` and a seed. What goes out: `Simulated`, a register marked as simulated with the truth about
it beside it, and `worked_example()`, the one register of this room that is not simulated. Kinds of death, rates, habits
and kinds of series are data files in `data/`. Nothing here reads a clock or a file outside the package, and no other
room learns anything from this one but through the registers it makes.
"""

from openverdict.simulate.register import simulate_register
from openverdict.simulate.spec import CitySpec, SeriesPlan, Simulated
from openverdict.simulate.types import DeathType, death_types

__all__ = [
    "CitySpec",
    "DeathType",
    "SeriesPlan",
    "Simulated",
    "death_types",
    "simulate_register",
]
