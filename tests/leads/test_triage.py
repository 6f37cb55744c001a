"""Triage: the level and reasons of one case, on what its record holds."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openverdict.cases import Register, dictionary, indicators, table_schema
from openverdict.leads.triage import triage

FOUND = datetime(2014, 6, 19, 4, 18)


def register(*cases, **case):
    """A register of some cases; what is not given is not recorded."""
    schema = table_schema()
    rows = [{"case_id": "X", "found_at": FOUND, "found_at_span_s": 0, **case}] if case else []
    for number, given_values in enumerate(cases):
        base = {"case_id": f"X{number}", "found_at": FOUND, "found_at_span_s": 0}
        rows.append({**base, **given_values})
    columns = {name: [row.get(name) for row in rows] for row in rows for name in row}
    types = {name: schema[name] for name in columns}
    return Register.from_table(pl.DataFrame(columns, schema=types))


def one(**case):
    return triage(register(**case))[0]


def codes(entry):
    return {reason.code for reason in entry.reasons}


def test_a_record_that_says_nothing_raises_nothing():
    entry = one(kind="death")
    assert (entry.level, entry.reasons, entry.contradictions, entry.checks_missing) == (
        0,
        (),
        (),
        (),
    )


def test_results_stand_in_register_order():
    both = register({"found_at": datetime(2015, 1, 2)}, {"found_at": datetime(2015, 1, 1)})
    assert [entry.case_id for entry in triage(both)] == ["X1", "X0"]


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("body_moved", {"signs_moved": "yes"}),
        ("pose_arranged", {"body_position": "sitting_propped", "found_place_kind": "street"}),
        ("lividity_mismatch", {"lividity_consistent": "no"}),
        ("stiffness_time_mismatch", {"body_temp_stiffness": "cold_stiff", "caller_account": "signs_of_life"}),
        ("account_changed", {"caller_account_changed": "yes"}),
        ("anonymous_call", {"caller_anonymous": "yes"}),
        ("phone_missing", {"items_missing": ["phone"]}),
        ("belongings_missing", {"items_missing": ["wallet"]}),
        ("device_wiped_or_used_after", {"device_activity_after_death": "yes"}),
        ("paraphernalia_mismatch", {"paraphernalia_fits_tox": "no"}),
        ("note_unverified", {"note_present": "yes"}),
        ("note_names_other_case", {"note_present": "yes", "mentions_cases": ["Y"]}),
        ("foreign_covering", {"coverings": ["sheet"], "found_place_kind": "street"}),
        ("grip_bruising", {"injuries": ["grip_or_underarm_bruise"]}),
        ("unfamiliar_area", {"known_to_area": "no"}),
        ("family_doubts", {"family_view": "doubts"}),
        ("professional_doubt", {"concerns": ["pathologist"]}),
        ("coroner_open_third_party", {"manner_coroner": "open", "coroner_third_party_doubt": "yes"}),
        ("referral_unanswered", {"referrals": "unanswered"}),
        ("advised_test_not_done", {"tests_advised": ["covering_examination"], "checks_done": ["dna"]}),
    ],
)  # fmt: skip
def test_a_recorded_circumstance_raises_its_indicator_and_names_its_fields(code, case):
    entry = one(**case)
    reason = next(reason for reason in entry.reasons if reason.code == code)
    assert entry.level >= 1
    assert reason.direction == "S"
    assert set(reason.source.split(", ")) <= set(dictionary())
    assert reason.text.endswith(".")


def test_every_given_indicator_becomes_a_reason_of_its_direction():
    entry = one(indicators=list(indicators()))
    shown = {reason.code: reason.direction for reason in (*entry.reasons, *entry.innocent)}
    assert set(shown) >= set(indicators())
    assert all(shown[name] in one_of.directions for name, one_of in indicators().items())


def test_quality_reasons_alone_raise_no_further_than_one():
    quality = [name for name, entry in indicators().items() if entry.directions == ("Q",)]
    assert one(indicators=quality).level == 1


def test_similarity_alone_raises_no_level():
    assert one(indicators=["near_place_time", "same_pose", "same_substance_rare"]).level == 0


def test_a_case_that_names_another_must_be_looked_at():
    assert one(mentions_cases=["Y"]).level == 2


def test_a_closed_case_is_read_like_an_open_one():
    found = {"signs_moved": "yes", "items_missing": ["phone"]}
    closed = {"category_police": "non_suspicious", "closed_at": datetime(2014, 7, 30)}
    assert one(**found, **closed).level == one(**found).level == 3


@pytest.mark.parametrize(
    ("found", "closed", "early"),
    [
        ((FOUND, 0), (datetime(2014, 6, 19, 9), 0), True),
        ((FOUND, 0), (datetime(2014, 6, 21), 0), False),
        ((datetime(2014, 6, 19), 86_400), (datetime(2014, 6, 19), 86_400), True),
        ((datetime(2014, 6, 19), 86_400), (datetime(2014, 6, 20), 86_400), False),
    ],
)
def test_closing_within_a_day_is_early(found, closed, early):
    entry = one(
        found_at=found[0],
        found_at_span_s=found[1],
        closed_at=closed[0],
        closed_at_span_s=closed[1],
        category_police="non_suspicious",
    )
    assert ("early_closure" in codes(entry)) is early


def test_closing_after_toxicology_is_not_early():
    entry = one(
        closed_at=datetime(2014, 6, 19, 20), toxicology_reported_at=datetime(2014, 6, 19, 18)
    )
    assert "early_closure" not in codes(entry)


def test_an_untested_note_names_the_missing_tests_and_lowers_nothing():
    without = one(signs_moved="yes")
    for verified in (None, "not_tested"):
        entry = one(signs_moved="yes", note_present="yes", note_verified=verified)
        text = next(r.text for r in entry.reasons if r.code == "note_unverified")
        assert entry.level >= without.level
        assert "handwriting" in text
        assert "DNA" in text


def test_an_intent_that_may_rest_on_an_untested_note_takes_nothing_off():
    case = {"signs_moved": "no", "items_missing": ["phone"], "note_present": "yes"}
    assert one(**case, indicators=["intent_verified"]).level == one(**case).level


def test_a_refuted_note_raises():
    assert "note_refuted" in codes(one(note_present="yes", note_verified="refuted"))


def test_an_innocent_reason_never_cancels_a_hard_one():
    innocent = [name for name, entry in indicators().items() if entry.directions == ("E",)]
    hard = one(signs_moved="yes")
    entry = one(signs_moved="yes", indicators=innocent)
    assert entry.level == hard.level == 3
    assert {reason.code for reason in entry.innocent} >= set(innocent)


def test_innocent_reasons_leave_at_least_level_one():
    entry = one(items_missing=["phone"], indicators=["natural_cause_found", "witnessed_self_use"])
    assert entry.level == 1


def test_known_use_takes_nothing_off():
    case = {"items_missing": ["phone"], "substances_detected": ["heroin"]}
    entry = one(**case, drug_use_history="regular", indicators=["regular_use_same_drug"])
    assert entry.level == one(**case).level
    assert "regular_use_same_drug" in {reason.code for reason in entry.innocent}


@pytest.mark.parametrize(("age", "code"), [(30, "ghb_not_tested"), (70, "ghb_not_asked_for")])
def test_the_missing_test_for_the_ghb_family_is_said_at_every_age(age, code):
    entry = one(age_years=age, substances_detected=["cocaine"])
    assert code in codes(entry)
    assert entry.level == 1


@pytest.mark.parametrize(
    "said",
    [
        {"substances_not_detected": ["ghb"]},
        {"substances_pending": ["gbl"]},
        {"checks_done": ["toxicology_ghb"]},
        {"manner_coroner": "accident"},
        {"ghb_class": "not_detected"},
    ],
)
def test_a_family_that_was_tested_for_or_a_death_explained_is_no_gap(said):
    entry = one(age_years=30, substances_detected=["cocaine"], **said)
    assert not codes(entry) & {"ghb_not_tested", "ghb_not_asked_for"}


def test_a_missing_reason_for_the_category_counts_only_where_the_register_keeps_reasons():
    bare = {"category_police": "non_suspicious"}
    assert "category_reason_missing" not in codes(triage(register(bare))[0])
    kept = register(bare, {"category_police": "non_suspicious", "category_reason": "known heart"})
    assert [("category_reason_missing" in codes(entry)) for entry in triage(kept)] == [True, False]


def test_a_category_given_with_few_enquiries_made_is_premature():
    entry = one(category_police="non_suspicious", checks_done=["ambulance"])
    assert "category_premature" in codes(entry)


SENSITIVE: dict[str, list[object]] = {
    "drug_use_history": ["none_known", "occasional", "regular", "treatment", None],
    "drug_use_history_own": ["none_known", "regular", None],
    "drug_use_history_family": ["none_known", "regular", None],
    "alcohol_history": ["none_known", "regular", None],
    "housing": ["own_or_rented", "sofa_or_host", "hostel", "rough_sleeping", None],
    "prior_overdose": ["yes", "no", None],
    "recent_release": ["yes", "no", None],
    "prior_self_harm": ["yes", "no", None],
    "mental_health": ["yes", "no", None],
    "age_years": [19.0, 49.0, 50.0, 88.0, None],
    "sex": ["male", "female", "other", None],
}
CIRCUMSTANCES = st.fixed_dictionaries(
    {},
    optional={
        "signs_moved": st.sampled_from(["yes", "no"]),
        "body_position": st.sampled_from(["supine", "sitting_propped"]),
        "found_place_kind": st.sampled_from(["home", "street", "hostel"]),
        "items_missing": st.sampled_from([[], ["phone"], ["keys", "phone"]]),
        "items_present": st.sampled_from([[], ["syringe"], ["small_bottle"]]),
        "substances_detected": st.sampled_from([[], ["ghb"], ["heroin"], ["ethanol", "ghb"]]),
        "note_present": st.sampled_from(["yes", "no"]),
        "known_to_area": st.sampled_from(["yes", "no"]),
        "family_view": st.sampled_from(["accepts", "doubts"]),
        "employer_drug_tests": st.sampled_from(["yes", "no"]),
        "checks_done": st.sampled_from([[], ["ambulance", "pnc"], ["toxicology_ghb"]]),
        "manner_coroner": st.sampled_from(["open", "accident"]),
        "category_police": st.sampled_from(["non_suspicious", "unexplained"]),
        "indicators": st.lists(st.sampled_from(list(indicators())), unique=True, max_size=6),
    },
)
SLOW = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("field", SENSITIVE)
@settings(parent=SLOW, max_examples=6)
@given(case=CIRCUMSTANCES)
def test_nothing_about_the_persons_life_moves_a_level_either_way(field, case):
    """Drug use, alcohol, age, housing and the like: the level is that of the same case without the field."""
    flipped = [{**case, field: value} for value in SENSITIVE[field]]
    levels = {entry.level for entry in triage(register(*flipped))}
    assert len(levels) == 1


@SLOW
@given(
    case=CIRCUMSTANCES,
    extra=st.sampled_from([n for n, e in indicators().items() if "S" in e.directions]),
)
def test_adding_a_reason_for_enquiry_never_lowers_a_level(case, extra):
    more = {**case, "indicators": [*case.get("indicators", []), extra]}
    before, after = triage(register(case, more))
    assert after.level >= before.level


@SLOW
@given(case=CIRCUMSTANCES, data=st.data())
def test_forgetting_a_value_never_raises_a_level_beyond_a_quality_gap(case, data):
    if not case:
        return
    gone = data.draw(st.sampled_from(sorted(case)))
    fewer = {name: value for name, value in case.items() if name != gone}
    whole, less = triage(register(case, fewer))
    innocent = {"indicators", "manner_coroner", "note_verified", "known_to_area"}
    assert less.level <= max(whole.level, 1) or gone in innocent


def test_two_runs_and_any_order_of_pairs_give_the_same_words():
    place = {"found_lat": 51.5, "found_lon": 0.0, "found_place_kind": "street"}
    cases = register(*[{**place, "persons": ["finder:W", "host:P"]}] * 3)
    ids = ["X0", "X1", "X2"]
    pairs = [(a, b, 1.0) for a in ids for b in ids if a < b]
    schema = ["case_a", "case_b", "log10_lr"]
    one_way = pl.DataFrame(pairs, schema=schema, orient="row")
    assert triage(cases, one_way) == triage(cases, one_way.reverse())


def test_no_equality_field_can_be_read():
    held_apart = {field.name for field in dictionary().values() if field.equality}
    assert held_apart
    assert not held_apart & set(register(kind="death").table.columns)


def test_the_words_are_neutral():
    entry = one(
        indicators=list(indicators()),
        note_present="yes",
        mentions_cases=["Y"],
        body_position="sitting_propped",
        found_place_kind="street",
    )
    words = " ".join(r.text for r in (*entry.reasons, *entry.innocent)).lower()
    for banned in ("suspect", "victim", "linked to", "addict"):
        assert banned not in words
