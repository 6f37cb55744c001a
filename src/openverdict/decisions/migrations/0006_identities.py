"""Proposals that records of persons are of one, what people said of them, and from which probability on they may count."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from openverdict.ledger.fields import RowNumber
from openverdict.ledger.triggers import append_only


class Migration(migrations.Migration):
    """Proposals that records of persons are of one, what people said of them, and from which probability on they may count."""

    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("decisions", "0005_suggestions"),
        ("ledger", "0001_initial"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="IdentityComparison",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("model", models.TextField()),
                ("secret", models.TextField()),
                ("account", models.TextField()),
                ("threshold", models.FloatField()),
                ("records", models.BigIntegerField()),
                ("pairs", models.BigIntegerField()),
                ("left_out", models.BigIntegerField()),
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
            name="IdentityThreshold",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("least", models.FloatField(null=True)),
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
            name="IdentityDecision",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("proposal", models.TextField()),
                ("record_a", models.TextField()),
                ("record_b", models.TextField()),
                ("user", models.TextField()),
                ("outcome", models.TextField()),
                ("probability", models.FloatField(null=True)),
                ("comparison", models.BigIntegerField()),
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
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["record_a", "record_b", "id"], name="decisions_identitydec_a"
                    ),
                    models.Index(fields=["record_b"], name="decisions_identitydec_b"),
                    models.Index(fields=["proposal", "id"], name="decisions_identitydec_proposal"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RecordPair",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("comparison", models.BigIntegerField()),
                ("proposal", models.TextField()),
                ("record_a", models.TextField()),
                ("record_b", models.TextField()),
                ("case_a", models.TextField()),
                ("case_b", models.TextField()),
                ("role_a", models.TextField()),
                ("role_b", models.TextField()),
                ("source_a", models.TextField()),
                ("source_b", models.TextField()),
                ("number_a", models.TextField()),
                ("number_b", models.TextField()),
                ("probability", models.FloatField(null=True)),
                ("bits", models.FloatField(null=True)),
                ("over", models.SmallIntegerField()),
                ("held_back", models.TextField(null=True)),
                ("why", models.TextField(null=True)),
                ("contradiction", models.TextField(null=True)),
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
                "indexes": [
                    models.Index(fields=["record_a"], name="decisions_recordpair_a"),
                    models.Index(fields=["record_b"], name="decisions_recordpair_b"),
                    models.Index(fields=["proposal", "id"], name="decisions_recordpair_proposal"),
                    models.Index(fields=["comparison", "id"], name="decisions_recordpair_of"),
                    models.Index(fields=["event"], name="decisions_recordpair_event"),
                ],
            },
        ),
        append_only(
            "decisions", "IdentityComparison", "IdentityDecision", "IdentityThreshold", "RecordPair"
        ),
    ]
