"""Who has to do what by when: owners, assignments, referrals, concerns, provisional categories, sign-off, and their clocks.

A clock starts with what has to be answered and stops with the answer and nothing else. When its day is over it goes up, once,
and is still waited for: "unanswered since".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef

from openverdict.cases import checks
from openverdict.decisions.models import (
    About,
    Assignment,
    Category,
    Clock,
    ClockOverrun,
    ClockStop,
    Concern,
    ConcernAnswer,
    Decision,
    Notice,
    Owner,
    Referral,
    ReferralAnswer,
    Reopened,
    Shown,
    SignOff,
)
from openverdict.decisions.policy import in_force
from openverdict.decisions.standing import standing_decisions
from openverdict.decisions.subjects import Subject
from openverdict.errors import InputError
from openverdict.ledger.commitment import commit
from openverdict.ledger.events import (
    Assigned,
    CaseReopened,
    CategoryRecorded,
    ClockOverran,
    ClockStarted,
    ClockStopped,
    ConcernAnswered,
    ConcernRaised,
    OwnerChanged,
    OwnerNotified,
    ReferralAnswered,
    ReferralMade,
    SignedOff,
)
from openverdict.ledger.models import Case
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer

CATEGORIES = (
    "expected",
    "unexpected_not_suspicious",
    "unexpected_under_investigation",
    "homicide",
    "suspicious",
    "unexplained",
)
# These say that enquiries are over; said before they are, they are premature.
CLOSING = frozenset({"expected", "unexpected_not_suspicious"})
REFERRAL_OUTCOMES = ("accepted", "refused", "returned")
# Nothing about who the person was is an answer to a concern.
CONCERN_OUTCOMES = ("enquiry_opened", "facts_explained", "passed_on", "no_means_to_enquire")
RAISED_BY = ("family", "friend", "community", "press", "professional", "coroner", "other")
REOPENED_FOR = ("late_result", "coroners_doubt", "new_facts", "new_lead", "concern")


@dataclass(frozen=True)
class Waiting:
    """Something that is waited for: since when, by when, how many days it is over its time (0: not yet), to whom it went up."""

    clock: int
    rule: str
    subject_kind: str
    subject: str
    since: str
    due: str
    days_over: int
    escalated_to: str | None
    cases: tuple[str, ...]


def own(store: Store, writer: Writer, case: str, owner: str) -> None:
    """Make somebody responsible for a case."""
    writer.flush()
    if not store.rows(Case).filter(case_id=case).exists():
        raise InputError(f"case {case}: the store does not have it; check the number")
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


def owner_of(store: Store, case: str) -> str | None:
    """Who is responsible for a case; None where nobody was ever named."""
    row = store.rows(Owner).filter(case_id=case).order_by("-id").first()
    return None if row is None else str(row.owner)


def assign(store: Store, writer: Writer, subject: Subject, user: str) -> int:
    """Give a subject to somebody to look at, by the day in the event (no clock runs on it). The number of the assignment."""
    writer.flush()
    rows = store.rows(Assignment).filter(subject_kind=subject.kind.value, subject=subject.key)
    before = rows.order_by("-id").first()
    due = _due(writer, in_force(store).days_assignment)
    row = Assignment(subject_kind=subject.kind.value, subject=subject.key, user=user)
    writer.record(
        Assigned,
        [row, *_about(subject.cases)],
        subject_kind=subject.kind.value,
        subject=subject.key,
        to=user,
        before=None if before is None else before.user,
        due=due,
    )
    return int(row.id)


def refer(
    store: Store, writer: Writer, subject: Subject, recipient: str, shown: int, text: str
) -> int:
    """Refer a subject to somebody else with what they are shown; its clock starts. The number of the referral."""
    writer.flush()
    seen = store.rows(Shown).filter(id=shown, user=writer.actor).first()
    if seen is None or (seen.subject_kind, seen.subject) != (subject.kind.value, subject.key):
        raise InputError(f"showing {shown}: it is not what {writer.actor} was shown of {subject}")
    opening = commit(_said(text, f"referral of {subject}"))
    row = Referral(
        subject_kind=subject.kind.value,
        subject=subject.key,
        recipient=recipient,
        user=writer.actor,
        shown=shown,
    )
    writer.record(
        ReferralMade,
        [row, *_about(subject.cases)],
        openings={"text": opening},
        referral=str(writer.next_id(Referral)),
        subject_kind=subject.kind.value,
        subject=subject.key,
        cases=subject.cases,
        recipient=recipient,
        snapshot=seen.snapshot,
        text=opening.commitment,
    )
    _start(writer, "referral", int(row.id), in_force(store).days_referral, subject.cases)
    return int(row.id)


def answer_referral(store: Store, writer: Writer, referral: int, outcome: str, text: str) -> None:
    """Record the answer to a referral, with its reason; its clock stops."""
    writer.flush()
    _one_of(outcome, REFERRAL_OUTCOMES)
    if not store.rows(Referral).filter(id=referral).exists():
        raise InputError(f"referral {referral}: there is none of this number")
    if store.rows(ReferralAnswer).filter(referral=referral).exists():
        raise InputError(f"referral {referral}: it was answered before; refer anew")
    opening = commit(_said(text, f"answer to referral {referral}"))
    writer.record(
        ReferralAnswered,
        [ReferralAnswer(referral=referral, outcome=outcome)],
        openings={"text": opening},
        referral=str(referral),
        outcome=outcome,
        text=opening.commitment,
    )
    _stop(store, writer, "referral", referral, outcome)


def raise_concern(
    store: Store, writer: Writer, cases: Sequence[str], raised_by: str, text: str
) -> int:
    """Record a doubt that somebody raised; owners are told, and it has to be answered. The number of the concern."""
    writer.flush()
    _one_of(raised_by, RAISED_BY)
    known = set(store.rows(Case).filter(case_id__in=cases).values_list("case_id", flat=True))
    missing = [case for case in cases if case not in known]
    if missing or not cases:
        raise InputError(f"concern: name cases that the store has; not in it: {', '.join(missing)}")
    opening = commit(_said(text, "concern"))
    row = Concern(raised_by=raised_by)
    writer.record(
        ConcernRaised,
        [row, *_about(cases)],
        openings={"text": opening},
        concern=str(writer.next_id(Concern)),
        cases=tuple(cases),
        raised_by=raised_by,
        text=opening.commitment,
    )
    _start(writer, "concern", int(row.id), in_force(store).days_concern, cases)
    for case in cases:
        _tell_owner(store, writer, case, "concern", str(row.id))
    return int(row.id)


def answer_concern(
    store: Store, writer: Writer, concern: int, outcome: str, text: str, *, told: bool
) -> None:
    """Answer a concern; its clock stops once whoever raised it was told, or could not be, as the text then says."""
    writer.flush()
    _one_of(outcome, CONCERN_OUTCOMES)
    if not store.rows(Concern).filter(id=concern).exists():
        raise InputError(f"concern {concern}: there is none of this number")
    if store.rows(ConcernAnswer).filter(concern=concern).exists():
        raise InputError(f"concern {concern}: it was answered before; raise it anew")
    opening = commit(_said(text, f"answer to concern {concern}"))
    writer.record(
        ConcernAnswered,
        [ConcernAnswer(concern=concern, outcome=outcome, told=int(told))],
        openings={"text": opening},
        concern=str(concern),
        outcome=outcome,
        told=told,
        text=opening.commitment,
    )
    _stop(store, writer, "concern", concern, outcome)


def categorise(
    store: Store, writer: Writer, case: str, category: str, text: str, *, done: Sequence[str]
) -> int:
    """Record a category with the checks that were done; it is provisional until another person signs it off. Its number.

    A category that ends enquiries while checks that are always expected are open is kept, and marked premature.

    Raises:
        InputError: an unknown category or check, or it ends enquiries while a concern about the case has no answer.
    """
    writer.flush()
    _one_of(category, CATEGORIES)
    if not store.rows(Case).filter(case_id=case).exists():
        raise InputError(f"case {case}: the store does not have it; check the number")
    odd = sorted(set(done) - set(checks()))
    if odd:
        raise InputError(f"case {case}: no such check: {', '.join(odd)}")
    if category in CLOSING and (open_concerns := unanswered_concerns(store, case)):
        raise InputError(
            f"case {case}: concern {open_concerns[0]} has no answer; answer it before enquiries end"
        )
    needed = {code for code, check in checks().items() if check.expected == "always"}
    met = len(needed & set(done))
    premature = category in CLOSING and met < len(needed)
    opening = commit(_said(text, f"category of case {case}"))
    row = Category(
        case_id=case,
        category=category,
        user=writer.actor,
        checks_done=met,
        checks_needed=len(needed),
        premature=int(premature),
    )
    writer.record(
        CategoryRecorded,
        [row, About(case_id=case)],
        openings={"text": opening},
        case=case,
        category=category,
        checks_done=met,
        checks_needed=len(needed),
        premature=premature,
        text=opening.commitment,
    )
    _start(writer, "category", int(row.id), in_force(store).days_sign_off, [case], "sign_off")
    return int(row.id)


def sign_off(
    store: Store,
    writer: Writer,
    kind: str,
    number: int,
    *,
    agrees: bool,
    dissent: str | None = None,
) -> None:
    """Sign a category or a decision off, or dissent with a reason; never by its author.

    Raises:
        InputError: there is none, the actor wrote it, it was signed before, or a dissent says nothing.
    """
    writer.flush()
    _one_of(kind, ("category", "decision"))
    model: Any = Category if kind == "category" else Decision
    row = store.rows(model).filter(id=number).first()
    if row is None:
        raise InputError(f"{kind} {number}: there is none of this number")
    if row.user == writer.actor:
        raise InputError(f"{kind} {number}: {writer.actor} wrote it; another person has to sign it")
    if store.rows(SignOff).filter(subject_kind=kind, subject=str(number)).exists():
        raise InputError(f"{kind} {number}: it was signed before")
    opening = None if agrees else commit(_said(dissent or "", "dissent"))
    signed = SignOff(subject_kind=kind, subject=str(number), user=writer.actor, agrees=int(agrees))
    writer.record(
        SignedOff,
        [signed],
        openings={"dissent": opening} if opening else None,
        subject_kind=kind,
        subject=str(number),
        agrees=agrees,
        dissent=opening.commitment if opening else None,
    )
    if kind == "category":
        _stop(store, writer, "category", number, "signed" if agrees else "dissent")


def reopen(store: Store, writer: Writer, case: str, reason: str, text: str | None = None) -> None:
    """Pull a case back: a late result, a coroner's doubt. Its owner is told; what was decided on it is from before."""
    writer.flush()
    _one_of(reason, REOPENED_FOR)
    if not store.rows(Case).filter(case_id=case).exists():
        raise InputError(f"case {case}: the store does not have it; check the number")
    opening = commit(text.strip()) if text and text.strip() else None
    writer.record(
        CaseReopened,
        [Reopened(case_id=case, reason=reason), About(case_id=case)],
        openings={"text": opening} if opening else None,
        case=case,
        reason=reason,
        text=opening.commitment if opening else None,
    )
    _tell_owner(store, writer, case, reason, None)


