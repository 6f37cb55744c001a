"""Reading the log and taking it out: what an auditor does, each act of it an entry of the log itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openverdict.decisions.guarding import act, look
from openverdict.decisions.roles import Operation
from openverdict.errors import InputError
from openverdict.ledger.events import LogExported, LogInspected
from openverdict.ledger.export import Exported, write_export
from openverdict.ledger.models import Event
from openverdict.ledger.reading import StoredLog
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer


@act(Operation.INSPECT_LOG)
def read_entries(store: Store, writer: Writer, first: int, last: int) -> list[str]:
    """The bodies of the entries `first` to `last`, both counted, as canonical JSON; that they were read is logged.

    Raises:
        InputError: there are no such entries.
    """
    if not 0 <= first <= last < writer.size:
        raise InputError(
            f"entries {first} to {last}: the log has those from 0 to {writer.size - 1}"
        )
    rows = store.rows(Event).filter(seq__gte=first, seq__lte=last).order_by("seq")
    bodies = [str(body) for body in rows.values_list("body", flat=True)]
    writer.record(LogInspected, first=first, last=last)
    return bodies


@look(Operation.EXPORT_LOG, by="actor")
def export_log(
    store: Store,
    target: Path,
    *,
    actor: str,
    purpose: str,
    recipients: Sequence[str],
    only: Sequence[int] | None = None,
) -> Exported:
    """Write the log, or the entries in `only`, with proofs and the verifier; that it left the house is logged.

    Raises:
        AccessError: the actor exports no log. InputError: nobody gets it, the target exists, or there is no key to sign with.
    """
    if not recipients:
        raise InputError("export: name who gets the log")
    with store.writing(actor, purpose) as writer:
        size = writer.size
        writer.checkpoint(*store.keys)
    with store.snapshot():
        log = StoredLog(store)
        exported = write_export(log, target, log.verifier_keys(), size=size, only=only)
    with store.writing(actor, purpose) as writer:
        writer.record(
            LogExported,
            export=f"log-{writer.size}",
            recipients=tuple(recipients),
            entries=exported.entries,
            size=exported.size,
            manifest_sha256=exported.manifest_sha256,
        )
    return exported
