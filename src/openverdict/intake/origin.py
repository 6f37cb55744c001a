"""Origin: one place of a foreign table that a field's text comes from, as a mapping file says it, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, fields, replace
from typing import Any

import polars as pl

from openverdict.cases import Field, FieldType
from openverdict.errors import MappingError
from openverdict.intake.sheet import nearest

UNITS: dict[tuple[str, str], float] = {
    ("m", "m"): 1.0,
    ("km", "m"): 1000.0,
    ("ft", "m"): 0.3048,
    ("yd", "m"): 0.9144,
    ("mi", "m"): 1609.344,
    ("year", "year"): 1.0,
    ("month", "year"): 1 / 12,
    ("week", "year"): 7 / 365.2425,
    ("day", "year"): 1 / 365.2425,
    ("hour", "hour"): 1.0,
    ("minute", "hour"): 1 / 60,
    ("day", "hour"): 24.0,
    ("minute", "minute"): 1.0,
    ("second", "minute"): 1 / 60,
    ("hour", "minute"): 60.0,
}
OTHERWISE = ("keep", "refuse", "empty")
_PLACE = "{k}"
MOST_REPEATED = 200
_NUMBER_RULE = re.compile(r"[^{}]*\{n(:0?\d{1,2}d?)?\}[^{}]*")


@dataclass(frozen=True)
class Origin:
    """One place that a field's text comes from; the keys are those of the mapping file."""

    columns: tuple[str, ...] = ()
    join: str | None = None
    labels: bool = False
    extract: str | None = None
    separator: str | None = None
    map: Dict[str, str] | None = None
    otherwise: str = "keep"
    formats: tuple[str, ...] = ()
    unit: str | None = None
    prefix: str = ""
    value: str | None = None
    flags: Dict[str, str] = field(default_factory=dict)
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()
    number: str | None = None
    lenient: bool = False
    empty: tuple[str, ...] = ()
    when: Dict[str, tuple[str, ...]] = field(default_factory=dict)
    complete: bool = False
    add: bool = False
    repeat: int = 1


def read_origins(source: str, known: Field, entry: object) -> tuple[Origin, ...]:
    """The origins of one entry under `fields.<name>`: one, or as many as `repeat` says.

    Raises:
        MappingError: a key that an origin of this field can't have, or a value that the key can't have.
    """
    origin = _origin(source, known, entry)
    if origin.repeat == 1:
        return (origin,)
    return tuple(_placed(origin, str(k)) for k in range(1, origin.repeat + 1))


def _placed(origin: Origin, number: str) -> Origin:
    """The origin with its columns of one number."""
    return replace(
        origin,
        columns=tuple(column.replace(_PLACE, number) for column in origin.columns),
        flags={column.replace(_PLACE, number): code for column, code in origin.flags.items()},
        when={column.replace(_PLACE, number): texts for column, texts in origin.when.items()},
    )


def only(source: str, where: str, table: Dict[str, Any], allowed: tuple[str, ...]) -> None:
    """Raise MappingError where a table of the file has a key that it can't have."""
    for key in table:
        if key not in allowed:
            place = f"{where}.{key}" if where else key
            mend = nearest(key, dict.fromkeys(allowed))
            raise MappingError(f"{source}: {place}: no such key; {mend}")


def read_table(source: str, where: str, value: object) -> dict[str, Any]:
    """A value of the file as a table. Raises MappingError where it is none."""
    if not isinstance(value, dict):
        raise MappingError(f"{source}: {where}: write a table, [{where}]")
    return value


def read_texts(source: str, where: str, value: object) -> tuple[str, ...]:
    """A value of the file as a list of texts. Raises MappingError where it is none."""
    if isinstance(value, str) or not isinstance(value, list):
        raise MappingError(f'{source}: {where}: write a list of texts, ["…", "…"]')
    if any(not isinstance(one, str) for one in value):
        raise MappingError(
            f"{source}: {where}: every entry of the list is a text in quotation marks"
        )
    return tuple(value)


def _pairs(source: str, where: str, value: object) -> dict[str, str]:
    table = read_table(source, where, value)
    if any(not isinstance(one, str) for one in table.values()):
        raise MappingError(f"{source}: {where}: every value is a text in quotation marks")
    return table


_KEYS = ("column", *(item.name for item in fields(Origin)))


_KINDS: dict[str, type] = {
    **dict.fromkeys(("labels", "lenient", "complete", "add"), bool),
    "repeat": int,
}
_KIND_WORDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    str: "a text in quotation marks",
}


def _origin(source: str, known: Field, entry: object) -> Origin:
    where = f"fields.{known.name}"
    raw = dict(read_table(source, where, entry))
    only(source, where, raw, _KEYS)
    if "column" in raw:
        raw["columns"] = [raw.pop("column"), *raw.get("columns", [])]
    read: dict[str, Any] = {}
    for key, value in raw.items():
        place = f"{where}.{key}"
        if key in ("columns", "formats", "yes", "no", "empty"):
            read[key] = read_texts(source, place, value)
        elif key in ("map", "flags"):
            read[key] = _pairs(source, place, value)
        elif key == "when":
            told = read_table(source, place, value)
            read[key] = {c: read_texts(source, f"{place}.{c}", t) for c, t in told.items()}
        elif type(value) is not _KINDS.get(key, str):
            raise MappingError(f"{source}: {place}: write {_KIND_WORDS[_KINDS.get(key, str)]}")
        else:
            read[key] = value
    origin = Origin(**read)
    problem = _problem(known, origin)
    if problem:
        raise MappingError(f"{source}: {where}.{problem}")
    return origin


def _problem(known: Field, origin: Origin) -> str | None:
    """What is wrong with an origin, as `key: the fault and the mend`, or None."""
    is_list = known.type.is_list
    if not (origin.columns or origin.flags or origin.value is not None or origin.number):
        return "column: an origin needs a column, flags, a value or a number"
    if origin.number and (
        known.type is not FieldType.ID or not _NUMBER_RULE.fullmatch(origin.number)
    ):
        return 'number: only for case_id, and written like "CT-{n:05d}"'
    if (origin.flags or origin.separator) and not is_list:
        return "flags, separator: only for a field that holds a list"
    if origin.flags and not origin.yes:
        return "yes: flags need the texts that tick"
    if origin.formats and known.type is not FieldType.DATETIME:
        return "formats: only for a time"
    if origin.unit and (origin.unit, known.unit or "") not in UNITS:
        fit = ", ".join(a for a, b in UNITS if b == known.unit) or "none"
        return f"unit: {origin.unit!r} can't be turned into {known.unit}; units that can: {fit}"
    if origin.otherwise not in OTHERWISE:
        return f"otherwise: one of: {', '.join(OTHERWISE)}"
    if origin.complete and origin.join is None:
        return "complete: only with join"
    if origin.add and known.type is not FieldType.TEXT:
        return "add: only for a text; the origins of a list are added up anyway"
    if not 1 <= origin.repeat <= MOST_REPEATED:
        return f"repeat: from 1 to {MOST_REPEATED}"
    named = (*origin.columns, *origin.flags, *origin.when)
    if any(_PLACE in column for column in named) != (origin.repeat > 1):
        return f"repeat: goes with {_PLACE} in the names of columns"
    if origin.lenient and known.required:
        return f"lenient: {known.name} is required and can't be left out"
    return _bad_pattern(origin.extract) if origin.extract else None


def _bad_pattern(pattern: str) -> str | None:
    try:
        pl.Series(["a"]).str.extract(pattern, 1)
    except pl.exceptions.PolarsError:
        return "extract: not a regular expression with one group (…)"
    return None
