"""The closure report: that nothing was found, with what was compared, on what was known, and how far that carries."""

from __future__ import annotations

import json

import pytest
from tests.reports.reading import read

from openverdict.errors import InputError
from openverdict.reports import closure_html, read_power, write_review

POWER = {
    "raised": 12,
    "raised_interval": [0.361, 0.809],
    "replicates": 20,
    "members": 3,
    "deaths_a_year": 3000,
    "budget_per_year": 6.0,
    "kind": "outdoor",
}


@pytest.fixture(scope="module")
def page(nothing):
    return read(closure_html(nothing))


def test_it_says_what_was_compared_and_that_the_counts_add_up(page):
    text = page.text()
    assert "All 780 pairs of 40 cases were compared" in text
    assert "every pair: 1 listed one by one, 779 below the floor and counted" in text
    assert "Four cases have no place: compared on everything but distance." in text


def test_it_says_on_what_was_known_and_by_what_model(page):
    text = page.text()
    assert "On what was known" in text
    assert "No rule of inclusion was given with this run" in text
    assert "Model 1" in text


def test_it_says_what_would_have_been_seen_and_what_could_not(page):
    text = page.text()
    assert "What could not have been seen" in text
    assert "the price of being one of the many groups of its size" in text
    assert "was not measured with this run" in text


def test_a_measured_power_stands_with_its_interval_and_its_limits(nothing):
    text = read(closure_html(nothing, power=POWER)).text()
    assert (
        "in each of 20 simulated cities of 3,000 deaths a year one series of three deaths (outdoor) was planted"
        in text
    )
    assert "put forward in 12 of 20 (60 %; 95 % interval 36 to 81 %)" in text
    assert "A simulated city is not this register" in text
    assert "was not measured with this run" not in text


def test_every_case_has_its_conclusion_and_a_person_has_room_for_theirs(page, nothing):
    rows = page.by_id("every").text(), page.text()
    assert "Every case, with its conclusion" in rows[0]
    assert sum("Cannot be concluded yet" in row.text() for row in page.all("tr")) > 0
    blanks = [row.text() for row in page.all("tr") if row.attrs.get("class") == "blank"]
    assert blanks[0].startswith("Conclusion")
    assert any(blank.startswith("Dissent") for blank in blanks)


def test_where_groups_are_put_forward_nothing_is_closed(review, tmp_path):
    with pytest.raises(InputError, match="two groups of this review put forward"):
        closure_html(review)
    assert "closure.html" not in [path.name for path in write_review(review, tmp_path / "out")]


def test_the_folder_of_a_review_that_found_nothing_holds_it(nothing, tmp_path):
    write_review(nothing, tmp_path / "out", power=POWER)
    assert (tmp_path / "out" / "closure.html").read_text(encoding="utf-8") == closure_html(
        nothing, power=POWER
    )


def test_a_power_file_is_read_or_refused_with_a_mend(tmp_path):
    path = tmp_path / "power.json"
    with pytest.raises(InputError, match="cannot be read"):
        read_power(path)
    path.write_text(json.dumps(POWER), encoding="utf-8")
    assert read_power(path) == POWER
    told: list[object] = [[], {}, POWER | {"replicates": 0}, POWER | {"raised": "many"}]
    for wrong in told:
        path.write_text(json.dumps(wrong), encoding="utf-8")
        with pytest.raises(InputError, match="openverdict evaluate"):
            read_power(path)
