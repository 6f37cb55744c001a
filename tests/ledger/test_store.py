"""Opening a store: by a path or a URL, made once, brought up to date, refused when newer or something else."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.db.migrations.recorder import MigrationRecorder
from tests.ledger.conftest import KEY
from tests.ledger.filled import fill

from openverdict.errors import InputError, MissingPartError
from openverdict.ledger.address import read_address
from openverdict.ledger.events import SchemaMigrated
from openverdict.ledger.keyring import change_key
from openverdict.ledger.keys import SigningKey, load_signing_key, write_signing_key
from openverdict.ledger.models import Event, Key
from openverdict.ledger.schema import form, logged_form
from openverdict.ledger.store import open_store
from openverdict.ledger.verifying import Outcome, verify
from openverdict.ledger.witness import continues

RELEASED = sorted((Path(__file__).parent / "released").glob("*.sql"))


@pytest.mark.parametrize(
    ("given", "engine", "shown", "durability"),
    [
        ("cases.db", "sqlite", "cases.db", "full"),
        ("sqlite:cases.db", "sqlite", "cases.db", "full"),
        ("sqlite:///cases.db?durability=normal", "sqlite", "cases.db", "normal"),
        ("sqlite:////srv/cases.db", "sqlite", "/srv/cases.db", "full"),
        (Path("a folder") / "cases.db", "sqlite", "a folder/cases.db", "full"),
        ("postgresql://u:secret@h:5433/d", "postgresql", "postgresql://u@h:5433/d", "full"),
        ("postgres://h/d?durability=normal", "postgresql", "postgresql://h/d", "normal"),
    ],
)
def test_an_address_is_a_path_or_a_url_and_is_shown_without_its_password(
    given, engine, shown, durability
):
    address = read_address(given)
    assert (address.engine, address.shown, address.durability) == (engine, shown, durability)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("", "empty"),
        (".", "names no file"),
        ("mysql://h/d", "no such kind of store"),
        ("postgresql://u@h", "names no database"),
        ("postgresql://h/d?colour=blue", "can read"),
        ("cases.db?durability=high", None),
        ("sqlite:cases.db?durability=high", "one of: full, normal"),
    ],
)
def test_an_address_that_cannot_be_one_says_what_to_write(given, says):
    if says is None:
        assert read_address(given).path == Path(given)
        return
    with pytest.raises(InputError, match=says):
        read_address(given)


def test_durability_reaches_the_database(make_store, url):
    kinds = {}
    for mode in ("full", "normal"):
        mark = "&" if "?" in url else "?"
        address = f"{'' if url.startswith('postgresql') else 'sqlite:'}{url}{mark}durability={mode}"
        store = make_store(url=address)
        with connections[store.alias].cursor() as cursor:
            is_sqlite = connections[store.alias].vendor == "sqlite"
            cursor.execute("PRAGMA synchronous" if is_sqlite else "SHOW synchronous_commit")
            kinds[mode] = cursor.fetchone()[0]
    assert kinds in ({"full": 2, "normal": 1}, {"full": "on", "normal": "off"})


def test_a_store_is_made_only_where_that_is_asked_for(tmp_path):
    path = tmp_path / "cases.db"
    with pytest.raises(InputError, match="there is no store; make one with: openverdict intake"):
        open_store(path, environment={})
    assert not path.exists()
    with open_store(path, create=True, environment={}) as store:
        assert store.size() == 2
    assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "cases.db.key").stat().st_mode & 0o777 == 0o600


def test_a_new_log_begins_with_its_form_and_its_key(store):
    kinds = list(store.rows(Event).order_by("seq").values_list("kind", flat=True))
    assert kinds == ["schema_migrated", "key_added"]
    assert logged_form(store.alias) == form(store.alias)


def test_two_that_make_the_same_store_make_one(tmp_path):
    path, problems, sizes = tmp_path / "cases.db", [], []

    def make():
        try:
            with open_store(path, create=True, environment={}) as store:
                sizes.append(store.size())
        except Exception as error:  # told below
            problems.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with open_store(path, environment={}) as store:
        assert verify(store).outcome is Outcome.INTACT
        assert store.rows(Event).filter(kind="schema_migrated").count() == 1


def test_what_is_no_store_is_left_alone(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("my notes, which are longer than sixteen bytes")
    with pytest.raises(InputError, match="another kind of file"):
        open_store(text, create=True, environment={})
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    before = other.read_bytes()
    with pytest.raises(InputError, match="a database, but not a store"):
        open_store(other, create=True, environment={})
    assert other.read_bytes() == before
    with pytest.raises(InputError, match="is a folder"):
        open_store(tmp_path, create=True, environment={})
    with pytest.raises(InputError, match="there is no folder"):
        open_store(tmp_path / "none" / "a.db", create=True, environment={})


def test_a_server_that_is_not_there_is_said_to_be_unreachable():
    with pytest.raises(InputError, match="cannot be opened") as caught:
        open_store("postgresql://u:secret@127.0.0.1:9/nowhere?connect_timeout=2", environment={})
    assert "secret" not in str(caught.value)


def test_a_store_of_a_newer_version_is_refused(make_store, url):
    store = make_store()
    MigrationRecorder(connections[store.alias]).record_applied("ledger", "0099_of_tomorrow")
    with pytest.raises(InputError, match="a newer version of openverdict wrote this store"):
        make_store()


def test_a_store_of_an_older_version_is_brought_up_to_date_and_the_log_says_so(make_store, url):
    """The first form is the only one yet: going back to none and forth again stands in for an older one."""
    store = make_store()
    connection = connections[store.alias]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app IN ('ledger', 'decisions')")
    with pytest.raises(InputError, match="tables are those of an earlier version"):
        make_store(migrate=False)
    call_command("migrate", database=store.alias, fake=True, verbosity=0)
    assert form(store.alias) == logged_form(store.alias)


def test_the_tables_are_those_that_djangos_own_command_makes(tmp_path, monkeypatch):
    """Down to the order of what is in the file, and with the same migrations named."""

    def tables(name):
        open_store(tmp_path / name, create=True, environment={}).close()
        with closing(sqlite3.connect(tmp_path / name)) as file:
            made = file.execute("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_master")
            named = file.execute("SELECT id, app, name FROM django_migrations")
            return made.fetchall(), named.fetchall()

    ours = tables("ours.db")
    monkeypatch.setattr(
        "openverdict.ledger.schema.apply_all",
        lambda alias, label: call_command("migrate", label, database=alias, verbosity=0),
    )
    assert len(ours[0]) > 100
    assert ours == tables("djangos.db")


@pytest.mark.parametrize("dump", RELEASED, ids=lambda path: path.stem)
def test_every_released_form_is_opened_verified_and_written_to(dump, tmp_path):
    """Stores of the released versions, kept as SQL: each is brought up to date, and its log goes on."""
    path = tmp_path / "store.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))
    connection.close()
    environment = {"OPENVERDICT_SIGNING_KEY": KEY.secret_text()}
    with open_store(path, environment=environment) as store:
        assert verify(store, keys=[KEY.verifier()]).outcome is Outcome.INTACT
        before = store.size()
        with store.writing("a", "test") as writer:
            writer.record(SchemaMigrated, before="a", after="b")
            writer.checkpoint(*store.keys)
        assert store.size() == before + 2


def test_there_is_a_dump_of_every_released_form():
    assert [path.stem for path in RELEASED] == ["0.1"]


def test_a_wrong_key_is_refused(make_store, tmp_path):
    make_store()
    path = tmp_path / "other.key"
    write_signing_key(path, SigningKey.generate("openverdict/other"))
    with pytest.raises(InputError, match="is not one of this store's"):
        make_store(key=path, environment={})


GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "store.md"


def test_a_role_that_may_only_append_can_do_all_that_the_guide_says(cluster, tmp_path):
    """The statements of the guide, as they stand there: one role owns the tables, one works with them."""
    first, second = re.findall(r"```sql\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)
    for statement in first.split(";")[:-1]:
        cluster.execute(statement)
    owner = cluster.url("cases").replace("tests@", "cases_owner@")
    user = cluster.url("cases").replace("tests@", "cases_user@")
    environment = {"OPENVERDICT_SIGNING_KEY": KEY.secret_text()}
    open_store(owner, create=True, environment=environment).close()
    for statement in second.replace("\\c cases\n", "").split("\n"):
        if statement:
            cluster.execute(statement.partition("--")[0], "cases")
    with open_store(user, environment=environment) as store:
        fill(store)
        assert verify(store).outcome is Outcome.INTACT
        for attack in (
            "UPDATE ledger_fact SET value = 'x'",
            "DELETE FROM ledger_event",
            "ALTER TABLE ledger_fact DISABLE TRIGGER ledger_fact_no_update",
            "DROP TRIGGER ledger_fact_no_update ON ledger_fact",
            "TRUNCATE ledger_fact",
        ):
            with (
                pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
                connections[store.alias].cursor() as cursor,
            ):
                cursor.execute(attack)


def test_a_key_is_changed_and_both_sign_the_change(make_store, tmp_path):
    store = make_store()
    new = tmp_path / "new.key"
    with store.writing("a", "test") as writer:
        before = writer.checkpoint(*store.keys)
    changed = change_key(store, new, actor="a", purpose="administration", reason="rotation")
    assert verify(store).outcome is Outcome.INTACT
    assert verify(store, checkpoints=[before]).outcome is Outcome.INTACT
    again = make_store(key=new, environment={})
    with again.writing("a", "test") as writer:
        writer.checkpoint(*again.keys)
    assert verify(again).outcome is Outcome.INTACT
    with pytest.raises(InputError, match="is not one of this store's"):
        make_store()  # with the retired key
    kinds = list(store.rows(Key).order_by("id").values_list("status", flat=True))
    assert kinds == ["added", "added", "retired"]
    assert changed.keys == (load_signing_key(new, {}),)


def test_a_store_without_a_key_is_written_and_verified_all_the_same(make_store, url):
    store = make_store(environment={})
    if store.keys:
        pytest.fail("found a key where there is none")
    with store.writing("a", "test") as writer, pytest.raises(InputError, match="no key to sign"):
        writer.checkpoint(*store.keys)
    with pytest.raises(InputError, match="present key is needed"):
        change_key(store, Path("nowhere.key"), actor="a", purpose="x", reason="rotation")
    assert verify(store).outcome is Outcome.INTACT


def test_a_newer_checkpoint_continues_an_older_one(store):
    from openverdict.ledger.export import consistency_text
    from openverdict.ledger.reading import StoredLog

    with store.writing("a", "test") as writer:
        old = writer.checkpoint(*store.keys)
        for _ in range(6):
            new = writer.checkpoint(*store.keys)
    log = StoredLog(store)
    proof = consistency_text(2, 8, log)
    before, after = continues(old, new, proof, [KEY.verifier()])
    assert (before.size, after.size) == (2, 8)
    assert continues(old, old, None, [KEY.verifier()])[0] == before
    with pytest.raises(InputError, match="is missing"):
        continues(old, new, None, [])
    with pytest.raises(InputError, match="not from 2 to 8"):
        continues(old, new, consistency_text(3, 8, log), [])
    for nonsense in ("", "{}", '{"old": 2, "new": 8, "hashes": ["00"]}'):
        with pytest.raises(InputError, match="can't be read"):
            continues(old, new, nonsense, [])


def test_the_store_is_missing_without_its_extra():
    code = (
        "import sys; sys.modules['django'] = None\n"
        "from openverdict.cli import app\n"
        "app(['verify', '--store', 'nowhere.db'])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "pip install 'openverdict[store]'" in run.stderr
    assert "Traceback" not in run.stderr
    assert issubclass(MissingPartError, Exception)


def test_a_half_made_store_is_made_whole(tmp_path, sqlite_template):
    """Killed between making the tables and the first entry."""
    path = tmp_path / "store.db"
    shutil.copy(sqlite_template, path)
    with sqlite3.connect(path) as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            text = connection.execute(
                "SELECT sql FROM sqlite_master WHERE name = ?", (name,)
            ).fetchone()[0]
            connection.execute(f"DROP TRIGGER {name}")
            if name.endswith("no_delete"):
                connection.execute(f"DELETE FROM {name.removesuffix('_no_delete')}")
            connection.execute(text)
    connection.close()
    environment = {"OPENVERDICT_SIGNING_KEY": KEY.secret_text()}
    with open_store(path, environment=environment) as store:
        assert store.size() == 2
        assert verify(store).outcome is Outcome.INTACT
