"""What the facts of each case come to at present, kept beside them so that a register of a million cases can be listed.

The rules are those of `facts.read_store` with nothing asked of the past, for the few fields by which cases are looked for; a
test holds one against the other. A case that comes as a row of a table is worked out from that row, without a query; any other
change of a case reads its facts again.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import Any

from openverdict.cases import NONE_WORD, FieldType, Status, dictionary
from openverdict.cases.values import DAY_S, parse_code, parse_list, parse_number, parse_time
from openverdict.errors import FieldError
from openverdict.ledger import bits, engine
from openverdict.ledger.derived import Present, PresentItem
from openverdict.ledger.models import Case, Fact

COLUMNS = tuple(str(field.column) for field in Present._meta.concrete_fields)
ITEM_COLUMNS = ("field", "item", "case")
SCALARS = COLUMNS[2:-1]
LISTS = ("substances_detected", "indicators")
UNIT = "unit"
FIELDS = (*SCALARS, *LISTS)
AT_ONCE = 500  # cases asked for in one query
WRITTEN_AT_ONCE = 20_000
DEATH = "death"
# What is read of a fact.
READ = ("id", "case_id", "field", "value", "status", "known_from", "recorded_at", "origin")
ID, CASE, FIELD, VALUE, STATUS, KNOWN_FROM, RECORDED_AT, ORIGIN = range(8)
AUTHOR, SOURCE, ROW, SUPERSEDES, EVENT = range(8, 13)
_ZEROS = "0000-00-00T00:00:00.000000"
_PLACE = {name: place for place, name in enumerate(COLUMNS)}
_QUERY = (
    "SELECT id, case_id, field, value, status, known_from, recorded_at, origin, author, source_id, "
    '"row", supersedes, event_id FROM ledger_fact'
)
FactRow = Sequence[Any]
Made = tuple[tuple[Any, ...], list[tuple[str, str, int]]]  # a row of Present, and its items


def from_row(number: int, case: str, facts: Iterable[FactRow]) -> Made:
    """A case as one row of a table gave it: every field at most once, and in the words of the register."""
    made: list[Any] = [None] * len(COLUMNS)
    made[0], made[1], made[2], made[3], made[-1] = number, case, "", DEATH, 0
    items: list[tuple[str, str, int]] = []
    for fact in facts:
        name, value = fact[FIELD], fact[VALUE]
        if value is None:
            continue
        place = _PLACE.get(name)
        if place is not None:
            made[place] = float(value) if name == "age_years" else value
        elif name in LISTS:
            items += [(name, item, number) for item in value.split(";")]
    return tuple(made), items


def from_facts(number: int, case: str, facts: Sequence[FactRow]) -> Made:
    """A case from all of its facts, in whatever order: what is said last counts, lists are added up."""
    gone = {fact[SUPERSEDES] for fact in facts}
    standing = [fact for fact in facts if fact[ID] not in gone]
    standing.sort(key=_placed)
    standing.sort(key=_dated)
    made: dict[str, Any] = {}
    lists: dict[str, set[str]] = {}
    units: list[str] = []
    for fact in standing:
        name, value = fact[FIELD], fact[VALUE]
        if name == UNIT and value is not None:
            units.append(value)
        if name in SCALARS:
            made[name] = _value(name, value) if fact[STATUS] == Status.RECORDED else None
        elif name in LISTS and fact[STATUS] == Status.RECORDED:
            _add(lists, name, value or "")
    made["found_at"] = made.get("found_at") or ""
    made["kind"] = made.get("kind") or DEATH
    made[UNIT] = units[-1] if units else None
    items = [(name, item, number) for name, said in lists.items() for item in said or {NONE_WORD}]
    items += [(UNIT, unit, number) for unit in set(units) - {made[UNIT]}]
    row = (number, case, *(made.get(name) for name in SCALARS), _is_revised(facts))
    return row, sorted(items)


def refresh(alias: str, cases: Collection[str]) -> Iterator[tuple[list[int], list[Made]]]:
    """Work these cases out again from their facts as they stand in the database; by parts, their numbers and what was made."""
    wanted = sorted(cases)
    for start in range(0, len(wanted), AT_ONCE):
        found = list(_again(alias, wanted[start : start + AT_ONCE]))
        numbers = [number for number, _ in found]
        made = [each for _, each in found if each is not None]
        marks = ", ".join(["%s"] * len(numbers))
        if numbers:
            engine.run(alias, f"DELETE FROM ledger_present WHERE id IN ({marks})", numbers)
            engine.run(alias, f'DELETE FROM ledger_presentitem WHERE "case" IN ({marks})', numbers)
        _write(alias, made)
        yield numbers, made


class PresentKeeper:
    """Keeps the present values up to date within one transaction."""

    def __init__(self, alias: str) -> None:
        self._alias = alias
        self._new: dict[str, int] = {}  # cases whose first facts are being recorded
        self._facts: dict[str, list[tuple[int, Sequence[FactRow]]]] = {}
        self._again: set[str] = set()

    def take(self, model: type[Any], event: int, rows: Sequence[Sequence[Any]]) -> None:
        """Cases and facts that are being recorded."""
        if model is Fact:
            if len({row[CASE] for row in rows}) == 1:
                self._facts.setdefault(rows[0][CASE], []).append((event, rows))
                return
            for row in rows:
                self._facts.setdefault(row[CASE], []).append((event, [row]))
        elif model is Case:
            for number, case in rows:
                self._new[case] = number

    def gone(self, cases: Collection[str], entries: Collection[int]) -> None:
        """Facts of these cases were erased."""
        self._again.update(cases)

    def settle(self) -> None:
        """Bring the tables up to date."""
        if not self._facts and not self._again:
            return
        made = []
        for case, facts in self._facts.items():
            number = self._new.get(case)
            if number is None or case in self._again:
                self._again.add(case)
            else:
                made.append(_first(number, case, facts))
        again = self._again
        self._new, self._facts, self._again = {}, {}, set()
        _write(self._alias, made)
        bits.change(self._alias, (), made)
        for numbers, part in refresh(self._alias, again):
            bits.change(self._alias, numbers, part)


class PresentTables:
    """The present values as a set of derived tables."""

    name = "present"
    version = 1
    models = (Present, PresentItem)

    def keeper(self, alias: str) -> PresentKeeper:
        """For one transaction."""
        return PresentKeeper(alias)

    def make(self, alias: str) -> None:
        """Make the tables anew from the facts."""
        for table in ("ledger_present", "ledger_presentitem"):
            engine.run(alias, f"DELETE FROM {table}")
        again: set[str] = set()
        found = _from_all(alias, again)
        while part := list(islice(found, WRITTEN_AT_ONCE)):
            _write(alias, part)
        for _ in refresh(alias, again):
            pass

    def faults(self, alias: str) -> Iterator[str]:
        """Where the tables say something else than the facts; the first case only."""
        last = engine.one(alias, "SELECT max(id) FROM ledger_case")
        expected = array("q", bytes(8 * (1 + int((last and last[0]) or 0))))  # 0: no such case
        again: set[str] = set()
        for made in _from_all(alias, again):
            expected[made[0][0]] = _hash(*made)
        wanted = sorted(again)
        for start in range(0, len(wanted), AT_ONCE):
            for number, each in _again(alias, wanted[start : start + AT_ONCE]):
                expected[number] = 0 if each is None else _hash(*each)
        for number, row, items in stored(alias):
            known = expected[number] if 0 < number < len(expected) else 0
            if row is None or known != _hash(row, items):
                yield f"the lists have case {number} otherwise than its facts; {_MEND}"
                return
            expected[number] = 0
        if any(expected):
            yield f"the lists lack case {next(n for n, h in enumerate(expected) if h)}; {_MEND}"


_MEND = "the record is sound where nothing else is named: back it up and restore it, which makes its lists anew"


def _hash(row: tuple[Any, ...], items: list[tuple[str, str, int]]) -> int:
    """Not zero. Good within this process, which is all that a comparison needs."""
    return hash((row, tuple(sorted(items)))) or 1


def _first(number: int, case: str, facts: Sequence[tuple[int, Sequence[FactRow]]]) -> Made:
    """A case of which these are all facts there are, by the entries that they came under."""
    rows = facts[0][1] if len(facts) == 1 else [row for _, part in facts for row in part]
    if facts[0][0] == facts[-1][0]:
        for row in rows:
            if row[ORIGIN] is not None:
                break
        else:
            return from_row(number, case, rows)
    return from_facts(number, case, rows)


def _from_all(alias: str, again: set[str]) -> Iterator[Made]:
    """Every case from its facts in the order in which they came; cases that come back later are put into `again`.

    What was handed out of a case that comes back is not the last word on it.
    """
    cases = engine.stream(alias, "SELECT event_id, case_id, id FROM ledger_case ORDER BY id")
    new: dict[tuple[int, str], int] = {}
    ahead = next(cases, None)
    facts = engine.stream(alias, f"{_QUERY} ORDER BY id")
    for (event, case), group in groupby(facts, key=itemgetter(EVENT, CASE)):
        while ahead is not None and ahead[0] <= event:
            if ahead[0] == event:
                new[ahead[0], ahead[1]] = ahead[2]
            ahead = next(cases, None)
        number = new.pop((event, case), None)
        if number is None:
            again.add(case)
        else:
            yield _first(number, case, [(event, list(group))])


def _again(alias: str, cases: Sequence[str]) -> Iterator[tuple[int, Made | None]]:
    """Some cases worked out from the facts that the database has of them; None where none are left."""
    marks = ", ".join(["%s"] * len(cases))
    found = engine.every(alias, f"{_QUERY} WHERE case_id IN ({marks}) ORDER BY case_id, id", cases)
    held = {case: list(group) for case, group in groupby(found, key=itemgetter(CASE))}
    numbers = engine.every(
        alias, f"SELECT id, case_id FROM ledger_case WHERE case_id IN ({marks})", cases
    )
    for number, case in numbers:
        facts = held.get(case)
        yield (
            number,
            None if not facts else _first(number, case, [(row[EVENT], [row]) for row in facts]),
        )


def stored(alias: str) -> Iterator[tuple[int, tuple[Any, ...] | None, list[tuple[str, str, int]]]]:
    """What the tables hold, case by case; None for the row of items that stand alone."""
    names = ", ".join(COLUMNS)
    rows = engine.stream(alias, f"SELECT {names} FROM ledger_present ORDER BY id")
    lines = engine.stream(
        alias, 'SELECT field, item, "case" FROM ledger_presentitem ORDER BY "case", field, item'
    )
    items = groupby(lines, key=itemgetter(2))
    ahead = next(items, None)
    held = [] if ahead is None else list(ahead[1])
    for row in rows:
        while ahead is not None and ahead[0] < row[0]:
            yield ahead[0], None, held
            ahead = next(items, None)
            held = [] if ahead is None else list(ahead[1])
        own: list[tuple[str, str, int]] = []
        if ahead is not None and ahead[0] == row[0]:
            own = held
            ahead = next(items, None)
            held = [] if ahead is None else list(ahead[1])
        yield row[0], row, own
    while ahead is not None:
        yield ahead[0], None, held
        ahead = next(items, None)


def _write(alias: str, made: Sequence[Made]) -> None:
    if made:
        engine.insert(alias, "ledger_present", COLUMNS, [row for row, _ in made])
    items = list(chain.from_iterable(each for _, each in made))
    if items:
        engine.insert(alias, "ledger_presentitem", ITEM_COLUMNS, items)


def _placed(fact: FactRow) -> tuple[Any, ...]:
    """The order in which files held facts; the store's own come last."""
    source, row = fact[SOURCE], fact[ROW]
    return (source is None, source or 0, row is None, row or 0, fact[ID])


