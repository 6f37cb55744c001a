"""Contradictions within one record, and enquiries never recorded as made."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from openverdict.cases import Register, checks, table_schema
from openverdict.leads.rules import contradiction_rules, holds, reason_rules, settings
from openverdict.leads.triage import triage

FOUND = datetime(2014, 6, 19, 4, 18)


def one(**case):
    row = {"case_id": "X", "found_at": FOUND, "found_at_span_s": 0, **case}
    schema = {name: table_schema()[name] for name in row}
    return triage(Register.from_table(pl.DataFrame({k: [v] for k, v in row.items()}, schema)))[0]


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ({"body_temp_stiffness": "cold_stiff", "caller_account": "signs_of_life"}, "cold and stiff"),
        (
            {"body_temp_stiffness": "cold_stiff",
             "witness_account_time": datetime(2014, 6, 19, 3), "witness_account_time_span_s": 0},
            "three hours",
        ),
        ({"substances_detected": ["ghb"], "items_present": ["tourniquet"]}, "drunk"),
        ({"last_known_alive_at": datetime(2014, 6, 20)}, "last known alive"),
        ({"pronounced_at": datetime(2014, 6, 18)}, "pronounced"),
        ({"closed_at": datetime(2014, 6, 1)}, "Closed before"),
        ({"substances_detected": ["ghb"], "substances_not_detected": ["ghb"]}, "ghb"),
        ({"items_missing": ["bag"], "items_present": ["bag"]}, "bag"),
        ({"manner_police": "accident", "manner_pathologist": "homicide"}, "police accident, pathologist homicide"),
        ({"note_present": "no", "items_present": ["note"]}, "note"),
        ({"note_present": "yes", "note_verified": "not_tested", "manner_police": "suicide"}, "authorship"),
        ({"signs_moved": "no", "lividity_consistent": "no"}, "lividity"),
        ({"family_view": "accepts", "concerns": ["family"]}, "family"),
        ({"category_police": "non_suspicious", "manner_pathologist": "homicide"}, "homicide"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_said_in_a_sentence(case, words):
    entry = one(**case)
    assert any(words in sentence for sentence in entry.contradictions)
    assert entry.level >= 1
    assert "contradiction" in {reason.code for reason in entry.reasons}


@pytest.mark.parametrize(
    "case",
    [
        {"body_temp_stiffness": "cold_stiff"},
        {"body_temp_stiffness": "warm_limp", "caller_account": "signs_of_life"},
        {"substances_detected": ["ghb", "heroin"], "items_present": ["tourniquet"]},
        {"manner_police": "drug_related", "manner_coroner": "accident"},
        {"manner_police": "accident", "manner_coroner": "pending"},
        {"last_known_alive_at": datetime(2014, 6, 19), "found_at": datetime(2014, 6, 19)},
    ],
)
def test_what_can_both_be_true_is_no_contradiction(case):
    assert one(**case).contradictions == ()


def test_a_date_alone_contradicts_nothing_within_its_day():
    day = {"found_at": datetime(2014, 6, 19), "found_at_span_s": 86_400}
    assert one(**day, closed_at=datetime(2014, 6, 19)).contradictions == ()
    alive = datetime(2014, 6, 19, 20)
    assert one(**day, last_known_alive_at=alive).contradictions == ()
    assert one(**day, last_known_alive_at=datetime(2014, 6, 20)).contradictions != ()


def test_accounts_of_drug_use_that_differ_are_said_and_move_no_level():
    entry = one(drug_use_history="regular", drug_use_history_family="none_known")
    assert len(entry.contradictions) == 1
    assert entry.level == 0


def test_checks_never_made_follow_what_the_record_shows():
    plain = one(checks_done=["pnc"])
    note = one(checks_done=["pnc"], note_present="yes", items_missing=["phone"])
    assert "pnc" not in plain.checks_missing
    assert {"handwriting", "phone_billing"} & set(plain.checks_missing) == set()
    assert {"handwriting", "phone_billing", "dna"} <= set(note.checks_missing)


def test_checks_never_made_are_words_of_the_vocabulary_in_its_order():
    entry = one(checks_done=[], note_present="yes", found_place_kind="street")
    assert list(entry.checks_missing) == [n for n in checks() if n in set(entry.checks_missing)]


def test_a_field_that_says_an_enquiry_was_made_counts_as_made():
    entry = one(checks_done=[], photos_done="yes", note_present="yes", note_verified="verified")
    assert not {"photographs", "handwriting"} & set(entry.checks_missing)


def test_a_record_without_its_enquiries_says_nothing_of_any_one_of_them():
    rows = {"case_id": ["X", "Y"], "found_at": [FOUND, FOUND], "checks_done": [None, ["pnc"]]}
    schema = {name: table_schema()[name] for name in rows}
    silent, spoken = triage(Register.from_table(pl.DataFrame(rows, schema)))
    assert silent.checks_missing == ()
    assert [r.code for r in silent.reasons] == ["checks_not_recorded"]
    assert spoken.checks_missing


def test_every_check_knows_when_it_is_expected():
    assert {check.expected for check in checks().values()} == set(settings()["expected"])
    assert set(settings()["made"]) <= set(checks())


def test_every_rule_reads_fields_that_exist():
    for rule in (*reason_rules(), *contradiction_rules()):
        assert set(rule.sources) <= set(table_schema()), rule.code


@pytest.mark.parametrize(
    "condition", [{"field": "sex", "like": "m"}, {"field": "sex", "is": ["male"], "missing": True}]
)
def test_a_condition_that_the_rules_do_not_know_is_refused(condition):
    with pytest.raises(ValueError, match=r"triage\.toml"):
        holds([condition])
