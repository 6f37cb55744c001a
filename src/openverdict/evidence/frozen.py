"""What was learned from a register, frozen: all that the ratio of a later case with any case of the register rests on.

Nothing in it grows with the number of pairs. Texts that say who or where (persons, identifiers, exact spots, units) are held as
hashes; case numbers are kept, since they name what is put out. Method: docs/methods/arrival.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.spatial import cKDTree

from openverdict.cases import Register
from openverdict.evidence.encode import NO_PLACE, PRECISION_M, Bit
from openverdict.evidence.model import Model, Prepared
from openverdict.evidence.near import _count
from openverdict.evidence.rarity import key_rarity, ordinary_counts, sharing_table
from openverdict.evidence.relation import Relation
from openverdict.evidence.surroundings import PRECISE_M, _left_out, daily_density
from openverdict.evidence.variables import Variable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
HashArray = npt.NDArray[np.uint64]

FINEST_ADDRESS = int(np.searchsorted(PRECISION_M, PRECISE_M))  # the coarsest class with an address


@dataclass(frozen=True)
class FrozenKeys:
    """Keys of one variable: `start`, `index`, `role` as in `Keys`; `name` the hash of each key; `sharing` (roles + 1, bands)
    how often unrelated pairs share a key in that role, the last row for roles that the register does not know.
    """

    start: npt.NDArray[np.int32]
    index: npt.NDArray[np.int32]
    role: npt.NDArray[np.int32]
    name: HashArray
    roles: tuple[str, ...]
    sharing: FloatArray

    @cached_property
    def count(self) -> IntArray:
        """Cases that hold each key."""
        return np.bincount(self.index, minlength=len(self.name))

    @cached_property
    def ordinary(self) -> npt.NDArray[np.bool_]:
        """Which keys stand in so many cases that they are nobody in particular."""
        return ordinary_counts(self.count, len(self.start) - 1)


@dataclass(frozen=True)
class FrozenCases:
    """What the n cases hold, one row a case, as in `Slots` and `Content`; `words` (n, B) the bits of the coded values, then
    which variables are recorded, then which sparse variables say anything, packed from the lowest bit.

    Case numbers: UTF-8 in `id_text`, case c from `id_start[c]` to `id_start[c + 1]`; `id_order` sorts them.
    """

    day: npt.NDArray[np.int32]
    width: npt.NDArray[np.uint8]
    xyz_m: npt.NDArray[np.int32]
    precision: npt.NDArray[np.uint8]
    kind: npt.NDArray[np.int32]
    spot: npt.NDArray[np.int32]
    age: npt.NDArray[np.int16]
    words: npt.NDArray[np.uint8]
    id_text: npt.NDArray[np.uint8]
    id_start: npt.NDArray[np.int64]
    id_order: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.day)

    def id(self, row: int) -> str:
        """The case number of a row."""
        return bytes(self.id_text[self.id_start[row] : self.id_start[row + 1]]).decode()

    def find(self, case_id: str) -> int:
        """The row of a case number, -1 where the register has no such case."""
        wanted, low, high = case_id.encode(), 0, len(self)
        while low < high:
            middle = (low + high) // 2
            row = int(self.id_order[middle])
            here = bytes(self.id_text[self.id_start[row] : self.id_start[row + 1]])
            if here == wanted:
                return row
            low, high = (middle + 1, high) if here < wanted else (low, middle)
        return -1


@dataclass(frozen=True)
class Frozen:
    """A register's cases, the lists that code them, and what is usual among them.

    Types of death: `share` (K), `rate` (K, F) and `feature_bit` (F) of the mixture; `held`, `seen` (K, D), `total`, `of` (D),
    `aged` (K, 128) as in `Rates`; `seen_variable` (K, V), `of_variable` (V) the same by variable. Time: `daily` density per
    day from `first_day`. Place: `kind_count` (kinds) known places, `left_out` (kinds + 1) neighbours left out of a count, all
    places last; `gathering` and `radius_m` as in `Surroundings`. Units: `unit_held` (U, D), `unit_seen` (U, V). Near pairs:
    `near_both`, `near_of` (D, kinds + 1). `unmet_row`, `unmet_id`: who names a case that the register does not hold (hash).
    `addresses`: whether addresses could be told apart. `spots_said`: cases with a label of a spot.
    """

    variables: tuple[Variable, ...]
    bit_list: tuple[Bit, ...]
    kind_names: tuple[str, ...]
    type_names: tuple[str, ...]
    salt: str
    cases: FrozenCases
    keys: dict[str, FrozenKeys]
    spot_name: HashArray
    unit_name: HashArray
    share: FloatArray
    rate: FloatArray
    feature_bit: IntArray
    held: FloatArray
    seen: FloatArray
    total: FloatArray
    of: FloatArray
    aged: FloatArray
    seen_variable: FloatArray
    of_variable: FloatArray
    first_day: int
    daily: FloatArray
    kind_count: IntArray
    left_out: FloatArray
    gathering: FloatArray
    radius_m: float
    unit_held: IntArray
    unit_seen: IntArray
    near_both: FloatArray
    near_of: FloatArray
    unmet_row: npt.NDArray[np.int32]
    unmet_id: HashArray
    mentions: int
    addresses: bool
    copied: float
    alike: float

    def __len__(self) -> int:
        return len(self.cases)

    @property
    def coded(self) -> tuple[Variable, ...]:
        """The coded variables in the order of the bits."""
        return tuple(v for v in self.variables if v.kernel in ("code", "items"))

    @property
    def sparse(self) -> tuple[Variable, ...]:
        """The variables of which *not* sharing says something, in the order of their bits."""
        return tuple(v for v in self.variables if v.kernel in ("keys", "spot"))

    @property
    def relation(self) -> Relation:
        """From a pair's terms to its ratio, for a register of this size."""
        return Relation(self.copied, self.alike)

    @cached_property
    def spot_count(self) -> IntArray:
        """Cases at each spot."""
        spot = self.cases.spot
        return np.bincount(spot[spot >= 0], minlength=len(self.spot_name))

    @cached_property
    def spots_said(self) -> int:
        """Cases with a label of a spot."""
        return int(self.spot_count.sum())

    @cached_property
    def places(self) -> int:
        """Cases with a place."""
        return int((self.cases.precision != NO_PLACE).sum())

    def unpacked(self, rows: IntArray) -> tuple[npt.NDArray[np.uint8], ...]:
        """Bits, recorded and says of some cases, each (rows, …) of 0 and 1."""
        d, v, s = len(self.bit_list), len(self.coded), len(self.sparse)
        flat = np.unpackbits(self.cases.words[rows], axis=1, count=d + v + s, bitorder="little")
        return flat[:, :d], flat[:, d : d + v], flat[:, d + v :]


