"""Pictures of a report for paper: the SVG of the page with its style inside, and the small bars of tables as rectangles."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from openverdict.reports.printed.tree import Element

_WORDS = ("title", "desc")


def picture(drawn: Element) -> str:
    """A drawing as one SVG document, styled as on a printed page; its words for those who don't see it stand elsewhere."""
    box = drawn.attributes["viewBox"]
    inner = "".join(_markup(child) for child in drawn.children)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{escape(box)}">'
        f"<style>{_rules()}</style>{inner}</svg>"
    )


def picture_words(drawn: Element) -> str:
    """What the drawing shows, in the words of its title and its description."""
    return ": ".join(told.text() for told in drawn.all(*_WORDS))


def bar(drawn: Element) -> dict[str, Any]:
    """A small drawing of lines and rectangles within a table, as its parts in hundredths of its size."""
    x0, y0, width, height = map(float, drawn.attributes["viewBox"].split())
    parts = []
    for part in drawn.elements():
        told = part.attributes
        if part.tag == "rect":
            x, y = float(told.get("x", 0)), float(told.get("y", 0))
            wide, high = float(told["width"]), float(told["height"])
        else:
            x, y = float(told["x1"]), float(told["y1"])
            wide, high = 0.0, float(told["y2"]) - y
        place = ((x - x0) / width, (y - y0) / height, wide / width, high / height)
        kind = told.get("class", "line")
        parts.append([kind, *(round(100 * each, 2) for each in place)])
    return {"is": "bar", "parts": parts}


@cache
def palette() -> dict[str, str]:
    """The colours of a printed page by their names."""
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", _file("paper.css")))


@cache
def _rules() -> str:
    """The rules for drawings, with the colours of paper in them and the type left to the typesetter."""
    rules = re.sub(r"var\(--([a-z-]+)\)", lambda name: palette()[name[1]], _file("figures.css"))
    rules = re.sub(r"font: (\d+px)/1 [^;]+;", r"font-size: \1;", rules)
    return escape(rules, quote=False)


def _file(name: str) -> str:
    return files("openverdict.reports").joinpath("templates", name).read_text(encoding="utf-8")


def _markup(part: Element | str) -> str:
    if isinstance(part, str):
        return escape(" ".join(part.split()))
    if part.tag in _WORDS:
        return ""
    told = "".join(f' {name}="{escape(value)}"' for name, value in part.attributes.items())
    return f"<{part.tag}{told}>{''.join(map(_markup, part.children))}</{part.tag}>"
