"""Enquiries never recorded as made: what the checks vocabulary expects of a case, less what was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from openverdict.cases import checks
from openverdict.leads.rules import holds, settings

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """The checks expected of every case, and those of them never recorded as made; `listed`: whether the record lists its
    enquiries at all, without which nothing can be said of any one of them.

    Both as the distinct sets of names and, for every case, the place of its own among them.
    """

    expected: tuple[Names, ...]
    expected_of: npt.NDArray[np.int64]
    missing: tuple[Names, ...]
    missing_of: npt.NDArray[np.int64]
    listed: npt.NDArray[np.bool_]


def checks_never_made(table: pl.DataFrame) -> Checked:
    """For every case of a prepared table: the checks expected, and those of them never recorded as made.

    Checks stand in the vocabulary's order. A non-fatal incident is expected to have none.
    """
    rules = settings()
    death = pl.col("kind").fill_null("death") == "death"
    wanted, open_still = {}, {}
    for name, check in checks().items():
        entry = rules["expected"][check.expected]
        wanted[name] = holds(entry.get("when", []), entry.get("any", [])) & death
        made = pl.col("checks_done").list.contains(name).fill_null(value=False)
        if name in rules["made"]:
            made = made | holds(rules["made"][name])
        open_still[name] = wanted[name] & ~made
    listed = table.get_column("checks_done").is_not_null().to_numpy()
    return Checked(*_names(table, wanted), *_names(table, open_still), listed)


def _names(
    table: pl.DataFrame, flags: Mapping[str, pl.Expr]
) -> tuple[tuple[Names, ...], npt.NDArray[np.int64]]:
    """The distinct sets of names whose flags are true together, and which of them each row has."""
    columns = table.select(flag.alias(name) for name, flag in flags.items())
    bits = np.zeros(table.height, np.int64)
    for bit, column in enumerate(columns.iter_columns()):
        bits |= column.to_numpy().astype(np.int64) << bit
    masks, which = np.unique(bits, return_inverse=True)
    sets = [
        tuple(name for bit, name in enumerate(flags) if mask >> bit & 1) for mask in masks.tolist()
    ]
    return tuple(sets), which
