"""A stated policy for suggestions in a store: who adopts it answers for what it admits, and each of its facts says so."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from openverdict.decisions.guarding import act, look
from openverdict.decisions.models import AcceptancePolicy
from openverdict.decisions.proving import measured
from openverdict.decisions.readings import undecided, within_reach
from openverdict.decisions.roles import Operation
from openverdict.decisions.steps import refuse_machine
from openverdict.decisions.taking import Taken, register_time, take_together
from openverdict.errors import InputError
from openverdict.ledger.events import PolicyAdopted
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer
from openverdict.narrative import Stated, SuggestionPolicy, parse_settings

SUGGESTIONS = "suggestions"


@dataclass(frozen=True)
class Admitted:
    """Suggestions of a rule for a field that wait, and what the policy in force says of them. `refused`: why not, or None."""

    rule: str
    version: str
    field: str
    waiting: int
    refused: str | None


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


def policy_in_force(store: Store) -> SuggestionPolicy | None:
    """The policy for suggestions that was adopted last; None where none was: then only people accept."""
    row = store.rows(AcceptancePolicy).order_by("-id").first()
    return None if row is None else parse_settings(row.settings)


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
