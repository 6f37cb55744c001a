"""What is usual around a place, in registers so large that it has to be counted on a sample."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree
from tests.evidence.made import made

from openverdict.evidence import Model, load_variables, prepare
from openverdict.evidence.surroundings import others_within


def ten_cities() -> np.ndarray:
    """Sixty thousand places in ten cities 200 km apart, each a Gaussian of 8 km."""
    rng = np.random.default_rng(5)
    middle = np.stack([200_000.0 * np.arange(10), np.zeros(10), np.zeros(10)], axis=1)
    spread = rng.normal(0.0, 8000.0, (60_000, 3)) * [1.0, 1.0, 0.0]
    return np.rint(middle[rng.integers(10, size=60_000)] + spread)


@pytest.mark.parametrize(
    ("scale", "error"), [(512.0, 0.0), (1638.4, 0.35), (5242.9, 0.25), (16777.2, 0.1)]
)
def test_wide_circles_of_a_large_register_hold_what_a_sample_of_their_own_size_says(scale, error):
    """Against every place looked at. Sixteen sampled places in the mean circle leave a relative error of a quarter, and more at
    the edge of a city; a sample of four thousand from all ten cities would leave next to none in a circle of 1.6 km.
    """
    points = ten_cities()
    tree = cKDTree(points)
    exact = np.asarray(tree.query_ball_point(points, scale, return_length=True)) - 1.0
    (counted,) = others_within(points, tree, np.array([scale]), 4096, large=True)
    busy = exact > np.median(exact)
    off = np.abs(counted[busy] / exact[busy] - 1.0)
    assert np.sqrt((off**2).mean()) <= error
    assert counted[busy].mean() == pytest.approx(exact[busy].mean(), rel=0.02)


def test_a_register_that_is_not_large_is_counted_as_before_on_every_so_many():
    points = ten_cities()[:12_000]
    tree = cKDTree(points)
    (counted,) = others_within(points, tree, np.array([5000.0]), 4096, large=False)
    by_hand = (
        3.0 * np.asarray(cKDTree(points[::3]).query_ball_point(points, 5000.0, return_length=True))
        - 1.0
    )
    np.testing.assert_array_equal(counted, by_hand)


@pytest.mark.parametrize("places", ["towns", "spread"])
def test_those_as_near_are_those_whose_distance_is_no_greater(places):
    model = Model(prepare(made(31, 120, places=places), load_variables()))
    placed = np.flatnonzero(model.slots.placed)
    for i, j in zip(placed[:-1].tolist(), placed[1:].tolist(), strict=True):
        here = np.array([i])
        far = model.metres(np.repeat(here, len(placed)), placed)
        by_hand = int((far <= model.metres(here, np.array([j]))[0]).sum()) - 1
        assert model.as_near(i, j) == (len(placed) - 1, by_hand)
