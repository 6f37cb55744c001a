"""The worked example replayed: what each day shows, and that nothing learned later is in it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openverdict.cases import Register
from openverdict.leads import Link, Review, Settings, Triage, review
from openverdict.leads.triage import triage
from openverdict.simulate import (
    DEMO_DATES,
    EXAMPLE_CASES,
    CitySpec,
    demo_register,
    simulate_register,
    worked_example,
)

A_FOUND, B_FOUND, C_FOUND, FAMILY_SPEAKS = DEMO_DATES
FACTS = worked_example().facts
SMALL_CITY = simulate_register(CitySpec(start=date(2013, 6, 1), years=2.3, cases_a_year=60), 1)
DAYS = (*DEMO_DATES, date(2014, 6, 29), date(2015, 6, 19))


def example(facts: pl.DataFrame) -> Register:
    """The example with these facts instead of its own; nothing else of it."""
    return Register(worked_example().table.head(0), worked_example().statuses.head(0), facts)


def replayed(facts: pl.DataFrame, day: date) -> Register:
    """What these facts say as of the day, in a small city."""
    return (SMALL_CITY.register + example(facts)).as_of(day)


def moved(row: int, when: datetime | None) -> pl.DataFrame:
    """The example's facts with the day on which one of them could be known set to another."""
    at = pl.int_range(pl.len()) == row
    known = pl.when(at).then(pl.lit(when, pl.Datetime("us"))).otherwise(pl.col("known_from"))
    return FACTS.with_columns(known.alias("known_from"))


def without(row: int) -> pl.DataFrame:
    """The example's facts but one."""
    return FACTS.filter(pl.int_range(pl.len()) != row)


def seen(register: Register, *, but: tuple[str, ...] = ()) -> tuple[Any, ...]:
    """Everything of a replay that a review reads."""
    statuses = register.statuses.sort("case_id", "field")
    return register.table.drop(but).to_dicts(), statuses.to_dicts()


def shown(result: Review) -> tuple[Any, ...]:
    """Everything that a reader of the result is told."""
    return result.links.to_dicts(), result.triage, result.leads, result.watched, result.summary


@pytest.mark.parametrize("day", DAYS)
def test_a_fact_known_later_or_on_no_day_leaves_no_trace_in_the_register(day):
    later = datetime.combine(day, time.max) + (datetime(2000, 1, 2) - datetime(2000, 1, 1))
    for row in range(DAYS.index(day), len(FACTS), len(DAYS)):  # every fact on one of the days
        gone = seen(example(without(row)).as_of(day))
        assert seen(example(moved(row, later)).as_of(day)) == gone
        assert seen(example(moved(row, None)).as_of(day)) == gone


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(
    row=st.integers(0, len(FACTS) - 1),
    when=st.dates(date(2012, 12, 1), date(2016, 1, 1)) | st.none(),
    day=st.sampled_from(DAYS),
)
def test_moving_the_day_of_any_fact_shows_it_from_that_day_on_and_not_before(row, when, day):
    moment = None if when is None else datetime.combine(when, time(12))
    register = replayed(moved(row, moment), day)
    run = Settings(replicates=0)
    if when is None or when > day:
        assert shown(review(register, run)) == shown(review(replayed(without(row), day), run))
    else:
        same_day = replayed(moved(row, datetime.combine(day, time(23))), day)
        dates = ("known_from", "known_from_span_s")
        assert seen(register, but=dates) == seen(same_day, but=dates)
    kept = register.table.filter(pl.col("case_id").is_in(EXAMPLE_CASES))
    assert (kept["known_from"] <= datetime.combine(day, time.max)).all()


@pytest.mark.parametrize("day", DAYS)
def test_facts_of_no_day_and_of_later_days_are_in_no_reason_and_no_link(day):
    """With them or without them, a reader is told the same."""
    end = datetime.combine(day, time.max)
    later = pl.col("known_from").is_null() | (pl.col("known_from") > end)
    plain = FACTS.filter(~later)
    run = Settings(replicates=2)
    assert shown(review(replayed(FACTS, day), run)) == shown(review(replayed(plain, day), run))


def example_of(day: date, *, enquiry: bool = False, full: bool = False) -> Review:
    register = demo_register(1, enquiry=enquiry, cases_a_year=None if full else 1500)
    watch = {
        A_FOUND: (("I1", "A"), ("I2", "A")),
        B_FOUND: (("A", "B"),),
        C_FOUND: (("B", "C"), ("A", "B"), ("A", "C")),
        FAMILY_SPEAKS: (("B", "D"), ("C", "D"), ("A", "D")),
    }[day]
    # How often chance alone does it is asked of the pair of A and B only; of a whole city, that takes longest.
    nulls = 6 if not full else 4 if day == B_FOUND else 0
    return review(register.as_of(day), Settings(replicates=nulls, watch=watch))


def looked_at(result: Review, case: str) -> Triage:
    return next(t for t in result.triage if t.case_id == case)


def watched(result: Review, a: str, b: str) -> Link:
    return next(w for w in result.watched if (w.case_a, w.case_b) == (a, b))


def check_the_traced_caller_brings_up_both_incidents(result: Review) -> None:
    found = looked_at(result, "A")
    reasons = {r.code: r.text for r in found.reasons}
    assert found.level >= 3
    assert "I1" in reasons["prior_allegation_host"]
    assert "I2" in reasons["prior_incapacitated_incident"]
    assert {watched(result, i, "A").rank is not None for i in ("I1", "I2")} == {True}


