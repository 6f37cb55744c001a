"""The guide says what the limits are, from the one place where they stand."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from openverdict.documents.limits import LIMITS, Limits, limits_table, plain

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "documents.md"


def test_the_table_of_limits_in_the_guide_is_the_one_in_force():
    assert limits_table() in GUIDE.read_text(encoding="utf-8")


def test_every_limit_says_what_it_is_of():
    assert all(field.metadata["says"] for field in fields(Limits))
    assert all(getattr(LIMITS, field.name) > 0 for field in fields(Limits))


@pytest.mark.parametrize(
    ("name", "most", "said"),
    [
        ("file_bytes", 64 << 20, "64 MiB"),
        ("memory_bytes", 1 << 30, "1 GiB"),
        ("header_bytes", 256 << 10, "256 KiB"),
        ("unpacked_bytes", 1_000, "1,000 bytes"),
        ("wall_s", 120, "120 s"),
        ("pages", 2_000, "2,000"),
    ],
)
def test_a_limit_is_written_in_the_unit_that_people_use(name, most, said):
    assert plain(name, most) == said
