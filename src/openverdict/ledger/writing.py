"""Writing: rows and the events that speak of them, in one transaction, under one lock, in a sequence without a gap.

    with store.writing(actor="a.reader", purpose="death_review") as writer:
        writer.record(FactsRecorded, rows=[Fact(...), Fact(...)], facts=2, cases=1, case="A")

Whoever is inside sees everything that was ever acknowledged and nothing that was not, so that a rule (never the same person
twice) can be asked and acted upon. Leaving the block commits; only then may anything be told to a user. An error undoes it all.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from openverdict.errors import InputError
from openverdict.ledger import engine
from openverdict.ledger.canonical import canonical_bytes
from openverdict.ledger.commitment import SALT_BYTES, Opening
from openverdict.ledger.derived import keepers
from openverdict.ledger.events import CheckpointSigned, Event
from openverdict.ledger.events import Rows as CommittedRows
from openverdict.ledger.keys import SigningKey
from openverdict.ledger.merkle import Frontier, leaf_hash
from openverdict.ledger.models import Checkpoint, Content, Recorded, Salt
from openverdict.ledger.note import Checkpoint as Head
from openverdict.ledger.note import sign_checkpoint
from openverdict.ledger.rows import Shape, Values, block_bytes, block_hash, shape

EVENT_COLUMNS = ("seq", "act", "kind", "at", "actor", "case_id", "body", "leaf")
NODE_COLUMNS = ("level", "number", "hash")
BUFFERED_ROWS = 50_000
CHECKPOINT_EVERY = 1_000  # entries after which a store that can sign does so by itself
Clock = Callable[[], datetime]
_encode = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


@dataclass(frozen=True)
class Block:
    """Rows of one table as plain values (without id and event), in the order of the model's columns: the bulk form."""

    model: type[Recorded]
    values: Sequence[Values]


def clock() -> datetime:
    """The time of the machine, in UTC."""
    return datetime.now(UTC)


class RefusedError(InputError):
    """Somebody may not do what they asked for: all that was begun is undone, and that it was refused is logged.

    `kind` with `fields` is the event. Whoever raises this within `writing` or `Store.snapshot` need not log it: they do so,
    once, when their block has ended.
    """

    def __init__(self, text: str, kind: type[Event], **fields: Any) -> None:
        super().__init__(text)
        self.kind, self.fields = kind, fields
        self.is_logged = False

    def log(self, alias: str, now: Clock) -> None:
        """Log it, unless that was done, or an outer block will."""
        if self.is_logged or engine.is_within(alias):
            return
        with engine.writing(alias):
            writer = Writer(alias, self.fields["actor"], self.fields["purpose"], now)
            writer.record(self.kind, **self.fields)
            writer.flush()
        self.is_logged = True


