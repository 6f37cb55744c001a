"""Which cases have which value, as bit sets: worked out from the record."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

from openverdict.ledger.fields import PlainText


class Migration(migrations.Migration):
    """A derived table: not append-only, and made anew from the record whenever its rules change."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("ledger", "0004_lead_words")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="PresentBits",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "field",
                        "value",
                        "block",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("field", PlainText()),
                ("value", PlainText()),
                ("block", models.BigIntegerField()),
                ("bits", models.BinaryField()),
            ],
            options={
                "indexes": [models.Index(fields=["block"], name="ledger_presentbits_block")],
            },
        ),
    ]
