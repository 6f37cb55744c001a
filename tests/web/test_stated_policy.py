"""The policy for suggestions in the app: what holds and since when, adopted by who may, applied, undone and taken back."""

from __future__ import annotations

import json

from django.core.files.uploadedfile import SimpleUploadedFile
from tests.decisions.trials import RULE, SOMEBODY, proven
from tests.web.conftest import client, unusable

from openverdict.decisions.admitting import policy_in_force
from openverdict.decisions.models import AcceptancePolicy
from openverdict.ledger.models import Event, Fact

NAME, VERSION = RULE
FORM = {
    "name": "house",
    "version": "1",
    "adopted_by": "head of review",
    "rules": [NAME],
    "fields": ["substances_detected"],
    "reviewed": "20",
    "lower_bound": "0.8",
    "reason": "Read one by one by two people in April.",
}
FILE = """
[policy]
name = "house"
version = "2"
adopted_by = "head of review"
adopted_on = 2024-05-06
reason = "Patterns of names, read by two people."
[[admit]]
rules = ["substance.*.name"]
fields = ["substances_detected"]
reviewed = 40
lower_bound = 0.9
"""


def told(asking, path):
    answer = asking.get(path)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content)


def made(store):
    rows = store.rows(Fact).filter(case_id="A", field="substances_detected", status="recorded")
    return [row for row in rows if (row.origin or "").startswith("policy ")]


def test_a_supervisor_adopts_by_measured_rates_applies_undoes_and_takes_back(app):
    asking, store = client("supervisor"), app.store
    before = told(asking, "/suggestions/policy.json")
    assert (before["policy"], before["admitted"], before["history"]) == (None, 0, [])
    assert "Read some first" in asking.get("/suggestions/policy/adopt").text
    assert asking.post("/suggestions/policy/adopt", FORM).status_code == 422, "it was not measured"
    assert asking.get("/suggestions/policy/apply").status_code == 404
    with store.writing(SOMEBODY, "death_review") as writer:
        proven(store, writer)
    page = asking.get("/suggestions/policy/adopt").text
    assert f"{NAME}: 20 of 20 accepted, at least 84 %" in page
    assert client("reviewer").post("/suggestions/policy/adopt", FORM).status_code == 403
    short = asking.post("/suggestions/policy/adopt", {**FORM, "reason": "Good."})
    assert (short.status_code, "say why in words" in short.text) == (422, True)
    assert asking.post("/suggestions/policy/adopt", FORM).status_code == 303
    held = told(client("reader"), "/suggestions/policy.json")
    assert (held["policy"]["name"], held["policy"]["put_in_force_by"]) == ("house", "supervisor")
    assert held["policy"]["since"] == held["history"][0]["at"]
    assert made(store) == [], "nothing is accepted by that alone"
    (rule,) = [row for row in told(asking, "/suggestions/policy.json")["rules"] if row["waiting"]]
    assert (rule["rule"], rule["admitted"], rule["decided"]) == (NAME, True, 20)
    assert asking.post("/suggestions/policy/apply", {"expected": "1"}).status_code == 422
    wrong = asking.post("/suggestions/policy/apply", {"expected": "2", "sure": "yes"})
    assert (wrong.status_code, "look again" in wrong.text) == (422, True)
    said = {"expected": "1", "sure": "yes"}
    to = asking.post("/suggestions/policy/apply", said).headers["Location"]
    assert [fact.value for fact in made(store)] == ["mdma"]
    (stands,) = told(asking, "/suggestions/policy.json")["applied"]
    assert (stands["to"], stands["facts"]) == (to, 1)
    assert asking.post("/suggestions/policy/withdraw", {}).status_code == 422
    why = {"text": "The laboratory changed its letters."}
    assert client("reviewer").post("/suggestions/policy/withdraw", why).status_code == 403
    assert asking.post("/suggestions/policy/withdraw", why).status_code == 303
    assert policy_in_force(store) is None
    after = told(asking, "/suggestions/policy.json")
    assert [each["name"] for each in after["history"]] == [None, "house"]
    assert len(after["applied"]) == 1, "what it admitted stands until that is undone"
    assert asking.post(to, {"why": "rule_was_wrong"}).status_code == 303
    assert told(asking, "/suggestions/policy.json")["applied"] == []
    kinds = store.rows(Event).filter(kind="policy_adopted", actor="supervisor")
    assert kinds.count() == 2


def test_a_policy_of_several_parts_is_a_file_and_the_form_begins_with_it(app):
    asking = client("supervisor")
    for data, says in ((b"[policy", "cannot be read as TOML"), (b"[policy]\n", "admit")):
        bad = asking.post(
            "/suggestions/policy/file", {"policy": SimpleUploadedFile("p.toml", data)}
        )
        assert (bad.status_code, says in bad.text) == (422, True)
    file = SimpleUploadedFile("policy.toml", FILE.encode())
    assert asking.post("/suggestions/policy/file", {"policy": file}).status_code == 303
    rows = told(asking, "/suggestions/policy.json")["rules"]
    (rule,) = [row for row in rows if row["waiting"]]
    assert "0 of its suggestions decided, 40 needed" in rule["refused"]
    page = asking.get("/suggestions/policy/adopt").text
    assert "(named by the policy in force)" in page
    assert 'value="3"' in page, "the next version"
    assert app.store.rows(AcceptancePolicy).get().version == "2"


def test_everybody_can_use_the_pages_of_a_policy_in_force(browse, app):
    with app.store.writing(SOMEBODY, "death_review") as writer:
        proven(app.store, writer)
    client("supervisor").post("/suggestions/policy/adopt", FORM)
    window = browse("supervisor")
    assert unusable(window, "/suggestions/policy", "/suggestions/policy/apply") == []
