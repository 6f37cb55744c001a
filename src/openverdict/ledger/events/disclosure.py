"""Disclosure: what left the house, to whom, and why."""

from __future__ import annotations

from openverdict.ledger.events.base import Act, Code, Commitment, Event, Key, Sha256, event


@event(Act.DISCLOSURE)
class ReferralMade(Event):
    """A case or a lead was referred to somebody else (specialists, a coroner, another force), with what they were shown."""

    referral: Key
    subject_kind: Code
    subject: Key
    cases: tuple[Key, ...]
    recipient: Key
    snapshot: Sha256
    text: Commitment


@event(Act.DISCLOSURE)
class PackDisclosed(Event):
    """A pack, a report or a table was made for a recipient: its redaction profile, its files, and how many cases are in it."""

    export: Key
    export_kind: Code
    profile: Code
    recipients: tuple[Key, ...]
    cases: int
    pairs: int
    manifest_sha256: Sha256


@event(Act.DISCLOSURE)
class LogExported(Event):
    """The log, or a selection of its entries, was exported with its proofs."""

    export: Key
    recipients: tuple[Key, ...]
    entries: int
    size: int
    manifest_sha256: Sha256


@event(Act.DISCLOSURE)
class CheckpointSent(Event):
    """A checkpoint was given to a witness, who can later say what the log was then."""

    size: int
    root: Sha256
    recipients: tuple[Key, ...]


@event(Act.DISCLOSURE)
class BackupMade(Event):
    """A copy of the whole store was made, at this head of the log."""

    size: int
    root: Sha256
    copy_sha256: Sha256 | None = None
