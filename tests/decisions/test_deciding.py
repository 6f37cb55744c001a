"""Deciding: a view before the ratio, a reason in words, a second person who is another, and nothing ever overwritten."""

from __future__ import annotations

import json

import pytest
from django.db import DatabaseError
from tests.decisions.acts import RUN, TEXT

from openverdict.decisions.bulk import decide_together
from openverdict.decisions.deciding import Opinion, decide, decide_too, first_view, supersede
from openverdict.decisions.models import About, Decision, FirstView, Shown
from openverdict.decisions.showing import content_of
from openverdict.decisions.standing import State, mentions_waiting, stands
from openverdict.decisions.subjects import case, lead, pair, pair_key
from openverdict.errors import InputError
from openverdict.ledger.events import FactsRecorded
from openverdict.ledger.models import Content, Event, Fact, Lead, Link
from openverdict.ledger.verifying import Outcome, verify


@pytest.fixture
def weak(acts):
    """Pairs that nobody would call alike, and that no record names."""
    return [acts.pair("A", "T"), acts.pair("D", "T")]


def test_a_decision_keeps_what_was_seen_and_why_and_the_log_proves_it(acts):
    subject = acts.pair("A", "B")
    number = acts.decide("first", subject, "similar", "same_place", "same_way")
    row = acts.store.rows(Decision).get(id=number)
    shown = acts.store.rows(Shown).get(id=row.shown)
    content = content_of(acts.store, shown.event_id, "snapshot")
    link = acts.store.rows(Link).get(run_id=RUN, case_a="A", case_b="B")
    assert (content["log10_lr"], content["rank"]) == (repr(link.log10_lr), link.rank)
    total = sum(float(term["log10_lr"]) for term in content["contributions"])
    assert total == pytest.approx(link.log10_lr, abs=1e-6)
    assert {"model_version", "model_hash", "data_hash", "vocabularies"} <= set(content)
    assert content_of(acts.store, row.event_id, "text") == TEXT
    body = json.loads(acts.store.rows(Event).get(seq=row.event_id).body)
    assert body["data"]["snapshot"] == shown.snapshot
    assert TEXT not in json.dumps(body)
    assert verify(acts.store).outcome is Outcome.INTACT


def test_a_first_view_is_asked_for_before_the_ratio_is_shown(acts):
    subject = acts.pair("A", "B")
    blind = acts.see("first", subject, ratio=False)
    content = content_of(acts.store, acts.store.rows(Shown).get(id=blind).event_id, "snapshot")
    assert not {"log10_lr", "rank", "contributions"} & set(content)
    seen = acts.see("first", subject, ratio=True)
    with pytest.raises(InputError, match="no first view"):
        acts.write("first", decide, seen, acts.opinion("similar"))
    for showing in (blind, seen):
        with pytest.raises(InputError, match="no first view left"):
            acts.write("first", first_view, showing, "similar")
    assert not acts.store.rows(Decision).exists()
    acts.write("other", first_view, acts.see("other", subject, ratio=False), "not_similar", "odd")
    view = acts.store.rows(FirstView).get(user="other")
    assert (view.view, content_of(acts.store, view.event_id, "text")) == ("not_similar", "odd")
    with pytest.raises(InputError, match="it stands"):
        acts.write("other", first_view, acts.see("other", subject, ratio=False), "similar")


def test_nobody_decides_on_what_another_was_shown_or_on_a_page_without_the_ratio(acts):
    seen = acts.look("first", acts.pair("A", "B"))
    with pytest.raises(InputError, match="nothing was shown to other"):
        acts.write("other", decide, seen, acts.opinion("similar"))
    blind = acts.see("first", acts.pair("A", "B"), ratio=False)
    with pytest.raises(InputError, match="shows the ratio"):
        acts.write("first", decide, blind, acts.opinion("similar"))
    with pytest.raises(InputError, match="a person's"):
        acts.write("openverdict", decide, seen, acts.opinion("similar"))


