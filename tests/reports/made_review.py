"""Reviews made by hand for the tests of reports: one with leads, one with nothing found, one of a city-year's size.

As a script: `python made_review.py FOLDER full|nothing|large` writes one of them from a process of its own.
"""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import combinations
from pathlib import Path

import polars as pl

from openverdict.cases import STATUS_SCHEMA, Register
from openverdict.evidence.contribution import Contribution
from openverdict.leads.assess import posteriors
from openverdict.leads.results import (
    Assessment,
    Lead,
    Link,
    OrdinaryTest,
    Reason,
    Review,
    Triage,
    Without,
)

HOSTILE_ID = "=cmd|'/c calc'!A0<script>alert(1)</script>"
HOSTILE_TEXT = '<img src=x onerror=alert(1)> & "quoted" {{ 7 * 7 }}'
ONCE_IN_14_YEARS = (
    "A register like this one without any series would give a group that ranks as high"
    " about once in 14 years."
)
REJECTS_SCHEMA = {
    "file": pl.String,
    "row": pl.Int64,
    "field": pl.String,
    "value": pl.String,
    "reason": pl.String,
}
VARIABLES = ("distance", "time_gap", "age", "sex", "body_position", "substances", "items_missing")


def _rows(n: int, seed: int) -> list[dict[str, object]]:
    draw = random.Random(seed)
    rows: list[dict[str, object]] = []
    for i in range(n):
        found = datetime(2014, 1, 1) + timedelta(days=draw.randrange(700), hours=draw.randrange(24))
        exact = draw.random() < 0.5
        rows.append(
            {
                "case_id": f"K-{i:05d}",
                "kind": "incident" if i % 13 == 5 else "death",
                "found_at": found if exact else found.replace(hour=0),
                "found_at_span_s": 0 if exact else 86_400,
                "last_known_alive_at": found - timedelta(hours=30) if i % 3 else None,
                "last_known_alive_at_span_s": 0 if i % 3 else None,
                "found_lat": 51.5 + draw.gauss(0, 0.06) if i % 11 else None,
                "found_lon": 0.05 + draw.gauss(0, 0.1) if i % 11 else None,
                "found_precision_m": 100.0 if i % 11 else None,
                "found_place_kind": draw.choice(["home", "street", "hostel"]),
                "age_years": float(draw.randrange(18, 80)),
                "sex": draw.choice(["male", "female"]),
                "substances_detected": draw.choice([None, [], ["ghb"], ["cocaine", "morphine"]]),
                "narrative": "Free text that is never printed.",
            }
        )
    return rows


def _series_rows() -> list[dict[str, object]]:
    """Four deaths near one wall and an incident; facts that are missing for different reasons."""
    days = [datetime(2014, 6, 19, 4, 18), datetime(2014, 8, 28), datetime(2014, 9, 20)]
    days.append(datetime(2015, 9, 14))
    spots = [(51.5360, 0.0820), (51.5350, 0.0760), (51.5350, 0.0760), (51.5352, 0.0757)]
    rows: list[dict[str, object]] = []
    for i, (found, (lat, lon)) in enumerate(zip(days, spots, strict=True)):
        rows.append(
            {
                "case_id": "ABCD"[i],
                "kind": "death",
                "found_at": found,
                "found_at_span_s": 86_400 if i else 0,
                "last_known_alive_at": found - timedelta(days=2) if i != 1 else None,
                "last_known_alive_at_span_s": 0 if i != 1 else None,
                "found_lat": lat,
                "found_lon": lon,
                "found_precision_m": 100.0,
                "found_place": "Inner side of the churchyard wall" if i else HOSTILE_TEXT,
                "found_place_kind": "park_or_churchyard" if i else "street",
                "age_years": 23.0 - i,
                "sex": "male",
                "body_position": "sitting_propped",
                "micro_place": "churchyard_wall" if i else "block_entrance",
                "items_missing": ["phone", "bank_card"] if i < 2 else [],
                "note_present": "yes" if i == 2 else None,
                "mentions_cases": ["B"] if i == 2 else None,
                "persons": ["finder:W1"] if i in (1, 2) else None,
                "category_police": "non_suspicious",
                "checks_done": ["pnd"] if i in (0, 3) else None,
                "narrative": "A narrative that names Somebody Real.",
            }
        )
    return rows


