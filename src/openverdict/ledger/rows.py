"""What an event commits to of the rows that were written with it: their canonical bytes and the hash of these.

A row is the list of its `id` and its columns in the order of the model, without the event's own number, and without the
nulls at its end: so a later schema can add columns that may be null, and what was written before keeps its hash. The
rows of one table under one event, in order of their ids, make one block; blocks of erasable tables are salted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db import models

from openverdict.ledger.canonical import canonical_bytes, decimal_text
from openverdict.ledger.models import Recorded

# The same bytes as canonical_bytes for what `_plain` leaves (whole numbers, strings, null), several times faster.
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode
Values = Sequence[Any]


@dataclass(frozen=True)
class Shape:
    """How one model's rows are written and hashed. `columns` begins with id and event_id."""

    model: type[Recorded]
    table: str
    columns: tuple[str, ...]
    attributes: tuple[str, ...]
    erasable: bool
    turned: tuple[tuple[int, Callable[[Any], Any]], ...]

    def values(self, row: Recorded) -> tuple[Any, ...]:
        """An instance's values but for its id and its event."""
        return tuple(getattr(row, name) for name in self.attributes[2:])


_shapes: dict[type[Recorded], Shape] = {}


def shape(model: type[Recorded]) -> Shape:
    """The shape of a model.

    Raises:
        TypeError: a column of a kind that reads back differently from engine to engine.
    """
    if model not in _shapes:
        _shapes[model] = _shape(model)
    return _shapes[model]


def _shape(model: type[Recorded]) -> Shape:
    fields = model._meta.concrete_fields
    columns = tuple(str(field.column) for field in fields)
    if columns[:2] != ("id", "event_id"):
        raise TypeError(f"{model.__name__}: a recorded table begins with id and event")
    turned: list[tuple[int, Callable[[Any], Any]]] = []
    for place, field in enumerate(fields):
        kind = field.target_field if isinstance(field, models.ForeignKey) else field
        if isinstance(kind, models.FloatField):
            turned.append((place - 1, _decimal))
        elif isinstance(kind, models.BinaryField):
            turned.append((place - 1, _hexadecimal))
        elif not isinstance(kind, models.IntegerField | models.TextField) or isinstance(
            kind, models.BooleanField
        ):
            raise TypeError(
                f"{model.__name__}.{field.name}: a recorded column is a text, a whole number, a float or bytes"
            )
    return Shape(
        model,
        str(model._meta.db_table),
        columns,
        tuple(str(field.attname) for field in fields),
        model.erasable,
        tuple(turned),
    )


def block_bytes(form: Shape, rows: Iterable[Values]) -> bytes:
    """Canonical bytes of a block; each row is its id and its columns without the event's number.

    Raises:
        InputError: a text that no store can hold the same on every engine. TypeError, ValueError: a value of a wrong kind.
    """
    listed = [_plain(form, row) for row in rows]
    text = _encode(listed)
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        data = b""
    if not data or "\\u0000" in text:
        return canonical_bytes(listed)  # says which value can't stand, and where; or that it can
    return data


def block_hash(data: bytes, salt: bytes = b"") -> str:
    """SHA-256 of a block's bytes after its salt (`commitment.commitment` of its rows), in hexadecimal."""
    return sha256(salt + data).hexdigest()


def all_recorded() -> tuple[type[Recorded], ...]:
    """Every recorded model of every room, by table name."""
    from django.apps import apps

    found = [model for model in apps.get_models() if issubclass(model, Recorded)]
    return tuple(sorted(found, key=lambda model: str(model._meta.db_table)))


def _plain(form: Shape, row: Values) -> Values:
    if form.turned:
        values = list(row)
        for place, turn in form.turned:
            values[place] = turn(values[place])
        row = values
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    return row[:end]


def _decimal(value: Any) -> str | None:
    if value is None:
        return None
    if type(value) is not float:
        raise TypeError(f"{value!r} is not a float")
    return decimal_text(value)


def _hexadecimal(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str | int):
        raise TypeError(f"{value!r} is not bytes")
    return bytes(value).hex()
