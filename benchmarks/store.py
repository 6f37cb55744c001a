"""How fast the store is: appends by durability, intake, reading back, verifying, proofs, backup; on both engines.

    python benchmarks/store.py                       # 100,000 cases; writes results/store.json
    python benchmarks/store.py --cases 1000000 --engine sqlite      # a million, on one engine

Seconds are those on the clock; `cpu_s` is what this process used of them (PostgreSQL's server works beside it).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from openverdict.cases import REJECTS_SCHEMA, Register
from openverdict.cases.equality import EqualityRecord
from openverdict.intake import Intake
from openverdict.ledger import configure as set_up
from openverdict.simulate import CitySpec, simulate_register

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "store.json"
CITY = 100_000  # cases simulated; more are copies of them under other numbers
APPENDS, PROOFS = 300, 2_000


def register_of(cases: int) -> Register:
    """A simulated city of so many cases, or copies of one side by side."""
    spec = CitySpec(start=date(2010, 1, 1), years=9.2 * min(cases, CITY) / CITY)
    one = simulate_register(spec, 1).register
    copies = max(round(cases / len(one)), 1)
    tables, statuses = [], []
    for number in range(copies):
        name = pl.format("{}-{}", "case_id", pl.lit(number))
        tables.append(one.table.with_columns(name.alias("case_id")))
        statuses.append(one.statuses.with_columns(name.alias("case_id")))
    table = pl.concat(tables).sort("found_at", "case_id")
    return replace(one, table=table, statuses=pl.concat(statuses), simulated=False)


def as_read(register: Register) -> Intake:
    """As intake would hand it out."""
    return Intake(
        register,
        EqualityRecord(pl.DataFrame(schema={"case_id": pl.String()})),
        pl.DataFrame(schema=REJECTS_SCHEMA),
        len(register),
        0,
        (),
    )


def timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """What it gives, and the seconds that it took."""
    cpu, began = time.process_time(), time.perf_counter()
    made = work()
    seconds = time.perf_counter() - began
    return made, {"s": round(seconds, 3), "cpu_s": round(time.process_time() - cpu, 3)}


def appends(url: str) -> dict[str, float]:
    """Appends a second: one event and two facts a transaction, by durability, one writer."""
    from openverdict.cases import Fact as CaseFact
    from openverdict.cases import Status
    from openverdict.ledger.entering import enter_facts
    from openverdict.ledger.store import open_store

    found = {}
    for mode in ("full", "normal"):
        mark = "&" if "?" in url else "?"
        address = f"{'' if url.startswith('postgresql') else 'sqlite:'}{url}{mark}durability={mode}"
        with open_store(address) as store:

            def write(store: Any = store, mode: str = mode) -> None:
                for number in range(APPENDS):
                    case = f"{mode}-{number}"
                    facts = [
                        CaseFact(
                            case, "found_at", "2024-01-01", Status.RECORDED, None, None, "b", "b"
                        ),
                        CaseFact(case, "age_years", "40", Status.RECORDED, None, None, "b", "b"),
                    ]
                    with store.writing("b", "benchmark") as writer:
                        enter_facts(store, writer, facts)

            _, took = timed(write)
            found[mode] = round(APPENDS / took["s"], 1)
    return found


def measure(url: str, read: Intake, folder: Path, found: dict[str, Any]) -> None:
    """Everything, on one engine, into `found`."""
    from openverdict.ledger.backup import restore_backup, write_backup
    from openverdict.ledger.collecting import collect
    from openverdict.ledger.facts import read_store
    from openverdict.ledger.merkle import consistency_proof, inclusion_proof
    from openverdict.ledger.reading import StoredLog
    from openverdict.ledger.store import open_store
    from openverdict.ledger.verifying import Outcome, verify

    open_store(url, create=True).close()
    found["load_average_before"] = round(os.getloadavg()[0], 1)
    found["appends_per_s"] = appends(url)
    with open_store(url) as store:
        by = {"actor": "b", "purpose": "benchmark"}
        receipt, took = timed(lambda: collect(store, read, actor="b", purpose="benchmark"))
        found["intake"] = {
            **took,
            "cases": receipt.new_cases,
            "facts": receipt.facts,
            "cases_per_s": round(receipt.new_cases / took["s"]),
            "facts_per_s": round(receipt.facts / took["s"]),
        }
        verdict, took = timed(lambda: verify(store))
        assert verdict.outcome is Outcome.INTACT, verdict.problems
        rows = verdict.rows + verdict.entries + verdict.nodes
        found["verify"] = {
            **took,
            "entries": verdict.entries,
            "rows": verdict.rows,
            "nodes": verdict.nodes,
            "rows_per_s": round(rows / took["s"]),
        }
        back, took = timed(lambda: read_store(store))
        found["read_back"] = {**took, "cases": len(back.register)}
        dice = random.Random(1)
        with store.snapshot():
            log = StoredLog(store)
            places = [dice.randrange(log.size) for _ in range(PROOFS)]
            _, took = timed(lambda: [inclusion_proof(p, log.size, log.node) for p in places])
            found["inclusion_proof_us"] = round(took["s"] / PROOFS * 1e6)
            olds = [dice.randrange(1, log.size) for _ in range(PROOFS)]
            _, took = timed(lambda: [consistency_proof(p, log.size, log.node) for p in olds])
            found["consistency_proof_us"] = round(took["s"] / PROOFS * 1e6)
        path = folder / "backup.zip"
        _, took = timed(lambda: write_backup(store, path, **by))
        found["backup"] = {**took, "mb": round(path.stat().st_size / 1e6, 1)}
    target = folder / "restored.db"
    (restored, _), took = timed(lambda: restore_backup(path, str(target), **by))
    restored.close()
    found["restore_into_sqlite"] = took
    found["sqlite_mb"] = round(target.stat().st_size / 1e6, 1)
    for left in (path, *folder.glob("restored.db*")):
        left.unlink()


@contextmanager
def places() -> Iterator[tuple[dict[str, str], Path]]:
    """Where stores are made: a folder on the disk, and a PostgreSQL of our own with its durable settings."""
    from tests.ledger.postgres import Cluster, find_binaries

    folder = Path(tempfile.mkdtemp())
    urls = {"sqlite": str(folder / "store.db")}
    binaries = find_binaries()
    settings = ("shared_buffers = 512MB", "max_wal_size = 4GB")
    cluster = None if binaries is None else Cluster.start(binaries, *settings, in_memory=False)
    try:
        if cluster is not None:
            cluster.execute("CREATE DATABASE store")
            urls["postgresql"] = cluster.url("store")
        yield urls, folder
    finally:
        if cluster is not None:
            cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"])
    given = parser.parse_args()
    set_up()
    read = as_read(register_of(given.cases))
    print(f"{len(read.register):,} cases", file=sys.stderr)
    told: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    told["machine"] = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    with places() as (urls, folder):
        for name in [given.engine] if given.engine else urls:
            found: dict[str, Any] = {}
            told.setdefault(str(given.cases), {})[name] = found
            try:
                measure(urls[name], read, folder, found)
            finally:  # what was measured before it failed stays
                found["load_average"] = round(os.getloadavg()[0], 1)
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                found["peak_memory_gb"] = round(peak / 2**20, 1)
                RESULTS.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
                print(json.dumps({name: found}, indent=1), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
