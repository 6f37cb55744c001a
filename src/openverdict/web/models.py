"""The app's own tables: links that work once, what a person prefers, long work under way. Nothing of a case stands in them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class OneTimeLink(models.Model):
    """A link by which somebody makes the first account (`kind` first) or sets their password (`kind` password), once.

    The token itself is nowhere: `token_sha256` is its hash.
    """

    token_sha256 = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=16)
    username = models.CharField(max_length=150, blank=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Preference(models.Model):
    """What a person chose about how the app looks and works."""

    username = models.CharField(max_length=150)
    name = models.CharField(max_length=64)
    value = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["username", "name"], name="web_preference_once")
        ]


class SignOn(models.Model):
    """Whose account somebody has who comes by single sign-on: by the issuer's `subject`, or until the first time by e-mail."""

    username = models.CharField(max_length=150, unique=True)
    subject = models.CharField(max_length=255, blank=True)
    email = models.CharField(max_length=254, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject"], condition=~models.Q(subject=""), name="web_one_subject"
            ),
            models.UniqueConstraint(
                fields=["email"], condition=~models.Q(email=""), name="web_one_email"
            ),
        ]


class KeptMapping(models.Model):
    """A mapping of columns to fields that somebody kept for the next file of the same layout."""

    name = models.CharField(max_length=100, unique=True)
    toml = models.TextField()
    username = models.CharField(max_length=150)
    kept_at = models.DateTimeField()


ACTIVE = ("queued", "running")


class Job(models.Model):
    """Long work that the worker does for somebody. `kind`: look, read, commit (of an upload, `batch`), run, narratives,
    document, comparison (of an upload), verify.

    `state`: queued, running, done, failed, stopped. `worker`: which process does it; `told_at`: when that last said so.
    `share`, `pairs_a_second` and `left_s` are of the step under way. `result` holds counts and names of fields, never values.
    """

    kind = models.CharField(max_length=16)
    username = models.CharField(max_length=150)
    purpose = models.CharField(max_length=64)
    batch = models.CharField(max_length=64, blank=True)
    run = models.BigIntegerField(null=True)
    state = models.CharField(max_length=16, default="queued")
    stop_asked = models.BooleanField(default=False)
    step = models.CharField(max_length=64, blank=True)
    share = models.FloatField(default=0.0)
    pairs_a_second = models.FloatField(default=0.0)
    left_s = models.FloatField(null=True)
    worker = models.CharField(max_length=200, blank=True)
    queued_at = models.DateTimeField()
    began_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    settings = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    message = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(kind="run", state__in=ACTIVE),
                name="web_one_run",
            ),
            models.UniqueConstraint(
                fields=["batch"],
                condition=models.Q(state__in=ACTIVE) & ~models.Q(batch=""),
                name="web_one_job_a_batch",
            ),
        ]
