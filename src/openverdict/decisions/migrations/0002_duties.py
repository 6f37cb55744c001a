"""Referrals, concerns, categories and their clocks."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from openverdict.ledger.fields import RowNumber
from openverdict.ledger.triggers import append_only


class Migration(migrations.Migration):
    """Referrals, concerns, categories and their clocks."""

    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("decisions", "0001_initial"),
        ("ledger", "0001_initial"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="ClockOverrun",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("clock", models.BigIntegerField(unique=True)),
                ("escalated_to", models.TextField(null=True)),
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
            name="ClockStop",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("clock", models.BigIntegerField(unique=True)),
                ("outcome", models.TextField()),
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
            name="Concern",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("raised_by", models.TextField()),
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
            name="ConcernAnswer",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("concern", models.BigIntegerField(unique=True)),
                ("outcome", models.TextField()),
                ("told", models.SmallIntegerField()),
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
            name="Referral",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("subject_kind", models.TextField()),
                ("subject", models.TextField()),
                ("recipient", models.TextField()),
                ("user", models.TextField()),
                ("shown", models.BigIntegerField()),
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
            name="ReferralAnswer",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("referral", models.BigIntegerField(unique=True)),
                ("outcome", models.TextField()),
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
            name="SignOff",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("subject_kind", models.TextField()),
                ("subject", models.TextField()),
                ("user", models.TextField()),
                ("agrees", models.SmallIntegerField()),
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
            name="Assignment",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("subject_kind", models.TextField()),
                ("subject", models.TextField()),
                ("user", models.TextField()),
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
                        fields=["subject_kind", "subject"], name="decisions_assignment_subject"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Category",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
                ("category", models.TextField()),
                ("user", models.TextField()),
                ("checks_done", models.BigIntegerField()),
                ("checks_needed", models.BigIntegerField()),
                ("premature", models.SmallIntegerField()),
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
                "indexes": [models.Index(fields=["case_id"], name="decisions_category_case")],
            },
        ),
        migrations.CreateModel(
            name="Clock",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("subject_kind", models.TextField()),
                ("subject", models.TextField()),
                ("rule", models.TextField()),
                ("due", models.TextField()),
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
                "indexes": [models.Index(fields=["due"], name="decisions_clock_due")],
            },
        ),
        migrations.CreateModel(
            name="Reopened",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
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
            ],
            options={
                "indexes": [models.Index(fields=["case_id"], name="decisions_reopened_case")],
            },
        ),
        append_only(
            "decisions",
            "Assignment",
            "Category",
            "Clock",
            "ClockOverrun",
            "ClockStop",
            "Concern",
            "ConcernAnswer",
            "Referral",
            "ReferralAnswer",
            "Reopened",
            "SignOff",
        ),
    ]