def _terms(total: float, near: str) -> tuple[Contribution, ...]:
    """Seven terms that add up to `total`: five compared, one against, two missing."""
    fixed = {"time_gap": 0.62, "age": -0.31, "body_position": 1.74, "items_missing": 0.0}
    distance = total - sum(fixed.values())
    same = ("sitting propped", "sitting propped", "same")
    days = ("19 June 2014", "28 August 2014", "70 days apart")
    places = ("51.536, 0.082", "51.535, 0.076", near)
    belongings = ("phone; wallet", None, "", None, None, None, None)
    note = "Rounded to years."
    return (
        Contribution("distance", "Distance", distance, *places, 2.4e-6, 3.1e-8, 6, 39, 0.6),
        Contribution("time_gap", "Time gap", 0.62, *days, 0.004, 0.0012, None, None, 0.7),
        Contribution(
            "age", "Age", -0.31, "23", "61", "38 years apart", 1e-4, 0.02, 3, 39, 0.5, note
        ),
        Contribution("sex", "Sex", 0.0, "male", "male", "", 1.0, 1.0, 28, 39, 0.0),
        Contribution("body_position", "Position", 1.74, *same, 1.0, 0.0061, 14, 2310, 0.35),
        Contribution("items_missing", "Belongings missing", 0.0, *belongings, 0.3),
        Contribution("substances", "Substances", 0.0, None, None, "", None, None, None, None, 0.5),
    )


def links_of(ids: tuple[str, ...], base: float, near: str) -> tuple[Link, ...]:
    sentence = "Of the 39 other cases, one is at least as similar to the earlier; six were as near."
    links = []
    for i, (a, b) in enumerate(combinations(ids, 2)):
        lr = base - 0.37 * i
        names_it = (a, b) == ("B", "C")
        links.append(Link(a, b, lr, _terms(lr, near), i + 1, names_it, sentence))
    return tuple(links)


def _ledger(links: tuple[Link, ...]) -> pl.DataFrame:
    rows = [
        {
            "case_a": link.case_a,
            "case_b": link.case_b,
            "log10_lr": link.log10_lr,
            **{f"lr_{t.variable}": t.log10_lr for t in link.contributions},
        }
        for link in links
    ]
    schema = {"case_a": pl.String(), "case_b": pl.String(), "log10_lr": pl.Float64()}
    schema |= {f"lr_{name}": pl.Float64() for name in VARIABLES}
    return pl.DataFrame(rows, schema=schema).sort(
        "log10_lr", "case_a", "case_b", descending=[True, False, False]
    )


def _triage(register: Register) -> tuple[Triage, ...]:
    entries = []
    for i, case_id in enumerate(register.table.get_column("case_id")):
        level = {"A": 4, "C": 3, HOSTILE_ID: 2}.get(case_id, 1 if i % 4 == 0 else 0)
        note = "A note is present and nobody tested who wrote it."
        reasons = (Reason("note_unverified", note, "S", "note_verified"),) if level > 1 else ()
        entries.append(
            Triage(
                case_id,
                level,
                reasons,
                ("The caller says the person still breathed; the body was cold and stiff.",)
                if case_id == "A"
                else (),
                ("pnd", "handwriting", "dna") if level > 1 else ("pnd",),
                (Reason("home_locked_alone", "Alone behind a locked door.", "E"),)
                if case_id == HOSTILE_ID
                else (),
            )
        )
    return tuple(entries)


def _summary(register: Register, links: tuple[Link, ...]) -> dict[str, object]:
    n = len(register)
    return {
        "cases": n,
        "rejected_rows": 2,
        "pairs_total": n * (n - 1) // 2,
        "pairs_ledger": len(links),
        "pairs_remainder": n * (n - 1) // 2 - len(links),
        "ledger_floor_log10_lr": 1.0,
        "lead_bar_strength": -1.0,
        "budget_per_year": 6.0,
        "null_registers": 20,
        "years": 1.9,
        "best_log10_lr": 1.9,
        "best_strength": -2.4,
        "best_cases": ["A", "B"],
        "best_chance_per_year": 31.0,
        "seed": 7,
        "model_version": "1",
        "model_hash": "9f3ac1",
        "register_hash": "77be02",
        "types_of_death": ["opioids + in_bed", "ghb"],
        "notes": ["in.csv: columns not read: colour"],
        "sources": [{"name": "in.csv", "rows": 42, "rejected_rows": 2}],
    }


def _register(n: int, *, simulated: bool) -> Register:
    rows = _rows(n, seed=3)
    rows[0]["case_id"], rows[0]["found_place"] = HOSTILE_ID, HOSTILE_TEXT
    statuses = pl.DataFrame(
        [
            ("B", "substances_detected", "not_tested"),
            ("A", "home_area", "withheld"),
            ("D", "signs_moved", "unknown"),
        ],
        schema=STATUS_SCHEMA,
        orient="row",
    )
    return Register.from_table(
        pl.DataFrame(rows + _series_rows(), infer_schema_length=None), statuses, simulated=simulated
    )


