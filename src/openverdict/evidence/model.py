"""The model of a register: every variable's likelihood ratio for any pair of cases, in floating point.

    LR_v(i, j) = 1 - theta_v + theta_v * k_v(x_i, x_j) / p_v(x_j)

and what a pair can show at all makes the likelihood ratio of their product (`relation`).

This is the definition; `linkage.compile` turns it into integer tables that agree to a thousandth of a bit a variable.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numba as nb
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from openverdict.cases import Register
from openverdict.evidence.encode import (
    NO_PLACE,
    OTHER,
    PRECISION_M,
    SEEN_ONCE,
    Content,
    Slots,
    encode_content,
    encode_slots,
    routinely_screened,
)
from openverdict.evidence.near import NearCounts, near_counts, near_rarity
from openverdict.evidence.rarity import (
    Learned,
    LocalCounts,
    OwnRarity,
    key_rarity,
    learn,
    local_counts,
    ordinary_keys,
    own_rarity,
    sharing_rate,
)
from openverdict.evidence.rates import PARTNERS_LEFT_OUT
from openverdict.evidence.relation import Relation, usual
from openverdict.evidence.surroundings import (
    GATHER_M,
    NEAR_M,
    NEIGHBOURS,
    Surroundings,
    band_of,
    distance_bin,
    distance_bins,
    gap_kernel,
    place_kernel,
    rounded,
    survey,
)
from openverdict.evidence.types import Types, learn_types
from openverdict.evidence.variables import Variable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

GAP_REACH = 4096  # days; a longer gap counts as one of infinite length
SPOT_SHRINK = 5.0
SPOT_PRIOR = 0.1  # share of near deaths at the same exact spot, before the register is looked at
MAX_SPOT = 1000  # a label of more cases than this is no exact spot
SPOT_REACH_M = (
    300.0  # farther apart than this, beyond both precisions, the same words name two spots
)
SPARSE_KERNELS = ("keys", "spot", "mention")
CASES = 1 << 16  # cases whose neighbours are looked at at a time
LOG10_2 = float(np.log10(2.0))


@dataclass(frozen=True)
class Sparse:
    """Pairs that share something few share: `code` = i * n + j sorted, with the ratio and what it was made from."""

    code: IntArray
    log10_lr: FloatArray
    p: FloatArray
    key: IntArray
    count: IntArray


@dataclass(frozen=True)
class BitTerms:
    """Contributions of the coded values, as log10 likelihood ratios.

    Per bit: its `variable`; `lack`, when one case has it and the other's recorded value lacks it; `against`, what is added
    when the other's record says the contrary, so that an item detected in one and looked for in vain in the other costs
    log10(1 - theta) in all. Per own value of the later case: `both`, when both have it, and `both_near`, when they
    also lie at one address.
    """

    variable: IntArray
    lack: FloatArray
    both: FloatArray
    both_near: FloatArray
    against: FloatArray


@dataclass(frozen=True)
class Prepared:
    """What is learned once for a register and reused by its null registers.

    `relation`: from a pair's terms to its ratio.
    """

    variables: tuple[Variable, ...]
    slots: Slots
    around: Surroundings
    learned: Learned
    case_ids: tuple[str, ...]
    types: Types
    relation: Relation


def prepare(register: Register, variables: tuple[Variable, ...]) -> Prepared:
    """Encode a register and learn its surroundings and its types of death.

    `variables` from `load_variables`; the register must hold at least one case.
    """
    slots = encode_slots(register)
    content = encode_content(register, variables)
    types = learn_types(content)
    return Prepared(
        variables,
        slots,
        survey(slots),
        learn(content, types),
        register.case_ids,
        types,
        usual(len(slots.day)),
    )


class Model:
    """Every variable's log10 likelihood ratio for pairs (i, j) of case numbers with i before j in the register."""

    def __init__(self, prepared: Prepared, order: IntArray | None = None) -> None:
        """`order`: the content of case `order[c]` stands at slot c (None: the register as it is)."""
        self.prepared = prepared
        self.variables = prepared.variables
        self.slots = prepared.slots
        self.around = prepared.around
        self.learned = prepared.learned if order is None else prepared.learned.take(order)
        self.n = len(self.slots.day)
        self.by_kernel = {v.kernel: v for v in self.variables}
        self.said: dict[str, npt.NDArray[np.bool_]] = {}
        self._crowds: dict[float, tuple[cKDTree, IntArray]] = {}

    def let_go(self) -> None:
        """Forget who is near whom, once all that rests on it is learned: for those who make no null registers of it.

        Of a large register this is a sixth of what the model holds.
        """
        for learned in (self.local, self.sparse, self.labelled_near):
            assert learned is not None  # noqa: S101 (each learns what it holds when it is first asked for)
        nobody = np.zeros((0, NEIGHBOURS), dtype=np.int32)
        self.around = replace(self.around, neighbours=nobody)
        self.prepared = replace(self.prepared, around=self.around)

    @property
    def content(self) -> Content:
        """The coded content at each slot."""
        return self.learned.content

    @cached_property
    def local(self) -> LocalCounts:
        """How often every own value stands close by, in place, time and unit."""
        return local_counts(self.learned, self.around)

    @cached_property
    def own(self) -> OwnRarity:
        """Rarity of every own value."""
        return own_rarity(self.learned, self.around.of_kind, self.local, self.n)

    @cached_property
    def near_counts(self) -> NearCounts:
        """How often both sides of near pairs agree."""
        return near_counts(self.learned, self.slots, self.around)

    @cached_property
    def near(self) -> FloatArray:
        """Rarity of every own value among near pairs."""
        return near_rarity(self.learned, self.slots, self.around, self.own.p, self.near_counts)

    @cached_property
    def labelled_near(self) -> IntArray:
        """How many of each case's neighbours have the label of a spot."""
        near = self.around.neighbours
        parts = [near[first : first + CASES] for first in range(0, len(near), CASES)]
        spot = self.slots.spot
        counts = [((part >= 0) & (spot[np.maximum(part, 0)] >= 0)).sum(1) for part in parts]
        return np.concatenate([np.zeros(0, dtype=np.int64), *counts])

    def crowd(self, metres: float) -> tuple[cKDTree, IntArray]:
        """The places that have an address, and how many others lie within `metres` of each."""
        if metres not in self._crowds:
            points = self.slots.xyz_m[self.around.precise].astype(float)
            tree = cKDTree(points)
            found = tree.query_ball_point(points, metres, return_length=True, workers=-1)
            self._crowds[metres] = tree, np.asarray(found, dtype=np.int64) - 1
        return self._crowds[metres]

    @cached_property
    def _places(self) -> cKDTree:
        """All places, for circles round one of them."""
        return cKDTree(self.slots.xyz_m[self.slots.placed].astype(float))

    def as_near(self, i: int, j: int) -> tuple[int, int]:
        """How many cases other than i have a place, and how many of these lie as near to i as j does, j among them.

        Places are whole metres, so that squared distances are whole numbers: half of one more leaves nothing to rounding.
        """
        apart = self.slots.xyz_m[i].astype(np.int64) - self.slots.xyz_m[j]
        reach = np.sqrt(float((apart**2).sum()) + 0.5)
        within = self._places.query_ball_point(
            self.slots.xyz_m[i].astype(float), reach, return_length=True
        )
        return self._places.n - 1, int(within) - 1

    def are_near(self, i: IntArray, j: IntArray) -> npt.NDArray[np.bool_]:
        """Which pairs lie at one address, as far as their precision says."""
        precise = self.around.precise
        near: npt.NDArray[np.bool_] = precise[i] & precise[j] & (self.metres(i, j) <= NEAR_M)
        return near

    @cached_property
    def gap_table(self) -> FloatArray:
        """log2 k of the gap, shape (widths, widths, GAP_REACH)."""
        return np.log2(np.maximum(gap_kernel(self.by_kernel["gap"].mixture, GAP_REACH), 1e-30))

    @cached_property
    def place_table(self) -> FloatArray:
        """log2 k of the distance less how places of a kind gather, shape (kinds + 1, precisions, precisions, bins); kind -1
        is the last one.
        """
        k = np.log2(np.maximum(place_kernel(self.by_kernel["distance"].mixture), 1e-30))
        gathering = rounded(np.log2(self.around.gathering))
        k = k - gathering[:, None, None, np.searchsorted(GATHER_M, distance_bins())]
        k[..., -1] = -100.0
        falling: FloatArray = np.minimum.accumulate(
            k, axis=-1
        )  # it may cheapen the near, never raise the far
        return falling

    @cached_property
    def bit_terms(self) -> BitTerms:
        """What each bit contributes to a pair."""
        content = self.content
        variable = np.array([b.variable for b in content.bit_list], dtype=np.int64)
        lack = np.zeros(len(variable))
        apart = np.array([np.log10(1 - v.theta) for v in content.coded])
        again = np.ones(len(variable))
        single = np.zeros(len(variable), dtype=bool)
        for d, b in enumerate(content.bit_list):
            v = content.coded[b.variable]
            if v.kernel == "code":
                lack[d] = apart[b.variable]
                single[d] = True
            elif not b.negative:
                again[d] = v.reporting
                if v.fields[0] != "substances_detected" or routinely_screened(b.value):
                    lack[d] = np.log10(1 - v.theta * v.reporting)
        bit = self.learned.bit.astype(np.int64)
        theta = np.array([v.theta for v in content.coded])[variable[bit]]
        once = np.array(
            [b.value in (SEEN_ONCE, OTHER) or b.negative for b in content.bit_list], dtype=bool
        )
        negative = np.array([b.negative for b in content.bit_list], dtype=bool)
        mute = negative | np.array([b.value == OTHER for b in content.bit_list], dtype=bool)

        def shared(p: FloatArray) -> FloatArray:
            both = np.log10(1 - theta + theta * listed_again(again[bit], p) / p)
            both = np.where(single[bit] | (both > lack[bit]), both, lack[bit])
            return np.where(once[bit], np.where(mute[bit], 0.0, lack[bit]), both)

        both = shared(self.own.p)
        both_near = shared(self.near)
        positive = np.where(negative, self.opposite, np.arange(len(variable)))
        against = apart[variable] - lack[positive] if len(variable) else lack
        w = np.array([v.weight for v in content.coded])[variable]
        return BitTerms(variable, w * lack, w[bit] * both, w[bit] * both_near, w * against)

    @cached_property
    def opposite(self) -> npt.NDArray[np.int32]:
        """Per bit: the bit that says the contrary (detected against looked for and not detected), or -1."""
        number = {(b.variable, b.value, b.negative): d for d, b in enumerate(self.content.bit_list)}
        return np.array(
            [number.get((b.variable, b.value, not b.negative), -1) for b in self.content.bit_list],
            dtype=np.int32,
        )

    @cached_property
    def log2_age_kernel(self) -> FloatArray:
        """log2 k of a difference in age of d whole years, d = 0 … 127: a mixture of discrete Laplace distributions."""
        return np.log2(age_kernel(self.by_kernel["number"].mixture))

    @cached_property
    def sparse(self) -> dict[str, Sparse]:
        """Shared keys, exact spots and mentions, by variable: only the pairs that have them."""
        found = {}
        for variable in self.variables:
            if variable.kernel == "keys":
                found[variable.name] = self._shared_keys(variable)
            elif variable.kernel == "spot":
                found[variable.name] = self._shared_spots(variable)
            elif variable.kernel == "mention":
                found[variable.name] = self._mentions(variable)
        return found

    def _sparse(
        self,
        variable: Variable,
        i: IntArray,
        j: IntArray,
        p: FloatArray,
        key: IntArray,
        count: IntArray,
    ) -> Sparse:
        """The rarest thing each pair shares."""
        code = i * self.n + j
        order = np.lexsort((key, p, code))
        code, p, key, count = code[order], p[order], key[order], count[order]
        first = np.concatenate([[True], code[1:] != code[:-1]]) if len(code) else np.zeros(0, bool)
        lr = variable.log10_lr(1 / p[first])
        return Sparse(code[first], lr, p[first], key[first], count[first])

    def _shared_keys(self, variable: Variable) -> Sparse:
        """Pairs that share a key. Rarity: the larger of the key's own rate and the rate at which unrelated pairs, as far
        apart and in that role, share *some* key (learned from all pairs of the register).
        """
        keys = self.content.keys[variable.name]
        p, count = key_rarity(keys, self.around, self.n)
        i, j, b, role, band = self.sharing_pairs(variable, p, count)
        both = float(self.says(variable).mean()) ** 2
        usual = sharing_rate(role, band, len(keys.roles), self.around.pairs_in_band * both)
        rare = np.maximum(p[b], usual)
        rare = np.exp2(rounded(np.log2(np.clip(rare, 0.5 / (self.n + 1), 1.0))))
        key = keys.index[b]
        return self._sparse(variable, i, j, rare, key, count[key])

    def sharing_pairs(
        self, variable: Variable, p: FloatArray, count: IntArray
    ) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray]:
        """Pairs i, j that share a key that is somebody in particular, once for each such key: the later case's entry, the role
        and the band of distance. `p`, `count` from `key_rarity`.
        """
        keys = self.content.keys[variable.name]
        rows = np.repeat(np.arange(self.n), np.diff(keys.start))
        use = np.flatnonzero((p < 1.0) & (count[keys.index] > 1))
        order = use[np.lexsort((rows[use], keys.index[use]))]
        a, b = _pairs_within(keys.index[order])
        i, j = rows[order[a]], rows[order[b]]
        placed = self.slots.placed[i] & self.slots.placed[j]
        band = band_of(np.where(placed, self.metres(i, j), np.nan))
        role = np.maximum(keys.role[order[a]], keys.role[order[b]])
        return i, j, order[b], role, band

    def _shared_spots(self, variable: Variable) -> Sparse:
        spot = self.slots.spot
        labelled = np.flatnonzero(spot >= 0)
        count = np.bincount(spot[labelled], minlength=len(self.slots.spot_names))
        order = labelled[np.lexsort((labelled, spot[labelled]))]
        order = order[(count[spot[order]] > 1) & (count[spot[order]] <= MAX_SPOT)]
        a, b = _pairs_within(spot[order].astype(np.int64))
        i, j = order[a], order[b]
        placed = self.slots.placed[i] & self.slots.placed[j]
        precision = np.append(PRECISION_M, 0.0)[self.slots.precision]
        here = ~placed | (self.metres(i, j) <= SPOT_REACH_M + precision[i] + precision[j])
        i, j, placed = i[here], j[here], placed[here]
        near = self.around.neighbours[j]
        there = (near >= 0) & (spot[np.maximum(near, 0)] >= 0)
        same = there & (spot[np.maximum(near, 0)] == spot[j][:, None])
        kept = np.maximum(same.sum(1) - PARTNERS_LEFT_OUT, 0.0)
        local = (kept + SPOT_SHRINK * SPOT_PRIOR) / (self.labelled_near[j] + SPOT_SHRINK)
        overall = (np.maximum(count[spot[j]] - PARTNERS_LEFT_OUT, 0.0) + 0.5) / (
            len(labelled) + 1.0
        )
        p = np.where(placed, np.maximum(local, SPOT_PRIOR), overall)
        p = np.exp2(rounded(np.log2(np.clip(p, 0.5 / (self.n + 1), 1.0))))
        return self._sparse(variable, i, j, p, spot[j].astype(np.int64), count[spot[j]])

    def _mentions(self, variable: Variable) -> Sparse:
        pairs = np.sort(self.content.mentions, axis=1)
        pairs = np.unique(pairs, axis=0) if len(pairs) else pairs
        p = max((len(pairs) + 0.5) / (self.n * (self.n - 1) / 2 + 1.0), 0.5 / (self.n + 1))
        full = np.full(len(pairs), min(p, 1.0))
        none = np.zeros(len(pairs), dtype=np.int64)
        return self._sparse(variable, pairs[:, 0], pairs[:, 1], full, none, none + len(pairs))

    def says(self, variable: Variable) -> npt.NDArray[np.bool_]:
        """Which cases record a sparse variable at all, and not only what is too frequent to mean anything: only then does
        *not* sharing say something.
        """
        if variable.name not in self.said:
            self.said[variable.name] = self._says(variable)
        return self.said[variable.name]

    def all_said(self) -> dict[str, npt.NDArray[np.bool_]]:
        """The same for every sparse variable, by name."""
        return {v.name: self.says(v) for v in self.variables if v.kernel in SPARSE_KERNELS}

    def _says(self, variable: Variable) -> npt.NDArray[np.bool_]:
        if variable.kernel == "spot":
            spot = self.slots.spot
            count = np.bincount(spot[spot >= 0], minlength=len(self.slots.spot_names) + 1)
            return (spot >= 0) & (count[spot] <= MAX_SPOT)
        if variable.kernel == "keys":
            keys = self.content.keys[variable.name]
            rows = np.repeat(np.arange(self.n), np.diff(keys.start))
            somebody = ~ordinary_keys(keys, self.n)[keys.index]
            return np.bincount(rows[somebody], minlength=self.n) > 0
        return np.zeros(self.n, dtype=bool)

    def terms(
        self, i: IntArray, j: IntArray, without: Collection[str] = ()
    ) -> dict[str, FloatArray]:
        """log10 likelihood ratio of each variable for pairs (i, j), i < j: a float64 array a variable, 0 where missing.

        `without`: kernels, other than those of coded values, whose variables are left out.
        """
        i, j = np.asarray(i, dtype=np.int64), np.asarray(j, dtype=np.int64)
        result = {v.name: np.zeros(len(i)) for v in self.variables if v.kernel not in without}
        for v in self.variables:
            if v.kernel in without:
                continue
            if v.kernel == "gap":
                result[v.name] = self._ratio(v, self.log2_gap(i, j), self.around.log2_time[j])
            elif v.kernel == "distance":
                both = self.slots.placed[i] & self.slots.placed[j]
                ratio = self._ratio(v, self.log2_place(i, j), self.around.log2_place[j])
                result[v.name] = np.where(both, ratio, 0.0)
            elif v.kernel == "number":
                known = (self.content.age[i] >= 0) & (self.content.age[j] >= 0)
                apart = np.abs(self.content.age[i].astype(int) - self.content.age[j])
                ratio = self._ratio(v, self.log2_age_kernel[apart], self.learned.log2_age[j])
                result[v.name] = np.where(known, ratio, 0.0)
            elif v.kernel in SPARSE_KERNELS:
                says = self.says(v)
                default = np.where(says[i] & says[j], v.log10_lr(0.0), 0.0)
                at, hit = self.find_sparse(v.name, i, j)
                default[hit] = self.sparse[v.name].log10_lr[at[hit]]
                result[v.name] = default
        coded = self.coded_terms(i, j, self.are_near(i, j))
        for k, v in enumerate(self.content.coded):
            result[v.name] = coded[:, k]
        return result

    def find_sparse(
        self, name: str, i: IntArray, j: IntArray
    ) -> tuple[IntArray, npt.NDArray[np.bool_]]:
        """Position of each pair among the sparse pairs of a variable, and whether it is there."""
        codes = self.sparse[name].code
        if len(codes) == 0:
            return np.zeros(len(i), dtype=np.int64), np.zeros(len(i), dtype=bool)
        at = np.minimum(np.searchsorted(codes, i * self.n + j), len(codes) - 1)
        return at, codes[at] == i * self.n + j

    def _ratio(self, v: Variable, log2_k: FloatArray, log2_p: FloatArray) -> FloatArray:
        return v.log10_lr(np.exp2(log2_k - log2_p))

    def gap_days(self, i: IntArray, j: IntArray) -> IntArray:
        """Whole days between the middles of the two intervals of death."""
        gap: IntArray = np.abs(self.slots.day[j].astype(np.int64) - self.slots.day[i])
        return gap

    def log2_gap(self, i: IntArray, j: IntArray) -> FloatArray:
        """log2 k of the gap."""
        gap = np.minimum(self.gap_days(i, j), GAP_REACH - 1)
        return self.gap_table[self.slots.width[i], self.slots.width[j], gap]

    def metres(self, i: IntArray, j: IntArray) -> FloatArray:
        """Distance through the earth's chord in metres (0.1 m short of the arc at 100 km … irrelevant here)."""
        apart = (self.slots.xyz_m[i].astype(np.int64) - self.slots.xyz_m[j]).astype(float)
        metres: FloatArray = np.sqrt((apart**2).sum(1))
        return metres

    def log2_place(self, i: IntArray, j: IntArray) -> FloatArray:
        """log2 k of the distance; meaningless where either place is missing."""
        bins = distance_bin(self.metres(i, j))
        a = np.minimum(self.slots.precision[i], NO_PLACE - 1)
        b = np.minimum(self.slots.precision[j], NO_PLACE - 1)
        return self.place_table[self.slots.kind[j], a, b, bins]

    def coded_terms(self, i: IntArray, j: IntArray, near: npt.NDArray[np.bool_]) -> FloatArray:
        """Terms of the coded variables, shape (pairs, V); `near` says which pairs lie at one address."""
        terms = self.bit_terms
        single = np.array([v.kernel != "items" for v in self.content.coded])
        result: FloatArray = _coded(
            i,
            j,
            near,
            self.content.bits,
            self.content.recorded,
            self.learned.start,
            self.learned.bit,
            terms.variable,
            terms.lack,
            terms.both,
            terms.both_near,
            terms.against,
            single,
            self.opposite,
        )
        return result

    def total(self, i: IntArray, j: IntArray) -> FloatArray:
        """log10 likelihood ratio of each pair."""
        return self.ratio(self.sum(i, j))

    def sum(self, i: IntArray, j: IntArray) -> FloatArray:
        """The sum of each pair's terms (log10): what series are searched by."""
        return self.summed(self.terms(i, j))

    def summed(self, terms: Mapping[str, FloatArray]) -> FloatArray:
        """The terms of all variables, summed in their order."""
        total: FloatArray = np.zeros_like(terms[self.variables[0].name])
        for v in self.variables:
            total = total + terms[v.name]
        return total

    def ratio(self, total: FloatArray | float) -> FloatArray:
        """log10 likelihood ratio of pairs whose terms sum to `total`."""
        return self.prepared.relation.ratio(total)

    def sum_at(self, ratio: FloatArray | float) -> FloatArray:
        """The sum of terms at which a pair reaches the log10 ratio `ratio`."""
        return self.prepared.relation.sum_at(ratio)


