"""What stands on a subject: which decision, whose turn it is, and which pairs a mention forces somebody to consider."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Any

from django.db.models import Exists, OuterRef, Q

from openverdict.decisions.guarding import look
from openverdict.decisions.models import Decision, FirstView
from openverdict.decisions.roles import Operation
from openverdict.decisions.subjects import Kind, Subject, pair_key
from openverdict.ledger.models import Mention
from openverdict.ledger.store import Store

AT_ONCE = 1_000  # keys in one query


class State(StrEnum):
    """How far the consideration of a subject has come."""

    RAISED = "raised"
    VIEWED = "first_view_recorded"
    AWAITS_SECOND = "awaits_second_person"
    AWAITS_THIRD = "awaits_third_person"
    CONSIDERED = "considered"


@dataclass(frozen=True)
class Standing:
    """What stands. `first`: the first decision in force; `others`: those of the second and third person, in their order.

    `conclusion`: what holds, once nobody is waited for. Where two disagreed, `disagreement` stays true for good.
    """

    state: State
    first: Decision | None = None
    others: tuple[Decision, ...] = ()
    conclusion: str | None = None
    disagreement: bool = False

    @property
    def people(self) -> tuple[str, ...]:
        """Who has decided."""
        return () if self.first is None else (self.first.user, *(d.user for d in self.others))


def standing_decisions(store: Store) -> Any:
    """First decisions that no other stands in the place of, as a query set."""
    later = store.rows(Decision).filter(supersedes=OuterRef("id"))
    return store.rows(Decision).filter(place=1).exclude(Exists(later))


@look(Operation.VIEW, "subject")
def stands(store: Store, subject: Subject, *, user: str | None = None) -> Standing:
    """What stands on a subject, for a person; `user` may be left out only where the store has no accounts."""
    return stands_on(store, subject.kind, subject.key)


def stands_on(store: Store, kind: str, key: str) -> Standing:
    """The same by kind and key."""
    first = (
        standing_decisions(store)
        .filter(subject_kind=str(kind), subject=key)
        .order_by("-id")
        .first()
    )
    if first is None:
        viewed = store.rows(FirstView).filter(subject_kind=str(kind), subject=key).exists()
        return Standing(State.VIEWED if viewed else State.RAISED)
    others = tuple(store.rows(Decision).filter(of=first.id).order_by("place", "id"))
    return _state(first, others)


def stands_on_each(store: Store, kind: str, keys: Sequence[str]) -> dict[str, Standing]:
    """The same for many of one kind, by their keys, in a few queries for each thousand."""
    found: dict[str, Standing] = {}
    wanted = list(dict.fromkeys(keys))
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        of_part = {"subject_kind": str(kind), "subject__in": part}
        firsts = {d.subject: d for d in standing_decisions(store).filter(**of_part).order_by("id")}
        others: dict[int, list[Decision]] = {}
        for row in store.rows(Decision).filter(of__isnull=False, **of_part).order_by("place", "id"):
            others.setdefault(row.of, []).append(row)
        viewed = set(store.rows(FirstView).filter(**of_part).values_list("subject", flat=True))
        for key in part:
            first = firsts.get(key)
            if first is None:
                found[key] = Standing(State.VIEWED if key in viewed else State.RAISED)
            else:
                found[key] = _state(first, tuple(others.get(first.id, ())))
    return found


def awaited(store: Store) -> Any:
    """First decisions that stand and wait for a second person, or for a third where two disagree, as a query set."""
    seconds = store.rows(Decision).filter(of=OuterRef("id"), place=2)
    thirds = store.rows(Decision).filter(of=OuterRef("id"), place=3)
    apart = seconds.exclude(conclusion=OuterRef("conclusion"))
    alone = Q(second_needed=1) & ~Exists(seconds)
    return standing_decisions(store).filter(alone | (Exists(apart) & ~Exists(thirds)))


def _state(first: Decision, others: tuple[Decision, ...]) -> Standing:
    second = next((d for d in others if d.place == 2), None)
    third = next((d for d in others if d.place == 3), None)
    if second is None:
        if first.second_needed:
            return Standing(State.AWAITS_SECOND, first)
        return Standing(State.CONSIDERED, first, (), first.conclusion)
    apart = second.conclusion != first.conclusion
    if apart and third is None:
        return Standing(State.AWAITS_THIRD, first, others, None, disagreement=True)
    holds = third.conclusion if third is not None else first.conclusion
    return Standing(State.CONSIDERED, first, others, holds, disagreement=apart)


def is_mentioned(store: Store, subject: Subject) -> bool:
    """Whether one of the subject's cases names another of them: a person has to consider it, one by one."""
    if subject.kind is Kind.CASE:
        return False
    cases = list(subject.cases)
    return bool(store.rows(Mention).filter(case_a__in=cases, case_b__in=cases).exists())


def mentions_waiting(store: Store) -> list[tuple[str, str]]:
    """Pairs in which one case names the other and which nobody has finished considering, in the order in which they came."""
    pairs = list(store.rows(Mention).order_by("id").values_list("case_a", "case_b"))
    stood = stands_on_each(store, Kind.PAIR, [pair_key(*pair) for pair in pairs])
    return [pair for pair in pairs if stood[pair_key(*pair)].state is not State.CONSIDERED]


def pairs_within(cases: tuple[str, ...]) -> list[str]:
    """The keys of the pairs of some cases."""
    return [pair_key(a, b) for a, b in combinations(cases, 2)]


def reason_codes(decision: Decision) -> tuple[str, ...]:
    """The reason codes of a decision."""
    return tuple(json.loads(decision.reasons))
