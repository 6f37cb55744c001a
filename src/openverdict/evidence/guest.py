"""The model of one new case among cases of a frozen register: the definition's own terms, on what was learned before it came.

`Guest` is `Model` with everything that would be learned from its own rows given to it instead; so a pair's ratio and each
contribution to it come from the same lines of code whether the later case was prepared or has just arrived.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from openverdict.evidence.encode import NO_PLACE, Content, Slots
from openverdict.evidence.frozen import FINEST_ADDRESS, Frozen
from openverdict.evidence.model import Model, Prepared, Sparse
from openverdict.evidence.newcomers import Newcomers
from openverdict.evidence.newly import Usual, own_values, usual_around
from openverdict.evidence.rarity import Learned, OwnRarity
from openverdict.evidence.shared import Shared, shared_with
from openverdict.evidence.surroundings import Surroundings
from openverdict.evidence.variables import Variable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Newcomer:
    """New case j of a file with what is usual around it and what it shares."""

    new: Newcomers
    j: int
    usual: Usual
    shared: dict[str, Shared]


class Guest(Model):
    """Rows of the register and new cases, the case of interest last; ratios are asked for with it as the later case."""

    def __init__(
        self, prepared: Prepared, says: dict[str, BoolArray], given: dict[str, Any]
    ) -> None:
        super().__init__(prepared)
        self._said = says
        self.__dict__.update(given)

    def says(self, variable: Variable) -> BoolArray:
        """Which cases record a sparse variable at all, as the whole register has it."""
        return self._said.get(variable.name, np.zeros(self.n, dtype=bool))


class Hosts:
    """A frozen register ready for new cases: what does not depend on them is worked out once."""

    def __init__(self, frozen: Frozen) -> None:
        self.frozen = frozen
        self._plain = Model(self._prepared(_nobody(frozen), np.zeros((0, 2))))

    @cached_property
    def tables(self) -> dict[str, Any]:
        """The kernels' tables, the same for every new case."""
        names = ("gap_table", "place_table", "log2_age_kernel")
        return {name: getattr(self._plain, name) for name in names}

    def newcomer(self, new: Newcomers, j: int) -> Newcomer:
        """New case j, priced."""
        usual = usual_around(self.frozen, new, j)
        return Newcomer(new, j, usual, shared_with(self.frozen, new, j, usual.neighbours))

    def guest(self, newcomer: Newcomer, rows: IntArray) -> Guest:
        """The model of the cases `rows` (from n on: earlier new cases) and, as its last case, the new one."""
        new, j, n = newcomer.new, newcomer.j, len(self.frozen)
        old, fellows = rows[rows < n], np.append(rows[rows >= n] - n, j)
        m = len(old) + len(fellows)
        slots, content, says = self._together(new, old, fellows)
        _, bit = np.nonzero(content.bits)
        start = np.searchsorted(np.nonzero(content.bits)[0], np.arange(m + 1)).astype(np.int64)
        mine = slice(int(start[-2]), int(start[-1]))
        here, _, _ = own_values(new, j)
        base, p, near = np.ones(len(bit)), np.ones(len(bit)), np.ones(len(bit))
        base[mine], p[mine] = new.learned.base[here], newcomer.usual.p
        near[mine] = newcomer.usual.near_p
        source = np.zeros(len(bit), dtype=np.int8)
        source[mine] = newcomer.usual.source
        log2_age = np.zeros(m)
        log2_age[-1] = new.learned.log2_age[j]
        count = np.zeros(len(content.bit_list), dtype=np.int64)
        learned = Learned(
            content,
            start,
            bit.astype(np.int32),
            base,
            log2_age,
            count,
            count,
            count.astype(float),
            np.full(m, -1, dtype=np.int32),
            self.frozen.type_names,
        )
        density = np.zeros((m, 2))
        density[-1] = newcomer.usual.log2_place, newcomer.usual.log2_time
        prepared = self._prepared((slots, learned), density)
        place = {row: k for k, row in enumerate([*rows.tolist(), n + j])}
        given: dict[str, Any] = {
            **self.tables,
            "own": OwnRarity(p, source),
            "near": near,
            "sparse": {name: _local(s, place, m) for name, s in newcomer.shared.items()},
        }
        named = {v.name: says[:, k] > 0 for k, v in enumerate(self.frozen.sparse)}
        return Guest(prepared, named, given)

    def _together(
        self, new: Newcomers, old: IntArray, fellows: IntArray
    ) -> tuple[Slots, Content, npt.NDArray[np.uint8]]:
        """Rows of the register, then new cases."""
        cases, slots, content = self.frozen.cases, new.slots, new.content
        bits, recorded, says = self.frozen.unpacked(old)
        more = len(content.bit_list) - len(self.frozen.bit_list)
        bits = np.pad(bits, ((0, 0), (0, more)))

        def both(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[Any]:
            return np.concatenate([a[old], b[fellows]])

        joined = Slots(
            both(cases.day, slots.day),
            both(cases.width, slots.width),
            both(cases.xyz_m, slots.xyz_m),
            both(cases.precision, slots.precision),
            both(cases.spot, slots.spot),
            (),
            both(cases.kind, slots.kind),
            self.frozen.kind_names,
        )
        whole = Content(
            content.coded,
            content.bit_list,
            np.ascontiguousarray(np.concatenate([bits, content.bits[fellows]])),
            np.ascontiguousarray(np.concatenate([recorded, content.recorded[fellows]])),
            both(cases.age, content.age),
            np.full(len(old) + len(fellows), -1, dtype=np.int32),
            {},
            np.zeros((0, 2), dtype=np.int64),
        )
        return joined, whole, np.concatenate([says, new.says[fellows]])

    def _prepared(self, of: tuple[Slots, Learned], density: FloatArray) -> Prepared:
        slots, learned = of
        m, frozen = len(slots.day), self.frozen
        none = np.zeros(0, dtype=np.int64)
        addresses = slots.placed & (slots.precision <= FINEST_ADDRESS)
        around = Surroundings(
            np.zeros((m, 0), dtype=np.int32),
            none,
            np.zeros((m, 2), dtype=np.int64),
            density[:, 0],
            density[:, 1],
            np.ones(m),
            frozen.radius_m,
            none.astype(float),
            frozen.gathering,
            np.zeros(m, dtype=bool),
            addresses & frozen.addresses,
            none,
            none,
        )
        return Prepared(
            frozen.variables,
            slots,
            around,
            learned,
            (),
            None,  # type: ignore[arg-type]  # types are priced into what was learned
            frozen.relation,
        )


def _nobody(frozen: Frozen) -> tuple[Slots, Learned]:
    """Slots and content of no case."""
    none = np.zeros(0, dtype=np.int64)
    slots = Slots(
        none.astype(np.int32),
        none.astype(np.uint8),
        np.zeros((0, 3), dtype=np.int32),
        np.full(0, NO_PLACE, dtype=np.uint8),
        none.astype(np.int32),
        (),
        none.astype(np.int32),
        frozen.kind_names,
    )
    content = Content(
        frozen.coded,
        frozen.bit_list,
        np.zeros((0, len(frozen.bit_list)), dtype=np.uint8),
        np.zeros((0, len(frozen.coded)), dtype=np.uint8),
        none.astype(np.int16),
        none.astype(np.int32),
        {},
        np.zeros((0, 2), dtype=np.int64),
    )
    start, bit = np.zeros(1, dtype=np.int64), none.astype(np.int32)
    real = none.astype(float)
    label = none.astype(np.int32)
    return slots, Learned(content, start, bit, real, real, none, none, real, label, ())


def _local(shared: Shared, place: dict[int, int], m: int) -> Sparse:
    """What is shared with the rows at hand, under their numbers here; the new case is the last."""
    at = [(place[row], k) for k, row in enumerate(shared.row.tolist()) if row in place]
    at.sort()
    pick = np.array([k for _, k in at], dtype=np.int64)
    i = np.array([row for row, _ in at], dtype=np.int64)
    return Sparse(
        i * m + m - 1,
        shared.log10_lr[pick],
        shared.p[pick],
        shared.key[pick],
        shared.count[pick],
    )
