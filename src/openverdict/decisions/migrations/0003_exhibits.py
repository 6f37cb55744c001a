"""Exhibits, devices, enquiries, late results, retention and holds."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from openverdict.ledger.fields import RowNumber
from openverdict.ledger.triggers import append_only


class Migration(migrations.Migration):
    """Exhibits, devices, enquiries, late results, retention and holds."""

    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("decisions", "0002_duties"),
        ("ledger", "0001_initial"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Disposal",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField(unique=True)),
                ("pseudonym", models.TextField(unique=True)),
                ("certificate_sha256", models.TextField()),
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
            name="EnquiryAnswer",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("enquiry", models.BigIntegerField(unique=True)),
                ("outcome", models.TextField()),
                ("verification", models.TextField(null=True)),
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
            name="RunCompared",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("run", models.BigIntegerField(unique=True)),
                ("run_before", models.BigIntegerField()),
                ("changed", models.BigIntegerField()),
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
            name="Device",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
                ("kind", models.TextField()),
                ("status", models.TextField()),
                ("exhibit", models.BigIntegerField(null=True)),
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
                "indexes": [models.Index(fields=["case_id"], name="decisions_device_case")],
            },
        ),
        migrations.CreateModel(
            name="DeviceStatus",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("device", models.BigIntegerField()),
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
                "indexes": [models.Index(fields=["device"], name="decisions_devicestatus_device")],
            },
        ),
        migrations.CreateModel(
            name="Enquiry",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
                ("asked", models.TextField()),
                ("advised_by", models.TextField()),
                ("user", models.TextField()),
                ("due", models.TextField()),
                ("exhibit", models.BigIntegerField(null=True)),
                ("device", models.BigIntegerField(null=True)),
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
                "indexes": [models.Index(fields=["case_id"], name="decisions_enquiry_case")],
            },
        ),
        migrations.CreateModel(
            name="ErasureApproval",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
                ("user", models.TextField()),
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
                "indexes": [
                    models.Index(fields=["case_id"], name="decisions_erasureapproval_case")
                ],
            },
        ),
        migrations.CreateModel(
            name="Exhibit",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
                ("kind", models.TextField()),
                ("found_where", models.TextField()),
                ("packaging", models.TextField()),
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
                "indexes": [models.Index(fields=["case_id"], name="decisions_exhibit_case")],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
                ("status", models.TextField()),
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
                "indexes": [models.Index(fields=["case_id"], name="decisions_hold_case")],
            },
        ),
        migrations.CreateModel(
            name="LateFact",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
                ("field", models.TextField()),
                ("reason", models.TextField()),
                ("run", models.BigIntegerField()),
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
                "indexes": [models.Index(fields=["case_id"], name="decisions_latefact_case")],
            },
        ),
        migrations.CreateModel(
            name="Retention",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", models.TextField()),
                ("kept_as", models.TextField()),
                ("review_due", models.TextField()),
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
                "indexes": [models.Index(fields=["case_id"], name="decisions_retention_case")],
            },
        ),
        append_only(
            "decisions",
            "Device",
            "DeviceStatus",
            "Disposal",
            "Enquiry",
            "EnquiryAnswer",
            "ErasureApproval",
            "Exhibit",
            "Hold",
            "LateFact",
            "Retention",
            "RunCompared",
        ),
    ]
