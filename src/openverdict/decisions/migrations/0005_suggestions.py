"""What rules read in narratives, what became of it, and the policies under which it may count."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from openverdict.ledger.fields import RowNumber
from openverdict.ledger.triggers import append_only


class Migration(migrations.Migration):
    """What rules read in narratives, what became of it, and the policies under which it may count."""

    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("decisions", "0004_leadnow"),
        ("ledger", "0001_initial"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="AcceptancePolicy",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("version", models.TextField()),
                ("settings", models.TextField()),
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
            name="NarrativeRead",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
                ("fact", models.BigIntegerField()),
                ("text_sha256", models.TextField()),
                ("rules", models.TextField()),
                ("suggestions", models.BigIntegerField()),
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
                    models.Index(fields=["case_id", "id"], name="decisions_narrativeread_case"),
                    models.Index(fields=["event"], name="decisions_narrativeread_event"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Suggested",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("read", models.BigIntegerField()),
                ("case_id", models.TextField()),
                ("field", models.TextField()),
                ("value", models.TextField()),
                ("assertion", models.TextField()),
                ("begins", models.BigIntegerField()),
                ("ends", models.BigIntegerField()),
                ("rule", models.TextField()),
                ("version", models.TextField()),
                ("confidence", models.FloatField()),
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
                    models.Index(fields=["read"], name="decisions_suggested_read"),
                    models.Index(fields=["case_id", "id"], name="decisions_suggested_case"),
                    models.Index(fields=["rule", "id"], name="decisions_suggested_rule"),
                    models.Index(fields=["event"], name="decisions_suggested_event"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SuggestionDecision",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("suggestion", models.BigIntegerField()),
                ("case_id", models.TextField()),
                ("rule", models.TextField()),
                ("version", models.TextField()),
                ("user", models.TextField()),
                ("outcome", models.TextField()),
                ("place", models.SmallIntegerField()),
                ("fact", models.BigIntegerField(null=True)),
                ("corrected", models.SmallIntegerField()),
                ("at_once", models.TextField(null=True)),
                ("policy", models.TextField(null=True)),
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
                        fields=["suggestion", "place", "id"], name="decisions_suggdecision_of"
                    ),
                    models.Index(fields=["case_id"], name="decisions_suggdecision_case"),
                ],
            },
        ),
        append_only(
            "decisions", "AcceptancePolicy", "NarrativeRead", "Suggested", "SuggestionDecision"
        ),
    ]
