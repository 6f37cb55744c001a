"""A country of simulated cities: as many cases as asked for, no two cities alike, nobody and no place in two of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import ceil, cos, radians

import numpy as np
import polars as pl

from openverdict.cases import Register
from openverdict.errors import InputError
from openverdict.simulate.background import POOL_KEYS, roles
from openverdict.simulate.city import M_PER_DEGREE, ORIGIN_LAT, ORIGIN_LON, Ints
from openverdict.simulate.register import simulate_register
from openverdict.simulate.spec import CitySpec, Simulated
from openverdict.simulate.table import MOST_KEYS

APART_M = 200_000.0  # centre to centre; a city is 51 km across
MOST_LAT, MOST_LON = 60.0, 175.0
SIZES = (0.6, 1.4)  # of cities, relative to each other


@dataclass(frozen=True)
class CountrySpec:
    """What is asked of a country.

    Attributes:
        cases: Cases in the whole register, incidents and deaths recorded twice among them.
        cities: How many cities; None: as many as give each about the deaths of `city`.
        city: What holds for every city. Its `cases_a_year` gives their mean size when `cities` is None; place, prefix and
            offsets are each city's own; `series` are planted in every city; `city_seed` says which country.
    """

    cases: int = 1_000_000
    cities: int | None = None
    city: CitySpec = field(default_factory=CitySpec)

    def __post_init__(self) -> None:
        if self.cities is not None and self.cities < 1:
            raise InputError(f"{self.cities} cities hold nobody; ask for one or more")
        if self.cases < self.count:
            raise InputError(
                f"{self.cases} cases are too few for {self.count} cities; each needs at least one"
            )

    @property
    def count(self) -> int:
        """How many cities."""
        return self.cities or max(1, round(self.cases / self.city.deaths))


@dataclass(frozen=True)
class Country:
    """A simulated country: the register and what its readers must not see, as of `Simulated`, with the number of the city.

    Identifiers of planted series begin with those of their city.
    """

    register: Register
    series: pl.DataFrame
    truth: pl.DataFrame
    spec: CountrySpec
    seed: int


def simulate_country(
    spec: CountrySpec, seed: int, progress: Callable[[str, float], None] | None = None
) -> Country:
    """Cities made one after the other, the same bytes for the same spec and seed.

    `progress` is told which city is being made and the part that is done.

    Raises:
        InputError: more cities than there is room for on the map, or more persons than there are numbers for.
    """
    seeds = np.random.SeedSequence(seed).generate_state(spec.count, np.uint64) >> np.uint64(1)
    tables, statuses, series, truth = [], [], [], []
    sizes = city_sizes(spec)
    for number, one in enumerate(city_specs(spec)):
        if progress is not None:
            progress(f"city {number + 1} of {spec.count}", number / spec.count)
        made = simulate_register(one, int(seeds[number]))
        kept = _kept(made, int(sizes[number]))
        table = made.register.table.join(kept, on="case_id", how="semi")
        tables.append(table.select(s for s in table.iter_columns() if s.null_count() < len(s)))
        statuses.append(made.register.statuses.join(kept, on="case_id", how="semi"))
        own = pl.concat_str(pl.lit(one.prefix), "series_id").alias("series_id")
        series.append(made.series.with_columns(own))
        city = pl.lit(number + 1, pl.Int64).alias("city")
        truth.append(made.truth.join(kept, on="case_id", how="semi").with_columns(city))
    joined = pl.concat(tables, how="diagonal")
    tables.clear()
    register = Register.from_table(joined, pl.concat(statuses), simulated=True)
    return Country(register, pl.concat(series), pl.concat(truth), spec, seed)


def city_sizes(spec: CountrySpec) -> Ints:
    """Cases of each city; they add up to those of the country."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([spec.city.city_seed, 1])))
    parts = np.cumsum(rng.uniform(*SIZES, spec.count))
    # Every city has one case before the rest is dealt out, so that none is empty.
    ends = np.floor((spec.cases - spec.count) * parts / parts[-1]).astype(np.int64)
    ends[-1] = spec.cases - spec.count
    sizes: Ints = np.diff(ends, prepend=0) + 1
    return sizes


def city_specs(spec: CountrySpec) -> list[CitySpec]:
    """What is asked of each city: a little more cases than its size, a layout and a place of its own."""
    sizes = city_sizes(spec)
    deaths = [ceil((size + 1) / (1 + spec.city.incident_share)) for size in sizes.tolist()]
    a_year = [ceil(count / spec.city.years) for count in deaths]
    # Persons of one case have numbers up to a city's rows times the slots that a case has for them; rows that are
    # recorded twice have none of their own.
    rows = max(ceil(each * spec.city.years * (1 + spec.city.incident_share)) + 1 for each in a_year)
    keys = POOL_KEYS + rows * (len(roles()) + 3)
    if keys * spec.count > MOST_KEYS:
        raise InputError(
            f"{spec.cases:,} cases in {spec.count:,} cities have more persons than there are numbers for; ask for fewer"
        )
    width = len(str(spec.count))
    return [
        replace(
            spec.city,
            cases_a_year=a_year[number],
            city_seed=_city_seed(spec, number),
            prefix=f"{spec.city.prefix}{number + 1:0{width}d}-",
            key_offset=number * keys,
            pool_offset=number * keys,
            origin=origin,
            label=f"city {number + 1:0{width}d} ",
        )
        for number, origin in enumerate(_origins(spec.count))
    ]


def _city_seed(spec: CountrySpec, number: int) -> int:
    return int(np.random.SeedSequence([spec.city.city_seed, 2, number]).generate_state(1)[0])


def _origins(count: int) -> list[tuple[float, float]]:
    """Centres of cities on a grid, from its middle outwards, APART_M from their neighbours."""
    step = APART_M / M_PER_DEGREE
    found: list[tuple[float, float]] = []
    for ring in range(round(180 / step)):
        for row in range(-ring, ring + 1):
            lat = ORIGIN_LAT + row * step
            if abs(lat) > MOST_LAT:
                continue
            for column in range(-ring, ring + 1) if abs(row) == ring else (-ring, ring):
                lon = ORIGIN_LON + column * step / cos(radians(lat))
                if abs(lon) <= MOST_LON:
                    found.append((round(lat, 6), round(lon, 6)))
                    if len(found) == count:
                        return found
    raise InputError(f"{count:,} cities do not fit on the map; ask for {len(found):,} or fewer")


def _kept(made: Simulated, size: int) -> pl.DataFrame:
    """The case numbers of `size` cases: what is too many goes from among those that belong to nothing, evenly in time."""
    truth = made.truth.sort("case_id")
    referred = pl.concat(
        [truth.get_column("duplicate_of").drop_nulls(), made.series.get_column("case_id")]
    )
    free = truth.filter(
        pl.col("duplicate_of").is_null(), ~pl.col("case_id").is_in(referred.implode())
    )
    plain = free.filter(pl.all_horizontal(pl.col("hot_spot", "batch", "surge").is_null()))
    surplus = len(truth) - size
    among = plain if len(plain) >= surplus else free
    at = np.linspace(0, len(among) - 1, surplus).astype(np.int64) if surplus else np.zeros(0, int)
    gone = among.get_column("case_id").gather(at)
    return truth.select("case_id").filter(~pl.col("case_id").is_in(gone.implode()))
