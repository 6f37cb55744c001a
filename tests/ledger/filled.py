"""A small store with something of everything in it, and the hands of somebody who owns the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import connections

from openverdict.cases import Fact as CaseFact
from openverdict.cases import Status
from openverdict.intake import read_register
from openverdict.leads import Settings, review
from openverdict.ledger.commitment import commit
from openverdict.ledger.events import CaseErased, ConcernRaised
from openverdict.ledger.store import Store
from openverdict.simulate import worked_example_facts_path

BY: dict[str, Any] = {"actor": "a.clerk", "purpose": "death_review"}
KEPT = ("A", "B", "C", "D")
GONE = "I1"


def fill(store: Store) -> str:
    """Facts, a correction, a run, a concern, checkpoints and an erasure; the note of the last checkpoint but one."""
    # Here, since models want Django set up and whoever imports this may do that later.
    from openverdict.ledger.collecting import collect
    from openverdict.ledger.entering import correct_fact
    from openverdict.ledger.erasing import entries_about, erase
    from openverdict.ledger.facts import AsOf, read_store
    from openverdict.ledger.models import Fact
    from openverdict.ledger.runs import finish_run, plan_run

    collect(store, read_register(worked_example_facts_path()), **BY)
    with TemporaryDirectory() as folder:
        table = Path(folder) / "table.csv"
        table.write_text(
            "case_id,found_at,ethnicity\nT,2014-07-01,white\nU,yesterday,\n", encoding="utf-8"
        )
        collect(store, read_register(table), **BY)
    read = read_store(store)
    with store.writing(**BY) as writer:
        old = store.rows(Fact).filter(case_id="A", field="found_lat").get()
        better = CaseFact(
            "A", "found_lat", "51.5361", Status.RECORDED, datetime(2014, 7, 1), None, "map", "c"
        )
        correct_fact(store, writer, old.id, better, "measured_again")
    settings = Settings(replicates=0)
    entries = store.size()
    run = plan_run(
        store,
        read.register,
        settings,
        as_of=AsOf(),
        entries=entries,
        program_version="0",
        **BY,
    )
    finish_run(store, run, review(read.register, settings), outputs={"leads.csv": "0" * 64}, **BY)
    opening = commit("the family does not believe it")
    with store.writing(**BY) as writer:
        writer.record(
            ConcernRaised,
            openings={"text": opening},
            concern="K1",
            cases=("A",),
            raised_by="family",
            text=opening.commitment,
        )
        note = writer.checkpoint(*store.keys)
    with store.writing(**BY) as writer:
        held = entries_about(store, GONE)
        erase(
            store,
            writer,
            CaseErased,
            held,
            case=GONE,
            facts=store.rows(Fact).filter(case_id=GONE).count(),
            rule="end_of_retention",
            approved_by="a.supervisor",
            certificate_sha256="0" * 64,
        )
        writer.checkpoint(*store.keys)
    return note


@contextmanager
def as_owner(store: Store, *tables: str) -> Iterator:
    """A cursor of somebody who owns the database: triggers (of `tables`, or all) put aside, then back as they were."""
    connection = connections[store.alias]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
            found = [row for row in cursor.fetchall() if not tables or row[0] in tables]
            off = [f"DROP TRIGGER {name}" for _, name, _ in found]
            on = [text for _, _, text in found]
        else:
            cursor.execute(
                "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "WHERE NOT tgisinternal"
            )
            found = [row for row in cursor.fetchall() if not tables or row[0] in tables]
            off = [f"ALTER TABLE {table} DISABLE TRIGGER {name}" for table, name in found]
            on = [f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}" for table, name in found]
        _all(cursor, off)
        yield cursor
        _all(cursor, on)


def _all(cursor: Any, statements: list[str]) -> None:
    """Many statements; in one message where the engine takes that, since there are hundreds."""
    if connections[cursor.db.alias].vendor == "sqlite":
        for statement in statements:
            cursor.execute(statement)
    elif statements:
        cursor.execute(";".join(statements))
