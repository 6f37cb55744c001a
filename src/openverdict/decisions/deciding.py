"""Deciding: the first view before the ratio, the decision after it, the second and the third person, superseding.

Every act is one event with its rows. What a rule refuses is refused before anything is written, in one line that says what to
do. All of it runs within the writers' lock, so that two people who press the button at once can't both be first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from openverdict.decisions.access import footing
from openverdict.decisions.guarding import act, cases_by
from openverdict.decisions.models import About, Decision, FirstView, Shown
from openverdict.decisions.policy import Policy, in_force
from openverdict.decisions.roles import Operation
from openverdict.decisions.showing import ratio_of
from openverdict.decisions.standing import State, is_mentioned, stands_on
from openverdict.decisions.steps import (
    about,
    record_decision,
    refuse_machine,
    start_clock,
    stop_assignments,
    stop_clock,
)
from openverdict.decisions.subjects import Kind, Subject
from openverdict.decisions.words import Conclusion, reasons
from openverdict.errors import InputError
from openverdict.ledger.commitment import commit
from openverdict.ledger.events import (
    DecisionSuperseded,
    FirstViewRecorded,
    SecondDecisionRecorded,
)
from openverdict.ledger.models import Fact
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer


@dataclass(frozen=True)
class Opinion:
    """What a person concludes: the conclusion, the codes of the reasons, and the reason in their own words."""

    conclusion: str
    reasons: tuple[str, ...]
    text: str


def wants_first_view(store: Store, subject: Subject, user: str) -> bool:
    """Whether the ratio would cost a person the decision: they may decide, the policy asks for a first view, and there is none.

    Once the ratio was shown to them, no first view can be recorded any more.
    """
    if not in_force(store).first_view_required or _viewed(store, subject, user):
        return False
    return footing(store, user, subject.cases, at=store.clock()).may(Operation.DECIDE)


@act(Operation.FIRST_VIEW, "shown", cases_by(Shown))
def first_view(store: Store, writer: Writer, shown: int, view: str, text: str | None = None) -> int:
    """Record what the actor thinks of a subject before the ratio is shown; the number of the view.

    Raises:
        InputError: the showing is not the actor's or showed the ratio, the ratio was shown to them before, or the view is no
            conclusion.
    """
    writer.flush()
    seen, subject = _seen(store, writer, shown)
    view = _conclusion(view)
    if seen.ratio_shown or _saw_ratio(store, subject, writer.actor):
        raise InputError(
            f"{subject}: {writer.actor} has seen the ratio, so there is no first view left to record; "
            "let another person look"
        )
    if _viewed(store, subject, writer.actor):
        raise InputError(f"{subject}: {writer.actor} has recorded a first view before; it stands")
    row = FirstView(
        subject_kind=subject.kind.value,
        subject=subject.key,
        user=writer.actor,
        view=view,
        shown=seen.id,
    )
    opening = commit(text) if text and text.strip() else None
    writer.record(
        FirstViewRecorded,
        [row, *about(subject.cases)],
        openings={"text": opening} if opening else None,
        subject_kind=subject.kind.value,
        subject=subject.key,
        cases=subject.cases,
        view=view,
        snapshot=seen.snapshot,
        text=opening.commitment if opening else None,
    )
    return int(row.id)


@act(Operation.DECIDE, "shown", cases_by(Shown))
def decide(store: Store, writer: Writer, shown: int, opinion: Opinion) -> int:
    """Record the first decision on a subject, on what `shown` showed; its number.

    Raises:
        InputError: a rule of the vocabulary or the policy is not met, or a decision stands already.
    """
    writer.flush()
    policy = in_force(store)
    seen, subject = _ready(store, writer, shown, opinion, policy)
    stood = stands_on(store, subject.kind, subject.key)
    if stood.first is not None:
        raise InputError(
            f"{subject}: decision {stood.first.id} stands; decide too, or supersede that one"
        )
    return _record(store, writer, seen, subject, opinion, policy, None)


@act(Operation.SUPERSEDE, "decision", cases_by(Decision))
def supersede(
    store: Store, writer: Writer, decision: int, shown: int, opinion: Opinion, reason: str
) -> int:
    """Put a new first decision in the place of one that stands; the old one is kept. `reason`: a code. The new number.

    Raises:
        InputError: as `decide`; or the decision does not stand, or waits for a third person.
    """
    writer.flush()
    policy = in_force(store)
    old, subject, state = _first(store, decision)
    seen, same = _ready(store, writer, shown, opinion, policy)
    if same != subject:
        raise InputError(f"decision {decision} is on {subject}; what was shown is {same}")
    if state is State.AWAITS_THIRD:
        raise InputError(
            f"decision {decision}: two people disagree, and a third has to decide before it can be superseded"
        )
    if reason not in reasons():
        raise InputError(
            f"reason {reason!r}: not in the vocabulary; one of: {', '.join(reasons())}"
        )
    number = _record(store, writer, seen, subject, opinion, policy, old.id)
    writer.record(DecisionSuperseded, decision=str(old.id), by=str(number), reason=reason)
    stop_clock(store, writer, "decision", old.id, "superseded")
    return number


@act(Operation.DECIDE_TOO, "decision", cases_by(Decision))
def decide_too(store: Store, writer: Writer, decision: int, shown: int, opinion: Opinion) -> int:
    """Record the decision of a second person on the same, or of a third where two disagree; its number.

    Raises:
        InputError: as `decide`; or the actor has decided on it before, or nobody is waited for.
    """
    writer.flush()
    policy = in_force(store)
    first, subject, state = _first(store, decision)
    stood = stands_on(store, subject.kind, subject.key)
    if writer.actor in stood.people:
        raise InputError(
            f"{subject}: {writer.actor} has decided on it; the next person must be another"
        )
    if stood.others and state is not State.AWAITS_THIRD:
        raise InputError(
            f"{subject}: two people agree or a third has decided; supersede decision {decision}"
        )
    seen, same = _ready(store, writer, shown, opinion, policy)
    if same != subject:
        raise InputError(f"decision {decision} is on {subject}; what was shown is {same}")
    place = len(stood.people) + 1
    opening = commit(opinion.text.strip())
    row = _row(writer, seen, subject, opinion, policy)
    row.place, row.of, row.second_needed = place, first.id, 0
    row.log10_lr = ratio_of(store, subject, seen.run)
    writer.record(
        SecondDecisionRecorded,
        [row, *about(subject.cases)],
        openings={"text": opening},
        decision=str(writer.next_id(Decision)),
        of=str(first.id),
        place=place,
        agrees=opinion.conclusion == first.conclusion,
        conclusion=opinion.conclusion,
        reasons=opinion.reasons,
        text=opening.commitment,
        snapshot=seen.snapshot,
    )
    _tell_clocks(store, writer, row, first, subject.cases)
    return int(row.id)


def _tell_clocks(
    store: Store, writer: Writer, row: Decision, first: Decision, cases: tuple[str, ...]
) -> None:
    """Whoever was waited for has decided; where two disagree, a third is waited for as long again."""
    stop_assignments(store, writer, row)
    apart = row.place == 2 and row.conclusion != first.conclusion
    outcome = "decided" if row.place == 3 else "disagreed" if apart else "agreed"
    stop_clock(store, writer, "decision", first.id, outcome)
    if apart:
        days = in_force(store).days_second_person
        start_clock(writer, "decision", first.id, days, cases, "third_person")


def check_opinion(store: Store, subject: Subject, opinion: Opinion, policy: Policy) -> None:
    """Whether an opinion can be recorded: known words, a reason in words, and no unverified artefact as the reason.

    Raises:
        InputError: it can't; says why.
    """
    conclusion = _conclusion(opinion.conclusion)
    if not opinion.reasons or len(set(opinion.reasons)) != len(opinion.reasons):
        raise InputError(f"{subject}: give at least one reason code, each once")
    if len(opinion.text.strip()) < policy.text_decision_min_chars:
        raise InputError(
            f"{subject}: the reason in words has fewer than {policy.text_decision_min_chars} characters; "
            "say what you rest it on"
        )
    for code in opinion.reasons:
        reason = reasons().get(code)
        if reason is None:
            raise InputError(
                f"reason {code!r}: not in the vocabulary; one of: {', '.join(reasons())}"
            )
        if conclusion not in reason.supports:
            raise InputError(f"reason {code!r} can't support {conclusion}; choose another")
        if reason.needs is not None and not _verified(
            store, subject, reason.needs, reason.needs_values
        ):
            raise InputError(
                f"reason {code!r}: nobody has verified it; missing: {reason.missing}. "
                "Have it tested, or choose another reason"
            )


def second_needed(
    store: Store, subject: Subject, conclusion: str, ratio: float | None, policy: Policy
) -> bool:
    """Whether the policy asks for a second person."""
    if policy.second_person_mentioned and is_mentioned(store, subject):
        return True
    if subject.kind is Kind.LEAD and policy.second_person_lead:
        return True
    if conclusion not in policy.second_person_conclusions:
        return False
    if subject.kind is Kind.CASE:
        return True
    return ratio is not None and ratio >= policy.second_person_from_log10_lr


def _record(
    store: Store,
    writer: Writer,
    seen: Shown,
    subject: Subject,
    opinion: Opinion,
    policy: Policy,
    old: int | None,
) -> int:
    row = _row(writer, seen, subject, opinion, policy)
    row.log10_lr = ratio_of(store, subject, seen.run)
    row.supersedes = old
    row.second_needed = int(second_needed(store, subject, opinion.conclusion, row.log10_lr, policy))
    return record_decision(
        store, writer, row, subject, {"text": commit(opinion.text.strip())}, seen.snapshot
    )


def _row(
    writer: Writer, seen: Shown, subject: Subject, opinion: Opinion, policy: Policy
) -> Decision:
    return Decision(
        subject_kind=subject.kind.value,
        subject=subject.key,
        user=writer.actor,
        conclusion=opinion.conclusion,
        reasons=json.dumps(list(opinion.reasons)),
        place=1,
        shown=seen.id,
        run=seen.run,
        policy=policy.version,
    )


def _ready(
    store: Store, writer: Writer, shown: int, opinion: Opinion, policy: Policy
) -> tuple[Shown, Subject]:
    """What was shown, once every rule that any decision has to meet is met."""
    refuse_machine(writer)
    seen, subject = _seen(store, writer, shown)
    if not seen.ratio_shown:
        raise InputError(f"{subject}: decide on a page that shows the ratio; this one left it out")
    if policy.first_view_required and not _viewed(store, subject, writer.actor):
        raise InputError(
            f"{subject}: {writer.actor} has recorded no first view; the policy asks for one before the ratio is shown"
        )
    check_opinion(store, subject, opinion, policy)
    return seen, subject


def _seen(store: Store, writer: Writer, shown: int) -> tuple[Shown, Subject]:
    seen = store.rows(Shown).filter(id=shown).first()
    if seen is None or seen.user != writer.actor:
        raise InputError(f"showing {shown}: nothing was shown to {writer.actor} under this number")
    return seen, Subject(Kind(seen.subject_kind), seen.subject, _cases(store, seen.event_id))


def _first(store: Store, decision: int) -> tuple[Decision, Subject, State]:
    """A first decision that stands, what it is on, and how far that has come."""
    row = store.rows(Decision).filter(id=decision).first()
    if row is None:
        raise InputError(f"decision {decision}: there is none of this number")
    stood = stands_on(store, row.subject_kind, row.subject)
    if stood.first is None or stood.first.id != row.id:
        raise InputError(
            f"decision {decision} is not the first decision that stands; see decision "
            f"{stood.first.id if stood.first else row.of}"
        )
    subject = Subject(Kind(row.subject_kind), row.subject, _cases(store, row.event_id))
    return row, subject, stood.state


def _cases(store: Store, entry: int) -> tuple[str, ...]:
    rows = store.rows(About).filter(event_id=entry).order_by("id")
    return tuple(rows.values_list("case_id", flat=True))


def _of(store: Store, model: Any, subject: Subject, user: str) -> Any:
    return store.rows(model).filter(subject_kind=subject.kind.value, subject=subject.key, user=user)


def _saw_ratio(store: Store, subject: Subject, user: str) -> bool:
    return bool(_of(store, Shown, subject, user).filter(ratio_shown=1).exists())


def _viewed(store: Store, subject: Subject, user: str) -> bool:
    return bool(_of(store, FirstView, subject, user).exists())


def _verified(store: Store, subject: Subject, field: str, values: tuple[str, ...]) -> bool:
    """Whether what stands last under a field in one of the cases is among the values."""
    for case in subject.cases:
        facts = list(store.rows(Fact).filter(case_id=case, field=field).order_by("id"))
        gone = {fact.supersedes for fact in facts}
        left = [fact for fact in facts if fact.id not in gone]
        if left and max(left, key=lambda f: (f.known_from or "", f.id)).value in values:
            return True
    return False


def _conclusion(word: str) -> str:
    if word not in set(Conclusion):
        raise InputError(f"{word!r} is no conclusion; one of: {', '.join(Conclusion)}")
    return str(word)
