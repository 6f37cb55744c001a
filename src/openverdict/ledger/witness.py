"""Witnessing: somebody outside keeps a checkpoint, and asks that every later one continues it.

Whoever has the older checkpoint can check a newer one with the proof of consistency between them (`export.consistency_text`)
and nothing else: no entry is needed, and so nothing of anybody's record. The stand-alone verifier does the same without
this package.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from openverdict.errors import InputError, RecordError
from openverdict.ledger.keys import VerifierKey
from openverdict.ledger.merkle import HASH_BYTES, verify_consistency
from openverdict.ledger.note import Checkpoint, Note, open_checkpoint

MOST_HASHES = 64  # a proof between any two logs that can be written has no more


def continues(
    old: str, new: str, proof: str | None, keys: Sequence[VerifierKey]
) -> tuple[Checkpoint, Checkpoint]:
    """Both checkpoints, if the newer one continues the older.

    Args:
        old: the note that was kept.
        new: the note that was given now.
        proof: the proof between them; none is needed when nothing was appended.
        keys: of the log. Without any, signatures are not looked at.

    Raises:
        InputError: one of them can't be read, or the proof is missing or between other sizes.
        RecordError: a signature does not hold, or the newer log does not continue the older one.
    """
    before, after = _open(old, keys), _open(new, keys)
    if before.origin != after.origin:
        raise RecordError(
            f"two logs: {before.origin} and {after.origin}; compare checkpoints of one log"
        )
    if after.size < before.size:
        raise RecordError(
            f"the newer checkpoint has {after.size} entries, the older one {before.size}: "
            "the end of the log was cut off, or an older copy was put back"
        )
    hashes: tuple[bytes, ...] = ()
    if after.size != before.size:
        hashes = _read(proof, before.size, after.size)
    if not verify_consistency(before.size, after.size, before.root, after.root, hashes):
        raise RecordError(
            "the newer log does not continue the older one: among its first "
            f"{before.size} entries some were changed"
        )
    return before, after


def _read(proof: str | None, old: int, new: int) -> tuple[bytes, ...]:
    mend = "export the newer checkpoint with --since and the older one"
    if proof is None:
        raise InputError(f"the proof from {old} to {new} entries is missing; {mend}")
    try:
        said = json.loads(proof)
        sizes = (said["old"], said["new"])
        hashes = tuple(bytes.fromhex(text) for text in said["hashes"])
    except (ValueError, KeyError, TypeError):
        raise InputError(f"the proof can't be read; {mend}") from None
    if len(hashes) > MOST_HASHES or any(len(value) != HASH_BYTES for value in hashes):
        raise InputError(f"the proof can't be read; {mend}")
    if sizes != (old, new):
        raise InputError(
            f"the proof is from {sizes[0]} to {sizes[1]} entries, not from {old} to {new}; {mend}"
        )
    return hashes


def _open(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    if keys:
        return open_checkpoint(note, keys)[0]
    return Checkpoint.parse(Note.parse(note).text)
