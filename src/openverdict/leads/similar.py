"""What a case owes to another: agreement in place, time, pose and belongings, and records that name one another.

Agreement is looked for only among the pairs above the floor, which is the guard against what is common; what many cases
share (a busy spot, a busy area) is named as ordinary and not counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from openverdict.cases.words import counted
from openverdict.leads.finding import Finding, found, in_words
from openverdict.leads.many import Many
from openverdict.leads.prepared import distance_m
from openverdict.leads.rules import direction_of, points_of, settings

CHUNK = 1 << 17  # pairs looked at at a time

_PLACE = ["found_lat", "found_lon", "micro_place"]
_VALUES = [
    "found_at",
    "found_precision_m",
    "body_position",
    "setting",
    "items_missing",
    "items_present",
]
_SAID = [
    "case_a",
    "case_b",
    "row_a",
    "row_b",
    "log10_lr",
    "metres",
    "days",
    "body_position_a",
    "items_missing_a",
]
_LABELS = {
    "same_micro_place": "Same spot as",
    "near_place_time": "Near in place and time to",
    "same_pose": "Similar pose and setting to",
    "same_missing_set": "Similar belongings missing as in",
    "same_planted_set": "Similar items as in",
}


def similar_cases(table: pl.DataFrame, links: pl.DataFrame) -> Iterator[Many]:
    """Findings of direction L from the pairs of `links`, for both cases of each pair; `table` is a prepared one."""
    tests = {
        "same_micro_place": _same_spot(),
        "near_place_time": _near(),
        "same_pose": _same_pose(table),
        "same_missing_set": _same_missing(),
        "same_planted_set": _same_items(),
    }
    sources = {
        "same_micro_place": "micro_place, found_lat, found_lon",
        "near_place_time": "found_lat, found_lon, found_at",
        "same_pose": "body_position, found_place_kind",
        "same_missing_set": "items_missing",
        "same_planted_set": "items_present",
    }
    alike = _pairs(table, links, tests)
    if alike.is_empty():
        return
    for code, source in sources.items():
        yield _both_ways(alike.filter(pl.col(code)), code, source)


def cross_references(table: pl.DataFrame) -> Iterator[Finding]:
    """Cases that another case of the register names: a person must consider both."""
    known = set(table.get_column("case_id"))
    for column in ("mentions_cases", "note_names_case"):
        rows = table.filter(pl.col(column).list.len() > 0)
        for case_id, named, note in rows.select("case_id", column, "note_present").iter_rows():
            for other in named:
                if other == case_id or other not in known:
                    continue
                text = f"Case {case_id} names this case. A person must consider both."
                yield found(other, "text_cross_reference", text, f"{column} of {case_id}")
                if note == "yes":
                    text = f"The note of case {case_id} refers to this case."
                    yield found(other, "note_names_other_case", text, f"{column} of {case_id}")


def _pairs(table: pl.DataFrame, links: pl.DataFrame, tests: dict[str, pl.Expr]) -> pl.DataFrame:
    """The pairs of deaths that are neighbours or share a spot's label and of which any of the tests holds: both cases with
    their rows, what is said of the pair, and a column a test.
    """
    if "log10_lr" not in links.columns:
        links = links.with_columns(log10_lr=0.0)
    rows = table.select("case_id", "kind").with_row_index("row")
    deaths = rows.filter(pl.col("kind").fill_null("death") == "death").drop("kind")
    places = table.select(_PLACE)
    values = table.select(_VALUES)
    days = (pl.col("found_at_b").dt.date() - pl.col("found_at_a").dt.date()).dt.total_days().abs()
    found = []
    for first in range(0, max(links.height, 1), CHUNK):
        near = _neighbours(links.slice(first, CHUNK), deaths, places)
        pairs = _beside(near, values).with_columns(days=days).with_columns(**tests)
        found.append(pairs.filter(pl.any_horizontal(*tests)).select(*_SAID, *tests))
    return pl.concat(found)


def _neighbours(links: pl.DataFrame, deaths: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Those of some pairs that are neighbours or share a spot's label, with the row of each case."""
    rules: dict[str, float] = settings()["similar"]
    pairs = links.select("case_a", "case_b", "log10_lr")
    for side in "ab":
        own = deaths.rename({"case_id": f"case_{side}", "row": f"row_{side}"})
        pairs = pairs.join(own, on=f"case_{side}", maintain_order="left")
    pairs = _beside(pairs, places).with_columns(
        metres=distance_m(
            *(pl.col(f"found_{axis}_{side}") for side in "ab" for axis in ("lat", "lon"))
        )
    )
    same_label = pl.col("micro_place_a") == pl.col("micro_place_b")
    near = pl.col("metres") <= rules["neighbourhood_m"]
    return pairs.filter(near.fill_null(value=False) | same_label.fill_null(value=False))


