"""Power at a measured rate of false leads, ours beside an oracle's, by kind of series, size, missing values, wrong codes.

Every city is one line of benchmarks/results/power.jsonl; a run goes on where an earlier one stopped, so the same command
with more cities adds to what is there. Prints the tables and writes benchmarks/results/power.json.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from resume import arguments, run

from openverdict.evaluation.planted import one_review, reviewed
from openverdict.evaluation.power import (
    SCORERS,
    Setting,
    null_groups,
    planted_strengths,
    power_table,
)

BUDGET = 1.0  # false leads a year
NULL_SEED, PLANTED_SEED = 1_000, 20_000
SETTINGS = {
    "outdoor": Setting(),
    "outdoor, 60 % missing": Setting(missing=0.6),
    "outdoor, 10 % wrong codes": Setting(wrong=0.1),
    "home_visitor": Setting("home_visitor"),
    "hostel": Setting("hostel"),
    "roaming": Setting("roaming"),
    "outdoor, 3 members": Setting(members=3),
    "outdoor, 6 members": Setting(members=6),
}


def work(task: dict[str, Any]) -> Any:
    setting = Setting(**task["setting"])
    if task["what"] == "review":
        return one_review(setting, task["seed"], BUDGET)
    made = {"null": null_groups, "planted": planted_strengths}[task["what"]]
    return made(setting, task["seed"])


def tasks_of(what: str, setting: Setting, first: int, count: int) -> list[dict[str, Any]]:
    setting = setting.null() if what == "null" else setting
    return [{"what": what, "setting": asdict(setting), "seed": first + k} for k in range(count)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planted", type=int, default=20, help="planted cities a setting")
    parser.add_argument("--nulls", type=int, default=8, help="cities without a series a setting")
    parser.add_argument("--reviews", type=int, default=0, help="whole reviews a setting")
    parser.add_argument("--settings", nargs="*", default=list(SETTINGS), choices=list(SETTINGS))
    arguments(parser, "power")
    args = parser.parse_args()
    tasks = []
    for setting in (SETTINGS[name] for name in args.settings):
        tasks += tasks_of("null", setting, NULL_SEED, args.nulls)
        tasks += tasks_of("planted", setting, PLANTED_SEED, args.planted)
        tasks += tasks_of("review", setting, PLANTED_SEED, args.reviews)
    results, codes = run(args, tasks, work)
    found = iter(results)
    tables = json.loads(args.out.read_text(encoding="utf-8")) if args.out.exists() else {}
    for name in args.settings:
        nulls = [next(found) for _ in range(args.nulls)]
        planted = [next(found) for _ in range(args.planted)]
        reviews = [next(found) for _ in range(args.reviews)]
        table = power_table(SETTINGS[name], nulls, planted, BUDGET) | {"code": codes}
        if reviews:
            table["whole_reviews"] = reviewed(reviews, SETTINGS[name].members)
        tables[name] = table
        show(name, table)
    args.out.write_text(json.dumps(tables, indent=2) + "\n", encoding="utf-8")


def show(name: str, table: dict[str, Any]) -> None:
    print(
        f"\n{name}: {table['planted_cities']} planted cities, {table['null_cities']} without a series"
    )
    print(
        "| scorer | false leads a year | 2nd death | 3rd | 4th | bars by class |\n|---|---|---|---|---|---|"
    )
    for scorer in SCORERS:
        row = table[scorer]
        cells = []
        for k in ("2", "3", "4"):
            one = row.get(k)
            cells.append("" if one is None else "{share:.0%} ({0:.0%}–{1:.0%}), median {median_strength:.1f}".format(
                *one["interval"], share=one["share"], median_strength=one["median_strength"]))  # fmt: skip
        bars = ", ".join(f"{label} {bar:.1f}" for label, bar in row["bars"].items())
        print(f"| {scorer} | {row['false_leads_per_year']:g} | {' | '.join(cells)} | {bars} |")
    for which, title in (("parts", "planted pairs"), ("parts_of_false", "strongest false pairs")):
        for who, parts in table[which].items():
            said = ", ".join(f"{v} {x:+.2f}" for v, x in parts.items() if abs(x) >= 0.02)
            print(f"{title}, {who} {sum(parts.values()):+.2f}: {said}")
    if "whole_reviews" in table:
        print(f"whole reviews: {json.dumps(table['whole_reviews'])}")


if __name__ == "__main__":
    main()
