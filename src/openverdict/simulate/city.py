"""The simulated city: districts, neighbourhoods, town centres, a river and sites. No real place but for its extent.

Positions are metres east and north of an origin, ORIGIN unless a spec names another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from openverdict.simulate.rates import rates

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ORIGIN_LAT, ORIGIN_LON = 51.49, -0.088
ORIGIN = (ORIGIN_LAT, ORIGIN_LON)
M_PER_DEGREE = 111_320.0
M_PER_DEGREE_LON = M_PER_DEGREE * float(np.cos(np.radians(ORIGIN_LAT)))
HALF_WIDTH_M, HALF_HEIGHT_M = 25_500.0, 20_000.0  # an ellipse of about 1,600 km2
DISTRICTS, NEIGHBOURHOODS = 33, 8  # neighbourhoods are counted within a district


@dataclass(frozen=True)
class City:
    """One made-up city; arrays are indexed by district, neighbourhood or site."""

    district_x: Floats
    district_y: Floats
    area_x: Floats  # neighbourhoods, DISTRICTS × NEIGHBOURHOODS of them
    area_y: Floats
    area_weight: Floats
    area_sd_m: Floats
    centre_x: Floats  # town centres
    centre_y: Floats
    centre_weight: Floats
    site_x: dict[str, Floats]
    site_y: dict[str, Floats]
    first_spot: dict[str, int]

    def district_of(self, x: Floats, y: Floats) -> Ints:
        """The nearest district."""
        return _nearest(x, y, self.district_x, self.district_y)

    def homes(self, rng: np.random.Generator, n: int) -> tuple[Floats, Floats, Ints]:
        """Homes drawn over the population: east, north, neighbourhood."""
        area = np.searchsorted(np.cumsum(self.area_weight), rng.random(n)).clip(
            max=len(self.area_weight) - 1
        )
        x = self.area_x[area] + rng.standard_normal(n) * self.area_sd_m[area]
        y = self.area_y[area] + rng.standard_normal(n) * self.area_sd_m[area]
        return x, y, area.astype(np.int64)

    def near_centre(
        self, rng: np.random.Generator, x: Floats, y: Floats, local: Floats, sd_m: float
    ) -> tuple[Floats, Floats]:
        """A point near a town centre: the one nearest home with probability `local`, or any by its weight."""
        n = len(x)
        centre = np.searchsorted(np.cumsum(self.centre_weight), rng.random(n)).clip(
            max=len(self.centre_weight) - 1
        )
        near = rng.random(n) < local
        centre[near] = _nearest(x[near], y[near], self.centre_x, self.centre_y)
        dx, dy = rng.standard_normal((2, n)) * sd_m
        return self.centre_x[centre] + dx, self.centre_y[centre] + dy

    def river(self, rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        """Points along the river."""
        x = rng.uniform(-HALF_WIDTH_M, HALF_WIDTH_M, n)
        return x, _river_y(x) + rng.standard_normal(n) * 90.0


def _river_y(x: Floats) -> Floats:
    return 1800.0 * np.sin(x / 3800.0) + 900.0 * np.sin(x / 1500.0) - 800.0


def _nearest(x: Floats, y: Floats, to_x: Floats, to_y: Floats) -> Ints:
    best = np.zeros(len(x), dtype=np.int64)
    least = np.full(len(x), np.inf)
    for number in range(len(to_x)):
        square = (x - to_x[number]) ** 2 + (y - to_y[number]) ** 2
        closer = square < least
        best[closer] = number
        least[closer] = square[closer]
    return best


def _spread(rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
    """Points inside the ellipse, kept apart: the best of twelve candidates each time."""
    x, y = np.empty(n), np.empty(n)
    for number in range(n):
        radius = np.sqrt(rng.uniform(0, 0.85, 12))
        angle = rng.uniform(0, 2 * np.pi, 12)
        tries_x = HALF_WIDTH_M * radius * np.cos(angle)
        tries_y = HALF_HEIGHT_M * radius * np.sin(angle)
        if number == 0:
            x[0], y[0] = 0.0, 0.0
            continue
        apart = np.hypot(tries_x[:, None] - x[:number], tries_y[:, None] - y[:number]).min(axis=1)
        best = int(apart.argmax())
        x[number], y[number] = tries_x[best], tries_y[best]
    return x, y


@cache
def make_city(city_seed: int) -> City:
    """The city of one seed."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([city_seed, 0])))
    district_x, district_y = _spread(rng, DISTRICTS)
    reach = np.hypot(district_x / HALF_WIDTH_M, district_y / HALF_HEIGHT_M)
    population = rng.uniform(0.6, 1.4, DISTRICTS) * (1.25 - 0.5 * reach)
    n_areas = DISTRICTS * NEIGHBOURHOODS
    home = np.repeat(np.arange(DISTRICTS), NEIGHBOURHOODS)
    area_x = district_x[home] + rng.standard_normal(n_areas) * 2000.0
    area_y = district_y[home] + rng.standard_normal(n_areas) * 2000.0
    weight = population[home] * rng.uniform(0.4, 1.6, n_areas)
    centre_x = district_x + rng.standard_normal(DISTRICTS) * 500.0
    centre_y = district_y + rng.standard_normal(DISTRICTS) * 500.0
    centre_weight = population * np.exp(-2.0 * reach) * rng.uniform(0.5, 2.0, DISTRICTS)
    draft = City(
        district_x,
        district_y,
        area_x,
        area_y,
        weight / weight.sum(),
        rng.uniform(500.0, 1100.0, n_areas),
        centre_x,
        centre_y,
        centre_weight / centre_weight.sum(),
        {},
        {},
        {},
    )
    first = 0
    for kind, count in rates()["sites"].items():
        if kind == "bridge":
            x = np.sort(rng.uniform(-0.8 * HALF_WIDTH_M, 0.8 * HALF_WIDTH_M, count))
            y = _river_y(x)
        else:
            x, y, _ = draft.homes(rng, count)
        draft.site_x[kind], draft.site_y[kind] = x, y
        draft.first_spot[kind] = first
        first += count
    return draft


def to_degrees(x: Floats, y: Floats, origin: tuple[float, float] = ORIGIN) -> tuple[Floats, Floats]:
    """(latitude, longitude) of positions in metres east and north of `origin`."""
    lat, lon = origin
    m_per_degree_lon = M_PER_DEGREE * float(np.cos(np.radians(lat)))
    return lat + y / M_PER_DEGREE, lon + x / m_per_degree_lon


def city_outline() -> tuple[Floats, Floats]:
    """The city's outline as (latitudes, longitudes), closed; made up, for maps of simulated registers."""
    angle = np.linspace(0.0, 2 * np.pi, 73)
    return to_degrees(HALF_WIDTH_M * np.cos(angle), HALF_HEIGHT_M * np.sin(angle))
