"""What people do with a lead or a pair: first view, decision, second and third, supersede, give, refer, raise a concern.

Each is a page of its own that is a form. The form that comes next stands on the page of the lead, too. What a decision rests on
is the showing that the form names, which has to be of this very subject and to this very person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from openverdict.cases import checks
from openverdict.decisions import deciding, duties
from openverdict.decisions.deciding import Opinion
from openverdict.decisions.enquiries import ADVISED_BY, request_enquiry
from openverdict.decisions.roles import Operation
from openverdict.decisions.showing import is_showing_of, last_showing, show
from openverdict.decisions.standing import stands
from openverdict.decisions.subjects import Subject
from openverdict.decisions.turns import Position, Turn, deciders, position
from openverdict.decisions.words import Conclusion, conclusion_words, reasons
from openverdict.errors import InputError
from openverdict.reports.case_triage import case_triage
from openverdict.reports.words import counted
from openverdict.web.addresses import address
from openverdict.web.answers import Go, Page
from openverdict.web.areas.subjects import (
    PLACES,
    QUERY,
    STATE_WORDS,
    Place,
    home_of,
    page_of,
    queue_query,
    run_of,
    words_of,
)
from openverdict.web.ask import Ask
from openverdict.web.forms import Choices, Field, Filled, Form, Kind, begin
from openverdict.web.route import Route

LONGEST_WORDS = 20_000


def _subject(ask: Ask) -> Subject:
    return next(p for p in PLACES if ask.route.name.startswith(p.name)).subject(ask)


def _conclusions(ask: Ask) -> Choices:
    """What can be concluded, in the words for so many cases."""
    cases = len(_subject(ask).cases)
    return tuple((code.value, conclusion_words(code, cases)) for code in Conclusion)


def _reasons(ask: Ask) -> Choices:
    """The reasons that there can be for so many cases, each with what it may support."""
    cases = len(_subject(ask).cases)
    return tuple(
        (r.code, f"{r.label} (for: {', '.join(conclusion_words(c, cases) for c in r.supports)})")
        for r in reasons().values()
        if cases > 1 or r.of_one
    )


SHOWN = Field("shown", "What you were shown", Kind.HIDDEN)
OF = Field("of", "The decision that stands", Kind.HIDDEN, required=False)
WORDS = Field(
    "text",
    "Your reason in words",
    Kind.WORDS,
    longest=LONGEST_WORDS,
    hint="What you rest it on. Name facts and enquiries; nobody’s way of life is a reason.",
)
CONCLUSION = Field("conclusion", "What do you conclude?", Kind.CHOICE, choices=_conclusions)
CODES = Field(
    "reasons",
    "Why?",
    Kind.CHOICES,
    choices=_reasons,
    hint="At least one. Each may support only the conclusions named beside it.",
)

FIRST_VIEW = Form(
    (
        Field("view", "What do you think, on the facts alone?", Kind.CHOICE, choices=_conclusions),
        Field(
            "text",
            "In words",
            Kind.WORDS,
            required=False,
            longest=LONGEST_WORDS,
            hint="What struck you, and what you would ask for next.",
        ),
        SHOWN,
    ),
    button="Record my first view",
)
DECISION = Form((CONCLUSION, CODES, WORDS, SHOWN, OF), button="Record my decision")
SUPERSEDING = Form(
    (
        Field(
            "because",
            "Why does another decision take its place?",
            Kind.CHOICE,
            choices=tuple(
                (code, reasons()[code].label) for code in ("entered_wrongly", "new_facts")
            ),
        ),
        CONCLUSION,
        CODES,
        WORDS,
        SHOWN,
        OF,
    ),
    button="Put this in its place",
)
WITHOUT_DECIDING = Form(
    (Field("sure", "I understand that I can’t decide on it after this", Kind.FLAG),),
    button="Show me what the run found",
    danger=True,
)


def _deciders(ask: Ask) -> Choices:
    return tuple((name, name) for name in deciders(ask.store, _subject(ask), user=ask.who))


GIVING = Form(
    (Field("user", "To whom?", Kind.PICK, choices=_deciders),), button="Give it to this person"
)
REFERRING = Form(
    (
        Field("recipient", "To whom?", hint="A team or an office, for example: murder team."),
        Field("text", "Why, in words", Kind.WORDS, longest=LONGEST_WORDS),
    ),
    button="Refer it",
)
CONCERN = Form(
    (
        Field(
            "raised_by",
            "Who raised it?",
            Kind.CHOICE,
            choices=tuple((code, code) for code in duties.RAISED_BY),
        ),
        Field("text", "What they said, in words", Kind.WORDS, longest=LONGEST_WORDS),
    ),
    button="Record the concern",
)


def _cases(ask: Ask) -> Choices:
    return tuple((case, case) for case in _subject(ask).cases)


CHECKS = Form(
    (
        Field(
            "checks",
            "Which checks?",
            Kind.CHOICES,
            choices=tuple((code, check.label) for code, check in checks().items()),
        ),
        Field(
            "cases",
            "On which of the cases?",
            Kind.CHOICES,
            required=False,
            choices=_cases,
            hint="None ticked: on those where it is not recorded as made, and was not asked for yet.",
        ),
        Field(
            "advised_by",
            "Who advised it?",
            Kind.PICK,
            choices=tuple((code, code.replace("_", " ")) for code in ADVISED_BY),
        ),
    ),
    button="Ask for them",
)


@dataclass(frozen=True)
class Act:
    """One act.

    `ready`: whether a person who comes by its address finds it open; `begins`: what its form begins with (None: not open);
    `then`: the part of the subject's page to which it leads.
    """

    path: str
    title: str
    lede: str
    operation: Operation
    form: Form
    do: Callable[[Ask, Subject, Filled], str]
    ready: Callable[[Position], bool] = lambda stand: True
    begins: Callable[[Ask, Subject, Position], dict[str, Any] | None] = lambda *_: {}
    then: str = ""


def _number(filled: Filled, name: str) -> int:
    text = filled[name] or ""
    if not text.isdecimal() or len(text) > 15:
        raise InputError(f"{name}: {text[:40]!r} is no number; load the page again")
    return int(text)


def _shown(ask: Ask, subject: Subject, filled: Filled) -> int:
    """The showing that a form names. Raises InputError where it is another's, or of something else."""
    shown = _number(filled, "shown")
    if not is_showing_of(ask.store, shown, subject, ask.who):
        raise InputError(
            f"showing {shown}: it is not what you were shown of {subject}; load the page again"
        )
    return shown


