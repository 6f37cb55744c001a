"""Identities in the app: proposals listed, looked at, decided by keys, undone; a comparison taken in; what counts undecided."""

from __future__ import annotations

import json
import re
from datetime import datetime
from hashlib import sha256

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.decisions.compared import compared, key_of
from tests.decisions.trials import SOMEBODY
from tests.web.conftest import client, lead_of, unusable

from openverdict.cases import Fact as CaseFact
from openverdict.cases import Status
from openverdict.decisions import accounts
from openverdict.decisions.chains import Resting, RestingLead
from openverdict.decisions.linking import accept, take_in
from openverdict.decisions.models import About, IdentityDecision, IdentityThreshold
from openverdict.identity import Run
from openverdict.identity.run import ACCOUNT
from openverdict.ledger import entering
from openverdict.ledger.models import Event, Fact
from openverdict.web import spool
from openverdict.web.proposals import times_words
from openverdict.web.serving import work

WHY = "The same hospital number stands on both files."
MINE = ("N1", "N2", "N3")
PEOPLE = {
    "n1": ("N1", "host"),
    "n2": ("N2", "finder"),
    "n3": ("N3", "caller"),
    "r1": ("B", "witness"),
    "z1": ("ELSEWHERE", "host"),
}
PAIRS = [("n1", "n2", 0.99), ("n2", "n3", 0.97), ("n1", "r1", 0.96), ("n3", "z1", 0.99)]
FURNISHED = "pA0"  # of the house, on case A alone; there is one on B and one on D as well
ONE, TWO, HIDDEN = (key_of(a, b) for a, b, _ in PAIRS[:3])


@pytest.fixture
def proposed(app, tmp_path):
    """Three cases on which the persons of the house may enter facts, and a comparison that speaks of a restricted one, too."""
    store = app.store
    with store.writing(SOMEBODY, "death_review") as writer:
        for case in MINE:
            known = datetime(2014, 9, 1)
            found = CaseFact(
                case, "found_at", "2014-08-30", Status.RECORDED, known, None, "police", "c"
            )
            entering.enter_facts(store, writer, [found])
    with store.writing("root", "administration") as writer:
        for case in MINE:
            for role in ("reviewer", "supervisor", "reader", "data_manager", "auditor"):
                accounts.grant(store, writer, role, role, case=case)
    with store.writing("data_manager", "death_review") as writer:
        take_in(store, writer, compared(tmp_path / "run", PEOPLE, PAIRS))
    return app


def told(asking, path):
    answer = asking.get(path)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content)


def listed(asking, query=""):
    return [row["proposal"] for row in told(asking, f"/persons.json?{query}")["proposals"]]


def persons(store):
    rows = list(store.rows(Fact).filter(field="persons", case_id__in=MINE))
    gone = {row.supersedes for row in rows}
    return {row.case_id: row.value for row in rows if row.id not in gone and row.value}


def files_of(run: Run) -> list[SimpleUploadedFile]:
    """The files of a comparison's folder, as `identity propose` writes them."""
    contents = {
        "proposals.csv": run.proposals.write_csv().encode(),
        "contradictions.csv": run.contradictions.write_csv().encode(),
        "records.csv": run.records.write_csv().encode(),
        "model.json": b"{}",
    }
    written = {name: sha256(data).hexdigest() for name, data in contents.items()}
    account = {**run.account, "written": written}
    contents[ACCOUNT] = json.dumps(account).encode()
    return [SimpleUploadedFile(name, data) for name, data in contents.items()]


def test_the_list_holds_what_the_person_may_decide_and_counts_the_rest(proposed):
    asking = client("reviewer")
    found = told(asking, "/persons.json")
    assert [row["proposal"] for row in found["proposals"]] == [FURNISHED, ONE, TWO]
    assert (found["count"], found["hidden"]) == (3, 3), (
        "two speak of a restricted case, one of nobody's"
    )
    piles = {each["kind"]: each for each in told(asking, "/index.json")["waits"]}
    assert (piles["proposal"]["count"], piles["proposal"]["to"]) == (3, "/persons")
    assert listed(asking, "case=N3") == [TWO]
    assert listed(asking, "case=B") == []
    assert listed(asking, "says=held_back") == listed(asking, "kind=same_death") == []
    assert listed(asking, "says=over&kind=same_person&status=all") == [ONE, TWO]
    table = asking.get("/persons.csv").content.decode("utf-8-sig").splitlines()
    assert len(table) == 4
    assert "three others wait on cases where you may enter no facts" in asking.get("/persons").text
    assert asking.get("/persons?status=open").status_code == 400
    size = proposed.store.size()
    asking.get("/persons")
    kinds = proposed.store.rows(Event).filter(seq__gte=size).values_list("kind", flat=True)
    assert list(kinds) == ["list_shown"]


