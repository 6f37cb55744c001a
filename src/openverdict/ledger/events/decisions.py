"""Alteration of what is concluded: views, decisions, second persons, sign-off. Nothing is overwritten, only superseded."""

from __future__ import annotations

from openverdict.ledger.events.base import Act, Code, Commitment, Decimal, Event, Key, Sha256, event


@event(Act.ALTERATION)
class FirstViewRecorded(Event):
    """What a reviewer thought of a pair, a lead or a case before the ratio was shown."""

    subject_kind: Code
    subject: Key
    cases: tuple[Key, ...]
    view: Code
    snapshot: Sha256
    text: Commitment | None = None


@event(Act.ALTERATION)
class DecisionRecorded(Event):
    """A reviewer decided on a pair, a lead or a case, on exactly what the snapshot holds."""

    decision: Key
    subject_kind: Code
    subject: Key
    cases: tuple[Key, ...]
    conclusion: Code
    reasons: tuple[Code, ...]
    text: Commitment
    snapshot: Sha256
    second_needed: bool
    run: Key | None = None
    log10_lr: Decimal | None = None
    bulk: Key | None = None


@event(Act.ALTERATION)
class SecondDecisionRecorded(Event):
    """A second (or, where two disagree, a third) person decided on the same; `place` is 2 or 3."""

    decision: Key
    of: Key
    place: int
    agrees: bool
    conclusion: Code
    reasons: tuple[Code, ...]
    text: Commitment
    snapshot: Sha256


@event(Act.ALTERATION)
class DecisionSuperseded(Event):
    """A later decision stands in the place of an earlier one, which is kept."""

    decision: Key
    by: Key
    reason: Code
    text: Commitment | None = None


@event(Act.ALTERATION)
class CategoryRecorded(Event):
    """A case was put into a category: provisional while checks are open, premature when it says more than they do."""

    case: Key
    category: Code
    checks_done: int
    checks_needed: int
    premature: bool
    text: Commitment


@event(Act.ALTERATION)
class SignedOff(Event):
    """A supervisor, never the author, signed off a category or a decision, or dissented."""

    subject_kind: Code
    subject: Key
    agrees: bool
    dissent: Commitment | None = None


@event(Act.ALTERATION)
class CaseReopened(Event):
    """A case has to be looked at again: a late result, a coroner's doubt, a new lead."""

    case: Key
    reason: Code
    text: Commitment | None = None


@event(Act.ALTERATION)
class SuggestionDecided(Event):
    """A suggestion was accepted, rejected or withdrawn; `place` 2: by a second reader; `at_once`, `policy`: not read alone."""

    decision: Key
    suggestion: Key
    case: Key
    rule: Code
    rule_version: Code
    outcome: Code
    place: int
    fact: Key | None = None
    at_once: Key | None = None
    policy: Key | None = None
    supersedes: Key | None = None
    reason: Code | None = None
