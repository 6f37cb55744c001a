"""The suggestions of documents: read one by one, each row with the document's hash and the place where its words stand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from openverdict.cases.values import parse_time
from openverdict.documents import LIMITS, Document, Limits, Named, read_document
from openverdict.errors import InputError
from openverdict.narrative.suggest import suggest
from openverdict.narrative.suggestion import Suggestion
from openverdict.narrative.table import SUGGESTIONS_SCHEMA, suggestion_row
from openverdict.toxicology.outputs import readable_csv

# What of which document was not read, and why; `place` is empty for a whole document.
REFUSED_DOCUMENTS_SCHEMA: dict[str, pl.DataType] = dict.fromkeys(
    ("file", "case_id", "sha256", "place", "reason"), pl.String()
)
# One row a document that was read.
DOCUMENTS_SCHEMA: dict[str, pl.DataType] = {
    "file": pl.String(),
    "case_id": pl.String(),
    "sha256": pl.String(),
    "kind": pl.String(),
    "size_bytes": pl.Int64(),
    "characters": pl.Int64(),
    "suggestions": pl.Int64(),
    "metadata": pl.String(),
    "attachments": pl.String(),
    "notes": pl.String(),
}
JOIN = " | "  # between the notes of a document in one cell
BLOCK = 5_000  # characters that rules read at once
_FORMULA = tuple("=+-@＝＋－＠'")


@dataclass(frozen=True)
class FromDocuments:
    """`suggestions` in `SUGGESTIONS_SCHEMA`, `documents` in `DOCUMENTS_SCHEMA`, `refused` in `REFUSED_DOCUMENTS_SCHEMA`."""

    suggestions: pl.DataFrame
    documents: pl.DataFrame
    refused: pl.DataFrame

    def write(self, rejects: Path, documents: Path) -> None:
        """What was not read, and how the rest was read, as two tables that open in a spreadsheet; an empty one is left out."""
        for table, path in ((self.refused, rejects), (self.documents, documents)):
            if table.height:
                part = path.with_name(f".{path.name}.part")
                part.write_bytes(readable_csv(table))
                part.replace(path)


def suggest_documents(
    named: Sequence[Named],
    strays: Sequence[Path] = (),
    read: Callable[[str], list[Suggestion]] = suggest,
    progress: Callable[[str, float], None] | None = None,
    limits: Limits = LIMITS,
) -> FromDocuments:
    """What documents suggest about their cases. A document that can't be read is refused, and the others are read.

    Args:
        named: the documents, each with its case.
        strays: documents whose case nobody named; they are refused.
        read: what reads a text.
        progress: told (step, share done).
        limits: what one document may cost.

    Raises:
        EngineError: no process could be started to read a document in.
    """
    rows: list[tuple[object, ...]] = []
    told: list[tuple[object, ...]] = []
    refused: list[tuple[str, str, str, str, str]] = []
    seen: dict[tuple[str, str], str] = {}
    for number, each in enumerate(named):
        if progress:
            progress("documents", number / len(named))
        try:
            known = _known_from(each)
            document = read_document(each.path, limits)
        except InputError as error:
            refused.append((_plain(each.path.name), each.case_id, "", "", str(error)))
            continue
        name, digest = _plain(document.name), document.sha256
        if (digest, each.case_id) in seen:
            reason = f"holds the same bytes as {seen[digest, each.case_id]}, which was read for this case"
            refused.append((name, each.case_id, digest, "", reason))
            continue
        seen[digest, each.case_id] = name
        try:
            found = in_blocks(document.text, read, limits.suggestions)
        except InputError as error:
            refused.append((name, each.case_id, digest, "", f"{document.name}: {error}"))
            continue
        rows += [
            suggestion_row(each.case_id, document.text, s, document, name, known) for s in found
        ]
        told.append(_account(each.case_id, name, document, len(found)))
        refused += [(name, each.case_id, digest, u.where, u.reason) for u in document.unread]
    reason = "no case is named for it; name it with --case, or in an index"
    refused += [(_plain(path.name), "", "", "", f"{path.name}: {reason}") for path in strays]
    return FromDocuments(
        pl.DataFrame(rows, schema=SUGGESTIONS_SCHEMA, orient="row"),
        pl.DataFrame(told, schema=DOCUMENTS_SCHEMA, orient="row"),
        pl.DataFrame(refused, schema=REFUSED_DOCUMENTS_SCHEMA, orient="row"),
    )


def in_blocks(text: str, read: Callable[[str], list[Suggestion]], most: int) -> list[Suggestion]:
    """What a long text suggests, read block by block, since the time that rules take grows with the square of a text.

    A block ends at a line's end, as every sentence does; within a line that is longer than a block, at a sentence's end.

    Raises:
        InputError: there are more suggestions than `most`.
    """
    found: list[Suggestion] = []
    start = 0
    while start < len(text):
        end = _block_end(text, start)
        found += [
            replace(s, start=s.start + start, end=s.end + start) for s in read(text[start:end])
        ]
        if len(found) > most:
            raise InputError(f"suggests more than {most:,} things; split it")
        start = end
    return found


def _block_end(text: str, start: int) -> int:
    """Where a block that begins at `start` ends."""
    limit = start + BLOCK
    if limit >= len(text):
        return len(text)
    for mark in ("\n", ". ", " "):
        at = text.rfind(mark, start, limit)
        if at > start:
            return at + len(mark)
    return limit


def _known_from(each: Named) -> str | None:
    """The day on which a document was known, as text that was looked at.

    Raises:
        InputError: it is none.
    """
    if not each.known_from:
        return None
    try:
        parse_time("known_from", each.known_from)
    except InputError as error:
        raise InputError(f"{each.path.name}: {error}") from None
    return each.known_from


def _account(case_id: str, name: str, document: Document, suggestions: int) -> tuple[object, ...]:
    attached = [f"{a.where}: SHA-256 {a.sha256}" for a in document.attachments]
    return (
        name, case_id, document.sha256, document.kind, document.size_bytes, len(document.text), suggestions,
        json.dumps(dict(document.metadata), ensure_ascii=False), JOIN.join(attached), JOIN.join(document.notes),
    )  # fmt: skip


def _plain(name: str) -> str:
    """A file's name that no spreadsheet takes for a formula: `./=x.pdf` is the same file as `=x.pdf`."""
    return f"./{name}" if name.lstrip().startswith(_FORMULA) else name
