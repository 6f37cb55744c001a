"""Documents to text: TXT, DOCX, PDF with a text layer, and e-mails with attachments of these kinds.

What comes in: a file or bytes that nobody has reason to trust. What goes out: a `Document`, with the SHA-256 of its bytes,
its text, and where each piece of that text stood (page, paragraph, table cell, line, attachment); or one line that says why
there is none. Bytes are parsed in a process of their own, under limits. This room executes, renders, fetches and stores
nothing, and it makes no fact: what a text suggests is the business of `narrative`.
"""

from openverdict.documents.gather import Named, gather, is_document, read_index
from openverdict.documents.limits import LIMITS, Limits
from openverdict.documents.model import Attachment, Document, Place, Unread
from openverdict.documents.read import file_hash, read_document, read_document_bytes

__all__ = [
    "LIMITS",
    "Attachment",
    "Document",
    "Limits",
    "Named",
    "Place",
    "Unread",
    "file_hash",
    "gather",
    "is_document",
    "read_document",
    "read_document_bytes",
    "read_index",
]