def decided_before_reopening(store: Store) -> Any:
    """First decisions that stand and that a later reopening of one of their cases is after, as a query set."""
    later = store.rows(Reopened).filter(
        event_id__gt=OuterRef("event_id"),
        case_id__in=store.rows(About)
        .filter(event_id=OuterRef(OuterRef("event_id")))
        .values("case_id"),
    )
    return standing_decisions(store).filter(Exists(later))


def unanswered_concerns(store: Store, case: str) -> list[int]:
    """The concerns about a case that have no answer."""
    answered = store.rows(ConcernAnswer).filter(concern=OuterRef("id"))
    about = store.rows(About).filter(case_id=case, event_id=OuterRef("event_id"))
    rows = store.rows(Concern).filter(Exists(about)).exclude(Exists(answered)).order_by("id")
    return [int(number) for number in rows.values_list("id", flat=True)]


def waiting(store: Store, at: datetime, cases: Sequence[str] | None = None) -> list[Waiting]:
    """Everything that is waited for, what is due first at the head; with `cases`, only what is about one of these."""
    stopped = store.rows(ClockStop).filter(clock=OuterRef("id"))
    clocks = store.rows(Clock).exclude(Exists(stopped))
    if cases is not None:
        about = store.rows(About).filter(case_id__in=list(cases))
        clocks = clocks.filter(event_id__in=about.values("event_id"))
    up = dict(store.rows(ClockOverrun).values_list("clock", "escalated_to"))
    told: dict[int, list[str]] = {}
    about = store.rows(About).filter(event_id__in=clocks.values("event_id")).order_by("id")
    for entry, case in about.values_list("event_id", "case_id"):
        told.setdefault(entry, []).append(case)
    today = at.astimezone(UTC).date()
    return [
        Waiting(
            clock.id,
            clock.rule,
            clock.subject_kind,
            clock.subject,
            str(clock.began)[:10],
            clock.due,
            max(0, (today - datetime.fromisoformat(clock.due).date()).days),
            up.get(clock.id),
            tuple(told.get(clock.event_id, ())),
        )
        for clock in clocks.annotate(began=F("event__at")).order_by("due", "id")
    ]


