"""What an oracle knows of the innocent concentration: where the hot spots, batches and surges are, and their habits.

Their parameters are read from the truth of the cases that belong to them; which case belongs to which is not used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from openverdict.evaluation.densities import CodeField
from openverdict.evaluation.observed import FloatArray, IntArray, spot_label
from openverdict.evaluation.places import normal
from openverdict.simulate.city import (
    DISTRICTS,
    M_PER_DEGREE,
    M_PER_DEGREE_LON,
    ORIGIN_LAT,
    ORIGIN_LON,
)
from openverdict.simulate.clusters import FIRST_HOT_SPOT
from openverdict.simulate.rates import rates
from openverdict.simulate.types import death_types, words

if TYPE_CHECKING:
    from openverdict.evaluation.oracle import Oracle

REACH_M = 100.0


class Innocent:
    """The part of the unrelated density that comes from addresses with several deaths, supply batches and surges."""

    def __init__(self, oracle: Oracle, truth: pl.DataFrame, content: FloatArray) -> None:
        """`content`: (types, cases) share times density of all but day, place and kind of place."""
        self.o = oracle
        self.seen = oracle.seen
        self.truth = truth
        self.content = content
        self.n = max(truth.height, 1)

    def density(self) -> FloatArray:
        """Density of each case as one of them, whichever."""
        total = np.zeros(len(self.seen))
        for column, add in (
            ("hot_spot", self._hot_spot),
            ("batch", self._batch),
            ("surge", self._surge),
        ):
            for members in self.truth.filter(self.truth[column].is_not_null()).partition_by(column):
                add(members, total)
        return total

    def _types(self, names: list[str]) -> FloatArray:
        """(types, cases) the content of these types, with their shares within the group."""
        inside = np.isin(list(death_types()), names)
        share = max(float(self.o.type_share[inside].sum()), 1e-9)
        return np.where(inside[:, None], self.content, 0.0) / share

    def _hot_spot(self, members: pl.DataFrame, total: FloatArray) -> None:
        seen, places = self.seen, self.o.places
        row = members.row(0, named=True)
        x = (row["true_lon"] - ORIGIN_LON) * M_PER_DEGREE_LON
        y = (row["true_lat"] - ORIGIN_LAT) * M_PER_DEGREE
        near = np.hypot(seen.x - x, seen.y - y) <= REACH_M + 1.1 * seen.precision_m
        label = spot_label(FIRST_HOT_SPOT + int(row["hot_spot"]))
        c = np.flatnonzero(near & ((seen.spot < 0) | (seen.spot == label)))
        if not len(c):
            return
        kind_code = int(np.bincount(members["found_place_kind"].to_numpy()).argmax())
        kind_word = words()["found_place_kind"].values[kind_code]
        kind = next(k for k in rates()["hot_spots"]["kinds"] if k["kind"] == kind_word)
        strength = float(rates()["hot_spots"]["strength"])
        density = self._types(kind["types"])[:, c] * self.o.p["day"][:, c]
        for name in (
            "body_position",
            "items_present",
            *(["coverings"] if kind["coverings"] else []),
        ):
            habit = int(members[name].mode().sort()[0])
            field = self.o.fields[name]
            own = self.o.p[name][:, c]
            usual = self._as_written(name, habit, c)
            follows = np.where(field.recorded[c], strength * usual, strength)
            density = density * (follows + (1 - strength) * own) / own
        density = (
            density * self._staff(members, kind["staff"], c) * self._written_kind(kind_code, c)
        )
        home = places.home_density
        if kind_word in ("hostel", "home"):
            home = places.home_given_place
        at = normal(seen.x[c] - x, seen.y[c] - y, places.variance[c].clip(25.0))
        shown = np.where(seen.spot[c] < 0, places.unlabelled, 1 - places.unlabelled)
        total[c] += members.height / self.n * density.sum(0) * home[c] * at * shown

    def _as_written(self, name: str, value: int, c: IntArray) -> FloatArray:
        """Density of the record when the true value is `value`."""
        field = self.o.fields[name]
        if isinstance(field, CodeField):
            return np.asarray(field.of_true()[value, c])
        apart = np.bitwise_count(self.seen.items[name][c] ^ np.uint64(value))
        one = field.wrong / field.width
        return np.where(apart == 0, 1 - field.wrong, np.where(apart == 1, one, 1e-6))

    def _written_kind(self, code: int, c: IntArray) -> FloatArray:
        field = self.o.place_kind
        return np.asarray(field.of_true()[code, c])

    def _staff(self, members: pl.DataFrame, staff: int, c: IntArray) -> FloatArray:
        """(types, cases): ratio of the finder's density here, where the staff find most, to that elsewhere."""
        keys = self.seen.persons
        finder = keys.names.index("finder")
        at = np.flatnonzero(np.isin(self.seen.case_ids, members["case_id"].to_list()))
        found, times = np.unique(keys.key[at, finder], return_counts=True)
        known = found[(found >= 0) & (times >= 2)]
        strength = float(rates()["hot_spots"]["strength"])
        one_of = np.isin(keys.key[c, finder], known)
        same = strength / staff / keys.weight[c, finder]
        own = self.o.met["finder"][:, c]
        ratio = np.where(one_of, same + (1 - strength) * own, (1 - strength) * own) / own
        return np.where(keys.recorded[c], ratio, 1.0)

    def _window(self, members: pl.DataFrame, days: int, *, local: bool) -> FloatArray:
        """Density of the day and the district, relative to all over the city."""
        day = (members["true_found_at"].dt.date() - self.o.start).dt.total_days().to_numpy()
        inside = (self.seen.day >= day.min()) & (self.seen.day < day.min() + days)
        density = np.where(inside, 1.0 / days, 0.0)
        if local:
            unit = int(np.bincount(members["unit"].to_numpy()).argmax())
            part = np.bincount(self.seen.unit, minlength=DISTRICTS) / max(len(self.seen), 1)
            density = density * np.where(self.seen.unit == unit, 1 / max(part[unit], 1e-6), 0.0)
        return density

    def _batch(self, members: pl.DataFrame, total: FloatArray) -> None:
        entry = rates()["batches"]
        value = int(members["substances"][0])
        batch = next(
            b for b in entry["sets"] if words()["substances"].mask(b["substances"]) == value
        )
        units = members["unit"].n_unique()
        density = self._types(batch["types"]) * self.o.places.alone
        every = np.arange(len(self.seen))
        written = self._as_written("substances", value, every)
        written = np.where(self.seen.recorded["substances"], written, 1.0)
        density = density / self.o.p["substances"] * written
        window = self._window(members, entry["days"], local=units <= max(1, members.height // 2))
        total += members.height / self.n * density.sum(0) * window

    def _surge(self, members: pl.DataFrame, total: FloatArray) -> None:
        density = self._types([members["type"][0]]) * self.o.places.alone
        window = self._window(members, rates()["surges"]["days"], local=True)
        total += members.height / self.n * density.sum(0) * window
