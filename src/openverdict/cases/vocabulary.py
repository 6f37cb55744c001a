"""The vocabularies: substances, indicators and checks, each a data file read once."""

from __future__ import annotations

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator: what it means, where it comes from, and which way it points.

    `directions` holds letters of: S raises the need for enquiry; L supports a link between records; E lowers concern
    (the innocent reading); Q quality or uncertainty only. `number` is the indicator's place in the project's list.
    `hard` indicators are never cancelled by an E.
    """

    name: str
    number: int
    label: str
    description: str
    origins: tuple[str, ...]
    directions: tuple[str, ...]
    hard: bool = False
    derived: bool = False


@dataclass(frozen=True, slots=True)
class Substance:
    """One substance: its canonical code, class, the words that mean it and the words that only look so.

    `in_text` words mean it in running text only; a cell of a register that holds one stays as written.
    """

    code: str
    label: str
    klass: str
    family: str | None = None
    routine_screen: bool = True
    synonyms: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    misspellings: tuple[str, ...] = ()
    in_text: tuple[str, ...] = ()
    traps: tuple[str, ...] = ()
    sudors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One enquiry that can be made in a case, and when it is expected."""

    name: str
    label: str
    description: str
    expected: str


def _read(name: str) -> dict[str, dict[str, object]]:
    text = files("openverdict.cases").joinpath(f"data/{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _tuples(entry: dict[str, object]) -> dict[str, object]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()}


@cache
def indicators() -> Mapping[str, Indicator]:
    """All indicators by name, in the order of their numbers."""
    return MappingProxyType(
        {name: Indicator(name=name, **_tuples(e)) for name, e in _read("indicators").items()}  # type: ignore[arg-type]
    )


@cache
def substances() -> Mapping[str, Substance]:
    """All substances by code."""
    return MappingProxyType(
        {code: Substance(code=code, **_tuples(e)) for code, e in _read("substances").items()}  # type: ignore[arg-type]
    )


@cache
def checks() -> Mapping[str, Check]:
    """All checks by name."""
    return MappingProxyType(
        {name: Check(name=name, **_tuples(e)) for name, e in _read("checks").items()}  # type: ignore[arg-type]
    )


_GREEK = str.maketrans({"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ω": "omega"})


def plain(text: str) -> str:
    """Text for looking up: lower case, Greek letters spelled out, only letters and digits left."""
    text = unicodedata.normalize("NFKD", text).lower().translate(_GREEK)
    return re.sub(r"[^0-9a-z]+", "", text)


@cache
def _substance_index() -> Mapping[str, str]:
    """Plain form to code, for every code, label, synonym and misspelling that means one substance on its own."""
    index: dict[str, str] = {}
    for code, entry in substances().items():
        for word in (code, entry.label, *entry.synonyms, *entry.misspellings):
            other = index.setdefault(plain(word), code)
            if other != code:
                raise ValueError(f"substances.toml: {word!r} stands for {other} and for {code}")
    for entry in substances().values():
        for word in entry.ambiguous:
            index.pop(plain(word), None)
    return MappingProxyType(index)


def substance_code(text: str) -> str | None:
    """The code of the substance that a word names on its own, or None: unknown, ambiguous or a trap.

    Case, spaces, punctuation and Greek letters don't count: `γ-Hydroxybutyrate` and `G.H.B.` are both `ghb`.
    """
    return _substance_index().get(plain(text))


def closest(word: str, names: Mapping[str, object]) -> str:
    """The mend for an unknown word of a closed vocabulary: the name nearest to it, or where the names stand."""
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"write one of: {', '.join(sorted(names))}"