def escalate(store: Store, writer: Writer, to: str | None = None) -> list[int]:
    """Say of every clock that is over its time, once, that it is, and to whom it went up; the numbers of the clocks."""
    writer.flush()
    gone = set(store.rows(ClockOverrun).values_list("clock", flat=True))
    late = [w for w in waiting(store, writer.at) if w.days_over and w.clock not in gone]
    for each in late:
        owner = owner_of(store, each.cases[0]) if each.cases else None
        target = to or owner
        row = ClockOverrun(clock=each.clock, escalated_to=target)
        notices = [
            Notice(user=target, case_id=case, reason="overdue", cause=str(each.clock))
            for case in each.cases
            if target is not None
        ]
        writer.record(ClockOverran, [row, *notices], clock=str(each.clock), escalated_to=target)
    return [each.clock for each in late]


def _start(
    writer: Writer,
    kind: str,
    number: int,
    days: int,
    cases: Sequence[str],
    rule: str | None = None,
) -> None:
    due = _due(writer, days)
    row = Clock(subject_kind=kind, subject=str(number), rule=rule or kind, due=due)
    writer.record(
        ClockStarted,
        [row, *_about(cases)],
        clock=str(writer.next_id(Clock)),
        subject_kind=kind,
        subject=str(number),
        rule=rule or kind,
        due=due,
    )


def _stop(store: Store, writer: Writer, kind: str, number: int, outcome: str) -> None:
    for clock in store.rows(Clock).filter(subject_kind=kind, subject=str(number)):
        row = ClockStop(clock=clock.id, outcome=outcome)
        writer.record(ClockStopped, [row], clock=str(clock.id), outcome=outcome)


def _tell_owner(store: Store, writer: Writer, case: str, reason: str, cause: str | None) -> None:
    owner = owner_of(store, case)
    if owner is not None:
        row = Notice(user=owner, case_id=case, reason=reason, cause=cause)
        writer.record(OwnerNotified, [row], case=case, owner=owner, reason=reason, cause=cause)


def _due(writer: Writer, days: int) -> str:
    return (writer.at.astimezone(UTC) + timedelta(days=days)).date().isoformat()


def _about(cases: Sequence[str]) -> list[Any]:
    return [About(case_id=case) for case in cases]


def _said(text: str, what: str) -> str:
    if not text.strip():
        raise InputError(f"{what}: say why in words")
    return text.strip()


def _one_of(word: str, words: Sequence[str]) -> None:
    if word not in words:
        raise InputError(f"{word!r}: one of: {', '.join(words)}")