def hashed(texts: Iterable[str], salt: str) -> HashArray:
    """64 bits of each text: enough to find it again, not to read it."""
    key = salt.encode()[:64]
    one = [blake2b(text.encode(), digest_size=8, key=key).digest() for text in texts]
    return np.frombuffer(b"".join(one), dtype="<u8").astype(np.uint64)


def freeze(register: Register, prepared: Prepared, salt: str) -> Frozen:
    """What a prepared register knows. `prepared` is made from `register`; `salt` goes into every hash."""
    model = Model(prepared)
    slots, around, content, types = model.slots, model.around, model.content, prepared.types
    variable = np.array([b.variable for b in content.bit_list], dtype=np.int64)
    sparse = [v for v in model.variables if v.kernel in ("keys", "spot")]
    says = np.stack([model.says(v) for v in sparse], 1) if sparse else np.zeros((model.n, 0))
    lists = (content.bits, content.recorded, says.astype(np.uint8))
    kind = np.where(around.of_kind, slots.kind, -1).astype(np.int64)
    kinds = len(slots.kind_names)
    near = _count(
        around.near_i,
        around.near_j,
        kind,
        kinds + 1,
        prepared.learned.start,
        prepared.learned.bit,
        variable,
        content.bits,
        content.recorded,
        len(content.bit_list),
    )
    first, daily = daily_density(slots.day)
    units = register.table.get_column("unit").drop_nulls().unique().sort().to_list()
    unit_held, unit_seen = _by_unit(model, len(units))
    unmet_row, unmet_id = _unmet(register, salt)
    known = slots.placed & (slots.kind >= 0)
    fine = slots.placed & (slots.precision <= FINEST_ADDRESS)
    recorded = [
        (types.rates.posterior.T @ content.recorded[:, v].astype(float))
        for v in range(content.recorded.shape[1])
    ]
    return Frozen(
        variables=model.variables,
        bit_list=content.bit_list,
        kind_names=slots.kind_names,
        type_names=types.names,
        salt=salt,
        cases=FrozenCases(
            slots.day,
            slots.width,
            slots.xyz_m,
            slots.precision,
            slots.kind,
            slots.spot,
            content.age,
            np.packbits(np.concatenate(lists, 1), axis=1, bitorder="little"),
            *_ids(prepared.case_ids),
        ),
        keys={v.name: _frozen_keys(model, v, salt) for v in sparse if v.kernel == "keys"},
        spot_name=hashed(slots.spot_names, salt),
        unit_name=hashed(units, salt),
        share=types.share,
        rate=types.rate,
        feature_bit=types.bit,
        held=types.rates.held,
        seen=types.rates.seen,
        total=types.rates.total,
        of=types.rates.of,
        aged=types.rates.aged,
        seen_variable=np.stack(recorded, 1),
        of_variable=content.recorded.sum(0, dtype=np.int64).astype(float),
        first_day=first,
        daily=daily,
        kind_count=np.bincount(slots.kind[known], minlength=kinds),
        left_out=_all_left_out(model),
        gathering=around.gathering,
        radius_m=around.radius_m,
        unit_held=unit_held,
        unit_seen=unit_seen,
        near_both=near[0],
        near_of=near[1],
        unmet_row=unmet_row,
        unmet_id=unmet_id,
        mentions=len(np.unique(np.sort(content.mentions, axis=1), axis=0)),
        addresses=bool(around.precise.any() or not fine.any()),
        copied=prepared.relation.copied,
        alike=prepared.relation.alike,
    )


