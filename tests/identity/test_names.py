"""Names as they are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openverdict.identity.names import fold, formal_names, nicknames, sound


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Zoë  Anne", ["ZOE", "ANNE"]),
        ("O'Brien-Smythe", ["OBRIEN", "SMYTHE"]),
        ("Mr. Łukasz Ørsted jr", ["LUKASZ", "ORSTED"]),
        ("St. John", ["ST", "JOHN"]),
        ("", []),
    ],
)
def test_a_name_is_folded_to_plain_words(text, names):
    assert fold(text) == names


@pytest.mark.parametrize(
    "text", ["Unknown", "UNKNOWN MALE", "n/a", "no name given", "Unidentified body", "Unknown Lee"]
)
def test_what_is_no_name_counts_as_missing(text):
    assert fold(text) == []


@pytest.mark.parametrize("text", ["Man", "No", "Boy", "Baby"])
def test_a_word_that_may_be_a_name_stays_one_when_it_stands_alone(text):
    assert fold(text) == [text.upper()]


# The published examples of the code: United States National Archives, "The Soundex Indexing System".
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("WASHINGTON", "W252"),
        ("LEE", "L000"),
        ("GUTIERREZ", "G362"),
        ("PFISTER", "P236"),
        ("JACKSON", "J250"),
        ("TYMCZAK", "T522"),
        ("ASHCRAFT", "A261"),
        ("ROBERT", "R163"),
        ("RUPERT", "R163"),
    ],
)
def test_a_sound_is_that_of_the_national_archives(name, code):
    assert sound(name) == code


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1))
def test_a_sound_is_a_letter_and_three_digits(name):
    assert sound(name)[0] == name[0]
    assert sound(name)[1:].isdigit()
    assert len(sound(name)) == 4


def test_every_short_form_stands_for_each_name_that_lists_it():
    assert {"ROBERT", "HERBERT", "ALBERT"} <= set(formal_names("BERT"))
    assert formal_names("ROBERT")[0] == "ROBERT"
    assert set(formal_names("BOBBY")) & set(formal_names("ROB")) == {"ROBERT"}


def test_a_misspelt_short_form_is_still_one():
    assert "WILLIAM" in formal_names("BILYL")
    assert "VICTORIA" in formal_names("VICKKY")
    assert "DAVID" in formal_names("DAVYE")


def test_a_name_that_nobody_lists_stands_for_itself():
    assert formal_names("OLUWASEUN") == ("OLUWASEUN",)


def test_the_list_of_nicknames_is_in_capital_letters():
    assert all(name.isalpha() and name.isupper() for name in nicknames())
