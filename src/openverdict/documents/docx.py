"""DOCX bytes to pieces: container, relations, then every part that holds text.

Read as a stream with the standard library alone, since what matters here (footnotes, text boxes, tracked changes, hidden
text, and limits before anything is unpacked) no reader of DOCX hands out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from openverdict.documents.container import Container
from openverdict.documents.docx_parts import Properties, Relations, Styles, Types
from openverdict.documents.docx_story import Story
from openverdict.documents.limits import Limits
from openverdict.documents.pieces import Pieces
from openverdict.documents.xmlwalk import Walk, walk
from openverdict.errors import InputError

_MACROS = ("vbaproject.bin", "vbadata.xml")
_SHOWN = 5  # places named in a note


def read_docx(data: bytes, pieces: Pieces) -> None:
    """Put the text of a DOCX: body, headers, footers, footnotes, endnotes, comments, in this order.

    Raises:
        InputError: no DOCX, damaged, encrypted, with macros, without text, or beyond the limits.
    """
    file = _File(Container(data, pieces.limits), pieces.limits)
    main = file.main()
    related = file.relations(main)
    styles = Styles()
    for part in related.get("styles", ())[:1]:
        if file.has(part):
            file.read(part, styles)
    body = Story(pieces, styles)
    file.read(main, body)
    stories = [body]
    for kind in ("header", "footer"):
        for number, part in enumerate(sorted(set(related.get(kind, ())), key=_in_order), start=1):
            story = Story(pieces, styles, f"{kind} {number}")
            stories.append(file.story(part, story, pieces))
    for kind in ("footnote", "endnote"):
        order = {key: n for n, key in enumerate(dict.fromkeys(body.references[kind]), start=1)}
        stories += [
            file.story(part, Story(pieces, styles, kind, order), pieces)
            for part in related.get(f"{kind}s", ())[:1]
        ]
    stories += [
        file.story(part, Story(pieces, styles, "comment"), pieces)
        for part in related.get("comments", ())[:1]
    ]
    for part in file.relations("").get("core-properties", ())[:1]:
        if file.has(part):
            told = Properties()
            file.read(part, told)
            for name, value in told.said.items():
                pieces.tell(name, value)
    _notes(stories, pieces)
    if pieces.is_blank:
        counts: Counter[str] = sum((story.counts for story in stories), Counter())
        raise InputError(_empty(counts))


class _File:
    """The parts of one DOCX."""

    def __init__(self, container: Container, limits: Limits) -> None:
        self._container, self._limits = container, limits

    def has(self, part: str) -> bool:
        return part in self._container.parts

    def read(self, part: str, reader: Walk) -> None:
        walk(part[:80], self._container.pieces(part), reader, self._limits.nesting)

    def story(self, part: str, story: Story, pieces: Pieces) -> Story:
        if self.has(part):
            self.read(part, story)
        else:
            pieces.note(f"its part {part!r} is named and not there; save it anew in Word")
        return story

    def main(self) -> str:
        """The part with the body.

        Raises:
            InputError: none, another kind of document, or macros.
        """
        types = Types()
        if not self.has("[content_types].xml"):
            raise InputError(
                "is a zip archive and no DOCX; name it what it is, or save it as .docx"
            )
        self.read("[content_types].xml", types)
        macros = any("macroenabled" in t for t in types.types) or any(
            part.endswith(_MACROS) for part in self._container.parts
        )
        if macros:
            raise InputError(
                "carries macros (DOCM); open it where macros are off and save it as .docx"
            )
        found = self.relations("").get("officeDocument", ())
        if not found:
            raise InputError("names no document in it and is damaged; save it anew in Word")
        if not any("wordprocessingml" in t for t in types.types):
            raise InputError(
                "is an Office file of another kind (workbook, slides); save its text as .docx or .pdf"
            )
        return found[0]

    def relations(self, part: str) -> Mapping[str, list[str]]:
        """The parts that a part names, by kind; nothing that lies elsewhere."""
        folder, _, name = part.rpartition("/")
        where = f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"
        found: dict[str, list[str]] = {}
        if self.has(where):
            reader = Relations(folder)
            self.read(where, reader)
            for kind, target in reader.inside:
                found.setdefault(kind, []).append(target)
        return found


def _in_order(part: str) -> tuple[int, str]:
    """`header2.xml` before `header10.xml`."""
    digits = "".join(c for c in part.rpartition("/")[2] if c.isascii() and c.isdigit())
    return int(digits[:9] or 0), part


def _notes(stories: list[Story], pieces: Pieces) -> None:
    counts: Counter[str] = sum((story.counts for story in stories), Counter())
    if counts["deletion"] or counts["insertion"]:
        pieces.note(
            f"holds tracked changes: {counts['deletion']:,} deleted or moved away and left out, {counts['insertion']:,} "
            "inserted and read as text; accept or reject them in Word to settle what it says"
        )
    if counts["hidden"]:
        found = [where for story in stories for where in story.hidden_at]
        more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
        pieces.note(
            f"holds {counts['hidden']:,} characters of hidden text, left out, in {'; '.join(found[:_SHOWN])}{more}; show "
            "them in Word (Font, Hidden) if they belong to it"
        )
    if counts["placeholder"]:
        pieces.note(f"{counts['placeholder']:,} empty fields of a form, whose prompts are left out")
    left_out = sum(story.notes_left_out for story in stories)
    if left_out:
        pieces.note(f"{left_out:,} footnotes or endnotes that its text does not refer to, left out")
    for what in ("picture", "diagram", "chart", "embedded object", "control", "embedded document",
                 "document that it points to"):  # fmt: skip
        if counts[what]:
            pieces.note(f"{counts[what]:,} × {what}: not read")


def _empty(counts: Counter[str]) -> str:
    if counts["picture"]:
        return "holds pictures and no text; recognise their characters (OCR), check the result, and save it with its text"
    if counts["hidden"] or counts["deletion"]:
        return "holds only hidden or deleted text; settle in Word what it says, and save it"
    return "holds no text; name the file that does"