def test_whoever_may_not_see_one_of_the_two_cases_may_not_see_the_proposal(proposed):
    for name in ("reviewer", "reader", "supervisor", "administrator"):
        asking = client(name)
        for path in (f"/persons/{HIDDEN}", f"/persons/{HIDDEN}.json", f"/persons/{HIDDEN}.csv"):
            assert asking.get(path).status_code == 403
    assert client("reviewer").post(f"/persons/{HIDDEN}/accept", {"text": WHY}).status_code == 403
    assert client("reviewer").get("/persons/none-such").status_code == 404
    reading = client("reader").get(f"/persons/{ONE}")
    assert (reading.status_code, 'data-key="accept"' in reading.text) == (200, False)
    assert client("reader").post(f"/persons/{ONE}/accept", {"text": WHY}).status_code == 403
    struck = told(client("auditor"), f"/persons/{ONE}.json")
    assert struck["record_id_one"] == "(struck out)"


def test_a_proposal_says_what_agrees_and_what_it_weighs_and_that_it_was_read_is_logged(proposed):
    asking, store = client("reviewer"), proposed.store
    size = store.size()
    found = told(asking, f"/persons/{ONE}.json")
    rows = store.rows(Event).filter(seq__gte=size).order_by("seq")
    assert [row.kind for row in rows][-3:-1] == ["case_viewed", "case_viewed"]
    about = store.rows(About).filter(event_id__in=[row.seq for row in rows])
    assert set(about.values_list("case_id", flat=True)) == {"N1", "N2"}
    assert (found["case_one"], found["case_other"]) == ("N1", "N2")
    fields = {each["field"]: each for each in found["fields"]}
    name = fields["forename"]
    assert (name["words"], name["bits"], name["likelihood_ratio"]) == ("the same", 8.0, 256.0)
    assert name["times"] == "about 260 times likelier of one person"
    assert name["strength"] == "moderately strong support for one person"
    assert (fields["surname"]["bits"], fields["surname"]["times"]) == (None, "weighs nothing")
    assert {each["speaks"] for each in found["fields"]} == {"agrees", "not compared"}
    table = asking.get(f"/persons/{ONE}.csv").content.decode("utf-8-sig").splitlines()
    assert len(table) == 1 + len(found["fields"])
    page = asking.get(f"/persons/{ONE}").text
    assert "2 of 3" in page
    assert "/pairs/N1/N2" in page
    assert "score" not in page
    (found_at, *_) = found["about_cases"]
    assert (found_at["field"], found_at["one"]) == ("found_at", "2014-08-30")


def test_the_chain_is_shown_and_records_out_of_reach_are_counted(proposed):
    asking, store = client("reviewer"), proposed.store
    asking.post(f"/persons/{ONE}/accept", {"text": WHY})
    found = told(asking, f"/persons/{TWO}.json")["chain"]
    assert [each["case"] for each in found["records"]] == ["N2", "N3", "N1"]
    assert (found["joined"], found["joined_cases"], found["hindrance"]) == (3, 3, None)
    assert [each["by"] for each in found["links"]] == ["reviewer"]
    with store.writing("root", "administration") as writer:
        accounts.grant(store, writer, "head", "supervisor", case="B")
    with store.writing("head", "death_review") as writer:
        accept(store, writer, HIDDEN, WHY)
    shown = told(asking, f"/persons/{TWO}.json")
    assert shown["chain"]["hidden"] == 1
    assert "B" not in json.dumps(shown["chain"]["records"])
    assert shown["may_decide"] is False, "who decides may enter facts in every case of the chain"
    assert asking.post(f"/persons/{TWO}/accept", {"text": WHY}).status_code == 403


