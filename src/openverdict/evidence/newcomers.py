"""New cases coded by the lists of a prepared register; what the lists do not hold is said, and agrees with nothing.

A single code that the register does not know is a value seen once. An item of a list that it does not know costs what an
item costs that only one of two records holds; two new cases that share one are not taken as alike in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from openverdict.cases import Register, indicators
from openverdict.evidence.encode import (
    MAX_VALUES,
    SEEN_ONCE,
    Bit,
    Content,
    Keys,
    Slots,
    encode_slots,
    routinely_screened,
)
from openverdict.evidence.frozen import Frozen, FrozenKeys, hashed
from openverdict.evidence.model import MAX_SPOT
from openverdict.evidence.rarity import Learned, learn
from openverdict.evidence.rates import ONE_DEATH_IN, PARTNERS_LEFT_OUT, Rates
from openverdict.evidence.types import AGE_EDGES, SURE, Types
from openverdict.evidence.variables import Variable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FrozenRates(Rates):
    """Rates for cases that are not among those counted: only their partners are left out."""

    cases: int = 0

    @property
    def left_out(self) -> float:
        """Cases left out of a rate: the members of a series that a new case might join."""
        return min(PARTNERS_LEFT_OUT, self.cases / ONE_DEATH_IN)


@dataclass(frozen=True)
class Unknown:
    """A value of a new case that the prepared register's lists do not hold."""

    case_id: str
    field: str
    value: str


@dataclass(frozen=True)
class Newcomers:
    """New cases, one row a case in the order of their register: kinds, spots, units and keys carry the prepared register's
    numbers, and numbers beyond them where it knows none (kinds and units -1).

    `learned` holds what the frozen background says of their content; its bits are the prepared register's, then those that
    only new cases need. `says` (m, S) as in `Frozen.sparse`; `names` (m) the hash of each case number and `named` by row the
    hashes of the numbers that the case names.
    """

    case_ids: tuple[str, ...]
    slots: Slots
    learned: Learned
    types: Types
    says: npt.NDArray[np.uint8]
    names: npt.NDArray[np.uint64]
    named: tuple[tuple[str, ...], ...]
    unknown: tuple[Unknown, ...]

    def __len__(self) -> int:
        return len(self.case_ids)

    @property
    def content(self) -> Content:
        """The coded content."""
        return self.learned.content


def encode_newcomers(register: Register, frozen: Frozen) -> Newcomers:
    """The cases of `register` as the prepared register would have coded them, with nothing of them counted in."""
    t = register.table
    ids = tuple(t.get_column("case_id").to_list())
    content, unknown = _content(register, frozen)
    types = _types(frozen, content)
    slots = encode_slots(register)
    kinds = {name: k for k, name in enumerate(frozen.kind_names)}
    slots = replace(
        slots,
        kind=_renumbered(slots.kind, [kinds.get(name, -1) for name in slots.kind_names]),
        kind_names=frozen.kind_names,
        spot=_renumbered(slots.spot, _found(slots.spot_names, frozen.spot_name, frozen.salt)),
    )
    unknown += [
        Unknown(case, "found_place_kind", kind)
        for case, kind in zip(ids, t.get_column("found_place_kind"), strict=True)
        if kind is not None and kind not in kinds
    ]
    named = tuple(
        tuple(v for v in values or () if v != case)
        for case, values in zip(ids, t.get_column("mentions_cases").to_list(), strict=True)
    )
    says = [_says(v, slots, content, frozen) for v in frozen.sparse]
    return Newcomers(
        ids,
        slots,
        learn(content, types),
        types,
        np.stack(says, 1) if says else np.zeros((len(ids), 0), dtype=np.uint8),
        hashed(ids, frozen.salt),
        named,
        tuple(dict.fromkeys(unknown)),
    )


def _renumbered(index: npt.NDArray[np.int32], to: list[int]) -> npt.NDArray[np.int32]:
    return np.array([*to, -1], dtype=np.int32)[index]


def _found(texts: tuple[str, ...], known: npt.NDArray[np.uint64], salt: str) -> list[int]:
    """The number of each text by its hash; those that are not known follow the known ones."""
    numbers, fresh = [], len(known)
    for name in hashed(texts, salt):
        at = np.flatnonzero(known == name)
        numbers.append(int(at[0]) if len(at) else fresh)
        fresh += not len(at)
    return numbers


