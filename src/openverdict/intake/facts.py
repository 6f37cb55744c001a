"""Facts files: every fact is read by its field, and the cases that facts make are checked like rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import polars as pl

from openverdict.cases import FACTS_SCHEMA, Register, Status, dictionary
from openverdict.errors import FieldError, InputError
from openverdict.intake.cells import faults_frame, read_column, read_moment, said_in_words
from openverdict.intake.checks import contradictions
from openverdict.intake.sheet import Sheet, nearest

Fault = tuple[int, str, str, str, bool]
# Which of some cases stand elsewhere, with their `found_at`: in the store that the facts are for.
KnownCases = Callable[[Collection[str]], Collection[str]]
NEEDED = ("case_id", "field", "value")
_STATUSES = ", ".join(Status)


def is_facts(sheet: Sheet) -> bool:
    """Whether a sheet is a facts file: it has the columns `case_id`, `field` and `value`."""
    return set(NEEDED) <= set(sheet.frame.columns)


@dataclass(frozen=True)
class ReadFacts:
    """Facts with their row keys, in `FACTS_SCHEMA`, the faults of those that can't be read, and the clocks seen."""

    facts: pl.DataFrame
    faults: pl.DataFrame
    offsets: pl.DataFrame


def facts_texts(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """A facts file's text under the names of `FACTS_SCHEMA`, absent columns filled with nulls.

    Raises:
        InputError: a column that facts do not have.
    """
    for column in frame.columns:
        if column not in FACTS_SCHEMA and column != "key":
            raise InputError(
                f"{name}: facts have no column {column!r}; {nearest(column, FACTS_SCHEMA)}"
            )
    return frame.select(
        "key",
        *(
            pl.col(column) if column in frame.columns else pl.lit(None, pl.String()).alias(column)
            for column in FACTS_SCHEMA
        ),
    )


def read_facts(texts: pl.DataFrame) -> ReadFacts:
    """Facts as text (`key` and the columns of `FACTS_SCHEMA`) read one by one; values stay text, trimmed."""
    faults: list[Fault] = []
    rows = []
    for key, case_id, field, value, status, *rest in texts.iter_rows():
        try:
            said = _status(case_id, field, value, status)
            known_from = read_moment("known_from", rest[0])
            recorded_at = read_moment("recorded_at", rest[1])
        except FieldError as error:
            faults.append((key, error.field, error.value, error.reason, False))
            continue
        kept = value if said == Status.RECORDED else None
        origin = (rest[2] or "", rest[3] or "")
        rows.append((key, case_id, field, kept, said, known_from, recorded_at, *origin))
    frame = pl.DataFrame(rows, schema={"key": pl.Int64(), **FACTS_SCHEMA}, orient="row")
    unreadable, offsets = _read_values(frame)
    bad = unreadable.get_column("key").implode()
    return ReadFacts(
        frame.filter(~pl.col("key").is_in(bad)),
        pl.concat([faults_frame(faults), unreadable]),
        offsets,
    )


def _status(case_id: str | None, name: str | None, value: str | None, said: str | None) -> str:
    """The status of a fact.

    Raises:
        FieldError: no case number, an unknown field or status, or a status that does not go with the value.
    """
    if not case_id or not case_id.isprintable() or ";" in case_id:
        raise FieldError("case_id", case_id or "", "a case number is one line without `;`")
    if name is None or name not in dictionary() or name == "case_id":
        mend = nearest(name or "", dictionary())
        raise FieldError("field", name or "", f"not in the field dictionary; {mend}")
    field = dictionary()[name]
    word = said_in_words(field, value) if value else None
    status = (said or word or (Status.RECORDED if value else "")).lower()
    if status not in list(Status):
        reason = f"not a status; one of: {_STATUSES}" if status else "neither a value nor a status"
        raise FieldError(name, said or "", reason)
    if status == Status.RECORDED and (not value or word):
        raise FieldError(name, value or "", "recorded, but there is no value")
    if status != Status.RECORDED and value and word != status:
        raise FieldError(name, value, f"a value beside the status {status}")
    if status != Status.RECORDED and field.required:
        raise FieldError(name, status, f"{name} is required")
    return str(status)


def _read_values(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(faults of recorded values that their fields can't read, clocks of the times among them)."""
    faults = [faults_frame()]
    clocks = [pl.DataFrame(schema={"key": pl.Int64, "field": pl.String, "offset": pl.Boolean})]
    recorded = frame.filter(pl.col("status") == Status.RECORDED)
    for (name,), part in recorded.group_by("field", maintain_order=True):
        read = read_column(dictionary()[str(name)], part.get_column("value"))
        read = read.with_columns(part.get_column("key"), field=pl.lit(name))
        wrong = read.filter(pl.col("reason").is_not_null())
        faults.append(
            wrong.select("key", "field", value="text", reason="reason", kept=pl.lit(value=False))
        )
        timed = read.filter((pl.col("span") == 0) & pl.col("offset").is_not_null())
        clocks.append(timed.select("key", "field", "offset"))
    return pl.concat(faults), pl.concat(clocks)


def facts_register(
    facts: pl.DataFrame, known: KnownCases | None = None
) -> tuple[Register, pl.DataFrame, pl.Series]:
    """The register that facts make, the faults of all facts of cases that can't stand, and the keys of those it holds.

    A case can't stand without `found_at`, unless it is `known`, or when its facts together contradict each other.
    """
    plain = facts.filter(~pl.col("field").is_in([n for n, f in dictionary().items() if f.equality]))
    found = set(plain.filter(pl.col("field") == "found_at").get_column("case_id"))
    missing = [case for case in facts.get_column("case_id").unique() if case not in found]
    if missing and known is not None:
        found |= set(known(missing))
    bad = dict.fromkeys(
        (
            case
            for case in facts.get_column("case_id").unique(maintain_order=True)
            if case not in found
        ),
        ("found_at", "", "the case has no fact for found_at"),
    )
    keep = plain.filter(pl.col("case_id").is_in(list(found)))
    register = Register.from_facts(keep.drop("key"))
    table = register.table.with_row_index("key").with_columns(pl.col("key").cast(pl.Int64))
    wrong = contradictions(table).join(table.select("key", "case_id"), on="key")
    for case, field, value, reason in wrong.select(
        "case_id", "field", "value", "reason"
    ).iter_rows():
        bad.setdefault(case, (field, value, f"{reason}; none of the case's facts is taken"))
    if len(bad) > len(set(bad) - found):
        keep = keep.filter(~pl.col("case_id").is_in(list(bad)))
        register = Register.from_facts(keep.drop("key"))
    return register, faults_frame(_spread(facts, bad)), keep.get_column("key")


def _spread(facts: pl.DataFrame, bad: dict[str, tuple[str, str, str]]) -> Iterator[Fault]:
    for key, case in (
        facts.filter(pl.col("case_id").is_in(list(bad))).select("key", "case_id").iter_rows()
    ):
        yield key, *bad[case], False


def facts_equality(facts: pl.DataFrame) -> pl.DataFrame:
    """`case_id` and the equality fields that facts tell, the latest known standing for each."""
    names = [name for name, field in dictionary().items() if field.equality]
    rows: dict[str, dict[str, str]] = {}
    said = facts.filter(pl.col("field").is_in(names)).sort(
        "known_from", "recorded_at", maintain_order=True
    )
    for case, name, value, status in said.select("case_id", "field", "value", "status").iter_rows():
        rows.setdefault(case, {"case_id": case})[name] = value if value is not None else status
    schema = {"case_id": pl.String(), **dict.fromkeys(names, pl.String())}
    return pl.DataFrame(list(rows.values()), schema=schema, orient="row")
