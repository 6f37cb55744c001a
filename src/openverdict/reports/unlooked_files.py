"""What nobody looked at as files: HTML that prints, CSV and XLSX in which no cell is a formula, and lines for a terminal."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from math import isnan, nan
from typing import Any

import polars as pl
import xlsxwriter

from openverdict.cases.words import plain
from openverdict.decisions.duties import Waiting
from openverdict.errors import InputError
from openverdict.reports.render import environment
from openverdict.reports.tables import safe_csv
from openverdict.reports.unlooked import KINDS, Begun, Unlooked
from openverdict.reports.words import counted, day_words, signed

KEPT = nan  # a ratio that there is and that the reader may not see yet
LISTED = 200  # rows of each kind on a page; the tables have them all
SHEET_ROWS = 1_048_575  # that a sheet holds under its head
KIND_WORDS = {
    "pairs": "Pairs that nobody decided on",
    "leads": "Leads that nobody decided on",
    "mentions": "One record names the other, and nobody finished considering it",
    "unfinished": "A second or a third person is waited for",
    "reopened": "Decided before a case was reopened, and not since",
    "overdue": "Answers that are overdue",
}
SHORT = {
    "pairs": "Pairs",
    "leads": "Leads",
    "mentions": "One names the other",
    "unfinished": "Waits for a person",
    "reopened": "Reopened",
    "overdue": "Overdue",
}
SCHEMA: dict[str, pl.DataType] = {
    "kind": pl.String(),
    "subject": pl.String(),
    "cases": pl.String(),
    "units": pl.String(),
    "log10_lr": pl.Float64(),
    "decision": pl.Int64(),
    "since": pl.String(),
    "due": pl.String(),
    "days_over": pl.Int64(),
    "escalated_to": pl.String(),
}
_Row = tuple[str, tuple[str, ...], float | None, int | None, Waiting | None]


def unlooked_table(told: Unlooked) -> pl.DataFrame:
    """One row for everything that was never looked at (`SCHEMA`), in the order of `KINDS`, each in its own order."""
    rows = [
        (
            kind,
            subject,
            ";".join(cases),
            ";".join(dict.fromkeys(unit for case in cases for unit in told.units[case])),
            ratio,
            decision,
            None if clock is None else clock.since,
            None if clock is None else clock.due,
            None if clock is None else clock.days_over,
            None if clock is None else clock.escalated_to,
        )
        for kind in KINDS
        for subject, cases, ratio, decision, clock in map(_ROWS[kind], getattr(told, kind))
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").with_columns(
        pl.col("log10_lr").fill_nan(None)
    )


def unlooked_csv(told: Unlooked) -> bytes:
    """The table as CSV; a cell that a spreadsheet would run gets a leading apostrophe."""
    return safe_csv(unlooked_table(told))


def unlooked_xlsx(told: Unlooked) -> bytes:
    """A workbook with the counts by unit and the table; text is text, whatever it begins with.

    Raises:
        InputError: more rows than a sheet holds.
    """
    table = unlooked_table(told)
    if table.height > SHEET_ROWS:
        raise InputError(
            f"{table.height:,} rows: a sheet holds {SHEET_ROWS:,}; write a .csv instead"
        )
    made = io.BytesIO()
    options = {
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
        "in_memory": True,
        "constant_memory": False,
    }
    with xlsxwriter.Workbook(made, options) as book:
        bold = book.add_format({"bold": True})
        units = book.add_worksheet("by unit")
        units.write_row(0, 0, ["unit", *KINDS], bold)
        for row, (unit, counts) in enumerate(told.by_unit.items(), start=1):
            units.write_string(row, 0, unit)
            for column, kind in enumerate(KINDS, start=1):
                units.write_number(row, column, counts[kind])
        listed = book.add_worksheet("never looked at")
        listed.freeze_panes(1, 0)
        listed.autofilter(0, 0, max(table.height, 1), table.width - 1)
        listed.write_row(0, 0, table.columns, bold)
        for row, record in enumerate(table.iter_rows(), start=1):
            for column, cell in enumerate(record):
                if isinstance(cell, str):
                    listed.write_string(row, column, cell)
                elif cell is not None:
                    listed.write_number(row, column, cell)
        for sheet in (units, listed):
            sheet.set_column(0, table.width - 1, 18)
    return made.getvalue()


def unlooked_html(told: Unlooked, *, made: datetime, reader: str) -> str:
    """The report as one HTML document; of each kind the first `LISTED`, the strongest first."""
    page = {
        "made": day_words(made.date()),
        "reader": reader,
        "run": told.run,
        "hidden": told.hidden,
        "kinds": [(SHORT[kind], told.count(kind)) for kind in KINDS],
        "kind_words": list(SHORT.values()),
        "units": [(unit, list(counts.values())) for unit, counts in told.by_unit.items()],
        "sections": [_section(told, kind) for kind in KINDS if told.count(kind)],
        "nothing": not any(told.count(kind) for kind in KINDS),
    }
    foot = [f"for {reader}"]
    if told.run is not None:
        foot.append(f"run {told.run}")
    return environment().get_template("unlooked.html").render(page=page, foot=foot) + "\n"


def unlooked_json(told: Unlooked) -> str:
    """All of it as JSON."""
    return json.dumps(asdict(told), indent=2, ensure_ascii=False) + "\n"


def unlooked_text(told: Unlooked, *, most: int = 10) -> str:
    """The counts, the counts by unit, and the first of each kind, as lines for a terminal."""
    lines = [
        "Never looked at, as of " + ("no run" if told.run is None else f"run {told.run}") + ":",
        *(f"  {told.count(kind):>8,}  {KIND_WORDS[kind].lower()}" for kind in KINDS),
    ]
    if told.hidden:
        lines.append(f"  {told.hidden:>8,}  more, of cases that you may not see")
    for unit, counts in told.by_unit.items():
        said = ", ".join(f"{SHORT[kind].lower()} {n:,}" for kind, n in counts.items() if n)
        lines.append(f"{unit}: {said}")
    for kind in KINDS:
        if told.count(kind):
            lines += ["", f"{KIND_WORDS[kind]}:"]
            lines += [f"  {_line(*row)}" for row in map(_ROWS[kind], getattr(told, kind)[:most])]
            more = told.count(kind) - most
            lines += [f"  … and {more:,} more; --out FILE.csv has them all"] if more > 0 else []
    return "\n".join(lines)


def _section(told: Unlooked, kind: str) -> dict[str, Any]:
    rows = []
    for subject, cases, ratio, decision, clock in map(_ROWS[kind], getattr(told, kind)[:LISTED]):
        units = dict.fromkeys(unit for case in cases for unit in told.units[case])
        rows.append(
            {
                "subject": subject,
                "cases": ", ".join(cases),
                "units": ", ".join(units),
                "detail": _detail(cases, ratio, decision, clock),
            }
        )
    return {
        "anchor": kind,
        "head": KIND_WORDS[kind],
        "rows": rows,
        "all": told.count(kind),
        "more": max(0, told.count(kind) - LISTED),
        "detail": {"pairs": "Log10 ratio", "leads": "Log10 ratio", "overdue": "Clock"}.get(
            kind, "Detail"
        ),
    }


def _line(
    subject: str,
    cases: tuple[str, ...],
    ratio: float | None,
    decision: int | None,
    clock: Waiting | None,
) -> str:
    who = "" if subject == f"pair {', '.join(cases)}" else f" ({', '.join(cases)})"
    return f"{subject}{who}: {_detail(cases, ratio, decision, clock)}"


def _detail(
    cases: tuple[str, ...], ratio: float | None, decision: int | None, clock: Waiting | None
) -> str:
    if clock is not None:
        up = f", went up to {clock.escalated_to}" if clock.escalated_to else ""
        over = counted(clock.days_over, "day")
        return f"unanswered since {clock.since}, due {clock.due}, {over} over{up}"
    if decision is not None:
        return f"decision {decision} stands"
    if ratio is None:
        return "a case alone" if len(cases) == 1 else "one names the other"
    return "kept until your first view" if isnan(ratio) else signed(ratio)


def _pair(pair: tuple[str, str, float | None]) -> _Row:
    return f"pair {pair[0]}, {pair[1]}", pair[:2], KEPT if pair[2] is None else pair[2], None, None


def _lead(lead: tuple[int, tuple[str, ...], float | None]) -> _Row:
    number, cases, ratio = lead
    kept = ratio is None and len(cases) > 1
    return f"lead {number}", cases, KEPT if kept else ratio, None, None


def _mention(pair: tuple[str, str]) -> _Row:
    return f"pair {pair[0]}, {pair[1]}", pair, None, None, None


def _begun(each: Begun) -> _Row:
    name = ", ".join(each.cases) if each.subject_kind == "pair" else each.subject
    return f"{each.subject_kind} {name}", each.cases, None, each.decision, None


def _overdue(each: Waiting) -> _Row:
    rule = "" if each.rule == each.subject_kind else f", {plain(each.rule)}"
    return f"{each.subject_kind} {each.subject}{rule}", each.cases, None, None, each


_ROWS: dict[str, Callable[[Any], _Row]] = {
    "pairs": _pair,
    "leads": _lead,
    "mentions": _mention,
    "unfinished": _begun,
    "reopened": _begun,
    "overdue": _overdue,
}
