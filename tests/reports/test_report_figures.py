"""Maps, timelines and bars: true to distance, time and sign, and never outside their frame."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reports.reading import read

from openverdict.errors import InputError
from openverdict.reports import render_report, write_review
from openverdict.reports.figures import (
    MapCase,
    Ring,
    TimeCase,
    bars,
    place_map,
    read_outline,
    timeline,
)
from openverdict.reports.figures.outline import clipped, near_frame
from openverdict.reports.figures.place_map import HEIGHT, WIDTH, distance_m, nice_step

lats = st.floats(-80, 80)
lons = st.floats(-180, 180)
moments = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1))


@given(st.lists(st.tuples(lats, lons), min_size=1, max_size=6))
def test_every_case_lies_inside_the_frame_of_its_map(points):
    lat, lon = points[0]
    near = [(lat + (a - lat) / 100, lon + (b - lon) / 1000) for a, b in points]
    drawn = place_map([MapCase(i, a, b, 50.0) for i, (a, b) in enumerate(near, 1)])
    assert drawn is not None
    for mark in drawn.marks:
        assert 0 <= float(mark.x) <= WIDTH
        assert 0 <= float(mark.y) <= HEIGHT


def test_the_scale_bar_is_as_long_as_it_says():
    a, b = MapCase(1, 51.5, 0.0, None), MapCase(2, 51.5, 0.02, None)
    drawn = place_map([a, b])
    assert drawn is not None
    metres_a_unit = distance_m(a, b) / (float(drawn.marks[1].x) - float(drawn.marks[0].x))
    said = {"200 m": 200, "500 m": 500}[drawn.bar_words]
    assert float(drawn.bar_width) * metres_a_unit == pytest.approx(said, rel=0.01)


def test_distances_agree_with_the_length_of_a_degree():
    assert distance_m(MapCase(1, 0, 0, None), MapCase(2, 1, 0, None)) == pytest.approx(
        111_195, 1e-4
    )


def test_places_on_both_sides_of_the_date_line_are_near_each_other():
    drawn = place_map([MapCase(1, -17, 179.999, None), MapCase(2, -17, -179.999, None)])
    assert drawn is not None
    assert "210 m" in drawn.words


def test_cases_at_one_spot_share_a_label():
    drawn = place_map([MapCase(i, 51.5, 0.0, None) for i in (1, 2, 3)])
    assert drawn is not None
    assert [mark.label for mark in drawn.marks] == ["1, 2, 3", "", ""]


def test_an_incident_at_a_deaths_point_is_drawn_around_it_and_said():
    here = [MapCase(1, 51.5, 0.0, None, incident=True), MapCase(2, 51.5, 0.0, None)]
    drawn = place_map(here)
    assert drawn is not None
    assert [mark.around for mark in drawn.marks] == [True, False]
    assert "an open square around a circle: incident 1 with death 2." in drawn.words
    apart = place_map([here[0], MapCase(2, 51.6, 0.0, None)])
    assert apart is not None
    assert not any(mark.around for mark in apart.marks)


def test_degrees_and_scale_stand_outside_the_frame_where_no_dot_lies(html):
    svg = next(n for n in read(html).all("svg") if "map" in (n.attrs["aria-labelledby"] or ""))
    ticks = [n for n in svg.all("text") if n.attrs["class"] == "tick" and "°" in n.text()]
    assert ticks
    assert all(float(n.attrs["x"] or 0) < 0 or float(n.attrs["y"] or 0) < 0 for n in ticks)


def test_other_cases_are_thinned_and_counted():
    others = np.linspace(51.5, 51.505, 5000), np.zeros(5000)
    drawn = place_map([MapCase(1, 51.5, 0.0, None)], others)
    assert drawn is not None
    assert drawn.dots.count("M") <= 400
    assert "other cases of the register in this frame, of which one in" in drawn.dots_words


def test_without_a_place_there_is_no_map():
    assert place_map([]) is None


@given(st.floats(1e-6, 1e9))
def test_a_nice_step_is_one_two_or_five(raw):
    step = nice_step(raw)
    assert raw * 0.99 <= step <= raw * 5.01
    assert round(step / 10 ** math.floor(math.log10(step) + 1e-9)) in (1, 2, 5)


@given(st.lists(st.tuples(moments, st.none() | st.floats(0, 90)), min_size=1, max_size=8))
def test_a_timeline_keeps_order_and_stays_inside(cases):
    rows = [
        TimeCase(i, None if days is None else end - timedelta(days=days), end, f"case {i}")
        for i, (end, days) in enumerate(cases, 1)
    ]
    drawn = timeline(rows, [end for end, _ in cases])
    for row in drawn.rows:
        assert 0 <= float(row.end) <= 360
        assert row.start is None or 0 <= float(row.start) <= float(row.end) + 0.1
    order = sorted(range(len(cases)), key=lambda i: cases[i][0])
    assert [float(drawn.rows[i].end) for i in order] == sorted(float(r.end) for r in drawn.rows)
    assert len(drawn.labels) <= 4


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=20))
def test_bars_go_right_for_and_left_against(values):
    for value, bar in zip(values, bars(values), strict=True):
        assert bar.against is (value < 0)
        assert float(bar.start) >= 0
        assert float(bar.start) + float(bar.width) <= 120.7
        side = float(bar.start) - float(bar.zero)
        assert side <= 0.01 if value < 0 else abs(side) <= 0.11


def test_a_polygon_is_cut_to_the_frame():
    square = [(-50.0, -50.0), (50.0, -50.0), (50.0, 50.0), (-50.0, 50.0)]
    assert sorted(set(clipped(square, 100, 100))) == [(0, 0), (0, 50), (50, 0), (50, 50)]
    assert clipped([(200.0, 0.0), (300.0, 0.0), (300.0, 50.0)], 100, 100) == []


def test_an_outline_is_drawn_when_it_is_given(tmp_path, review):
    ring = [[0.0, 51.4], [0.2, 51.4], [0.079, 51.535], [0.0, 51.4]]
    shape = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}}
    path = tmp_path / "area.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [shape]}), "utf-8")
    assert 'class="outline"' in render_report(review, outline=read_outline(path))
    write_review(review, tmp_path / "out", outline=path)
    assert 'class="outline"' in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


POLYGON = '{"type": "Polygon", "coordinates": %s}'
HOSTILE = {
    "empty": "",
    "a list": "[]",
    "no type": "{}",
    "a point": '{"type": "Point", "coordinates": [0, 0]}',
    "no places": '{"type": "Polygon"}',
    "a grid in metres": POLYGON % "[[[530000, 180000], [530100, 180000], [530100, 180100]]]",
    "no numbers": POLYGON % '[[["0", "51"], ["0", "52"], ["1", "52"]]]',
    "truth for numbers": POLYGON % "[[[true, false], [true, true], [false, false]]]",
    "half a place": POLYGON % "[[[0], [1], [2]]]",
    "not a number": POLYGON % "[[[NaN, 51], [0, 52], [1, 52]]]",
    "endless": POLYGON % "[[[1e999, 51], [0, 52], [1, 52]]]",
    "very large": POLYGON % f"[[[1{'0' * 400}, 51], [0, 52], [1, 52]]]",
    "nested": '{"type": "GeometryCollection", "geometries": [' * 40 + "]}" * 40,
    "nested past reading": "[" * 100_000,
    "in itself": '{"type": "Feature", "geometry": ' * 30 + "null" + "}" * 30,
    "another text": "\udcff",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_outline_is_refused_in_one_line_with_the_mend(tmp_path: Path, text):
    path = tmp_path / "area.geojson"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match="GeoJSON") as refused:
        read_outline(path)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


def test_an_outline_that_is_too_large_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "area.geojson"
    path.write_text(POLYGON % "[[[0, 51], [1, 51], [1, 52], [0, 51]]]", "utf-8")
    assert [tuple(ring) for ring in read_outline(path)] == [((0, 51), (1, 51), (1, 52), (0, 51))]
    monkeypatch.setattr("openverdict.reports.figures.outline.MOST_POINTS", 3)
    with pytest.raises(InputError, match="more than 3 points"):
        read_outline(path)
    monkeypatch.setattr("openverdict.reports.figures.outline.LARGEST_MB", 0)
    with pytest.raises(InputError, match="more than 0 MB"):
        read_outline(path)


def area(ring):
    """Twice the area that a ring goes around."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], *ring[:1]], strict=True))