def record_view(ask: Ask, subject: Subject, filled: Filled) -> str:
    """Record the first view."""
    shown = _shown(ask, subject, filled)
    with ask.writing() as writer:
        deciding.first_view(ask.store, writer, shown, filled["view"], filled["text"])
    return "Your first view is recorded. The page now shows what the run found."


def record_decision(ask: Ask, subject: Subject, filled: Filled) -> str:
    """Record a decision: the first, or where the form names one that stands, that of a second or third person."""
    shown = _shown(ask, subject, filled)
    opinion = _opinion(filled)
    with ask.writing() as writer:
        if filled["of"]:
            first = _number(filled, "of")
            number = deciding.decide_too(ask.store, writer, first, shown, opinion)
        else:
            number = deciding.decide(ask.store, writer, shown, opinion)
    return _recorded(ask, subject, number)


def supersede(ask: Ask, subject: Subject, filled: Filled) -> str:
    """Put another decision in the place of the one that stands."""
    shown = _shown(ask, subject, filled)
    opinion = _opinion(filled)
    old = _number(filled, "of")
    with ask.writing() as writer:
        number = deciding.supersede(ask.store, writer, old, shown, opinion, filled["because"])
    return _recorded(ask, subject, number)


def show_without_deciding(ask: Ask, subject: Subject, filled: Filled) -> str:
    """Show the ratio to somebody who gives up deciding."""
    run = run_of(ask.store, subject)
    with ask.writing() as writer:
        show(ask.store, writer, subject, run=run, ratio=True)
    return "The page shows what the run found. You can’t decide on it any more; another person can."


def give(ask: Ask, subject: Subject, filled: Filled) -> str:
    """Assign."""
    with ask.writing() as writer:
        duties.assign(ask.store, writer, subject, filled["user"])
    return f"Given to {filled['user']}. The clock runs until somebody decides."


def refer(ask: Ask, subject: Subject, filled: Filled) -> str:
    """Refer, with what the person was shown last."""
    shown = last_showing(ask.store, subject, ask.who, ratio=None)
    if shown is None:
        raise InputError(f"{subject}: you have not looked at it yet; open it, then refer it")
    with ask.writing() as writer:
        number = duties.refer(
            ask.store, writer, subject, filled["recipient"], shown, filled["text"]
        )
    return f"Referral {number} is recorded. Its clock runs until it is answered."


