"""Prospective power at a measured rate of false leads: at which death would a planted series have been raised?

Null cities, with hot spots, batches and surges and no series, give the false groups a year by class; from them comes the
strength at which a class makes its part of the allowed false leads (`series.classes` splits a budget so). Planted cities are
replayed to the day on which the k-th death of the series was known; the model is learned on that register alone, and the
best subset of the members known so far is scored with the same ratios, branching score, price and class.
Every city is scored by each `Scorer`: the model, and the oracle with and without knowledge of the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import beta

from openverdict.cases import Register
from openverdict.evaluation.observed import FloatArray, IntArray
from openverdict.evaluation.oracle import Oracle
from openverdict.evidence import Model, load_variables, prepare
from openverdict.linkage import all_pairs, compile_tables, from_units, to_units
from openverdict.series import (
    Classes,
    Series,
    branching,
    by_key,
    classes_in,
    grow,
    price,
    set_aside,
)
from openverdict.simulate import CitySpec, SeriesPlan, simulate_register

SCORERS = ("model", "oracle", "oracle_plan")
LEAST = -4.0  # groups weaker than this are not grown
KEPT = 60  # the strongest groups of a class that a city is remembered by
LOOKED_AT = 8  # the strongest false groups whose variables are compared
ORACLE_FLOOR = 1.5  # the oracle scores the pairs to which the model gives at least this log10 ratio
Scorer = Callable[[IntArray, IntArray], FloatArray]


@dataclass(frozen=True)
class Group:
    """A group of a register: strength, members, label of its class, and whether it holds two records of one death."""

    strength: float
    size: int
    group_class: str
    duplicate: bool


@dataclass(frozen=True)
class Setting:
    """One row of the power table."""

    kind: str = "outdoor"
    members: int = 4
    missing: float = 0.4
    wrong: float = 0.03
    deaths_a_year: int = 10_978
    years: float = 2.0

    def plan(self) -> SeriesPlan:
        """The planted series."""
        return SeriesPlan(self.kind, self.members, 1)

    def spec(self, *, planted: bool) -> CitySpec:
        """The city, with the series or without."""
        return CitySpec(
            cases_a_year=self.deaths_a_year,
            years=self.years,
            missing_share=self.missing,
            wrong_share=self.wrong,
            series=(self.plan(),) if planted else (),
        )

    def null(self) -> Setting:
        """The same city; which series is asked about changes the oracle alone."""
        return replace(self, members=4)


def learned(register: Register) -> Model:
    """The model of a register."""
    return Model(prepare(register, load_variables()))


def is_death(register: Register) -> npt.NDArray[np.bool_]:
    """Which cases are deaths."""
    kind = register.table.get_column("kind").fill_null("death")
    found: npt.NDArray[np.bool_] = (kind == "death").to_numpy()
    return found


def scorers(model: Model, oracle: Oracle) -> dict[str, Scorer]:
    """Every scorer of a register, each from pairs of case numbers to log10 likelihood ratios."""
    return {
        "model": model.sum,
        "oracle": oracle.pairs,
        "oracle_plan": oracle.knowing_plan().pairs,
    }


def strength(score: Scorer, members: Sequence[int], n: int) -> float:
    """Strength of a group: branching score less the price."""
    a, b = np.triu_indices(len(members), 1)
    m = np.array(members)
    matrix = np.full((len(m), len(m)), -np.inf)
    matrix[a, b] = score(m[a], m[b])
    return branching(matrix) - price(len(m), n)


def null_groups(setting: Setting, seed: int) -> dict[str, Any]:
    """By scorer, the strongest groups of one city without a series, as records of `Group`; and the parts of the false."""
    simulated = simulate_register(setting.spec(planted=False), seed)
    register = simulated.register
    n = len(register)
    model = learned(register)
    twin = dict(simulated.truth.select("case_id", "duplicate_of").iter_rows())
    ids = register.table.get_column("case_id").to_list()
    floor = int(to_units(min(ORACLE_FLOOR, float(np.log10(n)) - 2.0)))
    ledger = all_pairs(compile_tables(model), floor, threads=1)
    kept = set_aside(model, ledger.i, ledger.j).kept
    i, j = ledger.i[kept], ledger.j[kept]
    classes = classes_in(model.content, is_death(register))
    found: dict[str, Any] = {"classes": dict(classes.weights)}
    oracle = Oracle(simulated, setting.plan())
    for name, score in scorers(model, oracle).items():
        ratio = from_units(ledger.units[kept]) if name == "model" else score(i, j)
        seen = ratio >= np.log10(n) - 2.0
        grown = grow(i[seen], j[seen], ratio[seen], n, least=LEAST)
        if name == "model":
            keyless = [s for s in grown if not by_key(model, s.members)][:LOOKED_AT]
            found["parts"] = compared(model, oracle, [s.members for s in keyless])
        groups = [_group(s, score, model, classes, ids, twin) for s in grown]
        groups.sort(key=lambda g: -g["strength"])
        found[name] = [
            g
            for label in classes.labels
            for g in [g for g in groups if g["group_class"] == label][:KEPT]
        ]
    return found


def _group(
    series: Series,
    score: Scorer,
    model: Model,
    classes: Classes,
    ids: list[str],
    twin: Mapping[str, str | None],
) -> dict[str, Any]:
    cases = {ids[m] for m in series.members}
    return asdict(
        Group(
            round(strength(score, series.members, model.n), 4),
            len(series.members),
            classes.of(series.members, by_key=by_key(model, series.members)),
            any(twin[case] in cases for case in cases),
        )
    )


def planted_strengths(setting: Setting, seed: int) -> dict[str, Any]:
    """One planted city: by scorer, for the 2nd, 3rd, … death, every subset's strength and class; and the pairs' parts."""
    simulated = simulate_register(setting.spec(planted=True), seed)
    members = simulated.series.get_column("case_id").to_list()
    known = simulated.register.table.filter(pl.col("case_id").is_in(members)).select(
        "case_id", pl.col("known_from").dt.date().alias("day")
    )
    days = sorted(known.get_column("day").to_list())
    result: dict[str, Any] = {"seed": seed, **{name: {} for name in SCORERS}}
    for k in range(2, min(setting.members, 4) + 1):
        part = simulated.register.as_of(days[k - 1])
        number = {c: r for r, c in enumerate(part.table.get_column("case_id").to_list())}
        here = sorted(number[c] for c in members if c in number)
        model = learned(part)
        subsets = [s for size in range(2, len(here) + 1) for s in combinations(here, size)]
        classes = classes_in(model.content, is_death(part))
        labels = [classes.of(s, by_key=by_key(model, s)) for s in subsets]
        oracle = Oracle(simulated, setting.plan(), part)
        for name, score in scorers(model, oracle).items():
            strengths = [strength(score, s, len(part)) for s in subsets]
            result[name][str(k)] = [
                [round(x, 4), b] for x, b in zip(strengths, labels, strict=True)
            ]
        if k == min(setting.members, 4):
            result["parts"] = compared(model, oracle, [here])
    return result


def compared(
    model: Model, oracle: Oracle, groups: Sequence[Sequence[int]]
) -> dict[str, dict[str, float]]:
    """Mean contribution of each variable to the pairs inside the groups, by the model and by the oracle."""
    pairs = np.array([p for members in groups for p in combinations(members, 2)]).reshape(-1, 2)
    i, j = pairs.astype(np.int64).T
    ours = model.terms(i, j)
    true = oracle.contributions(i, j)
    return {
        "model": {name: round(float(v.mean()), 4) for name, v in ours.items()},
        "oracle": {name: round(float(v.mean()), 4) for name, v in true.items()},
    }


def thresholds(
    groups: Iterable[Mapping[str, Any]], years: float, budget: float, weights: Mapping[str, float]
) -> dict[str, float]:
    """Strength by class that chance exceeds at the class's part of the budget, in leads a year.

    The false leads stronger than it are at most budget × weight × years. A class with fewer groups than that takes the
    least strength kept.
    """
    groups = list(groups)
    result = {}
    for label, weight in weights.items():
        allowed = int(np.floor(budget * weight * years))
        mine = [float(g["strength"]) for g in groups if g["group_class"] == label]
        found = sorted(mine, reverse=True)
        result[label] = found[allowed] if len(found) > allowed else LEAST
    return result


def raised(subsets: Iterable[Sequence[Any]], bars: Mapping[str, float]) -> bool:
    """Whether some subset of the members exceeds the bar of its class; one of a class never seen is not raised."""
    return any(float(x) > bars.get(label, np.inf) for x, label in subsets)


def interval(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Clopper–Pearson interval of a share."""
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, hits, n - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, n - hits)) if hits < n else 1.0
    return low, high


