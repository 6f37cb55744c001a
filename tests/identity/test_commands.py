"""The commands from end to end: what they say, what they leave, and that no name gets out anywhere."""

from __future__ import annotations

import csv
import json

import pytest
from tests.identity.people import ANNA
from typer.testing import CliRunner

from openverdict.cli import app
from openverdict.identity.template import COLUMNS

SECRETIVE = (
    "thistlewick",
    "annabel",
    "rosamund",
    "quibble",
    "9434765919",
    "943 476",
    "07700 900123",
    "07700900123",
    "1961-05-04",
    "19610504",
    "qx9",
)


def _call(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output + str(result.exception)
    return result.output


def _write(path, *changes):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(COLUMNS))
        writer.writeheader()
        for number, change in enumerate(changes, 1):
            writer.writerow({**ANNA, "record_id": number, **change})
    return path


@pytest.fixture
def place(tmp_path):
    """A secret, a table of three records and a register of their cases."""
    _call("identity", "secret", tmp_path / "secret")
    moved = {
        "postcode": "AB1 2CD",
        "place": "Elsewhere",
        "identifiers": "",
        "person_number": "",
        "date_of_death": "",
    }
    _write(
        tmp_path / "people.csv",
        {"case_id": "C"},
        {"case_id": "A", "role": "host", "source": "police", "date_of_death": ""},
        {"case_id": "B", "role": "finder", "source": "police", "forenames": "Annabel", **moved},
    )
    (tmp_path / "register.csv").write_text(
        "case_id,found_at\nA,2019-01-01\nB,2019-12-01\nC,2020-03-01\n"
    )
    return tmp_path


def _propose(place, *more, out="run", code=0):
    words = (
        "identity",
        "propose",
        place / "people.csv",
        "--secret",
        place / "secret",
        "--out",
        place / out,
    )
    return _call(*words, "--model", "shipped", *more, code=code)


def test_from_a_table_of_persons_to_a_register_and_no_name_on_the_way(place):
    said = _propose(place, "--floor", "0.01")
    run = place / "run"
    with (run / "proposals.csv").open() as file:
        proposals = list(csv.DictReader(file))
    open_one = next(p for p in proposals if p["over_threshold"] == "no")
    said += _call(
        "identity", "accept", run, open_one["proposal"], "--by", "R1", "--why", "one file number"
    )
    said += _call(
        "identity", "undo", run, open_one["proposal"], "--by", "R1", "--why", "looked again"
    )
    said += _call(
        "identity", "reject", run, open_one["proposal"], "--by", "R2", "--why", "two file numbers"
    )
    said += _call(
        "identity", "apply", place / "register.csv", "--identities", run, "--out", place / "out.csv"
    )
    said += _propose(place, "--carry", run, "--json", out="later")
    assert len((run / "decisions.jsonl").read_text().splitlines()) == 3
    assert (place / "later" / "decisions.jsonl").read_bytes() == (
        run / "decisions.jsonl"
    ).read_bytes()
    left = [p for p in place.rglob("*") if p.is_file() and p.name not in ("people.csv", "secret")]
    assert len(left) > 18
    for text in (said, *(p.read_bytes().decode("utf-8", "replace") for p in left)):
        assert [word for word in SECRETIVE if word in text.lower()] == []
    assert "unreviewed-" in (place / "out.csv").read_text()


def test_the_same_files_give_the_same_bytes(place):
    _propose(place)
    _propose(place, "--threads", "1", out="again")
    for path in (place / "run").iterdir():
        assert path.read_bytes() == (place / "again" / path.name).read_bytes(), path.name


def test_the_outcome_is_told_as_json(place):
    told = json.loads(_propose(place, "--json"))
    assert (told["records"], told["rejected_rows"], told["counts"]["pairs_total"]) == (3, 0, 3)
    assert told["unreviewed"] == 1


