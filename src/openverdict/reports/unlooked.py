"""Never looked at: pairs and leads that a run listed and nobody decided on, and answers that are overdue, by unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from openverdict.decisions.accounts import units_of
from openverdict.decisions.duties import Waiting, waiting
from openverdict.decisions.standing import mentions_waiting, standing_decisions
from openverdict.decisions.subjects import Kind, pair_key
from openverdict.ledger.models import Lead, LeadCase, Link, RunEnd
from openverdict.ledger.store import Store

NO_UNIT = "(no unit recorded)"


@dataclass(frozen=True)
class Unlooked:
    """What of the last run nobody decided on. Pairs as (case, case, log10 ratio), leads as (number, cases), by their ranks.

    `mentions`: pairs in which one case names the other and that nobody finished considering. `by_unit`: how many of all of
    these touch each unit; what touches two units counts for both.
    """

    run: int | None
    pairs: tuple[tuple[str, str, float], ...]
    leads: tuple[tuple[int, tuple[str, ...]], ...]
    mentions: tuple[tuple[str, str], ...]
    overdue: tuple[Waiting, ...]
    by_unit: dict[str, int]


def never_looked_at(store: Store, at: datetime) -> Unlooked:
    """What nobody looked at, as of the last run that ended, and what is overdue at a time."""
    overdue = tuple(each for each in waiting(store, at) if each.days_over)
    mentions = tuple(mentions_waiting(store))
    end = store.rows(RunEnd).order_by("-run_id").first()
    if end is None:
        return Unlooked(None, (), (), mentions, overdue, {})
    decided = set(standing_decisions(store).values_list("subject_kind", "subject"))
    links = store.rows(Link).filter(run_id=end.run_id).order_by("rank", "id")
    pairs = tuple(
        (link.case_a, link.case_b, float(link.log10_lr))
        for link in links
        if (Kind.PAIR.value, pair_key(link.case_a, link.case_b)) not in decided
    )
    leads = tuple(
        (int(lead.id), _cases(store, lead.id))
        for lead in store.rows(Lead).filter(run_id=end.run_id).order_by("rank")
        if (Kind.LEAD.value, str(lead.id)) not in decided
    )
    groups: list[Iterable[str]] = [pair[:2] for pair in pairs]
    groups += [cases for _, cases in leads] + [each.cases for each in overdue]
    units = {case: units_of(store, case) for case in {c for group in groups for c in group}}
    counts: Counter[str] = Counter()
    for group in groups:
        counts.update({unit for case in group for unit in units[case] or (NO_UNIT,)})
    return Unlooked(int(end.run_id), pairs, leads, mentions, overdue, dict(sorted(counts.items())))


def _cases(store: Store, lead: int) -> tuple[str, ...]:
    rows = store.rows(LeadCase).filter(lead_id=lead).order_by("id")
    return tuple(rows.values_list("case_id", flat=True))