def power_table(
    setting: Setting,
    nulls: Sequence[Mapping[str, Any]],
    planted: Sequence[Mapping[str, Any]],
    budget: float,
) -> dict[str, Any]:
    """Share raised at each death by each scorer, with intervals, thresholds and the measured false leads a year."""
    years = setting.years * len(nulls)
    weights: dict[str, float] = nulls[0]["classes"] if nulls else {}
    table: dict[str, Any] = {"setting": asdict(setting), "budget_per_year": budget,
                             "null_cities": len(nulls), "planted_cities": len(planted)}  # fmt: skip
    for name in SCORERS:
        groups = [g for null in nulls for g in null[name]]
        bars = thresholds(groups, years, budget, weights)
        once = thresholds([g for g in groups if not g["duplicate"]], years, budget, weights)
        false = sum(g["strength"] > bars[g["group_class"]] for g in groups)
        row: dict[str, Any] = {
            "bars": {label: round(bar, 3) for label, bar in bars.items()},
            "false_leads_per_year": round(false / years, 3) if years else None,
            "false_leads_duplicates": sum(
                g["strength"] > bars[g["group_class"]] and g["duplicate"] for g in groups
            ),
        }
        for k in ("2", "3", "4"):
            cities = [p[name][k] for p in planted if k in p[name]]
            if cities:
                hits = sum(raised(c, bars) for c in cities)
                lenient = sum(raised(c, once) for c in cities)
                row[k] = {
                    "raised": hits,
                    "raised_if_duplicates_do_not_count": lenient,
                    "of": len(cities),
                    "share": round(hits / len(cities), 4),
                    "interval": [round(x, 4) for x in interval(hits, len(cities))],
                    "median_strength": round(
                        float(np.median([max(x for x, _ in c) for c in cities])), 3
                    ),
                }
        table[name] = row
    table["parts"] = _mean_parts([p["parts"] for p in planted])
    table["parts_of_false"] = _mean_parts([n["parts"] for n in nulls])
    return table


def _mean_parts(parts: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    return {
        who: {v: round(float(np.mean([p[who][v] for p in parts])), 3) for v in parts[0][who]}
        for who in ("model", "oracle")
        if parts
    }
