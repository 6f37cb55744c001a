"""What is decided on, as an address names it: a lead by its number, a pair by its two cases; and the page that shows one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from openverdict.decisions import subjects
from openverdict.decisions.access import AccessError
from openverdict.decisions.agenda import Queue, Work, place_in
from openverdict.decisions.enquiries import asked_checks
from openverdict.decisions.listing import last_run
from openverdict.decisions.showing import show
from openverdict.decisions.standing import State
from openverdict.decisions.subjects import Kind, Subject
from openverdict.decisions.turns import Position, position
from openverdict.decisions.words import conclusion_words
from openverdict.errors import InputError
from openverdict.ledger.models import Lead
from openverdict.ledger.store import Store
from openverdict.reports.labels import check_label
from openverdict.reports.subject_page import decided_on, subject_page
from openverdict.web.addresses import address
from openverdict.web.answers import GoneError
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Form
from openverdict.web.forms import Kind as FieldKind
from openverdict.web.running import current

QUEUE_WORDS = {
    Queue.MINE: "Given to me",
    Queue.UNASSIGNED: "Given to nobody",
    Queue.OVERDUE: "Overdue",
    Queue.AWAITED: "Awaiting a second or third person",
    Queue.ALL: "Everything",
}
QUEUE = Field(
    "queue",
    "Part of the work",
    FieldKind.PICK,
    required=False,
    choices=tuple((queue.value, words) for queue, words in QUEUE_WORDS.items()),
)
STATE_WORDS = {
    State.RAISED: "nobody has decided",
    State.VIEWED: "nobody has decided; a first view is recorded",
    State.AWAITS_SECOND: "awaits a second person",
    State.AWAITS_THIRD: "two people disagree: awaits a third",
    State.CONSIDERED: "considered",
}


@dataclass(frozen=True)
class Place:
    """Where a kind of subject stands in the table of routes. `path`, `name`: of its page; `subject`, `cases`: of an address."""

    path: str
    name: str
    subject: Callable[[Ask], Subject]
    cases: Callable[[Store, dict[str, Any]], tuple[str, ...]]

    @property
    def template(self) -> str:
        """Of its page."""
        return f"{self.name.replace('.', '/')}.html"


def lead_of(ask: Ask) -> Subject:
    """The lead that an address names."""
    try:
        return subjects.lead(ask.store, int(ask.params["lead"]))
    except InputError as error:
        raise GoneError(str(error)) from None


def pair_of(ask: Ask) -> Subject:
    """The pair that an address names, by its cases in either order."""
    try:
        return subjects.pair(ask.store, ask.params["first"], ask.params["second"])
    except InputError as error:
        raise GoneError(str(error)) from None


def cases_of_lead(store: Store, params: dict[str, Any]) -> tuple[str, ...]:
    """The cases of a lead; none where there is no such lead."""
    return subjects.cases_of(store, Kind.LEAD, str(params["lead"]))


def cases_of_pair(store: Store, params: dict[str, Any]) -> tuple[str, ...]:
    """The cases of a pair."""
    return tuple(dict.fromkeys((params["first"], params["second"])))


LEAD = Place("leads/<number:lead>", "leads.lead", lead_of, cases_of_lead)
PAIR = Place("pairs/<key:first>/<key:second>", "leads.pair", pair_of, cases_of_pair)
PLACES = (LEAD, PAIR)


def address_of(kind: str, key: str, query: dict[str, Any] | None = None) -> str:
    """The address of a lead, a pair or a case."""
    if kind == Kind.LEAD:
        return address("leads.lead", query, lead=int(key))
    if kind == Kind.CASE:
        return address("cases.case", case=key)
    first, second = subjects.pair_of(key)
    return address("leads.pair", query, first=first, second=second)


def line_of(work: Work, query: dict[str, Any] | None = None) -> dict[str, Any]:
    """Something to look at, as lists have it: nothing of how alike a run found its cases."""
    return {
        "kind": work.kind,
        "key": work.key,
        "name": work.name,
        "what": {"series": "group", "case": "single case"}.get(work.what, work.kind),
        "cases": work.cases,
        "first_raised": work.since or None,
        "one_names_the_other": work.mandatory,
        "state": work.state,
        "state_words": STATE_WORDS[State(work.state)],
        "given_to": work.given_to,
        "due": work.due,
        "days_over": work.days_over,
        "to": address_of(work.kind, work.key, query),
    }


def by_rank(leads: Iterable[Any], blind: set[str]) -> list[Any]:
    """Leads by rank; those that a person owes a first view come last, in an order that says nothing of their rank."""

    def place(lead: Any) -> tuple[Any, ...]:
        if str(lead.number) in blind:
            return (1, lead.first_raised, lead.cases)
        return (0, lead.rank)

    return sorted(leads, key=place)


def words_of(store: Store, kind: str, key: str) -> str:
    """What a subject is called on pages: a lead by its name in reports, a pair and a case by their cases."""
    if kind == Kind.LEAD:
        row = store.rows(Lead).filter(id=int(key)).first()
        return f"Lead {key if row is None else row.lead_id}"
    cases = subjects.cases_of(store, kind, key)
    return f"{'Cases' if len(cases) > 1 else 'Case'} {' and '.join(cases)}"


def home_of(ask: Ask, subject: Subject) -> str:
    """The page of a subject, in the queue in which somebody came to it."""
    return address_of(subject.kind, subject.key, queue_query(ask))


def queue_query(ask: Ask) -> dict[str, Any]:
    """The queue that an address names, for the next address."""
    return {"queue": ask.query["queue"]} if ask.query["queue"] else {}


def run_of(store: Store, subject: Subject) -> int:
    """The run that a subject is shown from: a lead's own, else the last that ended."""
    if subject.kind is Kind.LEAD:
        return int(store.rows(Lead).get(id=int(subject.key)).run_id)
    run = last_run(store)
    if run is None:
        raise GoneError(
            f"{subject}: no run has ended in this store, so nothing was compared; start one"
        )
    return run


