"""What stands of narratives and suggestions: queries and rules for the queue, told for whom. Nobody is asked here who may."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery

from openverdict.cases import Status
from openverdict.decisions.models import NarrativeRead, Suggested, SuggestionDecision
from openverdict.decisions.reach import reach
from openverdict.decisions.roles import Operation
from openverdict.ledger.derived import Present
from openverdict.ledger.models import Fact
from openverdict.ledger.store import Store

NARRATIVE = "narrative"
ACCEPTED, REJECTED, WITHDRAWN = "accepted", "rejected", "withdrawn"
DECIDED = (ACCEPTED, REJECTED)
FIRST, SECOND = 1, 2
AT_ONCE = 500


def standing_facts(store: Store, cases: Sequence[str], names: Sequence[str]) -> list[Fact]:
    """Facts of these fields that nothing superseded, what is said last at the end."""
    rows = store.rows(Fact).filter(case_id__in=list(cases), field__in=list(names))
    facts = list(rows.order_by("id"))
    gone = {fact.supersedes for fact in facts}
    left = [fact for fact in facts if fact.id not in gone]
    left.sort(key=lambda fact: (fact.known_from or "", fact.recorded_at or "", fact.id))
    return left


def narratives(store: Store, cases: Sequence[str] | None = None) -> Iterator[Fact]:
    """The fact that holds the narrative of each case, or of each of these, case by case."""
    if cases is None:
        told = store.rows(Fact).filter(field=NARRATIVE).values_list("case_id", flat=True)
        wanted = sorted(set(told))
    else:
        wanted = sorted(set(cases))
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        last = {fact.case_id: fact for fact in standing_facts(store, part, (NARRATIVE,))}
        yield from (
            last[case]
            for case in part
            if case in last and last[case].status == Status.RECORDED and last[case].value
        )


def hash_of(text: str | None) -> str:
    """SHA-256 of a narrative, in hexadecimal."""
    return sha256((text or "").encode()).hexdigest()


def text_of(store: Store, row: Suggested) -> tuple[str, bool]:
    """The text that a suggestion was read from, and whether it is still the narrative of its case."""
    read = store.rows(NarrativeRead).get(id=row.read)
    fact = store.rows(Fact).filter(id=read.fact).first()
    held = next(narratives(store, [row.case_id]), None)
    text = "" if fact is None else str(fact.value or "")
    return text, held is not None and hash_of(held.value) == read.text_sha256


def last_reads(store: Store) -> Any:
    """The newest reading of the narrative of each case."""
    newer = store.rows(NarrativeRead).filter(case_id=OuterRef("case_id"), id__gt=OuterRef("id"))
    return store.rows(NarrativeRead).exclude(Exists(newer))


def shown(store: Store) -> Any:
    """The suggestions of the newest reading of each case, and those of earlier ones on which somebody decided.

    Each comes with what stands of it, see `with_outcome`.
    """
    newer = store.rows(NarrativeRead).filter(case_id=OuterRef("case_id"), id__gt=OuterRef("read"))
    decided = store.rows(SuggestionDecision).filter(suggestion=OuterRef("id"))
    rows = store.rows(Suggested).filter(~Exists(newer) | Exists(decided))
    return with_outcome(store, rows)


def with_outcome(store: Store, rows: Any, place: int = FIRST) -> Any:
    """Suggestions with `decision`, the number of the decision that stands, and its `outcome`; null where there is none."""
    last = store.rows(SuggestionDecision).filter(suggestion=OuterRef("id"), place=place)
    last = last.order_by("-id")
    return rows.annotate(
        decision=Subquery(last.values("id")[:1]), outcome=Subquery(last.values("outcome")[:1])
    )


def undecided(store: Store) -> Any:
    """The suggestions that wait for a decision: those read last, and what was withdrawn while its text is the same."""
    newer = store.rows(NarrativeRead).filter(case_id=OuterRef("case_id"), id__gt=OuterRef("read"))
    own = store.rows(NarrativeRead).filter(id=OuterRef(OuterRef("read"))).values("text_sha256")
    other = newer.exclude(text_sha256=Subquery(own[:1]))
    rows = with_outcome(store, store.rows(Suggested))
    return rows.filter(
        (Q(outcome__isnull=True) & ~Exists(newer)) | (Q(outcome=WITHDRAWN) & ~Exists(other))
    )


def decisions(store: Store, place: int | None = None) -> Any:
    """The decisions that stand, of one place or of both, but for what was withdrawn."""
    newer = store.rows(SuggestionDecision).filter(
        suggestion=OuterRef("suggestion"), place=OuterRef("place"), id__gt=OuterRef("id")
    )
    rows = store.rows(SuggestionDecision).filter(outcome__in=DECIDED).exclude(Exists(newer))
    return rows if place is None else rows.filter(place=place)


def one_by_one(rows: Any) -> Any:
    """Of decisions, those of people who read the suggestion by itself: what the rate of a rule is measured on."""
    return rows.filter(at_once__isnull=True, policy__isnull=True)


def last_decision(store: Store, suggestion: int, place: int = FIRST) -> SuggestionDecision | None:
    """The decision that stands on a suggestion; None where there is none, or it was withdrawn."""
    rows = store.rows(SuggestionDecision).filter(suggestion=suggestion, place=place)
    row = rows.order_by("-id").first()
    return None if row is None or row.outcome == WITHDRAWN else row


def turned_down(store: Store) -> set[tuple[str, str, str]]:
    """(case, field, value) of everything that somebody rejected, whatever the rule that suggested it."""
    refused = decisions(store, FIRST).filter(outcome=REJECTED).values("suggestion")
    rows = store.rows(Suggested).filter(id__in=refused)
    return set(rows.values_list("case_id", "field", "value"))


def within_reach(store: Store, user: str | None, rows: Any) -> Any:
    """Of rows that name their case, those on whose case a person may enter facts."""
    within = reach(store, user, Operation.ENTER_FACTS, at=store.clock())
    if within.whole:
        return rows
    return rows.filter(
        Exists(within.allows(store.rows(Present).filter(case_id=OuterRef("case_id"))))
    )


def out_of_reach(store: Store, user: str | None, rows: Any) -> Any:
    """Of rows that name their case, those on whose case a person may not enter facts."""
    within = reach(store, user, Operation.ENTER_FACTS, at=store.clock())
    if within.whole:
        return rows.none()
    return rows.exclude(
        Exists(within.allows(store.rows(Present).filter(case_id=OuterRef("case_id"))))
    )
