"""Cells to values: whole columns of text are read by the field dictionary, each distinct text once.

The parsers of `cases.values`, which facts files use too, say what a text means. Cells that are plainly in order
are read as one column, and a test holds the two to the same answer; of all others each distinct text is parsed once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from openverdict.cases import STATUS_SCHEMA, Field, FieldType, Status, dictionary
from openverdict.cases.values import (
    DAY_S,
    parse_code,
    parse_list,
    parse_number,
    parse_time,
    status_word,
)
from openverdict.errors import FieldError

# One line a fault: the row's key, what stood where, why it can't be read, and whether the row is kept all the same.
FAULT_SCHEMA: dict[str, pl.DataType] = {
    "key": pl.Int64(),
    "field": pl.String(),
    "value": pl.String(),
    "reason": pl.String(),
    "kept": pl.Boolean(),
}
_PLAIN_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_PLAIN_MINUTE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"
_PLAIN_SECOND = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]$"
_PLAIN_NUMBER = r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$"
_PLAIN_ID = r"^[ -:<-~]+$"
_PLAIN_ROLE, _PLAIN_KEY = "[0-9a-z_]+", "[!-:<-~]+"  # no space, no `;`
_NUMBERS_AND_YEAR = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:([ T])(\d{1,2}:\d{2})(:\d{2})?)?", re.ASCII
)
Reading = tuple[object, int | None, bool | None, str | None, str | None]


@dataclass(frozen=True)
class Cells:
    """Columns of text, read.

    `table` has `key`, the values in the columns of the register, and `<field>_offset` for each time (whether it carried
    an offset). `statuses` has `key, field, status`; `equality` has `key` and the equality fields as text.
    """

    table: pl.DataFrame
    statuses: pl.DataFrame
    equality: pl.DataFrame
    faults: pl.DataFrame


def faults_frame(rows: Iterable[tuple[int, str, str, str, bool]] = ()) -> pl.DataFrame:
    """Faults given one by one as a frame."""
    return pl.DataFrame(list(rows), schema=FAULT_SCHEMA, orient="row")


def said_in_words(field: Field, text: str) -> str | None:
    """The status that a cell says instead of a value; a word that the field lists as a code is that code."""
    word = status_word(text)
    return None if word is None or word.value in field.values else word.value


def read_text(field: Field, text: str) -> Reading:
    """One text as (value, span in seconds, carried an offset, status, reason it can't be read)."""
    status = said_in_words(field, text)
    if status:
        if field.required:
            return None, None, None, None, f"{field.name} is required"
        return None, None, None, status, None
    try:
        value, span, offset = _parse(field, text)
    except FieldError as error:
        return None, None, None, None, error.reason
    return value, span, offset, None, None


def _parse(field: Field, text: str) -> tuple[object, int | None, bool | None]:
    if field.type is FieldType.DATETIME:
        return read_time(field.name, text)
    if field.type is FieldType.NUMBER:
        return parse_number(field, text), None, None
    if field.type is FieldType.CODE:
        return parse_code(field, text), None, None
    if field.type.is_list:
        return parse_list(field, text), None, None
    if field.type is FieldType.ID and (";" in text or not text.isprintable()):
        raise FieldError(field.name, text, "a case number is one line without `;`")
    return text, None, None


def read_column(field: Field, texts: pl.Series) -> pl.DataFrame:
    """A column of text as a frame of `text, value, span, offset, status, reason`, one row a cell."""
    good = _plainly_good(field, texts)
    if good is None:
        return _distinct(field, texts)
    read = _distinct(field, texts.set(good.is_not_null(), None))
    columns: dict[str, pl.Expr | pl.Series] = {
        "text": texts,
        "value": pl.coalesce("good", "value"),
    }
    if field.type is FieldType.DATETIME:
        is_day = texts.str.len_chars() == len("2014-06-19")
        span = pl.when(is_day).then(DAY_S).otherwise(0)
        columns["span"] = pl.when(good.is_not_null()).then(span).otherwise("span").cast(pl.Int64())
        columns["offset"] = (
            pl.when(good.is_not_null()).then(pl.lit(value=False)).otherwise("offset")
        )
    return read.with_columns(good.alias("good")).with_columns(**columns).drop("good")


def _plainly_good(field: Field, texts: pl.Series) -> pl.Series | None:
    """Values of the cells that are plainly in order, read as one column; null leaves a cell to the parsers."""
    if field.type is FieldType.DATETIME:
        day = texts.set(~texts.str.contains(_PLAIN_DAY), None)
        minute = texts.set(~texts.str.contains(_PLAIN_MINUTE), None)
        second = texts.set(~texts.str.contains(_PLAIN_SECOND), None)
        return pl.select(
            pl.coalesce(
                day.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")),
                minute.str.to_datetime("%Y-%m-%dT%H:%M", strict=False, time_unit="us"),
                second.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False, time_unit="us"),
            )
        ).to_series()
    if field.type is FieldType.NUMBER:
        number = texts.set(~texts.str.contains(_PLAIN_NUMBER), None).cast(pl.Float64())
        low = -math.inf if field.minimum is None else field.minimum
        high = math.inf if field.maximum is None else field.maximum
        return number.set(~number.is_between(low, high), None)
    if field.type is FieldType.TEXT or (field.type is FieldType.ID):
        words = [str(status) for status in Status]
        odd = texts.str.to_lowercase().is_in(words)
        if field.type is FieldType.ID:
            odd = odd | ~texts.str.contains(_PLAIN_ID)
        return texts.set(odd, None)
    if field.type is FieldType.KEYS:
        role = _PLAIN_ROLE if field.open else f"(?:{'|'.join(map(re.escape, field.values))})"
        each = f"{role}:{_PLAIN_KEY}"
        return _sorted_lists(texts.set(~texts.str.contains(f"^{each}(?:;{each})*$"), None))
    return None


