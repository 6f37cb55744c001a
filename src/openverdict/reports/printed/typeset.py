"""An HTML report as PDF: tagged (PDF/UA-1), from the fonts of the typesetter alone, the same bytes from the same report.

Whatever a report says reaches the typesetter as data, never as its markup: nothing in a record can act as a command.
"""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from typing import Any

from openverdict.errors import MissingPartError
from openverdict.reports.printed.figures import palette
from openverdict.reports.printed.flow import flow
from openverdict.reports.printed.glyphs import shown
from openverdict.reports.printed.tree import Element, read_tree
from openverdict.reports.words import day_words


def pdf(html: str, *, printed_at: datetime | None = None) -> bytes:
    """One HTML report of this package as PDF.

    At the foot of each page stand the report's own lines (its `<meta name="foot">`: model, as-of, what it was read from), the
    SHA-256 of the HTML, by which whoever holds both can tell that they say the same, and the page.

    Args:
        html: a document that this package made, such as `render_report` gives.
        printed_at: when it is printed, for the foot; nothing is said, and no clock is read, without it.

    Raises:
        MissingPartError: the extra `pdf` is not installed.
    """
    typst = _typesetter()
    document = _document(html, printed_at)
    try:
        return _set(typst, document, plainly=False)
    except typst.TypstError:
        # In a word of several scripts the search for another font can fail. Then nothing is left to that search.
        return _set(typst, document, plainly=True)


def _set(typst: Any, document: dict[str, Any], *, plainly: bool) -> bytes:
    told = _seen(document, plainly)
    made: bytes = typst.compile(
        files("openverdict.reports.printed").joinpath("report.typ").read_bytes(),
        format="pdf",
        sys_inputs={"report": json.dumps(told, ensure_ascii=False)},
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
    )
    return made


def _seen(value: Any, plainly: bool) -> Any:
    """The same with every text made one that can be seen."""
    if isinstance(value, str):
        return shown(value, plainly=plainly)
    if isinstance(value, dict):
        return {key: _seen(each, plainly) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_seen(each, plainly) for each in value]
    return value


def check_pdf() -> None:
    """Refuse, before any work is done, what can't become a PDF here.

    Raises:
        MissingPartError: the extra `pdf` is not installed.
    """
    _typesetter()


def _typesetter() -> Any:
    try:
        import typst  # noqa: PLC0415 (there only for some)
    except ImportError:
        raise MissingPartError("the typesetter for PDF (typst)", "pdf") from None
    return typst


def _document(html: str, printed_at: datetime | None) -> dict[str, Any]:
    """What the typesetter reads."""
    tree = read_tree(html)
    body = tree.only("body")
    foot = [_content(meta) for meta in tree.all("meta") if meta.attributes.get("name") == "foot"]
    if printed_at is not None:
        foot.append(f"Printed {day_words(printed_at)}, {printed_at:%H:%M}")
    return {
        "title": tree.only("title").text(),
        "foot": foot,
        "sha256": sha256(html.encode()).hexdigest(),
        "simulated": any("simulated" in p.classes for p in body.all("p")),
        "colours": palette(),
        "body": flow(body),
    }


def _content(meta: Element) -> str:
    return " ".join(meta.attributes["content"].split())
