"""Some cases of a model, with all that was learned from the whole register: what a few pairs need, at the cost of a few."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from openverdict.evidence.model import Model, Prepared, Sparse
from openverdict.evidence.rarity import OwnRarity

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """`model`: that of the cases `cases` (sorted numbers in `whole`) under new numbers, 0 … k - 1; it gives the terms of the
    pairs it was made for, to the same bits. `entries`: where their own values stand in `Learned.bit`; `shared`: where
    its sparse pairs stand among those of the whole, by name of the variable.
    """

    whole: Model
    cases: IntArray
    entries: IntArray
    shared: dict[str, IntArray]
    model: Model

    def number(self, cases: IntArray) -> IntArray:
        """The new numbers of some of the cases."""
        return np.searchsorted(self.cases, cases)


def all_of(model: Model) -> Part:
    """The model as a part of itself."""
    shared = {name: np.arange(len(s.code)) for name, s in model.sparse.items()}
    return Part(model, np.arange(model.n), np.arange(len(model.learned.bit)), shared, model)


def part_of(whole: Model, i: IntArray, j: IntArray) -> Part:
    """The part that pairs (i, j), i < j, need."""
    cases = np.unique(np.concatenate([i, j]))
    start = whole.learned.start
    lengths = np.diff(start)[cases]
    first = np.concatenate([[0], np.cumsum(lengths)])
    entries = np.repeat(start[cases] - first[:-1], lengths) + np.arange(first[-1])
    model = Model(_prepared(whole, cases, first, entries))
    shared, sparse = {}, {}
    for name, s in whole.sparse.items():
        at, hit = whole.find_sparse(name, i, j)
        chosen = np.unique(at[hit])
        a, b = (np.searchsorted(cases, c) for c in np.divmod(s.code[chosen], whole.n))
        code = a * len(cases) + b
        shared[name] = chosen
        sparse[name] = Sparse(code, s.log10_lr[chosen], s.p[chosen], s.key[chosen], s.count[chosen])
    own = OwnRarity(whole.own.p[entries], whole.own.source[entries])
    model.__dict__.update(own=own, near=whole.near[entries], sparse=sparse)
    for name in ("gap_table", "place_table", "opposite"):
        model.__dict__[name] = getattr(whole, name)
    model.said.update({name: says[cases] for name, says in whole.all_said().items()})
    return Part(whole, cases, entries, shared, model)


def _prepared(whole: Model, cases: IntArray, start: IntArray, entries: IntArray) -> Prepared:
    prepared, slots, around = whole.prepared, whole.slots, whole.around
    learned, content = whole.learned, whole.content
    none = np.zeros(0, dtype=np.int64)
    return replace(
        prepared,
        slots=replace(
            slots,
            day=slots.day[cases],
            width=slots.width[cases],
            xyz_m=slots.xyz_m[cases],
            precision=slots.precision[cases],
            spot=slots.spot[cases],
            kind=slots.kind[cases],
        ),
        around=replace(
            around,
            neighbours=np.zeros((0, 0), dtype=np.int32),
            by_day=none,
            window=np.zeros((0, 2), dtype=np.int64),
            log2_place=around.log2_place[cases],
            log2_time=around.log2_time[cases],
            surge=around.surge[cases],
            of_kind=around.of_kind[cases],
            precise=around.precise[cases],
            near_i=none,
            near_j=none,
        ),
        learned=replace(
            learned,
            content=replace(
                content,
                bits=content.bits[cases],
                recorded=content.recorded[cases],
                age=content.age[cases],
                unit=content.unit[cases],
                keys={},
                mentions=np.zeros((0, 2), dtype=np.int64),
            ),
            start=start,
            bit=learned.bit[entries],
            base=learned.base[entries],
            log2_age=learned.log2_age[cases],
            kind=learned.kind[cases],
        ),
        case_ids=(),
        types=replace(
            prepared.types,
            posterior=prepared.types.posterior[cases],
            label=prepared.types.label[cases],
        ),
    )
