"""The vocabularies: every word means what the data file says it means, and nothing else."""

from __future__ import annotations

import pytest

from openverdict.cases import checks, dictionary, indicators, substances
from openverdict.cases.values import parse_code, parse_list
from openverdict.cases.vocabulary import plain, substance_code
from openverdict.errors import FieldError

MEANT = [
    (word, code)
    for code, entry in substances().items()
    for word in (code, entry.label, *entry.synonyms, *entry.misspellings)
]
AMBIGUOUS = [word for entry in substances().values() for word in entry.ambiguous]
TRAPS = [(word, code) for code, entry in substances().items() for word in entry.traps]
GHB_FAMILY = {"ghb", "gbl", "1_4_bd"}


@pytest.mark.parametrize(("word", "code"), MEANT)
def test_every_name_synonym_and_misspelling_gives_its_code(word, code):
    for written in (word, word.upper(), f"  {word} ", word.replace("-", " ")):
        assert substance_code(written) == code


@pytest.mark.parametrize("word", AMBIGUOUS)
def test_an_ambiguous_word_names_nothing_on_its_own(word):
    assert substance_code(word) is None


@pytest.mark.parametrize(("word", "code"), TRAPS)
def test_a_trap_is_never_the_substance_it_looks_like(word, code):
    assert substance_code(word) != code


@pytest.mark.parametrize(
    "word",
    ["BHB", "beta-hydroxybutyrate", "β-hydroxybutyrate", "3-hydroxybutyric acid", "GBH", "G.B.H.",
     "grievous bodily harm", "Gina", "Tina", "G", "BD", "b.d.", "BDO", "GLB", "2,3-butanediol",
     "party poppers", "amyl nitrate"],
)  # fmt: skip
def test_look_alikes_of_the_ghb_family_and_first_names_are_no_hit(word):
    assert substance_code(word) not in GHB_FAMILY | {"methamphetamine", "amyl_nitrite"}


@pytest.mark.parametrize(
    ("written", "code"),
    [("γ-Hydroxybutyrate", "ghb"), ("G.H.B.", "ghb"), ("1,4-Butanediol", "1_4_bd"),
     ("α-PVP", "alpha_pvp"), ("6-MAM", "heroin"), ("liquid ecstasy", "ghb")],
)  # fmt: skip
def test_case_spaces_punctuation_and_greek_letters_do_not_count(written, code):
    assert substance_code(written) == code


def test_looking_up_nothing_finds_nothing():
    assert plain("…") == ""
    assert substance_code("") is None


def test_the_ghb_family_rolls_up_and_alone_stands_in_no_routine_screen():
    family = {code for code, entry in substances().items() if entry.family == "ghbrs"}
    assert family == GHB_FAMILY
    assert {code for code, entry in substances().items() if not entry.routine_screen} == family


def test_there_are_seventy_four_indicators_in_the_order_of_their_numbers():
    assert [entry.number for entry in indicators().values()] == list(range(1, 75))


def test_every_indicator_points_somewhere_and_says_what_it_means():
    for entry in indicators().values():
        assert entry.directions
        assert set(entry.directions) <= set("SLEQ")
        assert entry.origins
        assert entry.description.endswith(".")


def test_the_hard_indicators_are_the_eleven_that_nothing_innocent_cancels():
    hard = {entry.number for entry in indicators().values() if entry.hard}
    assert hard == {1, 5, 12, 13, 14, 15, 24, 25, 26, 42, 70}


def test_every_check_has_a_label_a_description_and_a_time_when_it_is_expected():
    for entry in checks().values():
        assert entry.label
        assert entry.description.endswith(".")
        assert entry.expected


@pytest.mark.parametrize(
    ("field", "wrong", "near"),
    [("indicators", "phone_mising", "phone_missing"), ("checks_done", "handwritting", "handwriting"),
     ("tests_advised", "covering examinations", "covering_examination")],
)  # fmt: skip
def test_an_unknown_word_of_a_closed_vocabulary_is_refused_with_the_nearest_name(
    field, wrong, near
):
    with pytest.raises(FieldError, match=near):
        parse_code(dictionary()[field], wrong)


def test_an_unknown_substance_is_kept_and_a_known_one_takes_its_code():
    field = dictionary()["substances_detected"]
    assert parse_list(field, "Liquid Ecstasy; Substance-X ;BHB;Tina") == [
        "beta_hydroxybutyrate",
        "ghb",
        "substance_x",
        "tina",
    ]
