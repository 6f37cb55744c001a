"""One case looked at alone: what the rules of triage say of it, what contradicts what, and which checks were never made."""

from __future__ import annotations

from typing import Any

from openverdict.decisions.enquiries import ADVISED_BY, request_enquiry
from openverdict.decisions.listing import last_run
from openverdict.decisions.roles import Operation
from openverdict.decisions.subjects import Kind as SubjectKind
from openverdict.decisions.turns import blind_to
from openverdict.errors import InputError
from openverdict.ledger.models import Lead, LeadCase
from openverdict.reports.case_triage import CaseTriage, case_triage, checks_rows
from openverdict.reports.labels import check_label
from openverdict.reports.words import counted
from openverdict.web.answers import Go, GoneError, Page
from openverdict.web.areas.of_case import FORM, about_case, back_to, case_of, choices, may_of
from openverdict.web.ask import Ask
from openverdict.web.forms import Choices, Field, Filled, Form, Kind, begin
from openverdict.web.route import Route


def view(ask: Ask) -> Page:
    """The reasons of a case, unless the person owes a lead of this case alone its first view: these are what it rests on."""
    case = case_of(ask)
    found = _found(ask, case)
    hidden = is_owed(ask, case)
    data = {
        "case": case,
        "hidden": hidden,
        "level": None if hidden else found.level,
        "level_words": None if hidden else found.level_words,
        "reasons": [] if hidden else list(found.reasons),
        "contradictions": list(found.contradictions),
        "checks": checks_rows(found),
        "lists_checks": found.lists_checks,
        "may": may_of(ask, case, Operation.ENQUIRE),
    }
    return Page(data, title=f"Triage of case {case}", crumbs=back_to(ask, case))


def is_owed(ask: Ask, case: str) -> bool:
    """Whether the person owes a lead of this case alone, in the last run, its first view."""
    run = last_run(ask.store)
    held = ask.store.rows(LeadCase).filter(case_id=case, lead__run_id=run).values("lead_id")
    alone = ask.store.rows(Lead).filter(id__in=held, kind="case").values_list("id", flat=True)
    keys = {str(number): (case,) for number in alone}
    return bool(blind_to(ask.store, SubjectKind.LEAD, keys, ask.who))


def before_checks(ask: Ask) -> Page:
    """The checks that nobody has made or asked for."""
    case = case_of(ask)
    _left(ask)
    lede = f"Case {case}. Each becomes an enquiry with a clock that runs until somebody records what became of it."
    filled = begin(CHECKS, {"advised_by": "reviewer"})
    return Page({"lede": lede, "case": case}, filled=filled, crumbs=back_to(ask, case))


def ask_for(ask: Ask, filled: Filled) -> Go:
    """Ask for them, all or none."""
    case = case_of(ask)
    with ask.writing() as writer:
        for check in filled["checks"]:
            request_enquiry(ask.store, writer, case, check, advised_by=filled["advised_by"])
    said = counted(len(filled["checks"]), "enquiry is", "enquiries are")
    return Go(
        ask.to("cases.enquiries", case=case),
        f"{said.capitalize()} recorded, each with a clock of its own.",
    )


def _found(ask: Ask, case: str) -> CaseTriage:
    found = case_triage(ask.store, [case], user=ask.who).get(case)
    if found is None:
        raise GoneError(f"case {case}: nothing is left of it that could be looked at")
    return found


def _left(ask: Ask) -> Choices:
    """The checks of the case of the address that were never made and not asked for."""
    found = _found(ask, case_of(ask))
    left = [code for code in found.never_made if code not in found.asked]
    if not left:
        raise InputError(
            f"case {found.case}: no check is left that its record lists as never made; ask for one by its name"
        )
    return tuple((code, check_label(code)) for code in left)


CHECKS = Form(
    (
        Field("checks", "Checks that were never made", Kind.CHOICES, choices=_left),
        Field("advised_by", "Who advised it?", Kind.PICK, choices=choices(ADVISED_BY)),
    ),
    button="Ask for them",
)


def contradictions_of(ask: Ask, case: str) -> dict[str, Any]:
    """What the page of a case says of its triage."""
    found = case_triage(ask.store, [case], user=ask.who).get(case)
    return {"contradictions": [] if found is None else list(found.contradictions)}


ROUTES: tuple[Route, ...] = (
    about_case("triage", "cases.triage", view, "Triage", Operation.VIEW, csv="reasons"),
    about_case("triage/checks", "cases.ask_checks", before_checks, "Ask for checks that were never made",
               Operation.ENQUIRE, form=CHECKS, act=ask_for, template=FORM),
)  # fmt: skip
