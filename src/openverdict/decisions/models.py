"""The tables of decisions, ownership, clocks and rights. Append-only like all of the record: what stands is the newest row.

No prose stands here: texts and what was shown are `Content` of the row's event, behind its salted commitments. A `subject` is
a pair (`subjects.pair_key`), a lead (its number) or a case, as `subject_kind` says; its cases stand in `About`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from openverdict.decisions.derived import LeadNow  # noqa: F401  (Django has to know it as well)
from openverdict.ledger.models import Recorded


def _index(name: str, *columns: str) -> models.Index:
    return models.Index(fields=list(columns), name=f"decisions_{name}")


def _subject() -> tuple[Any, Any]:
    return models.TextField(), models.TextField()


class About(Recorded):
    """A case that this row's event speaks of, so that who may see what stands under the event can be asked in SQL."""

    case_id = models.TextField()

    class Meta:
        indexes: ClassVar = [
            _index("about_case", "case_id", "event"),
            _index("about_event", "event", "case_id"),
        ]


class Shown(Recorded):
    """A subject was shown to somebody, with the ratio (1) or without (0). `snapshot`: commitment to exactly what was shown."""

    subject_kind, subject = _subject()
    run = models.BigIntegerField()
    user = models.TextField()
    ratio_shown = models.SmallIntegerField()
    snapshot = models.TextField()

    class Meta:
        indexes: ClassVar = [_index("shown_subject", "subject_kind", "subject", "user")]


class FirstView(Recorded):
    """What a person thought of a subject before the ratio was shown to them; `shown` is what they had seen."""

    subject_kind, subject = _subject()
    user = models.TextField()
    view = models.TextField()
    shown = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [_index("firstview_subject", "subject_kind", "subject", "user")]


class Decision(Recorded):
    """What a person concluded on a subject. `place`: 1, or 2 and 3 for those who decide on the same (`of`: the first's number).

    `reasons`: JSON list of codes. `second_needed`: whether the policy (`policy`) asked for a second person. `supersedes`: the
    first decision in whose place this one stands. `shown`: what the person had seen; null where the snapshot stands under this
    row's own event, as it does in `bulk`, the name of what was decided on together.
    """

    subject_kind, subject = _subject()
    user = models.TextField()
    conclusion = models.TextField()
    reasons = models.TextField()
    place = models.SmallIntegerField()
    shown = models.BigIntegerField(null=True)
    run = models.BigIntegerField(null=True)
    second_needed = models.SmallIntegerField()
    policy = models.TextField()
    log10_lr = models.FloatField(null=True)
    of = models.BigIntegerField(null=True)
    supersedes = models.BigIntegerField(null=True)
    bulk = models.TextField(null=True)

    class Meta:
        indexes: ClassVar = [
            _index("decision_subject", "subject_kind", "subject"),
            _index("decision_of", "of"),
            _index("decision_supersedes", "supersedes"),
        ]


class Policy(Recorded):
    """The settings in force from here on, as canonical JSON (`policy.Policy`)."""

    version = models.TextField()
    settings = models.TextField()


class UserState(Recorded):
    """What became of an account: made, locked, opened or closed; the newest row counts. `user` is a key, never a name."""

    user = models.TextField()
    change = models.TextField()

    class Meta:
        indexes: ClassVar = [_index("userstate_user", "user")]


class Grant(Recorded):
    """A role that a user has: for a unit, for one case, or for everything. `until`: UTC, as the log writes times."""

    user = models.TextField()
    role = models.TextField()
    unit = models.TextField(null=True)
    case_id = models.TextField(null=True)
    until = models.TextField(null=True)

    class Meta:
        indexes: ClassVar = [_index("grant_user", "user", "role")]


class Revocation(Recorded):
    """A grant that no longer counts."""

    grant = models.BigIntegerField(unique=True)


class Restriction(Recorded):
    """A case is `restricted` (invisible to all who have no grant for this very case, and counted) or that was `lifted`."""

    case_id = models.TextField()
    status = models.TextField()

    class Meta:
        indexes: ClassVar = [_index("restriction_case", "case_id")]


