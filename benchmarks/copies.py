"""A large store made of a small one: the cases of one city again under the numbers of others, written by SQL.

What intake writes for a city is written for each further city without reading or checking it again: cases, facts, present
values, and entries of the log with their leaves and the nodes of its tree. The numbers, times and texts are those that intake
would write, but for two things: salts are those of the first city, and what an entry says of the hash of its rows is the
first city's. So the log of such a store is whole, and its rows would not verify; it is there to be read fast or slowly.
`check` holds a store of two cities made this way against one that intake made of both.
"""

# ruff: noqa: S608  (every part of a statement is a constant of this file)

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import polars as pl

FIRST, OTHER = "city 1 ", "city {} "  # how the simulated cities are named in facts
CASE, OTHER_CASE = "S-1-", "S-{}-"  # and their cases
BEGUN = "facts_recorded"


def multiply(source: Path, target: Path, times: int) -> int:
    """A store of `times` cities from one that holds city 1 and nothing after its intake; how many cases it has.

    Raises:
        ValueError: the store holds more than one intake.
    """
    from openverdict.ledger.store import open_store

    shutil.copy(source, target)
    shutil.copy(f"{source}.key", f"{target}.key")
    connection = sqlite3.connect(target, isolation_level=None)
    try:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function("leaf", 1, _leaf, deterministic=True)
        again = _without_indexes(connection)
        cases = _copies(connection, times)
        _nodes(connection)
        for statement in again:
            connection.execute(statement)
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
    with open_store(target) as store:
        from openverdict.ledger import engine
        from openverdict.ledger.bit_tables import BitTables

        with engine.writing(store.alias):
            BitTables().make(store.alias)
    return cases


def _leaf(body: str) -> bytes:
    return sha256(b"\x00" + body.encode()).digest()


def _without_indexes(connection: sqlite3.Connection) -> list[str]:
    """Drop indexes and triggers; the statements that make them again."""
    found = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    ).fetchall()
    for kind, name, _ in found:
        connection.execute(f'DROP {kind} "{name}"')
    return [sql for _, _, sql in found]


def _one(connection: sqlite3.Connection, sql: str) -> int:
    return int(connection.execute(sql).fetchone()[0])


def _copies(connection: sqlite3.Connection, times: int) -> int:
    cases = _one(connection, "SELECT count(*) FROM ledger_case")
    first = _one(connection, f"SELECT min(seq) FROM ledger_event WHERE kind = '{BEGUN}'")
    of_cases = _one(connection, f"SELECT count(*) FROM ledger_event WHERE kind = '{BEGUN}'")
    if of_cases != cases or _one(connection, "SELECT count(*) FROM ledger_source") > 1:
        raise ValueError("the store to copy holds more than one intake of one city")
    last = _one(connection, "SELECT max(seq) FROM ledger_event")
    facts = _one(connection, "SELECT max(id) FROM ledger_fact")
    salts = _one(connection, "SELECT max(id) FROM ledger_salt")
    connection.execute("BEGIN")
    for copy in range(1, times):
        old, new = CASE, OTHER_CASE.format(copy + 1)
        at = {
            # Each entry of the first city has one after the last that there was.
            "seq": last + 1 - first + (copy - 1) * cases,
            "case": copy * cases,
            "fact": copy * facts,
            "salt": copy * cases,
            "old": old,
            "new": new,
            "city": FIRST,
            "named": OTHER.format(copy + 1),
            "first": first,
            "until": first + cases,
            "cases": cases,
            "facts": facts,
            "salts": salts - cases,
        }
        for statement in STATEMENTS:
            connection.execute(statement, at)
    connection.execute("COMMIT")
    return cases * times


_OWN = "replace(case_id, :old, :new)"
_BODY = "replace(body, :old, :new)"
STATEMENTS = (
    f"INSERT INTO ledger_case SELECT id + :case, {_OWN}, event_id + :seq FROM ledger_case WHERE id <= :cases",
    "INSERT INTO ledger_salt(id, salt, event_id) SELECT id + :salt, salt, event_id + :seq FROM ledger_salt "
    "WHERE event_id >= :first AND event_id < :until",
    "INSERT INTO ledger_event(seq, act, kind, at, actor, case_id, body, leaf) "
    f"SELECT seq + :seq, act, kind, at, actor, {_OWN}, {_BODY}, leaf({_BODY}) FROM ledger_event "
    "WHERE seq >= :first AND seq < :until",
    'INSERT INTO ledger_fact(id, case_id, field, value, status, known_from, recorded_at, origin, author, "row", supersedes, '
    f"event_id, source_id) SELECT id + :fact, {_OWN}, field, replace(replace(value, :city, :named), :old, :new), "
    'status, known_from, recorded_at, origin, author, "row", supersedes, event_id + :seq, source_id '
    "FROM ledger_fact WHERE id <= :facts",
    "INSERT INTO ledger_present(id, case_id, found_at, kind, found_place_kind, age_years, sex, unit, manner_police, "
    f"manner_pathologist, manner_coroner, category_police, closed_at, revised) SELECT id + :case, {_OWN}, found_at, kind, "
    "found_place_kind, age_years, sex, replace(unit, :city, :named), manner_police, manner_pathologist, manner_coroner, "
    "category_police, closed_at, revised FROM ledger_present WHERE id <= :cases",
    'INSERT INTO ledger_presentitem(field, item, "case") SELECT field, item, "case" + :case FROM ledger_presentitem '
    'WHERE "case" <= :cases',
)