def subject_data(ask: Ask, subject: Subject) -> tuple[dict[str, Any], Position]:
    """What the page of a lead or a pair is made from. That it was shown, with the ratio or without, is recorded."""
    store = ask.store
    run = run_of(store, subject)
    stand = position(store, subject, user=ask.who)
    ratio = not stand.blind
    page = subject_page(store, subject, run, ratio=ratio, user=ask.who, outline=current().outline)
    try:
        with ask.writing() as writer:
            shown = show(store, writer, subject, run=run, ratio=ratio, page=page.kept)
    except AccessError:
        raise
    except InputError as error:
        raise GoneError(str(error)) from None
    decided = decided_on(store, subject, user=ask.who)
    data = {
        "kind": subject.kind,
        "key": subject.key,
        "run": page.run,
        "as_of": page.as_of,
        "redacted": page.redacted,
        "recorded_since": page.recorded_since,
        "lead": page.lead,
        "facts": page.facts,
        "missing": page.missing,
        "checks_missing": page.checks_missing,
        "checks": _checks(store, subject, page.checks_never_made),
        "blind": stand.blind,
        "turn": stand.turn,
        "state": stand.state,
        "state_words": STATE_WORDS[stand.state],
        "conclusion": None if stand.hides_opinions else stand.conclusion,
        "conclusion_words": None
        if stand.hides_opinions or stand.conclusion is None
        else conclusion_words(stand.conclusion, len(subject.cases)),
        "disagreement": stand.disagreement,
        "own_view": None
        if stand.own_view is None
        else conclusion_words(stand.own_view, len(subject.cases)),
        "given_to": stand.given_to,
        "may": stand.acts,
        "found": page.found,
        "contributions": page.contributions,
        "decisions_stand": stand.first,
        "decisions": [] if stand.hides_opinions else decided,
        "opinions_hidden": stand.hides_opinions and bool(decided),
        "showing": shown,
    }
    return data, stand


def _checks(store: Store, subject: Subject, codes: Sequence[str]) -> list[dict[str, Any]]:
    """Checks never made, each with on how many of the cases it has been asked for since."""
    asked = asked_checks(store, subject.cases) if codes else {}
    return [
        {
            "check": code,
            "label": check_label(code),
            "asked_on": sum(code in asked.get(case, ()) for case in subject.cases),
        }
        for code in codes
    ]


def queue_data(ask: Ask, subject: Subject) -> dict[str, Any]:
    """Where a subject stands in the queue that the address names, and what stands beside it."""
    name = ask.query["queue"]
    if not name:
        return {}
    place = place_in(ask.store, name, subject.kind, subject.key, ask.store.clock(), user=ask.who)
    query = {"queue": name}

    def to(work: Any) -> str | None:
        return None if work is None else address_of(work.kind, work.key, query)

    return {
        "name": name,
        "words": QUEUE_WORDS[Queue(name)],
        "position": place.position,
        "total": place.total,
        "previous": to(place.previous),
        "next": to(place.next),
        "list": address("leads.list", query),
    }


def page_of(ask: Ask, place: Place) -> tuple[Subject, dict[str, Any], Position]:
    """The subject of an address, the data of its page, and where the person stands with it."""
    subject = place.subject(ask)
    data, stand = subject_data(ask, subject)
    data["queue"] = queue_data(ask, subject)
    return subject, data, stand


QUERY = Form((QUEUE,))
