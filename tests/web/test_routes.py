"""The table of routes: each has a rule, every role gets what the table of roles says, and what no form has is refused."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.urls import URLPattern, get_resolver, resolve
from tests.decisions.trials import CASES
from tests.web.conftest import client, lead_of, unusable

from openverdict.decisions import accounts
from openverdict.decisions.roles import HOUSE, OPEN, TABLE, Operation, Role, Standing
from openverdict.web.addresses import Key, address
from openverdict.web.nav import may_follow
from openverdict.web.openapi import description
from openverdict.web.route import Gate, Route
from openverdict.web.routes import ROUTES, faults
from openverdict.web.running import current

# A value for each parameter of a path that is no case number, or a function of the case; a new parameter needs one here.
# A lead is of the case alone; a pair is of the case and of one that is everybody's.
SUGGESTIONS = {case: number for number, case in enumerate(CASES.values(), start=1)}
PARAMETERS: dict[str, Any] = {
    "token": "none-such",
    "pk": 99,
    "batch": "none-such",
    "job": 10**9,
    "run": 1,
    "lead": lambda case: lead_of(current().store, case),
    "suggestion": SUGGESTIONS.__getitem__,
    "rule": "substance.mdma.name",
    "version": "1",
    "together": "together-1",
    "first": str,
    "entry": 0,
    "user": "reader",
    "grant": 99,
    "glass": 99,
    "concern": 99,
    "category": 99,
    "decision": 99,
    "referral": 99,
    "second": "T",
    "enquiry": 99,
    "exhibit": 99,
    "device": 99,
    "table": "facts",
    "proposal": "p{}0".format,
}
OURS = [route for route in ROUTES if route.foreign is None]


@pytest.fixture
def app(app):
    """With a second case that is everybody's, so that there are pairs."""
    with app.store.writing("root", "administration") as writer:
        for role in Role:
            accounts.grant(app.store, writer, role.value, role.value, case="T")
    return app


def parameters(route: Route, case: str) -> dict[str, Any]:
    """Something for every parameter of a route's path."""
    names = [part.partition(":")[2].partition(">")[0] for part in route.path.split("<")[1:]]
    found = {name: case if name == route.case else PARAMETERS[name] for name in names}
    return {name: value(case) if callable(value) else value for name, value in found.items()}


def is_allowed(route: Route, role: Role, standing: Standing) -> bool:
    """Whether the table of roles lets a role in."""
    if isinstance(route.operation, Gate):
        return True
    assert route.operation is not None
    cell = TABLE[role][route.operation]
    about_none = route.operation in HOUSE or not route.is_about_cases
    return (cell.own if about_none else cell.of(standing)) in OPEN


def test_the_table_has_no_fault():
    assert faults() == []


def test_a_route_without_a_rule_is_a_fault(monkeypatch):
    monkeypatch.setattr(
        "openverdict.web.routes.ROUTES", (Route("x", "x", lambda ask: None, title="X"),)
    )
    assert any("who may ask" in fault for fault in faults())


def test_no_address_is_served_past_the_table():
    names = {route.name for route in ROUTES} | {
        f"{r.name}~{twin}" for r in ROUTES for twin in r.twins
    }
    found = get_resolver("openverdict.web.urls").url_patterns
    assert all(isinstance(each, URLPattern) for each in found)
    assert {each.name for each in found} == names


def led_to(page: str) -> set[tuple[str, tuple[tuple[str, Any], ...]]]:
    """The routes, with their parameters, to which the links of a page lead."""
    found = set()
    for link in re.findall(r'href="(/[^"?#]*)', page):
        if not link.startswith("/static/"):
            match = resolve(unescape(link))
            found.add((match.url_name.partition("~")[0], tuple(sorted(match.kwargs.items()))))
    return found


@pytest.mark.parametrize("role", Role)
def test_every_role_gets_what_the_table_of_roles_says_and_no_link_that_is_refused(app, role):
    asking = client(role.value)
    links: dict[Any, str] = {}
    for route in OURS:
        for standing, case in CASES.items():
            if standing is not Standing.OWN and not route.is_about_cases:
                continue
            for twin in ("", *route.twins):
                answer = asking.get(address(route.name, twin=twin, **parameters(route, case)))
                said = (route.name, twin, standing, answer.status_code)
                assert answer.status_code < 500, said
                assert (answer.status_code != 403) == is_allowed(route, role, standing), said
                if answer.status_code == 403 and not twin:
                    assert "may not" in answer.text, said
                elif not twin and answer.headers["Content-Type"].startswith("text/html"):
                    links |= dict.fromkeys(led_to(answer.text), route.name)
    refused = {
        f"{on} leads to {name} {dict(params)}"
        for (name, params), on in links.items()
        if not may_follow(role.value, name, **dict(params))
    }
    assert refused == set()


