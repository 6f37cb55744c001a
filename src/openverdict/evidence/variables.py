"""The evidence variables, read from `data/variables.toml` and checked against the field dictionary."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from openverdict.cases import dictionary
from openverdict.errors import InputError

KERNELS = ("gap", "distance", "number", "code", "items", "keys", "spot", "mention", "type")


@dataclass(frozen=True, slots=True)
class Variable:
    """One evidence variable: what it reads, how a carried-over value varies, and how often it is carried over."""

    name: str
    label: str
    kernel: str
    fields: tuple[str, ...]
    beta: tuple[float, float]
    source: str
    mixture: tuple[tuple[float, float], ...] = ()
    scale: float = 0.0
    reporting: float = 1.0
    negative: str | None = None
    vocabulary_direction: str | None = None

    @property
    def theta(self) -> float:
        """Consistency: the mean of its Beta distribution."""
        a, b = self.beta
        return a / (a + b)


def _variable(name: str, entry: dict[str, object], where: str) -> Variable:
    entry = dict(entry)
    try:
        a, b = (float(x) for x in entry.pop("theta"))  # type: ignore[attr-defined]
        mixture = entry.pop("mixture_days", None) or entry.pop("mixture_m", None) or []
        variable = Variable(
            name=name,
            beta=(a, b),
            fields=tuple(entry.pop("fields")),  # type: ignore[arg-type]
            mixture=tuple((float(w), float(s)) for w, s in mixture),  # type: ignore[attr-defined]
            **entry,  # type: ignore[arg-type]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{where}: evidence variable [{name}]: {error}; see docs/methods/model.md"
        ) from None
    known = dictionary()
    for field in (*variable.fields, *([variable.negative] if variable.negative else [])):
        if field not in known or not known[field].evidence or known[field].equality:
            raise InputError(
                f"{where}: [{name}] reads {field!r}, which is not an evidence field of the dictionary"
            )
    if variable.kernel not in KERNELS:
        raise InputError(f"{where}: [{name}] kernel {variable.kernel!r} is not one of: {KERNELS}")
    if not (a > 0 and b > 0):
        raise InputError(f"{where}: [{name}] theta must be two positive numbers, Beta(a, b)")
    return variable


def _text(path: Path | None) -> str:
    if path is not None:
        return path.read_text(encoding="utf-8")
    return files("openverdict.evidence").joinpath("data/variables.toml").read_text(encoding="utf-8")


def load_variables(path: Path | None = None) -> tuple[Variable, ...]:
    """The variables of a TOML file in its order (None: the shipped ones).

    Raises:
        InputError: an entry does not fit the schema or reads what is not an evidence field.
    """
    if path is None:
        return _shipped()
    where = path.name
    return tuple(_variable(name, e, where) for name, e in tomllib.loads(_text(path)).items())


@cache
def _shipped() -> tuple[Variable, ...]:
    return tuple(
        _variable(name, e, "variables.toml") for name, e in tomllib.loads(_text(None)).items()
    )


def model_hash(variables: tuple[Variable, ...]) -> str:
    """SHA-256 of the variables with all their settings, as hex: two runs with the same hash used the same model."""
    return hashlib.sha256(repr(variables).encode()).hexdigest()
