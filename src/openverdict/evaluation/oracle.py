"""The ceiling: likelihood ratios of a scorer that knows the simulator's true densities, not which cases were planted.

    LR(i, j) = P(x_j | x_i, copied) / P(x_j | unrelated)

    P(x_j | unrelated)   = sum_t w_t prod_f p_t(x_jf) + hot spots + batches + surges
    P(x_j | x_i, copied) = g(gap) sum_t v_t prod_f [(1 - theta_f) p_t(x_jf) + theta_f k_f(x_if, x_jf)]

All on the values as recorded: missing, coarse, reworded by a unit, wrong. The consistencies theta, kernels k and gaps g
are those of the kind of series. v_t = w_t: the oracle knows only how values are carried over. `Oracle.knowing_plan` also
knows the types that the members are taken from (v_t are their shares) and that their toxicology is looked for.

What is approximated: a code that was mistaken in i counts as carried over with the chance that it was not; a value that i
does not record says nothing of j's; which fields are missing says nothing; the neighbourhood of the home is not read; a
person in common is the one of the series with the chance that an earlier member shows that person.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from openverdict.cases import Register
from openverdict.evaluation.densities import (
    CodeField,
    ItemField,
    age_tables,
    days,
    looked_for,
    meetings,
    moment,
)
from openverdict.evaluation.innocent import Innocent
from openverdict.evaluation.observed import FloatArray, IntArray, habits_of_units, observe
from openverdict.evaluation.places import Places
from openverdict.simulate.rates import series_entries
from openverdict.simulate.series import consistency
from openverdict.simulate.spec import SeriesPlan, Simulated
from openverdict.simulate.types import CODE_FIELDS, ITEM_FIELDS, death_types

CHUNK = 20_000
NEVER = -30.0
LEAST = 1e-9  # density of what no death of a type can show


class Oracle:
    """True likelihood ratios for pairs of a simulated register, or of a part of it that was known on some day."""

    def __init__(
        self,
        simulated: Simulated,
        plan: SeriesPlan,
        register: Register | None = None,
    ) -> None:
        """`register`: the part of the simulated register that is looked at (None: all of it)."""
        spec = simulated.spec
        self.entry: dict[str, Any] = series_entries()[plan.kind]
        self.theta = consistency(plan)
        self.plan = plan
        self.start = spec.start
        self.seen = seen = observe(register or simulated.register, spec)
        habits = habits_of_units(simulated)
        wrong = spec.wrong_share
        kinds = list(death_types().values())
        self.type_share = np.array([spec.type_shares.get(k.name, k.share) for k in kinds])
        death = np.array([k.kind == "death" for k in kinds])
        for kind in (death, ~death):
            self.type_share[kind] /= self.type_share[kind].sum()
        deaths_only = np.where(death, self.type_share, 0.0)
        codes = {f: CodeField(f, seen, habits, wrong, deaths_only) for f in CODE_FIELDS}
        items = {f: ItemField(f, seen, habits, wrong) for f in ITEM_FIELDS}
        self.fields: dict[str, CodeField | ItemField] = {**codes, **items}
        self.place_kind = codes["found_place_kind"]
        self.p = {f: np.maximum(field.by_type(), LEAST) for f, field in self.fields.items()}
        by_age, self.age_kernel = age_tables(wrong, self.entry["age_sd"])
        aged = seen.age >= 0
        self.p["age"] = np.where(aged, np.maximum(by_age[:, seen.age.clip(0, 110)], LEAST), 1.0)
        self.p["day"] = days(seen, spec.start.timetuple().tm_yday, spec.trend_a_year)
        self.p["moment"] = moment(seen)
        self.p["looked_for"] = looked_for(seen)
        self.met = meetings(seen.persons, "persons")
        self.p["persons"] = np.prod(list(self.met.values()), axis=0)
        self.called = meetings(seen.identifiers, "identifiers")
        self.p["identifiers"] = np.prod(list(self.called.values()), axis=0)
        truth = simulated.truth.filter(simulated.truth["case_id"].is_in(list(seen.case_ids)))
        at_spot = truth.filter(truth["spot"] >= 0)["case_id"].is_in(
            [c for c, s in zip(seen.case_ids, seen.spot, strict=True) if s >= 0]
        )
        unlabelled = 1 - float(at_spot.mean() or 0.0)  # type: ignore[arg-type]
        self.places = Places(seen, spec.city_seed, codes["found_place_kind"], unlabelled)
        weight = np.where(
            seen.is_death, deaths_only[:, None], np.where(death, 0.0, self.type_share)[:, None]
        )
        rest = np.prod([self.p[f] for f in self.p if f not in ("day", "found_place_kind")], axis=0)
        self.unrelated = (weight * rest * self.p["day"] * self.places.alone).sum(0)
        self.unrelated += Innocent(self, truth, weight * rest).density()
        self.gap = gap_density(plan, spec.days)
        self._prepare_copied(weight)

    def knowing_plan(self) -> Oracle:
        """The same oracle, told of which types the members are and how their toxicology is looked for."""
        told = copy(self)
        told._prepare_copied(self.weight, knows_plan=True)
        return told

    def _prepare_copied(self, weight: FloatArray, *, knows_plan: bool = False) -> None:
        """What of the copied density does not depend on the pair."""
        self.features = [f for f in self.fields if self.theta.get(f, 0.0) > 0]
        self.features = [f for f in self.features if f != "found_place_kind"]
        self.weight = own = weight
        tested = self.p["looked_for"]
        if knows_plan:
            member = np.isin(list(death_types()), self.entry["types"])
            own = np.where(member[:, None], weight, 0.0)
            own = own / own.sum(0).clip(1e-12)
            part = self.entry["tested"]
            known = np.where(self.seen.ghb_looked, part, 1e-3)
            known = np.where(self.seen.not_tested, 1 - part, known)
            tested = np.where(self.seen.recorded["substances"] | self.seen.not_tested, known, 1.0)
        left = [
            f
            for f in self.p
            if f not in (*self.features, "day", "found_place_kind", "age", "looked_for")
        ]
        self.rest = own * tested * np.prod([self.p[f] for f in left], axis=0)
        self.by_case = {f: np.ascontiguousarray(self.p[f].T) for f in (*self.features, "age")}

    def pairs(self, i: IntArray, j: IntArray) -> FloatArray:
        """log10 likelihood ratio of each pair, i before j; NEVER where it cannot be."""
        parts = [self._steps(i[k : k + CHUNK], j[k : k + CHUNK])[-1] for k in _starts(len(i))]
        return np.concatenate([np.zeros(0), *parts])

    def contributions(self, i: IntArray, j: IntArray) -> dict[str, FloatArray]:
        """log10 ratio by feature, in the order in which they are let in; they add up to that of the pair."""
        steps = self._steps(i, j)
        names = ("other", "gap", "distance", "place_kind", *self.features, "age", "keys")
        before = np.zeros(len(i))
        result = {}
        for name, step in zip(names, steps, strict=True):
            result[name] = step - before
            before = step
        return result

    def _steps(self, i: IntArray, j: IntArray) -> list[FloatArray]:
        """log10 ratio with nothing copied, then with the time, place, kind of place, … added one by one."""
        steps = []
        rest = self.rest[:, j].T
        day = self.p["day"][:, j].T
        alone = self.places.alone[:, j].T
        seen = self.seen
        deaths = seen.is_death[i] & seen.is_death[j]

        def add(product: FloatArray, factor: FloatArray | float = 1.0) -> None:
            ratio = product.sum(1) * factor / self.unrelated[j]
            log = np.log10(np.maximum(ratio, 10.0**NEVER))
            steps.append(np.where(deaths, log, NEVER))

        for f in (*self.features, "age"):
            rest = rest * self.by_case[f][j]
        add(rest * day * alone)
        gap = self.gap[np.minimum(np.abs(seen.day[j] - seen.day[i]), len(self.gap) - 1)]
        add(rest * alone, gap)
        add(rest * self._place(i, j, with_kind=False), gap)
        place = self._place(i, j, with_kind=True)
        add(rest * place, gap)
        for f in (*self.features, "age"):
            known, kernel = self._kernel(f, i, j)
            own = self.by_case[f][j]
            theta = self.theta[f]
            copied = np.where(known, theta * kernel, 0.0)[:, None] + (1 - theta) * own
            rest = rest * np.where(known[:, None], copied / own, 1.0)
            add(rest * place, gap)
        add(rest * place, gap * self._keys(i, j))
        return steps

    def _kernel(self, f: str, i: IntArray, j: IntArray) -> tuple[Any, FloatArray]:
        if f == "age":
            a, b = self.seen.age[i], self.seen.age[j]
            return (a >= 0) & (b >= 0), self.age_kernel[a.clip(0, 110), b.clip(0, 110)]
        field = self.fields[f]
        return field.recorded[i] & field.recorded[j], field.kernel(i, j)

    def _place(self, i: IntArray, j: IntArray, *, with_kind: bool) -> FloatArray:
        """(pairs, types): density of the place, its kind and the home, each carried over or not."""
        at = self.places
        placed = at.placed[i] & at.placed[j]
        theta = np.where(placed, self.theta["place"], 0.0)[:, None]
        entry = self.entry["place"]
        near = np.where(placed, at.copied(i, j, entry["sd_m"], entry["spot"]), 0.0)[:, None]
        field = self.fields["found_place_kind"]
        kind = self.theta.get("found_place_kind", 0.0) if with_kind else 0.0
        known = field.recorded[i] & field.recorded[j]
        same = np.where(known, field.kernel(i, j), 1.0)[:, None]
        kappa = np.where(known, kind, 0.0)[:, None]
        own = (1 - theta) * at.alone[:, j].T + theta * near * at.point_copied[:, j].T
        too = (1 - theta) * at.kind_copied[:, j].T + theta * near * at.both_copied[:, j].T
        result: FloatArray = (1 - kappa) * own + kappa * same * too
        return result

    def _keys(self, i: IntArray, j: IntArray) -> FloatArray:
        """Ratio of a person in common and of an identifier in common."""
        total = np.ones(len(i))
        share = np.where(self.type_share > 0, self.type_share, 0.0)
        k = self.plan.members
        for keys, tables, theta, names in (
            (self.seen.persons, self.met, self.theta["person"], self.entry["persons"]),
            (
                self.seen.identifiers,
                self.called,
                self.theta["identifier"],
                [self.entry["identifier"]] if "identifier" in self.entry else [],
            ),
        ):
            if theta == 0 or not names:
                continue
            shows = theta * (1 + (k - 1) * theta) / k
            ratio = np.full(len(i), 1 - shows)
            for name in names:
                r = keys.names.index(name)
                mine = keys.key[j, r]
                shared = ((keys.key[i] == mine[:, None]) & (mine >= 0)[:, None]).any(1)
                usual = (share @ tables[name][:, j]) / share.sum() * keys.weight[j, r]
                ratio += np.where(shared, shows / len(names) / usual, 0.0)
            total *= np.where(keys.recorded[i] & keys.recorded[j], ratio, 1.0)
        return total


def gap_density(plan: SeriesPlan, span: int) -> FloatArray:
    """Density a day of the days between a member and the earlier one it copies.

    Each gap is log-uniform; member m copies any of the m - 1 before it.
    """
    low, high = plan.gap_days or tuple(series_entries()[plan.kind]["gap_days"])
    edges = np.arange(span + 1, dtype=float)
    one = np.diff(np.log(edges.clip(low, high))) / np.log(high / low)
    steps = [one]
    for _ in range(plan.members - 2):
        steps.append(np.convolve(steps[-1], one)[:span])
    members = range(2, plan.members + 1)
    density = sum((sum(steps[: m - 1]) / (m - 1) for m in members), np.zeros(span))
    return np.asarray(density / (plan.members - 1)).clip(1e-9)


def _starts(n: int) -> range:
    return range(0, n, CHUNK)
