"""The words of large leads taken apart: worked out from the record."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

from openverdict.ledger.fields import PlainText, RowNumber


class Migration(migrations.Migration):
    """Derived tables: not append-only, and made anew from the record whenever their rules change."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("ledger", "0003_event_actor")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="LeadHead",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("words", PlainText()),
            ],
        ),
        migrations.CreateModel(
            name="LeadPair",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "lead",
                        "place",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("lead", models.BigIntegerField()),
                ("place", models.BigIntegerField()),
                ("case_a", PlainText()),
                ("case_b", PlainText()),
                ("log10_lr", models.FloatField()),
                ("mandatory", models.SmallIntegerField()),
                ("words", models.BinaryField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["lead", "place", "case_a", "case_b", "log10_lr", "mandatory"],
                        name="ledger_leadpair_list",
                    ),
                    models.Index(fields=["lead", "case_a", "case_b"], name="ledger_leadpair_pair"),
                ],
            },
        ),
    ]
