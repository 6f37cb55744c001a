"""Persons taken to be one, in a store: proposals wait, people decide, facts follow and are superseded; nothing is merged."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.decisions.acts import Acts
from tests.decisions.compared import compared, key_of

from openverdict.cases import Fact as CaseFact
from openverdict.cases import Status
from openverdict.decisions import retention
from openverdict.decisions.certificate import erase_case
from openverdict.decisions.chains import chain, leads_resting_on
from openverdict.decisions.changes import rerun
from openverdict.decisions.late import enter_facts
from openverdict.decisions.linking import accept, foresee, let_count, reject, take_in, undo
from openverdict.decisions.models import IdentityDecision, RecordPair
from openverdict.decisions.same_persons import (
    ProposalFilter,
    place_in_queue,
    proposal_shown,
    queue,
)
from openverdict.decisions.thresholds import counting, foresee_thresholds, said_of_threshold
from openverdict.errors import InputError
from openverdict.identity import Action, Decision
from openverdict.leads import Settings
from openverdict.ledger.events import IdentityResolved
from openverdict.ledger.facts import AsOf, read_store
from openverdict.ledger.lead_words import lead_words
from openverdict.ledger.models import Content, Event, Lead
from openverdict.ledger.verifying import Outcome, verify
from openverdict.same_person import CODE, said_of

WHY = "The same hospital number stands on both files."
PEOPLE = {
    "a1": ("A", "host"),
    "b1": ("B", "finder"),
    "c1": ("C", "caller"),
    "d1": ("D", "witness"),
    "x1": ("ELSEWHERE", "host"),
}
PAIRS = [("a1", "b1", 0.99), ("b1", "c1", 0.97), ("c1", "d1", 0.7), ("a1", "x1", 0.999)]
AB, BC, CD = key_of("a1", "b1"), key_of("b1", "c1"), key_of("c1", "d1")


def entered(case: str, field: str, value: str) -> CaseFact:
    return CaseFact(case, field, value, Status.RECORDED, datetime(2020, 1, 2), None, "x", "clerk")


@pytest.fixture
def acts(make_store, tmp_path) -> Acts:
    """A store of four cases with what a comparison proposed of them."""
    made = Acts(make_store())
    for case in "ABCD":
        facts = [entered(case, "found_at", "2020-01-01"), entered(case, "kind", "death")]
        made.write("clerk", enter_facts, [*facts, entered(case, "found_place", "Low Street")])
    made.write("clerk", take_in, compared(tmp_path / "run", PEOPLE, PAIRS))
    return made


def persons(acts: Acts, as_of: AsOf | None = None) -> dict[str, list[str]]:
    table = read_store(acts.store, as_of).register.table
    return {
        case: list(said) for case, said in table.select("case_id", "persons").iter_rows() if said
    }


def proposals(acts: Acts, **chosen: Any) -> list[str]:
    return [line.proposal for line in queue(acts.store, ProposalFilter(**chosen)).lines]


def test_a_proposal_waits_for_a_person_and_counts_for_nothing(acts):
    assert proposals(acts) == [AB, BC, CD]
    assert persons(acts) == {}
    pairs = acts.store.rows(RecordPair)
    assert not pairs.filter(case_b="ELSEWHERE").exists(), "of cases that the store does not have"


def test_an_acceptance_puts_the_persons_key_into_both_cases_and_an_undo_takes_it_out(acts, clock):
    linked = acts.write("first", accept, AB, WHY)
    assert (linked.facts, linked.superseded, linked.not_followed) == (2, 0, ())
    assert persons(acts) == {"A": ["host:accepted-a1"], "B": ["finder:accepted-a1"]}
    seen = clock.now.date()
    clock.now += timedelta(days=3)
    undone = acts.write("second", undo, AB, "The number was another's.")
    assert (undone.facts, undone.superseded) == (0, 2)
    assert persons(acts) == {}
    assert persons(acts, AsOf(recorded=seen)).keys() == {"A", "B"}, "what the store held that day"
    assert persons(acts, AsOf(known=seen)).keys() == {"A", "B"}, "what was believed that day"
    assert proposals(acts) == [AB, BC, CD]


def test_a_longer_chain_of_acceptances_has_one_key_and_falls_apart_where_it_is_undone(acts):
    acts.write("first", accept, BC, WHY)
    acts.write("first", accept, AB, WHY)
    assert set(persons(acts)) == {"A", "B", "C"}
    assert {said[0].partition(":")[2] for said in persons(acts).values()} == {"accepted-a1"}
    acts.write("first", undo, AB, "Read again.")
    assert persons(acts) == {"B": ["finder:accepted-b1"], "C": ["caller:accepted-b1"]}


def test_what_the_register_itself_says_of_persons_stays(acts):
    acts.write("clerk", enter_facts, [entered("A", "persons", "finder:P-17")])
    acts.write("first", accept, AB, WHY)
    assert persons(acts)["A"] == ["finder:P-17", "host:accepted-a1"]
    acts.write("first", undo, AB, "Read again.")
    assert persons(acts) == {"A": ["finder:P-17"]}


def test_over_the_threshold_counts_only_once_the_house_has_said_so_and_no_longer_than_that(acts):
    settled = acts.write("head", let_count, 0.96)
    assert settled.entered == 3
    assert {said[0].partition(":")[2] for said in persons(acts).values()} == {"unreviewed-a1"}
    assert "D" not in persons(acts), "what a rule holds back never counts undecided"
    acts.write("first", reject, BC, "Seen together on 4 May.")
    assert set(persons(acts)) == {"A", "B"}
    acts.write("first", accept, AB, WHY)
    assert persons(acts)["A"] == ["host:accepted-a1"]
    acts.write("head", let_count, None)
    assert set(persons(acts)) == {"A", "B"}, "what a person accepted goes on counting"
    with pytest.raises(InputError, match="in force already"):
        acts.write("head", let_count, None)
    with pytest.raises(InputError, match="give a probability"):
        acts.write("head", let_count, 1.5)


def test_records_that_contradict_each_other_are_not_joined_by_a_chain(acts, tmp_path):
    against = [("a1", "c1", "number_differs")]
    acts.write("clerk", take_in, compared(tmp_path / "two", PEOPLE, PAIRS, against=against))
    acts.write("first", accept, AB, WHY)
    linked = acts.write("first", accept, BC, WHY)
    assert linked.not_followed == ("it would join a1 with c1, and the person's numbers differ",)
    assert set(persons(acts)) == {"A", "B"}


def test_every_decision_is_in_the_log_with_who_and_why(acts):
    acts.write("first", accept, AB, WHY)
    acts.write("second", undo, AB, "The number was another's.")
    events = acts.store.rows(Event).filter(kind="identity_resolved").order_by("seq")
    assert [event.actor for event in events] == ["first", "second"]
    said = [(s.outcome, s.by, s.text) for s in proposal_shown(acts.store, AB).history]
    assert said == [("accepted", "first", WHY), ("undone", "second", "The number was another's.")]
    assert all(WHY not in event.body for event in events), "words stand beside the log"
    assert verify(acts.store).outcome is not Outcome.BROKEN
    rows = list(acts.store.rows(IdentityDecision).order_by("id"))
    assert [row.supersedes for row in rows] == [None, rows[0].id]


@pytest.mark.parametrize(
    ("act", "given", "says"),
    [
        (accept, (AB, "  "), "say why in words"),
        (accept, ("nobody", WHY), "none of this key"),
        (undo, (CD, WHY), "nothing stands"),
        (reject, (BC, WHY), "first accepted it; undo that first"),
    ],
)
def test_what_cannot_be_decided_is_refused(acts, act, given, says):
    acts.write("first", accept, BC, WHY)
    with pytest.raises(InputError, match=says):
        acts.write("second", act, *given)


def test_a_machine_decides_nothing(acts):
    with pytest.raises(InputError, match="a person's"):
        acts.write("openverdict", accept, AB, WHY)


def test_a_later_comparison_keeps_the_decisions_and_lets_the_rest_go(acts, tmp_path):
    acts.write("first", accept, AB, WHY)
    acts.write("head", let_count, 0.9)
    later = compared(tmp_path / "later", PEOPLE, [("c1", "d1", 0.98)])
    taken = acts.write("clerk", take_in, later)
    assert (taken.comparison, taken.proposals, taken.decisions) == (2, 1, 0)
    assert persons(acts) == {
        "A": ["host:accepted-a1"],
        "B": ["finder:accepted-a1"],
        "C": ["caller:unreviewed-c1"],
        "D": ["witness:unreviewed-c1"],
    }
    assert proposals(acts, outcome="accepted") == [AB]
    assert proposals(acts) == [CD]
    with pytest.raises(InputError, match="taken in before"):
        acts.write("clerk", take_in, later)
    other = compared(tmp_path / "other", PEOPLE, PAIRS[:1], keyed_with="another")
    with pytest.raises(InputError, match="another secret"):
        acts.write("clerk", take_in, other)


def test_decisions_made_in_the_folder_are_taken_over_under_their_makers_names(acts, tmp_path):
    made = Decision(
        1,
        "2024-01-01T10:00:00Z",
        "R1",
        Action.ACCEPT,
        AB,
        "a1",
        "b1",
        0.99,
        "m",
        "paper file",
        0,
        "",
    )
    run = compared(tmp_path / "decided", PEOPLE, PAIRS, decisions=[made])
    taken = acts.write("clerk", take_in, run)
    assert (taken.decisions, taken.facts) == (1, 2)
    (said,) = proposal_shown(acts.store, AB).history
    assert (said.by, said.text) == (
        "R1",
        "paper file (decided in the folder, 2024-01-01T10:00:00Z)",
    )
    event = acts.store.rows(Event).filter(kind="identity_resolved").get()
    assert event.actor == "clerk"
    assert '"decided_in_the_folder"' in event.body


def test_a_review_of_the_store_says_on_the_lead_by_whose_word_a_person_is_one(acts):
    acts.write("first", accept, AB, WHY)
    settings = Settings(replicates=0, intervals=False)
    run, result, _ = rerun(acts.store, actor="runner", purpose="death_review", settings=settings)
    leads = {lead.lead_id: said_of(lead) for lead in result.leads if said_of(lead)}
    assert leads
    assert all("Same person by accepted identity" in said for said in leads.values())
    assert result.summary[CODE]["accepted"] == 1
    for row in acts.store.rows(Lead).filter(run_id=run, lead_id__in=list(leads)):
        words = lead_words(acts.store, row.id)
        assert words is not None
        told = [reason["text"] for reason in words["reasons"] if reason["code"] == CODE]
        assert told == [leads[row.lead_id]], "the lead as it was kept"
    found = leads_resting_on(acts.store, AB)
    assert (found.run, {each.name for each in found.leads}) == (run, set(leads))
    assert {each.by_word_of for each in found.leads} == {("accepted",)}
    assert leads_resting_on(acts.store, CD).leads == ()


def test_what_was_said_of_an_erased_case_goes_with_it_and_the_log_still_proves_itself(acts, clock):
    acts.write("first", accept, AB, WHY)
    acts.write("head", retention.set_retention, "A", "group_3", date(2021, 1, 1), "policy")
    acts.write("head", retention.approve_erasure, "A", "end_of_retention")
    erase_case(acts.store, "A", actor="a.manager", purpose="retention")
    with pytest.raises(InputError, match="erased"):
        proposal_shown(acts.store, AB)
    assert not acts.store.rows(Content).filter(value__contains="hospital").exists()
    acts.write("first", accept, BC, WHY)
    assert persons(acts).keys() == {"B", "C"}
    assert verify(acts.store).outcome is not Outcome.BROKEN


def test_pages_of_the_queue_meet_every_proposal_once_in_either_direction(acts):
    page = queue(acts.store, size=2)
    assert (page.count, page.counted_all, page.hidden) == (3, True, 0)
    assert ([line.proposal for line in page.lines], page.previous) == ([AB, BC], None)
    end = queue(acts.store, size=2, after=page.next)
    assert ([line.proposal for line in end.lines], end.next) == ([CD], None)
    back = queue(acts.store, size=2, before=end.previous)
    assert [line.proposal for line in back.lines] == [AB, BC]
    assert proposals(acts, case="D") == [CD]
    assert proposals(acts, says="over") == [AB, BC]
    assert proposals(acts, says="held_back") == [CD]
    assert proposals(acts, says="below") == proposals(acts, kind="same_death") == []
    place = place_in_queue(acts.store, BC)
    assert (place.position, place.count, place.previous, place.next) == (2, 3, AB, CD)
    assert place_in_queue(acts.store, BC, ProposalFilter(case="D")).position is None
    assert place_in_queue(acts.store, "nobody").count == 0
    with pytest.raises(InputError, match="outcome"):
        queue(acts.store, ProposalFilter(outcome="perhaps"))
    with pytest.raises(InputError, match="on a page"):
        queue(acts.store, size=0)


def test_who_decides_sees_the_whole_chain_and_what_accepting_would_come_to(acts, tmp_path):
    assert chain(acts.store, AB).person is None
    acts.write("first", accept, AB, WHY)
    found = chain(acts.store, BC)
    assert [each.case for each in found.records] == ["B", "C", "A"]
    assert (found.person, found.joined, found.joined_cases, found.hindrance) == (None, 3, 3, None)
    assert [(link.proposal, link.by) for link in found.links] == [(AB, "first")]
    own = chain(acts.store, AB)
    assert (own.person, own.rests) == ("accepted-a1", "accepted")

    against = [("a1", "c1", "number_differs")]
    acts.write("clerk", take_in, compared(tmp_path / "two", PEOPLE, PAIRS, against=against))
    hindrance = chain(acts.store, BC).hindrance
    assert hindrance is not None
    joined = (hindrance.with_one, hindrance.with_other)
    assert [each and each.case for each in joined] == ["A", "C"]
    assert hindrance.why == "the person's numbers differ"
    acts.write("first", accept, BC, WHY)
    assert len(chain(acts.store, BC).set_aside) == 1, "what is accepted and not followed is told"
    acts.write("first", undo, AB, "Read again.")
    acts.write("first", reject, AB, "Two people.")
    assert chain(acts.store, AB).joined == 2, "the rejection itself is no hindrance: it comes first"


def test_an_acceptance_that_makes_another_link_fall_says_so_before(acts, tmp_path):
    against = [("a1", "c1", "sex_differs")]
    acts.write("clerk", take_in, compared(tmp_path / "two", PEOPLE, PAIRS, against=against))
    acts.write("head", let_count, 0.96)
    found = chain(acts.store, AB)
    assert found.person is None, "a record that fits two persons belongs to neither"
    acts.write("first", accept, BC, WHY)
    assert [each.why for each in chain(acts.store, BC).set_aside] == ["the sexes differ"]


def test_what_a_threshold_would_mean_is_counted_before_and_why_it_holds_is_kept(acts):
    assert counting(acts.store).said is None
    acts.write("first", accept, AB, WHY)
    steps = {each.least: each for each in foresee_thresholds(acts.store, more=[0.96])}
    assert (steps[0.96].waiting, steps[0.96].decided, steps[0.96].accepted) == (1, 1, 1)
    assert (steps[0.98].waiting, steps[0.999].decided) == (0, 0)
    assert 0 < steps[0.98].low < steps[0.98].high == 1
    acts.write("head", let_count, 0.96, "Read by two people in April.")
    acts.write("head", let_count, None)
    said = [(each.least, each.by, each.text) for each in said_of_threshold(acts.store)]
    assert said == [(None, "head", None), (0.96, "head", "Read by two people in April.")]
    held = counting(acts.store)
    assert held.said == said_of_threshold(acts.store)[0]
    assert (held.comparison, held.pairs, held.left_out) == (1, 3, 1)
    assert verify(acts.store).outcome is not Outcome.BROKEN


def test_what_taking_a_comparison_in_would_come_to_is_told_before(acts, tmp_path):
    again = foresee(acts.store, compared(tmp_path / "run", PEOPLE, PAIRS))
    assert (again.proposals, again.left_out, again.refused) == (
        3,
        1,
        "was taken in before (comparison 1)",
    )
    acts.write("first", accept, AB, WHY)
    other = compared(tmp_path / "other", PEOPLE, PAIRS[:1], keyed_with="another")
    told = foresee(acts.store, other)
    assert told.refused is not None
    assert "another secret" in told.refused
    made = Decision(
        1, "2024-01-01T10:00:00Z", "R1", Action.ACCEPT, BC, "b1", "c1", 0.9, "m", "file", 0, ""
    )
    size = acts.store.size()
    told = foresee(acts.store, compared(tmp_path / "d", PEOPLE, PAIRS, decisions=[made]))
    assert (told.decisions, told.standing, told.refused) == (1, 1, None)
    assert acts.store.size() == size


def test_the_event_says_which_records_and_what_but_no_word(acts):
    acts.write("first", reject, AB, WHY)
    event = acts.store.rows(Event).filter(kind="identity_resolved").get()
    assert '"outcome":"rejected"' in event.body
    assert IdentityResolved.kind == event.kind
    assert '"records":["a1","b1"]' in event.body
