"""Late results: toxicology, an examination or a conclusion that comes after a run is noted, changes the next, and is told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from openverdict.cases import Fact as CaseFact
from openverdict.cases import Status
from openverdict.decisions import duties, late
from openverdict.decisions.changes import changes, compare_with_before, rerun
from openverdict.decisions.models import Reopened, RunCompared
from openverdict.errors import InputError
from openverdict.intake import read_register
from openverdict.leads import Settings, review
from openverdict.ledger.facts import read_store
from openverdict.ledger.models import Event, Fact, Triaged
from openverdict.ledger.verifying import Outcome, verify

BY: dict[str, Any] = {"actor": "a.runner", "purpose": "death_review"}
QUICK = Settings(replicates=0, intervals=False)


def fact(case, field, value, known="2015-06-19"):
    day = datetime.fromisoformat(known)
    return CaseFact(case, field, value, Status.RECORDED, day, None, "coroner", "a.clerk")


def enter(acts, *facts):
    return acts.write("a.clerk", late.enter_facts, list(facts))


def level(store, run, case):
    return store.rows(Triaged).get(run_id=run, case_id=case).level


def again(acts):
    return rerun(acts.store, settings=QUICK, **BY)


def reasons(store, user):
    return [told.reason for told in late.notices(store, user=user)]


def test_a_new_result_changes_the_list_within_one_run_and_the_owners_are_told(acts, clock):
    """The worked example without what the note's examination showed and without D's toxicology, which come later."""
    acts.write("head", duties.own, "T", "an.owner")
    acts.write("head", duties.own, "A", "another")
    first, result, _ = again(acts)
    listed = {lead.cases for lead in result.leads}
    enter(
        acts,
        fact("T", "found_lat", "51.5350", "2014-07-02"),
        fact("T", "found_lon", "0.0760", "2014-07-02"),
        fact("T", "micro_place", "churchyard_wall", "2014-07-02"),
        fact("T", "body_position", "sitting_propped", "2014-07-02"),
        fact("T", "found_place_kind", "park_or_churchyard", "2014-07-02"),
        fact("T", "persons", "finder:W_finder", "2014-07-02"),
        fact("T", "substances_detected", "ghb", "2014-07-02"),
    )
    assert {(c, f) for c, f, *_ in late.late_facts(acts.store)} == {
        ("T", "persons"), ("T", "substances_detected")
    }  # fmt: skip
    assert reasons(acts.store, "an.owner") == ["late_result"]
    second, result, found = again(acts)
    assert (found.before, found.after, found.touched) == (first, second, ("T",))
    assert any("T" in pair.cases and pair.ratio_before is None for pair in found.pairs)
    assert {lead.cases for lead in result.leads} != listed
    assert any("T" in moved.cases for moved in found.leads)
    assert reasons(acts.store, "an.owner")[0] == "list_changed"
    assert changes(acts.store, first, second) == found
    assert acts.store.rows(RunCompared).filter(run=second).get().changed == len(found)
    assert verify(acts.store).outcome is Outcome.INTACT


def test_a_coroners_doubt_pulls_the_case_back_and_raises_its_level(acts):
    """At 19 June 2015 B's conclusion was open, and the part of another person was not ruled out."""
    acts.write("head", duties.own, "T", "an.owner")
    first, *_ = again(acts)
    enter(acts, fact("T", "manner_coroner", "open"))
    assert not acts.store.rows(Reopened).exists()
    enter(acts, fact("T", "coroner_third_party_doubt", "yes"))
    assert acts.store.rows(Reopened).get().reason == "coroners_doubt"
    assert reasons(acts.store, "an.owner") == ["coroners_doubt", "late_result"]
    second, _, found = again(acts)
    (raised,) = [each for each in found.levels if each.case == "T"]
    assert (raised.before, raised.after) == (
        level(acts.store, first, "T"),
        level(acts.store, second, "T"),
    )
    assert raised.after > raised.before


def test_a_conclusion_with_doubt_raises_b_and_c_on_its_day(acts, tmp_path):
    """As-of replay on what the worked example says, with the doubt recorded for both."""
    enter(acts, fact("B", "coroner_third_party_doubt", "yes"))
    register = read_store(acts.store).register
    before, after = (
        {t.case_id: t.level for t in review(register.as_of(day), QUICK).triage}
        for day in (date(2015, 6, 18), date(2015, 6, 19))
    )
    codes = {
        t.case_id: {reason.code for reason in t.reasons}
        for t in review(register.as_of(date(2015, 6, 19)), QUICK).triage
    }
    for case in ("B", "C"):
        assert "coroner_open_third_party" in codes[case]
        assert after[case] >= before[case]


def test_a_late_result_pulls_back_what_was_decided_and_only_once(acts):
    number = acts.decide("first", acts.pair("A", "B"), "possibly")
    enter(acts, fact("A", "substance_levels", "ghb:800"))
    assert [row.id for row in duties.decided_before_reopening(acts.store)] == [number]
    enter(acts, fact("A", "substances_not_detected", "opioids"))
    assert acts.store.rows(Reopened).count() == 1


def test_what_is_no_result_or_of_a_new_case_is_not_late(acts, tmp_path):
    before = acts.store.size()
    enter(acts, fact("A", "found_place", "the entrance of a block of flats"))
    enter(acts, fact("NEW", "found_at", "2015-10-01"), fact("NEW", "substances_detected", "ghb"))
    kinds = acts.store.rows(Event).filter(seq__gte=before).values_list("kind", flat=True)
    assert "late_facts_noted" not in kinds
    table = tmp_path / "more.csv"
    table.write_text("case_id,found_at,injuries\nT,2014-07-01,grip_bruise\n", encoding="utf-8")
    late.take_in(acts.store, read_register(table), **BY)
    assert late.late_facts(acts.store)[0][:3] == ("T", "injuries", "late_result")


def test_a_correction_is_late_too_and_runs_are_compared_once(acts):
    old = acts.store.rows(Fact).filter(case_id="B", field="manner_coroner").get()
    newer = fact("B", "manner_coroner", "narrative", "2017-01-01")
    acts.write("a.clerk", late.correct_fact, old.id, newer, "new_inquest")
    assert [each[:2] for each in late.late_facts(acts.store)] == [("B", "manner_coroner")]
    run, *_ = again(acts)
    with pytest.raises(InputError, match="already"):
        compare_with_before(acts.store, run, **BY)
    with pytest.raises(InputError, match="none of this number that has ended"):
        changes(acts.store, run, 99)
