"""Collection: what was taken into the store, from where, and by whom."""

from __future__ import annotations

from openverdict.ledger.events.base import Act, Code, Commitment, Event, Key, Sha256, When, event


@event(Act.COLLECTION)
class SourceRegistered(Event):
    """A file was taken in: its hash, and by which mapping it was read."""

    source: Key
    sha256: Sha256
    size_bytes: int
    layout: Code
    rows_read: int
    rows_rejected: int
    mapping: Code | None = None
    mapping_sha256: Sha256 | None = None
    file_name: Commitment | None = None


@event(Act.COLLECTION)
class FactsRecorded(Event):
    """Facts of a source, or of one person at the keyboard, were recorded; the rows' hash commits to every one of them."""

    facts: int
    cases: int
    source: Key | None = None
    case: Key | None = None


@event(Act.COLLECTION)
class ConcernRaised(Event):
    """Somebody (family, friend, community, press, a professional) raised a concern about cases; it needs an answer."""

    concern: Key
    cases: tuple[Key, ...]
    raised_by: Code
    text: Commitment
    received: When | None = None


@event(Act.COLLECTION)
class ExhibitRegistered(Event):
    """An object or a document was registered, with where it was found and how it was kept."""

    exhibit: Key
    case: Key
    exhibit_kind: Code
    found_where: Code
    packaging: Code
    text: Commitment


@event(Act.COLLECTION)
class ExhibitExamined(Event):
    """An examination of an exhibit was done, refused or not possible; `verification`: of the exhibit's origin."""

    exhibit: Key
    case: Key
    enquiry: Key
    examination: Code
    outcome: Code
    verification: Code | None = None
    known_from: When | None = None
    text: Commitment | None = None


@event(Act.COLLECTION)
class DeviceRegistered(Event):
    """A telephone, a computer or the like was registered as present or missing."""

    device: Key
    case: Key
    device_kind: Code
    status: Code
    exhibit: Key | None = None
    text: Commitment | None = None


@event(Act.COLLECTION)
class DeviceStatusChanged(Event):
    """A device that was missing was found, or one that was held was given back."""

    device: Key
    case: Key
    status: Code
    text: Commitment | None = None


@event(Act.COLLECTION)
class EnquiryAnswered(Event):
    """The result of an enquiry came in (a database check, billing data, toxicology, DNA)."""

    enquiry: Key
    case: Key
    outcome: Code
    known_from: When | None = None
    text: Commitment | None = None


@event(Act.COLLECTION)
class ReferralAnswered(Event):
    """An answer to a referral came in: accepted, refused or returned, with its reason."""

    referral: Key
    outcome: Code
    text: Commitment | None = None


@event(Act.COLLECTION)
class NarrativeRead(Event):
    """Rules read the narrative of a case (the fact that holds it), and suggest so many things; none of them is a fact."""

    case: Key
    fact: Key
    rules: Code
    suggestions: int
