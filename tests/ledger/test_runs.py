"""Runs: fixed before they begin, stored when they end, and the same from a store as from files."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from openverdict.intake import read_register
from openverdict.leads import Settings, review
from openverdict.ledger.collecting import collect
from openverdict.ledger.events import Act, registry
from openverdict.ledger.facts import AsOf, entries_by, read_store
from openverdict.ledger.models import (
    Content,
    Event,
    Lead,
    LeadCase,
    Link,
    Mention,
    Run,
    RunEnd,
    Triaged,
)
from openverdict.ledger.runs import (
    FAILED,
    abandon_run,
    finish_run,
    inclusion_rule,
    plan_run,
    vocabularies,
)
from openverdict.ledger.verifying import Outcome, verify
from openverdict.simulate import worked_example_facts_path

BY: dict[str, Any] = {"actor": "an.analyst", "purpose": "death_review"}
DAY = date(2014, 9, 20)


def planned(store, settings=None, day=DAY):
    settings = settings or Settings(replicates=0)
    asked = AsOf(day)
    entries = entries_by(store, None)
    register = read_store(store, asked, entries=entries).register.as_of(day)
    run = plan_run(
        store,
        register,
        settings,
        as_of=asked,
        entries=entries,
        actor="an.analyst",
        purpose="death_review",
        program_version="0.1.0",
    )
    return run, register, settings


@pytest.fixture
def example(store):
    """The worked example in a store."""
    collect(
        store, read_register(worked_example_facts_path()), actor="a.clerk", purpose="death_review"
    )
    return store


def test_a_run_is_dated_and_stored_before_it_begins(example):
    number, register, settings = planned(example)
    run = example.rows(Run).get(id=number)
    event = example.rows(Event).get(seq=run.event_id)
    assert event.act == Act.COMBINATION
    assert run.register_hash == register.content_hash()
    assert json.loads(run.rule) == inclusion_rule(replace(settings, floor=2.0), AsOf(DAY))
    assert json.loads(run.vocabularies) == vocabularies()
    assert run.log_size == event.seq
    assert not example.rows(RunEnd).exists()


def test_what_came_out_is_stored_with_every_link_level_and_lead(example):
    run, register, settings = planned(example)
    result = review(register, settings)
    finish_run(example, run, result, outputs={"leads.csv": "0" * 64}, **BY)
    end = example.rows(RunEnd).get(run_id=run)
    assert end.pairs_total == len(register) * (len(register) - 1) // 2
    assert end.pairs_ledger + end.pairs_remainder == end.pairs_total
    links = list(example.rows(Link).filter(run_id=run).order_by("id"))
    ranked = [link for link in links if link.rank is not None]
    assert [(link.case_a, link.case_b) for link in ranked] == [
        row[:2] for row in result.links.iter_rows()
    ]
    for link in links:
        assert sum(json.loads(link.terms)) == pytest.approx(link.log10_lr, abs=1e-9)
    variables = json.loads(end.variables)
    assert all(len(json.loads(link.terms)) == len(variables) for link in links)
    levels = dict(example.rows(Triaged).filter(run_id=run).values_list("case_id", "level"))
    assert levels == {t.case_id: t.level for t in result.triage}
    leads = list(example.rows(Lead).filter(run_id=run).order_by("rank"))
    assert [lead.lead_id for lead in leads] == [lead.lead_id for lead in result.leads]
    for lead, found in zip(leads, result.leads, strict=True):
        cases = example.rows(LeadCase).filter(lead_id=lead.id).values_list("case_id", flat=True)
        assert tuple(cases) == found.cases
        words = json.loads(example.rows(Content).get(event_id=lead.event_id, name="lead").value)
        assert words["reasons"][0]["text"] == found.reasons[0].text
        assert found.reasons[0].text not in example.rows(Event).get(seq=lead.event_id).body
    assert verify(example).outcome is Outcome.INTACT


def test_the_number_of_a_lead_goes_by_its_name_and_not_by_its_rank(example):
    run, register, settings = planned(example)
    finish_run(example, run, review(register, settings), **BY)
    told = list(example.rows(Lead).order_by("id").values_list("lead_id", "rank"))
    assert told == sorted(told)
    assert [rank for _, rank in told] != sorted(rank for _, rank in told)


def test_a_pair_in_which_one_names_the_other_is_raised_once(example):
    for _ in range(2):
        run, register, settings = planned(example)
        finish_run(example, run, review(register, settings), **BY)
    (mention,) = example.rows(Mention)
    assert {mention.case_a, mention.case_b} == {"B", "C"}
    shown = example.rows(Link).filter(case_a=mention.case_a, case_b=mention.case_b)
    assert {link.shown for link in shown} == {"mandatory"}


def test_a_watched_pair_is_stored_whatever_its_ratio(example):
    run, register, settings = planned(example, Settings(replicates=0, watch=(("I1", "C"),)))
    finish_run(example, run, review(register, settings), **BY)
    assert example.rows(Link).get(run_id=run, shown="watched")


def test_a_run_that_comes_to_nothing_says_so(example):
    run, _, _ = planned(example)
    abandon_run(example, run, FAILED, **BY)
    last = json.loads(example.rows(Event).order_by("seq").last().body)
    assert (last["kind"], last["data"]["outcome"]) == ("run_finished", "failed")
    assert verify(example).outcome is Outcome.INTACT


def test_a_run_on_what_was_known_equals_the_run_on_files(example):
    _, register, settings = planned(example)
    plain = read_register(worked_example_facts_path()).register.as_of(DAY)
    here, there = review(register, settings), review(plain, settings)
    assert here.summary == there.summary
    assert (here.leads, here.triage, here.watched) == (there.leads, there.triage, there.watched)
    assert here.links.equals(there.links)


def test_every_event_that_the_store_writes_is_registered(filled):
    known = {kind for kind, _ in registry()}
    assert set(filled.rows(Event).values_list("kind", flat=True)) <= known
