"""Calibration of the ratios on planted pairs: the slope, and over-confidence by unit of log10 ratio.

    python benchmarks/planted_calibration.py --registers 8     # goes on where it stopped

Each register is a simulated city of 3,000 deaths a year over two years with series of four of every kind and of different
consistency planted in it (PLANS). All pairs inside a series are the linked pairs. Of the others every pair with a ratio of 1
or more is counted; of those below, a sample drawn evenly, weighted so that it stands for them all. Pairs that a review would
set aside as two records of one death are left out, as in use; so are pairs of a member's second record with its series, which
are neither. The consistencies that the model holds a priori are not those of the simulator: nothing was fitted to it.
Ratios are kept to a hundredth.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
from resume import arguments, run

from openverdict.evaluation.measures import (
    calibration_bins,
    calibration_line,
    over_confidence,
)
from openverdict.evaluation.power import learned
from openverdict.evidence.model import Model
from openverdict.linkage import all_pairs, compile_tables, to_units
from openverdict.series import set_aside
from openverdict.simulate import CitySpec, SeriesPlan, Simulated, simulate_register

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

FIRST_SEED = 300_000
PLANS = (
    *(SeriesPlan("outdoor", 4, 3, theta) for theta in (None, 0.9, 0.7, 0.5)),
    *(SeriesPlan(kind, 4, 3) for kind in ("home_visitor", "hostel", "roaming")),
)
FLOOR = 0.0  # log10 ratio from which every pair is counted
SAMPLED = 200_000  # others below it
DRAWS = 200
CARRIES = 0.5  # log10 ratio from which a person or an identifier in common is said to be shared
CENT = 100


def work(task: dict[str, Any]) -> dict[str, Any]:
    """One register: its linked pairs one by one, and the others counted by hundredth of a log10 ratio."""
    spec = CitySpec(cases_a_year=task["deaths_a_year"], years=task["years"], series=PLANS)
    simulated = simulate_register(spec, task["seed"])
    model = learned(simulated.register)
    ids = simulated.register.table.get_column("case_id").to_list()
    number = {case: k for k, case in enumerate(ids)}
    series, second, plan = _truth(simulated, number)
    with_second = np.where(second >= 0, second, series)
    rng = np.random.default_rng(task["seed"])
    ledger = all_pairs(compile_tables(model), int(to_units(model.sum_at(FLOOR))), threads=1)
    kept = set_aside(model, ledger.i, ledger.j).kept
    linked = _members(series)
    others = ledger.i[kept], ledger.j[kept]
    apart = ~_together(with_second, *others)
    above = _counted(model, others[0][apart], others[1][apart])
    a, b = rng.integers(model.n, size=(2, 2 * SAMPLED))
    i, j = np.minimum(a, b), np.maximum(a, b)
    use = (i < j) & ~_together(with_second, i, j)
    low = _counted(model, i[use][:SAMPLED], j[use][:SAMPLED], below=FLOOR)
    stands = ledger.remainder / max(sum(sum(c.values()) for c in low.values()), 1)
    total, keyed = _ratios(model, *linked)
    dropped = ~set_aside(model, *linked).kept
    pairs = [
        {"kind": plan[series[x]][0], "theta": plan[series[x]][1], "key": bool(k), "log10_lr": round(float(t), 2)}
        for x, t, k, d in zip(linked[0], total, keyed, dropped, strict=True)
        if not d
    ]  # fmt: skip
    return {
        "cases": model.n,
        "linked": pairs,
        "set_aside": int(dropped.sum()),
        "above": above,
        "below": low,
        "stands": stands,
    }


def _truth(
    simulated: Simulated, number: dict[str, int]
) -> tuple[IntArray, IntArray, list[tuple[str, float | None]]]:
    """For each case the number of its series, and of the series of the death that it records again (-1: none); each series'
    kind and consistency.
    """
    series = np.full(len(number), -1)
    second = np.full(len(number), -1)
    plan_of = [(plan.kind, plan.theta) for plan in PLANS for _ in range(plan.count)]
    for case, name in simulated.series.select("case_id", "series_id").iter_rows():
        series[number[case]] = int(name.rsplit("-", 1)[1]) - 1
    for case, of in simulated.truth.select("case_id", "duplicate_of").iter_rows():
        if of is not None:
            second[number[case]] = series[number[of]]
    return series, second, plan_of


def _members(series: IntArray) -> tuple[IntArray, IntArray]:
    pairs = [
        (m[x], m[y])
        for s in range(series.max() + 1)
        for m in [np.flatnonzero(series == s)]
        for x in range(len(m))
        for y in range(x + 1, len(m))
    ]
    i, j = np.array(pairs, dtype=np.int64).T
    return i, j


def _together(series: IntArray, i: IntArray, j: IntArray) -> BoolArray:
    found: BoolArray = (series[i] == series[j]) & (series[i] >= 0)
    return found


def _ratios(model: Model, i: IntArray, j: IntArray) -> tuple[FloatArray, BoolArray]:
    """log10 ratio of each pair, and whether a person or an identifier in common carries it."""
    terms = model.terms(i, j)
    keyed = np.zeros(len(i), dtype=bool)
    for v in model.variables:
        if v.kernel in ("keys", "mention"):
            keyed |= terms[v.name] >= CARRIES
    return model.ratio(model.summed(terms)), keyed


def _counted(
    model: Model, i: IntArray, j: IntArray, below: float = np.inf
) -> dict[str, dict[str, int]]:
    """Pairs by hundredth of a log10 ratio, with a key in common and without."""
    total, keyed = _ratios(model, i, j)
    found = {}
    for name, which in (("key", keyed), ("no_key", ~keyed)):
        cents = np.round(total[which & (total < below)] * CENT).astype(int)
        values, counts = np.unique(cents, return_counts=True)
        found[name] = {str(v): int(c) for v, c in zip(values, counts, strict=True)}
    return found


def gathered(
    registers: list[dict[str, Any]], key: bool | None, kinds: Any = None, theta: Any = "any"
) -> tuple[FloatArray, BoolArray, FloatArray]:
    """Ratios, labels and weights over the registers; `key`: only pairs with a key in common, or without (None: all)."""
    ratio, linked, weight = [], [], []
    for one in registers:
        for pair in one["linked"]:
            if (
                (key is None or pair["key"] is key)
                and (kinds is None or pair["kind"] in kinds)
                and (theta == "any" or pair["theta"] == theta)
            ):
                ratio.append(pair["log10_lr"])
                linked.append(True)
                weight.append(1.0)
        for part, stands in (("above", 1.0), ("below", one["stands"])):
            for name in [n for n in ("key", "no_key") if key is None or (n == "key") is key]:
                for cent, count in one[part][name].items():
                    ratio.append(int(cent) / CENT)
                    linked.append(False)
                    weight.append(count * stands)
    return np.array(ratio), np.array(linked, dtype=bool), np.array(weight)


def calibration(registers: list[dict[str, Any]], draws: int = 0, **which: Any) -> dict[str, Any]:
    """Slope, intercept and over-confidence, with an interval of the slope over draws of whole registers."""
    ratio, linked, weight = gathered(registers, **which)
    slope, intercept = calibration_line(ratio, linked, weight)
    bins = calibration_bins(ratio, linked, weight)
    # A claim is over-confident only where pairs of the other kind stand against it; a unit of others alone, far below, is not.
    against = tuple(b for b in bins if (b.others if b.claimed >= 0 else b.linked))
    most, surely = over_confidence(against)
    # Sharing a key is itself part of the ratio: among those that share one, the odds before are not those of all pairs.
    whole = which["key"] is None
    equal = np.where(linked, 1.0 / linked.sum(), weight / weight[~linked].sum()) * linked.sum()
    found: dict[str, Any] = {
        "linked_pairs": int(linked.sum()),
        "other_pairs": round(float(weight[~linked].sum())),
        "slope": round(slope, 4),
        "intercept_nats": round(intercept, 4),
        "slope_with_as_many_others_as_linked": round(calibration_line(ratio, linked, equal)[0], 4),
        "over_confident_nats": round(most, 4) if whole else None,
        "over_confident_nats_surely": round(surely, 4) if whole else None,
        "bins": [asdict(b) for b in against] if whole else [],
    }
    if draws:
        rng = np.random.default_rng(1)
        again = [
            calibration_line(*gathered([registers[k] for k in rng.integers(len(registers), size=len(registers))], **which))[0]
            for _ in range(draws)
        ]  # fmt: skip
        found["slope_interval"] = [round(float(x), 4) for x in np.quantile(again, [0.025, 0.975])]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registers", type=int, default=8)
    parser.add_argument("--deaths-a-year", type=int, default=3000)
    parser.add_argument("--years", type=float, default=2.0)
    arguments(parser, "planted_calibration")
    args = parser.parse_args()
    asked = {"deaths_a_year": args.deaths_a_year, "years": args.years}
    tasks = [{**asked, "seed": FIRST_SEED + k} for k in range(args.registers)]
    registers, codes = run(args, tasks, work)
    everything = [plan.kind for plan in PLANS]
    parts: dict[str, dict[str, Any]] = {
        "all kinds": {"key": None},
        "outdoor": {"key": None, "kinds": ["outdoor"]},
        "outdoor, consistency of the simulator": {"key": None, "kinds": ["outdoor"], "theta": None},
        **{f"outdoor, consistency {t}": {"key": None, "kinds": ["outdoor"], "theta": t} for t in (0.9, 0.7, 0.5)},
        **{kind: {"key": None, "kinds": [kind]} for kind in sorted(set(everything) - {"outdoor"})},
        "all kinds, a key in common": {"key": True},
        "all kinds, no key in common": {"key": False},
    }  # fmt: skip
    outcome = {
        "asked": asked,
        "registers": len(registers),
        "first_seed": FIRST_SEED,
        "code": codes,
        "parts": {
            name: calibration(registers, DRAWS if name == "all kinds" else 0, **which)
            for name, which in parts.items()
        },
    }
    args.out.write_text(json.dumps(outcome, indent=2) + "\n", encoding="utf-8")
    print(
        "| pairs | linked | slope | balanced | most over-confident, nats | surely |\n|---|---|---|---|---|---|"
    )
    for name, row in outcome["parts"].items():
        print(f"| {name} | {row['linked_pairs']} | {row['slope']:.2f} | {row['slope_with_as_many_others_as_linked']:.2f} "
              f"| {row['over_confident_nats']} | {row['over_confident_nats_surely']} |")  # fmt: skip


if __name__ == "__main__":
    main()
