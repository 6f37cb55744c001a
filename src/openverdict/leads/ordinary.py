"""Ordinary explanations: for a set of cases, what innocent concentration could have brought them together."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from openverdict.cases import Register, dictionary
from openverdict.cases.words import item_label
from openverdict.evidence import Model

HOT_SPOT_M = 100.0
HOT_SPOT_OTHERS = 3
BATCH_DAYS = 10


def ordinary_explanations(
    model: Model, register: Register, members: tuple[int, ...]
) -> tuple[str, ...]:
    """One sentence an explanation, each with its count, in a fixed order; those that find nothing say so in one line."""
    found = [
        line
        for line in (
            _hot_spot(model, members),
            _batch(model, register, members),
            _surge(model, members),
            _kind(model, members),
            _unit(register, members),
            _one_event(model, register, members),
            _duplicate(register, members),
        )
        if line
    ]
    return tuple(found) or (
        "Looked for and not found: a place where many deaths happen, a supply batch, a local surge, "
        "one unit's habits of recording, one event with several deaths, a death recorded twice.",
    )


def _hot_spot(model: Model, members: tuple[int, ...]) -> str | None:
    placed = [m for m in members if model.slots.placed[m]]
    others = np.setdiff1d(np.flatnonzero(model.slots.placed), members)
    most = 0
    for m in placed:
        metres = model.metres(np.full(len(others), m), others)
        most = max(most, int((metres <= HOT_SPOT_M).sum()))
    if most < HOT_SPOT_OTHERS:
        return None
    return f"A place where many deaths happen: {most:,} other cases within {HOT_SPOT_M:.0f} m of one of these."


def _batch(model: Model, register: Register, members: tuple[int, ...]) -> str | None:
    rows = register.table[list(members)]
    lists = [set(x) for x in rows.get_column("substances_detected") if x is not None]
    shared = set.intersection(*lists) if len(lists) == len(members) else set()
    if not shared:
        return None
    first, last = rows.get_column("found_at").min(), rows.get_column("found_at").max()
    if last - first > timedelta(days=2 * BATCH_DAYS):  # type: ignore[operator]
        return None
    around = register.table.filter(
        pl.col("found_at").is_between(
            first - timedelta(days=BATCH_DAYS),  # type: ignore[operator]
            last + timedelta(days=BATCH_DAYS),  # type: ignore[operator]
        )
    )
    has = pl.all_horizontal(
        pl.col("substances_detected").list.contains(s).fill_null(False) for s in sorted(shared)
    )
    count = around.filter(has).height - len(members)
    if count < 1:
        return None
    named = ", ".join(item_label(dictionary()["substances_detected"], s) for s in sorted(shared))
    return f"A supply batch: {count:,} other deaths with {named} within {BATCH_DAYS} days of these."


def _surge(model: Model, members: tuple[int, ...]) -> str | None:
    surge = float(max(model.around.surge[m] for m in members))
    if surge < 1.5:
        return None
    return f"A local surge: deaths nearby were up to {surge:.1f} times as frequent in those weeks as usual."


def _kind(model: Model, members: tuple[int, ...]) -> str | None:
    learned = model.learned
    number = next((k for k, v in enumerate(learned.content.coded) if v.kernel == "type"), None)
    if number is None or len(learned.type_names) < 2:
        return None
    bits = [d for d, b in enumerate(learned.content.bit_list) if b.variable == number]
    kinds = [int(d) for m in members for d in bits if learned.content.bits[m, d]]
    if len(kinds) != len(members) or len(set(kinds)) != 1:
        return None
    d = kinds[0]
    name = learned.content.bit_list[d].value.partition(": ")[2].replace("_", " ")
    return (
        f"One kind of death ({name}): {int(learned.count[d]) - len(members):,} other cases are of this kind; "
        "what is usual among them was not counted again."
    )


def _unit(register: Register, members: tuple[int, ...]) -> str | None:
    units = register.table[list(members)].get_column("unit")
    if units.null_count() or units.n_unique() != 1:
        return None
    count = register.table.filter(pl.col("unit") == units[0]).height
    return (
        f"One unit's habits: all were recorded by {units[0]}, which keeps {count:,} of the cases."
    )


def _one_event(model: Model, register: Register, members: tuple[int, ...]) -> str | None:
    """Two people who died together are one event, not a series."""
    days = register.table[list(members)].get_column("found_at").dt.date()
    ids = register.table.get_column("case_id")
    for a in range(len(members)):
        for b in range(a + 1, len(members)):
            i, j = members[a], members[b]
            if not (model.slots.placed[i] and model.slots.placed[j]) or days[a] != days[b]:
                continue
            if float(model.metres(np.array([i]), np.array([j]))[0]) <= HOT_SPOT_M:
                return f"One event: {ids[i]} and {ids[j]} were found on one day at one place."
    return None


def _duplicate(register: Register, members: tuple[int, ...]) -> str | None:
    rows = register.table[list(members)]
    days = rows.get_column("found_at").dt.date()
    for a in range(len(members)):
        for b in range(a + 1, len(members)):
            same = all(
                rows.get_column(f)[a] is not None and rows.get_column(f)[a] == rows.get_column(f)[b]
                for f in ("age_years", "sex")
            )
            if same and abs((days[a] - days[b]).days) <= 1:
                ids = rows.get_column("case_id")
                return f"A death recorded twice: {ids[a]} and {ids[b]} agree in age and sex and lie within a day."
    return None
