"""Readable but hardly true values are noted, by case, and nothing else is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import polars as pl
import pytest

from openverdict.cases import Register
from openverdict.intake.plausible import _median_of_others, strange

TODAY = date(2020, 1, 1)
LONDON = [(51.50 + k / 100, 0.05 + k / 100) for k in range(5)]


def register(**columns: Sequence[object]) -> Register:
    rows = len(next(iter(columns.values())))
    table = {"case_id": [f"C{k}" for k in range(rows)], "found_at": [datetime(2014, 1, 1)] * rows}
    return Register.from_table(pl.DataFrame({**table, **columns}))


def placed(places: list[tuple[float, float]]) -> Register:
    return register(found_lat=[lat for lat, _ in places], found_lon=[lon for _, lon in places])


def test_an_ordinary_register_has_no_notes():
    assert strange(placed(LONDON), TODAY) == ()
    assert strange(register(persons=[["finder:P1"], [], None]), TODAY) == ()


def test_a_case_found_after_today_is_noted_and_one_of_today_is_not():
    days = [datetime(2020, 1, 1, 23), datetime(2020, 1, 2)]
    (note,) = strange(register(found_at=days), TODAY)
    assert note.startswith("case C1: found_at lies after today")


def test_swapped_coordinates_are_noted():
    (note,) = strange(placed([*LONDON, (0.07, 51.51)]), TODAY)
    assert note.startswith("case C5: found_lat, found_lon more than 1,000 km")
    assert "swapped" in note


def test_three_places_cannot_say_which_is_the_odd_one():
    assert strange(placed([*LONDON[:2], (0.07, 51.51)]), TODAY) == ()


def test_a_register_on_the_date_line_is_in_one_piece():
    assert (
        strange(placed([(-17.0, 179.9), (-17.1, -179.9), (-17.2, 179.8), (-17, -180)]), TODAY) == ()
    )


def test_a_key_with_a_space_is_noted_and_not_repeated():
    (note,) = strange(register(persons=[["finder:Jane Doe"], ["finder:P1"], None]), TODAY)
    assert note.startswith("case C0: persons holds a key with a space")
    assert "Jane" not in note


def test_many_cases_are_counted_after_the_first_three():
    (note,) = strange(register(found_at=[datetime(2021, 1, 1)] * 5), TODAY)
    assert note.startswith("cases C0, C1, C2 and 2 more: ")


@pytest.mark.parametrize("n", [2, 3, 4, 7, 10])
def test_the_median_of_the_others_is_that_of_numpy(n: int):
    values = np.random.default_rng(n).integers(0, 6, n).astype(float)
    expected = [np.median(np.delete(values, k)) for k in range(n)]
    assert _median_of_others(values).tolist() == expected
