"""The pair ledger as a table: every pair at or above the floor with its terms and its interval, best first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from openverdict.evidence import Model, Variable
from openverdict.evidence.interval import Intervals
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
        self.n = model.n
        terms, total = _terms(model, ledger.i, ledger.j)
        order = np.lexsort((ledger.j, ledger.i, -total))
        self.i, self.j = ledger.i[order], ledger.j[order]
        names = pl.Series(ids, dtype=pl.String)
        columns: dict[str, Any] = {
            "case_a": names.gather(self.i),
            "case_b": names.gather(self.j),
            "log10_lr": total[order],
        }
        for name in list(terms):
            columns[f"lr_{name}"] = terms.pop(name)[order]
        self.frame = pl.DataFrame(columns)

    @cached_property
    def _places(self) -> tuple[IntArray, IntArray]:
        code = self.i * self.n + self.j
        order = np.argsort(code)
        return code[order], order

    def rank(self, i: int, j: int) -> int | None:
        """Where a pair stands, from 1 on; None where it is below the floor."""
        code, place = self._places
        at = int(np.searchsorted(code, i * self.n + j))
        return int(place[at]) + 1 if at < len(code) and code[at] == i * self.n + j else None

    def with_intervals(self, intervals: Intervals) -> pl.DataFrame:
        """The table with the ends of the intervals as last columns: none beyond the MOST_INTERVALS strongest pairs."""
        bounds = intervals.bounds(self.i[:MOST_INTERVALS], self.j[:MOST_INTERVALS])
        below = pl.Series([None], dtype=pl.Float64).new_from_index(
            0, self.frame.height - len(bounds.low)
        )
        return self.frame.with_columns(
            log10_lr_low=pl.Series(bounds.low, dtype=pl.Float64).append(below),
            log10_lr_high=pl.Series(bounds.high, dtype=pl.Float64).append(below),
        )


def _terms(model: Model, i: IntArray, j: IntArray) -> tuple[dict[str, FloatArray], FloatArray]:
    """The terms of every pair by variable, what a pair can show last, and the log10 ratios that they add up to."""
    names = [v.name for v in model.variables]
    terms = {name: np.empty(len(i)) for name in (*names, RELATION)}
    total = np.empty(len(i))
    for first in range(0, len(i), CHUNK):
        some = slice(first, first + CHUNK)
        found = model.terms(i[some], j[some])
        total[some] = model.ratio(model.summed(found))
        for name in names:
            terms[name][some] = found[name]
        terms[RELATION][some] = total[some] - np.sum([found[name] for name in names], axis=0)
    return terms, total
