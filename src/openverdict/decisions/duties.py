"""Who has to do what by when: owners, assignments, referrals and concerns with their clocks.

The other duties have modules of their own and can be had from here: categories and sign-off (`categories`), what is waited for
(`clocks`), pulling a case back (`reopening`).
"""

from __future__ import annotations

from collections.abc import Sequence

from openverdict.decisions.categories import CATEGORIES, CLOSING, categorise, sign_off
from openverdict.decisions.clocks import Waiting, escalate, waiting
from openverdict.decisions.guarding import act, cases_by
from openverdict.decisions.models import (
    About,
    Assignment,
    Concern,
    ConcernAnswer,
    Owner,
    Referral,
    ReferralAnswer,
    Shown,
)
from openverdict.decisions.policy import in_force
from openverdict.decisions.reopening import REOPENED_FOR, decided_before_reopening, reopen
from openverdict.decisions.roles import Operation
from openverdict.decisions.steps import (
    about,
    due_in,
    must_have,
    one_of,
    owner_of,
    said,
    start_clock,
    stop_clock,
    tell_owner,
)
from openverdict.decisions.subjects import Subject
from openverdict.decisions.unanswered import unanswered_concerns
from openverdict.errors import InputError
from openverdict.ledger.commitment import commit
from openverdict.ledger.events import (
    Assigned,
    ConcernAnswered,
    ConcernRaised,
    OwnerChanged,
    ReferralAnswered,
    ReferralMade,
)
from openverdict.ledger.models import Case
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer

__all__ = [
    "CATEGORIES",
    "CLOSING",
    "CONCERN_OUTCOMES",
    "RAISED_BY",
    "REFERRAL_OUTCOMES",
    "REOPENED_FOR",
    "Waiting",
    "answer_concern",
    "answer_referral",
    "assign",
    "categorise",
    "decided_before_reopening",
    "escalate",
    "own",
    "owner_of",
    "raise_concern",
    "refer",
    "reopen",
    "sign_off",
    "unanswered_concerns",
    "waiting",
]

REFERRAL_OUTCOMES = ("accepted", "refused", "returned")
# Nothing about who the person was is an answer to a concern.
CONCERN_OUTCOMES = ("enquiry_opened", "facts_explained", "passed_on", "no_means_to_enquire")
RAISED_BY = ("family", "friend", "community", "press", "professional", "coroner", "other")


@act(Operation.ASSIGN, "case")
def own(store: Store, writer: Writer, case: str, owner: str) -> None:
    """Make somebody responsible for a case."""
    writer.flush()
    must_have(store, case)
    before = owner_of(store, case)
    if before == owner:
        raise InputError(f"case {case}: {owner} is its owner already")
    writer.record(
        OwnerChanged,
        [Owner(case_id=case, owner=owner), About(case_id=case)],
        case=case,
        owner=owner,
        before=before,
    )


@act(Operation.ASSIGN, "subject")
def assign(store: Store, writer: Writer, subject: Subject, user: str) -> int:
    """Give a subject to somebody to look at; its clock starts, and stops with a decision on the subject or when somebody else
    is given it. The number of the assignment.
    """
    writer.flush()
    rows = store.rows(Assignment).filter(subject_kind=subject.kind.value, subject=subject.key)
    before = rows.order_by("-id").first()
    days = in_force(store).days_assignment
    if before is not None:
        stop_clock(store, writer, "assignment", before.id, "given_to_another")
    row = Assignment(subject_kind=subject.kind.value, subject=subject.key, user=user)
    writer.record(
        Assigned,
        [row, *about(subject.cases)],
        subject_kind=subject.kind.value,
        subject=subject.key,
        to=user,
        before=None if before is None else before.user,
        due=due_in(writer, days),
    )
    start_clock(writer, "assignment", int(row.id), days, subject.cases)
    return int(row.id)


