"""A map without tiles: a grid in kilometres, the cases with the precision of their places, the other cases as dots."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openverdict.reports.figures.outline import Point, Ring, clipped, near_frame, thinned
from openverdict.reports.words import counted, listed, metres_words

FloatArray = npt.NDArray[np.float64]

WIDTH, HEIGHT = 360.0, 300.0
_DEGREE_M = 6_371_008.8 * math.pi / 180
_SMALLEST_SPAN_M = 600.0
_DOTS_SHOWN = 400
_SAME_SPOT = 13.0
_COVERS = 9.0  # nearer than this, a death and an incident would hide one another


@dataclass(frozen=True, slots=True)
class MapCase:
    """One case of the lead on the map."""

    number: int
    lat: float
    lon: float
    precision_m: float | None
    incident: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A case's point, the circle of its precision, and the label that it or its spot carries.

    `around`: an incident at a death's point, drawn as an open square around the death's circle.
    """

    x: str
    y: str
    radius: str | None
    incident: bool
    around: bool
    label: str
    label_x: str
    label_y: str
    anchor: str


@dataclass(frozen=True, slots=True)
class PlaceMap:
    """Everything that the template draws, in the units of the drawing."""

    marks: tuple[Mark, ...]
    lines_x: tuple[str, ...]
    lines_y: tuple[str, ...]
    lat_ticks: tuple[tuple[str, str], ...]
    lon_ticks: tuple[tuple[str, str], ...]
    bar_width: str
    bar_words: str
    dots: str
    outline: str
    words: str
    dots_words: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """Degrees to the units of the drawing, true to distance at the middle of the map."""

    lat0: float
    lon0: float
    units_a_metre: float

    def at(self, lat: float, lon: float) -> Point:
        east = ((lon - self.lon0 + 180) % 360 - 180) * math.cos(math.radians(self.lat0))
        scale = _DEGREE_M * self.units_a_metre
        return WIDTH / 2 + east * scale, HEIGHT / 2 - (lat - self.lat0) * scale

    def all_at(self, degrees: FloatArray) -> FloatArray:
        """A line of shape (points, 2), longitude and latitude, as `at` puts each of its points.

        A line that crosses the far side of the earth goes on beyond the edge there, and not back across the frame.
        """
        scale = _DEGREE_M * self.units_a_metre
        east = (degrees[:, 0] - self.lon0 + 180) % 360 - 180
        jumps = np.diff(east, prepend=east[:1])
        if (abs(jumps) > 180).any():
            east = east - 360 * np.cumsum(np.where(abs(jumps) > 180, np.sign(jumps), 0.0))
        east = east * math.cos(math.radians(self.lat0))
        north = degrees[:, 1] - self.lat0
        return np.column_stack([WIDTH / 2 + east * scale, HEIGHT / 2 - north * scale])

    def seen(self, lat: FloatArray, lon: FloatArray) -> list[Point]:
        """The places that lie in the frame, in its units."""
        scale = _DEGREE_M * self.units_a_metre
        east = ((lon - self.lon0 + 180) % 360 - 180) * math.cos(math.radians(self.lat0))
        x, y = WIDTH / 2 + east * scale, HEIGHT / 2 - (lat - self.lat0) * scale
        inside = (x >= 0) & (x <= WIDTH) & (y >= 0) & (y <= HEIGHT)
        return list(zip(x[inside].tolist(), y[inside].tolist(), strict=True))


def distances_m(here: MapCase, lat: FloatArray, lon: FloatArray) -> FloatArray:
    """Great-circle distances in metres from a case to places given in degrees."""
    to, lat_here = np.radians(lat), math.radians(here.lat)
    east = np.radians(lon - here.lon)
    chord = (
        np.sin((to - lat_here) / 2) ** 2 + math.cos(lat_here) * np.cos(to) * np.sin(east / 2) ** 2
    )
    metres: FloatArray = 2 * _DEGREE_M * np.degrees(np.arcsin(np.sqrt(np.minimum(chord, 1.0))))
    return metres


def distance_m(a: MapCase, b: MapCase) -> float:
    """Great-circle distance between two cases in metres."""
    return float(distances_m(a, np.array([b.lat]), np.array([b.lon]))[0])


def nice_step(raw: float) -> float:
    """The nearest of 1, 2, 5 times a power of ten that is not below `raw`."""
    power: float = 10 ** math.floor(math.log10(raw))
    return next((step * power for step in (1, 2, 5) if step * power >= raw * 0.999), 10 * power)


def place_map(
    cases: Sequence[MapCase],
    others: tuple[FloatArray, FloatArray] | None = None,
    outline: Sequence[Ring] = (),
) -> PlaceMap | None:
    """The map of a lead; None when none of its cases has a place. `others` are latitudes and longitudes."""
    if not cases:
        return None
    frame = _frame(cases)
    step_m = nice_step(WIDTH / frame.units_a_metre / 6)
    step = step_m * frame.units_a_metre
    seen = [] if others is None else frame.seen(*others)
    stride = max(1, math.ceil(len(seen) / _DOTS_SHOWN))
    dots = "".join(f"M{x:.0f} {y:.0f}h0" for x, y in sorted(seen)[::stride])
    share = "" if stride == 1 else f", of which one in {stride} is drawn"
    return PlaceMap(
        marks=_marks(cases, frame),
        lines_x=tuple(f"{x:.1f}" for x in _lines(WIDTH, step)),
        lines_y=tuple(f"{y:.1f}" for y in _lines(HEIGHT, step)),
        lat_ticks=_ticks(frame, north=True),
        lon_ticks=_ticks(frame, north=False),
        bar_width=f"{step:.1f}",
        bar_words=metres_words(step_m),
        dots=dots,
        outline=_outline_path(outline, frame),
        words=_in_words(cases) + _around_words(cases, frame),
        dots_words=f"{counted(len(seen), 'other case')} of the register in this frame{share}",
    )


