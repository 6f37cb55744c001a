"""Cases joined into series: what is joined at a cut, against the definition by brute force."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from openverdict.evaluation.clusters import f1, merges, same_series


def made(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    ratio = rng.normal(size=n * (n - 1) // 2) * 1.5
    full = np.zeros((n, n))
    a, b = np.triu_indices(n, 1)
    full[a, b] = full[b, a] = 10.0**ratio
    return ratio, full


def closed(full: np.ndarray, cut: float) -> np.ndarray:
    """Labels when any two series are joined as long as one case of either has enough with the members of the other."""
    n = len(full)
    label = np.arange(n)
    changed = True
    while changed:
        changed = False
        for s in np.unique(label):
            for t in np.unique(label):
                one, other = label == s, label == t
                if s < t and one.any() and other.any():
                    between = full[np.ix_(one, other)]
                    if max(between.sum(0).max(), between.sum(1).max()) >= 10.0**cut:
                        label[other] = s
                        changed = True
    return label


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("cut", [0.5, 1.5, 2.5, 4.0])
def test_joined_at_a_cut_is_what_joining_one_by_one_ends_in(seed, cut):
    ratio, full = made(seed, 14)
    a, b = np.triu_indices(14, 1)
    label = closed(full, cut)
    assert np.array_equal(same_series(merges(ratio), cut), label[a] == label[b])


def test_a_lower_cut_only_joins_more():
    ratio, _ = made(9, 20)
    made_once = merges(ratio)
    joined = [same_series(made_once, cut) for cut in np.arange(5.0, -2.0, -0.5)]
    for high, low in pairwise(joined):
        assert (low | ~high).all()
    assert not same_series(made_once, 99.0).any()


def test_many_weak_ratios_with_one_series_add_up_where_one_alone_would_not_do():
    full = np.full((4, 4), -5.0)
    full[:3, :3] = 3.0
    full[:3, 3] = full[3, :3] = 1.6  # 3 * 10^1.6 = 10^2.08
    ratio = full[np.triu_indices(4, 1)]
    assert same_series(merges(ratio), 2.0).all()
    assert same_series(merges(ratio), 2.1).sum() == 3


def test_f1_is_the_harmonic_mean_of_precision_and_recall():
    precision, recall = 6 / 8, 6 / 20
    assert f1(np.array([[8, 6, 20], [0, 0, 5]])) == pytest.approx(
        [2 * precision * recall / (precision + recall), 0.0]
    )
