"""A document about a case in the app: read in a process of its own, ticked by a person, refused with a reason, then gone."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.documents.made import docx, pages_pdf, paragraph
from tests.web.conftest import client, unusable

from openverdict.ledger.models import Fact
from openverdict.web import read_documents, spool
from openverdict.web.serving import work

LETTER = b"Laboratory: GHB was detected in the blood. Cocaine was not detected.\nHe never took ketamine.\n"


def upload(asking, name, data, case="A", **more):
    given = {"document": SimpleUploadedFile(name, data), **more}
    return asking.post(f"/cases/{case}/document", given)


def read(asking, name, data, **more):
    answer = upload(asking, name, data, **more)
    assert answer.status_code == 303, answer.text
    work(until_input_ends=False, batch=True)
    return answer.headers["Location"]


def told(asking, path):
    return json.loads(asking.get(f"{path}.json").content)


def test_what_is_ticked_in_a_letter_becomes_a_fact_with_its_place_and_the_copy_goes(app):
    asking = client("reviewer")
    path = read(asking, "letter.txt", LETTER, known_from="2014-10-01")
    found = told(asking, path)
    rows = {(row["field"], row["value"]): row for row in found["suggestions"]}
    ghb = rows["substances_detected", "ghb"]
    assert (ghb["states"], ghb["place"], ghb["text_words"]) == (True, "line 1", "GHB")
    assert rows["substances_suspected", "ketamine"]["states"] is False
    page = asking.get(path).text
    assert 'value="0"' in page
    assert "Pointed at, and no fact" in page
    assert asking.get("/intake.json").status_code == 403
    assert asking.post(path, {}).status_code == 422
    assert asking.post(path, {"accept": ["999"]}).status_code == 422
    assert told(client("data_manager"), "/intake")["uploads"] == []
    answer = asking.post(path, {"accept": [str(ghb["suggestion"])]})
    assert answer.headers["Location"] == "/cases/A"
    fact = app.store.rows(Fact).filter(case_id="A", field="substances_detected").latest("id")
    assert (fact.value, fact.author, fact.known_from) == ("ghb", "reviewer", "2014-10-01T00:00:00")
    assert fact.origin.startswith(f"document {found['sha256']}, line 1, characters 12-15, rule ")
    assert list(spool.folder().iterdir()) == []
    assert asking.get(path).status_code == 404


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("scan.pdf", pages_pdf([None] * 3), "pictures of pages and no text"),
        ("letter.pdf", b"%PDF-1.4\nnothing", "letter.pdf"),
        ("letter.docx", b"PK\x03\x04nothing", "letter.docx"),
    ],
    ids=["scan", "broken pdf", "broken docx"],
)  # fmt: skip
def test_what_cant_be_read_is_said_and_leaves_nothing(app, name, data, reason):
    asking = client("reviewer")
    before = app.store.rows(Fact).count()
    path = read(asking, name, data)
    found = told(asking, path)
    assert (found["read"], found["job"]["state"]) == (False, "failed")
    assert reason in found["job"]["message"]
    assert "This document was not read" in asking.get(path).text
    assert asking.post(path, {"accept": ["0"]}).status_code == 422
    assert asking.post(f"{path}/discard").status_code == 303
    assert app.store.rows(Fact).count() == before
    assert list(spool.folder().iterdir()) == []


def test_only_documents_come_in_and_nobody_sees_another_persons(app):
    asking = client("reviewer")
    refused = upload(asking, "old.doc", b"\xd0\xcf\x11\xe0")
    assert (refused.status_code, "save it as .docx" in refused.text) == (422, True)
    ahead = upload(asking, "letter.txt", LETTER, known_from="2990-01-01")
    assert (ahead.status_code, "lies ahead" in ahead.text) == (422, True)
    assert upload(asking, "letter.txt", LETTER, case="B").status_code == 403
    assert upload(client("reader"), "letter.txt", LETTER).status_code == 403
    assert list(spool.folder().iterdir()) == []
    path = read(asking, "letter.docx", docx(paragraph("GHB was detected.")))
    assert client("supervisor").get(path).status_code == 404
    token = path.rpartition("/")[2]
    assert client("data_manager").get(f"/intake/{token}").status_code == 404
    found = spool.find(token, "reviewer", case="A")
    assert found is not None
    kept = read_documents.kept(found)
    assert kept is not None
    assert kept == read_documents.read(found), "what is kept is what was read"


def test_a_document_is_read_without_javascript_by_everybody(browse, app):
    window = browse("reviewer", java_script_enabled=False)
    page = window.open("/cases/A")
    page.get_by_role("link", name="Read a document about this case").click()
    page.get_by_label("Document").set_input_files(
        {"name": "letter.txt", "mimeType": "text/plain", "buffer": LETTER}
    )
    page.get_by_role("button", name="Read it").click()
    assert "Reading the document" in page.get_by_role("status").inner_text()
    work(until_input_ends=False, batch=True)
    page.get_by_role("link", name="Look again").click()
    path = page.url.removeprefix(window.origin)
    assert unusable(browse("reviewer"), path) == []
    page.get_by_label("Substances detected: GHB").check()
    page.get_by_role("button", name="Record what is ticked").click()
    assert "One fact of the document is recorded" in page.get_by_role("status").inner_text()
