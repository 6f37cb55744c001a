"""True densities of recorded places and homes, by type of death, and of a place that was copied from another case.

Densities are per square metre. A recorded place lies within its precision of the true one, taken as a normal distribution
of the same variance.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from openverdict.evaluation.densities import CodeField
from openverdict.evaluation.observed import FloatArray, IntArray, Observed, spot_label
from openverdict.simulate.city import HALF_WIDTH_M, City, make_city
from openverdict.simulate.rates import rates
from openverdict.simulate.types import death_types, words

CENTRE_SD_M, OPEN_SD_M, RIVER_SD_M = 450.0, 1800.0, 90.0  # as the simulator's city draws them
HOME_STEP_DEGREES = 0.01  # homes are recorded to two digits
HOME_BLUR = 1e5  # square metres: the rounding of a recorded home
STRAY = 1e-12  # a square metre: a place where nobody is expected
NOVEL_SPOT = 0.01  # part of unrelated deaths at an address of its own that bears a label
SOURCE_HAS_SPOT = (
    0.6  # an earlier member without a label is at the spot of its series with this chance
)


def normal(dx: FloatArray, dy: FloatArray, variance: FloatArray | float) -> FloatArray:
    """Density of a round normal distribution in the plane."""
    density: FloatArray = np.exp(-(dx**2 + dy**2) / (2 * variance)) / (2 * np.pi * variance)
    return density


class Places:
    """Densities of each case's recorded place and home, summed over the kinds of place it may be.

    Shape (types, cases) each: `alone`, nothing copied; `kind_copied`, the kind of place carried over and the point not;
    `point_copied`, the point carried over (its density left out) and the kind not; `both_copied`. `home_given_place` and
    `home_density` are those of the home, for cases found there and elsewhere.
    """

    def __init__(
        self, seen: Observed, city_seed: int, place_kind: CodeField, unlabelled: float
    ) -> None:
        self.seen = seen
        self.city_seed = city_seed
        self.city = make_city(city_seed)
        self.unlabelled = unlabelled
        self.placed = np.isfinite(seen.x)
        self.variance = np.where(self.placed, seen.precision_m, 0.0) ** 2 / 4
        self.homed = np.isfinite(seen.home_x)
        self.home_density = np.where(
            self.homed,
            self._population(seen.home_x, seen.home_y, np.full(len(seen), HOME_BLUR)),
            1.0,
        )
        step = HOME_STEP_DEGREES * 111_320.0 / np.sqrt(12)
        blur = (step**2 * 0.69 + self.variance).clip(1.0)  # the mean of the two axes
        near = normal(seen.home_x - seen.x, seen.home_y - seen.y, blur)
        self.home_given_place = np.where(
            self.homed,
            np.where(self.placed, np.maximum(near, 1e-3 * STRAY), self.home_density),
            1.0,
        )
        shape = (len(death_types()), len(seen))
        self.alone, self.kind_copied = np.zeros(shape), np.zeros(shape)
        self.point_copied, self.both_copied = np.zeros(shape), np.zeros(shape)
        recorded = place_kind.of_true()
        local, anywhere = self._by_mode()
        for t, kind in enumerate(death_types().values()):
            for k, word in enumerate(words()["found_place_kind"].values):
                part = place_kind.true[t, k]
                if part == 0:
                    continue
                point = kind.local * local[word] + (1 - kind.local) * anywhere[word]
                home = self.home_given_place if word == "home" else self.home_density
                self.alone[t] += part * recorded[k] * point
                self.kind_copied[t] += part * point
                self.point_copied[t] += part * recorded[k] * home
                self.both_copied[t] += part * home

    def _by_mode(self) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
        """Density of place and home by kind of place: found near home, and found anywhere."""
        seen, city = self.seen, self.city
        population = self._population(seen.x, seen.y, self.variance)
        labelled = seen.spot >= 0
        no_spot = np.where(labelled, NOVEL_SPOT, 1.0)
        local: dict[str, FloatArray] = {}
        anywhere: dict[str, FloatArray] = {}
        for word, mode in rates()["places"].items():
            sd = OPEN_SD_M if mode == "open" else CENTRE_SD_M
            if mode == "home":
                point, home = population * no_spot, self.home_given_place
            elif mode == "population":
                point, home = population * no_spot, self.home_density
            elif mode == "river":
                point, home = self._river() * no_spot, self.home_density
            elif mode == "site":
                at_home = word in ("care_home", "hostel")
                home = self.home_given_place if at_home else self.home_density
                point = self._sites(city, word)
            else:
                point, home = self._centres(sd) * no_spot, self.home_density
            anywhere[word] = np.where(
                self.placed, np.maximum(point, STRAY) * home, self.home_density
            )
            local[word] = anywhere[word]
            if mode in ("centre", "open"):
                near = np.maximum(self._near_home(sd) * no_spot, STRAY)
                local[word] = np.where(self.placed, near, 1.0) * self.home_density
        for word in words()["found_place_kind"].values:
            local.setdefault(word, anywhere["street"])
            anywhere.setdefault(word, anywhere["street"])
        return local, anywhere

    def _population(self, x: FloatArray, y: FloatArray, variance: FloatArray) -> FloatArray:
        total = np.zeros(len(x))
        c = self.city
        for ax, ay, weight, sd in zip(c.area_x, c.area_y, c.area_weight, c.area_sd_m, strict=True):
            total += weight * normal(x - ax, y - ay, sd**2 + variance)
        return total

    def _centres(self, sd: float) -> FloatArray:
        c, seen = self.city, self.seen
        total = np.zeros(len(seen))
        for cx, cy, weight in zip(c.centre_x, c.centre_y, c.centre_weight, strict=True):
            total += weight * normal(seen.x - cx, seen.y - cy, sd**2 + self.variance)
        return total

    def _near_home(self, sd: float) -> FloatArray:
        """Near the town centre nearest to home; over all homes where the home is not recorded."""
        c, seen = self.city, self.seen
        x = np.where(self.homed, seen.home_x, 0.0)
        y = np.where(self.homed, seen.home_y, 0.0)
        apart = (c.centre_x[:, None] - x) ** 2 + (c.centre_y[:, None] - y) ** 2
        nearest = np.argmin(apart, 0)
        known = normal(
            seen.x - c.centre_x[nearest], seen.y - c.centre_y[nearest], sd**2 + self.variance
        )
        unknown = np.zeros(len(seen))
        for cx, cy, part in zip(c.centre_x, c.centre_y, _catchment(self.city_seed), strict=True):
            unknown += part * normal(seen.x - cx, seen.y - cy, sd**2 + self.variance)
        return np.where(self.homed, known, unknown)

    def _river(self) -> FloatArray:
        x = np.linspace(-HALF_WIDTH_M, HALF_WIDTH_M, 800)
        y = 1800.0 * np.sin(x / 3800.0) + 900.0 * np.sin(x / 1500.0) - 800.0
        total = np.zeros(len(self.seen))
        for rx, ry in zip(x, y, strict=True):
            total += normal(self.seen.x - rx, self.seen.y - ry, RIVER_SD_M**2 + self.variance)
        return total / len(x)

    def _sites(self, city: City, word: str) -> FloatArray:
        """Near one of the sites of a kind; at the one whose label the record bears."""
        seen = self.seen
        total = np.zeros(len(seen))
        sites = len(city.site_x[word])
        for k in range(sites):
            dx, dy = seen.x - city.site_x[word][k], seen.y - city.site_y[word][k]
            here = normal(dx, dy, self.variance.clip(25.0))
            bears = seen.spot == spot_label(city.first_spot[word] + k)
            label = np.where(
                bears, 1 - self.unlabelled, np.where(seen.spot < 0, self.unlabelled, 0)
            )
            total += here * label / sites
        return total

    def copied(self, i: IntArray, j: IntArray, sd_m: float, spot: float) -> FloatArray:
        """Density of j's place when i's was carried over: the very same spot with part `spot`, or `sd_m` away."""
        seen = self.seen
        dx, dy = seen.x[i] - seen.x[j], seen.y[i] - seen.y[j]
        blur = (self.variance[i] + self.variance[j]).clip(25.0)
        labelled_i, labelled_j = seen.spot[i] >= 0, seen.spot[j] >= 0
        same = labelled_i & (seen.spot[i] == seen.spot[j])
        at_spot = spot * np.where(labelled_i, 1.0, SOURCE_HAS_SPOT)
        shown = np.where(
            labelled_j,
            np.where(same | ~labelled_i, 1 - self.unlabelled, 0.0),
            self.unlabelled,
        )
        here = at_spot * shown * normal(dx, dy, blur)
        if sd_m > 0:
            away = (1 - at_spot) * normal(dx, dy, blur + sd_m**2)
            here = here + np.where(labelled_j, 0.0, away)
        return here


@cache
def _catchment(city_seed: int) -> FloatArray:
    """The part of homes to which each town centre is the nearest, from 200,000 homes drawn."""
    city = make_city(city_seed)
    x, y, _ = city.homes(np.random.default_rng(0), 200_000)
    best = np.zeros(len(x), dtype=np.int64)
    least = np.full(len(x), np.inf)
    for k in range(len(city.centre_x)):
        apart = (x - city.centre_x[k]) ** 2 + (y - city.centre_y[k]) ** 2
        best[apart < least] = k
        least = np.minimum(least, apart)
    part: FloatArray = np.bincount(best, minlength=len(city.centre_x)) / len(x)
    return part
