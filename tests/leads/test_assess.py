"""How far a group can be relied on: leave-outs recomputed, beliefs counted out, the record and the next check."""

from __future__ import annotations

from dataclasses import replace
from math import comb

import numpy as np
import pytest

from openverdict.cases import checks
from openverdict.evidence import Model, load_variables, prepare
from openverdict.evidence.interval import Intervals
from openverdict.leads import Settings, explain, review
from openverdict.leads.assess import (
    Assessor,
    at_odds,
    even_at,
    log10_groups,
    posteriors,
    scores,
)
from openverdict.leads.next_check import enquiries, next_check, refutes
from openverdict.leads.record import NONE_MEASURED, Record, record_words, shipped
from openverdict.leads.results import Without
from openverdict.series import Series, branching, price
from openverdict.simulate import CitySpec, SeriesPlan, simulate_register


@pytest.fixture(scope="module")
def result():
    spec = CitySpec(cases_a_year=300, series=(SeriesPlan("outdoor", members=5),))
    return review(simulate_register(spec, 2).register, Settings(replicates=4))


@pytest.fixture(scope="module")
def lead(result):
    return result.series_leads[0]


@pytest.fixture(scope="module")
def model(result):
    return Model(prepare(result.register, load_variables()))


def members_of(lead, model) -> tuple[int, ...]:
    number = {case: k for k, case in enumerate(model.prepared.case_ids)}
    return tuple(number[case] for case in lead.cases)


