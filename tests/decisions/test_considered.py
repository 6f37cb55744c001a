"""What the record says of how a subject was considered, what nobody looked at, and what leaves the house."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from tests.decisions.acts import TEXT
from tests.ledger.conftest import KEY

from openverdict.decisions import duties
from openverdict.decisions.retention import entries_about
from openverdict.errors import InputError
from openverdict.ledger.erasing import erase
from openverdict.ledger.events import CaseErased
from openverdict.ledger.models import Content, Event
from openverdict.ledger.verifying import Outcome, verify
from openverdict.reports.consideration import consideration
from openverdict.reports.pack import PROFILES, write_pack
from openverdict.reports.unlooked import never_looked_at

BY: dict[str, Any] = {"actor": "head", "purpose": "oversight", "recipients": ["an inspectorate"]}


def table(folder, name):
    text = (folder / "attached" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_report_says_what_was_known_shown_decided_and_left_undone(acts, clock):
    subject = acts.pair("B", "C")
    told = consideration(acts.store, subject, clock.now)
    assert "Nobody was shown it." in told.never
    assert "Nobody decided on it." in told.never
    places = [each for each in told.shared if each.field == "body_position"]
    assert places
    assert str(places[0].known_from).startswith("2014-09-20")
    assert places[0].recorded.startswith("2024-01-01")
    number = acts.decide("first", subject, "possibly")
    told = consideration(acts.store, subject, clock.now)
    assert [step.what for step in told.steps if step.who == "first"] == [
        "shown", "first view", "shown", "decided"
    ]  # fmt: skip
    assert told.steps[-1].words == TEXT
    assert "It awaits second person." in told.never
    acts.decide_too("second", subject, number, "similar")
    assert consideration(acts.store, subject, clock.now).disagreement


def test_an_answer_that_never_came_is_in_the_report_with_its_days(acts, clock):
    subject = acts.pair("A", "B")
    seen = acts.see("first", subject, ratio=True)
    acts.write("first", duties.refer, subject, "murder team", seen, "Increasingly unclear.")
    clock.now += timedelta(days=10)
    told = consideration(acts.store, subject, clock.now)
    assert any("unanswered since 2024-01-01, 7 days over" in said for said in told.never)
    assert told.first_scored is not None
    left = never_looked_at(acts.store, clock.now)
    assert [each.rule for each in left.overdue] == ["referral"]


def test_what_nobody_decided_on_is_listed_until_somebody_does(acts, clock):
    left = never_looked_at(acts.store, clock.now)
    assert ("A", "B", 3.5) in left.pairs
    assert ("B", "C") in left.mentions
    assert left.leads
    assert sum(left.by_unit.values()) > 0
    acts.decide("first", acts.pair("A", "B"), "possibly")
    assert ("A", "B", 3.5) not in never_looked_at(acts.store, clock.now).pairs


def test_two_packs_of_the_same_cannot_be_joined_and_name_nobody(acts, tmp_path):
    acts.decide("first.reviewer", acts.pair("A", "B"), "not_similar")
    before = acts.store.size()
    for name in ("one", "two"):
        pack = write_pack(acts.store, tmp_path / name, profile="panel", **BY)
        assert (pack.cases, pack.pairs) == (2, 1)
    one, two = (table(tmp_path / name, "decisions.csv")[0] for name in ("one", "two"))
    assert not set(one["cases"].split(";")) & set(two["cases"].split(";"))
    assert one["decision"] != two["decision"]
    assert one["person"] != two["person"]
    for path in (tmp_path / "one").rglob("*"):
        if path.is_file() and path.name != "verify_openverdict.py":
            said = path.read_text(encoding="utf-8")
            assert "first.reviewer" not in said
            assert TEXT not in said
    fields = {row["field"] for row in table(tmp_path / "one", "facts.csv")}
    assert fields <= set(PROFILES["panel"].fields)
    kinds = acts.store.rows(Event).filter(seq__gte=before).values_list("kind", flat=True)
    assert list(kinds).count("pack_disclosed") == 2
    assert verify(acts.store).outcome is Outcome.INTACT


@pytest.mark.parametrize("profile", ["panel", "oversight"])
def test_a_pack_is_verified_by_the_file_in_it_and_shows_what_points_away(acts, tmp_path, profile):
    acts.decide("first", acts.pair("B", "C"), "possibly")
    write_pack(acts.store, tmp_path / "pack", profile=profile, **BY)
    rows = table(tmp_path / "pack", "decisions.csv")
    assert rows[0]["conclusion"] == "possibly"
    assert (rows[0]["words"] == TEXT) == (profile == "oversight")
    points = {row["points"] for row in table(tmp_path / "pack", "contributions.csv")}
    assert points <= {"towards", "away", "neither way"}
    command = [sys.executable, tmp_path / "pack" / "verify_openverdict.py", tmp_path / "pack"]
    done = subprocess.run(
        [*command, "--key", str(KEY.verifier())], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with pytest.raises(InputError, match="exists"):
        write_pack(acts.store, tmp_path / "pack", profile=profile, **BY)
    with pytest.raises(InputError, match="one of: figures"):
        write_pack(acts.store, tmp_path / "other", profile="all", **BY)


def test_erasing_a_case_takes_what_was_shown_and_said_and_leaves_the_decision(acts, clock):
    subject = acts.pair("A", "B")
    acts.decide("first", subject, "possibly")
    with acts.store.writing("head", "retention") as writer:
        entries = entries_about(acts.store, "A")
        erase(
            acts.store, writer, CaseErased, entries, case="A", facts=0, rule="end_of_retention",
            approved_by="other", certificate_sha256="0" * 64,
        )  # fmt: skip
    assert entries_about(acts.store, "A") == []
    assert not acts.store.rows(Content).filter(value__contains=TEXT).exists()
    told = consideration(acts.store, subject, clock.now)
    assert told.conclusion == "possibly"
    assert told.steps[-1].words == "(erased)"
    assert verify(acts.store).outcome is Outcome.INTACT
