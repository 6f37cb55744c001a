"""Cases of known series joined into series by their ratios, to compare what a cut joins with what is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

FloatArray = npt.NDArray[np.float64]

MOST = 12.0  # log10 ratio above which two cases are joined first of all anyway


def merges(log10_lr: FloatArray) -> tuple[int, list[tuple[float, int, int]]]:
    """In which order cases join into series, as (log10 odds, case, case), from the ratios of all their pairs.

    A case copies from some member of a series, each as likely as any other before the ratios are seen; the odds that it
    belongs to the series are those of one pair times the sum of its ratios with the members. The series joined next are
    those between which one case has the greatest sum.
    """
    n = int((1 + np.sqrt(1 + 8 * len(log10_lr))) / 2 + 0.5)
    a, b = np.triu_indices(n, 1)
    ratio = np.zeros((n, n))
    ratio[a, b] = ratio[b, a] = 10.0 ** np.minimum(log10_lr, MOST)
    best = (
        ratio.copy()
    )  # by series: the greatest sum of one case of either with the members of the other
    total = ratio  # [s, c]: sum of the ratios of case c with the members of series s
    members = [[c] for c in range(n)]
    level = np.inf
    joined = []
    for _ in range(n - 1):
        s, t = (int(x) for x in np.unravel_index(int(best.argmax()), best.shape))
        level = min(level, float(best[s, t]))
        joined.append((float(np.log10(max(level, 1e-300))), members[s][0], members[t][0]))
        total[s] += total[t]
        members[s] += members[t]
        members[t] = []
        best[t] = best[:, t] = -1.0
        for u in range(n):
            if u != s and members[u]:
                best[s, u] = best[u, s] = max(
                    total[s, members[u]].max(), total[u, members[s]].max()
                )
        best[s, s] = -1.0
    return n, joined


def same_series(
    made: tuple[int, list[tuple[float, int, int]]], cut: float
) -> npt.NDArray[np.bool_]:
    """Which pairs stand in one series when cases are joined down to `cut`."""
    n, joined = made
    pairs = [(s, t) for level, s, t in joined if level >= cut]
    i, j = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(i)), (i, j)), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    a, b = np.triu_indices(n, 1)
    same: npt.NDArray[np.bool_] = label[a] == label[b]
    return same


def f1(counts: FloatArray) -> FloatArray:
    """F1 from rows of claimed, found and linked pairs."""
    result: FloatArray = 2 * counts[:, 1] / np.maximum(counts[:, 0] + counts[:, 2], 1)
    return result
