"""How often chance alone would make a lead as strong: measured on null registers, among groups of the same class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from openverdict.evidence import Model, Prepared
from openverdict.evidence.encode import Content
from openverdict.linkage import (
    Executor,
    SlotTables,
    all_pairs,
    compile_tables,
    from_units,
    to_units,
)
from openverdict.series.classes import Classes, classes_of
from openverdict.series.duplicates import set_aside
from openverdict.series.grow import Series, branching, grow, price
from openverdict.series.nulls import KINDS, null_registers
from openverdict.series.parametric import DRAWN, drawn_registers
from openverdict.series.sample import Sample, clumps

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

    A group is compared with the null leads of its class. Each class has its weight of any budget, so that the rate within the
    class is divided by it. `replicates`: null registers of each kind; `floor`: the least strength of a null lead that was kept.
    """

    years: float
    replicates: dict[str, int]
    found: tuple[NullLead, ...]
    classes: Classes = field(default_factory=Classes)
    floor: float | None = None

    def per_year(
        self, strength: float, contents: Iterable[int] = (), *, by_key: bool = False
    ) -> float:
        """Expected leads a year that rank as high in a register without series: the larger of the two kinds.

        Null leads that hold two or more of `contents` (the lead's own cases met again) are left out, so that a series
        does not hide itself. Never below LEAST_RATE.
        """
        found = self._samples(contents, by_key, KINDS)
        return max(LEAST_RATE, *(a * sample.expected(strength) for sample, a in found))

    def interval(
        self, strength: float, contents: Iterable[int] = (), *, by_key: bool = False
    ) -> tuple[float, float]:
        """The 95 % interval of `per_year`: of each kind its own, and of these the higher limits.

        It holds what null registers of this one register can tell, and not that the null could be wrong.
        """
        both = [
            [a * limit for limit in sample.interval(strength)]
            for sample, a in self._samples(contents, by_key, KINDS)
        ]
        low, high = (max(limits) for limits in zip(*both, strict=True))
        return max(low, LEAST_RATE), max(high, LEAST_RATE)

    def second_opinion(
        self, strength: float, contents: Iterable[int] = (), *, by_key: bool = False
    ) -> float | None:
        """The same rate on registers drawn from the learned model; None where none was drawn."""
        if not self.drawn:
            return None
        ((sample, a),) = self._samples(contents, by_key, (DRAWN,))
        return max(a * sample.expected(strength), LEAST_RATE)

    def at_least(
        self, strength: float, contents: Iterable[int] = (), *, by_key: bool = False
    ) -> dict[str, int]:
        """How many null leads of the same class were at least this strong, by kind."""
        found = self._samples(contents, by_key, KINDS)
        return {
            kind: sample.count(strength) for kind, (sample, _) in zip(KINDS, found, strict=True)
        }

    def class_of(self, contents: Iterable[int], *, by_key: bool) -> str:
        """The class that a group is compared in."""
        return self.classes.of(contents, by_key=by_key)

    def one_in_all(self, contents: Iterable[int] = (), *, by_key: bool = False) -> float:
        """The rate a year of one null lead of the class in all null registers: what is rarer rests on the fitted tail alone."""
        weight = self.classes.weight(self.class_of(contents, by_key=by_key))
        return 1 / (weight * max(self.reach_years, self.years))

    @property
    def reach_years(self) -> float:
        """Years of the null registers of the kind of which there are fewer."""
        return self.years * min(self.replicates.get(kind, 0) for kind in KINDS)

    @property
    def shuffled(self) -> int:
        """Null registers made by shuffling."""
        return sum(self.replicates.get(kind, 0) for kind in KINDS)

    @property
    def drawn(self) -> int:
        """Registers drawn from the learned model."""
        return self.replicates.get(DRAWN, 0)

    @cached_property
    def fits(self) -> dict[str, dict[str, float]]:
        """By class and kind: null leads, exceedances the tail was fitted to, p value, and scale and shape of the fit."""
        return {
            f"{label}, {kind}": {"leads": len(sample.strength), **sample.described()}
            for (kind, label), (sample, _) in self._by_class.items()
        }

    @cached_property
    def _holders(self) -> dict[int, list[int]]:
        """Which null leads hold each case's content."""
        holders: dict[int, list[int]] = {}
        for k, lead in enumerate(self.found):
            for content in lead.contents:
                holders.setdefault(content, []).append(k)
        return holders

    @cached_property
    def _by_class(self) -> dict[tuple[str, str], tuple[Sample, npt.NDArray[np.int64]]]:
        """The sample of each kind and class, and the numbers of its null leads in its order."""
        numbers: dict[tuple[str, str], list[int]] = {
            (kind, label): []
            for kind in (*KINDS, *([DRAWN] if self.drawn else []))
            for label in self.classes.labels
        }
        for k, lead in enumerate(self.found):
            numbers[lead.kind, self.class_of(lead.contents, by_key=lead.by_key)].append(k)
        made = {}
        for key, mine in numbers.items():
            strength = np.array([self.found[k].strength for k in mine], dtype=float)
            order = np.argsort(-strength, kind="stable")
            clump = clumps([self.found[k].contents for k in mine])
            sample = Sample(strength[order], clump[order], self.floor)
            made[key] = (sample, np.array(mine, dtype=np.int64)[order])
        return made

    @cached_property
    def _kept(self) -> dict[tuple[str, str, frozenset[int]], Sample]:
        """Samples without a lead's own cases met again, made once for all who ask."""
        return {}

    def _samples(
        self, contents: Iterable[int], by_key: bool, kinds: tuple[str, ...]
    ) -> list[tuple[Sample, float]]:
        """By kind: the sample of a group's class without its own cases, and what makes a rate a year of its count."""
        own = frozenset(contents)
        met = Counter(k for content in own for k in self._holders.get(content, ()))
        again = frozenset(k for k, times in met.items() if times >= 2)
        label = self.class_of(own, by_key=by_key)
        share = self.classes.weight(label) * self.years
        return [
            (self._sample(kind, label, again), 1 / (share * max(self.replicates.get(kind, 0), 1)))
            for kind in kinds
        ]

    def _sample(self, kind: str, label: str, again: frozenset[int]) -> Sample:
        sample, numbers = self._by_class[kind, label]
        if not again:
            return sample
        name = (kind, label, again)
        if name not in self._kept:
            places = np.flatnonzero(np.isin(numbers, list(again)))
            self._kept[name] = sample.without(places) if len(places) else sample
        return self._kept[name]


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
    drawn: int = 0,
    threads: int | None = None,
    executor: Executor | None = None,
    progress: Callable[[int], None] | None = None,
) -> Chance:
    """Run the same pipeline on `replicates` null registers, and on `drawn` registers of the learned model.

    `bar`: the least strength of a lead; `link_floor`: log10 ratio from which pairs can take part in a series; `progress`
    is told the pairs done after each block; `executor` compares the pairs (None: `threads` of this process).
    """
    least = bar - DEEP
    count = dict.fromkeys(KINDS, 0) | ({DRAWN: drawn} if drawn else {})
    found: list[NullLead] = []

    def search(kind: str, model: Model, order: npt.NDArray[np.int64]) -> None:
        tables = compile_tables(model, slot_tables)
        floor = int(to_units(link_floor))
        ledger = all_pairs(tables, floor, threads=threads, progress=progress, executor=executor)
        kept = set_aside(model, ledger.i, ledger.j).kept
        ratio = from_units(ledger.units[kept])
        grown = grow(ledger.i[kept], ledger.j[kept], ratio, tables.n, least=least)
        found.extend(
            NullLead(kind, s.strength, _contents(s, order), s.by_key) for s in exact(model, grown)
        )

    for null in null_registers(prepared.slots, is_death, replicates, seed):
        count[null.kind] += 1
        search(null.kind, Model(prepared, null.order), null.order)
    for register in drawn_registers(prepared, is_death, drawn, seed):
        search(DRAWN, Model(register.prepared), register.order)
    classes = classes_in(prepared.learned.content, is_death)
    leads = Counter(
        classes.of(lead.contents, by_key=lead.by_key) for lead in found if lead.kind in KINDS
    )
    return Chance(years, count, tuple(found), classes.pooled(leads), floor=least)