@pytest.mark.parametrize(
    ("opinion", "says"),
    [
        (Opinion("linked", ("same_place",), TEXT), "no conclusion"),
        (Opinion("similar", (), TEXT), "at least one reason"),
        (Opinion("similar", ("same_place", "same_place"), TEXT), "each once"),
        (Opinion("similar", ("drug_user",), TEXT), "not in the vocabulary"),
        (Opinion("similar", ("different_way",), TEXT), "can't support similar"),
        (Opinion("similar", ("same_place",), "  because          "), "fewer than 20"),
    ],
)
def test_an_opinion_without_a_reason_of_the_vocabulary_and_in_words_is_refused(acts, opinion, says):
    seen = acts.look("first", acts.pair("A", "B"))
    with pytest.raises(InputError, match=says):
        acts.write("first", decide, seen, opinion)
    assert not acts.store.rows(Decision).exists()


def test_a_note_that_nobody_verified_is_no_reason_until_somebody_has(acts):
    seen = acts.look("first", acts.pair("B", "C"))
    opinion = acts.opinion("not_similar", "note_explains")
    with pytest.raises(InputError, match="missing: the note's handwriting"):
        acts.write("first", decide, seen, opinion)
    old = acts.store.rows(Fact).filter(case_id="C", field="note_verified").last()
    with acts.store.writing("lab", "death_review") as writer:
        fact = Fact(
            case_id="C", field="note_verified", value="verified", status="recorded",
            known_from="2015-01-01T00:00", supersedes=None if old is None else old.id,
        )  # fmt: skip
        writer.record(FactsRecorded, [fact], facts=1, cases=1, case="C")
    assert acts.write("first", decide, seen, opinion)


def test_a_strong_pair_waits_for_a_second_person_who_is_another(acts):
    subject = acts.pair("A", "B")
    number = acts.decide("first", subject, "similar")
    assert stands(acts.store, subject).state is State.AWAITS_SECOND
    seen = acts.see("first", subject, ratio=True)
    with pytest.raises(InputError, match="must be another"):
        acts.write("first", decide_too, number, seen, acts.opinion("similar"))
    acts.decide_too("second", subject, number, "similar")
    stood = stands(acts.store, subject)
    assert (stood.state, stood.conclusion) == (State.CONSIDERED, "similar")
    assert stood.people == ("first", "second")
    assert not stood.disagreement
    with pytest.raises(InputError, match="two people agree"):
        acts.decide_too("third", subject, number, "similar")


def test_a_disagreement_is_kept_and_a_third_person_decides(acts):
    subject = acts.pair("A", "B")
    number = acts.decide("first", subject, "similar")
    acts.decide_too("second", subject, number, "possibly")
    stood = stands(acts.store, subject)
    assert (stood.state, stood.conclusion) == (State.AWAITS_THIRD, None)
    seen = acts.see("second", subject, ratio=True)
    with pytest.raises(InputError, match="must be another"):
        acts.write("second", decide_too, number, seen, acts.opinion("similar"))
    with pytest.raises(InputError, match="a third has to decide"):
        acts.write("second", supersede, number, seen, acts.opinion("similar"), "new_facts")
    acts.decide_too("third", subject, number, "possibly")
    stood = stands(acts.store, subject)
    assert (stood.state, stood.conclusion) == (State.CONSIDERED, "possibly")
    assert stood.disagreement
    assert stood.first is not None
    assert [d.conclusion for d in (stood.first, *stood.others)] == [
        "similar", "possibly", "possibly"
    ]  # fmt: skip
    assert verify(acts.store).outcome is Outcome.INTACT