def sum_of(link: Link) -> float:
    return sum(c.log10_lr for c in link.contributions if c.variable != "relation")


def check_the_pair_is_shown_as_it_comes_out(result: Review, asked: Review) -> None:
    pair, with_enquiry = watched(result, "A", "B"), watched(asked, "A", "B")
    assert pair.log10_lr > 2.0
    assert pair.rank is not None
    assert pair.chance_per_year is not None
    assert with_enquiry.log10_lr > pair.log10_lr + 0.5
    assert sum_of(with_enquiry) > sum_of(pair) + 1.0
    assert with_enquiry.rank is not None
    assert with_enquiry.rank < pair.rank
    assert with_enquiry.chance_per_year is not None
    assert with_enquiry.chance_per_year < pair.chance_per_year


def check_b_and_c_come_first_and_the_note_is_unverified(result: Review) -> None:
    top = result.links.row(0, named=True)
    assert (top["case_a"], top["case_b"]) == ("B", "C")
    assert watched(result, "B", "C").rank == 1
    assert watched(result, "B", "C").mandatory
    lead = next(lead for lead in result.series_leads if {"B", "C"} <= set(lead.cases))
    assert lead.mandatory
    assert "note_unverified" in {r.code for r in looked_at(result, "C").reasons}


def test_on_the_day_a_is_found_the_traced_caller_brings_up_both_earlier_incidents():
    check_the_traced_caller_brings_up_both_incidents(example_of(A_FOUND))


def test_on_the_day_b_is_found_the_pair_is_shown_and_one_enquiry_would_have_told_more():
    check_the_pair_is_shown_as_it_comes_out(example_of(B_FOUND), example_of(B_FOUND, enquiry=True))


def test_on_the_day_c_is_found_b_and_c_come_first_and_no_note_settles_it():
    check_b_and_c_come_first_and_the_note_is_unverified(example_of(C_FOUND))


@pytest.mark.slow
def test_the_three_days_in_a_city_of_the_published_size():
    check_the_traced_caller_brings_up_both_incidents(example_of(A_FOUND, full=True))
    asked = example_of(B_FOUND, enquiry=True, full=True)
    check_the_pair_is_shown_as_it_comes_out(example_of(B_FOUND, full=True), asked)
    check_b_and_c_come_first_and_the_note_is_unverified(example_of(C_FOUND, full=True))


@pytest.fixture(scope="module")
def published(real_data: Path) -> dict[str, Any]:
    """The example's own file of expectations and invariants."""
    path = real_data / "worked_example" / "barking.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


@pytest.mark.data
def test_each_day_raises_what_the_example_expects_and_uses_nothing_it_forbids(published):
    city = simulate_register(CitySpec(start=date(2013, 6, 1), years=2.3, cases_a_year=400), 1)
    for expected in published["expectations"]:
        day = date.fromisoformat(expected["as_of"])
        result = review((city.register + worked_example()).as_of(day), Settings(replicates=0))
        looked = {t.case_id: t for t in result.triage if t.case_id in EXAMPLE_CASES}
        codes = {r.code for t in looked.values() for r in t.reasons}
        assert set(expected["must_raise"]) <= codes
        assert not set(expected.get("must_not_use", [])) & codes
        least = expected["triage_at_least"]
        least = least if isinstance(least, dict) else {"A": least}
        assert all(looked[case].level >= level for case, level in least.items())
        listed = {frozenset(row[:2]) for row in result.links.iter_rows()}
        listed |= {frozenset((link.case_a, link.case_b)) for link in result.watched}
        assert {frozenset(pair) for pair in expected.get("must_list_pairs", [])} <= listed
        if "top_pair" in expected:
            assert set(result.links.row(0)[:2]) == set(expected["top_pair"])
        if day == A_FOUND:
            assert not {"contact_channels", "substances_detected"} & set(result.register.case("A"))


@pytest.mark.data
def test_the_gaps_between_the_deaths_are_those_of_the_example(published):
    found = {row["case_id"]: row["found_at"].date() for row in worked_example().table.to_dicts()}
    for pair, days in published["day_gaps"].items():
        assert (found[pair[1]] - found[pair[0]]).days == days


@pytest.mark.data
@pytest.mark.parametrize("day", DAYS)
def test_drug_use_never_lowers_a_level_and_an_untested_note_neither_raises_nor_settles(
    published, day
):
    assert len(published["invariants"]) == 5
    table = worked_example().as_of(day).table
    before = _levels(table)
    use = [c for c in table.columns if c.startswith("drug_use_history")]
    assert use
    regular = table.with_columns(pl.lit("regular").alias(c) for c in use)
    assert all(_levels(regular)[case] >= level for case, level in before.items())
    note = ["note_present", "note_verified", "note_names_case", "note_excuses_person"]
    items = pl.col("indicators").list.filter(~pl.element().str.starts_with("note_"))
    bare = table.with_columns(
        *(pl.lit(None, table.schema[c]).alias(c) for c in [*note, "mentions_cases"]), items
    )
    assert all(_levels(bare)[case] <= level for case, level in before.items())


def _levels(table: pl.DataFrame) -> dict[str, int]:
    register = replace(worked_example(), table=table)
    return {t.case_id: t.level for t in triage(register)}
