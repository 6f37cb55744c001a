"""Asking before acting: the marks that make a function an operation, so that no caller can forget to ask who may do it.

`act` marks what writes: the writer's actor is asked for. `look` marks what reads for a person, who is named by `user`. Both
ask the one table (`roles`) about every case that is touched, as the store knows these cases and not as the caller says. A test
goes through all public functions of this room and of the reports, and fails where one of them has no mark.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar

from openverdict.decisions.access import AccessError, Answer, in_use, require
from openverdict.decisions.models import About
from openverdict.decisions.roles import Access, Operation
from openverdict.decisions.subjects import Subject, cases_of
from openverdict.ledger.events import ActedWithoutAccounts
from openverdict.ledger.itself import PROGRAM
from openverdict.ledger.models import Event
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer

NO_ACCOUNTS = "no_accounts"
# What has no mark, and why. Whole modules first: the rules themselves, names for things, and steps that only operations take.
UNMARKED_MODULES = (
    "access",
    "consulting",
    "guarding",
    "lateness",
    "linked",
    "reach",
    "readings",
    "steps",
    "subjects",
    "taking",
)
UNMARKED = {
    "accounts.is_restricted": "a rule asks it",
    "accounts.units_of": "names units, for rules and counts",
    "admitting.adoptions": "policies speak of no case",
    "admitting.policy_in_force": "the policy speaks of no case",
    "deciding.check_opinion": "a rule",
    "deciding.second_needed": "a rule",
    "deciding.wants_first_view": "a rule",
    "enquiries.asked_checks": "codes of checks, for pages that ask for their cases first",
    "exhibits.listed": "a query that is told who asks",
    "exhibits.of_case": "a rule asks it",
    "listing.last_run": "names a run, no case",
    "policy.in_force": "the policy speaks of no case",
    "proving.measured": "counts by rule over the whole store, for rules and policies",
    "proving.rate_of": "the same of one rule",
    "reopening.decided_before_reopening": "a query; what is shown of it goes through access.seen_by",
    "retention.entries_about": "numbers of entries, for the operation that erases them",
    "retention.is_held": "a rule asks it",
    "retention.must_be_due": "a rule",
    "retention.must_be_erasable": "a rule",
    "retention.refuse_held": "a rule, for whatever erases",
    "retention.pseudonyms": "for reports, so that they name no case that was erased",
    "same_persons.waiting_for": "a number, for whom it was asked how far they reach",
    "showing.content_of": "one opening of an entry; reports ask for its cases first",
    "showing.is_showing_of": "a rule asks it",
    "showing.last_showing": "the number of what a person saw, for the acts that ask",
    "showing.ratio_of": "a rule asks it",
    "showing.snapshot": "what show keeps; show asks",
    "showing.contents_of": "the same for many",
    "suggestions.outcomes": "a query; what is shown of it goes through suggestion_text",
    "standing.awaited": "a query; what is shown of it goes through access.seen_by",
    "standing.is_mentioned": "a rule asks it",
    "standing.mentions_waiting": "for never_looked_at, which asks",
    "categories.signatures": "a query; what is shown of it goes through VIEW",
    "standing.standing_decisions": "a query; what is shown of it goes through access.seen_by",
    "standing.stands_on": "a rule asks it; people ask stands",
    "standing.stands_on_each": "the same for many",
    "turns.blind_to": "a rule asks it",
    "turns.opinions_kept_from": "a rule asks it",
    "unanswered.unanswered_concerns": "a rule asks it",
    "worklist.visible_leads": "a query, for whom it was asked how far they reach",
}
RULES: dict[str, Operation] = {}  # operation by the full name of the function
Cases = Callable[[Store, Any], Iterable[str]]
F = TypeVar("F", bound=Callable[..., Any])


def act(
    operation: Operation,
    named: str | None = None,
    cases: Cases | None = None,
    *,
    seen: bool = False,
) -> Callable[[F], F]:
    """Mark a function (store, writer, …) as an operation. `named`: the parameter that says which cases it touches.

    `cases` turns that parameter's value into case numbers (all parameters by name, where none is named); without it, it is
    one case number, several, or a subject. With `seen`, the function gets the access (yes or redacted) as its parameter
    `access`, which callers leave out.
    """

    def mark(function: F) -> F:
        signature = _registered(function, operation)

        @wraps(function)
        def asked(store: Store, writer: Writer, *given: Any, **more: Any) -> Any:
            writer.flush()
            touched = _touched(store, signature.bind(store, writer, *given, **more), named, cases)
            access = require(
                store, writer.actor, operation, touched, at=writer.at, purpose=writer.purpose
            )
            _note_sole_use(store, writer)
            if seen:
                more["access"] = access
            return function(store, writer, *given, **more)

        return asked  # type: ignore[return-value]

    return mark


def look(
    operation: Operation,
    named: str | None = None,
    cases: Cases | None = None,
    *,
    by: str = "user",
    seen: bool = False,
) -> Callable[[F], F]:
    """Mark a function (store, …, user=…) that reads as an operation. Its time is the store's own, whatever it is asked about.

    Where accounts are in use, nobody is not an answer to who asks.
    """

    def mark(function: F) -> F:
        signature = _registered(function, operation)

        @wraps(function)
        def asked(store: Store, *given: Any, **more: Any) -> Any:
            bound = signature.bind(store, *given, **more)
            touched = _touched(store, bound, named, cases)
            access = ask(store, bound.arguments.get(by), operation, touched)
            if seen:
                more["access"] = access
            return function(store, *given, **more)

        return asked  # type: ignore[return-value]

    return mark


def ask(store: Store, user: str | None, operation: Operation, cases: Iterable[str] = ()) -> Access:
    """Whether a person may do this with all of the cases, and how; for what is no function of (store, writer, …).

    Raises:
        AccessError: they may not, or nobody is named where accounts are in use. The refusal is logged.
    """
    if not in_use(store):
        return Access.YES
    try:
        if user is None:
            text = f"{operation.value.replace('_', ' ')}: say who asks; this store has accounts"
            raise AccessError(
                Answer(PROGRAM, operation, None, False, Access.NO, None, (), "nobody_named", text)
            )
        return require(store, user, operation, tuple(cases), at=store.clock())
    except AccessError as refusal:
        refusal.log(store.alias, store.clock)
        raise


def operations(function: Callable[..., Any]) -> Operation | None:
    """The operation that a function is marked as."""
    return RULES.get(f"{function.__module__}.{function.__qualname__}")


def cases_under(store: Store, entry: int) -> tuple[str, ...]:
    """The cases that an entry of the log is about."""
    rows = store.rows(About).filter(event_id=entry).order_by("id")
    return tuple(rows.values_list("case_id", flat=True))


def cases_by(model: type[Any]) -> Cases:
    """What turns the number of a row into the cases that its event is about; none where there is no such row."""

    def found(store: Store, number: Any) -> tuple[str, ...]:
        row = store.rows(model).filter(id=number).first()
        return () if row is None else cases_under(store, row.event_id)

    return found


def case_by(model: type[Any]) -> Cases:
    """The same for tables that name the case in a column of their own."""

    def found(store: Store, number: Any) -> tuple[str, ...]:
        return tuple(store.rows(model).filter(id=number).values_list("case_id", flat=True))

    return found


def _registered(function: Callable[..., Any], operation: Operation) -> inspect.Signature:
    RULES[f"{function.__module__}.{function.__qualname__}"] = operation
    return inspect.signature(function)


def _touched(
    store: Store, bound: inspect.BoundArguments, named: str | None, cases: Cases | None
) -> tuple[str, ...]:
    bound.apply_defaults()
    if named is None:
        return () if cases is None else tuple(cases(store, bound.arguments))
    value = bound.arguments[named]
    if cases is not None:
        return tuple(cases(store, value))
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    several = [value] if isinstance(value, Subject) else value
    found: list[str] = []
    for each in several:
        found += cases_of(store, each.kind, each.key) if isinstance(each, Subject) else [each]
    return tuple(dict.fromkeys(found))


def _note_sole_use(store: Store, writer: Writer) -> None:
    """Say once of everybody who acts in a store without accounts that they do so with every right."""
    if in_use(store) or writer.actor == PROGRAM:
        return
    said = store.rows(Event).filter(kind="acted_without_accounts", actor=writer.actor)
    if not said.exists():
        writer.record(ActedWithoutAccounts, rule=NO_ACCOUNTS)