def age_kernel(mixture: tuple[tuple[float, float], ...]) -> FloatArray:
    """Probability of a difference of exactly d years in one direction, d = 0 … 127, for a mixture of (weight, scale)."""
    total = np.zeros(128)
    for weight, scale in mixture:
        q = np.exp(-1.0 / scale)
        total += weight * (1 - q) / (1 + q) * q ** np.arange(128)
    return total


def listed_again(reporting: FloatArray | float, p: FloatArray) -> FloatArray:
    """Kernel of an item that both list: a carried-over item is listed again, or anyhow at the rate p of unrelated cases.

    With it the LR of an item that the earlier case holds has mean 1 over unrelated later cases.
    """
    k: FloatArray = reporting + (1 - reporting) * p
    return k


def _pairs_within(group: IntArray) -> tuple[IntArray, IntArray]:
    """Positions (a, b), a < b, of all pairs inside runs of equal values."""
    if len(group) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    edges = np.concatenate([[0], np.flatnonzero(np.diff(group)) + 1, [len(group)]])
    firsts, seconds = [], []
    for lo, hi in pairwise(edges):
        a, b = np.triu_indices(hi - lo, 1)
        firsts.append(a + lo)
        seconds.append(b + lo)
    return np.concatenate(firsts).astype(np.int64), np.concatenate(seconds).astype(np.int64)


@nb.njit(cache=True, nogil=True)
def _coded(  # type: ignore[no-untyped-def] # pragma: no cover
    i,
    j,
    near,
    bits,
    recorded,
    start,
    own,
    variable,
    lack,
    both,
    both_near,
    against,
    single,
    opposite,
):
    """Terms of the coded variables, shape (pairs, V)."""
    m = len(i)
    v_count = recorded.shape[1]
    out = np.zeros((m, v_count))
    for r in range(m):
        a, b = i[r], j[r]
        for e in range(start[b], start[b + 1]):
            d = own[e]
            v = variable[d]
            if recorded[a, v]:
                shared = both_near[e] if near[r] else both[e]
                out[r, v] += shared if bits[a, d] else lack[d]
            if opposite[d] >= 0 and bits[a, opposite[d]]:
                out[r, v] += against[d]
        for e in range(start[a], start[a + 1]):
            d = own[e]
            v = variable[d]
            if not single[v] and not bits[b, d] and recorded[b, v]:
                out[r, v] += lack[d]
    return out