PAGE_BY_PAGE = ("reviewer", "supervisor", "auditor", "data_manager", "administrator")


@pytest.mark.parametrize("role", PAGE_BY_PAGE)
def test_every_page_can_be_used_by_everybody(app, browse, role):
    """Each by one of those who may ask for it, in turns; pages of something that has to be made first, in their own tests."""
    found = []
    for place, route in enumerate(OURS):
        able = [each for each in PAGE_BY_PAGE if is_allowed(route, Role(each), Standing.OWN)]
        if not able or able[place % len(able)] != role:
            continue
        path = address(route.name, **parameters(route, "A"))
        answer = client(role, fresh=True).get(path)
        if answer.status_code == 200 and "text/html" in answer.headers["Content-Type"]:
            found.append(path)
    assert len(found) >= 3
    assert unusable(browse(role, fresh=True), *found) == []


def test_whoever_is_not_signed_in_gets_no_further_than_the_door(app):
    asking = client()
    for route in ROUTES:
        if route.operation is Gate.OPEN:
            continue
        for twin in ("", *route.twins):
            answer = asking.get(address(route.name, twin=twin, **parameters(route, "A")))
            assert answer.status_code == (401 if twin else 302), route.name
            assert twin or answer.headers["Location"].startswith("/account/login")


@pytest.mark.parametrize("route", [r for r in ROUTES if "POST" in r.methods], ids=lambda r: r.name)
def test_a_field_that_the_page_has_not_is_refused(app, route):
    to = address(route.name, **parameters(route, "A"))
    for role in ("administrator", "auditor", "supervisor", "data_manager"):
        asking = client(role)
        if asking.get(to).status_code != 403:
            break
    answer = asking.post(to, {"is_superuser": "1"})
    assert answer.status_code == 400
    assert "is_superuser" in answer.text


def test_a_query_that_the_page_has_not_is_refused(app):
    assert client("reader").get("/cases?format=xml").status_code == 400


def test_a_method_that_the_page_has_not_is_refused(app):
    answer = client("reader").post("/cases")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


def test_the_twins_say_what_the_page_says(app):
    asking = client("reviewer")
    told = json.loads(asking.get("/cases/A.json").content)
    table = asking.get("/cases/A.csv").content.decode("utf-8-sig").splitlines()
    page = asking.get("/cases/A").text
    assert len(table) == len(told["facts"]) + 1
    assert table[0].split(",")[:3] == ["fact", "field", "label"]
    assert all(fact["label"] in page for fact in told["facts"])
    assert told["history"], "the corrected place stands there with what it was"


def test_a_page_that_was_read_is_in_the_log(app):
    before = app.store.size()
    client("reader").get("/cases/A")
    from openverdict.ledger.models import Event

    kinds = list(app.store.rows(Event).filter(seq__gte=before).values_list("kind", flat=True))
    assert kinds == ["signed_in", "case_viewed"]


def test_an_unknown_case_is_not_there(app):
    answer = client("reader").get("/cases/Z99")
    assert (answer.status_code, "check the number" in answer.text) == (404, True)


@pytest.mark.parametrize("case", ["A", "a/b", "2014.7", "~", "ü 1", "x.json", "..", "50%"])
def test_any_case_number_has_an_address_of_its_own(case):
    told = Key().to_url(case)
    assert Key().to_python(told) == case
    assert not set("/.%") & set(told)


def test_the_api_is_described_as_it_is(app):
    told = json.loads(client("reader").get("/api/openapi.json").content)
    assert told == json.loads(json.dumps(description(ROUTES)))
    assert len(told["paths"]) == sum("json" in route.twins for route in ROUTES)


def test_the_navigation_holds_what_the_person_may_ask_for(app):
    assert "/register" in client("reader").get("/help").text
    assert 'href="/register"' not in client("administrator").get("/help").text
    assert Operation.LIST not in HOUSE
