"""The page of a case: its facts, whose opinions differ, and the enquiries that were asked for."""

from __future__ import annotations

from tests.web.conftest import client

from openverdict.intake import read_register
from openverdict.ledger.collecting import collect
from openverdict.web.areas.case_parts import opinions_in


def test_opinions_stand_side_by_side_and_it_is_said_that_they_differ(app, tmp_path):
    file = tmp_path / "more.csv"
    file.write_text(
        "case_id,found_at,manner_police,manner_coroner\nA,2014-06-19,accident,undetermined\n"
    )
    collect(app.store, read_register(file), actor="root", purpose="intake")
    told = client("reviewer").get("/cases/A.json").json()
    by = {each["whose"]: each["value"] for each in told["opinions"]}
    assert (by["Police"], by["Coroner or medical examiner"]) == ("accident", "undetermined")
    assert told["opinions_differ"]
    page = client("reviewer").get("/cases/A").text
    assert "they differ" in page
    assert "None replaces another" in page


def test_an_opinion_that_is_to_come_or_in_other_words_is_no_difference():
    def fact(field, value):
        return {
            "field": field, "value": value, "words": value, "status": "recorded",
            "known_from": None, "source": "",
        }  # fmt: skip

    for values, differ in (
        (("accident", "pending"), False),
        (("homicide", "unlawful_killing"), False),
        (("accident", "homicide"), True),
    ):
        facts = [
            fact(f, v) for f, v in zip(("manner_police", "manner_coroner"), values, strict=True)
        ]
        assert opinions_in(facts)["opinions_differ"] == differ, values


def test_enquiries_are_told_with_their_state_and_what_nobody_did(app):
    told = client("reviewer").get("/cases/A.json").json()
    assert told["enquiries"]
    assert {"words", "advised", "requested_by", "due", "state"} <= set(told["enquiries"][0])
    page = client("reviewer").get("/cases/A").text
    assert told["enquiries"][0]["words"] in page
    assert all(each["text"] in page for each in told["undone"])
