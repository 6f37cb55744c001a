"""EML bytes to pieces: subject, body and attachments; sender and date are what the message says of itself, not its text."""

from __future__ import annotations

import email
import hashlib
import re
from collections.abc import Callable, Mapping
from email import policy
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from typing import Any

from openverdict.documents.kinds import checked_kind, named_kind, refusal
from openverdict.documents.limits import Limits, plain
from openverdict.documents.markup import read_html
from openverdict.documents.pieces import Pieces, TooMuchError, short
from openverdict.documents.texts import decoded, put_lines
from openverdict.errors import InputError

Reader = Callable[[bytes, Pieces], None]
_TOLD = {"date": "sent", "from": "from", "to": "to", "cc": "cc", "message-id": "message_id"}
_OWN = (*_TOLD, "subject", "received", "return-path", "delivered-to")
_TYPES = {
    "text/plain": "txt",
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}
_SIGNATURES = (
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
)
_SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted")
_CUT_OFF = (
    "StartBoundaryNotFoundDefect",
    "CloseBoundaryNotFoundDefect",
    "NoBoundaryInMultipartDefect",
)
_HEADER_END = re.compile(rb"\r?\n\r?\n|\r\r")
_LONGEST = 10_000  # characters of a header that are decoded
_SAVE = "save the parts that matter as files"


class _Counter:
    """Makes the parts of a message, and stops at one too many before they are parsed."""

    def __init__(self, limits: Limits) -> None:
        self._limits, self._made = limits, 0

    def __call__(self, *args: Any, **options: Any) -> Message:
        self._made += 1
        if self._made > self._limits.mail_parts:
            raise InputError(f"holds more than {self._limits.mail_parts:,} parts; {_SAVE}")
        return Message(*args, **options)


def read_mail(data: bytes, pieces: Pieces, readers: Mapping[str, Reader]) -> None:
    """Put the text of an e-mail: its subject, its body, and the attachments that one of `readers` reads.

    Raises:
        InputError: no e-mail, encrypted, without text, or beyond the limits.
    """
    _Mail(pieces, readers).read(_parsed(data, pieces.limits))
    if pieces.is_blank:
        if pieces.unread:
            where, reason = pieces.unread[0]
            raise InputError(f"holds no text that can be read; {where}: {reason}")
        raise InputError("holds no text; name the file that does")


def _parsed(data: bytes, limits: Limits) -> Message:
    if data.startswith(b"From "):
        raise InputError("is a mailbox of messages; export the one that matters as .eml")
    if b"\0" in data:
        raise InputError("holds a NUL byte and is no e-mail; save it anew as .eml")
    end = _HEADER_END.search(data, 0, limits.header_bytes + 4)
    if end is None and len(data) > limits.header_bytes:
        most = plain("header_bytes", limits.header_bytes)
        raise InputError(f"has more than {most} of headers; save it anew as .eml")
    made = policy.compat32.clone(message_factory=_Counter(limits))
    try:
        message: Message = email.message_from_bytes(data, policy=made)
    except RecursionError:
        raise InputError(f"is nested too deeply; {_SAVE}") from None
    if not any(name in message for name in _OWN):
        raise InputError("has no header of an e-mail; save the message whole, as .eml")
    return message


