"""Duties: an owner, an answer and a second signature, each by its day; what is late stays waited for and is seen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openverdict.cases import checks
from openverdict.decisions import duties, supersede
from openverdict.decisions.models import Category, ClockStop, Notice
from openverdict.errors import InputError
from openverdict.ledger.models import Event
from openverdict.ledger.verifying import Outcome, verify

TEXT = "The circumstances are increasingly unclear; please take it."
ALWAYS = [code for code, check in checks().items() if check.expected == "always"]


def test_an_unanswered_referral_is_late_from_the_fourth_day_on_and_goes_up_once(acts, clock):
    subject = acts.pair("A", "B")
    acts.write("head", duties.own, "A", "an.owner")
    seen = acts.see("first", subject, ratio=True)
    number = acts.write("first", duties.refer, subject, "murder team", seen, TEXT)
    (wait,) = duties.waiting(acts.store, clock.now)
    assert (wait.rule, wait.subject, wait.days_over, wait.cases) == (
        "referral", str(number), 0, ("A", "B")
    )  # fmt: skip
    clock.now += timedelta(days=3)
    assert duties.waiting(acts.store, clock.now)[0].days_over == 0
    clock.now += timedelta(days=1)
    assert duties.waiting(acts.store, clock.now)[0].days_over == 1
    assert acts.write("openverdict", duties.escalate) == [wait.clock]
    assert acts.write("openverdict", duties.escalate) == []
    late = duties.waiting(acts.store, clock.now)[0]
    assert late.escalated_to == "an.owner"
    assert "overdue" in acts.store.rows(Notice).values_list("reason", flat=True)
    acts.write("first", duties.answer_referral, number, "refused", "Not ours, they say.")
    assert duties.waiting(acts.store, clock.now) == []
    with pytest.raises(InputError, match="answered before"):
        acts.write("first", duties.answer_referral, number, "accepted", TEXT)
    assert verify(acts.store).outcome is Outcome.INTACT


def test_a_referral_says_what_the_other_side_was_shown(acts):
    seen = acts.see("first", acts.pair("A", "B"), ratio=True)
    with pytest.raises(InputError, match="not what first was shown"):
        acts.write("first", duties.refer, acts.pair("B", "C"), "murder team", seen, TEXT)
    with pytest.raises(InputError, match="not what second was shown"):
        acts.write("second", duties.refer, acts.pair("A", "B"), "murder team", seen, TEXT)


def test_a_concern_needs_an_answer_before_enquiries_end(acts):
    acts.write("head", duties.own, "D", "an.owner")
    number = acts.write("first", duties.raise_concern, ["D"], "family", "He took no drugs.")
    assert acts.store.rows(Notice).get(user="an.owner").reason == "concern"
    assert duties.unanswered_concerns(acts.store, "D") == [number]
    close = ("D", "unexpected_not_suspicious", TEXT)
    with pytest.raises(InputError, match="has no answer"):
        acts.write("first", duties.categorise, *close, done=ALWAYS)
    with pytest.raises(InputError, match="'drug_user': one of"):
        acts.write("first", duties.answer_concern, number, "drug_user", TEXT, told=True)
    acts.write("first", duties.answer_concern, number, "facts_explained", TEXT, told=True)
    assert duties.unanswered_concerns(acts.store, "D") == []
    assert acts.write("first", duties.categorise, *close, done=ALWAYS)


def test_a_category_before_its_checks_is_kept_and_marked_premature(acts):
    few = ALWAYS[: len(ALWAYS) // 5]
    number = acts.write("first", duties.categorise, "B", "expected", TEXT, done=few)
    row = acts.store.rows(Category).get(id=number)
    assert (row.premature, row.checks_done, row.checks_needed) == (1, len(few), len(ALWAYS))
    number = acts.write("first", duties.categorise, "B", "unexplained", TEXT, done=[])
    assert acts.store.rows(Category).get(id=number).premature == 0
    with pytest.raises(InputError, match="no such check"):
        acts.write("first", duties.categorise, "B", "expected", TEXT, done=["luck"])


def test_nobody_signs_off_what_they_wrote_and_a_dissent_says_why(acts, clock):
    number = acts.write("first", duties.categorise, "B", "unexplained", TEXT, done=[])
    with pytest.raises(InputError, match="another person"):
        acts.write("first", duties.sign_off, "category", number, agrees=True)
    with pytest.raises(InputError, match="say why"):
        acts.write("head", duties.sign_off, "category", number, agrees=False)
    acts.write("head", duties.sign_off, "category", number, agrees=False, dissent="Too soon.")
    assert duties.waiting(acts.store, clock.now) == []
    with pytest.raises(InputError, match="signed before"):
        acts.write("other", duties.sign_off, "category", number, agrees=True)


def test_a_coroners_doubt_or_a_late_result_pulls_a_decision_back_and_tells_the_owner(acts):
    acts.write("head", duties.own, "B", "an.owner")
    number = acts.decide("first", acts.pair("A", "B"), "possibly")
    acts.decide("first", acts.pair("A", "D"), "possibly")
    assert not duties.decided_before_reopening(acts.store).exists()
    acts.write("head", duties.reopen, "B", "coroners_doubt", "Open conclusion.")
    assert [d.id for d in duties.decided_before_reopening(acts.store)] == [number]
    assert acts.store.rows(Notice).get(user="an.owner").reason == "coroners_doubt"
    with pytest.raises(InputError, match="one of"):
        acts.write("head", duties.reopen, "B", "because")


def test_every_act_is_in_the_log_and_none_of_its_words(acts):
    before = acts.store.size()
    acts.write("head", duties.own, "A", "an.owner")
    acts.write("head", duties.own, "A", "another")
    with pytest.raises(InputError, match="owner already"):
        acts.write("head", duties.own, "A", "another")
    acts.write("head", duties.assign, acts.pair("A", "B"), "first")
    acts.write("head", duties.raise_concern, ["A"], "press", TEXT)
    events = acts.store.rows(Event).filter(seq__gte=before).order_by("seq")
    assert list(events.values_list("kind", flat=True)) == [
        "acted_without_accounts", "owner_changed", "owner_changed", "assigned", "clock_started", "concern_raised",
        "clock_started",
        "owner_notified",
    ]  # fmt: skip
    assert not any(TEXT in body for body in events.values_list("body", flat=True))


def test_an_assignment_is_waited_for_until_somebody_decides_or_another_is_given_it(acts, clock):
    pair = acts.pair("A", "B")
    acts.write("head", duties.assign, pair, "first")
    (running,) = duties.waiting(acts.store, clock.now)
    assert (running.rule, running.cases, running.days_over) == ("assignment", ("A", "B"), 0)
    number = acts.write("head", duties.assign, pair, "second")
    (running,) = duties.waiting(acts.store, clock.now)
    assert running.subject == str(number)
    late = clock.now + timedelta(days=15)
    assert duties.waiting(acts.store, late)[0].days_over == 1
    acts.decide("second", pair, "not_enough_information")
    rules = [each.rule for each in duties.waiting(acts.store, clock.now)]
    assert "assignment" not in rules


def test_a_second_person_has_a_clock_and_so_has_a_third_where_two_disagree(acts, clock):
    subject = acts.pair("A", "B")
    number = acts.decide("first", subject, "similar")
    (wait,) = duties.waiting(acts.store, clock.now)
    assert (wait.rule, wait.subject, wait.cases) == ("second_person", str(number), ("A", "B"))
    clock.now += timedelta(days=8)
    assert duties.waiting(acts.store, clock.now)[0].days_over == 1
    acts.decide_too("second", subject, number, "not_similar")
    (wait,) = duties.waiting(acts.store, clock.now)
    assert (wait.rule, wait.days_over) == ("third_person", 0)
    acts.decide_too("third", subject, number, "similar")
    assert duties.waiting(acts.store, clock.now) == []
    outcomes = acts.store.rows(ClockStop).order_by("id").values_list("outcome", flat=True)
    assert list(outcomes) == ["disagreed", "decided"]


def test_who_agrees_or_supersedes_stops_the_clock_of_the_second_person(acts, clock):
    subject = acts.pair("A", "B")
    number = acts.decide("first", subject, "similar")
    seen = acts.see("first", subject, ratio=True)
    said = acts.opinion("not_similar")
    newer = acts.write("first", supersede, number, seen, said, "new_facts")
    (wait,) = duties.waiting(acts.store, clock.now)
    assert wait.subject == str(newer)
    acts.decide_too("second", subject, newer, "not_similar")
    assert duties.waiting(acts.store, clock.now) == []
    acts.decide("first", acts.pair("A", "D"), "possibly")
    assert duties.waiting(acts.store, clock.now) == []
