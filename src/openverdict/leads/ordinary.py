"""Ordinary explanations: for a set of cases, what innocent concentration could have brought them together."""

from __future__ import annotations

import numpy as np

from openverdict.cases import Register, dictionary
from openverdict.cases.words import counted, item_label
from openverdict.evidence import Model

HOT_SPOT_M = 100.0
HOT_SPOT_OTHERS = 3
BATCH_DAYS = 90
BATCH_OTHERS = 2
BATCH_RATIO = 3.0  # times as many as an even spread over the register would put there


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
    placed = [m for m in members if model.around.precise[m]]
    others = np.setdiff1d(np.flatnonzero(model.around.precise), members)
    most = 0
    for m in placed:
        metres = model.metres(np.full(len(others), m), others)
        most = max(most, int((metres <= HOT_SPOT_M).sum()))
    if most < HOT_SPOT_OTHERS:
        return None
    return f"A place where many deaths happen: {most:,} other cases within {HOT_SPOT_M:.0f} m of one of these."


def _batch(model: Model, register: Register, members: tuple[int, ...]) -> str | None:
    """Substances that all the cases name and that come in a wave: many of their deaths lie around these."""
    rows = register.table[list(members)]
    lists = [set(x) for x in rows.get_column("substances_detected") if x is not None]
    shared = set.intersection(*lists) if len(lists) == len(members) else set()
    day = model.slots.day
    first, last = min(day[list(members)]), max(day[list(members)])
    inside = (day >= first - BATCH_DAYS) & (day <= last + BATCH_DAYS)
    inside[list(members)] = False
    found = register.table.get_column("substances_detected")
    waves = []
    for substance in sorted(shared):
        has = found.list.contains(substance).fill_null(value=False).to_numpy().astype(bool)
        has[list(members)] = False
        here, expected = int((has & inside).sum()), float(has.sum() * inside.mean())
        if here >= BATCH_OTHERS and here >= BATCH_RATIO * expected:
            waves.append((here / max(expected, 0.1), here, int(has.sum()), substance))
    if not waves:
        return None
    _, here, overall, substance = max(waves)
    named = item_label(dictionary()["substances_detected"], substance)
    return (
        f"A supply batch: {here:,} of the {counted(overall, 'other case')} that name {named} lie between {BATCH_DAYS} days "
        f"before the first and {BATCH_DAYS} days after the last of these."
    )


def _surge(model: Model, members: tuple[int, ...]) -> str | None:
    surge = float(max(model.around.surge[m] for m in members))
    if surge < 1.5:
        return None
    return f"A local surge: deaths nearby were up to {surge:.1f} times as frequent in those weeks as usual."


def _kind(model: Model, members: tuple[int, ...]) -> str | None:
    learned = model.learned
    kinds = set(learned.kind[list(members)].tolist())
    if len(learned.type_names) < 2 or len(kinds) != 1 or -1 in kinds:
        return None
    others = int((learned.kind == kinds.pop()).sum()) - len(members)
    return (
        f"One kind of death: {counted(others, 'other case')} of the register "
        "are of this kind; what is usual among them was not counted again."
    )


def _unit(register: Register, members: tuple[int, ...]) -> str | None:
    units = register.table[list(members)].get_column("unit")
    if units.null_count() or units.n_unique() != 1:
        return None
    count = int((register.table.get_column("unit") == units[0]).sum())
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
                return f"One event: {ids[i]} and {ids[j]} were found on one day at one place, as far as the register tells."
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
