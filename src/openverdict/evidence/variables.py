"""The evidence variables, read from `data/variables.toml` and checked against the field dictionary."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from openverdict.cases import dictionary
from openverdict.errors import InputError

FloatArray = npt.NDArray[np.float64]

# The model has one time, one place and one number.
ONCE = ("gap", "distance", "number")
KERNELS = ("gap", "distance", "number", "code", "items", "keys", "spot", "mention")


@dataclass(frozen=True, slots=True)
class Variable:
    """One evidence variable: what it reads, how a carried-over value varies, and how often it is carried over.

    `weight`: how many times its log ratio counts in the sum; 1 unless known series say otherwise (`weights`).
    """

    name: str
    label: str
    kernel: str
    fields: tuple[str, ...]
    beta: tuple[float, float]
    source: str
    mixture: tuple[tuple[float, float], ...] = ()
    reporting: float = 1.0
    negative: str | None = None
    vocabulary_direction: str | None = None
    weight: float = 1.0
    of_place: bool = False

    @property
    def theta(self) -> float:
        """Consistency: the mean of its Beta distribution."""
        a, b = self.beta
        return a / (a + b)

    def log10_lr(self, x: FloatArray | float) -> FloatArray:
        """What the variable adds: weight * log10(1 - theta + theta x), x = k / p the ratio if its value was carried over."""
        result: FloatArray = self.weight * np.log10(1 - self.theta + self.theta * np.asarray(x))
        return result


def _variable(name: str, entry: dict[str, object], where: str) -> Variable:
    entry = dict(entry)
    try:
        a, b = (float(x) for x in entry.pop("theta"))  # type: ignore[attr-defined]
        mixture = (
            entry.pop("mixture_days", None)
            or entry.pop("mixture_m", None)
            or entry.pop("mixture_years", None)
            or []
        )
        variable = Variable(
            name=name,
            beta=(a, b),
            weight=float(entry.pop("weight", 1.0)),  # type: ignore[arg-type]
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
    if variable.kernel in ONCE and not variable.mixture:
        raise InputError(
            f"{where}: [{name}] needs a mixture of (weight, scale); see the shipped file"
        )
    if not 0 <= variable.weight < float("inf"):
        raise InputError(
            f"{where}: [{name}] weight must be 0 or a positive number; leave it out for 1"
        )
    if not (a > 0 and b > 0):
        raise InputError(f"{where}: [{name}] theta must be two positive numbers, Beta(a, b)")
    return variable


def _parsed(text: str, where: str) -> tuple[Variable, ...]:
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: not TOML: {error}") from None
    variables = tuple(_variable(name, entry, where) for name, entry in entries.items())
    for kernel in ONCE:
        count = sum(v.kernel == kernel for v in variables)
        if count != 1:
            raise InputError(
                f"{where}: {count} variables have the kernel {kernel!r}; the model needs exactly one"
            )
    return variables


def load_variables(path: Path | None = None) -> tuple[Variable, ...]:
    """The variables of a TOML file in its order (None: the shipped ones).

    Raises:
        InputError: the file cannot be read, an entry does not fit the schema or reads what is not an evidence field, or
            a kernel that the model needs once stands there more or less often.
    """
    if path is None:
        return _shipped()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None
    return _parsed(text, path.name)


@cache
def _shipped() -> tuple[Variable, ...]:
    file = files("openverdict.evidence").joinpath("data/variables.toml")
    return _parsed(file.read_text(encoding="utf-8"), "variables.toml")


def model_hash(variables: tuple[Variable, ...]) -> str:
    """SHA-256 of the variables with all their settings, as hex: two runs with the same hash used the same model."""
    return hashlib.sha256(repr(variables).encode()).hexdigest()
