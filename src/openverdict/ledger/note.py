"""Signed notes and checkpoints: the head of the log in a text that anybody can keep, compare and verify.

A *note* is a text, an empty line, and signature lines `— <name> <base64(key id || signature)>` (https://c2sp.org/signed-note).
A *checkpoint* is a note whose text is the origin of the log, the number of its entries, its Merkle root in base64, and possibly
further lines (https://c2sp.org/tlog-checkpoint). Signatures by keys one does not know are kept and ignored: that lets a log
change its key, and witnesses add theirs.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from openverdict.errors import InputError, RecordError
from openverdict.ledger.keys import (
    KeyKind,
    Signature,
    SigningKey,
    VerifierKey,
    load_signing_key,
    strict_b64decode,
    write_signing_key,
)
from openverdict.ledger.merkle import HASH_BYTES

__all__ = [
    "Checkpoint",
    "KeyKind",
    "Note",
    "Signature",
    "SigningKey",
    "VerifierKey",
    "load_signing_key",
    "open_checkpoint",
    "read_keys",
    "sign_checkpoint",
    "write_signing_key",
]

# A note with more is not of ours; the specification asks that at least sixteen signatures be read.
MOST_BYTES = 1_000_000
MOST_SIGNATURES = 100
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signatures. `str(note)` is the whole note."""

    text: str
    signatures: tuple[Signature, ...] = ()

    def __str__(self) -> str:
        lines = (f"— {s.name} {b64encode(s.key_id + s.value).decode()}\n" for s in self.signatures)
        return f"{self.text}\n{''.join(lines)}"

    @classmethod
    def parse(cls, data: bytes | str) -> Note:
        """Read a note; nothing is verified. Raises InputError for what is not one."""
        raw = data.encode() if isinstance(data, str) else data
        if len(raw) > MOST_BYTES:
            raise InputError("note: longer than a million bytes; this is another file")
        try:
            whole = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise InputError("note: not UTF-8; copy it anew, byte for byte") from None
        if any(c < " " and c != "\n" for c in whole):
            raise InputError("note: holds control characters; copy it anew, byte for byte")
        text, gap, lines = whole.rpartition("\n\n")
        if not gap or not lines.endswith("\n"):
            raise InputError("note: no signature lines after an empty line; copy the whole note")
        signatures = tuple(map(_signature, lines.removesuffix("\n").split("\n")))
        if len(signatures) > MOST_SIGNATURES:
            raise InputError(f"note: more than {MOST_SIGNATURES} signatures; this is another file")
        return cls(text + "\n", signatures)

    def signed_by(self, *keys: SigningKey, at: int | None = None) -> Note:
        """This note with a signature of each key added; one by the same key is replaced. `at`: the time of a witness."""
        added = tuple(key.sign(self.text, at) for key in keys)
        made = {(s.name, s.key_id) for s in added}
        kept = tuple(s for s in self.signatures if (s.name, s.key_id) not in made)
        return replace(self, signatures=kept + added)

    def verify(self, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
        """The known keys that signed this note. Raises RecordError when a known key's signature is false, or none is known."""
        found = []
        for key in keys:
            for signature in filter(key.made, self.signatures):
                if not key.verifies(self.text, signature):
                    raise RecordError(
                        f"note: the signature of {key.name} ({key.key_id.hex()}) does not hold; the text was changed"
                    )
                found.append(key)
        if not found:
            names = ", ".join(sorted({s.name for s in self.signatures}))
            raise RecordError(
                f"note: signed by no known key (by {names}); give the key of this log"
            )
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: whose it is, how many entries it had, and the root over them (32 bytes)."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        lines = (self.origin, *self.extensions)
        if any(not line or any(c < " " for c in line) for line in lines):
            raise InputError("checkpoint: origin and further lines are single lines and not empty")
        if self.size < 0 or len(self.root) != HASH_BYTES:
            raise InputError("checkpoint: needs a size of 0 or more and a root of 32 bytes")

    @property
    def text(self) -> str:
        """The text that is signed."""
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a checkpoint in its one spelling. Raises InputError."""
        lines = text.split("\n")
        if len(lines) < 4 or not _SIZE.fullmatch(lines[1]):
            raise InputError("checkpoint: the second line is not a number of entries; copy it anew")
        try:
            root = strict_b64decode(lines[2])
        except ValueError:
            raise InputError("checkpoint: the third line is not base64; copy it anew") from None
        checkpoint = cls(lines[0], int(lines[1]), root, tuple(lines[3:-1]))
        if checkpoint.text != text:
            raise InputError("checkpoint: not in the form of C2SP tlog-checkpoint; copy it anew")
        return checkpoint


def sign_checkpoint(checkpoint: Checkpoint, *keys: SigningKey) -> Note:
    """The checkpoint as a note signed by the given keys: one, or the old and the new one where the key changes."""
    if not keys:
        raise InputError("checkpoint: no key to sign it with; name one")
    return Note(checkpoint.text).signed_by(*keys)


def open_checkpoint(
    data: bytes | str, keys: Sequence[VerifierKey], origin: str | None = None
) -> tuple[Checkpoint, tuple[VerifierKey, ...]]:
    """Read and verify a checkpoint: what it says, and which of the known keys signed it.

    Raises InputError when it can't be read, RecordError when its signatures don't hold, no known *log* key signed it, or it is
    of another log than `origin`.
    """
    note = Note.parse(data)
    checkpoint = Checkpoint.parse(note.text)
    signers = note.verify(keys)
    if not any(key.kind is KeyKind.LOG for key in signers):
        raise RecordError("checkpoint: signed by witnesses only; give the key of this log")
    if origin is not None and checkpoint.origin != origin:
        raise RecordError(
            f"checkpoint: of the log {checkpoint.origin}, not of {origin}; give one of this log"
        )
    return checkpoint, signers


def read_keys(text: str) -> tuple[VerifierKey, ...]:
    """Verifier keys from a text with one vkey a line; empty lines and lines that begin with # are passed over."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(VerifierKey.parse(line) for line in lines if line and not line.startswith("#"))


def _signature(line: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    try:
        data = strict_b64decode(encoded)
    except ValueError:
        data = b""
    if dash != "—" or not name or "+" in name or len(data) <= 4:
        raise InputError(f"note: {line!r} is not a signature line; copy the whole note")
    return Signature(name, data[:4], data[4:])
