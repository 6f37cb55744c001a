"""What docs/security/asvs.md says: a row for each requirement, what it names is there, and small controls hold."""

from __future__ import annotations

import ast
import re
from hashlib import sha1
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from tests.web.conftest import PASSWORD, client
from tests.web.test_second_factor import with_app

from openverdict.ledger.models import Event
from openverdict.web import passwords
from openverdict.web.sessions import sessions_of

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "security" / "asvs.md"
# How many requirements of levels 1 and 2 each section of version 5.0.0 has; they are its first ones.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4,
    "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5,
    "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4,
    "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3, "17.1": 1, "17.2": 4,
    "17.3": 2,
}  # fmt: skip
ANSWERS = {"yes", "partly", "no", "not here", "operator"}


def rows() -> list[list[str]]:
    """The cells of every row about a requirement."""
    lines = TABLE.read_text("utf-8").splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if re.match(r"\| V\d", line)
    ]


def named(cell: str) -> list[str]:
    """What stands in backquotes."""
    return re.findall(r"`([^`]+)`", cell)


def test_every_requirement_of_levels_1_and_2_has_one_row():
    found = [row[0].removeprefix("V") for row in rows()]
    wanted = [f"{section}.{n}" for section, count in SECTIONS.items() for n in range(1, count + 1)]
    assert found == wanted
    assert len(wanted) == 253


def test_every_row_says_whether_it_is_met_and_by_what():
    for row in rows():
        assert len(row) == 5, row
        assert row[2] in ANSWERS, row
        if row[2] in ("yes", "partly"):
            assert named(row[3]), f"{row[0]}: names no control"
        if row[2] == "yes":
            assert named(row[4]), f"{row[0]}: names no test"
        if row[2] in ("no", "partly", "not here", "operator"):
            assert re.sub(r"`[^`]*`|[,; ]", "", row[3]), f"{row[0]}: says not why"


def test_every_file_and_test_that_a_row_names_is_there():
    for row in rows():
        for path in named(row[3]):
            assert (ROOT / path).exists(), f"{row[0]}: {path}"
        for node in named(row[4]):
            path, _, test = node.partition("::")
            assert (ROOT / path).is_file(), f"{row[0]}: {path}"
            if test:
                tree = ast.parse((ROOT / path).read_text("utf-8"))
                names = {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}
                assert test in names, f"{row[0]}: {node}"


def wrong(password: str, name: str = "a.reader") -> list[str]:
    try:
        validate_password(password, get_user_model()(username=name))
    except ValidationError as error:
        return list(error.messages)
    return []


@pytest.mark.parametrize(
    "password",
    ["short pass", "passwordpassword", "Openverdict2026!", "police-review-1", "coroner inquest 99", "1234567890123456",
     "m.reviewer12345"],
)  # fmt: skip
def test_a_password_that_others_would_try_is_refused(app, password):
    assert wrong(password, "m.reviewer")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "ΑΒΓ δέλτα ζήτα χίλια",
        "    spaces count too    ",
        "x7" * 40 + "Kq",
    ],
)
def test_any_other_of_at_least_twelve_signs_is_taken_as_it_is(app, password):
    if password.startswith("x7"):
        password += "mountain lake"
    assert wrong(password) == []


def test_a_stolen_password_is_refused_where_the_house_gives_a_list(app, tmp_path, monkeypatch):
    stolen = [f"a long phrase number {n}" for n in range(200)]
    hashes = sorted(
        sha1(each.encode(), usedforsecurity=False).hexdigest().upper() for each in stolen
    )
    file = tmp_path / "stolen.txt"
    file.write_text("".join(f"{each}:{n}\r\n" for n, each in enumerate(hashes)))
    assert all(passwords.is_stolen(each, file) for each in stolen)
    assert not any(passwords.is_stolen(f"another phrase {n}", file) for n in range(200))
    assert wrong(stolen[7]) == []
    monkeypatch.setenv(passwords.STOLEN, str(file))
    assert wrong(stolen[7])


def test_a_person_sees_and_ends_their_sessions_elsewhere(app):
    here, there = client("reader"), client("reader")
    assert len(here.get("/sessions.json").json()["sessions"]) == 2
    assert here.post("/sessions").status_code == 303
    assert there.get("/cases").status_code == 302
    assert here.get("/cases").status_code == 200


def test_an_administrator_ends_the_sessions_of_somebody(app):
    there = client("reader")
    assert client("administrator").post("/people/account/reader/sessions").status_code == 303
    assert there.get("/cases").status_code == 302
    last = app.store.rows(Event).filter(kind="user_changed").order_by("-seq").first()
    assert '"sessions_ended"' in last.body


def test_a_changed_password_or_second_factor_ends_the_sessions_elsewhere_and_is_logged(app):
    there = client("reviewer")
    with_app("reviewer")
    assert there.get("/cases").status_code == 302
    kinds = app.store.rows(Event).filter(kind="user_changed", actor="reviewer")
    assert kinds.count() == 2, "the app, and the recovery codes that came with it"
    there, here = client("reader"), client("reader")
    told = {
        "oldpassword": PASSWORD,
        "password1": "another longer sentence",
        "password2": "another longer sentence",
    }
    assert here.post("/account/password", {**told, "oldpassword": "wrong"}).status_code == 200
    assert there.get("/cases").status_code == 200
    assert here.post("/account/password", told).status_code == 302
    assert there.get("/cases").status_code == 302
    assert here.get("/cases").status_code == 200
    assert app.store.rows(Event).filter(kind="user_changed", actor="reader").count() == 1


def test_a_session_gets_another_number_when_somebody_signs_in_or_says_again_who_they_are(app):
    asking = client()
    asking.get("/account/login")
    before = asking.session.session_key
    asking.post("/account/login", {"login": "reader", "password": PASSWORD})
    signed_in = asking.session.session_key
    asking.post("/account/again", {"password": PASSWORD})
    again = asking.session.session_key
    assert len({before, signed_in, again}) == 3
    assert [key for key, _ in sessions_of("reader")] == [again]


def test_signing_out_ends_the_session_and_empties_what_the_browser_keeps(app):
    asking = client("reader")
    key = asking.session.session_key
    answer = asking.post("/account/logout")
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    asking.cookies["openverdict_session"] = key
    assert asking.get("/cases").status_code == 302


@pytest.mark.parametrize("method", ["trace", "options", "put", "delete", "patch"])
def test_a_method_that_nothing_needs_is_refused(app, method):
    for to in ("/cases", "/account/login"):
        assert getattr(client("reader"), method)(to).status_code == 405


def test_what_breaks_says_nothing_of_the_inside(app, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr("openverdict.web.areas.cases.case_facts", broken)
    asking = client("reader", raise_request_exception=False)
    for to in ("/cases/A", "/cases/A.json"):
        answer = asking.get(to)
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
    assert app.store.rows(Event).order_by("-seq").first().kind == "signed_in", (
        "nothing half written"
    )


def test_a_parameter_given_twice_is_refused(app):
    assert client("reader").get("/cases?after=A&after=B").status_code == 400
    answer = client("administrator").post(
        "/people/new", "user=a&user=b", "application/x-www-form-urlencoded"
    )
    assert answer.status_code == 422
