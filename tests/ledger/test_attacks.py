"""Attacks by somebody who owns the database. Each is detected, by the store alone or by what was kept outside."""

from __future__ import annotations

import shutil

import pytest
from django.db import connections
from tests.ledger.conftest import KEY
from tests.ledger.filled import BY, as_owner, fill

from openverdict.decisions.models import Decision
from openverdict.errors import InputError
from openverdict.intake import read_register
from openverdict.ledger.collecting import collect
from openverdict.ledger.keyring import change_key
from openverdict.ledger.keys import SigningKey
from openverdict.ledger.merkle import Frontier, leaf_hash, root_from_leaves
from openverdict.ledger.models import Case, Checkpoint, Event, Fact, Node, Salt
from openverdict.ledger.rows import all_recorded
from openverdict.ledger.verifying import Outcome, verify
from openverdict.simulate import worked_example_facts_path


def test_a_store_with_something_of_everything_is_intact(filled):
    verdict = verify(filled)
    assert verdict.outcome is Outcome.INTACT, verdict.problems
    assert verdict.checkpoints == 2
    assert verdict.erased > 0


def broken(store, **outside):
    """What verify names first; it has to be something, and not the triggers, which were put back."""
    verdict = verify(store, **outside)
    assert verdict.outcome is Outcome.BROKEN
    assert not any("trigger" in str(problem) for problem in verdict.problems)
    return str(verdict.first)


def an_entry(store, kind="facts_recorded"):
    return store.rows(Event).filter(kind=kind).order_by("seq").last()


def rebuild_tree(store, cursor):
    """Make leaves and nodes anew from the bodies, as an attacker would who knows how the log works."""
    cursor.execute("DELETE FROM ledger_node")
    cursor.execute("SELECT seq, body FROM ledger_event ORDER BY seq")
    edge = Frontier()
    for seq, body in cursor.fetchall():
        leaf = leaf_hash(body.encode())
        cursor.execute("UPDATE ledger_event SET leaf = %s WHERE seq = %s", [leaf, seq])
        for level, number, value in edge.append(leaf):
            if level:
                cursor.execute(
                    "INSERT INTO ledger_node (level, number, hash) VALUES (%s, %s, %s)",
                    [level, number, value],
                )


def test_a_body_is_edited(filled):
    entry = an_entry(filled)
    with as_owner(filled) as cursor:
        new = entry.body.replace("a.clerk", "a.crook")
        cursor.execute(
            "UPDATE ledger_event SET body = %s, actor = 'a.crook' WHERE seq = %s", [new, entry.seq]
        )
    assert broken(filled).startswith(f"entry {entry.seq}: its body does not have the hash")


def test_a_body_and_its_leaf_are_edited(filled):
    entry = an_entry(filled)
    with as_owner(filled) as cursor:
        new = entry.body.replace("a.clerk", "a.crook")
        cursor.execute(
            "UPDATE ledger_event SET body = %s, actor = 'a.crook', leaf = %s WHERE seq = %s",
            [new, leaf_hash(new.encode()), entry.seq],
        )
    assert "node" in broken(filled)


def test_a_body_is_edited_and_the_whole_tree_made_anew(filled):
    entry = an_entry(filled)
    with as_owner(filled) as cursor:
        new = entry.body.replace("a.clerk", "a.crook")
        cursor.execute(
            "UPDATE ledger_event SET body = %s, actor = 'a.crook' WHERE seq = %s", [new, entry.seq]
        )
        rebuild_tree(filled, cursor)
    assert "the log was written anew" in broken(filled)


