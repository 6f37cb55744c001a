"""The rules of the house: one frozen object read from TOML, kept in the store when it is adopted, named by every decision."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import MISSING, dataclass, fields
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, get_type_hints

from openverdict.decisions.guarding import act
from openverdict.decisions.models import Policy as StoredPolicy
from openverdict.decisions.roles import Operation
from openverdict.errors import InputError
from openverdict.ledger import engine
from openverdict.ledger.canonical import canonical_bytes, decimal_text
from openverdict.ledger.events import PolicyAdopted
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer

DEATH_REVIEW = "death_review"
OFF, OPTIONAL, REQUIRED = "off", "optional", "required"
SESSION, SUBJECT = "session", "subject"
CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class Policy:
    """Every setting, named SECTION_NAME as in the file. Ratios are log10; times are days or hours.

    What has a value of its own here came later than the first policies: one that was adopted before has this value.
    """

    version: str
    text_decision_min_chars: int
    text_break_glass_min_chars: int
    first_view_required: bool
    second_person_conclusions: tuple[str, ...]
    second_person_from_log10_lr: float
    second_person_lead: bool
    second_person_mentioned: bool
    bulk_largest: int
    bulk_below_log10_lr: float
    days_referral: int
    days_concern: int
    days_second_person: int
    days_sign_off: int
    days_assignment: int
    days_enquiry: int
    break_glass_hours: int
    break_glass_alerts: tuple[str, ...]
    purpose_ask: str = OPTIONAL
    purpose_each: str = SESSION
    purpose_codes: tuple[str, ...] = (DEATH_REVIEW,)

    def to_bytes(self) -> bytes:
        """The settings as canonical JSON; what their hash is of."""
        return canonical_bytes(
            {field.name: _plain(getattr(self, field.name)) for field in fields(self)}
        )


def read_policy(path: Path | None = None) -> Policy:
    """The policy of a file, or the one that comes with the program.

    Raises:
        InputError: the file can't be read, or a setting is missing, unknown or of the wrong kind; it is named.
    """
    shipped = files("openverdict.decisions") / "data" / "policy.toml"
    name = "policy.toml" if path is None else str(path)
    try:
        text = shipped.read_text("utf-8") if path is None else path.read_text("utf-8")
        told = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{name}: cannot be read as TOML ({error}); mend the file") from None
    flat: dict[str, Any] = {}
    for section, value in told.items():
        if isinstance(value, dict):
            flat |= {f"{section}_{key}": item for key, item in value.items()}
        else:
            flat[section] = value
    return _policy(flat, name)


@act(Operation.ADOPT_POLICY)
def adopt(store: Store, writer: Writer, policy: Policy) -> int:
    """Put a policy in force from here on; the number of its row.

    Raises:
        InputError: the version stands already for other settings.
    """
    text = policy.to_bytes().decode()
    for row in store.rows(StoredPolicy).filter(version=policy.version):
        if row.settings != text:
            raise InputError(
                f"policy {policy.version}: adopted before with other settings; give it a new version"
            )
    row = StoredPolicy(version=policy.version, settings=text)
    writer.record(
        PolicyAdopted,
        [row],
        policy="decisions",
        policy_version=policy.version,
        sha256=sha256(text.encode()).hexdigest(),
    )
    return int(row.id)


def in_force(store: Store) -> Policy:
    """The policy that was adopted last, or the one that comes with the program."""
    row = engine.one(store.alias, _LAST)
    return _shipped() if row is None else _stored(*row)


_LAST = "SELECT version, settings FROM decisions_policy ORDER BY id DESC LIMIT 1"


@cache
def _shipped() -> Policy:
    return read_policy()


@cache
def _stored(version: str, settings: str) -> Policy:
    return _policy(json.loads(settings), version, stored=True)


def _policy(flat: dict[str, Any], name: str, *, stored: bool = False) -> Policy:
    hints = get_type_hints(Policy)
    if stored:
        later = {each.name: each.default for each in fields(Policy) if each.default is not MISSING}
        flat = {name: list(v) if isinstance(v, tuple) else v for name, v in later.items()} | flat
    odd = sorted(set(flat) ^ set(hints))
    if odd:
        raise InputError(f"{name}: settings missing or unknown: {', '.join(odd)}")
    found = Policy(**{key: _typed(flat[key], hints[key], f"{name}: {key}") for key in hints})
    for key, known in (
        ("purpose_ask", (OFF, OPTIONAL, REQUIRED)),
        ("purpose_each", (SESSION, SUBJECT)),
    ):
        if getattr(found, key) not in known:
            raise InputError(
                f"{name}: {key}: {getattr(found, key)!r} is none of {', '.join(known)}"
            )
    bad = [code for code in found.purpose_codes if not CODE.fullmatch(code)]
    if bad or not found.purpose_codes:
        raise InputError(
            f"{name}: purpose_codes: words of letters, digits and _, at least one; not {bad}"
        )
    return found


def _typed(value: Any, hint: Any, place: str) -> Any:
    if hint is float and (type(value) in (int, float) or isinstance(value, str)):
        try:
            return float(value)
        except ValueError:
            pass
    elif (hint is int and type(value) is int and value >= 0) or (
        hint in (bool, str) and type(value) is hint
    ):
        return value
    elif (
        hint == tuple[str, ...]
        and isinstance(value, list)
        and all(isinstance(item, str) for item in value)
    ):
        return tuple(value)
    raise InputError(f"{place}: {value!r} is not of the right kind; see the shipped policy.toml")


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return decimal_text(value) if isinstance(value, float) else value
