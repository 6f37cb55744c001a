"""A hundred cohorts of 58 deaths that have nothing to do with each other: how many get a series lead all the same?

At a budget of one false lead a year. Prints the count and writes benchmarks/results/cohort_58.json.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from openverdict.leads import Settings, review
from openverdict.simulate import cohort_58

SEEDS = 100
BUDGET = 1.0
RESULT = Path(__file__).parent / "results" / "cohort_58.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=RESULT)
    args = parser.parse_args()
    began = time.perf_counter()
    with_leads: dict[str, list[dict[str, object]]] = {}
    for seed in range(1, args.seeds + 1):
        result = review(cohort_58(seed).register, Settings(budget=BUDGET, seed=seed))
        if result.series_leads:
            with_leads[str(seed)] = [
                {
                    "cases": len(lead.cases),
                    "log10_lr": round(lead.log10_lr or 0.0, 2),
                    "chance_per_year": lead.chance_per_year,
                }
                for lead in result.series_leads
            ]
    outcome = {
        "cohorts": args.seeds,
        "without_a_lead": args.seeds - len(with_leads),
        "budget_per_year": BUDGET,
        "null_registers": Settings().replicates,
        "leads_by_seed": with_leads,
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(outcome, indent=2) + "\n", encoding="utf-8")
    print(
        f"{outcome['without_a_lead']} of {args.seeds} cohorts of 58 without a series have no lead at "
        f"{BUDGET:g} a year ({time.perf_counter() - began:.0f} s)"
    )


if __name__ == "__main__":
    main()