@given(st.lists(st.tuples(st.integers(-300, 300), st.integers(-300, 300)), max_size=40))
def test_points_that_are_left_out_beyond_the_frame_change_nothing_within(ring):
    points = np.array(ring, dtype=np.float64).reshape(-1, 2)
    near = near_frame(points, 100, 100)
    assert len(near) <= len(ring)
    every, few = clipped([(float(x), float(y)) for x, y in ring], 100, 100), clipped(near, 100, 100)
    within = [[p for p in cut if min(p) > 0.5 and max(p) < 99.5] for cut in (few, every)]
    assert np.allclose(within[0], within[1], atol=1e-6)
    assert area(few) == pytest.approx(area(every), abs=1e-6)


def test_an_outline_on_the_far_side_of_the_earth_draws_no_line_across_the_map():
    far = Ring([(179.0, 51.0), (-179.0, 51.0), (-179.0, 52.0), (179.0, 52.0), (179.0, 51.0)])
    here = place_map([MapCase(1, 51.5, 0.1, 50.0)], None, [far])
    assert here is not None
    assert here.outline == ""
    there = place_map([MapCase(1, 51.5, 180.0, 50.0), MapCase(2, 51.2, 178.0, 50.0)], None, [far])
    assert there is not None
    assert there.outline.startswith("M")
