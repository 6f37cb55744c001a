"""Enquiries: what was advised and asked for, by whom, whether it was done, with what result, and what is overdue.

An enquiry is any check of the vocabulary: an examination of an exhibit or a device, billing data, toxicology. Its clock starts
when it is asked for and stops with its answer, which may also be that it was refused. `flags` names what was never asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Exists, F, OuterRef

from openverdict.cases import checks
from openverdict.decisions.exhibits import (
    IN_HAND,
    MISSING,
    DeviceState,
    devices,
    listed,
    of_case,
)
from openverdict.decisions.guarding import act, case_by, look
from openverdict.decisions.models import About, Device, Enquiry, EnquiryAnswer, Exhibit
from openverdict.decisions.policy import in_force
from openverdict.decisions.roles import Access, Operation
from openverdict.decisions.showing import STRUCK_OUT, content_of
from openverdict.decisions.steps import (
    due_in,
    must_have,
    one_of,
    said,
    start_clock,
    stop_clock,
    tell_owner,
)
from openverdict.errors import InputError
from openverdict.ledger.commitment import commit
from openverdict.ledger.events import EnquiryAnswered, EnquiryRequested, ExhibitExamined
from openverdict.ledger.models import Case, Event, Fact
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer

ADVISED_BY = (
    "pathologist",
    "coroner",
    "toxicologist",
    "forensic_scientist",
    "investigator",
    "reviewer",
    "family",
    "nobody",
)
DONE = "done"
OUTCOMES = (DONE, "refused", "not_possible", "withdrawn")
VERIFICATIONS = ("verified", "not_verified", "inconclusive")
BILLING = "phone_billing"
ON_DEVICE = frozenset({"handset", "app_data"})


@dataclass(frozen=True)
class EnquiryState:
    """An enquiry: who advised it and asked for it, since when (a day), by when, and its answer if there is one.

    `age_days`: from the day it was asked for to the day of the question, or of its answer. `days_over`: over its time and
    unanswered; 0: not yet, or answered. The result in words stands under `enquiry_words`.
    """

    enquiry: int
    case: str
    asked: str
    advised_by: str
    requested_by: str
    since: str
    due: str
    age_days: int
    days_over: int
    exhibit: int | None
    device: int | None
    outcome: str | None
    verification: str | None


@dataclass(frozen=True)
class Flag:
    """Something about a case that nobody did. `code`: what; `since`: the day from which it could be seen, if known."""

    case: str
    code: str
    text: str
    since: str | None
    age_days: int | None


@act(Operation.ENQUIRE, "case")
def request_enquiry(
    store: Store,
    writer: Writer,
    case: str,
    asked: str,
    *,
    advised_by: str,
    exhibit: int | None = None,
    device: int | None = None,
) -> int:
    """Ask for an examination or for data, as advised by somebody; its clock starts. The number of the enquiry.

    `asked`: the code of a check. `exhibit`, `device`: what is to be examined.

    Raises:
        InputError: the store has no such case, exhibit or device of it, or a code is unknown.
    """
    must_have(store, case)
    one_of(asked, tuple(checks()))
    one_of(advised_by, ADVISED_BY)
    if exhibit is not None:
        of_case(store, Exhibit, exhibit, case)
    if device is not None:
        of_case(store, Device, device, case)
    days = in_force(store).days_enquiry
    row = Enquiry(
        case_id=case,
        asked=asked,
        advised_by=advised_by,
        user=writer.actor,
        due=due_in(writer, days),
        exhibit=exhibit,
        device=device,
    )
    writer.record(
        EnquiryRequested,
        [row, About(case_id=case)],
        enquiry=str(writer.next_id(Enquiry)),
        case=case,
        check=asked,
        advised_by=advised_by,
        due=row.due,
        exhibit=None if exhibit is None else str(exhibit),
        device=None if device is None else str(device),
    )
    start_clock(writer, "enquiry", int(row.id), days, [case])
    return int(row.id)


@act(Operation.RESULT, "enquiry", case_by(Enquiry))
def answer_enquiry(
    store: Store,
    writer: Writer,
    enquiry: int,
    outcome: str,
    text: str,
    *,
    verification: str | None = None,
    known_from: str | None = None,
) -> None:
    """Record what became of an enquiry, with its result in words; its clock stops and the case's owner is told.

    What the result says of the case is entered as facts besides (`entering.enter_facts`): nothing is read out of words.

    Raises:
        InputError: there is no such enquiry, it was answered before, a code is unknown, or a verification of no exhibit.
    """
    one_of(outcome, OUTCOMES)
    row = store.rows(Enquiry).filter(id=enquiry).first()
    if row is None:
        raise InputError(f"enquiry {enquiry}: there is none of this number")
    if store.rows(EnquiryAnswer).filter(enquiry=enquiry).exists():
        raise InputError(f"enquiry {enquiry}: it was answered before; ask anew")
    if verification is not None:
        one_of(verification, VERIFICATIONS)
        if row.exhibit is None or outcome != DONE:
            raise InputError(
                f"enquiry {enquiry}: only an examination of an exhibit that was done verifies its origin"
            )
    opening = commit(said(text, f"answer to enquiry {enquiry}"))
    answer = EnquiryAnswer(enquiry=enquiry, outcome=outcome, verification=verification)
    told: dict[str, Any] = {
        "enquiry": str(enquiry),
        "case": row.case_id,
        "outcome": outcome,
        "known_from": known_from,
        "text": opening.commitment,
    }
    rows = [answer, About(case_id=row.case_id)]
    if row.exhibit is None:
        writer.record(EnquiryAnswered, rows, openings={"text": opening}, **told)
    else:
        writer.record(
            ExhibitExamined,
            rows,
            openings={"text": opening},
            exhibit=str(row.exhibit),
            examination=row.asked,
            verification=verification,
            **told,
        )
    stop_clock(store, writer, "enquiry", enquiry, outcome)
    tell_owner(store, writer, row.case_id, "enquiry_answered", str(enquiry))


@look(Operation.LIST)
def enquiries(
    store: Store, at: datetime, *, user: str | None = None, case: str | None = None
) -> list[EnquiryState]:
    """The enquiries of the cases that a person may list, or of one of these; what was asked for first at the head."""
    rows = listed(store, Enquiry, user, case)
    numbers = [row.id for row in rows]
    begun = _days(store, {row.event_id for row in rows})
    answers = {a.enquiry: a for a in store.rows(EnquiryAnswer).filter(enquiry__in=numbers)}
    ended = _days(store, {a.event_id for a in answers.values()})
    today = at.astimezone(UTC).date()
    found = []
    for row in rows:
        answer = answers.get(row.id)
        last = today if answer is None else _day(ended[answer.event_id])
        found.append(
            EnquiryState(
                row.id,
                row.case_id,
                row.asked,
                row.advised_by,
                row.user,
                begun[row.event_id],
                row.due,
                (last - _day(begun[row.event_id])).days,
                max(0, (today - _day(row.due)).days) if answer is None else 0,
                row.exhibit,
                row.device,
                None if answer is None else answer.outcome,
                None if answer is None else answer.verification,
            )
        )
    return found


def asked_checks(store: Store, cases: Sequence[str]) -> dict[str, set[str]]:
    """The codes of the checks that were asked for on each of some cases and have no answer yet, or were done."""
    left = store.rows(EnquiryAnswer).filter(enquiry=OuterRef("id")).exclude(outcome=DONE)
    rows = store.rows(Enquiry).filter(case_id__in=list(cases)).exclude(Exists(left))
    found: dict[str, set[str]] = {}
    for case, asked in rows.values_list("case_id", "asked"):
        found.setdefault(case, set()).add(asked)
    return found


@look(Operation.LIST)
def overdue_enquiries(store: Store, at: datetime, *, user: str | None = None) -> list[EnquiryState]:
    """Enquiries that are over their time and have no answer, the oldest at the head."""
    late = [each for each in enquiries(store, at, user=user) if each.days_over]
    return sorted(late, key=lambda each: (-each.age_days, each.enquiry))


@look(Operation.VIEW, "enquiry", case_by(Enquiry), seen=True)
def enquiry_words(
    store: Store, enquiry: int, *, user: str | None = None, access: Access = Access.YES
) -> str | None:
    """The result of an enquiry in the words of who recorded it; None where there is none, or it was erased."""
    answer = store.rows(EnquiryAnswer).filter(enquiry=enquiry).first()
    if answer is None:
        return None
    return STRUCK_OUT if access is Access.REDACTED else content_of(store, answer.event_id, "text")


@look(Operation.LIST)
def flags(
    store: Store, at: datetime, *, user: str | None = None, case: str | None = None
) -> list[Flag]:
    """What nobody did, in the cases that a person may list or in one of these, by case.

    `advised_not_done`: an examination that was advised and has no answer, or that the register says was advised and not made.
    `phone_missing_no_billing`: a telephone is missing, and its billing and cell data were never asked for.
    `device_not_examined`: a device is in hand, and its examination was never asked for.
    """
    asked = enquiries(store, at, user=user, case=case)
    found = [
        Flag(
            each.case,
            "advised_not_done",
            f"{_label(each.asked)}: advised ({each.advised_by.replace('_', ' ')}), {_undone_for(each.age_days)}.",
            each.since,
            each.age_days,
        )
        for each in asked
        if each.outcome is None and each.advised_by != "nobody"
    ]
    facts = _Facts(store, user, case)
    held = devices(store, user=user, case=case)
    found += _missing_phones(store, held, asked, facts, at)
    found += _unexamined(store, held, asked, at)
    found += _advised_in_register(asked, facts, at)
    return sorted(found, key=lambda flag: (flag.case, flag.code, flag.text))


class _Facts:
    """What stands in the register under some lists of codes, with the day from which it was known."""

    FIELDS = ("items_missing", "tests_advised", "checks_done")

    def __init__(self, store: Store, user: str | None, case: str | None) -> None:
        seen = None if user is None else {row.case_id for row in listed(store, Case, user, case)}
        rows = store.rows(Fact).filter(field__in=self.FIELDS).order_by("id")
        if case is not None:
            rows = rows.filter(case_id=case)
        told = list(rows)
        gone = {fact.supersedes for fact in told}
        self.known: dict[str, dict[tuple[str, str], str | None]] = {f: {} for f in self.FIELDS}
        for fact in told:
            if fact.id in gone or not fact.value or (seen is not None and fact.case_id not in seen):
                continue
            for item in fact.value.split(";"):
                day = None if fact.known_from is None else fact.known_from[:10]
                self.known[fact.field].setdefault((fact.case_id, item.strip()), day)


def _missing_phones(
    store: Store, held: list[DeviceState], asked: list[EnquiryState], facts: _Facts, at: datetime
) -> list[Flag]:
    entries = {each.since_entry for each in held}
    days = _days(store, entries)
    missing: dict[str, str | None] = {
        case: day for (case, item), day in facts.known["items_missing"].items() if item == "phone"
    }
    for each in held:
        if each.kind == "phone" and each.status == MISSING:
            missing[each.case] = days[each.since_entry]
        elif each.kind == "phone":
            missing.pop(each.case, None)  # what was registered by hand is newer than the register
    billed = {each.case for each in asked if each.asked == BILLING}
    billed |= {case for case, item in facts.known["checks_done"] if item == BILLING}
    text = "A telephone is missing, and its billing and cell data were never asked for."
    return [
        Flag(case, "phone_missing_no_billing", text, day, _age(day, at))
        for case, day in missing.items()
        if case not in billed
    ]


def _unexamined(
    store: Store, held: list[DeviceState], asked: list[EnquiryState], at: datetime
) -> list[Flag]:
    days = _days(store, {each.since_entry for each in held})
    done = {each.device for each in asked if each.asked in ON_DEVICE or each.device is not None}
    return [
        Flag(
            each.case,
            "device_not_examined",
            f"Device {each.device} ({each.kind}) is in hand, and its examination was never asked for.",
            days[each.since_entry],
            _age(days[each.since_entry], at),
        )
        for each in held
        if each.status in IN_HAND and each.device not in done
    ]


def _advised_in_register(asked: list[EnquiryState], facts: _Facts, at: datetime) -> list[Flag]:
    known = {(each.case, each.asked) for each in asked} | set(facts.known["checks_done"])
    return [
        Flag(
            case,
            "advised_not_done",
            f"{_label(item)}: the record says that it was advised, and not that it was made.",
            day,
            _age(day, at),
        )
        for (case, item), day in facts.known["tests_advised"].items()
        if (case, item) not in known
    ]


def _undone_for(days: int) -> str:
    """How long something has not been done, in words."""
    return "asked for today" if not days else f"not done for {days} day{'' if days == 1 else 's'}"


def _label(code: str) -> str:
    found = checks().get(code)
    return found.label if found is not None else code.replace("_", " ")


def _days(store: Store, entries: set[int]) -> dict[int, str]:
    rows = store.rows(Event).filter(seq__in=entries).values_list("seq", F("at"))
    return {entry: str(when)[:10] for entry, when in rows}


def _day(text: str) -> Any:
    return datetime.fromisoformat(text).date()


def _age(day: str | None, at: datetime) -> int | None:
    return None if day is None else (at.astimezone(UTC).date() - _day(day)).days
