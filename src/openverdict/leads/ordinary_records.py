"""Ordinary explanations by the records: one kind of death, one team or coder, a death recorded twice, the reviewer's choice."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from scipy.stats import fisher_exact

from openverdict.cases.words import counted
from openverdict.leads.group import RARE, Group, chance_words, listed, percent, said
from openverdict.leads.inclusion import Inclusion
from openverdict.leads.results import OrdinaryTest
from openverdict.series.duplicates import DAYS_APART

SURE = 0.5
CHOSEN = "selection_effect"  # the indicator that says so


def kind(group: Group) -> OrdinaryTest:
    """Whether all are of one kind of death, as the register's kinds were learned."""
    label = "One kind of death, with habits of its own"
    test = (
        "The most probable kind of each (learned from this register), and how probable it is that as many cases drawn at "
        "random are all of one kind."
    )
    types = group.model.prepared.types
    if len(types.share) < 2:
        result = "The register was too small or too even for more than one kind."
        return OrdinaryTest("kind", label, test, result, None, None)
    posterior = types.posterior[list(group.members)]
    p = float((types.share ** len(group.members)).sum())
    kinds = set(posterior.argmax(1).tolist())
    if len(kinds) > 1 or (posterior.max(1) <= SURE).any():
        result = "They are not all surely of one kind."
        return OrdinaryTest("kind", label, test, result, p, False)
    mine = types.posterior.argmax(1) == kinds.pop()
    result = (
        f"All are of one kind, as {counted(int((mine & group.others).sum()), 'other case')} of the register are (by chance: "
        f"{chance_words(p)}); what is usual among them was not counted again."
    )
    return OrdinaryTest("kind", label, test, result, p, True)


def team(group: Group) -> OrdinaryTest:
    """Whether one unit recorded them all, how usual that is, and whether that unit writes what they share more often."""
    label = "One team’s or coder’s habits"
    test = (
        "The unit that recorded each, and how probable it is that as many cases drawn at random are all of one unit; then, for "
        "each value they share, whether that unit records it more often than others do (Fisher’s exact test, times the values)."
    )
    column = group.register.table.get_column("unit")
    known = [(m, column[m]) for m in group.members if column[m] is not None]
    if len(known) < 2:
        result = "The unit is recorded for fewer than two of these."
        return OrdinaryTest("team", label, test, result, None, None)
    counts = column.drop_nulls().value_counts().get_column("count").sort().to_numpy().astype(float)
    p = float(((counts / counts.sum()) ** len(known)).sum())
    units = sorted({unit for _, unit in known})
    if len(units) > 1:
        result = f"{counted(len(units), 'unit')} recorded them."
        return OrdinaryTest("team", label, test, result, p, False)
    mine = (column == units[0]).fill_null(value=False).to_numpy()
    share = float(mine.sum() / counts.sum())
    result = (
        f"{said(len(known), len(group.members)).capitalize()} were recorded by {units[0]}, which keeps {percent(share)} of the "
        f"cases whose unit is known (all of one unit by chance: {chance_words(p)}). {_habit(group, mine)}"
    )
    return OrdinaryTest("team", label, test, result, p, True)


def _habit(group: Group, mine: np.ndarray) -> str:
    """The shared value that the unit records most unlike the others."""
    content = group.model.content
    tested = []
    for d, name, value in group.shared:
        known = (content.recorded[:, content.bit_list[d].variable] > 0) & group.others
        has = content.bits[:, d] > 0
        here, elsewhere = has[known & mine], has[known & ~mine]
        if len(here) and len(elsewhere):
            table = [[here.sum(), (~here).sum()], [elsewhere.sum(), (~elsewhere).sum()]]
            p = float(fisher_exact(table, "greater")[1])
            tested.append((p, name, value, float(here.mean()), float(elsewhere.mean())))
    if not tested:
        return "None of the values they share can be compared between units."
    p, name, value, here_share, elsewhere_share = min(tested)
    p = min(p * len(tested), 1.0)
    verb = "records" if p <= RARE else "does not clearly record"
    return (
        f"That unit {verb} {name.lower()}: {value} more often than others: {percent(here_share)} against "
        f"{percent(elsewhere_share)} (probability {chance_words(p)}); rarity is taken at the unit’s rate where it is higher."
    )


def duplicate(group: Group) -> OrdinaryTest:
    """Whether two of the records may be of one death."""
    label = "A death recorded twice"
    test = f"Pairs found within {DAYS_APART} days of each other that agree in age and sex."
    days = group.rows.get_column("found_at").dt.date().to_list()
    ages, sexes = (group.rows.get_column(f).to_list() for f in ("age_years", "sex"))
    a, b = np.triu_indices(len(group.members), 1)
    soon, alike = 0, []
    for p, q in zip(a.tolist(), b.tolist(), strict=True):
        if abs((days[p] - days[q]).days) > DAYS_APART:
            continue
        soon += 1
        if ages[p] is not None and ages[p] == ages[q] and sexes[p] and sexes[p] == sexes[q]:
            alike.append(f"{group.ids[p]} and {group.ids[q]}")
    if alike:
        result = f"{listed(alike)} agree in age and sex and lie within {DAYS_APART} days."
        return OrdinaryTest("duplicate", label, test, result, float(len(alike)), True)
    near = f"{counted(soon, 'pair')} so close in time, not alike in both" if soon else "none"
    result = f"Of {counted(len(a), 'pair')}: {near}. Second records that the register shows as such were left out."
    return OrdinaryTest("duplicate", label, test, result, 0.0, False)


def selection(group: Group, inclusion: Inclusion | None) -> OrdinaryTest:
    """Whether the cases may be here because somebody went looking: the rule of inclusion, its day, and theirs."""
    label = "Selection by the reviewer"
    test = (
        "Whether a rule for which cases come into the register was fixed, dated and stored before the run, and how many of "
        "these were found before that day, when somebody could have had them in view; and whether a record says that it was "
        "chosen after the fact."
    )
    chosen = [
        case
        for case, codes in zip(group.ids, group.rows.get_column("indicators"), strict=True)
        if codes is not None and CHOSEN in codes
    ]
    said_so = (
        f" The record of {listed(chosen)} says that it was chosen after the fact." if chosen else ""
    )
    if inclusion is None:
        result = f"No rule was given with this run: it cannot be shown that these were not chosen for being alike.{said_so}"
        return OrdinaryTest("selection", label, test, result, None, True if chosen else None)
    found: list[datetime] = group.rows.get_column("found_at").to_list()
    before = sum(at.date() < inclusion.fixed_on for at in found)
    k = len(found)
    result = (
        f"The rule was fixed on {inclusion.fixed_on} by {inclusion.by}; {before} of these {k} were found before that day "
        f"and {k - before} on it or later.{said_so}"
    )
    known_on = group.register.known_on
    if known_on is not None and inclusion.fixed_on > known_on:
        result += f" On the day of this replay, {known_on}, it was not yet fixed."
    return OrdinaryTest("selection", label, test, result, float(before), bool(chosen))
