"""What an intake would change, before anybody decides that it shall: counted as `collecting` does, and nothing is written.

It reads in one view of the store and takes no lock that a writer would wait for; so what comes in between is not in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, cast

from openverdict.errors import InputError
from openverdict.intake import Intake
from openverdict.ledger.changes import FIELD, STATUS, VALUE, Known, new_facts, record_row
from openverdict.ledger.collecting import (
    _ORIGIN,
    Rows,
    _case_ids,
    _from_facts,
    _from_table,
    _refuse_twice,
    known_cases,
)
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Block, Writer

LISTED = 1_000  # changed values that are named; the others are counted


@dataclass(frozen=True)
class Change:
    """A value of a case that the store has and that would be other. `value`: None where there would be none, for `status`."""

    case: str
    field: str
    value: str | None
    status: str


@dataclass
class Foreseen:
    """What would become of what was read: the counts of a `Receipt`, and which values would be superseded.

    `added_to`: cases that the store has and of which it would learn something; `as_before`: those of which nothing is new.
    `changes`: at most LISTED. `refused`: why it would not be taken in at all; empty where it would.
    """

    new_cases: int = 0
    added_to: int = 0
    as_before: int = 0
    facts: int = 0
    superseded: int = 0
    unchanged: int = 0
    changes: list[Change] = field(default_factory=list)
    refused: str = ""


class _Draft:
    """Stands where a writer would: it takes corrections and writes none."""

    def __init__(self, at: datetime, told: list[Change]) -> None:
        self.at, self._told = at, told

    def next_id(self, model: type[Any]) -> int:
        """Any number."""
        return 0

    def record(self, kind: type[Any], rows: list[Block], **fields: Any) -> int:
        """Remember what would be other."""
        (row,) = rows[0].values
        if len(self._told) < LISTED:
            self._told.append(Change(fields["case"], row[FIELD], row[VALUE], row[STATUS]))
        return 0


def foresee(
    store: Store,
    read: Intake,
    mapping: tuple[str, str] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Foreseen:
    """What `collecting.collect` would change with this. `progress`: told (step, share done)."""
    found = Foreseen()
    draft = cast(Writer, _Draft(store.clock(), found.changes))
    with store.snapshot():
        try:
            for source in read.sources:
                _refuse_twice(store, source, mapping if source.layout == "table" else None)
        except InputError as refusal:
            found.refused = str(refusal)
        known = known_cases(store, _case_ids(read))
        seen: set[str] = set()
        told: set[str] = set()
        done, total = 0, max(len(read.register), 1)
        for ids, parts in chain(_from_table(read, []), _from_facts(read, [])):
            if progress is not None:
                progress("comparing", min(done / total, 1.0))
            done += len(ids)
            before = Known.load(store, [case for case in ids if case in known])
            for (case, _), rows in parts:
                kept = _again(draft, before, case, rows, found) if case in known else rows
                if case in known and (len(kept) or len(rows) == 0):
                    told.add(case)
                seen.add(case)
                found.facts += len(kept)
        found.new_cases = len(seen - known)
        found.added_to = len(told | {each.case for each in found.changes})
        found.as_before = len(seen & known) - found.added_to
    return found


def _again(writer: Writer, before: Known, case: str, rows: Rows, found: Foreseen) -> Rows:
    if rows and rows[0][_ORIGIN] is None:
        kept, superseded, same = record_row(writer, before, case, rows)
        found.superseded += superseded
    else:
        kept, same = new_facts(before, case, rows)
    found.unchanged += same
    return kept
