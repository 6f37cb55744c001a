"""The field dictionary: every field a case can have, read from `data/fields.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import polars as pl


class FieldType(StrEnum):
    """How a field's values are read and stored."""

    ID = "id"
    TEXT = "text"
    DATETIME = "datetime"
    NUMBER = "number"
    CODE = "code"
    ITEMS = "items"
    KEYS = "keys"

    @property
    def is_list(self) -> bool:
        """Whether a cell holds several values."""
        return self in (FieldType.ITEMS, FieldType.KEYS)

    @property
    def dtype(self) -> pl.DataType:
        """The Polars type of a column of this field."""
        if self is FieldType.NUMBER:
            return pl.Float64()
        if self is FieldType.DATETIME:
            return pl.Datetime("us")
        return pl.List(pl.String()) if self.is_list else pl.String()


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of the field dictionary."""

    name: str
    label: str
    group: str
    type: FieldType
    description: str
    standard: str
    unit: str | None = None
    values: tuple[str, ...] = ()
    open: bool = False
    vocabulary: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    template: bool = False
    required: bool = False
    evidence: bool = False
    equality: bool = False

    @property
    def span_column(self) -> str:
        """For a time: the column with the length in seconds of the interval it names (86,400 for a date alone)."""
        return f"{self.name}_span_s"


@cache
def dictionary() -> Mapping[str, Field]:
    """All fields by name, in the order of the file (template fields first)."""
    raw = tomllib.loads(
        files("openverdict.cases").joinpath("data/fields.toml").read_text(encoding="utf-8")
    )
    fields = {}
    for name, entry in raw.items():
        entry = dict(entry)
        entry["type"] = FieldType(entry["type"])
        entry["values"] = tuple(entry.get("values", ()))
        fields[name] = Field(name=name, **entry)
    return MappingProxyType(fields)


def template_fields() -> tuple[Field, ...]:
    """The columns of the register template, in order."""
    return tuple(field for field in dictionary().values() if field.template)


def equality_fields() -> tuple[Field, ...]:
    """The fields of the separate equality record."""
    return tuple(field for field in dictionary().values() if field.equality)


def table_schema() -> dict[str, pl.DataType]:
    """Column types of a register's table: every field but the equality ones, each time with its span column."""
    schema: dict[str, pl.DataType] = {}
    for field in dictionary().values():
        if field.equality:
            continue
        schema[field.name] = field.type.dtype
        if field.type is FieldType.DATETIME:
            schema[field.span_column] = pl.Int64()
    return schema
