"""What came of the last run in a store: each lead with what people concluded, and what is still open.

Where nobody is waited for and nothing is held to be similar, this is the record's own "nothing found", and it is as much of a
result as a lead. It says what was compared, on what was known, who concluded what, who dissented, and what nobody looked at.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from openverdict.decisions.access import in_use
from openverdict.decisions.guarding import look
from openverdict.decisions.models import Decision
from openverdict.decisions.reach import seen_among
from openverdict.decisions.retention import as_told, pseudonyms
from openverdict.decisions.roles import Operation
from openverdict.decisions.standing import (
    Standing,
    reason_codes,
    standing_decisions,
    stands_on_each,
)
from openverdict.decisions.subjects import Kind
from openverdict.decisions.turns import opinions_kept_from
from openverdict.errors import InputError
from openverdict.ledger.models import Lead, LeadCase, Run, RunEnd
from openverdict.ledger.reading import StoredLog
from openverdict.ledger.store import Store
from openverdict.reports.unlooked import KINDS, never_looked_at

_COUNTS = ("cases", "deaths", "incidents", "rejected_rows", "undated_rows", "without_place")


@dataclass(frozen=True)
class Concluded:
    """One lead of the run and what stands on it. `conclusion`: a code, once nobody is waited for.

    `kept`: the reader has still to decide on it, so that its rank, its ratio and what others said are not told to them.
    """

    lead: int
    rank: int | None
    cases: tuple[str, ...]
    log10_lr: float | None
    state: str
    conclusion: str | None
    reasons: tuple[str, ...]
    people: tuple[str, ...]
    disagreement: bool
    kept: bool = False


@dataclass(frozen=True)
class Closing:
    """The last run and what came of it.

    `counts`: whole numbers of its summary. `pairs`: how many decisions on pairs stand, by their conclusion. `still_open`: how
    many of each of `unlooked.KINDS` there are. `hidden`, `open_hidden`: leads and open things of cases that the reader may
    not see.
    """

    run: int
    as_of: str | None
    recorded_as_of: str | None
    counts: dict[str, int]
    pairs_total: int
    pairs_ledger: int
    pairs_remainder: int
    budget: float
    null_registers: int
    seed: int
    model_version: str
    model_hash: str
    register_hash: str
    inclusion: dict[str, str] | None
    leads: tuple[Concluded, ...]
    pairs: dict[str, int]
    still_open: dict[str, int]
    hidden: int
    open_hidden: int
    log_size: int
    log_root: str

    @property
    def is_closed(self) -> bool:
        """Whether nothing is left to look at, for this reader or for others."""
        return not any(self.still_open.values()) and not self.open_hidden

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self) | {"is_closed": self.is_closed}


@look(Operation.LIST)
def closing(store: Store, at: datetime, user: str | None = None) -> Closing:
    """What came of the last run that ended. `at`: the day on which what is waited for counts as late.

    `user`: who reads it; may be left out only where the store has no accounts. Leads of cases that they may get no report on
    are counted and not told.

    Raises:
        InputError: no run has ended in this store.
    """
    with store.snapshot():
        end = store.rows(RunEnd).order_by("-run_id").first()
        if end is None:
            raise InputError(
                "no run has ended in this store; make one with: openverdict review --store"
            )
        run = store.rows(Run).get(id=end.run_id)
        left = never_looked_at(store, at, user)
        leads, hidden = _leads(store, int(run.id), user)
        summary = json.loads(end.summary)
        made = Closing(
            run=int(run.id),
            as_of=run.as_of,
            recorded_as_of=run.recorded_as_of,
            counts={name: int(summary.get(name) or 0) for name in _COUNTS},
            pairs_total=end.pairs_total,
            pairs_ledger=end.pairs_ledger,
            pairs_remainder=end.pairs_remainder,
            budget=run.budget,
            null_registers=run.null_registers,
            seed=run.seed,
            model_version=run.model_version,
            model_hash=run.model_hash,
            register_hash=run.register_hash,
            inclusion=summary.get("inclusion"),
            leads=tuple(leads),
            pairs=_pairs(store),
            still_open={kind: left.count(kind) for kind in KINDS},
            hidden=hidden,
            open_hidden=left.hidden,
            log_size=(log := StoredLog(store)).size,
            log_root=log.root().hex(),
        )
        told: Closing = as_told(made, pseudonyms(store))
        return told


def _leads(store: Store, run: int, user: str | None) -> tuple[list[Concluded], int]:
    """The leads of a run that a person may read about, by rank, and how many others there are."""
    members: dict[int, list[str]] = {}
    for lead, case in (
        store.rows(LeadCase)
        .filter(lead__run_id=run)
        .order_by("id")
        .values_list("lead_id", "case_id")
    ):
        members.setdefault(int(lead), []).append(case)
    rows = list(store.rows(Lead).filter(run_id=run).order_by("rank"))
    seen = None
    if user is not None and in_use(store):
        every = {case for cases in members.values() for case in cases}
        seen = seen_among(store, user, Operation.REPORT, every)
    shown = [row for row in rows if seen is None or seen.issuperset(members.get(int(row.id), ()))]
    stood = stands_on_each(store, Kind.LEAD, [str(row.id) for row in shown])
    told = [
        _concluded(row, tuple(members.get(int(row.id), ())), stood[str(row.id)]) for row in shown
    ]
    if user is None or seen is None:
        return told, len(rows) - len(shown)
    kept = opinions_kept_from(store, Kind.LEAD, {str(each.lead): each.cases for each in told}, user)
    open_to = [each for each in told if str(each.lead) not in kept]
    others = sorted((e for e in told if str(e.lead) in kept), key=lambda each: each.cases)
    return open_to + [_kept(each) for each in others], len(rows) - len(shown)


def _kept(each: Concluded) -> Concluded:
    return replace(
        each, rank=None, log10_lr=None, conclusion=None, reasons=(), people=(), disagreement=False, kept=True
    )  # fmt: skip


def _concluded(row: Any, cases: tuple[str, ...], stood: Standing) -> Concluded:
    decided: list[Decision] = [] if stood.first is None else [stood.first, *stood.others]
    return Concluded(
        int(row.id),
        int(row.rank),
        cases,
        row.log10_lr,
        stood.state.value,
        stood.conclusion,
        tuple(dict.fromkeys(code for each in decided for code in reason_codes(each))),
        stood.people,
        stood.disagreement,
    )


def _pairs(store: Store) -> dict[str, int]:
    """How many first decisions on pairs stand, by their conclusion: numbers, which name no case."""
    found = standing_decisions(store).filter(subject_kind=Kind.PAIR.value)
    return dict(sorted(Counter(found.values_list("conclusion", flat=True)).items()))
