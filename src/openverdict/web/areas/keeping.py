"""Whose a case is, whether it is looked at again, and how long it is kept: owner, reopening, retention, hold, erasure."""

from __future__ import annotations

from dataclasses import asdict

from openverdict.decisions import duties, retention
from openverdict.decisions.certificate import erase_case
from openverdict.decisions.roles import Operation
from openverdict.decisions.subjects import case as case_subject
from openverdict.decisions.turns import deciders
from openverdict.errors import InputError, RecordError
from openverdict.web.answers import Download, Go, Page
from openverdict.web.areas.of_case import (
    FORM,
    about_case,
    back_to,
    case_of,
    may_of,
    plain,
    words_field,
)
from openverdict.web.ask import Ask
from openverdict.web.forms import Choices, Field, Filled, Form, Kind, begin
from openverdict.web.route import Route
from openverdict.web.words import moment_words

PURPOSE = "retention"
OF_CASE = (
    Operation.RETAIN,
    Operation.HOLD,
    Operation.APPROVE_ERASURE,
    Operation.ERASE,
)
WORDS = {
    "late_result": "A result came late",
    "coroners_doubt": "A coroner’s doubt",
    "new_facts": "New facts",
    "new_lead": "A new lead",
    "concern": "A concern that somebody raised",
}
GROUP_WORDS = {
    "group_1": "Group 1: public protection",
    "group_2": "Group 2: other serious",
    "group_3": "Group 3: all other",
    "group_4": "Group 4: miscellaneous",
}


def before_owner(ask: Ask) -> Page:
    """Who is responsible now."""
    case = case_of(ask)
    owner = duties.owner_of(ask.store, case)
    lede = f"Case {case}: {f'{owner} is responsible for it' if owner else 'nobody is responsible for it yet'}. "
    lede += "The owner is told of what comes in about it."
    filled = begin(OWNER, {"owner": owner} if owner else {})
    return Page(
        {"lede": lede, "case": case, "owner": owner}, filled=filled, crumbs=back_to(ask, case)
    )


def own(ask: Ask, filled: Filled) -> Go:
    """Make somebody responsible."""
    case, owner = case_of(ask), filled["owner"]
    with ask.writing() as writer:
        duties.own(ask.store, writer, case, owner)
    return Go(ask.to("cases.case", case=case), f"{owner} is responsible for case {case}.")


def before_giving(ask: Ask) -> Page:
    """To whom a case can be given."""
    case = case_of(ask)
    lede = f"Case {case}. Who has it sees it among what was given to them, and a clock runs; giving it to another stops it."
    return Page({"lede": lede, "case": case}, crumbs=back_to(ask, case))


def give(ask: Ask, filled: Filled) -> Go:
    """Give a case to somebody to look at."""
    case, user = case_of(ask), filled["user"]
    with ask.writing() as writer:
        duties.assign(ask.store, writer, case_subject(ask.store, case), user)
    return Go(ask.to("cases.case", case=case), f"Case {case} is given to {user}. The clock runs.")


def before_reopening(ask: Ask) -> Page:
    """What pulling a case back does."""
    case = case_of(ask)
    lede = (
        f"Case {case}. Nothing is erased: what was decided with it stays, and is told as from before this. Its owner is told, "
        "and it stands among what was never looked at until somebody decides again."
    )
    return Page({"lede": lede, "case": case}, crumbs=back_to(ask, case))


def reopen(ask: Ask, filled: Filled) -> Go:
    """Pull a case back to be looked at again."""
    case = case_of(ask)
    with ask.writing() as writer:
        duties.reopen(ask.store, writer, case, filled["reason"], filled["text"])
    return Go(
        ask.to("cases.case", case=case), f"Case {case} is reopened: {plain(filled['reason'])}."
    )


