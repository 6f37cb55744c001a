"""The first form of the tables of decisions."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from openverdict.ledger.fields import RowNumber
from openverdict.ledger.triggers import append_only


class Migration(migrations.Migration):
    """The first form of the tables of decisions."""

    initial = True

    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("ledger", "0001_initial"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="GlassEnd",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("glass", models.BigIntegerField(unique=True)),
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
            name="Policy",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
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
            name="Revocation",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("grant", models.BigIntegerField(unique=True)),
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
            name="About",
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
            ],
            options={
                "indexes": [
                    models.Index(fields=["case_id", "event"], name="decisions_about_case"),
                    models.Index(fields=["event", "case_id"], name="decisions_about_event"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("subject_kind", models.TextField()),
                ("subject", models.TextField()),
                ("user", models.TextField()),
                ("conclusion", models.TextField()),
                ("reasons", models.TextField()),
                ("place", models.SmallIntegerField()),
                ("shown", models.BigIntegerField(null=True)),
                ("run", models.BigIntegerField(null=True)),
                ("second_needed", models.SmallIntegerField()),
                ("policy", models.TextField()),
                ("log10_lr", models.FloatField(null=True)),
                ("of", models.BigIntegerField(null=True)),
                ("supersedes", models.BigIntegerField(null=True)),
                ("bulk", models.TextField(null=True)),
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
                        fields=["subject_kind", "subject"], name="decisions_decision_subject"
                    ),
                    models.Index(fields=["of"], name="decisions_decision_of"),
                    models.Index(fields=["supersedes"], name="decisions_decision_supersedes"),
                ],
            },
        ),
        migrations.CreateModel(
            name="FirstView",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("subject_kind", models.TextField()),
                ("subject", models.TextField()),
                ("user", models.TextField()),
                ("view", models.TextField()),
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
                "indexes": [
                    models.Index(
                        fields=["subject_kind", "subject", "user"],
                        name="decisions_firstview_subject",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Glass",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
                ("user", models.TextField()),
                ("until", models.TextField()),
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
                "indexes": [models.Index(fields=["user", "case_id"], name="decisions_glass_user")],
            },
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("user", models.TextField()),
                ("role", models.TextField()),
                ("unit", models.TextField(null=True)),
                ("case_id", models.TextField(null=True)),
                ("until", models.TextField(null=True)),
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
                "indexes": [models.Index(fields=["user", "role"], name="decisions_grant_user")],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("user", models.TextField()),
                ("case_id", models.TextField()),
                ("reason", models.TextField()),
                ("cause", models.TextField(null=True)),
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
                "indexes": [models.Index(fields=["user"], name="decisions_notice_user")],
            },
        ),
        migrations.CreateModel(
            name="Owner",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
                ("owner", models.TextField()),
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
                    models.Index(fields=["case_id"], name="decisions_owner_case"),
                    models.Index(fields=["owner"], name="decisions_owner_owner"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Restriction",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
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
                "indexes": [models.Index(fields=["case_id"], name="decisions_restriction_case")],
            },
        ),
        migrations.CreateModel(
            name="Shown",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("subject_kind", models.TextField()),
                ("subject", models.TextField()),
                ("run", models.BigIntegerField()),
                ("user", models.TextField()),
                ("ratio_shown", models.SmallIntegerField()),
                ("snapshot", models.TextField()),
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
                        fields=["subject_kind", "subject", "user"], name="decisions_shown_subject"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UserState",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("user", models.TextField()),
                ("change", models.TextField()),
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
                "indexes": [models.Index(fields=["user"], name="decisions_userstate_user")],
            },
        ),
        append_only(
            "decisions",
            "About",
            "Decision",
            "FirstView",
            "Glass",
            "GlassEnd",
            "Grant",
            "Notice",
            "Owner",
            "Policy",
            "Restriction",
            "Revocation",
            "Shown",
            "UserState",
        ),
    ]
