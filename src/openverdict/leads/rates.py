"""Chance rates of series: how often, how well that is known, and the order that they give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from openverdict.leads.results import Measured
from openverdict.series import Chance, Series


def rate_of(series: Series, chance: Chance | None) -> float | None:
    """The chance rate of a series among its like; None where chance was not measured."""
    if chance is None:
        return None
    return chance.per_year(series.strength, series.members, by_key=series.by_key)


def by_rate(series: tuple[Series, ...], chance: Chance) -> tuple[Series, ...]:
    """Series in order of their chance rate, the rarest first; equally rare ones by strength."""
    return tuple(sorted(series, key=lambda s: (rate_of(s, chance), -s.strength, s.members)))


def measured(
    chance: Chance | None, strength: float, members: tuple[int, ...], *, by_key: bool
) -> Measured | None:
    """How well a chance rate is known; None where chance was not measured."""
    if chance is None:
        return None
    low, high = chance.interval(strength, members, by_key=by_key)
    return Measured(
        low,
        high,
        chance.one_in_all(members, by_key=by_key),
        chance.class_of(members, by_key=by_key),
        chance.second_opinion(strength, members, by_key=by_key),
    )


def group_summary(series: Series, ids: Sequence[str], chance: Chance | None) -> dict[str, Any]:
    """One of the strongest groups for `summary.json`."""
    known = measured(chance, series.strength, series.members, by_key=series.by_key)
    return {
        "cases": [ids[m] for m in series.members],
        "log10_lr": series.log10_lr,
        "strength": series.strength,
        "chance_per_year": rate_of(series, chance),
        "chance_low": known.low if known else None,
        "chance_high": known.high if known else None,
        "chance_drawn": known.drawn if known else None,
        "class": known.group_class if known else None,
    }


def chance_summary(chance: Chance | None) -> dict[str, Any]:
    """What chance was measured on, for `summary.json`."""
    if chance is None:
        return {"null_registers": 0, "null_years": 0.0, "drawn_registers": 0}
    return {
        "null_registers": chance.shuffled,
        "null_years": chance.reach_years,
        "drawn_registers": chance.drawn,
        "chance_classes": dict(chance.classes.weights),
        "chance_fits": chance.fits,
    }
