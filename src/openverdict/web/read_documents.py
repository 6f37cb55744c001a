"""A document that was read, as it waits beside its upload: its text with the places, and what rules suggest of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from openverdict.documents import LIMITS, Attachment, Document, Place, Unread, read_document
from openverdict.narrative import Assertion, Suggestion, suggest
from openverdict.narrative.from_documents import in_blocks
from openverdict.web import spool
from openverdict.web.spool import Upload

FILE = "document.json"


@dataclass(frozen=True)
class ReadDocument:
    """A document with what was suggested of it, by place."""

    document: Document
    suggestions: tuple[Suggestion, ...]


def read(upload: Upload) -> ReadDocument:
    """Read the document of an upload, in a process of its own, and let the rules read its text; kept beside the upload.

    Raises:
        InputError: it can't be read, and why; a scan, for one.
    """
    (path,) = upload.paths
    document = read_document(path)
    found = in_blocks(document.text, suggest, LIMITS.suggestions)
    found.sort(key=lambda each: (each.start, each.end))
    made = ReadDocument(document, tuple(dict.fromkeys(found)))
    told = {"document": asdict(document), "suggestions": [asdict(each) for each in found]}
    spool.write(upload.folder / FILE, json.dumps(told, ensure_ascii=False).encode())
    return made


def kept(upload: Upload) -> ReadDocument | None:
    """The document of an upload as it was read; None where it was not yet."""
    path: Path = upload.folder / FILE
    if not path.exists():
        return None
    told = json.loads(path.read_bytes())
    about = told["document"]
    document = Document(
        **{
            **about,
            "places": tuple(Place(**each) for each in about["places"]),
            "notes": tuple(about["notes"]),
            "unread": tuple(Unread(**each) for each in about["unread"]),
            "attachments": tuple(Attachment(**each) for each in about["attachments"]),
        }
    )
    suggestions = [
        Suggestion(**{**each, "assertion": Assertion(each["assertion"])})
        for each in told["suggestions"]
    ]
    return ReadDocument(document, tuple(dict.fromkeys(suggestions)))
