"""Pages of a set of cases (`ledger.bits`): its first ones in an order, after a key, without reading the others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connections

from openverdict.ledger import bits, engine
from openverdict.ledger.address import SQLITE

SORTED = 20_000  # cases that are sorted rather than met in the order of an index
FIRST_AT_ONCE, MOST_AT_ONCE = 500, 20_000  # cases that are read of an index in one query
LAST = "\U0010ffff"  # sorts after whatever else a case number goes on with
# CROSS JOIN keeps SQLite from reading the register in order and looking each case up among these.
_AMONG = {
    "sqlite": "json_each(%s) n CROSS JOIN ledger_present p ON p.id = n.value",
    "postgresql": "unnest(%s::bigint[]) AS n(value) JOIN ledger_present p ON p.id = n.value",
}
Bound = tuple[
    str, str, str
]  # a column of the present values, a comparison, and what it is compared with


@dataclass(frozen=True)
class Order:
    """In which order cases are read: by which columns of the present values, which way, and after which values of theirs.

    `bounds`: what holds of every case that is looked for, so that reading begins near the first.
    """

    columns: tuple[str, ...]
    down: bool
    after: tuple[str, ...] | None = None
    bounds: Sequence[Bound] = ()

    def conditions(self, key: tuple[str, ...] | None) -> tuple[str, list[str]]:
        """What holds of the cases after a key, in SQL, with its values."""
        found = [f"p.{column} {comparison} %s" for column, comparison, _ in self.bounds]
        values = [value for *_, value in self.bounds]
        if key is not None:
            marks = ", ".join(["%s"] * len(key))
            found.append(f"({self.named}) {'<' if self.down else '>'} ({marks})")
            values += key
        return " AND ".join(found) or "1 = 1", values

    @property
    def named(self) -> str:
        """The columns, in SQL."""
        return ", ".join(f"p.{name}" for name in self.columns)

    @property
    def by(self) -> str:
        """For ORDER BY."""
        return ", ".join(f"p.{name}{' DESC' if self.down else ''}" for name in self.columns)


def first_of(alias: str, found: int, order: Order, size: int) -> list[int]:
    """The numbers of the first cases of a set in an order, at most `size`.

    A few are sorted. Of many, some stand wherever one begins to read in the order of an index.
    """
    if not found:
        return []
    if found.bit_count() <= SORTED:
        return _sorted(alias, bits.numbers_of(found), order, size)
    return _met(alias, bits.as_bytes(found), order, size)


def numbered(alias: str, begins: str) -> int:
    """The cases whose number begins so. Where that is most of them, the others are read."""
    every = bits.held(alias, bits.EVERY, "")
    within = [begins, begins + LAST]
    sql = "SELECT count(*) FROM ledger_present WHERE case_id >= %s AND case_id < %s"
    ((many,),) = engine.every(alias, sql, within)
    is_most = 2 * many > every.bit_count()
    other = "case_id < %s OR case_id >= %s" if is_most else "case_id >= %s AND case_id < %s"
    rows = engine.every(alias, f"SELECT id FROM ledger_present WHERE {other}", within)
    found = bits.of_numbers(number for (number,) in rows)
    return every & ~found if is_most else found


def _sorted(alias: str, numbers: list[int], order: Order, size: int) -> list[int]:
    vendor = connections[alias].vendor
    given = json.dumps(numbers) if vendor == SQLITE else numbers
    where, values = order.conditions(order.after)
    sql = f"SELECT p.id FROM {_AMONG[vendor]} WHERE {where} ORDER BY {order.by} LIMIT %s"
    return [number for (number,) in engine.every(alias, sql, [given, *values, size])]


def _met(alias: str, marked: bytes, order: Order, size: int) -> list[int]:
    met: list[int] = []
    last, at_once = order.after, FIRST_AT_ONCE
    while True:
        where, values = order.conditions(last)
        sql = f"SELECT p.id, {order.named} FROM ledger_present p WHERE {where} ORDER BY {order.by} LIMIT %s"
        rows = engine.every(alias, sql, [*values, at_once])
        for number, *_ in rows:
            if number >> 3 < len(marked) and marked[number >> 3] >> (number & 7) & 1:
                met.append(number)
        if len(met) >= size or len(rows) < at_once:
            return met[:size]
        last, at_once = tuple(rows[-1][1:]), min(4 * at_once, MOST_AT_ONCE)
