"""Duties: what is waited for and by when, concerns that somebody raised, and answers to concerns and referrals."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from openverdict.decisions import duties
from openverdict.decisions.access import Footing, footing
from openverdict.decisions.policy import in_force
from openverdict.decisions.roles import Operation
from openverdict.web.answers import Go, GoneError, Page
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind
from openverdict.web.route import Route

ANSWERED = ("referral", "concern")
BY_KIND = {
    "category": Operation.SIGN_OFF,
    "enquiry": Operation.RESULT,
    **dict.fromkeys(ANSWERED, Operation.ANSWER),
}


def list_waiting(ask: Ask) -> Page:
    """What is waited for about the cases that the person may list, what is due first at the head."""
    at = ask.store.clock()
    found = duties.waiting(ask.store, at, user=ask.who)
    stance = footing(ask.store, ask.who, {case for each in found for case in each.cases}, at=at)
    rows = [
        {**asdict(each), "address": _address(ask, each) if _may_answer(stance, each) else None}
        for each in found
        if each.days_over or not ask.query["overdue"]
    ]
    up = ask.to("record.escalate") if stance.answer(Operation.ESCALATE).allowed else None
    overdue = sum(bool(row["days_over"]) for row in rows)
    return Page({"waiting": rows, "overdue": overdue, "let_go_up": up})


def before_concern(ask: Ask) -> Page:
    """How long there is for an answer."""
    days = in_force(ask.store).days_concern
    lede = f"A doubt that somebody raised. The owners of the cases are told, and it has to be answered within {days} days."
    return Page({"lede": lede})


def raise_concern(ask: Ask, filled: Filled) -> Go:
    """Record a doubt."""
    cases = [line.strip() for line in filled["cases"].splitlines() if line.strip()]
    with ask.writing() as writer:
        number = duties.raise_concern(ask.store, writer, cases, filled["raised_by"], filled["text"])
    return Go(ask.to("record.concern"), f"Concern {number} is recorded. Its clock runs.")


def before_answer(ask: Ask) -> Page:
    """What is answered: as far as the person may list its cases."""
    kind, number = _asked(ask)
    for each in duties.waiting(ask.store, ask.store.clock(), user=ask.who):
        if (each.subject_kind, each.subject) == (kind, str(number)):
            cases = ", ".join(each.cases)
            lede = f"About {cases}; waited for since {each.since}, due {each.due}."
            return Page({"lede": lede}, title=f"Answer {kind} {number}")
    raise GoneError(f"{kind} {number}: no answer is waited for about cases that you may list")


def answer_referral(ask: Ask, filled: Filled) -> Go:
    """Answer a referral; its clock stops."""
    number = ask.params["referral"]
    with ask.writing() as writer:
        duties.answer_referral(ask.store, writer, number, filled["outcome"], filled["text"])
    return Go(ask.to("record.waiting"), f"Referral {number} is answered. Its clock stopped.")


def answer_concern(ask: Ask, filled: Filled) -> Go:
    """Answer a concern; its clock stops."""
    number = ask.params["concern"]
    told = filled["told"] == "yes"
    with ask.writing() as writer:
        duties.answer_concern(
            ask.store, writer, number, filled["outcome"], filled["text"], told=told
        )
    return Go(ask.to("record.waiting"), f"Concern {number} is answered. Its clock stopped.")


def _asked(ask: Ask) -> tuple[str, int]:
    kind = next(name for name in ANSWERED if name in ask.params)
    return kind, int(ask.params[kind])


def _may_answer(stance: Footing, each: Any) -> bool:
    """Whether the answer is the person's to give."""
    operation = BY_KIND.get(each.subject_kind)
    return operation is not None and all(stance.answer(operation, c).allowed for c in each.cases)


def _address(ask: Ask, each: Any) -> str | None:
    """Where an answer is given, where there is such a page."""
    if each.subject_kind == "category":
        return ask.to("record.sign_category", category=int(each.subject))
    if each.subject_kind == "enquiry" and each.cases:
        return ask.to("cases.answer_enquiry", case=each.cases[0], enquiry=int(each.subject))
    if each.subject_kind not in ANSWERED:
        return None
    params = {each.subject_kind: int(each.subject)}
    return ask.to(f"record.answer_{each.subject_kind}", **params)


def _choices(codes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((code, code.replace("_", " ")) for code in codes)


TEXT = Field("text", "In words", Kind.WORDS, longest=20_000)
CONCERN = Form(
    (
        Field("cases", "Cases", Kind.WORDS, longest=20_000, hint="One in a line."),
        Field("raised_by", "Who raised it", Kind.CHOICE, choices=_choices(duties.RAISED_BY)),
        TEXT,
    ),
    button="Record it",
)
REFERRAL_ANSWER = Form(
    (Field("outcome", "Answer", Kind.CHOICE, choices=_choices(duties.REFERRAL_OUTCOMES)), TEXT),
    button="Answer",
)
TOLD = (("yes", "Yes"), ("no", "No; the words say why"))
CONCERN_ANSWER = Form(
    (
        Field("outcome", "Answer", Kind.CHOICE, choices=_choices(duties.CONCERN_OUTCOMES)),
        Field("told", "Was whoever raised it told?", Kind.CHOICE, choices=TOLD),
        TEXT,
    ),
    button="Answer",
)
ABOVE = ("house.home", "record.waiting")
OVERDUE = Field("overdue", "Only what is over its time", Kind.FLAG, required=False)
FORM = "layout/form.html"
ROUTES: tuple[Route, ...] = (
    Route("duties", "record.waiting", list_waiting, operation=Operation.LIST, title="Duties",
          nav="Duties", query=Form((OVERDUE,)), csv="waiting", crumbs=("house.home",)),
    Route("duties/concern", "record.concern", before_concern, operation=Operation.RAISE_CONCERN,
          title="Record a concern", form=CONCERN, act=raise_concern, template=FORM,
          crumbs=("house.home",)),
    Route("duties/concern/<number:concern>/answer", "record.answer_concern", before_answer,
          operation=Operation.ANSWER, title="Answer a concern", form=CONCERN_ANSWER,
          act=answer_concern, template=FORM, crumbs=ABOVE),
    Route("duties/referral/<number:referral>/answer", "record.answer_referral", before_answer,
          operation=Operation.ANSWER, title="Answer a referral", form=REFERRAL_ANSWER,
          act=answer_referral, template=FORM, crumbs=ABOVE),
)  # fmt: skip
