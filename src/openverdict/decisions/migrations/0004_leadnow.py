"""Where each lead stands at present, for work lists: worked out from the record."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

from openverdict.ledger.fields import PlainText, RowNumber


class Migration(migrations.Migration):
    """A derived table: not append-only, and made anew from the record whenever its rules change."""

    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("decisions", "0003_exhibits"),
        ("ledger", "0002_present"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="LeadNow",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("run", models.BigIntegerField()),
                ("rank", models.BigIntegerField()),
                ("state", PlainText()),
                ("assignee", PlainText(null=True)),
                ("due", PlainText(null=True)),
                ("first_by", PlainText(null=True)),
                ("second_by", PlainText(null=True)),
                ("reopened", models.SmallIntegerField()),
                ("units", PlainText(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=[
                            "run",
                            "rank",
                            "state",
                            "assignee",
                            "due",
                            "first_by",
                            "second_by",
                            "reopened",
                            "units",
                        ],
                        name="decisions_leadnow_list",
                    )
                ],
            },
        ),
    ]
