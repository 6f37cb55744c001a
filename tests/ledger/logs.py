"""A log in memory with a few hundred events, for the tests of exports and of the stand-alone verifier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from openverdict.ledger.commitment import Opening, commit
from openverdict.ledger.events import (
    CaseErased,
    CaseViewed,
    CheckpointSigned,
    ConcernRaised,
    Event,
    FactsRecorded,
    KeyAdded,
    KeyRetired,
    PackDisclosed,
    Rows,
    RunPlanned,
)
from openverdict.ledger.merkle import Frontier, leaf_hash
from openverdict.ledger.note import Checkpoint, SigningKey, VerifierKey, sign_checkpoint

ORIGIN = "example.org/register"
KEY = SigningKey(ORIGIN, bytes(range(32)))
NEXT_KEY = SigningKey(ORIGIN, bytes(range(1, 33)))
OTHER_KEY = SigningKey(ORIGIN, bytes(range(2, 34)))
START = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)


@dataclass
class MemoryLog:
    """What a store has to offer for an export, and what it takes to fill it."""

    key: SigningKey = KEY
    bodies: list[bytes] = field(default_factory=list)
    nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    openings: dict[int, Opening] = field(default_factory=dict)
    frontier: Frontier = field(default_factory=Frontier)

    @property
    def size(self) -> int:
        return len(self.bodies)

    def event_bodies(self, begin: int, end: int) -> Iterable[bytes]:
        return self.bodies[begin:end]

    def node(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]

    def checkpoints(self) -> Iterable[str]:
        return self.notes

    def append(self, event: Event) -> int:
        return self.append_bytes(event.to_bytes())

    def append_bytes(self, body: bytes) -> int:
        self.bodies.append(body)
        for level, index, value in self.frontier.append(leaf_hash(body)):
            self.nodes[level, index] = value
        return len(self.bodies) - 1

    def sign(self, *keys: SigningKey) -> None:
        keys = keys or (self.key,)
        head = Checkpoint(ORIGIN, self.size, self.frontier.root())
        self.notes.append(str(sign_checkpoint(head, *keys)))
        self.append(
            CheckpointSigned(
                actor="openverdict",
                at=self.now(),
                purpose="administration",
                size=head.size,
                root=head.root.hex(),
                keys=tuple(str(key.verifier()) for key in keys),
            )
        )

    def now(self) -> datetime:
        return START + timedelta(seconds=self.size)

    def work(self, number: int) -> None:
        """One event of a day's work."""
        common: dict[str, Any] = {
            "actor": f"user:{number % 5}",
            "at": self.now(),
            "purpose": "review",
        }
        case, zeros = f"case {number % 17}", "0" * 64
        match number % 7:
            case 0:
                opening = commit(f"The sister of {number} has doubts.", bytes([number % 251]) * 32)
                self.openings[self.size] = opening
                self.append(
                    ConcernRaised(
                        **common,
                        concern=f"c{number}",
                        cases=(case,),
                        raised_by="family",
                        text=opening.commitment,
                    )
                )
            case 1:
                rows = (Rows("ledger_fact", 3, leaf_hash(case.encode()).hex(), True),)
                self.append(FactsRecorded(**common, facts=3, cases=1, case=case, rows=rows))
            case 2:
                self.append(
                    PackDisclosed(
                        **common,
                        export=f"e{number}",
                        export_kind="panel",
                        profile="court",
                        recipients=("coroner",),
                        cases=2,
                        pairs=1,
                        manifest_sha256=zeros,
                    )
                )
            case 3:
                self.append(
                    RunPlanned(
                        **common,
                        run=f"r{number}",
                        cases=58,
                        register_sha256=zeros,
                        rule_sha256=zeros,
                        program_version="0.1.0",
                        model_version="1",
                        model_sha256=zeros,
                        vocabularies_sha256=zeros,
                        seed=number,
                        floor="2.0",
                        log_size=self.size,
                        null_registers=20,
                    )
                )
            case 4 if number % 3 == 0:
                self.append(
                    CaseErased(
                        **common,
                        case=case,
                        entries=(1,),
                        facts=3,
                        rule="retention.1",
                        approved_by="user:9",
                        certificate_sha256=zeros,
                    )
                )
            case _:
                self.append(CaseViewed(**common, case=case, part="all"))


def a_log(events: int = 60, every: int = 20, keys: tuple[SigningKey, ...] = (KEY,)) -> MemoryLog:
    """A log whose last act was to sign, under each of the keys in turn."""
    log = MemoryLog(keys[0])
    log.append(KeyAdded(actor="openverdict", at=START, purpose="administration", key=vkey(keys[0])))
    shares = [events // len(keys)] * len(keys)
    for place, share in enumerate(shares):
        for number in range(share):
            log.work(number + place * share)
            if number % every == every - 1:
                log.sign()
        if place + 1 < len(keys):
            rotate(log, keys[place + 1])
    log.sign()
    return log


def rotate(log: MemoryLog, to: SigningKey) -> None:
    """Another key from here on: added, the old one retired, and the head signed by both."""
    common: dict[str, Any] = {"actor": "user:9", "at": log.now(), "purpose": "administration"}
    old = log.key
    log.append(KeyAdded(**common, key=vkey(to)))
    log.append(KeyRetired(**common, key=vkey(old), reason="rotation", successor=vkey(to)))
    log.key = to
    log.sign(old, to)


def vkey(key: SigningKey) -> str:
    return str(key.verifier())


def verifiers(*keys: SigningKey) -> list[VerifierKey]:
    return [key.verifier() for key in keys]
