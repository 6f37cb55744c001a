"""Outline polygons for the map: read from a GeoJSON file, clipped to a frame and thinned to what can be seen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from openverdict.errors import InputError

Point = tuple[float, float]
Ring = tuple[Point, ...]

_MEND = "give a GeoJSON file of Polygon or MultiPolygon areas in WGS84 degrees"


def read_outline(path: Path) -> tuple[Ring, ...]:
    """All rings (longitude, latitude) of the polygons of a GeoJSON file.

    Raises:
        InputError: the file cannot be read, or holds no polygon.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        rings = tuple(_rings(raw))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise InputError(f"{path}: not an outline that can be drawn ({error}); {_MEND}") from error
    if not rings:
        raise InputError(f"{path}: no polygon in it; {_MEND}")
    return rings


def _rings(node: Any) -> Iterable[Ring]:
    kind = node["type"]
    if kind == "FeatureCollection":
        for feature in node["features"]:
            yield from _rings(feature)
    elif kind == "Feature":
        if node["geometry"] is not None:
            yield from _rings(node["geometry"])
    elif kind == "GeometryCollection":
        for geometry in node["geometries"]:
            yield from _rings(geometry)
    elif kind in ("Polygon", "MultiPolygon"):
        polygons = [node["coordinates"]] if kind == "Polygon" else node["coordinates"]
        for polygon in polygons:
            for ring in polygon:
                yield tuple((float(point[0]), float(point[1])) for point in ring)


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
