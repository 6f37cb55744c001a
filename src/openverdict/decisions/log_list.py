"""The log as a list, a page at a time, and the proof of one entry: what an auditor reads, and what anybody can check.

Every way to choose entries is read off an index, newest first: by case, by who did what, by kind, by the run of the numbers
(which is that of time). That entries were read is an entry itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import Any

from openverdict.decisions.guarding import act, look
from openverdict.decisions.listing import LARGEST_PAGE, PAGE
from openverdict.decisions.roles import Operation
from openverdict.errors import InputError
from openverdict.ledger.events import LogInspected, registry
from openverdict.ledger.events.base import Act, moment_text
from openverdict.ledger.merkle import inclusion_proof, leaf_hash, verify_inclusion
from openverdict.ledger.models import Event
from openverdict.ledger.note import Checkpoint, Note
from openverdict.ledger.reading import StoredLog
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer


@dataclass(frozen=True, kw_only=True)
class LogFilter:
    """What entries are chosen by.

    What is None chooses nothing. `act`: one of the six. `since`, `until`: times, both included.
    """

    act: str | None = None
    kind: str | None = None
    actor: str | None = None
    case: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class LogLine:
    """One entry: its number, when, which act and kind, who, why, about which case, and what it says."""

    entry: int
    at: str
    act: str
    kind: str
    actor: str
    purpose: str
    case: str | None
    data: dict[str, Any]


@dataclass(frozen=True)
class LogPage:
    """One page of the log, the newest entry at its head. `size`: entries of the whole log, before this page was read.

    `newer`, `older`: what to ask with as `after` and `before` for the page on either side; None at an end.
    """

    lines: tuple[LogLine, ...]
    size: int
    newer: int | None
    older: int | None


@dataclass(frozen=True)
class EntryProof:
    """That an entry is in the log under a signed head: with `leaf` and `path` anybody works out `root` (RFC 9162, 2.1.3).

    `size`, `root`: of the checkpoint whose `note` is signed; where none covers the entry yet, `note` is None and they are those
    of the log as it stands. `holds`: whether the proof was worked out here to that root.
    """

    entry: int
    body: str
    leaf: str
    path: tuple[str, ...]
    size: int
    root: str
    note: str | None
    holds: bool


def kinds_of(act: str) -> tuple[str, ...]:
    """The kinds of entry that are one of the six acts.

    Raises:
        InputError: there is no such act.
    """
    if act not in set(Act):
        raise InputError(f"act {act!r}: one of: {', '.join(Act)}")
    return tuple(sorted({kind for (kind, _), made in registry().items() if made.act == act}))


@act(Operation.INSPECT_LOG)
def list_entries(
    store: Store,
    writer: Writer,
    chosen: LogFilter | None = None,
    *,
    before: int | None = None,
    after: int | None = None,
    size: int = PAGE,
) -> LogPage:
    """A page of the entries that a filter chooses; that they were read is logged. `before`, `after`: numbers of entries.

    Raises:
        InputError: no such act, kind or size, or a page is asked for on both sides.
    """
    if not 1 <= size <= LARGEST_PAGE:
        raise InputError(f"{size} entries on a page: give 1 to {LARGEST_PAGE}")
    if before is not None and after is not None:
        raise InputError("a page is before one entry or after one; give one of the two")
    chosen = chosen or LogFilter()
    low, high = _run(store, chosen, writer.size)
    if before is not None:
        high = min(high, before)
    if after is not None:
        low = max(low, after + 1)
    upwards = after is not None
    found = _numbers(store, chosen, low, high, size + 1, upwards=upwards)
    more, found = len(found) > size, found[:size]
    if upwards:
        found.reverse()
    lines = _lines(store, found)
    page = LogPage(
        lines,
        writer.size,
        found[0] if found and (before is not None or (upwards and more)) else None,
        found[-1] if found and (upwards or more) else None,
    )
    if found:
        writer.record(LogInspected, first=found[-1], last=found[0])
    return page


@look(Operation.INSPECT_LOG)
def prove_entry(store: Store, entry: int, *, user: str | None = None) -> EntryProof:
    """The proof that an entry is in the log, under the first signed head that covers it.

    Raises:
        InputError: there is no such entry.
    """
    with store.snapshot():
        log = StoredLog(store)
        if not 0 <= entry < log.size:
            raise InputError(f"entry {entry}: the log has those from 0 to {log.size - 1}")
        body = next(iter(log.event_bodies(entry, entry + 1)))
        note = log.checkpoint_over(entry)
        if note is None:
            size, root = log.size, log.root()
        else:
            head = Checkpoint.parse(Note.parse(note).text)
            size, root = head.size, head.root
        path = inclusion_proof(entry, size, log.node)
    leaf = leaf_hash(body)
    return EntryProof(
        entry,
        body.decode(),
        leaf.hex(),
        tuple(value.hex() for value in path),
        size,
        root.hex(),
        note,
        verify_inclusion(entry, size, leaf, path, root),
    )


def _run(store: Store, chosen: LogFilter, size: int) -> tuple[int, int]:
    """Of time, the run of numbers: from the first to before the second. Time never runs backwards in the log."""
    low, high = 0, size
    rows = store.rows(Event)
    if chosen.since is not None:
        first = rows.filter(at__gte=_at(chosen.since)).order_by("at", "seq").first()
        low = size if first is None else int(first.seq)
    if chosen.until is not None:
        last = rows.filter(at__lte=_at(chosen.until)).order_by("-at", "-seq").first()
        high = 0 if last is None else int(last.seq) + 1
    return low, high


def _at(moment: datetime) -> str:
    return moment_text(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


def _numbers(
    store: Store, chosen: LogFilter, low: int, high: int, most: int, *, upwards: bool
) -> list[int]:
    """The first numbers of entries in a direction; of each kind by itself where that is what an index has in order."""
    rows = store.rows(Event).filter(seq__gte=low, seq__lt=high)
    order = "seq" if upwards else "-seq"
    kinds = _kinds(chosen)
    if chosen.case is not None:
        rows = rows.filter(case_id=chosen.case)
        if chosen.actor is not None:
            rows = rows.filter(actor=chosen.actor)
        if kinds is not None:
            rows = rows.filter(kind__in=kinds)
        return _first(rows, order, most)
    if chosen.actor is not None:
        rows = rows.filter(actor=chosen.actor)
        kinds = kinds or sorted({kind for kind, _ in registry()})
    if kinds is None:
        return _first(rows, order, most)
    parts = [_first(rows.filter(kind=kind), order, most) for kind in kinds]
    return list(islice(merge(*parts, reverse=not upwards), most))


def _kinds(chosen: LogFilter) -> Sequence[str] | None:
    known = {kind for kind, _ in registry()}
    if chosen.kind is not None and chosen.kind not in known:
        raise InputError(f"kind {chosen.kind!r}: no entry is of this kind; see the table of events")
    of_act = None if chosen.act is None else kinds_of(chosen.act)
    if chosen.kind is None:
        return of_act
    return [chosen.kind] if of_act is None or chosen.kind in of_act else []


def _first(rows: Any, order: str, most: int) -> list[int]:
    return list(rows.order_by(order).values_list("seq", flat=True)[:most])


def _lines(store: Store, numbers: Sequence[int]) -> tuple[LogLine, ...]:
    held = {row.seq: row for row in store.rows(Event).filter(seq__in=list(numbers))}
    made = []
    for number in numbers:
        row = held[number]
        said = json.loads(row.body)
        made.append(
            LogLine(
                row.seq,
                row.at,
                row.act,
                row.kind,
                row.actor,
                str(said.get("purpose", "")),
                row.case_id,
                said["data"],
            )
        )
    return tuple(made)


__all__ = [
    "EntryProof",
    "LogFilter",
    "LogLine",
    "LogPage",
    "kinds_of",
    "list_entries",
    "prove_entry",
]
