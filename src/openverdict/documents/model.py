"""Document: the text of a file, and where every piece of it stood."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """`text[start:end]` stood at `where`: `page 3`, `table 1, row 2, cell 1`, `attachment 2 (letter.pdf), page 1`."""

    start: int
    end: int
    where: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A part that is there and gave no text (a scanned page, an attachment of another kind), and why."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with an e-mail: where it stood, the SHA-256 and the number of its bytes, and whether it was read."""

    where: str
    sha256: str
    size_bytes: int
    is_read: bool


@dataclass(frozen=True)
class Document:
    """What a file said.

    `sha256` is that of its bytes as they were read. Offsets are characters of `text`; `places` are in its order, do not
    overlap, and leave out nothing but the separators between them. `metadata` (dates, sender, pages …) is what the file says
    of itself, unchecked, and no part of the text. `notes` say how it was read; `unread` what of it was not.
    """

    name: str
    sha256: str
    size_bytes: int
    kind: str
    text: str
    places: tuple[Place, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    def where(self, start: int, end: int) -> str:
        """Where the characters from `start` to `end` (excluded) stood; `… to …` when they run over several places."""
        starts = [place.start for place in self.places]
        first = max(0, bisect_right(starts, start) - 1)
        last = max(first, bisect_right(starts, max(start, end - 1)) - 1)
        if not self.places:
            return ""
        one, other = self.places[first].where, self.places[last].where
        return one if one == other else f"{one} to {other}"
