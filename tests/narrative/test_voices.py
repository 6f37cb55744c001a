"""The narratives in the voices of those who write about a death: known words, whole spans, two codings of the same texts."""

from __future__ import annotations

from openverdict.cases.vocabulary import indicators

from .readings import SENSES, VOICES, stated, voices, voices_development, voices_second


def test_every_code_is_an_indicator_in_a_known_sense() -> None:
    for n in voices().values():
        assert {c.code for c in n.codes} <= set(indicators()), n.name
        assert {c.sense for c in n.codes} <= set(SENSES), n.name
    for name, codes in voices_second().items():
        assert {c for c, _ in codes} <= set(indicators()), name


def test_every_span_is_whole_words() -> None:
    for n in voices().values():
        assert not any(odd in n.text for odd in ("{", "}", "  ")), n.name
        for code in n.codes:
            span = n.text[code.start : code.end]
            assert span == span.strip() != "", f"{n.name}: {code}"
            for at in (code.start, code.end):
                edge = n.text[max(at - 1, 0) : at + 1]
                assert len(edge) < 2 or not edge.isalnum(), f"{n.name}: {code} cuts a word"


def test_both_codings_are_of_the_same_narratives_and_no_two_texts_are_alike() -> None:
    assert list(voices()) == list(voices_second())
    assert len({n.text for n in voices().values()}) == len(voices())


def test_the_halves_share_no_text_with_a_near_miss_in_either() -> None:
    mended = {n for n in voices() if voices_development(n)}
    assert {n for n in voices() if int(n[1:]) > VOICES} <= mended
    assert 80 <= len(mended) - (len(voices()) - VOICES) <= 120


def test_near_misses_state_next_to_nothing() -> None:
    present = [
        (n, code)
        for n, read in voices().items()
        if int(n[1:]) > VOICES
        for code, sense in stated(read)
        if sense == "present"
    ]
    assert len(present) < 10
