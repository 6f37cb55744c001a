"""What a view hands back: a page's data, another place to go to, or a file. And its forms: HTML, JSON, CSV of the same data."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from openverdict.web.forms import Filled

# A cell that begins so may be run as a formula by a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class GoneError(Exception):
    """There is nothing at this address (404). Says what, in one line."""


@dataclass
class Page:
    """A page. `data`: plain values, dataclasses, lists: all that the template, the JSON and the CSV are made from.

    crumbs: (label, address) between the start page and this one, where the route can't say them.
    filled: the form as it stands, where the page has one; the dispatcher fills it in after a refused POST.
    status: of the answer.
    template: instead of the route's own.
    csv: the list that is the CSV, where it is another than the route's; dots lead into parts of the data.
    renewed: hidden fields that a refused form takes from the page as it is now, and not from what was sent.
    """

    data: Any
    title: str = ""
    crumbs: tuple[tuple[str, str], ...] = ()
    filled: Filled | None = None
    status: int = 200
    layout: dict[str, Any] = field(default_factory=dict)  # for the template alone: never facts
    template: str = ""
    csv: str = ""
    renewed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Go:
    """Go on elsewhere, after an act that is done. `message`: what was done, shown there once."""

    to: str
    message: str = ""


@dataclass(frozen=True)
class Download:
    """A file. `name`: ASCII, without quotes."""

    content: bytes
    name: str
    kind: str = "application/octet-stream"


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def as_json(data: Any) -> bytes:
    """Data as JSON; not-a-number becomes null rather than something no parser reads."""
    return (
        json.dumps(_finite(plain(data)), ensure_ascii=False, indent=2, allow_nan=False).encode()
        + b"\n"
    )


def as_csv(data: Any, name: str) -> bytes:
    """One list of the data as CSV: a column a key, as they appear. UTF-8, with the mark that spreadsheets look for."""
    rows = plain(data)
    for part in name.split("."):
        rows = rows[part]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(_cell(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    text = str(value)
    risky = isinstance(value, str) and text.startswith(FORMULA)
    return f"'{text}" if risky else text


def _finite(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list) else value
