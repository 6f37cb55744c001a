"""The app's own tables: links that work once, and what a person prefers. Nothing of a case stands in them."""

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
