"""A simulated register as numbers: what each record shows, and the simulator's own habits of units behind it.

Only what is recorded is read here; of the truth an oracle takes the parameters of the innocent concentration alone
(`innocent.py`), never which cases were planted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from openverdict.cases import Register
from openverdict.simulate.background import roles
from openverdict.simulate.city import (
    DISTRICTS,
    M_PER_DEGREE,
    M_PER_DEGREE_LON,
    ORIGIN_LAT,
    ORIGIN_LON,
)
from openverdict.simulate.rates import rates
from openverdict.simulate.register import streams
from openverdict.simulate.spec import CitySpec, Simulated
from openverdict.simulate.types import CODE_FIELDS, ITEM_FIELDS, words

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Masks = npt.NDArray[np.uint64]

GHB = "ghb"
OWN, NOBODY = -1, -2  # class of a key: of one case alone, or no key; from 0 on a pool


@dataclass(frozen=True)
class Keys:
    """Keys by case and role: the key as recorded, its pool (OWN, NOBODY) and its part of the pool's meetings."""

    names: tuple[str, ...]
    key: IntArray
    pool: IntArray
    weight: FloatArray
    recorded: BoolArray


@dataclass(frozen=True)
class Observed:
    """One row a case. Codes and ages are -1 and numbers NaN where nothing is recorded; positions are metres."""

    case_ids: tuple[str, ...]
    is_death: BoolArray
    day: IntArray
    hour: IntArray
    interval_h: FloatArray
    age: IntArray
    x: FloatArray
    y: FloatArray
    precision_m: FloatArray
    home_x: FloatArray
    home_y: FloatArray
    unit: IntArray
    spot: IntArray
    codes: dict[str, IntArray]
    items: dict[str, Masks]
    recorded: dict[str, BoolArray]
    not_tested: BoolArray
    ghb_looked: BoolArray
    persons: Keys
    identifiers: Keys

    def __len__(self) -> int:
        return len(self.day)