def test_the_leads_that_use_a_proposal_are_named_with_whose_word_it_is(proposed, monkeypatch):
    lead = RestingLead(
        lead_of(proposed.store, "A"), "L-17", ("N1", "N2"), ("accepted", "unreviewed")
    )
    monkeypatch.setattr(
        "openverdict.web.areas.same_persons.leads_resting_on",
        lambda *given, **more: Resting(1, (lead,), False),
    )
    asking = client("reviewer")
    (found,) = told(asking, f"/persons/{ONE}.json")["leads"]
    assert found["by_word_of"].startswith("people accepted it and the threshold")
    page = asking.get(f"/persons/{ONE}").text
    assert f'<a href="{found["to"]}">L-17</a>' in page


def test_accepting_goes_on_to_the_next_puts_the_person_into_both_cases_and_is_undone(proposed):
    asking, store = client("reviewer"), proposed.store
    refused = asking.post(f"/persons/{ONE}/accept", {"text": " "})
    assert (refused.status_code, store.rows(IdentityDecision).count()) == (422, 0)
    assert "2 records" in asking.get(f"/persons/{ONE}/accept").text.replace("Two", "2")
    answer = asking.post(f"/persons/{ONE}/accept?says=over", {"text": WHY})
    assert answer.headers["Location"] == f"/persons/{TWO}?says=over&last={ONE}"
    assert persons(store) == {"N1": "host:accepted-n1", "N2": "finder:accepted-n1"}
    page = asking.get(answer.headers["Location"]).text
    assert f"/persons/{ONE}/undo?says=over" in page
    again = asking.post(f"/persons/{ONE}/reject", {"text": WHY})
    assert (again.status_code, "undo that first" in again.text) == (422, True)
    end = asking.post(f"/persons/{TWO}/reject?says=over", {"text": "Seen together on 4 May."})
    assert end.headers["Location"] == "/persons?says=over"
    assert listed(asking, "status=rejected") == [TWO]
    back = asking.post(f"/persons/{ONE}/undo", {"text": "The number was another's."})
    assert (back.status_code, persons(store)) == (303, {})
    found = told(asking, f"/persons/{ONE}.json")
    assert [(each["outcome"], each["text"]) for each in found["history"]] == [
        ("accepted", WHY),
        ("undone", "The number was another's."),
    ]
    assert (found["status"], found["may_decide"]) == ("waiting", True)
    events = store.rows(Event).filter(kind="identity_resolved", actor="reviewer")
    assert events.count() == 3


def test_a_supervisor_sets_what_counts_undecided_having_seen_what_it_would_mean(proposed):
    asking, store = client("supervisor"), proposed.store
    client("reviewer").post(f"/persons/{ONE}/accept", {"text": WHY})
    steps = {each["least"]: each for each in told(asking, "/persons/threshold.json")["steps"]}
    assert (steps[0.95]["waiting"], steps[0.95]["decided"], steps[0.95]["accepted"]) == (2, 1, 1)
    said = {"counts": "over", "least": "0.965", "text": "Read by two people in April."}
    assert client("reviewer").post("/persons/threshold", said).status_code == 403
    assert asking.post("/persons/threshold", {**said, "least": ""}).status_code == 422
    assert asking.post("/persons/threshold", {**said, "least": "1.5"}).status_code == 422
    assert asking.post("/persons/threshold", {**said, "text": ""}).status_code == 422
    assert asking.post("/persons/threshold", said).status_code == 303
    assert persons(store)["N3"] == "caller:unreviewed-n1", "one link of the chain nobody reviewed"
    assert "undecided pairs from probability 0.965 on" in client("reviewer").get("/persons").text
    again = asking.post("/persons/threshold", said)
    assert (again.status_code, "in force already" in again.text) == (422, True)
    back = {"counts": "accepted", "text": "One of them was wrong."}
    assert asking.post("/persons/threshold", back).status_code == 303
    assert "N3" not in persons(store)
    held = told(asking, "/persons/threshold.json")["said"]
    assert [(each["least"], each["text"]) for each in held] == [
        (None, "One of them was wrong."),
        (0.965, "Read by two people in April."),
    ]
    assert store.rows(IdentityThreshold).count() == 2


