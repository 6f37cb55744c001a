"""A group of cases as the tests of ordinary explanations see it, and small words they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from openverdict.cases import Register, dictionary
from openverdict.cases.words import item_label
from openverdict.evidence import Model

RARE = 0.05  # a test finds its explanation below this, divided by the number of things looked at


@dataclass(frozen=True)
class Group:
    """`members` (case numbers in order of time) of a register under a model; `carries`: names of the variables that hold
    it together.
    """

    model: Model
    register: Register
    members: tuple[int, ...]
    carries: tuple[str, ...] = ()

    @cached_property
    def rows(self) -> pl.DataFrame:
        """The members' rows."""
        return self.register.table[list(self.members)]

    @cached_property
    def ids(self) -> list[str]:
        """The members' case numbers as recorded."""
        return list(self.rows.get_column("case_id"))

    @cached_property
    def others(self) -> npt.NDArray[np.bool_]:
        """Which cases of the register are not members."""
        mask = np.ones(self.model.n, dtype=bool)
        mask[list(self.members)] = False
        return mask

    def within(self, days: int) -> npt.NDArray[np.bool_]:
        """Which cases lie between so many days before the first member and after the last."""
        day = self.model.slots.day
        mine = day[list(self.members)]
        inside: npt.NDArray[np.bool_] = (day >= mine.min() - days) & (day <= mine.max() + days)
        return inside

    @cached_property
    def shared(self) -> tuple[tuple[int, str, str], ...]:
        """Coded values that all members hold which record the variable, two at least: bit, variable's label, value in words."""
        content = self.model.content
        rows = list(self.members)
        found = []
        for d, bit in enumerate(content.bit_list):
            v = content.coded[bit.variable]
            recorded = int(content.recorded[rows, bit.variable].sum())
            held = int(content.bits[rows, d].sum())
            if v.fields and not bit.negative and 2 <= recorded == held:
                field = dictionary()[v.fields[0]]
                found.append((d, v.label, item_label(field, bit.value)))
        return tuple(found)


def said(number: int, of: int) -> str:
    """So many of so many: 3 of 4, or all four as "all 4"."""
    return f"all {of}" if number == of else f"{number} of {of}"


def percent(share: float) -> str:
    """A share in per cent, to a figure that can be read: 12 %, 0.4 %, under 0.1 %."""
    if 0 < share < 0.001:
        return "under 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def times_words(ratio: float) -> str:
    """A ratio in words: 2.3 times."""
    return f"{ratio:.1f} times" if ratio < 9.95 else f"{ratio:,.0f} times"


def chance_words(p: float) -> str:
    """A probability in words: 0.03, under 0.001."""
    return "under 0.001" if p < 0.001 else f"{p:.2g}"


def listed(parts: Sequence[str]) -> str:
    """Parts as an English list."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