def observe(register: Register, spec: CitySpec) -> Observed:
    """What the register's records show, as numbers of the simulator's own words."""
    t = register.table
    n = t.height
    start = datetime.combine(spec.start, time())
    found = t.get_column("found_at")
    minutes = ((found - start).dt.total_minutes()).to_numpy().astype(np.int64)
    coarse = t.get_column("found_at_span_s").fill_null(0).to_numpy() > 0
    alive = t.get_column("last_known_alive_at")
    interval = (
        ((found - alive).dt.total_minutes().cast(pl.Float64) / 60).fill_null(np.nan).to_numpy()
    )
    rough = coarse | (t.get_column("last_known_alive_at_span_s").fill_null(86_400).to_numpy() > 0)
    codes = {name: _codes(t.get_column(name), words()[name].values) for name in CODE_FIELDS}
    columns = {name: name for name in ITEM_FIELDS} | {"substances": "substances_detected"}
    items = {name: _masks(t.get_column(column), name) for name, column in columns.items()}
    recorded = {name: codes[name] >= 0 for name in CODE_FIELDS}
    recorded |= {name: t.get_column(c).is_not_null().to_numpy() for name, c in columns.items()}
    said = register.statuses.filter(
        (pl.col("field") == "substances_detected") & (pl.col("status") == "not_tested")
    )
    ids = t.get_column("case_id")
    looked = (items["substances"] & np.uint64(words()["substances"].mask([GHB]))) > 0
    negative = t.get_column("substances_not_detected")
    looked |= negative.list.contains(GHB).fill_null(False).to_numpy()
    return Observed(
        tuple(ids.to_list()),
        (t.get_column("kind").fill_null("death") == "death").to_numpy(),
        minutes // 1440,
        np.where(coarse, -1, minutes // 60 % 24),
        np.where(rough, np.nan, interval),
        t.get_column("age_years").fill_null(-1).to_numpy().astype(np.int64),
        (_numbers(t, "found_lon") - ORIGIN_LON) * M_PER_DEGREE_LON,
        (_numbers(t, "found_lat") - ORIGIN_LAT) * M_PER_DEGREE,
        _numbers(t, "found_precision_m"),
        (_numbers(t, "home_lon") - ORIGIN_LON) * M_PER_DEGREE_LON,
        (_numbers(t, "home_lat") - ORIGIN_LAT) * M_PER_DEGREE,
        t.get_column("unit").str.slice(1).cast(pl.Int64).to_numpy() - 1,
        t.get_column("micro_place").str.slice(5).cast(pl.Int64).fill_null(-1).to_numpy(),
        codes,
        items,
        recorded,
        ids.is_in(said.get_column("case_id").implode()).to_numpy(),
        looked,
        _keys(t.get_column("persons"), roles(), n),
        _keys(t.get_column("identifiers"), ("phone", "vehicle"), n),
    )


def spot_label(spot: int) -> int:
    """The number in the label of one spot of the simulator."""
    return (spot + 1) * 48_271 % 999_983


def key_label(key: IntArray) -> IntArray:
    """The number in the label of keys of the simulator."""
    return (key + 1) * 48_271 % 2_147_483_647


@cache
def pool_names() -> tuple[str, ...]:
    """The pools of persons who meet many cases, in the order of the file."""
    return tuple(rates()["pools"])


@cache
def _pool_keys() -> tuple[IntArray, IntArray, FloatArray]:
    """Labels of all pool keys, sorted; the pool of each, and its part of the meetings in its district."""
    key, pool, weight = [], [], []
    first = 0
    for number, name in enumerate(pool_names()):
        entry = rates()["pools"][name]
        part = np.arange(1, entry["count"] + 1) ** -float(entry["skew"])
        times = DISTRICTS if entry["per_district"] else 1
        size = entry["count"] * times
        key.append(first + np.arange(size))
        pool.append(np.full(size, number))
        weight.append(np.tile(part / part.sum(), times))
        first += size
    label = key_label(np.concatenate(key).astype(np.int64))
    order = np.argsort(label)
    return label[order], np.concatenate(pool)[order], np.concatenate(weight)[order]


def _keys(column: pl.Series, names: tuple[str, ...], n: int) -> Keys:
    """Keys of one field; the weight of a key of one case alone is one in n."""
    parts = (
        pl.DataFrame({"row": np.arange(n), "key": column})
        .explode("key", empty_as_null=True, keep_nulls=True)
        .drop_nulls("key")
        .with_columns(
            pl.col("key").str.split(":").list.first().alias("role"),
            pl.col("key").str.split(":").list.last().str.slice(1).cast(pl.Int64).alias("number"),
        )
    )
    key = np.full((n, len(names)), -1, np.int64)
    role = parts.get_column("role").replace_strict(
        list(names), list(range(len(names))), return_dtype=pl.Int64
    )
    key[parts.get_column("row").to_numpy(), role.to_numpy()] = parts.get_column("number").to_numpy()
    label, pool, weight = _pool_keys()
    at = np.searchsorted(label, key).clip(max=len(label) - 1)
    known = label[at] == key
    return Keys(
        names,
        key,
        np.where(key < 0, NOBODY, np.where(known, pool[at], OWN)),
        np.where(known, weight[at], 1.0 / max(n, 1)),
        column.is_not_null().to_numpy(),
    )


def habits_of_units(simulated: Simulated) -> dict[str, tuple[IntArray, IntArray]]:
    """By field, what each unit writes for what: value `from` and value `to`, -1 for a unit without that habit.

    The simulator's draws are made again from its seed.
    """
    entry = rates()["habits"]
    rng = streams(simulated.seed)["habits"]
    count = np.bincount(simulated.truth.get_column("unit").to_numpy(), minlength=DISTRICTS)
    found = {
        habit["field"]: (np.full(DISTRICTS, -1, np.int64), np.full(DISTRICTS, -1, np.int64))
        for habit in entry["list"]
    }
    for number in np.flatnonzero(rng.random(DISTRICTS) < entry["units_with_habit"]):
        habit = entry["list"][int(rng.integers(len(entry["list"])))]
        rng.random(int(count[number]))
        before, after = found[habit["field"]]
        before[number] = words()[habit["field"]].number(habit["from"])
        after[number] = words()[habit["field"]].number(habit["to"])
    return found


def _numbers(table: pl.DataFrame, name: str) -> FloatArray:
    values: FloatArray = table.get_column(name).fill_null(np.nan).to_numpy().astype(float)
    return values


def _codes(column: pl.Series, values: tuple[str, ...]) -> IntArray:
    number = column.replace_strict(
        list(values), list(range(len(values))), default=None, return_dtype=pl.Int64
    )
    coded: IntArray = number.fill_null(-1).to_numpy()
    return coded


def _masks(column: pl.Series, name: str) -> Masks:
    return np.array(
        [0 if items is None else words()[name].mask(items) for items in column.to_list()],
        dtype=np.uint64,
    )
