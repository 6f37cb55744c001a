"""What the record says of how a subject was considered, what nobody looked at, and what leaves the house."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from html import escape
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader
from tests.decisions.acts import TEXT
from tests.ledger.conftest import KEY

from openverdict.decisions import accounts, duties, lead
from openverdict.decisions.retention import entries_about
from openverdict.errors import InputError
from openverdict.ledger.erasing import erase
from openverdict.ledger.events import CaseErased
from openverdict.ledger.models import Content, Event, Lead
from openverdict.ledger.verifying import Outcome, verify
from openverdict.reports import pdf
from openverdict.reports.closing import closing
from openverdict.reports.closing_page import closing_html, closing_text, verdict
from openverdict.reports.consideration import STRUCK, consideration
from openverdict.reports.pack import PROFILES, write_pack
from openverdict.reports.unlooked import KINDS, never_looked_at

BY: dict[str, Any] = {"actor": "head", "purpose": "oversight", "recipients": ["an inspectorate"]}


def lead_of(store):
    """The first lead of several cases that the store has."""
    return lead(store, store.rows(Lead).exclude(kind="case").order_by("id").first().id)


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
    assert "It awaits a second person." in told.never
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
    assert sum(sum(kinds.values()) for kinds in left.by_unit.values()) > 0
    acts.decide("first", acts.pair("A", "B"), "possibly")
    assert ("A", "B", 3.5) not in never_looked_at(acts.store, clock.now).pairs


def test_the_reports_ask_no_more_often_when_there_is_more_to_tell(acts, clock):
    pairs = [acts.pair(*names) for names in ("AB", "AC", "AD", "BC", "BD", "CD")]
    group = lead_of(acts.store)

    def queries(work):
        with CaptureQueriesContext(connections[acts.store.alias]) as asked:
            work()
        # The root of the log takes one query a node of its right edge, by its size alone.
        return sum("ledger_node" not in q["sql"] and "leaf" not in q["sql"] for q in asked)

    def both():
        return (
            queries(lambda: never_looked_at(acts.store, clock.now)),
            queries(lambda: consideration(acts.store, group, clock.now)),
        )

    acts.decide("first", pairs[0], "possibly")
    acts.look("first", group)
    acts.write(
        "first", duties.raise_concern, list(group.cases), "family", "He would not have done that."
    )
    before = both()
    for pair in pairs[1:]:
        acts.decide("first", pair, "possibly")
    for who in ("second", "third", "fourth"):
        acts.look(who, group)
        acts.write(who, duties.raise_concern, list(group.cases), "friend", "Neither would she.")
    clock.now += timedelta(days=40)
    assert both() == before


def test_two_who_disagree_or_one_who_waits_are_unfinished_until_the_last_has_decided(acts, clock):
    subject = acts.pair("A", "B")
    number = acts.decide("first", subject, "similar")
    (begun,) = never_looked_at(acts.store, clock.now).unfinished
    assert (begun.subject, begun.decision, begun.cases) == ("A|B", number, ("A", "B"))
    acts.decide_too("second", subject, number, "not_similar")
    assert never_looked_at(acts.store, clock.now).unfinished == (begun,)
    acts.decide_too("third", subject, number, "similar")
    assert never_looked_at(acts.store, clock.now).unfinished == ()
    assert never_looked_at(acts.store, clock.now).reopened == ()
    acts.write("first", duties.reopen, "A", "late_result")
    assert [each.decision for each in never_looked_at(acts.store, clock.now).reopened] == [number]


def test_what_a_person_may_not_see_is_counted_and_not_listed(acts, clock):
    everything = never_looked_at(acts.store, clock.now)
    acts.write("head", accounts.found, "the.admin")
    acts.write("the.admin", accounts.change_user, "a.reviewer", "made")
    acts.write("the.admin", accounts.grant, "a.reviewer", "reviewer", case="A")
    acts.write("the.admin", accounts.grant, "a.reviewer", "reviewer", case="B")
    seen = never_looked_at(acts.store, clock.now, "a.reviewer")
    assert [pair[:2] for pair in seen.pairs] == [("A", "B")]
    total = sum(everything.count(kind) for kind in KINDS)
    assert seen.hidden == total - sum(seen.count(kind) for kind in KINDS)
    assert seen.hidden > 0


def test_a_reader_from_whom_names_are_struck_out_gets_codes_and_no_words(acts, clock):
    subject = acts.pair("A", "B")
    acts.decide("first", subject, "possibly")
    told = consideration(acts.store, subject, clock.now, redacted=True)
    assert {step.words for step in told.steps} <= {None, STRUCK}
    assert STRUCK in {step.words for step in told.steps}
    fields = {each.field for each in told.shared}
    assert "body_position" in fields
    assert not fields & {"persons", "identifiers", "found_lat", "found_place", "narrative"}


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


def test_the_page_of_a_pack_names_no_more_than_its_tables_and_prints(acts, tmp_path):
    acts.decide("first.reviewer", acts.pair("B", "C"), "possibly")
    for profile in ("panel", "oversight"):
        write_pack(acts.store, tmp_path / profile, profile=profile, printed=True, **BY)
        held = tmp_path / profile / "attached"
        html = (held / "pack.html").read_text(encoding="utf-8")
        named = profile == "oversight"
        assert ("first.reviewer" in html) == named
        assert (escape(TEXT) in html) == named
        row = table(tmp_path / profile, "decisions.csv")[0]
        assert row["decision"] in html
        assert all(case in html for case in row["cases"].split(";"))
        document = PdfReader(held / "pack.pdf")
        said = "".join("".join(page.extract_text().split()) for page in document.pages)
        assert row["decision"] in said
        assert "Possiblysimilar" in said
        assert sha256(html.encode()).hexdigest() in said


def test_a_run_is_closed_when_everything_it_listed_was_considered(acts, clock):
    told = closing(acts.store, clock.now)
    assert not told.is_closed
    assert told.pairs_total == told.pairs_ledger + told.pairs_remainder
    assert {lead.conclusion for lead in told.leads} == {None}
    assert "is not closed" in verdict(told)
    left = never_looked_at(acts.store, clock.now)
    assert told.still_open == {kind: left.count(kind) for kind in KINDS}
    done = replace(told, still_open=dict.fromkeys(KINDS, 0))
    assert done.is_closed
    assert "nothing was held to be similar. That is a result" in verdict(done)
    assert (
        "no leads and two pairs are held" in verdict(replace(done, pairs={"possibly": 2})).lower()
    )
    assert not replace(done, open_hidden=1).is_closed


def test_the_closing_of_a_run_tells_each_lead_with_its_conclusion_and_prints(acts, clock):
    subject = lead_of(acts.store)
    acts.decide("first.reviewer", subject, "not_similar")
    told = closing(acts.store, clock.now)
    (mine,) = (each for each in told.leads if str(each.lead) == subject.key)
    assert mine.people == ("first.reviewer",)
    assert mine.conclusion in (None, "not_similar")
    html = closing_html(told, made=clock.now, reader="head")
    assert "first.reviewer" in html
    assert TEXT not in html
    text = closing_text(told)
    assert text.startswith(f"What came of run {told.run}, on ")
    reader = PdfReader(io.BytesIO(pdf(html, printed_at=clock.now)))
    assert "first.reviewer" in "".join(page.extract_text() for page in reader.pages)


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
