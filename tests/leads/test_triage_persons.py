"""Persons, places and records in common: what one case owes to another."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from openverdict.cases import Register, table_schema
from openverdict.leads.triage import triage

DAY = datetime(2014, 6, 1)


def register(*cases):
    """Cases X0, X1 … ten days apart; what is not given is not recorded."""
    rows = [
        {"case_id": f"X{n}", "found_at": DAY + timedelta(days=10 * n), **case}
        for n, case in enumerate(cases)
    ]
    names = {name: table_schema()[name] for row in rows for name in row}
    columns = {name: [row.get(name) for row in rows] for name in names}
    return Register.from_table(pl.DataFrame(columns, schema=names))


def reasons(*cases, links=None):
    """For each case its codes with the words."""
    frame = None
    if links is not None:
        frame = pl.DataFrame(links, schema=["case_a", "case_b", "log10_lr"], orient="row")
    result = sorted(triage(register(*cases), frame), key=lambda entry: entry.case_id)
    return [{reason.code: reason.text for reason in entry.reasons} for entry in result]


ALLEGATION = {"kind": "incident", "persons": ["named_in_report:P", "complainant:Q"]}
STOP = {"kind": "incident", "persons": ["stopped:P", "incapacitated:R"]}


def test_a_traced_caller_brings_up_both_earlier_incidents():
    *_, death = reasons(ALLEGATION, STOP, {"persons": ["caller:P"]})
    assert "case X0" in death["prior_allegation_host"]
    assert "case X1" in death["prior_incapacitated_incident"]
    assert "X0" in death["caller_linked"]
    assert "20 days earlier" in death["prior_allegation_host"]


def test_a_host_who_stands_in_another_record_is_a_repeat():
    first, second = reasons({"persons": ["host:P"]}, {"persons": ["witness:P"]})
    assert "host_is_repeat" in first
    assert "host_is_repeat" not in second
    assert "shared_person_any_role" in second


def test_the_same_finder_is_said_for_the_earlier_case_too():
    outdoors = {"found_place_kind": "park_or_churchyard", "persons": ["finder:W"]}
    first, second = reasons(outdoors, outdoors)
    assert "X1" in first["same_finder"]
    assert "X0" in second["same_finder"]


def test_staff_of_an_institution_who_find_twice_are_no_reason():
    ward = {"found_place_kind": "care_home", "persons": ["finder:W"]}
    assert "same_finder" not in reasons(ward, ward)[0]


def test_a_patrol_that_often_finds_is_ordinary():
    outdoors = {"found_place_kind": "street", "persons": ["finder:W"]}
    assert "same_finder" not in reasons(*[outdoors] * 5)[0]


@pytest.mark.parametrize("role", ["attending_officer", "clinician", "carer"])
def test_people_at_their_work_are_nobody_in_common(role):
    case = {"persons": [f"{role}:W"]}
    assert reasons(case, case) == [{}, {}]


def test_a_person_in_very_many_cases_is_named_as_ordinary_and_not_counted():
    entry = triage(register(*[{"persons": ["witness:W"]}] * 15))[0]
    assert entry.level == 0
    assert entry.reasons == ()
    assert "not counted" in entry.innocent[0].text


def test_the_person_who_was_harmed_in_an_incident_is_not_held_against_a_case():
    _, death = reasons(STOP, {"persons": ["witness:R"]})
    assert "prior_incapacitated_incident" not in death


def test_a_shared_number_supports_and_a_shared_print_raises():
    number = {"identifiers": ["phone:ab12"]}
    match = {"identifiers": ["dna:cd34"]}
    assert "shared_handle_phone_plate" in reasons(number, number)[0]
    assert "forensic_match" in reasons(match, match)[1]


def test_a_note_that_names_another_case_raises_both():
    named, naming = reasons({}, {"note_present": "yes", "mentions_cases": ["X0"]})
    for case in (named, naming):
        assert "note_names_other_case" in case
        assert "text_cross_reference" in case


PLACE = {"found_lat": 51.535, "found_lon": 0.076, "found_place_kind": "street"}
NEAR = {**PLACE, "found_lat": 51.539}
FAR = {**PLACE, "found_lat": 51.635}


def test_nearness_is_said_only_of_pairs_above_the_floor():
    assert "near_place_time" in reasons(PLACE, NEAR, links=[("X0", "X1", 2.0)])[0]
    assert "near_place_time" not in reasons(PLACE, NEAR)[0]
    assert "near_place_time" not in reasons(PLACE, FAR, links=[("X0", "X1", 2.0)])[0]


def test_a_place_known_only_to_a_town_is_near_nothing():
    town = {**PLACE, "found_precision_m": 5000.0}
    assert reasons(town, town, links=[("X0", "X1", 2.0)]) == [{}, {}]


def test_the_same_label_is_the_same_spot_and_the_same_pose_is_named():
    wall = {**PLACE, "micro_place": "wall", "body_position": "sitting_propped"}
    first, second = reasons(wall, wall, links=[("X0", "X1", 2.0)])
    assert "case X1" in first["same_micro_place"]
    assert "sitting propped" in second["same_pose"]


def test_a_spot_where_many_are_found_is_ordinary():
    bridge = {**PLACE, "micro_place": "bridge"}
    links = [(f"X{a}", f"X{b}", 1.0) for a in range(15) for b in range(a + 1, 15)]
    assert "same_micro_place" not in reasons(*[bridge] * 15, links=links)[0]


def test_similar_belongings_and_items_nearby_are_named():
    case = {**PLACE, "items_missing": ["keys", "phone"], "items_present": ["small_bottle"]}
    first, _ = reasons(case, case, links=[("X0", "X1", 2.0)])
    assert "keys, phone" in first["same_missing_set"]
    assert "same_planted_set" in first
