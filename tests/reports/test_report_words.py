"""Numbers as words: the right word at each limit, never more certainty than there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reports.made_review import HOSTILE_ID
from tests.reports.reading import read

from openverdict.evidence.contribution import Contribution
from openverdict.leads.results import Measured
from openverdict.reports import lead_html, review_html
from openverdict.reports.facts import Cases
from openverdict.reports.labels import check_label, source_words
from openverdict.reports.lead_view import lead_view
from openverdict.reports.pairs import pair_view, rarity_words
from openverdict.reports.words import (
    chance,
    counted,
    day_words,
    listed,
    metres_words,
    minus,
    odds,
    rate_range,
    signed,
    span_words,
    times,
    two_figures,
    verbal,
    verbal_scale,
    weight,
)
from openverdict.series import LEAST_RATE

ratios = st.floats(-40, 40)


@pytest.mark.parametrize(
    ("log10_lr", "words"),
    [
        (0.0, "no support either way"),
        (0.30, "no support either way"),
        (0.302, "weak support for belonging together"),
        (1.0, "moderate support for belonging together"),
        (2.0, "moderately strong support for belonging together"),
        (3.0, "strong support for belonging together"),
        (4.0, "very strong support for belonging together"),
        (6.0, "extremely strong support for belonging together"),
        (-1.5, "moderate support for being unrelated"),
    ],
)
def test_the_verbal_scale(log10_lr, words):
    assert verbal(log10_lr) == words


def test_the_scale_rises_and_names_its_source():
    source, steps = verbal_scale()
    assert "2015" in source
    assert [s.from_ratio for s in steps] == sorted(s.from_ratio for s in steps)


@given(ratios)
def test_a_ratio_never_claims_more_than_a_million(log10_lr):
    words = times(log10_lr)
    assert "e+" not in words
    assert ("more than a million" in words) is (abs(log10_lr) >= 6)


@given(ratios)
def test_the_sign_of_a_ratio_says_which_reading_it_speaks_for(log10_lr):
    if log10_lr > 0.1:
        assert "if the cases belong together than" in weight(log10_lr)
    elif log10_lr < -0.1:
        assert "if the cases are unrelated than" in weight(log10_lr)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.2, "+1.20"),
        (-0.35, "\N{MINUS SIGN}0.35"),
        (0.0, "0"),
        (0.001, "less than 0.01 either way"),
    ],
)
def test_signed_ratios(value, words):
    assert signed(value) == words


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (None, "not measured"),
        (0.0, "less than once in 1,000 years, as far as the null registers reach"),
        (LEAST_RATE, "give a group that ranks as high less than once in 1,000 years"),
        (0.0012, "about once in 830 years"),
        (0.07, "about once in 14 years"),
        (0.9, "about once a year"),
        (3.2, "about 3.2 times a year"),
    ],
)
def test_chance_in_words(rate, words):
    assert words in chance(rate)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.0164, 0.24, "once in 61 years to once in 4.2 years"),
        (LEAST_RATE, 2.4, "less than once in 1,000 years to 2.4 times a year"),
        (LEAST_RATE, LEAST_RATE, "less than once in 1,000 years"),
        (0.9, 1.1, "once a year"),
    ],
)
def test_the_interval_of_a_chance_rate_in_words(low, high, words):
    assert rate_range(low, high) == words
    known = Measured(low, high, 0.01, "deaths")
    assert f"(95 % interval: {words})." in chance(0.07, known=known)


def test_what_was_counted_comes_before_what_rests_on_the_tail():
    extrapolated = chance(0.07, known=Measured(0.01, 0.2, 0.1, "deaths"))
    assert extrapolated.startswith("Counted in the null registers, a register like this one")
    counted_first = extrapolated.index("once in 10 years or more seldom")
    assert counted_first < extrapolated.index(
        "rests on the fitted tail, an extrapolation: about once"
    )
    assert "fitted tail" not in chance(0.2, known=Measured(0.1, 0.4, 0.1, "deaths"))


def test_the_second_opinion_is_said_and_warns_only_where_it_is_the_larger():
    lower, higher = (Measured(0.01, 0.2, 0.05, "deaths", drawn) for drawn in (0.02, 0.5))
    assert "instead of shuffled: once in 50 years." in chance(0.07, known=lower)
    assert "may be too low" not in chance(0.07, known=lower)
    assert "once in 2 years. That is more often: the rate above may be too low, or" in chance(
        0.07, known=higher
    )


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (counted(0, "death"), "no deaths"),
        (counted(1, "death"), "one death"),
        (counted(4, "death"), "four deaths"),
        (counted(10977, "death"), "10,977 deaths"),
        (two_figures(16384), "16,000"),
        (two_figures(0.0513), "0.051"),
        (two_figures(3.0), "3"),
        (metres_words(0.2), "the same point"),
        (metres_words(434), "430 m"),
        (metres_words(1234), "1.2 km"),
        (span_words(0.2), "less than a day"),
        (span_words(16), "16 days"),
        (span_words(452), "15 months"),
        (span_words(2000), "5.5 years"),
        (day_words(date(2014, 6, 19)), "19 June 2014"),
        (listed(["a", "b", "c"]), "a, b and c"),
        (odds(0.0), "even"),
        (odds(-7.0), "more than a million to 1 against"),
        (odds(2.0), "100 to 1 for"),
        (odds(16.0), "more than a million to 1 for"),
        (minus("K-12, 2014-06-19; log10 ratio -0.31."), "K-12, 2014-06-19; log10 ratio −0.31."),
        (minus("log10 likelihood ratio -1.0"), "log10 likelihood ratio −1.0"),
        (check_label("an_odd_one: stays"), "an_odd_one: stays"),
        (source_words("note_verified, B-1"), "note verified, B-1"),
        (source_words("mentions_cases of C"), "other cases mentioned (C)"),
    ],
)
def test_small_words(made, words):
    assert made == words


def _term(**given: object) -> Contribution:
    base: dict[str, object] = {
        "variable": "v",
        "label": "V",
        "log10_lr": 1.0,
        "earlier": "a",
        "later": "a",
        "comparison": "same",
        "kernel": 1.0,
        "rarity": 0.005,
        "count": None,
        "of": None,
        "theta": 0.5,
    }
    return Contribution(**{**base, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("term", "words"),
    [
        (_term(count=14, of=2310), "rare: 14 of 2,310 other cases"),
        (_term(count=3, of=40, note="P1 stands in 3 cases"), "uncommon: P1 stands in 3 cases"),
        (_term(), "rare: about 1 in 200, learned from the register"),
        (
            _term(kernel=2e-6, rarity=2e-8),
            "100 times more probable if it is carried over than among unrelated cases",
        ),
        (
            _term(kernel=1e-4, rarity=2e-2),
            "200 times less probable if it is carried over than among unrelated cases",
        ),
        (_term(rarity=None), ""),
    ],
)
def test_rarity_in_words(term, words):
    assert rarity_words(term) == words


def test_a_missing_value_is_named_and_adds_nothing(review):
    link = review.leads[0].links[0]
    view = pair_view(link, {link.case_a: "case 1", link.case_b: "case 2"})
    assert view.missing == "Belongings missing (in the later); Substances (in both)"
    assert {t.label for t in view.terms} == {"Distance", "Position", "Time gap", "Age"}
    assert view.neutral == "Sex"


def test_what_a_pair_can_show_stands_last_and_is_no_feature(review):
    link = review.leads[0].links[0]
    bounds = _term(variable="relation", label="Bounds", log10_lr=3.0, earlier=None, later=None)
    names = {link.case_a: "case 1", link.case_b: "case 2"}
    last = pair_view(replace(link, contributions=(bounds, *link.contributions)), names).terms[-1]
    assert (last.label, last.earlier, last.later, last.theta) == ("Bounds", "–", "–", "")
    none = replace(link, contributions=(*link.contributions, replace(bounds, log10_lr=0.0)))
    assert "Bounds" not in pair_view(none, names).missing


def test_checks_are_put_together_by_check(review):
    lead = replace(
        review.leads[0],
        checks_missing=(*tuple(f"{case}: pnd" for case in "ABCD"), "A: dna", "C: dna"),
    )
    view = lead_view(lead, Cases(review.register), (), len(review.register))
    assert view.checks_missing[0].endswith("not recorded as made in any of them")
    assert view.checks_missing[1].endswith("not recorded as made in A and C")


def test_against_is_never_left_empty_when_something_speaks_against(review):
    lead = replace(review.leads[0], against=())
    view = lead_view(lead, Cases(review.register), (), len(review.register))
    assert view.against[0].startswith("Age, case 1 and case 2: 38 years apart")


def test_a_lead_of_many_cases_names_the_pairs_it_does_not_draw(review):
    from tests.reports.made_review import links_of, series_of

    ids = tuple(review.register.table.get_column("case_id")[:8])
    lead = series_of(1, ids, 9.0, links_of(ids, 9.0, "2 km apart"))
    view = lead_view(lead, Cases(review.register), (), len(review.register))
    assert len(view.pairs) == 10
    assert len(view.other_pairs) == 18
    assert len(view.facts) == 2


def test_a_lead_in_a_notebook(review):
    for lead in review.leads:
        html = lead_html(lead)
        read(html)
        assert lead.lead_id in html
    assert "about once in 14 years" in lead_html(review.leads[0])


def test_a_review_in_a_notebook(review, nothing):
    html = review_html(review)
    read(html)
    assert "<strong>780</strong> pairs" in html
    assert HOSTILE_ID not in html
    assert "No lead" in review_html(nothing)