def _content(register: Register, frozen: Frozen) -> tuple[Content, list[Unknown]]:
    """What the cases hold, read cell by cell: a file of new cases is short, and often one line."""
    t = register.table
    names = {
        f for v in frozen.variables for f in (*v.fields, *([v.negative] if v.negative else []))
    }
    cells = {name: t.get_column(name).to_list() for name in sorted(names)}
    bits = _Bits(frozen, t.get_column("case_id").to_list())
    for v, variable in enumerate(frozen.coded):
        wanted = None
        if variable.vocabulary_direction:
            direction = variable.vocabulary_direction
            wanted = {name for name, i in indicators().items() if direction in i.directions}
        for row, cell in enumerate(cells[variable.fields[0]]):
            values = cell if isinstance(cell, list) else [] if cell is None else [cell]
            for value in values:
                if value is not None and (wanted is None or value in wanted):
                    bits.put(Bit(v, value), row)
        for row, cell in enumerate(cells[variable.negative] if variable.negative else []):
            for value in cell or ():
                bits.put(Bit(v, value, True), row)
    recorded = [[cell is not None for cell in cells[v.fields[0]]] for v in frozen.coded]
    age = t.get_column("age_years").fill_null(-1).to_numpy()
    unit = t.get_column("unit").to_list()
    known = [name for name in dict.fromkeys(unit) if name is not None]
    number = dict(zip(known, _found(tuple(known), frozen.unit_name, frozen.salt), strict=True))
    units = [number.get(name, -1) for name in unit]
    bit_list, array = bits.whole()
    content = Content(
        coded=frozen.coded,
        bit_list=bit_list,
        bits=array,
        recorded=np.array(recorded, dtype=np.uint8).T.reshape(t.height, -1).copy(),
        age=np.clip(np.floor(age), -1, 127).astype(np.int16),
        unit=np.array([u if u < len(frozen.unit_name) else -1 for u in units], dtype=np.int32),
        keys={
            v.name: _keys(cells[v.fields[0]], frozen.keys[v.name], frozen.salt)
            for v in frozen.sparse
            if v.kernel == "keys"
        },
        mentions=np.zeros((0, 2), dtype=np.int64),
    )
    return content, bits.unknown


class _Bits:
    """The bits of new cases: the frozen ones, and more where a new case needs them."""

    def __init__(self, frozen: Frozen, ids: list[str]) -> None:
        self.bit_list = list(frozen.bit_list)
        self.number = {(b.variable, b.value, b.negative): d for d, b in enumerate(self.bit_list)}
        self.fresh: dict[tuple[int, str], int] = {}
        self.coded = frozen.coded
        self.held = np.bincount(
            [b.variable for b in self.bit_list if not b.negative], minlength=len(self.coded)
        )
        self.ids = ids
        self.put_on: list[tuple[int, int]] = []
        self.unknown: list[Unknown] = []

    def put(self, bit: Bit, row: int) -> None:
        """Set a value of a row."""
        v = bit.variable
        d = self.number.get((v, bit.value, bit.negative))
        if d is None and bit.negative:
            if (v, bit.value, False) not in self.number:
                return  # looked for in vain by a new case, never found in the register
            d = self.number[v, bit.value, True] = self.more(bit)
        elif d is None:
            self.unknown.append(Unknown(self.ids[row], self.coded[v].fields[0], bit.value))
            d = self.unheard(bit)
            if d is None:
                return
        self.put_on.append((d, row))

    def unheard(self, bit: Bit) -> int | None:
        """The bit of a value that the register does not know; None where such a value says nothing."""
        v, variable = bit.variable, self.coded[bit.variable]
        if variable.kernel == "code":
            return self.seen_once(v)
        screened = variable.fields[0] != "substances_detected" or routinely_screened(bit.value)
        if self.held[v] >= MAX_VALUES or not screened:
            return None
        if (v, bit.value) not in self.fresh:
            self.fresh[v, bit.value] = self.more(Bit(v, SEEN_ONCE))
        return self.fresh[v, bit.value]

    def seen_once(self, v: int) -> int:
        """The bit of a code seen once."""
        d = self.number.get((v, SEEN_ONCE, False))
        if d is None:
            d = self.number[v, SEEN_ONCE, False] = self.more(Bit(v, SEEN_ONCE))
        return d

    def more(self, bit: Bit) -> int:
        """The number of a bit that no case of the register has."""
        self.bit_list.append(bit)
        return len(self.bit_list) - 1

    def whole(self) -> tuple[tuple[Bit, ...], npt.NDArray[np.uint8]]:
        """All bits, and which row has which."""
        bits = np.zeros((len(self.ids), len(self.bit_list)), dtype=np.uint8)
        for d, row in self.put_on:
            bits[row, d] = 1
        return tuple(self.bit_list), bits