def test_decisions_are_taken_from_a_filled_in_copy(place):
    _propose(place, "--floor", "0.01", "--quiet")
    with (place / "run" / "proposals.csv").open() as file:
        proposals = list(csv.DictReader(file))
    proposals[0] |= {
        "accepted": "yes",
        "reviewer": "R1",
        "at": "2024-01-02",
        "reason": "seen the file",
    }
    proposals[1] |= {
        "accepted": "yes",
        "reviewer": "",
        "at": "2024-01-02",
        "reason": "seen the file",
    }
    with (place / "filled.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(proposals[0]))
        writer.writeheader()
        writer.writerows(proposals)
    said = _call(
        "identity", "decide", place / "run", "--reviewed", place / "filled.csv", "--strict", code=1
    )
    assert "1 decision put down" in said
    assert "nobody is named" in said
    told = json.loads(
        _call("identity", "decide", place / "run", "--reviewed", place / "filled.csv", "--json")
    )
    assert told["decisions"] == 0
    assert any("undo that first" in refused["reason"] for refused in told["refused"])


def test_only_acceptances_of_a_day_count_when_asked(place):
    _propose(place, "--quiet")
    words = (
        "identity",
        "apply",
        place / "register.csv",
        "--identities",
        place / "run",
        "--accepted-only",
    )
    told = json.loads(_call(*words, "--out", place / "a.csv", "--as-of", "2020-01-01", "--json"))
    assert told["identities"] == {"single": 3}
    assert (place / "a_identities.csv").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--threshold", "2"), "write two probabilities"),
        (("--dates", "ymd"), "write one of: iso, dmy, mdy"),
        (("--engine", "cloud"), "write local or spark"),
        (("--engine", "spark", "--master", "here"), "no address of Spark"),
        (("--carry", "nowhere"), "not the folder of"),
        (("--model", "nowhere.json"), "cannot be read"),
    ],
)
def test_an_unusable_call_ends_with_one_line(place, words, says):
    said = _propose(place, *words, "--quiet", code=2)
    assert says in said
    assert len(said.strip().splitlines()) == 1
    assert not (place / "run").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("accept", "run", "nobody", "--by", "R", "--why", "x"), "no proposal of this key"),
        (
            ("apply", "register.csv", "--identities", "run", "--out", "a.txt"),
            "write .csv at its end",
        ),
        (
            ("apply", "register.csv", "--identities", "run", "--out", "register.csv"),
            "is there already",
        ),
        (
            ("apply", "register.csv", "--identities", "run", "--out", "a.csv", "--as-of", "soon"),
            "not a day",
        ),
        (("decide", "run", "--reviewed", "register.csv"), "has no column 'proposal'"),
        (("template", "people.csv"), "is there already"),
        (("example", "people.csv"), "nothing is replaced"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(place, monkeypatch, words, says):
    _propose(place, "--quiet")
    monkeypatch.chdir(place)
    assert says in _call("identity", *words, code=2)


def test_too_few_records_to_learn_from_say_what_to_do(place):
    words = (
        "identity",
        "propose",
        place / "people.csv",
        "--secret",
        place / "secret",
        "--out",
        place / "run",
    )
    assert "--model shipped" in _call(*words, "--quiet", code=2)


def test_rejected_rows_end_a_strict_run_with_one(place):
    _write(place / "people.csv", {"case_id": "C"}, {"record_id": ""})
    _propose(place, "--strict", "--quiet", code=1)
    assert "row refused" in (place / "run" / "rejects.csv").read_text()


def test_an_example_is_read_back(tmp_path):
    _call("identity", "example", tmp_path / "people.csv", "--records", "50")
    _call("identity", "secret", tmp_path / "secret")
    words = ("identity", "propose", tmp_path / "people.csv", "--secret", tmp_path / "secret")
    told = json.loads(_call(*words, "--model", "shipped", "--json", "--out", tmp_path / "run"))
    assert told["records"] == 50
