"""What people do with a store, each act in a transaction of its own."""

from __future__ import annotations

import json
from typing import Any

from openverdict.ledger.store import Store

TEXT = "Read both files and the scene photographs."
RUN = 1


class Acts:
    """Short words for the acts of named people."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def write(self, actor: str, act: Any, *given: Any, **more: Any) -> Any:
        """One act by one person."""
        with self.store.writing(actor, "death_review") as writer:
            return act(self.store, writer, *given, **more)

    def strengthen(self, a: str, b: str, log10_lr: float) -> None:
        """Let the run have found two cases alike, by its first variable alone."""
        from openverdict.ledger.events import RunFinished
        from openverdict.ledger.models import Link, RunEnd

        count = len(json.loads(self.store.rows(RunEnd).get(run_id=RUN).variables))
        terms = json.dumps([log10_lr, *[0.0] * (count - 1)])
        link = Link(
            run_id=RUN, rank=99, case_a=a, case_b=b, log10_lr=log10_lr, terms=terms, shown="floor"
        )
        with self.store.writing("a.test", "death_review") as writer:
            writer.record(
                RunFinished, [link], run=str(RUN), outcome="done", pairs_total=1, pairs_ledger=1,
                pairs_remainder=0, leads=0,
            )  # fmt: skip

    def pair(self, a: str, b: str) -> Any:
        from openverdict.decisions import pair

        return pair(self.store, a, b)

    def see(self, actor: str, subject: Any, *, ratio: bool, **more: Any) -> int:
        from openverdict.decisions import show

        return int(self.write(actor, show, subject, run=RUN, ratio=ratio, **more))

    def look(self, actor: str, subject: Any, view: str = "possibly") -> int:
        """First view, then the ratio; the number of the second showing."""
        from openverdict.decisions import first_view

        self.write(actor, first_view, self.see(actor, subject, ratio=False), view)
        return self.see(actor, subject, ratio=True)

    def opinion(self, conclusion: str, *codes: str, text: str = TEXT) -> Any:
        from openverdict.decisions import Opinion

        default = {
            "similar": "same_place",
            "possibly": "same_place",
            "not_similar": "different_way",
            "not_enough_information": "record_thin",
        }
        return Opinion(conclusion, codes or (default[conclusion],), text)

    def decide(self, actor: str, subject: Any, conclusion: str, *codes: str) -> int:
        """Look, and decide first."""
        from openverdict.decisions import decide

        seen = self.look(actor, subject)
        return int(self.write(actor, decide, seen, self.opinion(conclusion, *codes)))

    def decide_too(self, actor: str, subject: Any, first: int, conclusion: str) -> int:
        """Look, and decide on the same."""
        from openverdict.decisions import decide_too

        seen = self.look(actor, subject)
        return int(self.write(actor, decide_too, first, seen, self.opinion(conclusion)))