class Glass(Recorded):
    """A person opened a case that they may not normally see, until a time; why is content of the event."""

    case_id = models.TextField()
    user = models.TextField()
    until = models.TextField()

    class Meta:
        indexes: ClassVar = [_index("glass_user", "user", "case_id")]


class GlassEnd(Recorded):
    """An exceptional access that was ended before its time."""

    glass = models.BigIntegerField(unique=True)


class Owner(Recorded):
    """Who is responsible for a case from here on; the newest row counts."""

    case_id = models.TextField()
    owner = models.TextField()

    class Meta:
        indexes: ClassVar = [_index("owner_case", "case_id"), _index("owner_owner", "owner")]


class Notice(Recorded):
    """Something that a person was told of, about a case: `reason` is a code, `cause` the key of what it came from."""

    user = models.TextField()
    case_id = models.TextField()
    reason = models.TextField()
    cause = models.TextField(null=True)

    class Meta:
        indexes: ClassVar = [_index("notice_user", "user")]


class Assignment(Recorded):
    """A subject was given to somebody to look at."""

    subject_kind, subject = _subject()
    user = models.TextField()

    class Meta:
        indexes: ClassVar = [_index("assignment_subject", "subject_kind", "subject")]


class Clock(Recorded):
    """An answer is waited for, by a day (`due`). `subject`: the key of what is to be answered; `rule`: the setting."""

    subject_kind, subject = _subject()
    rule = models.TextField()
    due = models.TextField()

    class Meta:
        indexes: ClassVar = [_index("clock_due", "due")]


class ClockStop(Recorded):
    """What was waited for came."""

    clock = models.BigIntegerField(unique=True)
    outcome = models.TextField()


class ClockOverrun(Recorded):
    """What was waited for is overdue and went up; it is still waited for."""

    clock = models.BigIntegerField(unique=True)
    escalated_to = models.TextField(null=True)


class Referral(Recorded):
    """A subject was referred to somebody else, with what they were shown (`shown`); why is content of the event."""

    subject_kind, subject = _subject()
    recipient = models.TextField()
    user = models.TextField()
    shown = models.BigIntegerField()


class ReferralAnswer(Recorded):
    """The answer to a referral: accepted, refused or returned."""

    referral = models.BigIntegerField(unique=True)
    outcome = models.TextField()


class Concern(Recorded):
    """A doubt that somebody raised about cases; `raised_by` is a code, the words are content of the event."""

    raised_by = models.TextField()


class ConcernAnswer(Recorded):
    """The answer to a concern; `told`: whether whoever raised it was told (1)."""

    concern = models.BigIntegerField(unique=True)
    outcome = models.TextField()
    told = models.SmallIntegerField()


class Category(Recorded):
    """A category that somebody put a case into; provisional until it is signed off. `premature`: too few checks."""

    case_id = models.TextField()
    category = models.TextField()
    user = models.TextField()
    checks_done = models.BigIntegerField()
    checks_needed = models.BigIntegerField()
    premature = models.SmallIntegerField()

    class Meta:
        indexes: ClassVar = [_index("category_case", "case_id")]


class SignOff(Recorded):
    """Somebody else than the author signed a category (`subject_kind` category) or a decision off, or dissented (0)."""

    subject_kind, subject = _subject()
    user = models.TextField()
    agrees = models.SmallIntegerField()


class Reopened(Recorded):
    """A case has to be looked at again; what was decided on it before is from before this."""

    case_id = models.TextField()
    reason = models.TextField()

    class Meta:
        indexes: ClassVar = [_index("reopened_case", "case_id")]


class Exhibit(Recorded):
    """An object or a document: where it was found and how it was kept, in codes; what it is in words is content."""

    case_id = models.TextField()
    kind = models.TextField()
    found_where = models.TextField()
    packaging = models.TextField()
    user = models.TextField()

    class Meta:
        indexes: ClassVar = [_index("exhibit_case", "case_id")]


