"""The pages of people: accounts, roles, restricted cases, exceptional access, and why."""

from __future__ import annotations

import json
import re
from importlib.resources import files

from django.core.files.uploadedfile import SimpleUploadedFile
from tests.web.conftest import client

from openverdict.decisions.access import has_account
from openverdict.decisions.accounts import is_restricted
from openverdict.decisions.models import Grant
from openverdict.decisions.policy import read_policy


def test_an_account_is_made_and_given_a_role_and_a_link(app):
    asking = client("administrator", fresh=True)
    assert asking.post("/people/new", {"user": "j.doe"}).status_code == 303
    page = "/people/account/j~2Edoe"
    assert asking.post(f"{page}/grant", {"role": "reader", "case": "A"}).status_code == 303
    assert "case A" in asking.get(page).text
    link = re.findall(r"/begin/[\w-]+", asking.post(f"{page}/link").text)[0]
    assert client().get(link).status_code == 200
    number = app.store.rows(Grant).filter(user="j.doe").get().id
    assert asking.post(f"/people/grant/{number}/revoke").status_code == 303
    assert asking.post(f"{page}/change", {"change": "locked"}).status_code == 303
    assert not has_account(app.store, "j.doe")
    assert asking.post(f"{page}/link").status_code == 422
    assert asking.post("/people/new", {"user": "a b"}).status_code == 422
    assert "j.doe" in asking.get("/people").text


def test_nobody_gives_a_role_to_themselves(app):
    answer = client("administrator").post(
        "/people/account/administrator/grant", {"role": "administrator"}
    )
    assert (answer.status_code, "themselves" in answer.text) == (422, True)


def test_a_case_is_restricted_and_the_restriction_is_lifted(app):
    asking = client("supervisor")
    for change, now in (("restrict", True), ("lift", False)):
        filled = {"change": change, "reason": "officer_involved"}
        assert asking.post("/people/restrict/A", filled).status_code == 303
        assert is_restricted(app.store, "A") == now


def test_the_glass_is_broken_with_a_reason_and_mended(app):
    asking = client("reviewer")
    assert asking.get("/cases/D").status_code == 403
    assert asking.post("/people/break-glass", {"case": "D", "text": "now"}).status_code == 422
    text = "The inquest opens this morning and the file of this case is with nobody on duty."
    assert asking.post("/people/break-glass", {"case": "D", "text": text}).status_code == 303
    assert asking.get("/cases/D").status_code == 200
    told = json.loads(asking.get("/people/break-glass.json").content)
    to = told["opened"][0]["address"]
    assert client("supervisor").post(to, {"reason": "done"}).status_code in (403, 422)
    assert asking.post(to, {"reason": "done"}).status_code == 303
    assert asking.get("/cases/D").status_code == 403


def test_whoever_asks_is_told_why(app):
    asking = client("reader")
    assert "within their grants" in asking.get("/people/why?operation=view&case=A").text
    assert "outside their grants" in asking.get("/people/why?operation=view&case=D").text
    assert asking.get("/people/why?operation=view&case=D&user=reviewer").status_code == 403
    assert client("auditor").get("/people/why?operation=view&user=reader").status_code == 200
    assert "redacted" in asking.get("/people/roles.csv").text


def test_a_policy_is_shown_and_another_put_in_force(app):
    asking = client("supervisor")
    shipped = read_policy()
    assert f"Policy {shipped.version} is in force" in asking.get("/settings").text
    text = (files("openverdict.decisions") / "data" / "policy.toml").read_text("utf-8")
    other = text.replace(f'version = "{shipped.version}"', 'version = "house-2"')
    file = SimpleUploadedFile("policy.toml", other.encode())
    assert asking.post("/settings/adopt", {"policy": file}).status_code == 303
    assert "Policy house-2 is in force" in asking.get("/settings").text
    wrong = SimpleUploadedFile("policy.toml", b"version = 3")
    answer = asking.post("/settings/adopt", {"policy": wrong})
    assert (answer.status_code, "policy.toml: settings missing" in answer.text) == (422, True)


def test_help_is_there_for_each_reader(app):
    for path in ("sergeant", "coroners-officer", "auditor"):
        assert "<h1>Help for" in client().get(f"/help/{path}").text
