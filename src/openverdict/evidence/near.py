"""Content × place at one address: how often deaths a few metres apart agree anyway.

A hostel, a care home or a bridge gathers deaths that are alike. For two cases within NEAR_M of each other, a shared value is
as rare as it is among the later cases of near pairs whose earlier case holds it; and two near deaths of one kind count
less by how many times more often such pairs occur than density and kind alone would give.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
import numpy.typing as npt

from openverdict.evidence.encode import Slots
from openverdict.evidence.rarity import Learned
from openverdict.evidence.surroundings import NEAR_M, Surroundings, rounded

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

NEAR_SHRINK = 5.0  # near pairs drawn from the value's usual rate
NEAR_LEFT_OUT = 3.0  # near pairs left out of each count: those of a series of three


@dataclass(frozen=True)
class NearRarity:
    """`p`: rarity of each own value (aligned with `Learned.bit`) among near pairs; `crowding` by bit: how many times more
    often near pairs share a type of death than expected, 1 for all other bits.
    """

    p: FloatArray
    crowding: FloatArray


def near_rarity(
    learned: Learned, slots: Slots, around: Surroundings, usual: FloatArray, type_bits: IntArray
) -> NearRarity:
    """Learn both from the near pairs of the register; `usual` is the rarity far from anything."""
    content = learned.content
    variable = np.array([b.variable for b in content.bit_list], dtype=np.int64)
    both, of = _count(
        around.near_i,
        around.near_j,
        learned.start,
        learned.bit,
        variable,
        content.bits,
        content.recorded,
        len(content.bit_list),
    )
    bit = learned.bit.astype(np.int64)
    kept = np.maximum(2 * both - 2 * NEAR_LEFT_OUT, 0.0)
    p = (kept[bit] + NEAR_SHRINK * usual) / (of[bit] + NEAR_SHRINK)
    p = np.exp2(rounded(np.log2(np.clip(np.maximum(p, usual), None, 1.0))))
    crowding = np.ones(len(content.bit_list))
    area = np.pi * NEAR_M**2
    for d in type_bits:
        mine = (content.bits[:, d] > 0) & around.precise
        expected = float(np.exp2(around.log2_place[mine]).sum()) * (mine.sum() - 1) / 2 * area
        seen = max(both[d] - NEAR_LEFT_OUT, 0.0)
        crowding[d] = max((seen + NEAR_SHRINK) / (expected + NEAR_SHRINK), 1.0)
    return NearRarity(p, crowding)


@nb.njit(cache=True, nogil=True)
def _count(i, j, start, own, variable, bits, recorded, d_count):  # type: ignore[no-untyped-def] # pragma: no cover
    """Near pairs that share each bit, and sides of near pairs that hold it while the other side records the variable."""
    both = np.zeros(d_count)
    of = np.zeros(d_count)
    for r in range(len(i)):
        a, b = i[r], j[r]
        for e in range(start[a], start[a + 1]):
            d = own[e]
            if recorded[b, variable[d]]:
                of[d] += 1
            if bits[b, d]:
                both[d] += 1
        for e in range(start[b], start[b + 1]):
            d = own[e]
            if recorded[a, variable[d]]:
                of[d] += 1
    return both, of