class Device(Recorded):
    """A telephone, a computer or the like that a person had, in hand or not; `exhibit`: its number where it was seized."""

    case_id = models.TextField()
    kind = models.TextField()
    status = models.TextField()
    exhibit = models.BigIntegerField(null=True)

    class Meta:
        indexes: ClassVar = [_index("device_case", "case_id")]


class DeviceStatus(Recorded):
    """What became of a device: found later, returned; the newest row counts, and before the first one its own status."""

    device = models.BigIntegerField()
    status = models.TextField()

    class Meta:
        indexes: ClassVar = [_index("devicestatus_device", "device")]


class Enquiry(Recorded):
    """An examination or data that somebody advised (`advised_by`, a code) and `user` asked for. `asked`: a check's code."""

    case_id = models.TextField()
    asked = models.TextField()
    advised_by = models.TextField()
    user = models.TextField()
    due = models.TextField()
    exhibit = models.BigIntegerField(null=True)
    device = models.BigIntegerField(null=True)

    class Meta:
        indexes: ClassVar = [_index("enquiry_case", "case_id")]


class EnquiryAnswer(Recorded):
    """What became of an enquiry: done, refused, not possible, withdrawn. `verification`: of the exhibit's origin."""

    enquiry = models.BigIntegerField(unique=True)
    outcome = models.TextField()
    verification = models.TextField(null=True)


class LateFact(Recorded):
    """A fact that came in after a run had looked at its case: that run, and what kind of result it is (`reason`)."""

    case_id = models.TextField()
    field = models.TextField()
    reason = models.TextField()
    run = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [_index("latefact_case", "case_id")]


class RunCompared(Recorded):
    """A run was compared with the run before it; how many leads, pairs and levels were other than before."""

    run = models.BigIntegerField(unique=True)
    run_before = models.BigIntegerField()
    changed = models.BigIntegerField()


class Retention(Recorded):
    """To which group a case belongs (`kept_as`), and the day on which it is decided anew whether it stays; the last counts."""

    case_id = models.TextField()
    kept_as = models.TextField()
    review_due = models.TextField()

    class Meta:
        indexes: ClassVar = [_index("retention_case", "case_id")]


class Hold(Recorded):
    """A case may not be erased (`placed`), or may again (`lifted`); the newest row counts."""

    case_id = models.TextField()
    status = models.TextField()
    reason = models.TextField()

    class Meta:
        indexes: ClassVar = [_index("hold_case", "case_id")]


class ErasureApproval(Recorded):
    """Somebody approved that a case is erased, by a rule. What is set or held after that needs a new approval."""

    case_id = models.TextField()
    user = models.TextField()
    rule = models.TextField()

    class Meta:
        indexes: ClassVar = [_index("erasureapproval_case", "case_id")]


class Disposal(Recorded):
    """A case was erased at the end of its time; under `pseudonym` it stands in what is told from then on."""

    case_id = models.TextField(unique=True)
    pseudonym = models.TextField(unique=True)
    certificate_sha256 = models.TextField()


class NarrativeRead(Recorded):
    """The narrative of a case was read by the rules: which fact holds it, the SHA-256 of its text, and how much they suggest.

    The newest row of a case counts: what was read of an earlier text, or by earlier rules, waits no more.
    """

    erasable = True

    case_id = models.TextField()
    fact = models.BigIntegerField()
    text_sha256 = models.TextField()
    rules = models.TextField()
    suggestions = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [
            _index("narrativeread_case", "case_id", "id"),
            _index("narrativeread_event", "event"),
        ]


class Suggested(Recorded):
    """One suggestion of one rule: no fact. Its words are the characters `begins` to `ends` of the narrative of `read`."""

    erasable = True

    read = models.BigIntegerField()
    case_id = models.TextField()
    field = models.TextField()
    value = models.TextField()
    assertion = models.TextField()
    begins = models.BigIntegerField()
    ends = models.BigIntegerField()
    rule = models.TextField()
    version = models.TextField()
    confidence = models.FloatField()

    class Meta:
        indexes: ClassVar = [
            _index("suggested_read", "read"),
            _index("suggested_case", "case_id", "id"),
            _index("suggested_rule", "rule", "id"),
            _index("suggested_event", "event"),
        ]


