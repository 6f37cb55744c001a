"""How rare each case's own values are among unrelated cases: by type of death, and never rarer than close by.

For a value b that case j holds, p is the largest of: its rate among deaths of j's type, as far as the values before it tell
the type (the chain rule: habits that go together are counted once); its rate among the nearest
deaths in place (content × place: hostels, scenes); among deaths in the same fortnight (content × time: batches); and in
the same unit's records (a coder's habits). The last three are shrunk towards the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numba as nb
import numpy as np
import numpy.typing as npt

from openverdict.evidence.encode import Content, Keys
from openverdict.evidence.rates import PARTNERS_LEFT_OUT
from openverdict.evidence.surroundings import SOON_LEFT_OUT, Surroundings, rounded
from openverdict.evidence.types import Types

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

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
    base, density = _in_turn(content, types, rows, bit)
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


def _in_turn(
    content: Content, types: Types, rows: IntArray, bit: IntArray
) -> tuple[FloatArray, FloatArray]:
    """P(value | the case's values before it) for each own value, and the density of its age, by the chain rule.

    The product over all of a case's values is their joint probability under the mixture, so that habits that go together
    are counted once, whichever of them two cases share.
    """
    posterior = np.tile(types.share, (len(content.age), 1))
    base = np.ones(len(rows))
    by_bit = np.argsort(bit, kind="stable")
    edges = np.searchsorted(bit[by_bit], np.arange(len(content.bit_list) + 1))
    number = {v.name: k for k, v in enumerate(content.coded)}
    density = np.ones(len(content.age))
    order = [name for name in FIRST if name in number or name == AGE]
    for name in (*order, *(name for name in number if name not in FIRST)):
        if name == AGE:
            rate = types.rates.age_without(content.age)
            density = np.einsum("nk,nk->n", posterior, rate)
            posterior = _updated(posterior, np.where(content.age[:, None] >= 0, rate, 1.0))
            continue
        v = number[name]
        items = content.coded[v].kernel == "items"
        seen = content.recorded[:, v] > 0
        told = np.ones_like(posterior)
        for d, b in enumerate(content.bit_list):
            if b.variable != v or b.negative:
                continue
            mine = by_bit[edges[d] : edges[d + 1]]
            j = rows[mine]
            rate = types.rates.bit_without(d, j)
            base[mine] = np.einsum("nk,nk->n", posterior[j], rate)
            if items:
                told[seen] = 1 - types.rates.bit[:, d]
                told[j] = rate
                posterior = _updated(posterior, told)
            else:
                told[j] = rate
        if not items:
            posterior = _updated(posterior, told)
    return base, density


def _updated(posterior: FloatArray, told: FloatArray) -> FloatArray:
    product = posterior * told
    result: FloatArray = product / product.sum(1, keepdims=True)
    return result


@dataclass(frozen=True)
class OwnRarity:
    """Rarity `p` of each own value (aligned with `Learned.bit`) and which rate set it (index into SOURCES)."""

    p: FloatArray
    source: npt.NDArray[np.int8]


def own_rarity(learned: Learned, around: Surroundings) -> OwnRarity:
    """The largest of the four rates for every own value, shrunk, never zero."""
    content = learned.content
    n = len(content.age)
    variable = np.array([b.variable for b in content.bit_list], dtype=np.int64)
    rows = np.repeat(np.arange(n), np.diff(learned.start))
    bit, base = learned.bit.astype(np.int64), learned.base
    near, near_of = _near_counts(
        learned.start, bit, variable, content.bits, content.recorded, around.neighbours
    )
    then, then_of = _window_counts(rows, bit, variable, content, around)
    unit, unit_of = _unit_counts(rows, bit, variable, content)
    candidates = [base]
    left_out = (PARTNERS_LEFT_OUT, SOON_LEFT_OUT, PARTNERS_LEFT_OUT)
    for (c, of), out in zip(
        ((near, near_of), (then, then_of), (unit, unit_of)), left_out, strict=True
    ):
        kept = np.maximum(c - out, 0.0)
        candidates.append((kept + LOCAL_SHRINK * base) / (of + LOCAL_SHRINK))
    stacked = np.stack(candidates)
    said = content.of_place[bit] & around.of_kind[rows]  # by the density of places of this kind
    stacked[1:] = np.where(said, base, stacked[1:])
    source = stacked.argmax(0).astype(np.int8)
    p = np.clip(stacked.max(0), 0.5 / (n + 1), 1.0)
    return OwnRarity(np.exp2(rounded(np.log2(p))), source)


@nb.njit(cache=True, nogil=True)
def _near_counts(start, bit, variable, bits, recorded, neighbours):  # type: ignore[no-untyped-def] # pragma: no cover
    c = np.zeros(len(bit))
    of = np.zeros(len(bit))
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
    count = np.bincount(keys.index, minlength=len(keys.names))
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
