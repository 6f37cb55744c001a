"""The rule of inclusion: which cases come into the register, fixed, dated and stored before a run.

A TOML file with three keys, `rule` (the text), `fixed_on` (a date) and `by` (a role, not a name). What it says and its hash go
into the summary and the report, so that nobody can later say that the cases were chosen for being alike.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from openverdict.errors import InputError

KEYS = ("rule", "fixed_on", "by")


@dataclass(frozen=True, slots=True)
class Inclusion:
    """The text of the rule, the day it was fixed, the role that fixed it, and the SHA-256 of its file as hex."""

    rule: str
    fixed_on: date
    by: str
    sha256: str
    name: str

    def told(self) -> dict[str, str]:
        """For the summary."""
        return {
            "rule": self.rule,
            "fixed_on": self.fixed_on.isoformat(),
            "by": self.by,
            "sha256": self.sha256,
            "file": self.name,
        }


def read_inclusion(path: Path, today: date | None = None) -> Inclusion:
    """Read a rule of inclusion; `today`: the day of the run, after which no rule can have been fixed.

    Raises:
        InputError: the file cannot be read, a key is missing or unknown, or the day lies after today.
    """
    try:
        raw = path.read_bytes()
        told = tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        raise InputError(f"{path.name}: cannot be read ({error})") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path.name}: not TOML: {error}") from None
    strange = sorted(set(told) - set(KEYS))
    if strange:
        raise InputError(f"{path.name}: unknown key {strange[0]!r}; it takes {', '.join(KEYS)}")
    for key in KEYS:
        if key not in told or told[key] == "":
            raise InputError(f"{path.name}: {key!r} is missing; it takes {', '.join(KEYS)}")
    for key in ("rule", "by"):
        if not isinstance(told[key], str) or not told[key].strip():
            raise InputError(f"{path.name}: {key!r} must be text in quotes")
    fixed_on = told["fixed_on"]
    if not isinstance(fixed_on, date) or isinstance(fixed_on, datetime):
        raise InputError(
            f"{path.name}: 'fixed_on' must be a day without quotes, for example 2024-03-01"
        )
    if today is not None and fixed_on > today:
        raise InputError(
            f"{path.name}: fixed_on {fixed_on} lies after today; a rule is fixed before the run"
        )
    return Inclusion(
        " ".join(told["rule"].split()),
        fixed_on,
        " ".join(told["by"].split()),
        hashlib.sha256(raw).hexdigest(),
        path.name,
    )
