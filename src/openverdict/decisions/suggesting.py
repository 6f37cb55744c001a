"""Letting rules read the narratives of a store: what they suggest is put into the queue, with the text that it was read from.

A suggestion is no fact and nothing that scores or ranks cases reads it. It belongs to the text that it was read from: what was
read of an earlier text, or by earlier rules, waits no more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from openverdict.decisions.guarding import look
from openverdict.decisions.models import About, NarrativeRead, Suggested
from openverdict.decisions.readings import DECIDED, hash_of, last_reads, narratives, with_outcome
from openverdict.decisions.roles import Operation
from openverdict.ledger import events
from openverdict.ledger.models import Fact
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Block, Writer
from openverdict.narrative import Suggestion, rules_version
from openverdict.narrative import suggest as read_all

CASES_AT_ONCE = 200  # whose texts are written down in one transaction
Read = Callable[[str], list[Suggestion]]


@dataclass(frozen=True)
class Narratives:
    """What reading narratives did: cases read, suggestions that now wait, cases whose text these rules had read before."""

    cases: int
    suggestions: int
    as_before: int


@look(Operation.SUGGEST, by="actor")
def suggest(
    store: Store,
    *,
    actor: str,
    purpose: str,
    read: Read = read_all,
    rules: str | None = None,
    cases: Sequence[str] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Narratives:
    """Let the rules read the narratives of a store, or of some cases; what they suggest waits for people.

    `read` with `rules`, its name with its version, are for other rules than all that come with the program. A text that the
    same rules read is not read again, and what somebody decided on does not come again while the text is the same.
    """
    by = rules or rules_version()
    told = list(narratives(store, cases))
    rows = last_reads(store).filter(rules=by)
    known = dict(rows.values_list("case_id", "text_sha256"))
    left = [fact for fact in told if known.get(fact.case_id) != hash_of(fact.value)]
    count = 0
    for start in range(0, len(left), CASES_AT_ONCE):
        if progress is not None:
            progress("narratives", start / len(left))
        part = left[start : start + CASES_AT_ONCE]
        found = [(fact, read(fact.value or "")) for fact in part]
        with store.writing(actor, purpose) as writer:
            decided = _decided(store, [fact.case_id for fact in part])
            count += sum(_queue(writer, fact, each, by, decided) for fact, each in found)
    return Narratives(len(left), count, len(told) - len(left))


def _decided(store: Store, cases: Sequence[str]) -> set[tuple[Any, ...]]:
    """What somebody decided on in these cases: the text as its hash, and what was suggested of it."""
    reads = store.rows(NarrativeRead).filter(case_id__in=cases)
    texts = dict(reads.values_list("id", "text_sha256"))
    rows = with_outcome(store, store.rows(Suggested).filter(case_id__in=cases))
    names = ("read", "case_id", "field", "value", "assertion", "begins", "ends", "rule")
    told = rows.filter(outcome__in=DECIDED).values_list(*names)
    return {(texts[number], *rest) for number, *rest in told}


def _queue(
    writer: Writer, fact: Fact, found: list[Suggestion], by: str, decided: set[tuple[Any, ...]]
) -> int:
    """Write down that a narrative was read, with what is new in it; how much that is."""
    digest, case = hash_of(fact.value), fact.case_id
    number = writer.next_id(NarrativeRead)
    values = []
    for s in dict.fromkeys(found):
        said = (case, s.field, s.value, s.assertion.value, s.start, s.end, s.rule)
        if (digest, *said) not in decided:
            values.append((number, *said, s.version, s.confidence))
    row = NarrativeRead(
        case_id=case, fact=fact.id, text_sha256=digest, rules=by, suggestions=len(values)
    )
    writer.record(
        events.NarrativeRead,
        [row, About(case_id=case), Block(Suggested, values)],
        case=case,
        fact=str(fact.id),
        rules=by,
        suggestions=len(values),
    )
    return len(values)
