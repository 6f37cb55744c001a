"""Leads, pairs and decisions: the work list, one lead, two cases side by side, deciding on them (`lead_acts`)."""

from __future__ import annotations

from typing import Any

from openverdict.decisions.access import footing
from openverdict.decisions.agenda import Queue, Work, agenda, left_off
from openverdict.decisions.roles import Operation
from openverdict.web.addresses import address
from openverdict.web.answers import Go, Page
from openverdict.web.areas import lead_acts, tables, together
from openverdict.web.areas.subjects import (
    LEAD,
    PAIR,
    QUERY,
    QUEUE,
    QUEUE_WORDS,
    address_of,
    line_of,
    words_of,
)
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Form
from openverdict.web.paging import QUERY as PAGES
from openverdict.web.route import Route

FIRST = Queue.MINE  # what the work list begins with, where there is something in it


def list_work(ask: Ask) -> Page:
    """The work list: one part of it, with how much is in each."""
    name = ask.query["queue"]
    page = _page(ask, name or FIRST.value)
    if not name and not page.items:
        page = _page(ask, Queue.ALL.value)
    queue = page.queue
    left = left_off(ask.store, user=ask.who)
    query = {"queue": queue.value}
    data = {
        "queue": queue,
        "queue_words": QUEUE_WORDS[queue],
        "count": page.counts[queue.value],
        "queues": [
            {
                "queue": each,
                "words": words,
                "count": page.counts[each.value],
                "to": address("leads.list", {"queue": each.value}),
            }
            for each, words in QUEUE_WORDS.items()
        ],
        "items": [line_of(each, {"queue": queue.value}) for each in page.items],
        "run": page.run,
        "hidden": page.hidden,
        "after": page.after,
        "before": page.before,
        "resume": None
        if left is None
        else {"words": words_of(ask.store, *left), "to": address_of(*left, query)},
        "next": address("leads.next", query),
    }
    return Page(data, title="Work")


def _page(ask: Ask, queue: str) -> Any:
    return agenda(
        ask.store,
        queue,
        ask.store.clock(),
        user=ask.who,
        after=ask.query["after"],
        before=ask.query["before"],
    )


def go_on(ask: Ask) -> Go:
    """Where the person left off, or what their queue begins with."""
    left = left_off(ask.store, user=ask.who)
    if left is not None:
        return Go(address_of(*left, queue_of(ask)))
    for queue in dict.fromkeys(
        (ask.query["queue"] or FIRST.value, FIRST.value, Queue.UNASSIGNED.value)
    ):
        page = agenda(ask.store, queue, ask.store.clock(), user=ask.who, size=1)
        if page.items:
            return Go(page_to(page.items[0], queue))
    return Go(ask.to("leads.list"), "Nothing is left to do in your work list.")


def queue_of(ask: Ask) -> dict[str, Any] | None:
    """The queue of the address, if it names one."""
    return {"queue": ask.query["queue"]} if ask.query["queue"] else None


def page_to(work: Work, queue: str) -> str:
    """The address of something in a queue."""
    return address_of(work.kind, work.key, {"queue": queue})


def view_lead(ask: Ask) -> Page:
    """One lead, without what the run found until this person may see that."""
    return lead_acts.whole_page(ask, LEAD)


def view_pair(ask: Ask) -> Page:
    """Two cases side by side, the same way."""
    return lead_acts.whole_page(ask, PAIR)


def compare(ask: Ask) -> Page | Go:
    """Two cases that a person names: the page of the pair, once there are two."""
    first, second = ask.query["first"], ask.query["second"]
    if first and second:
        return Go(address("leads.pair", first=first, second=second))
    stance = footing(ask.store, ask.who, (), at=ask.store.clock())
    many = stance.answer(Operation.DECIDE_TOGETHER).allowed
    return Page({"first": first or None, "second": second or None, "may_decide_together": many})


ROUTES: tuple[Route, ...] = (
    Route(
        "leads",
        "leads.list",
        list_work,
        operation=Operation.LIST,
        title="Work",
        nav="Work",
        query=Form((QUEUE, *PAGES)),
        csv="items",
        crumbs=("house.home",),
    ),
    Route(
        "leads/next",
        "leads.next",
        go_on,
        operation=Operation.LIST,
        title="Next",
        query=QUERY,
        crumbs=("house.home", "leads.list"),
    ),
    Route(
        LEAD.path,
        LEAD.name,
        view_lead,
        operation=Operation.VIEW,
        cases=LEAD.cases,
        title="Lead",
        query=QUERY,
        csv="contributions",
        crumbs=("house.home", "leads.list"),
    ),
    Route(
        "pairs",
        "leads.compare",
        compare,
        operation=Operation.LIST,
        title="Two cases side by side",
        query=Form(
            (
                Field("first", "One case", required=False),
                Field("second", "The other", required=False),
            )
        ),
        crumbs=("house.home", "leads.list"),
    ),
    Route(
        PAIR.path,
        PAIR.name,
        view_pair,
        operation=Operation.VIEW,
        cases=PAIR.cases,
        title="Two cases",
        query=QUERY,
        csv="contributions",
        crumbs=("house.home", "leads.list"),
    ),
    *lead_acts.ROUTES,
    *together.ROUTES,
    *tables.ROUTES,
)
