"""Retention: a case is kept as long as somebody said, held where it must be, and erased by two people with a certificate."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.decisions.acts import TEXT
from tests.ledger.conftest import KEY

from openverdict.decisions import duties, retention
from openverdict.decisions.certificate import check_certificate, erase_case
from openverdict.decisions.models import Decision
from openverdict.errors import InputError, RecordError
from openverdict.ledger.erasing import erase
from openverdict.ledger.events import CaseErased, ContentErased
from openverdict.ledger.models import Content, Event, Fact
from openverdict.ledger.verifying import Outcome, verify
from openverdict.reports.consideration import consideration
from openverdict.reports.pack import write_pack
from openverdict.reports.unlooked import never_looked_at

BY: dict[str, Any] = {"actor": "a.manager", "purpose": "retention"}
KEYS = (KEY.verifier(),)


@pytest.fixture
def due(acts):
    """Case A, decided on with B, whose day has come and that somebody approved to be erased."""
    acts.decide("first", acts.pair("A", "B"), "possibly")
    acts.write("a.manager", retention.set_retention, "A", "group_3", date(2023, 12, 31), "policy")
    acts.write("a.head", retention.approve_erasure, "A", "end_of_retention")
    return acts


def test_what_is_due_is_listed_with_its_hold_and_its_approval(acts, clock):
    for case, day in (("A", 5), ("B", 1)):
        acts.write("m", retention.set_retention, case, "group_2", date(2024, 2, day), "policy")
    assert retention.due_for_review(acts.store, clock.now) == []
    clock.now += timedelta(days=32)
    (first,) = retention.due_for_review(acts.store, clock.now)
    assert (first.case, first.group, first.days_over) == ("B", "group_2", 1)
    acts.write("a.head", retention.approve_erasure, "B", "end_of_retention")
    assert retention.due_for_review(acts.store, clock.now)[0].approved_by == "a.head"
    acts.write("a.head", retention.place_hold, "B", "inquest")
    (held,) = retention.due_for_review(acts.store, clock.now)
    assert (held.on_hold, held.approved_by) == (True, None)
    with pytest.raises(InputError, match="'group_9': one of"):
        acts.write("m", retention.set_retention, "B", "group_9", date(2024, 2, 1), "policy")


def test_a_case_under_hold_is_not_erased_and_an_approval_from_before_does_not_count(due):
    due.write("a.head", retention.place_hold, "A", "inquest")
    with pytest.raises(InputError, match="on hold already"):
        due.write("a.head", retention.place_hold, "A", "inquest")
    with pytest.raises(InputError, match="A is on hold"):
        erase_case(due.store, "A", **BY)
    due.write("a.head", retention.lift_hold, "A", "over")
    with pytest.raises(InputError, match="another person has to approve"):
        erase_case(due.store, "A", **BY)
    assert due.store.rows(Fact).filter(case_id="A").exists()


def hold_and_erase(store, writer):
    """Both in one transaction: the hold is not written yet when the erasure asks for it."""
    retention.place_hold(store, writer, "C", "inquest")
    facts = store.rows(Fact).filter(case_id="C").values_list("event_id", flat=True)
    erase(store, writer, ContentErased, sorted(set(facts)), reason="request", rule="r")


@pytest.mark.parametrize("held", ["A", "B"])
def test_nobody_comes_past_a_hold_by_the_function_below(due, held):
    """By either event of erasure, also for what is about a case on hold beside another."""
    store = due.store
    entries = retention.entries_about(store, "A")
    both = [e for e in entries if e in retention.entries_about(store, "B")]
    case: dict[str, Any] = {
        "case": "A", "facts": 0, "rule": "r", "approved_by": "x", "certificate_sha256": "0" * 64
    }  # fmt: skip
    due.write("a.head", retention.place_hold, held, "inquest")
    before = store.size()
    for kind, asked, more in (
        (CaseErased, entries, case),
        (ContentErased, both[:1], {"reason": "request", "rule": "r"}),
    ):
        with pytest.raises(InputError, match=f"about case {held}, which is on hold"):
            due.write("a.manager", erase, kind, asked, **more)
    assert store.size() == before
    with pytest.raises(InputError, match="case C, which is on hold"):
        due.write("a.manager", hold_and_erase)
    due.write("a.head", retention.lift_hold, held, "over")
    assert due.write("a.manager", erase, CaseErased, entries, **case) > 0
    assert verify(store).outcome is Outcome.INTACT


def test_what_another_case_on_hold_needs_is_not_erased(due):
    due.write("a.head", retention.place_hold, "B", "inquest")
    with pytest.raises(InputError, match="about case B too, which is on hold"):
        erase_case(due.store, "A", **BY)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (("m", retention.set_retention, "A", "group_1", date(2099, 1, 1), "p"), "kept until 2099"),
        (("m", retention.set_retention, "A", "group_1", date(2020, 1, 1), "p"), "has to approve"),
        (("m", duties.raise_concern, ["A"], "family", TEXT), "has no answer yet"),
    ],
)
def test_a_case_is_not_erased_before_its_day_without_approval_or_with_an_answer_owed(
    due, spoil, says
):
    due.write(*spoil)
    with pytest.raises(InputError, match=says):
        erase_case(due.store, "A", **BY)
    with pytest.raises(InputError, match="nobody has said"):
        due.write("a.head", retention.approve_erasure, "C", "end_of_retention")


def test_nobody_erases_on_their_own_approval(due):
    with pytest.raises(InputError, match="another person"):
        erase_case(due.store, "A", actor="a.head", purpose="retention")


def test_a_case_is_erased_and_its_certificate_proves_it_without_the_store(due, tmp_path):
    store, target = due.store, tmp_path / "certificate.txt"
    facts = store.rows(Fact).filter(case_id="A").count()
    before = store.size()
    made = erase_case(store, "A", target=target, **BY)
    assert made.facts == facts > 0
    assert retention.entries_about(store, "A") == []
    assert not store.rows(Fact).filter(case_id="A").exists()
    assert not store.rows(Content).filter(value__contains=TEXT).exists()
    assert verify(store).outcome is Outcome.INTACT
    assert store.rows(Event).filter(seq__lt=before).count() == before
    text = target.read_text(encoding="utf-8")
    told = check_certificate(text, KEYS)
    assert told["Case"] == "A"
    assert told["Erased by"] == "a.manager"
    assert told["Approved by"] == "a.head"
    assert told["Rule"] == "end_of_retention"
    assert told["Facts"] == str(facts)
    for old, new in (("a.head", "b.head"), (made.pseudonym, "erased-1"), ("Facts: ", "Facts: 1")):
        with pytest.raises(RecordError, match="changed"):
            check_certificate(text.replace(old, new, 1), KEYS)
    with pytest.raises(RecordError):
        check_certificate(text.replace('"entry": ', '"entry": 1', 1), KEYS)
    with pytest.raises(InputError, match="not a certificate"):
        check_certificate("CERTIFICATE", KEYS)
    with pytest.raises(InputError, match="exists"):
        erase_case(store, "A", target=target, **BY)
    with pytest.raises(InputError, match="erased before"):
        erase_case(store, "A", **BY)


def test_its_log_and_its_pair_decisions_stay_and_are_told_under_a_pseudonym(due, clock, tmp_path):
    made = erase_case(due.store, "A", **BY)
    assert due.store.rows(Decision).get().conclusion == "possibly"
    told = consideration(due.store, due.pair("A", "B"), clock.now)
    assert told.cases == (made.pseudonym, "B")
    assert told.conclusion == "possibly"
    assert told.subject == f"pair {made.pseudonym}|B"
    out = tmp_path / "pack"
    more: dict[str, Any] = {"recipients": ["an inspectorate"], "profile": "oversight"}
    write_pack(due.store, out, actor="a.head", purpose="oversight", **more)
    rows = (out / "attached" / "decisions.csv").read_text(encoding="utf-8")
    assert made.pseudonym in rows
    assert ",A;B," not in rows
    assert '"A|B"' not in (out / "events.jsonl").read_text(encoding="utf-8")


def test_an_erased_case_is_in_no_list_under_its_own_name_and_nothing_of_it_is_shown(due, clock):
    before = never_looked_at(due.store, clock.now)
    assert any("A" in cases for _, cases, _ in before.leads)
    made = erase_case(due.store, "A", **BY)
    after = never_looked_at(due.store, clock.now)
    assert after.count("leads") == before.count("leads")
    assert any(made.pseudonym in cases for _, cases, _ in after.leads)
    named = [cases for _, cases, _ in after.leads] + [pair[:2] for pair in after.pairs]
    assert not any("A" in cases for cases in named)
    assert "A" not in after.units
    with pytest.raises(InputError, match="was erased at the end of its time"):
        due.see("somebody", due.pair("A", "B"), ratio=False)
