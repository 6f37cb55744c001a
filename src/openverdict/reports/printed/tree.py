"""An HTML document of this package as a tree: what a browser would see, and an error for what is not well formed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"meta", "br"})
# The standard library's parser writes names of attributes small; these two must be as SVG spells them.
_SPELT = {"viewbox": "viewBox", "preserveaspectratio": "preserveAspectRatio"}


@dataclass(slots=True)
class Element:
    """One element with its attributes and what stands in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    @property
    def classes(self) -> frozenset[str]:
        """The words of its attribute `class`."""
        return frozenset(self.attributes.get("class", "").split())

    def elements(self) -> list[Element]:
        """The elements directly in it."""
        return [child for child in self.children if isinstance(child, Element)]

    def all(self, *tags: str) -> Iterator[Element]:
        """Every element of these names in it, at any depth, in the order of the document."""
        for child in self.elements():
            if child.tag in tags:
                yield child
            yield from child.all(*tags)

    def only(self, tag: str) -> Element:
        """The first element of this name in it.

        Raises:
            ValueError: there is none.
        """
        for found in self.all(tag):
            return found
        raise ValueError(f"<{tag}> is missing in <{self.tag}>")

    def text(self) -> str:
        """All its text, with white space as a browser collapses it."""
        parts = (child if isinstance(child, str) else child.text() for child in self.children)
        return " ".join("".join(parts).split(None))


def read_tree(html: str) -> Element:
    """The tree of one document.

    Raises:
        ValueError: an element is closed out of turn, or never.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if len(reader.open) > 1:
        raise ValueError(f"<{reader.open[-1].tag}> is never closed")
    return reader.open[0]


class _Reader(HTMLParser):
    """What the standard library's parser tells, as a tree."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("document")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {_SPELT.get(name, name): value or "" for name, value in attrs})
        self.open[-1].children.append(made)
        if tag not in _VOID:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self.open[-1].tag != tag:
            raise ValueError(f"</{tag}> closes <{self.open[-1].tag}>")
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)