def list_kept(ask: Ask) -> Page:
    """How long the cases are kept that a person may list, what is due first at the head."""
    asked = retention.due_for_review if ask.query["due"] else retention.kept
    found = asked(ask.store, ask.store.clock(), user=ask.who)
    rows = [{**asdict(each), "to": ask.to("cases.kept", case=each.case)} for each in found]
    due = sum(bool(each.days_over) for each in found)
    return Page({"kept": rows, "due": due})


def kept(ask: Ask) -> Page:
    """How long one case is kept, what holds it, and what may be done about it."""
    case = case_of(ask)
    found = retention.kept(ask.store, ask.store.clock(), user=ask.who, case=case)
    data = {
        "case": case,
        "kept": None if not found else asdict(found[0]),
        "on_hold": retention.is_held(ask.store, case),
        "may": may_of(ask, case, *OF_CASE),
    }
    return Page(data, title=f"How long case {case} is kept", crumbs=back_to(ask, case))


def before(ask: Ask) -> Page:
    """How long the case is kept so far."""
    case = case_of(ask)
    return Page({"lede": _stands(ask, case), "case": case}, crumbs=_crumbs(ask, case))


def retain(ask: Ask, filled: Filled) -> Go:
    """Say to which group a case belongs, and when it is looked at again."""
    case = case_of(ask)
    with ask.writing(PURPOSE) as writer:
        retention.set_retention(
            ask.store, writer, case, filled["group"], filled["day"], filled["reason"]
        )
    return Go(
        ask.to("cases.kept", case=case),
        f"Case {case} is kept until {filled['day']}, and then looked at again.",
    )


def hold(ask: Ask, filled: Filled) -> Go:
    """Hold a case, or lift the hold."""
    case, is_on = case_of(ask), filled["change"] == "hold"
    with ask.writing(PURPOSE) as writer:
        (retention.place_hold if is_on else retention.lift_hold)(
            ask.store, writer, case, filled["reason"]
        )
    return Go(ask.to("cases.kept", case=case), f"Case {case} is {'' if is_on else 'not '}on hold.")


def approve(ask: Ask, filled: Filled) -> Go:
    """Approve that another person erases a case."""
    case = case_of(ask)
    with ask.writing(PURPOSE) as writer:
        retention.approve_erasure(ask.store, writer, case, filled["rule"])
    return Go(ask.to("cases.kept", case=case), f"Another person may erase case {case}.")


def before_erasing(ask: Ask) -> Page:
    """What goes, and what stays."""
    case = case_of(ask)
    lede = (
        f"{_stands(ask, case)} Every fact of it goes, and every word and page about it. The log stays, with conclusions, "
        "codes, times and people, and tells the case under a pseudonym. It can’t be undone. You get a certificate that proves "
        "what went, by whom and by which rule: keep the file."
    )
    return Page({"lede": lede, "case": case}, crumbs=_crumbs(ask, case))


def erase(ask: Ask, filled: Filled) -> Download | None:
    """Erase a case that another person approved of; its certificate."""
    case = case_of(ask)
    if filled["number"] != case:
        filled.error(
            "number",
            f"Its number again: {filled['number']!r} is not the case of this page; type it as it stands above",
        )
        return None
    try:
        made = erase_case(ask.store, case, actor=ask.who, purpose=PURPOSE)
    except RecordError as error:
        raise InputError(str(error)) from None
    return Download(made.text.encode(), f"{made.pseudonym}.txt", "text/plain; charset=utf-8")


def _stands(ask: Ask, case: str) -> str:
    found = retention.kept(ask.store, ask.store.clock(), user=ask.who, case=case)
    held = " It is on hold." if retention.is_held(ask.store, case) else ""
    if not found:
        return f"Case {case}: nobody has said yet how long it is kept.{held}"
    each = found[0]
    over = f", {each.days_over} days ago" if each.days_over else ""
    said = f" {each.approved_by} approved that it is erased." if each.approved_by else ""
    return f"Case {case} ({plain(each.group)}) is kept until {moment_words(each.review_due)}{over}.{held}{said}"


