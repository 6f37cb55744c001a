"""True densities of recorded values by type of death, and of a value that was copied from another case.

Of every recorded value x: p_t(x), its density among unrelated deaths of type t, with the unit's habits of wording and the
share of wrong codes taken in; and k(x_i, x_j), its density when the true value of i was carried over to j.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtr

from openverdict.evaluation.observed import (
    GHB,
    FloatArray,
    IntArray,
    Keys,
    Masks,
    Observed,
    pool_names,
)
from openverdict.simulate.rates import rates
from openverdict.simulate.types import DeathType, death_types, words

AGES = 111
_ONE = np.uint64(1)


def habit_strength() -> float:
    """The part of the records in which a unit follows its habit."""
    return float(rates()["habits"]["strength"])


class CodeField:
    """Densities of one coded field."""

    def __init__(
        self,
        name: str,
        seen: Observed,
        habits: dict[str, tuple[IntArray, IntArray]],
        wrong: float,
        shares: FloatArray,
    ) -> None:
        self.value = seen.codes[name]
        self.recorded = seen.recorded[name]
        values = words()[name].values
        v = len(values)
        self.true = np.zeros((len(death_types()), v))
        for t, kind in enumerate(death_types().values()):
            for word, part in kind.codes[name].items():
                self.true[t, words()[name].number(word)] = part
            self.true[t] /= self.true[t].sum()
        usual = shares @ self.true
        counted = np.bincount(self.value[self.recorded], minlength=v)[:v] + 0.5
        mistaken = counted / counted.sum()
        before, after = habits.get(name, (np.full(99, -1), np.full(99, -1)))
        rewritten = sorted({(int(a), int(b)) for a, b in zip(before, after, strict=True)})
        self.habit = np.array(
            [rewritten.index((int(a), int(b))) for a, b in zip(before, after, strict=True)]
        )[seen.unit]
        self.written = np.zeros((len(rewritten), v, v))  # habit, true, recorded
        self.meant = np.zeros((len(rewritten), v, v))  # habit, recorded, true
        for h, (a, b) in enumerate(rewritten):
            table = np.eye(v)
            if a >= 0:
                table[a, a], table[a, b] = 1 - habit_strength(), habit_strength()
            self.written[h] = (1 - wrong) * table + wrong * mistaken
            back = self.written[h].T * (usual + 1e-6)
            self.meant[h] = back / back.sum(1, keepdims=True)
        self.copied = np.einsum("iab,jbc->ijac", self.meant, self.written)

    def of_true(self) -> FloatArray:
        """(true values, cases): density of what is recorded given the true value; 1 where missing."""
        table = self.written[self.habit, :, self.value].T
        return np.where(self.recorded, table, 1.0)

    def by_type(self) -> FloatArray:
        """(types, cases): density among unrelated deaths of each type; 1 where missing."""
        return np.asarray(self.true @ self.of_true())

    def kernel(self, i: IntArray, j: IntArray) -> FloatArray:
        """Density of j's record when i's true value was carried over; both recorded."""
        return np.asarray(self.copied[self.habit[i], self.habit[j], self.value[i], self.value[j]])


class ItemField:
    """Densities of one list field: whole sets, as they are carried over whole."""

    def __init__(
        self,
        name: str,
        seen: Observed,
        habits: dict[str, tuple[IntArray, IntArray]],
        wrong: float,
    ) -> None:
        self.name = name
        self.bits = seen.items[name]
        self.recorded = seen.recorded[name]
        self.width = len(words()[name].values)
        self.wrong = wrong
        before, after = habits.get(name, (np.full(99, -1), np.full(99, -1)))
        self.before, self.after = before[seen.unit], after[seen.unit]
        self.looked = seen.ghb_looked
        self.ghb = np.uint64(words()[name].mask([GHB])) if name == "substances" else np.uint64(0)

    def by_type(self) -> FloatArray:
        """(types, cases): density of the recorded set among unrelated deaths of each type; 1 where missing."""
        key = np.stack([self.bits, self.before.astype(np.uint64), self.after.astype(np.uint64),
                        self.looked.astype(np.uint64)], 1)  # fmt: skip
        distinct, inverse = np.unique(key, axis=0, return_inverse=True)
        bits = distinct[:, 0]
        result = np.ones((len(death_types()), len(self.bits)))
        for t, kind in enumerate(death_types().values()):
            p = (1 - self.wrong) * self._written(kind, bits, distinct)
            for b in range(self.width):
                flipped = bits ^ (_ONE << np.uint64(b))
                p += self.wrong / self.width * self._written(kind, flipped, distinct)
            result[t] = np.where(self.recorded, p[inverse.ravel()], 1.0)
        return result

    def _written(self, kind: DeathType, bits: Masks, distinct: Masks) -> FloatArray:
        """Density of a set after the unit's habit, GHB out of sight where it was not looked for."""
        p = self._habitual(kind, bits, distinct)
        if self.name == "substances":
            unseen = distinct[:, 3] == 0
            has = (bits & self.ghb) > 0
            with_ghb = self._habitual(kind, bits | self.ghb, distinct)
            p = np.where(unseen, np.where(has, 0.0, p + with_ghb), p)
        return p

    def _habitual(self, kind: DeathType, bits: Masks, distinct: Masks) -> FloatArray:
        p = set_density(kind, self.name, bits)
        before, after = distinct[:, 1].astype(np.int64), distinct[:, 2].astype(np.int64)
        has = np.flatnonzero(before >= 0)
        if len(has) > 0:
            a, b = _ONE << before[has].astype(np.uint64), _ONE << after[has].astype(np.uint64)
            here, strength = bits[has], habit_strength()
            moved = set_density(kind, self.name, (here | a) & ~b)
            moved += set_density(kind, self.name, here | a)
            written = np.where(here & a > 0, (1 - strength) * p[has], p[has])
            p[has] = written + np.where((here & b > 0) & (here & a == 0), strength * moved, 0.0)
        return p

    def kernel(self, i: IntArray, j: IntArray) -> FloatArray:
        """Density of j's record when i's true set was carried over; both recorded."""
        total = np.zeros(len(i))
        strength = habit_strength()
        for back in (False, True):
            true, weight = _swap(self.bits[i], self.after[i], self.before[i], 0.5, moved=back)
            for on in (False, True):
                written, part = _swap(true, self.before[j], self.after[j], strength, moved=on)
                total += weight * part * self._mistaken(written, self.bits[j], i, j)
        return total

    def _mistaken(self, a: Masks, b: Masks, i: IntArray, j: IntArray) -> FloatArray:
        apart = a ^ b
        half = np.ones(len(a))
        if self.name == "substances":
            unseen = ~(self.looked[i] & self.looked[j])
            apart = np.where(unseen, apart & ~self.ghb, apart)
            half = np.where(unseen & self.looked[j], 0.5, 1.0)
        wrong, width = self.wrong, self.width
        differ = np.bitwise_count(apart)
        table = np.array([1 - 2 * wrong, 2 * wrong / width, 2 * (wrong / width) ** 2, 0.0])
        density: FloatArray = half * table[np.minimum(differ, 3)]
        return density


