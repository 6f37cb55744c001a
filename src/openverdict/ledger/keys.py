"""Ed25519 keys of the audit log and of its witnesses: made, kept, read, and used on the text of a note.

Text forms are those of C2SP signed-note and of Go's sumdb/note, so that other tools read them: a verifier key (vkey) is
`<name>+<key id>+<base64(kind || public key)>`, a signing key `PRIVATE+KEY+<name>+<key id>+<base64(kind || seed)>`. The key
id is the first four bytes of SHA-256(name || 0x0A || kind || public key). Kind 0x01 signs the text itself; kind 0x04 is a
witness's cosignature with a time (C2SP tlog-cosignature). Sources: https://c2sp.org/signed-note, https://c2sp.org/tlog-cosignature.
"""

from __future__ import annotations

import os
import stat
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from pathlib import Path

from openverdict.errors import InputError, MissingPartError

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )
except ImportError as error:  # pragma: no cover - the tests have it
    raise MissingPartError("The library that signs checkpoints", "store") from error

ENVIRONMENT = "OPENVERDICT_SIGNING_KEY"
KEY_BYTES = 32
SIGNATURE_BYTES = 64
_PRIVATE = "PRIVATE+KEY+"


class KeyKind(IntEnum):
    """What a signature of this key says; its number is the signature type of C2SP signed-note."""

    LOG = 1  # Ed25519 over the text of the note
    WITNESS = 4  # Ed25519 over a time and the text: "at this time this was the newest I had seen"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line of a note: who, which key, and the bytes (64; for a witness 8 bytes of time before them)."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a key, with its name. `str(key)` is its vkey."""

    name: str
    public: bytes
    kind: KeyKind = KeyKind.LOG

    def __post_init__(self) -> None:
        if not self.name or "+" in self.name or any(c.isspace() or c < "!" for c in self.name):
            raise InputError(f"key name {self.name!r}: give one without spaces and plus signs")
        if len(self.public) != KEY_BYTES:
            raise InputError(f"key {self.name}: an Ed25519 public key has 32 bytes")

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart; no more than a hint."""
        head = self.name.encode() + b"\n" + bytes([self.kind])
        return sha256(head + self.public).digest()[:4]

    def __str__(self) -> str:
        material = b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"

    @classmethod
    def parse(cls, vkey: str) -> VerifierKey:
        """Read a vkey; its key id has to fit. Raises InputError."""
        name, key_id, kind, public = _parts(vkey.strip(), "verifier key")
        key = cls(name, public, kind)
        if key.key_id.hex() != key_id:
            raise InputError(
                f"verifier key {name}: its id should be {key.key_id.hex()}; copy it anew"
            )
        return key

    def made(self, signature: Signature) -> bool:
        """Whether the signature line names this key (nothing is verified yet)."""
        return (signature.name, signature.key_id) == (self.name, self.key_id)

    def verifies(self, text: str, signature: Signature) -> bool:
        """Whether this key signed `text`."""
        message, value = text.encode(), signature.value
        if self.kind is KeyKind.WITNESS:
            message, value = _cosigned(message, value[:8]), value[8:]
        if len(value) != SIGNATURE_BYTES:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """A private key with its name. Shows only its public half when printed; `secret_text` is what is kept."""

    name: str
    seed: bytes
    kind: KeyKind = KeyKind.LOG

    def __post_init__(self) -> None:
        if len(self.seed) != KEY_BYTES:
            raise InputError(f"key {self.name}: the seed of an Ed25519 key has 32 bytes")
        self.verifier()  # checks the name

    def __repr__(self) -> str:
        return f"SigningKey({self.verifier()})"

    @classmethod
    def generate(cls, name: str, kind: KeyKind = KeyKind.LOG) -> SigningKey:
        """A new key from the system's randomness. A log's key carries the origin of the log as its name."""
        return cls(name, os.urandom(KEY_BYTES), kind)

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """Read the text form. Raises InputError, without ever repeating the text."""
        text = text.strip()
        if not text.startswith(_PRIVATE):
            raise InputError(f"signing key: the text does not begin with {_PRIVATE}; generate one")
        name, key_id, kind, seed = _parts(text.removeprefix(_PRIVATE), "signing key")
        key = cls(name, seed, kind)
        if key.verifier().key_id.hex() != key_id:
            raise InputError(f"signing key {name}: its id does not fit; restore it from its backup")
        return key

    def secret_text(self) -> str:
        """The text form that is kept in a file or the environment. Whoever has it can sign."""
        material = b64encode(bytes([self.kind]) + self.seed).decode()
        return f"{_PRIVATE}{self.name}+{self.verifier().key_id.hex()}+{material}"

    def verifier(self) -> VerifierKey:
        """The public half."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(self.name, public, self.kind)

    def sign(self, text: str, at: int | None = None) -> Signature:
        """Sign the text of a note. A witness gives `at`, seconds since 1970; a log gives none."""
        message, before = text.encode(), b""
        if (at is None) != (self.kind is KeyKind.LOG):
            raise InputError(f"key {self.name}: only a witness signs with a time, and always does")
        if at is not None:
            before = at.to_bytes(8, "big")
            message = _cosigned(message, before)
        value = Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)
        return Signature(self.name, self.verifier().key_id, before + value)


def write_signing_key(path: Path, key: SigningKey) -> None:
    """Write the key into a new file that only its owner can read (mode 0600), whole or not at all. Never overwrites."""
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(key.secret_text() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)  # another process that reads the name never finds half a key
    except FileExistsError:
        raise InputError(
            f"{path} exists; a key is never overwritten, choose another name"
        ) from None
    finally:
        Path(part).unlink()


def load_signing_key(path: Path | None, environment: Mapping[str, str]) -> SigningKey:
    """The signing key from the variable OPENVERDICT_SIGNING_KEY, or else from a file that nobody else can read.

    Raises InputError when there is neither, or when the file's mode lets its group or others in.
    """
    if text := environment.get(ENVIRONMENT):
        return SigningKey.parse(text)
    if path is None:
        raise InputError(f"no signing key: set {ENVIRONMENT}, or name a key file")
    try:
        with path.open(encoding="utf-8") as file:
            about = os.fstat(
                file.fileno()
            )  # of the file that is read, whatever the name means later
            if not stat.S_ISREG(about.st_mode):
                raise InputError(f"{path}: not a plain file; name the file that holds the key")
            if os.name == "posix" and stat.S_IMODE(about.st_mode) & 0o077:
                mode = stat.S_IMODE(about.st_mode)
                raise InputError(
                    f"{path}: mode {mode:04o} lets others read the key; chmod 600 {path}"
                )
            return SigningKey.parse(file.read(4096))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise InputError(f"{path}: {reason}; name a readable key file") from None


def strict_b64decode(text: str) -> bytes:
    """Standard base64 in its one canonical spelling; raises ValueError for any other."""
    data = b64decode(text, validate=True)
    if b64encode(data).decode() != text:
        raise ValueError("not in canonical base64")
    return data


def _cosigned(text: bytes, time: bytes) -> bytes:
    return b"cosignature/v1\ntime %d\n" % int.from_bytes(time, "big") + text


def _parts(text: str, what: str) -> tuple[str, str, KeyKind, bytes]:
    name, _, rest = text.partition("+")
    key_id, _, material = rest.partition("+")
    try:
        data = strict_b64decode(material)
        kind = KeyKind(data[0])
    except (ValueError, IndexError):
        raise InputError(
            f"{what}: not of the form <name>+<id>+<base64> with an Ed25519 key; copy it anew"
        ) from None
    return name, key_id, kind, data[1:]
