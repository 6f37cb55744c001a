"""A lead comes back from the record as the run made it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date

import pytest

from openverdict.intake import read_register
from openverdict.leads import Settings, review
from openverdict.ledger.runs import _plain
from openverdict.reports.kept_lead import kept_lead
from openverdict.simulate import worked_example_facts_path


@pytest.fixture(scope="module")
def leads():
    register = read_register(worked_example_facts_path()).register
    return review(register, Settings(replicates=0)).leads


def test_every_lead_comes_back_as_it_was(leads):
    assert {lead.kind for lead in leads} == {"series", "case"}
    for lead in leads:
        words = json.dumps(asdict(lead), default=_plain)  # as the run keeps it
        assert kept_lead(json.loads(words)) == lead


def test_what_an_older_program_did_not_keep_is_as_by_default(leads):
    words = json.loads(json.dumps(asdict(leads[0]), default=_plain))
    del words["assessment"]
    words["something_newer"] = 1
    assert kept_lead(words).assessment is None
    assert kept_lead(words).first_raised == date.fromisoformat(words["first_raised"])
