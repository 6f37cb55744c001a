"""Are the intervals of ratios as wide as they should be? Against refitted registers, and against registers ten times as large.

1. Refits: a simulated register of two years; the pairs of its planted series and its strongest pairs are kept, all other cases
   are drawn anew (with replacement: a bootstrap; half of them without: the delete-half jackknife, which makes no ties), and
   the whole background is learned again each time. The standard deviation over refits beside that of the interval.
2. Ten times as many cases: in a city ten times as large, the ratios of planted pairs and series are worked out; then the
   same from a tenth of its cases. How often does the interval from the tenth hold the ratio from the whole?

Consistency does not vary here: it has no larger register to be compared with. Prints, and writes
benchmarks/results/intervals.json.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from openverdict.cases import Register
from openverdict.evidence import Model, load_variables, prepare
from openverdict.evidence.draws import GroupDraws, quantiles
from openverdict.evidence.interval import NORMAL_95, Bounds, Intervals
from openverdict.leads import Settings, review
from openverdict.leads.assess import scores
from openverdict.simulate import CitySpec, SeriesPlan, simulate_register

RESULT = Path(__file__).parent / "results" / "intervals.json"
BACKGROUND = ("background", "kinds")
STRONGEST = 10

Pairs = list[tuple[str, str]]


def model_of(table: pl.DataFrame) -> Model:
    return Model(prepare(Register.from_table(table), load_variables()))


def numbers(model: Model, pairs: Pairs) -> tuple[np.ndarray, np.ndarray]:
    number = {case: k for k, case in enumerate(model.prepared.case_ids)}
    found = np.sort([[number[a], number[b]] for a, b in pairs], axis=1)
    return found[:, 0], found[:, 1]


def groups_of(series: pl.DataFrame) -> list[list[str]]:
    return [
        g.get_column("case_id").to_list()
        for _, g in series.group_by("series_id", maintain_order=True)
    ]


def pairs_of(groups: list[list[str]]) -> Pairs:
    return [(a, b) for c in groups for k, a in enumerate(c) for b in c[k + 1 :]]


def refits(seed: int, cases_a_year: int, count: int) -> dict[str, object]:
    spec = CitySpec(cases_a_year=cases_a_year, series=(SeriesPlan(members=4, count=3),))
    city = simulate_register(spec, seed)
    pairs = pairs_of(groups_of(city.series))
    links = review(city.register, Settings(replicates=0, intervals=False)).links.head(STRONGEST)
    pairs += [p for p in links.select("case_a", "case_b").iter_rows() if p not in pairs]
    kept = pl.col("case_id").is_in(sorted({case for pair in pairs for case in pair}))
    table = city.register.table
    pinned, rest = table.filter(kept), table.filter(~kept)
    made_of = Intervals(model_of(table))
    i, j = numbers(made_of.model, pairs)
    bounds = summed(made_of, i, j)
    width = (bounds.sd_up + bounds.sd_down) / 2
    point = made_of.model.sum(i, j)
    drawn = np.array(
        [
            GroupDraws(made_of, pair).totals((1,), sources=BACKGROUND).std()
            for pair in zip(i.tolist(), j.tolist(), strict=True)
        ]
    )
    rng = np.random.default_rng(seed)
    outcome: dict[str, object] = {"cases": table.height, "pairs": len(pairs)}
    for how in ("bootstrap", "half"):
        totals = []
        for _ in range(count):
            if how == "bootstrap":
                again = rest[rng.integers(0, rest.height, rest.height).tolist()].with_columns(
                    pl.format("R{}", pl.int_range(rest.height)).alias("case_id"),
                    mentions_cases=pl.lit(None, rest.schema["mentions_cases"]),
                )
            else:
                again = rest[sorted(rng.permutation(rest.height)[: rest.height // 2].tolist())]
            model = model_of(pl.concat([again, pinned]))
            totals.append(model.sum(*numbers(model, pairs)))
        values = np.array(totals)
        sd = values.std(0)
        inside = (values >= bounds.low) & (values <= bounds.high)
        outcome[how] = {
            "refits": count,
            "median_sd_of_refits": round(float(np.median(sd)), 3),
            "median_sd_of_interval": round(float(np.median(width)), 3),
            "median_ratio_interval_to_refits": round(float(np.median(width / sd)), 2),
            "quartiles_of_ratio": np.quantile(width / sd, (0.25, 0.75)).round(2).tolist(),
            "median_ratio_draws_to_refits": round(float(np.median(drawn / sd)), 2),
            "median_shift_of_refits": round(float(np.median(values.mean(0) - point)), 2),
            "refits_inside_interval": round(float(inside.mean()), 3),
        }
    return outcome


def ten_times(seed: int, cases_a_year: int, parts: int) -> dict[str, object]:
    plans = (SeriesPlan(members=4, count=5),)
    city = simulate_register(CitySpec(cases_a_year=10 * cases_a_year, series=plans), seed)
    groups = groups_of(city.series)
    pairs = pairs_of(groups)
    table = city.register.table
    whole = model_of(table)
    truth = whole.sum(*numbers(whole, pairs))
    of_group = [group_score(whole, group) for group in groups]
    kept = pl.col("case_id").is_in([case for group in groups for case in group])
    pinned, rest = table.filter(kept), table.filter(~kept)
    rng = np.random.default_rng(seed)
    size = table.height // 10 - pinned.height
    found, of_series = [], []
    for _ in range(parts):
        chosen = sorted(rng.permutation(rest.height)[:size].tolist())
        made_of = Intervals(model_of(pl.concat([rest[chosen], pinned])))
        i, j = numbers(made_of.model, pairs)
        bounds = summed(made_of, i, j)
        point = made_of.model.sum(i, j)
        found.append(
            np.stack(
                [truth > bounds.high, truth < bounds.low, bounds.high - bounds.low, point - truth]
            )
        )
        for group, score in zip(groups, of_group, strict=True):
            members = members_of(made_of.model, group)
            drawn = scores(
                GroupDraws(made_of, members).totals((1,), sources=BACKGROUND), len(group)
            )
            low, high = quantiles(drawn)
            of_series.append(
                (score > high, score < low, high - low, group_score(made_of.model, group) - score)
            )
    pairs_found = np.array(found).transpose(1, 0, 2).reshape(4, -1)
    return {
        "cases": table.height,
        "in_the_part": size + pinned.height,
        "pairs": told(pairs_found),
        "series": told(np.array(of_series, dtype=float).T),
    }


def summed(made_of: Intervals, i: np.ndarray, j: np.ndarray) -> Bounds:
    """Intervals of the sums of terms: of the ratios they are made from, before what a pair can show holds them in bounds."""
    bounds = made_of.bounds(i, j, sources=BACKGROUND)
    total = made_of.model.sum(i, j)
    low, high = total - NORMAL_95 * bounds.sd_down, total + NORMAL_95 * bounds.sd_up
    return replace(bounds, low=low, high=high)


def told(found: np.ndarray) -> dict[str, object]:
    above, below, width, error = found
    return {
        "compared": len(above),
        "held": round(float(1 - above.mean() - below.mean()), 3),
        "larger_than_the_interval": round(float(above.mean()), 3),
        "smaller_than_the_interval": round(float(below.mean()), 3),
        "median_width": round(float(np.median(width)), 2),
        "mean_error_of_the_part": round(float(error.mean()), 2),
    }


def members_of(model: Model, group: list[str]) -> list[int]:
    number = {case: k for k, case in enumerate(model.prepared.case_ids)}
    return sorted(number[case] for case in group)


def group_score(model: Model, group: list[str]) -> float:
    members = np.array(members_of(model, group))
    a, b = np.triu_indices(len(members), 1)
    return float(scores(model.sum(members[a], members[b])[None], len(members))[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    # The method was chosen on cities 1 to 3.
    parser.add_argument("--first-seed", type=int, default=11)
    parser.add_argument("--cases-a-year", type=int, default=1000)
    parser.add_argument("--refits", type=int, default=100)
    parser.add_argument("--parts", type=int, default=10)
    parser.add_argument("--out", type=Path, default=RESULT)
    args = parser.parse_args()
    began = time.perf_counter()
    outcome: dict[str, list[dict[str, object]]] = {"refits": [], "ten_times": []}
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        outcome["refits"].append(refits(seed, args.cases_a_year, args.refits))
        outcome["ten_times"].append(ten_times(seed, args.cases_a_year, args.parts))
        print(json.dumps({k: v[-1] for k, v in outcome.items()}), flush=True)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(outcome, indent=2) + "\n", encoding="utf-8")
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
