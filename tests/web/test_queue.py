"""The queue of suggestions in the app: listed, read in the text, decided by keys, undone, read twice, taken as a whole rule."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime

import pytest
from tests.decisions.trials import RULE, SOMEBODY, proven
from tests.web.conftest import client, unusable

from openverdict.cases import Fact as CaseFact
from openverdict.cases import Status
from openverdict.decisions import accounts
from openverdict.decisions.models import Suggested, SuggestionDecision
from openverdict.decisions.suggesting import suggest
from openverdict.ledger import entering
from openverdict.ledger.models import Event, Fact
from openverdict.narrative import rules_version, suggest_substances
from openverdict.narrative.measured import held_out
from openverdict.web.marked import pieces
from openverdict.web.serving import work

TEXT = "Police found GHB in a bottle.\nToxicology: GHB detected; no cocaine was detected. He never took ketamine."
RULES = rules_version(substances_only=True)


@pytest.fixture
def queued(app):
    """Two cases more with a narrative that the rules have read; the persons of the house may enter facts on them."""
    store = app.store
    with store.writing(SOMEBODY, "death_review") as writer:
        for case in ("N1", "N2"):
            known = datetime(2014, 9, 1)
            said = CaseFact(case, "narrative", TEXT, Status.RECORDED, known, None, "police", "c")
            day = replace(said, field="found_at", value="2014-08-30")
            entering.enter_facts(store, writer, [day, said])
    with store.writing("root", "administration") as writer:
        for case in ("N1", "N2"):
            for role in ("reviewer", "supervisor", "reader"):
                accounts.grant(store, writer, role, role, case=case)
    suggest(
        store, read=suggest_substances, rules=RULES, actor="reviewer", purpose="death_review",
        cases=["N1", "N2"],
    )  # fmt: skip
    return app


def told(asking, path):
    answer = asking.get(path)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content)


def waiting(asking, **query):
    more = "&".join(f"{name}={value}" for name, value in query.items())
    return told(asking, f"/suggestions.json?{more}")


def ghb(store, case):
    rows = store.rows(Suggested).filter(case_id=case, value="ghb", field="substances_detected")
    return int(rows.latest("id").id)


def standing(store, case, field):
    rows = list(store.rows(Fact).filter(case_id=case, field=field))
    gone = {row.supersedes for row in rows}
    return [row for row in rows if row.id not in gone and row.status == "recorded"]


def test_the_queue_is_filtered_by_its_address_and_counts_what_is_out_of_reach(queued):
    asking = client("reviewer")
    found = waiting(asking)
    assert {row["case"] for row in found["suggestions"]} == {"A", "N1", "N2"}
    assert found["hidden"] == 2, "one on a restricted case, one on nobody's"
    of_one = waiting(asking, case="N1", field="substances_detected")
    assert {row["case"] for row in of_one["suggestions"]} == {"N1"}
    assert of_one["hidden"] == 2, "whatever was asked for"
    assert waiting(asking, value="ghb", rule="substance.cocaine.name")["suggestions"] == []
    assert waiting(asking, case="B")["suggestions"] == []
    table = asking.get("/suggestions.csv?case=N1").content.decode("utf-8-sig").splitlines()
    assert len(table) == 1 + waiting(asking, case="N1")["count"]
    assert "No suggestion is like this." in asking.get("/suggestions?rule=none").text
    assert asking.get("/suggestions?status=open").status_code == 400
    page = asking.get("/suggestions").text
    assert "two others wait on cases where you may enter no facts" in page


def test_a_suggestion_stands_in_its_text_with_the_others_and_reading_it_is_logged(queued):
    asking = client("reviewer")
    number = ghb(queued.store, "N1")
    size = queued.store.size()
    found = told(asking, f"/suggestions/{number}.json?case=N1")
    rows = queued.store.rows(Event).filter(seq__gte=size).order_by("seq")
    (event,) = [row for row in rows if row.kind == "case_viewed"]
    assert event.actor == "reviewer"
    assert found["text"][found["begins"] : found["ends"]] == found["text_words"] == "GHB"
    assert (found["states"], found["hindrance"]) == ("ghb", None)
    assert found["place"]["count"] == waiting(asking, case="N1")["count"]
    assert 1 <= found["place"]["position"] <= found["place"]["count"]
    assert len(found["others"]) == found["place"]["count"] - 1
    assert found["rate"] == {"decided": 0, "accepted": 0, "low": 0.0, "high": 1.0}
    page = asking.get(f"/suggestions/{number}?case=N1").text
    assert page.count('<mark class="own"') == 1
    assert page.count('<a class="other"') >= 2
    assert f"{found['place']['position']} of {found['place']['count']}" in page
    denied = next(row for row in found["others"] if row["value"] == "ketamine")
    seen = told(asking, f"/suggestions/{denied['suggestion']}.json")
    assert (seen["assertion"], seen["states"]) == ("negated", None)


def test_accepting_goes_on_to_the_next_makes_a_fact_and_can_be_undone(queued):
    asking, store = client("reviewer"), queued.store
    first, second, *_ = waiting(asking, case="N1")["suggestions"]
    answer = asking.post(f"/suggestions/{first['suggestion']}/accept?case=N1")
    assert answer.status_code == 303
    to = answer.headers["Location"]
    assert to == f"/suggestions/{second['suggestion']}?case=N1&last={first['suggestion']}"
    page = asking.get(to).text
    assert f"/suggestions/{first['suggestion']}/undo?case=N1" in page
    (fact,) = standing(store, "N1", first["field"])
    assert (fact.value, fact.author) == (first["value"], "reviewer")
    again = asking.post(f"/suggestions/{first['suggestion']}/reject")
    assert (again.status_code, "withdraw that first" in again.text) == (422, True)
    assert asking.post(f"/suggestions/{first['suggestion']}/undo", {}).status_code == 422
    assert (
        asking.post(f"/suggestions/{first['suggestion']}/undo", {"why": "misread"}).status_code
        == 303
    )
    assert standing(store, "N1", first["field"]) == []
    history = told(asking, f"/suggestions/{first['suggestion']}.json")["history"]
    assert [each["outcome"] for each in history] == ["accepted", "withdrawn"]
    last = waiting(asking, case="N1")["suggestions"][-1]["suggestion"]
    end = asking.post(f"/suggestions/{last}/reject?case=N1").headers["Location"]
    assert end == "/suggestions?case=N1"


def test_what_is_nearly_right_is_put_right_and_counts_as_not_accepted(queued):
    asking, number = client("reviewer"), ghb(queued.store, "N1")
    said = {"value": "gbl", "assertion": "present"}
    assert asking.post(f"/suggestions/{number}/correct", {**said, "value": ""}).status_code == 422
    assert asking.post(f"/suggestions/{number}/correct", said).status_code == 303
    assert [f.value for f in standing(queued.store, "N1", "substances_detected")] == ["gbl"]
    found = told(asking, f"/suggestions/{number}.json")
    assert found["history"][0]["corrected"] is True
    assert (found["rate"]["decided"], found["rate"]["accepted"]) == (1, 0)


def test_the_second_reader_sees_nothing_of_the_first(queued):
    number = ghb(queued.store, "N1")
    client("reviewer").post(f"/suggestions/{number}/accept")
    asking = client("supervisor")
    listed = waiting(asking, status="second")["suggestions"]
    assert [(row["suggestion"], row["status"]) for row in listed] == [(number, "waiting")]
    assert waiting(client("reviewer"), status="second")["suggestions"] == []
    assert (
        f"/suggestions/{number}/again?status=second"
        in asking.get("/suggestions?status=second").text
    )
    page = asking.get(f"/suggestions/{number}/again?status=second").text
    assert "accepted" not in page
    assert "reviewer" not in page
    found = told(asking, f"/suggestions/{number}/again.json?status=second")
    assert "history" not in found
    assert {row["status"] for row in found["others"]} == {"waiting"}
    end = asking.post(f"/suggestions/{number}/again?status=second", {"says": "no"})
    assert end.headers["Location"] == "/suggestions?status=second"
    assert len(standing(queued.store, "N1", "substances_detected")) == 1, "it makes no fact"
    readers = told(asking, "/suggestions/rules.json")["readers"]
    assert (readers["rows"], readers["agreed"], readers["differing"]) == (1, 0, [number])
    twice = asking.post(f"/suggestions/{number}/again", {"says": "yes"})
    assert (twice.status_code, "a second time" in twice.text) == (422, True)


def test_a_whole_rule_is_accepted_after_a_dry_run_that_names_it_and_undone_by_its_name(queued):
    asking, store = client("reviewer"), queued.store
    rule, version = RULE
    to = f"/suggestions/rules/{rule.replace('.', '~2E')}/{version}"
    found = told(asking, f"{to}.json")
    assert (found["waiting"], found["accepted"], found["enough"]) == (1, 1, False)
    size = store.rows(SuggestionDecision).count()
    tried = asking.post(to, {"expected": "1", "sure": "yes"})
    assert (tried.status_code, "decide at least 10" in tried.text) == (422, True)
    with store.writing(SOMEBODY, "death_review") as writer:
        proven(store, writer)
    found = told(asking, f"{to}.json")
    assert (found["rate"]["decided"], found["rate"]["accepted"]) == (20, 20)
    assert [each["case"] for each in found["sample"]] == ["A"]
    assert store.rows(SuggestionDecision).count() == size + 20, "a dry run decides nothing"
    assert asking.post(to, {"expected": "1"}).status_code == 422
    assert asking.post(to, {"expected": "2", "sure": "yes"}).status_code == 422
    answer = asking.post(to, {"expected": "1", "sure": "yes"})
    name = answer.headers["Location"].rpartition("/")[2]
    done = told(asking, f"/suggestions/together/{name}.json")
    assert (done["suggestions"], done["facts"], done["by"]) == (1, 1, ["reviewer"])
    kinds = store.rows(Event).filter(kind="suggestion_decided", actor="reviewer")
    assert kinds.count() == 1
    assert asking.get(to).status_code == 404, "nothing of it waits"
    assert (
        asking.post(f"/suggestions/together/{name}", {"why": "rule_was_wrong"}).status_code == 303
    )
    assert asking.get(to).status_code == 200


def test_a_rule_with_thousands_waiting_is_left_to_the_command(queued, monkeypatch):
    monkeypatch.setattr("openverdict.decisions.whole_rule.MOST", 0)
    rule, version = RULE
    asking, to = client("reviewer"), f"/suggestions/rules/{rule.replace('.', '~2E')}/{version}"
    assert "openverdict queue rule" in asking.get(to).text
    assert asking.post(to, {"expected": "1", "sure": "yes"}).status_code == 422


def test_who_may_not_enter_facts_reads_and_decides_nothing(queued):
    number = ghb(queued.store, "N1")
    asking = client("reader")
    page = asking.get(f"/suggestions/{number}")
    assert page.status_code == 200
    assert 'data-key="accept"' not in page.text
    assert asking.post(f"/suggestions/{number}/accept").status_code == 403
    assert asking.get("/suggestions").status_code == 403
    struck = client("auditor").get("/suggestions/1")
    assert struck.status_code == 200
    assert "(struck out)" in struck.text
    assert '<mark class="own"' not in struck.text


def test_the_narrative_of_a_case_has_its_suggestions_marked(queued):
    asking = client("reader")
    page = asking.get("/cases/N1").text
    assert page.count('<a class="other"') >= 3
    found = told(asking, "/cases/N1.json")
    assert found["narrative"] == TEXT
    assert {row["status"] for row in found["suggestions"]} == {"waiting"}
    assert told(client("auditor"), "/cases/A.json")["narrative"] is None


def test_the_rules_read_what_is_new_when_somebody_lets_them(queued):
    asking = client("supervisor")
    assert asking.post("/suggestions/read").status_code == 303
    assert asking.post("/suggestions/read").status_code == 422, "once at a time"
    work(until_input_ends=False, batch=True)
    found = told(asking, "/suggestions/read.json")
    assert found["job"]["state"] == "done"
    assert found["result"]["cases"] == 5
    assert "Go to the queue" in asking.get("/suggestions/read").text


def test_pieces_of_a_text_are_the_text_and_the_words_asked_about_come_first(queued):
    number = ghb(queued.store, "N1")
    found = told(client("reviewer"), f"/suggestions/{number}.json")
    from openverdict.decisions.suggestions import SuggestionFilter, queue

    lines = queue(queued.store, SuggestionFilter(case="N1"), user="reviewer").lines
    cut = pieces(TEXT, (found["begins"], found["ends"]), lines)
    assert "".join(piece.text for piece in cut) == TEXT
    assert [piece.text for piece in cut if piece.own] == ["GHB"]
    assert pieces("", None, ()) == []


def test_held_out_counts_come_with_the_package_for_what_was_measured():
    found = held_out("indicators", "body_moved")
    assert found is not None
    assert 0 <= found.right <= found.read
    assert held_out("mention:person", "relative") is None
    assert held_out("indicators", "no such") is None


def test_the_queue_works_with_keys_and_without_javascript(browse, queued):
    number = waiting(client("reviewer"), case="N1")["suggestions"][0]["suggestion"]
    page = browse("reviewer").open("/suggestions?case=N1")
    page.get_by_role("link", name="Begin with the first").click()
    page.wait_for_url(re.compile(rf"/suggestions/{number}\?"))
    page.wait_for_load_state("networkidle")
    page.keyboard.press("a")
    assert page.evaluate("document.activeElement.textContent") == "Accept"
    assert page.url.endswith(f"/suggestions/{number}?case=N1"), "one stroke changes nothing"
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"last="))
    page.wait_for_load_state("networkidle")
    assert "is accepted" in page.get_by_role("status").inner_text()
    page.keyboard.press("u")
    page.wait_for_url(re.compile("/undo"))
    page = browse("reviewer", java_script_enabled=False).open("/suggestions?case=N2")
    page.get_by_role("link", name="Begin with the first").click()
    page.get_by_role("button", name="Reject").click()
    assert "is rejected" in page.get_by_role("status").inner_text()


def test_everybody_can_use_the_pages_of_suggestions(browse, queued):
    number = ghb(queued.store, "N1")
    client("reviewer").post(f"/suggestions/{number}/accept")
    rule, version = RULE
    assert (
        unusable(
            browse("supervisor"),
            "/suggestions",
            f"/suggestions/{number - 1}",
            f"/suggestions/{number}/again",
            "/suggestions/rules",
            f"/suggestions/rules/{rule.replace('.', '~2E')}/{version}",
            "/cases/N1",
        )
        == []
    )
