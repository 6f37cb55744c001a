"""A mapping applied to a sheet: foreign columns to the text that would stand in the template."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from openverdict.cases import Field, dictionary
from openverdict.cases.values import parse_number
from openverdict.errors import FieldError
from openverdict.intake.cells import faults_frame
from openverdict.intake.fitting import fit
from openverdict.intake.mapping import Mapping, fold
from openverdict.intake.origin import UNITS, Origin
from openverdict.intake.sheet import Sheet

_OF_DAY = ("%H", "%I", "%X", "%c", "%T", "%R")


@dataclass(frozen=True)
class Mapped:
    """`key` and the fields of the mapping as text, the faults met on the way, and what was not read."""

    texts: pl.DataFrame
    faults: pl.DataFrame
    notes: tuple[str, ...]


def apply_mapping(mapping: Mapping, sheet: Sheet, keyed: pl.DataFrame) -> Mapped:
    """A sheet's frame with its keys, as the text of the template.

    Raises:
        MappingError: the mapping names a column that the sheet does not have.
    """
    lenient = mapping.lenient
    mapping, notes = fit(mapping, sheet)
    frame = _emptied(keyed, mapping)
    numbers = pl.Series("n", sheet.rows, pl.Int64()) - (0 if sheet.kind == "parquet" else 1)
    columns, faults = [keyed.get_column("key")], [faults_frame()]
    for name, origins in mapping.origins.items():
        field = dictionary()[name]
        text: pl.Series | None = None
        for origin in origins:
            found, wrong = _origin_texts(field, origin, frame, numbers, name in lenient)
            if origin.when:
                found, wrong = _only_when(origin, frame, found, wrong)
            faults.append(wrong)
            text = found if text is None else _together(field, origin, text, found)
        if text is not None:
            columns.append(text.alias(name))
    return Mapped(pl.DataFrame(columns), pl.concat(faults), notes)


def _emptied(frame: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """The frame with the texts that mean an empty cell made null."""
    empty = {fold(text) for text in mapping.empty}
    if not empty:
        return frame
    folded = pl.exclude("key").str.replace_all(r"\s+", " ").str.to_lowercase()
    return frame.with_columns(
        pl.when(~folded.is_in(list(empty))).then(pl.exclude("key")).name.keep()
    )


def _only_when(
    origin: Origin, frame: pl.DataFrame, found: pl.Series, wrong: pl.DataFrame
) -> tuple[pl.Series, pl.DataFrame]:
    """Texts and faults of an origin, in the rows alone in which it holds."""
    holds = pl.lit(value=True)
    for column, texts in origin.when.items():
        wanted = [fold(text) for text in texts]
        holds = holds & _folded(pl.col(column)).is_in(wanted).fill_null(value=False)
    rows = frame.select("key", holds.alias("holds"))
    kept = found.zip_with(
        rows.get_column("holds"), pl.repeat(None, len(found), dtype=pl.String(), eager=True)
    )
    keys = rows.filter("holds").get_column("key")
    return kept, wrong.filter(pl.col("key").is_in(keys.implode()))


def _folded(column: pl.Expr) -> pl.Expr:
    return column.str.replace_all(r"\s+", " ").str.strip_chars().str.to_lowercase()


def _together(field: Field, origin: Origin, first: pl.Series, second: pl.Series) -> pl.Series:
    pair = pl.DataFrame([first.alias("a"), second.alias("b")])
    if field.type.is_list or origin.add:
        joined = _joined(["a", "b"], ";" if field.type.is_list else " ")
        return pair.select(joined).to_series()
    return pair.select(pl.coalesce("a", "b")).to_series()


def _joined(columns: Iterable[str], join: str) -> pl.Expr:
    """Texts of several columns as one, null where all are empty."""
    columns = list(columns)
    text = pl.concat_str(columns, separator=join, ignore_nulls=True)
    return pl.when(pl.any_horizontal(pl.col(columns).is_not_null())).then(text)


def _origin_texts(
    field: Field, origin: Origin, frame: pl.DataFrame, numbers: pl.Series, lenient: bool
) -> tuple[pl.Series, pl.DataFrame]:
    """(the text that one origin gives each row, the faults of those it can't give)."""
    if origin.number:
        made = [origin.number.format(n=n) for n in numbers]
        return pl.Series("text", made, pl.String()), faults_frame()
    if origin.flags:
        return _ticked(field, origin, frame, lenient)
    if not origin.columns:
        return pl.repeat(origin.value, frame.height, dtype=pl.String(), eager=True), faults_frame()
    columns = list(origin.columns)
    if origin.empty:
        gone = [fold(text) for text in origin.empty]
        frame = frame.with_columns(
            pl.when(~_folded(pl.col(columns)).is_in(gone)).then(pl.col(columns)).name.keep()
        )
    if not field.type.is_list or origin.join is not None:
        return _translated(
            field, origin, frame.select("key", text=_one_text(origin, columns)), lenient
        )
    texts, faults = [], []
    for place, column in enumerate(columns):
        text, wrong = _translated(field, origin, frame.select("key", text=column), lenient)
        texts.append(text.alias(str(place)))
        faults.append(wrong)
    names = [text.name for text in texts]
    return pl.DataFrame(texts).select(_joined(names, ";")).to_series(), pl.concat(faults)


def _one_text(origin: Origin, columns: list[str]) -> pl.Expr:
    if origin.join is None:
        return pl.coalesce(columns)
    if not origin.labels:
        text = _joined(columns, origin.join)
        whole = pl.all_horizontal(pl.col(columns).is_not_null())
        return pl.when(whole).then(text) if origin.complete else text
    labelled = [pl.format(f"{_braces(name)}: {{}}", name) for name in columns]
    text = pl.concat_str(labelled, separator=origin.join, ignore_nulls=True)
    return pl.when(pl.any_horizontal(pl.col(columns).is_not_null())).then(text)


def _braces(name: str) -> str:
    return name.replace("{", "(").replace("}", ")")


def _ticked(
    field: Field, origin: Origin, frame: pl.DataFrame, lenient: bool
) -> tuple[pl.Series, pl.DataFrame]:
    """Columns that tick a value, as a list; a text that neither ticks nor unticks is a fault."""
    yes, no = {fold(t) for t in origin.yes}, {fold(t) for t in origin.no}
    parts, faults = [], []
    for column, code in origin.flags.items():
        cells = frame.select("key", text=column)
        found = cells.get_column("text").drop_nulls().unique().to_list()
        ticks = [text for text in found if fold(text) in yes]
        odd = [text for text in found if fold(text) not in yes | no]
        is_ticked = pl.when(pl.col("text").is_in(ticks)).then(pl.lit(code))
        parts.append(cells.select(is_ticked.alias(column)).to_series())
        wrong = cells.filter(pl.col("text").is_in(odd))
        reason = f"column {column!r} ticks with {', '.join(origin.yes)}; this text says neither"
        faults.append(_fault_lines(field, wrong, reason, lenient))
    ticked = pl.DataFrame(parts)
    return ticked.select(_joined(ticked.columns, ";")).to_series(), pl.concat(faults)


def _fault_lines(field: Field, wrong: pl.DataFrame, reason: str, lenient: bool) -> pl.DataFrame:
    said = f"value left out: {reason}" if lenient else reason
    return faults_frame((key, field.name, text, said, lenient) for key, text in wrong.iter_rows())


def _translated(
    field: Field, origin: Origin, cells: pl.DataFrame, lenient: bool
) -> tuple[pl.Series, pl.DataFrame]:
    """`key, text` with each distinct text translated."""
    if origin.extract:
        cells = cells.with_columns(pl.col("text").str.extract(origin.extract, 1).replace("", None))
    table = None if origin.map is None else {fold(a): b for a, b in origin.map.items()}
    rows: list[tuple[str, str | None, str | None]] = []
    for text in cells.get_column("text").drop_nulls().unique(maintain_order=True).to_list():
        try:
            rows.append((text, _translate(field, origin, table, text), None))
        except FieldError as error:
            rows.append((text, None, error.reason))
    schema = {"text": pl.String(), "made": pl.String(), "reason": pl.String()}
    made = cells.join(
        pl.DataFrame(rows, schema=schema, orient="row"),
        on="text",
        how="left",
        maintain_order="left",
    )
    wrong = [
        _fault_lines(field, part.select("key", "text"), str(reason), lenient)
        for (reason,), part in made.drop_nulls("reason").group_by("reason", maintain_order=True)
    ]
    return made.get_column("made"), pl.concat([faults_frame(), *wrong])


def _translate(field: Field, origin: Origin, table: dict[str, str] | None, text: str) -> str | None:
    """One text of a column as it would stand in the template, or None when it says nothing.

    Raises:
        FieldError: `map` refuses it, or its format or unit does not fit.
    """
    if origin.value is not None:
        return origin.value
    if origin.separator:
        parts = [part.strip() for part in text.split(origin.separator)]
        made = [_translate_one(field, origin, table, part) for part in parts if part]
        return ";".join(part for part in made if part) or None
    return _translate_one(field, origin, table, text)


def _translate_one(
    field: Field, origin: Origin, table: dict[str, str] | None, text: str
) -> str | None:
    if table is not None:
        meant = table.get(fold(text))
        if meant is None and origin.otherwise == "refuse":
            raise FieldError(field.name, text, "the mapping does not name this text")
        if meant is None and origin.otherwise == "empty":
            return None
        text = text if meant is None else meant
        if not text:
            return None
    if origin.formats:
        text = _moment(field, origin.formats, text)
    if origin.unit:
        bare = Field(field.name, "", "", field.type, "", "")
        number = parse_number(bare, text) * UNITS[origin.unit, field.unit or ""]
        text = repr(round(number, 6))
    return origin.prefix + text


def _moment(field: Field, formats: tuple[str, ...], text: str) -> str:
    """A date or time in one of the declared formats, as ISO 8601.

    Raises:
        FieldError: it fits none of them, or two of them in different ways.
    """
    meant = set()
    for form in formats:
        try:
            moment = datetime.strptime(text, form)
        except ValueError:
            continue
        has_clock = any(mark in form for mark in _OF_DAY)
        meant.add(moment.isoformat() if has_clock else moment.date().isoformat())
    if len(meant) == 1:
        return meant.pop()
    if meant:
        raise FieldError(field.name, text, f"fits two formats: {' or '.join(sorted(meant))}")
    raise FieldError(field.name, text, f"not in the declared format {' or '.join(formats)}")
