"""Provisional categories and their sign-off by another person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from openverdict.cases import checks
from openverdict.decisions.guarding import act, case_by, cases_by, look
from openverdict.decisions.models import About, Category, Decision, SignOff
from openverdict.decisions.policy import in_force
from openverdict.decisions.roles import Operation
from openverdict.decisions.steps import must_have, one_of, said, start_clock, stop_clock
from openverdict.decisions.unanswered import unanswered_concerns
from openverdict.errors import InputError
from openverdict.ledger.commitment import commit
from openverdict.ledger.events import CategoryRecorded, SignedOff
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer

CATEGORIES = (
    "expected",
    "unexpected_not_suspicious",
    "unexpected_under_investigation",
    "homicide",
    "suspicious",
    "unexplained",
)
# These say that enquiries are over; said before they are, they are premature.
CLOSING = frozenset({"expected", "unexpected_not_suspicious"})


def _signed(store: Store, given: Mapping[str, Any]) -> tuple[str, ...]:
    """The cases of what is to be signed."""
    find = case_by(Category) if given["kind"] == "category" else cases_by(Decision)
    return tuple(find(store, given["number"]))


@act(Operation.CATEGORISE, "case")
def categorise(
    store: Store, writer: Writer, case: str, category: str, text: str, *, done: Sequence[str]
) -> int:
    """Record a category with the checks that were done; it is provisional until another person signs it off. Its number.

    A category that ends enquiries while checks that are always expected are open is kept, and marked premature.

    Raises:
        InputError: an unknown category or check, or it ends enquiries while a concern about the case has no answer.
    """
    writer.flush()
    one_of(category, CATEGORIES)
    must_have(store, case)
    odd = sorted(set(done) - set(checks()))
    if odd:
        raise InputError(f"case {case}: no such check: {', '.join(odd)}")
    if category in CLOSING and (open_concerns := unanswered_concerns(store, case)):
        raise InputError(
            f"case {case}: concern {open_concerns[0]} has no answer; answer it before enquiries end"
        )
    needed = {code for code, check in checks().items() if check.expected == "always"}
    met = len(needed & set(done))
    premature = category in CLOSING and met < len(needed)
    opening = commit(said(text, f"category of case {case}"))
    row = Category(
        case_id=case,
        category=category,
        user=writer.actor,
        checks_done=met,
        checks_needed=len(needed),
        premature=int(premature),
    )
    writer.record(
        CategoryRecorded,
        [row, About(case_id=case)],
        openings={"text": opening},
        case=case,
        category=category,
        checks_done=met,
        checks_needed=len(needed),
        premature=premature,
        text=opening.commitment,
    )
    start_clock(writer, "category", int(row.id), in_force(store).days_sign_off, [case], "sign_off")
    return int(row.id)


@dataclass(frozen=True)
class Signature:
    """Who signed a category or a decision off (`agrees`), or dissented, and when."""

    user: str
    agrees: bool
    at: str


@dataclass(frozen=True)
class CategoryLine:
    """A category that somebody put a case into; without a signature it is provisional. `premature`: too few checks."""

    number: int
    category: str
    user: str
    at: str
    checks_done: int
    checks_needed: int
    premature: bool
    signed: Signature | None


def signatures(store: Store, kind: str, numbers: Sequence[int]) -> dict[int, Signature]:
    """Who signed which of these categories or decisions."""
    rows = store.rows(SignOff).filter(subject_kind=kind, subject__in=[str(n) for n in numbers])
    told = rows.values_list("subject", "user", "agrees", "event__at")
    return {int(number): Signature(user, bool(agrees), at) for number, user, agrees, at in told}


@look(Operation.VIEW, "case")
def categories_of(store: Store, case: str, *, user: str | None = None) -> list[CategoryLine]:
    """The categories of a case in the order in which they were recorded; the last one counts."""
    rows = list(
        store.rows(Category).filter(case_id=case).annotate(at=F("event__at")).order_by("id")
    )
    signed = signatures(store, "category", [row.id for row in rows])
    return [
        CategoryLine(
            int(row.id),
            row.category,
            row.user,
            row.at,
            row.checks_done,
            row.checks_needed,
            bool(row.premature),
            signed.get(row.id),
        )
        for row in rows
    ]


@act(Operation.SIGN_OFF, cases=_signed)
def sign_off(
    store: Store,
    writer: Writer,
    kind: str,
    number: int,
    *,
    agrees: bool,
    dissent: str | None = None,
) -> None:
    """Sign a category or a decision off, or dissent with a reason; never by its author.

    Raises:
        InputError: there is none, the actor wrote it, it was signed before, or a dissent says nothing.
    """
    writer.flush()
    one_of(kind, ("category", "decision"))
    model: Any = Category if kind == "category" else Decision
    row = store.rows(model).filter(id=number).first()
    if row is None:
        raise InputError(f"{kind} {number}: there is none of this number")
    if row.user == writer.actor:
        raise InputError(f"{kind} {number}: {writer.actor} wrote it; another person has to sign it")
    if store.rows(SignOff).filter(subject_kind=kind, subject=str(number)).exists():
        raise InputError(f"{kind} {number}: it was signed before")
    opening = None if agrees else commit(said(dissent or "", "dissent"))
    signed = SignOff(subject_kind=kind, subject=str(number), user=writer.actor, agrees=int(agrees))
    writer.record(
        SignedOff,
        [signed],
        openings={"dissent": opening} if opening else None,
        subject_kind=kind,
        subject=str(number),
        agrees=agrees,
        dissent=opening.commitment if opening else None,
    )
    if kind == "category":
        stop_clock(store, writer, "category", number, "signed" if agrees else "dissent")
