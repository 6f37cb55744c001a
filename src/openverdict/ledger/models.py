"""The tables of the record. Nothing in them is updated; `Recorded` is what every table of a room above derives from, too.

Text that is compared or hashed is stored as text, times included (ISO 8601, UTC for what the store's own clock says), so that
both engines hold the same bytes. A row belongs to the event that wrote it, and that event's entry in the log commits to
it: to every column of every row, in their order.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from openverdict.ledger.fields import RowNumber

if not settings.configured:
    raise ImportError("tables need Django set up: call openverdict.ledger.configure() first")

# What is worked out from the tables below; Django has to know it as well.
from openverdict.ledger.derived import (  # noqa: F401
    Derived,
    LeadHead,
    LeadPair,
    Present,
    PresentBits,
    PresentItem,
)


class Event(models.Model):
    """One entry of the audit log. `body` is canonical JSON and all that is hashed; the other columns repeat parts of it."""

    seq = RowNumber(primary_key=True)
    act = models.TextField()
    kind = models.TextField()
    at = models.TextField()
    actor = models.TextField()
    case_id = models.TextField(null=True)
    body = models.TextField()
    leaf = models.BinaryField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["kind", "seq"], name="ledger_event_kind"),
            models.Index(fields=["case_id", "seq"], name="ledger_event_case"),
            models.Index(fields=["at"], name="ledger_event_at"),
            models.Index(fields=["actor", "kind", "seq"], name="ledger_event_actor"),
        ]


class Node(models.Model):
    """A complete inner node of the Merkle tree; level 0 are the leaves, which stand on their events."""

    pk = models.CompositePrimaryKey("level", "number")
    level = models.SmallIntegerField()
    number = models.BigIntegerField()
    hash = models.BinaryField()


class Recorded(models.Model):
    """A row that its event commits to.

    `id` is given by the writer, without gaps, in the order of the events. A table with `erasable` holds personal content: its
    rows stand behind the salt of their event, and may be deleted once an erasure names that event. No column may be a
    boolean, a date or a decimal of the database: those read back differently from engine to engine.
    """

    erasable: ClassVar[bool] = False

    id = RowNumber(primary_key=True)
    event = models.ForeignKey(
        Event, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )

    class Meta:
        abstract = True


class Salt(Recorded):
    """The random bytes without which what an event says of personal content can't be tried out. Goes with that content."""

    erasable = True

    salt = models.BinaryField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["event"], name="ledger_salt_event")]


class Content(Recorded):
    """Personal content that an event speaks of under `name`: a text, a snapshot of what was shown, the words of a lead.

    `value` is canonical JSON. Where the event holds a commitment of that name, `salt` (hexadecimal) and `value` open it.
    """

    erasable = True

    name = models.TextField()
    value = models.TextField()
    salt = models.TextField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["event", "name"], name="ledger_content_event")]


class Erasure(Recorded):
    """The personal content of the event `target` is gone, or goes in this transaction; the log stays as it is.

    `marks`: the highest number that each erasable table had given by then, as JSON, so that none is given twice.
    """

    target = models.BigIntegerField(unique=True)
    marks = models.TextField()


class Key(Recorded):
    """A key that signs checkpoints, from its event on. `status`: added or retired."""

    name = models.TextField()
    verifier = models.TextField()
    status = models.TextField()


class Checkpoint(Recorded):
    """A signed note over the first `size` entries."""

    size = models.BigIntegerField()
    root = models.BinaryField()
    note = models.TextField()


class Source(Recorded):
    """One file that was taken in: its hash, and by which mapping it was read. Its name is content of its event.

    `place`: which file of its intake it was; `layout`: table or facts.
    """

    sha256 = models.TextField()
    place = models.BigIntegerField()
    kind = models.TextField()
    layout = models.TextField()
    size_bytes = models.BigIntegerField()
    rows_read = models.BigIntegerField()
    rows_rejected = models.BigIntegerField()
    mapping = models.TextField(null=True)
    mapping_sha256 = models.TextField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["sha256"], name="ledger_source_sha256")]


