"""Deaths that have nothing to do with each other: every case drawn from the habits of its type."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from openverdict.simulate.city import DISTRICTS, City, Ints
from openverdict.simulate.draft import (
    NONE,
    Draft,
    draw_age,
    draw_code,
    draw_days,
    draw_items,
    draw_set,
)
from openverdict.simulate.rates import rates
from openverdict.simulate.spec import CitySpec
from openverdict.simulate.types import DeathType, death_types, words

POOL_KEYS = 1_000_000  # below it stand the keys of the pools, above it those of persons of one case
MAX_INTERVAL_H = 2000.0
IDENTIFIER_KINDS = ("phone", "vehicle")


def roles() -> tuple[str, ...]:
    """Every role that a type or a series can give, in a fixed order."""
    found = {role for kind in death_types().values() for role in kind.persons}
    return tuple(sorted(found | {"last_contact", "supplier", "witness", "visitor", "host"}))


def own_key(row: Ints, slot: int, n: int) -> Ints:
    """Keys of persons who belong to one case alone."""
    return POOL_KEYS + row + slot * n


def pool_key(rng: np.random.Generator, pool: str, district: Ints) -> Ints:
    """Keys of persons who meet many cases in their work, the first of a pool more often than the last."""
    pools = rates()["pools"]
    entry = pools[pool]
    first = 0
    for name, other in pools.items():
        if name == pool:
            break
        first += other["count"] * (DISTRICTS if other["per_district"] else 1)
    weight = np.arange(1, entry["count"] + 1) ** -float(entry["skew"])
    table = np.cumsum(weight) / weight.sum()
    who = np.searchsorted(table, rng.random(len(district))).clip(max=entry["count"] - 1)
    return first + who + (district * entry["count"] if entry["per_district"] else 0)


def type_counts(
    rng: np.random.Generator, kind: str, n: int, shares: Mapping[str, float]
) -> dict[str, int]:
    """How many cases of each type of one kind."""
    types = [entry for entry in death_types().values() if entry.kind == kind]
    parts = np.array([float(shares.get(entry.name, entry.share)) for entry in types])
    drawn = rng.multinomial(n, parts / parts.sum())
    return {entry.name: int(count) for entry, count in zip(types, drawn, strict=True)}


def draw_background(
    rng: np.random.Generator, city: City, spec: CitySpec, counts: Mapping[str, int]
) -> Draft:
    """A draft with `counts` cases of each type, one type after the other."""
    n = sum(counts.values())
    draft = Draft.empty(n, roles(), IDENTIFIER_KINDS)
    first = 0
    for number, (name, kind) in enumerate(death_types().items()):
        count = counts.get(name, 0)
        rows = slice(first, first + count)
        draft.type[rows] = number
        if count:
            _fill(rng, city, spec, draft, kind, rows)
        first += count
    return draft


def _fill(
    rng: np.random.Generator, city: City, spec: CitySpec, draft: Draft, kind: DeathType, rows: slice
) -> None:
    """Draw every value of one type's rows."""
    n = rows.stop - rows.start
    for name, distribution in kind.codes.items():
        draft.codes[name][rows] = draw_code(rng, words()[name], distribution, n)
    for name, parts in kind.items.items():
        draft.items[name][rows] = draw_items(rng, words()[name], parts, n)
    draft.items["substances"][rows] |= draw_set(rng, words()["substances"], kind.sets, n)
    draft.tested[rows] = rng.random(n) < kind.tested
    draft.ghb_tested[rows] = draft.tested[rows] & (rng.random(n) < kind.ghb_tested)
    draft.age[rows] = draw_age(rng, kind.age, n)
    draft.interval_h[rows] = np.exp(
        np.log(kind.interval["median_h"]) + kind.interval["sigma"] * rng.standard_normal(n)
    ).clip(0.1, MAX_INTERVAL_H)
    first = spec.start.timetuple().tm_yday
    day = draw_days(rng, kind, n, spec.days, first, spec.trend_a_year)
    table = np.cumsum(rates()["hours"][kind.hours])
    hour = np.searchsorted(table / table[-1], rng.random(n), side="right").clip(max=23)
    draft.found_min[rows] = day * 1440 + hour * 60 + rng.integers(0, 60, n)
    _place(rng, city, draft, kind, rows)
    _meet(rng, city, draft, kind, rows)


def _place(
    rng: np.random.Generator, city: City, draft: Draft, kind: DeathType, rows: slice
) -> None:
    """Home and the place found, by the kind of place."""
    n = rows.stop - rows.start
    home_x, home_y, area = city.homes(rng, n)
    x, y, spot = home_x.copy(), home_y.copy(), np.full(n, NONE, np.int64)
    code = draft.codes["found_place_kind"][rows]
    for value in kind.codes["found_place_kind"]:
        here = code == words()["found_place_kind"].number(value)
        m = int(here.sum())
        mode = rates()["places"][value]
        local = np.full(m, kind.local)
        if mode == "population":
            x[here], y[here], _ = city.homes(rng, m)
        elif mode == "centre":
            x[here], y[here] = city.near_centre(rng, home_x[here], home_y[here], local, 450.0)
        elif mode == "open":
            x[here], y[here] = city.near_centre(rng, home_x[here], home_y[here], local, 1800.0)
        elif mode == "river":
            x[here], y[here] = city.river(rng, m)
        elif mode == "site":
            site = rng.integers(0, len(city.site_x[value]), m)
            x[here], y[here] = city.site_x[value][site], city.site_y[value][site]
            spot[here] = city.first_spot[value] + site
    kinds = words()["found_place_kind"]
    lives_here = np.isin(code, [kinds.number("care_home"), kinds.number("hostel")])
    home_x[lives_here], home_y[lives_here] = x[lives_here], y[lives_here]
    draft.x[rows], draft.y[rows], draft.spot[rows] = x, y, spot
    draft.home_x[rows], draft.home_y[rows], draft.home_area[rows] = home_x, home_y, area


def _meet(rng: np.random.Generator, city: City, draft: Draft, kind: DeathType, rows: slice) -> None:
    """The persons and the identifiers of one type's cases."""
    district = city.district_of(draft.x[rows], draft.y[rows])
    for role, sources in kind.persons.items():
        slot = roles().index(role)
        draft.persons[role][rows] = _keys(rng, sources, slot, rows, district, len(draft))
    for slot, name in enumerate(IDENTIFIER_KINDS):
        sources = kind.identifiers[name]
        draft.identifiers[name][rows] = _keys(rng, sources, slot, rows, district, len(draft))


def _keys(
    rng: np.random.Generator,
    sources: Mapping[str, float],
    slot: int,
    rows: slice,
    district: Ints,
    n: int,
) -> Ints:
    """A key of one of the sources for each row, or NONE."""
    keys = np.full(len(district), NONE, np.int64)
    u = rng.random(len(district))
    low = 0.0
    for source, part in sources.items():
        here = np.flatnonzero((u >= low) & (u < low + part))
        own = source == "own"
        keys[here] = (
            own_key(rows.start + here, slot, n) if own else pool_key(rng, source, district[here])
        )
        low += part
    return keys
