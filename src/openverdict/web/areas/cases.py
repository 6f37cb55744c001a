"""Cases: the list of those that a person may list, and one case with its facts, their sources and their history."""

from __future__ import annotations

from openverdict.decisions.access import footing, may
from openverdict.decisions.agenda import with_case
from openverdict.decisions.beside import marked_narrative
from openverdict.decisions.duties import owner_of
from openverdict.decisions.reach import counted
from openverdict.decisions.roles import Operation
from openverdict.ledger.models import Case
from openverdict.reports.case_facts import case_facts
from openverdict.web.answers import GoneError, Page
from openverdict.web.areas import enquiring, exhibiting, keeping, triaged
from openverdict.web.areas.case_parts import opinions_in, work_on
from openverdict.web.areas.of_case import about_case, back_to, case_of
from openverdict.web.areas.signing_off import told_categories
from openverdict.web.areas.subjects import line_of
from openverdict.web.ask import Ask
from openverdict.web.forms import Form
from openverdict.web.marked import pieces
from openverdict.web.paging import QUERY, by_key
from openverdict.web.route import Route
from openverdict.web.suggested import row_of

# What the page of a case leads to, where the person may.
ACTS = (
    Operation.CATEGORISE,
    Operation.SIGN_OFF,
    Operation.ENQUIRE,
    Operation.RESULT,
    Operation.REGISTER,
    Operation.ASSIGN,
    Operation.REOPEN,
    Operation.RAISE_CONCERN,
    Operation.RESTRICT,
    Operation.REPORT,
    Operation.LIST,
)


def list_cases(ask: Ask) -> Page:
    """The cases that a person may list, a page at a time; the others are counted."""
    at = ask.store.clock()
    rows = ask.store.rows(Case).filter(may(ask.store, ask.who, Operation.LIST, at=at))
    page = by_key(rows, "case_id", after=ask.query["after"], before=ask.query["before"])
    listed, hidden = counted(ask.store, ask.who, at=at)
    data = {
        "cases": [{"case": row.case_id} for row in page.rows],
        "listed": listed,
        "hidden": hidden,
        "after": page.after,
        "before": page.before,
    }
    return Page(data)


def view_case(ask: Ask) -> Page:
    """One case. That it was looked at is logged."""
    case = ask.params["case"]
    if not ask.store.rows(Case).filter(case_id=case).exists():
        raise GoneError(f"case {case}: the store does not have it; check the number")
    with ask.writing() as writer:
        data = case_facts(ask.store, writer, case)
    at = ask.store.clock()
    work, hidden = with_case(ask.store, case, at, user=ask.who)
    stance = footing(ask.store, ask.who, (case,), at=at)
    data |= opinions_in(data["facts"])
    data |= work_on(ask, case) if stance.may(Operation.LIST) else {}
    data["categories"] = told_categories(ask, case)
    data |= triaged.contradictions_of(ask, case)
    data["owner"] = owner_of(ask.store, case)
    data["may"] = [each for each in ACTS if stance.may(each)]
    data |= {"together": [line_of(each) for each in work], "together_hidden": hidden}
    found = marked_narrative(ask.store, case, user=ask.who)
    lines = () if found is None else found.lines
    data["narrative"] = None if found is None else found.text
    data["suggestions"] = [row_of(line) for line in lines]
    mine = stance.may(Operation.ENTER_FACTS)
    marked = [] if found is None else pieces(found.text, None, lines)
    layout = {"pieces": marked, "may_enter": mine, "may_report": stance.may(Operation.REPORT)}
    return Page(data, title=f"Case {case}", layout=layout)


def view_opinions(ask: Ask) -> Page:
    """Every opinion on the manner of death, each by whose it is. That the case was looked at is logged."""
    case = case_of(ask)
    with ask.writing() as writer:
        data = case_facts(ask.store, writer, case)
    told = {"case": case, "redacted": data["redacted"]} | opinions_in(data["facts"])
    return Page(told, title=f"Opinions on case {case}", crumbs=back_to(ask, case))


ROUTES: tuple[Route, ...] = (
    Route(
        "cases",
        "cases.list",
        list_cases,
        operation=Operation.LIST,
        title="Cases",
        query=Form(QUERY),
        csv="cases",
        crumbs=("house.home",),
    ),
    Route(
        "cases/<key:case>",
        "cases.case",
        view_case,
        operation=Operation.VIEW,
        case="case",
        title="Case",
        csv="facts",
        crumbs=("house.home", "register.search"),
    ),
    about_case(
        "opinions",
        "cases.opinions",
        view_opinions,
        "Opinions on the manner of death",
        Operation.VIEW,
        csv="opinions",
    ),
    *enquiring.ROUTES,
    *exhibiting.ROUTES,
    *keeping.ROUTES,
    *triaged.ROUTES,
)
