"""The columns of a table of results, and an empty one to fill in."""

from __future__ import annotations

from pathlib import Path

import xlsxwriter

from openverdict.errors import InputError

# Column: (what it holds, how to write it).
COLUMNS: dict[str, tuple[str, str]] = {
    "case_id": ("The register's own key for the case.", "one line, no names; required"),
    "substance": ("What was looked for.", "a name; empty on a line about a panel or a specimen"),
    "outcome": ("What was found.", "detected, not_detected, not_tested, pending or unclear; may be empty beside a value"),
    "operator": ("How the value is meant.", "= < > ≤ ≥ ~; empty means ="),
    "value": ("The level.", "digits and a decimal point; an operator may stand before it"),
    "unit": ("The unit of the value.", "mg/L, µg/L, ng/mL, g/dL, mg/100 mL, mmol/L, mg/kg …; required with a value"),
    "specimen": ("What was analysed, and from where.", "femoral_blood, cardiac_blood, blood, vitreous, urine, bile, liver …"),
    "preservative": ("What was in the tube.", "fluoride, none, edta, heparin, citrate, other; empty: not recorded"),
    "method": ("How it was measured.", "free text"),
    "panel": ("The screen that the line belongs to.", "the name of a panel"),
    "lab_opinion": ("What the toxicologist says of the substance's origin.", "exogenous, endogenous, undecided"),
    "lab_comment": ("What the laboratory adds; the reason for an analysis not made.", "free text, no names"),
    "decomposition": ("How far decomposition had gone.", "none, early, moderate, advanced"),
    "pm_interval_h": ("Hours from death to the taking of the specimen.", "digits and a decimal point"),
    "taken_at": ("When the specimen was taken.", "2014-06-19 or 2014-06-19T04:18"),
    "received_at": ("When the laboratory received it.", "as above"),
    "reported_at": ("When it was reported; from then on it is known.", "as above; empty: in no replay"),
    "laboratory": ("Who reported it.", "a laboratory, no person"),
    "source": ("Where it stands.", "the report's own number, for example"),
}  # fmt: skip


def write_results_template(path: Path | str) -> None:
    """An empty table of results: CSV, or XLSX with a second sheet that explains every column.

    Raises:
        InputError: the extension is neither .csv nor .xlsx, the file is there already, or it cannot be written.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        raise InputError(f"{path.name}: a template is .csv or .xlsx; name it so")
    if path.exists() or path.is_symlink():
        raise InputError(f"{path}: is there already; name a new file, so that nothing is replaced")
    try:
        if kind == ".csv":
            path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
        else:
            _write_workbook(path)
    except (OSError, xlsxwriter.exceptions.XlsxWriterException):
        raise InputError(f"{path}: cannot be written; name another file") from None


def _write_workbook(path: Path) -> None:
    options = {"strings_to_formulas": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(path, options) as book:
        bold, as_text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        sheet = book.add_worksheet("results")
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, len(COLUMNS) - 1, 16, as_text)
        sheet.write_row(0, 0, list(COLUMNS), bold)
        explained = book.add_worksheet("dictionary")
        explained.set_column(0, 0, 18)
        explained.set_column(1, 2, 70)
        explained.write_row(0, 0, ("column", "meaning", "how to write it"), bold)
        for row, (name, told) in enumerate(COLUMNS.items(), start=1):
            explained.write_row(row, 0, (name, *told))
