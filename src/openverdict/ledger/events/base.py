"""What every event of the log has: who, when, why, which of the six acts; and how it becomes a body and is read back.

An event holds keys, codes, counts, times and hashes, never prose and never a value of a person's record: those stand behind
commitments (`ledger.commitment`). Each field has a form that is checked when the event is made and again when it is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    TypeVar,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from openverdict.errors import InputError
from openverdict.ledger.canonical import LARGEST_INTEGER, canonical_bytes


class Act(StrEnum):
    """The acts on personal data that a police system in the United Kingdom has to log (Data Protection Act 2018, s. 62)."""

    COLLECTION = "collection"
    ALTERATION = "alteration"
    CONSULTATION = "consultation"
    DISCLOSURE = "disclosure"
    COMBINATION = "combination"
    ERASURE = "erasure"


@dataclass(frozen=True, slots=True)
class Form:
    """What a text field may look like: a name for the documentation, and a pattern for the whole of it."""

    name: str
    pattern: re.Pattern[str]


# A key as it stands in the register or the store: one printable line.
Key = Annotated[str, Form("key", re.compile(r"(?=\S)[^\x00-\x1f\x7f\u2028\u2029]{1,300}(?<=\S)"))]
# A word of a fixed list.
Code = Annotated[str, Form("code", re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@+-]{0,99}"))]
# SHA-256 of something that is no secret, in hexadecimal.
Sha256 = Annotated[str, Form("SHA-256", re.compile(r"[0-9a-f]{64}"))]
# Salted commitment to something that may be erased, in hexadecimal.
Commitment = Annotated[str, Form("commitment", re.compile(r"[0-9a-f]{64}"))]
# A measured number, written by `decimal_text`.
Decimal = Annotated[str, Form("number", re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-][0-9]+)?"))]
# A day or a time as the register says it, ISO 8601, with or without an offset.
_ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
When = Annotated[str, Form("day or time", re.compile(_ISO))]
# A public key in its text form.
VKey = Annotated[
    str, Form("verifier key", re.compile(r"[^\s+]{1,200}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{1,200}"))
]


def moment_text(at: datetime) -> str:
    """A time of the store's clock as it stands in a body: UTC, microseconds, `2026-01-31T08:00:00.000000Z`."""
    if at.tzinfo is None:
        raise InputError(f"{at} has no time zone; take the time with datetime.now(UTC)")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one table that were written together with an event, and what the event commits to of them.

    `hash` is the SHA-256 of their canonical bytes, or, where `salted`, a commitment that outlives the rows.
    """

    table: str
    count: int
    hash: str
    salted: bool

    def to_body(self) -> dict[str, Any]:
        """As a value of a body."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened. `actor`: key of the user or part of the program; `purpose`: why, as a code of the policy.

    `rows`: what the store wrote in the same transaction, filled in by the store.
    """

    act: ClassVar[Act]
    kind: ClassVar[str]
    version: ClassVar[int]
    codecs: ClassVar[Mapping[str, Codec]]

    actor: Key
    at: datetime
    purpose: Code
    rows: tuple[Rows, ...] = ()

    def __post_init__(self) -> None:
        for name, codec in type(self).codecs.items():
            codec.check(getattr(self, name), f"{self.kind}.{name}")

    def to_body(self) -> dict[str, Any]:
        """The event as a value that has canonical bytes. Every field is in it, null where it has no value."""
        values = {name: codec.encode(getattr(self, name)) for name, codec in self.codecs.items()}
        head = {name: values.pop(name) for name in _HEAD}
        return {**head, "act": self.act.value, "kind": self.kind, "v": self.version, "data": values}

    def to_bytes(self) -> bytes:
        """The canonical bytes of the body: what is hashed into the log."""
        return canonical_bytes(self.to_body())


_HEAD = ("actor", "at", "purpose", "rows")
_BODY_KEYS = {*_HEAD, "act", "kind", "v", "data"}
_registry: dict[tuple[str, int], type[Event]] = {}
_E = TypeVar("_E", bound=Event)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event(act: Act, version: int = 1, kind: str | None = None) -> Callable[[type[_E]], type[_E]]:
    """Make a class an event and register it: frozen, with keywords only, under the name of the class in snake case.

    A changed form is a new class with the same `kind` and the next `version`; the old class stays, so that old events are read.
    """

    def register(cls: type[_E]) -> type[_E]:
        made: type[_E] = dataclass(frozen=True, slots=True, kw_only=True)(cls)
        made.act, made.version = act, version
        made.kind = kind or re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        hints = get_type_hints(made, include_extras=True)
        made.codecs = {field.name: _codec(hints[field.name]) for field in fields(made)}
        if (made.kind, version) in _registry:
            raise TypeError(f"two events of kind {made.kind}, version {version}")
        _registry[made.kind, version] = made
        return made

    return register


def registry() -> dict[tuple[str, int], type[Event]]:
    """Every event class by kind and version."""
    return dict(_registry)


def from_body(body: Mapping[str, Any]) -> Event:
    """The event of a body. Raises InputError for an unknown kind or version, and any field missing, unknown or misshapen."""
    kind, version = body.get("kind"), body.get("v")
    cls = _registry.get((kind, version)) if type(kind) is str and type(version) is int else None
    if cls is None:
        raise InputError(
            f"event {kind!r}, version {version!r}: not known here; use the program version that wrote it"
        )
    data = body.get("data")
    if set(body) != _BODY_KEYS or not isinstance(data, dict):
        raise InputError(f"event {kind}: not the parts of an event; the body was written elsewhere")
    if body["act"] != cls.act.value:
        raise InputError(f"event {kind}: its act is {cls.act.value}, not {body['act']!r}")
    values = {**data, **{name: body[name] for name in _HEAD}}
    if set(values) != set(cls.codecs) or len(values) != len(data) + len(_HEAD):
        odd = sorted(set(values) ^ set(cls.codecs))
        raise InputError(f"event {kind}: fields missing or unknown: {', '.join(odd) or 'twice'}")
    return cls(
        **{name: codec.decode(values[name], f"{kind}.{name}") for name, codec in cls.codecs.items()}
    )


@dataclass(frozen=True, slots=True)
class Codec:
    """How one field is checked, written into a body and read from it. `name` is for the documentation."""

    name: str
    check: Callable[[Any, str], None]
    encode: Callable[[Any], Any]
    decode: Callable[[Any, str], Any]


def _same(value: Any) -> Any:
    return value


def _codec(hint: Any) -> Codec:
    """The codec of a field's type: what is in the table below, optional (`| None`), or a tuple of these."""
    if get_origin(hint) in (Union, UnionType):
        (inner,) = (_codec(part) for part in get_args(hint) if part is not NoneType)
        return _optional(inner)
    if get_origin(hint) is tuple:
        return _several(_codec(get_args(hint)[0]))
    if get_origin(hint) is Annotated:
        return _text(get_args(hint)[1])
    return _PLAIN[hint]


