"""A mapping fitted to the columns that a table really has: names found as the mapping allows, and what is not there said."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from dataclasses import replace

from openverdict.cases import dictionary
from openverdict.errors import MappingError
from openverdict.intake.mapping import Mapping
from openverdict.intake.origin import Origin
from openverdict.intake.sheet import Sheet, nearest

NAMED = 12  # columns that a note names; of more it gives the number


def fit(mapping: Mapping, sheet: Sheet) -> tuple[Mapping, tuple[str, ...]]:
    """The mapping with the names of the sheet's own columns, and notes on columns of either that the other does not have.

    Raises:
        MappingError: a column that the mapping needs is not there, or two columns go by the same loose name.
    """
    there = _there(mapping, sheet)
    if not mapping.optional:
        for column, where in mapping.columns.items():
            if _key(mapping, column) not in there:
                mend = nearest(" ".join(column.split()), dict.fromkeys(sheet.frame.columns))
                said = f"no column {' '.join(column.split())!r} in {sheet.name}; {mend}"
                raise MappingError(f"{mapping.source}: {where}: {said}")
    origins = {}
    for name, many in mapping.origins.items():
        fitted = [_fitted(mapping, origin, there) for origin in many]
        origins[name] = tuple(origin for origin in fitted if origin is not None)
        if not origins[name] and dictionary()[name].required:
            wanted = ", ".join(many[0].columns)
            raise MappingError(
                f"{mapping.source}: fields.{name}: {sheet.name} has none of the columns that it is made of; "
                f"the first of them: {wanted}"
            )
    made = replace(mapping, origins={name: many for name, many in origins.items() if many})
    return made, _notes(mapping, made, sheet, there)


def listed_names(names: list[str]) -> str:
    """Names for a note: all of a few, else the first of them and how many more."""
    if len(names) <= NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED:,} more"


def _key(mapping: Mapping, column: str) -> str:
    if mapping.loose:
        return re.sub(r"[\W_]+", "", column).casefold()
    return " ".join(column.split())


def _there(mapping: Mapping, sheet: Sheet) -> dict[str, str]:
    """The sheet's columns by the names that the mapping may call them."""
    there: dict[str, str] = {}
    for column in sheet.frame.columns:
        key = _key(mapping, column)
        if key in there:
            raise MappingError(
                f"{sheet.name}: the columns {there[key]!r} and {column!r} go by the same name; leave one of them out"
            )
        there[key] = column
    return there


def _fitted(mapping: Mapping, origin: Origin, there: Dict[str, str]) -> Origin | None:
    """The origin on the columns that are there; None where what is there gives it nothing to read."""

    def found(column: str) -> str | None:
        return there.get(_key(mapping, column))

    when = {found(column): texts for column, texts in origin.when.items()}
    columns = tuple(name for column in origin.columns if (name := found(column)) is not None)
    flags = {name: code for column, code in origin.flags.items() if (name := found(column))}
    if None in when or (origin.complete and len(columns) < len(origin.columns)):
        return None
    if (origin.columns and not columns) or (origin.flags and not flags):
        return None
    named = {name: texts for name, texts in when.items() if name is not None}
    return replace(origin, columns=columns, flags=flags, when=named)


def _notes(mapping: Mapping, made: Mapping, sheet: Sheet, there: Dict[str, str]) -> tuple[str, ...]:
    read = set(made.columns)
    ignored = {_key(mapping, name) for name in mapping.ignore}
    left = [name for key, name in there.items() if name not in read and key not in ignored]
    gone = [n for n in mapping.ignore if _key(mapping, n) not in there]
    lacking = [n for n in mapping.columns if _key(mapping, n) not in there]
    notes = []
    if left:
        notes.append(
            f"{sheet.name}: columns not read, place them or name them in ignore: {listed_names(left)}"
        )
    if mapping.optional:
        gone = []
    if gone:
        names = listed_names([" ".join(name.split()) for name in gone])
        notes.append(f"{mapping.source}: ignore names columns not in {sheet.name}: {names}")
    if lacking:
        notes.append(
            f"{mapping.source}: reads columns that {sheet.name} does not have; what they would say is not recorded: "
            f"{listed_names(lacking)}"
        )
    return tuple(notes)
