"""Parquet bytes to a table of text: typed columns are written in the words of the template, and read again as one."""

from __future__ import annotations

import io

import polars as pl

from openverdict.cases import NONE_WORD
from openverdict.errors import InputError
from openverdict.intake.sheet import check_header, tidy


def read_parquet(name: str, data: bytes) -> pl.DataFrame:
    """The table in a Parquet file, every column as text.

    An empty list is `none`; a time with a zone is written in UTC with its `Z`.

    Raises:
        InputError: not a Parquet file, or a column of a type that no cell can hold.
    """
    try:
        stored = list(pl.read_parquet_schema(io.BytesIO(data)))
        names = check_header(name, stored)
        # One column at a time: of a large table, the values and their text never stand side by side in full.
        columns = (
            pl.read_parquet(io.BytesIO(data), columns=[column]).to_series().alias(said)
            for column, said in zip(stored, names, strict=True)
        )
        texts = [tidy(_as_text(name, column).to_frame()).to_series() for column in columns]
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(
            f"{name}: not a readable Parquet file: {' '.join(str(error).split())[:120]}"
        ) from None
    return pl.DataFrame(texts)


def _as_text(name: str, column: pl.Series) -> pl.Series:
    kind = column.dtype
    if kind == pl.String:
        return column
    if isinstance(kind, pl.List):
        inner = kind.inner
        if inner == pl.String or isinstance(inner, pl.Categorical | pl.Enum):
            joined = column.cast(pl.List(pl.String())).list.join(";", ignore_nulls=True)
            return joined.set(column.list.len() == 0, NONE_WORD)
    elif kind == pl.Datetime:
        zoned = getattr(kind, "time_zone", None) is not None
        utc = column.dt.convert_time_zone("UTC") if zoned else column
        return utc.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f" + ("Z" if zoned else ""))
    elif kind == pl.Date:
        return column.dt.strftime("%Y-%m-%d")
    elif (
        kind == pl.Null
        or kind == pl.Boolean
        or kind.is_integer()
        or isinstance(kind, pl.Categorical | pl.Enum)
    ):
        return column.cast(pl.String())
    elif kind.is_float():
        return _numbers(column)
    elif kind.is_decimal():
        return column.cast(pl.String())
    raise InputError(f"{name}: column {column.name!r} is of type {kind}; write it as text")


def _numbers(column: pl.Series) -> pl.Series:
    return column.cast(pl.Float64()).cast(pl.String()).str.strip_suffix(".0")
