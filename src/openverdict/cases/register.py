"""Register: all cases as columns, and what of them was known on a given day."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import cached_property

import polars as pl

from openverdict.cases.fact import NONE_WORD, Fact, Status
from openverdict.cases.fields import FieldType, dictionary, table_schema
from openverdict.cases.values import parse_code, parse_list, parse_number, parse_time
from openverdict.errors import InputError

FACTS_SCHEMA: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    "field": pl.String(),
    "value": pl.String(),
    "status": pl.String(),
    "known_from": pl.Datetime("us"),
    "recorded_at": pl.Datetime("us"),
    "source": pl.String(),
    "author": pl.String(),
}
CSV_ROWS = 1 << 14  # rows put into words at a time

STATUS_SCHEMA: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    "field": pl.String(),
    "status": pl.String(),
}

# What could not be read: rows count from 1 as in the file.
REJECTS_SCHEMA: dict[str, pl.DataType] = {
    "file": pl.String(),
    "row": pl.Int64(),
    "field": pl.String(),
    "value": pl.String(),
    "reason": pl.String(),
}


def _empty(schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(schema=schema)


@dataclass(frozen=True)
class Register:
    """All cases of one run.

    `table` has one row a case and the columns of `table_schema()`, sorted by (found_at, case_id). A null cell is missing;
    why it is missing stands in `statuses` (case_id, field, status), and no row there means *not recorded*. An empty list
    means looked for and absent. `facts` holds every fact of the cases that came as facts, in `FACTS_SCHEMA`, whatever
    its date; such a case's row in `table` is what its facts say as of `known_on` (None: everything, dated or not).
    `simulated`: made by `simulate`, but for `real_cases`.
    """

    table: pl.DataFrame
    statuses: pl.DataFrame = field(default_factory=lambda: _empty(STATUS_SCHEMA))
    facts: pl.DataFrame = field(default_factory=lambda: _empty(FACTS_SCHEMA))
    known_on: date | None = None
    simulated: bool = False
    undated_rows: int = 0
    real_cases: tuple[str, ...] = ()

    @classmethod
    def from_table(
        cls, table: pl.DataFrame, statuses: pl.DataFrame | None = None, *, simulated: bool = False
    ) -> Register:
        """A register from one row a case; columns that are absent are filled with nulls.

        Raises:
            InputError: an unknown column, or the same case number twice.
        """
        schema = table_schema()
        unknown = [name for name in table.columns if name not in schema]
        if unknown:
            raise InputError(f"not in the field dictionary: {', '.join(unknown)}")
        full = table.select(
            pl.col(name).cast(dtype) if name in table.columns else pl.lit(None, dtype).alias(name)
            for name, dtype in schema.items()
        ).sort("found_at", "case_id")
        doubled = full.filter(pl.col("case_id").is_duplicated()).get_column("case_id")
        if len(doubled):
            raise InputError(f"case_id {doubled[0]!r} stands more than once in the register")
        return cls(
            full, _empty(STATUS_SCHEMA) if statuses is None else statuses, simulated=simulated
        )

    @classmethod
    def from_facts(
        cls, facts: Iterable[Fact] | pl.DataFrame, *, simulated: bool = False
    ) -> Register:
        """A register from facts, one row a fact; values are parsed by the field dictionary.

        Raises:
            FieldError: a value does not fit its field. InputError: an unknown field or a case without `found_at`.
        """
        frame = facts if isinstance(facts, pl.DataFrame) else facts_frame(facts)
        unknown = set(frame.get_column("field").unique()) - set(dictionary())
        if unknown:
            raise InputError(f"not in the field dictionary: {', '.join(sorted(unknown))}")
        table, statuses = _pivot(frame)
        register = cls.from_table(table, statuses, simulated=simulated)
        return replace(register, facts=frame)

    def __len__(self) -> int:
        return self.table.height

    def __add__(self, other: Register) -> Register:
        """Both registers' cases together.

        Raises:
            InputError: a case stands in both, or the two are replayed to different days.
        """
        if self.known_on != other.known_on:
            raise InputError("registers replayed to different days cannot be joined")
        joined = Register.from_table(pl.concat([self.table, other.table]))
        return replace(
            joined,
            statuses=pl.concat([self.statuses, other.statuses]),
            facts=pl.concat([self.facts, other.facts]),
            known_on=self.known_on,
            simulated=self.simulated or other.simulated,
            real_cases=self._real(other) + other._real(self),
            undated_rows=self.undated_rows + other.undated_rows,
        )

    def _real(self, other: Register) -> tuple[str, ...]:
        """The cases that stay real when joined with a simulated register."""
        if self.simulated:
            return self.real_cases
        return tuple(self.table.get_column("case_id")) if other.simulated else ()

    def as_of(self, day: date) -> Register:
        """What was known at the end of `day`: facts and rows whose `known_from` is not later, and found by then.

        What has no `known_from` is left out; `undated_rows` counts the rows of the table that fell away for that reason.
        """
        end = datetime.combine(day, time.max)
        from_facts = self.facts.get_column("case_id").unique().implode()
        rows = self.table.filter(~pl.col("case_id").is_in(from_facts))
        undated = rows.get_column("known_from").null_count()
        rows = rows.filter((pl.col("known_from") <= end) & (pl.col("found_at") <= end))
        known = self.facts.filter(pl.col("known_from") <= end)
        found = known.filter(pl.col("field") == "found_at").get_column("case_id").implode()
        table, statuses = _pivot(known.filter(pl.col("case_id").is_in(found)))
        table = table.filter(pl.col("found_at") <= end)
        kept = pl.concat([rows, Register.from_table(table).table])
        ids = kept.get_column("case_id").implode()
        all_statuses = pl.concat(
            [self.statuses.filter(~pl.col("case_id").is_in(from_facts)), statuses]
        ).filter(pl.col("case_id").is_in(ids))
        return Register(
            kept.sort("found_at", "case_id"),
            all_statuses,
            self.facts,
            known_on=day,
            simulated=self.simulated,
            undated_rows=undated,
            real_cases=tuple(sorted(set(self.real_cases) & set(kept.get_column("case_id")))),
        )

    def case(self, case_id: str) -> dict[str, object]:
        """One row as a dict of the recorded fields.

        Raises:
            InputError: no such case.
        """
        if case_id not in self.row_of:
            raise InputError(f"no case {case_id!r} in the register")
        row = self.table.row(self.row_of[case_id], named=True)
        return {name: value for name, value in row.items() if value is not None}

    @cached_property
    def case_ids(self) -> tuple[str, ...]:
        """The number of every case, in the order of the table."""
        return tuple(self.table.get_column("case_id").to_list())

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """Where each case stands in the table."""
        return {case: k for k, case in enumerate(self.case_ids)}

    def content_hash(self) -> str:
        """SHA-256 over the table and the statuses in canonical order, as hex."""
        digest = hashlib.sha256()
        for frame in (self.table, self.statuses.sort("case_id", "field")):
            for first in range(0, max(frame.height, 1), CSV_ROWS):
                flat = frame.slice(first, CSV_ROWS).with_columns(
                    pl.col(name).list.join(";") for name, t in frame.schema.items() if t == pl.List
                )
                text = flat.write_csv(null_value="\x00", include_header=first == 0)
                digest.update(text.encode())
        return digest.hexdigest()


def facts_frame(facts: Iterable[Fact]) -> pl.DataFrame:
    """Facts one by one as a table in `FACTS_SCHEMA`."""
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


def _pivot(facts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Facts to (one row a case, statuses): the latest fact of a single-valued field, the union of a list field's."""
    fields = dictionary()
    rows: dict[str, dict[str, object]] = {}
    said: dict[tuple[str, str], str] = {}
    order = facts.sort("known_from", "recorded_at", nulls_last=False, maintain_order=True)
    for case_id, name, value, status, known_from, *_ in order.iter_rows():
        entry = fields[name]
        row = rows.setdefault(case_id, {"case_id": case_id})
        if known_from is not None and row.get("known_from") is None:
            row["known_from"], row["known_from_span_s"] = known_from, 0
        if entry.equality:
            continue
        if status != Status.RECORDED:
            said[case_id, name] = status
            if not entry.type.is_list:
                row[name] = None
            continue
        said.pop((case_id, name), None)
        _place(row, name, value or "")
    schema = table_schema()
    table = pl.DataFrame(
        [{**dict.fromkeys(schema), **row} for row in rows.values()], schema=schema, orient="row"
    )
    statuses = pl.DataFrame(
        [(case, name, status) for (case, name), status in sorted(said.items())],
        schema=STATUS_SCHEMA,
        orient="row",
    )
    return table, statuses


def _place(row: dict[str, object], name: str, text: str) -> None:
    """Put one recorded value into a case's row."""
    entry = dictionary()[name]
    if entry.type is FieldType.DATETIME:
        row[name], row[entry.span_column], _ = parse_time(name, text)
    elif entry.type is FieldType.NUMBER:
        row[name] = parse_number(entry, text)
    elif entry.type.is_list:
        items = parse_list(entry, text)
        before = row.get(name)
        if items or not before or text.strip().lower() != NONE_WORD:
            row[name] = sorted({*items, *(before if isinstance(before, list) else ())})
    elif entry.type is FieldType.CODE:
        row[name] = parse_code(entry, text)
    else:
        row[name] = text
