"""Who decides what, who may, and by when: opinions on pairs, leads and cases, second persons, access, referrals and concerns.

What comes in: a store (`ledger`), a person and what that person says. What goes out: rows of the record, each with its event
in the log in one transaction, and answers in SQL to who may see what and what still waits. This room never overwrites, closes
nothing by itself, and never lets one person be first and second.

    with acting(store, "a.reader", Operation.DECIDE, ("A", "B"), "death_review") as writer:
        seen = show(store, writer, pair(store, "A", "B"), run=1, ratio=False)
        first_view(store, writer, seen, "possibly")
        seen = show(store, writer, pair(store, "A", "B"), run=1, ratio=True)
        decide(store, writer, seen, Opinion("similar", ("same_place",), "Found at the same wall, in the same way."))

It needs the extra `store`; what is named here is imported when first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_LATER = {
    "Conclusion": "words",
    "Opinion": "deciding",
    "Policy": "policy",
    "State": "standing",
    "Subject": "subjects",
    "adopt": "policy",
    "case": "subjects",
    "decide": "deciding",
    "decide_together": "bulk",
    "decide_too": "deciding",
    "first_view": "deciding",
    "in_force": "policy",
    "lead": "subjects",
    "pair": "subjects",
    "read_policy": "policy",
    "show": "showing",
    "stands": "standing",
    "supersede": "deciding",
}
__all__ = [  # noqa: PLE0604  (made from the one list above)
    *_LATER
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'openverdict.decisions' has no attribute {name!r}")
    from openverdict.ledger.configuring import configure

    configure()
    return getattr(import_module(f"openverdict.decisions.{_LATER[name]}"), name)
