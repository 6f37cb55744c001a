"""Tables of results to `Result`s: one row a result; a row that can't be read is refused with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from openverdict.cases import REJECTS_SCHEMA
from openverdict.cases.values import parse_time
from openverdict.errors import FieldError, InputError
from openverdict.intake.files import read_sheet
from openverdict.intake.sheet import Sheet, nearest
from openverdict.toxicology.model import OPERATORS, Circumstances, Opinion, Outcome, Result
from openverdict.toxicology.panels import Panel, expand, load_panels
from openverdict.toxicology.template import COLUMNS
from openverdict.toxicology.units import HOW, convert, parse_value
from openverdict.toxicology.words import code_of, read_substance, read_word

_LEADING = re.compile(r"(<=|>=|[=<>≤≥~≈])\s*(.+)")
_MEASURED = ("=", ">", "≥", "~")
_TIMES = ("taken_at", "received_at", "reported_at")
_LONGEST_H = 24.0 * 366 * 10
Cells = Mapping[str, str | None]


@dataclass(frozen=True)
class ReadResults:
    """What a file said. `results` holds what panels say as well; `rejects` has a line for each fault (`REJECTS_SCHEMA`)."""

    results: tuple[Result, ...]
    rejects: pl.DataFrame
    rows_read: int
    rejected_rows: int
    name: str = ""
    sha256: str = ""
    notes: tuple[str, ...] = ()


def read_results(
    path: Path | str, *, sheet: str | None = None, panels: Mapping[str, Panel] | None = None
) -> ReadResults:
    """Read a table of results: CSV, XLSX or Parquet with the columns of the template, in any order.

    Raises:
        InputError: the file can't be read at all, a column that is not in the template, or no `case_id`.
    """
    known = load_panels() if panels is None else panels
    table = read_sheet(Path(path), sheet)
    if table.kind == "json":
        raise InputError(
            f"{table.name}: a table of results is .csv or .xlsx; FHIR messages are read by: openverdict fhir in"
        )
    frame = table.frame.rename(_columns(table))
    faults = [(f.row, f.field, f.value, f.reason) for f in table.faults]
    results: list[Result] = []
    states: dict[str, str] = {}
    for row, cells in zip(table.rows, frame.iter_rows(named=True), strict=True):
        try:
            result = _result(cells, known, f"{table.name}, row {row}")
            _one_state(states, result)
        except FieldError as error:
            faults.append((row, error.field, error.value, error.reason))
            continue
        results.append(result)
    rejects = pl.DataFrame(
        [(table.name, *fault) for fault in sorted(faults)], schema=REJECTS_SCHEMA, orient="row"
    )
    return ReadResults(
        tuple(expand(results, known)),
        rejects,
        rows_read=table.rows_read,
        rejected_rows=rejects.get_column("row").n_unique(),
        name=table.name,
        sha256=table.sha256,
        notes=table.notes,
    )


def _columns(table: Sheet) -> dict[str, str]:
    """The sheet's columns under the names of the template.

    Raises:
        InputError: one that is not in it, one that stands twice, or no `case_id`.
    """
    names: dict[str, str] = {}
    for column in table.frame.columns:
        name = column.lower().replace(" ", "_")
        if name not in COLUMNS:
            raise InputError(
                f"{table.name}: results have no column {column[:40]!r}; {nearest(name, COLUMNS)}; "
                "an empty table with every column: openverdict toxicology --template FILE"
            )
        if name in names.values():
            raise InputError(f"{table.name}: the column {name!r} stands twice; keep one of them")
        names[column] = name
    if "case_id" not in names.values():
        raise InputError(f"{table.name}: the column 'case_id' is missing; add it")
    return names


def _result(cells: Cells, panels: Mapping[str, Panel], source: str) -> Result:
    """One row.

    Raises:
        FieldError: a cell that can't be read, or cells that contradict each other.
    """
    case_id = cells.get("case_id") or ""
    if not case_id or not case_id.isprintable() or ";" in case_id:
        raise FieldError("case_id", case_id, "a case number is one line without `;`")
    named = cells.get("substance") or ""
    substance = read_substance(named) if named else None
    panel = _panel(cells.get("panel"), substance, panels)
    specimen = cells.get("specimen")
    if specimen is not None:
        specimen = code_of("specimen", specimen) or re.sub(r"[\s/,-]+", "_", specimen.lower())
    operator, value = _value(cells)
    unit = cells.get("unit")
    if value is not None and unit is None:
        raise FieldError("unit", "", f"a value without its unit; {HOW}")
    level = None if value is None or unit is None else convert(parse_value(value), unit, substance)
    result = Result(
        case_id=case_id,
        substance=substance,
        outcome=_outcome(cells, operator, value),
        named=named,
        operator=operator,
        value=value,
        unit=unit,
        level=level,
        specimen=specimen,
        preservative=_maybe(cells, "preservative", "preservative"),
        method=cells.get("method"),
        panel=panel,
        opinion=_opinion(cells),
        comment=cells.get("lab_comment"),
        circumstances=Circumstances(_maybe(cells, "decomposition", "decomposition"), _hours(cells)),
        laboratory=cells.get("laboratory"),
        source=f"{cells['source']} ({source})" if cells.get("source") else source,
        **{name: _time(name, cells.get(name)) for name in _TIMES},
    )
    _check(result)
    return result


def _maybe(cells: Cells, field: str, kind: str) -> str | None:
    text = cells.get(field)
    if text is None or text.lower() in ("unknown", "not_recorded", "not recorded"):
        return None
    return read_word(kind, field, text)


def _opinion(cells: Cells) -> Opinion | None:
    word = _maybe(cells, "lab_opinion", "opinion")
    return None if word is None else Opinion(word)


def _panel(text: str | None, substance: str | None, panels: Mapping[str, Panel]) -> str | None:
    if text is None:
        return None
    name = re.sub(r"[\s/,-]+", "_", text.lower())
    if name not in panels:
        raise FieldError(
            "panel",
            text,
            f"no panel of this name; {nearest(name, panels)}, or add it to a file for --panels",
        )
    if substance in panels[name].excludes:
        raise FieldError(
            "panel",
            text,
            f"this panel does not test for {substance}; leave the panel out, or correct its list",
        )
    return name


def _value(cells: Cells) -> tuple[str, str | None]:
    """(operator, number as written)."""
    text, said = cells.get("value"), cells.get("operator")
    if said is not None and said not in OPERATORS:
        raise FieldError("operator", said, "not an operator; write one of: = < > ≤ ≥ ~")
    if text is None:
        if said is not None:
            raise FieldError("operator", said, "an operator without a value")
        return "=", None
    leading = _LEADING.fullmatch(text)
    if leading:
        own, text = OPERATORS[leading[1]], leading[2]
        if said is not None and OPERATORS[said] != own:
            raise FieldError("operator", said, f"another operator stands before the value: {own}")
        return own, text
    return OPERATORS[said or "="], text


def _outcome(cells: Cells, operator: str, value: str | None) -> Outcome:
    text = cells.get("outcome")
    if text is not None:
        return Outcome(read_word("outcome", "outcome", text))
    if value is None:
        raise FieldError("outcome", "", "neither an outcome nor a value; a gap says nothing")
    if operator not in _MEASURED:
        return Outcome.UNCLEAR
    if parse_value(value) == 0 and operator in ("=", "~"):
        raise FieldError("value", value, "a level of 0; say in outcome whether it was not_detected")
    return Outcome.DETECTED


def _hours(cells: Cells) -> float | None:
    text = cells.get("pm_interval_h")
    if text is None or text.lower() == "unknown":
        return None
    try:
        hours = float(parse_value(text))
    except FieldError as error:
        raise FieldError("pm_interval_h", text, error.reason) from None
    if hours > _LONGEST_H:
        raise FieldError("pm_interval_h", text, "more than ten years of hours")
    return hours


def _time(field: str, text: str | None) -> str | None:
    if text is None or text.lower() == "unknown":
        return None
    parse_time(field, text)
    return text


def _check(result: Result) -> None:
    """Refuse a row that contradicts itself.

    Raises:
        FieldError: it does.
    """
    outcome, value = result.outcome, result.value
    if outcome in (Outcome.NOT_TESTED, Outcome.PENDING) and value is not None:
        raise FieldError("value", value, f"a value beside the outcome {outcome}")
    if outcome is Outcome.NOT_DETECTED and value is not None and result.operator in _MEASURED:
        reason = "a measured value beside not_detected; write < before a limit of detection"
        raise FieldError("value", value, reason)
    if result.opinion is Opinion.EXOGENOUS and outcome is not Outcome.DETECTED:
        raise FieldError(
            "lab_opinion", "exogenous", f"an opinion on intake beside the outcome {outcome}"
        )
    if result.substance is not None:
        return
    if result.panel is not None:
        if outcome not in (Outcome.NOT_DETECTED, Outcome.NOT_TESTED, Outcome.PENDING) or value:
            raise FieldError(
                "substance", "", "a panel as a whole detects nothing; name the substance"
            )
        return
    if result.specimen is None:
        raise FieldError(
            "substance", "", "no substance, panel or specimen; say what the row is about"
        )
    if outcome is not Outcome.NOT_TESTED or value:
        reason = "no substance; a row about a specimen alone can only say not_tested"
        raise FieldError("substance", "", reason)


def _one_state(states: dict[str, str], result: Result) -> None:
    """Refuse a second, different state of decomposition for a case."""
    said = result.circumstances.decomposition
    if said is None:
        return
    before = states.setdefault(result.case_id, said)
    if before != said:
        raise FieldError(
            "decomposition", said, f"another row of this case says {before}; make them one"
        )
