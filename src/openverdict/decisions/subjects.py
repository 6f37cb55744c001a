"""What can be decided on: a pair, a lead or a case; the key of each, and the cases that it speaks of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from openverdict.errors import InputError
from openverdict.ledger.models import Case, Lead, LeadCase
from openverdict.ledger.store import Store


class Kind(StrEnum):
    """What a subject is."""

    PAIR = "pair"
    LEAD = "lead"
    CASE = "case"


@dataclass(frozen=True)
class Subject:
    """A pair, a lead or a case, with its cases in their order."""

    kind: Kind
    key: str
    cases: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


def pair_key(case_a: str, case_b: str) -> str:
    r"""The key of a pair, the same whichever case is named first: `A|B`; a bar within a case number is written `\\|`."""
    return "|".join(
        case.replace("\\", "\\\\").replace("|", "\\|") for case in sorted((case_a, case_b))
    )


def pair_of(key: str) -> tuple[str, str]:
    """The two cases of the key of a pair."""
    first, second = (re.sub(r"\\(.)", r"\1", part) for part in re.findall(r"(?:[^|\\]|\\.)+", key))
    return first, second


def cases_of(store: Store, kind: str, key: str) -> tuple[str, ...]:
    """The cases of a subject by its kind and key, as the store has them."""
    if kind == Kind.CASE:
        return (key,)
    if kind == Kind.PAIR:
        return pair_of(key)
    rows = store.rows(LeadCase).filter(lead_id=int(key)).order_by("id")
    return tuple(rows.values_list("case_id", flat=True))


def pair(store: Store, case_a: str, case_b: str) -> Subject:
    """The pair of two cases. Raises InputError when the store has one of them not, or both are one."""
    if case_a == case_b:
        raise InputError(f"case {case_a}: a pair is of two cases; name another")
    for case_id in (case_a, case_b):
        _known(store, case_id)
    first, second = sorted((case_a, case_b))
    return Subject(Kind.PAIR, pair_key(first, second), (first, second))


def lead(store: Store, number: int) -> Subject:
    """A lead by its number in the store. Raises InputError when there is none."""
    if not store.rows(Lead).filter(id=number).exists():
        raise InputError(f"lead {number}: there is none of this number in the store")
    cases = store.rows(LeadCase).filter(lead_id=number).order_by("id")
    return Subject(Kind.LEAD, str(number), tuple(cases.values_list("case_id", flat=True)))


def case(store: Store, case_id: str) -> Subject:
    """A case. Raises InputError when the store does not have it."""
    _known(store, case_id)
    return Subject(Kind.CASE, case_id, (case_id,))


def _known(store: Store, case_id: str) -> None:
    if not store.rows(Case).filter(case_id=case_id).exists():
        raise InputError(f"case {case_id}: the store does not have it; check the number")
