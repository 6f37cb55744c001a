"""The equality record: protected characteristics, held apart from every register and read by the equality report only."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class EqualityRecord:
    """`case_id` and the equality fields of the dictionary, as text; never part of a `Register`."""

    table: pl.DataFrame

    def __len__(self) -> int:
        return self.table.height