def _dated(fact: FactRow) -> tuple[str, str]:
    return _padded(fact[KNOWN_FROM]), _padded(fact[RECORDED_AT])


def _padded(text: str | None) -> str:
    return "" if text is None else text + _ZEROS[len(text) :]


def _value(name: str, text: str | None) -> Any:
    """A value as the register has it; nothing where it can't be read."""
    field = dictionary()[name]
    try:
        if field.type is FieldType.DATETIME:
            moment, span, _ = parse_time(name, text or "")
            if span == DAY_S:
                return moment.date().isoformat()
            exact = "microseconds" if moment.microsecond else "seconds"
            return moment.isoformat(
                timespec=exact if moment.second or moment.microsecond else "minutes"
            )
        if field.type is FieldType.NUMBER:
            return parse_number(field, text or "")
        return parse_code(field, text or "") or None
    except FieldError:
        return None


def _add(lists: dict[str, set[str]], name: str, text: str) -> None:
    try:
        said = parse_list(dictionary()[name], text)
    except FieldError:
        return
    if said or text.strip().lower() == NONE_WORD:
        lists.setdefault(name, set()).update(said)


def _is_revised(facts: Sequence[FactRow]) -> int:
    """Whether some of what was said of the fields here is not what counts now, or came at another time than `found_at`."""
    by_field: dict[str, list[FactRow]] = {}
    for fact in facts:
        if fact[FIELD] in FIELDS:
            by_field.setdefault(fact[FIELD], []).append(fact)
    for name, said in by_field.items():
        if len(said) > 1 and (
            name not in LISTS
            or any(f[SUPERSEDES] is not None or f[VALUE] in (None, NONE_WORD) for f in said)
        ):
            return 1
    kind, found = by_field.get("kind", []), by_field.get("found_at", [])
    if (
        kind
        and kind[0][VALUE] != DEATH
        and {f[KNOWN_FROM] for f in kind} != {f[KNOWN_FROM] for f in found}
    ):
        return 1
    return 0
