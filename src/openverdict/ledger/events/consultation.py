"""Consultation: who was shown what, who signed in, who was refused."""

from __future__ import annotations

from datetime import datetime

from openverdict.ledger.events.base import Act, Code, Commitment, Event, Key, Sha256, event


@event(Act.CONSULTATION)
class SignedIn(Event):
    """The actor signed in."""

    method: Code


@event(Act.CONSULTATION)
class SignInFailed(Event):
    """Somebody did not get in under the actor's name."""

    method: Code
    reason: Code


@event(Act.CONSULTATION)
class SignedOut(Event):
    """The actor signed out, or their time ran out."""

    reason: Code


@event(Act.CONSULTATION)
class CaseViewed(Event):
    """A case, or a part of it, was shown to the actor."""

    case: Key
    part: Code
    snapshot: Sha256 | None = None


@event(Act.CONSULTATION)
class LeadShown(Event):
    """A lead was shown to the actor; the snapshot is the hash of exactly what was on the page."""

    run: Key
    lead: Key
    cases: tuple[Key, ...]
    ratio_shown: bool
    snapshot: Sha256


@event(Act.CONSULTATION)
class PairShown(Event):
    """A pair of cases was shown to the actor."""

    run: Key
    case_a: Key
    case_b: Key
    ratio_shown: bool
    snapshot: Sha256


@event(Act.CONSULTATION)
class ListShown(Event):
    """A list was shown to the actor; `rows_shown` of how many, and a commitment to what was searched for."""

    page: Code
    rows_shown: int
    filters: Commitment | None = None


@event(Act.CONSULTATION)
class ReportMade(Event):
    """A report was made for the actor to read here (what leaves the house is a disclosure)."""

    report: Code
    subject_kind: Code
    subject: Key
    sha256: Sha256


@event(Act.CONSULTATION)
class LogInspected(Event):
    """Entries of this log were read: `first` to `last`, both counted."""

    first: int
    last: int


@event(Act.CONSULTATION)
class LogVerified(Event):
    """The log was verified as far as `size` entries; `outcome`: intact, broken or unknown."""

    size: int
    outcome: Code


@event(Act.CONSULTATION)
class AccessDenied(Event):
    """The actor asked for what they may not see or do."""

    operation: Code
    rule: Code
    subject_kind: Code | None = None
    subject: Key | None = None


@event(Act.CONSULTATION)
class ActedWithoutAccounts(Event):
    """The actor acts in a store in which no account was made, with every right; logged once for each actor."""

    rule: Code


@event(Act.CONSULTATION)
class BreakGlassOpened(Event):
    """The actor opened what they may not normally see, with a reason, for a time, and somebody was alerted."""

    case: Key
    until: datetime
    alerted: tuple[Key, ...]
    text: Commitment


@event(Act.CONSULTATION)
class BreakGlassClosed(Event):
    """The time of an exceptional access is over."""

    case: Key
    opened_at_entry: int
    reason: Code
