"""The room of decisions as a Django app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.apps import AppConfig

from openverdict.ledger.store import Store

if TYPE_CHECKING:
    from openverdict.ledger.derived import Tables


class DecisionsConfig(AppConfig):
    """The tables of who decides what, and who may."""

    name = "openverdict.decisions"
    label = "decisions"
    verbose_name = "Decisions"
    default_auto_field = "django.db.models.BigAutoField"

    def derived_tables(self) -> tuple[Tables, ...]:
        """What this room works out from the record (`ledger.derived`)."""
        from openverdict.decisions.lead_table import LeadTables

        return (LeadTables(),)

    def before_erasing(self, store: Store, entries: Sequence[int]) -> None:
        """Asked by `ledger.erasing.erase`, whoever calls it. Raises InputError where a case on hold needs an entry."""
        from openverdict.decisions.retention import refuse_held

        refuse_held(store, entries)
