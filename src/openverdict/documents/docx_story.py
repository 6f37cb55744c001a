"""The text of one part of a DOCX (its body, a header, the footnotes …), paragraph by paragraph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from openverdict.documents.docx_parts import WORD, Styles, is_on
from openverdict.documents.pieces import Pieces
from openverdict.documents.xmlwalk import Walk

# What these hold is not the text as it stands: deleted or moved away, a second drawing of the same for older programs, how
# something looked before, phonetic signs above a word.
_DELETED = frozenset(["del", "moveFrom"])
_OLDER = frozenset(
    ["rPrChange", "pPrChange", "tblPrChange", "trPrChange", "tcPrChange", "sectPrChange", "numberingChange", "tblGridChange"]
)  # fmt: skip
_INSERTED = frozenset(["ins", "moveTo"])
_NOTES = frozenset(["footnote", "endnote", "comment"])
_UNREAD = {
    "pic": "picture",
    "imagedata": "picture",
    "OLEObject": "embedded object",
    "control": "control",
    "altChunk": "embedded document",
    "subDoc": "document that it points to",
    "relIds": "diagram",
    "chart": "chart",
}
_BOXES = {"f0fe": "☒", "f0fd": "☒", "f0fc": "☑", "f0a8": "☐", "f06f": "☐", "f071": "☐"}
_MATHS = ("/officeDocument/2006/math", "/officeDocument/math")


@dataclass
class _Paragraph:
    number: int
    style: str = ""
    text: list[str] = field(default_factory=list)
    hidden: int = 0
    boxes: list[tuple[str, str]] = field(default_factory=list)  # what stands in text boxes at it


@dataclass
class _Run:
    style: str = ""
    hidden: bool | None = None
    text: list[str] = field(default_factory=list)


@dataclass
class _Frame:
    """Where paragraphs are numbered: the part, a table cell, a note, a text box."""

    where: str
    depth: int = 0
    paragraphs: int = 0
    tables: int = 0
    row: int = 0
    cell: int = 0
    is_table: bool = False
    last_cell: tuple[int, int] = (0, 0)


class Story(Walk):
    """Reads `w:document`, `w:hdr`, `w:footnotes` … into pieces.

    `where` begins every place, and is empty for the body. `only`: the notes to be read, with the number that each is shown
    under. `references` collects those that this part refers to.
    """

    def __init__(
        self, pieces: Pieces, styles: Styles, where: str = "", only: Mapping[str, int] | None = None
    ) -> None:
        self.references: dict[str, list[str]] = {"footnote": [], "endnote": []}
        self.counts: Counter[str] = Counter()
        self.hidden_at: list[str] = []
        self.notes_left_out = 0
        self._pieces, self._styles, self._only = pieces, styles, only
        self._frames = [_Frame(where)]
        self._paragraphs: list[_Paragraph] = []
        self._runs: list[_Run] = []
        self._skip = 0  # depth of the element whose content is passed over
        self._is_deletion = self._deletion_held_text = False
        self._inserting: list[bool] = []
        self._collects = False
        self._properties: list[str] = []
        self._placeholder: list[bool] = []
        self._box: bool | None = None  # of a form's tick box that is being read
        self._choices: list[str] | None = None  # likewise of a list to choose from
        self._chosen = 0
        self._text_boxes = 0

    def start(self, space: str, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins: structure first, then what a run holds."""
        if self._skip:
            if self._is_deletion and name in ("t", "delText"):
                self._deletion_held_text = True
            return
        if name in _UNREAD and not (name == "control" and space not in WORD):
            self.counts[_UNREAD[name]] += 1
        if name == "Fallback" or (
            space in WORD and (name in _OLDER or name in ("rt", "instrText"))
        ):
            self._skip = self.depth
        elif space in WORD:
            self._start_word(name, attributes)
        elif name == "t" and space.endswith(_MATHS):
            self._collects = True

    def _start_word(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in _DELETED:
            self._skip, self._is_deletion, self._deletion_held_text = self.depth, True, False
        elif name in _INSERTED:
            self._inserting.append(False)
        elif name in _NOTES:
            self._start_note(name, attributes)
        elif name in ("tbl", "tr", "tc", "txbxContent"):
            self._start_frame(name)
        elif name == "p":
            self._frames[-1].paragraphs += 1
            self._paragraphs.append(_Paragraph(self._frames[-1].paragraphs))
        elif name == "r":
            self._runs.append(_Run())
        elif name == "sdt":
            self._placeholder.append(False)
        elif name == "showingPlcHdr" and self._placeholder:
            self._placeholder[-1] = is_on(attributes)
        elif name == "sdtContent" and self._placeholder and self._placeholder[-1]:
            self._skip = self.depth
            self.counts["placeholder"] += 1
        elif name in ("rPr", "pPr"):
            self._properties.append(name)
        elif name in ("footnoteReference", "endnoteReference"):
            self.references[name.removesuffix("Reference")].append(attributes.get("id", ""))
        elif self._properties:
            self._property(name, attributes)
        else:
            self._content(name, attributes)

    def _start_note(self, name: str, attributes: Mapping[str, str]) -> None:
        """A footnote, an endnote or a comment; what separates notes from the text, and notes nobody refers to, are none."""
        identity = attributes.get("id", "")
        if attributes.get("type", "normal") != "normal":
            self._skip = self.depth
        elif self._only is not None and identity not in self._only:
            self._skip = self.depth
            self.notes_left_out += 1
        else:
            number = self._only[identity] if self._only is not None else self.counts[name] + 1
            self.counts[name] += 1
            self._frames.append(_Frame(f"{name} {number}", self.depth))

    def _start_frame(self, name: str) -> None:
        here = self._frames[-1]
        if name == "tbl":
            here.tables += 1
            where = _joined(here.where, f"table {here.tables}")
            self._frames.append(_Frame(where, self.depth, is_table=True))
        elif name == "tr" and here.is_table:
            here.row, here.cell = here.row + 1, 0
        elif name == "tc" and here.is_table:
            here.cell += 1
            where = f"{here.where}, row {here.row}, cell {here.cell}"
            self._frames.append(_Frame(where, self.depth))
        elif name == "txbxContent":
            self._text_boxes += 1
            at = self._place(self._paragraphs[-1]) if self._paragraphs else here.where
            where = f"text box {self._text_boxes}" + (f" at {at}" if at else "")
            self._frames.append(_Frame(where, self.depth))

    def _property(self, name: str, attributes: Mapping[str, str]) -> None:
        """Of a run or a paragraph; the properties of a paragraph's mark say nothing of its text."""
        if name == "pStyle" and self._paragraphs:
            self._paragraphs[-1].style = attributes.get("val", "")
        elif self._runs and "pPr" not in self._properties:
            if name == "rStyle":
                self._runs[-1].style = attributes.get("val", "")
            elif name == "vanish":
                self._runs[-1].hidden = is_on(attributes)

    def _content(self, name: str, attributes: Mapping[str, str]) -> None:
        """What a run shows."""
        if name == "t":
            self._collects = True
        elif name in ("tab", "ptab"):
            self._put("\t")
        elif name in ("br", "cr"):
            self._put("\n")
        elif name == "noBreakHyphen":
            self._put("-")
        elif name == "sym":
            self._put(_BOXES.get(attributes.get("char", "").lower(), " "))
        elif name == "checkBox":
            self._box = False
        elif name == "ddList":
            self._choices, self._chosen = [], 0
        elif self._box is not None and name in ("default", "checked"):
            self._box = is_on(attributes)
        elif self._choices is not None:
            self._choice(name, attributes.get("val", ""))

    def _choice(self, name: str, value: str) -> None:
        """An entry of a form's list, or which of them was chosen; the one by default stands before the one chosen."""
        if name == "listEntry" and self._choices is not None and len(self._choices) < 1_000:
            self._choices.append(value)
        elif name in ("default", "result") and value.isascii() and value.isdecimal():
            self._chosen = int(value[:6])

    def _put(self, text: str) -> None:
        if self._runs:
            self._runs[-1].text.append(text)
        elif self._paragraphs:
            self._paragraphs[-1].text.append(text)
        if self._inserting:
            self._inserting[-1] = True

    def text(self, text: str) -> None:
        """Characters; those between marks are layout of the file, not text."""
        if self._collects and not self._skip:
            self._put(text)

    def end(self, space: str, name: str) -> None:
        """An element ends."""
        if self._skip:
            if self.depth == self._skip:
                self._skip = 0
                self.counts["deletion"] += self._is_deletion and self._deletion_held_text
                self._is_deletion = False
            return
        if name == "t":
            self._collects = False
        if space not in WORD:
            return
        if name in _INSERTED and self._inserting:
            self.counts["insertion"] += self._inserting.pop()
        elif name in ("rPr", "pPr") and self._properties:
            self._properties.pop()
        elif name == "checkBox" and self._box is not None:
            self._put("☒" if self._box else "☐")
            self._box = None
        elif name == "ddList" and self._choices is not None:
            self._put("".join(self._choices[self._chosen : self._chosen + 1]))
            self._choices = None
        elif name == "r" and self._runs:
            self._end_run(self._runs.pop())
        elif name == "p" and self._paragraphs:
            self._end_paragraph(self._paragraphs.pop())
        elif name == "sdt" and self._placeholder:
            self._placeholder.pop()
        elif self._frames[-1].depth == self.depth:
            self._frames.pop()

    def _end_run(self, run: _Run) -> None:
        text = "".join(run.text)
        if not self._paragraphs:
            return
        paragraph = self._paragraphs[-1]
        said = (run.hidden, self._styles.hides(run.style), self._styles.hides(paragraph.style))
        if next((each for each in said if each is not None), False):
            paragraph.hidden += len(text.strip())
        else:
            paragraph.text.append(text)

    def _end_paragraph(self, paragraph: _Paragraph) -> None:
        """Put a paragraph, then what stands in text boxes at it."""
        where, text = self._place(paragraph), "".join(paragraph.text)
        if paragraph.hidden:
            self.counts["hidden"] += paragraph.hidden
            self.hidden_at.append(where)
        if self._paragraphs:  # it stands in a text box at another paragraph
            self._paragraphs[-1].boxes += [(where, text), *paragraph.boxes]
            return
        if text.strip():
            self._pieces.add(where, text, self._before())
        for place, said in paragraph.boxes:
            self._pieces.add(place, said)
            self._row_ends()

    def _before(self) -> str:
        """What stands before a paragraph: a tab between the cells of one row, a line end otherwise."""
        table = next((frame for frame in reversed(self._frames) if frame.is_table), None)
        before, at = (0, 0), (0, 0)
        if table is not None:
            before, at = table.last_cell, (table.row, table.cell)
            self._row_ends()
            table.last_cell = at
        return "\t" if before[0] == at[0] and before[1] != at[1] else "\n"

    def _row_ends(self) -> None:
        """What comes next stands on a line of its own."""
        for frame in self._frames:
            frame.last_cell = (0, 0)

    def _place(self, paragraph: _Paragraph) -> str:
        frame = self._frames[-1]
        if frame.where and paragraph.number == 1:
            return frame.where
        return _joined(frame.where, f"paragraph {paragraph.number}")


def _joined(where: str, more: str) -> str:
    return f"{where}, {more}" if where else more
