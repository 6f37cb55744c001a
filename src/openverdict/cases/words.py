"""Codes as words a reader knows, from the dictionary and the vocabularies."""

from __future__ import annotations

from openverdict.cases.fields import Field, FieldType
from openverdict.cases.vocabulary import checks, indicators, substances


def plain(code: str) -> str:
    """A code as words: sitting_propped to sitting propped."""
    return code.replace("_", " ")


def check_label(name: str) -> str:
    """The label of a check of the vocabulary; a sentence stays as it is."""
    entry = checks().get(name)
    return entry.label if entry else name


def indicator_label(name: str) -> str:
    """The label of an indicator of the vocabulary; anything else as plain words."""
    entry = indicators().get(name)
    return entry.label if entry else plain(name)


def item_label(field: Field, code: str) -> str:
    """One coded value of a field as words."""
    if field.vocabulary == "substances":
        substance = substances().get(code)
        return substance.label if substance else plain(code)
    if field.vocabulary == "indicators":
        return indicator_label(code)
    if field.vocabulary == "checks":
        return check_label(code)
    if field.type is FieldType.KEYS:
        role, _, key = code.partition(":")
        return f"{plain(role)} {key}"
    names_a_case = field.name in ("mentions_cases", "note_names_case")
    return (
        plain(code)
        if field.type in (FieldType.CODE, FieldType.ITEMS) and not names_a_case
        else code
    )


def counted(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: 1 other case, 12 other cases."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
