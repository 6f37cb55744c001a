"""A stated policy: by which rules suggestions may become facts without a person, on what measured rate, and who says so.

    [policy]
    name = "cause-texts"
    version = "1"
    adopted_by = "head of review"      # an office or a staff number
    adopted_on = 2024-05-06
    reason = "Substances named in causes of death; read twice by two people in April."

    [[admit]]
    rules = ["substance.*.name"]       # names of rules; * stands for any part
    fields = ["substances_detected"]   # only suggestions for these fields
    reviewed = 200                     # at least so many of the rule's suggestions decided by a person
    lower_bound = 0.95                 # the lower end of the 95 % interval of the share accepted is at least this

The rate is measured rule by rule on what people decided, and on the same version of the rule alone. What a policy admitted says
so in its source, by name, version and hash of the policy, and every lead that rests on it says so in turn.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from openverdict.cases import dictionary
from openverdict.errors import InputError
from openverdict.narrative.agreement import decided_rows, wilson

LEAST_REVIEWED, LEAST_BOUND = (
    20,
    0.5,
)  # below these nothing was measured that a policy could rest on
LEAST_REASON = 20  # characters
SHORT = 16  # hexadecimal digits of the hash in a source
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
_SOURCE = re.compile(
    rf"policy (?P<name>\S+) (?P<version>\S+) \(sha256 (?P<sha256>[0-9a-f]{{{SHORT}}})\), rule (?P<rule>\S+), "
)
Measured = Mapping[tuple[str, str], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Admit:
    """Which suggestions may become facts, from how many decided and from which lower bound of the share accepted on."""

    rules: tuple[str, ...]
    fields: tuple[str, ...]
    reviewed: int
    lower_bound: float

    def covers(self, rule: str, field: str) -> bool:
        """Whether a rule's suggestions for a field are among them."""
        return field in self.fields and any(fnmatchcase(rule, pattern) for pattern in self.rules)


@dataclass(frozen=True, slots=True)
class SuggestionPolicy:
    """A policy as it was read. `sha256` is of its settings as canonical JSON, whatever the file's layout and comments."""

    name: str
    version: str
    adopted_by: str
    adopted_on: date
    reason: str
    admit: tuple[Admit, ...]

    @property
    def settings(self) -> str:
        """Every setting as canonical JSON; what the hash is of."""
        told = {
            "name": self.name,
            "version": self.version,
            "adopted_by": self.adopted_by,
            "adopted_on": self.adopted_on.isoformat(),
            "reason": self.reason,
            "admit": [
                {
                    "rules": list(each.rules),
                    "fields": list(each.fields),
                    "reviewed": each.reviewed,
                    "lower_bound": repr(each.lower_bound),
                }
                for each in self.admit
            ],
        }
        return json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @property
    def sha256(self) -> str:
        """SHA-256 of the settings, in hexadecimal."""
        return sha256(self.settings.encode()).hexdigest()

    @property
    def author(self) -> str:
        """What stands as the author of a fact that it admitted: no person."""
        return f"policy {self.name} {self.version}"

    def source(self, rule: str, version: str, decided: int, accepted: int) -> str:
        """What stands at the head of the source of a fact that it admitted."""
        return (
            f"policy {self.name} {self.version} (sha256 {self.sha256[:SHORT]}), rule {rule}, version {version}, "
            f"{accepted} of {decided} accepted"
        )

    def admits(self, rule: str, version: str, field: str, measured: Measured) -> bool:
        """Whether a suggestion of this version of a rule may become a fact, on what was measured."""
        return self.why_not(rule, version, field, measured) is None

    def why_not(self, rule: str, version: str, field: str, measured: Measured) -> str | None:
        """Why it may not, in words; None where it may. The first entry that covers it decides."""
        entry = next((each for each in self.admit if each.covers(rule, field)), None)
        if entry is None:
            return f"{rule}: policy {self.name} does not name it for {field}"
        decided, accepted = measured.get((rule, version), (0, 0))
        if decided < entry.reviewed:
            return f"{rule}: {decided} of its suggestions decided, {entry.reviewed} needed"
        low, _ = wilson(accepted, decided)
        if low < entry.lower_bound:
            return f"{accepted} of {decided} accepted, at least {low:.3f} at 95 %; {entry.lower_bound:g} needed"
        return None


@dataclass(frozen=True, slots=True)
class UnderPolicy:
    """What the source of a fact says of the policy that admitted it. `sha256`: the first digits of its hash."""

    name: str
    version: str
    sha256: str
    rule: str


def under_policy(source: str | None) -> UnderPolicy | None:
    """The policy that a fact's source names; None for a fact that a person or a file gave."""
    found = _SOURCE.match(source or "")
    return None if found is None else UnderPolicy(**found.groupdict())


