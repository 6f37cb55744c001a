"""What has to go when a case is erased: beside its facts, the words and snapshots of what was decided on it."""

from __future__ import annotations

from openverdict.decisions.models import About
from openverdict.ledger import erasing
from openverdict.ledger.models import Erasure, Salt
from openverdict.ledger.store import Store


def entries_about(store: Store, case: str) -> list[int]:
    """The entries whose personal content is about this case and still there, for `ledger.erasing.erase`.

    Conclusions, codes, times and people stay in the record; what was shown and said goes.
    """
    about = store.rows(About).filter(case_id=case).values("event_id")
    gone = store.rows(Erasure).values("target")
    held = store.rows(Salt).filter(event_id__in=about).exclude(event_id__in=gone)
    told = {int(entry) for entry in held.values_list("event_id", flat=True)}
    return sorted(told | set(erasing.entries_about(store, case)))
