"""The two readings of the held-out narratives: what is decided between them is a difference, and the halves stay apart."""

from __future__ import annotations

from collections import Counter

import pytest

from .readings import SENSES, by_rules, development, measured, reading, stated, verdicts


def test_every_difference_in_the_half_that_rules_may_be_mended_on_is_decided() -> None:
    decided = set(reading("adjudicated"))
    assert {n for n in reading("first") if development(n)} <= decided


def test_only_what_one_reader_alone_stated_is_decided() -> None:
    one, two = reading("first"), reading("second")
    for name, code, sense in verdicts():
        assert (code, sense) in stated(one[name]) ^ stated(two[name]), (name, code, sense)


def test_where_both_readers_agree_nothing_is_changed() -> None:
    one, two = reading("first"), reading("second")
    for name, read in reading("adjudicated").items():
        both = stated(one[name]) & stated(two[name])
        assert both <= stated(read) <= stated(one[name]) | stated(two[name])
        assert read.text == one[name].text


def test_a_code_is_true_in_each_sense_on_its_own() -> None:
    assert {c.sense for n in reading("adjudicated").values() for c in n.codes} == set(SENSES)


def test_both_halves_state_every_indicator_that_one_text_can_show() -> None:
    for half in (True, False):
        seen = Counter(
            code
            for n in reading("first").values()
            if development(n.name) is half
            for code, sense in stated(n)
            if sense == "present"
        )
        assert [c for c in measured() if not seen[c]] == []


@pytest.mark.parametrize("name", ["H115", "H219"])
def test_what_rules_suggest_is_written_as_a_reader_would_code_it(name: str) -> None:
    text = reading("first")[name].text
    found = by_rules(text)
    assert found
    assert all(text[c.start : c.end].strip() for c in found)
    assert {c.sense for c in found} <= set(SENSES)
