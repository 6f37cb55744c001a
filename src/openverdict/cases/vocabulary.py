"""The vocabularies: substances, indicators and checks, each a data file read once."""

from __future__ import annotations

import tomllib
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
    """One substance: its canonical code, class, the words that mean it and the words that only look so."""

    code: str
    label: str
    klass: str
    family: str | None = None
    routine_screen: bool = True
    synonyms: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    misspellings: tuple[str, ...] = ()
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
