"""Outline polygons for the map: read from a GeoJSON file, clipped to a frame and thinned to what can be seen."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from openverdict.errors import InputError

Point = tuple[float, float]

LARGEST_MB = 20
MOST_POINTS = 500_000
DEEPEST = 8  # collections within collections
_MEND = "give a GeoJSON file of Polygon or MultiPolygon areas in WGS84 degrees"


class Ring(tuple[Point, ...]):
    """A closed line of (longitude, latitude), which keeps itself as an array for the many maps it is tried on."""

    @cached_property
    def degrees(self) -> npt.NDArray[np.float64]:
        """Shape (points, 2): longitude, latitude."""
        return np.array(self, dtype=np.float64).reshape(-1, 2)


def read_outline(path: Path) -> tuple[Ring, ...]:
    """All rings (longitude, latitude) of the polygons of a GeoJSON file of at most LARGEST_MB and MOST_POINTS.

    Raises:
        InputError: the file cannot be read, is too large, or holds no polygon, or places that are no degrees.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_MB * 10**6 + 1)
        if len(raw) > LARGEST_MB * 10**6:
            raise ValueError(f"more than {LARGEST_MB} MB; thin its lines out")
        rings = tuple(_counted(_rings(json.loads(raw.decode("utf-8-sig")), DEEPEST)))
    except RecursionError:
        raise InputError(
            f"{path}: not an outline that can be drawn (nested too deep); {_MEND}"
        ) from None
    except (KeyError, AttributeError, IndexError, TypeError, OverflowError):
        raise InputError(
            f"{path}: not an outline that can be drawn (no GeoJSON); {_MEND}"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not an outline that can be drawn ({error}); {_MEND}") from None
    if not rings:
        raise InputError(f"{path}: no polygon in it; {_MEND}")
    return rings


def _counted(rings: Iterable[Ring]) -> Iterable[Ring]:
    points = 0
    for ring in rings:
        points += len(ring)
        if points > MOST_POINTS:
            raise ValueError(f"more than {MOST_POINTS:,} points; thin its lines out")
        yield ring


def _rings(node: Any, deepest: int) -> Iterable[Ring]:
    if deepest < 0:
        raise ValueError("collections nested too deep")
    kind = node["type"]
    if kind == "FeatureCollection":
        for feature in node["features"]:
            yield from _rings(feature, deepest - 1)
    elif kind == "Feature":
        if node["geometry"] is not None:
            yield from _rings(node["geometry"], deepest - 1)
    elif kind == "GeometryCollection":
        for geometry in node["geometries"]:
            yield from _rings(geometry, deepest - 1)
    elif kind in ("Polygon", "MultiPolygon"):
        polygons = [node["coordinates"]] if kind == "Polygon" else node["coordinates"]
        for polygon in polygons:
            for ring in polygon:
                yield Ring(
                    (_degree(point[0], 180, "longitude"), _degree(point[1], 90, "latitude"))
                    for point in ring
                )


def _degree(value: Any, most: int, what: str) -> float:
    """Raises ValueError for what is no number, or none of degrees: a national grid in metres, say."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(what)
    # An antimeridian may be crossed by a point or two; anything further out is no degree.
    if not (math.isfinite(value) and -2 * most <= value <= 2 * most):
        raise ValueError(f"a {what} of {value:.6g} is not in degrees")
    return float(value)


def near_frame(points: npt.NDArray[np.float64], width: float, height: float) -> list[Point]:
    """A ring (shape (points, 2), in the units of the frame) without points that change nothing within the frame.

    A point that lies beyond one side together with both its neighbours is left out: cutting to that side leaves the same.
    """
    for axis, low, limit in ((0, True, 0.0), (0, False, width), (1, True, 0.0), (1, False, height)):
        beyond = points[:, axis] < limit if low else points[:, axis] > limit
        if beyond.any():
            points = points[~(beyond & np.roll(beyond, 1) & np.roll(beyond, -1))]
    return [(float(x), float(y)) for x, y in points.tolist()]


def clipped(ring: Sequence[Point], width: float, height: float) -> list[Point]:
    """A ring cut to the frame 0..width, 0..height (Sutherland and Hodgman)."""
    points = list(ring)
    for axis, limit, keep_below in (
        (0, 0.0, False),
        (0, width, True),
        (1, 0.0, False),
        (1, height, True),
    ):
        points = _cut(points, axis, limit, keep_below)
    return points


def _cut(points: list[Point], axis: int, limit: float, keep_below: bool) -> list[Point]:
    kept: list[Point] = []
    for before, here in zip([*points[-1:], *points[:-1]], points, strict=True):
        inside = (here[axis] <= limit) is keep_below or here[axis] == limit
        was_inside = (before[axis] <= limit) is keep_below or before[axis] == limit
        if inside != was_inside:
            share = (limit - before[axis]) / (here[axis] - before[axis])
            kept.append(
                (
                    before[0] + share * (here[0] - before[0]),
                    before[1] + share * (here[1] - before[1]),
                )
            )
        if inside:
            kept.append(here)
    return kept


def thinned(points: Sequence[Point], nearest: float = 0.7) -> list[Point]:
    """A line without the points that lie nearer to the last one kept than can be seen."""
    kept: list[Point] = []
    for point in points:
        if not kept or abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) >= nearest:
            kept.append(point)
    return kept
