"""The pages of the record: the log and its proofs, reports, duties."""

from __future__ import annotations

import io
import json
import zipfile

from tests.web.conftest import client

from openverdict.ledger.merkle import leaf_hash
from openverdict.ledger.models import Event
from openverdict.web.serving import work


def kinds_since(app, size):
    """The kinds of the entries from a number on."""
    rows = app.store.rows(Event).filter(seq__gte=size).order_by("seq")
    return list(rows.values_list("kind", flat=True))


def test_the_log_is_searched_and_paged_and_reading_it_is_logged(app):
    asking = client("auditor")
    size = app.store.size()
    told = json.loads(asking.get("/log.json?actor=root&act=&kind=role_granted").content)
    assert {row["kind"] for row in told["entries"]} == {"role_granted"}
    assert {row["actor"] for row in told["entries"]} == {"root"}
    assert kinds_since(app, size)[-2:] == ["log_inspected", "pack_disclosed"]
    page = asking.get("/log")
    assert "Older entries" in page.text
    assert asking.get("/log?before=60").status_code == 200
    assert asking.get("/log?since=2990-01-01").text.count("No entry is like this.") == 1


def test_the_proof_of_an_entry_is_a_file(app):
    asking = client("auditor")
    assert "proof holds" in asking.get("/log/3").text
    file = asking.get("/log/3/proof")
    told = json.loads(file.content)
    assert 'filename="entry-3-proof.json"' in file.headers["Content-Disposition"]
    assert leaf_hash(told["body"].encode()).hex() == told["leaf"]
    assert asking.get("/log/99999999").status_code == 404


def test_the_log_is_verified_and_taken_out(app):
    asking = client("auditor")
    assert json.loads(asking.get("/log/verify.json").content)["verdict"] is None
    assert asking.post("/log/verify").status_code == 303
    assert asking.post("/log/verify").status_code == 422, "once at a time"
    work(until_input_ends=False, batch=True)
    told = json.loads(asking.get("/log/verify.json").content)
    assert told["job"]["state"] == "done"
    assert told["verdict"]["outcome"] == "intact", told
    assert "intact" in asking.get("/log/verify").text
    size = app.store.size()
    file = asking.post("/log/export", {"recipient": "an inspector"})
    assert zipfile.ZipFile(io.BytesIO(file.content)).testzip() is None
    assert "log_exported" in kinds_since(app, size)


def test_reading_the_log_again_can_be_ended(app):
    asking = client("auditor")
    asking.post("/log/verify")
    assert asking.post("/log/verify/stop").status_code == 303
    assert json.loads(asking.get("/log/verify.json").content)["job"]["state"] == "stopped"
    assert "was ended" in asking.get("/log/verify").text
    assert client("reviewer").post("/log/verify/stop").status_code == 403


def test_a_report_is_a_page_a_pdf_and_json_and_making_it_is_logged(app):
    asking = client("reviewer")
    assert asking.post("/reports", {"case": "A"}).headers["Location"] == "/reports/case/A"
    assert asking.post("/reports", {}).status_code == 422
    for to, words in (
        ("/reports/case/A", "What was not done"),
        ("/reports/unlooked", "Summary"),
        ("/reports/closure", "Summary"),
    ):
        size = app.store.size()
        assert words in asking.get(to).text
        assert "report_made" in kinds_since(app, size), to
    assert json.loads(asking.get("/reports/case/A.json").content)["cases"] == ["A"]
    size = app.store.size()
    paper = asking.get("/reports/case/A/pdf")
    assert paper.content.startswith(b"%PDF-")
    assert kinds_since(app, size) == ["report_made", "pack_disclosed"]
    assert asking.get("/reports/pair/A/D").status_code == 403


def test_a_pack_is_disclosed_to_somebody(app):
    asking = client("supervisor")
    assert asking.post("/reports/pack", {"profile": "panel"}).status_code == 422
    size = app.store.size()
    file = asking.post("/reports/pack", {"profile": "panel", "recipient": "p", "cases": "A"})
    assert "pack.html" in " ".join(zipfile.ZipFile(io.BytesIO(file.content)).namelist())
    assert "pack_disclosed" in kinds_since(app, size)


def test_a_concern_is_recorded_waits_and_is_answered(app):
    asking = client("supervisor")
    said = {"cases": "A", "raised_by": "family", "text": "He never went there alone."}
    assert asking.post("/duties/concern", said).status_code == 303
    told = json.loads(asking.get("/duties.json").content)
    row = next(each for each in told["waiting"] if each["subject_kind"] == "concern")
    assert row["cases"] == ["A"]
    assert row["address"] in asking.get("/duties").text
    assert asking.get("/duties?overdue=yes").status_code == 200
    answer = {"outcome": "facts_explained", "told": "yes", "text": "Told by telephone today."}
    assert client("reviewer").get(row["address"]).status_code == 200
    assert asking.post(row["address"], answer).status_code == 303
    assert asking.get(row["address"]).status_code == 404
