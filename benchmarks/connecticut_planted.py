"""Series planted in the columns of a real register: at which death would one be raised, at a chance rate of one a year?

    python benchmarks/connecticut_planted.py     # reads OPENVERDICT_DATA/ct_drug_deaths, or ../shared/data/ct_drug_deaths

The register (accidental drug deaths, Connecticut, 2012 to 2022, open data of the state) is read where it lies; only counts
and strengths are written. The plan was stated before the first run:

- The first death is a real one whose town of injury is known; in half of the series any such death, in the other half one
  whose list of substances at most RARE deaths share.
- Each later death is the real one nearest to a day drawn 14 to 180 days after the one before (log-uniform). It copies some
  earlier member, chosen at random: each of place (town, point and precision together), kind of place, sex, substances (the
  whole list) and age (within a few years) with the stated consistency; what is not copied stays that death's own.
- Rarity is learned from the whole register with the series in it, and the best subset of the first k members is scored, as in
  power.py. The bar is the strength whose chance rate is one a year by null registers made from the register as it is. So it is
  not a replay of what was known on the day: a state of ten years ago had fewer deaths and another drug market.
"""

from __future__ import annotations

import argparse
import json
import os
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from resume import arguments, run

from openverdict.cases import Register
from openverdict.evaluation.power import interval, is_death, learned, strength
from openverdict.evidence import load_variables, prepare
from openverdict.evidence.model import Model
from openverdict.intake import read_register
from openverdict.leads.setup import LEAD_BAR, effective_years
from openverdict.linkage import compile_slots
from openverdict.series import measure_chance

RATES = (12.0, 1.0, 0.1)
RARE = 5  # deaths with the same list of substances, at most
GAP_DAYS = (14.0, 180.0)
AGE_SD = 3.0
MEMBERS = 4
EACH = 5  # series of each setting in one copy of the register
SETTINGS = {
    f"{first} first death, consistency {theta}": (first, theta)
    for first in ("any", "rare")
    for theta in (0.9, 0.7)
}
COPIED = {
    "place": ("found_lat", "found_lon", "found_precision_m", "found_place"),
    "kind of place": ("found_place_kind",),
    "sex": ("sex",),
    "substances": ("substances_detected",),
    "age": ("age_years",),
}


@cache
def register() -> Register:
    root = os.environ.get("OPENVERDICT_DATA") or Path(__file__).parents[2] / "shared" / "data"
    file = Path(root) / "ct_drug_deaths" / "ct_accidental_drug_deaths_2012_2022.csv"
    return read_register(file, mapping="connecticut").register


def bars(replicates: int, seed: int) -> dict[str, Any]:
    """Strength that chance exceeds at each rate a year, in the register as it is."""
    whole = register()
    prepared = prepare(whole, load_variables())
    years = effective_years(whole.table.get_column("found_at"))
    chance = measure_chance(
        prepared,
        compile_slots(Model(prepared)),
        is_death(whole),
        years=years,
        replicates=replicates,
        seed=seed,
        bar=LEAD_BAR,
        link_floor=max(2.0, float(np.log10(len(whole))) - 2.0),
        threads=1,
    )
    grid = np.arange(LEAD_BAR - 4.0, 12.0, 0.01)
    found = {}
    for rate in RATES:
        enough = [x for x in grid if chance.per_year(float(x)) <= rate]
        found[str(rate)] = round(float(enough[0]), 2) if enough else None
    return {"cases": len(whole), "years": round(years, 3), "null_registers": replicates, "bars": found}  # fmt: skip


def planted(seed: int) -> dict[str, Any]:
    """One copy of the register with EACH series of every setting: for each, strengths of the best subset at each death."""
    rng = np.random.default_rng(seed)
    rows = register().table.to_dicts()
    taken: set[int] = set()
    series = {
        name: [_plant(rng, rows, taken, first, theta) for _ in range(EACH)]
        for name, (first, theta) in SETTINGS.items()
    }
    table = pl.DataFrame(rows, schema=register().table.schema)
    changed = Register.from_table(table)
    model = learned(changed)
    found: dict[str, Any] = {"seed": seed}
    for name, all_members in series.items():
        found[name] = []
        for members in all_members:
            best = {}
            for k in range(2, MEMBERS + 1):
                subsets = [s for m in range(2, k + 1) for s in combinations(sorted(members[:k]), m)]
                best[str(k)] = round(max(strength(model.sum, s, model.n) for s in subsets), 3)
            found[name].append(best)
    return found


