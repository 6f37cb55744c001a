"""The consideration report: of a pair, a lead or a case, what could be seen when, who was shown what, who decided and why.

It says what is in the record, in its order, and what is not: nobody was shown it, nobody decided, a fact came in afterwards, an
answer never came. Two days stand beside each other throughout: when something was known, and when the store had it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from openverdict.decisions.duties import waiting
from openverdict.decisions.models import (
    About,
    Category,
    Concern,
    Decision,
    FirstView,
    Referral,
    ReferralAnswer,
    Reopened,
    Shown,
)
from openverdict.decisions.showing import content_of
from openverdict.decisions.standing import State, reason_codes, stands
from openverdict.decisions.subjects import Kind, Subject
from openverdict.ledger.models import Event, Fact, Lead, Link
from openverdict.ledger.store import Store

ERASED = "(erased)"


@dataclass(frozen=True)
class SharedFact:
    """A value that two cases have in common: from when on both were known, and from when on the store had both."""

    field: str
    value: str
    cases: tuple[str, str]
    known_from: str | None
    recorded: str


@dataclass(frozen=True)
class Step:
    """Something that happened, with the entry of the log that says so. `at`: UTC. `words`: a person's own, or none."""

    at: str
    entry: int
    what: str
    who: str
    detail: str
    words: str | None = None


@dataclass(frozen=True)
class Consideration:
    """All that the record says of how a subject was considered. `never`: sentences on what was not done."""

    subject: str
    cases: tuple[str, ...]
    state: str
    conclusion: str | None
    disagreement: bool
    first_scored: Step | None
    shared: tuple[SharedFact, ...]
    steps: tuple[Step, ...]
    never: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)


def consideration(store: Store, subject: Subject, at: datetime) -> Consideration:
    """The report on a subject, as the store stands; `at` is the day on which what is waited for counts as late."""
    with store.snapshot():
        stood = stands(store, subject)
        steps = sorted(_steps(store, subject), key=lambda step: (step.entry, step.what))
        scored = next((step for step in steps if step.what == "scored"), None)
        return Consideration(
            str(subject),
            subject.cases,
            stood.state.value,
            stood.conclusion,
            stood.disagreement,
            scored,
            tuple(_shared(store, subject.cases)),
            tuple(steps),
            tuple(_never(store, subject, stood.state, steps, at)),
        )


def _shared(store: Store, cases: tuple[str, ...]) -> list[SharedFact]:
    """What stands in both of two cases, each pair of them; a list counts item by item."""
    values = {case: _values(store, case) for case in cases}
    found = []
    for first, second in combinations(cases, 2):
        for key in sorted(values[first].keys() & values[second].keys()):
            both = (values[first][key], values[second][key])
            known = [each[0] for each in both]
            found.append(
                SharedFact(
                    *key,
                    (first, second),
                    None if None in known else max(str(day) for day in known),
                    max(each[1] for each in both),
                )
            )
    return found


def _values(store: Store, case: str) -> dict[tuple[str, str], tuple[str | None, str]]:
    """(field, value) to when it was first known and first recorded; superseded facts count, since they were seen."""
    found: dict[tuple[str, str], tuple[str | None, str]] = {}
    for fact in store.rows(Fact).filter(case_id=case, status="recorded").order_by("id"):
        if fact.field in ("known_from", "narrative") or not fact.value:
            continue
        for item in fact.value.split(";"):
            found.setdefault(
                (fact.field, item.strip()), (fact.known_from, _at(store, fact.event_id))
            )
    return found


