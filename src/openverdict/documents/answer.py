"""What the parsing process answered, taken for nothing but what it is: every part is checked before it is used."""

from __future__ import annotations

import json
from typing import Any

from openverdict.documents.limits import Limits
from openverdict.documents.model import Attachment, Document, Place, Unread
from openverdict.documents.pieces import MOST, VALUE_LENGTH, clean, short
from openverdict.errors import InputError

_KEYS = {"text", "places", "metadata", "notes", "unread", "attachments"}
_BAD = "its reader gave an answer that is none; save it anew from the program that made it"


class _NoAnswerError(Exception):
    """Something in an answer is not what it has to be."""


def checked(
    name: str, sha256: str, size_bytes: int, kind: str, raw: bytes, limits: Limits
) -> Document:
    """The document that an answer describes.

    Raises:
        InputError: the document was refused, or the answer is not one.
    """
    try:
        answer = json.loads(raw.decode("utf-8"))
        if isinstance(answer, dict) and set(answer) == {"refused"}:
            refused = short(answer["refused"], 500)
        else:
            return _document(name, sha256, size_bytes, kind, answer, limits)
    except (ValueError, RecursionError, _NoAnswerError, TypeError):
        refused = _BAD
    raise InputError(f"{short(name, 200)}: {refused}")


def _document(
    name: str, sha256: str, size_bytes: int, kind: str, answer: Any, limits: Limits
) -> Document:
    _need(isinstance(answer, dict) and set(answer) == _KEYS)
    text = answer["text"]
    _need(isinstance(text, str) and 0 < len(text) <= limits.characters and clean(text) == text)
    return Document(
        name=name,
        sha256=sha256,
        size_bytes=size_bytes,
        kind=kind,
        text=text,
        places=_places(answer["places"], text, limits),
        metadata=_metadata(answer["metadata"]),
        notes=tuple(_line(note, 500) for note in _list(answer["notes"], MOST)),
        unread=tuple(
            Unread(_line(where, 500), _line(reason, 500))
            for where, reason in (_list(each, 2, 2) for each in _list(answer["unread"], MOST))
        ),
        attachments=tuple(
            _attachment(*_list(each, 4, 4))
            for each in _list(answer["attachments"], limits.mail_parts)
        ),
    )


def _places(found: Any, text: str, limits: Limits) -> tuple[Place, ...]:
    """Places in the order of the text, with nothing between them but white space."""
    places, at = [], 0
    for each in _list(found, limits.places):
        start, end, where = _list(each, 3, 3)
        _need(type(start) is int and type(end) is int and at <= start < end <= len(text))
        _need(not text[at:start].strip())
        places.append(Place(start, end, _line(where, 500)))
        at = end
    _need(bool(places) and at == len(text))
    return tuple(places)


def _metadata(found: Any) -> dict[str, str]:
    _need(isinstance(found, dict) and len(found) <= 20)
    for key in found:
        _need(isinstance(key, str) and key.isidentifier() and len(key) <= 40)
    return {key: _line(value, VALUE_LENGTH) for key, value in found.items()}


def _attachment(where: Any, sha256: Any, size_bytes: Any, is_read: Any) -> Attachment:
    _need(isinstance(sha256, str) and len(sha256) == 64 and set(sha256) <= set("0123456789abcdef"))
    _need(type(size_bytes) is int and size_bytes >= 0 and type(is_read) is bool)
    return Attachment(_line(where, 500), sha256, size_bytes, is_read)


def _list(value: Any, most: int, least: int = 0) -> list[Any]:
    _need(isinstance(value, list) and least <= len(value) <= most)
    return list(value)


def _line(value: Any, most: int) -> str:
    _need(isinstance(value, str) and len(value) <= most)
    return short(value, most)


def _need(holds: bool) -> None:
    if not holds:
        raise _NoAnswerError