def test_a_decision_is_superseded_and_never_overwritten(acts):
    subject = acts.pair("A", "B")
    old = acts.decide("first", subject, "possibly")
    seen = acts.see("first", subject, ratio=True)
    with pytest.raises(InputError, match="decision 1 stands"):
        acts.write("first", decide, seen, acts.opinion("similar"))
    new = acts.write("first", supersede, old, seen, acts.opinion("similar"), "new_facts")
    stood = stands(acts.store, subject)
    assert stood.first is not None
    assert stood.first.id == new
    assert acts.store.rows(Decision).get(id=old).conclusion == "possibly"
    with pytest.raises(InputError, match=f"see decision {new}"):
        acts.write("first", supersede, old, seen, acts.opinion("similar"), "new_facts")
    with pytest.raises(DatabaseError, match="append-only"):
        acts.store.rows(Decision).filter(id=old).update(conclusion="similar")


def test_many_weak_pairs_are_decided_on_together_with_one_event_each(acts, weak):
    acts.see("first", weak[0], ratio=True)
    before = acts.store.size()
    numbers = acts.write("first", decide_together, weak, ("below_floor",), TEXT, run=RUN)
    assert acts.store.size() == before + len(weak)
    rows = list(acts.store.rows(Decision).filter(id__in=numbers))
    assert len({row.bulk for row in rows}) == 1
    for row in rows:
        names = acts.store.rows(Content).filter(event_id=row.event_id)
        assert set(names.values_list("name", flat=True)) == {"text", "snapshot"}
    assert all(stands(acts.store, each).state is State.CONSIDERED for each in weak)
    assert verify(acts.store).outcome is Outcome.INTACT


def test_what_is_strong_mentioned_or_decided_on_is_not_decided_on_together(acts, weak):
    with pytest.raises(InputError, match="too alike"):
        acts.write(
            "first", decide_together, [*weak, acts.pair("A", "B")],
            ("below_floor",), TEXT, run=RUN,
        )  # fmt: skip
    assert not acts.store.rows(Decision).exists()
    with pytest.raises(InputError, match="twice"):
        acts.write("first", decide_together, [weak[0], weak[0]], ("below_floor",), TEXT, run=RUN)
    acts.write("first", decide_together, weak[:1], ("below_floor",), TEXT, run=RUN)
    with pytest.raises(InputError, match="stands"):
        acts.write("other", decide_together, weak, ("below_floor",), TEXT, run=RUN)


def test_a_mention_waits_until_two_people_have_considered_it_and_nothing_else_closes_it(acts):
    subject = acts.pair("B", "C")
    assert ("B", "C") in mentions_waiting(acts.store)
    with pytest.raises(InputError, match="names the other"):
        acts.write("first", decide_together, [subject], ("below_floor",), TEXT, run=RUN)
    number = acts.decide("first", subject, "not_enough_information")
    assert ("B", "C") in mentions_waiting(acts.store)
    acts.decide_too("second", subject, number, "not_enough_information")
    assert ("B", "C") not in mentions_waiting(acts.store)
    assert ("B", "D") in mentions_waiting(acts.store)


def test_a_lead_and_a_case_are_decided_on_in_the_same_way(acts):
    row = acts.store.rows(Lead).order_by("rank").first()
    for subject in (lead(acts.store, row.id), case(acts.store, "D")):
        number = acts.decide("first", subject, "similar")
        assert stands(acts.store, subject).state is State.AWAITS_SECOND
        acts.decide_too("second", subject, number, "similar")
        assert stands(acts.store, subject).state is State.CONSIDERED
    assert acts.store.rows(About).filter(case_id="D").count() >= 6
    assert verify(acts.store).outcome is Outcome.INTACT


def test_a_pair_has_one_key_whatever_its_case_numbers_hold(acts):
    assert pair_key("B", "A") == pair_key("A", "B") == "A|B"
    assert pair_key("A|B", "C") != pair_key("A", "B|C")
    with pytest.raises(InputError, match="two cases"):
        pair(acts.store, "A", "A")
    with pytest.raises(InputError, match="does not have it"):
        pair(acts.store, "A", "nobody")
