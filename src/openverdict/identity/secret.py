"""The secret file, and what stands for names, numbers and records once they leave this room: keyed hashes.

A hash without a secret would not do: names are few, and whoever hashes them all reads them back. The secret is 32 bytes from
the system's randomness in a file that its owner alone can read; with the same file the same record has the same key, in every
run and in every office that shares it. Keyed by HMAC-SHA256 (RFC 2104), each use under a label of its own.
"""

from __future__ import annotations

import hmac
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from openverdict.errors import InputError

BYTES = 32
KEY_DIGITS = 16  # of a key that people see: 64 bits, one collision in a million records has odds of 1 : 37 million


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """What keys are made with. Shows nothing of itself."""

    value: bytes

    def __repr__(self) -> str:
        return f"Secret({self.fingerprint})"

    @property
    def fingerprint(self) -> str:
        """Tells secrets apart and gives nothing away."""
        return self.keyed("fingerprint", "")

    def keyed(self, label: str, *parts: str, digits: int = KEY_DIGITS) -> str:
        """A key for some text, hexadecimal; under another label, or parted otherwise, the same text has another key."""
        message = "\x1f".join((label, *parts)).encode()
        return hmac.digest(self.value, message, "sha256").hex()[:digits]


def make_secret(path: Path) -> Secret:
    """A new secret in a new file, for its owner alone.

    Raises:
        InputError: something stands there already, or it cannot be written.
    """
    text = os.urandom(BYTES).hex()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InputError(
            f"{path}: is there already; name a new file: with another secret the same person has another key"
        ) from None
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror}); name another file"
        ) from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text + "\n")
    return Secret(bytes.fromhex(text))


def read_secret(path: Path) -> Secret:
    """The secret in a file that nobody else can read.

    Raises:
        InputError: no such file, others can read it, or it holds no secret. The text is never repeated.
    """
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file; make one with: openverdict identity secret {path}"
        ) from None
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); name a file that you may read"
        ) from None
    with os.fdopen(handle, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if os.name == "posix" and stat.S_ISREG(mode) and mode & 0o077:
            raise InputError(f"{path}: others can read it; run: chmod 600 {path}")
        text = file.read(4 * BYTES)
    try:
        value = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        value = b""
    if len(value) != BYTES:
        raise InputError(f"{path}: holds no secret of {BYTES} bytes; restore it from its backup")
    return Secret(value)
