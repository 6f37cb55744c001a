"""Pieces: what the parsers of all formats fill, piece by piece, under the limits of text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from openverdict.documents.limits import Limits
from openverdict.errors import InputError

# Signs without a shape, and those that only turn the direction of what follows: nobody sees them, and they break words.
_UNSEEN = dict.fromkeys(
    [0x00AD, 0x200B, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F]
)
_PLAIN: dict[int, Any] = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " "),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
    **_UNSEEN,
    0x09: "\t",
    **dict.fromkeys((0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " "),
    **dict.fromkeys((0x0A, 0x0D, 0x85, 0x2028, 0x2029), "\n"),
}
_NEEDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u2000-\u200f\u2028-\u202f\u1680\u205f-\u206f\u3000\ud800-\udfff\ufeff]"
)
NAME_LENGTH, VALUE_LENGTH, WHERE_LENGTH, MOST = 80, 1_000, 300, 1_000


def clean(text: str) -> str:
    """Text without what has no shape: line ends as line feeds, control characters as blanks, half surrogates as U+FFFD."""
    if not _NEEDS.search(text):
        return text
    return text.replace("\r\n", "\n").translate(_PLAIN)


def short(text: object, most: int = NAME_LENGTH) -> str:
    """Words from a file as one line of bounded length, in which everything prints."""
    line = " ".join(clean(str(text)[: 4 * most]).split())
    line = "".join(c if c.isprintable() else " " for c in line)
    return line if len(line) <= most else f"{line[: most - 1]}…"


class TooMuchError(InputError):
    """There is more text than one document may give: a matter of the whole, whichever part brought it."""


class Pieces:
    """The text of a document as it grows, with the place of every piece and what has to be said beside it."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.metadata: dict[str, str] = {}
        self.notes: list[str] = []
        self.unread: list[tuple[str, str]] = []
        self.attachments: list[tuple[str, str, int, bool]] = []
        self.places: list[tuple[int, int, str]] = []
        self.prefix: list[str] = []
        self._begun = [0]
        self._parts: list[str] = []
        self._length = 0

    def add(self, where: str, text: str, separator: str = "\n") -> None:
        """Put a piece at the end, after a separator; blank pieces are passed over.

        Raises:
            InputError: there is more text, or there are more places, than the limits allow.
        """
        text = clean(text).strip()
        if not text:
            return
        if self.places:
            self._parts.append(separator)
            self._length += len(separator)
        start = self._length
        self._parts.append(text)
        self._length += len(text)
        self.places.append((start, self._length, self.at(where)))
        if self._length > self.limits.characters:
            raise TooMuchError(
                f"holds more than {self.limits.characters:,} characters of text; split it"
            )
        if len(self.places) > self.limits.places:
            raise TooMuchError(f"holds more than {self.limits.places:,} pieces of text; split it")

    def add_lines(self, where: str, lines: Sequence[str], joined: Sequence[str]) -> None:
        """Put lines, numbered from 1, each after the separator that stands before it in `joined`."""
        pending = "\n"
        for number, (line, before) in enumerate(zip(lines, joined, strict=True), start=1):
            pending = before if number > 1 and lines[number - 2].strip() else "\n"
            self.add(f"{where}{number}", line, pending)

    def at(self, where: str) -> str:
        """A place within the part that is being read."""
        return short(", ".join([*self.prefix, where] if where else self.prefix), WHERE_LENGTH)

    def note(self, said: str) -> None:
        """Say something of how the document, or the part that is being read, was read."""
        line = short(": ".join([", ".join(self.prefix), said] if self.prefix else [said]), 500)
        if line not in self.notes and len(self.notes) < MOST:
            self.notes.append(line)

    def leave(self, where: str, reason: str) -> None:
        """Name a part that gave no text; without a place, the one that is being read."""
        if len(self.unread) < MOST:
            self.unread.append((self.at(where), short(reason, 500)))

    def tell(self, name: str, value: object) -> None:
        """Keep what the document says of itself; of a part, nothing."""
        said = short(value, VALUE_LENGTH)
        if said and not self.prefix:
            self.metadata.setdefault(name, said)

    @contextmanager
    def within(self, where: str) -> Iterator[None]:
        """While a part is read, its name stands before every place and note, and `is_blank` is about it alone."""
        self.prefix.append(where)
        self._begun.append(len(self.places))
        try:
            yield
        finally:
            self.prefix.pop()
            self._begun.pop()

    @property
    def is_blank(self) -> bool:
        """Whether the document, or the part of it that is being read, has given no text so far."""
        return len(self.places) == self._begun[-1]

    @property
    def text(self) -> str:
        """All of it so far."""
        return "".join(self._parts)

    def answer(self) -> dict[str, Any]:
        """What the parsing process sends: see `answer.checked`."""
        return {
            "text": self.text,
            "places": self.places,
            "metadata": self.metadata,
            "notes": self.notes,
            "unread": self.unread,
            "attachments": self.attachments,
        }


def numbers(found: Sequence[int]) -> str:
    """Whole numbers in order as people write them: `2, 5–7`."""
    runs: list[list[int]] = []
    for number in found:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)
