"""Late results: toxicology, an examination or a conclusion that comes after a run is noted, changes the next, and is told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from openverdict.cases import FACTS_SCHEMA, Register, Status
from openverdict.cases import Fact as CaseFact
from openverdict.decisions import duties, late
from openverdict.decisions.changes import changes, compare_with_before, rerun, told_of
from openverdict.decisions.models import Reopened, RunCompared
from openverdict.errors import InputError
from openverdict.intake import read_register
from openverdict.leads import Settings, review
from openverdict.ledger.facts import read_store
from openverdict.ledger.models import Event, Fact, Triaged
from openverdict.ledger.verifying import Outcome, verify
from openverdict.simulate import worked_example, worked_example_facts_path

BY: dict[str, Any] = {"actor": "a.runner", "purpose": "death_review"}
TOP = 4  # of the levels of triage
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


def held_back(store, tmp_path, *rows):
    """The worked example taken into a store without some of its facts, and the file of those."""
    facts = worked_example_facts_path().read_text(encoding="utf-8").splitlines(keepends=True)
    late_ones = [line for line in facts if line.startswith(rows)]
    assert len(late_ones) == len(rows)
    early, later = tmp_path / "early.csv", tmp_path / "later.csv"
    early.write_text("".join(x for x in facts if x not in late_ones), encoding="utf-8")
    cases = {line.split(",", 1)[0] for line in late_ones}
    dated = [line for line in facts if line.split(",")[:2] in [[c, "found_at"] for c in cases]]
    later.write_text("".join([facts[0], *dated, *late_ones]), encoding="utf-8")
    late.take_in(store, read_register(early), **BY)
    return read_register(later)


def test_late_toxicology_of_the_worked_example_changes_the_list_within_one_run(
    make_store, tmp_path
):
    """D's toxicology comes after the run; the next one lists D otherwise, and its owner has a notice of both."""
    store = make_store()
    later = held_back(store, tmp_path, "D,substances_detected,")
    with store.writing("head", "death_review") as writer:
        duties.own(store, writer, "D", "an.owner")
    first, *_ = rerun(store, settings=QUICK, **BY)
    late.take_in(store, later, **BY)
    assert late.late_facts(store) == [("D", "substances_detected", "late_result", first)]
    second, _, found = rerun(store, settings=QUICK, **BY)
    assert found is not None
    assert (found.before, found.after, found.touched) == (first, second, ("D",))
    assert any("D" in moved.cases for moved in found.pairs)
    assert any("D" in moved.cases for moved in found.leads)
    assert reasons(store, "an.owner") == ["list_changed", "late_result"]
    assert told_of(store, second) == [("an.owner", "D")]


def test_the_conclusions_of_19_june_2015_reopen_b_and_c_and_raise_what_is_not_at_the_top(
    make_store, tmp_path
):
    """The doubt is recorded for both. C stood at the top by its note; B is raised, were no more known than its day."""
    store = make_store()
    later = held_back(
        store, tmp_path, "B,manner_coroner,", "C,manner_coroner,", "C,coroner_third_party_doubt,",
        "C,indicators,coroner_open_third_party,",
    )  # fmt: skip
    for case in ("B", "C"):
        with store.writing("head", "death_review") as writer:
            duties.own(store, writer, case, "an.owner")
    first, *_ = rerun(store, settings=QUICK, **BY)
    late.take_in(store, later, **BY)
    with store.writing("a.clerk", "death_review") as writer:
        late.enter_facts(store, writer, [fact("B", "coroner_third_party_doubt", "yes")])
    back = store.rows(Reopened).order_by("case_id").values_list("case_id", "reason")
    assert list(back) == [("B", "coroners_doubt"), ("C", "coroners_doubt")]
    assert reasons(store, "an.owner").count("coroners_doubt") == 2
    second, *_ = rerun(store, settings=QUICK, **BY)
    for case in ("B", "C"):
        before, after = level(store, first, case), level(store, second, case)
        assert after > before or before == TOP
    known = worked_example().as_of(date(2014, 8, 28)).facts
    bare = known.filter(
        pl.col("field").is_in(["found_at", "kind"])
    )  # B with nothing else to raise it
    alone = Register.from_facts(bare)
    day = datetime(2015, 6, 19)
    doubt = [
        ("B", field, value, "recorded", day, None, "coroner", "a.clerk")
        for field, value in (("manner_coroner", "open"), ("coroner_third_party_doubt", "yes"))
    ]
    more = pl.DataFrame(doubt, schema=FACTS_SCHEMA, orient="row")
    concluded = Register.from_facts(pl.concat([alone.facts, more]))
    before, after = (
        {t.case_id: t.level for t in review(each, QUICK).triage}["B"] for each in (alone, concluded)
    )
    assert before < TOP
    assert after > before


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
