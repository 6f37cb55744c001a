"""Identities in a store as commands: from made-up tables of two systems to a report that says by whose word a person is one."""

from __future__ import annotations

import csv

import pytest
from tests.decisions.acts import Acts
from tests.decisions.test_people_commands import Commands
from tests.decisions.test_same_persons import entered
from tests.identity.people import ANNA
from tests.ledger.conftest import store_maker
from typer.testing import CliRunner

from openverdict.cli import app
from openverdict.decisions.late import enter_facts
from openverdict.identity import make_secret

PEOPLE = (
    {"record_id": "1", "source": "police", "case_id": "A", "role": "host"},
    {"record_id": "2", "source": "ambulance", "case_id": "B", "role": "caller"},
    {"record_id": "3", "source": "police", "case_id": "ELSEWHERE", "role": "witness"},
)


@pytest.fixture
def commands(engine_name, request, tmp_path, make_store) -> Commands:
    """The commands on a store of two cases, and in a folder what comparing three records of one person proposed."""
    address = store_maker(request, tmp_path, f"{engine_name}_template", engine_name)()
    store = make_store(url=address)
    for case in "AB":
        facts = [entered(case, "found_at", "2020-01-01"), entered(case, "kind", "death")]
        Acts(store).write("clerk", enter_facts, facts)
    with (tmp_path / "people.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(ANNA))
        writer.writeheader()
        writer.writerows({**ANNA, "date_of_death": "", **person} for person in PEOPLE)
    make_secret(tmp_path / "secret")
    words = ["identity", "propose", str(tmp_path / "people.csv"), "--model", "shipped", "--quiet"]
    words += ["--secret", str(tmp_path / "secret"), "--out", str(tmp_path / "run")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return Commands(address, store)


def test_a_person_decides_in_the_store_and_the_report_says_so(commands, tmp_path):
    run = commands.done
    taken = run("persons", "take", tmp_path / "run", "--as", "clerk")
    assert "1 proposal of cases of the store" in taken
    assert "2 pairs left out" in taken
    (line,) = commands.told("persons", "list", "--as", "first")["lines"]
    key = line["proposal"]
    assert "over the threshold" in run("persons", "list")
    assert "why: forename the same" in run("persons", "show", key)
    assert "say why with --text" in commands.refused("persons", "accept", key)

    why = ("--text", "The same hospital number.", "--as", "first")
    accepted = run("persons", "accept", key, *why)
    assert "2 facts entered" in accepted
    assert "accepted: The same hospital number." in run("persons", "show", key)
    assert "accepted by first" in run("persons", "list", "--outcome", "accepted")
    review = ("review", "--null-registers", "0", "--quiet")
    run(*review, "--out", tmp_path / "out")
    leads = (tmp_path / "out" / "leads.csv").read_text(encoding="utf-8")
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Same person by accepted identity, as a reviewer decided: accepted-" in leads
    assert "Same person by accepted identity" in report

    assert "undo that first" in commands.refused("persons", "reject", key, *why)
    assert "2 superseded" in run("persons", "undo", key, *why)
    run("persons", "threshold", "--least", "0.95", "--as", "head")
    run(*review, "--out", tmp_path / "over")
    leads = (tmp_path / "over" / "leads.csv").read_text(encoding="utf-8")
    assert "over the threshold of probability, which nobody has reviewed: unreviewed-" in leads
    assert "2 superseded" in run("persons", "reject", key, *why)
    assert "Only what people accepted" in run("persons", "threshold", "--none", "--as", "head")
    assert "--least, or --none" in commands.refused("persons", "threshold")
    for word in ("Thistlewick", "1961", "9434765919"):
        assert word.lower() not in run("persons", "list", "--outcome", "all").lower()
    assert "exit code" not in run("verify", "--quiet")
