"""The record as a Django app, so that the web app and the command line stand on the same tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from openverdict.ledger.derived import Tables


class LedgerConfig(AppConfig):
    """The tables of the record."""

    name = "openverdict.ledger"
    label = "ledger"
    verbose_name = "Record"
    default_auto_field = "django.db.models.BigAutoField"

    def derived_tables(self) -> tuple[Tables, ...]:
        """What this room works out from the record (`ledger.derived`)."""
        from openverdict.ledger.bit_tables import BitTables
        from openverdict.ledger.lead_words import LeadWordTables
        from openverdict.ledger.present import PresentTables

        return (PresentTables(), BitTables(), LeadWordTables())
