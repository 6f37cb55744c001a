"""What intake hands out: the register, the equality record, the rejects, and an account of every row read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from openverdict.cases import REJECTS_SCHEMA, Register
from openverdict.cases.equality import EqualityRecord

__all__ = ["PLACES_SCHEMA", "REJECTS_SCHEMA", "Intake", "Source"]

# Where something was read: which file of the call, counted from 0, and the row in it.
PLACES_SCHEMA: dict[str, pl.DataType] = {"place": pl.Int64(), "row": pl.Int64()}
CASE_PLACES_SCHEMA: dict[str, pl.DataType] = {"case_id": pl.String(), **PLACES_SCHEMA}


@dataclass(frozen=True, slots=True)
class Source:
    """One file that was read: `rows` is all its rows that hold anything, `rejected_rows` those of them refused.

    `layout`: table (a row a case) or facts (a row a fact).
    """

    name: str
    sha256: str
    kind: str
    rows: int
    rejected_rows: int
    size_bytes: int = 0
    layout: str = "table"


@dataclass(frozen=True)
class Intake:
    """A register and the account of how it was read.

    `rejects` has a line for every fault (`REJECTS_SCHEMA`; rows are numbered as in the file, its header being row 1, or
    from 1 where a format has no header row). A row may have several faults, and a line that begins with `value left
    out` belongs to a row that was kept; so count refused rows by `rejected_rows`. For tables, `rows_read` = cases +
    `rejected_rows`; in a facts file a row is a fact.

    `case_places` says where each case of a table was read (`CASE_PLACES_SCHEMA`), `fact_places` where each fact of
    `register.facts` was, line by line (`PLACES_SCHEMA`).
    """

    register: Register
    equality: EqualityRecord
    rejects: pl.DataFrame
    rows_read: int
    rejected_rows: int
    sources: tuple[Source, ...]
    notes: tuple[str, ...] = ()
    case_places: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema=CASE_PLACES_SCHEMA)
    )
    fact_places: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PLACES_SCHEMA))

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
