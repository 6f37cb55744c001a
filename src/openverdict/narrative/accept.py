"""Reviewed suggestions to facts: only what a named person accepted, and only where the words still stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from openverdict.cases import FACTS_SCHEMA, Fact, Register, Status, dictionary
from openverdict.cases.fields import FieldType
from openverdict.cases.values import parse_list, parse_time
from openverdict.errors import FieldError, InputError
from openverdict.intake import template_texts
from openverdict.narrative.suggestion import MENTION, Assertion
from openverdict.narrative.table import SUGGESTIONS_SCHEMA

YES, NO = frozenset({"yes", "y", "true", "1"}), frozenset({"no", "n", "false", "0"})
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
    `undecided` rows nobody decided; `rejected` rows that were turned down; `pointed` accepted rows that state no fact:
    mentions, and what is denied, doubted, past, planned or another person's.
    """

    facts: pl.DataFrame
    refused: pl.DataFrame
    undecided: int
    rejected: int
    pointed: int


def read_reviewed(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """A reviewed file's text as columns of `SUGGESTIONS_SCHEMA`, all text, absent review columns being empty.

    Raises:
        InputError: a column is missing.
    """
    needed = [c for c in SUGGESTIONS_SCHEMA if c not in ("status", "confidence")]
    missing = [c for c in needed if c not in frame.columns]
    if missing:
        raise InputError(
            f"{name}: has no column {missing[0]!r}; give a file that `openverdict suggest` wrote and a reviewer filled in"
        )
    return frame.select(pl.col(needed).cast(pl.String()))


def accept(register: Register, reviewed: pl.DataFrame) -> Accepted:
    """Turn the accepted rows of a reviewed file into facts.

    A row is refused when its case or its words are not there any more, nobody is named, the time is none, its field can't hold
    the value, or a field of one value would get a second one. `known_from` is that of the case, else the time of review:
    the first day on which somebody certainly knew.
    """
    cells = {
        case: (text, known)
        for case, text, known in register.table.select(
            "case_id", "narrative", "known_from"
        ).iter_rows()
    }
    held = _single_values(register)
    facts: list[Fact] = []
    refused: list[tuple[int, str, str, str, str]] = []
    undecided = rejected = pointed = 0
    stated: set[tuple[str, str, str]] = set()
    for number, row in enumerate(reviewed.iter_rows(named=True), start=2):
        said = (row["accepted"] or "").strip().lower()
        if said in NO or not said:
            undecided += not said
            rejected += said in NO
            continue
        try:
            if said not in YES:
                raise FieldError("accepted", row["accepted"], "write yes, no or nothing")
            fact = _fact(row, cells, held)
        except FieldError as error:
            refused.append(
                (number, row["case_id"] or "", row["field"] or "", row["value"] or "", str(error))
            )
            continue
        if fact is None:
            pointed += 1
        elif (key := (fact.case_id, fact.field, fact.value or "")) not in stated:
            stated.add(key)
            facts.append(fact)
    return Accepted(
        _frame(facts),
        pl.DataFrame(refused, schema=REFUSED_SCHEMA, orient="row"),
        undecided,
        rejected,
        pointed,
    )


def _single_values(register: Register) -> dict[tuple[str, str], str]:
    """(case, field) to the value recorded, for fields of one value that suggestions can be of."""
    held = {}
    for name in ("found_place_kind", "body_position"):
        for case, value in register.table.select("case_id", name).drop_nulls().iter_rows():
            held[case, name] = value
    return held


def _fact(
    row: dict[str, str | None],
    cells: dict[str, tuple[str | None, datetime | None]],
    held: dict[tuple[str, str], str],
) -> Fact | None:
    """The fact of one accepted row; None when it states none.

    Raises:
        FieldError: why the row is refused.
    """
    case_id, name = row["case_id"] or "", row["field"] or ""
    reviewer = (row["reviewer"] or "").strip()
    if not reviewer:
        raise FieldError("reviewer", "", "nobody is named; a person accepts, not a file")
    moment = parse_time("at", row["at"] or "")[0]
    if case_id not in cells:
        raise FieldError("case_id", case_id, "is not in the register")
    text, known_from = cells[case_id]
    start, end = _whole("start", row["start"]), _whole("end", row["end"])
    words = row["text"] or ""
    there = (text or "")[start:end]
    if not words or there != words or not 0 <= start < end:
        raise FieldError(
            "text",
            words,
            f"does not stand at {start}-{end} of the narrative any more; run `openverdict suggest` again",
        )
    if name.startswith(MENTION):
        return None
    if name not in dictionary() or dictionary()[name].equality:
        raise FieldError("field", name, "is no field that a suggestion can be of")
    value = _stated(row, name)
    if value is None:
        return None
    field = dictionary()[name]
    if field.type.is_list or field.type is FieldType.CODE:
        read = parse_list(field, value) if field.type.is_list else [value]
        if len(read) != 1:
            raise FieldError(name, value, "write one value a row")
        value = read[0]
    if not field.type.is_list and held.setdefault((case_id, name), value) != value:
        other = held[case_id, name]
        raise FieldError(name, value, f"the case has {other!r} already; correct one of the two")
    return Fact(
        case_id=case_id,
        field=name,
        value=value,
        status=Status.RECORDED,
        known_from=known_from or moment,
        recorded_at=moment,
        source=f"narrative {start}-{end}, rule {row['rule']}, version {row['version']}",
        author=reviewer,
    )


def _stated(row: dict[str, str | None], name: str) -> str | None:
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


def _whole(name: str, text: str | None) -> int:
    if not text or not text.isdecimal():
        raise FieldError(name, text or "", "not a whole number")
    return int(text)


def _frame(facts: list[Fact]) -> pl.DataFrame:
    rows = [
        (
            f.case_id,
            f.field,
            f.value,
            str(f.status),
            f.known_from,
            f.recorded_at,
            f.source,
            f.author,
        )
        for f in facts
    ]
    return pl.DataFrame(rows, schema=FACTS_SCHEMA, orient="row")


def with_register(register: Register, accepted: pl.DataFrame, source: str) -> pl.DataFrame:
    """Every cell of a register as a fact, with the accepted ones: a facts file that is read instead of the register.

    A cell's `known_from` is its row's; cases that came as facts keep theirs, dates, sources and all.
    """
    came = set(register.facts.get_column("case_id"))
    texts = template_texts(register).filter(~pl.col("case_id").is_in(list(came)))
    known = register.table.select("case_id", "known_from")
    cells = (
        texts.drop("known_from")
        .unpivot(index="case_id", variable_name="field", value_name="value")
        .drop_nulls("value")
        .join(known, on="case_id", how="left", maintain_order="left")
    )
    words = {str(s) for s in Status} - {str(Status.RECORDED)}
    is_word = pl.col("value").is_in(list(words))
    rows = cells.select(
        "case_id",
        "field",
        value=pl.when(~is_word).then("value"),
        status=pl.when(is_word).then("value").otherwise(pl.lit(str(Status.RECORDED))),
        known_from="known_from",
        recorded_at=pl.lit(None, pl.Datetime("us")),
        source=pl.lit(source),
        author=pl.lit(""),
    )
    return pl.concat([rows.cast(FACTS_SCHEMA), register.facts, accepted]).sort(  # type: ignore[arg-type]
        "case_id", maintain_order=True
    )