def measure(reviewed: Iterable[pl.DataFrame]) -> dict[tuple[str, str], tuple[int, int]]:
    """(rule, version) to (decided, accepted), over what people decided in reviewed files.

    A suggestion that two readers decided counts twice: once for each.
    """
    decided, accepted = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for frame in reviewed:
        for row, said in decided_rows(frame):
            key = (row["rule"] or "", row["version"] or "")
            decided[key] += 1
            accepted[key] += said
    return {key: (n, accepted[key]) for key, n in decided.items()}


def read_suggestion_policy(path: Path) -> SuggestionPolicy:
    """The policy of a file.

    Raises:
        InputError: it cannot be read, or a setting is missing, unknown or not what it can be; it is named.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read as TOML ({error}); mend the file") from None
    return parse_policy(str(path), data)


def parse_policy(name: str, data: bytes) -> SuggestionPolicy:
    """The policy of a file's content; `name` is what an error names.

    Raises:
        InputError: as `read_suggestion_policy`.
    """
    try:
        told = tomllib.loads(data.decode("utf-8-sig").replace("\r\n", "\n"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{name}: cannot be read as TOML ({error}); mend the file") from None
    return policy_of(name, told)


def parse_settings(text: str) -> SuggestionPolicy:
    """The policy whose `settings` these are, as a store keeps them."""
    told = json.loads(text)
    head = {key: told[key] for key in told if key != "admit"}
    head["adopted_on"] = date.fromisoformat(head["adopted_on"])
    entries = [{**each, "lower_bound": float(each["lower_bound"])} for each in told["admit"]]
    return policy_of("the store", {"policy": head, "admit": entries})


def policy_of(name: str, told: Mapping[str, Any]) -> SuggestionPolicy:
    """The policy of settings as they stand in a file; `name` is what an error names.

    Raises:
        InputError: a setting is missing, unknown or not what it can be.
    """
    _keys(name, told, ("policy", "admit"))
    head, entries = told["policy"], told["admit"]
    if not isinstance(head, dict) or not isinstance(entries, list) or not entries:
        raise InputError(f"{name}: write [policy] once and [[admit]] at least once")
    _keys(f"{name}: policy", head, ("name", "version", "adopted_by", "adopted_on", "reason"))
    for key in ("name", "version"):
        if not isinstance(head[key], str) or not _WORD.fullmatch(head[key]):
            raise InputError(f"{name}: policy.{key}: one word of letters, digits, - _ and .")
    if not isinstance(head["adopted_by"], str) or not head["adopted_by"].strip():
        raise InputError(f"{name}: policy.adopted_by: say who answers for it")
    if type(head["adopted_on"]) is not date:
        raise InputError(f"{name}: policy.adopted_on: write a day without quotes, 2024-05-06")
    reason = head["reason"].strip() if isinstance(head["reason"], str) else ""
    if len(reason) < LEAST_REASON:
        raise InputError(
            f"{name}: policy.reason: say why in words, at least {LEAST_REASON} characters"
        )
    return SuggestionPolicy(
        head["name"],
        head["version"],
        head["adopted_by"].strip(),
        head["adopted_on"],
        reason,
        tuple(_admit(f"{name}: admit {place}", each) for place, each in enumerate(entries, 1)),
    )


def _admit(place: str, told: Any) -> Admit:
    if not isinstance(told, dict):
        raise InputError(f"{place}: write a table, [[admit]]")
    _keys(place, told, ("rules", "fields", "reviewed", "lower_bound"))
    rules, fields = _texts(place, "rules", told), _texts(place, "fields", told)
    for name in fields:
        if name not in dictionary() or dictionary()[name].equality:
            raise InputError(f"{place}.fields: {name!r} is no field that a suggestion can be of")
    reviewed, bound = told["reviewed"], told["lower_bound"]
    if type(reviewed) is not int or reviewed < LEAST_REVIEWED:
        raise InputError(f"{place}.reviewed: a whole number, {LEAST_REVIEWED} or more")
    if type(bound) not in (int, float) or not LEAST_BOUND <= bound < 1:
        raise InputError(
            f"{place}.lower_bound: a share from {LEAST_BOUND:g} to less than 1, as 0.95"
        )
    return Admit(rules, fields, reviewed, float(bound))


def _texts(place: str, key: str, told: Mapping[str, Any]) -> tuple[str, ...]:
    value = told[key]
    good = isinstance(value, list) and value and all(isinstance(v, str) and v for v in value)
    if not good:
        raise InputError(f'{place}.{key}: write a list of texts, ["…"]')
    return tuple(value)


def _keys(place: str, told: Mapping[str, Any], wanted: Sequence[str]) -> None:
    odd = sorted(set(told) ^ set(wanted))
    if odd:
        raise InputError(f"{place}: settings missing or unknown: {', '.join(odd)}")
