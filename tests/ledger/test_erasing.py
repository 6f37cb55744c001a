"""Erasure: personal content goes, out of the file too; the log and every proof stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connections
from tests.ledger.filled import GONE

from openverdict.cases import Fact as CaseFact
from openverdict.cases import Status
from openverdict.errors import InputError
from openverdict.ledger.entering import enter_facts
from openverdict.ledger.erasing import entries_about, erase, settle
from openverdict.ledger.events import ContentErased
from openverdict.ledger.facts import read_store
from openverdict.ledger.merkle import inclusion_proof, verify_inclusion
from openverdict.ledger.models import Content, Event, Fact, LeadCase, Salt
from openverdict.ledger.reading import StoredLog
from openverdict.ledger.store import open_store
from openverdict.ledger.verifying import Outcome, verify

BY: dict[str, Any] = {"actor": "a.manager", "purpose": "retention"}


def enter(store, case, place):
    with store.writing(**BY) as writer:
        facts = [
            CaseFact(case, field, value, Status.RECORDED, None, None, "s", "a")
            for field, value in (("found_at", "2014-06-19"), ("found_place", place))
        ]
        enter_facts(store, writer, facts)
    return store.size() - 1


def erase_entries(store, entries):
    with store.writing(**BY) as writer:
        gone = erase(store, writer, ContentErased, entries, reason="request", rule="r1")
    settle(store)
    return gone


def test_content_goes_and_every_proof_stays(store):
    entry = enter(store, "A", "behind the old mill")
    enter(store, "B", "a wall")
    before = StoredLog(store)
    leaf, root = before.node(0, entry), before.root()
    body = store.rows(Event).get(seq=entry).body
    assert erase_entries(store, [entry]) == 3  # two facts and their salt
    assert not store.rows(Fact).filter(case_id="A").exists()
    assert not store.rows(Salt).filter(event_id=entry).exists()
    assert store.rows(Event).get(seq=entry).body == body
    proof = inclusion_proof(entry, before.size, StoredLog(store).node)
    assert verify_inclusion(entry, before.size, leaf, proof, root)
    assert verify(store).outcome is Outcome.INTACT
    assert read_store(store).register.table.get_column("case_id").to_list() == ["B"]


def test_what_was_erased_is_not_left_in_the_file(tmp_path):
    """On SQLite. PostgreSQL keeps old versions of rows until a VACUUM, as the guide says."""
    path = tmp_path / "store.db"
    with open_store(path, create=True, environment={}) as store:
        _check_the_file(store, path)


def _check_the_file(store, path):
    entry = enter(store, "A", "behind the old mill")
    files = [path, Path(f"{path}-wal")]
    assert any(b"behind the old mill" in file.read_bytes() for file in files if file.exists())
    erase_entries(store, [entry])
    assert not any(b"behind the old mill" in file.read_bytes() for file in files if file.exists())


def test_nothing_is_deleted_that_no_erasure_names(store):
    enter(store, "A", "a wall")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        connections[store.alias].cursor() as cursor,
    ):
        cursor.execute("DELETE FROM ledger_fact")
    with pytest.raises(InputError, match="no personal content"):
        erase_entries(store, [0])


def test_a_number_is_never_given_twice_though_its_row_is_gone(store):
    entry = enter(store, "A", "a wall")
    last = store.rows(Fact).order_by("id").last().id
    erase_entries(store, [entry])
    assert not store.rows(Fact).exists()
    enter(store, "B", "a street")
    assert store.rows(Fact).order_by("id").first().id == last + 1
    assert verify(store).outcome is Outcome.INTACT
    erase_entries(store, [store.size() - 1])
    enter(store, "C", "a street")
    assert store.rows(Fact).order_by("id").first().id == last + 3
    assert verify(store).outcome is Outcome.INTACT


def test_an_entry_is_erased_once(store):
    entry = enter(store, "A", "a wall")
    erase_entries(store, [entry])
    with pytest.raises(InputError, match="erased before"):
        erase_entries(store, [entry])


def test_the_words_of_a_lead_about_a_case_go_with_it(filled):
    assert entries_about(filled, GONE) == []
    case = filled.rows(LeadCase).first().case_id
    entries = entries_about(filled, case)
    assert filled.rows(Content).filter(event_id__in=entries, name="lead").exists()
    erase_entries(filled, entries)
    assert entries_about(filled, case) == []
    assert not filled.rows(Content).filter(event_id__in=entries).exists()
    assert verify(filled).outcome is Outcome.INTACT
