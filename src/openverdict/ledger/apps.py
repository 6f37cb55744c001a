"""The record as a Django app, so that the web app and the command line stand on the same tables."""

from __future__ import annotations

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The tables of the record."""

    name = "openverdict.ledger"
    label = "ledger"
    verbose_name = "Record"
    default_auto_field = "django.db.models.BigAutoField"
