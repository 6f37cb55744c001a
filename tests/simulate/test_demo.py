"""The demo's register: the example inside its city, replayed on four days."""

from __future__ import annotations

from datetime import datetime, time

import polars as pl
import pytest

from openverdict.cases import Register
from openverdict.simulate import DEMO_DATES, EXAMPLE_CASES, cohort_58, demo_register
from openverdict.simulate.demo import DEMO_CITY


@pytest.fixture(scope="module")
def demo() -> Register:
    return demo_register(1, cases_a_year=1500)


def test_each_replay_holds_the_example_cases_found_by_then_and_nothing_later(demo):
    expected = ({"A", "I1", "I2"}, {"A", "B", "I1", "I2"}, {"A", "B", "C", "I1", "I2"})
    for day, cases in zip(DEMO_DATES, (*expected, set(EXAMPLE_CASES)), strict=True):
        replay = demo.as_of(day)
        end = datetime.combine(day, time.max)
        assert set(replay.table["case_id"]) & set(EXAMPLE_CASES) == cases
        assert (replay.table["found_at"] <= end).all()
        assert (replay.table["known_from"] <= end).all()
        assert replay.undated_rows == 0


def test_only_the_example_is_not_simulated(demo):
    ids = demo.table.filter(~pl.col("case_id").is_in(EXAMPLE_CASES))
    assert ids["case_id"].str.contains("^[SG]-").all()
    assert ids["found_place"].str.starts_with("simulated").all()
    assert demo.simulated
    assert demo.table["case_id"].str.starts_with("G-").sum() == 58


def test_a_city_year_stands_before_each_day_and_the_city_goes_on_to_the_last(demo):
    city = demo.table.filter(pl.col("case_id").str.starts_with("S-"))["found_at"].dt.date()
    assert (DEMO_DATES[0] - city.min()).days >= 365
    assert city.max() >= DEMO_DATES[-1]
    assert DEMO_CITY.cases_a_year == 10_978


def test_city_and_cohort_share_no_person_who_belongs_to_one_case(demo):
    cohort = cohort_58(1).register.table
    finders = cohort.select(pl.col("persons").explode().drop_nulls()).to_series()
    finders = finders.filter(finders.str.starts_with("finder:"))
    city = demo.table.filter(pl.col("case_id").str.starts_with("S-"))
    others = set(city.select(pl.col("persons").explode().drop_nulls()).to_series())
    assert not set(finders) & others


def test_the_enquiry_adds_one_person_to_b():
    asked = demo_register(1, enquiry=True, cases_a_year=300).as_of(DEMO_DATES[1])
    assert asked.case("B")["persons"] == ["finder:W_finder", "host:P"]


def test_two_runs_give_the_same_bytes():
    first, again = (demo_register(3, cases_a_year=300).content_hash() for _ in range(2))
    assert first == again
