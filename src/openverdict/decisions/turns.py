"""Whose turn it is: what a person may do next with a subject, what they may not see of it yet, and which acts are theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from openverdict.decisions.access import footing
from openverdict.decisions.guarding import look
from openverdict.decisions.models import Assignment, FirstView, Shown, UserState
from openverdict.decisions.policy import in_force
from openverdict.decisions.roles import Operation
from openverdict.decisions.standing import State, stands_on, stands_on_each
from openverdict.decisions.subjects import Kind, Subject
from openverdict.ledger.store import Store

AT_ONCE = 1_000  # keys in one query
ACTS = (
    Operation.DECIDE,
    Operation.DECIDE_TOO,
    Operation.SUPERSEDE,
    Operation.SIGN_OFF,
    Operation.ASSIGN,
    Operation.REFER,
    Operation.RAISE_CONCERN,
    Operation.REPORT,
    Operation.ENQUIRE,
)


class Turn(StrEnum):
    """What a person may do next."""

    LOOK = "look"  # they decide on nothing here
    FIRST_VIEW = "first_view"
    DECIDE = "decide"
    DECIDE_TOO = "decide_too"
    WAIT = "wait"  # they have decided; another person is waited for
    DONE = "done"
    SPENT = "spent"  # they saw the ratio before they said what they think: another person decides


@dataclass(frozen=True)
class Position:
    """Where a person stands with a subject.

    `blind`: the ratio, and what gives it away, is not shown to them yet. `hides_opinions`: nor is what others concluded.
    `first`: the first decision that stands. `acts`: what the table of roles lets them do with all of its cases. `given_to`: to
    whom it was assigned last.
    """

    turn: Turn
    blind: bool
    hides_opinions: bool
    state: State
    first: int | None
    conclusion: str | None
    disagreement: bool
    own_view: str | None
    decided: bool
    acts: tuple[Operation, ...]
    given_to: str | None


@look(Operation.VIEW, "subject")
def position(store: Store, subject: Subject, *, user: str) -> Position:
    """Where a person stands with a subject."""
    stance = footing(store, user, subject.cases, at=store.clock())
    acts = tuple(each for each in ACTS if stance.may(each))
    own = {"subject_kind": subject.kind.value, "subject": subject.key}
    viewed = store.rows(FirstView).filter(user=user, **own).order_by("-id").first()
    saw = store.rows(Shown).filter(user=user, ratio_shown=1, **own).exists()
    stood = stands_on(store, subject.kind, subject.key)
    decided = user in stood.people
    asked_for = in_force(store).first_view_required and viewed is None
    wanted, spent = asked_for and Operation.DECIDE in acts, asked_for and saw
    turn = _turn(stood.state, stood.first, decided=decided)
    if Operation.DECIDE not in acts:
        turn = Turn.LOOK
    elif wanted and not saw:
        turn = Turn.FIRST_VIEW
    elif spent and not decided and turn in (Turn.DECIDE, Turn.DECIDE_TOO):
        turn = Turn.SPENT
    blind = wanted and not saw
    given = store.rows(Assignment).filter(**own).order_by("-id").first()
    return Position(
        turn,
        blind,
        blind or (turn is Turn.DECIDE_TOO and stood.state is State.AWAITS_SECOND),
        stood.state,
        None if stood.first is None else int(stood.first.id),
        stood.conclusion,
        stood.disagreement,
        None if viewed is None else str(viewed.view),
        decided,
        acts,
        None if given is None else str(given.user),
    )


def _turn(state: State, first: Any, *, decided: bool) -> Turn:
    """By the state alone."""
    if first is None:
        return Turn.DECIDE
    if state is State.CONSIDERED:
        return Turn.DONE
    return Turn.WAIT if decided else Turn.DECIDE_TOO


@look(Operation.ASSIGN, "subject")
def deciders(store: Store, subject: Subject, *, user: str) -> list[str]:
    """The accounts to which a subject can be given: those that may decide on all of its cases."""
    at = store.clock()
    names = store.rows(UserState).values_list("user", flat=True).distinct()
    return [
        name
        for name in sorted(set(names))
        if footing(store, name, subject.cases, at=at).may(Operation.DECIDE)
    ]


def blind_to(
    store: Store, kind: Kind, subjects: Mapping[str, Sequence[str]], user: str
) -> set[str]:
    """Of subjects of one kind (key to cases), those whose ratio and rank a person may not see yet, for lists."""
    if not subjects or not in_force(store).first_view_required:
        return set()
    keys, done = list(subjects), set()
    for start in range(0, len(keys), AT_ONCE):
        part = keys[start : start + AT_ONCE]
        own = {"user": user, "subject_kind": kind.value, "subject__in": part}
        done |= set(store.rows(FirstView).filter(**own).values_list("subject", flat=True))
        seen = store.rows(Shown).filter(ratio_shown=1, **own)
        done |= set(seen.values_list("subject", flat=True))
    left = {key: cases for key, cases in subjects.items() if key not in done}
    every = {case for cases in left.values() for case in cases}
    stance = footing(store, user, every, at=store.clock())
    deciding = {case for case in every if stance.answer(Operation.DECIDE, case).allowed}
    return {key for key, cases in left.items() if deciding.issuperset(cases)}


def opinions_kept_from(
    store: Store, kind: Kind, subjects: Mapping[str, Sequence[str]], user: str
) -> set[str]:
    """Of subjects of one kind that nobody is done with, those whose ratio and opinions a person may not read in a report yet.

    They owe a first view, or a decision as the second person: what the others concluded, and why, would colour it.
    """
    stood = stands_on_each(store, kind, list(subjects))
    kept = blind_to(store, kind, subjects, user)
    for key, cases in subjects.items():
        second = stood[key].state is State.AWAITS_SECOND and user not in stood[key].people
        if second and footing(store, user, cases, at=store.clock()).may(Operation.DECIDE):
            kept.add(key)
    return {key for key in kept if stood[key].state is not State.CONSIDERED}