def test_a_comparison_is_uploaded_looked_at_and_taken_in_by_a_data_manager(proposed, tmp_path):
    asking = client("data_manager")
    run = compared(tmp_path / "later", PEOPLE, [*PAIRS, ("n1", "n3", 0.8)])
    assert client("reviewer").post("/persons/take", {"files": files_of(run)}).status_code == 403
    few = asking.post("/persons/take", {"files": files_of(run)[:3]})
    assert (few.status_code, "is missing" in few.text) == (422, True)
    changed = files_of(run)
    changed[0] = SimpleUploadedFile("proposals.csv", b"proposal\nx\n")
    other = asking.post("/persons/take", {"files": changed})
    assert (other.status_code, "was changed since" in other.text) == (422, True)
    assert str(spool.folder()) not in other.text, "no folder of the machine is named"
    foreign = [*files_of(run), SimpleUploadedFile("people.csv", b"name\nAnna\n")]
    assert "leave it out" in asking.post("/persons/take", {"files": foreign}).text
    assert list(spool.folder().iterdir()) == []
    to = asking.post("/persons/take", {"files": files_of(run)}).headers["Location"]
    seen = told(asking, f"{to}.json")["foreseen"]
    assert (seen["proposals"], seen["left_out"], seen["refused"]) == (4, 1, None)
    assert client("supervisor").get(to).status_code == 403
    assert spool.uploads_of("data_manager") == [], "it is no register"
    assert asking.post(to, {}).status_code == 422, "nobody said that they looked"
    assert key_of("n1", "n3") not in listed(client("reviewer")), "nothing was taken in by that"
    assert asking.post(to, {"sure": "yes"}).status_code == 303
    work(until_input_ends=False, batch=True)
    done = told(asking, f"{to}.json")["result"]
    assert (done["proposals"], done["left_out"], done["decisions"]) == (4, 1, 0)
    assert "It was taken in" in asking.get(to).text
    assert key_of("n1", "n3") in listed(client("reviewer"))
    assert list(spool.folder().iterdir()) == []
    again = asking.post("/persons/take", {"files": files_of(run)}).headers["Location"]
    assert told(asking, f"{again}.json")["foreseen"]["refused"].startswith("was taken in before")
    assert asking.post(again, {"sure": "yes"}).status_code == 422
    assert asking.post(f"{again}/discard").status_code == 303
    assert asking.get(again).status_code == 404


def test_a_ratio_is_said_in_words_whichever_way_it_points():
    assert times_words(None) == "weighs nothing"
    assert times_words(0.0) == "as likely of one person as of two"
    assert times_words(-4.0) == "about 16 times likelier of two people"
    assert times_words(30.0) == "over a million times likelier of one person"


def test_proposals_are_decided_with_keys_and_without_javascript_and_everybody_can_use_them(
    browse, proposed
):
    page = browse("reviewer").open("/persons?says=over")
    page.get_by_role("link", name="Begin with the first").click()
    page.wait_for_url(re.compile(rf"/persons/{ONE}\?"))
    page.wait_for_load_state("networkidle")
    page.keyboard.press("d")
    page.keyboard.press("Tab")
    page.keyboard.type(WHY)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Accept: one person"
    page.keyboard.press("r")
    assert page.evaluate("document.activeElement.textContent") == "Reject: two people"
    page.keyboard.press("a")
    assert page.url.endswith(f"/persons/{ONE}?says=over"), "one stroke changes nothing"
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"last="))
    page.wait_for_load_state("networkidle")
    assert "is accepted" in page.get_by_role("status").inner_text()
    page.keyboard.press("u")
    page.wait_for_url(re.compile("/undo"))
    page = browse("reviewer", java_script_enabled=False).open(f"/persons/{TWO}")
    page.get_by_label("Why").fill("Seen together on 4 May.")
    page.get_by_role("button", name="Reject").click()
    assert "is rejected" in page.get_by_role("status").inner_text()
    to = f"/persons/{TWO}"
    assert unusable(browse("supervisor"), f"/persons/{ONE}", to) == []
