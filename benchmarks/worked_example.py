"""The worked example in a simulated city: the day on which each lead is first raised, and how often by chance on that day.

The city is reviewed as of every day on which something of the example became known, first as it was held and then with the one
ordinary enquiry made. Prints two tables for each: every lead with cases of the example, at the first day on which a review
raises it; and the pairs that the example asks about, day by day. Writes benchmarks/results/worked_example.json. Every review
is one line of benchmarks/results/worked_example.jsonl; a run goes on where an earlier one stopped.
"""

from __future__ import annotations

import argparse
import json
from datetime import date, timedelta
from typing import Any

from resume import arguments, run

from openverdict.leads import Lead, Link, Review, Settings, review
from openverdict.reports.words import rate, rate_range
from openverdict.simulate import (
    DEMO_DATES,
    EXAMPLE_CASES,
    demo_register,
    worked_example,
)
from openverdict.simulate.demo import DEMO_CITY

PAIRS = (
    ("I1", "A"),
    ("I2", "A"),
    ("A", "B"),
    ("B", "C"),
    ("A", "C"),
    ("B", "D"),
    ("C", "D"),
    ("A", "D"),
)
SHOWN = date(2014, 1, 1)  # before it only the report of 2012 is known


def days_of(*, enquiry: bool, last: date) -> list[date]:
    """The days on which something of the example became known, from the first death on."""
    known = worked_example(enquiry).facts.get_column("known_from").drop_nulls().dt.date()
    return sorted({day for day in known if SHOWN <= day <= last})


def work(task: dict[str, Any]) -> dict[str, Any]:
    """One review: the series leads with cases of the example, and the pairs that can be asked about."""
    day, seed = date.fromisoformat(task["day"]), task["seed"]
    city = demo_register(seed, enquiry=task["enquiry"], cases_a_year=task["deaths_a_year"])
    register = city.as_of(day)
    held = set(register.table.get_column("case_id")) & set(EXAMPLE_CASES)
    watch = tuple(pair for pair in PAIRS if set(pair) <= held)
    settings = Settings(
        replicates=task["null_registers"], seed=seed, budget=task["budget"], watch=watch, threads=1
    )
    result = review(register, settings)
    return {
        "day": day.isoformat(),
        "cases": result.summary["cases"],
        "years": round(result.summary["years"], 3),
        "leads": [_lead(lead, result) for lead in result.series_leads if held & set(lead.cases)],
        "other_series_leads": sum(not held & set(lead.cases) for lead in result.series_leads),
        "groups_not_put_forward": [
            group
            for group in result.summary["strongest_groups"]
            if held & set(group["cases"])
            and not any(set(group["cases"]) == set(lead.cases) for lead in result.series_leads)
        ],
        "pairs": [_pair(link) for link in result.watched if (link.case_a, link.case_b) in watch],
        "triage": {t.case_id: t.level for t in result.triage if t.case_id in held},
    }


def _chance(of: Lead | Link) -> dict[str, Any]:
    known = of.chance
    return {
        "chance_per_year": of.chance_per_year,
        "chance_low": known.low if known else None,
        "chance_high": known.high if known else None,
        "chance_drawn": known.drawn if known else None,
        "class": known.group_class if known else None,
    }


def _lead(lead: Lead, result: Review) -> dict[str, Any]:
    return {
        "cases": list(lead.cases),
        "rank": lead.rank,
        "of": len(result.series_leads),
        "log10_lr": round(lead.log10_lr or 0.0, 3),
        "strength": round(lead.strength or 0.0, 3),
        **_chance(lead),
    }


def _pair(link: Link) -> dict[str, Any]:
    return {
        "cases": [link.case_a, link.case_b],
        "log10_lr": round(link.log10_lr, 3),
        "rank": link.rank,
        "must_be_considered": link.mandatory,
        **_chance(link),
    }


def first_raised(looks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each set of the example's cases that some lead held, with the first day on which one did."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for look in looks:
        for lead in look["leads"]:
            ours = tuple(case for case in lead["cases"] if case in EXAMPLE_CASES)
            found.setdefault(ours, {"day": look["day"], **lead, "example_cases": list(ours)})
    return list(found.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deaths-a-year", type=int, default=DEMO_CITY.cases_a_year)
    parser.add_argument("--null-registers", type=int, default=Settings().replicates)
    parser.add_argument("--budget", type=float, default=Settings().budget)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--last", type=date.fromisoformat, default=DEMO_DATES[-1] + timedelta(30))
    arguments(parser, "worked_example")
    args = parser.parse_args()
    asked = {
        "deaths_a_year": args.deaths_a_year,
        "null_registers": args.null_registers,
        "budget": args.budget,
        "seed": args.seed,
    }
    # Before the enquiry could have been answered there is nothing that it could have changed.
    answered = DEMO_DATES[1]
    wanted = {
        False: days_of(enquiry=False, last=args.last),
        True: [day for day in days_of(enquiry=True, last=args.last) if day >= answered],
    }
    tasks = [
        {**asked, "day": day.isoformat(), "enquiry": enquiry}
        for enquiry, days in wanted.items()
        for day in days
    ]
    looks, codes = run(args, tasks, work)
    outcome: dict[str, Any] = {**asked, "code": codes}
    for name, enquiry in (("as_held", False), ("with_the_enquiry", True)):
        mine = [look for task, look in zip(tasks, looks, strict=True) if task["enquiry"] is enquiry]
        outcome[name] = {"first_raised": first_raised(mine), "days": mine}
    args.out.write_text(json.dumps(outcome, indent=2) + "\n", encoding="utf-8")
    for name in ("as_held", "with_the_enquiry"):
        show(name, outcome[name])


def show(name: str, found: dict[str, Any]) -> None:
    print(f"\n{name.replace('_', ' ')}: first raised\n")
    print(
        "| day | cases of the example (others) | strength | chance that day | 95 % interval | rank |"
    )
    print("|---|---|---|---|---|---|")
    for row in found["first_raised"]:
        others = len(row["cases"]) - len(row["example_cases"])
        print(
            f"| {row['day']} | {', '.join(row['example_cases'])} ({others}) | {row['strength']:.1f} "
            f"| {rate(row['chance_per_year'])} | {_interval(row)} | {row['rank']} of {row['of']} |"
        )
    print(f"\n{name.replace('_', ' ')}: pairs\n")
    print(
        "| day | pair | log10 ratio | rank | chance that day | 95 % interval |\n|---|---|---|---|---|---|"
    )
    for look in found["days"]:
        for row in look["pairs"]:
            rank = "below the floor" if row["rank"] is None else f"{row['rank']:,}"
            print(
                f"| {look['day']} | {' and '.join(row['cases'])} | {row['log10_lr']:.1f} | {rank} "
                f"| {rate(row['chance_per_year'])} | {_interval(row)} |"
            )


def _interval(row: dict[str, Any]) -> str:
    low, high = row["chance_low"], row["chance_high"]
    return "" if low is None else rate_range(low, high)


if __name__ == "__main__":
    main()
