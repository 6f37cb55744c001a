"""Reasons that are put into words when they are read are those of a result that holds them."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import polars as pl
import pytest

from openverdict.leads.results import Triage
from openverdict.leads.triage import triage
from openverdict.simulate import CitySpec, simulate_register


@pytest.fixture(scope="module")
def entries():
    register = simulate_register(CitySpec(cases_a_year=200), 3).register
    ids = register.table.get_column("case_id")
    links = pl.DataFrame({"case_a": ids[:-1], "case_b": ids[1:]})
    return triage(register, links)


def test_a_case_is_equal_to_its_values(entries):
    for entry in entries:
        plain = Triage(**{f.name: getattr(entry, f.name) for f in dataclasses.fields(Triage)})
        assert (entry, hash(entry), repr(entry)) == (plain, hash(plain), repr(plain))
        assert plain == entry
        assert entry.codes == plain.codes


def test_a_case_can_be_copied_and_stored(entries):
    entry = max(entries, key=lambda entry: len(entry.reasons))
    assert entry.reasons
    assert pickle.loads(pickle.dumps(entry)) == entry == copy.deepcopy(entry)  # noqa: S301


def test_cases_with_other_values_are_not_equal(entries):
    assert entries[0] != entries[1]
    assert entries[0] != dataclasses.replace(entries[0].plain(), level=5)
