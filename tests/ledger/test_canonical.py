"""The canonical form: one value has one byte string, and what has none is refused by name."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openverdict.errors import InputError
from openverdict.ledger.canonical import canonical_bytes, decimal_text, parse_canonical

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
keys = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_the_bytes_read_back_as_the_value_and_are_the_only_ones(value):
    data = canonical_bytes(value)
    assert parse_canonical(data) == json.loads(data) == value
    assert canonical_bytes(json.loads(json.dumps(value, indent=2))) == data


@given(st.dictionaries(keys, values, max_size=5), st.randoms())
def test_the_order_of_keys_does_not_matter(value, random):
    items = list(value.items())
    random.shuffle(items)
    assert canonical_bytes(dict(items)) == canonical_bytes(value)


@given(values, values)
def test_two_values_have_the_same_bytes_only_when_they_are_the_same(a, b):
    # `1 == True` in Python; their JSON differs.
    assert (canonical_bytes(a) == canonical_bytes(b)) == (
        json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
    )


def test_strings_are_escaped_as_rfc_8785_shows():
    # The string of its section 3.2.2.2 (without the number beside it) and the output of 3.2.4.
    text = '\u20ac$\u000f\nA\'B"\\\\"/'
    wanted = bytes.fromhex("22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f22")
    assert canonical_bytes(text) == wanted
    assert canonical_bytes("\b\t\f\r\x7f\u2028") == b'"\\b\\t\\f\\r\x7f\xe2\x80\xa8"'


def test_text_is_kept_as_given_and_not_normalised():
    composed, decomposed = "\u00e9", "e\u0301"
    assert canonical_bytes(composed) != canonical_bytes(decomposed)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"lr": 1.5}, r"lr: 1\.5 is a floating-point number; use decimal_text"),
        (math.nan, "floating-point"),
        ({"a": [1, 2**53]}, r"a\[1\]: 9007199254740992 is beyond"),
        ({"a": {"b": "x\x00"}}, r"a\.b: a string holds U\+0000"),
        (["\ud800"], "surrogate"),
        ({1: "x"}, "key 1 is not"),
        ({"": "x"}, "key '' is not"),
        ({"é": 1}, "key 'é' is not"),
        ({"a": b"x"}, "a: bytes has no canonical form"),
        ({"a": {1, 2}}, "a: set has no canonical form"),
    ],
)
def test_what_has_no_canonical_form_is_refused_with_its_place(value, says):
    with pytest.raises(InputError, match=says):
        canonical_bytes(value)


def test_nesting_has_a_bound():
    value: object = 1
    for _ in range(40):
        value = [value]
    with pytest.raises(InputError, match="nested"):
        canonical_bytes(value)
    with pytest.raises(InputError):
        parse_canonical(b"[" * 100_000 + b"]" * 100_000)


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":NaN}',
        b'{"a":-0}',
        b'"\\u0041"',
        b'"\\/"',
        b'"\\u000F"',
        b'"\xff"',
        b"",
        b"9" * 10_000,
    ],
)
def test_bytes_in_any_other_form_are_refused(data):
    with pytest.raises(InputError):
        parse_canonical(data)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_decimal_text_reads_back_as_the_same_number(value):
    assert float(decimal_text(value)) == value
    assert not decimal_text(value).startswith("-0.0") or value != 0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_has_no_decimal_text(value):
    with pytest.raises(InputError):
        decimal_text(value)
