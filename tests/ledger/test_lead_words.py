"""The words of leads: a group of hundreds is read a few pairs at a time, and says the same as its whole words."""

from __future__ import annotations

import json
import random
from itertools import combinations

import pytest
from tests.ledger.filled import BY

from openverdict.ledger import derived, engine, lead_words
from openverdict.ledger.derived import LeadHead, LeadPair
from openverdict.ledger.erasing import erase
from openverdict.ledger.events import ContentErased, LeadRaised
from openverdict.ledger.models import Content, Lead, LeadCase
from openverdict.ledger.verifying import Outcome, verify
from openverdict.ledger.writing import Block

CASES = [f"C{number:02}" for number in range(14)]


@pytest.fixture
def words():
    """Words of a lead of 14 cases, 91 pairs, in the form that a run gives them."""
    dice = random.Random(5)
    links = [
        {
            "case_a": a, "case_b": b, "log10_lr": dice.choice([1.5, 2.0, dice.random()]),
            "mandatory": dice.random() < 0.05, "sentence": "zum Beispiel äöü",
            "contributions": [
                {"variable": name, "label": name, "log10_lr": round(dice.uniform(-2, 2), 3)}
                for name in ("gap", "distance", "relation")
            ],
        }
        for a, b in combinations(CASES, 2)
    ]  # fmt: skip
    return {"cases": CASES, "kind": "series", "links": links, "against": []}


@pytest.fixture(params=[100, 10**9], ids=["taken apart", "whole"])
def large(request, monkeypatch):
    monkeypatch.setattr(lead_words, "LARGE", request.param)
    return request.param == 100


def raise_lead(store, words):
    with store.writing(**BY) as writer:
        number = writer.next_id(Lead)
        row = Lead(
            run_id=1, rank=1, lead_id="L", kind="series", log10_lr=3.0, strength=1.0,
            chance_per_year=0.1, first_raised="2014-03-01", mandatory=0,
        )  # fmt: skip
        writer.record(
            LeadRaised,
            [
                row,
                Block(LeadCase, [(number, case) for case in CASES]),
                Content(name="lead", value=json.dumps(words, ensure_ascii=False)),
            ],
            run="1", lead=str(number), lead_kind="series", rank=1, cases=tuple(CASES),
            log10_lr="3", chance_per_year="0.1",
        )  # fmt: skip
    return number


def in_order(words):
    return sorted(
        words["links"],
        key=lambda link: (not link["mandatory"], -link["log10_lr"], link["case_a"], link["case_b"]),
    )


def test_the_pairs_of_a_lead_are_those_of_its_words_in_their_order(store, words, large):
    lead = raise_lead(store, words)
    ordered = in_order(words)
    got = [lead_words.lead_pairs(store, lead, start=start, size=20) for start in range(0, 100, 20)]
    assert [
        (line.place, line.case_a, line.case_b, line.log10_lr, line.mandatory)
        for part in got
        for line in part
    ] == [
        (place, link["case_a"], link["case_b"], link["log10_lr"], link["mandatory"])
        for place, link in enumerate(ordered)
    ]
    for link in random.Random(1).sample(ordered, 9):
        for pair in ((link["case_a"], link["case_b"]), (link["case_b"], link["case_a"])):
            assert lead_words.lead_pair(store, lead, *pair) == link
    assert lead_words.lead_pair(store, lead, "C00", "X") is None
    assert store.rows(LeadHead).exists() == large


def test_the_words_without_all_pairs_hold_what_a_page_shows(store, words, large):
    lead = raise_lead(store, words)
    head = lead_words.lead_words(store, lead) or {}
    if not large:
        assert head == words
        return
    ordered = in_order(words)
    assert {name: head[name] for name in words if name != "links"} == {
        name: words[name] for name in words if name != "links"
    }
    assert head["links_total"] == len(ordered)
    assert head["links"][: lead_words.IN_FULL] == ordered[: lead_words.IN_FULL]
    against = sorted(
        term["log10_lr"]
        for link in ordered
        for term in link["contributions"]
        if term["variable"] != "relation"
    )[: lead_words.AGAINST]
    told = sorted(
        term["log10_lr"]
        for link in head["links"]
        for term in link["contributions"]
        if term["variable"] != "relation"
    )[: lead_words.AGAINST]
    assert told == against
    assert len(head["links"]) <= lead_words.IN_FULL + lead_words.AGAINST


def test_words_that_are_erased_are_gone_from_the_lists_too(store, words, large):
    lead, other = raise_lead(store, words), raise_lead(store, words)
    entry = store.rows(Lead).get(id=lead).event_id
    with store.writing(**BY) as writer:
        erase(store, writer, ContentErased, [entry], rule="r", reason="asked")
    assert lead_words.lead_words(store, lead) is None
    assert lead_words.lead_pairs(store, lead) == []
    assert lead_words.lead_pair(store, lead, "C00", "C01") is None
    assert not store.rows(LeadPair).filter(lead=lead).exists()
    assert lead_words.lead_words(store, other) is not None
    assert verify(store).outcome is Outcome.INTACT


def test_verify_compares_what_was_taken_apart_with_the_record(store, words, monkeypatch):
    monkeypatch.setattr(lead_words, "LARGE", 100)
    lead = raise_lead(store, words)
    assert verify(store).outcome is Outcome.INTACT
    before = list(store.rows(LeadPair).order_by("place").values_list("place", "case_a", "log10_lr"))
    with engine.writing(store.alias):
        derived.make(store.alias)
    rows = store.rows(LeadPair).order_by("place")
    assert list(rows.values_list("place", "case_a", "log10_lr")) == before
    damages = [
        lambda: store.rows(LeadPair).filter(place=3).update(log10_lr=9.0),
        lambda: store.rows(LeadPair).filter(place=90).delete(),
        lambda: store.rows(LeadPair).filter(place=5).update(words=b"x"),
        lambda: store.rows(LeadHead).filter(id=lead).update(words="{}"),
        lambda: store.rows(LeadPair).filter(place=0).update(lead=99),
    ]
    for damage in damages:
        with engine.writing(store.alias):
            damage()
        verdict = verify(store)
        assert verdict.outcome is Outcome.BROKEN
        assert "the lists have the words" in str(verdict.first)
        with engine.writing(store.alias):
            derived.make(store.alias)
