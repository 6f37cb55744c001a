"""Erasing personal content: rows and salts go, the log with its proofs stays, and says that they went.

The rules (whose time has come, what is on hold, who approves) are not this room's; it does what an event of erasure says. But
nobody comes past a hold by calling it: every app with tables may refuse, by a method `before_erasing(store, entries)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.db import connections

from openverdict.errors import InputError
from openverdict.ledger import engine
from openverdict.ledger.canonical import canonical_bytes
from openverdict.ledger.events import CaseErased, ContentErased
from openverdict.ledger.models import Erasure, Event, Fact, LeadCase
from openverdict.ledger.rows import all_recorded, shape
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer

AT_ONCE = 500


def entries_about(store: Store, case: str) -> list[int]:
    """The entries whose personal content is about this case and still there: its facts, and the words of leads it is in."""
    own = store.rows(Event).filter(case_id=case).values_list("seq", flat=True)
    leads = store.rows(LeadCase).filter(case_id=case).values_list("event_id", flat=True)
    gone = set(store.rows(Erasure).values_list("target", flat=True))
    held = {int(entry) for entry in (*own, *leads)} - gone
    return sorted(entry for entry in held if _has_content(store, entry))


def erase(
    store: Store,
    writer: Writer,
    kind: type[ContentErased | CaseErased],
    entries: Sequence[int],
    **fields: Any,
) -> int:
    """Log an erasure and carry it out, in the writer's transaction; how many rows went.

    Raises:
        InputError: an entry has no such content, it was erased before, or an app refuses (a case is on hold).
    """
    writer.flush()  # what this transaction itself placed counts
    for app in apps.get_app_configs():
        if (refuse := getattr(app, "before_erasing", None)) is not None:
            refuse(store, entries)
    for entry in entries:
        if not _has_content(store, entry):
            raise InputError(f"entry {entry} has no personal content, or it was erased before")
    given = {
        shape(model).table: writer.next_id(model) - 1 for model in all_recorded() if model.erasable
    }
    marks = canonical_bytes(given).decode()
    rows = [Erasure(target=entry, marks=marks) for entry in entries]
    writer.record(kind, rows, entries=tuple(entries), **fields)
    writer.flush()
    gone = 0
    for start in range(0, len(entries), AT_ONCE):
        part = list(entries[start : start + AT_ONCE])
        for model in all_recorded():
            if model.erasable:
                gone += _delete(store, model, part)
        held = store.rows(Event).filter(seq__in=part, case_id__isnull=False)
        writer.erased(set(held.values_list("case_id", flat=True)), part)
    return gone


def settle(store: Store) -> None:
    """After the transaction: take erased bytes out of the write-ahead file as well (SQLite; PostgreSQL needs a VACUUM)."""
    if connections[store.alias].vendor == "sqlite":
        engine.every(store.alias, "PRAGMA wal_checkpoint(TRUNCATE)")


def _has_content(store: Store, entry: int) -> bool:
    found = engine.one(store.alias, "SELECT id FROM ledger_salt WHERE event_id = %s", (entry,))
    return found is not None


def _delete(store: Store, model: type[Any], entries: Sequence[int]) -> int:
    """Delete the rows of these entries; facts by way of their case, which has an index."""
    rows = store.rows(model).filter(event_id__in=list(entries))
    if model is Fact:
        cases = store.rows(Event).filter(seq__in=list(entries)).values_list("case_id", flat=True)
        rows = rows.filter(case_id__in={case for case in cases if case is not None})
    # Not through Django's collector, which would read every row first.
    return int(rows._raw_delete(store.alias) or 0)
