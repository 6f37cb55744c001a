"""Alteration of facts, ownership, clocks, rights and of the store itself. Every change is a new row with its event."""

from __future__ import annotations

from datetime import datetime

from openverdict.ledger.events.base import (
    Act,
    Code,
    Commitment,
    Event,
    Key,
    Sha256,
    VKey,
    When,
    event,
)


@event(Act.ALTERATION)
class FactSuperseded(Event):
    """A fact was corrected: another stands in its place from the day it was known; both are kept."""

    case: Key
    field: Code
    fact: Key
    by: Key
    reason: Code


@event(Act.ALTERATION)
class Assigned(Event):
    """A pair, a lead or a case was given to somebody to look at, or back."""

    subject_kind: Code
    subject: Key
    to: Key
    before: Key | None = None
    due: When | None = None


@event(Act.ALTERATION)
class OwnerChanged(Event):
    """A case got another owner; there is always one."""

    case: Key
    owner: Key
    before: Key | None = None
    text: Commitment | None = None


@event(Act.ALTERATION)
class OwnerNotified(Event):
    """The owner of a case was told of what touches it."""

    case: Key
    owner: Key
    reason: Code
    cause: Key | None = None


@event(Act.ALTERATION)
class EnquiryRequested(Event):
    """An enquiry was asked for, by whom it was advised and by when it is due."""

    enquiry: Key
    case: Key
    check: Code
    advised_by: Code | None = None
    due: When | None = None
    exhibit: Key | None = None
    device: Key | None = None


@event(Act.ALTERATION)
class ConcernAnswered(Event):
    """A concern got its answer, and whoever raised it was told or could not be."""

    concern: Key
    outcome: Code
    told: bool
    text: Commitment


@event(Act.ALTERATION)
class ClockStarted(Event):
    """An answer is now waited for: of a referral, a concern, an enquiry, a sign-off."""

    clock: Key
    subject_kind: Code
    subject: Key
    rule: Code
    due: When


@event(Act.ALTERATION)
class ClockStopped(Event):
    """What was waited for came, or is no longer waited for."""

    clock: Key
    outcome: Code


@event(Act.ALTERATION)
class ClockOverran(Event):
    """What was waited for is overdue; it went up to somebody else."""

    clock: Key
    escalated_to: Key | None = None


@event(Act.ALTERATION)
class RoleGranted(Event):
    """A user got a role, for a unit, for one case, or for everything (no unit and no case)."""

    user: Key
    role: Code
    unit: Key | None = None
    case: Key | None = None
    until: datetime | None = None


@event(Act.ALTERATION)
class RoleRevoked(Event):
    """A user lost a role."""

    user: Key
    role: Code
    unit: Key | None = None
    case: Key | None = None


@event(Act.ALTERATION)
class UserChanged(Event):
    """An account was made, locked, opened again or closed, or its means of signing in changed."""

    user: Key
    change: Code


@event(Act.ALTERATION)
class CaseRestricted(Event):
    """A case was made invisible to all but those named; it stays counted."""

    case: Key
    reason: Code


@event(Act.ALTERATION)
class RestrictionLifted(Event):
    """A case is no longer restricted."""

    case: Key
    reason: Code


@event(Act.ALTERATION)
class RetentionSet(Event):
    """How long a case is kept, and when that is looked at again."""

    case: Key
    group: Code
    review_due: When
    reason: Code


@event(Act.ALTERATION)
class HoldPlaced(Event):
    """A case may not be erased for now."""

    case: Key
    reason: Code


@event(Act.ALTERATION)
class HoldLifted(Event):
    """A case may be erased again when its time has come."""

    case: Key
    reason: Code


@event(Act.ALTERATION)
class ErasureApproved(Event):
    """Somebody else than who will erase it approved that a case is erased, by a rule."""

    case: Key
    rule: Code


@event(Act.ALTERATION)
class LateFactsNoted(Event):
    """Facts came in after a run had looked at their case: results that it could not know."""

    case: Key
    run: Key
    reason: Code
    fields: tuple[Code, ...]


@event(Act.ALTERATION)
class PolicyAdopted(Event):
    """The rules in force changed: which, and the hash of their text."""

    policy: Code
    policy_version: Code
    sha256: Sha256


@event(Act.ALTERATION)
class CheckpointSigned(Event):
    """The head of the log was signed, over this many entries."""

    size: int
    root: Sha256
    keys: tuple[VKey, ...]


@event(Act.ALTERATION)
class KeyAdded(Event):
    """A key may sign checkpoints from here on. The first one of a log, or the next one of a rotation."""

    key: VKey


@event(Act.ALTERATION)
class KeyRetired(Event):
    """A key signs no more checkpoints; what it signed before stays good. `successor`: who signs in its place."""

    key: VKey
    reason: Code
    successor: VKey | None = None


@event(Act.ALTERATION)
class SchemaMigrated(Event):
    """The tables of the store got another form."""

    before: Code
    after: Code


@event(Act.ALTERATION)
class StoreRestored(Event):
    """The store was brought back from a backup that ended at this head of the log."""

    size: int
    root: Sha256
