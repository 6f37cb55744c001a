"""Intake in the app: upload, placing of columns, dry run, taking in; nothing goes into the store before, or half."""

from __future__ import annotations

import json
import stat

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.web.conftest import client

from openverdict.intake import load_mapping, read_register
from openverdict.ledger.models import Case, Source
from openverdict.web import spool, working
from openverdict.web.models import Job, KeptMapping
from openverdict.web.serving import work

OURS = b"case_id,found_at,age_years\nN1,2021-03-01,33\nN2,2021-03-04,xx\nT,2014-07-01,44\n"
FOREIGN = (
    b"Ref,Date found,Sex,Heroin,Remark\nR1,03/02/2021,M,Y,by the canal\nR2,04/02/2021,F,,at home\n"
)


def put(asking, *files, **more):
    given = [SimpleUploadedFile(name, data) for name, data in files]
    return asking.post("/intake", {"files": given, **more})


def work_off():
    work(until_input_ends=False, batch=True)


def uploaded(asking, *files):
    answer = put(asking, *files)
    assert answer.status_code == 303, answer.text
    work_off()
    return answer.headers["Location"]


def told(asking, path):
    return json.loads(asking.get(f"{path}.json").content)


def test_a_file_in_our_layout_is_read_at_once_and_taken_in_when_somebody_says_so(app):
    asking = client("data_manager")
    before = app.store.size()
    path = uploaded(asking, ("new.csv", OURS))
    seen = told(asking, path)
    found = seen["found"]
    assert seen["stage"] == "read"
    assert (found["rows_read"], found["cases"], found["rejected_rows"]) == (3, 2, 1)
    assert found["store"]["new_cases"] == 1
    assert found["store"]["added_to"] == 1
    assert [each["field"] for each in found["first_rejects"]] == ["age_years"]
    assert app.store.size() - before <= 1, "a dry run writes nothing (but who signed in)"
    assert not app.store.rows(Case).filter(case_id="N1").exists()
    answer = asking.post(f"{path}/commit", {"sure": "yes"})
    assert answer.status_code == 303
    work_off()
    receipt = told(asking, path)["receipt"]
    assert receipt["new_cases"] == found["store"]["new_cases"]
    assert receipt["facts"] == found["store"]["facts"]
    assert receipt["superseded"] == found["store"]["superseded"]
    assert receipt["unchanged"] == found["store"]["unchanged"]
    assert app.store.rows(Case).filter(case_id="N1").exists()
    assert list(spool.folder().iterdir()) == [], "the uploaded copies are removed"


def test_files_of_which_no_row_could_be_read_are_not_taken_in(app):
    asking = client("data_manager")
    path = uploaded(asking, ("nothing.csv", b"case_id,found_at\nX1,yesterday\n"))
    assert told(asking, path)["found"]["all_rejected"]
    page = asking.get(path).text
    assert "Not one row could be read" in page
    assert f"{path}/commit" not in page
    assert asking.get(f"{path}/commit").status_code == 404
    assert asking.post(f"{path}/commit", {"sure": "yes"}).status_code in (404, 422)
    assert asking.get(f"{path}.csv").status_code == 200


def test_what_is_required_and_not_there_is_named_with_what_stands_there_instead(app):
    asking = client("data_manager")
    path = uploaded(asking, ("foreign.csv", FOREIGN))
    seen = told(asking, path)
    assert [each["field"] for each in seen["missing"]] == ["case_id", "found_at"]
    assert seen["found_instead"] == ["Ref", "Date found", "Sex", "Heroin", "Remark"]
    page = asking.get(path).text
    assert "Required, and not there" in page
    assert "<code>Date found</code>" in page


def test_what_would_change_is_named_before_it_does(app):
    asking = client("data_manager")
    first = uploaded(asking, ("one.csv", b"case_id,found_at,sex\nN1,2021-03-01,male\n"))
    asking.post(f"{first}/commit", {"sure": "yes"})
    work_off()
    path = uploaded(asking, ("two.csv", b"case_id,found_at,sex\nN1,2021-03-01,female\n"))
    (change,) = told(asking, f"{path}/changes")["changes"]
    assert (change["case"], change["field"], change["value"]) == ("N1", "sex", "female")
    again = uploaded(asking, ("one.csv", b"case_id,found_at,sex\nN1,2021-03-01,male\n"))
    assert "was taken into this store before" in told(asking, again)["found"]["store"]["refused"]
    assert asking.get(f"{again}/commit").status_code == 404
    assert asking.post(f"{again}/commit", {"sure": "yes"}).status_code in (404, 422)
    assert app.store.rows(Source).filter(sha256__isnull=False).count() == 3


def test_columns_of_another_layout_are_placed_on_a_page(app):
    asking = client("data_manager")
    path = uploaded(asking, ("export.csv", FOREIGN))
    assert told(asking, path)["stage"] == "layout"
    columns = told(asking, f"{path}/columns")["columns"]
    assert [(c["name"], c["field"]) for c in columns] == [
        ("Ref", "case_id"),
        ("Date found", "found_at"),
        ("Sex", "sex"),
        ("Heroin", "tick"),
        ("Remark", ""),
    ]
    assert columns[1]["formats"] == ["%d/%m/%Y", "%m/%d/%Y"], "a person has to say which"
    fields = ["case_id", "found_at", "sex", "tick", "narrative"]
    chosen = {"field": fields, "format": ["", "%d/%m/%Y", "", "", ""]}
    assert asking.post(f"{path}/columns", chosen).status_code == 303
    work_off()
    found = told(asking, path)["found"]
    assert (found["cases"], found["rejected_rows"]) == (2, 0)
    asking.post(f"{path}/commit", {"sure": "yes", "keep_as": "monthly"})
    found = spool.find(path.rpartition("/")[2], "data_manager")
    assert found is not None
    mapping = found.mapping
    with_command = read_register(mapping.parent / "files/0/export.csv", mapping=mapping)
    assert with_command.register.case("R1")["substances_detected"] == ["heroin"]
    assert str(with_command.register.case("R1")["found_at"]) == "2021-02-03 00:00:00"
    work_off()
    assert KeptMapping.objects.get().name == "monthly"
    later = uploaded(asking, ("later.csv", FOREIGN.replace(b"R", b"S")))
    kept = f"kept:{KeptMapping.objects.get().id}"
    # The header changed with the replacement: the mapping does not fit, and one line says so.
    asking.post(later, {"layout": kept})
    work_off()
    assert "no column 'Ref'" in told(asking, later)["job"]["message"]