@pytest.mark.parametrize(
    "column",
    ["act = 'erasure'", "kind = 'run_planned'", "actor = 'x'", "at = '2020'", "case_id = 'Z'"],
)
def test_a_projected_column_is_edited(filled, column):
    entry = an_entry(filled)
    with as_owner(filled) as cursor:
        cursor.execute(f"UPDATE ledger_event SET {column} WHERE seq = %s", [entry.seq])
    assert f"entry {entry.seq}: its columns say something else" in broken(filled)


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (
            "UPDATE ledger_event SET leaf = hash FROM ledger_node WHERE seq = 4 AND level = 1",
            "entry 4",
        ),
        (
            "UPDATE ledger_node SET hash = leaf FROM ledger_event WHERE seq = 1 AND level = 2 AND number = 0",
            "node 2/0",
        ),
        ("DELETE FROM ledger_node WHERE level = 2 AND number = 0", "node"),
        (
            "INSERT INTO ledger_node (level, number, hash) "
            "SELECT 1, 9999, hash FROM ledger_node WHERE level = 3 AND number = 0",
            "node",
        ),
        (
            "UPDATE ledger_checkpoint SET note = replace(note, 'tests', 'texts') WHERE id = 1",
            "checkpoint",
        ),
        ("UPDATE ledger_checkpoint SET size = size - 1 WHERE id = 1", "checkpoint"),
        ("DELETE FROM ledger_checkpoint WHERE id = 1", "checkpoint"),
        (
            "UPDATE ledger_fact SET value = '51.0' WHERE field = 'found_lat' AND case_id = 'B'",
            "ledger_fact",
        ),
        ("UPDATE ledger_fact SET known_from = '2010-01-01' WHERE id = 40", "ledger_fact"),
        ("UPDATE ledger_fact SET supersedes = 41 WHERE id = 42", "ledger_fact"),
        (
            "UPDATE ledger_salt SET salt = leaf FROM ledger_event WHERE ledger_salt.id = 3 AND seq = 3",
            "ledger_",
        ),
        (
            "UPDATE ledger_content SET value = '\"all is well\"' WHERE name = 'text'",
            "ledger_content",
        ),
        ("UPDATE ledger_link SET log10_lr = log10_lr - 1 WHERE id = 1", "ledger_link"),
        ("UPDATE ledger_triaged SET level = 0 WHERE id = 1", "ledger_triaged"),
        ("UPDATE ledger_run SET budget = 100 WHERE id = 1", "ledger_run"),
        ("UPDATE ledger_source SET rows_rejected = 5 WHERE id = 1", "ledger_source"),
        ("UPDATE ledger_case SET case_id = 'E' WHERE case_id = 'D'", "ledger_case"),
        ("DELETE FROM ledger_fact WHERE id = 44", "ledger_fact"),
        ("DELETE FROM ledger_lead WHERE id = 1", "ledger_lead"),
        ("DELETE FROM ledger_event WHERE seq = 5", "entry 5"),
    ],
)
def test_one_row_is_edited_or_deleted(filled, edit, named):
    with as_owner(filled) as cursor:
        cursor.execute(edit)
        assert cursor.rowcount == 1
    assert named in broken(filled)


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE decisions_decision SET conclusion = 'similar' WHERE id = 2",
        "UPDATE decisions_decision SET \"user\" = 'second' WHERE id = 1",
        "UPDATE decisions_decision SET second_needed = 0 WHERE id = 1",
        "UPDATE decisions_decision SET supersedes = NULL WHERE supersedes IS NOT NULL",
        "UPDATE decisions_firstview SET view = 'similar' WHERE id = 1",
        "DELETE FROM decisions_firstview WHERE id = 2",
        "UPDATE decisions_shown SET ratio_shown = 0 WHERE id = 2",
        "DELETE FROM decisions_about WHERE id = 1",
        "UPDATE decisions_signoff SET agrees = 1 WHERE id = 1",
        "DELETE FROM decisions_concern WHERE id = 1",
        "UPDATE decisions_concernanswer SET told = 0 WHERE id = 1",
        "UPDATE decisions_clock SET due = '2034-01-01' WHERE id = 1",
        "DELETE FROM decisions_clockoverrun WHERE id = 1",
        "UPDATE decisions_referral SET recipient = 'nobody' WHERE id = 1",
        "UPDATE decisions_category SET premature = 1 WHERE id = 1",
        "UPDATE decisions_owner SET owner = 'x' WHERE id = 1",
        "UPDATE decisions_policy SET settings = replace(settings, '20', '0') WHERE id = 1",
        "UPDATE decisions_grant SET role = 'supervisor' WHERE role = 'reader'",
        "DELETE FROM decisions_revocation WHERE id = 1",
        "UPDATE decisions_restriction SET status = 'lifted' WHERE id = 1",
        "DELETE FROM decisions_glass WHERE id = 1",
        "DELETE FROM decisions_notice WHERE reason = 'concern'",
        "DELETE FROM decisions_reopened WHERE id = 1",
        "DELETE FROM decisions_latefact WHERE id = 1",
        "UPDATE decisions_runcompared SET changed = 0 WHERE id = 1",
        "UPDATE decisions_retention SET review_due = '2020-01-01' WHERE case_id = 'A'",
        "DELETE FROM decisions_hold WHERE case_id = 'A'",
        "UPDATE decisions_erasureapproval SET \"user\" = 'a.manager' WHERE id = 1",
        "UPDATE decisions_disposal SET pseudonym = 'erased-1' WHERE id = 1",
    ],
)
def test_a_row_of_what_people_decided_is_edited_or_deleted(full, edit):
    with as_owner(full) as cursor:
        cursor.execute(edit)
        assert cursor.rowcount == 1
    assert edit.split()[2 if edit.startswith("DELETE") else 1] in broken(full)


