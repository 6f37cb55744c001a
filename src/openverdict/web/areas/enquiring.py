"""Enquiries: what was asked for, as advised by whom, by when, and what became of it; asking anew, and recording an answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from openverdict.cases import checks
from openverdict.decisions.enquiries import (
    ADVISED_BY,
    DONE,
    OUTCOMES,
    VERIFICATIONS,
    EnquiryState,
    answer_enquiry,
    enquiries,
    enquiry_words,
    flags,
    request_enquiry,
)
from openverdict.decisions.exhibits import devices, exhibits
from openverdict.decisions.policy import in_force
from openverdict.decisions.roles import Operation
from openverdict.reports.labels import check_label
from openverdict.web.answers import Go, GoneError, Page
from openverdict.web.areas.of_case import (
    FORM,
    about_case,
    back_to,
    case_of,
    choices,
    may_of,
    plain,
    words_field,
)
from openverdict.web.ask import Ask
from openverdict.web.forms import Choices, Field, Filled, Form, Kind, begin
from openverdict.web.route import Route
from openverdict.web.words import moment_words

ALL, OPEN, OVERDUE, ANSWERED = "all", "open", "overdue", "answered"
STATES = ((OPEN, "Open"), (OVERDUE, "Over their time"), (ANSWERED, "Answered"), (ALL, "All"))


def told(ask: Ask, each: EnquiryState) -> dict[str, Any]:
    """An enquiry for pages and twins."""
    return {
        **asdict(each),
        "words": check_label(each.asked),
        "advised": plain(each.advised_by),
        "state": state_words(each),
        "to": ask.to("cases.enquiry", case=each.case, enquiry=each.enquiry),
    }


def state_words(each: EnquiryState) -> str:
    """What became of it, or how long it has been open."""
    if each.outcome is None:
        days = f"{each.days_over} day{'' if each.days_over == 1 else 's'}"
        return f"open, {days} over its time" if each.days_over else "open"
    return plain(each.outcome) + (f", {plain(each.verification)}" if each.verification else "")


def list_enquiries(ask: Ask) -> Page:
    """The enquiries of all cases that the person may list, what is due first at the head."""
    found = enquiries(ask.store, ask.store.clock(), user=ask.who)
    state = ask.query["state"] or OPEN
    rows = [told(ask, each) for each in found if _is(each, state)]
    rows.sort(key=lambda row: (row["outcome"] is not None, row["due"], row["enquiry"]))
    data = {
        "state": state,
        "enquiries": rows,
        "open": sum(each.outcome is None for each in found),
        "overdue": sum(bool(each.days_over) for each in found),
    }
    return Page(data)


def of_case(ask: Ask) -> Page:
    """The enquiries of one case, and what nobody has asked for."""
    case, at = case_of(ask), ask.store.clock()
    found = enquiries(ask.store, at, user=ask.who, case=case)
    undone = flags(ask.store, at, user=ask.who, case=case)
    data = {
        "case": case,
        "enquiries": [told(ask, each) for each in found],
        "undone": [asdict(each) for each in undone],
        "may": may_of(ask, case, Operation.ENQUIRE, Operation.RESULT),
    }
    return Page(data, title=f"Enquiries of case {case}", crumbs=back_to(ask, case))


def one(ask: Ask) -> Page:
    """One enquiry: its clock, what it is of, and its result in words."""
    case, each = _enquiry(ask)
    may = may_of(ask, case, Operation.RESULT)
    data = {
        **told(ask, each),
        "text": enquiry_words(ask.store, each.enquiry, user=ask.who),
        "may": [] if each.outcome is not None else may,
    }
    return Page(data, title=f"Enquiry {each.enquiry}", crumbs=_crumbs(ask, case))


def before_asking(ask: Ask) -> Page:
    """How long there is for an answer, and what was chosen on the way here."""
    case = case_of(ask)
    days = in_force(ask.store).days_enquiry
    lede = f"Case {case}. The clock runs from the moment you ask: an answer is due in {days} days."
    first = {"asked": ask.query["check"]} if ask.query["check"] in checks() else {}
    return Page(
        {"lede": lede, "case": case}, filled=begin(ASKING, first), crumbs=_crumbs(ask, case)
    )


def ask_for(ask: Ask, filled: Filled) -> Go:
    """Ask for an examination or for data."""
    case = case_of(ask)
    with ask.writing() as writer:
        number = request_enquiry(
            ask.store,
            writer,
            case,
            filled["asked"],
            advised_by=filled["advised_by"],
            exhibit=_number(filled["exhibit"]),
            device=_number(filled["device"]),
        )
    return Go(
        ask.to("cases.enquiries", case=case), f"Enquiry {number} is recorded. Its clock runs."
    )


def before_answer(ask: Ask) -> Page:
    """What was asked for, by whom, and by when."""
    case, each = _enquiry(ask)
    if each.outcome is not None:
        raise GoneError(f"enquiry {each.enquiry}: it was answered before; ask anew")
    lede = (
        f"Case {case}: {check_label(each.asked)}, asked for by {each.requested_by} on {moment_words(each.since)}; "
        f"{state_words(each)}, due {moment_words(each.due)}. What the result says of the "
        "case is entered as facts besides: nothing is read out of your words."
    )
    return Page(
        {"lede": lede, "case": case},
        title=f"Answer enquiry {each.enquiry}",
        crumbs=_crumbs(ask, case),
    )


def answer(ask: Ask, filled: Filled) -> Go | None:
    """Record what became of it; its clock stops and the owner of the case is told."""
    case, each = _enquiry(ask)
    verified = filled["verification"]
    if verified is not None and (each.exhibit is None or filled["outcome"] != DONE):
        filled.error(
            "verification",
            "Where it comes from: only an examination of an exhibit that was done can say; leave it out",
        )
        return None
    day = filled["known_from"]
    with ask.writing() as writer:
        answer_enquiry(
            ask.store,
            writer,
            each.enquiry,
            filled["outcome"],
            filled["text"],
            verification=verified,
            known_from=None if day is None else day.isoformat(),
        )
    said = f"Enquiry {each.enquiry}: {plain(filled['outcome'])}. Its clock stopped."
    return Go(ask.to("cases.enquiries", case=case), said)


def _enquiry(ask: Ask) -> tuple[str, EnquiryState]:
    """The enquiry of the address, which has to be of its case."""
    case, number = case_of(ask), ask.params["enquiry"]
    for each in enquiries(ask.store, ask.store.clock(), user=ask.who, case=case):
        if each.enquiry == number:
            return case, each
    raise GoneError(f"enquiry {number}: case {case} has none of this number; see its list")


def _is(each: EnquiryState, state: str) -> bool:
    return {
        OPEN: each.outcome is None,
        OVERDUE: bool(each.days_over),
        ANSWERED: each.outcome is not None,
    }.get(state, True)


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _crumbs(ask: Ask, case: str) -> tuple[tuple[str, str], ...]:
    return back_to(ask, case, ("Enquiries", ask.to("cases.enquiries", case=case)))


def _exhibits(ask: Ask) -> Choices:
    """The exhibits of the case of the address."""
    return tuple(
        (str(each.exhibit), f"{each.exhibit}: {plain(each.kind)}, {plain(each.found_where)}")
        for each in exhibits(ask.store, user=ask.who, case=ask.params["case"])
    )


def _devices(ask: Ask) -> Choices:
    """The devices of the case of the address."""
    return tuple(
        (str(each.device), f"{each.device}: {each.kind}, {plain(each.status)}")
        for each in devices(ask.store, user=ask.who, case=ask.params["case"])
    )


ASKING = Form(
    (
        Field("asked", "What is asked for?", Kind.PICK, choices=tuple((code, check.label) for code, check in checks().items())),
        Field("advised_by", "Who advised it?", Kind.PICK, choices=choices(ADVISED_BY),
              hint="What somebody advised and nobody did is told of the case until it is answered."),
        Field("exhibit", "Of which exhibit?", Kind.PICK, required=False, choices=_exhibits),
        Field("device", "Of which device?", Kind.PICK, required=False, choices=_devices),
    ),
    button="Ask for it",
)  # fmt: skip
ANSWERING = Form(
    (
        Field("outcome", "What became of it?", Kind.CHOICE, choices=choices(OUTCOMES)),
        words_field("The result, or why there is none, in words"),
        Field("verification", "Does the exhibit come from where it is said to?", Kind.PICK, required=False,
              choices=choices(VERIFICATIONS), hint="Only of an exhibit whose examination was done."),
        Field("known_from", "Known from", Kind.DATE, required=False,
              hint="The day of the report; what was known on a day is told by it."),
    ),
    button="Record the answer",
)  # fmt: skip
CHECK = Form((Field("check", "What is asked for", required=False, longest=100),))
STATE = Form((Field("state", "Which", Kind.PICK, required=False, choices=STATES),))
ROUTES: tuple[Route, ...] = (
    Route("enquiries", "cases.all_enquiries", list_enquiries, operation=Operation.LIST, title="Enquiries",
          query=STATE, template="enquiries/all.html", csv="enquiries", crumbs=("house.home", "record.waiting")),
    about_case("enquiries", "cases.enquiries", of_case, "Enquiries", Operation.LIST,
               template="enquiries/of_case.html", csv="enquiries"),
    about_case("enquiries/ask", "cases.ask_enquiry", before_asking, "Ask for an enquiry", Operation.ENQUIRE,
               form=ASKING, act=ask_for, query=CHECK, template=FORM),
    about_case("enquiries/<number:enquiry>", "cases.enquiry", one, "Enquiry", Operation.VIEW,
               template="enquiries/one.html"),
    about_case("enquiries/<number:enquiry>/answer", "cases.answer_enquiry", before_answer, "Answer an enquiry",
               Operation.RESULT, form=ANSWERING, act=answer, template=FORM),
)  # fmt: skip
