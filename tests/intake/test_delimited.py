"""CSV cells of any length: a long narrative is read, and what no narrative is as long as is refused by its line."""

from __future__ import annotations

import pytest

from openverdict.errors import InputError
from openverdict.intake.delimited import LONGEST_CELL, read_delimited


def test_a_long_narrative_is_read_whole():
    words = "found by the canal " * 20_000
    table = read_delimited("a.csv", f"case_id,narrative\nA,{words}\n".encode())
    assert [row[1] for row in table.records] == [words]


def test_a_quotation_mark_that_is_never_closed_is_refused():
    with pytest.raises(InputError, match="line"):
        read_delimited("a.csv", b'case_id,narrative\nA,"' + b"x" * (LONGEST_CELL + 10))
