"""Retention: how long a case is kept, what holds it, and its erasure by two people with a certificate.

What goes is every fact of the case and every word and snapshot about it; what stays is the log, with conclusions, codes, times
and people, told under a pseudonym from then on. A case on hold is not erased, nor is what another case's hold needs.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from openverdict.decisions.clocks import waiting
from openverdict.decisions.exhibits import listed
from openverdict.decisions.guarding import act, look
from openverdict.decisions.models import About, Disposal, ErasureApproval, Hold, Retention
from openverdict.decisions.roles import Operation
from openverdict.decisions.steps import must_have, one_of
from openverdict.errors import InputError
from openverdict.ledger import erasing
from openverdict.ledger.events import ErasureApproved, HoldLifted, HoldPlaced, RetentionSet
from openverdict.ledger.itself import PROGRAM
from openverdict.ledger.models import Erasure, LeadCase, Salt
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer

# As the Management of Police Information guidance groups records: public protection, other serious, all other, miscellaneous.
GROUPS = ("group_1", "group_2", "group_3", "group_4")
PLACED, LIFTED = "placed", "lifted"


@dataclass(frozen=True)
class Kept:
    """How long a case is kept: its group, the day of review, and whether it is on hold or was approved to be erased."""

    case: str
    group: str
    review_due: str
    days_over: int
    on_hold: bool
    approved_by: str | None


def entries_about(store: Store, case: str) -> list[int]:
    """The entries whose personal content is about this case and still there, for `ledger.erasing.erase`.

    Conclusions, codes, times and people stay in the record; what was shown and said goes.
    """
    about = store.rows(About).filter(case_id=case).values("event_id")
    gone = store.rows(Erasure).values("target")
    held = store.rows(Salt).filter(event_id__in=about).exclude(event_id__in=gone)
    told = {int(entry) for entry in held.values_list("event_id", flat=True)}
    return sorted(told | set(erasing.entries_about(store, case)))


@act(Operation.RETAIN, "case")
def set_retention(
    store: Store, writer: Writer, case: str, group: str, review_due: date, reason: str
) -> None:
    """Say to which group a case belongs and on which day it is looked at again. `reason`: a code.

    Raises:
        InputError: the store has no such case, or no such group.
    """
    must_have(store, case)
    one_of(group, GROUPS)
    due = review_due.isoformat()
    writer.record(
        RetentionSet,
        [Retention(case_id=case, kept_as=group, review_due=due), About(case_id=case)],
        case=case,
        group=group,
        review_due=due,
        reason=reason,
    )


@act(Operation.HOLD, "case")
def place_hold(store: Store, writer: Writer, case: str, reason: str) -> None:
    """Let a case not be erased for now. `reason`: a code."""
    must_have(store, case)
    if is_held(store, case):
        raise InputError(f"case {case} is on hold already")
    row = Hold(case_id=case, status=PLACED, reason=reason)
    writer.record(HoldPlaced, [row, About(case_id=case)], case=case, reason=reason)


@act(Operation.HOLD, "case")
def lift_hold(store: Store, writer: Writer, case: str, reason: str) -> None:
    """Let a case be erased again when its time has come; what was approved before the hold does not count."""
    if not is_held(store, case):
        raise InputError(f"case {case} is not on hold")
    row = Hold(case_id=case, status=LIFTED, reason=reason)
    writer.record(HoldLifted, [row, About(case_id=case)], case=case, reason=reason)


@act(Operation.APPROVE_ERASURE, "case")
def approve_erasure(store: Store, writer: Writer, case: str, rule: str) -> None:
    """Approve that somebody else erases a case whose day of review has come. `rule`: a code, why it is not kept longer.

    Raises:
        InputError: nobody said how long it is kept, its day has not come, or it is on hold.
    """
    must_be_due(store, case, writer.at)
    row = ErasureApproval(case_id=case, user=writer.actor, rule=rule)
    writer.record(ErasureApproved, [row, About(case_id=case)], case=case, rule=rule)


@look(Operation.LIST)
def kept(
    store: Store, at: datetime, *, user: str | None = None, case: str | None = None
) -> list[Kept]:
    """How long each case is kept that a person may list and that somebody said it of, what is due first at the head."""
    gone = set(store.rows(Disposal).values_list("case_id", flat=True))
    last = {row.case_id: row for row in listed(store, Retention, user, case)}
    holds = {row.case_id: row for row in listed(store, Hold, user, case)}
    said = {row.case_id: row for row in listed(store, ErasureApproval, user, case)}
    today = at.astimezone(UTC).date()
    found = []
    for each, row in last.items():
        if each in gone:
            continue
        hold, approval = holds.get(each), said.get(each)
        newest = max(row.event_id, 0 if hold is None else hold.event_id)
        counts = approval is not None and approval.event_id > newest
        found.append(
            Kept(
                each,
                row.kept_as,
                row.review_due,
                max(0, (today - date.fromisoformat(row.review_due)).days),
                hold is not None and hold.status == PLACED,
                approval.user if approval is not None and counts else None,
            )
        )
    return sorted(found, key=lambda kept: (kept.review_due, kept.case))


@look(Operation.LIST)
def due_for_review(store: Store, at: datetime, *, user: str | None = None) -> list[Kept]:
    """Of these, the cases whose day of review has come."""
    today = at.astimezone(UTC).date().isoformat()
    return [each for each in kept(store, at, user=user) if each.review_due <= today]


def is_held(store: Store, case: str) -> bool:
    """Whether a case is on hold now."""
    last = store.rows(Hold).filter(case_id=case).order_by("-id").first()
    return last is not None and last.status == PLACED


def refuse_held(store: Store, entries: Sequence[int]) -> None:
    """Raise InputError where the personal content of one of these entries is about a case on hold, too."""
    asked = set(entries)
    held = store.rows(Hold).order_by("case_id").values_list("case_id", flat=True).distinct()
    for case in held:
        if is_held(store, case) and (needed := asked.intersection(entries_about(store, case))):
            raise InputError(
                f"entry {min(needed)} is about case {case}, which is on hold; it can't be erased until the hold is lifted"
            )


def must_be_due(store: Store, case: str, at: datetime) -> Retention:
    """What was said last of how long a case is kept.

    Raises:
        InputError: the case can't be erased now; by which rule.
    """
    must_have(store, case)
    if store.rows(Disposal).filter(case_id=case).exists():
        raise InputError(f"case {case}: it was erased before")
    if is_held(store, case):
        raise InputError(f"case {case} is on hold; it can't be erased until the hold is lifted")
    row = store.rows(Retention).filter(case_id=case).order_by("-id").first()
    if row is None:
        raise InputError(f"case {case}: nobody has said how long it is kept; set its retention")
    if row.review_due > at.astimezone(UTC).date().isoformat():
        raise InputError(f"case {case} is kept until {row.review_due}; its day has not come")
    return row


def must_be_erasable(store: Store, case: str, actor: str, at: datetime) -> ErasureApproval:
    """The approval by which a case may be erased now by this person.

    Raises:
        InputError: see `must_be_due`; or nobody else approved it, an answer is waited for, or another case on hold needs what
            would go.
    """
    row = must_be_due(store, case, at)
    last = store.rows(Hold).filter(case_id=case).order_by("-id").first()
    newest = max(row.event_id, -1 if last is None else last.event_id)
    given = store.rows(ErasureApproval).filter(case_id=case, event_id__gt=newest)
    approval = given.exclude(user=actor).order_by("-id").first()
    if approval is None:
        raise InputError(f"case {case}: another person has to approve first that it is erased")
    left = [w for w in waiting(store, at, [case], user=PROGRAM) if w.rule != "assignment"]
    if left:  # who wants a case looked at before it goes puts it on hold; an assignment is no answer owed to anybody
        raise InputError(f"case {case}: {left[0].rule} {left[0].subject} has no answer yet")
    for other in sorted(_beside(store, case)):
        if is_held(store, other):
            raise InputError(
                f"case {case}: what was said of it is about case {other} too, which is on hold"
            )
    return approval


def pseudonyms(store: Store) -> dict[str, str]:
    """The pseudonym of every case that was erased at the end of its time."""
    return dict(store.rows(Disposal).values_list("case_id", "pseudonym"))


def draw_pseudonym() -> str:
    """A new one, which nothing can be computed from."""
    return f"erased-{secrets.token_hex(8)}"


def as_told(value: Any, names: Mapping[str, str]) -> Any:
    """A value of texts, tuples, dictionaries and frozen dataclasses with erased cases under their pseudonyms."""
    if not names:
        return value
    if isinstance(value, str):
        for case, name in names.items():
            value = re.sub(rf"(?<![\w-]){re.escape(case)}(?![\w-])", name, value)
        return value
    if isinstance(value, dict):
        return {as_told(k, names): as_told(v, names) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(as_told(each, names) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        told = {f.name: as_told(getattr(value, f.name), names) for f in fields(value) if f.init}
        return replace(value, **told)
    return value


def _beside(store: Store, case: str) -> set[str]:
    """Other cases that the entries to be erased are about."""
    entries = entries_about(store, case)
    about = store.rows(About).filter(event_id__in=entries).values_list("case_id", flat=True)
    leads = store.rows(LeadCase).filter(event_id__in=entries).values_list("case_id", flat=True)
    return ({*about, *leads}) - {case}
