"""From which probability on pairs of records count as one person undecided: what holds, and what other thresholds would mean.

Only what people accepted counts until a supervisor says otherwise (`linking.let_count`), and every lead says which it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F

from openverdict.decisions.guarding import look
from openverdict.decisions.linked import ACCEPTED, decided, newest
from openverdict.decisions.linking import TEXT
from openverdict.decisions.models import IdentityComparison, IdentityThreshold, RecordPair
from openverdict.decisions.roles import Operation
from openverdict.ledger.models import Content
from openverdict.ledger.store import Store
from openverdict.narrative import wilson

STEPS = (0.95, 0.98, 0.99, 0.995, 0.999, 0.9999)


@dataclass(frozen=True)
class Said:
    """What somebody let count: from `least` on, or (None) only what people accepted. `text`: why, None where nobody said."""

    least: float | None
    by: str
    at: str
    text: str | None


@dataclass(frozen=True)
class Counting:
    """What counts now. `said`: None where nobody ever said; then only what people accepted counts.

    `comparison`: the one that was taken in last; None where none was. `at`: when, UTC. `threshold`: its own, below which
    nothing of it ever counts undecided; `records` that it compared, `pairs` that were taken in and `left_out`.
    """

    said: Said | None
    comparison: int | None
    at: str | None
    threshold: float | None
    records: int
    pairs: int
    left_out: int


@dataclass(frozen=True)
class Step:
    """What letting pairs count from `least` on would mean: `waiting` undecided ones would count, and of the `decided` ones that
    are as probable, held back by nothing, people `accepted` so many. `low`, `high`: Wilson's 95 % interval of that share.
    """

    least: float
    waiting: int
    decided: int
    accepted: int
    low: float
    high: float


@look(Operation.LIST)
def counting(store: Store, *, user: str | None = None) -> Counting:
    """What counts undecided at present, and the comparison that it is counted of."""
    rows = store.rows(IdentityComparison).annotate(at=F("event__at"))
    row, last = rows.order_by("-id").first(), next(iter(_said(store)), None)
    if row is None:
        return Counting(last, None, None, None, 0, 0, 0)
    return Counting(last, row.id, row.at, row.threshold, row.records, row.pairs, row.left_out)


@look(Operation.ADOPT_POLICY)
def said_of_threshold(store: Store, *, user: str | None = None) -> tuple[Said, ...]:
    """Everything that was let count, what came last at the head."""
    return tuple(_said(store))


@look(Operation.ADOPT_POLICY)
def foresee_thresholds(
    store: Store, *, user: str | None = None, more: Iterable[float] = ()
) -> tuple[Step, ...]:
    """What thresholds would mean for the comparison that was taken in last; over the whole store, since it counts there."""
    row, stands = newest(store), decided(store)
    if row is None:
        return ()
    pairs = store.rows(RecordPair).filter(comparison=row.id, over=1)
    listed = list(pairs.values_list("record_a", "record_b", "probability").iterator())
    found = []
    for least in sorted({*STEPS, *more}):
        reached = [stands.get((a, b)) for a, b, probability in listed if probability >= least]
        said = [each.outcome for each in reached if each is not None]
        accepted = said.count(ACCEPTED)
        waiting = len(reached) - len(said)
        found.append(Step(least, waiting, len(said), accepted, *wilson(accepted, len(said))))
    return tuple(found)


def _said(store: Store) -> list[Said]:
    rows = store.rows(IdentityThreshold).annotate(at=F("event__at"), actor=F("event__actor"))
    listed = list(rows.order_by("-id")[:200])
    kept = store.rows(Content).filter(event_id__in=[row.event_id for row in listed], name=TEXT)
    texts = {each.event_id: str(json.loads(each.value)) for each in kept}
    return [Said(row.least, row.actor, row.at, texts.get(row.event_id)) for row in listed]
