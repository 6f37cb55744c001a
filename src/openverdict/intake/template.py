"""The template: an empty one to fill in, and a register written out in its layout."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import xlsxwriter

from openverdict.cases import NONE_WORD, FieldType, Register, dictionary, template_fields
from openverdict.errors import InputError

_EXPLAINED = ("field", "meaning", "how to write it", "unit", "values", "required")
_HOW = {
    FieldType.ID: "one line, no names",
    FieldType.TEXT: "free text",
    FieldType.DATETIME: "2014-06-19 or 2014-06-19T04:18",
    FieldType.NUMBER: "digits and a decimal point",
    FieldType.CODE: "one value",
    FieldType.ITEMS: "values parted by ; or none: looked for and absent",
    FieldType.KEYS: "role:key, parted by ; or none",
}


def write_template(path: Path | str) -> None:
    """An empty register to fill in: CSV, or XLSX with a second sheet that explains every column.

    Raises:
        InputError: the extension is neither .csv nor .xlsx, the file is there already, or it cannot be written.
    """
    path = Path(path)
    names = [field.name for field in template_fields()]
    kind = path.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        raise InputError(f"{path.name}: a template is .csv or .xlsx; name it so")
    if path.exists() or path.is_symlink():
        raise InputError(f"{path}: is there already; name a new file, so that nothing is replaced")
    try:
        if kind == ".csv":
            path.write_text(",".join(names) + "\n", encoding="utf-8")
        else:
            write_workbook(path, pl.DataFrame(schema=dict.fromkeys(names, pl.String())))
    except (OSError, xlsxwriter.exceptions.XlsxWriterException) as error:
        cause = error if isinstance(error, OSError) else next(iter(error.args), None)
        why = cause.strerror if isinstance(cause, OSError) and cause.strerror else "not a file"
        raise InputError(f"{path}: cannot be written ({why.lower()}); name another file") from None


def write_workbook(path: Path, texts: pl.DataFrame) -> None:
    """A table of text in the template's layout as XLSX, every cell as text, and the columns explained."""
    options = {
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
        "in_memory": True,
    }
    with xlsxwriter.Workbook(path, options) as book:
        as_text = book.add_format({"num_format": "@"})
        bold = book.add_format({"bold": True})
        register = book.add_worksheet("register")
        register.freeze_panes(1, 1)
        register.set_column(0, max(texts.width - 1, 0), 18, as_text)
        register.write_row(0, 0, texts.columns, bold)
        for row, record in enumerate(texts.iter_rows(), start=1):
            for column, cell in enumerate(record):
                if cell is not None:
                    register.write_string(row, column, cell)
        explained = book.add_worksheet("dictionary")
        explained.freeze_panes(1, 0)
        explained.set_column(0, 0, 24)
        explained.set_column(1, 4, 60)
        explained.write_row(0, 0, _EXPLAINED, bold)
        for row, name in enumerate(texts.columns, start=1):
            explained.write_row(row, 0, _explanation(name))


def _explanation(name: str) -> tuple[str, ...]:
    field = dictionary()[name]
    values = ", ".join(field.values) + (" or others" if field.open and field.values else "")
    required = "yes" if field.required else ""
    how = _HOW[field.type]
    return name, field.description, how, field.unit or "", field.vocabulary or values, required


def template_texts(register: Register) -> pl.DataFrame:
    """A register as text in the template's layout: what `read_register` reads back to the same register.

    Columns of the template come first, then any other field that holds something. Facts, with their several dates, are
    not in it: a case that came as facts is written as its table row says.
    """
    table = register.table
    columns = [table.get_column("case_id")]
    said = {(case, name): status for case, name, status in register.statuses.iter_rows()}
    words = {name for _, name in said}
    for name, field in dictionary().items():
        if field.equality or name == "case_id":
            continue
        text = table.select(_text(name)).to_series()
        if name in words:
            cases = zip(text, columns[0], strict=True)
            filled = [said.get((case, name)) if cell is None else cell for cell, case in cases]
            text = pl.Series(name, filled, pl.String())
        if field.template or text.null_count() < len(text):
            columns.append(text.alias(name))
    return pl.DataFrame(columns)


def _text(name: str) -> pl.Expr:
    field = dictionary()[name]
    column = pl.col(name)
    if field.type is FieldType.DATETIME:
        day = column.dt.strftime("%Y-%m-%d")
        moment = column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f").str.strip_suffix(".000000")
        return pl.when(pl.col(field.span_column) > 0).then(day).otherwise(moment).alias(name)
    if field.type is FieldType.NUMBER:
        return column.cast(pl.String()).str.strip_suffix(".0")
    if field.type.is_list:
        joined = (
            pl.when(column.list.len() > 0).then(column.list.join(";")).otherwise(pl.lit(NONE_WORD))
        )
        return pl.when(column.is_not_null()).then(joined).alias(name)
    return column