def raise_concern(ask: Ask, subject: Subject, filled: Filled) -> str:
    """Record a concern about its cases."""
    with ask.writing() as writer:
        number = duties.raise_concern(
            ask.store, writer, subject.cases, filled["raised_by"], filled["text"]
        )
    return f"Concern {number} is recorded. The owners of the cases are told, and it has to be answered."


def ask_for_checks(ask: Ask, subject: Subject, filled: Filled) -> str:
    """Ask for checks that were never made, each an enquiry with its clock: all of them or none."""
    found = case_triage(ask.store, subject.cases, user=ask.who)
    # A case whose record lists no enquiries says nothing of any one of them.
    wanted = [
        (case, check)
        for case in filled["cases"] or subject.cases
        for check in filled["checks"]
        if check not in found[case].asked
        and (filled["cases"] or not found[case].lists_checks or check in found[case].never_made)
    ]
    if not wanted:
        raise InputError(
            "each of these is recorded as made, or was asked for before; choose others"
        )
    with ask.writing() as writer:
        for case, check in wanted:
            request_enquiry(ask.store, writer, case, check, advised_by=filled["advised_by"])
    asked = counted(len(wanted), "enquiry is", "enquiries are")
    return f"{asked} recorded, each with a clock of its own. They stand on the pages of the cases."


def _begins_checks(ask: Ask, subject: Subject, stand: Position) -> dict[str, Any]:
    return {"advised_by": "reviewer"}


def _opinion(filled: Filled) -> Opinion:
    return Opinion(filled["conclusion"], filled["reasons"], filled["text"])


def _recorded(ask: Ask, subject: Subject, number: int) -> str:
    state = stands(ask.store, subject, user=ask.who).state
    return f"Decision {number} is recorded. {STATE_WORDS[state].capitalize()}."


def _begins_view(ask: Ask, subject: Subject, stand: Position) -> dict[str, Any] | None:
    shown = last_showing(ask.store, subject, ask.who, ratio=False)
    return None if shown is None else {"shown": shown}


def _begins_decision(ask: Ask, subject: Subject, stand: Position) -> dict[str, Any] | None:
    """What a decision's form begins with; None where the person was not shown the ratio."""
    shown = last_showing(ask.store, subject, ask.who, ratio=True)
    return None if shown is None else {"shown": shown, "of": stand.first}


ACTS = (
    Act(
        "first-view",
        "First view",
        "Say what you think on the facts alone. After that the page shows what the run found.",
        Operation.FIRST_VIEW,
        FIRST_VIEW,
        record_view,
        lambda stand: stand.turn is Turn.FIRST_VIEW,
        _begins_view,
        "#found",
    ),
    Act(
        "decide",
        "Decide",
        "Your decision rests on the page as it was shown to you, which is kept word for word.",
        Operation.DECIDE,
        DECISION,
        record_decision,
        lambda stand: stand.turn in (Turn.DECIDE, Turn.DECIDE_TOO),
        _begins_decision,
        "#decide",
    ),
    Act(
        "supersede",
        "Put another decision in its place",
        "Nothing is erased: the decision that stands now is kept, and marked as superseded.",
        Operation.SUPERSEDE,
        SUPERSEDING,
        supersede,
        lambda stand: stand.first is not None,
        _begins_decision,
    ),
    Act(
        "without-deciding",
        "See what the run found without deciding",
        "Whoever has seen the ratio can’t record a first view any more, and so can’t decide. This can’t be taken back.",
        Operation.VIEW,
        WITHOUT_DECIDING,
        show_without_deciding,
        lambda stand: stand.turn is Turn.FIRST_VIEW,
    ),
    Act(
        "give",
        "Give it to somebody",
        "They find it among what was given to them, and a clock runs until somebody decides.",
        Operation.ASSIGN,
        GIVING,
        give,
    ),
    Act(
        "refer",
        "Refer it",
        "What you were shown last goes with it, and a clock runs until it is answered.",
        Operation.REFER,
        REFERRING,
        refer,
    ),
    Act(
        "checks",
        "Ask for checks that were never made",
        "Each becomes an enquiry on each case, with a clock that runs until somebody records what became of it.",
        Operation.ENQUIRE,
        CHECKS,
        ask_for_checks,
        begins=_begins_checks,
    ),
    Act(
        "concern",
        "Raise a concern",
        "A doubt that somebody has about these cases. It has to be answered, and whoever raised it told.",
        Operation.VIEW,  # whoever may not see a lead is not told its cases; a concern about a case has a page of its own
        CONCERN,
        raise_concern,
        lambda stand: Operation.RAISE_CONCERN in stand.acts,
    ),
)
BY_PATH = {act.path: act for act in ACTS}
ON_THE_PAGE = ("first-view", "decide")  # whose form stands on the page of the subject, too


