"""The append-only record and the audit log that proves it whole.

What comes in: typed events, one for every collection, alteration, consultation, disclosure, combination and erasure,
written in the same transaction as what they speak of. What goes out: a Merkle tree over their canonical bytes, signed
checkpoints of it, proofs, and an export that a single file verifies without this package. This room never updates or
deletes an event, and never puts a person's own words into one: those stand behind a salted commitment.
"""

from openverdict.ledger.canonical import canonical_bytes, decimal_text, parse_canonical
from openverdict.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_from_leaves,
    verify_consistency,
    verify_inclusion,
)

__all__ = [
    "EMPTY_ROOT",
    "Frontier",
    "canonical_bytes",
    "consistency_proof",
    "decimal_text",
    "inclusion_proof",
    "leaf_hash",
    "parse_canonical",
    "root_from_leaves",
    "verify_consistency",
    "verify_inclusion",
]
