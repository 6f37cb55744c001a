"""Ordinary explanations: each test against a count by hand, a closed form or drawn registers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from math import comb

import numpy as np
import pytest
from tests.evidence.made import START, made, register_of

from openverdict.errors import InputError
from openverdict.evidence import Model, load_variables, prepare
from openverdict.leads.group import Group
from openverdict.leads.inclusion import Inclusion, read_inclusion
from openverdict.leads.ordinary import innocent_reading, ordinary_tests
from openverdict.leads.ordinary_time import shortest_part_of_year

RULE = """
rule = "Every unexpected death reported to the coroner
 in the district."
fixed_on = 2014-02-01
by = "the review board"
""".replace("\n in", " in")


def group_of(rows, members, carries=()) -> Group:
    register = register_of(rows)
    model = Model(prepare(register, load_variables()))
    number = {case: k for k, case in enumerate(model.prepared.case_ids)}
    chosen = tuple(sorted(number[m] for m in members))
    return Group(model, register, chosen, carries)


def run(rows, members, inclusion=None, carries=()):
    return {t.code: t for t in ordinary_tests(group_of(rows, members, carries), inclusion)}


def rows_of(n: int, **same) -> list[dict[str, object]]:
    return [
        {"case_id": f"K{k}", "found_at": START + timedelta(days=5 * k), **same} for k in range(n)
    ]


def test_every_test_says_what_was_done_and_what_came_out_in_a_fixed_order():
    register = made(5, 120, places="spread")
    model = Model(prepare(register, load_variables()))
    rng = np.random.default_rng(1)
    codes = set()
    for _ in range(6):
        members = tuple(sorted(rng.choice(120, 3, replace=False).tolist()))
        tests = ordinary_tests(Group(model, register, members, ("sex", "substances")))
        codes.add(tuple(t.code for t in tests))
        for t in tests:
            assert t.test.endswith(".")
            assert t.result[0].isupper() or t.result[0].isdigit()
            assert t.result.endswith(".")
            assert "linked" not in t.result
    assert len(codes) == 1
    assert {
        "hot_spot",
        "venue",
        "batch",
        "season",
        "recording",
        "team",
        "duplicate",
        "selection",
    } <= set(codes.pop())


def test_nothing_recorded_is_could_not_be_tested_and_not_found_nothing():
    found = run(rows_of(30), ["K3", "K20"])
    for code in ("hot_spot", "venue", "batch", "surge", "team", "one_event", "selection"):
        assert found[code].found is None, code


def test_the_innocent_reading_names_what_was_found_or_what_was_looked_for():
    found = run(rows_of(30), ["K3", "K20"])
    line = innocent_reading(tuple(found.values()))
    assert line[0].startswith("Looked for and not found: ")
    twice = rows_of(30, age_years=40.0, sex="male")
    twice[4]["found_at"] = twice[3]["found_at"]
    tests = run(twice, ["K3", "K4"])
    assert tests["duplicate"].found
    assert any(
        line.startswith("A death recorded twice")
        for line in innocent_reading(tuple(tests.values()))
    )


def _at(lat: float, lon: float, kind: str | None = None) -> dict[str, object]:
    place = {"found_lat": lat, "found_lon": lon, "found_precision_m": 10.0}
    return place | ({"found_place_kind": kind} if kind else {})


def test_a_place_where_many_deaths_happen_is_counted_round_each_member():
    rows = rows_of(40)
    for k, row in enumerate(rows):
        row |= _at(51.5, 0.1) if k < 6 else _at(51.5 + 0.01 * k, 0.1)
    spot = run(rows, ["K0", "K30"])["hot_spot"]
    assert (spot.figure, spot.found) == (5.0, True)
    assert "5 other cases within 100 m of K0; 15 % of 40 cases" in spot.result
    alone = run(rows, ["K20", "K30"])["hot_spot"]
    assert (alone.figure, alone.found) == (0.0, False)


def test_a_venue_needs_an_address_of_a_kind_that_gathers_deaths():
    rows = rows_of(40)
    for k, row in enumerate(rows):
        row |= _at(51.5, 0.1, "hostel") if k < 6 else _at(51.5 + 0.01 * k, 0.1, "home")
    there = run(rows, ["K0", "K3"])["venue"]
    assert (there.figure, there.found) == (4.0, True)
    assert "K0 and K3 lie at one address (hostel)" in there.result
    for row in rows[:6]:
        row["found_place_kind"] = "home"
    assert run(rows, ["K0", "K3"])["venue"].found is False


def test_two_found_on_one_day_at_one_place_are_one_event():
    rows = rows_of(20)
    for k, row in enumerate(rows):
        row |= _at(51.5 + 0.01 * k, 0.1)
    rows[5] |= {"found_at": rows[4]["found_at"]} | _at(51.54, 0.1)
    assert run(rows, ["K4", "K5", "K9"])["one_event"].figure == 1.0
    assert run(rows, ["K4", "K9"])["one_event"].found is False


def test_a_supply_batch_has_the_tail_of_the_hypergeometric_distribution():
    rows = rows_of(200)
    for k, row in enumerate(rows):
        row["substances_detected"] = ["ghb"] if k in (100, 102, 104, 105, 20) else ["ethanol"]
    found = run(rows, ["K100", "K102"])["batch"]
    day = [5 * k for k in range(200)]
    inside = [k for k in range(200) if 500 - 90 <= day[k] <= 510 + 90 and k not in (100, 102)]
    here = sum(k in (104, 105) for k in inside)
    expected = sum(comb(3, x) * comb(195, len(inside) - x) for x in range(here, 4)) / comb(
        198, len(inside)
    )
    assert found.figure == pytest.approx(expected, rel=1e-9)
    assert here == 2
    assert found.found is (expected <= 0.05)
    assert "2 of 3 other deaths that name" in found.result


def test_a_substance_that_is_always_there_is_no_batch():
    rows = rows_of(200, substances_detected=["ethanol"])
    assert run(rows, ["K100", "K102"])["batch"].found is False


def test_the_shortest_part_of_the_year_has_its_closed_form():
    rng = np.random.default_rng(3)
    k, r = 4, 0.3
    days = rng.uniform(0, 365.25, (20_000, k))
    share = np.mean([shortest_part_of_year(d) <= r for d in days])
    assert share == pytest.approx(k * r ** (k - 1), abs=0.008)
    assert shortest_part_of_year(np.array([360.0, 370.25])) == pytest.approx(10.25 / 365.25)


def test_a_season_is_told_from_nearness_in_time_only_over_more_than_a_year():
    rows = [
        {"case_id": f"K{k}", "found_at": datetime(2010, 1, 1) + timedelta(days=7 * k)}
        for k in range(300)
    ]
    found = run(rows, ["K0", "K52", "K104", "K157"])["season"]
    assert found.found is True
    assert found.figure < 0.001
    assert run(rows, ["K0", "K4"])["season"].found is None


def test_a_field_that_came_into_use_is_a_change_in_recording():
    rows = rows_of(200)
    for k, row in enumerate(rows):
        if 95 <= k <= 112:
            row["body_position"] = "supine"
    found = run(rows, ["K100", "K105"], carries=("position",))["recording"]
    assert found.found is True
    assert "Position of the body is recorded in 94 % of cases in their time" in found.result
    calm = rows_of(200, body_position="supine")
    assert run(calm, ["K100", "K105"], carries=("position",))["recording"].found is False


def test_one_units_cases_have_the_probability_of_one_unit():
    rows = rows_of(90)
    for k, row in enumerate(rows):
        row["unit"] = "north" if k % 3 == 0 else "south"
    found = run(rows, ["K0", "K3", "K6"])["team"]
    assert found.figure == pytest.approx((1 / 3) ** 3 + (2 / 3) ** 3)
    assert found.found is True
    assert "All 3 were recorded by north, which keeps 33 %" in found.result
    assert run(rows, ["K0", "K1"])["team"].found is False


def test_a_habit_of_the_unit_is_tested_value_by_value():
    rows = rows_of(120)
    for k, row in enumerate(rows):
        row["unit"] = "north" if k % 3 == 0 else "south"
        row["signs_moved"] = "yes" if k % 3 == 0 and k % 2 == 0 else "no"
    found = run(rows, ["K0", "K6"])["team"]
    assert "That unit records signs of moving: yes more often than others" in found.result


def test_two_records_a_day_apart_of_one_age_and_sex_may_be_one_death():
    rows = rows_of(30, sex="male")
    for k, row in enumerate(rows):
        row["age_years"] = 20.0 + k
    rows[4] |= {"found_at": START + timedelta(days=16), "age_years": 23.0}
    assert run(rows, ["K3", "K4", "K20"])["duplicate"].figure == 1.0
    assert run(rows, ["K3", "K20"])["duplicate"].found is False


@pytest.fixture
def rule(tmp_path) -> Inclusion:
    path = tmp_path / "inclusion.toml"
    path.write_text(RULE, encoding="utf-8")
    return read_inclusion(path, date(2026, 1, 1))


def test_a_rule_of_inclusion_is_read_with_its_hash(rule, tmp_path):
    import hashlib

    assert rule.fixed_on == date(2014, 2, 1)
    assert rule.by == "the review board"
    assert rule.rule == "Every unexpected death reported to the coroner in the district."
    assert rule.sha256 == hashlib.sha256((tmp_path / "inclusion.toml").read_bytes()).hexdigest()


def test_selection_counts_the_cases_found_before_the_rule_was_fixed(rule):
    found = run(rows_of(30), ["K3", "K20", "K25"], rule)["selection"]  # 16 January, 11 April, 6 May
    assert (found.figure, found.found) == (1.0, False)
    assert "1 of these 3 were found before that day" in found.result


def test_a_record_that_says_it_was_chosen_after_the_fact_is_found(rule):
    rows = rows_of(30)
    rows[3]["indicators"] = ["selection_effect"]
    assert run(rows, ["K3", "K20"], rule)["selection"].found is True
    assert run(rows, ["K3", "K20"])["selection"].found is True


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rule = ", "not TOML"),
        ('rule = "x"\nby = "y"', "'fixed_on' is missing"),
        ('rule = "x"\nfixed_on = "2014-01-01"\nby = "y"', "must be a day without quotes"),
        ('rule = "x"\nfixed_on = 2014-01-01T10:00:00\nby = "y"', "must be a day without quotes"),
        ('rule = "x"\nfixed_on = 2030-01-01\nby = "y"', "lies after today"),
        ('rule = " "\nfixed_on = 2014-01-01\nby = "y"', "'rule' must be text"),
        ('rule = "x"\nfixed_on = 2014-01-01\nby = 3', "'by' must be text"),
        ('rule = "x"\nfixed_on = 2014-01-01\nby = "y"\nname = "z"', "unknown key 'name'"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_in_one_line(tmp_path, text, says):
    path = tmp_path / "rule.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"rule\.toml") as told:
        read_inclusion(path, date(2026, 1, 1))
    assert says in str(told.value)
    assert "\n" not in str(told.value)


def test_a_rule_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_inclusion(tmp_path / "none.toml")
