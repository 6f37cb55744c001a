"""What stands on a page of a PDF beside its text: filled form fields, remarks, marks of redaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

DEPTH = 8  # forms within forms, fields within fields
_REMARKS = 2_000  # annotations of one page


def remarks(page: Any) -> Iterator[tuple[str, str]]:
    """Filled form fields and remarks of a page, each with the words for its place."""
    annotations = page.get("/Annots")
    annotations = annotations.get_object() if annotations is not None else None
    if not isinstance(annotations, list):
        return
    count = 0
    for each in annotations[:_REMARKS]:
        remark = dictionary(each)
        kind = remark.get("/Subtype")
        if kind == "/Widget":
            yield from _field(remark)
        elif kind == "/Redact":
            yield "redaction", ""
        elif kind not in ("/Link", "/Popup") and isinstance(remark.get("/Contents"), str):
            count += 1
            yield f"remark {count}", str(remark["/Contents"])


def _field(widget: Any) -> Iterator[tuple[str, str]]:
    """The value of a form field that is filled in and shown; a ticked box as a sign."""
    flags = widget.get("/F")
    if isinstance(flags, int) and flags & 0x22:  # hidden, or not to be viewed
        return
    names: list[str] = []
    found: dict[str, Any] = {}
    node = widget
    for _ in range(DEPTH):
        if isinstance(node.get("/T"), str):
            names.insert(0, str(node["/T"])[:80])
        for key in ("/FT", "/V"):
            if node.get(key) is not None:
                found.setdefault(key, node[key])
        node = dictionary(node.get("/Parent"))
        if not node:
            break
    where = f"form field {'.'.join(names) or 'without name'}"
    value = found.get("/V")
    if found.get("/FT") == "/Btn":
        if widget.get("/AS") not in (None, "/Off"):
            yield where, "☒"
    elif isinstance(value, str):
        yield where, str(value)
    elif isinstance(value, list):
        yield where, "; ".join(str(each)[:1_000] for each in value[:100])


def dictionary(value: Any) -> Any:
    """A value, or what it refers to, where that is a dictionary; an empty one otherwise."""
    value = value.get_object() if hasattr(value, "get_object") else value
    return value if isinstance(value, dict) else {}


def safely(read: Callable[[], Any], otherwise: Any) -> Any:
    """What a damaged corner of a file says, or what to assume where it can't be read."""
    try:
        return read()
    except (MemoryError, RecursionError):
        raise
    except Exception:  # the library raises many kinds on damaged input
        return otherwise
