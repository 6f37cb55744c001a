"""Where the words of a reviewed suggestion stand: in a case's narrative, or in a document; and since when that was known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from openverdict.cases import Register
from openverdict.cases.values import parse_time
from openverdict.documents import Document
from openverdict.errors import FieldError

Row = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Found:
    """`where` is how the source of a fact names the words; `known_from` is when they were known."""

    where: str
    known_from: datetime


class Texts:
    """The narratives of a register, and documents by the SHA-256 of their bytes."""

    def __init__(self, register: Register | None, documents: Mapping[str, Document]) -> None:
        self._documents = documents
        self._cells: dict[str, tuple[str | None, datetime | None]] | None = None
        if register is not None:
            rows = register.table.select("case_id", "narrative", "known_from").iter_rows()
            self._cells = {case: (text, known) for case, text, known in rows}

    @classmethod
    def of_cases(cls, cells: Mapping[str, tuple[str | None, datetime | None]]) -> Texts:
        """The narratives of some cases, each with the time from which it was known."""
        texts = cls(None, {})
        texts._cells = dict(cells)
        return texts

    def find(self, row: Row, moment: datetime) -> Found:
        """The words of a row; `moment` is the time of review.

        Raises:
            FieldError: the case is not in the register, the document is not there, or its words are not any more.
        """
        case_id = row["case_id"] or ""
        if self._cells is not None and case_id not in self._cells:
            raise FieldError("case_id", case_id, "is not in the register")
        document = self._document(row)
        if document is not None:
            start, end = _span(row, document.text, "document")
            where = f"document {document.sha256}, {document.where(start, end)}, characters {start}-{end}"
            return Found(where, _known_from(row.get("known_from"), moment))
        if self._cells is None:
            raise FieldError(
                "case_id", case_id, "is of a narrative; name the register that it stands in"
            )
        text, known_from = self._cells[case_id]
        start, end = _span(row, text or "", "narrative")
        return Found(f"narrative {start}-{end}", known_from or moment)

    def _document(self, row: Row) -> Document | None:
        digest = row.get("sha256")
        if not digest:
            return None
        if digest not in self._documents:
            reason = (
                "no file with the bytes that were read (the same SHA-256) is given; give that file"
            )
            raise FieldError("document", row.get("document") or "", reason)
        return self._documents[digest]


def _span(row: Row, text: str, what: str) -> tuple[int, int]:
    start, end = _whole("start", row["start"]), _whole("end", row["end"])
    words = row["text"] or ""
    if not words or text[start:end] != words or not 0 <= start < end:
        raise FieldError(
            "text",
            words,
            f"does not stand at {start}-{end} of the {what} any more; run `openverdict suggest` again",
        )
    return start, end


def _whole(name: str, text: str | None) -> int:
    if not text or not text.isdecimal():
        raise FieldError(name, text or "", "not a whole number")
    return int(text)


def _known_from(text: str | None, moment: datetime) -> datetime:
    """From when a document's facts were known: the day that its row names, else the time of review."""
    if not text or not text.strip():
        return moment
    known = parse_time("known_from", text)[0]
    if known > moment:
        raise FieldError("known_from", text, "is later than the review; correct one of the two")
    return known
