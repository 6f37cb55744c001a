"""What a document may cost: one table of limits, for the parsers, for the process they run in, and for the guide."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


def _at_most(most: int, says: str) -> Any:
    return field(default=most, metadata={"says": says})


@dataclass(frozen=True)
class Limits:
    """The most that one document may take. Bytes, seconds or a count, as the name says."""

    file_bytes: int = _at_most(64 * MIB, "the file itself")
    memory_bytes: int = _at_most(GIB, "address space of the process that parses (POSIX)")
    cpu_s: int = _at_most(60, "computing time of that process (POSIX)")
    wall_s: int = _at_most(120, "time from its start to its answer")
    answer_bytes: int = _at_most(64 * MIB, "its answer")
    characters: int = _at_most(5_000_000, "text")
    places: int = _at_most(100_000, "lines, paragraphs, cells or pages with text")
    suggestions: int = _at_most(20_000, "what its text suggests")
    pages: int = _at_most(2_000, "pages of a PDF")
    unpacked_bytes: int = _at_most(
        128 * MIB, "a DOCX once unpacked, and any one packed stream of a PDF"
    )
    ratio: int = _at_most(250, "times its packed size that a DOCX unpacks to, from 1 MiB on")
    entries: int = _at_most(2_000, "parts in a DOCX")
    nesting: int = _at_most(150, "XML or HTML elements, one inside the other")
    mail_parts: int = _at_most(200, "parts of an e-mail, attachments and theirs included")
    mail_nesting: int = _at_most(3, "e-mails, one attached to the other")
    header_bytes: int = _at_most(256 * KIB, "the headers of an e-mail")


LIMITS = Limits()


def plain(name: str, most: int) -> str:
    """A limit as people read it: `64 MiB`, `60 s`, `2,000`."""
    if name.endswith("_s"):
        return f"{most:,} s"
    if name.endswith("_bytes"):
        for unit, size in (("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
            if most >= size and most % size == 0:
                return f"{most // size:,} {unit}"
        return f"{most:,} bytes"
    return f"{most:,}"


def limits_table(limits: Limits = LIMITS) -> str:
    """The limits as a Markdown table, in the order of their declaration."""
    rows = [
        f"| `{f.name}` | {plain(f.name, getattr(limits, f.name))} | {f.metadata['says']} |"
        for f in fields(limits)
    ]
    return "\n".join(["| limit | at most | of |", "|---|---|---|", *rows])