def _frame(cases: Sequence[MapCase]) -> _Frame:
    """The frame that shows all cases with room around them and, up to 3 km, the precision of their places."""
    lat0 = (min(c.lat for c in cases) + max(c.lat for c in cases)) / 2
    east = [(c.lon - cases[0].lon + 180) % 360 - 180 for c in cases]
    lon0 = cases[0].lon + (min(east) + max(east)) / 2
    wide_m = (max(east) - min(east)) * _DEGREE_M * math.cos(math.radians(lat0))
    high_m = (max(c.lat for c in cases) - min(c.lat for c in cases)) * _DEGREE_M
    room_m = min(max(c.precision_m or 0 for c in cases), 3000.0)
    span_m = max(wide_m, high_m * WIDTH / HEIGHT, _SMALLEST_SPAN_M) * 1.4 + 2 * room_m
    return _Frame(lat0, lon0, WIDTH / span_m)


def _lines(length: float, step: float) -> list[float]:
    """Grid lines through the middle of the frame, `step` apart."""
    first = (length / 2) % step
    return [first + i * step for i in range(int((length - first) / step) + 1)]


def _ticks(frame: _Frame, *, north: bool) -> tuple[tuple[str, str], ...]:
    """Two or three degrees on the edge, each with its place and its words."""
    scale = _DEGREE_M * frame.units_a_metre
    if not north:
        scale *= math.cos(math.radians(frame.lat0))
    length, middle = (HEIGHT, frame.lat0) if north else (WIDTH, frame.lon0)
    span = length / scale
    step = nice_step(span / 3)
    digits = max(0, -math.floor(math.log10(step)))
    ticks = []
    for i in range(
        math.ceil((middle - span / 2) / step), math.floor((middle + span / 2) / step) + 1
    ):
        degree = i * step
        point = frame.at(degree, frame.lon0)[1] if north else frame.at(frame.lat0, degree)[0]
        if 30 < point < length - 30:
            wrapped = degree if north else (degree + 180) % 360 - 180
            side = ("N" if wrapped >= 0 else "S") if north else ("E" if wrapped >= 0 else "W")
            ticks.append((f"{point:.1f}", f"{abs(wrapped):.{digits}f}° {side}"))
    return tuple(ticks)


def _marks(cases: Sequence[MapCase], frame: _Frame) -> tuple[Mark, ...]:
    """Cases as marks; those too near to tell apart share one label."""
    spots: list[tuple[Point, list[int]]] = []
    placed: list[tuple[MapCase, Point, int]] = []
    for case in cases:
        x, y = frame.at(case.lat, case.lon)
        near = (
            i
            for i, (spot, _) in enumerate(spots)
            if math.hypot(spot[0] - x, spot[1] - y) < _SAME_SPOT
        )
        index = next(near, len(spots))
        if index == len(spots):
            spots.append(((x, y), []))
        spots[index][1].append(case.number)
        placed.append((case, (x, y), index))
    marks = []
    for case, (x, y), index in placed:
        numbers = spots[index][1]
        leads = case.number == numbers[0]
        right = x < WIDTH - 20 - 12 * len(numbers)
        radius = (case.precision_m or 0) * frame.units_a_metre
        marks.append(
            Mark(
                f"{x:.1f}",
                f"{y:.1f}",
                f"{radius:.1f}" if radius >= 6 else None,
                case.incident,
                case.incident and bool(_deaths_under(case, cases, frame)),
                ", ".join(map(str, numbers)) if leads else "",
                f"{x + (10 if right else -10):.1f}",
                f"{y - 7:.1f}",
                "start" if right else "end",
            )
        )
    return tuple(marks)


def _deaths_under(
    incident: MapCase, cases: Sequence[MapCase], frame: _Frame
) -> tuple[MapCase, ...]:
    """The deaths whose marks an incident's mark would hide."""
    x, y = frame.at(incident.lat, incident.lon)
    return tuple(
        case
        for case in cases
        if not case.incident and math.dist((x, y), frame.at(case.lat, case.lon)) < _COVERS
    )


def _around_words(cases: Sequence[MapCase], frame: _Frame) -> str:
    """Which incidents and deaths share a point, and how that is drawn."""
    shared = [
        f"incident {case.number} with {'death' if len(under) == 1 else 'deaths'}"
        f" {listed([str(death.number) for death in under])}"
        for case in cases
        if case.incident and (under := _deaths_under(case, cases, frame))
    ]
    if not shared:
        return ""
    return f" At one point, drawn as an open square around a circle: {'; '.join(shared)}."


def _outline_path(outline: Sequence[Ring], frame: _Frame) -> str:
    parts = []
    for ring in outline:
        near = near_frame(frame.all_at(ring.degrees), WIDTH, HEIGHT)
        points = thinned(clipped(near, WIDTH, HEIGHT))
        if len(points) > 2:
            parts.append("M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in points) + "Z")
    return "".join(parts)


def _in_words(cases: Sequence[MapCase]) -> str:
    """The map in words: how far apart the places are, and how well each is known."""
    apart = [
        f"{a.number} and {b.number}: {metres_words(distance_m(a, b))}"
        for i, a in enumerate(cases)
        for b in cases[i + 1 :]
    ][:10]
    known = [
        f"case {c.number} within {metres_words(c.precision_m)}"
        for c in cases
        if c.precision_m is not None
    ]
    words = f"Distances between the points given, case {'; '.join(apart)}." if apart else ""
    precision = f" Precision of the places: {listed(known)}." if known else ""
    return (words + (precision or " The precision of the places is not recorded.")).strip()
