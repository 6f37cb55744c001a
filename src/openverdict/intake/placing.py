"""Placing the columns of a foreign table one by one: what each holds, which field it may be, and the mapping that choices make.

It is `suggest_mapping` for a person at a form: the same hints, a choice for each column instead of a file to correct, and no
text of the table in the mapping but what stands for codes.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass

import polars as pl

from openverdict.cases import FieldType, dictionary
from openverdict.cases.vocabulary import substance_code
from openverdict.errors import InputError
from openverdict.intake.sheet import Sheet
from openverdict.intake.suggest import (
    _best_formats,
    _by_name,
    _field,
    _fits,
    _flags,
    _hints,
    _is_iso,
    _lists,
    _quoted,
    _reference,
)

TICK = "tick"  # a column named after a substance, whose cells say yes or no
SAMPLES, SAMPLE_CHARS = 3, 60
TRIED = 2_000  # distinct texts of a column that formats are tried on
NUMBER_RULE = "CASE-{n:05d}"


@dataclass(frozen=True)
class Column:
    """One column: some texts that stand in it, in how many rows it holds anything, and the field it is taken for ("": none).

    `formats`: those that its texts may be written in, where they are times that could be read in more ways than one or in
    none throughout; a person chooses. `ticks`: whether it may tick a substance.
    """

    name: str
    samples: tuple[str, ...]
    filled: int
    field: str
    formats: tuple[str, ...]
    ticks: bool


def place_columns(sheet: Sheet) -> tuple[Column, ...]:
    """Every column of a table with a first choice."""
    frame = sheet.frame
    taken = {column: name for name, column in _by_name(frame.columns).items()}
    if "case_id" not in taken.values() and (found := _reference(frame, set(taken))):
        taken[found] = "case_id"
    others = [column for column in frame.columns if column not in taken]
    flags, lists = _flags(frame, others), _lists(frame, others)
    for name in flags.columns if flags else ():
        taken[name] = TICK
    for name in lists.columns if lists else ():
        taken.setdefault(name, "substances_detected")
    return tuple(_column(frame.get_column(name), taken.get(name, "")) for name in frame.columns)


def mapping_text(
    sheet: Sheet,
    fields: Dict[str, str],
    formats: Dict[str, str],
    *,
    name: str,
    lenient: bool = False,
) -> str:
    """The mapping, as TOML, by which the columns become these fields.

    Args:
        sheet: the table.
        fields: column to field, or to TICK; a column that is not named stays unread.
        formats: column to the format of its times, where a person chose one.
        name: what the mapping is called.
        lenient: keep a row of which a value can't be read, without the value; not for fields that a case needs.

    Raises:
        InputError: a field that is none, no column for the time found, two columns for the case number, or a column that
            does not tick.
    """
    frame = sheet.frame
    placed: dict[str, list[str]] = {}
    for column, field in fields.items():
        placed.setdefault(field, []).append(column)
    ticking = placed.pop(TICK, [])
    _check(placed)
    several = {field for field, columns in placed.items() if len(columns) > 1}
    if ticking:
        several.add("substances_detected")
    lines = ["[mapping]", f"name = {_quoted(name)}"]
    left = [column for column in frame.columns if column not in fields]
    lines.append(f"ignore = [{', '.join(_quoted(column) for column in left)}]")
    if "case_id" not in placed:
        lines += ["", "[fields.case_id]", f"number = {_quoted(NUMBER_RULE)}"]
    for field, columns in placed.items():
        for column in columns:
            made = _lines(field, column, frame.get_column(column), formats.get(column))
            if lenient and not dictionary()[field].required:
                made.append("lenient = true")
            if field in several:
                made[0] = f"[{made[0]}]"
            lines += ["", *made]
    if ticking:
        flags = _flags(frame, ticking)
        lost = set(ticking) - set(flags.columns if flags else ())
        if lost:
            raise InputError(
                f"{min(lost)}: ticks no substance that is known with yes or no; place it otherwise"
            )
        assert flags is not None  # noqa: S101  (else all were lost)
        lines += ["", *(line for line in flags.lines if not line.startswith("#"))]
    return "\n".join(lines) + "\n"


def _check(placed: Dict[str, list[str]]) -> None:
    for field, columns in placed.items():
        if field not in dictionary():
            raise InputError(f"{columns[0]}: {field!r} is not in the field dictionary")
    if "found_at" not in placed:
        raise InputError("no column says when the person was found; choose one for found_at")
    if len(placed.get("case_id", ())) > 1:
        raise InputError(
            f"{' and '.join(placed['case_id'])}: the case number stands in one column; choose one"
        )


def _lines(field: str, column: str, texts: pl.Series, form: str | None) -> list[str]:
    if form and dictionary()[field].type is FieldType.DATETIME:
        return [f"[fields.{field}]", f"column = {_quoted(column)}", f"formats = [{_quoted(form)}]"]
    made = _field(dictionary()[field], column, texts).lines
    return [line for line in made if not line.startswith("#")]


def _column(texts: pl.Series, field: str) -> Column:
    held = texts.drop_nulls()
    distinct = held.head(20 * TRIED).unique(maintain_order=True).head(TRIED).to_list()
    some = tuple(text[:SAMPLE_CHARS] for text in distinct[:SAMPLES])
    ticks = field == TICK or (
        substance_code(texts.name) is not None
        and all(text.casefold() in {*_hints()["yes"], *_hints()["no"]} for text in distinct)
    )
    return Column(texts.name, some, len(held), field, _ways(distinct), ticks)


def _ways(texts: list[str]) -> tuple[str, ...]:
    """The formats among which a person has to choose; none where the texts say it by themselves, or are no times."""
    if not texts or all(_is_iso(text) for text in texts):
        return ()
    likely = [form for form in _hints()["formats"] if _fits(texts[0], form)]
    likely += [
        form for form in _hints()["formats"] if form not in likely and _fits(texts[-1], form)
    ]
    whole = [form for form in likely if all(_fits(text, form) for text in texts)]
    if len(whole) == 1:
        return ()
    if whole:
        return tuple(whole)
    return tuple(form for form, count in _best_formats(texts) if 2 * count > len(texts))


__all__ = ["TICK", "Column", "mapping_text", "place_columns"]
