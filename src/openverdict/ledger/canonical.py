"""One value, one byte string: the canonical form over which events are hashed, after RFC 8785 (JSON Canonicalization Scheme).

The form is RFC 8785 with less in it, so that no two readers can disagree: null, true, false, whole numbers up to 2^53 − 1
either way, strings, lists, and objects whose keys are printable ASCII. There are no floating-point numbers: a measured number
is a string made by `decimal_text`. Strings are kept as they are given, without Unicode normalisation, as RFC 8785 asks; what
can't be stored on every engine (U+0000, half of a surrogate pair) is refused. What comes out is UTF-8, keys sorted, without
white space.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from math import isfinite
from typing import Any

from openverdict.errors import InputError

# Whole numbers beyond this are not the same in every JSON reader (RFC 7493, 2.2).
LARGEST_INTEGER = 2**53 - 1
# Deeper nesting than any event has; a bound, so that no input exhausts the stack.
DEEPEST = 32

_encode = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


def canonical_bytes(value: object) -> bytes:
    """The canonical bytes of `value`. Raises InputError, naming the place, for what has no canonical form."""
    _check(value, "", 0)
    return _encode(value).encode("utf-8")


def parse_canonical(data: bytes) -> Any:
    """The value whose canonical bytes are `data`. Raises InputError when these bytes are not exactly that form."""
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_no_twins, parse_float=_no_float)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"not canonical JSON: {error}; the bytes were not written by this program"
        ) from None
    if canonical_bytes(value) != data:
        raise InputError(
            "JSON, but not in canonical form (keys sorted, no spaces); the bytes were changed or written elsewhere"
        )
    return value


def decimal_text(value: float) -> str:
    """A finite number as the shortest decimal text that reads back as the same double; minus zero is zero.

    The form is that of Python's `repr`: `0.1`, `12.0`, `1e-07`.
    """
    if not isfinite(value):
        raise InputError(f"{value} is no number that can be kept; leave it out where it is missing")
    return repr(float(value) + 0.0)


def _check(value: object, place: str, depth: int) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _check_text(value, place)
    elif isinstance(value, int):
        if not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
            raise _refused(place, f"{value} is beyond ±(2^53 − 1)", "write it as a string")
    elif depth >= DEEPEST:
        raise _refused(place, f"nested more than {DEEPEST} deep", "flatten it")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not (isinstance(key, str) and key and key.isascii() and key.isprintable()):
                raise _refused(place, f"key {key!r} is not printable ASCII", "use plain names")
            _check(item, f"{place}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            _check(item, f"{place}[{number}]", depth + 1)
    elif isinstance(value, float):
        raise _refused(place, f"{value!r} is a floating-point number", "use decimal_text()")
    else:
        kinds = "null, booleans, whole numbers, strings, lists and objects"
        raise _refused(place, f"{type(value).__name__} has no canonical form", f"use {kinds}")


def _check_text(value: str, place: str) -> None:
    if "\x00" in value:
        raise _refused(place, "a string holds U+0000", "remove it")
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            what = "a string holds half of a surrogate pair"
            raise _refused(place, what, "mend its encoding") from None


def _refused(place: str, what: str, mend: str) -> InputError:
    return InputError(f"{place.lstrip('.') or 'value'}: {what}; {mend}")


def _no_twins(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(pairs)
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_float(text: str) -> Any:
    raise ValueError(f"{text} is a floating-point number")
