"""What the register holds on the cases of a report, side by side; what is missing is said as such, never left blank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import cached_property

import numpy as np
import polars as pl

from openverdict.cases import Field, Register, Status, dictionary
from openverdict.reports.figures import MapCase
from openverdict.reports.figures.place_map import FloatArray, distances_m
from openverdict.reports.labels import STATUS_WORDS, value_words
from openverdict.reports.words import counted, listed, metres_words, moment_words, two_figures

_COLUMNS_SIDE_BY_SIDE = 5
# Free text may name people, and the case number heads its column: neither is a row of the table of facts.
_NOT_PRINTED = ("case_id", "narrative", "category_reason", "log_head_hash")


@dataclass(frozen=True, slots=True)
class Cell:
    """One value in words; `missing` when the words say why there is none."""

    words: str
    missing: bool


@dataclass(frozen=True, slots=True)
class CaseRef:
    """One case as a lead names it: its number within the lead, its own id, and where and when."""

    number: int
    case_id: str
    kind: str
    when: str
    last_alive: str
    where: str


@dataclass(frozen=True, slots=True)
class FactTable:
    """Some cases side by side: one row a field, one column a case."""

    cases: tuple[CaseRef, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    all_missing: str


@dataclass(frozen=True, slots=True)
class Others:
    """The cases of the register around a lead, as columns: degrees, and when they were found."""

    lat: FloatArray
    lon: FloatArray
    found_at: pl.Series

    def found_near(self, points: Sequence[MapCase], metres: float) -> list[datetime]:
        """When the cases within so many metres of any of the points were found."""
        near = np.zeros(len(self.lat), dtype=bool)
        for point in points:
            near |= distances_m(point, self.lat, self.lon) <= metres
        return self.found_at.filter(pl.Series(near)).drop_nulls().to_list()


def known_facts(register: Register) -> pl.DataFrame:
    """The facts of the cases that came as facts, but for what was not known on the register's day."""
    if register.known_on is None:
        return register.facts
    return register.facts.filter(
        pl.col("known_from") <= datetime.combine(register.known_on, time.max)
    )


