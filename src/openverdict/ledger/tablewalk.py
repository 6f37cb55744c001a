"""The rows of a table held against the entries that wrote them, in step with the log."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from openverdict.errors import InputError
from openverdict.ledger import engine
from openverdict.ledger.commitment import SALT_BYTES, commitment
from openverdict.ledger.models import Checkpoint, Content, Key
from openverdict.ledger.rows import Shape, block_bytes, block_hash
from openverdict.ledger.verdict import Findings


class TableWalk:
    """The rows of one table in order of their ids, handed out entry by entry."""

    def __init__(self, alias: str, form: Shape, found: Findings) -> None:
        self.alias = alias
        self.form = form
        self.found = found
        self.next_id = 1
        self.lost = False  # after its first fault, a table is not followed any further
        self.rows: Iterator[tuple[Any, ...]] | None = None
        self.place = {name: at - 1 for at, name in enumerate(form.columns)}

    def _stream(self) -> Iterator[tuple[Any, ...]]:
        if self.rows is None:
            columns = ", ".join(f'"{name}"' for name in self.form.columns)
            self.rows = engine.stream(
                self.alias, f"SELECT {columns} FROM {self.form.table} ORDER BY id"
            )
        return self.rows

    def take(
        self,
        seq: int,
        count: int,
        digest: str,
        salt: bytes | None,
        is_gone: bool,
        told: dict[str, Any],
    ) -> None:
        """The rows of one entry: they have to be there, and to have the hash that the entry says."""
        if self.lost:
            return None
        first, self.next_id = self.next_id, self.next_id + count
        if salt is not None and is_gone:
            return None
        rows = list(islice(self._stream(), count))
        if len(rows) < count or any(row[1] != seq for row in rows):
            return self._lose(seq, "has rows missing, or rows of another entry in their place")
        if rows[0][0] != first or rows[-1][0] != first + count - 1:
            return self._lose(seq, "has rows with other numbers than they were given")
        plain = [(row[0], *row[2:]) for row in rows]
        try:
            made = block_hash(block_bytes(self.form, plain), salt or b"")
        except (TypeError, ValueError, InputError):
            made = ""
        if made != digest:
            return self._lose(seq, "has rows that were changed")
        self.found.verdict.rows += count
        self._meant(seq, plain, told)
        return None

    def salt(self, seq: int, *, is_gone: bool) -> bytes:
        """The salt of an entry's personal content; nothing where that was erased."""
        if self.lost:
            return b""
        first, self.next_id = self.next_id, self.next_id + 1
        if is_gone:
            return b""
        row = next(self._stream(), None)
        if (
            row is None
            or row[:2] != (first, seq)
            or not isinstance(row[2], bytes)
            or len(row[2]) != SALT_BYTES
        ):
            self._lose(seq, "has lost its salt")
            return b""
        self.found.verdict.rows += 1
        return row[2]

    def finish(self) -> None:
        """Nothing may be left when the log is at its end."""
        left = None if self.lost else next(self._stream(), None)
        if left is not None:
            self.found.bad(
                left[1] if isinstance(left[1], int) else None,
                f"{self.form.table}: row {left[0]} was written past the log: no entry speaks of it",
            )

    def _lose(self, seq: int, what: str) -> None:
        self.lost = True
        self.found.bad(seq, f"{self.form.table}: {what}")

    def _meant(self, seq: int, rows: Sequence[tuple[Any, ...]], told: dict[str, Any]) -> None:
        """What some tables mean beyond their bytes."""
        at = self.place
        if self.form.model is Content:
            for row in rows:
                name, value, salt = row[at["name"]], row[at["value"]], row[at["salt"]]
                if salt is not None and commitment(
                    bytes.fromhex(salt), json.loads(value)
                ) != told.get(name):
                    self._lose(seq, f"{name} is not what the entry commits to")
        elif self.form.model is Checkpoint:
            for row in rows:
                note = (seq, row[at["size"]], bytes(row[at["root"]]), row[at["note"]])
                self.found.notes.append(note)
        elif self.form.model is Key:
            for row in rows:
                self.found.keys.append((seq, row[at["verifier"]], row[at["status"]]))
