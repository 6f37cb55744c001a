"""Kill -9 during mixed writing: eight writers on one store are killed, again and again, and the store is looked at each time.

    python benchmarks/kill.py --rounds 100                 # SQLite and a PostgreSQL of its own; writes results/kill.json
    python benchmarks/kill.py --rounds 3 --store URL       # one store; says what it found

A round is passed when the log has no gap, no decision stands without its clock or a clock without its decision, everything
that was acknowledged to a writer is there, and the whole store verifies.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from openverdict.ledger import configure

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "kill.json"
WRITERS = 8
SHORTEST_S, LONGEST_S = 0.15, 1.2


def write_for_ever(url: str, name: str, acknowledged: Path, seed: int) -> None:
    """One writer: facts, corrections, decisions with their clocks, checkpoints; each acknowledged once it is committed."""
    configure()
    from openverdict.cases import Fact as CaseFact
    from openverdict.cases import Status
    from openverdict.ledger.commitment import commit
    from openverdict.ledger.entering import correct_fact, enter_facts
    from openverdict.ledger.events import ClockStarted, DecisionRecorded
    from openverdict.ledger.store import open_store

    dice = random.Random(seed)
    store = open_store(url)
    known = datetime(2024, 1, 1)
    last: tuple[str, int] | None = None
    out = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    parent = os.getppid()
    for number in range(1_000_000):
        if os.getppid() != parent:
            return  # nobody is left to strike the blow
        key = f"{name}-{number}"
        what = dice.random()
        with store.writing(name, "kill_test") as writer:
            first = writer.size
            if what < 0.4 or last is None:
                facts = [
                    CaseFact(key, "found_at", "2024-01-01", Status.RECORDED, known, None, "k", "k"),
                    CaseFact(key, "age_years", "30", Status.RECORDED, known, None, "k", "k"),
                ]
                last = key, enter_facts(store, writer, facts)[1]
            elif what < 0.6:
                case, fact = last
                new = CaseFact(case, "age_years", "31", Status.RECORDED, known, None, "k", "k")
                last = case, correct_fact(store, writer, fact, new, "test")
            elif what < 0.97 or not store.keys:
                text = commit(f"because of {key}")
                writer.record(
                    DecisionRecorded,
                    openings={"text": text},
                    decision=key,
                    subject_kind="pair",
                    subject=key,
                    cases=("A", "B"),
                    conclusion="not_similar",
                    reasons=("place",),
                    text=text.commitment,
                    snapshot=sha256(key.encode()).hexdigest(),
                    second_needed=True,
                )
                if dice.random() < 0.3:
                    writer.flush()  # a half of it is with the database when the blow may fall
                writer.record(
                    ClockStarted,
                    clock=key,
                    subject_kind="decision",
                    subject=key,
                    rule="second_person",
                    due="2024-02-01",
                )
            else:
                writer.checkpoint(*store.keys)
            after = writer.size
        os.write(out, f"{first} {after}\n".encode())


def kill_rounds(url: str, rounds: int, seed: int = 1, writers: int = WRITERS) -> dict[str, Any]:
    """Rounds of writing and killing on one store; the counts, and every fault that was found."""
    configure()
    dice = random.Random(seed)
    faults: list[str] = []
    told: list[tuple[int, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            files = [Path(folder) / f"{number}-{writer}" for writer in range(writers)]
            children = [
                _fork(url, number, place, path, dice.random()) for place, path in enumerate(files)
            ]
            _until_they_write(files)
            time.sleep(dice.uniform(SHORTEST_S, LONGEST_S))
            dice.shuffle(children)
            for child in children:
                os.kill(child, signal.SIGKILL)
                time.sleep(dice.choice([0, 0, 0.01]))
            for child in children:
                os.waitpid(child, 0)
            for path in files:
                # A last line may be cut off: then nobody was told.
                lines = path.read_text().split("\n")[:-1] if path.exists() else []
                told += [(int(a), int(b)) for a, b in (line.split() for line in lines)]
            faults += [f"round {number + 1}: {fault}" for fault in look(url, told)]
            print(
                f"round {number + 1}: {len(told):,} acknowledged, {len(faults)} faults",
                file=sys.stderr,
            )
    return {
        "rounds": rounds,
        "writers": writers,
        "kills": rounds * writers,
        "acknowledged": len(told),
        "entries": _entries(url),
        "faults": faults,
    }


def look(url: str, told: list[tuple[int, int]]) -> list[str]:
    """What is wrong with the store after a blow."""
    from openverdict.ledger.models import Event
    from openverdict.ledger.store import open_store
    from openverdict.ledger.verifying import Outcome, verify

    faults = []
    with open_store(url, migrate=False) as store:
        verdict = verify(store)
        if verdict.outcome is not Outcome.INTACT:
            faults.append(f"verify: {verdict.first or verdict.doubts}")
        events = store.rows(Event).order_by("seq")
        numbers = list(events.values_list("seq", flat=True))
        if numbers != list(range(len(numbers))):
            faults.append("the sequence has a gap")
        if told and max(after for _, after in told) > len(numbers):
            faults.append("something acknowledged is lost")
        taken = [seq for first, after in told for seq in range(first, after)]
        if len(taken) != len(set(taken)):
            faults.append("an entry was acknowledged twice")
        decided, clocks = set(), set()
        for kind, body in events.filter(
            kind__in=["decision_recorded", "clock_started"]
        ).values_list("kind", "body"):
            data = json.loads(body)["data"]
            (decided if kind == "decision_recorded" else clocks).add(
                data["decision"] if kind == "decision_recorded" else data["clock"]
            )
        if decided != clocks:
            faults.append(f"half decisions: {sorted(decided ^ clocks)[:3]}")
    return faults


def _entries(url: str) -> int:
    from openverdict.ledger.store import open_store

    with open_store(url, migrate=False) as store:
        return store.size()


def _fork(url: str, number: int, place: int, acknowledged: Path, seed: float) -> int:
    child = os.fork()
    if child:
        return child
    try:
        write_for_ever(url, f"r{number}w{place}", acknowledged, int(seed * 2**31))
    except BaseException as error:  # told, and then the child is gone as if it had been killed
        print(f"writer {place}: {error!r}", file=sys.stderr)
    finally:
        os._exit(1)
    return 0


def _until_they_write(files: list[Path], longest_s: float = 60.0) -> None:
    """Wait until at least one of them has something acknowledged."""
    began = time.monotonic()
    while time.monotonic() - began < longest_s:
        if any(path.exists() and path.stat().st_size for path in files):
            return
        time.sleep(0.02)


@contextmanager
def stores() -> Iterator[dict[str, str]]:
    """An empty store on each engine; PostgreSQL with its durable settings, in a cluster of its own."""
    from tests.ledger.postgres import Cluster, find_binaries

    from openverdict.ledger.store import open_store

    with tempfile.TemporaryDirectory() as folder:
        urls = {"sqlite": str(Path(folder) / "store.db")}
        binaries = find_binaries()
        cluster = None if binaries is None else Cluster.start(binaries, in_memory=False)
        try:
            if cluster is not None:
                cluster.execute("CREATE DATABASE store")
                urls["postgresql"] = cluster.url("store")
            for url in urls.values():
                open_store(url, create=True).close()
            yield urls
        finally:
            if cluster is not None:
                cluster.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--store")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.store:
        found = kill_rounds(given.store, given.rounds, given.seed)
        print(json.dumps(found))
        return 1 if found["faults"] else 0
    with stores() as urls:
        found = {name: kill_rounds(url, given.rounds, given.seed) for name, url in urls.items()}
    RESULTS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))
    return 1 if any(result["faults"] for result in found.values()) else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
