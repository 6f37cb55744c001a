"""The worked example against the account it follows, and replayed with each date moved."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from math import cos, hypot, radians
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openverdict.cases import Register, dictionary
from openverdict.cases.values import parse_list
from openverdict.simulate import (
    DEMO_DATES,
    EXAMPLE_CASES,
    worked_example,
    worked_example_facts_path,
)

FACTS = worked_example().facts
GK = "general knowledge, unverified"

# Features of the account, and the field and value in which the example says the same.
SAID_AS = {
    ("A", "contact_channel"): ("contact_channels", "escort_site"),
    ("A", "last_known_alive"): ("last_known_alive_at", "2014-06-17"),
    ("A", "body_position"): ("body_position", "sitting_propped"),
    ("A", "stiffness_time_mismatch"): ("indicators", "stiffness_time_mismatch"),
    ("A", "signs_moved"): ("signs_moved", "yes"),
    ("A", "items_missing"): ("items_missing", "phone;wallet"),
    ("A", "anonymous_call"): ("indicators", "anonymous_call;caller_linked"),
    ("A", "caller_linked"): ("persons", "caller:P"),
    ("A", "account_changed"): ("indicators", "account_changed"),
    ("A", "drug_item_present"): ("items_present", "small_bottle"),
    ("A", "clothing_displaced"): ("clothing_state", "displaced"),
    ("A", "substance"): ("substances_detected", "ghb"),
    ("A", "pnd_checked_before_charge"): ("indicators", "pnd_not_checked"),
    ("B", "body_position"): ("body_position", "sitting_propped"),
    ("B", "outdoors_away_from_home"): ("indicators", "outdoors_away_from_home"),
    ("B", "items_missing"): ("items_missing", "phone"),
    ("B", "early_closure"): ("indicators", "early_closure"),
    ("B", "next_of_kin_told"): ("family_told", "no"),
    ("B", "drug_item_present"): ("items_present", "small_bottle"),
    ("B", "substance"): ("substances_detected", "ghb"),
    ("C", "last_known_alive"): ("last_known_alive_at", "2014-09-18"),
    ("C", "body_position"): ("body_position", "sitting_propped"),
    ("C", "outdoors_away_from_home"): ("indicators", "outdoors_away_from_home"),
    ("C", "note_present"): ("note_present", "yes"),
    ("C", "note_names_other_case"): ("mentions_cases", "B"),
    ("C", "note_excuses_person"): ("indicators", "note_excuses_person"),
    ("C", "foreign_covering"): ("coverings", "sheet"),
    ("C", "advised_test_not_done"): ("indicators", "advised_test_not_done"),
    ("C", "grip_bruising"): ("injuries", "grip_or_underarm_bruise"),
    ("C", "items_missing"): ("items_missing", "phone"),
    ("C", "drug_item_present"): ("items_present", "small_bottle"),
    ("C", "substance"): ("substances_detected", "ghb"),
    ("D", "last_known_alive"): ("last_known_alive_at", "2015-09-13T03:00"),
    ("D", "contact_channel"): ("contact_channels", "dating_app"),
    ("D", "body_position"): ("body_position", "sitting_propped"),
    ("D", "items_missing"): ("items_missing", "phone"),
    ("D", "drug_item_present"): ("items_present", "small_bottle"),
    ("D", "no_drug_history"): ("indicators", "no_drug_history"),
    ("D", "family_doubts"): ("indicators", "family_doubts"),
    ("D", "substance"): ("substances_detected", "ghb"),
}


@pytest.fixture(scope="module")
def account(real_data: Path) -> dict:
    return json.loads((real_data / "worked_example" / "barking.json").read_text(encoding="utf-8"))


def seen(register: Register, case: str) -> dict[str, Any]:
    return register.case(case)


def _fact(case: str, field: str, value: str) -> dict:
    rows = FACTS.filter(case_id=case, field=field, value=value)
    assert rows.height == 1, (case, field, value)
    return rows.row(0, named=True)


@pytest.mark.data
def test_every_feature_of_the_account_is_a_fact_with_its_own_day_and_word(account):
    features = {
        (death["id"], name): feature
        for death in account["deaths"]
        for name, feature in death["features"].items()
        if feature.get("held", True)
    }
    assert set(features) == set(SAID_AS)
    for key, feature in features.items():
        fact = _fact(key[0], *SAID_AS[key])
        known = fact["known_from"] and fact["known_from"].date().isoformat()
        assert known == feature["known_from"], key
        word = {
            "verified": "(verified)",
            "single_weak_copy": "(single weak copy)",
            "general_knowledge_unverified": GK,
        }[feature["confidence"]]
        assert word in fact["source"], key


@pytest.mark.data
def test_what_was_not_held_stands_in_the_enquiry_file_alone(account):
    not_held = [
        (death["id"], name)
        for death in account["deaths"]
        for name, feature in death["features"].items()
        if not feature.get("held", True)
    ]
    assert not_held == [("B", "staying_with")]
    held, asked = worked_example(), worked_example(enquiry=True)
    assert "host:P" not in seen(held, "B")["persons"]
    assert "host:P" in seen(asked.as_of(date(2014, 8, 28)), "B")["persons"]
    assert len(asked.facts) - len(held.facts) == 3


@pytest.mark.data
def test_days_found_and_ages_are_the_accounts(account):
    register = worked_example()
    found = {c: seen(register, c)["found_at"].date() for c in EXAMPLE_CASES}
    for pair, days in account["day_gaps"].items():
        assert (found[pair[1]] - found[pair[0]]).days == days
    for death in account["deaths"]:
        assert found[death["id"]].isoformat() == death["found_at"][:10]
    for incident in account["prior_incidents"]:
        assert found[incident["id"]].isoformat() == incident["date"]
        known = seen(register, incident["id"])["known_from"].date().isoformat()
        assert known == incident["known_from"]
    for person in account["persons"]:
        if "age_years" in person:
            assert seen(register, person["id"])["age_years"] == person["age_years"]


@pytest.mark.data
def test_the_entrance_lies_about_500_m_from_the_wall_and_within_the_precision_of_the_account(
    account,
):
    places = {place["id"]: place for place in account["places"]}
    register = worked_example()
    a, b = seen(register, "A"), seen(register, "B")

    def metres(lat1, lon1, lat2, lon2):
        return hypot(111_195 * (lat1 - lat2), 111_195 * cos(radians(lat1)) * (lon1 - lon2))

    here = (a["found_lat"], a["found_lon"])
    assert metres(*here, b["found_lat"], b["found_lon"]) == pytest.approx(
        account["distances"][0]["metres"], rel=0.02
    )
    flat = places["PL1"]
    assert metres(*here, flat["lat"], flat["lon"]) < flat["precision_m"]


@pytest.mark.data
def test_every_pair_that_must_be_listed_is_in_the_replay_and_nothing_barred_is(account):
    barred = {
        "account_changed": lambda case: "account_changed" in case.get("indicators", ()),
        "contact_channel": lambda case: "contact_channels" in case,
        "substance": lambda case: "substances_detected" in case,
        "note_names_other_case": lambda case: "mentions_cases" in case,
        "same_finder": lambda case: case["case_id"] == "C",
    }
    for expected in account["expectations"]:
        known = worked_example().as_of(date.fromisoformat(expected["as_of"]))
        for pair in expected.get("must_list_pairs", []):
            for case in pair:
                seen(known, case)
        for name in expected.get("must_not_use", []):
            for case in known.table.get_column("case_id"):
                assert not barred[name](seen(known, case)), (expected["as_of"], name)


def test_the_traced_caller_stands_in_both_earlier_incidents_on_the_day_a_is_found():
    known = worked_example().as_of(date(2014, 6, 19))
    assert "caller:P" in seen(known, "A")["persons"]
    assert "named_in_report:P" in seen(known, "I1")["persons"]
    assert "stopped:P" in seen(known, "I2")["persons"]


def test_b_and_c_share_finder_wall_and_pose_and_c_names_b_with_an_untested_note():
    known = worked_example().as_of(date(2014, 9, 20))
    b, c = seen(known, "B"), seen(known, "C")
    assert set(b["persons"]) & set(c["persons"]) == {"finder:W_finder"}
    assert b["micro_place"] == c["micro_place"]
    assert b["body_position"] == c["body_position"] == "sitting_propped"
    assert c["mentions_cases"] == ["B"]
    assert c["note_verified"] == "not_tested"


def test_the_substance_all_four_share_is_in_no_replay():
    known = worked_example().as_of(date(2099, 1, 1))
    assert known.table.get_column("substances_detected").null_count() == len(known)
    whole = worked_example().table.filter(kind="death").get_column("substances_detected")
    assert whole.to_list() == [["ghb"]] * 4


def test_no_fact_is_an_equality_field_and_every_fact_has_a_source():
    assert not any(dictionary()[name].equality for name in FACTS.get_column("field").unique())
    assert (FACTS.get_column("source").str.len_chars() > 0).all()


def test_the_page_shows_every_fact():
    page = (Path(__file__).parents[2] / "docs" / "worked-example.md").read_text(encoding="utf-8")
    for enquiry in (False, True):
        rows = pl.read_csv(worked_example_facts_path(enquiry=enquiry), infer_schema=False)
        for row in rows.iter_rows(named=True):
            known = row["known_from"] or "not recovered"
            line = f"| `{row['field']}` | {row['value']} | {known} | {row['source']} |"
            assert line in page


@settings(deadline=None)
@given(
    which=st.integers(0, len(FACTS) - 1),
    moved=st.one_of(st.none(), st.dates(date(2012, 1, 1), date(2017, 1, 1))),
    day=st.sampled_from(DEMO_DATES),
)
def test_a_replay_uses_a_fact_from_the_day_it_was_known_and_never_before(which, moved, day):
    known = FACTS.get_column("known_from").to_list()
    known[which] = moved and datetime.combine(moved, time())
    facts = FACTS.with_columns(pl.Series("known_from", known, dtype=pl.Datetime("us")))
    replay = Register.from_facts(facts).as_of(day)
    expected: dict[str, dict[str, object]] = {}
    dated = [row for row in facts.iter_rows(named=True) if row["known_from"]]
    for row in sorted(dated, key=lambda row: row["known_from"]):
        if row["known_from"].date() > day:
            continue
        entry, case = dictionary()[row["field"]], expected.setdefault(row["case_id"], {})
        if entry.type.is_list:
            before = case.get(entry.name, set())
            assert isinstance(before, set)
            case[entry.name] = before | set(parse_list(entry, row["value"]))
        else:
            case[entry.name] = row["value"]
    expected = {
        name: case
        for name, case in expected.items()
        if "found_at" in case and str(case["found_at"])[:10] <= day.isoformat()
    }
    assert set(replay.table.get_column("case_id")) == set(expected)
    for name, values in expected.items():
        shown = seen(replay, name)
        fields = {key for key in shown if not key.endswith("_span_s")} - {"case_id", "known_from"}
        assert fields == set(values)
        for key, value in values.items():
            if isinstance(value, set):
                assert set(shown[key]) == value
            elif dictionary()[key].type.value == "code":
                assert shown[key] == value
