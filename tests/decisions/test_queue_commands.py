"""The queue of suggestions as commands: what two people and a supervisor type, in its order."""

from __future__ import annotations

import pytest
from tests.decisions.acts import Acts
from tests.decisions.test_people_commands import Commands
from tests.decisions.test_suggestions import of, said, standing
from tests.ledger.conftest import store_maker

from openverdict.decisions.late import enter_facts

FOUND = "Toxicology detected mephedrone in the blood."
RULE = "substance.mephedrone.name"
VALUE = {"value": "mephedrone"}
POLICY = f"""
[policy]
name = "lab-results"
version = "1"
adopted_by = "head of review"
adopted_on = 2024-05-06
reason = "Substances that laboratories reported, read by two people."

[[admit]]
rules = ["{RULE}"]
fields = ["substances_detected"]
reviewed = 20
lower_bound = 0.75
"""


@pytest.fixture
def commands(engine_name, request, tmp_path, make_store) -> Commands:
    """The commands on a store of cases with the same words."""
    address = store_maker(request, tmp_path, f"{engine_name}_template", engine_name)()
    store = make_store(url=address)
    acts = Acts(store)
    for number in range(24):
        case = f"N{number:02}"
        facts = [said(case, "found_at", "2020-02-03"), said(case, "narrative", FOUND)]
        acts.write("a.clerk", enter_facts, facts)
    return Commands(address, store)


def test_two_people_read_the_queue_and_a_supervisor_lets_a_rule_and_a_policy_go_on(
    commands, tmp_path
):
    run = commands.done
    assert "No rule has read" in run("queue", "rates")
    read = run("queue", "read", "--substances-only", "--quiet", "--as", "a.clerk")
    assert read == ""
    again = commands.told("queue", "read", "--substances-only", "--as", "a.clerk")
    assert again == {"cases": 0, "suggestions": 0, "as_before": 24}
    page = commands.told("queue", "list", "--size", "2", "--as", "first")
    assert page["count"] == 24
    listed = run("queue", "list", "--size", "2", "--as", "first")
    assert "substances_detected mephedrone (present)" in listed
    assert f"--after '{page['next']}'" in listed
    first = page["lines"][0]["suggestion"]
    shown = run("queue", "show", first, "--as", "first")
    assert "Toxicology detected [mephedrone] in the blood." in shown

    accepted = commands.told("queue", "accept", first, "--as", "first")
    assert commands.told("queue", "show", first)["line"]["stands"]["fact"] == accepted["fact"]
    assert "withdraw that first" in commands.refused("queue", "reject", first, "--as", "second")
    assert "another person" in commands.refused("queue", "again", first, "yes", "--as", "first")
    assert "yes or no" in commands.refused("queue", "again", first, "perhaps", "--as", "second")
    assert "accepted" not in run("queue", "list", "--second", "--as", "second").replace("(", "")
    assert "accepted" not in run("queue", "show", first, "--blind", "--as", "second")
    run("queue", "again", first, "no", "--as", "second")
    rates = run("queue", "rates")
    assert "1 of 2 accepted" in rates
    assert f"They differ on: {first}." in rates
    run("queue", "withdraw", first, "--why", "misread", "--second", "--as", "second")
    run("queue", "withdraw", first, "--why", "misread", "--as", "first")
    run("queue", "reject", first, "--as", "first")
    run("queue", "withdraw", first, "--why", "misread", "--as", "first")

    assert "decide at least 10" in commands.refused("queue", "rule", RULE, "--yes")
    for number in range(20):
        run("queue", "accept", of(commands.store, f"N{number:02}", **VALUE), "--as", "first")
    assert "give --yes" in commands.refused("queue", "rule", RULE)
    assert "no policy" in commands.refused("queue", "policy")
    file = tmp_path / "policy.toml"
    file.write_text(POLICY, encoding="utf-8")
    told = commands.told("queue", "policy", "--adopt", file, "--as", "head")
    assert [(each["waiting"], each["refused"]) for each in told["waiting"]] == [(4, None)]
    taken = commands.told("queue", "policy", "--apply", "--yes", "--as", "head")
    assert (taken["accepted"], taken["facts"], taken["left"]) == (4, 4, [])
    undone = commands.told("queue", "undo", taken["name"], "--why", "policy_ended", "--as", "head")
    assert undone["suggestions"] == 4
    said_of = run("queue", "rule", RULE, "--yes", "--as", "first")
    assert "4 suggestions accepted under the name together-" in said_of
    assert standing(commands.store, "N23", "substances_detected")[0].author == "first"
    assert "none of its suggestions waits" in commands.refused("queue", "rule", RULE, "--yes")
