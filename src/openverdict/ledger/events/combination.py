"""Combination: records were compared with each other. Every linkage run is one."""

from __future__ import annotations

from openverdict.ledger.events.base import Act, Code, Decimal, Event, Key, Sha256, When, event


@event(Act.COMBINATION)
class RunPlanned(Event):
    """A linkage run as it was fixed before it began: on what, with what model, and by which rule cases are included."""

    run: Key
    cases: int
    register_sha256: Sha256
    rule_sha256: Sha256
    program_version: Code
    model_version: Code
    model_sha256: Sha256
    vocabularies_sha256: Sha256
    seed: int
    floor: Decimal
    log_size: int
    null_registers: int
    budget: Decimal | None = None
    as_of: When | None = None
    recorded_as_of: When | None = None


@event(Act.COMBINATION)
class RunFinished(Event):
    """What came out of a run: every pair is in the ledger or in the counted remainder. `outcome`: done, failed or stopped."""

    run: Key
    outcome: Code
    pairs_total: int
    pairs_ledger: int
    pairs_remainder: int
    leads: int
    summary_sha256: Sha256 | None = None


@event(Act.COMBINATION)
class LeadRaised(Event):
    """A run raised a lead."""

    run: Key
    lead: Key
    lead_kind: Code
    rank: int
    cases: tuple[Key, ...]
    log10_lr: Decimal | None = None
    chance_per_year: Decimal | None = None


@event(Act.COMBINATION)
class MentionRaised(Event):
    """A document of one case names another: a person has to consider the pair, and nothing else closes it."""

    case_a: Key
    case_b: Key
    source_field: Code


@event(Act.COMBINATION)
class IdentityResolved(Event):
    """Records were taken as one death or one person, or taken apart again, by a person or a rule."""

    records: tuple[Key, ...]
    outcome: Code
    rule: Code


@event(Act.COMBINATION)
class PersonsCompared(Event):
    """What comparing records of persons outside of the store proposed was taken in; `left_out`: of cases it does not have."""

    comparison: Key
    model_sha256: Sha256
    account_sha256: Sha256
    threshold: Decimal
    records: int
    pairs: int
    left_out: int


@event(Act.COMBINATION)
class IdentitiesProposed(Event):
    """Pairs of records of one case, or of two, that may be of one person, or cannot be: they wait for a person."""

    comparison: Key
    cases: tuple[Key, ...]
    pairs: int


@event(Act.COMBINATION)
class RunsCompared(Event):
    """A run was compared with the one before it: how many leads, pairs and levels are other than before."""

    run: Key
    before: Key
    leads: int
    pairs: int
    levels: int
