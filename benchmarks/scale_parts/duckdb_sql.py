"""The baseline in DuckDB: blocking on cubes and windows of days, then a sum of a look-up a variable, as Splink generates it.

Tuned within that form, by trial: the integer tables are lists on the later case, the distinct sets of each list variable are
numbered, so that one look-up scores it, and what few pairs share is joined last. Sums of CASE terms, sums of products and
byte-wide lists were slower; lists as constants or variables of the session were slower by far.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from benchmarks.scale_parts.job import REACH_M, WINDOW_DAYS, IntArray, Plain, floor_units

Columns = Mapping[str, Any]


def connected(threads: int) -> duckdb.DuckDBPyConnection:
    """A database in memory."""
    link = duckdb.connect()
    link.execute(f"SET threads = {threads}")
    link.execute("SET preserve_insertion_order = false")
    return link


def load(link: duckdb.DuckDBPyConnection, job: Plain) -> None:
    """Put the job into tables: this is not timed."""
    case, gaps = job.placed, WINDOW_DAYS + 1
    held: dict[str, Any] = {
        "id": case,
        "day": job.day[case],
        **{name: job.xyz_m[case, axis].astype(float) for axis, name in enumerate("xyz")},
        "age": job.age[case],
        "cell": job.cell,
        "period": job.day[case] // WINDOW_DAYS,
    }
    earlier, later = dict(held), dict(held)
    earlier["width"] = job.width[case] * gaps + 1
    earlier["precision"] = job.precision[case] * job.place_rows.shape[2] + 1
    later |= {"gap": job.gap_row[case], "place": job.place_row[case], "ages": job.age_row[case]}
    sets, weights = _coded(job)
    earlier |= {f"c{v}": column for v, column in enumerate(sets)}
    later["coded_units"] = _lists(weights)
    _put(link, "earlier", earlier)
    _put(link, "later", later)
    cell, other = np.nonzero(job.near)
    _put(link, "near", {"cell": cell, "other": other})
    for name, rows in (
        ("gap", job.gap_rows[:, :, :gaps]),
        ("place", job.place_rows),
        ("ages", job.age_kernel),
    ):
        flat = rows.reshape(len(rows), -1)
        _put(link, name, {name: np.arange(len(rows)), f"{name}_units": _lists(flat)})
    t = job.tables
    extra_j = np.repeat(np.arange(len(job.day)), np.diff(t.extra_start))
    _put(link, "extra", {"i": t.extra_i, "j": extra_j, "extra_units": t.extra_units})


def query(job: Plain) -> str:
    """Every pair of the window at or above the floor."""
    coded = " + ".join(f"coded_units[e.c{v}]" for v in range(int(job.group.max()) + 1))
    square = " + ".join(f"(l.{axis} - e.{axis}) * (l.{axis} - e.{axis})" for axis in "xyz")
    metres = f"sqrt({square})"
    distance_bin = f"""CASE WHEN {metres} < 500 THEN floor({metres} / 5)::INT
        WHEN {metres} < 5000 THEN (100 + floor(({metres} - 500) / 50))::INT
        ELSE least(190 + floor(({metres} - 5000) / 1000), {job.place_rows.shape[2] - 1})::INT END"""
    return f"""
WITH around AS (
    SELECT later.* EXCLUDE (cell, period), gap_units, place_units, ages_units,
        near.other AS cell, later.period + shift AS period
    FROM later JOIN gap USING (gap) JOIN place USING (place) JOIN ages USING (ages)
        JOIN near USING (cell), (VALUES (-1), (0), (1)) shifts (shift)
), scored AS (
    SELECT e.id AS i, l.id AS j,
        gap_units[e.width + abs(l.day - e.day)] + place_units[e.precision + ({distance_bin})]
        + CASE WHEN l.age >= 0 AND e.age >= 0 THEN ages_units[1 + abs(l.age - e.age)] ELSE 0 END
        + {coded} AS units
    FROM around l JOIN earlier e ON e.cell = l.cell AND e.period = l.period
        AND e.id < l.id AND abs(l.day - e.day) <= {WINDOW_DAYS}
        AND {square} <= {REACH_M**2}
)
SELECT i, j, units + coalesce(extra_units, 0) AS units
FROM scored LEFT JOIN extra USING (i, j) WHERE units + coalesce(extra_units, 0) >= {floor_units()}
"""


def duckdb_sql(link: duckdb.DuckDBPyConnection, job: Plain) -> tuple[IntArray, IntArray, IntArray]:
    """The pairs of the window at or above the floor: earlier, later, units; in no order."""
    found = link.execute(query(job)).fetchnumpy()
    i, j, units = (np.asarray(found[name], dtype=np.int64) for name in ("i", "j", "units"))
    return i, j, units


def _coded(job: Plain) -> tuple[list[IntArray], IntArray]:
    """For each variable: the number of the earlier case's set of bits; and for each later case what each set adds."""
    bits = np.unpackbits(job.words[job.placed], axis=1, bitorder="little")[:, : job.bits]
    values = job.values(job.placed)[:, : job.bits]
    group, first = job.group, 1
    sets, weights = [], []
    for v in range(int(group.max()) + 1):
        own = np.flatnonzero(group == v)
        distinct, number = np.unique(bits[:, own], axis=0, return_inverse=True)
        sets.append(number.reshape(-1) + first)
        weights.append((values[:, own].astype(float) @ distinct.T.astype(float)).astype(np.int64))
        first += len(distinct)
    return sets, np.concatenate(weights, axis=1)


def _lists(rows: npt.NDArray[np.signedinteger]) -> pa.Array:
    whole = np.ascontiguousarray(rows, dtype=np.int32)
    ends = np.arange(0, whole.size + 1, whole.shape[1], dtype=np.int64)
    return pa.LargeListArray.from_arrays(pa.array(ends), pa.array(whole.ravel()))


def _put(link: duckdb.DuckDBPyConnection, name: str, columns: Columns) -> None:
    narrow = {
        key: column
        if isinstance(column, pa.Array)
        else pa.array(np.asarray(column).astype(np.float64 if key in "xyz" else np.int32))
        for key, column in columns.items()
    }
    link.register("given", pa.table(narrow))
    link.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
    link.unregister("given")
