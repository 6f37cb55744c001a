"""A lead in which one person stands twice says by whose word: a reviewer's, or the threshold's that nobody has reviewed."""

from __future__ import annotations

import json
from dataclasses import replace

import polars as pl
import pytest
from tests.reports.reading import read

from openverdict.leads.results import Review
from openverdict.reports import lead_html, render_report, write_review
from openverdict.same_person import CODE, said_of, tell

ACCEPTED, UNREVIEWED = "accepted-00000000000000aa", "unreviewed-00000000000000bb"


def with_persons(review: Review, said: dict[str, list[str]]) -> Review:
    """The review with these persons in its cases, and nobody else."""
    table = review.register.table
    cells = pl.Series(
        "persons", [said.get(case) for case in table["case_id"]], table.schema["persons"]
    )
    return replace(review, register=replace(review.register, table=table.with_columns(cells)))


@pytest.fixture
def series(review):
    """The cases of a series lead."""
    return review.series_leads[0].cases


def test_a_lead_says_by_whose_word_a_person_is_one(review, series):
    first, second = series[:2]
    people = {
        first: [f"host:{ACCEPTED}", f"last_seen_with:{ACCEPTED}", f"caller:{UNREVIEWED}"],
        second: [f"finder:{ACCEPTED}", f"visitor:{UNREVIEWED}"],
    }
    told = tell(with_persons(review, people))
    lead = told.series_leads[0]
    accepted, unreviewed = (
        f"host and last seen with of {first}, finder of {second}",
        f"caller of {first}, visitor of {second}",
    )
    if second < first:
        accepted = ", ".join(reversed(accepted.split(", ")))
        unreviewed = ", ".join(reversed(unreviewed.split(", ")))
    assert said_of(lead) == (
        f"Same person by accepted identity, as a reviewer decided: {ACCEPTED} ({accepted}). "
        "Same person over the threshold of probability, which nobody has reviewed: "
        f"{UNREVIEWED} ({unreviewed})."
    )
    assert lead.reasons[1:] == review.series_leads[0].reasons
    assert told.summary[CODE] == {
        "accepted": 1,
        "unreviewed": 1,
        "leads": sum(bool(said_of(each)) for each in told.leads),
    }


def test_a_series_is_not_told_of_a_person_who_stands_in_one_of_its_cases_alone(review, series):
    other = next(c for c in review.register.table["case_id"] if c not in series)
    told = tell(
        with_persons(review, {series[0]: [f"host:{ACCEPTED}"], other: [f"host:{ACCEPTED}"]})
    )
    assert said_of(told.series_leads[0]) == ""
    alone = [lead for lead in told.leads if lead.cases in ((series[0],), (other,))]
    assert all(said_of(lead) for lead in alone)


@pytest.mark.parametrize("key", ["P-17", "single-00000000000000aa", "acceptedly", ""])
def test_keys_that_rest_on_no_identity_are_told_nothing_of(review, series, key):
    given = with_persons(review, {case: [f"host:{key}"] for case in series})
    assert tell(given) is given


def test_every_place_that_shows_a_lead_says_it(review, series, tmp_path):
    told = tell(with_persons(review, {case: [f"host:{UNREVIEWED}"] for case in series}))
    html = render_report(told)
    read(html)
    assert html.count("which nobody has reviewed") >= 1
    assert "which nobody has reviewed" in lead_html(told.series_leads[0])
    write_review(told, tmp_path / "out", timings=False)
    assert "which nobody has reviewed" in (tmp_path / "out" / "leads.csv").read_text()
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary[CODE]["unreviewed"] == 1


def test_more_persons_and_cases_than_can_be_read_are_counted(review, series):
    keys = [f"host:accepted-{k:016x}" for k in range(8)]
    told = tell(with_persons(review, dict.fromkeys(review.register.table["case_id"], keys)))
    assert "and 2 more" in said_of(told.series_leads[0])
    alone = [lead for lead in told.leads if len(lead.cases) == 1]
    assert all("cases more" in said_of(lead) for lead in alone)
