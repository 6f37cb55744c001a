"""XML as a stream of events: no tree in memory, no entity, no document type, bounded depth, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.parsers import expat  # safe here: a document type is refused, and with it every entity

from openverdict.errors import InputError

_ANEW = "open it in the program that made it and save it anew"


class Walk:
    """What a reader of one kind of part derives from: `start`, `end` and `text` are called in the order of the part.

    Names come as (namespace, local name), attributes by local name. `depth` is that of the element being read.
    """

    depth = 0

    def start(self, space: str, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, space: str, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """Characters between two marks; a long run may come in several calls."""


def walk(part: str, data: Iterable[bytes], reader: Walk, nesting: int) -> None:
    """Read a part.

    Raises:
        InputError: not well-formed, a document type, or nested beyond the limit.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        reader.depth += 1
        if reader.depth > nesting:
            raise InputError(f"is nested more than {nesting} deep in {part}; {_ANEW}")
        space, _, local = name.rpartition(" ")
        reader.start(space, local, {k.rpartition(" ")[2]: v for k, v in attributes.items()})

    def end(name: str) -> None:
        space, _, local = name.rpartition(" ")
        reader.end(space, local)
        reader.depth -= 1

    def refuse(*_: object) -> None:
        raise InputError(f"declares a document type in {part}, as no DOCX does; {_ANEW}")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        for piece in data:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise InputError(f"is damaged in {part} (XML: {error}); {_ANEW}") from None
    except (ValueError, LookupError) as error:  # encodings that are named and unknown
        raise InputError(f"is damaged in {part} ({str(error)[:80]}); {_ANEW}") from None
