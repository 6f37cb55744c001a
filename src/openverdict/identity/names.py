"""Names as they are compared: folded to capital letters, titles and non-names left out, short forms and sounds looked up."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_APART = re.compile(r"[^A-Z]+")
_MARKS = re.compile(r"['’`´./]")
# Letters that no decomposition turns into plain ones.
_LETTERS = str.maketrans({"Ø": "O", "Ł": "L", "Đ": "D", "ß": "SS", "Æ": "AE", "Œ": "OE", "Þ": "TH"})
SHORTEST_SLIP, MOST_MEANT = (
    4,
    4,
)  # letters of a form that may be misspelt; formal names that a misspelt form may stand for
_LISTS = ("unknown", "no_names", "beside", "titles", "generations", "no_birthdays")
_SOUNDS = {
    letter: str(number)
    for number, letters in enumerate(("BFPV", "CGJKQSXZ", "DT", "L", "MN", "R"), 1)
    for letter in letters
}


@dataclass(frozen=True)
class Words:
    """The lists of `data/words.toml`."""

    unknown: frozenset[str]
    no_names: frozenset[str]
    beside: frozenset[str]
    titles: frozenset[str]
    generations: frozenset[str]
    no_birthdays: frozenset[str]
    sexes: dict[str, str]


@cache
def words() -> Words:
    """What stands in fields of names and dates and is none."""
    said = _data("words.toml")
    lists = {name: frozenset(said[name]) for name in _LISTS}
    lists["no_names"] |= lists["unknown"]
    return Words(**lists, sexes=said["sexes"])


@cache
def nicknames() -> dict[str, tuple[str, ...]]:
    """Form to the formal names that it may stand for, in the order of the file; a formal name may stand for itself first."""
    found: dict[str, list[str]] = {}
    listed = _data("nicknames.toml")
    for formal in listed:
        found.setdefault(formal, []).append(formal)
    for formal, forms in listed.items():
        for form in forms:
            found.setdefault(form, []).append(formal)
    return {form: tuple(dict.fromkeys(formals)) for form, formals in found.items()}


def fold(text: str) -> list[str]:
    """The words of a name in plain capital letters: accents and apostrophes go, hyphens and spaces part.

    Titles and generations are left out; a cell that says `unknown`, or nothing but such words, gives no words at all.
    """
    lists = words()
    plain = unicodedata.normalize("NFKD", text.upper().translate(_LETTERS))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    parts = [part for part in _APART.split(_MARKS.sub("", plain)) if part]
    parts = [p for p in parts if p not in lists.titles and p not in lists.generations]
    none = lists.no_names | lists.beside
    said = [p for p in parts if p in lists.no_names]
    if said and (lists.unknown.intersection(said) or all(p in none for p in parts)):
        return []
    return parts


def formal_names(name: str) -> tuple[str, ...]:
    """Every formal name that a forename may stand for, by a slip of one letter too; itself where the list does not know it."""
    known = nicknames().get(name)
    if known is None and len(name) >= SHORTEST_SLIP:
        near = sorted(
            {
                form
                for key in _without_one(name)
                for form in _slips().get(key, ())
                if form[0] == name[0]
            }
        )
        known = tuple(dict.fromkeys(formal for form in near for formal in nicknames()[form]))
        known = (name, *known) if 0 < len(known) <= MOST_MEANT else None
    return known or (name,)


@cache
def _slips() -> dict[str, tuple[str, ...]]:
    """What is left of every listed form when no letter or one is left out, to the forms: two names that are one letter left
    out, put in, exchanged for another or for its neighbour apart have something left in common.
    """
    found: dict[str, list[str]] = {}
    for form in nicknames():
        if len(form) >= SHORTEST_SLIP:
            for key in _without_one(form):
                found.setdefault(key, []).append(form)
    return {key: tuple(forms) for key, forms in found.items()}


def _without_one(name: str) -> set[str]:
    return {name, *(name[:k] + name[k + 1 :] for k in range(len(name)))}


def sound(name: str) -> str:
    """American Soundex of a name in capital letters (Russell 1918): its first letter and three digits."""
    code, last = name[:1], _SOUNDS.get(name[:1], "")
    for letter in name[1:]:
        digit = _SOUNDS.get(letter, "")
        if digit and digit != last:
            code += digit
        if letter not in "HW":  # they do not part two letters of one sound
            last = digit
    return f"{code}000"[:4]


def _data(name: str) -> dict[str, Any]:
    text = files("openverdict.identity").joinpath(f"data/{name}").read_text(encoding="utf-8")
    return tomllib.loads(text)