def _sorted_lists(texts: pl.Series) -> pl.Series:
    """`;`-separated texts as lists of their distinct parts in order: sorted in one pass, many times faster than by list."""
    rows = pl.DataFrame([texts.alias("part")]).with_row_index("row")
    parts = rows.drop_nulls().with_columns(pl.col("part").str.split(";")).explode("part")
    parts = parts.sort("row", "part")
    again = (pl.col("row") == pl.col("row").shift()) & (pl.col("part") == pl.col("part").shift())
    lists = parts.filter(~again.fill_null(value=False)).group_by("row", maintain_order=True).all()
    return rows.select("row").join(lists, on="row", how="left", maintain_order="left")["part"]


def _distinct(field: Field, texts: pl.Series) -> pl.DataFrame:
    """A column read by the parsers of its field, each distinct text once."""
    distinct = texts.drop_nulls().unique(maintain_order=True).to_list()
    if not distinct:
        return _nothing_read(field, texts)
    read = [read_text(field, text) for text in distinct]
    columns = list(zip(*read, strict=True)) if read else [()] * 5
    parsed = pl.DataFrame(
        [
            pl.Series("text", distinct, pl.String()),
            _values(field, columns[0]),
            pl.Series("span", columns[1], pl.Int64()),
            pl.Series("offset", columns[2], pl.Boolean()),
            pl.Series("status", columns[3], pl.String()),
            pl.Series("reason", columns[4], pl.String()),
        ]
    )
    cells = pl.DataFrame([texts.alias("text")])
    return cells.join(parsed, on="text", how="left", maintain_order="left")


def _nothing_read(field: Field, texts: pl.Series) -> pl.DataFrame:
    """A column that leaves nothing to the parsers."""
    types = {
        "value": field.type.dtype,
        "span": pl.Int64(),
        "offset": pl.Boolean(),
        "status": pl.String(),
        "reason": pl.String(),
    }
    nulls = (pl.lit(None, dtype).alias(name) for name, dtype in types.items())
    return pl.DataFrame([texts.alias("text")]).with_columns(nulls)


def _values(field: Field, values: Sequence[object]) -> pl.Series:
    if not field.type.is_list:
        return pl.Series("value", values, field.type.dtype)
    # Lists are made by splitting, which is many times faster than handing over Python lists; no item holds a `;`.
    joined = [";".join(items) if isinstance(items, list) else None for items in values]
    text = pl.Series("value", joined, pl.String())
    nothing = pl.lit([], pl.List(pl.String()))
    lists = pl.when(text == "").then(nothing).otherwise(text.str.split(";"))
    return pl.select(value=lists).to_series()


