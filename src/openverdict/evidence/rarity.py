"""How rare each case's own values are among unrelated cases: by type of death, and never rarer than close by.

For a value b that case j holds, p is the largest of: its rate among deaths of j's type, as far as the values before it tell
the type (the chain rule: habits that go together are counted once); its rate among the nearest
deaths in place (content × place: hostels, scenes); among deaths in the same fortnight (content × time: batches); and in
the same unit's records (a coder's habits). The last three are shrunk towards the first.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numba as nb
import numpy as np
import numpy.typing as npt

from openverdict.evidence.encode import Content, Keys
from openverdict.evidence.rates import PARTNERS_LEFT_OUT
from openverdict.evidence.surroundings import SOON_LEFT_OUT, Surroundings, rounded
from openverdict.evidence.turns import take_turn
from openverdict.evidence.types import Types

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]

CHUNK = 32_768  # cases whose values take their turns at a time
LOCAL_SHRINK = 20.0
AGE = "age"
# The order in which a case's values are taken; the rest follows as in variables.toml.
FIRST = ("place_kind", "sex", AGE, "position")
SOURCES = ("type", "place", "time", "unit")
ORDINARY_KEYS = (
    50  # a key in more cases than this (and 2 % of the register) is nobody in particular
)
ORDINARY_SHARE = 0.02
SHARING_SHRINK = 20.0


@dataclass(frozen=True)
class Learned:
    """Content with what was learned from content alone: travels as one when contents are re-paired with slots.

    Own values of case j: entries `start[j]:start[j+1]` of `bit` (number of the bit) and `base` (rate within j's type, given
    the values before it). `kind` the number of j's type, -1 where none is sure.
    `log2_age` log2 density of j's age within its type, rounded. `count`, `of`: per bit, cases with the value and
    cases where the variable is recorded. `rate` register-wide rate per bit.
    """

    content: Content
    start: IntArray
    bit: npt.NDArray[np.int32]
    base: FloatArray
    log2_age: FloatArray
    count: IntArray
    of: IntArray
    rate: FloatArray
    kind: npt.NDArray[np.int32]
    type_names: tuple[str, ...]

    def take(self, order: IntArray) -> Learned:
        """The content of case `order[c]` at slot c, but for what describes the place."""
        lengths = np.diff(self.start)[order]
        ends = np.cumsum(lengths)
        pick = np.repeat(self.start[:-1][order] - ends + lengths, lengths) + np.arange(ends[-1])
        row = np.repeat(np.arange(len(order)), lengths)
        stays = self.content.of_place[self.bit]
        moved = ~stays[pick]
        row = np.concatenate(
            [row[moved], np.repeat(np.arange(len(order)), np.diff(self.start))[stays]]
        )
        pick = np.concatenate([pick[moved], np.flatnonzero(stays)])
        back = np.lexsort((self.bit[pick], row))
        row, pick = row[back], pick[back]
        return replace(
            self,
            content=self.content.take(order),
            start=np.searchsorted(row, np.arange(len(order) + 1)).astype(np.int64),
            bit=self.bit[pick],
            base=self.base[pick],
            log2_age=self.log2_age[order],
            kind=self.kind[order],
        )


def learn(content: Content, types: Types) -> Learned:
    """The rate of every own value among deaths like it so far: of its type as far as the values before it tell."""
    rows, bit = np.nonzero(content.bits)
    start = np.searchsorted(rows, np.arange(len(content.age) + 1)).astype(np.int64)
    base, density = in_turn(content, types, start, bit.astype(np.int32))
    variable = np.array([b.variable for b in content.bit_list], dtype=np.int64)
    count = content.bits.sum(0, dtype=np.int64)
    of = content.recorded.sum(0, dtype=np.int64)[variable] if len(variable) else count
    rate = (count + 0.5) / (of + 1.0)
    return Learned(
        content,
        start,
        bit.astype(np.int32),
        base,
        rounded(np.log2(density)),
        count,
        of,
        rate,
        types.label,
        types.names,
    )


def in_turn(
    content: Content, types: Types, start: IntArray, bit: npt.NDArray[np.int32]
) -> tuple[FloatArray, FloatArray]:
    """P(value | the case's values before it) for each own value, and the density of its age, by the chain rule.

    The product over all of a case's values is their joint probability under the mixture, so that habits that go together
    are counted once, whichever of them two cases share. `types` holds the posterior of the cases of `content`, in CSR
    with their own values as in `Learned`.
    """
    base, density = np.ones(len(bit)), np.ones(len(content.age))
    for first in range(0, len(content.age), CHUNK):
        last = min(first + CHUNK, len(content.age))
        entries = slice(start[first], start[last])
        base[entries], density[first:last] = _some_in_turn(
            content, types, slice(first, last), start[first : last + 1] - start[first], bit[entries]
        )
    return base, density


def _some_in_turn(
    content: Content, types: Types, cases: slice, start: IntArray, bit: npt.NDArray[np.int32]
) -> tuple[FloatArray, FloatArray]:
    """The same for some of the cases."""
    rates, age = types.rates, content.age[cases]
    some = replace(rates, posterior=rates.posterior[cases])
    posterior = np.tile(types.share, (len(age), 1))
    own = some.left_out * some.posterior
    tables = rates.tables
    before, rate = np.zeros((len(bit), len(types.share))), np.zeros((len(bit), len(types.share)))
    number = {v.name: k for k, v in enumerate(content.coded)}
    density = np.ones(len(age))
    variable = np.array([-1 if b.negative else b.variable for b in content.bit_list])
    order = [name for name in FIRST if name in number or name == AGE]
    for name in (*order, *(name for name in number if name not in FIRST)):
        if name == AGE:
            of_age = some.age_without(age)
            density = np.einsum("nk,nk->n", posterior, of_age)
            posterior = _updated(posterior, np.where(age[:, None] >= 0, of_age, 1.0))
            continue
        v = number[name]
        items = content.coded[v].kernel == "items"
        values, seen = np.flatnonzero(variable == v), content.recorded[cases, v] > 0
        take_turn(start, bit, values, items, seen, own, tables, posterior, before, rate)
    base = np.einsum("nk,nk->n", before, rate)
    return np.where(variable[bit] < 0, 1.0, base), density


def _updated(posterior: FloatArray, told: FloatArray) -> FloatArray:
    product = np.ascontiguousarray(posterior * told)
    result: FloatArray = product / product.sum(1, keepdims=True)
    return result


@dataclass(frozen=True)
class OwnRarity:
    """Rarity `p` of each own value (aligned with `Learned.bit`) and which rate set it (index into SOURCES)."""

    p: FloatArray
    source: npt.NDArray[np.int8]


@dataclass(frozen=True)
class LocalCounts:
    """For every own value (aligned with `Learned.bit`), others with the value and others where it is recorded: among the
    nearest, in the same fortnight, in the same unit. None of it depends on the types.
    """

    near: Int32Array
    near_of: Int32Array
    then: Int32Array
    then_of: Int32Array
    unit: Int32Array
    unit_of: Int32Array

    def take(self, entries: IntArray) -> LocalCounts:
        """The same for some of the own values."""
        return LocalCounts(*(getattr(self, f.name)[entries] for f in fields(self)))


def local_counts(learned: Learned, around: Surroundings) -> LocalCounts:
    """Count every own value close by, in place, time and unit."""
    content = learned.content
    variable = np.array([b.variable for b in content.bit_list], dtype=np.int64)
    rows = np.repeat(np.arange(len(content.age)), np.diff(learned.start))
    bit = learned.bit.astype(np.int64)
    counts = (
        *_near_counts(
            learned.start, bit, variable, content.bits, content.recorded, around.neighbours
        ),
        *_window_counts(rows, bit, variable, content, around),
        *_unit_counts(rows, bit, variable, content),
    )
    return LocalCounts(*(count.astype(np.int32) for count in counts))


def own_rarity(
    learned: Learned,
    of_kind: npt.NDArray[np.bool_],
    counts: LocalCounts,
    n: int,
) -> OwnRarity:
    """The largest of the four rates for every own value, shrunk, never zero, in a register of n cases.

    `of_kind`: which cases lie at a kind of place of which enough are known.
    """
    content = learned.content
    rows = np.repeat(np.arange(len(content.age)), np.diff(learned.start))
    bit, base = learned.bit, learned.base
    said = content.of_place[bit] & of_kind[rows]  # by the density of places of this kind
    most, source = base.copy(), np.zeros(len(bit), dtype=np.int8)
    local = (
        (counts.near, counts.near_of, PARTNERS_LEFT_OUT),
        (counts.then, counts.then_of, SOON_LEFT_OUT),
        (counts.unit, counts.unit_of, PARTNERS_LEFT_OUT),
    )
    for number, (c, of, out) in enumerate(local, start=1):
        kept = np.maximum(c - out, 0.0)
        rate = np.where(said, base, (kept + LOCAL_SHRINK * base) / (of + LOCAL_SHRINK))
        higher = rate > most
        most[higher], source[higher] = rate[higher], number
    p = np.clip(most, 0.5 / (n + 1), 1.0)
    return OwnRarity(np.exp2(rounded(np.log2(p))), source)


@nb.njit(cache=True, nogil=True)
def _near_counts(start, bit, variable, bits, recorded, neighbours):  # type: ignore[no-untyped-def] # pragma: no cover
    c = np.zeros(len(bit), dtype=np.int32)
    of = np.zeros(len(bit), dtype=np.int32)
    for j in range(len(start) - 1):
        for e in range(start[j], start[j + 1]):
            b = bit[e]
            v = variable[b]
            for k in range(neighbours.shape[1]):
                i = neighbours[j, k]
                if i < 0:
                    break
                c[e] += bits[i, b]
                of[e] += recorded[i, v]
    return c, of


def _window_counts(
    rows: IntArray, bit: IntArray, variable: IntArray, content: Content, around: Surroundings
) -> tuple[FloatArray, FloatArray]:
    """Others with the value, and others where it is recorded, in the same fortnight."""
    lo, hi = around.window[:, 0], around.window[:, 1]
    c = np.zeros(len(bit))
    of = np.zeros(len(bit))
    order = np.argsort(bit, kind="stable")
    edges = np.searchsorted(bit[order], np.arange(len(content.bit_list) + 1))
    totals = [
        np.concatenate([[0], np.cumsum(content.recorded[around.by_day, v], dtype=np.int64)])
        for v in range(content.recorded.shape[1])
    ]
    for b in range(len(content.bit_list)):
        mine = order[edges[b] : edges[b + 1]]
        if len(mine) == 0:
            continue
        total = np.concatenate([[0], np.cumsum(content.bits[around.by_day, b], dtype=np.int64)])
        j = rows[mine]
        c[mine] = total[hi[j]] - total[lo[j]] - 1
        of[mine] = totals[variable[b]][hi[j]] - totals[variable[b]][lo[j]] - 1
    return c, of


def _unit_counts(
    rows: IntArray, bit: IntArray, variable: IntArray, content: Content
) -> tuple[FloatArray, FloatArray]:
    units = int(content.unit.max(initial=-1)) + 1
    if units == 0:
        return np.zeros(len(bit)), np.zeros(len(bit))
    d = len(content.bit_list)
    u = content.unit[rows]
    known = u >= 0
    table = np.bincount(u[known] * d + bit[known], minlength=units * d).reshape(units, d)
    recorded = np.stack(
        [
            np.bincount(
                content.unit[content.unit >= 0],
                weights=content.recorded[content.unit >= 0, v],
                minlength=units,
            )
            for v in range(content.recorded.shape[1])
        ],
        1,
    )
    safe = np.maximum(u, 0)
    c = np.where(known, table[safe, bit] - 1.0, 0.0)
    of = np.where(known, recorded[safe, variable[bit]] - 1.0, 0.0)
    return c, of


def key_rarity(keys: Keys, around: Surroundings, n: int) -> tuple[FloatArray, IntArray]:
    """Rarity of each key entry (aligned with `keys.index`) and how many cases hold the key.

    The larger of the register's rate and the rate among the nearest cases (a patrol, a local clinician). A key that is
    nobody in particular gets 1, so that sharing it adds nothing.
    """
    count = np.bincount(keys.index, minlength=len(keys.names))
    p = (np.maximum(count - PARTNERS_LEFT_OUT, 0.0) + 0.5)[keys.index] / (n + 1.0)
    near, of = _near_keys(keys.start, keys.index, around.neighbours)
    local = np.maximum(near - PARTNERS_LEFT_OUT, 0.0) + LOCAL_SHRINK * p
    p = np.maximum(p, local / (of + LOCAL_SHRINK))
    return np.where(ordinary_keys(keys, n)[keys.index], 1.0, np.minimum(p, 1.0)), count


def ordinary_keys(keys: Keys, n: int) -> npt.NDArray[np.bool_]:
    """Which keys stand in so many of the n cases that they are nobody in particular."""
    return ordinary_counts(np.bincount(keys.index, minlength=len(keys.names)), n)


def ordinary_counts(count: IntArray, n: int) -> npt.NDArray[np.bool_]:
    """Which of the counts of keys are too many for a key to be somebody."""
    ordinary: npt.NDArray[np.bool_] = count > max(ORDINARY_KEYS, ORDINARY_SHARE * n)
    return ordinary


def sharing_rate(
    role: IntArray, band: IntArray, roles: int, pairs_in_band: FloatArray
) -> FloatArray:
    """How often a pair so far apart shares a key in such a role, for each sharing pair; the pair itself left out.

    `role` and `band` of each sharing pair. A band's rate is shrunk towards that of the next wider one (SHARING_SHRINK
    pairs), the widest towards half a pair in all.
    """
    bands = len(pairs_in_band)
    shared = np.bincount(role * bands + band, minlength=roles * bands).reshape(roles, bands)
    result: FloatArray = sharing_table(shared, pairs_in_band, left_out=1.0)[role, band]
    return result


def sharing_table(shared: IntArray, pairs_in_band: FloatArray, *, left_out: float) -> FloatArray:
    """`sharing_rate` by role and band, from the counts of sharing pairs; so many pairs are left out of each count."""
    wider = np.zeros(shared.shape)
    total, pairs = shared.sum(1), max(float(pairs_in_band.sum()), 1.0)
    rate = (np.maximum(total - left_out, 0.0) + 0.5) / (pairs + 1.0)
    for b in reversed(range(shared.shape[1])):
        kept = np.maximum(shared[:, b] - left_out, 0.0)
        of = max(pairs_in_band[b] - left_out, 0.0)
        rate = (kept + SHARING_SHRINK * rate) / (of + SHARING_SHRINK)
        wider[:, b] = rate
    return wider


@nb.njit(cache=True, nogil=True)
def _near_keys(start, index, neighbours):  # type: ignore[no-untyped-def] # pragma: no cover
    c = np.zeros(len(index))
    of = np.zeros(len(index))
    for j in range(len(start) - 1):
        for e in range(start[j], start[j + 1]):
            for k in range(neighbours.shape[1]):
                i = neighbours[j, k]
                if i < 0:
                    break
                if start[i + 1] > start[i]:
                    of[e] += 1
                for f in range(start[i], start[i + 1]):
                    if index[f] == index[e]:
                        c[e] += 1
    return c, of