def _plant(
    rng: np.random.Generator, rows: list[dict[str, Any]], taken: set[int], first: str, theta: float
) -> list[int]:
    """Row numbers of one series in the order of its deaths; the later ones are changed in place."""
    days = np.array([row["found_at"].toordinal() for row in rows])
    lists = [frozenset(row["substances_detected"] or ()) for row in rows]
    count: dict[frozenset[str], int] = {}
    for held in lists:
        count[held] = count.get(held, 0) + 1
    last = days.max() - (MEMBERS - 1) * GAP_DAYS[1]
    may = [
        r
        for r, row in enumerate(rows)
        if r not in taken
        and days[r] <= last
        and row["found_precision_m"] is not None
        and row["found_precision_m"] <= 6000
        and lists[r]
        and (first == "any" or count[lists[r]] <= RARE)
    ]
    members = [int(rng.choice(may))]
    taken.add(members[0])
    while len(members) < MEMBERS:
        aim = days[members[-1]] + np.exp(rng.uniform(*np.log(GAP_DAYS)))
        later = [r for r in range(len(rows)) if r not in taken and days[r] > days[members[-1]]]
        row = later[int(np.abs(days[later] - aim).argmin())]
        source = members[int(rng.integers(len(members)))]
        for name, columns in COPIED.items():
            if rng.random() >= theta:
                continue
            for column in columns:
                rows[row][column] = rows[source][column]
            if name == "age" and rows[source]["age_years"] is not None:
                aged = round(rows[source]["age_years"] + AGE_SD * rng.standard_normal())
                rows[row]["age_years"] = float(max(aged, 0))
        members.append(row)
        taken.add(row)
    return members


def work(task: dict[str, Any]) -> Any:
    if task["what"] == "bars":
        return bars(task["null_registers"], task["seed"])
    return planted(task["seed"])


def table_of(chance: dict[str, Any], copies: list[dict[str, Any]]) -> dict[str, Any]:
    """For each setting, how many series were raised by each death at one a year; and the median strength."""
    bar = chance["bars"]["1.0"]
    outcome = {}
    for name in SETTINGS:
        series = [one for copy in copies for one in copy[name]]
        rows = {}
        for k in map(str, range(2, MEMBERS + 1)):
            hits = sum(bar is not None and one[k] >= bar for one in series)
            put = sum(bar is not None and one[k] >= max(bar, LEAD_BAR) for one in series)
            rows[k] = {
                "raised": hits,
                "raised_and_strong_enough_for_a_review": put,
                "of": len(series),
                "share": round(hits / len(series), 4),
                "interval": [round(x, 4) for x in interval(hits, len(series))],
                "median_strength": round(float(np.median([one[k] for one in series])), 3),
            }
        outcome[name] = rows
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=4, help=f"each with {EACH} series a setting")
    parser.add_argument("--null-registers", type=int, default=20)
    arguments(parser, "connecticut_planted")
    args = parser.parse_args()
    tasks: list[dict[str, Any]] = [{"what": "planted", "seed": 1 + k} for k in range(args.copies)]
    tasks.append({"what": "bars", "null_registers": args.null_registers, "seed": 1})
    (*copies, chance), codes = run(args, tasks, work)
    outcome = {"code": codes, "members": MEMBERS, **chance, "settings": table_of(chance, copies)}
    args.out.write_text(json.dumps(outcome, indent=2) + "\n", encoding="utf-8")
    print(f"{chance['cases']} deaths; bars by rate a year: {chance['bars']}")
    for name, rows in outcome["settings"].items():
        said = ", ".join(f"{k}: {r['raised']}/{r['of']} ({r['median_strength']:.1f})" for k, r in rows.items())  # fmt: skip
        print(f"{name}: {said}")


if __name__ == "__main__":
    main()
