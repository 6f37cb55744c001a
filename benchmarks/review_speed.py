"""How fast a whole review is: the Connecticut register and a simulated city of eleven thousand deaths a year.

Wall seconds by step, pairs a second of the compiled loop, and beside them the same ratios by NumPy blocks (the readable
definition, whose coded part is compiled too) on a sample of the pairs. Prints the figures and writes
benchmarks/results/review_speed.json. The real register is read from the folder named by OPENVERDICT_DATA, or ../shared/data
beside the repository; without it only the city is run.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from openverdict import read_register
from openverdict.cases import Register
from openverdict.evidence import Model, load_variables, prepare
from openverdict.leads import Settings, review
from openverdict.linkage import all_pairs, compile_tables, to_units
from openverdict.simulate import CitySpec, simulate_register

ROOT = Path(__file__).parents[1]
RESULT = Path(__file__).parent / "results" / "review_speed.json"
CONNECTICUT = Path("ct_drug_deaths") / "ct_accidental_drug_deaths_2012_2022.csv"
CITY_DEATHS = 10_978
SAMPLE_PAIRS = 1_000_000
BLOCK_PAIRS = 100_000
FLOOR = 2.0


def connecticut() -> Register | None:
    folder = Path(os.environ.get("OPENVERDICT_DATA") or ROOT.parent / "shared" / "data")
    path = folder / CONNECTICUT
    return read_register(path, mapping="connecticut").register if path.is_file() else None


def city() -> Register:
    return simulate_register(CitySpec(cases_a_year=CITY_DEATHS, years=1.0), 1).register


def by_kernel(model: Model) -> tuple[float, float]:
    """Seconds to compile the tables, and pairs a second over all pairs."""
    began = time.perf_counter()
    tables = compile_tables(model)
    compiled = time.perf_counter()
    ledger = all_pairs(tables, int(to_units(FLOOR)))
    return compiled - began, ledger.total / (time.perf_counter() - compiled)


def by_numpy_blocks(model: Model) -> float:
    """Pairs a second of the definition, on a sample of all pairs in blocks."""
    rng = np.random.default_rng(1)
    i, j = np.sort(rng.integers(model.n, size=(2, SAMPLE_PAIRS)), axis=0)
    i, j = i[i < j], j[i < j]
    model.total(i[:10], j[:10])  # what is learned once is not timed
    began = time.perf_counter()
    for k in range(0, len(i), BLOCK_PAIRS):
        model.total(i[k : k + BLOCK_PAIRS], j[k : k + BLOCK_PAIRS])
    return len(i) / (time.perf_counter() - began)


def measure(register: Register) -> dict[str, Any]:
    began = time.perf_counter()
    result = review(register)
    wall = time.perf_counter() - began
    nulls = Settings().replicates
    model = Model(prepare(register, load_variables()))
    compile_seconds, fast = by_kernel(model)
    slow = by_numpy_blocks(model)
    return {
        "cases": len(register),
        "pairs": result.summary["pairs_total"],
        "null_registers": nulls,
        "wall_seconds": round(wall, 1),
        "seconds_by_step": {step: round(s, 2) for step, s in result.timings.items()},
        "pairs_a_second_whole_review": round(result.summary["pairs_total"] * (1 + nulls) / wall),
        "compile_seconds": round(compile_seconds, 2),
        "pairs_a_second_kernel": round(fast),
        "pairs_a_second_numpy_blocks": round(slow),
        "times_faster": round(fast / slow, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=RESULT)
    out = parser.parse_args().out
    review(simulate_register(CitySpec(cases_a_year=100), 1).register)  # compile before timing
    outcome: dict[str, Any] = {"cores": os.cpu_count()}
    for name, register in (("connecticut", connecticut()), ("city", city())):
        if register is None:
            print(f"{name}: no register; set OPENVERDICT_DATA to the folder of real registers")
            continue
        outcome[name] = figures = measure(register)
        print(
            f"{name}: {figures['cases']:,} cases, {figures['pairs']:,} pairs, whole review with "
            f"{figures['null_registers']} null registers {figures['wall_seconds']} s; "
            f"{figures['pairs_a_second_kernel']:,} pairs a second, "
            f"{figures['times_faster']} times NumPy blocks"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(outcome, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
