"""Phrases: every pattern of the shipped file compiles, spans are exact, and the coded narratives are read as measured."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.narrative.coded import indicator_counts, narratives

from openverdict.cases import dictionary, indicators
from openverdict.errors import InputError
from openverdict.narrative import Assertion, suggest
from openverdict.narrative.near import compile_near
from openverdict.narrative.patterns import compile_pattern, phrases
from openverdict.narrative.settings import read

ALL = narratives()


def test_every_rule_is_of_a_field_and_value_of_the_dictionary():
    for rule in phrases().rules:
        field = dictionary()[rule.field]
        assert not field.equality
        assert rule.value in (indicators() if rule.field == "indicators" else field.values)
        assert rule.anchors
        assert rule.name.count(".") == 2
        assert 0 < rule.confidence <= 1


def test_a_list_named_in_a_pattern_is_used_and_every_list_is_named():
    data, version = read("phrases")
    patterns = [
        p
        for f in data["field"].values()
        for e in f.values()
        for kind in ("patterns", "near", "wide", "across", "denied")
        for p in e.get(kind, ())
    ]
    named = {
        w.lstrip("@").rstrip("?")
        for p in patterns
        for s in p.split()
        for w in s.removeprefix("!").split("|")
        if w[0] == "@"
    }
    assert named == set(data["lists"])
    assert version.startswith("2+")


@pytest.mark.parametrize("pattern", ["*3 word? *2", "@nothing found", "# *2"])
def test_a_pattern_that_cannot_call_is_refused(pattern):
    with pytest.raises(InputError, match="pattern"):
        compile_pattern(pattern, {})


def test_a_pattern_step_means_what_the_docs_say():
    steps, anchors = compile_pattern(
        "no @phone *2 found|seen? ~bruis # late", {"phone": ("phone", "mobile")}
    )
    assert steps == [
        {"LOWER": "no"},
        {"LOWER": {"IN": ["phone", "mobile"]}},
        {"OP": "{0,2}"},
        {"LOWER": {"IN": ["found", "seen"]}, "OP": "?"},
        {"LOWER": {"REGEX": r"^(?:bruis\w*)$"}},
        {"TEXT": {"REGEX": r"^\d+$"}},
        {"LOWER": "late"},
    ]
    assert anchors[0] == {"late"}


def test_words_near_each_other_are_found_in_any_order_within_the_window():
    lists = {"phone": ("phone", "mobile")}
    near, needs = compile_near("@phone & gone|not_found & ~search & !charger <6", lists)
    assert needs[0] == {"gone", "not"}
    for text in ("searched the phone was gone", "not found when searched the mobile"):
        assert near.matches(text.split()) == [(0, len(text.split()))]
    assert near.matches(["x", "searched", "a", "phone", "gone", "x"]) == [(1, 5)]
    assert near.matches(["searched", "a", "b", "c", "d", "e", "phone", "gone"]) == []
    assert near.matches(["searched", "a", "phone", "gone", "charger"]) == []
    assert near.matches(["searched", "a", "phone", "not", "seen", "found"]) == []


def test_one_word_does_not_count_for_two_groups():
    near, _ = compile_near("no|none & none|nil", {})
    assert near.matches(["none"]) == []
    assert near.matches(["none", "nil"]) == [(0, 2)]
    assert near.matches(["no", "none"]) == [(0, 2)]


@given(
    st.lists(st.sampled_from("abcdx"), max_size=9),
    st.lists(st.sampled_from(["a", "b", "c|d", "~d"]), min_size=2, max_size=3, unique=True),
    st.integers(2, 6),
)
def test_a_stretch_that_is_found_holds_every_group_and_none_is_found_where_a_group_is_missing(
    words, groups, width
):
    pattern = " & ".join(groups) + f" <{width}"
    if all(g.startswith("~") for g in groups):
        return
    near, needs = compile_near(pattern, {})
    wanted = [{w.lstrip("~") for w in g.split("|")} for g in groups]
    for first, end in near.matches(words):
        assert end - first <= width
        chosen = itertools.permutations(words[first:end], len(wanted))
        assert any(all(w in g for w, g in zip(c, wanted, strict=True)) for c in chosen)
    if any(not g & set(words) for g in wanted):
        assert near.matches(words) == []
    assert all(any(n <= w for w in wanted) for n in needs)


@pytest.mark.parametrize("pattern", ["~a & #", "a & @nothing", "a & b <x"])
def test_words_near_each_other_that_cannot_call_are_refused(pattern):
    with pytest.raises(InputError, match="pattern"):
        compile_near(pattern, {})


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("Rigor ++ in the jaw. Bystander states he was talking a few minutes ago.", True),
        ("Rigor ++ in the jaw. Nothing else. Bystander states he was talking just now.", False),
    ],
)
def test_what_neither_of_two_sentences_says_alone_is_read_from_both(text, span):
    found = [s for s in suggest(text) if s.value == "stiffness_time_mismatch"]
    assert bool(found) is span
    assert all(". B" in s.span(text) for s in found)


def test_an_abbreviation_is_read_as_its_word_and_the_span_keeps_what_was_written():
    text = "No mob on person or at the scene."
    (found,) = [s for s in suggest(text) if s.field == "indicators"]
    assert (found.value, found.assertion) == ("phone_missing", Assertion.PRESENT)
    assert "mob" in found.span(text)


def test_a_text_that_says_it_is_training_states_nothing():
    said = "The caller would not give his name."
    assert [s.assertion for s in suggest(said) if s.value == "anonymous_call"] == [
        Assertion.PRESENT
    ]
    taught = [s for s in suggest(f"Training slide: {said}") if s.value == "anonymous_call"]
    assert [s.assertion for s in taught] == [Assertion.HYPOTHETICAL]


@pytest.mark.parametrize(
    ("text", "value", "sense"),
    [
        ("Mother is satisfied with the finding.", "family_doubts", "negated"),
        ("Phone in his hand.", "phone_missing", "negated"),
        ("His phone is gone.", "phone_missing", "present"),
        ("Gone from the flat, at some time that week: his phone.", "phone_missing", None),
        ("He hadn't been dragged, nor had his body been moved.", "body_moved", "negated"),
    ],
)
def test_what_states_the_opposite_denies(text, value, sense):
    senses = {s.assertion.value for s in suggest(text) if s.value == value}
    assert senses == ({sense} if sense else set())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Flat, face down.", "home"),
        ("The car keys. A flat battery. Home is far.", None),
        ("Pulled from the canal.", "water"),
    ],
)
def test_a_pattern_with_edges_takes_a_whole_remark(text, value):
    found = {s.value for s in suggest(text) if s.field == "found_place_kind"}
    assert found == ({value} if value else set())


@pytest.mark.parametrize("narrative", ALL, ids=lambda n: n.name)
def test_every_span_is_exact_and_reading_twice_gives_the_same(narrative):
    found = suggest(narrative.text)
    assert found == suggest(narrative.text)
    for s in found:
        words = s.span(narrative.text)
        assert words
        assert words == words.strip()
        assert s.status == "suggested"


def test_there_are_enough_narratives_and_their_codes_are_of_the_vocabulary():
    assert len(ALL) >= 150
    for n in ALL:
        assert all("." in c.code or c.code in indicators() for c in n.codes), n.name


def test_indicators_of_the_narratives_that_rules_were_written_with_are_found():
    both, extra, missed, told = indicator_counts([n for n in ALL if not n.held_out])
    hits = sum(both.values())
    f1 = 2 * hits / (2 * hits + sum(extra.values()) + sum(missed.values()))
    assert f1 >= 0.9, "\n".join(told)


def test_what_is_found_in_narratives_never_seen_is_seldom_wrong():
    both, extra, _, told = indicator_counts([n for n in ALL if n.held_out])
    assert sum(both.values()) / (sum(both.values()) + sum(extra.values())) >= 0.9, "\n".join(told)


@pytest.mark.parametrize(
    ("text", "value", "sense"),
    [
        ("There is no evidence that the body had been moved.", "body_moved", "negated"),
        ("The body may have been moved.", "body_moved", "uncertain"),
        ("The body had been moved.", "body_moved", "present"),
        ("His phone was missing and his wallet was not found.", "phone_missing", "present"),
        ("If the phone is missing, ask the host.", "phone_missing", "hypothetical"),
    ],
)
def test_an_indicator_follows_its_context(text, value, sense):
    senses = {s.assertion for s in suggest(text) if s.value == value}
    assert senses == {Assertion(sense)}


@pytest.mark.parametrize(
    ("text", "field", "value", "words"),
    [
        ("Called at 4:18 am.", "mention:time", "04:18", "4:18 am"),
        ("at about 2pm", "mention:time", "14:00", "2pm"),
        ("by midnight", "mention:time", "00:00", "midnight"),
        ("on 3rd March 2014", "mention:time", "2014-03-03", "3rd March 2014"),
        ("on 14 Jun", "mention:time", "--06-14", "14 Jun"),
        ("at 12 Tanyard Lane", "mention:address", "address", "12 Tanyard Lane"),
        ("postcode ZZ1 9ZZ", "mention:address", "postcode", "ZZ1 9ZZ"),
        ("See case SD/14/0231.", "mentions_cases", "SD/14/0231", "SD/14/0231"),
        ("A dog walker rang.", "mention:person", "finder", "dog walker"),
        ("Swipes on Grindr show it.", "contact_channels", "dating_app", "Grindr"),
        ("Found in the park.", "found_place_kind", "park_or_churchyard", "Found in the park"),
        ("at Marsh Street", "mention:place", "named_place", "Marsh Street"),
    ],
)
def test_times_places_channels_and_other_cases_are_pointed_at(text, field, value, words):
    hits = [(s.field, s.value, s.span(text).rstrip(".")) for s in suggest(text)]
    assert (field, value, words) in hits


@pytest.mark.parametrize(
    "text", ["GHB 4.18 mg/L", "dose 10.30 ml", "version 1.10.12", "31 Feb 2014", "25:00"]
)
def test_levels_and_impossible_days_are_no_times(text):
    assert [s for s in suggest(text) if s.field == "mention:time"] == []