def form_for(
    ask: Ask, place: Place, subject: Subject, stand: Position, shown: int
) -> dict[str, Any]:
    """The form that comes next on the page of a subject, and where it is sent; empty where no act of theirs is next."""
    next_act = {
        Turn.FIRST_VIEW: "first-view",
        Turn.DECIDE: "decide",
        Turn.DECIDE_TOO: "decide",
    }.get(stand.turn)
    if next_act is None:
        return {"form_next": None, "form_to": ""}
    act = BY_PATH[next_act]
    filled = begin(act.form, {"shown": shown, "of": stand.first})
    to = address(f"{place.name}_{_slug(act)}", queue_query(ask), **ask.params)
    return {"form_next": filled, "form_to": to}


def whole_page(ask: Ask, place: Place) -> Page:
    """The page of a subject, with the form that comes next on it."""
    subject, data, stand = page_of(ask, place)
    is_open = Operation.REPORT in stand.acts and not stand.hides_opinions
    report = f"record.of_{subject.kind.value}"
    layout = {
        **form_for(ask, place, subject, stand, data["showing"]),
        "act_to": addresses_of(ask, place),
        "tables_to": ask.to(f"{place.name}_table", table="facts", **ask.params),
        "report_to": address(report, **ask.params) if is_open else "",
        "paper": address(f"{report}_pdf", **ask.params) if is_open else "",
    }
    renewed = {"shown": data["showing"], "of": stand.first}
    cases = f"Cases {' and '.join(subject.cases)}"
    title = f"Lead {data['lead']['name']}" if data["lead"] else cases
    # Before the first view there are no contributions to write down: the CSV then holds the cases.
    csv = "facts.cases" if data["blind"] else ""
    return Page(data, title=title, layout=layout, template=place.template, csv=csv, renewed=renewed)


def addresses_of(ask: Ask, place: Place) -> dict[str, str]:
    """The addresses of all acts on a subject, by their paths."""
    return {
        act.path: address(f"{place.name}_{_slug(act)}", queue_query(ask), **ask.params)
        for act in ACTS
    }


def _slug(act: Act) -> str:
    return act.path.replace("-", "_")


def _view(place: Place, act: Act) -> Callable[[Ask], Page | Go]:
    def view(ask: Ask) -> Page | Go:
        subject = place.subject(ask)
        home = home_of(ask, subject)
        stand = position(ask.store, subject, user=ask.who)
        first = act.begins(ask, subject, stand)
        is_next = first is not None and act.ready(stand)
        if ask.request.method == "GET" and not is_next:
            return Go(home)
        if ask.request.method == "POST" and is_next and act.path in ON_THE_PAGE:
            return whole_page(ask, place)  # what was wrong is mended with the facts in sight
        name = words_of(ask.store, subject.kind, subject.key)
        data = {
            "lede": act.lede,
            "kind": subject.kind,
            "key": subject.key,
            "name": name,
            "cases": subject.cases,
            "back": home,
        }
        crumbs = ((name, home),)
        return Page(data, title=act.title, crumbs=crumbs, filled=begin(act.form, first or {}))

    return view


def _act(place: Place, act: Act) -> Callable[[Ask, Filled], Go]:
    def do(ask: Ask, filled: Filled) -> Go:
        subject = place.subject(ask)
        said = act.do(ask, subject, filled)
        return Go(f"{home_of(ask, subject)}{act.then}", said)

    return do


def _route(place: Place, act: Act) -> Route:
    return Route(
        f"{place.path}/{act.path}",
        f"{place.name}_{_slug(act)}",
        _view(place, act),
        operation=act.operation,
        cases=place.cases,
        title=act.title,
        form=act.form,
        act=_act(place, act),
        query=QUERY,
        template="leads/act.html",
        crumbs=("house.home", "leads.list"),
    )


ROUTES: tuple[Route, ...] = tuple(_route(place, act) for place in PLACES for act in ACTS)