class SuggestionDecision(Recorded):
    """What became of a suggestion: accepted, rejected or withdrawn; the newest row of a place counts.

    `place`: 1, or 2 for a second reader, whose reading makes no fact. `fact`: the fact that an acceptance made, if any;
    `corrected`: its value was other than suggested (1). `at_once`: the name of what was accepted together; `policy`: of what a
    stated policy admitted. Neither counts in the measured rate of its rule. `supersedes`: the decision before it.
    """

    suggestion = models.BigIntegerField()
    case_id = models.TextField()
    rule = models.TextField()
    version = models.TextField()
    user = models.TextField()
    outcome = models.TextField()
    place = models.SmallIntegerField()
    fact = models.BigIntegerField(null=True)
    corrected = models.SmallIntegerField()
    at_once = models.TextField(null=True)
    policy = models.TextField(null=True)
    supersedes = models.BigIntegerField(null=True)

    class Meta:
        indexes: ClassVar = [
            _index("suggdecision_of", "suggestion", "place", "id"),
            _index("suggdecision_case", "case_id"),
        ]


class AcceptancePolicy(Recorded):
    """A stated policy for suggestions, in force from here on until the next: its settings as canonical JSON."""

    name = models.TextField()
    version = models.TextField()
    settings = models.TextField()


class IdentityComparison(Recorded):
    """Records of persons were compared outside of the store, and what was proposed was taken in; the newest row counts.

    `model`: SHA-256 of the frozen model; `secret`: fingerprint of the secret that keys of records were made with; `account`:
    SHA-256 of the account of the comparison. `left_out`: pairs of which the store does not have both cases.
    """

    model = models.TextField()
    secret = models.TextField()
    account = models.TextField()
    threshold = models.FloatField()
    records = models.BigIntegerField()
    pairs = models.BigIntegerField()
    left_out = models.BigIntegerField()


class RecordPair(Recorded):
    """Two records of persons in cases of the store: proposed as one person, contradicting each other, or both.

    Records go by keyed hashes, `record_a < record_b`. `probability`, `bits`: null where they were not proposed; `over` (1): at
    or above the threshold and held back by nothing; `why`: every field in words; `contradiction`: why they can't be one.
    """

    erasable = True

    comparison = models.BigIntegerField()
    proposal = models.TextField()
    record_a = models.TextField()
    record_b = models.TextField()
    case_a = models.TextField()
    case_b = models.TextField()
    role_a = models.TextField()
    role_b = models.TextField()
    source_a = models.TextField()
    source_b = models.TextField()
    number_a = models.TextField()
    number_b = models.TextField()
    probability = models.FloatField(null=True)
    bits = models.FloatField(null=True)
    over = models.SmallIntegerField()
    held_back = models.TextField(null=True)
    why = models.TextField(null=True)
    contradiction = models.TextField(null=True)

    class Meta:
        indexes: ClassVar = [
            _index("recordpair_a", "record_a"),
            _index("recordpair_b", "record_b"),
            _index("recordpair_proposal", "proposal", "id"),
            _index("recordpair_of", "comparison", "id"),
            _index("recordpair_event", "event"),
        ]


class IdentityDecision(Recorded):
    """What a person said of two records: accepted (one person), rejected (two), or undone; the newest row of a pair counts.

    `user`: who said it. Why is content of the event. `supersedes`: the decision before it.
    """

    proposal = models.TextField()
    record_a = models.TextField()
    record_b = models.TextField()
    user = models.TextField()
    outcome = models.TextField()
    probability = models.FloatField(null=True)
    comparison = models.BigIntegerField()
    supersedes = models.BigIntegerField(null=True)

    class Meta:
        indexes: ClassVar = [
            _index("identitydec_a", "record_a", "record_b", "id"),
            _index("identitydec_b", "record_b"),
            _index("identitydec_proposal", "proposal", "id"),
        ]


class IdentityThreshold(Recorded):
    """From which probability on pairs that nobody decided on count as one person, from here on; null: none of them does."""

    least = models.FloatField(null=True)
