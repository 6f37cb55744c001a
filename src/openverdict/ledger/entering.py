"""Entering facts one by one, and correcting them: what a person at the keyboard does, and the web app for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from openverdict.cases import Fact as CaseFact
from openverdict.cases import FieldType, Status, dictionary
from openverdict.cases.values import parse_code, parse_list, parse_number, parse_time
from openverdict.errors import FieldError, InputError
from openverdict.ledger.events import FactsRecorded, FactSuperseded
from openverdict.ledger.models import Case, Fact
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer


def enter_facts(store: Store, writer: Writer, facts: Sequence[CaseFact]) -> list[int]:
    """Record facts of one case; their numbers.

    Raises:
        FieldError: a value does not fit its field. InputError: an equality field, facts of several cases, or a new case
            without `found_at`.
    """
    cases = {fact.case_id for fact in facts}
    if len(cases) != 1:
        raise InputError(f"facts of {len(cases)} cases in one entry; enter them case by case")
    (case,) = cases
    rows = [_row(fact) for fact in facts]
    is_new = not store.rows(Case).filter(case_id=case).exists()
    if is_new and not any(f.field == "found_at" and f.status == Status.RECORDED for f in facts):
        raise InputError(f"case {case!r} is new: give found_at with its first facts")
    extra = [Case(case_id=case)] if is_new else []
    writer.record(FactsRecorded, [*extra, *rows], facts=len(rows), cases=1, case=case)
    return [int(row.id) for row in rows]


def correct_fact(store: Store, writer: Writer, number: int, by: CaseFact, reason: str) -> int:
    """Put a fact in the place of another, from the day that the new one was known; both are kept. The new one's number.

    `reason` is a code. A fact that was wrong from the start, and whose right value was known then, is corrected with the
    `known_from` of the old one: then it counts for that day, while what the store held that day stays answerable.

    Raises:
        InputError: no such fact, another case or field, or it was superseded before. FieldError: see `enter_facts`.
    """
    old = store.rows(Fact).filter(id=number).first()
    if old is None:
        raise InputError(
            f"fact {number}: there is none of this number in the store, or it was erased"
        )
    if (old.case_id, old.field) != (by.case_id, by.field):
        raise InputError(
            f"fact {number} is {old.field} of case {old.case_id}; correct it with the same field and case"
        )
    later = store.rows(Fact).filter(supersedes=number).order_by("-id").first()
    if later is not None:
        raise InputError(
            f"fact {number} was superseded by fact {later.id} before; correct that one"
        )
    row = _row(by)
    row.supersedes = number
    writer.record(
        FactSuperseded,
        [row],
        case=old.case_id,
        field=old.field,
        fact=str(number),
        by=str(writer.next_id(Fact)),
        reason=reason,
    )
    return int(row.id)


def _row(fact: CaseFact) -> Fact:
    field = dictionary().get(fact.field)
    if field is None or fact.field == "case_id":
        raise InputError(f"{fact.field!r} is not in the field dictionary")
    if field.equality:
        raise InputError(f"{fact.field} belongs to the equality record and is no fact of a case")
    if fact.status != Status.RECORDED and (field.required or fact.value is not None):
        raise FieldError(fact.field, fact.value or "", f"{fact.status} can't stand here")
    if fact.status == Status.RECORDED:
        _check(fact)
    return Fact(
        case_id=fact.case_id,
        field=fact.field,
        value=fact.value if fact.status == Status.RECORDED else None,
        status=str(fact.status),
        known_from=_text(fact.known_from),
        recorded_at=_text(fact.recorded_at),
        origin=fact.source,
        author=fact.author,
    )


def _check(fact: CaseFact) -> None:
    """Read the value as the register will.

    Raises:
        FieldError: it can't be read.
    """
    field, text = dictionary()[fact.field], fact.value
    if not text or not text.strip():
        raise FieldError(fact.field, "", "recorded, but there is no value")
    if field.type is FieldType.DATETIME:
        parse_time(fact.field, text)
    elif field.type is FieldType.NUMBER:
        parse_number(field, text)
    elif field.type is FieldType.CODE:
        parse_code(field, text)
    elif field.type.is_list:
        parse_list(field, text)


def _text(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    if moment.tzinfo is not None:
        raise InputError(
            f"{moment}: facts keep times without an offset, on the register's own clock"
        )
    return moment.isoformat(timespec="microseconds" if moment.microsecond else "seconds")
