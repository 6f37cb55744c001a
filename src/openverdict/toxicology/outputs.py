"""What `toxicology --out DIR` leaves behind: facts, the table of results, the reading of GHB, rejects and an account."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from openverdict.errors import InputError
from openverdict.toxicology.facts import Facts
from openverdict.toxicology.ghb import Assessment, assess
from openverdict.toxicology.model import Circumstances, Result
from openverdict.toxicology.read import ReadResults
from openverdict.toxicology.rules import GhbRules
from openverdict.toxicology.units import plain_number

FILES = ("facts.csv", "results.csv", "ghb.csv", "rejects.csv", "toxicology.json")
MADE_BY = "openverdict toxicology"
# What a spreadsheet takes for a formula, also in full width or after white space; a sign or a plain number alone is none.
_FORMULA = r"^[\s\x00]*[=+\-@\t\r＝＋－＠]."
_PLAIN_NUMBER = r"^[+\-]?\d+(\.\d+)?$"


def check_folder(out: Path, inputs: Iterable[Path]) -> None:
    """Refuse a folder in which an input, or a file that this command did not write, would be replaced.

    Raises:
        InputError: it would, or `out` is a file.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; name a folder")
    given = {path.resolve() for path in inputs}
    account = out / FILES[-1]
    for name in FILES:
        path = out / name
        if path.resolve() in given:
            raise InputError(f"{path}: is an input and would be replaced; name a new folder")
        if path.exists() and not _is_ours(account):
            raise InputError(
                f"{path}: was not written by this command; name a new folder, so that nothing of yours is replaced"
            )


def results_table(
    results: Iterable[Result],
    rules: GhbRules,
    around: Mapping[str, Circumstances] | None = None,
) -> pl.DataFrame:
    """One row a result, as text; GHB results with their class, reasons and sources beside them."""
    rows = []
    for r in results:
        read = assess(r, rules, (around or {}).get(r.case_id)) if r.substance == "ghb" else None
        rows.append(_row(r, read))
    return pl.DataFrame(rows, schema=dict.fromkeys(_COLUMNS, pl.String()), orient="row")


_COLUMNS = (
    "case_id", "substance", "named", "outcome", "operator", "value", "unit", "level", "level_unit", "specimen",
    "preservative", "method", "panel", "lab_opinion", "lab_comment", "decomposition", "pm_interval_h", "taken_at",
    "received_at", "reported_at", "laboratory", "text", "source", "ghb_class", "ghb_reasons", "ghb_sources",
)  # fmt: skip


def _row(r: Result, read: Assessment | None) -> tuple[str | None, ...]:
    hours = r.circumstances.pm_interval_h
    level = (plain_number(r.level.number), r.level.unit) if r.level else (None, None)
    told: tuple[str | None, ...] = (None, None, None)
    if read is not None:
        reasons = " ".join(reason.text for reason in (*read.reasons, *read.caveats))
        told = (read.ghb_class, reasons, "; ".join(read.sources))
    return (
        r.case_id, r.substance, r.named or None, str(r.outcome), r.operator if r.value else None, r.value, r.unit,
        *level, r.specimen, r.preservative, r.method, r.panel, r.opinion and str(r.opinion), r.comment,
        r.circumstances.decomposition, None if hours is None else f"{hours:g}", r.taken_at, r.received_at,
        r.reported_at, r.laboratory, r.text, r.source, *told,
    )  # fmt: skip


def ghb_table(facts: Facts) -> pl.DataFrame:
    """One row a case: its class, how many results it stands on, the reasons and the sources."""
    rows = [
        (
            case.case_id,
            case.ghb_class or "pending",
            len(case.results),
            " ".join(reason.text for reason in case.reasons),
            " ".join(reason.text for reason in case.caveats),
            "; ".join(case.sources),
        )
        for case in facts.ghb
    ]
    schema = {
        "case_id": pl.String(),
        "ghb_class": pl.String(),
        "results": pl.Int64(),
        "reasons": pl.String(),
        "caveats": pl.String(),
        "sources": pl.String(),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def account(read: ReadResults, facts: Facts) -> dict[str, Any]:
    """The counts of a run."""
    outcomes: dict[str, int] = {}
    for result in read.results:
        outcomes[str(result.outcome)] = outcomes.get(str(result.outcome), 0) + 1
    classes: dict[str, int] = {}
    for case in facts.ghb:
        name = case.ghb_class or "pending"
        classes[name] = classes.get(name, 0) + 1
    return {
        "made_by": MADE_BY,
        "file": read.name,
        "sha256": read.sha256,
        "rows_read": read.rows_read,
        "rejected_rows": read.rejected_rows,
        "results": len(read.results),
        "outcomes": outcomes,
        "cases": len(facts.ghb),
        "ghb_classes": classes,
        "facts": facts.table.height,
        "notes": [*read.notes, *facts.notes],
    }


def write_results(
    out: Path,
    read: ReadResults,
    facts: Facts,
    rules: GhbRules,
    around: Mapping[str, Circumstances] | None = None,
    table: pl.DataFrame | None = None,
) -> dict[str, Any]:
    """Write every file; the account, which is written first so that a later run knows whose the files are.

    `table`: the facts to write, where they are more than those of the results (`with_register`).
    """
    told = account(read, facts)
    out.mkdir(parents=True, exist_ok=True)
    facts_table = facts.table if table is None else table
    tables = (results_table(read.results, rules, around), ghb_table(facts), read.rejects)
    _put(out / FILES[-1], (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode())
    _put(out / FILES[0], facts_table.write_csv(datetime_format="%Y-%m-%dT%H:%M:%S").encode())
    for name, frame in zip(FILES[1:], tables, strict=False):
        _put(out / name, readable_csv(frame))
    return told


def readable_csv(table: pl.DataFrame) -> bytes:
    """A table that people open in a spreadsheet as CSV: text that looks like a formula gets an apostrophe before it."""
    guarded = []
    for name, dtype in table.schema.items():
        text = pl.col(name)
        if dtype == pl.String:
            risky = text.str.contains(_FORMULA) & ~text.str.contains(_PLAIN_NUMBER)
            text = pl.when(risky).then(pl.concat_str(pl.lit("'"), text)).otherwise(text)
        guarded.append(text.alias(name))
    return table.select(guarded).write_csv().encode()


def _put(path: Path, data: bytes) -> None:
    made = path.with_name(f".{path.name}.part")
    made.write_bytes(data)
    made.replace(path)


def _is_ours(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_bytes()).get("made_by") == MADE_BY)
    except (OSError, ValueError, AttributeError):
        return False
