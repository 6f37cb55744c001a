"""What fields weigh, read back from the words of a proposal: the same as what was written, whatever the level."""

from __future__ import annotations

import polars as pl
import pytest

from openverdict.identity.comparisons import COMPARISONS, DIFFERENT, MISSING
from openverdict.identity.propose import _why
from openverdict.identity.weighed import BESIDE, weighed

EVERY = [(c, level) for c in COMPARISONS for level in c.levels]


def written(levels: dict[str, str], bits: float, prior: float = -12.0, kin: float = 0.0) -> str:
    """The words that a proposal with these levels gets; fields that are not named are missing."""
    row: dict[str, object] = {f"level_{c.name}": levels.get(c.name, MISSING) for c in COMPARISONS}
    row |= {f"weight_{c.name}": bits for c in COMPARISONS}
    table = pl.DataFrame([{**row, "weight_prior": prior, "weight_kin": kin}])
    return str(table.select(_why()).item())


@pytest.mark.parametrize(("comparison", "level"), EVERY, ids=lambda each: each.name)
def test_what_is_written_of_a_level_is_read_back(comparison, level):
    found = weighed(written({comparison.name: level.name}, -3.25))
    (own,) = [each for each in found if each.bits is not None and each.name not in BESIDE]
    assert (own.name, own.label, own.words) == (comparison.name, comparison.label, level.words)
    assert own.bits == pytest.approx(-3.2, abs=0.1)
    assert own.differs == (level.name == DIFFERENT)


def test_every_field_has_a_row_and_what_is_missing_weighs_nothing():
    found = weighed(written({"forename": "same"}, 8.0, kin=-1.5))
    assert [each.name for each in found] == [*(c.name for c in COMPARISONS), *BESIDE]
    assert [each.bits for each in found if each.name in BESIDE] == [-12.0, -1.5]
    others = [each for each in found if each.name not in ("forename", *BESIDE)]
    assert {(each.bits, each.words) for each in others} == {(None, "missing in one of the two")}


def test_words_of_another_version_are_shown_as_they_are():
    found = weighed("shoe size the same (+2.0); no number at all")
    assert [(each.words, each.bits) for each in found[-2:]] == [
        ("shoe size the same", 2.0),
        ("no number at all", None),
    ]
    assert all(each.bits is None for each in weighed(""))
