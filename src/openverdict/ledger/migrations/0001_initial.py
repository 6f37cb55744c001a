"""The first form of the record's tables, append-only from the beginning."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from openverdict.ledger.fields import RowNumber
from openverdict.ledger.triggers import append_only


class Migration(migrations.Migration):
    """Tables and their triggers."""

    initial = True

    dependencies: ClassVar[list[tuple[str, str]]] = []

    operations: ClassVar = [
        migrations.CreateModel(
            name="Node",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "level",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("level", models.SmallIntegerField()),
                ("number", models.BigIntegerField()),
                ("hash", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("seq", RowNumber(primary_key=True, serialize=False)),
                ("act", models.TextField()),
                ("kind", models.TextField()),
                ("at", models.TextField()),
                ("actor", models.TextField()),
                ("case_id", models.TextField(null=True)),
                ("body", models.TextField()),
                ("leaf", models.BinaryField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["kind", "seq"], name="ledger_event_kind"),
                    models.Index(fields=["case_id", "seq"], name="ledger_event_case"),
                    models.Index(fields=["at"], name="ledger_event_at"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("target", models.BigIntegerField(unique=True)),
                ("marks", models.TextField()),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                ("root", models.BinaryField()),
                ("note", models.TextField()),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField(unique=True)),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Key",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("verifier", models.TextField()),
                ("status", models.TextField()),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("as_of", models.TextField(null=True)),
                ("recorded_as_of", models.TextField(null=True)),
                ("log_size", models.BigIntegerField()),
                ("cases", models.BigIntegerField()),
                ("register_hash", models.TextField()),
                ("program_version", models.TextField()),
                ("model_version", models.TextField()),
                ("model_hash", models.TextField()),
                ("vocabularies", models.TextField()),
                ("seed", models.BigIntegerField()),
                ("budget", models.FloatField()),
                ("floor", models.FloatField()),
                ("null_registers", models.BigIntegerField()),
                ("rule", models.TextField()),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Lead",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("rank", models.BigIntegerField()),
                ("lead_id", models.TextField()),
                ("kind", models.TextField()),
                ("log10_lr", models.FloatField(null=True)),
                ("strength", models.FloatField(null=True)),
                ("chance_per_year", models.FloatField(null=True)),
                ("first_raised", models.TextField()),
                ("mandatory", models.SmallIntegerField()),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.run",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RunEnd",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("pairs_total", models.BigIntegerField()),
                ("pairs_ledger", models.BigIntegerField()),
                ("pairs_remainder", models.BigIntegerField()),
                ("leads", models.BigIntegerField()),
                ("variables", models.TextField()),
                ("outputs", models.TextField()),
                ("summary", models.TextField()),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.run",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Salt",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("salt", models.BinaryField()),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("sha256", models.TextField()),
                ("place", models.BigIntegerField()),
                ("kind", models.TextField()),
                ("layout", models.TextField()),
                ("size_bytes", models.BigIntegerField()),
                ("rows_read", models.BigIntegerField()),
                ("rows_rejected", models.BigIntegerField()),
                ("mapping", models.TextField(null=True)),
                ("mapping_sha256", models.TextField(null=True)),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Reject",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("row", models.BigIntegerField()),
                ("field", models.TextField()),
                ("value", models.TextField()),
                ("reason", models.TextField()),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.source",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Fact",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
                ("field", models.TextField()),
                ("value", models.TextField(null=True)),
                ("status", models.TextField()),
                ("known_from", models.TextField(null=True)),
                ("recorded_at", models.TextField(null=True)),
                ("origin", models.TextField(null=True)),
                ("author", models.TextField(null=True)),
                ("row", models.BigIntegerField(null=True)),
                ("supersedes", models.BigIntegerField(null=True)),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.source",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Triaged",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
                ("level", models.SmallIntegerField()),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.run",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EqualityFact",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
                ("field", models.TextField()),
                ("value", models.TextField()),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["case_id"], name="ledger_equality_case")],
            },
        ),
        migrations.CreateModel(
            name="Content",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("value", models.TextField()),
                ("salt", models.TextField(null=True)),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["event", "name"], name="ledger_content_event")],
            },
        ),
        migrations.CreateModel(
            name="LeadCase",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.lead",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["lead"], name="ledger_leadcase_lead"),
                    models.Index(fields=["case_id"], name="ledger_leadcase_case"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Mention",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_a", models.TextField()),
                ("case_b", models.TextField()),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("case_a", "case_b"), name="ledger_mention_pair")
                ],
            },
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("rank", models.BigIntegerField(null=True)),
                ("case_a", models.TextField()),
                ("case_b", models.TextField()),
                ("log10_lr", models.FloatField()),
                ("terms", models.TextField()),
                ("shown", models.TextField()),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.event",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.run",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["run", "case_a", "case_b"], name="ledger_link_pair"),
                    models.Index(fields=["case_b", "run"], name="ledger_link_b"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["run", "rank"], name="ledger_lead_rank"),
        ),
        migrations.AddIndex(
            model_name="runend",
            index=models.Index(fields=["run"], name="ledger_runend_run"),
        ),
        migrations.AddIndex(
            model_name="salt",
            index=models.Index(fields=["event"], name="ledger_salt_event"),
        ),
        migrations.AddIndex(
            model_name="source",
            index=models.Index(fields=["sha256"], name="ledger_source_sha256"),
        ),
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(fields=["case_id", "field"], name="ledger_fact_case"),
        ),
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(
                condition=models.Q(("field", "unit")),
                fields=["value", "case_id"],
                name="ledger_fact_unit",
            ),
        ),
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(
                condition=models.Q(("supersedes__isnull", False)),
                fields=["supersedes"],
                name="ledger_fact_supersedes",
            ),
        ),
        migrations.AddIndex(
            model_name="triaged",
            index=models.Index(fields=["run", "case_id"], name="ledger_triaged_case"),
        ),
        append_only(
            "ledger",
            "Case",
            "Checkpoint",
            "Content",
            "EqualityFact",
            "Erasure",
            "Event",
            "Fact",
            "Key",
            "Lead",
            "LeadCase",
            "Link",
            "Mention",
            "Node",
            "Reject",
            "Run",
            "RunEnd",
            "Salt",
            "Source",
            "Triaged",
        ),
    ]