class Writer:
    """One transaction's pen. Made by `writing`; good until its block ends."""

    def __init__(self, alias: str, actor: str, purpose: str, now: Clock) -> None:
        self._alias = alias
        self.actor = actor
        self.purpose = purpose
        self._frontier, last = _head(alias)
        self._began = self._frontier.size
        # Time never runs backwards in the log, whatever the machine's clock does: a past answer stays what it was.
        self.at = max(now(), last) if last is not None else now()
        self._next: dict[str, int] = {}
        self._events: list[tuple[Any, ...]] = []
        self._nodes: list[tuple[Any, ...]] = []
        self._rows: dict[str, tuple[Shape, list[tuple[Any, ...]]]] = {}
        self._buffered = 0
        self._keepers = keepers(alias)

    @property
    def size(self) -> int:
        """How many entries the log has, those of this transaction included."""
        return self._frontier.size

    @property
    def written(self) -> int:
        """How many entries this transaction has appended."""
        return self.size - self._began

    def root(self) -> bytes:
        """The Merkle root over all entries."""
        return self._frontier.root()

    def record(
        self,
        kind: type[Event],
        rows: Iterable[Recorded | Block] = (),
        *,
        openings: Mapping[str, Opening] | None = None,
        **fields: Any,
    ) -> int:
        """Append one event of this class, with its rows; the number of its entry.

        `openings`: by the name of a commitment of the event, what opens it; kept beside the log as `Content`. Actor, time and
        purpose are the transaction's, unless `actor` or `purpose` is given. Instances among `rows` get their id and event.
        """
        fields = {"actor": self.actor, "purpose": self.purpose, **fields}
        committed = self._take(rows, openings or {})
        return self._append(kind(at=self.at, rows=committed, **fields))

    def append(
        self,
        event: Event,
        rows: Iterable[Recorded | Block] = (),
        *,
        openings: Mapping[str, Opening] | None = None,
    ) -> int:
        """Append an event made elsewhere; its time and its rows are set here."""
        return self._append(replace(event, at=self.at, rows=self._take(rows, openings or {})))

    def next_id(self, model: type[Recorded]) -> int:
        """The id that the next row of this table gets."""
        form = shape(model)
        if form.table not in self._next:
            found = engine.one(self._alias, f"SELECT max(id) FROM {form.table}")
            highest = found[0] if found and found[0] is not None else 0
            if form.erasable:
                highest = max(highest, self._erased_up_to(form.table))
            self._next[form.table] = highest + 1
        return self._next[form.table]

    def checkpoint(self, *keys: SigningKey) -> str:
        """Sign the head as it is now, keep the note, and log that this was done; the note.

        Raises:
            InputError: no key is given.
        """
        if not keys:
            raise InputError("no key to sign with; name its file, or set OPENVERDICT_SIGNING_KEY")
        head = Head(keys[0].name, self.size, self.root())
        note = str(sign_checkpoint(head, *keys))
        self.record(
            CheckpointSigned,
            [Checkpoint(size=head.size, root=head.root, note=note)],
            size=head.size,
            root=head.root.hex(),
            keys=tuple(str(key.verifier()) for key in keys),
        )
        return note

    def flush(self) -> None:
        """Hand what is buffered to the database, so that this transaction's own queries see it."""
        if self._events:
            engine.insert(self._alias, "ledger_event", EVENT_COLUMNS, self._events)
        if self._nodes:
            engine.insert(self._alias, "ledger_node", NODE_COLUMNS, self._nodes)
        for form, rows in self._rows.values():
            engine.insert(self._alias, form.table, form.columns, rows)
        self._events, self._nodes, self._rows, self._buffered = [], [], {}, 0
        for keeper in self._keepers:
            keeper.settle()

    def erased(self, cases: Collection[str], entries: Collection[int]) -> None:
        """What these entries held, facts of these cases for one, is gone: what was worked out from it has to follow."""
        for keeper in self._keepers:
            keeper.gone(cases, entries)
            keeper.settle()

    def _take(
        self, rows: Iterable[Recorded | Block], openings: Mapping[str, Opening]
    ) -> tuple[CommittedRows, ...]:
        """Number the rows, buffer them for writing, and say what the event commits to."""
        kept = [
            Content(name=name, value=canonical_bytes(each.value).decode(), salt=each.salt.hex())
            for name, each in openings.items()
        ]
        blocks = _blocks([*rows, *kept])
        salt = b""
        if any(block.model.erasable for block, _ in blocks):
            salt = secrets.token_bytes(SALT_BYTES)
            self._buffer(shape(Salt), [(self._number(Salt, 1), self.size, salt)])
        committed: dict[str, CommittedRows] = {}
        for block, instances in blocks:
            form = shape(block.model)
            if form.table in committed:
                raise InputError(f"{form.table}: give all rows of one event in one block")
            first = self._number(block.model, len(block.values))
            for place, instance in enumerate(instances):
                for name, value in (("id", first + place), ("event_id", self.size)):
                    setattr(instance, name, value)
            seq = self.size
            numbered = [(number, *row) for number, row in enumerate(block.values, first)]
            for keeper in self._keepers:
                keeper.take(block.model, seq, numbered)
            used = salt if form.erasable else b""
            digest = block_hash(block_bytes(form, numbered), used)
            committed[form.table] = CommittedRows(form.table, len(numbered), digest, bool(used))
            self._buffer(form, [(row[0], seq, *row[1:]) for row in numbered])
        return tuple(committed[table] for table in sorted(committed))

    def _erased_up_to(self, table: str) -> int:
        """The highest number of a table when something was last erased: none is given twice, though its row is gone."""
        found = engine.one(self._alias, "SELECT marks FROM ledger_erasure ORDER BY id DESC LIMIT 1")
        return int(json.loads(found[0]).get(table, 0)) if found else 0

    def _number(self, model: type[Recorded], count: int) -> int:
        first = self.next_id(model)
        self._next[shape(model).table] = first + count
        return first

    def _append(self, event: Event) -> int:
        seq = self.size
        body = _body(event)
        leaf = leaf_hash(body)
        for level, number, value in self._frontier.append(leaf):
            if level:
                self._nodes.append((level, number, value))
        case_id = getattr(event, "case", None)
        at = event.codecs["at"].encode(event.at)
        row = (seq, event.act.value, event.kind, at, event.actor, case_id, body.decode(), leaf)
        self._events.append(row)
        self._buffered += 2
        if self._buffered >= BUFFERED_ROWS:
            self.flush()
        return seq

    def _buffer(self, form: Shape, rows: list[tuple[Any, ...]]) -> None:
        self._rows.setdefault(form.table, (form, []))[1].extend(rows)
        self._buffered += len(rows)


