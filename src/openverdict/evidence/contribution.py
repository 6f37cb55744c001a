"""Contribution: what one evidence variable adds to the log10 likelihood ratio of a pair, with what it was made from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contribution:
    """One term of a pair's log10 likelihood ratio; the terms add up to the ratio.

    `earlier` and `later` are the two values in words (None: missing, and then `log10_lr` is exactly 0). `comparison`
    says how they compare ("430 m apart", "same", "both name ghb"). `kernel` is k, `rarity` is p, `count` of `of` other
    cases of the register stand behind the rarity, `theta` is the consistency, `weight` how many times the log ratio counts.
    """

    variable: str
    label: str
    log10_lr: float
    earlier: str | None
    later: str | None
    comparison: str
    kernel: float | None
    rarity: float | None
    count: int | None
    of: int | None
    theta: float
    note: str = ""
    weight: float = 1.0