def read_cells(texts: pl.DataFrame, lenient: frozenset[str] = frozenset()) -> Cells:
    """A frame of `key` and columns of the dictionary, as text, read cell by cell.

    A fault in a field of `lenient` leaves the value out and keeps the row.
    """
    keys = texts.get_column("key")
    columns, equality, statuses, faults = [keys], [keys], [], []
    for name in texts.columns:
        field = dictionary().get(name)
        if field is None:
            continue
        read = read_column(field, texts.get_column(name)).with_columns(keys)
        wrong = read.filter(pl.col("reason").is_not_null())
        faults.append(_faults(wrong, name, kept=name in lenient))
        if field.equality:
            said = pl.coalesce("value", "status").alias(name)
            equality.append(read.select(said).to_series())
            continue
        columns.append(read.get_column("value").alias(name))
        if field.type is FieldType.DATETIME:
            columns.append(read.get_column("span").alias(field.span_column))
            columns.append(read.get_column("offset").alias(f"{name}_offset"))
        worded = read.filter(pl.col("status").is_not_null())
        statuses.append(worded.select("key", pl.lit(name).alias("field"), "status"))
    faults.append(_missing_required(texts))
    empty = pl.DataFrame(schema={"key": pl.Int64(), **STATUS_SCHEMA}).drop("case_id")
    return Cells(
        pl.DataFrame(columns),
        pl.concat([empty, *statuses]),
        pl.DataFrame(equality),
        pl.concat([faults_frame(), *faults]),
    )


def _faults(wrong: pl.DataFrame, name: str, *, kept: bool) -> pl.DataFrame:
    reason = pl.format("value left out: {}", "reason") if kept else pl.col("reason")
    return wrong.select(
        pl.col("key"),
        pl.lit(name).alias("field"),
        pl.col("text").alias("value"),
        reason.alias("reason"),
        pl.lit(kept).alias("kept"),
    )


def _missing_required(texts: pl.DataFrame) -> pl.DataFrame:
    empty = []
    for field in dictionary().values():
        if field.required and field.name in texts.columns:
            missing = texts.filter(pl.col(field.name).is_null()).get_column("key")
            empty += [(key, field.name, "", f"{field.name} is required", False) for key in missing]
    return faults_frame(empty)


def read_moment(field: str, text: str | None) -> datetime | None:
    """A time of a fact's own (`known_from`, `recorded_at`); None when the cell is empty or says that it is not known.

    Raises:
        FieldError: not an ISO 8601 date or time.
    """
    if text is None or status_word(text):
        return None
    return read_time(field, text)[0]


def read_time(field: str, text: str) -> tuple[datetime, int, bool]:
    """`parse_time`, whose reason does not call a date ambiguous that can only be read one way.

    Raises:
        FieldError: not an ISO 8601 date or time.
    """
    try:
        return parse_time(field, text)
    except FieldError as error:
        raise FieldError(field, text, _one_way(text) or error.reason) from None


def _one_way(text: str) -> str | None:
    """The mend for a date such as 28/11/2015, whose day can't be a month; None for any other text."""
    found = _NUMBERS_AND_YEAR.fullmatch(text.strip())
    if not found:
        return None
    first, mark, second, year, space, clock, seconds = found.groups()
    if int(first) > 12 and int(second) > 12:
        return "no such day, whichever way round"
    if int(first) <= 12 and int(second) <= 12:
        return None
    is_day_first = int(first) > 12
    day, month = (first, second) if is_day_first else (second, first)
    form = mark.join(("%d", "%m", "%Y") if is_day_first else ("%m", "%d", "%Y"))
    iso = f"{year}-{int(month):02}-{int(day):02}"
    try:
        date.fromisoformat(iso)
    except ValueError:
        return "no such day"
    if clock:
        form += f"{space}%H:%M" + (":%S" if seconds else "")
        iso += f"T{clock.zfill(5)}{seconds or ''}"
    return f"not ISO 8601; write {iso}, or declare the format in a mapping ({form})"
