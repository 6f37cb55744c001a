"""Tables worked out from the record, for lists of a million cases, and an index by triage level."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

from openverdict.ledger.fields import PlainText, RowNumber


class Migration(migrations.Migration):
    """Derived tables: not append-only, and made anew from the record whenever their rules change."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("ledger", "0001_initial")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Derived",
            fields=[
                ("name", PlainText(primary_key=True, serialize=False)),
                ("version", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Present",
            fields=[
                ("id", RowNumber(primary_key=True, serialize=False)),
                ("case_id", PlainText()),
                ("found_at", PlainText()),
                ("kind", PlainText()),
                ("found_place_kind", PlainText(null=True)),
                ("age_years", models.FloatField(null=True)),
                ("sex", PlainText(null=True)),
                ("unit", PlainText(null=True)),
                ("manner_police", PlainText(null=True)),
                ("manner_pathologist", PlainText(null=True)),
                ("manner_coroner", PlainText(null=True)),
                ("category_police", PlainText(null=True)),
                ("closed_at", PlainText(null=True)),
                ("revised", models.SmallIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="PresentItem",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "field",
                        "item",
                        "case",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("field", PlainText()),
                ("item", PlainText()),
                ("case", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["case"], name="ledger_presentitem_case")],
            },
        ),
        migrations.AddIndex(
            model_name="present",
            index=models.Index(
                fields=[
                    "found_at",
                    "case_id",
                    "kind",
                    "found_place_kind",
                    "age_years",
                    "sex",
                    "unit",
                    "manner_police",
                    "manner_pathologist",
                    "manner_coroner",
                    "category_police",
                    "closed_at",
                    "revised",
                ],
                name="ledger_present_found",
            ),
        ),
        migrations.AddIndex(
            model_name="present",
            index=models.Index(fields=["unit", "found_at", "case_id"], name="ledger_present_unit"),
        ),
        migrations.AddConstraint(
            model_name="present",
            constraint=models.UniqueConstraint(fields=["case_id"], name="ledger_present_case"),
        ),
        migrations.AddIndex(
            model_name="triaged",
            index=models.Index(fields=["run", "level", "case_id"], name="ledger_triaged_level"),
        ),
    ]
