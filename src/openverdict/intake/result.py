"""What intake hands out: the register, the equality record, the rejects, and an account of every row read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from openverdict.cases import REJECTS_SCHEMA, Register
from openverdict.cases.equality import EqualityRecord

__all__ = ["REJECTS_SCHEMA", "Intake", "Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """One file that was read: `rows` is all its rows that hold anything, `rejected_rows` those of them refused."""

    name: str
    sha256: str
    kind: str
    rows: int
    rejected_rows: int


@dataclass(frozen=True)
class Intake:
    """A register and the account of how it was read.

    `rejects` has a line for every fault (`REJECTS_SCHEMA`; rows are numbered as in the file, its header being row 1, or
    from 1 where a format has no header row). A row may have several faults, and a line that begins with `value left
    out` belongs to a row that was kept; so count refused rows by `rejected_rows`. For tables, `rows_read` = cases +
    `rejected_rows`; in a facts file a row is a fact.
    """

    register: Register
    equality: EqualityRecord
    rejects: pl.DataFrame
    rows_read: int
    rejected_rows: int
    sources: tuple[Source, ...]
    notes: tuple[str, ...] = ()

    def account(self) -> list[dict[str, Any]]:
        """What a summary says of the files that were read."""
        return [
            {
                "file": s.name,
                "sha256": s.sha256,
                "kind": s.kind,
                "rows": s.rows,
                "rejected_rows": s.rejected_rows,
            }
            for s in self.sources
        ]
