"""Plain text: encodings, lines that were only wrapped, and the map from characters back to lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.documents.reading import read, with_limits

from openverdict.documents.limits import LIMITS
from openverdict.documents.pieces import Pieces, clean, numbers, short
from openverdict.documents.wrapped import joins
from openverdict.errors import InputError
from openverdict.narrative import suggest_substances

PROSE = """\
The deceased was last seen alive on the evening of the 19th, and there was no evidence of
ketamine or of any other drug in the flat. The tenant had been taking acetyl-
fentanyl, as he said himself, and was
asleep.

Ketamine: not detected
GHB: 310 mg/L
"""


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("héllo".encode(), "héllo"),
        (b"\xef\xbb\xbfh\xc3\xa9llo", "héllo"),
        ("héllo".encode("utf-16"), "héllo"),
        ("héllo".encode("utf-16-be"), None),
        (b"\xfe\xff" + "héllo".encode("utf-16-be"), "héllo"),
        (b"h\xe9llo", "héllo"),
        (b"one\r\ntwo\rthree\n\n\x0cfour", "one\ntwo\nthree\nfour"),
    ],
)
def test_encodings_that_people_save_in_are_read(data, text):
    if text is None:
        with pytest.raises(InputError, match="NUL byte in line 1"):
            read("a.txt", data)
        return
    document = read("a.txt", data)
    assert document.text == text
    assert ("read as Windows-1252, since it is not UTF-8" in document.notes) == (
        data == b"h\xe9llo"
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"a\nb\0c", "NUL byte in line 2"),
        (b"a\n\x01c", "control character in line 2"),
        ("x".encode("utf-32"), "UTF-32"),
        (b"\xff\xfea", "damaged UTF-16"),
        (b"\x81\x8d", "neither UTF-8 nor Windows-1252"),
        (b" \n\t\n", "holds no text"),
        (b"", "is empty"),
        (b"{\\rtf1 x}", "an RTF document, not text"),
        (b"<!doctype html><p>x", "a web page, not text"),
    ],
)
def test_what_is_no_text_is_refused_with_its_reason(data, says):
    with pytest.raises(InputError, match=says):
        read("a.txt", data)


def test_more_text_or_more_lines_than_the_limit_are_refused():
    with pytest.raises(InputError, match="more than 10 characters"):
        read("a.txt", b"word " * 10, with_limits(characters=10))
    with pytest.raises(InputError, match="more than 3 pieces"):
        read("a.txt", b"a\nb\nc\nd\n", with_limits(places=3))


def test_a_sentence_that_was_wrapped_stays_whole_and_a_list_stays_a_list():
    document = read("a.txt", PROSE.encode())
    assert "no evidence of ketamine" in document.text
    assert "acetyl-fentanyl" in document.text
    assert (
        "was asleep" not in document.text
    )  # the line before is short: the paragraph may end there
    assert "asleep.\nKetamine: not detected\nGHB" in document.text
    at = document.text.index("ketamine")
    assert document.where(at - 3, at + 8) == "line 1 to line 2"
    found = {(s.value, s.assertion.value) for s in suggest_substances(document.text)}
    assert ("ketamine", "negated") in found
    assert ("acetylfentanyl", "present") in found


@pytest.mark.parametrize(
    "lines",
    [
        ["GHB detected", "ketamine not detected", "cocaine not detected"],
        [
            "A first line that is as long as lines of prose are wont to be, all in all.",
            "a second one.",
        ],
        [
            "A heading that is as long as lines of prose are wont to be: the list:",
            "- item one of it",
        ],
        ["Position of the body as it was found by the first officer: not recorded.", "Prone"],
        ["x" * 400, "y" * 400],
        ["", "word", ""],
    ],
)
def test_lines_that_end_where_their_writer_ended_them_are_not_joined(lines):
    assert set(joins(lines)) <= {"\n"}


ANY = st.text(st.characters(exclude_categories=[]), max_size=200)


@given(ANY)
def test_clean_text_holds_nothing_without_a_shape_and_cleaning_it_again_changes_nothing(text):
    said = clean(text)
    assert clean(said) == said
    assert all(c.isprintable() or c in "\n\t" or not c.isspace() for c in said)
    assert not set(said) & set(
        map(chr, [*range(9), *range(11, 32), 0x202E, 0xAD, *range(0x7F, 0xA0)])
    )
    said.encode()
    assert short(text, 20).isprintable()
    assert len(short(text, 20)) <= 20


@given(st.lists(st.tuples(ANY, st.sampled_from(["\n", "\t", " ", ""])), max_size=20))
def test_places_cover_the_text_and_are_in_its_order(found):
    pieces = Pieces(LIMITS)
    for number, (text, separator) in enumerate(found):
        pieces.add(f"piece {number}", text, separator)
    at = 0
    for start, end, _ in pieces.places:
        assert at <= start < end
        assert pieces.text[at:start] in ("", "\n", "\t", " ")
        at = end
    assert at == len(pieces.text)


@given(st.sets(st.integers(1, 40)))
def test_runs_of_numbers_are_written_short_and_lose_none(found):
    back: set[int] = set()
    for run in numbers(sorted(found)).split(", ") if found else ():
        first, _, last = run.partition("–")
        back |= set(range(int(first), int(last or first) + 1))
    assert back == found
