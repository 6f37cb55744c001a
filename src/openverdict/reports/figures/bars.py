"""One bar a contribution: to the right of zero for belonging together, to the left against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 120.0
_SMALLEST = 1.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar in a drawing `WIDTH` wide, with the place of zero."""

    zero: str
    start: str
    width: str
    against: bool


def bars(values: Sequence[float]) -> tuple[Bar, ...]:
    """Bars of one table on one common scale; the scale never spans less than one power of ten."""
    high = max([*values, _SMALLEST])
    low = max([-value for value in values] + [0.2 * high])
    unit = (WIDTH - 2) / (high + low)
    zero = 1 + low * unit
    return tuple(
        Bar(
            f"{zero:.1f}",
            f"{zero + min(value, 0) * unit:.1f}",
            f"{max(abs(value) * unit, 0.6 if value else 0):.1f}",
            value < 0,
        )
        for value in values
    )
