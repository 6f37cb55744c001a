"""Documents read as the parsing process reads them, in this one, and its answer checked as ever."""

from __future__ import annotations

import json
from dataclasses import replace

from openverdict.documents import LIMITS, Document, Limits
from openverdict.documents.answer import checked
from openverdict.documents.child import parse
from openverdict.documents.kinds import checked_kind


def read(name: str, data: bytes, limits: Limits = LIMITS) -> Document:
    """What `read_document_bytes` says, without its process."""
    kind = checked_kind(name, data)
    answer = json.dumps(parse(kind, data, limits), ensure_ascii=False).encode("utf-8", "replace")
    return checked(name, "0" * 64, len(data), kind, answer, limits)


def places(document: Document) -> list[tuple[str, str]]:
    """(where, what stands there), in order."""
    return [(p.where, document.text[p.start : p.end]) for p in document.places]


def with_limits(**most: int) -> Limits:
    return replace(LIMITS, **most)