def _crumbs(ask: Ask, case: str) -> tuple[tuple[str, str], ...]:
    return back_to(ask, case, ("How long it is kept", ask.to("cases.kept", case=case)))


def _people(ask: Ask) -> Choices:
    """Who may decide on the case of the address."""
    subject = case_subject(ask.store, case_of(ask))
    return tuple((name, name) for name in deciders(ask.store, subject, user=ask.who))


CODE = Field(
    "reason", "Why, as one word", longest=60, hint="A code for the log, for example inquest."
)
OWNER = Form(
    (Field("owner", "Who is responsible from here on?", Kind.PICK, choices=_people),),
    button="Make them responsible",
)
GIVING = Form(
    (Field("user", "To whom?", Kind.PICK, choices=_people),), button="Give it to this person"
)
REOPENING = Form(
    (
        Field("reason", "Why is it looked at again?", Kind.CHOICE,
              choices=tuple((code, WORDS[code]) for code in duties.REOPENED_FOR)),
        words_field("In words", required=False),
    ),
    button="Reopen it",
)  # fmt: skip
RETAINING = Form(
    (
        Field("group", "To which group does it belong?", Kind.CHOICE,
              choices=tuple((code, GROUP_WORDS[code]) for code in retention.GROUPS),
              hint="As the guidance on the management of police information groups records."),
        Field("day", "When is it looked at again?", Kind.DATE),
        CODE,
    ),
    button="Set it",
)  # fmt: skip
HOLDING = Form(
    (
        Field("change", "What becomes of it", Kind.CHOICE,
              choices=(("hold", "Hold it: it can’t be erased for now"), ("lift", "Lift the hold"))),
        CODE,
    ),
    button="Record it",
)  # fmt: skip
APPROVING = Form(
    (
        Field(
            "rule",
            "Why is it not kept longer, as one word",
            longest=60,
            hint="A code for the log, for example end_of_retention.",
        ),
    ),
    button="Approve that another person erases it",
    danger=True,
)
ERASING = Form(
    (
        Field(
            "number", "Its number again", longest=200, hint="So that no other case goes by mistake."
        ),
    ),
    button="Erase it for good",
    danger=True,
)
DUE = Form((Field("due", "Only those whose day has come", Kind.FLAG, required=False),))
assert set(WORDS) == set(duties.REOPENED_FOR)  # noqa: S101
assert set(GROUP_WORDS) == set(retention.GROUPS)  # noqa: S101
ROUTES: tuple[Route, ...] = (
    about_case("owner", "cases.owner", before_owner, "Owner", Operation.ASSIGN, form=OWNER, act=own, template=FORM),
    about_case("give", "cases.give", before_giving, "Give the case to somebody", Operation.ASSIGN,
               form=GIVING, act=give, template=FORM),
    about_case("reopen", "cases.reopen", before_reopening, "Reopen the case", Operation.REOPEN,
               form=REOPENING, act=reopen, template=FORM),
    Route("retention", "cases.retention", list_kept, operation=Operation.LIST, title="How long cases are kept",
          query=DUE, template="keeping/list.html", csv="kept", crumbs=("house.home", "record.waiting")),
    about_case("retention", "cases.kept", kept, "How long it is kept", Operation.LIST, template="keeping/one.html"),
    about_case("retention/set", "cases.retain", before, "Set how long it is kept", Operation.RETAIN,
               form=RETAINING, act=retain, template=FORM),
    about_case("retention/hold", "cases.hold", before, "Hold the case, or lift the hold", Operation.HOLD,
               form=HOLDING, act=hold, template=FORM),
    about_case("retention/approve", "cases.approve_erasure", before, "Approve its erasure", Operation.APPROVE_ERASURE,
               form=APPROVING, act=approve, template=FORM),
    about_case("retention/erase", "cases.erase", before_erasing, "Erase the case", Operation.ERASE,
               form=ERASING, act=erase, template=FORM, fresh=True),
)  # fmt: skip
