"""The second reader's codes of the held-out narratives: the same texts, in the same order, in known words."""

from __future__ import annotations

import pytest

from openverdict.cases.vocabulary import indicators

from .coded import DATA, Narrative, read_marked
from .test_held_out_150 import WORDS


def _read(file: str) -> list[Narrative]:
    lines = (DATA / file).read_text(encoding="utf-8").splitlines()
    return [read_marked(*ln.split("\t", 1)) for ln in lines if ln and not ln.startswith("#")]


@pytest.fixture(scope="module")
def second() -> list[Narrative]:
    return _read("held_out_150_second.txt")


def test_without_its_marks_each_text_is_the_one_that_the_first_reader_coded(
    second: list[Narrative],
) -> None:
    assert [(n.name, n.text) for n in second] == [
        (n.name, n.text) for n in _read("held_out_150.txt")
    ]


def test_every_code_of_the_second_reader_is_a_word_of_the_vocabulary(
    second: list[Narrative],
) -> None:
    for n in second:
        for code in n.codes:
            kind, dot, word = code.code.partition(".")
            assert word in WORDS[kind] if dot else kind in indicators(), f"{n.name}: {code.code}"


def test_every_span_of_the_second_reader_is_whole_words(second: list[Narrative]) -> None:
    for n in second:
        for code in n.codes:
            span = n.text[code.start : code.end]
            assert span, f"{n.name}: {code}"
            assert span == span.strip(), f"{n.name}: {code}"
            for at in (code.start, code.end):
                edge = n.text[max(at - 1, 0) : at + 1]
                assert len(edge) < 2 or not edge.isalnum(), f"{n.name}: {code} cuts a word"