def test_a_decision_is_written_past_the_log(full):
    """As a program would do it that leaves the log out: no trigger refuses an insert, the log does."""
    last = full.rows(Decision).order_by("id").last()
    last.id += 1
    last.save(using=full.alias, force_insert=True)
    assert "no entry speaks of it" in broken(full)


def test_two_entries_are_swapped(filled):
    with as_owner(filled) as cursor:
        for old, new in ((3, -3), (4, 3), (-3, 4)):
            cursor.execute("UPDATE ledger_event SET seq = %s WHERE seq = %s", [new, old])
    broken(filled)
    with as_owner(filled) as cursor:
        rebuild_tree(filled, cursor)
    broken(filled)


def test_two_rows_are_swapped(filled):
    with as_owner(filled) as cursor:
        for old, new in ((30, -30), (31, 30), (-30, 31)):
            cursor.execute("UPDATE ledger_fact SET id = %s WHERE id = %s", [new, old])
    assert "ledger_fact" in broken(filled)


def test_an_entry_is_inserted_at_the_end_without_its_leaf_in_the_tree(filled):
    entry = an_entry(filled)
    with as_owner(filled) as cursor:
        cursor.execute(
            "INSERT INTO ledger_event (seq, act, kind, at, actor, case_id, body, leaf) "
            "SELECT %s, act, kind, at, actor, case_id, body, leaf FROM ledger_event WHERE seq = %s",
            [filled.size(), entry.seq],
        )
    broken(filled)


@pytest.mark.parametrize("event", [None, 3])
def test_a_write_path_skips_the_log(filled, event):
    """Rows appended without an entry: no trigger refuses an insert, the log does."""
    with connections[filled.alias].cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_fact (id, event_id, case_id, field, value, status) "
            "SELECT max(id) + 1, %s, 'A', 'age_years', '40', 'recorded' FROM ledger_fact",
            [filled.size() if event is None else event],
        )
    assert "no entry speaks of it" in broken(filled)


def test_an_erasure_is_forged(filled):
    with connections[filled.alias].cursor() as cursor:
        entry = filled.rows(Fact).filter(case_id="A").first().event_id
        cursor.execute(
            "INSERT INTO ledger_erasure (id, event_id, target, marks) "
            "SELECT max(id) + 1, %s, %s, '{}' FROM ledger_erasure",
            [entry, entry],
        )
        cursor.execute("DELETE FROM ledger_fact WHERE event_id = %s", [entry])
        cursor.execute("DELETE FROM ledger_salt WHERE event_id = %s", [entry])
    assert "ledger_erasure" in broken(filled)