def _body(event: Event) -> bytes:
    """The canonical bytes of an event. Its own checks leave nothing in it that plain encoding would write otherwise."""
    try:
        return _encode(event.to_body()).encode("utf-8")
    except UnicodeEncodeError:
        return event.to_bytes()  # says which text it is


@contextmanager
def writing(
    alias: str,
    actor: str,
    purpose: str,
    *,
    now: Clock = clock,
    keys: Sequence[SigningKey] = (),
    every: int = CHECKPOINT_EVERY,
) -> Iterator[Writer]:
    """A transaction with the writers' lock; see the head of this module.

    Where `keys` are given, the head is signed whenever `every` or more entries came after the last checkpoint.

    Raises:
        InputError: another command holds the lock too long, or the store cannot be written.
    """
    try:
        with engine.writing(alias):
            writer = Writer(alias, actor, purpose, now)
            yield writer
            writer.flush()
            if keys and writer.written and writer.size - _last_signed(alias) >= every:
                writer.checkpoint(*keys)
                writer.flush()
    except RefusedError as refusal:
        refusal.log(alias, now)
        raise


def _blocks(
    rows: Iterable[Recorded | Block],
) -> list[tuple[Block, Sequence[Recorded]]]:
    """Rows as blocks, each with the instances it was made of; instances of one model stand together, in their order."""
    listed = list(rows)
    blocks: list[tuple[Block, Sequence[Recorded]]] = [
        (row, ()) for row in listed if isinstance(row, Block) and len(row.values)
    ]
    plain = [row for row in listed if not isinstance(row, Block)]
    plain.sort(key=lambda row: shape(type(row)).table)
    for model, group in groupby(plain, key=type):
        instances = list(group)
        values = [shape(model).values(row) for row in instances]
        blocks.append((Block(model, values), instances))
    return blocks


def _head(alias: str) -> tuple[Frontier, datetime | None]:
    """The frontier of the tree as it stands, and the time of the last entry."""
    found = engine.one(alias, "SELECT seq, at, leaf FROM ledger_event ORDER BY seq DESC LIMIT 1")
    if found is None:
        return Frontier(), None
    size = found[0] + 1
    nodes = {
        (0, size - 1): bytes(found[2])
    }  # only the last entry can stand alone at the right edge
    edge = [
        (level, (size >> level) - 1) for level in range(1, size.bit_length()) if size >> level & 1
    ]
    if edge:
        where = " OR ".join(["(level = %s AND number = %s)"] * len(edge))
        stored = engine.every(
            alias,
            f"SELECT level, number, hash FROM ledger_node WHERE {where}",
            [part for pair in edge for part in pair],
        )
        nodes |= {(level, number): bytes(value) for level, number, value in stored}
    if not nodes.keys() >= set(edge):
        raise InputError(
            "the log is damaged (a node of its tree is missing); run: openverdict verify"
        )
    return Frontier.load(size, lambda level, number: nodes[level, number]), datetime.fromisoformat(
        found[1]
    )


def _last_signed(alias: str) -> int:
    found = engine.one(alias, "SELECT size FROM ledger_checkpoint ORDER BY id DESC LIMIT 1")
    return 0 if found is None else int(found[0])
