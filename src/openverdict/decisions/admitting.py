"""A stated policy for suggestions in a store: who adopts it answers for what it admits, and each of its facts says so."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256

from django.db.models import Count, F, Max

from openverdict.decisions.guarding import act, look
from openverdict.decisions.models import AcceptancePolicy
from openverdict.decisions.proving import measured
from openverdict.decisions.readings import FIRST, decisions, undecided, within_reach
from openverdict.decisions.roles import Operation
from openverdict.decisions.steps import refuse_machine, said
from openverdict.decisions.taking import Taken, register_time, take_together
from openverdict.errors import InputError
from openverdict.ledger.events import PolicyAdopted
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer
from openverdict.narrative import Stated, SuggestionPolicy, parse_settings

SUGGESTIONS = "suggestions"
NO_POLICY = ""  # the name of a row that takes the policy before it back


@dataclass(frozen=True)
class Admitted:
    """Suggestions of a rule for a field that wait, and what the policy in force says of them. `refused`: why not, or None."""

    rule: str
    version: str
    field: str
    waiting: int
    refused: str | None


@dataclass(frozen=True)
class Adopted:
    """A policy that was put in force, or (`name` None) that none is any more: by whom, when (UTC), and why."""

    name: str | None
    version: str | None
    sha256: str
    by: str
    at: str
    reason: str


@dataclass(frozen=True)
class AppliedPolicy:
    """What a policy admitted in one go and still stands, on cases where a person may enter facts. `name`: of the whole."""

    name: str
    policy: str
    suggestions: int
    facts: int


@act(Operation.ADOPT_POLICY)
def adopt_suggestion_policy(store: Store, writer: Writer, policy: SuggestionPolicy) -> int:
    """Put a policy for suggestions in force from here on; the number of its row. Nothing is accepted by that alone.

    Raises:
        InputError: a policy of this name and version stands with other settings, or the machine acts.
    """
    writer.flush()
    refuse_machine(writer)
    same = store.rows(AcceptancePolicy).filter(name=policy.name, version=policy.version)
    if same.exclude(settings=policy.settings).exists():
        raise InputError(
            f"policy {policy.name} {policy.version}: adopted before with other settings; give it a new version"
        )
    row = AcceptancePolicy(name=policy.name, version=policy.version, settings=policy.settings)
    writer.record(
        PolicyAdopted,
        [row],
        policy=SUGGESTIONS,
        policy_version=f"{policy.name}@{policy.version}"[:100],
        sha256=policy.sha256,
    )
    return int(row.id)


@act(Operation.ADOPT_POLICY)
def withdraw_suggestion_policy(store: Store, writer: Writer, reason: str) -> int:
    """Take the policy in force back: only people accept from here on. What it admitted stands until that is undone by its name.

    `reason`: in words. The number of its row.

    Raises:
        InputError: none is in force, no reason is given, or the machine acts.
    """
    writer.flush()
    refuse_machine(writer)
    policy = _policy(store)
    told = {"withdrawn": f"{policy.name} {policy.version}", "reason": said(reason, "policy")}
    settings = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    row = AcceptancePolicy(name=NO_POLICY, version=NO_POLICY, settings=settings)
    writer.record(
        PolicyAdopted,
        [row],
        policy=SUGGESTIONS,
        policy_version="none",
        sha256=sha256(settings.encode()).hexdigest(),
    )
    return int(row.id)


def policy_in_force(store: Store) -> SuggestionPolicy | None:
    """The policy for suggestions that was adopted last; None where none was, or it was taken back: then only people accept."""
    row = store.rows(AcceptancePolicy).order_by("-id").first()
    return None if row is None or row.name == NO_POLICY else parse_settings(row.settings)


def adoptions(store: Store) -> tuple[Adopted, ...]:
    """Every policy for suggestions that was put in force or taken back, what came last at the head."""
    rows = store.rows(AcceptancePolicy).annotate(at=F("event__at"), actor=F("event__actor"))
    return tuple(
        Adopted(
            row.name or None,
            row.version or None,
            sha256(row.settings.encode()).hexdigest(),
            row.actor,
            row.at,
            str(json.loads(row.settings)["reason"]),
        )
        for row in rows.order_by("-id")
    )


@look(Operation.LIST)
def applied(store: Store, *, user: str | None = None) -> tuple[AppliedPolicy, ...]:
    """What policies admitted and still stands, by the names under which it can be undone, the last at the head."""
    rows = within_reach(store, user, decisions(store, FIRST)).filter(policy__isnull=False)
    counted = rows.order_by().values_list("at_once", "policy")
    found = counted.annotate(n=Count("id"), facts=Count("fact"), last=Max("id"))
    return tuple(
        AppliedPolicy(name, policy, n, facts)
        for name, policy, n, facts, _ in sorted(found, key=lambda each: -each[-1])
    )


@look(Operation.LIST)
def admitted(store: Store, *, user: str | None = None) -> tuple[Admitted, ...]:
    """What waits on cases where a person may enter facts, by rule and field, and what the policy in force says of it.

    Raises:
        InputError: no policy was adopted.
    """
    policy, counted = _policy(store), measured(store)
    rows = within_reach(store, user, undecided(store)).order_by()
    waiting = rows.values_list("rule", "version", "field").annotate(n=Count("id"))
    return tuple(
        Admitted(rule, version, field, n, policy.why_not(rule, version, field, counted))
        for rule, version, field, n in sorted(waiting)
    )


@act(Operation.ADOPT_POLICY)
def apply_policy(store: Store, writer: Writer, *, expected: int) -> Taken:
    """Accept what waits and the policy in force admits, on cases where the actor may enter facts.

    `expected`: how many the actor was shown that it admits (the sum of `waiting` in `admitted`). The source of each fact names
    the policy, its hash and the measured rate, its author is the policy, and every lead that rests on it says so. What a person
    turned down in the same case stays as it is.

    Raises:
        InputError: no policy was adopted, or it admits another number.
    """
    writer.flush()
    refuse_machine(writer)
    policy = _policy(store)
    stated = Stated(policy, measured(store), register_time(writer))
    rows = [
        row
        for row in within_reach(store, writer.actor, undecided(store)).order_by("id")
        if policy.admits(row.rule, row.version, row.field, stated.measured)
    ]
    if len(rows) != expected or not rows:
        raise InputError(
            f"policy {policy.name} {policy.version}: admits {len(rows):,} suggestions now, and not {expected:,}; look again"
        )
    said = f"{policy.name} {policy.version} {policy.sha256}"
    return take_together(store, writer, rows, stated, policy=said)


def _policy(store: Store) -> SuggestionPolicy:
    policy = policy_in_force(store)
    if policy is None:
        raise InputError("no policy for suggestions was adopted in this store; only people accept")
    return policy