def classes_in(content: Content, is_death: npt.NDArray[np.bool_]) -> Classes:
    """The classes of groups that a register has."""
    keyed = len(content.mentions) > 0 or any(len(k.index) for k in content.keys.values())
    return classes_of(np.flatnonzero(~is_death).tolist(), int(is_death.sum()), keyed=keyed)


def exact(model: Model, series: Iterable[Series]) -> tuple[Series, ...]:
    """The same series scored by the floating-point definition, pairs below the ledger's floor included, strongest first.

    The strength is that of the sums of terms, which the search goes by; the ratio that of the pairs' likelihood ratios.
    """
    kept = list(series)
    edges = [np.triu_indices(len(s.members), 1) for s in kept]
    members = [np.array(s.members, dtype=np.int64) for s in kept]
    none = [np.zeros(0, dtype=np.int64)]
    i = np.concatenate([m[a] for m, (a, _) in zip(members, edges, strict=True)] or none)
    j = np.concatenate([m[b] for m, (_, b) in zip(members, edges, strict=True)] or none)
    total = model.sum(i, j)
    scored, at = [], 0
    for s, (a, b) in zip(kept, edges, strict=True):
        matrix = np.full((len(s.members), len(s.members)), -np.inf)
        matrix[a, b] = total[at : at + len(a)]
        at += len(a)
        strength = branching(matrix) - price(len(s.members), model.n)
        log10_lr = branching(model.ratio(matrix))
        scored.append(Series(s.members, log10_lr, strength, by_key(model, s.members)))
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
