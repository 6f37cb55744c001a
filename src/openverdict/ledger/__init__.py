"""The append-only record and the audit log that proves it whole.

What comes in: typed events, one for every collection, alteration, consultation, disclosure, combination and erasure,
written in the same transaction as what they speak of. What goes out: a Merkle tree over their canonical bytes, signed
checkpoints of it, proofs, and an export that a single file verifies without this package. This room never updates or
deletes an event, and never puts a person's own words into one: those stand behind a salted commitment.

What is named here needs no database. What needs one (the extra `store`) is imported when first asked for:

    store = open_store("cases.db", create=True)          # or postgresql://user@host/database
    collect(store, read_register("register.csv"), actor="a.clerk", purpose="death_review")
    read_store(store, AsOf(known=date(2014, 8, 28)))     # an Intake: the register as the store has it
    with store.writing("a.reader", "death_review") as w: # the writers' lock, one transaction
        w.record(Assigned, [row, ...], subject_kind="pair", subject="A|B", to="a.reader")
    store.rows(Fact).filter(case_id="A")                 # Django's query sets; models in ledger.models
    verify(store).outcome
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

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

# Public names whose modules need Django.
_LATER = {
    "AsOf": "facts",
    "Block": "writing",
    "Store": "store",
    "Writer": "writing",
    "collect": "collecting",
    "configure": "configuring",
    "open_store": "store",
    "read_store": "facts",
    "verify": "verifying",
}

__all__ = [
    "EMPTY_ROOT",
    "AsOf",
    "Block",
    "Frontier",
    "Store",
    "Writer",
    "canonical_bytes",
    "collect",
    "configure",
    "consistency_proof",
    "decimal_text",
    "inclusion_proof",
    "leaf_hash",
    "open_store",
    "parse_canonical",
    "read_store",
    "root_from_leaves",
    "verify",
    "verify_consistency",
    "verify_inclusion",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'openverdict.ledger' has no attribute {name!r}")
    from openverdict.ledger.configuring import configure

    configure()
    return getattr(import_module(f"openverdict.ledger.{_LATER[name]}"), name)