def score_of(matrix_of, members) -> float:
    k = len(members)
    a, b = np.triu_indices(k, 1)
    matrix = np.full((k, k), -np.inf)
    m = np.array(members)
    matrix[a, b] = matrix_of(m[a], m[b])
    return branching(matrix)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_many_scores_at_once_are_the_scores_one_by_one(k):
    total = np.random.default_rng(k).normal(3, 2, (20, k * (k - 1) // 2))
    for row, found in zip(total, scores(total, k), strict=True):
        matrix = np.full((k, k), -np.inf)
        matrix[np.triu_indices(k, 1)] = row
        assert found == pytest.approx(branching(matrix), abs=1e-12)


def test_the_interval_holds_the_ratio_and_its_shares_add_up(lead):
    a = lead.assessment
    assert a.low < lead.log10_lr < a.high
    assert sum(a.shares.values()) == pytest.approx(1.0)
    assert a.reported <= lead.log10_lr + 1e-9
    assert a.reported_high <= a.high + 1e-9
    assert a.capped == (lead.log10_lr > a.reported + 1e-9) or a.capped


def test_every_link_of_a_lead_has_an_interval_that_holds_it_and_the_cap_of_its_group(lead):
    for link in lead.links:
        assert link.log10_lr_low < link.log10_lr < link.log10_lr_high
        assert link.cap == lead.assessment.cap


def test_the_intervals_of_the_ledger_are_those_of_its_pairs_alone(result):
    row = result.links.row(3, named=True)
    link = explain(result.register, row["case_a"], row["case_b"])
    assert link.log10_lr_low == pytest.approx(row["log10_lr_low"], abs=1e-9)
    assert link.log10_lr_high == pytest.approx(row["log10_lr_high"], abs=1e-9)
    assert link.cap == pytest.approx(
        np.log10(len(result.register) * (len(result.register) - 1) / 2 + 1)
    )


def test_a_group_without_a_variable_is_the_group_scored_without_it(lead, model):
    members = members_of(lead, model)
    found = {w.code: w for w in lead.assessment.without_variable}
    assert "distance" in found
    for name, w in found.items():

        def rest(i, j, n=name):
            return model.sum(i, j) - model.terms(i, j)[n]

        def ratio(i, j, rest=rest):
            return model.ratio(rest(i, j))

        assert w.log10_lr == pytest.approx(score_of(ratio, members), abs=1e-9)
        expected = score_of(rest, members) - price(len(members), model.n)
        assert w.strength == pytest.approx(expected, abs=1e-9)


def test_a_group_without_a_case_is_the_smaller_group(lead, model):
    members = members_of(lead, model)
    for c, w in enumerate(lead.assessment.without_case):
        rest = members[:c] + members[c + 1 :]
        assert w.code == lead.cases[c]
        assert w.log10_lr == pytest.approx(score_of(model.total, rest), abs=1e-9)
        assert w.strength == pytest.approx(
            score_of(model.sum, rest) - price(len(rest), model.n), abs=1e-9
        )


def test_a_pair_without_one_of_its_cases_is_no_group(model):
    none = np.zeros(0, dtype=np.int64)
    assessor = Assessor(Intervals(model), (none, none, np.zeros(0)), 100, lambda *_: True, 1)
    found = assessor.assess(Series((3, 9), 2.0, -1.0))
    assert [(w.log10_lr, w.put_forward) for w in found.without_case] == [(None, False)] * 2


def test_whether_it_is_still_put_forward_follows_the_bar_and_the_budget(lead, result):
    for w in (*lead.assessment.without_variable, *lead.assessment.without_case):
        if w.strength is not None and w.strength < result.summary["lead_bar_strength"]:
            assert not w.put_forward
    assert any(w.put_forward for w in lead.assessment.without_variable)


def test_a_wrong_value_lowers_every_agreement_of_its_case_to_a_disagreement(lead, model):
    members = members_of(lead, model)
    variables = {v.name: v for v in model.variables}
    for w in lead.assessment.if_wrong:
        name, case = w.code.split(":")
        c = members[lead.cases.index(case)]

        def otherwise(i, j, name=name, c=c):
            term = model.terms(i, j)[name]
            hit = ((i == c) | (j == c)) & (term >= 0.1)
            moved = np.where(hit, at_odds(variables[name]) - term, 0.0)
            return model.ratio(model.sum(i, j) + moved)

        assert w.log10_lr == pytest.approx(score_of(otherwise, members), abs=1e-9)
        assert w.log10_lr < lead.log10_lr


def test_a_missing_value_that_differs_lowers_the_ratio(lead):
    for w in lead.assessment.if_differs:
        name, case = w.code.split(":")
        assert w.log10_lr <= lead.log10_lr
        assert case in lead.cases
        assert name


def test_beliefs_are_counted_out():
    """250 cases, groups of 3: of C(250, 3) groups, 250 / (3 N) are real ones."""
    found = posteriors(4.0, 3.0, 5.0, 3, 250)
    for p in found:
        odds = 250 / (3 * p.one_death_in) / comb(250, 3)
        assert p.before == pytest.approx(np.log10(odds), abs=1e-9)
        assert p.after - p.before == pytest.approx(4.0)
        assert p.low - p.before == pytest.approx(3.0)
        assert p.high - p.before == pytest.approx(5.0)
    assert [p.one_death_in for p in found] == pytest.approx([250 / 3, 2500 / 3, 25000 / 3])


def test_a_small_register_is_taken_as_part_of_two_hundred_cases():
    assert posteriors(4.0, 3.0, 5.0, 3, 40) == posteriors(4.0, 3.0, 5.0, 3, 200)


def test_at_the_stated_belief_the_odds_are_even():
    n, k, ratio = 11_000, 4, 13.0
    one_in = even_at(ratio, k, n)
    assert np.log10(n / (k * one_in)) - log10_groups(n, k) + ratio == pytest.approx(0, abs=1e-9)
    assert 10 ** log10_groups(60, 3) == pytest.approx(comb(60, 3))


def test_the_summary_tells_the_assessment_of_every_series_lead(result):
    told = result.summary["series_leads"]
    assert [entry["cases"] for entry in told] == [list(lead.cases) for lead in result.series_leads]
    assert told[0]["low"] == result.series_leads[0].assessment.low
    assert len(told[0]["ordinary"]) == 11


def test_every_check_of_the_vocabulary_has_its_effort_and_bears_on_variables_that_exist():
    names = {v.name for v in load_variables()}
    assert set(enquiries()) == set(checks())
    for enquiry in enquiries().values():
        assert 1 <= enquiry.effort <= 4
        assert set(enquiry.bears_on) <= names
        assert enquiry.bears_on


def _assessed(lead, **changed):
    return replace(lead.assessment, **changed)


def test_the_next_check_is_the_cheapest_that_bears_on_what_the_group_leans_on(lead):
    a = _assessed(
        lead,
        without_variable=(
            Without("substances", "Substances", 3.0, -2.0, False),
            Without("note", "Note", 6.5, 1.0, True),
        ),
        if_differs=(),
    )
    labels = {"substances": "Substances", "note": "Note"}
    open_checks = {
        "toxicology": ["A"],
        "handwriting": ["A"],
        "pnc": ["A", "B"],
        "supply_alert": ["B"],
    }
    name, words = next_check(a, 7.0, open_checks, labels)
    assert name == "supply_alert"
    assert "substances" in words
    assert "4.00" in words
    assert next_check(a, 7.0, {"pnc": ["A"]}, labels)[0] == "pnc"
    assert next_check(a, 7.0, {}, labels) == ("", "")


def test_what_would_refute_it_names_only_what_takes_it_away(lead):
    gone = Without("age:A", "Age of A", 2.0, -3.0, False)
    stays = Without("sex:A", "Sex of A", 6.9, 1.0, True)
    a = _assessed(lead, if_wrong=(gone, stays), if_differs=(), without_variable=())
    lines = refutes(a, 7.0)
    assert len(lines) == 1
    assert "the age of A turned out to be wrong" in lines[0]
    firm = _assessed(lead, if_wrong=(stays,), if_differs=(), without_variable=())
    assert "two or more" in refutes(firm, 7.0)[0]


def test_no_record_is_invented():
    assert shipped() == ()
    assert record_words(3.0, "abc") == NONE_MEASURED


def test_a_record_holds_for_its_own_model_from_its_strength_on():
    records = (
        Record("abc", "power.json", 0.0, 40, 5, 60.0),
        Record("abc", "power.json", 2.0, 30, 1, 60.0),
    )
    assert "30 planted groups" in record_words(2.5, "abc", records)
    assert "1 group as strong" in record_words(2.5, "abc", records)
    assert "40 planted groups" in record_words(1.9, "abc", records)
    assert record_words(-1.0, "abc", records) == NONE_MEASURED
    assert record_words(2.5, "other", records) == NONE_MEASURED
