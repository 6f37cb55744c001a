"""Readable but hardly true: notes on values that fit their field and still deserve a look before the review is believed."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from openverdict.cases import FieldType, Register, dictionary

FAR_KM = 1_000.0
LEAST_PLACES = 4  # with fewer, which of them is the odd one can't be told
NAMED = 3  # cases named in one note
EARTH_KM = 6_371.0

Floats = npt.NDArray[np.float64]


def strange(register: Register, today: date) -> tuple[str, ...]:
    """One note for each kind of strange value in a register, naming the first cases; nothing is changed or left out.

    Found after `today`; a place more than FAR_KM from the median of all others; a key of a person or an identifier with a
    space in it, which looks like a name. A note never repeats a key.
    """
    return tuple(_later(register, today) + _far(register) + _named(register))


def _later(register: Register, today: date) -> list[str]:
    found = pl.col("found_at")
    cases = register.table.filter(found.dt.date() > today).get_column("case_id").to_list()
    said = f"found_at lies after today ({today}); is the year right?"
    return [f"{_cases(cases)}: {said}"] if cases else []


def _far(register: Register) -> list[str]:
    notes = []
    for lat in (name for name in dictionary() if name.endswith("_lat")):
        lon = f"{lat.removesuffix('lat')}lon"
        placed = register.table.drop_nulls([lat, lon]) if lon in dictionary() else None
        if placed is None or placed.height < LEAST_PLACES:
            continue
        far = _km_from_others(placed.get_column(lat).to_numpy(), placed.get_column(lon).to_numpy())
        cases = placed.filter(pl.Series(far > FAR_KM)).get_column("case_id").to_list()
        if cases:
            said = f"more than {FAR_KM:,.0f} km from the middle of all other places"
            notes.append(
                f"{_cases(cases)}: {lat}, {lon} {said}; perhaps latitude and longitude are swapped"
            )
    return notes


def _named(register: Register) -> list[str]:
    notes = []
    for field in dictionary().values():
        if field.type is not FieldType.KEYS or field.name not in register.table.columns:
            continue
        spaced = pl.col(field.name).list.eval(pl.element().str.contains(r":.*\S\s+\S")).list.any()
        cases = register.table.filter(spaced).get_column("case_id").to_list()
        if cases:
            said = "holds a key with a space in it; keys are pseudonyms: write no names"
            notes.append(f"{_cases(cases)}: {field.name} {said}")
    return notes


def _cases(cases: list[str]) -> str:
    more = len(cases) - NAMED
    word = "case" if len(cases) == 1 else "cases"
    return f"{word} {', '.join(cases[:NAMED])}" + (f" and {more:,} more" if more > 0 else "")


def _km_from_others(lat: Floats, lon: Floats) -> Floats:
    """Great-circle distance of each place from the median latitude and longitude of all the others, in km."""
    turned = (
        lon - lon[0] + 180
    ) % 360 - 180  # so that a register on the date line stays in one piece
    lat_a, lat_b = np.radians(lat), np.radians(_median_of_others(lat))
    apart = np.radians(turned - _median_of_others(turned))
    half = np.sin((lat_a - lat_b) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin(apart / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def _median_of_others(values: Floats) -> Floats:
    """For each value, the median of all but itself."""
    n = len(values)
    order = np.argsort(values, kind="stable")
    rank = np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n)
    low, high = (n - 2) // 2, (n - 1) // 2  # places of the median among the n - 1 others
    ordered = values[order]
    return np.asarray(
        (ordered[low + (rank <= low)] + ordered[high + (rank <= high)]) / 2, dtype=np.float64
    )
