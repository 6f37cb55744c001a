"""Categories, signatures and what goes up, in the app: provisional until another person signs, once each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.web.conftest import client, unusable
from tests.web.test_leads import at, decide, team

from openverdict.decisions.models import SignOff

__all__ = ["team"]  # a fixture
WHY = "Toxicology came back, and the place was looked at again."
CATEGORY = {"category": "unexpected_not_suspicious", "done": ["toxicology"], "text": WHY}


def test_a_category_is_provisional_until_another_person_signs_it(team):
    answer = client("one").post("/cases/B/category", {**CATEGORY, "done": []})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/cases/B")
    (told,) = client("two").get("/cases/B.json").json()["categories"]
    assert (told["by"], told["premature"], told["signed_by"]) == ("one", True, None)
    assert "sign category" not in client("one").get("/cases/B").text
    assert client("two").get(told["to"]).status_code == 403
    assert told["to"] in client("chief").get("/duties").text
    assert "this is premature" in client("chief").get(told["to"]).text
    assert client("chief").post(told["to"], {"agrees": "yes"}).status_code == 303
    (told,) = client("two").get("/cases/B.json").json()["categories"]
    assert (told["signed_by"], told["agrees"], told["to"]) == ("chief", True, None)
    assert "Signed off by chief" in client("look").get("/cases/B").text


def test_nobody_signs_their_own(team):
    client("chief").post("/cases/B/category", {**CATEGORY, "done": []})
    (told,) = client("chief").get("/cases/B.json").json()["categories"]
    answer = client("chief").post(told["to"], {"agrees": "yes"})
    assert (answer.status_code, "another person has to sign it" in answer.text) == (422, True)


def test_a_decision_is_signed_by_who_has_seen_it_and_a_dissent_says_why(team):
    decide(team, "one")
    chief, sign = client("chief"), "/duties/decision/1/sign"
    answer = chief.get(sign)
    assert (answer.status_code, "once you have said what you think" in answer.text) == (404, True)
    chief.get(at(team))
    chief.post(f"{at(team)}/without-deciding", {"sure": "yes"})
    assert sign in chief.get(at(team)).text
    assert sign not in client("look").get(at(team)).text
    assert chief.post(sign, {"agrees": "no"}).status_code == 422
    assert chief.post(sign, {"agrees": "no", "text": WHY}).status_code == 303
    (told,) = client("look").get(f"{at(team)}.json").json()["decisions"]
    assert (told["signed"]["user"], told["signed"]["agrees"]) == ("chief", False)
    assert team.store.rows(SignOff).count() == 1
    assert "Dissent by chief" in client("look").get(at(team)).text


def test_what_is_over_its_time_goes_up_once(team):
    chief = client("chief")
    chief.post(f"{at(team)}/give", {"user": "one"})
    assert "Let go up" not in chief.get("/duties").text
    later = team.store.clock() + timedelta(days=40)
    object.__setattr__(team.store, "clock", lambda: later)
    assert "Let go up" in chief.get("/duties").text
    assert client("one").get("/duties/escalate").status_code == 403
    assert chief.post("/duties/escalate", {"to": "head"}).status_code == 303
    told = {each["escalated_to"] for each in chief.get("/duties.json").json()["waiting"]}
    assert told == {"head"}
    answer = chief.post("/duties/escalate", {}, follow=True)
    assert "Nothing was left to go up" in answer.text


@pytest.mark.parametrize("number", ["category", "decision"])
def test_what_is_not_there_is_not_signed(team, number):
    assert client("chief").get(f"/duties/{number}/99/sign").status_code == 404


def test_everybody_can_use_the_pages(team, browse):
    client("one").post("/cases/B/category", {**CATEGORY, "done": []})
    assert unusable(browse("one"), "/cases/B") == []
    paths = ("/cases/C/category", "/duties/category/1/sign", f"{at(team)}/give", "/duties/escalate")
    assert unusable(browse("chief"), *paths) == []
