"""Steps by which a late result is noted: which fields hold results, whose case they touch, and that its owner is told.

Nobody is asked here who may; only this room calls them. What people ask is in `late`.
"""

from __future__ import annotations

from openverdict.decisions.models import About, Category, LateFact, Reopened
from openverdict.decisions.standing import standing_decisions
from openverdict.decisions.steps import pull_back, tell_owner
from openverdict.ledger.events import LateFactsNoted
from openverdict.ledger.models import Fact, RunEnd, Triaged
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer

LATE_RESULT, CORONERS_DOUBT = "late_result", "coroners_doubt"
# Fields that hold results: what a laboratory, an examination, a pathologist or a coroner says afterwards.
TOXICOLOGY = (
    "substances_detected",
    "substances_not_detected",
    "substance_levels",
    "substances_pending",
    "specimens_not_analysed",
    "toxicology_reported_at",
    "ghb_class",
    "tox_representative",
)
EXAMINATIONS = (
    "persons",
    "identifiers",
    "note_verified",
    "covering_origin",
    "item_ownership",
    "injuries",
    "injuries_explained",
    "sexual_activity_evidence",
    "checks_done",
)
CONCLUSIONS = (
    "cause_1a",
    "cause_1b",
    "cause_1c",
    "cause_1d",
    "cause_part2",
    "manner_pathologist",
    "manner_coroner",
    "manner_review",
    "coroner_third_party_doubt",
)
RESULTS = frozenset({*TOXICOLOGY, *EXAMINATIONS, *CONCLUSIONS})
OPEN_CONCLUSIONS = frozenset({"open", "narrative", "undetermined"})
_DOUBT = ("manner_coroner", "coroner_third_party_doubt")


def note(store: Store, writer: Writer, began: int) -> None:
    """Note the results among the facts of entries from `began` on whose case the last run had looked at."""
    end = store.rows(RunEnd).order_by("-run_id").first()
    if end is None:
        return
    looked = store.rows(Triaged).filter(run_id=end.run_id).values("case_id")
    facts = store.rows(Fact).filter(
        event_id__gte=began, field__in=RESULTS, status="recorded", case_id__in=looked
    )
    came: dict[str, list[str]] = {}
    for case, field in facts.order_by("id").values_list("case_id", "field"):
        came.setdefault(case, []).append(field)
    for case, names in came.items():
        fields = tuple(dict.fromkeys(names))
        doubt = bool(set(fields) & set(_DOUBT)) and _is_doubted(store, case)
        reason = CORONERS_DOUBT if doubt else LATE_RESULT
        rows = [LateFact(case_id=case, field=f, reason=reason, run=end.run_id) for f in fields]
        entry = writer.record(
            LateFactsNoted,
            [*rows, About(case_id=case)],
            case=case,
            run=str(end.run_id),
            reason=reason,
            fields=fields,
        )
        if doubt or _was_settled(store, case):
            pull_back(store, writer, case, reason)  # which tells the owner
        else:
            tell_owner(store, writer, case, reason, str(entry))


def _is_doubted(store: Store, case: str) -> bool:
    """Whether what stands of the coroner's conclusion leaves the part of another person open."""
    facts = list(store.rows(Fact).filter(case_id=case, field__in=_DOUBT).order_by("id"))
    gone = {fact.supersedes for fact in facts}
    last = {fact.field: fact.value for fact in facts if fact.id not in gone}
    return last.get(_DOUBT[0]) in OPEN_CONCLUSIONS and last.get(_DOUBT[1]) == "yes"


def _was_settled(store: Store, case: str) -> bool:
    """Whether somebody had decided on it or put it into a category, and nothing pulled it back since."""
    about = store.rows(About).filter(case_id=case).values("event_id")
    decided = standing_decisions(store).filter(event_id__in=about).order_by("-event_id").first()
    category = store.rows(Category).filter(case_id=case).order_by("-id").first()
    back = store.rows(Reopened).filter(case_id=case).order_by("-id").first()
    settled = max((row.event_id for row in (decided, category) if row is not None), default=None)
    return settled is not None and (back is None or back.event_id < settled)
