"""The small parts of a DOCX: what belongs to it, which styles hide text, and what it says of itself."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from openverdict.documents.xmlwalk import Walk

WORD = frozenset(
    [
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "http://purl.oclc.org/ooxml/wordprocessingml/main",
    ]
)
_OFF = frozenset(["0", "false", "off"])


def is_on(attributes: Mapping[str, str]) -> bool:
    """Whether a property that is on by its mere presence is on."""
    return attributes.get("val", "true") not in _OFF


class Types(Walk):
    """`[Content_Types].xml`: the types it names."""

    def __init__(self) -> None:
        self.types: set[str] = set()

    def start(self, space: str, name: str, attributes: Mapping[str, str]) -> None:
        """Keep the type of a part or an extension."""
        self.types.add(attributes.get("ContentType", "").lower())


class Relations(Walk):
    """A `.rels` part: (kind, part in lower case) of what is inside the file; the kinds of what is elsewhere."""

    def __init__(self, base: str) -> None:
        self._base = base
        self.inside: list[tuple[str, str]] = []
        self.elsewhere: list[str] = []

    def start(self, space: str, name: str, attributes: Mapping[str, str]) -> None:
        """Keep one relation."""
        if name != "Relationship":
            return
        kind = attributes.get("Type", "").rpartition("/")[2]
        if attributes.get("TargetMode") == "External":
            self.elsewhere.append(kind)
            return
        target = attributes.get("Target", "")
        path = target if target.startswith("/") else posixpath.join("/", self._base, target)
        self.inside.append((kind, posixpath.normpath(path).lstrip("/").lower()))


class Styles(Walk):
    """`styles.xml`: which styles hide the text that is set in them, by their own word or that of the style below."""

    def __init__(self) -> None:
        self._style = ""
        self._below: dict[str, str] = {}
        self._says: dict[str, bool] = {}
        self._found: dict[str, bool | None] = {}

    def start(self, space: str, name: str, attributes: Mapping[str, str]) -> None:
        """Keep what a style says of hiding."""
        if space not in WORD:
            return
        if name == "style":
            self._style = attributes.get("styleId", "")
        elif name == "basedOn":
            self._below[self._style] = attributes.get("val", "")
        elif name == "vanish" and self._style:
            self._says[self._style] = is_on(attributes)

    def hides(self, style: str) -> bool | None:
        """Whether a style hides its text; None when it doesn't say."""
        seen: list[str] = []
        while style and style not in self._found and style not in self._says:
            self._found[style] = None  # for a style that is based on itself
            seen.append(style)
            style = self._below.get(style, "")
        said = self._says.get(style, self._found.get(style))
        self._found.update(dict.fromkeys(seen, said))
        return said


class Properties(Walk):
    """`docProps/core.xml`: day of creation and of the last change, and by whom."""

    _NAMES: Mapping[str, str] = {
        "created": "created",
        "modified": "modified",
        "creator": "author",
        "lastModifiedBy": "last_changed_by",
        "title": "title",
    }

    def __init__(self) -> None:
        self.said: dict[str, str] = {}
        self._name: str | None = None

    def start(self, space: str, name: str, attributes: Mapping[str, str]) -> None:
        """A property begins."""
        self._name = self._NAMES.get(name)

    def end(self, space: str, name: str) -> None:
        """A property ends."""
        self._name = None

    def text(self, text: str) -> None:
        """Its value."""
        if self._name and len(self.said.get(self._name, "")) < 1_000:
            self.said[self._name] = self.said.get(self._name, "") + text
