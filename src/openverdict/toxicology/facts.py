"""Results to facts for a register, each with its status, its day and its source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from openverdict.cases import FACTS_SCHEMA, Register, Status, dictionary
from openverdict.cases.values import status_word
from openverdict.intake.cells import read_moment
from openverdict.intake.template import template_texts
from openverdict.toxicology.ghb import CaseAssessment, assess_case
from openverdict.toxicology.model import Circumstances, Outcome, Result
from openverdict.toxicology.rules import GhbRules
from openverdict.toxicology.units import plain_number

BLOOD = (
    "femoral_blood",
    "iliac_blood",
    "peripheral_blood",
    "subclavian_blood",
    "cardiac_blood",
    "blood",
)
_LISTS = {
    Outcome.DETECTED: "substances_detected",
    Outcome.NOT_DETECTED: "substances_not_detected",
    Outcome.PENDING: "substances_pending",
}
Line = tuple[str, str, str | None, str, datetime | None, datetime | None, str, str]


@dataclass(frozen=True)
class Facts:
    """`table` in `FACTS_SCHEMA`, the GHB reading of each case, and notes on what can't be told."""

    table: pl.DataFrame
    ghb: tuple[CaseAssessment, ...]
    notes: tuple[str, ...]


def make_facts(
    results: Sequence[Result],
    rules: GhbRules,
    around: Mapping[str, Circumstances] | None = None,
) -> Facts:
    """The facts that results make, in the order of the cases.

    A substance found in any specimen is detected; one that was only ever not found is not detected; one that is pending and
    has a result beside it is that result. Not tested and unclear put a substance into no list. `around`: what the
    register says of each case's body.
    """
    lines: list[Line] = []
    readings = []
    for case_id, own in _by_case(results).items():
        reading = assess_case(case_id, own, rules, (around or {}).get(case_id))
        readings.append(reading)
        lines += _case_lines(case_id, own, reading)
    table = pl.DataFrame(lines, schema=FACTS_SCHEMA, orient="row")
    return Facts(table.unique(maintain_order=True), tuple(readings), _notes(results))


def circumstances(register: Register) -> dict[str, Circumstances]:
    """What a register says of each body."""
    columns = register.table.select("case_id", "decomposition", "pm_interval_h").iter_rows()
    return {case: Circumstances(state, hours) for case, state, hours in columns}


def with_register(facts: pl.DataFrame, register: Register) -> pl.DataFrame:
    """A register's cells as facts, and the new facts of its cases behind them: one facts file that stands alone.

    A cell counts as known from its row's `known_from`.
    """
    told = set(register.facts.get_column("case_id"))
    rows = template_texts(register).filter(~pl.col("case_id").is_in(list(told)))
    lines: list[Line] = []
    for cells in rows.iter_rows(named=True):
        case, since = cells["case_id"], read_moment("known_from", cells.get("known_from"))
        for name, text in cells.items():
            if name == "case_id" or text is None:
                continue
            word = status_word(text)
            if word is not None and word.value in dictionary()[name].values:
                word = None
            value, status = (None, str(word)) if word else (text, str(Status.RECORDED))
            lines.append((case, name, value, status, since, None, "register", ""))
    cells_table = pl.DataFrame(lines, schema=FACTS_SCHEMA, orient="row")
    cases = register.table.get_column("case_id").to_list()
    return pl.concat([register.facts, cells_table, facts.filter(pl.col("case_id").is_in(cases))])


def _by_case(results: Iterable[Result]) -> dict[str, list[Result]]:
    cases: dict[str, list[Result]] = {}
    for result in results:
        cases.setdefault(result.case_id, []).append(result)
    return cases


def _case_lines(case_id: str, own: list[Result], reading: CaseAssessment) -> list[Line]:
    standing = _standing(own)
    lines = []
    for result in own:
        code = result.substance
        name = _LISTS.get(result.outcome)
        if code is not None and name is not None and standing[code] is result.outcome:
            lines.append(_line(result, name, code))
        if result.specimen is not None:
            lines.append(_line(result, "specimens", result.specimen))
        level = result.level
        if (
            code is not None
            and level is not None
            and level.unit == "mg/L"
            and result.outcome is Outcome.DETECTED
            and result.operator == "="
            and result.specimen in BLOOD
        ):
            lines.append(_line(result, "substance_levels", f"{code}:{plain_number(level.number)}"))
        if result.reported_at is not None:
            lines.append(_line(result, "toxicology_reported_at", result.reported_at))
        state = result.circumstances.decomposition
        if state in dictionary()["decomposition"].values:
            lines.append(_line(result, "decomposition", state))
    analysed = {r.specimen for r in own if r.outcome not in (Outcome.NOT_TESTED, Outcome.PENDING)}
    lines += [
        _line(r, "specimens_not_analysed", r.specimen)
        for r in own
        if r.is_specimen and r.specimen is not None and r.specimen not in analysed
    ]
    if all(r.outcome is Outcome.NOT_TESTED for r in own):
        lines.append(_line(own[0], "substances_detected", None, Status.NOT_TESTED))
    if reading.ghb_class is not None:
        lines.append(_line(_behind(reading, own), "ghb_class", reading.ghb_class))
    return lines


def _behind(reading: CaseAssessment, own: list[Result]) -> Result:
    """The result that a case's class stands on; its latest report where no result names GHB."""
    for result, read in reading.results:
        if read.ghb_class == reading.ghb_class:
            return result
    return max(own, key=lambda r: r.reported_at or "")


def _standing(own: Iterable[Result]) -> dict[str, Outcome]:
    """For each substance of a case: detected before not detected, before pending, before what says nothing."""
    order = (*_LISTS, Outcome.UNCLEAR, Outcome.NOT_TESTED)
    standing: dict[str, Outcome] = {}
    for result in own:
        if result.substance is not None:
            before = standing.setdefault(result.substance, result.outcome)
            standing[result.substance] = min(before, result.outcome, key=order.index)
    return standing


def _line(result: Result, field: str, value: str | None, status: Status = Status.RECORDED) -> Line:
    since = read_moment("reported_at", result.reported_at)
    author = result.laboratory or ""
    return result.case_id, field, value, str(status), since, None, result.source, author


def _notes(results: Sequence[Result]) -> tuple[str, ...]:
    notes = []
    unclear = sorted({r.case_id for r in results if r.outcome is Outcome.UNCLEAR})
    if unclear:
        notes.append(
            f"below a limit, and nobody says whether there was a trace or nothing; in no list: {_some(unclear)}"
        )
    undated = sorted({r.case_id for r in results if r.reported_at is None})
    if undated:
        notes.append(f"without reported_at, and so in no replay: {_some(undated)}")
    return tuple(notes)


def _some(cases: list[str]) -> str:
    more = f" and {len(cases) - 5:,} more" if len(cases) > 5 else ""
    return f"{', '.join(cases[:5])}{more}"