class _Mail:
    """One e-mail on its way into the pieces; `depth` is how many e-mails it is attached to, one within the other."""

    def __init__(self, pieces: Pieces, readers: Mapping[str, Reader], depth: int = 0) -> None:
        self._pieces, self._readers, self._depth = pieces, readers, depth
        self._attached = self._bodies = self._pictures = 0

    def read(self, message: Message) -> None:
        """What it says of itself, its subject, its parts.

        Raises:
            InputError: it is encrypted, or beyond the limits.
        """
        for name, key in _TOLD.items():
            self._pieces.tell(key, _header(message, name))
        if self._depth and (sent := _header(message, "date")):
            self._pieces.note(f"sent {short(sent)}, as it says itself")
        self._pieces.add("subject", _header(message, "subject"))
        self._walk(message)
        if self._pictures:
            self._pieces.note(f"{self._pictures:,} × picture in its body: not read")
        if any(type(d).__name__ in _CUT_OFF for part in message.walk() for d in part.defects):
            self._pieces.note("the end of a part of it is missing; it may have been cut off")

    def _walk(self, part: Message) -> None:
        kind = part.get_content_type()
        if kind == "multipart/encrypted" or (kind in _SEALED and _is_sealed(part)):
            raise InputError(
                "is encrypted; open it in the mail program and save a copy that is not"
            )
        if kind == "message/rfc822":
            self._message(part)
        elif part.is_multipart():
            inner = [each for each in part.get_payload() if isinstance(each, Message)]
            for each in _alternative(inner) if kind == "multipart/alternative" else inner:
                self._walk(each)
        elif kind in _SIGNATURES:
            self._pieces.note("is signed; the signature was not checked")
        elif self._is_body(part, kind):
            self._body(part, kind)
        elif kind.startswith("image/") and part.get_content_disposition() != "attachment":
            self._pictures += 1
        else:
            self._attachment(part, kind)

    def _is_body(self, part: Message, kind: str) -> bool:
        is_named = part.get_content_disposition() == "attachment" or _file_name(part)
        return kind in ("text/plain", "text/html") and not is_named

    def _body(self, part: Message, kind: str) -> None:
        self._bodies += 1
        where = "body" if self._bodies == 1 else f"body {self._bodies}"
        text = self._text(part)
        if kind == "text/html":
            read_html(text, self._pieces, f"{where}, paragraph ")
        else:
            flowed = str(part.get_param("format", "")).lower() == "flowed"
            put_lines(text, self._pieces, f"{where}, line ", flowed=flowed)

    def _text(self, part: Message) -> str:
        data = _bytes(part)
        charset = str(part.get_content_charset("") or "")[:40]
        if charset not in ("", "us-ascii", "utf-8"):
            try:
                return data.decode(charset)
            except (LookupError, ValueError):
                self._pieces.note(f"names the encoding {charset!r}, which does not fit its bytes")
        return decoded(data, self._pieces)

    def _message(self, part: Message) -> None:
        """An e-mail that is attached to this one."""
        self._attached += 1
        where = f"attachment {self._attached} (e-mail)"
        inner = part.get_payload()
        message = inner[0] if isinstance(inner, list) and inner else None
        if not isinstance(message, Message):
            self._pieces.leave(where, f"is damaged; {_SAVE}")
            return
        if self._depth + 1 >= self._pieces.limits.mail_nesting:
            most = self._pieces.limits.mail_nesting
            self._pieces.leave(
                where, f"is one of more than {most} e-mails within each other; {_SAVE}"
            )
            return
        with self._pieces.within(where):
            _Mail(self._pieces, self._readers, self._depth + 1).read(message)

    def _attachment(self, part: Message, kind: str) -> None:
        """A file: read, if it is of a kind that is, and named in any case, with the hash of its bytes."""
        self._attached += 1
        if len(self._pieces.attachments) >= self._pieces.limits.mail_parts:
            raise TooMuchError(
                f"holds more than {self._pieces.limits.mail_parts:,} attachments; {_SAVE}"
            )
        name = _file_name(part)
        where = f"attachment {self._attached}" + (f" ({short(name)})" if name else "")
        data = _bytes(part)
        digest = hashlib.sha256(data).hexdigest()
        pieces = self._pieces
        with pieces.within(where):
            try:
                said = named_kind(name) or _TYPES.get(kind)
                if said is None:
                    what = f"is of the type {kind[:60]!r}, which is not read"
                    raise InputError(refusal(name) if name else what)
                said = checked_kind(name, data, said)
                if said == "eml":
                    _nested(data, pieces, self._readers, self._depth)
                else:
                    self._readers[said](data, pieces)
            except TooMuchError:
                raise
            except InputError as error:
                pieces.leave("", str(error) if pieces.is_blank else f"read in part only: {error}")
            is_read = not pieces.is_blank
        pieces.attachments.append((pieces.at(where), digest, len(data), is_read))


def _nested(data: bytes, pieces: Pieces, readers: Mapping[str, Reader], depth: int) -> None:
    if depth + 1 >= pieces.limits.mail_nesting:
        raise InputError(
            f"is one of more than {pieces.limits.mail_nesting} e-mails within each other; {_SAVE}"
        )
    _Mail(pieces, readers, depth + 1).read(_parsed(data, pieces.limits))


def _alternative(parts: list[Message]) -> list[Message]:
    """Of several forms of one body: the plain one unless it is blank, else the one that comes last, as senders order them."""
    for part in parts:
        if part.get_content_type() == "text/plain" and _bytes(part).strip():
            return [part]
    readable = [p for p in parts if p.get_content_type() == "text/html" or p.is_multipart()]
    return (readable or parts)[-1:]


def _is_sealed(part: Message) -> bool:
    return str(part.get_param("smime-type", "enveloped-data")).lower() != "signed-data"


def _bytes(part: Message) -> bytes:
    """The bytes of a part, whatever its transfer encoding; empty for what has none."""
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        data = None
    return data if isinstance(data, bytes) else b""


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        return "unnamed"
    return _decoded(str(name)).replace("\\", "/").rpartition("/")[2]


def _header(message: Message, name: str) -> str:
    try:
        value = message.get(name)
    except (ValueError, LookupError):
        return ""
    return "" if value is None else _decoded(str(value))


def _decoded(value: str) -> str:
    """The words of a header, those in encoded form decoded."""
    value = value[:_LONGEST].replace("\r", " ").replace("\n", " ")
    if "=?" not in value:
        return value
    try:
        found = decode_header(value)
    except (HeaderParseError, ValueError, LookupError):
        return value
    words = []
    for said, charset in found:
        if isinstance(said, str):
            words.append(said)
            continue
        try:
            words.append(said.decode(charset or "latin-1", "replace"))
        except (LookupError, ValueError):
            words.append(said.decode("latin-1"))
    return "".join(words)
