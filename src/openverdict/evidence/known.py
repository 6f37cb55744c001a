"""Known series: which cases are known to belong together, and the pairs that consistency is learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from openverdict.errors import InputError

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

FOLDS = 5


@dataclass(frozen=True)
class KnownSeries:
    """`series` of each named case; an empty set: known to stand alone. `name` is that of the file, for errors."""

    series: dict[str, frozenset[str]]
    name: str

    def numbers(
        self, case_ids: Sequence[str], *, replayed: bool = False
    ) -> dict[int, frozenset[str]]:
        """The same by number of the case in the register; in a `replayed` one, cases not known that day are left out.

        Raises:
            InputError: a named case is not in the register.
        """
        number = {case: k for k, case in enumerate(case_ids)}
        strange = [case for case in self.series if case not in number]
        if strange and not replayed:
            raise InputError(
                f"{self.name}: case {strange[0]!r} is not in the register; see its case_id column"
            )
        return {number[case]: series for case, series in self.series.items() if case in number}


@dataclass(frozen=True)
class LabelledPairs:
    """All pairs i < j of the named cases; `linked`: both stand in one series; `group` of i where it is that of j, or -1.

    A group is a connected set of cases, one series joined to another by a case that stands in both.
    """

    i: IntArray
    j: IntArray
    linked: npt.NDArray[np.bool_]
    group: IntArray

    @property
    def weight(self) -> FloatArray:
        """Weight of each linked pair: every later member of a series counts once, shared by those before it."""
        members = np.bincount(self.j[self.linked], minlength=int(self.j.max(initial=0)) + 1)
        return np.where(self.linked, 1.0 / np.maximum(members[self.j], 1), 0.0)

    def take(self, chosen: npt.NDArray[np.bool_]) -> LabelledPairs:
        """The chosen pairs alone."""
        return LabelledPairs(
            self.i[chosen], self.j[chosen], self.linked[chosen], self.group[chosen]
        )


def read_known_series(path: Path) -> KnownSeries:
    """Read a CSV with the columns case_id and series_id.

    A case may stand in several rows; one with an empty series_id is known to stand alone, one that is not named is not
    known.

    Raises:
        InputError: the file cannot be read or lacks a column.
    """
    try:
        frame = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path.name}: cannot be read as CSV ({error})") from None
    if not {"case_id", "series_id"} <= set(frame.columns):
        raise InputError(f"{path.name}: needs the columns case_id and series_id")
    named: dict[str, frozenset[str]] = {}
    for case, series in frame.select("case_id", "series_id").iter_rows():
        if case:
            more = frozenset([series]) if series else frozenset()
            named[case] = named.get(case, frozenset()) | more
    return KnownSeries(named, path.name)


def labelled_pairs(series: dict[int, frozenset[str]]) -> LabelledPairs:
    """Every pair of the named cases, by case number."""
    cases = np.array(sorted(series), dtype=np.int64)
    group = groups(series)
    a, b = np.triu_indices(len(cases), 1)
    names = sorted(set().union(*series.values())) if series else []
    held = np.array([[name in series[c] for name in names] for c in cases.tolist()], dtype=bool)
    together = held.astype(np.float32) @ held.T.astype(np.float32) > 0 if names else None
    linked = together[a, b] if together is not None else np.zeros(len(a), dtype=bool)
    number = np.array([group[c] for c in cases.tolist()], dtype=np.int64)
    same = number[a] == number[b] if len(a) else np.zeros(0, dtype=bool)
    shared = np.where(same, number[a], -1) if len(a) else np.zeros(0, dtype=np.int64)
    return LabelledPairs(cases[a], cases[b], linked, shared)


def linked_pairs(series: dict[int, frozenset[str]]) -> LabelledPairs:
    """The pairs of cases that stand in one series, and no others: enough to learn consistency from."""
    return labelled_pairs({case: names for case, names in series.items() if names})


def groups(series: dict[int, frozenset[str]]) -> dict[int, int]:
    """Number of the group of every named case; a case that stands alone is a group of its own."""
    parent = {c: c for c in series}

    def root(c: int) -> int:
        while parent[c] != c:
            parent[c] = parent[parent[c]]
            c = parent[c]
        return c

    first: dict[str, int] = {}
    for c in sorted(series):
        for name in sorted(series[c]):
            a, b = root(first.setdefault(name, c)), root(c)
            parent[max(a, b)] = min(a, b)
    number = {r: k for k, r in enumerate(sorted({root(c) for c in series}))}
    return {c: number[root(c)] for c in series}


def assign_folds(series: dict[int, frozenset[str]], folds: int, seed: int) -> dict[int, int]:
    """A fold 1 … `folds` for every named case, groups kept whole: the largest first, each into the emptiest fold.

    `seed` orders groups of equal size.
    """
    members: dict[int, list[int]] = {}
    for case, group in groups(series).items():
        members.setdefault(group, []).append(case)
    rng = np.random.default_rng(seed)
    shuffled = [members[k] for k in rng.permutation(sorted(members)).tolist()]
    size = dict.fromkeys(range(1, folds + 1), 0)
    result: dict[int, int] = {}
    for cases in sorted(shuffled, key=lambda cases: -len(cases)):
        fold = min(size, key=lambda f: (size[f], f))
        size[fold] += len(cases)
        result |= dict.fromkeys(cases, fold)
    return result
