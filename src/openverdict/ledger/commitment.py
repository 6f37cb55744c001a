"""Personal content outside the log, and what stands in its place: a salted commitment that can outlive it.

    commitment = SHA-256(salt || canonical bytes of the value), salt: 32 random bytes

The event holds the commitment; salt and value are kept beside the log and can be erased. Without the salt nobody can try out
what the value may have been, however few values are possible; with salt and value everybody can check that this is what the
event speaks of. So erasing both leaves every proof as it was.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from openverdict.errors import InputError
from openverdict.ledger.canonical import canonical_bytes

SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a commitment: its salt and the value (a text, or anything that has a canonical form)."""

    salt: bytes
    value: Any

    @property
    def commitment(self) -> str:
        """The commitment in hexadecimal, as it stands in an event."""
        return commitment(self.salt, self.value)

    def opens(self, committed: str) -> bool:
        """Whether this is what `committed` speaks of."""
        return self.commitment == committed


def commit(value: Any, salt: bytes | None = None) -> Opening:
    """An opening for `value` with a fresh salt (or the given one); put its `commitment` into the event and keep the opening."""
    return Opening(os.urandom(SALT_BYTES) if salt is None else salt, value)


def commitment(salt: bytes, value: Any) -> str:
    """SHA-256(salt || canonical bytes of value), in hexadecimal."""
    if len(salt) != SALT_BYTES:
        raise InputError(f"commitment: a salt has {SALT_BYTES} bytes; draw it with commit()")
    return sha256(salt + canonical_bytes(value)).hexdigest()
