"""What is asked of the simulator, and what it hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from openverdict.cases import Register
from openverdict.errors import InputError
from openverdict.simulate.city import ORIGIN
from openverdict.simulate.rates import rates, series_entries, type_entries

_CITY = rates()["city"]
_SHARES = rates()["shares"]


@dataclass(frozen=True)
class SeriesPlan:
    """Series to plant: `count` of one `kind` (an entry of `data/series.toml`), each with `members` deaths.

    `theta` replaces the kind's consistencies: one number for every feature, or None for the numbers of the file.
    `gap_days` replaces the shortest and the longest gap between two deaths of the series.
    """

    kind: str = "outdoor"
    members: int = 4
    count: int = 1
    theta: float | None = None
    gap_days: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.kind not in series_entries():
            raise InputError(
                f"no series of kind {self.kind!r}; kinds: {', '.join(series_entries())}"
            )
        if self.members < 2 or self.count < 1:
            raise InputError("a series has at least two members, and a plan at least one series")
        if self.theta is not None and not 0 <= self.theta <= 1:
            raise InputError(f"theta {self.theta} is not a part; write a number from 0 to 1")


@dataclass(frozen=True)
class CitySpec:
    """Every knob of a simulated city register; sources of the defaults stand in `data/rates.toml`.

    Attributes:
        cases_a_year: Deaths a year; the default is one city's death reports to the police in 2022.
        years: Length of the register.
        start: First day.
        missing_share: Mean, over fields, of the part of values that nobody recorded.
        wrong_share: Part of the recorded codes that are wrong.
        duplicate_share: Part of deaths recorded twice, by two units.
        incident_share: Non-fatal incidents, as a part of the number of deaths.
        date_only_share: Part of the times recorded as a date alone.
        hot_spots: Addresses with several deaths of their own, for each 22,000 deaths.
        batches_a_year: Supply batches for each 10,978 deaths: ten days of one rare set of substances.
        surges_a_year: Local surges of one type for each 10,978 deaths.
        trend_a_year: Relative growth of the number of deaths from one year to the next.
        type_shares: Shares of single types that replace those of `data/types.toml`, for example `{"chemsex": 0.0}`.
        series: What to plant.
        city_seed: Which city: the same city for every seed of a register.
        prefix: How case numbers begin.
        key_offset: Keeps persons who belong to one case apart from those of another register made for the same city.
        pool_offset: Keeps persons who meet many cases in their work apart from those of another city.
        origin: Latitude and longitude of the city's centre.
        label: What the names of its districts, areas, spots and units begin with.
    """

    cases_a_year: int = _CITY["cases_a_year"]
    years: float = 2.0
    start: date = date(2013, 1, 1)
    missing_share: float = _SHARES["missing"]
    wrong_share: float = _SHARES["wrong"]
    duplicate_share: float = _SHARES["duplicate"]
    incident_share: float = _SHARES["incident"]
    date_only_share: float = _SHARES["date_only"]
    hot_spots: float = rates()["hot_spots"]["count"]
    batches_a_year: float = rates()["batches"]["a_year"]
    surges_a_year: float = rates()["surges"]["a_year"]
    trend_a_year: float = 0.02
    type_shares: Mapping[str, float] = field(default_factory=dict)
    series: tuple[SeriesPlan, ...] = ()
    city_seed: int = 33
    prefix: str = "S-"
    key_offset: int = 0
    pool_offset: int = 0
    origin: tuple[float, float] = ORIGIN
    label: str = ""

    def __post_init__(self) -> None:
        for name in ("missing_share", "wrong_share", "duplicate_share", "date_only_share"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name} {getattr(self, name)} is not a part; write 0 to below 1")
        unknown = sorted(set(self.type_shares) - set(type_entries()))
        if unknown:
            raise InputError(
                f"no type of death {unknown[0]!r}; see openverdict.simulate.death_types"
            )
        if self.deaths < 1:
            raise InputError("a register needs at least one death; give more cases_a_year or years")

    @property
    def deaths(self) -> int:
        """Deaths in the whole register, duplicates not counted."""
        return round(self.cases_a_year * self.years)

    @property
    def days(self) -> int:
        """Length of the register in days."""
        return max(1, round(self.years * 365.25))


@dataclass(frozen=True)
class Simulated:
    """A simulated register with what its readers must not see.

    `series` has a row for each planted member: case_id, series_id, series_kind, member (1 is the first death) and
    copied_from, the earlier member it copies. `truth` has a row for each case: case_id, type, hot_spot, batch, surge,
    duplicate_of, unit (a district), true_lat, true_lon, true_found_at, and the coded values before anything was lost or
    coded wrongly, as numbers (for lists as bits) of `openverdict.simulate.types.words()`.
    """

    register: Register
    series: pl.DataFrame
    truth: pl.DataFrame
    spec: CitySpec
    seed: int