def test_a_mapping_may_be_written_as_text_and_a_shipped_one_chosen(app):
    asking = client("data_manager")
    path = uploaded(asking, ("export.csv", FOREIGN))
    text = told(asking, f"{path}/mapping")["mapping"]
    assert "by the canal" not in text, "no text of the table but what stands for codes"
    assert asking.post(f"{path}/mapping", {"toml": "[fields"}).status_code == 422
    better = text.replace('column = "Date found"', 'column = "Date found"\nformats = ["%d/%m/%Y"]')
    assert asking.post(f"{path}/mapping", {"toml": better}).status_code == 303
    work_off()
    assert told(asking, path)["found"]["cases"] == 2
    assert asking.post(path, {"layout": "shipped:connecticut"}).status_code == 303
    work_off()
    job = told(asking, path)["job"]
    assert job["state"] == "failed"
    assert "no column" in job["message"]


def test_two_columns_go_into_one_field_and_a_tolerant_mapping_keeps_the_row(tmp_path):
    from openverdict.intake.files import read_sheet
    from openverdict.intake.placing import mapping_text

    table = tmp_path / "t.csv"
    table.write_text("n,d,a,b,age\n1,2021-03-01,heroin,cocaine,old\n2,2021-03-02,,mdma,30\n")
    fields = {
        "n": "case_id",
        "d": "found_at",
        "a": "substances_detected",
        "b": "substances_detected",
        "age": "age_years",
    }
    text = mapping_text(read_sheet(table), fields, {}, name="t", lenient=True)
    mapping = tmp_path / "m.toml"
    mapping.write_text(text)
    assert load_mapping(mapping).name == "t"
    read = read_register(table, mapping=mapping)
    assert read.register.case("1")["substances_detected"] == ["cocaine", "heroin"]
    assert read.rejected_rows == 0
    assert read.rejects.height == 1


def test_uploads_are_private_and_only_of_people_who_take_registers_in(app):
    refused = put(client("reader"), ("new.csv", OURS))
    assert refused.status_code == 403
    assert put(client(), ("new.csv", OURS)).status_code == 302
    assert list(spool.folder().iterdir()) == [], "what others send is read past"
    path = uploaded(client("data_manager"), ("new.csv", OURS))
    place = spool.folder()
    modes = {stat.S_IMODE(each.lstat().st_mode) for each in [place, *place.rglob("*")]}
    assert modes == {0o700, 0o600}
    assert place.parent == app.database.path.parent
    # Another person of the same role does not see it.
    from openverdict.decisions import accounts

    with app.store.writing("root", "administration") as writer:
        accounts.change_user(app.store, writer, "clerk", "made")
        accounts.grant(app.store, writer, "clerk", "data_manager")
    assert client("clerk").get(path).status_code == 404


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("notes.docx", b"PK", "are not read"),
        ("empty.csv", b"", "is empty"),
    ],
)
def test_a_file_that_is_not_read_is_refused_at_the_door(app, name, data, said):
    answer = put(client("data_manager"), (name, data))
    assert answer.status_code == 422
    assert said in answer.text
    assert not Job.objects.exists()


def test_work_on_files_is_ended_and_leaves_the_store_as_it_was(app, monkeypatch):
    asking = client("data_manager")
    path = uploaded(asking, ("new.csv", OURS))
    asking.post(f"{path}/commit", {"sure": "yes"})
    assert asking.post(f"{path}/commit", {"sure": "yes"}).status_code == 422, "one at a time"
    assert asking.post(f"{path}/discard").status_code == 422
    asking.post(f"{path}/stop")
    work_off()
    assert told(asking, path)["job"]["state"] == "stopped"
    before = app.store.size()

    # Ended in the middle: what was written so far is undone.
    asking.post(f"{path}/commit", {"sure": "yes"})
    real = working.Teller.__call__

    def stopping(self, step, share):
        if step == "collecting":
            raise working.Stopped
        real(self, step, share)

    monkeypatch.setattr(working.Teller, "__call__", stopping)
    work_off()
    assert told(asking, path)["job"]["state"] == "stopped"
    assert app.store.size() == before
    assert not app.store.rows(Case).filter(case_id="N1").exists()
    assert asking.post(f"{path}/discard").status_code == 303
    assert asking.get(path).status_code == 404


def test_what_is_not_read_is_downloaded_as_a_table(app):
    asking = client("data_manager")
    path = uploaded(asking, ("new.csv", OURS))
    lines = asking.get(f"{path}/rejects.csv").content.decode("utf-8-sig").splitlines()
    assert lines[0] == "file,row,field,value,reason"
    assert lines[1].startswith("new.csv,3,age_years,xx,")
    assert asking.get("/intake/template?kind=xlsx").content[:2] == b"PK"
