"""The words of laboratory reports: specimens, preservatives, outcomes, opinions and molar masses, from data files."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from openverdict.cases import substances
from openverdict.cases.vocabulary import plain, substance_code
from openverdict.errors import FieldError

_ATOM = re.compile(r"([A-Z][a-z]?)(\d*)")


def read_data(name: str) -> dict[str, Any]:
    """A data file of this room."""
    text = files("openverdict.toxicology").joinpath(f"data/{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    """For each list of `words.toml`: plain form of a word to its code."""
    lists = {}
    for name, entries in read_data("words").items():
        index: dict[str, str] = {}
        for code, spelled in entries.items():
            for word in (code, *spelled):
                if index.setdefault(plain(word), code) != code:
                    raise ValueError(f"words.toml: {word!r} stands twice in {name}")
        lists[name] = MappingProxyType(index)
    return MappingProxyType(lists)


def code_of(kind: str, text: str) -> str | None:
    """The code that a word of a list (`specimen`, `preservative`, `outcome`, `opinion`, `decomposition`) stands for."""
    return _words()[kind].get(plain(text))


def read_word(kind: str, field: str, text: str) -> str:
    """The code of a word.

    Raises:
        FieldError: not in the list.
    """
    code = code_of(kind, text)
    if code is None:
        codes = ", ".join(dict.fromkeys(_words()[kind].values()))
        raise FieldError(field, text, f"not in the list; write one of: {codes}")
    return code


def read_substance(text: str) -> str:
    """The code of a substance, or the name as written where the vocabulary does not hold it.

    Raises:
        FieldError: a word that stands for several things.
    """
    code = substance_code(text)
    if code is not None:
        return code
    means = [s.code for s in substances().values() if plain(text) in map(plain, s.ambiguous)]
    if means:
        said = " or ".join(sorted(means))
        raise FieldError(
            "substance",
            text,
            f"may mean {said}, or nothing of the kind; write the substance's full name",
        )
    return " ".join(text.split())


@cache
def molar_masses() -> Mapping[str, Decimal]:
    """Grams a mole by substance code, summed from formulae and atomic weights."""
    data = read_data("molar")
    weights = {name: Decimal(str(weight)) for name, weight in data["atomic_weights"].items()}
    return MappingProxyType(
        {
            code: sum(
                (weights[atom] * int(count or 1) for atom, count in _ATOM.findall(formula)),
                Decimal(0),
            )
            for code, formula in data["formulae"].items()
        }
    )