def _beside(pairs: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Pairs with the values of both cases, by their rows, in columns that end in _a and _b."""
    both = [
        values[name].gather(pairs[f"row_{side}"]).alias(f"{name}_{side}")
        for side in "ab"
        for name in values.columns
    ]
    return pairs.with_columns(both)


def _same_spot() -> pl.Expr:
    rules: dict[str, float] = settings()["similar"]
    exact = (pl.col("found_precision_m_a") <= rules["spot_m"]) & (
        pl.col("found_precision_m_b") <= rules["spot_m"]
    )
    open_to_all = (pl.col("setting_a") == "outdoors") & (pl.col("setting_b") == "outdoors")
    by_point = exact & open_to_all & (pl.col("metres") <= rules["spot_m"])
    by_label = pl.col("micro_place_a") == pl.col("micro_place_b")
    return by_point.fill_null(value=False) | by_label.fill_null(value=False)


def _near() -> pl.Expr:
    rules: dict[str, float] = settings()["similar"]
    precise = (pl.col("found_precision_m_a").fill_null(0) <= rules["near_m"]) & (
        pl.col("found_precision_m_b").fill_null(0) <= rules["near_m"]
    )
    close = (pl.col("metres") <= rules["near_m"]) & (pl.col("days") <= rules["near_days"])
    return (precise & close).fill_null(value=False)


def _same_pose(table: pl.DataFrame) -> pl.Expr:
    rules = settings()["similar"]
    positions = table.get_column("body_position").drop_nulls()
    most = rules["uncommon_position_share"] * max(len(positions), rules["positions_at_least"])
    counts = dict(positions.value_counts().iter_rows())
    poses = [pose for pose in rules["poses"] if counts.get(pose, 0) <= most]
    same = pl.col("body_position_a") == pl.col("body_position_b")
    setting = (pl.col("setting_a") == pl.col("setting_b")) & (pl.col("setting_a") == "outdoors")
    return (same & setting & pl.col("body_position_a").is_in(poses)).fill_null(value=False)


def _same_missing() -> pl.Expr:
    one, other = pl.col("items_missing_a"), pl.col("items_missing_b")
    same = (one.list.len() > 0) & (one.list.set_symmetric_difference(other).list.len() == 0)
    return same.fill_null(value=False)


def _same_items() -> pl.Expr:
    telling = settings()["similar"]["telling_items"]
    shared = pl.col("items_present_a").list.set_intersection("items_present_b")
    outdoors = (pl.col("setting_a") == "outdoors") & (pl.col("setting_b") == "outdoors")
    hit = shared.list.eval(pl.element().is_in(telling)).list.any()
    return (hit & outdoors).fill_null(value=False)


def _both_ways(pairs: pl.DataFrame, code: str, source: str) -> Many:
    """A finding for each case of the pairs, naming the strongest others first."""
    rules: dict[str, int] = settings()["similar"]
    columns = ["log10_lr", "metres", "days", "body_position_a", "items_missing_a"]
    others = pl.concat(
        [
            pairs.select(*columns, row="row_a", other="case_b"),
            pairs.select(*columns, row="row_b", other="case_a"),
        ]
    ).sort("row", "log10_lr", "other", descending=[False, True, False])
    rows, first, count = np.unique(
        others["row"].to_numpy().astype(np.int64), return_index=True, return_counts=True
    )
    direction = direction_of(code)
    kinds = ((code, direction, points_of(code, direction)), (code, "E", 0))

    def say(place: int) -> tuple[str, str]:
        n = int(count[place])
        if n > rules["ordinary_spot_cases"]:
            text = f"{_LABELS[code]} {n} other cases: ordinary for this place; not counted."
            return text, source
        strongest = others.slice(int(first[place]), min(n, rules["listed"])).rows(named=True)
        words = "; ".join(_words(code, pair) for pair in strongest)
        more = f"; and {n - len(strongest)} more" if n > len(strongest) else ""
        return f"{_LABELS[code]} {words}{more}.", source

    kind = (count > rules["ordinary_spot_cases"]).astype(np.int64)
    return Many(rows, kinds, kind, say)


def _words(code: str, pair: dict[str, Any]) -> str:
    what = {
        "same_pose": f"both {in_words(pair['body_position_a'])}, ",
        "same_missing_set": f"both without {in_words(pair['items_missing_a'])}, ",
    }.get(code, "")
    where = "" if pair["metres"] is None else f"{_metres(pair['metres'])}, "
    return f"case {pair['other']}: {what}{where}{counted(pair['days'], 'day')} apart"


def _metres(metres: float) -> str:
    return "within 10 m" if metres < 10 else f"{round(metres, -1):,.0f} m apart"
