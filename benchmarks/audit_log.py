"""How fast the audit log is without a database: appending, proofs at a million entries, and full verification.

Measures the Merkle tree on its own, the making of events, and the stand-alone verifier over a whole export on disk. Prints the
figures and writes benchmarks/results/audit_log.json. Rates are per second of the process's own time on one core, since other
work on the machine is no part of the question; the wall seconds of the verifier stand beside its rate.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from openverdict.ledger.canonical import parse_canonical
from openverdict.ledger.events import CaseViewed, Event, FactsRecorded, LeadShown, Rows, from_body
from openverdict.ledger.export import write_export
from openverdict.ledger.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_from_leaves,
    verify_consistency,
    verify_inclusion,
)
from openverdict.ledger.note import Checkpoint, SigningKey, open_checkpoint, sign_checkpoint

RESULT = Path(__file__).parent / "results" / "audit_log.json"
ENTRIES = 1_000_000
CHECKPOINT_EVERY = 10_000
PROOFS = 2_000
EVENTS = 20_000
KEY = SigningKey("benchmark.example/log", bytes(range(32)))
AT = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)


class Log:
    """A log whose bodies are made when they are asked for and whose nodes stand in one array a level."""

    def __init__(self, entries: int) -> None:
        self.size = entries
        self.templates = [event.to_bytes().replace(b"case 0", b"case %d") for event in samples()]
        self.levels = [bytearray() for _ in range(entries.bit_length())]
        self.notes: list[str] = []

    def event_bodies(self, begin: int, end: int) -> Iterator[bytes]:
        """Bodies in sequence."""
        templates = self.templates
        for number in range(begin, end):
            yield templates[number % len(templates)] % number

    def node(self, level: int, index: int) -> bytes:
        """Hash of a complete node."""
        return bytes(self.levels[level][32 * index : 32 * index + 32])

    def checkpoints(self) -> Iterable[str]:
        """Every note."""
        return self.notes

    def grow(self, leaves: list[bytes]) -> Frontier:
        """Append every leaf, keep every node, sign at times."""
        frontier = Frontier()
        for number, leaf in enumerate(leaves, 1):
            for level, _, value in frontier.append(leaf):
                self.levels[level] += value
            if number % CHECKPOINT_EVERY == 0 or number == len(leaves):
                head = Checkpoint(KEY.name, number, frontier.root())
                self.notes.append(str(sign_checkpoint(head, KEY)))
        return frontier


def samples() -> list[Event]:
    common: dict[str, Any] = {"actor": "user:17", "at": AT, "purpose": "review"}
    rows = (Rows("ledger_fact", 21, "0" * 64, True), Rows("ledger_salt", 1, "1" * 64, False))
    return [
        CaseViewed(**common, case="case 0", part="toxicology", snapshot="2" * 64),
        FactsRecorded(**common, facts=21, cases=1, source="source:5", case="case 0", rows=rows),
        LeadShown(
            **common, run="run:3", lead="lead:1", cases=("case 0",), ratio_shown=True, snapshot="3" * 64
        ),
    ]  # fmt: skip


def rate(work: Callable[[], object], count: int, repeat: int = 3) -> int:
    """How many a second of process time, the best of a few runs."""
    best = float("inf")
    for _ in range(repeat):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return round(count / best)


def events_a_second() -> dict[str, int]:
    """Making events, their bytes, and reading them back."""
    common: dict[str, Any] = {"actor": "user:17", "at": AT, "purpose": "review"}
    made = [
        LeadShown(
            **common, run="r", lead="l", cases=("a", "b"), ratio_shown=True, snapshot="0" * 64
        )
        for _ in range(EVENTS)
    ]
    bodies = [event.to_bytes() for event in made]

    def make() -> None:
        for _ in range(EVENTS):
            LeadShown(
                **common, run="r", lead="l", cases=("a", "b"), ratio_shown=True, snapshot="0" * 64
            ).to_bytes()

    return {
        "made_checked_and_serialised": rate(make, EVENTS),
        "serialised": rate(lambda: [event.to_bytes() for event in made], EVENTS),
        "read_back_and_checked": rate(
            lambda: [from_body(parse_canonical(b)) for b in bodies], EVENTS
        ),
    }


def tree_a_second(leaves: list[bytes], bodies: list[bytes]) -> dict[str, int]:
    """The Merkle tree on its own."""

    def append() -> None:
        frontier = Frontier()
        for leaf in leaves:
            frontier.append(leaf)

    def append_and_root() -> None:
        frontier = Frontier()
        for leaf in leaves[:100_000]:
            frontier.append(leaf)
            frontier.root()

    return {
        "leaf_hashes": rate(lambda: [leaf_hash(body) for body in bodies], len(bodies)),
        "appends": rate(append, len(leaves)),
        "appends_each_with_its_root": rate(append_and_root, 100_000),
        "entries_hashed_and_tree_rebuilt": rate(
            lambda: root_from_leaves([leaf_hash(body) for body in bodies]), len(bodies)
        ),
    }


def proof_microseconds(log: Log, leaves: list[bytes], root: bytes) -> dict[str, float]:
    """Proofs at the full size, each for a place drawn at random."""
    rng, size = random.Random(1), len(leaves)
    places = [rng.randrange(1, size) for _ in range(PROOFS)]
    inclusion = [inclusion_proof(place, size, log.node) for place in places]
    consistency = [consistency_proof(place, size, log.node) for place in places]
    # The older roots are what a reader has; here they are read from frontiers.
    older = [Frontier.load(place, log.node).root() for place in places]

    def included() -> None:
        for place, proof in zip(places, inclusion, strict=True):
            assert verify_inclusion(place, size, leaves[place], proof, root)

    def consistent() -> None:
        for place, proof, old_root in zip(places, consistency, older, strict=True):
            assert verify_consistency(place, size, old_root, root, proof)

    def micro(work: Callable[[], object]) -> float:
        return round(1e6 / rate(work, PROOFS), 1)

    head, keys = log.notes[-1], [KEY.verifier()]
    return {
        "inclusion_made": micro(lambda: [inclusion_proof(p, size, log.node) for p in places]),
        "inclusion_verified": micro(included),
        "consistency_made": micro(lambda: [consistency_proof(p, size, log.node) for p in places]),
        "consistency_verified": micro(consistent),
        "hashes_in_a_proof": round(sum(map(len, inclusion)) / PROOFS, 1),
        "checkpoint_signed": micro(
            lambda: [sign_checkpoint(Checkpoint(KEY.name, p, root), KEY) for p in places]
        ),
        "checkpoint_verified": micro(lambda: [open_checkpoint(head, keys) for _ in places]),
    }


def verifier_a_second(log: Log, folder: Path) -> dict[str, Any]:
    """A whole export on disk, and the stand-alone verifier over it in a process of its own."""
    began = time.perf_counter()
    write_export(log, folder / "export", [KEY.verifier()])
    written = time.perf_counter() - began
    size = sum(file.stat().st_size for file in (folder / "export").rglob("*") if file.is_file())
    call = [sys.executable, "-I", str(folder / "export" / "verify_openverdict.py")]
    call += [str(folder / "export"), "--key", str(KEY.verifier())]
    before, began = os.times(), time.perf_counter()
    done = subprocess.run(call, capture_output=True, check=False)
    wall, after = time.perf_counter() - began, os.times()
    assert done.returncode == 0, done.stdout
    cpu = (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
    return {
        "entries": log.size,
        "checkpoints": len(log.notes),
        "bytes": size,
        "export_wall_seconds": round(written, 1),
        "wall_seconds": round(wall, 1),
        "cpu_seconds": round(cpu, 1),
        "entries_a_wall_second": round(log.size / wall),
        "entries_a_cpu_second": round(log.size / cpu),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    parser.add_argument("--out", type=Path, default=RESULT)
    call = parser.parse_args()
    log = Log(call.entries)
    bodies = list(log.event_bodies(0, min(200_000, call.entries)))
    leaves = [leaf_hash(body) for body in log.event_bodies(0, call.entries)]
    root = log.grow(leaves).root()
    figures: dict[str, Any] = {
        "entries": call.entries,
        "bytes_a_body": round(sum(map(len, bodies)) / len(bodies)),
        "events_a_second": events_a_second(),
        "tree_a_second": tree_a_second(leaves, bodies),
        "proof_microseconds": proof_microseconds(log, leaves, root),
    }
    del bodies, leaves
    with tempfile.TemporaryDirectory() as folder:
        figures["standalone_verifier"] = verifier_a_second(log, Path(folder))
    text = json.dumps(figures, indent=2) + "\n"
    print(text, end="")
    call.out.parent.mkdir(parents=True, exist_ok=True)
    call.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
