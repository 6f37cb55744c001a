"""Erasing a case, with a certificate: what went, when, by whom, why, and the proof that the log goes on as it was.

The certificate is a text file. The erasure's own entry in the log commits to its statement; its proof holds that entry, the
signed heads of the log before and after, and what links them. `check_certificate` needs no store, only the verifier keys.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from openverdict.decisions.guarding import look
from openverdict.decisions.models import Disposal
from openverdict.decisions.retention import (
    draw_pseudonym,
    entries_about,
    must_be_due,
    must_be_erasable,
)
from openverdict.decisions.roles import Operation
from openverdict.errors import InputError, RecordError
from openverdict.ledger.erasing import erase, settle
from openverdict.ledger.events import CaseErased, CasePseudonymised
from openverdict.ledger.events.base import moment_text
from openverdict.ledger.export import consistency_text
from openverdict.ledger.keys import VerifierKey
from openverdict.ledger.merkle import inclusion_proof, leaf_hash, verify_inclusion
from openverdict.ledger.models import Event, Fact
from openverdict.ledger.note import Checkpoint, Note
from openverdict.ledger.reading import StoredLog
from openverdict.ledger.store import Store
from openverdict.ledger.verifying import Outcome, verify
from openverdict.ledger.witness import continues

TITLE = "CERTIFICATE OF ERASURE"
PROOF = "\n--- PROOF ---\n"


@dataclass(frozen=True)
class Certificate:
    """A case that was erased. `entry`: of the erasure in the log; `entries`: those whose personal content went."""

    case: str
    pseudonym: str
    entry: int
    entries: tuple[int, ...]
    facts: int
    text: str


@look(Operation.ERASE, "case", by="actor")
def erase_case(
    store: Store, case: str, *, actor: str, purpose: str, target: Path | None = None
) -> Certificate:
    """Erase a case whose day has come and that another person approved of; write and return its certificate.

    Args:
        store: it needs a key that signs.
        case: its number.
        actor: who erases.
        purpose: why, as a code.
        target: a new file for the certificate.

    Raises:
        AccessError: the actor erases no such case.
        InputError: a rule of retention is not met (`retention.must_be_erasable`), the file exists, or there is no key.
        RecordError: the log does not verify afterwards.
    """
    if target is not None and target.exists():
        raise InputError(f"{target}: exists; name a new file for the certificate")
    with store.writing(actor, purpose) as writer:
        must_be_erasable(store, case, actor, writer.at)
        before = writer.checkpoint(*store.keys)
    with store.writing(actor, purpose) as writer:
        approval = must_be_erasable(store, case, actor, writer.at)
        kept_until = must_be_due(store, case, writer.at).review_due
        entries = tuple(entries_about(store, case))
        facts = store.rows(Fact).filter(case_id=case).count()
        name = draw_pseudonym()
        head = Checkpoint.parse(Note.parse(before).text)
        statement = _statement(
            {
                "Case": case,
                "Told from now on as": name,
                "Erased on (UTC)": moment_text(writer.at),
                "Erased by": actor,
                "Approved by": approval.user,
                "Rule": approval.rule,
                "Purpose": purpose,
                "Kept until": kept_until,
                "Facts": str(facts),
                "Entries of the log whose personal content went": ", ".join(map(str, entries)),
                "Log before": f"{head.origin}, {head.size} entries, root {head.root.hex()}",
            }
        )
        digest = sha256(statement.encode()).hexdigest()
        entry = writer.size
        erase(
            store,
            writer,
            CaseErased,
            entries,
            case=case,
            facts=facts,
            rule=approval.rule,
            approved_by=approval.user,
            certificate_sha256=digest,
        )
        row = Disposal(case_id=case, pseudonym=name, certificate_sha256=digest)
        writer.record(
            CasePseudonymised, [row], case=case, pseudonym=name, certificate_sha256=digest
        )
    settle(store)
    text = statement + PROOF + _proof(store, entry, before, actor, purpose)
    if target is not None:
        target.write_text(text, encoding="utf-8")
    return Certificate(case, name, entry, entries, facts, text)


def check_certificate(text: str, keys: Sequence[VerifierKey]) -> dict[str, str]:
    """What a certificate states, if its proof holds: the log committed to this statement, and goes on from the head before it.

    `keys`: of the log; without any, signatures are not looked at.

    Raises:
        InputError: it can't be read. RecordError: the statement was changed, or the proof does not hold.
    """
    statement, _, rest = text.partition(PROOF)
    try:
        proof = json.loads(rest)
        body, size = proof["body"], int(proof["inclusion"]["size"])
        path = [bytes.fromhex(each) for each in proof["inclusion"]["hashes"]]
        entry, data = int(proof["entry"]), json.loads(body)["data"]
        notes = (proof["checkpoint_before"], proof["checkpoint_after"])
        stated = dict(line.split(": ", 1) for line in statement.splitlines() if ": " in line)
    except (ValueError, KeyError, TypeError):
        raise InputError("not a certificate of erasure; give the file as it was written") from None
    if sha256(statement.encode()).hexdigest() != data.get("certificate_sha256"):
        raise RecordError("the statement is not the one that the log commits to; it was changed")
    listed = stated.get("Entries of the log whose personal content went", "")
    if stated.get("Case") != data.get("case") or listed != ", ".join(map(str, data["entries"])):
        raise RecordError("the statement and the entry of the log speak of different things")
    _, after = continues(*notes, json.dumps(proof["consistency"]), keys)
    leaf = leaf_hash(body.encode())
    if after.size != size or not verify_inclusion(entry, size, leaf, path, after.root):
        raise RecordError("the erasure is not in the log that the checkpoint signs")
    return stated


def _statement(said: dict[str, str]) -> str:
    return "\n".join([TITLE, "", *(f"{name}: {value}" for name, value in said.items())]) + "\n"


def _proof(store: Store, entry: int, before: str, actor: str, purpose: str) -> str:
    """The proof as JSON. Raises RecordError when the log does not verify."""
    with store.writing(actor, purpose) as writer:
        after = writer.checkpoint(*store.keys)
    verdict = verify(store)
    if verdict.outcome is Outcome.BROKEN:
        raise RecordError(
            f"case erased, but the log does not verify: {verdict.first}; run: openverdict verify"
        )
    with store.snapshot():
        log = StoredLog(store)
        old, new = (Checkpoint.parse(Note.parse(note).text).size for note in (before, after))
        proof: dict[str, Any] = {
            "entry": entry,
            "body": store.rows(Event).get(seq=entry).body,
            "inclusion": {
                "size": new,
                "hashes": [each.hex() for each in inclusion_proof(entry, new, log.node)],
            },
            "checkpoint_before": before,
            "checkpoint_after": after,
            "consistency": json.loads(consistency_text(old, new, log)),
            "verified": {
                "outcome": verdict.outcome.name.lower(),
                "entries": verdict.entries,
                "rows": verdict.rows,
                "root": verdict.root.hex(),
            },
        }
    return json.dumps(proof, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