def _nodes(connection: sqlite3.Connection) -> None:
    """The nodes of the log's tree over all leaves, as a writer that appends them one by one keeps them."""
    connection.execute("DELETE FROM ledger_node")
    level = [row[0] for row in connection.execute("SELECT leaf FROM ledger_event ORDER BY seq")]
    number = 0
    connection.execute("BEGIN")
    while len(level) > 1:
        number += 1
        level = [
            sha256(b"\x01" + level[at] + level[at + 1]).digest()
            for at in range(0, len(level) - 1, 2)
        ]
        connection.executemany(
            "INSERT INTO ledger_node(level, number, hash) VALUES (?, ?, ?)",
            ((number, place, value) for place, value in enumerate(level)),
        )
    connection.execute("COMMIT")


def told(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """What a store says, without the numbers, salts and hashes that hang on when and in how many parts it was taken in."""
    connection = sqlite3.connect(path)
    said = {
        "facts": "SELECT case_id, field, value, status, known_from, recorded_at, origin, author, supersedes FROM ledger_fact",
        "cases": "SELECT c.case_id, e.case_id, e.act, e.kind, e.actor FROM ledger_case c "
        "JOIN ledger_event e ON e.seq = c.event_id",
        "facts' entries": "SELECT f.case_id, e.case_id, count(*) FROM ledger_fact f JOIN ledger_event e ON e.seq = f.event_id "
        "GROUP BY f.event_id",
        "salts": "SELECT e.case_id FROM ledger_salt s JOIN ledger_event e ON e.seq = s.event_id",
        "present": "SELECT case_id, found_at, kind, found_place_kind, age_years, sex, unit, manner_police, manner_pathologist, "
        "manner_coroner, category_police, closed_at, revised FROM ledger_present",
        "items": 'SELECT p.case_id, i.field, i.item FROM ledger_presentitem i JOIN ledger_present p ON p.id = i."case"',
        "sets": "SELECT field, value, block, hex(bits) FROM ledger_presentbits",
        "schema": "SELECT type, name, sql FROM sqlite_master",
    }
    found = {name: sorted(map(_comparable, connection.execute(sql))) for name, sql in said.items()}
    bodies = connection.execute(f"SELECT body FROM ledger_event WHERE kind = '{BEGUN}'")
    found["entries"] = sorted(_comparable(_plain(json.loads(body))) for (body,) in bodies)
    connection.close()
    return found


def _plain(body: dict[str, object]) -> tuple[object, ...]:
    """An entry without its moment, and without hashes, whose source may have another number."""
    rows = body["rows"]
    assert isinstance(rows, list)
    kept = [(row["table"], row["count"], row["salted"]) for row in rows]
    data = body["data"]
    assert isinstance(data, dict)
    return (
        body["act"],
        body["kind"],
        body["purpose"],
        body["v"],
        str(kept),
        data["case"],
        data["facts"],
    )


def _comparable(row: tuple[object, ...]) -> tuple[object, ...]:
    return tuple("" if value is None else str(value) for value in row)


def check(folder: Path, cases: int = 300) -> None:
    """Raise AssertionError unless two cities made from one say what two cities say that were taken in."""
    from benchmarks.pages import as_read

    from openverdict.ledger.collecting import collect
    from openverdict.ledger.store import open_store
    from openverdict.simulate import CountrySpec, simulate_country

    one = simulate_country(CountrySpec(cases, 1), 1).register
    words = pl.col(pl.String())
    second = [
        frame.with_columns(
            words.str.replace_all(FIRST, OTHER.format(2), literal=True)
        ).with_columns(words.str.replace_all(CASE, OTHER_CASE.format(2), literal=True))
        for frame in (one.table, one.statuses)
    ]
    both = replace(
        one, table=pl.concat([one.table, second[0]]), statuses=pl.concat([one.statuses, second[1]])
    )
    for name, register in (("one", one), ("both", both)):
        with open_store(str(folder / f"{name}.db"), create=True, checkpoint_every=10**9) as store:
            collect(store, as_read(register), actor="b", purpose="benchmark")
    multiply(folder / "one.db", folder / "two.db", 2)
    ours, theirs = told(folder / "two.db"), told(folder / "both.db")
    for name, said in theirs.items():
        assert ours[name] == said, name
    connection = sqlite3.connect(folder / "two.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
