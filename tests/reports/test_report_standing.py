"""What a report says of how far its leads can be relied on, on a made and on a computed review."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date

import pytest
from tests.reports.reading import read
from tests.reports.test_report_html import BANNED

from openverdict.leads import Settings
from openverdict.leads import review as run
from openverdict.leads.inclusion import Inclusion
from openverdict.reports import render_report, write_review
from openverdict.reports.standing import interval_words
from openverdict.simulate import CitySpec, SeriesPlan, simulate_register

RULE = Inclusion("Every death reported.", date(2013, 6, 1), "the review board", "ab" * 32, "r.toml")


@pytest.fixture(scope="module")
def computed():
    spec = CitySpec(cases_a_year=300, series=(SeriesPlan("outdoor", members=5),))
    register = simulate_register(spec, 2).register
    return run(register, Settings(replicates=4, inclusion=RULE))


def _lead(html: str, number: int = 1):
    return next(
        n for n in read(html).all("article") if n.attrs["aria-labelledby"] == f"lead-{number}"
    )


def test_the_interval_and_the_cap_stand_beside_the_ratio(html):
    text = _lead(html).text()
    assert "95 % interval +5.71 to +9.46" in text
    assert "The register supports a log10 ratio of at least +6.81" in text
    assert "beyond +2.89" in text
    assert "how rare they are (70 %)" in text


def test_leaving_out_is_shown_with_what_comes_of_it(html):
    text = _lead(html).text()
    assert re.search(r"Position \+2\.21 \N{MINUS SIGN}?.* not put forward", text)
    assert "If one value is wrong" in text
    assert "Age of A" in text
    assert "still put forward" in text


def test_every_ordinary_explanation_has_its_test_result_and_verdict(html, review):
    table = next(
        t
        for t in _lead(html).all("table")
        if t.all("caption")[0].text().startswith("What was tested")
    )
    rows = [r.text() for r in table.all("tr")[1:]]
    assert len(rows) == len(review.leads[0].assessment.ordinary)
    for row, test, verdict in zip(
        rows,
        review.leads[0].assessment.ordinary,
        ("found", "not found", "could not be tested"),
        strict=True,
    ):
        assert row == f"{test.label} {test.test} {test.result} {verdict}"


def test_beliefs_are_told_in_the_terms_of_the_register(html):
    text = _lead(html).text()
    assert "One death in 50 belongs to such a group: one in every register like this one" in text
    assert "One death in 5,000 belongs to such a group: one in 100 registers" in text
    assert "The odds are even if one death in 1,234 belongs to such a group" in text


def test_a_lead_that_was_not_assessed_still_has_its_beliefs(html):
    text = _lead(html, 2).text()
    assert "What it would take to believe it" in text
    assert "not worked out" in text
    assert "How far the ratio can be relied on" not in text


def test_what_would_refute_it_and_the_next_check_are_named(html):
    text = _lead(html).text()
    assert "What would refute it, and what to do next" in text
    assert "Next check: Handwriting" in text


def test_a_report_says_which_rule_of_inclusion_held_or_that_none_was_given(computed, html):
    text = read(render_report(computed)).text()
    assert (
        "“Every death reported.” Fixed on 1 June 2013 by the review board, before this run" in text
    )
    assert "abababababababab" in text
    assert "No rule of inclusion was given with this run" in read(html).text()


def test_a_computed_report_shows_all_of_it_in_neutral_words(computed):
    html = render_report(computed)
    text = _lead(html).text()
    for heading in (
        "How far the ratio can be relied on",
        "Ordinary explanations, each tested",
        "What would refute it, and what to do next",
    ):
        assert heading in text
    assert "(95 % interval " in text
    for word in BANNED:
        assert not re.search(word, html, re.IGNORECASE)
    for cell in read(html).all("td", "th"):
        assert cell.text() or cell.all("svg")


def test_the_files_hold_the_intervals_the_rule_and_the_assessment(computed, tmp_path):
    write_review(computed, tmp_path / "out")
    told = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert told["inclusion"]["sha256"] == RULE.sha256
    assert told["inclusion"]["fixed_on"] == "2013-06-01"
    assert told["series_leads"][0]["posteriors"][0]["registers"] == 1.0
    header = (tmp_path / "out" / "links.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header.endswith("log10_lr_low,log10_lr_high")


def test_a_summary_without_a_rule_says_so(computed, tmp_path):
    bare = replace(computed, summary={**computed.summary, "inclusion": None})
    write_review(bare, tmp_path / "out")
    told = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert told["inclusion"] is None


def test_an_interval_that_a_bound_closes_is_no_precision():
    assert interval_words(5.378, 5.379) == "+5.38 at both ends, for a bound holds it there"
    assert interval_words(5.36, 7.67) == "+5.36 to +7.67"
    assert interval_words(None, 7.67) == ""