class Cases:
    """The register as a report reads it: one case at a time, quickly."""

    def __init__(self, register: Register) -> None:
        self._facts = known_facts(register)
        self._table = register.table
        self._row = {
            case_id: row for row, case_id in enumerate(register.table.get_column("case_id"))
        }
        self._statuses = {
            (case_id, name): status
            for case_id, name, status in register.statuses.select(
                "case_id", "field", "status"
            ).iter_rows()
        }
        self._lat = register.table.get_column("found_lat").to_numpy()
        self._lon = register.table.get_column("found_lon").to_numpy()
        self._found = register.table.get_column("found_at")

    def facts_of(self, case_id: str, name: str) -> list[tuple[str, str]]:
        """(value, source) of the recorded facts of a field, where the case came as facts; those known on the day."""
        return self._told.get((case_id, name), [])

    @cached_property
    def _told(self) -> dict[tuple[str, str], list[tuple[str, str]]]:
        told: dict[tuple[str, str], list[tuple[str, str]]] = {}
        recorded = self._facts.filter(pl.col("status") == Status.RECORDED)
        for case_id, name, value, source in recorded.select(
            "case_id", "field", "value", "source"
        ).iter_rows():
            told.setdefault((case_id, name), []).append((value, source))
        return told

    def __contains__(self, case_id: str) -> bool:
        return case_id in self._row

    def row(self, case_id: str) -> dict[str, object]:
        """One case's columns; all empty for a case that the register does not hold."""
        index = self._row.get(case_id)
        if index is None:
            return dict.fromkeys(self._table.columns)
        return self._table.row(index, named=True)

    def is_incident(self, case_id: str) -> bool:
        """Whether the case is a non-fatal incident."""
        return self.row(case_id)["kind"] == "incident"

    def found(self, case_id: str) -> datetime | None:
        """When the person was found."""
        value = self.row(case_id)["found_at"]
        return value if isinstance(value, datetime) else None

    def ref(self, number: int, case_id: str) -> CaseRef:
        """A case as a lead names it."""
        row = self.row(case_id)
        return CaseRef(
            number,
            case_id,
            "incident" if row["kind"] == "incident" else "death",
            self._moment(row, "found_at"),
            self._moment(row, "last_known_alive_at"),
            self._place(row),
        )

    def map_case(self, number: int, case_id: str) -> MapCase | None:
        """A case as a point of the map; None without a place."""
        row = self.row(case_id)
        lat, lon, precision = row["found_lat"], row["found_lon"], row["found_precision_m"]
        if not isinstance(lat, float) or not isinstance(lon, float):
            return None
        known = precision if isinstance(precision, float) else None
        return MapCase(number, lat, lon, known, row["kind"] == "incident")

    def others(self, shown: Sequence[str]) -> Others:
        """Place and day of every other case that has a place."""
        kept = np.isfinite(self._lat) & np.isfinite(self._lon)
        kept[[self._row[case_id] for case_id in shown if case_id in self._row]] = False
        at = np.flatnonzero(kept)
        return Others(self._lat[at], self._lon[at], self._found.gather(at))

    def cell(self, field: Field, case_id: str, row: dict[str, object]) -> Cell:
        """One value in words, or why it is missing."""
        value = row[field.name]
        if value is None:
            status = self._statuses.get((case_id, field.name), Status.NOT_RECORDED)
            return Cell(STATUS_WORDS.get(status, "not recorded"), missing=True)
        span = row.get(field.span_column)
        return Cell(value_words(field, value, span if isinstance(span, int) else None), False)

    def checks_unknown(self, case_ids: Sequence[str]) -> str:
        """A sentence on the cases whose enquiries are not on record; empty when all are."""
        unknown: list[str] = []
        withheld: list[str] = []
        for case_id in case_ids:
            if case_id not in self or self.row(case_id)["checks_done"] is not None:
                continue
            status = self._statuses.get((case_id, "checks_done"))
            if status != Status.NOT_APPLICABLE:
                (withheld if status == Status.WITHHELD else unknown).append(case_id)
        said = []
        if unknown:
            who = ", ".join(unknown)
            said.append(f"Nobody recorded which enquiries were made in {who}; none can be assumed.")
        if withheld:
            who = ", ".join(withheld)
            said.append(f"Which enquiries were made in {who} is withheld; none can be assumed.")
        return " ".join(said)

    def fact_tables(self, refs: Sequence[CaseRef]) -> tuple[FactTable, ...]:
        """The facts of the cases side by side, a few columns to a table so that each can be read on paper."""
        chunks = range(0, len(refs), _COLUMNS_SIDE_BY_SIDE)
        return tuple(self._fact_table(refs[i : i + _COLUMNS_SIDE_BY_SIDE]) for i in chunks)

    def _fact_table(self, refs: Sequence[CaseRef]) -> FactTable:
        rows = [self.row(ref.case_id) for ref in refs]
        shown: list[tuple[str, tuple[Cell, ...]]] = []
        silent: list[str] = []
        silent_others = 0
        for field in dictionary().values():
            if field.equality or field.name in _NOT_PRINTED:
                continue
            cells = tuple(
                self.cell(field, ref.case_id, row) for ref, row in zip(refs, rows, strict=True)
            )
            if all(cell.missing and cell.words == "not recorded" for cell in cells):
                if field.template:
                    silent.append(field.label[:1].lower() + field.label[1:])
                else:
                    silent_others += 1
            else:
                shown.append((field.label, cells))
        if silent_others:
            silent.append(counted(silent_others, "rarer field"))
        return FactTable(tuple(refs), tuple(shown), listed(silent) if silent else "")

    def _moment(self, row: dict[str, object], name: str) -> str:
        value, span = row[name], row[f"{name}_span_s"]
        if not isinstance(value, datetime):
            return "not recorded"
        return moment_words(value, span if isinstance(span, int) else None)

    def _place(self, row: dict[str, object]) -> str:
        if row["found_place"]:
            return str(row["found_place"])
        lat, lon, precision = row["found_lat"], row["found_lon"], row["found_precision_m"]
        if not isinstance(lat, float) or not isinstance(lon, float):
            return "place not recorded"
        near = f", within {metres_words(precision)}" if isinstance(precision, float) else ""
        north, east = "N" if lat >= 0 else "S", "E" if lon >= 0 else "W"
        return f"{abs(lat):.4f}° {north}, {abs(lon):.4f}° {east}{near}"


@dataclass(frozen=True, slots=True)
class Missing:
    """How often one field is not there."""

    label: str
    recorded: int
    share: str
    width: str


def missing_by_field(register: Register) -> tuple[tuple[Missing, ...], str]:
    """Fields that evidence reads, those most often missing first, and the fields that no case has at all."""
    table = register.table
    if table.is_empty():
        return (), ""
    fields = [f for f in dictionary().values() if f.evidence and f.template and not f.equality]
    held = table.select(pl.col(f.name).count() for f in fields).row(0)
    some = [
        Missing(
            field.label,
            recorded,
            "none" if recorded == table.height else _percent(1 - recorded / table.height),
            f"{100 * (1 - recorded / table.height):.1f}",
        )
        for field, recorded in zip(fields, held, strict=True)
        if recorded and field.name != "kind"
    ]
    never = [
        field.label[:1].lower() + field.label[1:]
        for field, recorded in zip(fields, held, strict=True)
        if not recorded and field.name != "kind"
    ]
    some.sort(key=lambda entry: (entry.recorded, entry.label))
    return tuple(some), listed(never) if never else ""


def _percent(share: float) -> str:
    if share >= 0.995:
        return "over 99 %"
    return f"{share:.0%}".replace("%", " %") if share >= 0.01 else f"{two_figures(share * 100)} %"