class Reject(Recorded):
    """What could not be read, as intake says it. Rows are numbered as in the file."""

    erasable = True

    source = models.ForeignKey(
        Source, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    row = models.BigIntegerField()
    field = models.TextField()
    value = models.TextField()
    reason = models.TextField()


class Case(Recorded):
    """A case, from the event that first spoke of it."""

    case_id = models.TextField(unique=True)


class Fact(Recorded):
    """One value of one field of one case, as `cases.Fact` has it.

    `known_from` is the first axis of time: what was known. The second, what the store held, is the time of the row's
    event. `recorded_at` is what the source itself says of when it wrote the fact down. `supersedes` names the fact that this
    one corrects: from the day it was known on, the other no longer counts.
    """

    erasable = True

    case_id = models.TextField()
    field = models.TextField()
    value = models.TextField(null=True)
    status = models.TextField()
    known_from = models.TextField(null=True)
    recorded_at = models.TextField(null=True)
    origin = models.TextField(null=True)  # the fact's own `source`; null for a cell of a table
    author = models.TextField(null=True)
    source = models.ForeignKey(
        Source, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+"
    )
    row = models.BigIntegerField(null=True)
    supersedes = models.BigIntegerField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["case_id", "field"], name="ledger_fact_case"),
            models.Index(
                fields=["value", "case_id"],
                condition=models.Q(field="unit"),
                name="ledger_fact_unit",
            ),
            models.Index(
                fields=["supersedes"],
                condition=models.Q(supersedes__isnull=False),
                name="ledger_fact_supersedes",
            ),
        ]


class EqualityFact(Recorded):
    """One field of the equality record of one case. Only the equality report reads it."""

    erasable = True

    case_id = models.TextField()
    field = models.TextField()
    value = models.TextField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["case_id"], name="ledger_equality_case")]


class Run(Recorded):
    """A linkage run as it was fixed before it began: on what, with what, and by which rule cases and pairs are included.

    `log_size`: how many entries of the log it could see. `rule`, `vocabularies`: canonical JSON.
    """

    as_of = models.TextField(null=True)
    recorded_as_of = models.TextField(null=True)
    log_size = models.BigIntegerField()
    cases = models.BigIntegerField()
    register_hash = models.TextField()
    program_version = models.TextField()
    model_version = models.TextField()
    model_hash = models.TextField()
    vocabularies = models.TextField()
    seed = models.BigIntegerField()
    budget = models.FloatField()
    floor = models.FloatField()
    null_registers = models.BigIntegerField()
    rule = models.TextField()


class RunEnd(Recorded):
    """What came out of a run. `summary`, `outputs` (file to SHA-256), `variables` (the order of a link's terms): JSON."""

    run = models.ForeignKey(
        Run, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    pairs_total = models.BigIntegerField()
    pairs_ledger = models.BigIntegerField()
    pairs_remainder = models.BigIntegerField()
    leads = models.BigIntegerField()
    variables = models.TextField()
    outputs = models.TextField()
    summary = models.TextField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["run"], name="ledger_runend_run")]


class Link(Recorded):
    """A pair of a run, at or above its floor (then with its rank) or shown for another reason.

    `terms`: JSON list of log10 ratios, one a variable in the order of the run's end, which add up to `log10_lr`.
    `shown`: floor | watched | mandatory (one case names the other: a person has to consider the pair).
    """

    run = models.ForeignKey(
        Run, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    rank = models.BigIntegerField(null=True)
    case_a = models.TextField()
    case_b = models.TextField()
    log10_lr = models.FloatField()
    terms = models.TextField()
    shown = models.TextField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["run", "case_a", "case_b"], name="ledger_link_pair"),
            models.Index(fields=["case_b", "run"], name="ledger_link_b"),
        ]


class Mention(Recorded):
    """One case names another in a document: a person has to consider the pair, and nothing else closes it."""

    case_a = models.TextField()
    case_b = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case_a", "case_b"], name="ledger_mention_pair")
        ]


class Triaged(Recorded):
    """The triage level of one case in a run."""

    run = models.ForeignKey(
        Run, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    case_id = models.TextField()
    level = models.SmallIntegerField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["run", "case_id"], name="ledger_triaged_case"),
            models.Index(fields=["run", "level", "case_id"], name="ledger_triaged_level"),
        ]


class Lead(Recorded):
    """A lead of a run; its words stand in `Content` under the name `lead`, since they repeat facts."""

    run = models.ForeignKey(
        Run, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    rank = models.BigIntegerField()
    lead_id = models.TextField()
    kind = models.TextField()
    log10_lr = models.FloatField(null=True)
    strength = models.FloatField(null=True)
    chance_per_year = models.FloatField(null=True)
    first_raised = models.TextField()
    mandatory = models.SmallIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["run", "rank"], name="ledger_lead_rank")]


class LeadCase(Recorded):
    """A case of a lead, so that who may see the lead can be asked in SQL."""

    lead = models.ForeignKey(
        Lead, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    case_id = models.TextField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["lead"], name="ledger_leadcase_lead"),
            models.Index(fields=["case_id"], name="ledger_leadcase_case"),
        ]
