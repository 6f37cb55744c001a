"""Registers without a series: nominal against measured alarm rates.

Every register is one line of benchmarks/results/nulls.jsonl; a run goes on where an earlier one stopped, so the same
command with more registers adds to what is there. Prints the table and writes benchmarks/results/nulls.json.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from resume import arguments, run

from openverdict.evaluation.nulls import alarm_table, chance_rates
from openverdict.leads.setup import REPLICATES
from openverdict.simulate import CitySpec

FIRST_SEED = 500_000  # chance was worked on with the seeds from 100,000 on


def work(task: dict[str, Any]) -> Any:
    spec = CitySpec(cases_a_year=task["deaths_a_year"], years=task["years"])
    return chance_rates(spec, task["seed"], task["null_registers"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registers", type=int, default=100)
    parser.add_argument("--deaths-a-year", type=int, default=750)
    parser.add_argument("--years", type=float, default=2.0)
    parser.add_argument("--null-registers", type=int, default=REPLICATES)
    arguments(parser, "nulls")
    args = parser.parse_args()
    asked = {
        "deaths_a_year": args.deaths_a_year,
        "years": args.years,
        "null_registers": args.null_registers,
    }
    tasks = [{**asked, "seed": FIRST_SEED + k} for k in range(args.registers)]
    registers, codes = run(args, tasks, work)
    table = alarm_table(registers)
    outcome = {
        "asked": asked,
        "registers": len(registers),
        "first_seed": FIRST_SEED,
        "code": codes,
        "table": table,
    }
    args.out.write_text(json.dumps(outcome, indent=2) + "\n", encoding="utf-8")
    print(
        f"{len(registers)} registers, {asked['deaths_a_year']} deaths a year, {args.years:g} years"
    )
    print("| nominal | 95 % band | measured, any strength | measured, as raised | inside |")
    print("|---|---|---|---|---|")
    for row in table:
        cells = [
            "{:.3g} ({:.3g}–{:.3g})".format(row[name]["measured"], *row[name]["interval"])
            for name in ("any_strength", "as_raised")
        ]
        low, high = row["band"]
        inside = row["any_strength"]["registers_inside"]
        print(
            f"| {row['nominal']} | {low:.3g}–{high:.3g} | {cells[0]} | {cells[1]} | {inside:.0%} |"
        )


if __name__ == "__main__":
    main()
