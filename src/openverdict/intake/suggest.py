"""suggest_mapping: a first mapping for a foreign table, with everything it could not place said out loud."""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from openverdict.cases import Field, FieldType, dictionary
from openverdict.cases.values import parse_time
from openverdict.cases.vocabulary import plain, substance_code
from openverdict.errors import FieldError
from openverdict.intake.cells import read_text
from openverdict.intake.files import read_sheet

_MANY = 30  # more distinct texts than this are not listed as codes


@dataclass(frozen=True)
class _Placed:
    """Lines of TOML for one field, and the columns they read."""

    lines: tuple[str, ...]
    columns: tuple[str, ...]


@cache
def _hints() -> dict[str, Any]:
    text = files("openverdict.intake").joinpath("data/hints.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def suggest_mapping(path: Path | str, sheet: str | None = None) -> str:
    """A mapping for a table, as TOML: a start to read and correct, never used unread.

    Columns are placed by their names and by what stands in them. A date that may be either way round is left for a
    person to decide, and every column that could not be placed is listed under `[unplaced]`.

    Raises:
        InputError: the file cannot be read.
    """
    source = read_sheet(Path(path), sheet)
    frame = source.frame
    fields = _by_name(frame.columns)
    unique = "case_id" not in fields and _reference(frame, set(fields.values()))
    if unique:
        fields["case_id"] = unique
    placed = [_case_id(fields)]
    for name, column in fields.items():
        if name != "case_id":
            placed.append(_field(dictionary()[name], column, frame.get_column(column)))
    others = [column for column in frame.columns if column not in fields.values()]
    placed += [one for one in (_flags(frame, others), _lists(frame, others)) if one]
    used = {column for one in placed for column in one.columns}
    unplaced = [column for column in frame.columns if column not in used]
    return "\n".join(_file(source.name, placed, unplaced, frame, "found_at" in fields)) + "\n"


def _by_name(columns: Iterable[str]) -> dict[str, str]:
    """Field to column, by the words of the column's name; a field takes the first column that fits it best."""
    words = {
        plain(word): name
        for name, field in dictionary().items()
        for word in (name, field.label, *_hints()["names"].get(name, ()))
    }
    taken: dict[str, str] = {}
    for column in columns:
        name = words.get(plain(column))
        if name and name not in taken:
            taken[name] = column
    return taken


def _reference(frame: pl.DataFrame, taken: set[str]) -> str | None:
    """The first column named like a reference, in English or French, in which every row has a value of its own."""
    words = set(_hints()["reference"])
    for column in frame.columns:
        bare = unicodedata.normalize("NFKD", column.replace("°", "o")).casefold()
        texts = frame.get_column(column)
        if (
            column not in taken
            and words & set(re.findall(r"[a-z]+", re.sub(r"[\u0300-\u036f]", "", bare)))
            and frame.height
            and not texts.null_count()
            and not texts.is_duplicated().any()
            and not texts.str.contains(";", literal=True).any()
        ):
            return column
    return None


def _case_id(fields: Mapping[str, str]) -> _Placed:
    if "case_id" in fields:
        column = fields["case_id"]
        return _Placed(("[fields.case_id]", f"column = {_quoted(column)}"), (column,))
    note = "# No column holds a case number; this makes one from the row's place in the file."
    return _Placed((note, "[fields.case_id]", 'number = "CASE-{n:05d}"'), ())


def _field(field: Field, column: str, texts: pl.Series) -> _Placed:
    distinct = texts.drop_nulls().unique(maintain_order=True).to_list()
    lines = [f"[fields.{field.name}]", f"column = {_quoted(column)}"]
    if field.type is FieldType.DATETIME:
        lines += _formats(distinct)
    elif field.type is FieldType.CODE and field.values:
        lines += _value_map(field, distinct)
    elif field.type.is_list and not any(";" in text for text in distinct):
        commas = sum("," in text for text in distinct)
        lines += ['separator = ","'] if commas else []
    wrong = [] if len(lines) > 2 else [t for t in distinct if read_text(field, t)[4]]
    if wrong:
        lines.append(
            f"# {len(wrong)} texts can't be read as they stand, such as {_quoted(wrong[0])}"
        )
    return _Placed(tuple(lines), (column,))


def _formats(texts: list[str]) -> list[str]:
    """The one format that all texts fit, or the choice that a person must make."""
    if all(_is_iso(text) for text in texts):
        return []
    fit = [form for form in _hints()["formats"] if all(_fits(text, form) for text in texts)]
    if len(fit) == 1:
        return [f"formats = [{_quoted(fit[0])}]"]
    if not fit:
        best = _best_formats(texts)
        if best:
            counts = ", ".join(
                f"{_quoted(form)} fits {count} of {len(texts)}" for form, count in best
            )
            odd = next(text for text in texts if not _fits(text, best[0][0]))
            return [
                f"# {counts} texts; the first does not fit {_quoted(odd)}: choose, and correct the others",
                f"# formats = [{_quoted(best[0][0])}]",
            ]
        return [
            f"# No one format fits all texts, such as {_quoted(texts[0])}: declare them",
            "# formats = []",
        ]
    choice = " or ".join(_quoted(form) for form in fit)
    return [f"# Day and month may be either way round: choose {choice}", "# formats = []"]


def _best_formats(texts: list[str]) -> list[tuple[str, int]]:
    """The two formats that fit most texts, with how many; none that fits no text."""
    counts = [(form, sum(_fits(text, form) for text in texts)) for form in _hints()["formats"]]
    best = sorted(counts, key=lambda entry: -entry[1])[:2]
    return [(form, count) for form, count in best if count]


def _is_iso(text: str) -> bool:
    try:
        parse_time("", text)
    except FieldError:
        return False
    return True


def _fits(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def _value_map(field: Field, texts: list[str]) -> list[str]:
    """A map from the column's texts to the field's codes, where the words are the same or well known."""
    known = _hints()["values"].get(field.name, _hints()["values"]["*"])
    meant = {t: known.get(t.casefold()) for t in texts if _code(t) not in field.values}
    if not meant:
        return []
    sure = [f"{_quoted(text)} = {_quoted(code)}" for text, code in meant.items() if code]
    unsure = [text for text, code in meant.items() if not code]
    lines = [f"map = {{ {', '.join(sure)} }}"] if sure else []
    if unsure:
        some = ", ".join(_quoted(text) for text in unsure[:_MANY])
        lines.append(f"# Not one of {', '.join(field.values)}: {some}")
    return lines


def _code(text: str) -> str:
    return re.sub(r"[\s/,-]+", "_", text.strip().lower())


def _flags(frame: pl.DataFrame, columns: list[str]) -> _Placed | None:
    """Columns named after a substance that hold little but a yes or a no."""
    yes_words, no_words = set(_hints()["yes"]), set(_hints()["no"])
    codes: dict[str, str] = {}
    yes, no = dict[str, None](), dict[str, None]()
    for column in columns:
        code = substance_code(column)
        texts = frame.get_column(column).drop_nulls().unique(maintain_order=True).to_list()
        ticking = [text for text in texts if text.casefold() in yes_words]
        if code and ticking and all(text.casefold() in yes_words | no_words for text in texts):
            codes[column] = code
            yes.update(dict.fromkeys(ticking))
            no.update(dict.fromkeys(text for text in texts if text not in ticking))
    if not codes:
        return None
    lines = [
        "# A flag that is not ticked is not recorded, never not detected.",
        "[[fields.substances_detected]]",
        f"yes = {json.dumps(list(yes), ensure_ascii=False)}",
        f"no = {json.dumps(list(no), ensure_ascii=False)}",
        "[fields.substances_detected.flags]",
        *(f"{_quoted(column)} = {_quoted(code)}" for column, code in codes.items()),
    ]
    return _Placed(tuple(lines), tuple(codes))


def _lists(frame: pl.DataFrame, columns: list[str]) -> _Placed | None:
    """Columns that mostly hold the names of substances."""
    found = []
    for column in columns:
        texts = frame.get_column(column).drop_nulls().unique(maintain_order=True).to_list()
        if texts and 2 * sum(substance_code(text) is not None for text in texts) > len(texts):
            found.append(column)
    if not found:
        return None
    columns_line = f"columns = {json.dumps(found, ensure_ascii=False)}"
    return _Placed(("[[fields.substances_detected]]", columns_line), tuple(found))


def _file(
    name: str, placed: list[_Placed], unplaced: list[str], frame: pl.DataFrame, has_time: bool
) -> list[str]:
    lines = [
        f"# A first mapping for {name}, made from its column names and {frame.height} rows.",
        "# Read every line and correct it. Columns that are to stay unread belong in ignore.",
        "",
        "[mapping]",
        f"name = {_quoted(name)}",
        "ignore = []",
        "",
        "# Columns that could not be placed, each with a text that stands in it.",
        "[unplaced]",
        "columns = [",
        *(f"  {_quoted(column)}, # {_sample(frame.get_column(column))}" for column in unplaced),
        "]",
    ]
    if not has_time:
        lines += ["", "# Required: when the person was found.", "[fields.found_at]", 'column = ""']
    for one in placed:
        lines += ["", *one.lines]
    return lines


def _sample(texts: pl.Series) -> str:
    some = texts.drop_nulls().head(1).to_list()
    return _quoted(some[0][:40]) if some else "empty"


def _quoted(text: str) -> str:
    """Text as a TOML string: JSON's escapes are TOML's, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
