"""Long work that the worker does, and mappings that are kept."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Jobs and kept mappings."""

    dependencies: ClassVar = [("web", "0001_initial")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="KeptMapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
                ("toml", models.TextField()),
                ("username", models.CharField(max_length=150)),
                ("kept_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=16)),
                ("username", models.CharField(max_length=150)),
                ("purpose", models.CharField(max_length=64)),
                ("batch", models.CharField(blank=True, max_length=64)),
                ("run", models.BigIntegerField(null=True)),
                ("state", models.CharField(default="queued", max_length=16)),
                ("stop_asked", models.BooleanField(default=False)),
                ("step", models.CharField(blank=True, max_length=64)),
                ("share", models.FloatField(default=0.0)),
                ("pairs_a_second", models.FloatField(default=0.0)),
                ("left_s", models.FloatField(null=True)),
                ("worker", models.CharField(blank=True, max_length=200)),
                ("queued_at", models.DateTimeField()),
                ("began_at", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("settings", models.JSONField(default=dict)),
                ("result", models.JSONField(default=dict)),
                ("message", models.TextField(blank=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(kind="run", state__in=("queued", "running")),
                        fields=("kind",),
                        name="web_one_run",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            models.Q(state__in=("queued", "running")),
                            models.Q(batch="", _negated=True),
                        ),
                        fields=("batch",),
                        name="web_one_job_a_batch",
                    ),
                ],
            },
        ),
    ]