def test_what_was_erased_is_put_back(filled):
    with connections[filled.alias].cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_fact (id, event_id, case_id, field, value, status) "
            "SELECT -1, target, 'I1', 'found_at', '2012-12-31', 'recorded' FROM ledger_erasure WHERE id = 1"
        )
    assert "ledger_fact" in broken(filled)


def cut(store, size):
    """Take away every entry from `size` on, with all that belongs to it, so that nothing else is out of place."""
    with as_owner(store) as cursor:
        cursor.execute("DELETE FROM ledger_event WHERE seq >= %s", [size])
        for level in range(1, 30):
            cursor.execute(
                "DELETE FROM ledger_node WHERE level = %s AND number >= %s", [level, size >> level]
            )
        for model in all_recorded():
            cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE event_id >= %s", [size])


def test_the_tail_is_cut_and_a_checkpoint_kept_outside_tells(store):
    fill(store)
    with store.writing(**BY) as writer:
        note = writer.checkpoint(*store.keys)
    before = store.size()
    # Whatever was erased in the part that is cut stays erased: cut only what came after.
    with store.writing(**BY) as writer:
        writer.checkpoint(*store.keys)
    cut(store, before)
    assert verify(store, checkpoints=[note]).outcome is Outcome.INTACT
    cut(store, before - 1)
    assert verify(store).outcome is Outcome.INTACT  # the store alone can't tell
    cut(store, before - 2)
    assert "the end of the log was cut off" in broken(store, checkpoints=[note])


def test_yesterdays_file_is_put_back_and_a_checkpoint_kept_outside_tells(make_store, url, tmp_path):
    store = make_store()
    fill(store)
    kept = None
    if url.startswith("postgresql"):
        before = store.size()
    else:
        with connections[store.alias].cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        kept = shutil.copy(url, tmp_path / "yesterday.db")
        before = store.size()
    with store.writing(**BY) as writer:
        writer.checkpoint(*store.keys)
        note = writer.checkpoint(*store.keys)
    if kept is None:
        cut(store, before)
    else:
        store.close()
        for end in ("-wal", "-shm"):
            (tmp_path / f"{store.address.path.name}{end}").unlink(missing_ok=True)
        shutil.copy(kept, url)
        store = make_store()
    assert verify(store).outcome is Outcome.INTACT
    assert "an older copy was put back" in broken(store, checkpoints=[note])


def forged(make_store, new_url, key):
    """A store that tells another story from the beginning, under this key."""
    other = make_store(url=new_url(), environment={"OPENVERDICT_SIGNING_KEY": KEY.secret_text()})
    with as_owner(other) as cursor:
        for table in ("ledger_event", "ledger_node", "ledger_key"):
            cursor.execute(f"DELETE FROM {table}")
    other.close()
    other = make_store(
        url=other.address.path or _url_of(other),
        environment={"OPENVERDICT_SIGNING_KEY": key.secret_text()},
    )
    read = read_register(worked_example_facts_path())
    collect(other, read, actor="a.crook", purpose="death_review")
    with other.writing(**BY) as writer:
        for _ in range(30):
            writer.checkpoint(*other.keys)
    assert verify(other).outcome is Outcome.INTACT
    return other


def _url_of(store):
    name = store.address.database["NAME"]
    return f"postgresql://tests@/{name}?host={store.address.database['HOST']}"


def test_everything_is_written_anew_and_signed_with_another_key(make_store, new_url, filled):
    note = filled.rows(Checkpoint).order_by("id").last().note
    other = forged(make_store, new_url, SigningKey("openverdict/tests", bytes(32)))
    assert "signed by no known key" in broken(other, keys=[KEY.verifier()])
    told = " ".join(map(str, verify(other, keys=[KEY.verifier()]).problems))
    assert "which is none of the keys given" in told
    assert "checkpoint kept outside" in broken(other, checkpoints=[note])


