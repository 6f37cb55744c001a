"""The store to practise on: whole, with a lead, and with people for every role that may read cases."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from openverdict.cli import app
from openverdict.decisions.access import has_account
from openverdict.decisions.suggestions import SuggestionFilter, queue
from openverdict.ledger.models import Lead, LeadCase
from openverdict.ledger.store import open_store
from openverdict.ledger.verdict import Outcome
from openverdict.ledger.verifying import verify
from openverdict.practice import PEOPLE


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    url = str(tmp_path_factory.mktemp("practice") / "practice.db")
    words = ["demo", "--store", url, "--deaths-a-year", "400", "--null-registers", "1"]
    return url, CliRunner().invoke(app, words)


def test_it_holds_the_worked_example_as_a_lead(made):
    url, told = made
    assert told.exit_code == 0, told.output
    assert f"openverdict serve --store {url} --link-for a.reviewer" in told.output
    with open_store(url) as store:
        in_leads = set(
            store.rows(LeadCase)
            .filter(lead__in=store.rows(Lead).values("id"))
            .values_list("case_id", flat=True)
        )
        assert {"B", "C", "D"} <= in_leads
        assert all(has_account(store, name) for name in PEOPLE)
        waiting = queue(store, SuggestionFilter(), user="a.reviewer")
        assert waiting.count >= 20
        assert {line.field for line in waiting.lines} >= {"substances_detected"}
        assert verify(store).outcome is Outcome.INTACT


def test_it_is_never_made_twice_in_one_place(made):
    url, _ = made
    again = CliRunner().invoke(app, ["demo", "--store", url])
    assert again.exit_code == 2
    assert "holds something already" in again.output
