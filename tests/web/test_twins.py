"""Every page of the review has an address, a JSON and a CSV of its own, made from the same data; what each of them holds."""

from __future__ import annotations

import csv
import io
import re

from tests.web.conftest import client
from tests.web.test_case_work import lists_its_checks
from tests.web.test_leads import CASES, number, team

from openverdict.decisions.models import Enquiry
from openverdict.web.areas import subjects
from openverdict.web.areas.tables import TABLES

__all__ = ["team"]  # a fixture
# What a review is read by: the name of the list of which the CSV is made.
PAGES = {
    "/leads": "items",
    "/register": "cases",
    "/as-of?day=2015-12-31": "cases",
    "/runs": "runs",
    "/runs/1": "leads",
    "/cases/B": "facts",
    "/cases/B/opinions": "opinions",
    "/cases/B/triage": "reasons",
    "/cases/B/enquiries": "enquiries",
    "/cases/B/exhibits": "exhibits",
    "/cases/B/devices": "devices",
    "/enquiries": "enquiries",
    "/retention": "kept",
    "/duties": "waiting",
    "/duties/notices": "notices",
    "/duties/late": "late",
    "/reports/unlooked": "rows",
    "/reports/closure": "leads",
    "/reports/case/B": "steps",
    "/people/why?case=B": "answers",
    "/people/roles": "operations",
    "/settings": "settings",
}


def twin(name, path, ending):
    page, _, query = path.partition("?")
    answer = client(name).get(f"{page}.{ending}" + (f"?{query}" if query else ""))
    assert answer.status_code == 200, (path, ending, answer.content[:300])
    return answer


def rows_of(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_each_page_of_a_review_is_had_as_csv_and_json_with_the_same_rows(team):
    client("chief").post("/cases/B/owner", {"owner": "chief"})
    client("chief").post("/cases/B/reopen", {"reason": "concern"})
    for path, name in PAGES.items():
        told = twin("chief", path, "json").json()[name]
        assert len(rows_of(twin("chief", path, "csv"))) == len(told), path


def test_the_proof_of_an_entry_is_had_as_rows_of_hashes(team):
    told = twin("auditor", "/log/3", "json").json()
    table = rows_of(twin("auditor", "/log/3", "csv"))
    assert [row["hash"] for row in table] == [told["leaf"], *told["path"], told["root"]]


def test_why_somebody_may_see_a_case_is_told_for_every_operation_at_once(team):
    rows = {row["operation"]: row for row in rows_of(twin("watch", "/people/why?case=B", "csv"))}
    assert (rows["view"]["allowed"], rows["view"]["how"]) == ("yes", "redacted")
    assert (rows["decide"]["allowed"], rows["inspect_log"]["case"]) == ("no", "")
    assert client("one").get("/people/why?case=nowhere").status_code == 400


def test_a_table_of_a_lead_gives_away_what_the_run_found_only_after_the_first_view(team):
    for table, (_, _, of_run) in TABLES.items():
        path = f"/leads/{number(team)}/tables/{table}"
        blind = twin("one", path, "json").json()
        assert (blind["blind"], bool(blind["rows"]) and of_run) == (of_run, False), table
        seen = twin("look", path, "json").json()["rows"]
        assert len(rows_of(twin("look", path, "csv"))) == len(seen)
        assert bool(seen) == (table not in ("opinions", "checks"))
        assert client("look").get(path).status_code == 200
    assert client("look").get(f"{path}x").status_code == 404


def test_a_check_never_made_is_requested_from_the_page_of_a_lead_by_one_button(team, monkeypatch):
    lists_its_checks(team, "B")
    lead = f"/leads/{number(team)}"
    row = {"check": "cctv", "label": "Camera footage", "asked_on": 0}
    monkeypatch.setattr(subjects, "_checks", lambda *_: [row])
    page = client("one").get(lead).text
    form = re.search(rf'<form method="post" action="{lead}/checks">.*?</form>', page, re.DOTALL)
    assert form is not None
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    sent.pop("csrfmiddlewaretoken")
    assert "Request this check" not in client("look").get(lead).text
    assert client("one").post(f"{lead}/checks", sent).status_code == 303
    asked = team.store.rows(Enquiry).filter(asked="cctv", user="one")
    assert sorted(asked.values_list("case_id", flat=True)) == list(CASES)
    again = client("one").post(f"{lead}/checks", sent)
    assert (again.status_code, "was asked for before" in again.text) == (422, True)
    # Toxicology is recorded as made on B; the record of the others lists no checks.
    sent["checks"] = "toxicology"
    assert client("one").post(f"{lead}/checks", sent).status_code == 303
    asked = team.store.rows(Enquiry).filter(asked="toxicology")
    assert sorted(asked.values_list("case_id", flat=True)) == ["C", "D"]
    wrong = client("one").post(f"{lead}/checks", {**sent, "cases": "A"})
    assert (wrong.status_code, "not among the choices" in wrong.text) == (422, True)
