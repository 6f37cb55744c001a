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
from openverdict.evidence.surroundings import Surroundings, rounded

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

NEAR_SHRINK = 5.0  # near pairs drawn from the value's usual rate
NEAR_LEFT_OUT = 6.0  # sides of near pairs left out of each count: those of a series of three


@dataclass(frozen=True)
class NearCounts:
    """By bit and kind of place of one side of a near pair, (D, kinds + 1): how often that side holds what the other holds
    (`both`), and how often it records the variable at all (`of`). None of it depends on the types.
    """

    both: FloatArray
    of: FloatArray


def near_counts(learned: Learned, slots: Slots, around: Surroundings) -> NearCounts:
    """Count the sides of all near pairs."""
    content = learned.content
    variable = np.array([b.variable for b in content.bit_list], dtype=np.int64)
    kind = np.where(around.of_kind, slots.kind, -1).astype(np.int64)
    both, of = _count(
        around.near_i,
        around.near_j,
        kind,
        len(slots.kind_names) + 1,
        learned.start,
        learned.bit,
        variable,
        content.bits,
        content.recorded,
        len(content.bit_list),
    )
    return NearCounts(both, of)


def near_rarity(
    learned: Learned, slots: Slots, around: Surroundings, usual: FloatArray, counts: NearCounts
) -> FloatArray:
    """Rarity of each own value (aligned with `Learned.bit`) among near pairs at places of the later case's kind.

    `usual`: the rarity far from anything.
    """
    content = learned.content
    kind = np.where(around.of_kind, slots.kind, -1)
    bit = learned.bit.astype(np.int64)
    row = np.repeat(np.arange(len(kind)), np.diff(learned.start))
    here = kind[row]
    stays = content.of_place[bit]  # a kind of place is not rated among places of that kind
    shared = np.where(stays, counts.both.sum(1)[bit], counts.both[bit, here])
    asked = np.where(stays, counts.of.sum(1)[bit], counts.of[bit, here])
    p = (np.maximum(shared - NEAR_LEFT_OUT, 0.0) + NEAR_SHRINK * usual) / (asked + NEAR_SHRINK)
    p = np.where(stays & around.of_kind[row], usual, np.maximum(p, usual))
    rare: FloatArray = np.exp2(rounded(np.log2(np.clip(p, None, 1.0))))
    return rare


@nb.njit(cache=True, nogil=True)
def _count(i, j, kind, kinds, start, own, variable, bits, recorded, d_count):  # type: ignore[no-untyped-def] # pragma: no cover
    """By bit and kind of place of one side of a near pair: how often that side holds what the other holds, and how
    often it records the variable at all.
    """
    both = np.zeros((d_count, kinds))
    of = np.zeros((d_count, kinds))
    for r in range(len(i)):
        for side in range(2):
            a, b = (i[r], j[r]) if side == 0 else (j[r], i[r])
            k = kind[b]
            for e in range(start[a], start[a + 1]):
                d = own[e]
                if recorded[b, variable[d]]:
                    of[d, k] += 1
                if bits[b, d]:
                    both[d, k] += 1
    return both, of