def _swap(
    bits: Masks, a: IntArray, b: IntArray, part: float, *, moved: bool
) -> tuple[Masks, FloatArray]:
    """The sets with item a written as b (`moved`) or as they are, with the part of cases in which that happens."""
    a_bit = np.where(a >= 0, _ONE << np.maximum(a, 0).astype(np.uint64), np.uint64(0))
    b_bit = np.where(b >= 0, _ONE << np.maximum(b, 0).astype(np.uint64), np.uint64(0))
    has = (bits & a_bit) > 0
    if moved:
        return np.where(has, (bits & ~a_bit) | b_bit, bits), np.where(has, part, 0.0)
    return bits, np.where(has, 1 - part, 1.0)


def set_density(kind: DeathType, name: str, bits: Masks) -> FloatArray:
    """Density of whole sets among deaths of one type, before habits and mistakes."""
    vocabulary = words()[name]
    parts = kind.items[name]
    sets: list[tuple[float, int]] = [(1.0, 0)]
    if name == "substances":
        whole = sum(part for part, _ in kind.sets)
        sets = [(part / whole, vocabulary.mask(items)) for part, items in kind.sets]
    possible = np.uint64(vocabulary.mask(list(parts)))
    total = np.zeros(len(bits))
    for part, drawn in sets:
        mask = np.uint64(drawn)
        fits = ((bits & mask) == mask) & ((bits & ~mask & ~possible) == 0)
        p = np.where(fits, part, 0.0)
        for item, chance in parts.items():
            bit = np.uint64(vocabulary.mask([item]))
            if not bit & mask:
                p *= np.where(bits & bit > 0, chance, 1 - chance)
        total += p
    return total


