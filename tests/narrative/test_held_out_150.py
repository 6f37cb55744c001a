"""The narratives held out for measuring: every code is a word of the vocabulary, and every span reads back."""

from __future__ import annotations

from collections import Counter

import pytest

from openverdict.cases.fields import dictionary
from openverdict.cases.vocabulary import indicators, substances

from .coded import DATA, Narrative, read_marked

# Indicators that compare two cases or count them are coded where a text says them, and are too few to measure.
OF_PAIRS = {n for n, i in indicators().items() if i.number > 58 and n != "text_cross_reference"}
WORDS = {
    "s": set(substances()),
    "c": set(dictionary()["contact_channels"].values),
    "p": set(dictionary()["found_place_kind"].values),
    "b": set(dictionary()["body_position"].values),
}


@pytest.fixture(scope="module")
def held_out() -> list[Narrative]:
    lines = (DATA / "held_out_150.txt").read_text(encoding="utf-8").splitlines()
    return [read_marked(*ln.split("\t", 1)) for ln in lines if ln and not ln.startswith("#")]


def test_at_least_150_narratives_have_names_of_their_own(held_out: list[Narrative]) -> None:
    assert len(held_out) >= 150
    assert len({n.name for n in held_out}) == len({n.text for n in held_out}) == len(held_out)
    assert all(n.held_out for n in held_out)


def test_every_code_is_a_word_of_the_vocabulary(held_out: list[Narrative]) -> None:
    for n in held_out:
        for code in n.codes:
            kind, dot, word = code.code.partition(".")
            known = word in WORDS[kind] if dot else kind in indicators()
            assert known, f"{n.name}: {code.code}"


def test_every_span_is_words_of_its_text_without_blanks_at_the_edge(
    held_out: list[Narrative],
) -> None:
    for n in held_out:
        assert not any(odd in n.text for odd in ("{", "}", "  ")), n.name
        for code in n.codes:
            span = n.text[code.start : code.end]
            assert span, f"{n.name}: {code}"
            assert span == span.strip(), f"{n.name}: {code}"
            inside = n.text[max(code.start - 1, 0) : code.start + 1]
            assert not inside.isalnum() or len(inside) < 2, f"{n.name}: {code} begins inside a word"
            inside = n.text[code.end - 1 : code.end + 1]
            assert not inside.isalnum() or len(inside) < 2, f"{n.name}: {code} ends inside a word"


def test_each_indicator_that_a_text_can_show_is_stated_in_eight_narratives_or_more(
    held_out: list[Narrative],
) -> None:
    stated = Counter(
        name for n in held_out for name in {c.code for c in n.codes if c.sense == "present"}
    )
    assert not [n for n in indicators() if n not in OF_PAIRS and stated[n] < 8]


def test_about_a_third_of_the_narratives_state_no_indicator(held_out: list[Narrative]) -> None:
    none = [
        n
        for n in held_out
        if not any(c.code in indicators() and c.sense == "present" for c in n.codes)
    ]
    assert 0.3 <= len(none) / len(held_out) <= 0.4
