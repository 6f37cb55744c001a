"""What is new in a case that the store has: additions, corrections, and what was said before.

A row of a table that comes again may say more, or otherwise, than it did. What it says anew was known from the row's own
`known_from` where that moved on; where it did not, all that is certain is that this store did not have it before
today, and today is taken: a value must not reach back into days on which nobody held it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openverdict.cases import Status, dictionary
from openverdict.cases.values import parse_code, parse_list, parse_number, parse_time
from openverdict.errors import FieldError
from openverdict.ledger.events import FactSuperseded
from openverdict.ledger.models import EqualityFact, Fact
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Block, Writer

READ_AGAIN = "row_read_again"
AT_ONCE = 500  # cases asked for in one query
Row = tuple[Any, ...]
# Places in a row of facts as it is written: after id and event.
CASE, FIELD, VALUE, STATUS, KNOWN_FROM, RECORDED_AT, ORIGIN, AUTHOR, SOURCE, ROW, SUPERSEDES = (
    range(11)
)


@dataclass(frozen=True)
class Known:
    """What the store says of some cases: their facts by case (in the order in which they came), and their equality record."""

    facts: dict[str, list[Fact]]
    equality: dict[str, set[tuple[str, str]]]

    @classmethod
    def load(cls, store: Store, cases: Sequence[str]) -> Known:
        """The facts of these cases."""
        facts: dict[str, list[Fact]] = {}
        equality: dict[str, set[tuple[str, str]]] = {}
        for start in range(0, len(cases), AT_ONCE):
            part = list(cases[start : start + AT_ONCE])
            for fact in store.rows(Fact).filter(case_id__in=part).order_by("id"):
                facts.setdefault(fact.case_id, []).append(fact)
            for line in store.rows(EqualityFact).filter(case_id__in=part):
                equality.setdefault(line.case_id, set()).add((line.field, line.value))
        return cls(facts, equality)

    def standing(self, case: str, name: str) -> list[Fact]:
        """The facts of one field that no other fact supersedes, the one said last at the end."""
        own = self.facts.get(case, [])
        gone = {fact.supersedes for fact in own}
        left = [fact for fact in own if fact.field == name and fact.id not in gone]
        return sorted(
            left, key=lambda fact: (fact.known_from or "", fact.recorded_at or "", fact.id)
        )


def new_facts(before: Known, case: str, rows: Sequence[Row]) -> tuple[list[Row], int]:
    """(facts of a facts file that the store does not have word for word, how many it has)."""
    told = {
        (f.field, f.value, f.status, f.known_from, f.recorded_at, f.origin, f.author)
        for f in before.facts.get(case, [])
    }
    fresh = [row for row in rows if row[FIELD : AUTHOR + 1] not in told]
    return fresh, len(rows) - len(fresh)


def new_equality(before: Known, case: str, lines: Sequence[Row]) -> list[Row]:
    """Lines of the equality record that the store does not have."""
    told = before.equality.get(case, set())
    return [line for line in lines if (line[1], line[2]) not in told]


def record_row(
    writer: Writer, before: Known, case: str, rows: Sequence[Row]
) -> tuple[list[Row], int, int]:
    """A table's row that comes again: (facts to add, how many were superseded, how many were the same).

    Corrections are written at once, each under an event of its own; additions are handed back.
    """
    since = _known_since(writer, before, case, rows)
    added, superseded, same = [], 0, 0
    for row in rows:
        if row[FIELD] == "known_from":
            continue  # a case is known from its first row on
        standing = before.standing(case, row[FIELD])
        dated = (*row[:KNOWN_FROM], since, *row[RECORDED_AT:])
        if not standing:
            added.append(dated)
        elif _says_the_same(standing, row):
            same += 1
        else:
            superseded += _supersede(writer, standing, dated)
    return added, superseded, same


def _known_since(writer: Writer, before: Known, case: str, rows: Sequence[Row]) -> str:
    """From when on the changes of a row are taken as known."""
    said = next((row[KNOWN_FROM] for row in rows), None)
    last = max((fact.known_from or "" for fact in before.facts.get(case, [])), default="")
    if said is not None and said > last:
        return str(said)
    return writer.at.strftime("%Y-%m-%dT%H:%M")


def _says_the_same(standing: Sequence[Fact], row: Row) -> bool:
    name = row[FIELD]
    if not dictionary()[name].type.is_list:
        last = standing[-1]
        return bool(last.status == row[STATUS]) and _parsed(name, last.value) == _parsed(
            name, row[VALUE]
        )
    if any(fact.status != row[STATUS] for fact in standing):
        return False
    items = {item for fact in standing for item in _parsed(name, fact.value) or ()}
    return items == set(_parsed(name, row[VALUE]) or ())


def _parsed(name: str, value: str | None) -> Any:
    """A value as the register would hold it; the text itself where it can't be read."""
    if value is None:
        return None
    field = dictionary()[name]
    kind = str(field.type)
    try:
        if field.type.is_list:
            return parse_list(field, value)
        if kind == "datetime":
            return parse_time(name, value)[:2]
        if kind == "number":
            return parse_number(field, value)
        return parse_code(field, value) if kind == "code" else value
    except FieldError:
        return [value] if field.type.is_list else value


def _supersede(writer: Writer, standing: Sequence[Fact], row: Row) -> int:
    """Put a row in the place of what stands; of several facts of a list, the others are withdrawn. How many were superseded."""
    *others, last = standing
    for fact in others:
        withdrawn = (
            row[CASE],
            row[FIELD],
            None,
            str(Status.NOT_RECORDED),
            *row[KNOWN_FROM:SUPERSEDES],
            fact.id,
        )
        _put(writer, withdrawn, fact.id, READ_AGAIN)
    _put(writer, (*row[:SUPERSEDES], last.id), last.id, READ_AGAIN)
    return len(standing)


def _put(writer: Writer, row: Row, old: int, reason: str) -> int:
    new = writer.next_id(Fact)
    writer.record(
        FactSuperseded,
        [Block(Fact, [row])],
        case=row[CASE],
        field=row[FIELD],
        fact=str(old),
        by=str(new),
        reason=reason,
    )
    return new
