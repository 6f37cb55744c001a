"""Facts in and out of a store: the register that comes out is the one that went in."""

from __future__ import annotations

from polars.testing import assert_frame_equal

from openverdict.intake import read_register
from openverdict.ledger.collecting import collect
from openverdict.ledger.facts import read_store
from openverdict.simulate import worked_example_facts_path


def same(a, b):
    assert_frame_equal(a.table, b.table)
    assert_frame_equal(a.statuses.sort("case_id", "field"), b.statuses.sort("case_id", "field"))
    assert_frame_equal(a.facts, b.facts)


def test_the_worked_example_comes_out_as_it_went_in(store):
    read = read_register(worked_example_facts_path())
    receipt = collect(store, read, actor="a", purpose="death_review")
    back = read_store(store)
    same(back.register, read.register)
    assert back.account() == read.account()
    assert receipt.new_cases == 6
