"""The queue of suggestions: read, listed a page at a time, decided on, read twice, accepted together, undone, and proven."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from tests.decisions.acts import Acts

from openverdict.cases import Fact, Status
from openverdict.decisions import accounts
from openverdict.decisions.accepting import (
    accept,
    accept_rule,
    read_again,
    reject,
    withdraw,
    withdraw_together,
)
from openverdict.decisions.access import AccessError
from openverdict.decisions.late import correct_fact, enter_facts
from openverdict.decisions.models import NarrativeRead, Suggested, SuggestionDecision
from openverdict.decisions.proving import agreement, rates
from openverdict.decisions.suggesting import suggest
from openverdict.decisions.suggestions import SuggestionFilter, queue, suggestion_text
from openverdict.errors import FieldError, InputError
from openverdict.ledger.facts import AsOf, read_store
from openverdict.ledger.models import Event
from openverdict.ledger.models import Fact as Row
from openverdict.ledger.verifying import Outcome, verify
from openverdict.narrative import Assertion, Suggestion, rules_version, suggest_substances
from openverdict.narrative import agreement as files_agree

RULES = rules_version(substances_only=True)
TEXT = "Toxicology detected GHB in the blood; no cocaine was detected. He never took ketamine."
BY: dict[str, Any] = {"actor": "a.clerk", "purpose": "death_review"}
GHB = {"field": "substances_detected", "value": "ghb"}
KNOWN = datetime(2020, 3, 1)


def said(case: str, field: str, value: str, known: datetime = KNOWN) -> Fact:
    return Fact(case, field, value, Status.RECORDED, known, None, "police", "a.clerk")


def fill(store, count: int, text: str = TEXT) -> Acts:
    """So many cases with the same words, and what rules read in them."""
    acts = Acts(store)
    for number in range(count):
        case = f"N{number:02}"
        facts = [said(case, "found_at", "2020-02-03"), said(case, "narrative", text)]
        acts.write("a.clerk", enter_facts, facts)
    read(store)
    return acts


def read(store, **more):
    return suggest(store, read=suggest_substances, rules=RULES, **BY, **more)


def of(store, case: str, **wanted) -> int:
    """The number of the suggestion that waits, or was decided on, for this."""
    return int(store.rows(Suggested).filter(case_id=case, **(wanted or GHB)).latest("id").id)


def standing(store, case: str, field: str) -> list[Row]:
    rows = list(store.rows(Row).filter(case_id=case, field=field))
    gone = {row.supersedes for row in rows}
    return [row for row in rows if row.id not in gone and row.status == "recorded"]


def everything(store, sort: str = "number", size: int = 3, chosen=None, **more) -> list[int]:
    """The queue, forwards by pages."""
    found: list[int] = []
    after: str | None = None
    while True:
        page = queue(store, chosen, sort=sort, size=size, after=after, **more)
        found += [line.suggestion for line in page.lines]
        after = page.next
        if after is None:
            return found


def test_rules_read_each_text_once_and_only_what_is_new_waits(make_store):
    store = make_store()
    acts = fill(store, 3)
    assert read(store).cases == 0
    first = everything(store)
    assert len(first) == 9
    acts.write("first", accept, of(store, "N00"))
    other = suggest(store, read=suggest_substances, rules="others", **BY)
    assert (other.cases, other.as_before) == (3, 0)
    assert other.suggestions == 8, "what was decided on does not come again"
    left = everything(store)
    assert len(left) == 8
    assert not set(left) & set(first), "what earlier rules read waits no more"
    changed = said("N01", "narrative", "Police found GHB.", datetime(2020, 4, 1))
    acts.write("a.clerk", enter_facts, [changed])
    assert read(store, cases=["N01"]).cases == 1
    lines = queue(store, SuggestionFilter(case="N01")).lines
    assert [line.value for line in lines] == ["ghb"]
    seen = suggestion_text(store, lines[0].suggestion)
    assert (seen.words, seen.current, seen.history) == ("GHB", True, ())


def test_pages_meet_every_suggestion_once_in_either_direction_and_order(make_store):
    store = make_store()
    fill(store, 8)
    rows = list(store.rows(Suggested))
    keys = {
        "number": lambda r: (r.id,),
        "case": lambda r: (r.case_id, r.id),
        "rule": lambda r: (r.rule, r.id),
    }
    for sort, key in keys.items():
        wanted = [row.id for row in sorted(rows, key=key)]
        for size in (1, 5, 24, 100):
            assert everything(store, sort, size) == wanted
        page = queue(store, sort=sort, size=7)
        found: list[int] = []
        while page.next is not None:
            page = queue(store, sort=sort, size=7, after=page.next)
        while True:
            found = [line.suggestion for line in page.lines] + found
            if page.previous is None:
                break
            page = queue(store, sort=sort, size=7, before=page.previous)
        assert found == wanted
        assert page.count == len(wanted)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"sort": "value"}, "order"),
        ({"size": 0}, "on a page"),
        ({"after": "1", "before": "2"}, "one of the two"),
        ({"after": "x"}, "begin with the first page"),
        ({"after": "3~GHB"}, "begin with the first page"),
        ({"sort": "case", "after": "3"}, "begin with the first page"),
        ({"chosen": SuggestionFilter(outcome="taken")}, "outcome"),
    ],
)
def test_pages_that_are_none_are_refused(make_store, asked, said):
    with pytest.raises(InputError, match=said):
        queue(make_store(), **asked)


def test_an_accepted_suggestion_is_a_fact_of_who_read_it_and_can_be_taken_back(make_store):
    store = make_store()
    acts = fill(store, 1)
    number = of(store, "N00")
    acts.write("first", accept, number)
    (fact,) = standing(store, "N00", "substances_detected")
    assert (fact.value, fact.author, fact.known_from) == ("ghb", "first", "2020-03-01T00:00:00")
    assert fact.origin.startswith("narrative 20-23, rule substance.ghb.name, version ")
    stands = suggestion_text(store, number).line.stands
    assert stands is not None
    assert (stands.outcome, stands.by, stands.fact) == ("accepted", "first", fact.id)
    assert read_store(store).register.table["substances_detected"].to_list() == [["ghb"]]
    with pytest.raises(InputError, match="first accepted it; withdraw that first"):
        acts.write("second", reject, number)
    acts.write("second", withdraw, number, "misread")
    assert not standing(store, "N00", "substances_detected")
    assert read_store(store).register.table["substances_detected"].to_list() == [None]
    past = AsOf(known=datetime(2020, 3, 2).date())
    assert read_store(store, past).register.table["substances_detected"].to_list() == [None]
    assert number in everything(store), "it waits again"
    acts.write("second", reject, number)
    history = suggestion_text(store, number).history
    assert [each.outcome for each in history] == ["accepted", "withdrawn", "rejected"]
    assert [row.supersedes for row in store.rows(SuggestionDecision).order_by("id")] == [
        None,
        history[0].decision,
        history[1].decision,
    ]
    assert number not in everything(store)
    assert verify(store).outcome is Outcome.INTACT


def test_what_another_file_says_stands_when_an_acceptance_is_taken_back(make_store):
    store = make_store()
    acts = fill(store, 1)
    acts.write("a.clerk", enter_facts, [said("N00", "substances_detected", "mdma")])
    number = of(store, "N00")
    acts.write("first", accept, number)
    assert sorted(read_store(store).register.table["substances_detected"][0]) == ["ghb", "mdma"]
    acts.write("first", withdraw, number, "misread")
    assert read_store(store).register.table["substances_detected"].to_list() == [["mdma"]]


def place(text: str) -> list[Suggestion]:
    """A rule for a field of one value."""
    begin = text.index("wall")
    said = ("found_place_kind", "graveyard", Assertion.PRESENT, begin, begin + 4, "place.wall")
    return [Suggestion(*said, "1", 0.5)]


def test_a_field_of_one_value_holds_what_was_said_before_when_an_acceptance_is_taken_back(
    make_store,
):
    store = make_store()
    acts = Acts(store)
    facts = [said("P", "found_at", "2020-02-03"), said("P", "narrative", "By a wall.")]
    acts.write("a.clerk", enter_facts, facts)
    suggest(store, read=place, rules="places", **BY)
    number = of(store, "P", field="found_place_kind")
    acts.write("first", accept, number)
    acts.write("a.clerk", enter_facts, [said("P", "found_place_kind", "graveyard")])
    acts.write("first", withdraw, number, "misread")
    assert read_store(store).register.table["found_place_kind"].to_list() == ["graveyard"]
    (held,) = [f for f in standing(store, "P", "found_place_kind") if f.author == "a.clerk"][:1]
    newer = said("P", "found_place_kind", "park")
    acts.write("a.clerk", correct_fact, held.id, newer, "typed_wrongly")
    for other in standing(store, "P", "found_place_kind"):
        if other.value == "graveyard":
            acts.write("a.clerk", correct_fact, other.id, newer, "typed_wrongly")
    with pytest.raises(FieldError, match="the case has 'park' already"):
        acts.write("first", accept, number)


def twice(text: str) -> list[Suggestion]:
    """The same twice, by two rules."""
    return [*place(text), replace(place(text)[0], rule="place.stone")]


def test_what_was_accepted_twice_stands_until_both_are_taken_back(make_store):
    store = make_store()
    acts = Acts(store)
    early = datetime(2020, 1, 1)
    facts = [said("P", "found_at", "2019-12-30"), said("P", "narrative", "By a wall.")]
    acts.write("a.clerk", enter_facts, facts)
    suggest(store, read=twice, rules="places", **BY)
    first, second = everything(store)
    acts.write("first", accept, first)
    acts.write("second", accept, second)
    acts.write("a.clerk", enter_facts, [said("P", "found_place_kind", "park", early)])
    now = read_store(store).register
    assert now.table["found_place_kind"].to_list() == ["graveyard"]
    acts.write("first", withdraw, first, "misread")
    now = read_store(store).register
    assert now.table["found_place_kind"].to_list() == ["graveyard"]
    acts.write("first", withdraw, second, "misread")
    now = read_store(store).register
    assert now.table["found_place_kind"].to_list() == ["park"], "as was said before"
    assert verify(store).outcome is Outcome.INTACT


def test_what_is_denied_is_decided_on_and_states_no_fact(make_store):
    store = make_store()
    acts = fill(store, 1)
    acts.write("first", accept, of(store, "N00", value="ketamine"))
    acts.write("first", accept, of(store, "N00", value="cocaine"))
    rows = store.rows(SuggestionDecision).order_by("id")
    assert [row.fact is None for row in rows] == [True, False]
    assert [f.value for f in standing(store, "N00", "substances_not_detected")] == ["cocaine"]
    assert not standing(store, "N00", "substances_suspected")


def test_a_value_that_was_nearly_right_is_accepted_as_another_and_does_not_count_for_the_rule(
    make_store,
):
    store = make_store()
    acts = fill(store, 2)
    acts.write("first", accept, of(store, "N00"), value="gbl")
    acts.write("first", accept, of(store, "N01"))
    assert [f.value for f in standing(store, "N00", "substances_detected")] == ["gbl"]
    (rate,) = [each for each in rates(store) if each.decided]
    assert (rate.rule, rate.decided, rate.accepted) == ("substance.ghb.name", 2, 1)
    with pytest.raises(FieldError):
        acts.write("first", accept, of(store, "N01", value="cocaine"), assertion="sometimes")


def test_a_suggestion_of_a_text_that_is_no_more_is_not_accepted(make_store):
    store = make_store()
    acts = fill(store, 1)
    number = of(store, "N00")
    changed = said("N00", "narrative", "Nothing is known.", datetime(2020, 4, 1))
    acts.write("a.clerk", enter_facts, [changed])
    assert not suggestion_text(store, number).current
    with pytest.raises(InputError, match="another text now"):
        acts.write("first", accept, number)
    read(store)
    with pytest.raises(InputError, match="read again since"):
        acts.write("first", accept, number)
    assert not everything(store)


def test_the_program_decides_nothing(make_store):
    store = make_store()
    acts = fill(store, 1)
    for act in (accept, reject):
        with pytest.raises(InputError, match="a person's"):
            acts.write("openverdict", act, of(store, "N00"))


def test_two_readers_agree_as_two_files_of_the_same_decisions_do(make_store):
    store = make_store()
    acts = fill(store, 10)
    chance = random.Random(7)
    first, second = {}, {}
    for number in everything(store):
        first[number] = chance.random() < 0.6
        acts.write("first", accept if first[number] else reject, number)
    waiting = everything(store, chosen=SuggestionFilter(second=True), user="second")
    assert sorted(waiting) == sorted(first)
    assert not everything(store, chosen=SuggestionFilter(second=True), user="first")
    for number in waiting:
        page = queue(store, SuggestionFilter(second=True), user="second", size=1)
        assert page.lines[0].stands is None, "a second reader does not see the first"
        assert suggestion_text(store, number, blind=True).history == ()
        second[number] = first[number] if chance.random() < 0.8 else not first[number]
        acts.write("second", read_again, number, accepted=second[number])
    found = agreement(store)
    files = [
        pl.DataFrame(
            [
                {"case_id": str(number), "accepted": "yes" if said else "no"}
                | dict.fromkeys(("field", "value", "assertion", "start", "end", "rule"), "x")
                for number, said in each.items()
            ]
        )
        for each in (first, second)
    ]
    wanted = files_agree(*files)
    assert (found.rows, found.agreed) == (wanted.rows, wanted.agreed)
    assert math.isclose(found.kappa, wanted.kappa)
    assert found.differing == tuple(sorted(n for n in first if first[n] != second[n]))
    counted = sum(rate.decided for rate in rates(store))
    assert counted == 2 * len(first)
    assert sum(rate.accepted for rate in rates(store)) == sum(first.values()) + sum(second.values())
    assert len(store.rows(Row).filter(author="second")) == 0, "a second reading makes no fact"


def test_the_second_reader_is_another_person_and_reads_once(make_store):
    store = make_store()
    acts = fill(store, 1)
    number = of(store, "N00")
    with pytest.raises(InputError, match="nobody has read it"):
        acts.write("second", read_again, number, accepted=True)
    acts.write("first", reject, number)
    with pytest.raises(InputError, match="another person"):
        acts.write("first", read_again, number, accepted=True)
    acts.write("second", read_again, number, accepted=True)
    with pytest.raises(InputError, match="second time"):
        acts.write("third", read_again, number, accepted=True)
    acts.write("first", withdraw, number, "misread")
    with pytest.raises(InputError, match="second reader"):
        acts.write("second", accept, number)
    acts.write("second", withdraw, number, "misread", place=2)
    acts.write("second", accept, number)


def ready(store, count: int = 14) -> Acts:
    """Ten of the GHB suggestions accepted one by one; the others wait."""
    acts = fill(store, count)
    for number in range(10):
        acts.write("first", accept, of(store, f"N{number:02}"))
    return acts


def version_of(store) -> str:
    return str(store.rows(Suggested).filter(**GHB)[0].version)


def test_a_rule_is_accepted_at_once_with_its_rate_and_undone_at_once(make_store):
    store = make_store()
    acts = ready(store)
    rule, version = "substance.ghb.name", version_of(store)
    acts.write("first", reject, of(store, "N13"))
    before = {(each.rule, each.version): each for each in rates(store)}[rule, version]
    assert (before.decided, before.accepted, before.waiting) == (11, 10, 3)
    with pytest.raises(InputError, match="3 of its suggestions wait, and not 4"):
        acts.write("first", accept_rule, rule, version, expected=4)
    taken = acts.write("first", accept_rule, rule, version, expected=3)
    assert (taken.accepted, taken.facts, taken.left) == (3, 3, ())
    (fact,) = standing(store, "N12", "substances_detected")
    assert fact.author == "first"
    assert fact.origin.endswith("accepted together with others of its rule (10 of 11 before)")
    after = {(each.rule, each.version): each for each in rates(store)}[rule, version]
    assert (after.decided, after.accepted, after.waiting) == (11, 10, 0)
    assert store.rows(Event).filter(kind="suggestion_decided").count() == 14
    # A person reads one of them after all, and turns it down; another accepts one.
    acts.write("second", reject, of(store, "N12"))
    assert not standing(store, "N12", "substances_detected")
    acts.write("second", accept, of(store, "N11"))
    (mended,) = standing(store, "N11", "substances_detected")
    assert mended.author == "second"
    assert "together" not in mended.origin
    assert acts.write("head", withdraw_together, taken.name, "rule_was_wrong") == 1
    assert not standing(store, "N10", "substances_detected")
    assert standing(store, "N11", "substances_detected")
    assert of(store, "N10") in everything(store)
    with pytest.raises(InputError, match="nothing stands"):
        acts.write("head", withdraw_together, taken.name, "rule_was_wrong")
    assert verify(store).outcome is Outcome.INTACT


def test_a_rule_of_which_too_little_is_known_is_not_accepted_at_once(make_store):
    store = make_store()
    acts = fill(store, 3)
    with pytest.raises(InputError, match="0 of its suggestions decided one by one"):
        acts.write("first", accept_rule, "substance.ghb.name", version_of(store), expected=3)


def test_what_a_person_turned_down_in_a_case_is_not_accepted_there_by_another_rule(make_store):
    store = make_store()
    acts = ready(store, 11)
    facts = [
        said("TWICE", "found_at", "2020-02-03"),
        said("TWICE", "narrative", "Toxicology detected GHB and toxicology detected G H B, GHB."),
    ]
    acts.write("a.clerk", enter_facts, facts)
    read(store)
    own = list(store.rows(Suggested).filter(case_id="TWICE", rule="substance.ghb.name"))
    assert len(own) > 1
    acts.write("first", reject, own[0].id)
    taken = acts.write("first", accept_rule, own[0].rule, own[0].version, expected=1 + len(own) - 1)
    assert taken.accepted == 1
    assert taken.left == (("a person turned the same value down in the same case", len(own) - 1),)
    assert not standing(store, "TWICE", "substances_detected")


def test_a_person_sees_and_decides_on_the_suggestions_of_their_own_cases_only(make_store, clock):
    store = make_store()
    acts = fill(store, 3)
    acts.write("openverdict", accounts.found, "root")
    acts.write("root", accounts.change_user, "head", "made")
    acts.write("root", accounts.change_user, "first", "made")
    acts.write("root", accounts.change_user, "looks", "made")
    acts.write("root", accounts.grant, "head", "supervisor")
    acts.write("root", accounts.grant, "first", "reviewer", case="N01")
    acts.write("root", accounts.grant, "looks", "reader")
    assert {line.case for line in queue(store, user="first").lines} == {"N01"}
    assert queue(store, user="head").count == 9
    assert queue(store, user="looks").count == 0, "who enters no facts has nothing to decide on"
    assert {each.waiting for each in rates(store, user="first")} == {1}
    with pytest.raises(AccessError):
        acts.write("first", accept, of(store, "N02"))
    with pytest.raises(AccessError):
        queue(store)
    acts.write("head", accounts.restrict, "N02", "family_of_staff")
    assert {line.case for line in queue(store, user="head").lines} == {"N00", "N01"}
    acts.write("first", accept, of(store, "N01"))


def test_what_was_read_of_a_case_goes_with_the_case_and_the_decision_stays(make_store, clock):
    from datetime import timedelta

    from openverdict.decisions import certificate, retention

    store = make_store()
    acts = fill(store, 2)
    number = of(store, "N00")
    acts.write("first", accept, number)
    due = (clock.now - timedelta(days=1)).astimezone(UTC).date()
    acts.write("manager", retention.set_retention, "N00", "group_3", due, "policy")
    acts.write("head", retention.approve_erasure, "N00", "end_of_retention")
    certificate.erase_case(store, "N00", actor="manager", purpose="retention")
    assert not store.rows(Suggested).filter(case_id="N00").exists()
    assert not store.rows(NarrativeRead).filter(case_id="N00").exists()
    assert {line.case for line in queue(store).lines} == {"N01"}
    with pytest.raises(InputError, match="or it was erased"):
        suggestion_text(store, number)
    (rate,) = [each for each in rates(store) if each.decided]
    assert (rate.decided, rate.accepted) == (1, 1)
    assert verify(store).outcome is Outcome.INTACT
