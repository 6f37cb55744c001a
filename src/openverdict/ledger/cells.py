"""Cells of a register's table as the text of facts, and back: the same cell comes out that went in."""

from __future__ import annotations

import polars as pl

from openverdict.cases import NONE_WORD, STATUS_SCHEMA, FieldType, Status, dictionary, table_schema
from openverdict.cases.values import DAY_S

# One line a cell, in the order of the dictionary within each case.
CELLS_SCHEMA: dict[str, pl.DataType] = {
    "case": pl.Int64(),
    "field": pl.String(),
    "value": pl.String(),
    "status": pl.String(),
}
_ZEROS = "0000-00-00T00:00:00.000000"


def cells(table: pl.DataFrame, statuses: pl.DataFrame) -> pl.DataFrame:
    """A register's rows as cells (`CELLS_SCHEMA`; `case` is the number of the row), sorted by case."""
    numbered = table.with_columns(case=pl.int_range(pl.len()))
    order = {name: place for place, name in enumerate(dictionary())}
    parts = [pl.DataFrame(schema=CELLS_SCHEMA)]
    for name, field in dictionary().items():
        if field.equality or name == "case_id":
            continue
        text = _text(name)
        part = numbered.select(
            "case", field=pl.lit(name), value=text, status=pl.lit(str(Status.RECORDED))
        )
        parts.append(part.filter(pl.col("value").is_not_null()))
    said = statuses.join(numbered.select("case_id", "case"), on="case_id")
    parts.append(said.select("case", "field", pl.lit(None, pl.String()).alias("value"), "status"))
    place = pl.col("field").replace_strict(order, return_dtype=pl.Int64)
    return pl.concat(parts).sort("case", place)


def _text(name: str) -> pl.Expr:
    """A column as the text that a facts file would hold."""
    field = dictionary()[name]
    column = pl.col(name)
    if field.type is FieldType.DATETIME:
        return moment_text(name)
    if field.type is FieldType.NUMBER:
        return column.cast(pl.String()).str.strip_suffix(".0")
    if field.type.is_list:
        return (
            pl.when(column.list.len() == 0).then(pl.lit(NONE_WORD)).otherwise(column.list.join(";"))
        )
    return column


def moment_text(name: str, *, days: bool = True) -> pl.Expr:
    """A column of times as ISO 8601 text, no longer than it has to be; with `days`, one that spans its day as a date alone."""
    column = pl.col(name)
    minute = column.dt.strftime("%Y-%m-%dT%H:%M")
    text = (
        pl.when(column.dt.microsecond() > 0)
        .then(column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f"))
        .when(column.dt.second() > 0)
        .then(column.dt.strftime("%Y-%m-%dT%H:%M:%S"))
        .otherwise(minute)
    )
    if days:
        is_day = (pl.col(f"{name}_span_s") == DAY_S) & minute.str.ends_with("T00:00")
        text = pl.when(is_day).then(column.dt.strftime("%Y-%m-%d")).otherwise(text)
    return text.alias(name)


def moment(text: pl.Expr) -> pl.Expr:
    """ISO 8601 text without an offset as a time; a day stands for its beginning."""
    whole = text + pl.lit(_ZEROS).str.slice(text.str.len_chars())
    return whole.str.to_datetime("%Y-%m-%dT%H:%M:%S%.6f", time_unit="us")


def uncells(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(table, statuses) of a register from lines of `case_id, field, value, status`; the inverse of `cells`."""
    schema = table_schema()
    table = lines.select("case_id").unique(maintain_order=True)
    recorded = lines.filter(pl.col("status") == Status.RECORDED)
    for (name,), part in recorded.group_by("field", maintain_order=True):
        column = part.select("case_id", *_values(str(name)))
        table = table.join(column, on="case_id", how="left", maintain_order="left")
    said = lines.filter(pl.col("status") != Status.RECORDED)
    statuses = said.select(*STATUS_SCHEMA).sort("case_id", "field")
    return table.select([name for name in schema if name in table.columns]), statuses


def _values(name: str) -> list[pl.Expr]:
    field = dictionary()[name]
    text = pl.col("value")
    if field.type is FieldType.DATETIME:
        is_day = text.str.len_chars() == len("2014-06-19")
        span = pl.when(is_day).then(DAY_S).otherwise(0).cast(pl.Int64())
        return [moment(text).alias(name), span.alias(field.span_column)]
    if field.type is FieldType.NUMBER:
        return [text.cast(pl.Float64()).alias(name)]
    if field.type.is_list:
        nothing = pl.lit([], pl.List(pl.String()))
        return [pl.when(text == NONE_WORD).then(nothing).otherwise(text.str.split(";")).alias(name)]
    return [text.alias(name)]
