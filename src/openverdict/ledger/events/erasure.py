"""Erasure: personal content is gone; the log, its proofs and that it was there stay."""

from __future__ import annotations

from openverdict.ledger.events.base import Act, Code, Event, Key, Sha256, event


@event(Act.ERASURE)
class ContentErased(Event):
    """The personal content that the given entries speak of was erased, with its salts; their commitments stay."""

    entries: tuple[int, ...]
    reason: Code
    rule: Code


@event(Act.ERASURE)
class CaseErased(Event):
    """A case was erased at the end of its retention; `certificate_sha256` is the hash of the certificate that says so."""

    case: Key
    entries: tuple[int, ...]
    facts: int
    rule: Code
    approved_by: Key
    certificate_sha256: Sha256


@event(Act.ERASURE)
class CasePseudonymised(Event):
    """What is left of an erased case is told under a pseudonym from here on."""

    case: Key
    pseudonym: Key
    certificate_sha256: Sha256
