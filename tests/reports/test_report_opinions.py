"""Opinions on the manner of death stand side by side in a report, and it says where they differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import polars as pl
import pytest
from tests.reports.reading import read

from openverdict.cases import Fact, Register, Status, table_schema
from openverdict.leads import Settings, prepared
from openverdict.leads import review as run_review
from openverdict.reports import render_report
from openverdict.reports.facts import Cases
from openverdict.reports.opinions import CERTIFICATE, WHOSE, opinions

FOUND = datetime(2014, 6, 19)


def register(*rows: dict[str, object]) -> Register:
    schema = table_schema()
    full = [{"found_at": FOUND, "found_at_span_s": 86_400, **row} for row in rows]
    names = list(dict.fromkeys(name for row in full for name in row))
    columns = {name: [row.get(name) for row in full] for name in names}
    return Register.from_table(pl.DataFrame(columns, schema={n: schema[n] for n in names}))


def told(made: Register, *ids: str):
    cases = Cases(made)
    return opinions(cases, [cases.ref(i, case) for i, case in enumerate(ids, 1)])


def words(table) -> dict[str, tuple[str, ...]]:
    return {whose: tuple(cell.words for cell in cells) for whose, cells in table.rows}


def test_four_views_stand_in_four_rows_and_the_report_says_that_they_differ():
    made = register(
        {
            "case_id": "A",
            "manner_police": "suicide",
            "manner_coroner": "undetermined",
            "manner_review": "homicide",
            "feature_3": f"{CERTIFICATE}accident",
        }
    )
    table = told(made, "A")
    assert words(table) == {
        "Police": ("suicide",),
        "Coroner or medical examiner": ("undetermined",),
        "Death certificate": ("accident",),
        "Review": ("homicide",),
    }
    assert table.differ == ("The opinions on A differ.",)


def test_the_certificate_alone_against_the_coroner_is_a_difference_too():
    made = register(
        {"case_id": "A", "manner_coroner": "homicide", "feature_3": f"{CERTIFICATE}natural"}
    )
    assert told(made, "A").differ


@pytest.mark.parametrize(
    "more",
    [
        {"manner_police": "accident"},
        {"manner_police": "drug_related"},
        {"manner_police": "pending"},
        {"manner_police": "not_stated"},
    ],
)
def test_what_triage_takes_as_no_difference_is_none_here(more):
    made = register({"case_id": "A", "manner_coroner": "accident", **more})
    assert told(made, "A").differ == ()
    assert prepared.prepare(made).get_column("manners_differ").to_list() != ["yes"]


def test_one_opinion_has_nothing_beside_it_and_no_table():
    assert told(register({"case_id": "A", "manner_coroner": "accident"}), "A") is None
    assert told(register({"case_id": "A"}), "A") is None


def test_a_view_that_is_not_there_says_why():
    made = register(
        {"case_id": "A", "manner_coroner": "accident", "manner_review": "accident"},
        {"case_id": "B"},
    )
    statuses = pl.DataFrame({"case_id": ["B"], "field": ["manner_police"], "status": ["unknown"]})
    table = told(replace(made, statuses=statuses), "A", "B")
    assert words(table)["Police"] == ("not recorded", "unknown")
    assert words(table)["Review"] == ("accident", "not recorded")


def test_a_coded_feature_of_the_registers_own_is_no_opinion():
    made = register(
        {
            "case_id": "A",
            "manner_coroner": "accident",
            "manner_police": "accident",
            "feature_3": "x",
        }
    )
    assert "Death certificate" not in words(told(made, "A"))


def fact(field: str, value: str, source: str, known: datetime) -> Fact:
    return Fact("A", field, value, Status.RECORDED, known, None, source, "")


def test_two_documents_that_give_one_view_differently_are_both_shown_with_their_sources():
    facts = [
        fact("found_at", "2014-06-19", "f", FOUND),
        fact("manner_coroner", "accident", "first.json", datetime(2014, 7, 1)),
        fact("manner_coroner", "undetermined", "second.json", datetime(2014, 9, 1)),
    ]
    made = Register.from_facts(facts)
    table = told(made, "A")
    (cell,) = words(table)["Coroner or medical examiner"]
    assert cell == "undetermined (second.json); accident (first.json)"
    assert table.differ == ("The opinions on A differ.",)
    assert told(made.as_of(date(2014, 8, 1)), "A") is None  # the second was not known then


def test_the_case_page_shows_them_and_the_page_stays_sound():
    row: dict[str, object] = {
        "case_id": "A",
        "manner_police": "suicide",
        "manner_coroner": "homicide",
        "signs_moved": "yes",
        "injuries": ["grip_or_underarm_bruise", "ligature_mark"],
        "indicators": [
            "body_moved",
            "item_not_passed_on",
            "planted_item_possible",
            "forensic_match",
        ],
        "feature_3": f"{CERTIFICATE}<b>accident</b>",
    }
    result = run_review(register(row, {"case_id": "B"}), Settings(replicates=0))
    html = render_report(result)
    assert "Opinions on the manner of death, side by side" in html
    assert "The opinions on the manner of death differ" in html  # triage's own contradiction
    assert "&lt;b&gt;accident" in html
    read(html)


def test_every_view_that_triage_compares_has_its_row():
    from openverdict.leads.rules import settings

    assert set(settings()["made_of"]["manners_differ"]) <= set(WHOSE)
