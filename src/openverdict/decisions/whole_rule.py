"""Before a whole rule is accepted: how many of its suggestions would be, how many facts come of it, and some to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openverdict.decisions.guarding import act, look
from openverdict.decisions.models import About, Suggested
from openverdict.decisions.proving import RuleRate, rate_of
from openverdict.decisions.readings import FIRST, decisions, text_of, undecided, within_reach
from openverdict.decisions.roles import Operation
from openverdict.decisions.suggestions import SuggestionLine, line_of
from openverdict.decisions.taking import register_time, sorted_out
from openverdict.ledger.events import CaseViewed
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer
from openverdict.narrative.at_once import LEAST_DECIDED, Together

SAMPLE = 10
MOST = 2_000  # suggestions that are gone through one by one before anybody is asked
AROUND = 80  # characters before and after the words of a sample


@dataclass(frozen=True)
class Sampled:
    """A suggestion of the sample: its words, with some of the text before and after them."""

    line: SuggestionLine
    before: str
    words: str
    after: str


@dataclass(frozen=True)
class ForeseenRule:
    """What accepting a rule would do: of those `waiting`, how many are `accepted`, and the `facts` that come of them.

    `left`: why others stay undecided, with how many. `sample`: every so manieth of those that would be accepted, in the order
    of their numbers. `enough`: so many of the rule were read one by one that it may be accepted at all. Where more wait than
    are gone through, `accepted` and `facts` are None, and nothing is in `left` and `sample`.
    """

    rate: RuleRate
    waiting: int
    accepted: int | None
    facts: int | None
    left: tuple[tuple[str, int], ...]
    sample: tuple[Sampled, ...]
    enough: bool


@dataclass(frozen=True)
class TakenTogether:
    """What stands under the name of what was accepted together, on cases where a person may enter facts."""

    name: str
    suggestions: int
    facts: int
    rules: tuple[tuple[str, int], ...]
    by: tuple[str, ...]


@act(Operation.ENTER_FACTS, "cases")
def foresee_rule(
    store: Store,
    writer: Writer,
    rule: str,
    version: str,
    *,
    cases: Sequence[str] | None = None,
) -> ForeseenRule:
    """What `accept_rule` would do of what waits on cases where the actor may enter facts, or on these. Nothing is decided.

    That the cases of the sample were read is logged.
    """
    rate = rate_of(store, rule, version)
    waiting = within_reach(store, writer.actor, undecided(store)).filter(rule=rule, version=version)
    if cases is not None:
        waiting = waiting.filter(case_id__in=list(cases))
    count = waiting[: MOST + 1].count()
    enough = rate.decided >= LEAST_DECIDED
    if count > MOST:
        return ForeseenRule(rate, waiting.count(), None, None, (), (), enough)
    who = Together(rule, version, writer.actor, register_time(writer), rate.decided, rate.accepted)
    left: Counter[str] = Counter()
    taken: list[Suggested] = []
    facts = 0
    for told, why in sorted_out(store, list(waiting.order_by("id")), who):
        left.update(why)
        taken += [row for row, _ in told]
        facts += sum(fact is not None for _, fact in told)
    taken.sort(key=lambda row: row.id)
    step = max(len(taken) // SAMPLE, 1)
    some = taken[::step][:SAMPLE]
    for case in sorted({row.case_id for row in some}):
        writer.record(CaseViewed, [About(case_id=case)], case=case, part="narrative")
    sample = tuple(_sampled(store, row) for row in some)
    return ForeseenRule(rate, count, len(taken), facts, tuple(left.most_common()), sample, enough)


@look(Operation.LIST)
def taken_together(store: Store, name: str, *, user: str | None = None) -> TakenTogether:
    """What stands under the name of what was accepted together, or by a policy in one go."""
    rows: Any = within_reach(store, user, decisions(store, FIRST).filter(at_once=name))
    found = list(rows.values_list("rule", "fact", "user"))
    rules = Counter(rule for rule, _, _ in found)
    return TakenTogether(
        name,
        len(found),
        sum(fact is not None for _, fact, _ in found),
        tuple(sorted(rules.items())),
        tuple(sorted({by for _, _, by in found})),
    )


def _sampled(store: Store, row: Suggested) -> Sampled:
    text, _ = text_of(store, row)
    before, after = text[: row.begins], text[row.ends :]
    return Sampled(
        line_of(row, None),
        ("…" if len(before) > AROUND else "") + before[-AROUND:],
        text[row.begins : row.ends],
        after[:AROUND] + ("…" if len(after) > AROUND else ""),
    )
