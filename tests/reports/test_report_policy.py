"""Every lead that rests on facts no person accepted says so, and the run counts them by policy and rule."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from tests.reports.reading import read

import openverdict
from openverdict.cases import FACTS_SCHEMA, Register
from openverdict.leads.results import Review
from openverdict.reports import lead_html, render_report, write_review
from openverdict.under_policy import CODE, resting, said_of, tell

SOURCE = (
    "policy house 1 (sha256 0123456789abcdef), rule body_position.propped.1, version 1+aa.bb, 120 of 121 accepted, "
    "narrative 3-6"
)
DAY = datetime(2014, 10, 1)


def with_facts(review: Review, *facts: tuple[str, str, str, str]) -> Review:
    """The review with facts (case, field, value, source) beside its rows."""
    rows = [
        (case, name, value, "recorded", DAY, DAY, source, "x")
        for case, name, value, source in facts
    ]
    told = pl.DataFrame(rows, schema=FACTS_SCHEMA, orient="row")
    return replace(review, register=replace(review.register, facts=told))


@pytest.fixture
def series(review):
    """A series lead of the made review, and one of its cases, all of which were found sitting propped."""
    (lead, *_) = review.series_leads
    return lead, lead.cases[0]


def test_a_lead_whose_case_has_such_a_fact_says_so_and_others_do_not(review, series):
    lead, case = series
    told = tell(with_facts(review, (case, "body_position", "sitting_propped", SOURCE)))
    for each in told.leads:
        assert bool(said_of(each)) == (case in each.cases)
    said = said_of(told.series_leads[0])
    assert said.startswith("Rests in part on 1 fact that no person accepted")
    assert "policy house 1 (SHA-256 0123456789abcdef…)" in said
    assert case in said
    assert told.series_leads[0].reasons[1:] == lead.reasons
    assert told.summary[CODE] == [
        {
            "policy": "house",
            "version": "1",
            "sha256": "0123456789abcdef",
            "facts": 1,
            "cases": 1,
            "leads": sum(case in each.cases for each in told.leads),
            "rules": {"body_position.propped.1": 1},
        }
    ]


def test_the_report_says_it_on_the_lead_in_the_summary_and_in_the_method(review, series):
    _, case = series
    html = render_report(
        tell(with_facts(review, (case, "body_position", "sitting_propped", SOURCE)))
    )
    read(html)
    assert html.count("Rests in part on 1 fact that no person accepted") >= 1
    assert (
        "under policy house 1"
        in html[html.index('id="summary"') : html.index("What was not compared")]
    )
    method = html[html.index('id="method"') :]
    assert "Facts that no person accepted" in method
    assert "body_position.propped.1" in method


def test_notebooks_and_tables_say_it_too(review, series, tmp_path):
    _, case = series
    told = tell(with_facts(review, (case, "body_position", "sitting_propped", SOURCE)))
    assert "no person accepted" in lead_html(told.series_leads[0])
    write_review(told, tmp_path / "out", timings=False)
    leads = (tmp_path / "out" / "leads.csv").read_text(encoding="utf-8")
    assert "no person accepted" in leads
    assert CODE in json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "facts",
    [
        [("sitting_propped", "register.csv")],
        [("sitting_propped", SOURCE), ("Sitting propped", "letter")],  # somebody gives it too
        [("prone", SOURCE)],  # superseded: it stands in the row no more
        [],
    ],
)
def test_what_does_not_rest_on_a_policy_is_left_as_it_is(review, series, facts):
    _, case = series
    given = with_facts(review, *((case, "body_position", v, s) for v, s in facts))
    assert tell(given) is given


def test_a_fact_that_was_not_known_on_the_day_is_not_rested_on(review, series):
    _, case = series
    given = with_facts(review, (case, "body_position", "sitting_propped", SOURCE))
    assert len(resting(given.register)) == 1
    assert resting(replace(given.register, known_on=date(2014, 9, 30))) == ()


def test_a_review_of_a_facts_file_says_it_from_the_file_on(tmp_path: Path):
    rows = ["case_id,field,value,known_from,source"]
    for case in ("A", "B"):
        rows.append(f"{case},found_at,2020-01-01,2020-01-02,register.csv")
        rows += [
            f'{case},indicators,{code},2020-01-02,"{SOURCE}"'
            for code in ("body_moved", "planted_item_possible", "forensic_match")
        ]
    path = tmp_path / "facts.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    result = openverdict.review(path, null_registers=0)
    assert result.leads
    assert all(said_of(lead) for lead in result.leads)
    assert result.summary[CODE][0]["facts"] == 6
    html = render_report(result)
    assert "Rests in part on 3 facts" in html
    said = (
        "of two cases were taken from narratives under policy house 1 (SHA-256 0123456789abcdef…)"
    )
    assert said in html
    day = openverdict.review(path, null_registers=0, as_of=date(2020, 6, 1))
    assert day.summary[CODE][0]["facts"] == 6


def test_a_register_without_such_facts_gives_the_same_review_as_before():
    register = Register.from_table(pl.DataFrame({"case_id": ["A"], "found_at": [DAY]}))
    assert resting(register) == ()
