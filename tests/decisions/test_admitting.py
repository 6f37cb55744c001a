"""A stated policy in a store: adopted by who may, applied to what it admits, and told on every lead that rests on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from tests.decisions.acts import Acts
from tests.decisions.test_suggestions import of, read, said, standing

from openverdict.decisions import accounts, changes
from openverdict.decisions.accepting import accept, reject, withdraw_together
from openverdict.decisions.access import AccessError
from openverdict.decisions.admitting import (
    admitted,
    adopt_suggestion_policy,
    adoptions,
    applied,
    apply_policy,
    policy_in_force,
    withdraw_suggestion_policy,
)
from openverdict.decisions.late import enter_facts
from openverdict.decisions.models import SuggestionDecision
from openverdict.decisions.proving import rates
from openverdict.errors import InputError
from openverdict.leads import Settings
from openverdict.ledger.models import Event
from openverdict.ledger.verifying import Outcome, verify
from openverdict.narrative import SuggestionPolicy, under_policy
from openverdict.narrative.policy import Admit
from openverdict.under_policy import CODE, said_of

POLICY = SuggestionPolicy(
    "lab-results",
    "1",
    "head of review",
    date(2024, 1, 2),
    "Substances that laboratories reported, read by two people.",
    (Admit(("substance.*.name",), ("substances_detected",), 20, 0.75),),
)
FOUND = "Toxicology detected mephedrone in the blood."
RULE = {"value": "mephedrone"}


def fill(store, cases, first: int = 20) -> Acts:
    """Cases with the same words; those of a made series and then `first` more, which somebody reads one by one."""
    acts = Acts(store)
    for case in cases:
        acts.write("a.clerk", enter_facts, [said(case, "narrative", FOUND, datetime(2014, 9, 1))])
    for number in range(first):
        facts = [said(f"N{number:02}", "found_at", "2020-02-03")]
        acts.write("a.clerk", enter_facts, [*facts, said(f"N{number:02}", "narrative", FOUND)])
    read(store)
    for number in range(first):
        acts.write("first", accept, of(store, f"N{number:02}", **RULE))
    return acts


def test_nothing_is_admitted_before_a_policy_was_adopted_and_enough_was_read(make_store):
    store = make_store()
    acts = fill(store, (), 4)
    assert policy_in_force(store) is None
    with pytest.raises(InputError, match="no policy"):
        admitted(store)
    with pytest.raises(InputError, match="no policy"):
        acts.write("head", apply_policy, expected=1)
    with pytest.raises(InputError, match="a person's"):
        acts.write("openverdict", adopt_suggestion_policy, POLICY)
    acts.write("head", adopt_suggestion_policy, POLICY)
    assert policy_in_force(store) == POLICY
    other = replace(POLICY, reason="Other reasons, for the same version of it.")
    with pytest.raises(InputError, match="give it a new version"):
        acts.write("head", adopt_suggestion_policy, other)
    acts.write(
        "a.clerk",
        enter_facts,
        [said("N99", "found_at", "2020-02-03"), said("N99", "narrative", FOUND)],
    )
    read(store)
    (told,) = admitted(store)
    assert told.waiting == 1
    assert told.refused == "substance.mephedrone.name: 4 of its suggestions decided, 20 needed"
    with pytest.raises(InputError, match="admits 0 suggestions now"):
        acts.write("head", apply_policy, expected=0)
    adopted = store.rows(Event).get(kind="policy_adopted")
    assert POLICY.sha256 in adopted.body


def test_leads_say_which_facts_no_person_accepted_until_a_person_reads_them(filled):
    acts = fill(filled, ("A", "B", "C", "D"))
    acts.write("head", adopt_suggestion_policy, POLICY)
    acts.write("first", reject, of(filled, "D", **RULE))
    (told,) = admitted(filled)
    assert (told.waiting, told.refused) == (3, None)
    with pytest.raises(InputError, match="admits 3 suggestions now, and not 4"):
        acts.write("head", apply_policy, expected=4)
    taken = acts.write("head", apply_policy, expected=3)
    assert (taken.accepted, taken.facts) == (3, 3)
    made = [f for f in standing(filled, "A", "substances_detected") if under_policy(f.origin)]
    assert [(f.value, f.author) for f in made] == [("mephedrone", "policy lab-results 1")]
    said_policy = under_policy(made[0].origin)
    assert said_policy is not None
    assert POLICY.sha256.startswith(said_policy.sha256)
    assert "20 of 21 accepted" in made[0].origin
    row = filled.rows(SuggestionDecision).filter(case_id="A").get()
    assert row.policy == f"lab-results 1 {POLICY.sha256}"
    (rate,) = [each for each in rates(filled) if each.rule == "substance.mephedrone.name"]
    assert (rate.decided, rate.accepted, rate.waiting) == (21, 20, 0)

    settings = Settings(replicates=0, intervals=False)
    by: dict[str, Any] = {"actor": "a.runner", "purpose": "death_review", "settings": settings}
    _, review, _ = changes.rerun(filled, **by)
    resting = [lead for lead in review.leads if {"A", "B", "C"} & set(lead.cases)]
    assert resting
    told_by = review.summary[CODE][0]
    assert (told_by["policy"], told_by["facts"], told_by["cases"]) == ("lab-results", 3, 3)
    assert all("lab-results 1" in said_of(lead) for lead in resting)

    # A person reads them after all.
    for case in ("A", "B", "C"):
        acts.write("second", accept, of(filled, case, **RULE))
    _, review, _ = changes.rerun(filled, **by)
    assert CODE not in review.summary
    assert not any(said_of(lead) for lead in review.leads)
    with pytest.raises(InputError, match="nothing stands"):
        acts.write("head", withdraw_together, taken.name, "policy_ended")
    assert verify(filled).outcome is Outcome.INTACT


def test_what_a_policy_admitted_is_undone_in_one_go(filled):
    acts = fill(filled, ("A", "B"))
    acts.write("head", adopt_suggestion_policy, POLICY)
    taken = acts.write("head", apply_policy, expected=2)
    (stands,) = applied(filled)
    assert (stands.name, stands.suggestions, stands.facts) == (taken.name, 2, 2)
    assert stands.policy == f"lab-results 1 {POLICY.sha256}"
    before = changes.rerun(
        filled, actor="r", purpose="death_review", settings=Settings(replicates=0, intervals=False)
    )[1]
    assert CODE in before.summary
    assert acts.write("head", withdraw_together, taken.name, "policy_ended") == 2
    after = changes.rerun(
        filled, actor="r", purpose="death_review", settings=Settings(replicates=0, intervals=False)
    )[1]
    assert CODE not in after.summary
    assert admitted(filled)[0].waiting == 2
    assert applied(filled) == ()


def test_a_policy_is_taken_back_with_a_reason_and_can_be_adopted_again(make_store):
    store = make_store()
    acts = Acts(store)
    with pytest.raises(InputError, match="no policy"):
        acts.write("head", withdraw_suggestion_policy, "The laboratory changed its letters.")
    acts.write("head", adopt_suggestion_policy, POLICY)
    with pytest.raises(InputError, match="say why"):
        acts.write("head", withdraw_suggestion_policy, " ")
    acts.write("head", withdraw_suggestion_policy, "The laboratory changed its letters.")
    assert policy_in_force(store) is None
    with pytest.raises(InputError, match="only people accept"):
        acts.write("head", apply_policy, expected=1)
    acts.write("other", adopt_suggestion_policy, POLICY)
    assert policy_in_force(store) == POLICY
    told = [(each.name, each.by, each.reason) for each in adoptions(store)]
    assert told == [
        ("lab-results", "other", POLICY.reason),
        (None, "head", "The laboratory changed its letters."),
        ("lab-results", "head", POLICY.reason),
    ]
    assert adoptions(store)[0].sha256 == POLICY.sha256
    assert verify(store).outcome is Outcome.INTACT


def test_a_supervisor_adopts_and_applies_on_cases_where_they_may_enter_facts(make_store):
    store = make_store()
    acts = fill(store, (), 20)
    for case in ("X", "Y"):
        acts.write(
            "a.clerk",
            enter_facts,
            [said(case, "found_at", "2020-02-03"), said(case, "narrative", FOUND)],
        )
    read(store)
    acts.write("openverdict", accounts.found, "root")
    for user, role in (("head", "supervisor"), ("first", "reviewer")):
        acts.write("root", accounts.change_user, user, "made")
        acts.write("root", accounts.grant, user, role)
    acts.write("head", accounts.restrict, "Y", "family_of_staff")
    with pytest.raises(AccessError):
        acts.write("first", adopt_suggestion_policy, POLICY)
    acts.write("head", adopt_suggestion_policy, POLICY)
    with pytest.raises(AccessError):
        acts.write("first", apply_policy, expected=1)
    assert [each.waiting for each in admitted(store, user="head")] == [1]
    assert acts.write("head", apply_policy, expected=1).accepted == 1
    assert standing(store, "X", "substances_detected")
    assert not standing(store, "Y", "substances_detected")
