"""Ordinary explanations by place: where many deaths happen, one venue, one event."""

from __future__ import annotations

import numpy as np

from openverdict.cases.words import counted, plain
from openverdict.leads.group import Group, listed, percent, said
from openverdict.leads.results import OrdinaryTest

HOT_SPOT_M = 100.0
HOT_SPOT_OTHERS = 3
VENUE_OTHERS = 2
# Kinds of place where people who do not know each other die.
GATHERING = (
    *("venue", "hotel", "hostel", "hospital", "care_home", "custody", "workplace"),
    *("transport", "bridge", "water", "public_toilet"),
)


def hot_spot(group: Group) -> OrdinaryTest:
    """Other cases round each member, and how many cases of the register have as many round them."""
    model = group.model
    label = "A place where many deaths happen"
    test = (
        f"Other cases within {HOT_SPOT_M:.0f} m of each of these, where both places are known to 300 m or better, beside the "
        "same count for every case of the register."
    )
    precise = np.flatnonzero(model.around.precise)
    mine = [m for m in group.members if model.around.precise[m]]
    if not mine:
        return OrdinaryTest(
            "hot_spot", label, test, "None of these has a place known to 300 m.", None, None
        )
    tree, around = model.crowd(HOT_SPOT_M)
    near = tree.query_ball_point(
        model.slots.xyz_m[mine].astype(float), HOT_SPOT_M, return_sorted=True
    )
    counts = [int(group.others[precise[found]].sum()) for found in near]
    most = max(counts)
    where = group.ids[group.members.index(mine[int(np.argmax(counts))])]
    if most == 0:
        result = f"No other case lies within {HOT_SPOT_M:.0f} m of any of these."
        return OrdinaryTest("hot_spot", label, test, result, 0.0, False)
    share = float((around >= most).mean())
    result = (
        f"{counted(most, 'other case')} within {HOT_SPOT_M:.0f} m of {where}; {percent(share)} of "
        f"{counted(len(precise), 'case')} with such a place have as many round them. Nearness is priced with it."
    )
    return OrdinaryTest("hot_spot", label, test, result, float(most), most >= HOT_SPOT_OTHERS)


def venue(group: Group) -> OrdinaryTest:
    """Members at one address of a kind that gathers deaths, and the other cases there."""
    model = group.model
    label = "One venue: a hostel, a hospital, a bridge"
    test = (
        "Whether two or more lie at one address (150 m) and in one kind of place where people who do not know each other die, "
        "and how many other cases of that kind the register holds there."
    )
    column = group.register.table.get_column("found_place_kind")
    kinds = {m: column[m] for m in group.members}
    known = [m for m in group.members if kinds[m] is not None and model.around.precise[m]]
    if len(known) < 2:
        result = "The kind of place and its point are not both recorded for two of these."
        return OrdinaryTest("venue", label, test, result, None, None)
    everywhere = np.arange(model.n)
    best: tuple[int, int, str, list[str]] = (0, 0, "", [])
    for m in known:
        if kinds[m] not in GATHERING:
            continue
        here = model.are_near(np.full(model.n, m), everywhere)
        here &= (column == kinds[m]).fill_null(value=False).to_numpy()
        here[m] = True
        together = [group.ids[k] for k, c in enumerate(group.members) if here[c]]
        best = max(best, (len(together), int((here & group.others).sum()), kinds[m], together))
    together_count, others, kind, who = best
    if together_count < 2:
        result = "No two of these lie at one address of such a kind."
        return OrdinaryTest("venue", label, test, result, 0.0, False)
    result = (
        f"{listed(who)} lie at one address ({plain(kind)}), where the register holds "
        f"{counted(others, 'other case')} in such a place."
    )
    return OrdinaryTest("venue", label, test, result, float(others), others >= VENUE_OTHERS)


def one_event(group: Group) -> OrdinaryTest:
    """Two people who died together are one event, not a series."""
    model = group.model
    label = "One event with several deaths"
    test = f"Pairs found on one day within {HOT_SPOT_M:.0f} m of each other."
    days = group.rows.get_column("found_at").dt.date().to_list()
    a, b = np.triu_indices(len(group.members), 1)
    members = np.array(group.members)
    placed = model.slots.placed[members[a]] & model.slots.placed[members[b]]
    if not placed.any():
        result = "No two of these have a place."
        return OrdinaryTest("one_event", label, test, result, None, None)
    metres = model.metres(members[a], members[b])
    hits = [
        f"{group.ids[p]} and {group.ids[q]}"
        for p, q, near in zip(a.tolist(), b.tolist(), placed & (metres <= HOT_SPOT_M), strict=True)
        if near and days[p] == days[q]
    ]
    compared = int(placed.sum())
    if not hits:
        result = f"None of {counted(compared, 'pair')} with places."
        return OrdinaryTest("one_event", label, test, result, 0.0, False)
    result = f"{said(len(hits), compared).capitalize()} pairs: {listed(hits)}, as far as the register tells."
    return OrdinaryTest("one_event", label, test, result, float(len(hits)), True)
