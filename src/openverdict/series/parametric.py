"""A second opinion on chance: registers drawn from the learned model itself instead of shuffled from the register.

Each slot keeps its place and time, what its case records and what it leaves out, and its unit. Its kind of death is drawn
from the mix of kinds around it in place and in time; its coded values and its age from that kind. Persons, identifiers and
mentions are exchanged in blocks, as in a shuffled null register. What is drawn is then learned from anew, as a register would
be. Nothing in such a register repeats but what the model knows of, so it shows what the model would do if it were true.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from openverdict.evidence import Prepared
from openverdict.evidence.encode import Content
from openverdict.evidence.rarity import learn
from openverdict.evidence.surroundings import Surroundings
from openverdict.evidence.types import Types, learn_types
from openverdict.series.nulls import null_registers

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

DRAWN = "drawn"
NEAR = 30  # the nearest cases whose kinds of death make up the mix around a place
MIX_SHRINK = 5.0  # cases of the register's own mix added to the mix around a place and around a day


@dataclass(frozen=True)
class DrawnRegister:
    """`prepared` for the model; `order[c]`: whose persons, identifiers and mentions stand at slot c."""

    prepared: Prepared
    order: IntArray


def drawn_registers(
    prepared: Prepared, is_death: npt.NDArray[np.bool_], count: int, seed: int
) -> Iterator[DrawnRegister]:
    """`count` registers without a series, drawn from what was learned of this one; the same seed gives the same ones."""
    if count == 0:
        return
    content = prepared.learned.content
    types = learn_types(content)
    mix = mix_around(types.posterior, prepared.around, is_death)
    orders = null_registers(prepared.slots, is_death, count, seed)
    children = np.random.SeedSequence([seed, 1]).spawn(count)
    for null, child in zip(orders, children, strict=True):
        drawn = draw(content, types, mix, np.random.default_rng(child))
        moved = content.take(null.order)
        drawn = replace(drawn, keys=moved.keys, mentions=moved.mentions)
        own = learn_types(drawn)
        learned = learn(drawn, own)
        yield DrawnRegister(replace(prepared, learned=learned, types=own), null.order)


def mix_around(
    posterior: FloatArray, around: Surroundings, is_death: npt.NDArray[np.bool_]
) -> FloatArray:
    """Probability of each kind of death at each slot, (n, K): in proportion to its part nearby times its part in the same days
    over its part in all. Deaths look at deaths, incidents at incidents.
    """
    result = np.zeros_like(posterior)
    for group in (is_death, ~is_death):
        if not group.any():
            continue
        mine = posterior * group[:, None]
        share = mine.sum(0) / group.sum()
        near = around.neighbours[:, :NEAR]
        there = (near >= 0) & group[np.maximum(near, 0)]
        by_place = (mine[np.maximum(near, 0)] * there[..., None]).sum(1) + MIX_SHRINK * share
        by_place /= by_place.sum(1, keepdims=True)
        total = np.concatenate([np.zeros((1, mine.shape[1])), np.cumsum(mine[around.by_day], 0)])
        by_time = total[around.window[:, 1]] - total[around.window[:, 0]] - mine
        by_time = np.maximum(by_time, 0.0) + MIX_SHRINK * share
        by_time /= by_time.sum(1, keepdims=True)
        both = by_place * by_time / np.maximum(share, 1e-12)
        result[group] = (both / both.sum(1, keepdims=True))[group]
    return result


def draw(content: Content, types: Types, mix: FloatArray, rng: np.random.Generator) -> Content:
    """Content with coded values and ages drawn anew: a kind of death for each case, then its values from that kind's rates.

    What a case records, and what it does not, stays as it is.
    """
    n = len(content.age)
    kind = (mix.cumsum(1) < rng.random((n, 1)) * mix.sum(1, keepdims=True)).sum(1)
    kind = np.minimum(kind, mix.shape[1] - 1)
    bits = np.zeros_like(content.bits)
    variable = np.array([bit.variable for bit in content.bit_list], dtype=np.int64)
    negative = np.array([bit.negative for bit in content.bit_list], dtype=bool)
    for v, described in enumerate(content.coded):
        rows = np.flatnonzero(content.recorded[:, v])
        mine = np.flatnonzero((variable == v) & ~negative)
        if len(rows) == 0 or len(mine) == 0:
            continue
        if described.of_place:  # it stays with the place
            bits[:, mine] = content.bits[:, mine]
            continue
        rate = types.rates.bit[kind[rows]][:, mine]
        if described.kernel == "items":
            bits[np.ix_(rows, mine)] = rng.random(rate.shape) < rate
        else:
            ladder = rate.cumsum(1)
            chosen = (ladder < rng.random((len(rows), 1)) * ladder[:, -1:]).sum(1)
            bits[rows, mine[np.minimum(chosen, len(mine) - 1)]] = 1
    bits[:, negative] = _not_found(content, types, kind, bits, variable, negative, rng)
    return replace(content, bits=bits, age=_ages(content, types, kind, rng))


def _not_found(
    content: Content,
    types: Types,
    kind: IntArray,
    bits: npt.NDArray[np.uint8],
    variable: IntArray,
    negative: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> npt.NDArray[np.uint8]:
    """Values looked for and absent: at their rate in the kind of death, never where the value is present."""
    where = np.flatnonzero(negative)
    number = {(b.variable, b.value): d for d, b in enumerate(content.bit_list) if not b.negative}
    rate = types.rates.bit[kind][:, where]
    drawn = (rng.random(rate.shape) < rate) & (content.recorded[:, variable[where]] > 0)
    for column, d in enumerate(where.tolist()):
        bit = content.bit_list[d]
        present = number.get((bit.variable, bit.value))
        if present is not None:
            drawn[:, column] &= bits[:, present] == 0
    return drawn.astype(np.uint8)


def _ages(
    content: Content, types: Types, kind: IntArray, rng: np.random.Generator
) -> npt.NDArray[np.int16]:
    ladder = types.rates.age.cumsum(1)
    u = rng.random(len(kind)) * ladder[kind, -1]
    drawn = np.array([np.searchsorted(ladder[k], x) for k, x in zip(kind, u, strict=True)])
    age = np.minimum(drawn, ladder.shape[1] - 1).astype(np.int16)
    return np.where(content.age >= 0, age, -1).astype(np.int16)