def _steps(store: Store, subject: Subject) -> list[Step]:
    own = {"subject_kind": subject.kind.value, "subject": subject.key}
    steps = _scored(store, subject)
    for shown in store.rows(Shown).filter(**own):
        how = "with the ratio" if shown.ratio_shown else "without the ratio"
        steps.append(_step(store, shown, "shown", shown.user, f"{how}, run {shown.run}"))
    for view in store.rows(FirstView).filter(**own):
        steps.append(_step(store, view, "first view", view.user, view.view))
    for decision in store.rows(Decision).filter(**own):
        place = {1: "decided", 2: "decided as second", 3: "decided as third"}[decision.place]
        said = (
            f"decision {decision.id}: {decision.conclusion} ({', '.join(reason_codes(decision))})"
        )
        if decision.supersedes:
            said += f", in the place of decision {decision.supersedes}"
        if decision.bulk:
            said += ", together with others"
        steps.append(_step(store, decision, place, decision.user, said))
    for referral in store.rows(Referral).filter(**own):
        detail = f"referral {referral.id} to {referral.recipient}"
        steps.append(_step(store, referral, "referred", referral.user, detail))
        for answer in store.rows(ReferralAnswer).filter(referral=referral.id):
            detail = f"referral {referral.id}: {answer.outcome}"
            steps.append(_step(store, answer, "answered", None, detail))
    about = store.rows(About).filter(case_id__in=subject.cases).values("event_id")
    for concern in store.rows(Concern).filter(event_id__in=about):
        detail = f"concern {concern.id}, by {concern.raised_by}"
        steps.append(_step(store, concern, "concern raised", None, detail))
    for row in store.rows(Reopened).filter(case_id__in=subject.cases):
        steps.append(_step(store, row, "reopened", None, f"case {row.case_id}: {row.reason}"))
    for category in store.rows(Category).filter(case_id__in=subject.cases):
        early = ", premature" if category.premature else ""
        detail = (
            f"case {category.case_id}: {category.category}, {category.checks_done} of "
            f"{category.checks_needed} checks{early}"
        )
        steps.append(_step(store, category, "category", category.user, detail))
    return steps


def _scored(store: Store, subject: Subject) -> list[Step]:
    """Every run that listed the subject."""
    if subject.kind is Kind.CASE:
        return []
    if subject.kind is Kind.PAIR:
        pair = list(subject.cases)
        rows = store.rows(Link).filter(case_a__in=pair, case_b__in=pair)
    else:
        rows = store.rows(Lead).filter(id=int(subject.key))
    return [
        _step(
            store,
            row,
            "scored",
            None,
            f"run {row.run_id}, rank {row.rank}, log10 ratio {row.log10_lr}",
        )
        for row in rows
    ]


def _never(
    store: Store, subject: Subject, state: State, steps: list[Step], at: datetime
) -> list[str]:
    said = []
    if not any(step.what == "scored" for step in steps) and subject.kind is not Kind.CASE:
        said.append("No run listed it: it was below the floor, or no run was made.")
    looked = [step for step in steps if step.what == "shown"]
    if not looked:
        said.append("Nobody was shown it.")
    if not any(step.what.startswith("decided") for step in steps):
        said.append("Nobody decided on it.")
    if state in (State.AWAITS_SECOND, State.AWAITS_THIRD):
        said.append(f"It {state.value.replace('_', ' ')}.")
    if looked:
        last = max(step.entry for step in looked)
        later = store.rows(Fact).filter(case_id__in=subject.cases, event_id__gt=last).order_by("id")
        said += [
            f"Case {fact.case_id}: {fact.field} was recorded on {_at(store, fact.event_id)[:10]}, after anybody last looked."
            for fact in later
        ]
    for each in waiting(store, at):
        if set(each.cases) & set(subject.cases):
            over = f", {each.days_over} days over its time" if each.days_over else ""
            said.append(f"{each.rule} {each.subject}: unanswered since {each.since}{over}.")
    return said


def _step(store: Store, row: Any, what: str, who: str | None, detail: str) -> Step:
    event = store.rows(Event).get(seq=row.event_id)
    held = '"text":"' in event.body
    words = content_of(store, row.event_id, "text") if held else None
    return Step(
        event.at,
        row.event_id,
        what,
        who or event.actor,
        detail,
        ERASED if held and words is None else words,
    )


def _at(store: Store, entry: int) -> str:
    return str(store.rows(Event).get(seq=entry).at)
