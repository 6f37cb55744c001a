"""Proposals that two records are of one person: listed, looked at side by side, accepted, rejected and undone by people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from openverdict.cases import dictionary
from openverdict.decisions import consulting, linking
from openverdict.decisions.access import footing
from openverdict.decisions.chains import chain, leads_resting_on
from openverdict.decisions.linked import cases_of_proposal, proposal_row
from openverdict.decisions.readings import standing_facts
from openverdict.decisions.roles import Operation
from openverdict.decisions.same_persons import (
    ProposalShown,
    place_in_queue,
    proposal_shown,
    queue,
)
from openverdict.decisions.thresholds import counting
from openverdict.ledger.store import Store
from openverdict.reports.shown import value_text
from openverdict.reports.words import counted
from openverdict.web.addresses import address
from openverdict.web.answers import Go, GoneError, Page
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind, begin
from openverdict.web.proposals import (
    CHOSEN,
    KINDS,
    asked_for,
    beside,
    chain_of,
    fields_of,
    kept,
    leads_of,
    record_words,
    row_of,
)
from openverdict.web.route import Route

OF_CASE = ("found_at", "age_years", "sex")
Act = Callable[[Store, Any, str, str], linking.Linked]


def list_proposals(ask: Ask) -> Page:
    """The proposals on cases where the person may enter facts, both of them."""
    found = queue(
        ask.store,
        asked_for(ask),
        user=ask.who,
        after=ask.query["after"],
        before=ask.query["before"],
    )
    rows = [
        {**row_of(line), "to": address("persons.one", kept(ask), proposal=line.proposal)}
        for line in found.lines
    ]
    counts = counting(ask.store, user=ask.who)
    data = {
        "proposals": rows,
        "count": found.count,
        "counted_all": found.counted_all,
        "hidden": found.hidden,
        "after": found.next,
        "before": found.previous,
        "counts_now": asdict(counts),
    }
    stance = footing(ask.store, ask.who, (), at=ask.store.clock())
    may = {
        "may_take": stance.answer(Operation.COLLECT).allowed,
        "may_set": stance.answer(Operation.ADOPT_POLICY).allowed,
    }
    return Page(data, layout={"kept": kept(ask), **may})


def one(ask: Ask) -> Page:
    """One proposal with both records, what every field weighs, its chain, the leads that rest on it, and its past."""
    seen, key = _shown(ask), str(ask.params["proposal"])
    line = seen.line
    found = chain(ask.store, key, user=ask.who)
    resting = leads_resting_on(ask.store, key, user=ask.who)
    extra = beside(line.why)
    about = _about(ask.store, line.one.case, line.other.case)
    data = {
        **row_of(line),
        "kind_words": dict(KINDS)[line.kind],
        "about_cases": about,
        "why": line.why,
        "fields": fields_of(line.why),
        "bits": line.bits,
        "bits_prior": extra.get("prior"),
        "bits_kin": extra.get("kin"),
        "chain": chain_of(found),
        "run": resting.run,
        "leads": leads_of(resting),
        "more_leads": resting.more,
        "history": [asdict(each) for each in seen.history],
        "place": asdict(place_in_queue(ask.store, key, asked_for(ask), user=ask.who)),
        "may_decide": found.may_decide and line.stands is None,
        "may_undo": found.may_decide and line.stands is not None,
        "last": ask.query["last"],
    }
    layout = {"kept": kept(ask), "decide": begin(DECIDE)}
    return Page(data, title=f"Proposal {key}", layout=layout)


def before_accepting(ask: Ask) -> Page:
    """What becomes of it."""
    line, found = _shown(ask).line, chain(ask.store, str(ask.params["proposal"]), user=ask.who)
    told = chain_of(found)
    if told["hindrance"]:
        more = f"The link would be kept and not followed: {told['hindrance']}."
    else:
        records, cases = counted(found.joined, "record"), counted(found.joined_cases, "case")
        more = f"{records} of {cases} would count as one person.".capitalize()
    fall = " ".join(f"No longer followed then: {each}." for each in told["would_fall"])
    return Page({"lede": f"{_words(line)}. Records are linked, not merged. {more} {fall}".strip()})


def before_rejecting(ask: Ask) -> Page:
    """What becomes of it."""
    words = _words(_shown(ask).line)
    return Page({"lede": f"{words}. No chain of other links joins the two from then on either."})


def before_undoing(ask: Ask) -> Page:
    """What is undone."""
    line = _shown(ask).line
    stands = "nothing stands on it" if line.stands is None else f"{line.stands} by {line.by}"
    lede = f"{_words(line)}: {stands}. It waits again; the facts that came of a link are superseded. Both stay in the record."
    return Page({"lede": lede})


def accept(ask: Ask, filled: Filled) -> Go:
    """The two are linked; persons of both cases follow."""
    return _decided(ask, filled, linking.accept, "is accepted")


def reject(ask: Ask, filled: Filled) -> Go:
    """They are two."""
    return _decided(ask, filled, linking.reject, "is rejected")


def undo(ask: Ask, filled: Filled) -> Go:
    """What stands on it stands no more."""
    key = _there(ask)
    with ask.writing() as writer:
        linking.undo(ask.store, writer, key, filled["text"])
    query = {name: value for name, value in kept(ask).items() if name != "status"}
    to = address("persons.one", query, proposal=key)
    return Go(to, f"Proposal {key} waits again. What was decided before stays in the record.")


def _decided(ask: Ask, filled: Filled, act: Act, what: str) -> Go:
    """Decide, and go on to the next proposal of the queue that somebody is in; at its end, to the list."""
    key = _there(ask)
    with ask.writing() as writer:
        done = act(ask.store, writer, key, filled["text"])
    words = [f"Proposal {key} {what}."]
    if done.facts or done.superseded:
        words.append(f"Persons of cases: {counted(done.facts, 'fact')} entered, {done.superseded:,} superseded.")  # fmt: skip
    words += [f"Not followed: {why}; accept those two as well, or undo this." for why in done.not_followed]  # fmt: skip
    place = place_in_queue(ask.store, key, asked_for(ask), user=ask.who)
    if place.next is None:
        words.append("It was the last one of this list.")
        return Go(address("persons.list", kept(ask)), " ".join(words))
    query = {**kept(ask), "last": key}
    return Go(address("persons.one", query, proposal=place.next), " ".join(words))


def _about(store: Store, one: str, other: str) -> list[dict[str, Any]]:
    """What is recorded of the two cases that names nobody, side by side."""
    said = {(f.case_id, f.field): f for f in standing_facts(store, (one, other), OF_CASE)}
    rows = []
    for name in OF_CASE:
        facts = [said.get((case, name)) for case in (one, other)]
        words = [
            None if f is None else value_text({"status": f.status, "field": name, "value": f.value})
            for f in facts
        ]
        label = dictionary()[name].label
        rows.append({"field": name, "label": label, "one": words[0], "other": words[1]})
    return rows


def _there(ask: Ask) -> str:
    key = str(ask.params["proposal"])
    if proposal_row(ask.store, key) is None:
        raise GoneError(f"proposal {key}: there is none of this key, or it was erased")
    return key


def _shown(ask: Ask) -> ProposalShown:
    """The proposal. That it was read is an entry about each of its cases."""
    seen = proposal_shown(ask.store, _there(ask), user=ask.who)
    with ask.writing() as writer:
        for case in ask.about:
            consulting.note_case(writer, case, ask.route.name)
    return seen


def _words(line: Any) -> str:
    one, other = record_words(line.one), record_words(line.other)
    return f"{one[:1].upper()}{one[1:]} and {other}"


def _cases(store: Store, params: dict[str, Any]) -> tuple[str, ...]:
    return cases_of_proposal(store, str(params["proposal"]))


WHY = Field("text", "Why", Kind.WORDS, longest=2_000,
            hint="What you looked at, and where. Without a name: it is kept beside the log.")  # fmt: skip
DECIDE = Form((WHY,))
PAGES = (
    Field("after", "After", Kind.NUMBER, required=False, least=0, most=10**15),
    Field("before", "Before", Kind.NUMBER, required=False, least=0, most=10**15),
)
HERE = Form((*CHOSEN, Field("last", "Last", required=False, longest=64)))
ABOVE = ("house.home", "persons.list")
_PATH = "persons/<slug:proposal>"


def _act(end: str, view: Any, title: str, act: Any, button: str, *, danger: bool = False) -> Route:
    return Route(f"{_PATH}/{end}", f"persons.{end}", view, operation=Operation.ENTER_FACTS, title=title, cases=_cases,
                 form=Form((WHY,), button=button, danger=danger), act=act, query=HERE, crumbs=ABOVE,
                 template="layout/form.html")  # fmt: skip


ROUTES: tuple[Route, ...] = (
    Route(_PATH, "persons.one", one, operation=Operation.VIEW, title="Proposal", cases=_cases, query=HERE,
          csv="fields", crumbs=ABOVE),
    _act("accept", before_accepting, "Say that two records are of one person", accept, "Accept: one person"),
    _act("reject", before_rejecting, "Say that two records are of two people", reject, "Reject: two people"),
    _act("undo", before_undoing, "Undo what was decided", undo, "Undo it", danger=True),
)  # fmt: skip
LIST = Route("persons", "persons.list", list_proposals, operation=Operation.ENTER_FACTS, title="Records of one person",
             nav="Identities", query=Form((*CHOSEN, *PAGES)), csv="proposals", crumbs=("house.home",))  # fmt: skip
