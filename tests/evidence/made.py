"""Small registers made for tests: every evidence field filled at random, with shapes that real registers have."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from openverdict.cases import Register, table_schema

START = datetime(2014, 1, 1)
TOWNS = ((51.50, -0.10), (51.52, 0.02), (51.60, -0.30), (52.20, 0.12))
LISTS = {
    "substances_detected": ["ghb", "methamphetamine", "heroin", "cocaine", "ethanol", "diazepam"],
    "substances_not_detected": ["ghb", "heroin", "cocaine"],
    "clothing_state": ["displaced", "undressed"],
    "coverings": ["sheet", "coat"],
    "items_missing": ["phone", "wallet", "keys"],
    "items_present": ["small_bottle", "syringe", "note"],
    "injuries": ["grip_or_underarm_bruise", "head_injury"],
    "contact_channels": ["dating_app", "escort_site"],
    "indicators": ["anonymous_call", "same_finder", "body_moved", "host_is_repeat"],
    "identifiers": [f"phone:h{k}" for k in range(6)],
}
CODES = {
    "sex": ["male", "female"],
    "found_place_kind": ["home", "street", "park_or_churchyard", "others_home"],
    "body_position": ["sitting_propped", "supine", "prone"],
    "signs_moved": ["yes", "no"],
    "note_present": ["yes", "no"],
    "micro_place": ["churchyard_wall", "block_entrance", "stairwell", "bench"],
    "unit": ["borough", "transport_police"],
}


def register_of(rows: list[dict[str, Any]]) -> Register:
    """A register of these rows; `case_id` K0, K1 … and a first day where they are not given."""
    full = []
    for number, row in enumerate(rows):
        base = {"case_id": f"K{number}", "found_at": START, "found_at_span_s": 0}
        full.append({**base, **row})
    schema = table_schema()
    names = {name: schema[name] for row in full for name in row}
    columns = {name: [row.get(name) for row in full] for name in names}
    return Register.from_table(pl.DataFrame(columns, schema=names))


def made_rows(
    seed: int,
    n: int,
    *,
    missing: float = 0.3,
    places: str = "towns",
    persons: int = 12,
    days: int = 400,
    mentions: float = 0.05,
    incidents: float = 0.1,
) -> list[dict[str, Any]]:
    """`n` rows: `places` towns (equal coordinates), spread, or none; `persons` keys to draw from."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for k in range(n):
        found = START + timedelta(minutes=int(rng.integers(days * 1440)))
        row: dict[str, Any] = {
            "case_id": f"K{k:04d}",
            "kind": "incident" if rng.random() < incidents else "death",
            "found_at": found,
            "found_at_span_s": int(rng.choice([0, 86_400])),
            "known_from": found + timedelta(days=1),
            "last_known_alive_at": found - timedelta(hours=float(rng.exponential(60.0))),
            "age_years": float(rng.integers(16, 95)),
            "persons": _some(rng, [f"{_role(rng)}:p{q}" for q in range(persons)], 0.15),
        }
        for name, values in LISTS.items():
            row[name] = _some(rng, values, 0.25)
        for name, values in CODES.items():
            row[name] = str(rng.choice(values))
        if k and rng.random() < mentions:
            row["mentions_cases"] = [f"K{int(rng.integers(k)):04d}"]
        if places != "none":
            lat, lon = TOWNS[int(rng.integers(len(TOWNS)))]
            off = rng.normal(0, 0.01, 2) if places == "spread" else (0.0, 0.0)
            row |= {"found_lat": lat + off[0], "found_lon": lon + off[1]}
            row["found_precision_m"] = float(rng.choice([5.0, 100.0, 400.0]))
        rows.append(_thinned(rng, row, missing))
    return rows


def made(seed: int, n: int, **shape: Any) -> Register:
    """A register of `made_rows`."""
    return register_of(made_rows(seed, n, **shape))


def _role(rng: np.random.Generator) -> str:
    return str(rng.choice(["finder", "caller", "last_contact"]))


def _some(rng: np.random.Generator, values: list[str], share: float) -> list[str]:
    return sorted({v for v in values if rng.random() < share})


def _thinned(rng: np.random.Generator, row: dict[str, Any], missing: float) -> dict[str, Any]:
    """The row with a part of its cells left out: both coordinates together, never what is required."""
    kept = {}
    without_place = rng.random() < missing
    for name, value in row.items():
        placed = name.startswith(("found_lat", "found_lon", "found_precision"))
        needed = name in ("case_id", "kind", "found_at", "found_at_span_s", "mentions_cases")
        drop = without_place if placed else rng.random() < missing
        if needed or not drop:
            kept[name] = value
    return kept
