"""The rules by which a level of GHB is read: thresholds and conditions from a file, each with its source."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from openverdict.errors import InputError
from openverdict.toxicology.words import read_data

_PARTS = (
    "endogenous",
    "usual",
    "brain",
    "site",
    "decomposition",
    "preservative",
    "not_tested",
    "not_detected",
    "toxicologist",
    "family",
    "always",
)
_NUMBERS = {"endogenous": "mg_l", "usual": "mg_l", "brain": "mg_kg"}
_LISTS = {"site": "peripheral", "decomposition": "little", "preservative": "unpreserved"}


@dataclass(frozen=True, slots=True)
class Ground:
    """What a step of the reading stands on: what the source says, and the source."""

    says: str
    source: str


@dataclass(frozen=True)
class GhbRules:
    """Thresholds (mg/L; brain mg/kg), conditions by code, and the ground of each by name."""

    endogenous: Decimal
    usual: Decimal
    brain: Decimal
    peripheral: frozenset[str]
    little: frozenset[str]
    unpreserved: frozenset[str]
    grounds: dict[str, Ground]


def load_ghb_rules(path: Path | None = None) -> GhbRules:
    """The shipped rules, or those of a file.

    Raises:
        InputError: not TOML, a part or a source that is missing, or thresholds out of order.
    """
    return _shipped() if path is None else _rules(path.name, _toml(path))


@cache
def _shipped() -> GhbRules:
    return _rules("ghb.toml", read_data("ghb"))


def read_toml(path: Path) -> dict[str, Any]:
    """A file of settings.

    Raises:
        InputError: no such file, or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise InputError(
            f"{path.name}: cannot be read ({(error.strerror or '').lower()}); name a file that is there"
        ) from None
    except ValueError as error:
        said = " ".join(str(error).split())
        raise InputError(
            f"{path.name}: not TOML: {said}; copy the shipped file and change it"
        ) from None


_toml = read_toml


def _rules(name: str, data: dict[str, Any]) -> GhbRules:
    for part in _PARTS:
        entry = data.get(part)
        if not isinstance(entry, dict):
            raise InputError(f"{name}: the part [{part}] is missing; copy it from the shipped file")
        for key in ("source", "says"):
            if not isinstance(entry.get(key), str) or not entry[key].strip():
                raise InputError(f"{name}: [{part}] has no {key}; say what it stands on")
    unknown = sorted(set(data) - set(_PARTS))
    if unknown:
        raise InputError(f"{name}: unknown part [{unknown[0]}]; the parts are: {', '.join(_PARTS)}")
    numbers = {part: _number(name, part, data[part].get(key)) for part, key in _NUMBERS.items()}
    lists = {part: _codes(name, part, data[part].get(key)) for part, key in _LISTS.items()}
    if numbers["usual"] < numbers["endogenous"]:
        raise InputError(f"{name}: [usual] lies below [endogenous]; swap the two numbers")
    grounds = {part: Ground(data[part]["says"], data[part]["source"]) for part in _PARTS}
    return GhbRules(
        endogenous=numbers["endogenous"],
        usual=numbers["usual"],
        brain=numbers["brain"],
        peripheral=lists["site"],
        little=lists["decomposition"],
        unpreserved=lists["preservative"],
        grounds=grounds,
    )


def _number(name: str, part: str, value: object) -> Decimal:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    number = Decimal(str(value)) if is_number else Decimal("nan")
    if not number.is_finite() or number <= 0:
        raise InputError(f"{name}: [{part}] needs {_NUMBERS[part]} as a number above 0")
    return number


def _codes(name: str, part: str, value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise InputError(f"{name}: [{part}] needs {_LISTS[part]} as a list of codes")
    return frozenset(value)
