"""Writing: rows and their events together or not at all, in a sequence without a gap, on either engine."""

from __future__ import annotations

import itertools
import json
import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connections

from openverdict.errors import InputError
from openverdict.ledger.commitment import commit
from openverdict.ledger.events import ConcernRaised, FactsRecorded, from_body
from openverdict.ledger.merkle import leaf_hash, root_from_leaves
from openverdict.ledger.models import Checkpoint, Content, Event, Fact, Node, Salt
from openverdict.ledger.rows import block_bytes, block_hash, shape
from openverdict.ledger.writing import Block


def fact(case, field="found_at", value="2014-06-19", **more):
    return Fact(case_id=case, field=field, value=value, status="recorded", **more)


def add(store, case="A", **more):
    with store.writing("a.reader", "death_review") as writer:
        return writer.record(FactsRecorded, [fact(case, **more)], facts=1, cases=1, case=case)


def test_an_event_and_its_rows_stand_together(store):
    before = store.size()
    seq = add(store)
    event = store.rows(Event).get(seq=seq)
    row = store.rows(Fact).get(event_id=seq)
    assert (seq, store.size()) == (before, before + 1)
    assert (event.kind, event.actor, event.case_id) == ("facts_recorded", "a.reader", "A")
    said = from_body(json.loads(event.body))
    salt = bytes(store.rows(Salt).get(event_id=seq).salt)
    data = block_bytes(shape(Fact), [(row.id, *shape(Fact).values(row))])
    (block,) = said.rows
    assert (block.table, block.count, block.salted) == ("ledger_fact", 1, True)
    assert block.hash == block_hash(data, salt)
    assert bytes(event.leaf) == leaf_hash(event.body.encode())


def test_an_error_within_leaves_nothing(store):
    before = store.size()

    def half_way():
        with store.writing("a", "death_review") as writer:
            writer.record(FactsRecorded, [fact("A")], facts=1, cases=1, case="A")
            writer.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_way()
    assert store.size() == before
    assert not store.rows(Fact).exists()
    assert add(store) == before


def test_the_tree_that_is_stored_is_the_tree_of_the_entries(store):
    for number in range(13):
        add(store, f"C{number}")
    leaves = [bytes(e.leaf) for e in store.rows(Event).order_by("seq")]
    with store.writing("a", "death_review") as writer:
        assert writer.root() == root_from_leaves(leaves)
    complete = sum(len(leaves) >> level for level in range(1, 20))
    assert store.rows(Node).count() == complete


def test_writers_in_many_threads_leave_no_gap(store):
    problems = []

    def work(name):
        try:
            for number in range(10):
                add(store, f"{name}-{number}")
        except Exception as error:  # told below
            problems.append(error)
        finally:
            connections[store.alias].close()

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    before = store.size()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    numbers = list(store.rows(Event).order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(before + 40))
    assert list(store.rows(Fact).order_by("id").values_list("id", flat=True)) == list(range(1, 41))


def test_time_in_the_log_never_runs_backwards(store, clock):
    add(store)
    clock.now -= timedelta(days=3)
    add(store)
    times = list(store.rows(Event).order_by("seq").values_list("at", flat=True))
    assert times == sorted(times)


def test_rows_in_bulk_and_rows_one_by_one_are_committed_to_alike(store):
    rows = [("A", "unit", f"U{n}", "recorded", *[None] * 7) for n in range(30)]
    with store.writing("a", "death_review") as writer:
        first = writer.next_id(Fact)
        writer.record(FactsRecorded, [Block(Fact, rows)], facts=30, cases=1, case="A")
        assert writer.next_id(Fact) == first + 30
    stored = [row.value for row in store.rows(Fact).order_by("id")]
    assert stored == [f"U{n}" for n in range(30)]


def test_what_opens_a_commitment_is_kept_beside_the_log(store):
    opening = commit("the family does not believe it")
    with store.writing("a", "death_review") as writer:
        seq = writer.record(
            ConcernRaised,
            openings={"text": opening},
            concern="K1",
            cases=("A",),
            raised_by="family",
            text=opening.commitment,
        )
    kept = store.rows(Content).get(event_id=seq, name="text")
    assert json.loads(kept.value) == "the family does not believe it"
    assert "family does" not in store.rows(Event).get(seq=seq).body


@pytest.mark.parametrize("model", [Event, Node, Fact, Salt, Checkpoint])
def test_the_database_itself_refuses_change(store, model):
    add(store)
    add(store)
    with store.writing("a", "death_review") as writer:
        writer.checkpoint(*store.keys)
    table = model._meta.db_table
    column = {"ledger_event": "actor", "ledger_node": "hash", "ledger_fact": "value"}.get(table)
    column = column or {"ledger_salt": "salt", "ledger_checkpoint": "note"}[table]
    attacks = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    if connections[store.alias].vendor == "sqlite":
        attacks.append(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    else:
        attacks.append(f"TRUNCATE {table}")
        attacks.append(f"SET session_replication_role = replica; DELETE FROM {table}")
    for attack in attacks:
        with (
            pytest.raises(DatabaseError, match="append-only"),
            connections[store.alias].cursor() as cursor,
        ):
            cursor.execute(attack)


def test_a_writer_waits_and_then_says_that_the_store_is_busy(store, make_store, monkeypatch):
    with connections[store.alias].cursor() as cursor:
        if connections[store.alias].vendor == "sqlite":
            cursor.execute("PRAGMA busy_timeout = 50")
        else:
            cursor.execute("SET lock_timeout = '50ms'")
    other = make_store()
    with other.writing("b", "death_review"), pytest.raises(InputError, match="busy"):
        add(store)


def test_a_store_that_can_sign_does_so_after_so_many_entries(make_store):
    store = make_store(checkpoint_every=5)
    for number in range(12):
        add(store, f"C{number}")
    sizes = list(store.rows(Checkpoint).order_by("id").values_list("size", flat=True))
    assert len(sizes) >= 2
    assert all(later - earlier >= 5 for earlier, later in itertools.pairwise(sizes))