@act(Operation.REFER, "subject")
def refer(
    store: Store, writer: Writer, subject: Subject, recipient: str, shown: int, text: str
) -> int:
    """Refer a subject to somebody else with what they are shown; its clock starts. The number of the referral."""
    writer.flush()
    seen = store.rows(Shown).filter(id=shown, user=writer.actor).first()
    if seen is None or (seen.subject_kind, seen.subject) != (subject.kind.value, subject.key):
        raise InputError(f"showing {shown}: it is not what {writer.actor} was shown of {subject}")
    opening = commit(said(text, f"referral of {subject}"))
    row = Referral(
        subject_kind=subject.kind.value,
        subject=subject.key,
        recipient=recipient,
        user=writer.actor,
        shown=shown,
    )
    writer.record(
        ReferralMade,
        [row, *about(subject.cases)],
        openings={"text": opening},
        referral=str(writer.next_id(Referral)),
        subject_kind=subject.kind.value,
        subject=subject.key,
        cases=subject.cases,
        recipient=recipient,
        snapshot=seen.snapshot,
        text=opening.commitment,
    )
    start_clock(writer, "referral", int(row.id), in_force(store).days_referral, subject.cases)
    return int(row.id)


@act(Operation.ANSWER, "referral", cases_by(Referral))
def answer_referral(store: Store, writer: Writer, referral: int, outcome: str, text: str) -> None:
    """Record the answer to a referral, with its reason; its clock stops."""
    writer.flush()
    one_of(outcome, REFERRAL_OUTCOMES)
    if not store.rows(Referral).filter(id=referral).exists():
        raise InputError(f"referral {referral}: there is none of this number")
    if store.rows(ReferralAnswer).filter(referral=referral).exists():
        raise InputError(f"referral {referral}: it was answered before; refer anew")
    opening = commit(said(text, f"answer to referral {referral}"))
    writer.record(
        ReferralAnswered,
        [ReferralAnswer(referral=referral, outcome=outcome)],
        openings={"text": opening},
        referral=str(referral),
        outcome=outcome,
        text=opening.commitment,
    )
    stop_clock(store, writer, "referral", referral, outcome)


@act(Operation.RAISE_CONCERN, "cases")
def raise_concern(
    store: Store, writer: Writer, cases: Sequence[str], raised_by: str, text: str
) -> int:
    """Record a doubt that somebody raised; owners are told, and it has to be answered. The number of the concern."""
    writer.flush()
    one_of(raised_by, RAISED_BY)
    known = set(store.rows(Case).filter(case_id__in=cases).values_list("case_id", flat=True))
    missing = [case for case in cases if case not in known]
    if missing or not cases:
        raise InputError(f"concern: name cases that the store has; not in it: {', '.join(missing)}")
    opening = commit(said(text, "concern"))
    row = Concern(raised_by=raised_by)
    writer.record(
        ConcernRaised,
        [row, *about(cases)],
        openings={"text": opening},
        concern=str(writer.next_id(Concern)),
        cases=tuple(cases),
        raised_by=raised_by,
        text=opening.commitment,
    )
    start_clock(writer, "concern", int(row.id), in_force(store).days_concern, cases)
    for case in cases:
        tell_owner(store, writer, case, "concern", str(row.id))
    return int(row.id)


@act(Operation.ANSWER, "concern", cases_by(Concern))
def answer_concern(
    store: Store, writer: Writer, concern: int, outcome: str, text: str, *, told: bool
) -> None:
    """Answer a concern; its clock stops once whoever raised it was told, or could not be, as the text then says."""
    writer.flush()
    one_of(outcome, CONCERN_OUTCOMES)
    if not store.rows(Concern).filter(id=concern).exists():
        raise InputError(f"concern {concern}: there is none of this number")
    if store.rows(ConcernAnswer).filter(concern=concern).exists():
        raise InputError(f"concern {concern}: it was answered before; raise it anew")
    opening = commit(said(text, f"answer to concern {concern}"))
    writer.record(
        ConcernAnswered,
        [ConcernAnswer(concern=concern, outcome=outcome, told=int(told))],
        openings={"text": opening},
        concern=str(concern),
        outcome=outcome,
        told=told,
        text=opening.commitment,
    )
    stop_clock(store, writer, "concern", concern, outcome)
