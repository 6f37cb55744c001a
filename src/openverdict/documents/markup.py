"""The text of an HTML body of an e-mail, paragraph by paragraph; nothing is rendered, run or fetched."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from openverdict.documents.pieces import Pieces
from openverdict.errors import InputError

_SILENT = frozenset(
    [
        "script",
        "style",
        "head",
        "title",
        "template",
        "noscript",
        "object",
        "svg",
        "iframe",
        "select",
    ]
)
_BLOCKS = frozenset(
    [
        "p", "div", "br", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr",
        "dt", "dd", "dl", "section", "article", "header", "footer", "address", "form", "center", "body",
    ]
)  # fmt: skip
_EMPTY = frozenset(
    ["br", "hr", "img", "input", "meta", "link", "col", "base", "area", "wbr", "source", "embed", "param", "track"]
)  # fmt: skip
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE
)


class _Reader(HTMLParser):
    """Blocks of text; `hidden` counts the characters of what is not shown."""

    def __init__(self, nesting: int) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[str] = []
        self.hidden = self.pictures = 0
        self._nesting = nesting
        self._open: list[
            tuple[str, bool]
        ] = []  # elements that are open, and whether each is passed over
        self._silent = 0
        self._parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A line of its own for blocks, a tab between cells."""
        if tag in _BLOCKS:
            self.close_block()
        elif tag in ("td", "th"):
            self._parts.append("\t")
        self.pictures += tag == "img"
        if tag in _EMPTY:
            return
        said = dict(attrs)
        is_passed = (
            tag in _SILENT
            or "hidden" in said
            or bool(_HIDDEN.search((said.get("style") or "")[:5_000]))
        )
        self._open.append((tag, is_passed))
        self._silent += is_passed
        if len(self._open) > self._nesting:
            raise InputError(f"is nested more than {self._nesting} deep in its HTML; save its text")

    def handle_endtag(self, tag: str) -> None:
        """Close the element, and those left open in it."""
        if tag in _BLOCKS:
            self.close_block()
        if tag in [name for name, _ in self._open]:
            while self._open:
                name, is_passed = self._open.pop()
                self._silent -= is_passed
                if name == tag:
                    break

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """`<br/>` is `<br>`; what else closes itself holds nothing."""
        if tag in _BLOCKS:
            self.close_block()
        self.pictures += tag == "img"

    def handle_data(self, data: str) -> None:
        """Words, but for those that are not shown."""
        if not self._silent:
            self._parts.append(data)
        elif not any(name in _SILENT for name, _ in self._open):
            self.hidden += len(data.strip())

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """`<![…]>` of an unknown kind is no text, as in a browser; the parser of the library would give up on it."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.rawdata.find(">", i) + 1 or -1

    def close_block(self) -> None:
        """What was gathered is a block; white space in it is as wide as one blank."""
        cells = "".join(self._parts).split("\t")
        self._parts = []
        text = "\t".join(" ".join(cell.split()) for cell in cells).strip()
        if text:
            self.blocks.append(text)


def read_html(text: str, pieces: Pieces, where: str) -> None:
    """Put the blocks of a text in HTML.

    Raises:
        InputError: nested beyond the limit, or too much text.
    """
    reader = _Reader(pieces.limits.nesting)
    try:
        reader.feed(text.replace("\t", " "))
        reader.close()
    except AssertionError:  # what the parser of the library says where it can't go on
        pieces.note("its HTML is damaged; what stands after the damage was not read")
    reader.close_block()
    for number, block in enumerate(reader.blocks, start=1):
        pieces.add(f"{where}{number}", block)
    if reader.hidden:
        pieces.note(f"{reader.hidden:,} characters of its HTML are not shown, and left out")
    if reader.pictures:
        pieces.note(f"{reader.pictures:,} × picture in its HTML: not read, not fetched")
