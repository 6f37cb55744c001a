"""The worked example replayed day by day, and an ordinary city and real overdoses beside it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime

import polars as pl
import pytest

from openverdict.cases import FACTS_SCHEMA, Register, Status
from openverdict.intake import read_register
from openverdict.leads.triage import triage
from openverdict.simulate.example import worked_example
from openverdict.simulate.register import simulate_register
from openverdict.simulate.spec import CitySpec


def replay(day, register=None):
    known = (worked_example() if register is None else register).as_of(day)
    ids = known.table.get_column("case_id").to_list()
    pairs = [(a, b, 1.0) for n, a in enumerate(ids) for b in ids[n + 1 :]]
    links = pl.DataFrame(pairs, schema=["case_a", "case_b", "log10_lr"], orient="row")
    return {entry.case_id: entry for entry in triage(known, links)}


def codes(entry):
    return {reason.code for reason in entry.reasons}


EXPECTED = [
    (date(2014, 6, 19), {"A": 3}, {"stiffness_time_mismatch", "anonymous_call", "caller_linked", "phone_missing",
      "pose_arranged", "prior_allegation_host", "prior_incapacitated_incident"}),
    (date(2014, 6, 29), {"A": 4}, {"account_changed", "referral_unanswered", "body_moved"}),
    (date(2014, 8, 28), {"B": 2}, {"early_closure", "pose_arranged", "near_place_time"}),
    (date(2014, 9, 20), {"C": 4, "B": 4}, {"note_unverified", "note_names_other_case", "foreign_covering", "same_finder",
      "same_micro_place"}),
    (date(2015, 6, 19), {"C": 4, "B": 4}, {"coroner_open_third_party", "advised_test_not_done"}),
    (date(2015, 9, 25), {"D": 4}, {"family_doubts", "no_drug_history", "same_micro_place"}),
]  # fmt: skip


@pytest.mark.parametrize(("day", "levels", "raised"), EXPECTED)
def test_on_each_day_the_levels_and_reasons_are_those_that_could_be_had(day, levels, raised):
    entries = replay(day)
    assert raised <= codes(entries[next(iter(levels))])
    for case, level in levels.items():
        assert entries[case].level >= level


def test_nothing_known_later_is_used():
    first = codes(replay(date(2014, 6, 19))["A"])
    assert not first & {"account_changed", "body_moved", "referral_unanswered"}
    second = codes(replay(date(2014, 8, 28))["B"])
    assert not second & {"same_finder", "note_names_other_case", "same_micro_place"}


def test_the_expectations_of_the_source_file_hold(real_data):
    source = json.loads((real_data / "worked_example" / "barking.json").read_text())
    for expectation in source["expectations"]:
        entries = replay(date.fromisoformat(expectation["as_of"]))
        every = set().union(*(codes(entry) for entry in entries.values()))
        assert set(expectation["must_raise"]) <= every
        wanted = expectation["triage_at_least"]
        for case, level in (wanted if isinstance(wanted, dict) else {"A": wanted}).items():
            assert entries[case].level >= level, (expectation["as_of"], case)


def _with(register, *facts):
    """The register with more facts, known from the start."""
    start = datetime(2012, 1, 1)
    rows = [(*fact, str(Status.RECORDED), start, None, "test", "test") for fact in facts]
    more = pl.DataFrame(rows, schema=FACTS_SCHEMA, orient="row")
    return Register.from_facts(pl.concat([register.facts, more]))


@pytest.mark.parametrize(
    "field", ["drug_use_history", "drug_use_history_own", "drug_use_history_family"]
)
@pytest.mark.parametrize(("day", "levels", "_raised"), EXPECTED)
def test_setting_any_drug_use_to_regular_lowers_nothing(field, day, levels, _raised):
    before = replay(day)
    changed = [(case, field, "regular") for case in "ABCD"]
    after = replay(day, _with(worked_example(), *changed))
    assert all(after[case].level >= entry.level for case, entry in before.items())


def test_the_note_untested_lowers_nothing_and_without_it_nothing_rises():
    day = date(2014, 9, 20)
    example = worked_example()
    note = ["note_present", "note_verified", "note_names_case", "note_excuses_person"]
    without = Register.from_facts(example.facts.filter(~pl.col("field").is_in(note)))
    kept, gone = replay(day), replay(day, without)
    for case in "BC":
        assert kept[case].level >= gone[case].level


def test_in_an_ordinary_city_few_cases_are_to_be_referred():
    city = simulate_register(CitySpec(start=date(2013, 1, 1), years=1.0, cases_a_year=3000), 7)
    levels = Counter(entry.level for entry in triage(city.register))
    assert (levels[3] + levels[4]) / len(city.register) < 0.03


def test_ordinary_overdoses_come_out_below_a_referral(real_data):
    folder = real_data / "ct_drug_deaths"
    path = folder / "ct_accidental_drug_deaths_2012_2022.csv"
    register = read_register(path, mapping="connecticut").register
    levels = Counter(entry.level for entry in triage(register))
    assert max(levels) <= 2
    assert levels[0] > 0.9 * len(register)
