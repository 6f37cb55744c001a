"""An HTML document of this package as what a typesetter needs: headings, paragraphs, lists, tables, figures, as plain data.

Only what our templates use is known; anything else is an error, so that nothing drops out of a report on its way to paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from openverdict.reports.printed.figures import bar, picture, picture_words
from openverdict.reports.printed.tree import Element
from openverdict.reports.printed.widths import column_widths

Block = dict[str, Any]
Inline = str | dict[str, Any]

_LEVELS = {"h2": 1, "h3": 2, "h4": 3, "h5": 4, "summary": 4}
_INLINE = {"strong": "strong", "em": "em", "q": "quote", "code": "id"}
_SPAN = ("id", "quiet", "big", "words", "missing", "number")
_PLAIN = ("main", "header", "section", "article", "div", "details")  # they hold blocks
_BAR = "▇" * 14
_SPACE = re.compile(r"[ \t\n\r\f]+")


def flow(body: Element) -> list[Block]:
    """The blocks of a document's body, in its order."""
    anchors = frozenset(
        heading.attributes["id"] for heading in body.all(*_LEVELS) if "id" in heading.attributes
    )
    return list(_blocks(body, anchors))


def _blocks(within: Element, anchors: frozenset[str]) -> Iterable[Block]:
    for child in within.children:
        if isinstance(child, str):
            if child.strip():
                raise ValueError(f"text that stands in no paragraph: {child.strip()[:40]!r}")
            continue
        yield from _block(child, anchors)


def _block(element: Element, anchors: frozenset[str]) -> Iterable[Block]:
    tag, classes = element.tag, element.classes
    if tag == "nav" or "skip" in classes:
        if tag == "nav":
            yield {"is": "contents"}
    elif tag in _LEVELS:
        told = {"is": "heading", "level": _LEVELS[tag], "text": _inline(element, anchors)}
        yield told | {"anchor": element.attributes.get("id", "")}
    elif tag == "h1":
        yield {"is": "title", "text": _inline(element, anchors)}
    elif tag == "p":
        yield {"is": "p", "class": _first(classes), "text": _inline(element, anchors)}
    elif tag in ("ul", "ol"):
        items = [_inline(item, anchors) for item in element.elements()]
        yield {"is": "list", "items": items}
    elif tag == "dl":
        yield _pairs(element, anchors)
    elif tag == "table":
        yield _table(element, anchors)
    elif tag == "figure":
        yield _figure(element, anchors)
    elif "columns" in classes:
        parts = [list(_blocks(part, anchors)) for part in element.elements()]
        yield {"is": "columns", "parts": parts}
    elif tag == "footer":
        yield {"is": "foot", "blocks": list(_blocks(element, anchors))}
    elif tag in _PLAIN:
        if "lead" in classes and "alone" not in classes:
            yield {"is": "page"}
        elif "page" in classes:
            yield {"is": "section"}
        yield from _blocks(element, anchors)
    else:
        raise ValueError(f"<{tag}> is not known on paper")


def _pairs(element: Element, anchors: frozenset[str]) -> Block:
    """A list of terms: figures on cards, or words and their meanings."""
    if "figures" in element.classes:
        cards = []
        for card in element.elements():
            label, told = card.only("dt"), card.only("dd")
            lines = [
                {"big": "big" in line.classes, "text": _inline(line, anchors)}
                for line in told.elements()
            ]
            cards.append({"label": _inline(label, anchors), "lines": lines})
        return {"is": "cards", "cards": cards}
    terms = [_inline(each, anchors) for each in element.elements() if each.tag == "dt"]
    meanings = [_inline(each, anchors) for each in element.elements() if each.tag == "dd"]
    return {"is": "terms", "terms": list(zip(terms, meanings, strict=True))}


def _table(element: Element, anchors: frozenset[str]) -> Block:
    head, *more = element.only("thead").all("tr")
    if more:
        raise ValueError("a table on paper has one row of heads")
    lines = list(element.only("tbody").all("tr"))
    rows = [line.elements() for line in lines]
    texts = [[_room(cell) for cell in row] for row in (head.elements(), *rows)]
    return {
        "is": "table",
        "caption": _inline(element.only("caption"), anchors),
        "widths": column_widths(texts),
        "head": [_inline(cell, anchors) for cell in head.elements()],
        "rows": [[_cell(cell, anchors) for cell in row] for row in rows],
        "blank": any("blank" in line.classes for line in lines),
    }


def _room(cell: Element) -> str:
    """A text as long as what stands in a cell; a bar takes the room of a word."""
    return cell.text() + " " + _BAR * any(cell.all("svg"))


def _cell(cell: Element, anchors: frozenset[str]) -> Block:
    told: Block = {"text": _inline(cell, anchors)}
    if cell.tag == "th":
        told["head"] = True
    for name in ("missing", "id"):
        if name in cell.classes:
            told["text"] = [{"is": name, "text": told["text"]}]
    return told


def _figure(element: Element, anchors: frozenset[str]) -> Block:
    drawn = element.only("svg")
    return {
        "is": "figure",
        "svg": picture(drawn),
        "alt": picture_words(drawn),
        "caption": _inline(element.only("figcaption"), anchors),
    }


def _inline(element: Element, anchors: frozenset[str]) -> list[Inline]:
    """What stands in a paragraph or a cell, with white space as a browser collapses it."""
    runs = list(_runs(element, anchors))
    _collapse(runs)
    return [run for run in runs if run != ""]


def _runs(element: Element, anchors: frozenset[str]) -> Iterable[Inline]:
    for child in element.children:
        if isinstance(child, str):
            yield _SPACE.sub(" ", child)
        elif child.tag == "br":
            yield "\n"
        elif child.tag == "svg":
            yield bar(child)
        elif child.tag == "a":
            target = child.attributes["href"].removeprefix("#")
            kind = "link" if target in anchors else "words"
            yield {"is": kind, "to": target, "text": list(_runs(child, anchors))}
        elif child.tag in _INLINE:
            yield {"is": _INLINE[child.tag], "text": list(_runs(child, anchors))}
        elif child.tag == "span":
            kinds = [name for name in _SPAN if name in child.classes]
            yield {"is": kinds[0] if kinds else "words", "text": list(_runs(child, anchors))}
        else:
            raise ValueError(f"<{child.tag}> is not known within a line")


def _collapse(runs: list[Inline]) -> None:
    """One space where several meet, none at the ends or beside a break."""
    leaves = list(_leaves(runs))
    before = ""
    for at, (holder, place) in enumerate(leaves):
        text = str(holder[place])
        if text.startswith(" ") and (not before or before[-1:] in " \n"):
            text = text[1:]
        if at + 1 < len(leaves) and leaves[at + 1][0][leaves[at + 1][1]] == "\n":
            text = text.rstrip(" ")
        holder[place] = text
        before = text or before
    while leaves:
        holder, place = leaves.pop()
        text = str(holder[place]).rstrip(" ")
        holder[place] = text
        if text:
            break


def _leaves(runs: list[Inline]) -> Iterable[tuple[list[Inline], int]]:
    """Every text within runs, as the list that holds it and its place there."""
    for place, run in enumerate(runs):
        if isinstance(run, str):
            yield runs, place
        elif "text" in run:
            yield from _leaves(run["text"])


def _first(classes: frozenset[str]) -> str:
    """The class of a paragraph by which it is set."""
    for name in ("simulated", "note", "lede", "quiet", "id"):
        if name in classes:
            return "small" if name == "simulated" and "small" in classes else name
    return ""
