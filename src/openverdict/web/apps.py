"""The review app as a Django app: its own tables stand in its own database, never in the record."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """One-time links and preferences."""

    name = "openverdict.web"
    label = "web"
    verbose_name = "Review app"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to who signs in and out, so that the log says so."""
        from openverdict.web import signing_in

        signing_in.listen()
