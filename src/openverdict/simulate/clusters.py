"""Innocent concentration: addresses with several deaths, supply batches and local surges.

None of them adds a case: each moves cases of fitting types that stand in the register anyway.
"""

from __future__ import annotations

import numpy as np

from openverdict.simulate.background import own_key, roles
from openverdict.simulate.city import City, Ints
from openverdict.simulate.draft import NONE, Draft, draw_code, draw_items
from openverdict.simulate.rates import rates
from openverdict.simulate.spec import CitySpec
from openverdict.simulate.types import death_types, words

FIRST_HOT_SPOT = (
    100_000  # spots below are sites, those from FIRST_SERIES_SPOT on belong to planted series
)
FIRST_SERIES_SPOT = 500_000
_A_YEAR = rates()["city"]["cases_a_year"]


def type_numbers(names: list[str]) -> list[int]:
    """The numbers of types by name."""
    order = list(death_types())
    return [order.index(name) for name in names]


def add_hot_spots(rng: np.random.Generator, city: City, spec: CitySpec, draft: Draft) -> None:
    """Hostels, blocks of flats, bridges, stations, hospitals: several deaths at one address, each with habits."""
    entry = rates()["hot_spots"]
    kinds = entry["kinds"]
    parts = np.array([kind["part"] for kind in kinds])
    count = round(spec.hot_spots * spec.deaths / entry["per_deaths"])
    for number in range(count):
        kind = kinds[int(rng.choice(len(kinds), p=parts / parts.sum()))]
        size = int(rng.integers(entry["low"], entry["high"] + 1))
        rows = draft.claim(rng, type_numbers(kind["types"]), size)
        if len(rows) < entry["low"]:
            draft.claimed[rows] = False
            continue
        draft.hot_spot[rows] = number
        draft.spot[rows] = FIRST_HOT_SPOT + number
        draft.codes["found_place_kind"][rows] = words()["found_place_kind"].number(kind["kind"])
        x, y = _address(rng, city, kind["kind"])
        draft.x[rows], draft.y[rows] = x, y
        if kind["kind"] in ("hostel", "home"):
            draft.home_x[rows], draft.home_y[rows] = x, y
        # The habits of the place: one position, one set of things, its staff as finders, a covering.
        strength = entry["strength"]
        own = list(death_types().values())[int(draft.type[rows[0]])]
        follows = rows[rng.random(len(rows)) < strength]
        position = draw_code(rng, words()["body_position"], own.codes["body_position"], 1)
        draft.codes["body_position"][follows] = position[0]
        follows = rows[rng.random(len(rows)) < strength]
        present = draw_items(rng, words()["items_present"], own.items["items_present"], 1)
        draft.items["items_present"][follows] = present[0]
        if kind["coverings"]:
            follows = rows[rng.random(len(rows)) < strength]
            draft.items["coverings"][follows] = words()["coverings"].mask(kind["coverings"])
        follows = rows[rng.random(len(rows)) < strength]
        staff = own_key(rows[: kind["staff"]], len(roles()) + 1, len(draft))
        draft.persons["finder"][follows] = rng.choice(staff, len(follows))


def _address(rng: np.random.Generator, city: City, kind: str) -> tuple[float, float]:
    if kind in city.site_x:
        site = int(rng.integers(len(city.site_x[kind])))
        return float(city.site_x[kind][site]), float(city.site_y[kind][site])
    x, y, _ = city.homes(rng, 1)
    return float(x[0]), float(y[0])


def add_batches(rng: np.random.Generator, city: City, spec: CitySpec, draft: Draft) -> None:
    """Supply batches: within some days, in a district or all over the city, one rare set of substances."""
    entry = rates()["batches"]
    count = rng.poisson(spec.batches_a_year * spec.deaths / _A_YEAR)
    for number in range(count):
        batch = entry["sets"][int(rng.integers(len(entry["sets"])))]
        size = int(rng.integers(entry["low"], entry["high"] + 1))
        rows = draft.claim(rng, type_numbers(batch["types"]), size)
        draft.batch[rows] = number
        _in_window(rng, spec, draft, rows, entry["days"])
        if rng.random() > entry["city_wide"]:
            _in_one_district(rng, city, draft, rows)
        draft.items["substances"][rows] = words()["substances"].mask(batch["substances"])


def add_surges(rng: np.random.Generator, city: City, spec: CitySpec, draft: Draft) -> None:
    """Local surges: more deaths of one type in one district for some weeks, for no reason that matters."""
    entry = rates()["surges"]
    count = rng.poisson(spec.surges_a_year * spec.deaths / _A_YEAR)
    for number in range(count):
        name = entry["types"][int(rng.integers(len(entry["types"])))]
        size = int(rng.integers(entry["low"], entry["high"] + 1))
        rows = draft.claim(rng, type_numbers([name]), size)
        draft.surge[rows] = number
        _in_window(rng, spec, draft, rows, entry["days"])
        _in_one_district(rng, city, draft, rows)


def _in_window(
    rng: np.random.Generator, spec: CitySpec, draft: Draft, rows: Ints, days: int
) -> None:
    """Move the days found into one window; the hour stays."""
    first = int(rng.integers(0, max(1, spec.days - days)))
    day = first + rng.integers(0, min(days, spec.days), len(rows))
    draft.found_min[rows] = day * 1440 + draft.found_min[rows] % 1440


def _in_one_district(rng: np.random.Generator, city: City, draft: Draft, rows: Ints) -> None:
    """Move homes and places found into the district where one of them stands, each as far from its centre as it was."""
    if not len(rows):
        return
    to = int(city.district_of(draft.x[rows[:1]], draft.y[rows[:1]])[0])
    for x, y in ((draft.x, draft.y), (draft.home_x, draft.home_y)):
        here = city.district_of(x[rows], y[rows])
        x[rows] += city.district_x[to] - city.district_x[here]
        y[rows] += city.district_y[to] - city.district_y[here]
    draft.spot[rows] = NONE
