"""Accepting and rejecting suggestions: one by one, a second time by another person, or a whole rule at once; and undoing it.

Nothing is overwritten. An accepted suggestion becomes a fact of the person who read it; whoever takes that back supersedes the
fact and the decision, and both are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openverdict.cases import Fact as CaseFact
from openverdict.decisions.access import allowed
from openverdict.decisions.guarding import act, case_by
from openverdict.decisions.lateness import note
from openverdict.decisions.models import Suggested, SuggestionDecision
from openverdict.decisions.proving import measured
from openverdict.decisions.readings import (
    ACCEPTED,
    AT_ONCE,
    FIRST,
    REJECTED,
    SECOND,
    WITHDRAWN,
    decisions,
    last_decision,
    undecided,
    within_reach,
)
from openverdict.decisions.roles import Operation
from openverdict.decisions.steps import refuse_machine
from openverdict.decisions.taking import (
    OTHER_TEXT,
    Held,
    Taken,
    as_row,
    by_person,
    decide,
    put,
    register_time,
    take_back,
    take_together,
)
from openverdict.errors import InputError
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer
from openverdict.narrative.at_once import LEAST_DECIDED, Together


@act(Operation.ENTER_FACTS, "suggestion", case_by(Suggested))
def accept(
    store: Store,
    writer: Writer,
    suggestion: int,
    *,
    value: str | None = None,
    assertion: str | None = None,
) -> int:
    """Accept a suggestion that the actor has read; what it states becomes a fact of theirs. The number of the decision.

    `value`, `assertion`: what is right, where the rule was nearly right. What is denied, past or another person's, and what is
    only pointed at, states no fact. In the place of what was accepted together or by a policy comes the person's own.

    Raises:
        InputError: there is no such suggestion, its text is no more, somebody decided on it, or the machine acts. FieldError:
            its field can't hold the value, or holds another.
    """
    row, before = _ready(store, writer, suggestion)
    began = writer.size
    held = Held(store, [row], without=None if before is None else before.fact)
    text = held.text(row)
    if text is None:
        raise InputError(f"suggestion {suggestion}: {OTHER_TEXT}; let the rules read it again")
    told = as_row(row, text)
    corrected = {"value": value, "assertion": assertion}
    told |= {name: word.strip() for name, word in corrected.items() if word is not None}
    fact: CaseFact | None = held.fact_of(told, by_person(writer, told))
    number = put(store, writer, fact, before)
    is_other = told != as_row(row, text)
    decision = decide(
        writer, row, ACCEPTED, fact=number, corrected=is_other, before=before or _last(store, row)
    )
    writer.flush()
    note(store, writer, began)
    return decision


@act(Operation.ENTER_FACTS, "suggestion", case_by(Suggested))
def reject(store: Store, writer: Writer, suggestion: int) -> int:
    """Turn a suggestion down that the actor has read, and with it what was accepted together or by a policy; the decision.

    Raises:
        InputError: as `accept`.
    """
    row, before = _ready(store, writer, suggestion)
    take_back(store, writer, [None if before is None else before.fact])
    return decide(writer, row, REJECTED, before=before or _last(store, row))


@act(Operation.ENTER_FACTS, "suggestion", case_by(Suggested))
def withdraw(
    store: Store, writer: Writer, suggestion: int, reason: str, *, place: int = FIRST
) -> int:
    """Undo what was decided on a suggestion: it waits again, and the fact that came of it is superseded. `reason`: a code.

    `place`: 2 withdraws what the second reader said. The number of the decision that says so.

    Raises:
        InputError: there is no such suggestion, or nothing stands on it.
    """
    writer.flush()
    refuse_machine(writer)
    row, before = _found(store, suggestion), last_decision(store, suggestion, place)
    if before is None:
        raise InputError(f"suggestion {suggestion}: nothing stands on it that could be withdrawn")
    take_back(store, writer, [before.fact])
    return decide(writer, row, WITHDRAWN, place=place, before=before, reason=reason)


@act(Operation.ENTER_FACTS, "suggestion", case_by(Suggested))
def read_again(store: Store, writer: Writer, suggestion: int, *, accepted: bool) -> int:
    """Record what a second person says who read the same suggestion by themselves; it makes no fact. The decision's number.

    Raises:
        InputError: nobody read it one by one before, the actor did, or a second person has said so already.
    """
    writer.flush()
    refuse_machine(writer)
    row, first = _found(store, suggestion), last_decision(store, suggestion)
    if first is None or first.at_once is not None:
        raise InputError(f"suggestion {suggestion}: nobody has read it one by one; decide on it")
    if first.user == writer.actor:
        raise InputError(
            f"suggestion {suggestion}: {writer.actor} decided on it; the second reader is another person"
        )
    if (second := last_decision(store, suggestion, SECOND)) is not None:
        raise InputError(f"suggestion {suggestion}: {second.user} has read it a second time")
    before = _last(store, row, SECOND)
    return decide(writer, row, ACCEPTED if accepted else REJECTED, place=SECOND, before=before)


@act(Operation.ENTER_FACTS, "cases")
def accept_rule(
    store: Store,
    writer: Writer,
    rule: str,
    version: str,
    *,
    expected: int,
    cases: Sequence[str] | None = None,
) -> Taken:
    """Accept all suggestions of a rule that wait on cases where the actor may enter facts, or on these cases; all or none.

    `expected`: how many the actor was shown that there are (`proving.rates`, `waiting`). Each gets its own event and, where it
    states one, its own fact, whose source says that it was accepted together with others and at what rate. They are not counted
    in that rate. What somebody turned down in the same case stays as it is.

    Raises:
        InputError: too few of the rule's suggestions were read one by one, or another number of them waits.
    """
    writer.flush()
    refuse_machine(writer)
    decided, accepted = measured(store).get((rule, version), (0, 0))
    if decided < LEAST_DECIDED:
        raise InputError(
            f"rule {rule!r}: {decided} of its suggestions decided one by one; decide at least {LEAST_DECIDED}, so that "
            "something is known of it"
        )
    waiting = within_reach(store, writer.actor, undecided(store)).filter(rule=rule, version=version)
    if cases is not None:
        waiting = waiting.filter(case_id__in=list(cases))
    rows = list(waiting.order_by("id"))
    if len(rows) != expected or not rows:
        raise InputError(
            f"rule {rule!r}: {len(rows):,} of its suggestions wait, and not {expected:,}; look again before you accept them"
        )
    who = Together(rule, version, writer.actor, register_time(writer), decided, accepted)
    return take_together(store, writer, rows, who)


def _under(store: Store, given: Mapping[str, Any]) -> tuple[str, ...]:
    """A case of what was accepted together under a name, one out of the actor's reach if there is any.

    There may be thousands: that all of the others are within reach is found in one query.
    """
    cases = sorted(set(_together(store, given["name"]).values_list("case_id", flat=True)))
    writer: Writer = given["writer"]
    within = allowed(store, writer.actor, Operation.ENTER_FACTS, cases, at=writer.at)
    known = store.rows(Suggested).filter(case_id__in=cases).values_list("case_id", flat=True)
    out = set(known) - within
    return tuple(sorted(out)[:1] or cases[:1])


@act(Operation.ENTER_FACTS, cases=_under)
def withdraw_together(store: Store, writer: Writer, name: str, reason: str) -> int:
    """Undo what was accepted together, or by a policy in one go, but for what a person read since; how many wait again.

    Raises:
        InputError: nothing stands under this name.
    """
    writer.flush()
    refuse_machine(writer)
    found = list(_together(store, name))
    rows: dict[int, Suggested] = {}
    for start in range(0, len(found), AT_ONCE):
        part = [each.suggestion for each in found[start : start + AT_ONCE]]
        rows |= store.rows(Suggested).in_bulk(part)
    if not rows:
        raise InputError(f"{name!r}: nothing stands that was accepted together under this name")
    left = [before for before in found if before.suggestion in rows]
    take_back(store, writer, [before.fact for before in left])
    for before in left:
        row = rows[before.suggestion]
        decide(writer, row, WITHDRAWN, before=before, at_once=name, reason=reason)
    return len(left)


def _together(store: Store, name: str) -> Any:
    return decisions(store, FIRST).filter(at_once=name).order_by("id")


def _found(store: Store, suggestion: int) -> Suggested:
    row: Suggested | None = store.rows(Suggested).filter(id=suggestion).first()
    if row is None:
        raise InputError(f"suggestion {suggestion}: there is none of this number, or it was erased")
    return row


def _ready(
    store: Store, writer: Writer, suggestion: int
) -> tuple[Suggested, SuggestionDecision | None]:
    """A suggestion that the actor may decide on now, with what a rule or policy made of it before."""
    writer.flush()
    refuse_machine(writer)
    row, before = _found(store, suggestion), last_decision(store, suggestion)
    if before is not None and before.at_once is None:
        raise InputError(
            f"suggestion {suggestion}: {before.user} {before.outcome} it; withdraw that first"
        )
    second = last_decision(store, suggestion, SECOND)
    if second is not None and second.user == writer.actor:
        raise InputError(
            f"suggestion {suggestion}: {writer.actor} read it as the second reader; the first one is another person"
        )
    if before is None and not undecided(store).filter(id=suggestion).exists():
        raise InputError(
            f"suggestion {suggestion}: the narrative was read again since; decide on what was read last"
        )
    return row, before


def _last(store: Store, row: Suggested, place: int = FIRST) -> SuggestionDecision | None:
    """The last thing said of a suggestion, be it that it was withdrawn: what the next one supersedes."""
    said = store.rows(SuggestionDecision).filter(suggestion=row.id, place=place)
    return said.order_by("-id").first()