def _text(form: Form) -> Codec:
    def check(value: Any, place: str) -> None:
        if not isinstance(value, str) or not form.pattern.fullmatch(value):
            raise InputError(f"{place}: {_shown(value)} is not a {form.name}")

    return _decoding_as_is(form.name, check)


def _decoding_as_is(name: str, check: Callable[[Any, str], None]) -> Codec:
    def decode(value: Any, place: str) -> Any:
        check(value, place)
        return value

    return Codec(name, check, _same, decode)


def _optional(inner: Codec) -> Codec:
    def check(value: Any, place: str) -> None:
        if value is not None:
            inner.check(value, place)

    def encode(value: Any) -> Any:
        return None if value is None else inner.encode(value)

    def decode(value: Any, place: str) -> Any:
        return None if value is None else inner.decode(value, place)

    return Codec(f"{inner.name}, or none", check, encode, decode)


def _several(inner: Codec) -> Codec:
    def check(value: Any, place: str) -> None:
        if not isinstance(value, tuple):
            raise InputError(f"{place}: {_shown(value)} is not a tuple")
        for item in value:
            inner.check(item, place)

    def encode(value: Any) -> Any:
        return [inner.encode(item) for item in value]

    def decode(value: Any, place: str) -> Any:
        if not isinstance(value, list):
            raise InputError(f"{place}: {_shown(value)} is not a list")
        return tuple(inner.decode(item, place) for item in value)

    return Codec(f"list of: {inner.name}", check, encode, decode)


def _check_count(value: Any, place: str) -> None:
    if type(value) is not int or not 0 <= value <= LARGEST_INTEGER:
        raise InputError(f"{place}: {_shown(value)} is not a whole number of 0 or more")


def _check_truth(value: Any, place: str) -> None:
    if type(value) is not bool:
        raise InputError(f"{place}: {_shown(value)} is neither true nor false")


def _check_moment(value: Any, place: str) -> None:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise InputError(
            f"{place}: {_shown(value)} is not a time with its zone; use datetime.now(UTC)"
        )


def _decode_moment(value: Any, place: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        at = None
    if at is None or at.tzinfo is None or moment_text(at) != value:
        raise InputError(f"{place}: {_shown(value)} is not a time in UTC with microseconds")
    return at


_table = _text(Form("table name", re.compile(r"[a-z][a-z0-9_.]{0,99}")))
_hash = _text(get_args(Sha256)[1])


def _check_rows(value: Any, place: str) -> None:
    if not isinstance(value, Rows):
        raise InputError(f"{place}: {_shown(value)} is not Rows")
    _table.check(value.table, f"{place}.table")
    _check_count(value.count, f"{place}.count")
    _hash.check(value.hash, f"{place}.hash")
    _check_truth(value.salted, f"{place}.salted")


def _decode_rows(value: Any, place: str) -> Rows:
    if not isinstance(value, dict) or set(value) != {field.name for field in fields(Rows)}:
        raise InputError(f"{place}: {_shown(value)} is not table, count, hash and salted")
    rows = Rows(**value)
    _check_rows(rows, place)
    return rows


_PLAIN: dict[Any, Codec] = {
    int: _decoding_as_is("count", _check_count),
    bool: _decoding_as_is("yes or no", _check_truth),
    datetime: Codec("time, UTC", _check_moment, moment_text, _decode_moment),
    Rows: Codec("rows", _check_rows, Rows.to_body, _decode_rows),
}


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
