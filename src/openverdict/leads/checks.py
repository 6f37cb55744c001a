"""Enquiries never recorded as made: what the checks vocabulary expects of a case, less what was done."""

from __future__ import annotations

import polars as pl

from openverdict.cases import checks
from openverdict.leads.rules import holds, settings


def checks_never_made(table: pl.DataFrame) -> pl.DataFrame:
    """For every case of a prepared table: `expected` and `missing`, lists of checks in the vocabulary's order.

    `missing` is null where the record does not list its enquiries at all: then nothing can be said of any one of them.
    A non-fatal incident is expected to have none.
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
    return table.select(
        "case_id",
        expected=_names(wanted),
        missing=pl.when(pl.col("checks_done").is_not_null()).then(_names(open_still)),
    )


def _names(flags: dict[str, pl.Expr]) -> pl.Expr:
    """The names whose flag is true, as one list column."""
    return pl.concat_list(
        pl.when(flag).then(pl.lit(name)) for name, flag in flags.items()
    ).list.drop_nulls()
