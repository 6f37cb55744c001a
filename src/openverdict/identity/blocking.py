"""Which pairs of records are compared at all: those that share a key of some rule, with every pair counted, and guards.

A rule gives a record keys; two records that share one are candidates. A key that very many records share (a missing date
written as one day, a name of thousands) would make a table nobody can hold: its pairs are left to the other rules, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from openverdict.identity.names import sound

IntArray = npt.NDArray[np.int64]
MOST_IN_KEY = 2_000  # records that share a key; more of them are not compared for that reason alone
MOST_PAIRS_A_RECORD = 60  # of one rule, over all records
FREE_PAIRS = 2_000_000  # of one rule, however few the records are


@dataclass(frozen=True)
class RuleCount:
    """One rule: its keys, the pairs that it gives and those that no earlier rule gave, and what the guards left out."""

    rule: str
    keys: int
    pairs: int
    new_pairs: int
    keys_left_out: int
    pairs_left_out: int


@dataclass(frozen=True)
class Candidates:
    """Pairs of `rid`s, `left < right`, sorted, each once; `counts` by rule, in the order of the rules."""

    left: IntArray
    right: IntArray
    counts: tuple[RuleCount, ...]

    def __len__(self) -> int:
        return len(self.left)


def candidates(table: pl.DataFrame, most_in_key: int = MOST_IN_KEY) -> Candidates:
    """Every pair that shares a key of some rule, but for keys that too many records share."""
    n = table.height
    known = np.zeros(0, dtype=np.int64)
    counts = []
    for rule, keyed in _rules(table):
        keys = keyed.drop_nulls("key").unique().sort("key", "rid")
        start, rid = _groups(keys)
        size = np.diff(start)
        several = size > 1
        start, size = np.stack([start[:-1], start[1:]], 1)[several], size[several]
        kept = size <= most_in_key
        pairs = size * (size - 1) // 2
        kept &= _within_budget(pairs, kept, max(MOST_PAIRS_A_RECORD * n, FREE_PAIRS))
        made = _pairs(start[kept], rid, n)
        joined = np.union1d(known, made)
        counts.append(
            RuleCount(
                rule,
                len(size),
                len(made),
                len(joined) - len(known),
                int((~kept).sum()),
                int(pairs[~kept].sum()),
            )
        )
        known = joined
    return Candidates(known // max(n, 1), known % max(n, 1), tuple(counts))


def _within_budget(
    pairs: IntArray, kept: npt.NDArray[np.bool_], budget: int
) -> npt.NDArray[np.bool_]:
    """The smaller keys, as many as the budget bears; of one size all or none, so that no order decides."""
    sizes, counts = np.unique(pairs[kept], return_counts=True)
    bearable = np.cumsum(sizes * counts) <= budget
    most = sizes[bearable][-1] if bearable.any() else 0
    within: npt.NDArray[np.bool_] = pairs <= most
    return within


def _groups(keys: pl.DataFrame) -> tuple[IntArray, IntArray]:
    """Where each key's records begin among the sorted records, the end of the last included."""
    lengths = keys.group_by("key", maintain_order=True).len().get_column("len").to_numpy()
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return start, keys.get_column("rid").to_numpy().astype(np.int64)


def _pairs(groups: npt.NDArray[np.int64], rid: IntArray, n: int) -> IntArray:
    """All pairs within groups, as left * n + right, sorted and each once. Groups of one size are done at one go."""
    parts = [np.zeros(0, dtype=np.int64)]
    size = groups[:, 1] - groups[:, 0]
    for members in np.unique(size):
        rows = groups[size == members, 0]
        a, b = np.triu_indices(int(members), 1)
        inside = rid[rows[:, None] + np.arange(members)]
        parts.append((inside[:, a] * n + inside[:, b]).ravel())
    return np.unique(np.concatenate(parts))


def _rules(table: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each rule with its keys: (name, frame of `rid` and `key`), a record having none, one or several."""
    formal = pl.col("formal").list.first()
    heard = sounds(table)
    day = pl.col("dob")
    # A day and the same one with day and month exchanged have one key.
    either_way = pl.min_horizontal(day, pl.coalesce("dob_swapped", day))
    either_name = pl.concat_list("surname_sound", "forename_sound")
    frame = table.select(
        *("rid", "number", "ids", "surname", "place", "district", "dod", "postcode"),
        *("formal", "surname_parts", "dob"),
        either_way=either_way,
        first=formal,
        year=pl.col("dob_known").str.slice(0, 4),
        day_of_year=day.str.slice(4, 4),
    ).hstack(heard)

    def joined(*columns: pl.Expr | str) -> pl.Expr:
        return pl.concat_str(*columns, separator="|", ignore_nulls=False).alias("key")

    def one(*columns: pl.Expr | str) -> pl.DataFrame:
        return frame.select("rid", joined(*columns))

    def each(column: pl.Expr, *beside: str) -> pl.DataFrame:
        return (
            frame.select("rid", *beside, each=column)
            .explode("each")
            .select("rid", joined("each", *beside))
        )

    made: tuple[tuple[str, Callable[[], pl.DataFrame]], ...] = (
        ("person's number", lambda: one("number")),
        ("identifier", lambda: each(pl.col("ids"))),
        ("date of birth and sound of a name", lambda: each(either_name, "either_way")),
        ("date of birth and formal forename", lambda: each(pl.col("formal"), "either_way")),
        ("names and year of birth", lambda: one("surname_sound", "first", "year")),
        ("names and postcode district", lambda: one("surname_sound", "first", "district")),
        ("names and town", lambda: one("surname_sound", "forename_sound", "place")),
        ("names and day of the year", lambda: one("surname_sound", "first", "day_of_year")),
        ("postcode and sound of a name", lambda: each(either_name, "postcode")),
        ("postcode and formal forename", lambda: each(pl.col("formal"), "postcode")),
        ("part of the surname and date of birth", lambda: each(pl.col("surname_parts"), "dob")),
        ("date of death and sound of a name", lambda: each(either_name, "dod")),
    )
    for name, keys in made:
        yield name, keys()


def sounds(table: pl.DataFrame) -> pl.DataFrame:
    """How forename and surname sound."""
    columns = []
    for name in ("forename", "surname"):
        values = table.get_column(name).drop_nulls().unique()
        heard = pl.DataFrame(
            {name: values, "sound": pl.Series([sound(v) for v in values], dtype=pl.String)}
        )
        found = table.select(name).join(heard, on=name, how="left", maintain_order="left")
        columns.append(found.get_column("sound").alias(f"{name}_sound"))
    return pl.DataFrame(columns)
