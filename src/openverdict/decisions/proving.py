"""How good the rules that read narratives have proved: accepted of those that people read one by one, and how far two agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from openverdict.decisions.guarding import look
from openverdict.decisions.models import Suggested
from openverdict.decisions.readings import (
    ACCEPTED,
    FIRST,
    SECOND,
    decisions,
    one_by_one,
    undecided,
    within_reach,
)
from openverdict.decisions.roles import Operation
from openverdict.ledger.store import Store
from openverdict.narrative import cohen_kappa, wilson


@dataclass(frozen=True)
class RuleRate:
    """One version of a rule: how many of its suggestions were read one by one, how many of them accepted as they stood.

    `low`, `high`: Wilson's 95 % interval of the share accepted; 0 and 1 while nothing was read. `waiting`: how many are
    undecided within the reach of who asks.
    """

    rule: str
    version: str
    decided: int
    accepted: int
    low: float
    high: float
    waiting: int


@dataclass(frozen=True)
class Readers:
    """Two readers on the same suggestions, each without seeing the other: `kappa` is NaN where chance alone would agree.

    `differing`: the numbers of the suggestions on which they differ.
    """

    rows: int
    agreed: int
    kappa: float
    differing: tuple[int, ...]


@look(Operation.LIST)
def rates(store: Store, *, user: str | None = None) -> tuple[RuleRate, ...]:
    """Every rule with its measured rate, over the whole store: first and second readers, each once.

    What was accepted together or by a policy is not counted, and what was accepted with another value counts as not accepted.
    """
    counted = measured(store)
    rows = within_reach(store, user, undecided(store)).order_by()
    waiting = {
        (rule, version): number
        for rule, version, number in rows.values_list("rule", "version").annotate(n=Count("id"))
    }
    found = []
    for key in sorted(counted.keys() | waiting.keys()):
        decided, accepted = counted.get(key, (0, 0))
        low, high = wilson(accepted, decided)
        left = waiting.get(key, 0)
        found.append(RuleRate(key[0], key[1], decided, accepted, low, high, left))
    return tuple(found)


@look(Operation.LIST)
def agreement(store: Store, *, user: str | None = None) -> Readers:
    """How far first and second readers agree on accepting, over the suggestions on whose cases a person may enter facts."""
    first, second = (_said(store, user, place) for place in (FIRST, SECOND))
    both = sorted(first.keys() & second.keys())
    differing = tuple(number for number in both if first[number] != second[number])
    kappa = cohen_kappa([first[n] for n in both], [second[n] for n in both])
    return Readers(len(both), len(both) - len(differing), kappa, differing)


def measured(store: Store, rule: str | None = None) -> dict[tuple[str, str], tuple[int, int]]:
    """(rule, version) to (decided one by one, accepted as suggested), as a policy is told of it. `rule`: of this one alone."""
    rows = one_by_one(decisions(store)).order_by().values_list("rule", "version")
    if rule is not None:
        rows = rows.filter(rule=rule)
    good = Count("id", filter=Q(outcome=ACCEPTED, corrected=0))
    counted = rows.annotate(decided=Count("id"), accepted=good)
    return {(rule, version): (n, k) for rule, version, n, k in counted}


def rate_of(store: Store, rule: str, version: str) -> RuleRate:
    """The measured rate of one version of a rule; how many wait is not counted (0)."""
    decided, accepted = measured(store, rule).get((rule, version), (0, 0))
    return RuleRate(rule, version, decided, accepted, *wilson(accepted, decided), 0)


def _said(store: Store, user: str | None, place: int) -> dict[int, bool]:
    """Whether each suggestion that was read in this place was accepted."""
    rows: Any = within_reach(store, user, one_by_one(decisions(store, place)))
    known = store.rows(Suggested).values("id")
    told = rows.filter(suggestion__in=known).values_list("suggestion", "outcome")
    return {number: outcome == ACCEPTED for number, outcome in told}