def test_everything_is_written_anew_and_signed_with_the_stolen_key(make_store, new_url, filled):
    note = filled.rows(Checkpoint).order_by("id").last().note
    other = forged(make_store, new_url, KEY)
    assert verify(other, keys=[KEY.verifier()]).outcome is Outcome.INTACT
    assert "the log was written anew" in broken(other, checkpoints=[note])


def test_a_retired_key_signs_again(store, tmp_path):
    change_key(store, tmp_path / "new.key", actor="a", purpose="test", reason="rotation")
    assert verify(store).outcome is Outcome.INTACT
    with store.writing("a.crook", "test") as writer:
        writer.checkpoint(*store.keys)  # the object still holds the old one
    assert "a key that was retired before" in broken(store)


def test_a_trigger_is_dropped_and_left_away(filled):
    is_sqlite = connections[filled.alias].vendor == "sqlite"
    with connections[filled.alias].cursor() as cursor:
        cursor.execute(
            "DROP TRIGGER ledger_fact_no_update" + ("" if is_sqlite else " ON ledger_fact")
        )
    verdict = verify(filled)
    assert verdict.outcome is Outcome.BROKEN
    assert "ledger_fact_no_update that refuses changes is missing" in str(verdict.first)


def test_a_trigger_is_switched_off_or_hollowed_out(filled):
    with connections[filled.alias].cursor() as cursor:
        if connections[filled.alias].vendor == "sqlite":
            cursor.execute("DROP TRIGGER ledger_fact_no_update")
            cursor.execute(
                "CREATE TRIGGER ledger_fact_no_update BEFORE UPDATE ON ledger_fact BEGIN SELECT 1; END"
            )
        else:
            cursor.execute("ALTER TABLE ledger_fact DISABLE TRIGGER ledger_fact_no_update")
            cursor.execute(
                "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                "'BEGIN RETURN NEW; END'"
            )
    told = " ".join(map(str, verify(filled).problems))
    assert "was changed or switched off" in told
    if connections[filled.alias].vendor != "sqlite":
        assert "the function ledger_refuse" in told


def test_a_trigger_of_somebody_elses_is_named(filled):
    with connections[filled.alias].cursor() as cursor:
        if connections[filled.alias].vendor == "sqlite":
            cursor.execute("CREATE TRIGGER quiet AFTER INSERT ON ledger_fact BEGIN SELECT 1; END")
        else:
            cursor.execute(
                "CREATE TRIGGER quiet AFTER INSERT ON ledger_fact EXECUTE FUNCTION ledger_refuse()"
            )
    assert "has a trigger quiet that is not ours" in str(verify(filled).first)


def test_a_checkpoint_from_outside_that_cannot_be_read_is_no_verdict(filled):
    with pytest.raises(InputError):
        verify(filled, checkpoints=["not a checkpoint"])


def test_the_first_bad_entry_is_the_one_that_is_named(filled):
    with as_owner(filled) as cursor:
        cursor.execute("UPDATE ledger_event SET actor = 'x' WHERE seq IN (9, 4, 7)")
    verdict = verify(filled)
    assert verdict.first is not None
    assert verdict.first.entry == 4
    assert len(verdict.problems) == 3


def test_the_numbers_of_a_verdict_are_those_of_the_tables(filled):
    verdict = verify(filled)
    assert verdict.entries == filled.rows(Event).count()
    assert verdict.nodes == filled.rows(Node).count()
    assert verdict.rows == sum(filled.rows(model).count() for model in all_recorded())
    assert {Case, Salt, Fact} <= set(all_recorded())
    leaves = [leaf_hash(event.body.encode()) for event in filled.rows(Event).order_by("seq")]
    assert verdict.root == root_from_leaves(leaves)
