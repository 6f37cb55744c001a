"""Exhibits, devices and enquiries: what was found and kept, what was advised, what was done, what nobody asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openverdict.decisions import duties, enquiries, exhibits
from openverdict.decisions.models import Exhibit, Notice
from openverdict.errors import InputError
from openverdict.ledger.models import Event
from openverdict.ledger.verifying import Outcome, verify

SHEET = "A bed sheet, under him and folded over his legs."
HOW = {"found_where": "under_body", "packaging": "packaged_apart", "text": SHEET}


@pytest.fixture
def sheet(acts):
    return acts.write("first", exhibits.register_exhibit, "C", "covering", **HOW)


def test_an_exhibit_is_listed_with_where_it_was_found_and_its_words_stay_out_of_the_log(
    acts, sheet
):
    (one,) = exhibits.exhibits(acts.store)
    assert (one.exhibit, one.case, one.kind) == (sheet, "C", "covering")
    assert (one.found_where, one.packaging) == ("under_body", "packaged_apart")
    assert SHEET not in acts.store.rows(Event).get(seq=one.entry).body
    assert exhibits.exhibits(acts.store, case="A") == []
    with pytest.raises(InputError, match="'in_a_drawer': one of"):
        acts.write(
            "first", exhibits.register_exhibit, "C", "note", **HOW | {"found_where": "in_a_drawer"}
        )
    with pytest.raises(InputError, match="say why in words"):
        acts.write("first", exhibits.register_exhibit, "C", "note", **HOW | {"text": " "})
    assert acts.store.rows(Exhibit).count() == 1


def test_an_examination_that_was_advised_and_not_done_is_flagged_with_its_age(acts, sheet, clock):
    asked = ("C", "covering_examination")
    number = acts.write(
        "first", enquiries.request_enquiry, *asked, advised_by="pathologist", exhibit=sheet
    )
    clock.now += timedelta(days=14)
    (state,) = enquiries.enquiries(acts.store, clock.now)
    assert (state.advised_by, state.age_days, state.days_over) == ("pathologist", 14, 0)
    assert enquiries.overdue_enquiries(acts.store, clock.now) == []
    clock.now += timedelta(days=16)
    (state,) = enquiries.overdue_enquiries(acts.store, clock.now)
    assert (state.enquiry, state.age_days, state.days_over) == (number, 30, 16)
    (wait,) = duties.waiting(acts.store, clock.now)
    assert (wait.rule, wait.days_over) == ("enquiry", 16)
    (flag,) = [f for f in enquiries.flags(acts.store, clock.now, case="C") if f.age_days == 30]
    assert (flag.code, flag.since) == ("advised_not_done", "2024-01-01")


def test_an_answer_stops_the_clock_tells_the_owner_and_says_whether_the_origin_was_verified(
    acts, sheet, clock
):
    acts.write("head", duties.own, "C", "an.owner")
    asked = ("C", "covering_examination")
    number = acts.write(
        "first", enquiries.request_enquiry, *asked, advised_by="pathologist", exhibit=sheet
    )
    said = "Traces of one other person."
    acts.write("lab", enquiries.answer_enquiry, number, "done", said, verification="verified")
    (state,) = enquiries.enquiries(acts.store, clock.now + timedelta(days=99))
    assert (state.outcome, state.verification, state.age_days) == ("done", "verified", 0)
    assert enquiries.enquiry_words(acts.store, number) == said
    assert duties.waiting(acts.store, clock.now) == []
    assert acts.store.rows(Notice).get(user="an.owner").reason == "enquiry_answered"
    with pytest.raises(InputError, match="answered before"):
        acts.write("lab", enquiries.answer_enquiry, number, "done", said)
    other = acts.write("first", enquiries.request_enquiry, "C", "toxicology", advised_by="coroner")
    with pytest.raises(InputError, match="only an examination of an exhibit"):
        acts.write("lab", enquiries.answer_enquiry, other, "done", said, verification="verified")
    acts.write("lab", enquiries.answer_enquiry, other, "refused", "No budget.")
    assert verify(acts.store).outcome is Outcome.INTACT


def test_what_is_to_be_examined_belongs_to_the_case(acts, sheet):
    with pytest.raises(InputError, match="case A has none of this number"):
        acts.write(
            "first", enquiries.request_enquiry, "A", "dna", advised_by="nobody", exhibit=sheet
        )
    with pytest.raises(InputError, match="'luck': one of"):
        acts.write("first", enquiries.request_enquiry, "A", "luck", advised_by="nobody")


def codes(store, at, case):
    return [flag.code for flag in enquiries.flags(store, at, case=case)]


def test_a_missing_phone_is_flagged_until_its_billing_is_asked_for(acts, clock):
    """B and C of the worked example had none on them; nobody asked for their data."""
    for case in ("B", "C"):
        assert "phone_missing_no_billing" in codes(acts.store, clock.now, case)
    assert "phone_missing_no_billing" not in codes(acts.store, clock.now, "T")
    acts.write("first", exhibits.register_device, "T", "phone", "missing")
    assert "phone_missing_no_billing" in codes(acts.store, clock.now, "T")
    for case in ("B", "T"):
        acts.write("first", enquiries.request_enquiry, case, "phone_billing", advised_by="nobody")
        assert "phone_missing_no_billing" not in codes(acts.store, clock.now, case)


def test_a_device_that_was_found_later_is_flagged_until_its_examination_is_asked_for(acts, clock):
    number = acts.write("first", exhibits.register_device, "T", "phone", "missing")
    acts.write("first", exhibits.device_is, number, "found_later", "At a friend's.")
    (one,) = exhibits.devices(acts.store, case="T")
    assert (one.status, one.device) == ("found_later", number)
    assert codes(acts.store, clock.now, "T") == ["device_not_examined"]
    with pytest.raises(InputError, match="is found_later already"):
        acts.write("first", exhibits.device_is, number, "found_later")
    acts.write(
        "first", enquiries.request_enquiry, "T", "handset", advised_by="reviewer", device=number
    )
    assert codes(acts.store, clock.now, "T") == ["advised_not_done"]


def test_what_the_register_says_was_advised_and_not_made_is_flagged_from_that_day(acts, clock):
    (flag,) = [
        f for f in enquiries.flags(acts.store, clock.now, case="C") if f.code == "advised_not_done"
    ]
    assert flag.since == "2014-09-30"
    assert "overing" in flag.text
    acts.write("first", enquiries.request_enquiry, "C", "covering_examination", advised_by="nobody")
    assert "advised_not_done" not in codes(acts.store, clock.now, "C")