def _keys(cells: list[list[str] | None], known: FrozenKeys, salt: str) -> Keys:
    """Keys and roles under the numbers of the prepared register; a role that it does not know is the rarest, -1."""
    rank = {name: r for r, name in enumerate(known.roles)}
    held: list[dict[str, int]] = []
    for cell in cells:
        mine: dict[str, int] = {}
        for text in cell or ():
            role, colon, key = text.partition(":")
            if colon:  # as in the register, a key has a role
                mine[key] = max(rank.get(role, -1), mine.get(key, -1))
        held.append(dict(sorted(mine.items())))
    names = tuple(dict.fromkeys(key for mine in held for key in mine))
    number = dict(zip(names, _found(names, known.name, salt), strict=True))
    start = np.cumsum([0, *map(len, held)], dtype=np.int64)
    index = [number[key] for mine in held for key in mine]
    ranks = [r for mine in held for r in mine.values()]
    return Keys(
        start,
        np.array(index, dtype=np.int64),
        names,
        np.array(ranks, dtype=np.int64),
        known.roles,
    )


def _says(
    variable: Variable, slots: Slots, content: Content, frozen: Frozen
) -> npt.NDArray[np.uint8]:
    """Which new cases record a sparse variable, and not only what is too frequent to mean anything."""
    if variable.kernel == "spot":
        too_many = np.append(frozen.spot_count > MAX_SPOT, False)
        known = np.where(slots.spot < len(frozen.spot_name), slots.spot, -1)
        spots: npt.NDArray[np.bool_] = (slots.spot >= 0) & ~too_many[known]
        return spots.astype(np.uint8)
    keys, known_keys = content.keys[variable.name], frozen.keys[variable.name]
    ordinary = np.append(known_keys.ordinary, False)
    at = np.where(keys.index < len(known_keys.name), keys.index, -1)
    rows = np.repeat(np.arange(len(slots.day)), np.diff(keys.start))
    said = np.bincount(rows[~ordinary[at]], minlength=len(slots.day)) > 0
    return said.astype(np.uint8)


def _types(frozen: Frozen, content: Content) -> Types:
    """The frozen types, with each new case's posterior; bits that the register does not have are held by none of it."""
    posterior = posterior_of(frozen, content)
    more = [b.variable for b in content.bit_list[len(frozen.bit_list) :]]
    none = np.zeros((len(frozen.share), len(more)))
    rates = FrozenRates(
        np.concatenate([frozen.held, none], 1),
        np.concatenate([frozen.seen, frozen.seen_variable[:, more]], 1),
        np.concatenate([frozen.total, np.zeros(len(more))]),
        np.concatenate([frozen.of, frozen.of_variable[more]]),
        frozen.aged,
        posterior,
        cases=len(frozen),
    )
    sure = (posterior.max(1, initial=0.0) > SURE) & (len(frozen.share) > 1)
    label = np.where(sure, posterior.argmax(1), -1).astype(np.int32)
    return Types(
        frozen.share,
        posterior,
        label,
        rates,
        frozen.type_names,
        0.0,
        frozen.rate,
        frozen.feature_bit,
    )


def posterior_of(frozen: Frozen, content: Content) -> FloatArray:
    """Probability of each type (m, K) for cases coded by the bits that the mixture was learned on.

    log P(x | type) = sum over columns of x log rate, and for lists also (recorded - x) log(1 - rate).
    """
    bit = frozen.feature_bit
    x = np.zeros((len(content.age), len(bit)))
    seen = np.zeros_like(x)
    lists = np.zeros(len(bit), dtype=bool)
    band = np.searchsorted(AGE_EDGES, content.age, side="right")
    at = 0
    for f, d in enumerate(bit.tolist()):
        if d < 0:
            x[:, f] = (band == at) & (content.age >= 0)
            at += 1
            continue
        v = content.bit_list[d].variable
        x[:, f] = content.bits[:, d]
        seen[:, f] = content.recorded[:, v]
        lists[f] = content.coded[v].kernel == "items"
    absent = np.where(lists, seen - x, 0.0)
    ll = x @ np.log(frozen.rate).T + absent @ np.log1p(-frozen.rate).T + np.log(frozen.share)
    weight = np.exp(ll - ll.max(1, keepdims=True))
    result: FloatArray = weight / weight.sum(1, keepdims=True)
    return result
