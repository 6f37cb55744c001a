"""The pair ledger as a table: every pair at or above the floor with its terms and its interval, best first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from openverdict.evidence import Model, Variable
from openverdict.evidence.interval import Bounds, Intervals
from openverdict.evidence.relation import TERM as RELATION
from openverdict.linkage import Ledger

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
MOST_INTERVALS = 50_000  # pairs whose interval is worked out, the strongest ones
CHUNK = 1 << 18  # pairs whose terms are worked out at a time


def no_links(variables: Sequence[Variable]) -> pl.DataFrame:
    """The table of a register without pairs."""
    names = [f"lr_{name}" for name in (*(v.name for v in variables), RELATION)]
    schema: dict[str, pl.DataType] = {"case_a": pl.String(), "case_b": pl.String()}
    ends = ("log10_lr_low", "log10_lr_high")
    return pl.DataFrame(schema=schema | {c: pl.Float64() for c in ("log10_lr", *names, *ends)})


class Links:
    """The pairs of a ledger in order of their ratio; ties stand in order of time."""

    def __init__(self, model: Model, ledger: Ledger, ids: Sequence[str]) -> None:
        self.model = model
        i, j = ledger.i, ledger.j
        total = np.concatenate([np.zeros(0), *(each for _, each in _terms(model, i, j))])
        order = np.lexsort((j, i, -total))
        self.i, self.j = i[order], j[order]
        names = pl.Series(ids, dtype=pl.String)
        self.pairs = pl.DataFrame(
            {
                "case_a": names.gather(self.i),
                "case_b": names.gather(self.j),
                "log10_lr": total[order],
            }
        )

    @cached_property
    def _places(self) -> tuple[IntArray, IntArray]:
        code = self.i * self.model.n + self.j
        order = np.argsort(code)
        return code[order], order

    def rank(self, i: int, j: int) -> int | None:
        """Where a pair stands, from 1 on; None where it is below the floor."""
        code, place = self._places
        wanted = i * self.model.n + j
        at = int(np.searchsorted(code, wanted))
        return int(place[at]) + 1 if at < len(code) and code[at] == wanted else None

    def bounds(self, intervals: Intervals) -> Bounds:
        """The intervals of the MOST_INTERVALS strongest pairs."""
        return intervals.bounds(self.i[:MOST_INTERVALS], self.j[:MOST_INTERVALS])

    def frame(self, bounds: Bounds | None = None) -> pl.DataFrame:
        """The table with the terms of every pair and, of the first ones, the ends of the intervals.

        The terms are worked out here, once more, so that the widest table of a review stands in memory only when all else
        is done.
        """
        names = [*(v.name for v in self.model.variables), RELATION]
        columns = {name: np.empty(len(self.i)) for name in names}
        first = 0
        for terms, total in _terms(self.model, self.i, self.j):
            some = slice(first, first + len(total))
            for name, term in terms.items():
                columns[name][some] = term
            columns[RELATION][some] = total - np.sum(list(terms.values()), axis=0)
            first += len(total)
        found = self.pairs.with_columns(
            pl.Series(f"lr_{name}", columns.pop(name), dtype=pl.Float64) for name in names
        )
        if bounds is None:
            return found
        below = pl.Series([None], dtype=pl.Float64).new_from_index(
            0, found.height - len(bounds.low)
        )
        return found.with_columns(
            log10_lr_low=pl.Series(bounds.low, dtype=pl.Float64).append(below),
            log10_lr_high=pl.Series(bounds.high, dtype=pl.Float64).append(below),
        )


def _terms(
    model: Model, i: IntArray, j: IntArray
) -> Iterator[tuple[dict[str, FloatArray], FloatArray]]:
    """The terms of pairs by variable, and the log10 ratios that they make, some pairs at a time and in their order."""
    for first in range(0, len(i), CHUNK):
        found = model.terms(i[first : first + CHUNK], j[first : first + CHUNK])
        yield {v.name: found[v.name] for v in model.variables}, model.ratio(model.summed(found))
