"""Reading the log as it stands: what exports, witnesses and backups need of it."""

from __future__ import annotations

from collections.abc import Iterator

from openverdict.ledger import engine
from openverdict.ledger.keys import VerifierKey
from openverdict.ledger.merkle import Frontier
from openverdict.ledger.models import Checkpoint, Key
from openverdict.ledger.store import Store


class StoredLog:
    """The log of a store, for `ledger.export` and for proofs. Use within `store.snapshot()`, so that it is of one piece."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.size = store.size()

    def event_bodies(self, begin: int, end: int) -> Iterator[bytes]:
        """Canonical bodies of the entries `begin` to `end` - 1, in sequence."""
        query = f"SELECT body FROM ledger_event WHERE seq >= {int(begin)} AND seq < {int(end)} ORDER BY seq"
        return (body.encode() for (body,) in engine.stream(self._store.alias, query))

    def node(self, level: int, index: int) -> bytes:
        """Hash of a complete node; level 0 are the leaf hashes.

        Raises:
            LookupError: there is no such node.
        """
        query, values = "SELECT leaf FROM ledger_event WHERE seq = %s", [index]
        if level:
            query = "SELECT hash FROM ledger_node WHERE level = %s AND number = %s"
            values = [level, index]
        found = engine.one(self._store.alias, query, values)
        if found is None:
            raise LookupError(f"no node {level}/{index} in the log")
        return bytes(found[0])

    def checkpoints(self) -> Iterator[str]:
        """Every signed checkpoint, as a note, from the oldest to the newest."""
        return iter(self._store.rows(Checkpoint).order_by("id").values_list("note", flat=True))

    def checkpoint_over(self, entry: int) -> str | None:
        """The first signed checkpoint that covers an entry, as a note; None where none does yet."""
        later = self._store.rows(Checkpoint).filter(size__gt=entry).order_by("id")
        note = later.values_list("note", flat=True).first()
        return None if note is None else str(note)

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` entries, or all."""
        return Frontier.load(self.size if size is None else size, self.node).root()

    def verifier_keys(self) -> tuple[VerifierKey, ...]:
        """The keys that the log names, retired ones too, in the order in which they were added."""
        added = self._store.rows(Key).filter(status="added").order_by("id")
        return tuple(VerifierKey.parse(text) for text in added.values_list("verifier", flat=True))