def _ids(
    case_ids: tuple[str, ...],
) -> tuple[npt.NDArray[np.uint8], IntArray, npt.NDArray[np.int32]]:
    texts = [case.encode() for case in case_ids]
    start = np.concatenate([[0], np.cumsum([len(text) for text in texts], dtype=np.int64)])
    order = sorted(range(len(texts)), key=texts.__getitem__)
    flat = np.frombuffer(b"".join(texts), dtype=np.uint8)
    return flat, start.astype(np.int64), np.array(order, dtype=np.int32)


def _frozen_keys(model: Model, variable: Variable, salt: str) -> FrozenKeys:
    keys = model.content.keys[variable.name]
    p, count = key_rarity(keys, model.around, model.n)
    _, _, _, role, band = model.sharing_pairs(variable, p, count)
    roles, bands = len(keys.roles) + 1, len(model.around.pairs_in_band)
    shared = np.bincount(role * bands + band, minlength=roles * bands).reshape(roles, bands)
    both = float(model.says(variable).mean()) ** 2
    return FrozenKeys(
        keys.start.astype(np.int32),
        keys.index.astype(np.int32),
        keys.role.astype(np.int32),
        hashed(keys.names, salt),
        keys.roles,
        sharing_table(shared, model.around.pairs_in_band * both, left_out=0.0),
    )


def _by_unit(model: Model, units: int) -> tuple[IntArray, IntArray]:
    """Per unit: cases that hold each bit, and cases that record each variable."""
    content = model.content
    held = np.zeros((units, content.bits.shape[1]), dtype=np.int64)
    seen = np.zeros((units, content.recorded.shape[1]), dtype=np.int64)
    for u in range(units):
        rows = np.flatnonzero(content.unit == u)
        held[u] = content.bits[rows].sum(0, dtype=np.int64)
        seen[u] = content.recorded[rows].sum(0, dtype=np.int64)
    return held, seen


def _all_left_out(model: Model) -> FloatArray:
    """How many neighbours are left out of a count among places of each kind of which enough are known, and among all."""
    slots, around = model.slots, model.around
    result = np.zeros(len(slots.kind_names) + 1)
    groups = {-1: slots.placed}
    groups |= {
        int(k): around.of_kind & (slots.kind == k) for k in np.unique(slots.kind[around.of_kind])
    }
    for kind, member in groups.items():
        of = np.flatnonzero(member)
        if len(of):
            tree = cKDTree(slots.xyz_m[of].astype(float))
            result[kind] = _left_out(tree, PRECISION_M[slots.precision[of]])
    return result


def _unmet(register: Register, salt: str) -> tuple[npt.NDArray[np.int32], HashArray]:
    """Who names a case that the register does not hold, and the hash of its number: it may arrive."""
    t = register.table.select(pl.int_range(pl.len()).alias("row"), "case_id", "mentions_cases")
    named = t.explode("mentions_cases").drop_nulls("mentions_cases")
    named = named.join(t, left_on="mentions_cases", right_on="case_id", how="anti")
    return (
        named.get_column("row").to_numpy().astype(np.int32),
        hashed(named.get_column("mentions_cases").to_list(), salt),
    )
