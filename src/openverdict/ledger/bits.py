"""Which cases have which value at present, as bit sets: a register of a million cases is chosen from by a few of them.

A set is a whole number: bit n stands for the case with the number n. What several filters choose is what their sets have in
common, and how many that are is how many bits are set, exactly, however rare or common it is. In the store a set stands in
blocks of `SPAN` cases, so that a case that changes touches the one block that it is in. All of it is worked out from the
present values (`ledger.present`) and, by level, from the last run that ended.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from math import floor, inf
from typing import Any

import numpy as np
from django.db import connections

from openverdict.ledger import engine

SPAN = 32_768  # cases in a block
COLUMNS = ("field", "value", "block", "bits")
# Sets by a column of the present values, under its name; the others:
BY_COLUMN = ("kind", "found_place_kind", "sex", "category_police")
EVERY, UNIT, MANNER, CLOSED, LEVEL = "every", "unit", "manner", "closed", "level"
AGE, AGE_PART, AGE_DECADE = "age", "age_part", "age_decade"  # whole years; between two; tens
FOUND_MONTH, FOUND_YEAR = "found_month", "found_year"
_TABLE = "ledger_presentbits"
AFTER = "\x7f"
_DAY = timedelta(days=1)
Key = tuple[str, str]  # field and value
Made = tuple[Sequence[Any], Sequence[tuple[str, str, int]]]  # a row of Present, and its items


def keys_of(row: Sequence[Any], items: Iterable[tuple[str, str, int]]) -> set[Key]:
    """The sets that a case is in, by its row of `Present` and its items."""
    _, _, found_at, kind, place, age, sex, unit, *manners, category, closed_at, _ = row
    said = zip(BY_COLUMN, (kind, place, sex, category), strict=True)
    found = {(field, value) for field, value in said if value is not None}
    found.update((MANNER, each) for each in manners if each is not None)
    found.update((field, item) for field, item, _ in items)
    found |= {(EVERY, ""), (FOUND_MONTH, found_at[:7]), (FOUND_YEAR, found_at[:4])}
    if unit is not None:
        found.add((UNIT, unit))
    if closed_at is not None:
        found.add((CLOSED, ""))
    if age is not None:
        whole = floor(age)
        found |= {(AGE if whole == age else AGE_PART, str(whole)), (AGE_DECADE, str(whole // 10))}
    return found


def held(alias: str, field: str, *values: str) -> int:
    """The cases that have one of these values."""
    marks = ", ".join(["%s"] * len(values))
    if not values:
        return 0
    sql = f"SELECT block, bits FROM {_TABLE} WHERE field = %s AND value IN ({marks})"
    return _joined(engine.every(alias, sql, [field, *values]))


def of_age(alias: str, least: float | None, most: float | None) -> int:
    """The cases between two ages, both included."""
    low = -inf if least is None else least
    high = inf if most is None else most
    decades, whole, part = [], [], []
    for decade in map(int, _values(alias, AGE_DECADE)):
        if low <= 10 * decade and 10 * decade + 10 <= high:
            decades.append(str(decade))
            continue
        for year in range(10 * decade, 10 * decade + 10):
            if low <= year <= high:
                whole.append(str(year))
            if low <= year and year + 1 <= high:
                part.append(str(year))
    found = held(alias, AGE_DECADE, *decades) | held(alias, AGE, *whole)
    found |= held(alias, AGE_PART, *part)
    # Within a year that a bound cuts, cases are asked one by one; few have an age that is no whole year.
    cut = {str(floor(bound)) for bound in (least, most) if bound is not None and bound % 1}
    return found | _of_ages(alias, held(alias, AGE_PART, *sorted(cut)), low, high)


def found_between(alias: str, first: date | None, last: date | None) -> int:
    """The cases found on these days, both included; without a first day, also those of which no day stands any more."""
    # "2014-05" sorts before all of its days, as "2014-05-01" does; AFTER sorts behind them.
    begin = "" if first is None else first.isoformat().removesuffix("-01").removesuffix("-01")
    end = AFTER if last is None else (last + _DAY).isoformat()
    years, months, cut = [], [], []
    for year in _values(alias, FOUND_YEAR):
        if begin <= year and (year + AFTER < end or not year):
            years.append(year)
        elif begin[:4] <= year <= end[:4]:
            for month in (f"{year}-{number:02}" for number in range(1, 13)):
                if begin <= month and month + AFTER < end:
                    months.append(month)
                elif begin[:7] <= month <= end[:7]:
                    cut.append((max(begin, month), min(end, month + AFTER)))
    found = held(alias, FOUND_YEAR, *years) | held(alias, FOUND_MONTH, *months)
    for span in cut:
        sql = "SELECT id FROM ledger_present WHERE found_at >= %s AND found_at < %s"
        found |= of_numbers(number for (number,) in engine.every(alias, sql, span))
    return found


def of_level(alias: str, run: int, least: int) -> int:
    """The cases that a run put on this level or a higher one."""
    if run == last_run(alias):
        sql = f"SELECT value, block, bits FROM {_TABLE} WHERE field = %s"
        rows = engine.every(alias, sql, [LEVEL])
        return _joined((block, data) for level, block, data in rows if int(level) >= least)
    sql = (
        "SELECT c.id FROM ledger_triaged t JOIN ledger_case c ON c.case_id = t.case_id "
        "WHERE t.run_id = %s AND t.level >= %s"
    )
    return of_numbers(number for (number,) in engine.every(alias, sql, [run, least]))


def of_numbers(numbers: Iterable[int]) -> int:
    """A set of cases by their numbers."""
    places = np.fromiter(numbers, dtype=np.int64)
    if not places.size:
        return 0
    marked = np.zeros(int(places.max()) + 1, dtype=bool)
    marked[places] = True
    return int.from_bytes(np.packbits(marked, bitorder="little").tobytes(), "little")


def numbers_of(bits: int) -> list[int]:
    """The numbers of the cases of a set, in order."""
    data = np.frombuffer(as_bytes(bits), dtype=np.uint8)
    found: list[int] = np.flatnonzero(np.unpackbits(data, bitorder="little")).tolist()
    return found


def as_bytes(bits: int) -> bytes:
    """A set as bytes, the lowest numbers first."""
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def change(alias: str, gone: Collection[int], made: Sequence[Made]) -> None:
    """Take cases out of every set that they are in, and put those that were made into theirs."""
    blocks: dict[int, dict[Key, int]] = defaultdict(lambda: defaultdict(int))
    out: dict[int, int] = defaultdict(int)
    for number in gone:
        out[number // SPAN] |= 1 << number % SPAN
    for row, items in made:
        block, bit = blocks[row[0] // SPAN], 1 << row[0] % SPAN
        for key in keys_of(row, items):
            block[key] |= bit
    for number in sorted({*blocks, *out}):
        _change_block(alias, number, out[number], blocks[number])


def make(alias: str, stored: Iterable[Made]) -> None:
    """Make all sets anew. `stored`: every case in the order of its number."""
    engine.run(alias, f"DELETE FROM {_TABLE}")
    for block, found in _expected(stored):
        _insert(alias, block, found)
    make_levels(alias)


def make_levels(alias: str) -> None:
    """Make the sets by level anew: those of the last run that ended."""
    engine.run(alias, f"DELETE FROM {_TABLE} WHERE field = %s", [LEVEL])
    for block, found in _levels(alias).items():
        _insert(alias, block, found)


def faults(alias: str, stored: Iterable[Made]) -> Iterator[str]:
    """Where the sets say something else than the present values and the levels of the last run; the first only."""
    levels = _levels(alias)
    expected = dict(_expected(stored))
    for block, found in levels.items():
        expected.setdefault(block, {}).update(found)
    sql = f"SELECT block, field, value, bits FROM {_TABLE} ORDER BY block"
    rows = engine.stream(alias, sql)
    for block, group in groupby(rows, key=lambda row: row[0]):
        said = {(field, value): _unpacked(data) for _, field, value, data in group}
        wrong = said.items() ^ expected.pop(block, {}).items()
        if wrong:
            field = min(wrong)[0][0]
            yield f"the lists have other cases by {field} than the record; {MEND}"
            return
    if expected:
        yield f"the lists lack sets of cases from number {min(expected) * SPAN} on; {MEND}"


MEND = "the record is sound where nothing else is named: back it up and restore it, which makes its lists anew"


def _expected(stored: Iterable[Made]) -> Iterator[tuple[int, dict[Key, int]]]:
    for block, cases in groupby(stored, key=lambda made: made[0][0] // SPAN):
        found: dict[Key, list[int]] = defaultdict(list)
        for row, items in cases:
            for key in keys_of(row, items):
                found[key].append(row[0] % SPAN)
        yield block, {key: of_numbers(places) for key, places in found.items()}


def _levels(alias: str) -> dict[int, dict[Key, int]]:
    """By block, the sets by level of the last run that ended."""
    run = last_run(alias)
    if run is None:
        return {}
    found: dict[int, dict[Key, list[int]]] = defaultdict(lambda: defaultdict(list))
    sql = (
        "SELECT c.id, t.level FROM ledger_triaged t JOIN ledger_case c ON c.case_id = t.case_id "
        "WHERE t.run_id = %s"
    )
    for number, level in engine.every(alias, sql, [run]):
        found[number // SPAN][LEVEL, str(level)].append(number % SPAN)
    return {
        block: {key: of_numbers(places) for key, places in of_block.items()}
        for block, of_block in found.items()
    }


def last_run(alias: str) -> int | None:
    """The number of the last run that ended; None where none did."""
    found = engine.one(alias, "SELECT max(run_id) FROM ledger_runend")
    return None if found is None or found[0] is None else int(found[0])


def _values(alias: str, field: str) -> list[str]:
    """Every value that a field has."""
    sql = f"SELECT DISTINCT value FROM {_TABLE} WHERE field = %s"
    return [value for (value,) in engine.every(alias, sql, [field])]


def _of_ages(alias: str, among: int, low: float, high: float) -> int:
    """Of these cases, those between two ages."""
    found: list[int] = []
    numbers = numbers_of(among)
    for start in range(0, len(numbers), 500):
        part = numbers[start : start + 500]
        marks = ", ".join(["%s"] * len(part))
        sql = f"SELECT id, age_years FROM ledger_present WHERE id IN ({marks})"
        found += [number for number, age in engine.every(alias, sql, part) if low <= age <= high]
    return of_numbers(found)


def _change_block(alias: str, block: int, out: int, added: Mapping[Key, int]) -> None:
    sql = f"SELECT field, value, bits FROM {_TABLE} WHERE block = %s AND field <> %s"
    stood = {
        (field, value): _unpacked(data)
        for field, value, data in engine.every(alias, sql, [block, LEVEL])
    }
    now = {
        key: stood.get(key, 0) & ~out | added.get(key, 0)
        for key in (stood if out else {}).keys() | added.keys()
    }
    changed = {key: bits for key, bits in now.items() if bits != stood.get(key, 0)}
    # Not UPDATE: on PostgreSQL, an account that does the daily work may only add to lists and delete from them.
    sql = f"DELETE FROM {_TABLE} WHERE field = %s AND value = %s AND block = %s"
    if old := [(*key, block) for key in changed if key in stood]:
        with connections[alias].cursor() as cursor:
            cursor.executemany(sql, old)
    _insert(alias, block, changed)


def _insert(alias: str, block: int, found: Mapping[Key, int]) -> None:
    rows = [(*key, block, zlib.compress(as_bytes(bits), 1)) for key, bits in found.items() if bits]
    if rows:
        engine.insert(alias, _TABLE, COLUMNS, rows)


def _unpacked(data: Any) -> int:
    return int.from_bytes(zlib.decompress(bytes(data)), "little")


def _joined(rows: Iterable[tuple[int, Any]]) -> int:
    """The union of sets, from their blocks."""
    found: dict[int, int] = defaultdict(int)
    for block, data in rows:
        found[block] |= _unpacked(data)
    if not found:
        return 0
    size = SPAN // 8
    whole = bytearray((max(found) + 1) * size)
    for block, bits in found.items():
        whole[block * size : (block + 1) * size] = bits.to_bytes(size, "little")
    return int.from_bytes(whole, "little")