def _assessment(ids: tuple[str, ...], lr: float) -> Assessment:
    """A group held to a cap, that falls without one of its variables, its first case or one value."""
    tests = (
        ("batch", "A supply batch", "Four of nine other deaths lie in that time.", 0.02, True),
        ("team", "One team’s habits", "Two units recorded them.", 0.3, False),
        ("selection", "Selection by the reviewer", "No rule was given.", None, None),
    )
    return Assessment(
        low=lr - 1.5,
        high=lr + 2.25,
        shares={"theta": 0.2, "background": 0.7, "kinds": 0.1},
        cap=2.89,
        reported=lr - 0.4,
        reported_low=lr - 1.5,
        reported_high=lr + 0.1,
        capped=True,
        without_variable=(
            Without("body_position", "Position", lr - 5, lr - 7, False),
            Without("age", "Age", lr + 0.3, lr - 1.7, True),
        ),
        without_case=tuple(Without(case, case, lr - 3, lr - 4, case != ids[0]) for case in ids),
        if_wrong=(Without(f"age:{ids[0]}", f"Age of {ids[0]}", lr - 4, lr - 6, False),),
        if_differs=(),
        posteriors=posteriors(lr - 0.4, lr - 1.5, lr + 0.1, len(ids), 40),
        even_at=1234.0,
        ordinary=tuple(
            OrdinaryTest(code, label, f"What was tested for {code}.", result, figure, found)
            for code, label, result, figure, found in tests
        ),
        refutes=("If the age of A turned out to be wrong, the log10 ratio would fall.",),
        next_check="handwriting",
        next_check_words="Handwriting: not recorded as made for A.",
        record="How often leads of this strength were right or wrong has not been measured.",
    )


def series_of(rank: int, ids: tuple[str, ...], lr: float, links: tuple[Link, ...]) -> Lead:
    return Lead(
        rank,
        f"series-{rank:04d}",
        "series",
        ids,
        lr,
        lr - 2,
        0.07 if rank == 1 else 3.2,
        date(2014, 9, 20),
        (
            Reason(
                "text_cross_reference",
                "A note with one of them names another.",
                "L",
                "mentions_cases",
            ),
        ),
        links,
        supports=("Found within 430 m of each other.", "All four sat propped against a wall."),
        against=("The ages differ by up to 38 years.",),
        innocent=("A churchyard beside a station is a place where people rest, and some die.",),
        missing=("Whether the blood of B was tested is not recorded.",),
        checks_missing=("handwriting", "dna", "Ask where B had been staying."),
        mandatory=rank == 1,
        first_raised_with=ids[1:3],
        assessment=_assessment(ids, lr) if rank == 1 else None,
    )


def made_review(n: int = 36) -> Review:
    """A review with two series leads, one single case, a watched pair and two rejects, of simulated data."""
    register = _register(n, simulated=True)
    near = tuple(register.table.filter(pl.col("found_lat").is_not_null()).get_column("case_id"))
    second = tuple(case for case in near if case.startswith("K-"))[:3]
    first = links_of(("A", "B", "C", "D"), 4.4, "430 m apart")
    other = links_of(second, 2.1, "3.2 km apart")
    single = Lead(
        3,
        "case-0001",
        "case",
        ("A",),
        None,
        None,
        None,
        date(2014, 6, 19),
        (Reason("account_changed", "An account changed on a material point.", "S"),),
    )
    later = replace(single, rank=4, lead_id="case-0002", cases=("C",))
    rejects = pl.DataFrame(
        [
            ("in.csv", 12, "age_years", "-5", "below 0 year"),
            ("in.csv", 19, "found_at", "=1+1", "not an ISO 8601 date"),
        ],
        schema=REJECTS_SCHEMA,
        orient="row",
    )
    links = first + other
    return Review(
        register,
        (
            series_of(1, ("A", "B", "C", "D"), 7.21, first),
            series_of(2, second, 3.04, other),
            single,
            later,
        ),
        _ledger(links),
        _triage(register),
        rejects,
        _summary(register, links),
        {"link": 0.25, "chance": 1.5},
        (first[3],),
    )


def nothing_found() -> Review:
    """A review of the same register without any lead."""
    full = made_review()
    quiet = tuple(Triage(t.case_id, min(t.level, 1), (), (), t.checks_missing) for t in full.triage)
    links = links_of(("A", "B"), 1.6, "430 m apart")
    return Review(
        full.register,
        (),
        _ledger(links),
        quiet,
        full.rejects.clear(),
        {**_summary(full.register, links), "rejected_rows": 0},
    )


def large_review() -> Review:
    """11,000 cases, twenty series leads of six."""
    base = made_review(10_996)
    ids = base.register.table.filter(pl.col("found_lat").is_not_null()).get_column("case_id")
    groups = [tuple(ids[i * 40 : i * 40 + 240 : 40]) for i in range(20)]
    leads = tuple(
        series_of(rank, group, 9 - rank / 4, links_of(group, 3.0, "1.2 km apart"))
        for rank, group in enumerate(groups, 1)
    )
    return Review(
        base.register, leads, base.links, base.triage, base.rejects, base.summary, {}, base.watched
    )


MADE = {"full": made_review, "nothing": nothing_found, "large": large_review}

if __name__ == "__main__":
    from openverdict.reports import write_review

    write_review(MADE[sys.argv[2]](), Path(sys.argv[1]))
