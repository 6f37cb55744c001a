r"""Mapping: how the columns of a foreign table become the fields of the dictionary. A TOML file, read here.

    [mapping]
    name = "what the table is"
    ignore = ["column", ...]           # columns left unread on purpose; any other unmentioned one is noted
    empty = ["N/A", "-"]               # texts that mean an empty cell, in every column

    [unplaced]
    columns = ["column", ...]          # columns nobody has placed yet; each is noted when the file is read

    [fields.<field>]                   # or [[fields.<field>]] several times: several origins
    column = "a"                       # or columns = ["a", "b"]
    join = " "                         # several columns as one text; without it the first that holds anything counts
    labels = true                      # with join: each text after the name of its column, `a: …`
    extract = '\((.+), '                # a regular expression; its first group is the text, no match means empty
    separator = ","                    # a list field: the cell holds several values, split here
    map = { "M" = "male", "U" = "unknown" }  # texts to texts, capitals and spaces don't count; "" means empty
    otherwise = "keep"                 # a text that `map` does not name: keep | refuse | empty
    formats = ["%m/%d/%Y"]             # a time: the formats of the column (strftime); one that fits two is refused
    unit = "mi"                        # a number: the column's unit, turned into the field's
    prefix = "finder:"                 # put before the text (or each value of a list)
    value = "8000"                     # what stands for any text found; without a column, a constant
    flags = { "Heroin" = "heroin" }    # a list field: columns that tick a value
    yes = ["Y"]                        # texts that tick
    no = ["N"]                         # texts that do not; any other is a fault
    number = "CT-{n:05d}"              # case_id: made from the row's place in the file, the first row of data being 1
    lenient = true                     # a value that can't be read is left out and reported, and the row is kept

The origins of a list field are added up. Those of any other field are tried in order, row by row, and the first that
gives a text counts. Every text so made is then read as if it stood in the template: `;` parts a list, `none` means
looked for and absent, and the words of the statuses say why there is no value.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from openverdict.cases import Field, FieldType, dictionary
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


@dataclass(frozen=True)
class Mapping:
    """A mapping file, read and checked against the dictionary."""

    source: str
    name: str
    origins: Dict[str, tuple[Origin, ...]]
    ignore: tuple[str, ...] = ()
    unplaced: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()

    @property
    def lenient(self) -> frozenset[str]:
        """Fields whose unreadable values are left out without refusing the row."""
        return frozenset(
            name for name, many in self.origins.items() if any(o.lenient for o in many)
        )

    @property
    def columns(self) -> dict[str, str]:
        """Every column that the mapping reads, with the key that names it."""
        used: dict[str, str] = {}
        for name, many in self.origins.items():
            for origin in many:
                for column in (*origin.columns, *origin.flags):
                    used.setdefault(column, f"fields.{name}")
        return used


def shipped_mappings() -> tuple[str, ...]:
    """The names of the mappings that come with the package."""
    folder = files("openverdict.intake").joinpath("mappings")
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def fold(text: str) -> str:
    """Text as `map`, `yes`, `no` and `empty` compare it: capitals and runs of space don't count."""
    return " ".join(text.split()).casefold()


def load_mapping(path_or_name: Path | str) -> Mapping:
    """A mapping from a file, or a shipped one by its name.

    Raises:
        MappingError: no such file or name, not TOML, or a key, column or field that a mapping can't have.
    """
    path = Path(path_or_name)
    if str(path_or_name) in shipped_mappings():
        resource = files("openverdict.intake").joinpath(f"mappings/{path_or_name}.toml")
        return parse_mapping(path.name, resource.read_text(encoding="utf-8"))
    if not path.is_file():
        known = ", ".join(shipped_mappings())
        raise MappingError(f"{path.name}: no such mapping file, and none is shipped but: {known}")
    try:
        return parse_mapping(path.name, path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise MappingError(f"{path.name}: not UTF-8; save the mapping as UTF-8") from None


def parse_mapping(source: str, text: str) -> Mapping:
    """A mapping from the text of its file.

    Raises:
        MappingError: see `load_mapping`.
    """
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingError(f"{source}: not TOML: {error}") from None
    _only(source, "", raw, ("mapping", "unplaced", "fields"))
    head = _table(source, "mapping", raw.get("mapping", {}))
    _only(source, "mapping", head, ("name", "ignore", "empty"))
    unplaced = _table(source, "unplaced", raw.get("unplaced", {}))
    _only(source, "unplaced", unplaced, ("columns",))
    entries = _table(source, "fields", raw.get("fields", {}))
    origins = {}
    for name, entry in entries.items():
        known = dictionary().get(name)
        if known is None:
            mend = nearest(name, dictionary())
            raise MappingError(f"{source}: fields.{name}: not in the field dictionary; {mend}")
        many = entry if isinstance(entry, list) else [entry]
        origins[name] = tuple(_origin(source, known, one) for one in many)
    for known in dictionary().values():
        if known.required and known.name not in origins:
            raise MappingError(f"{source}: fields.{known.name} is missing; a case needs it")
    return Mapping(
        source,
        str(head.get("name", source)),
        origins,
        _texts(source, "mapping.ignore", head.get("ignore", [])),
        _texts(source, "unplaced.columns", unplaced.get("columns", [])),
        _texts(source, "mapping.empty", head.get("empty", [])),
    )


def _only(source: str, where: str, table: Dict[str, Any], allowed: tuple[str, ...]) -> None:
    for key in table:
        if key not in allowed:
            place = f"{where}.{key}" if where else key
            mend = nearest(key, dict.fromkeys(allowed))
            raise MappingError(f"{source}: {place}: no such key; {mend}")


def _table(source: str, where: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MappingError(f"{source}: {where}: write a table, [{where}]")
    return value


def _texts(source: str, where: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, list):
        raise MappingError(f'{source}: {where}: write a list of texts, ["…", "…"]')
    if any(not isinstance(one, str) for one in value):
        raise MappingError(
            f"{source}: {where}: every entry of the list is a text in quotation marks"
        )
    return tuple(value)


def _pairs(source: str, where: str, value: object) -> dict[str, str]:
    table = _table(source, where, value)
    if any(not isinstance(one, str) for one in table.values()):
        raise MappingError(f"{source}: {where}: every value is a text in quotation marks")
    return table


_KEYS = ("column", *(item.name for item in fields(Origin)))


def _origin(source: str, known: Field, entry: object) -> Origin:
    where = f"fields.{known.name}"
    raw = dict(_table(source, where, entry))
    _only(source, where, raw, _KEYS)
    if "column" in raw:
        raw["columns"] = [raw.pop("column"), *raw.get("columns", [])]
    read: dict[str, Any] = {}
    for key, value in raw.items():
        place = f"{where}.{key}"
        if key in ("columns", "formats", "yes", "no"):
            read[key] = _texts(source, place, value)
        elif key in ("map", "flags"):
            read[key] = _pairs(source, place, value)
        elif not isinstance(value, bool if key in ("labels", "lenient") else str):
            kind = "true or false" if key in ("labels", "lenient") else "a text in quotation marks"
            raise MappingError(f"{source}: {place}: write {kind}")
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
    if origin.lenient and known.required:
        return f"lenient: {known.name} is required and can't be left out"
    return _bad_pattern(origin.extract) if origin.extract else None


def _bad_pattern(pattern: str) -> str | None:
    try:
        pl.Series(["a"]).str.extract(pattern, 1)
    except pl.exceptions.PolarsError:
        return "extract: not a regular expression with one group (…)"
    return None
