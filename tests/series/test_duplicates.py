"""What looks like one death recorded twice, and what does not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from tests.evidence.made import made_rows, register_of

from openverdict.evidence import Model, load_variables, prepare
from openverdict.series import set_aside

FIRST: dict[str, Any] = {
    "case_id": "A1",
    "found_at": datetime(2014, 3, 5, 9),
    "found_at_span_s": 0,
    "found_lat": 51.53,
    "found_lon": 0.07,
    "found_precision_m": 10.0,
    "age_years": 41.0,
    "sex": "male",
    "persons": ["finder:F1"],
}


def pair_of(**second: Any) -> tuple[bool, bool]:
    """Whether FIRST and a second record of it, changed as said, are set aside; and whether all other pairs are kept."""
    rows = [
        r
        for r in made_rows(4, 40, missing=0.2)
        if r["found_at"].year < 2014 or r["found_at"].month > 4
    ]
    rows += [
        FIRST,
        {**FIRST, "case_id": "A2", "found_at": FIRST["found_at"] + timedelta(hours=5), **second},
    ]
    register = register_of(rows)
    ids = register.table.get_column("case_id").to_list()
    model = Model(prepare(register, load_variables()))
    j, i = np.tril_indices(model.n, -1)
    found = set_aside(model, i, j)
    named = {tuple(sorted((ids[a], ids[b]))) for a, b in found.pairs.tolist()}
    later = ids.index("A2")
    others = (i != later) & (j != later)
    return ("A1", "A2") in named, bool(found.kept[others].all()) if named == {
        ("A1", "A2")
    } else True


def test_two_records_of_one_death_are_set_aside_and_nothing_else():
    assert pair_of() == (True, True)


def test_what_is_missing_in_one_record_is_no_conflict():
    assert pair_of(sex=None, age_years=None)[0]


@pytest.mark.parametrize(
    "differs",
    [
        {"sex": "female"},
        {"age_years": 52.0},
        {"found_lat": 51.56},
        {"found_at": FIRST["found_at"] + timedelta(days=9)},
        {"age_years": None, "persons": None},
    ],
)
def test_a_conflict_or_too_little_agreement_makes_two_deaths(differs):
    assert not pair_of(**differs)[0]
