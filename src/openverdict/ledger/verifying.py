"""Verifying: the whole store read again, every hash made anew, and whatever does not fit named.

In one unchanging view of the store: every entry is hashed and compared with its leaf, and its columns with its body; the tree
is built anew from the leaves and compared with every stored node; every row of every table has to be where its entry says,
with the hash that the entry commits to; every checkpoint has to carry the root of exactly its entries, under a good
signature. All roots come from one list of leaves, so checkpoints that pass are consistent with each other. Checkpoints
and keys that somebody kept outside say what the store alone can't: that nothing was cut off or written anew as a whole.
What pages list comes from tables worked out from the record: these are worked out again and compared.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

from django.db import DatabaseError, connections

from openverdict.errors import InputError, RecordError
from openverdict.ledger import derived, engine, schema, triggers
from openverdict.ledger.keys import VerifierKey
from openverdict.ledger.merkle import Frontier
from openverdict.ledger.models import Event, Node, Salt
from openverdict.ledger.note import Checkpoint as Head
from openverdict.ledger.note import Note, open_checkpoint
from openverdict.ledger.rows import all_recorded, shape
from openverdict.ledger.store import Store
from openverdict.ledger.tablewalk import TableWalk
from openverdict.ledger.verdict import Findings, Outcome, Problem, Verdict

__all__ = ["Outcome", "Problem", "Verdict", "verify"]

MOST_TOLD = 20  # problems named; the first of each kind come first
Progress = Callable[[str, float], None]


def verify(
    store: Store,
    *,
    keys: Sequence[VerifierKey] = (),
    checkpoints: Sequence[str] = (),
    form: bool = True,
    progress: Progress | None = None,
) -> Verdict:
    """Verify a whole store.

    Args:
        store: which.
        keys: verifier keys known from outside the store; without them, those that the log itself names are believed.
        checkpoints: notes that were kept outside the store.
        form: compare the form of the tables with what the log says of it.
        progress: told (step, share done).

    A damaged database is a verdict, not an error.

    Raises:
        InputError: a checkpoint from outside can't be read.
    """
    verdict = Verdict()
    tell = progress or (lambda step, share: None)
    try:
        with store.snapshot():
            _Verification(store, verdict, tell, form=form).run(list(keys), checkpoints)
    except engine.UNREADABLE as error:
        said = " ".join(str(error).split())
        verdict.problems.append(Problem(None, f"the database cannot be read ({said})"))
    except InputError as error:
        if not isinstance(error.__cause__, DatabaseError):
            raise
        verdict.problems.append(Problem(None, str(error)))
    del verdict.problems[MOST_TOLD:]
    return verdict


class _Verification:
    def __init__(self, store: Store, verdict: Verdict, tell: Progress, *, form: bool) -> None:
        self.store = store
        self.alias = store.alias
        self.verdict = verdict
        self.tell = tell
        self.form = form
        self.leaves = bytearray()
        self.found = Findings(verdict)
        self.bad = self.found.bad

    def run(self, keys: list[VerifierKey], outside: Sequence[str]) -> None:
        self._frame()
        if self._entries():
            levels = self._tree()
            self._checkpoints(levels, keys, outside)
        if not self.verdict.problems:  # a record that does not hold is nothing to compare with
            self.tell("verify-lists", 0.0)
            for what in derived.faults(self.alias):
                self.bad(None, what)

    def _frame(self) -> None:
        """The database's own soundness, the form of the tables and the triggers that guard them."""
        if connections[self.alias].vendor == "sqlite":
            self.tell("verify-file", 0.0)
            for (said,) in engine.every(self.alias, "PRAGMA integrity_check(3)"):
                if said != "ok":
                    self.bad(None, f"the database file is damaged ({said})")
        if self.form:
            for what in schema.faults(self.alias):
                self.bad(None, what)
        for what in triggers.faults(self.alias, (Event, Node, *all_recorded())):
            self.bad(None, what)

    def _entries(self) -> bool:
        """Every entry, and in step with it the rows of every table; whether none is missing."""
        tables = {
            shape(model).table: TableWalk(self.alias, shape(model), self.found)
            for model in all_recorded()
        }
        erased = {row[0] for row in engine.every(self.alias, "SELECT target FROM ledger_erasure")}
        self.verdict.erased = len(erased)
        salts = tables[shape(Salt).table]
        total = max(self.store.size(), 1)
        query = (
            "SELECT seq, act, kind, at, actor, case_id, body, leaf FROM ledger_event ORDER BY seq"
        )
        before = ""
        loads = json.loads
        for place, row in enumerate(engine.stream(self.alias, query)):
            seq, act, kind, at, actor, case_id, body, leaf = row
            if seq != place:
                self.bad(place, f"the entry is missing; the next one has the number {seq}")
                return False
            data = body.encode("utf-8") if isinstance(body, str) else b""
            made = sha256(b"\x00" + data).digest()
            if made != leaf:
                self.bad(seq, "its body does not have the hash that stands beside it")
            self.leaves += made
            self.verdict.entries += 1
            try:
                said = loads(body)
                told = said["data"]
                columns = (said["act"], said["kind"], said["at"], said["actor"], told.get("case"))
                blocks = [(b["table"], b["count"], b["hash"], b["salted"]) for b in said["rows"]]
            except (ValueError, TypeError, KeyError, AttributeError):
                self.bad(seq, "its body is not an event")
                continue
            if columns != (act, kind, at, actor, case_id):
                self.bad(seq, "its columns say something else than its body")
            if at < before:
                self.bad(seq, "its time is before that of the entry above it")
            before = at
            is_gone = seq in erased
            salt = b""
            if any(salted for _, _, _, salted in blocks):
                salt = salts.salt(seq, is_gone=is_gone)
            for table, count, digest, salted in blocks:
                if table not in tables:
                    self.bad(seq, f"speaks of a table {table!r} that this version does not have")
                    continue
                tables[table].take(seq, count, digest, salt if salted else None, is_gone, told)
            if place % 50_000 == 0:
                self.tell("verify-entries", place / total)
        for each in tables.values():
            each.finish()
        return True

    def _tree(self) -> list[bytes]:
        """The tree built anew, level by level, and compared with the stored nodes."""
        self.tell("verify-tree", 0.0)
        levels = [bytes(self.leaves)]
        while len(levels[-1]) >= 64:
            row = levels[-1]
            whole = len(row) - len(row) % 64
            pairs = (sha256(b"\x01" + row[at : at + 64]).digest() for at in range(0, whole, 64))
            levels.append(b"".join(pairs))
        stored = engine.stream(
            self.alias, "SELECT level, number, hash FROM ledger_node ORDER BY level, number"
        )
        expected = (
            (level, at // 32, row[at : at + 32])
            for level, row in enumerate(levels)
            for at in range(0, len(row), 32)
            if level
        )
        for level, number, value in expected:
            found = next(stored, None)
            if found != (level, number, value):
                # An entry that was named already explains its nodes.
                entry = None if self.verdict.problems else number << level
                self.bad(entry, f"node {level}/{number} of the tree is not the one that is stored")
                break
            self.verdict.nodes += 1
        else:
            extra = next(stored, None)
            if extra is not None:
                self.bad(
                    None,
                    f"node {extra[0]}/{extra[1]} of the tree is over entries that are not there",
                )
        self.verdict.root = _root(levels, self.verdict.entries)
        return levels

    def _checkpoints(
        self, levels: list[bytes], trusted: list[VerifierKey], outside: Sequence[str]
    ) -> None:
        self.tell("verify-checkpoints", 0.0)
        own, retired = self._keys()
        for key in own:
            if trusted and key not in trusted:
                said = "which is none of the keys given"
                self.bad(None, f"the log is signed by {key.name} ({key.key_id.hex()}), {said}")
        known = trusted or own
        for entry, size, root, note in self.found.notes:
            self.verdict.checkpoints += 1
            if (said_of := self._note(levels, note, known, retired)) is not None:
                self.bad(entry, f"checkpoint over {size} entries: {said_of}")
            elif size > entry or root != _root(levels, size):
                what = "its columns say something else than its note"
                self.bad(entry, f"checkpoint over {size} entries: {what}")
        for note in outside:
            self.verdict.outside += 1
            Head.parse(Note.parse(note).text)  # what can't be read is no verdict on the store
            if (said_of := self._note(levels, note, known, retired)) is not None:
                self.bad(None, f"the checkpoint kept outside: {said_of}")

    def _keys(self) -> tuple[list[VerifierKey], dict[VerifierKey, int]]:
        """The keys that the log adds, and by which entry each was retired."""
        own: list[VerifierKey] = []
        retired: dict[VerifierKey, int] = {}
        for entry, text, status in self.found.keys:
            try:
                key = VerifierKey.parse(text)
            except InputError:
                self.bad(entry, "names a key that can't be read")
                continue
            if status == "retired":
                retired[key] = entry
            else:
                own.append(key)
        return own, retired

    def _note(
        self,
        levels: list[bytes],
        note: str,
        keys: Sequence[VerifierKey],
        retired: Mapping[VerifierKey, int],
    ) -> str | None:
        """What is wrong with a checkpoint; None if nothing is."""
        try:
            head, signers = open_checkpoint(note, keys)
        except (InputError, RecordError) as error:
            return str(error)
        if all(key in retired and retired[key] < head.size for key in signers):
            return "it is signed by nobody but a key that was retired before"
        if head.size > self.verdict.entries:
            return (
                f"it has {head.size} entries, the store only {self.verdict.entries}: the end of the log was cut "
                "off, or an older copy was put back"
            )
        if head.root != _root(levels, head.size):
            return "the entries under it are not those that were signed: the log was written anew"
        return None


def _root(levels: Sequence[bytes], size: int) -> bytes:
    """The root over the first `size` entries."""

    def node(level: int, number: int) -> bytes:
        return levels[level][number * 32 : number * 32 + 32]

    return Frontier.load(size, node).root()
