"""Reviewed suggestions to facts: what a named person accepted or a stated policy admits, where the words still stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from openverdict.cases import Fact, Register, Status, dictionary, facts_frame
from openverdict.cases.fields import FieldType
from openverdict.cases.values import parse_list, parse_time
from openverdict.documents import Document
from openverdict.errors import FieldError, InputError
from openverdict.narrative.agreement import NO, YES
from openverdict.narrative.at_once import SPAN, By, Row, Undecided
from openverdict.narrative.spans import Texts
from openverdict.narrative.suggestion import MENTION, Assertion
from openverdict.narrative.table import OF_DOCUMENTS, SUGGESTIONS_SCHEMA

TURNED_DOWN = "a person turned the same value down in the same case"
REFUSED_SCHEMA: dict[str, pl.DataType] = {
    "row": pl.Int64(),
    "case_id": pl.String(),
    "field": pl.String(),
    "value": pl.String(),
    "reason": pl.String(),
}
# Fields whose negative is a value of its own: what a negated suggestion says when it is accepted.
_NEGATIVES = {"substances_not_detected": None, "signs_moved": "no", "note_present": "no"}


@dataclass(frozen=True)
class Accepted:
    """What a review made of suggestions.

    `facts` in `FACTS_SCHEMA`; `refused` in `REFUSED_SCHEMA` (rows count from 1 as in the file, its heading being row 1);
    `undecided` rows that neither a person nor a policy decided; `rejected` rows that were turned down; `pointed` accepted rows
    that state no fact: mentions, and what is denied, doubted, past, planned or another person's. `at_once`: how many of the
    facts a policy, or a person for a whole rule, made of undecided rows; `left`: why others stay undecided, with how many rows.
    """

    facts: pl.DataFrame
    refused: pl.DataFrame
    undecided: int
    rejected: int
    pointed: int
    at_once: int = 0
    left: tuple[tuple[str, int], ...] = ()


def read_reviewed(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """A reviewed file's text as columns of `SUGGESTIONS_SCHEMA`, all text; those of documents may be absent.

    Raises:
        InputError: a column is missing.
    """
    needed = [c for c in SUGGESTIONS_SCHEMA if c not in ("status", "confidence")]
    missing = [c for c in needed if c not in (*frame.columns, *OF_DOCUMENTS)]
    if missing:
        raise InputError(
            f"{name}: has no column {missing[0]!r}; give a file that `openverdict suggest` wrote and a reviewer filled in"
        )
    absent = [pl.lit(None, pl.String()).alias(c) for c in OF_DOCUMENTS if c not in frame.columns]
    return frame.with_columns(absent).select(pl.col(needed).cast(pl.String()))


def accept(
    register: Register | None,
    reviewed: pl.DataFrame,
    others: Undecided | None = None,
    documents: Mapping[str, Document] | None = None,
) -> Accepted:
    """Turn the accepted rows of a reviewed file into facts, and of undecided ones those that a policy or a person takes as one.

    A row is refused when its case or its words are not there any more, nobody is named, the time is none, its field can't hold
    the value, or a field of one value would get a second one. What was decided one by one comes first: no undecided row
    becomes a fact whose value a person turned down in the same case and field, and what a person accepted stays theirs.

    A narrative's fact is known from when its case was, else from the time of review: the first day on which somebody certainly
    knew. A document may have come long after its case, so that its facts are known from the day that its row names, else
    from the time of review.

    Args:
        register: the register that the narratives stand in; without one, the cases of documents are taken as they are named.
        reviewed: what `read_reviewed` returned.
        others: what says of undecided rows which become facts.
        documents: those that rows are of, by the SHA-256 of their bytes.
    """
    making = _Making(register, documents or {})
    undecided: list[tuple[int, Row]] = []
    for number, row in enumerate(reviewed.iter_rows(named=True), start=2):
        said = (row["accepted"] or "").strip().lower()
        if not said:
            undecided.append((number, row))
        elif said in NO:
            making.turn_down(row)
        elif said in YES:
            making.make(number, row, _person)
        else:
            making.refuse(number, row, FieldError("accepted", said, "write yes, no or nothing"))
    one_by_one = len(making.facts)
    left: Counter[str] = Counter()
    for number, row in undecided:
        if others is None:
            continue
        why = TURNED_DOWN if _key(row) in making.turned_down else others.why_left(row)
        if why is None:
            making.make(number, row, others.by)
        else:
            left[why] += 1
    return Accepted(
        facts_frame(making.facts),
        pl.DataFrame(making.refused, schema=REFUSED_SCHEMA, orient="row"),
        len(undecided) if others is None else sum(left.values()),
        making.rejected,
        making.pointed,
        len(making.facts) - one_by_one,
        tuple(left.most_common()),
    )


class _Making:
    """Facts as they are made, each once, with what became of the other rows."""

    def __init__(self, register: Register | None, documents: Mapping[str, Document]) -> None:
        self.texts = Texts(register, documents)
        self.held = {} if register is None else _single_values(register)
        self.facts: list[Fact] = []
        self.refused: list[tuple[int, str, str, str, str]] = []
        self.turned_down: set[tuple[str, str, str]] = set()
        self.rejected = self.pointed = 0
        self._stated: set[tuple[str, str, str]] = set()

    def turn_down(self, row: Row) -> None:
        self.rejected += 1
        self.turned_down.add(_key(row))

    def refuse(self, number: int, row: Row, error: FieldError) -> None:
        self.refused.append((number, *_key(row), str(error)))

    def make(self, number: int, row: Row, by: Callable[[Row], By]) -> None:
        """A fact of a row, unless it is refused, states none, or was stated before."""
        try:
            fact = fact_of(row, self.texts, self.held, by)
        except FieldError as error:
            self.refuse(number, row, error)
            return
        if fact is None:
            self.pointed += 1
        elif (key := (fact.case_id, fact.field, fact.value or "")) not in self._stated:
            self._stated.add(key)
            self.facts.append(fact)


def _key(row: Row) -> tuple[str, str, str]:
    return row["case_id"] or "", row["field"] or "", row["value"] or ""


def _person(row: Row) -> By:
    """Whoever accepted the row. Raises FieldError where nobody is named, or no time."""
    reviewer = (row["reviewer"] or "").strip()
    if not reviewer:
        raise FieldError("reviewer", "", "nobody is named; a person accepts, not a file")
    moment = parse_time("at", row["at"] or "")[0]
    return By(reviewer, moment, f"narrative {SPAN}, rule {row['rule']}, version {row['version']}")


def _single_values(register: Register) -> dict[tuple[str, str], str]:
    """(case, field) to the value recorded, for fields of one value that suggestions can be of."""
    held = {}
    for name in ("found_place_kind", "body_position"):
        for case, value in register.table.select("case_id", name).drop_nulls().iter_rows():
            held[case, name] = value
    return held


def fact_of(
    row: Row,
    texts: Texts,
    held: dict[tuple[str, str], str],
    by_whom: Callable[[Row], By],
) -> Fact | None:
    """The fact of one accepted row; None when it states none.

    Raises:
        FieldError: why the row is refused.
    """
    case_id, name = row["case_id"] or "", row["field"] or ""
    by = by_whom(row)
    read = texts.find(row, by.moment)
    if name.startswith(MENTION):
        return None
    if name not in dictionary() or dictionary()[name].equality:
        raise FieldError("field", name, "is no field that a suggestion can be of")
    value = _stated(row, name)
    if value is None:
        return None
    field = dictionary()[name]
    if field.type.is_list or field.type is FieldType.CODE:
        values = parse_list(field, value) if field.type.is_list else [value]
        if len(values) != 1:
            raise FieldError(name, value, "write one value a row")
        value = values[0]
    if not field.type.is_list and held.setdefault((case_id, name), value) != value:
        other = held[case_id, name]
        raise FieldError(name, value, f"the case has {other!r} already; correct one of the two")
    return Fact(
        case_id=case_id,
        field=name,
        value=value,
        status=Status.RECORDED,
        known_from=read.known_from,
        recorded_at=by.moment,
        source=by.source.replace(f"narrative {SPAN}", read.where),
        author=by.author,
    )


def _stated(row: Row, name: str) -> str | None:
    """The value that an accepted row states, or None: only what is said of this person, now, or plainly negative."""
    said = row["assertion"] or ""
    if said not in list(Assertion):
        raise FieldError("assertion", said, f"not one of: {', '.join(Assertion)}")
    value = (row["value"] or "").strip()
    if not value:
        raise FieldError(name, "", "has no value")
    if said == Assertion.PRESENT or (said == Assertion.PENDING and name == "substances_pending"):
        return value if name != "substances_not_detected" else None
    if said == Assertion.NEGATED and name in _NEGATIVES:
        return _NEGATIVES[name] or value
    return None
