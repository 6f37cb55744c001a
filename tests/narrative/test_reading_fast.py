"""What makes reading fast changes nothing that is read: bits against spaCy's matcher, quick looks against whole searches."""

from __future__ import annotations

import itertools
import random

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.matcher import Matcher
from spacy.tokens import Doc
from tests.narrative.coded import narratives

from openverdict.narrative import pointers
from openverdict.narrative.ordered import Ordered, places_of, steps_of
from openverdict.narrative.patterns import compile_pattern
from openverdict.narrative.settings import read
from openverdict.narrative.tokens import _SHORT, _STOP, _WORD, _plain, sentences, tokenise

VOCAB = spacy.blank("en").vocab
WORDS = "abcdx"
# What the shipped file is written in: words, choices, gaps, what may be absent, numbers, beginnings of words.
STEPS = st.sampled_from(["a", "b", "a|c", "c|d?", "b?", "*1", "*3", "#?", "~d"])


def by_spacy(steps: list[dict], words: list[str]) -> list[tuple[int, int]]:
    matcher = Matcher(VOCAB)
    matcher.add("rule", [steps], greedy="LONGEST")
    return sorted((a, b) for _, a, b in matcher(Doc(VOCAB, words=words)))


def by_bits(steps: list[dict], words: list[str]) -> list[tuple[int, int]]:
    return sorted(Ordered(steps_of(steps)).matches(places_of(words), len(words)))


@settings(max_examples=150)
@given(
    st.lists(STEPS, min_size=1, max_size=4),
    st.lists(st.sampled_from([*WORDS, "7", "dx"]), max_size=9),
)
def test_a_pattern_stands_where_spacy_finds_it(pattern: list[str], words: list[str]) -> None:
    steps, _ = compile_pattern(" ".join([*pattern, "a"]), {})
    assert by_bits(steps, words) == by_spacy(steps, words)


def test_shipped_patterns_stand_where_spacy_finds_them() -> None:
    data, _ = read("phrases")
    lists = {name: tuple(words.split()) for name, words in data["lists"].items()}
    patterns = [
        p.removeprefix("^ ").removesuffix(" $")
        for f in data["field"].values()
        for e in f.values()
        for p in e.get("patterns", ())
    ]
    # spaCy tries every way to fill gaps, so only patterns with few of them are asked, on words that suit them.
    drawn = random.Random(4)
    few = [
        p for p in patterns if sum(int(s[1:].rstrip("?")) for s in p.split() if s[0] == "*") <= 8
    ]
    asked = drawn.sample(few, 200)
    found = 0
    for pattern in asked:
        steps, _ = compile_pattern(pattern, lists)
        choices = [
            [w for w in s.words if "\\" not in w] or ["7"] for s in steps_of(steps) if not s.most
        ]
        words = [
            drawn.choice(["x", "y", drawn.choice(sorted(c))])
            if drawn.random() < 0.4
            else drawn.choice(sorted(c))
            for c in itertools.chain(choices, choices)
        ]
        found += bool(by_bits(steps, words))
        assert by_bits(steps, words) == by_spacy(steps, words), pattern
    assert found > 60


def test_a_pattern_of_many_gaps_is_walked_once_and_not_in_every_way() -> None:
    steps, _ = compile_pattern("a *10 b *10 c *10 d", {})
    words = ["a", "b", "c"] * 60
    assert by_bits(steps, words) == []
    assert by_bits(steps, [*words, "d"]) != []


TEXTS = st.lists(
    st.sampled_from(
        ["12:40", "9 pm", "9.15", "noon", "Midnight", "3 May", "1st may", "2024-05-06", "12", " ", ", ", ". ", "-", "M4 7AB",
         "AB1 2CD", "22 High Road", "flat 3", "Flat 12b", "case no. 12/44", "CAD 4411", "ref: A-7", "crimes 1234", "café",
         "ſep", "5 ſep", "x", "7", "'s", "Mr A", "\n"]
    ),
    max_size=8,
).map("".join)  # fmt: skip


@given(TEXTS)
def test_a_quick_look_hides_nothing_that_a_whole_search_finds(text: str) -> None:
    seen = {(s.rule, s.value, s.start, s.end) for s in pointers.suggest_mentions(tokenise(text))}
    digits = any(c.isdigit() for c in text)
    words = set(tokenise(text).words)
    whole = {
        (f"mention.{kind}", value, start, end)
        for kind, _, looks, needs, find in pointers._FINDERS
        if (looks is not None and digits) or words & needs
        for _, value, start, end in find(text)
    }
    assert seen == whole


@given(st.one_of(TEXTS, st.text(alphabet="ab1.!? \n'\"-é’", max_size=40)))
def test_words_and_sentences_are_those_of_the_plain_definition(text: str) -> None:
    tokens = tokenise(text)
    found = list(_WORD.finditer(text))
    assert tokens.words == [_plain(m.group()) for m in found]
    assert list(zip(tokens.starts, tokens.ends, strict=True)) == [m.span() for m in found]
    cuts = []
    for i in range(len(found) - 1):
        gap = tokens.gap(i)
        short = gap.startswith(".") and (tokens.words[i] in _SHORT or len(tokens.words[i]) == 1)
        if _STOP.search(gap) and ("\n" in gap or not short):
            cuts.append(i + 1)
    edges = [0, *cuts, len(found)]
    assert sentences(tokens) == [(a, b) for a, b in itertools.pairwise(edges) if a < b]


@pytest.mark.parametrize("number", [0, 40, 90])
def test_a_text_is_read_alike_whatever_was_read_before(number: int) -> None:
    from openverdict.narrative import suggest

    text = narratives()[number].text
    once = suggest(text)
    suggest(narratives()[number + 1].text)
    assert suggest(text) == once
