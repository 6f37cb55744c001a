"""Rows against themselves and each other: contradictions, doubled case numbers, two clocks in one file."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from openverdict.cases import dictionary
from openverdict.cases.fields import FieldType
from openverdict.intake.cells import faults_frame

_ORDER = (
    ("last_known_alive_at", "found_at", "found before last known alive"),
    ("found_at", "closed_at", "closed before found"),
)
_PLACES = tuple(
    name.removesuffix("_lat")
    for name in dictionary()
    if name.endswith("_lat") and name.removesuffix("lat") + "lon" in dictionary()
)


def contradictions(table: pl.DataFrame) -> pl.DataFrame:
    """Faults of rows that can't be true: half a place, found before last known alive, closed before found."""
    found = [faults_frame()]
    for first, second, reason in _ORDER:
        if {first, second} <= set(table.columns):
            ends = pl.col(second) + pl.duration(seconds=pl.col(f"{second}_span_s"))
            after = pl.when(pl.col(f"{second}_span_s") > 0).then(pl.col(first) >= ends)
            wrong = table.filter(after.otherwise(pl.col(first) > pl.col(second)))
            said = pl.format("{} / {}", _shown(first), _shown(second))
            found.append(
                _fault(
                    wrong, "found_at" if first == "last_known_alive_at" else second, said, reason
                )
            )
    for place in _PLACES:
        lat, lon = f"{place}_lat", f"{place}_lon"
        for has, lacks in ((lat, lon), (lon, lat)):
            if has not in table.columns:
                continue
            empty = pl.col(lacks).is_null() if lacks in table.columns else pl.lit(True)
            wrong = table.filter(pl.col(has).is_not_null() & empty)
            reason = f"half a place: {lacks} is missing"
            found.append(_fault(wrong, has, pl.col(has).cast(pl.String()), reason))
    return pl.concat(found)


def _shown(name: str) -> pl.Expr:
    return pl.col(name).dt.strftime("%Y-%m-%dT%H:%M")


def _fault(wrong: pl.DataFrame, field: str, value: pl.Expr, reason: str) -> pl.DataFrame:
    return wrong.select(
        pl.col("key"),
        pl.lit(field).alias("field"),
        value.alias("value"),
        pl.lit(reason).alias("reason"),
        pl.lit(value=False).alias("kept"),
    )


def doubled(ids: pl.DataFrame, where: pl.DataFrame) -> pl.DataFrame:
    """Faults of all rows that share a case number: which of them is right can't be told, so none is taken.

    Args:
        ids: `key, case_id` of the rows of tables.
        where: `key, file, row`.
    """
    seen: dict[str, list[int]] = {}
    twice = ids.drop_nulls().filter(pl.col("case_id").is_duplicated())
    for key, case_id in twice.iter_rows():
        seen.setdefault(case_id, []).append(key)
    wanted = where.filter(pl.col("key").is_in(twice.get_column("key").implode()))
    place = {
        key: f"row {row} of {file}"
        for key, file, row in wanted.select("key", "file", "row").iter_rows()
    }
    found = []
    for case_id, keys in seen.items():
        for key in keys:
            other = place[keys[1] if key == keys[0] else keys[0]]
            more = f" and {len(keys) - 2} more" if len(keys) > 2 else ""
            reason = f"the case number also stands in {other}{more}; make them one row or two cases"
            found.append((key, "case_id", case_id, reason, False))
    return faults_frame(found)


def offsets(table: pl.DataFrame) -> pl.DataFrame:
    """`key, field, offset` of every time of day in a read table; a date alone has no clock and is left out."""
    parts = [pl.DataFrame(schema={"key": pl.Int64, "field": pl.String, "offset": pl.Boolean})]
    for name, field in dictionary().items():
        if field.type is FieldType.DATETIME and f"{name}_offset" in table.columns:
            timed = table.filter(pl.col(field.span_column) == 0)
            parts.append(timed.select("key", pl.lit(name).alias("field"), offset=f"{name}_offset"))
    return pl.concat(parts)


def two_clocks(said: pl.DataFrame, where: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """Faults of the rows that keep another clock than most rows of their file.

    A time with an offset stands on the world's clock, one without on an unnamed local one; the two can't be compared,
    and which zone the local one is in would be a guess. The rows of the rarer kind are refused; at a tie all are.

    Args:
        said: what `offsets` gives.
        where: `key, place, file, row`.
        texts: `key` and the cells as text.
    """
    if said.get_column("offset").n_unique() < 2:
        return faults_frame()
    kinds = said.join(where, on="key")
    count = kinds.group_by("place").agg(
        zoned=pl.col("key").filter("offset").n_unique(),
        local=pl.col("key").filter(~pl.col("offset")).n_unique(),
    )
    wrong = (
        kinds.join(count, on="place")
        .filter((pl.col("zoned") > 0) & (pl.col("local") > 0))
        .filter(
            pl.when("offset")
            .then(pl.col("zoned") <= pl.col("local"))
            .otherwise(pl.col("local") <= pl.col("zoned"))
        )
    )
    keys = wrong.get_column("key").implode()
    cells = {
        row["key"]: row for row in texts.filter(pl.col("key").is_in(keys)).iter_rows(named=True)
    }
    return faults_frame(_clock_faults(wrong.select("key", "field", "offset").iter_rows(), cells))


def _clock_faults(
    wrong: Iterable[tuple[int, str, bool]], cells: dict[int, dict[str, object]]
) -> Iterable[tuple[int, str, str, str, bool]]:
    for key, field, zoned in wrong:
        has = (
            "a time with an offset among times without"
            if zoned
            else "a time without an offset among times with"
        )
        yield (
            key,
            field,
            str(cells[key].get(field) or cells[key].get("fact_value") or ""),
            f"{has}; use one clock in a file",
            False,
        )