def age_tables(wrong: float, sd: float) -> tuple[FloatArray, FloatArray]:
    """(types, ages) density of the recorded age by type, and (ages, ages) when it is carried over."""
    mistake = (1 - wrong) * np.eye(AGES)
    for years in (-10, -1, 1, 10):
        to = (np.arange(AGES) + years).clip(0, AGES - 1)
        np.add.at(mistake, (np.arange(AGES), to), wrong / 4)
    edges = np.arange(AGES + 1, dtype=float)
    by_type = np.zeros((len(death_types()), AGES))
    for t, kind in enumerate(death_types().values()):
        low, high = (
            ndtr((kind.age[e] - kind.age["mean"]) / kind.age["sd"]) for e in ("low", "high")
        )
        inside = edges.clip(kind.age["low"], kind.age["high"])
        table = np.diff(ndtr((inside - kind.age["mean"]) / kind.age["sd"])) / (high - low)
        by_type[t] = table / table.sum() @ mistake
    apart = np.arange(AGES)[:, None] - np.arange(AGES)
    near = ndtr((apart + 0.5) / sd) - ndtr((apart - 0.5) / sd)
    back = mistake.T / mistake.sum(0)[:, None]
    return by_type, back @ near @ mistake


def looked_for(seen: Observed) -> FloatArray:
    """(types, cases): density of there being toxicology, and of GHB having been looked for; 1 where not said."""
    result = np.ones((len(death_types()), len(seen)))
    recorded = seen.recorded["substances"]
    for t, kind in enumerate(death_types().values()):
        done = kind.tested * np.where(seen.ghb_looked, kind.ghb_tested, 1 - kind.ghb_tested)
        result[t] = np.where(recorded, done, np.where(seen.not_tested, 1 - kind.tested, 1.0))
    return result


def moment(seen: Observed) -> FloatArray:
    """(types, cases): density of the hour found and of the hours since last known alive."""
    result = np.ones((len(death_types()), len(seen)))
    known = np.isfinite(seen.interval_h) & (seen.interval_h > 0)
    log_h = np.log(np.where(known, seen.interval_h, 1.0))
    for t, kind in enumerate(death_types().values()):
        profile = np.array(rates()["hours"][kind.hours], dtype=float)
        result[t] = np.where(seen.hour >= 0, (profile / profile.sum())[seen.hour], 1.0)
        z = (log_h - np.log(kind.interval["median_h"])) / kind.interval["sigma"]
        result[t] *= np.where(known, np.exp(-(z**2) / 2) / kind.interval["sigma"], 1.0)
    return result


def days(seen: Observed, first_day_of_year: int, trend: float) -> FloatArray:
    """(types, cases): density a day of the day found, over the days of this register."""
    result = np.ones((len(death_types()), len(seen)))
    day = np.arange(int(seen.day.max(initial=0)) + 1)
    for t, kind in enumerate(death_types().values()):
        turn = 2 * np.pi * (day + first_day_of_year - kind.season["peak"]) / 365.25
        density = (1 + kind.season["amplitude"] * np.cos(turn)) * (1 + trend) ** (day / 365.25)
        result[t] = (density / density.sum())[seen.day.clip(0)]
    return result


def meetings(keys: Keys, which: str) -> dict[str, FloatArray]:
    """By role, (types, cases): density of whom a case met there; who of a pool it was is left to `Keys.weight`."""
    result = {}
    for r, role in enumerate(keys.names):
        table = np.ones((len(death_types()), len(keys.recorded)))
        for t, kind in enumerate(death_types().values()):
            sources = _sources(kind, which).get(role, {})
            by_pool = np.array(
                [sources.get(p, 0.0) for p in pool_names()]
                + [1 - sum(sources.values()), sources.get("own", 0.0)]
            )  # NOBODY = -2 and OWN = -1 count from the end
            by_pool = np.maximum(by_pool, 1e-4)
            table[t] = np.where(keys.recorded, by_pool[keys.pool[:, r]], 1.0)
        result[role] = table
    return result


def _sources(kind: DeathType, which: str) -> Any:
    return kind.persons if which == "persons" else kind.identifiers
