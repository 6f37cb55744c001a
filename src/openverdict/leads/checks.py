"""Enquiries never recorded as made: what the checks vocabulary expects of a case, less what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import polars as pl

from openverdict.cases import checks
from openverdict.leads.rules import holds, settings


def checks_never_made(table: pl.DataFrame) -> list[tuple[tuple[str, ...], tuple[str, ...] | None]]:
    """For every case of a prepared table: the checks expected, and those of them never recorded as made.

    The second is None where the record does not list its enquiries at all: then nothing can be said of any one of them.
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
    listed = table.get_column("checks_done").is_not_null()
    return [
        (expected, missing if said else None)
        for expected, missing, said in zip(
            _names(table, wanted), _names(table, open_still), listed, strict=True
        )
    ]


def _names(table: pl.DataFrame, flags: Mapping[str, pl.Expr]) -> Sequence[tuple[str, ...]]:
    """The names whose flag is true, row by row; rows with the same flags share one tuple."""
    names = tuple(flags)
    matrix = table.select(flag.alias(name) for name, flag in flags.items()).to_numpy()
    bits = matrix.astype(np.int64) @ (1 << np.arange(len(names), dtype=np.int64))

    @cache
    def decode(mask: int) -> tuple[str, ...]:
        return tuple(name for bit, name in enumerate(names) if mask >> bit & 1)

    return [decode(mask) for mask in bits.tolist()]
