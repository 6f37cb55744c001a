"""How often chance alone would make a lead as strong: counted on null registers, its far tail fitted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from openverdict.evidence import Model, Prepared
from openverdict.linkage import SlotTables, all_pairs, compile_tables, from_units, to_units
from openverdict.series.duplicates import set_aside
from openverdict.series.grow import Series, branching, grow, price
from openverdict.series.nulls import KINDS, null_registers

TAIL = 30  # the strongest null leads that the tail is fitted to
ENOUGH = 5  # with this many null leads at least as strong, they are counted; with fewer, the tail is used
LEAST_DECAY = 1.0 / np.log(10.0)  # a calibrated ratio exceeds x with probability at most 1/x
LEAST_RATE = 0.001  # a year; below this the null registers cannot say how much rarer
CARRIES = 0.5  # log10 ratio from which a key in common carries a group
DEEP = 4.0  # null leads are kept down to this far below the bar


class NullLead(NamedTuple):
    """A lead of a null register: the kind of register, its strength, whose contents it holds, and whether a person or an
    identifier in common carries it.
    """

    kind: str
    strength: float
    contents: frozenset[int]
    by_key: bool = False


@dataclass(frozen=True)
class Chance:
    """Null leads of every replicate.

    Leads that a person or an identifier in common carries are far more frequent by chance than others, and are
    compared with their like: with two `classes`, each has half of any budget, so a rate counts twice.
    """

    years: float
    replicates: dict[str, int]
    found: tuple[NullLead, ...]
    classes: int = 1

    def per_year(
        self, strength: float, contents: Iterable[int] = (), *, by_key: bool = False
    ) -> float:
        """Expected leads a year at least this strong in a register without series: the larger of the two kinds.

        Null leads that hold two or more of `contents` (the lead's own cases met again) are left out, so that a series
        does not hide itself.
        """
        own = frozenset(contents)
        rate = self.classes * max(self._rate(kind, strength, own, by_key) for kind in KINDS)
        return max(rate, LEAST_RATE)

    def at_least(
        self, strength: float, contents: Iterable[int] = (), *, by_key: bool = False
    ) -> dict[str, int]:
        """How many null leads of the same class were at least this strong, by kind."""
        own = frozenset(contents)
        return {kind: int((self._strengths(kind, own, by_key) >= strength).sum()) for kind in KINDS}

    @cached_property
    def _holders(self) -> dict[int, list[int]]:
        """Which null leads hold each case's content."""
        holders: dict[int, list[int]] = {}
        for k, lead in enumerate(self.found):
            for content in lead.contents:
                holders.setdefault(content, []).append(k)
        return holders

    @cached_property
    def _classes(self) -> dict[tuple[str, bool], npt.NDArray[np.int64]]:
        """Numbers of the null leads of each kind and class, strongest first; one class holds all."""
        strength = np.array([lead.strength for lead in self.found], dtype=float)
        order = np.argsort(-strength, kind="stable")
        return {
            (kind, keyed): np.array(
                [
                    k
                    for k in order.tolist()
                    if self.found[k].kind == kind
                    and (self.classes == 1 or self.found[k].by_key == keyed)
                ],
                dtype=np.int64,
            )
            for kind in KINDS
            for keyed in (False, True)
        }

    def _strengths(self, kind: str, own: frozenset[int], by_key: bool) -> npt.NDArray[np.float64]:
        met = Counter(k for content in own for k in self._holders.get(content, ()))
        again = [k for k, times in met.items() if times >= 2]
        kept = self._classes[kind, by_key]
        kept = kept[~np.isin(kept, again)]
        return np.array([self.found[k].strength for k in kept.tolist()], dtype=float)

    def _rate(self, kind: str, strength: float, own: frozenset[int], by_key: bool) -> float:
        years = self.years * max(self.replicates.get(kind, 0), 1)
        found = self._strengths(kind, own, by_key)
        if len(found) == 0:
            return 0.5 / years
        count = float((found >= strength).sum())
        if count < ENOUGH:
            top = found[:TAIL]
            start = float(top[-1])
            decay = max(float((top - start).mean()), LEAST_DECAY)
            fitted = len(top) * float(np.exp(-max(strength - start, 0.0) / decay))
            weaker = float((found >= found[:ENOUGH][-1]).sum())  # where counting still holds
            count = max(min(fitted, weaker), count)
        return count / years


def measure_chance(
    prepared: Prepared,
    slot_tables: SlotTables,
    is_death: npt.NDArray[np.bool_],
    *,
    years: float,
    replicates: int,
    seed: int,
    bar: float,
    link_floor: float,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Chance:
    """Run the same pipeline on `replicates` null registers.

    `bar`: the least strength of a lead; `link_floor`: log10 ratio from which pairs can take part in a series; `progress`
    is told the pairs done after each block.
    """
    found = []
    count = dict.fromkeys(KINDS, 0)
    for null in null_registers(prepared.slots, is_death, replicates, seed):
        model = Model(prepared, null.order)
        tables = compile_tables(model, slot_tables)
        ledger = all_pairs(tables, int(to_units(link_floor)), threads=threads, progress=progress)
        count[null.kind] += 1
        kept = set_aside(model, ledger.i, ledger.j).kept
        ratio = from_units(ledger.units[kept])
        found_here = grow(ledger.i[kept], ledger.j[kept], ratio, tables.n, least=bar - DEEP)
        grown = exact(model, found_here)
        found += [
            NullLead(null.kind, s.strength, _contents(s, null.order), s.by_key) for s in grown
        ]
    keyed = any(len(keys.index) for keys in prepared.learned.content.keys.values())
    return Chance(years, count, tuple(found), classes=2 if keyed else 1)


def exact(model: Model, series: Iterable[Series]) -> tuple[Series, ...]:
    """The same series scored by the floating-point definition, pairs below the ledger's floor included, strongest first."""
    kept = list(series)
    edges = [np.triu_indices(len(s.members), 1) for s in kept]
    members = [np.array(s.members, dtype=np.int64) for s in kept]
    none = [np.zeros(0, dtype=np.int64)]
    i = np.concatenate([m[a] for m, (a, _) in zip(members, edges, strict=True)] or none)
    j = np.concatenate([m[b] for m, (_, b) in zip(members, edges, strict=True)] or none)
    total = model.total(i, j)
    scored, at = [], 0
    for s, (a, b) in zip(kept, edges, strict=True):
        matrix = np.full((len(s.members), len(s.members)), -np.inf)
        matrix[a, b] = total[at : at + len(a)]
        at += len(a)
        score = branching(matrix)
        strength = score - price(len(s.members), model.n)
        scored.append(Series(s.members, score, strength, by_key(model, s.members)))
    return tuple(sorted(scored, key=lambda s: (-s.strength, s.members)))


def by_key(model: Model, members: tuple[int, ...]) -> bool:
    """Whether two of the members share a person or an identifier, or one names another."""
    a, b = np.triu_indices(len(members), 1)
    m = np.array(members)
    return any(
        bool((hit & (model.sparse[v.name].log10_lr[at] >= CARRIES)).any())
        for v in model.variables
        if v.kernel in ("keys", "mention")
        for at, hit in [model.find_sparse(v.name, m[a], m[b])]
        if len(model.sparse[v.name].code)
    )


def _contents(series: Series, order: npt.NDArray[np.int64]) -> frozenset[int]:
    return frozenset(int(order[c]) for c in series.members)
