"""Ordinary explanations by time: a supply batch, a local surge, a season, a change in what is recorded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import fisher_exact, hypergeom

from openverdict.cases import dictionary
from openverdict.cases.words import counted, item_label
from openverdict.leads.group import RARE, Group, chance_words, percent, times_words
from openverdict.leads.results import OrdinaryTest

BATCH_DAYS = 90
BATCH_OTHERS = 2
MORE_OFTEN = 2.0  # times as many as an even spread over the register would put there
SURGE = 1.5
CHANGE_DAYS = 30
NEARLY_ALL = (
    0.8  # a window that holds more of the register than this cannot be compared with the rest
)
YEAR = 365.25


def batch(group: Group) -> OrdinaryTest:
    """Whether the other deaths that name a substance which these share crowd round them in time."""
    label = "A supply batch"
    test = (
        f"For each substance that all of these name: other deaths that name it from {BATCH_DAYS} days before the first to "
        f"{BATCH_DAYS} days after the last, against all deaths with toxicology (hypergeometric tail, times the substances)."
    )
    column = group.rows.get_column("substances_detected")
    lists = [set(x) for x in column if x is not None]
    if len(lists) < 2:
        result = "Substances are recorded for fewer than two of these."
        return OrdinaryTest("batch", label, test, result, None, None)
    shared = sorted(set.intersection(*lists))
    if not shared:
        result = f"The {len(lists)} of these with toxicology share no substance."
        return OrdinaryTest("batch", label, test, result, None, False)
    found = group.register.table.get_column("substances_detected")
    tested = found.is_not_null().to_numpy() & group.others
    inside = tested & group.within(BATCH_DAYS)
    best: tuple[float, float, int, int, str] | None = None
    for substance in shared:
        has = tested & found.list.contains(substance).fill_null(value=False).to_numpy().astype(bool)
        here, overall = int((has & inside).sum()), int(has.sum())
        p = float(hypergeom.sf(here - 1, int(tested.sum()), overall, int(inside.sum())))
        expected = overall * float(inside.sum()) / max(int(tested.sum()), 1)
        entry = (min(p * len(shared), 1.0), expected, here, overall, substance)
        best = entry if best is None or entry < best else best
    assert best is not None  # noqa: S101 (there is a shared substance)
    p, expected, here, overall, substance = best
    named = item_label(dictionary()["substances_detected"], substance)
    result = (
        f"{here:,} of {counted(overall, 'other death')} that {'names' if overall == 1 else 'name'} {named} lie in that time; "
        f"an even spread would put {expected:.1f} there (probability of as many {chance_words(p)})."
    )
    is_found = here >= BATCH_OTHERS and p <= RARE and here >= MORE_OFTEN * expected
    return OrdinaryTest("batch", label, test, result, p, is_found)


def surge(group: Group) -> OrdinaryTest:
    """Whether more happened nearby in those weeks than usual."""
    around = group.model.around
    label = "A local surge"
    test = (
        "Deaths among the 60 nearest places within a week on either side of each of these, against their number over the whole "
        "register, three cases left out."
    )
    placed = [m for m in group.members if group.model.slots.placed[m]]
    if not placed:
        return OrdinaryTest("surge", label, test, "None of these has a place.", None, None)
    most = float(max(around.surge[m] for m in placed))
    if most <= 1.0:
        result = "Nowhere more than usual."
        return OrdinaryTest("surge", label, test, result, 1.0, False)
    result = f"Up to {times_words(most)} as many as usual; the nearness in time is priced with it."
    return OrdinaryTest("surge", label, test, result, most, most >= SURGE)


def season(group: Group) -> OrdinaryTest:
    """Whether they fall into one part of the year, over more than one year.

    The shortest part r of the year that holds all k of them has, for even dates, the probability k r^(k-1) for r <= 1/2.
    """
    label = "A season"
    test = "The shortest part of the year that holds all of these, and how probable so short a part is when dates fall evenly."
    days = np.sort(group.model.slots.day[list(group.members)].astype(float))
    span = float(days[-1] - days[0])
    if span < YEAR:
        result = f"They lie within {counted(round(span), 'day')}: season cannot be told from nearness in time, which is priced."
        return OrdinaryTest("season", label, test, result, None, None)
    r, k = shortest_part_of_year(days), len(days)
    if r > 0.5:
        result = f"They spread over {percent(r)} of the year."
        return OrdinaryTest("season", label, test, result, None, False)
    p = min(k * r ** (k - 1), 1.0)
    result = f"All fall into {percent(r)} of the year (probability {chance_words(p)})."
    return OrdinaryTest("season", label, test, result, p, p <= RARE)


def shortest_part_of_year(days: npt.NDArray[np.float64]) -> float:
    """The shortest arc of the year, as a part of it, that holds all the days."""
    at = np.sort(np.mod(days, YEAR) / YEAR)
    gaps = np.diff(np.append(at, at[0] + 1.0))
    return float(1.0 - gaps.max())


def recording(group: Group) -> OrdinaryTest:
    """Whether what holds these together was recorded, or found, more often in their time than outside it."""
    label = "A change in what is recorded"
    test = (
        "For each variable that carries the group, how often it is recorded, and for each value they share how often it is "
        f"found where it is recorded: from {CHANGE_DAYS} days before the first to {CHANGE_DAYS} days after the last, against "
        "the rest of the register (Fisher’s exact test, times the number of tests)."
    )
    inside = group.within(CHANGE_DAYS)
    if inside.mean() > NEARLY_ALL:
        result = f"Their time holds {percent(float(inside.mean()))} of the register: there is no rest to compare with."
        return OrdinaryTest("recording", label, test, result, None, None)
    rows = [
        (f"{name} is recorded", flag[inside & group.others], flag[~inside & group.others])
        for name, flag in _recorded(group)
    ]
    content = group.model.content
    for d, name, value in group.shared:
        known = content.recorded[:, content.bit_list[d].variable] > 0
        has = content.bits[:, d] > 0
        rows.append(
            (
                f"{name}: {value} is found",
                has[inside & group.others & known],
                has[~inside & group.others & known],
            )
        )
    rows = [row for row in rows if len(row[1]) and len(row[2])]
    if not rows:
        result = "Nothing that carries the group can be compared."
        return OrdinaryTest("recording", label, test, result, None, None)
    tested = []
    for what, here, elsewhere in rows:
        table = [[here.sum(), (~here).sum()], [elsewhere.sum(), (~elsewhere).sum()]]
        tested.append(
            (float(fisher_exact(table, "greater")[1]), what, here.mean(), elsewhere.mean())
        )
    p, what, here_share, elsewhere_share = min(tested)
    p = min(p * len(rows), 1.0)
    result = (
        f"{counted(len(rows), 'comparison')}; the most unlike: {what} in {percent(float(here_share))} of cases in their time "
        f"and in {percent(float(elsewhere_share))} outside it (probability {chance_words(p)})."
    )
    is_found = p <= RARE and here_share >= MORE_OFTEN * elsewhere_share
    return OrdinaryTest("recording", label, test, result, p, bool(is_found))


def _recorded(group: Group) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """For each variable that carries the group, whether each case records the field it reads."""
    table = group.register.table
    result = []
    for v in group.model.variables:
        if v.name in group.carries and v.fields and v.kernel != "gap":
            column: pl.Series = table.get_column(v.fields[0])
            result.append((v.label, column.is_not_null().to_numpy()))
    return result
