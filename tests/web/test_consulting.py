"""Reading is logged: who was shown which cases, when and why; and what was taken out as a file, and for whom."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from tests.decisions.trials import furnish
from tests.ledger.conftest import Clock
from tests.web.conftest import ENVIRONMENT, client, lead_of, unusable
from tests.web.test_routes import OURS, parameters

from openverdict.decisions.policy import adopt, in_force, read_policy
from openverdict.decisions.roles import HOUSE, Operation
from openverdict.decisions.showing import content_of
from openverdict.ledger.models import Event
from openverdict.ledger.store import open_store
from openverdict.ledger.verdict import Outcome
from openverdict.ledger.verifying import verify
from openverdict.web.addresses import address
from openverdict.web.consulting import shows_cases
from openverdict.web.running import start, stop

SHOWN = {"case_viewed", "list_shown", "lead_shown", "pair_shown", "report_made"}


@pytest.fixture(scope="module")
def furnished(cluster, filled_postgresql):
    """A furnished house on PostgreSQL, to be copied."""
    cluster.execute(f"CREATE DATABASE web_house TEMPLATE {filled_postgresql}")
    with open_store(cluster.url("web_house"), environment=ENVIRONMENT, clock=Clock()) as store:
        furnish(store)
    return "web_house"


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request):
    """The app on a furnished house, on either engine."""
    if request.param == "sqlite":
        yield request.getfixturevalue("app")
        return
    cluster, template = (request.getfixturevalue(each) for each in ("cluster", "furnished"))
    cluster.execute(f"CREATE DATABASE web_read TEMPLATE {template}")
    try:
        yield start(cluster.url("web_read"), environment=ENVIRONMENT)
    finally:
        stop()
        cluster.execute("DROP DATABASE web_read WITH (FORCE)")


def since(running, size):
    """The entries from a number on: (kind, body)."""
    rows = running.store.rows(Event).filter(seq__gte=size).order_by("seq")
    return [
        (kind, json.loads(body))
        for kind, body in rows.values_list("kind", "body")
        if kind != "signed_in"
    ]


def put_in_force(running, **changed):
    policy = replace(read_policy(), version="house-purpose", **changed)
    with running.store.writing("supervisor", "administration") as writer:
        adopt(running.store, writer, policy)


def test_a_list_that_was_read_is_in_the_log_with_what_was_on_it(house):
    asking, size = client("reader"), house.store.size()
    assert asking.get("/cases?after=0").status_code == 200
    ((kind, body),) = since(house, size)
    assert (kind, body["actor"], body["purpose"]) == ("list_shown", "reader", "death_review")
    assert body["data"]["page"] == "cases.list"
    told = content_of(house.store, house.store.size() - 1, "filters")
    listed = json.loads(asking.get("/cases.json?after=0").content)["cases"]
    assert body["data"]["rows_shown"] == len(listed)
    assert told == {"chosen": {"after": ["0"]}, "cases": [row["case"] for row in listed]}
    assert verify(house.store).outcome is Outcome.INTACT


def test_a_file_is_a_disclosure_to_whoever_gets_it(house):
    asking = client("reviewer")
    for to, kinds, kind, recipient in (
        ("/cases/A.csv", ["case_viewed", "pack_disclosed"], "csv", "reviewer"),
        ("/cases.json?recipient=an+inspector", ["list_shown", "pack_disclosed"], "json", "an inspector"),
        ("/reports/case/A/pdf?recipient=a+coroner", ["report_made", "pack_disclosed"], "pdf", "a coroner"),
    ):  # fmt: skip
        size = house.store.size()
        file = asking.get(to)
        assert file.status_code == 200, to
        found = since(house, size)
        assert [each for each, _ in found] == kinds, to
        told = found[-1][1]["data"]
        assert (told["export_kind"], told["recipients"]) == (kind, [recipient])
        assert told["manifest_sha256"] == sha256(file.content).hexdigest()
    assert asking.get("/cases.csv?recipient=a%0Ab").status_code == 400
    assert asking.get("/cases?recipient=somebody").status_code == 400, "a page is no file"


def test_the_auditor_sees_in_the_log_who_read_what(app):
    client("reader").get("/cases")
    told = json.loads(client("auditor").get("/log.json?kind=list_shown").content)["entries"]
    assert (told[0]["actor"], told[0]["act"]) == ("reader", "consultation")
    page = client("auditor").get("/log?kind=list_shown").text
    assert "list_shown" in page
    assert "death_review" in page


def test_where_the_policy_requires_it_the_app_asks_why_once_a_session(house):
    put_in_force(house, purpose_ask="required")
    asking = client("reviewer")
    assert asking.get("/").status_code == 200, "no case is on the first page"
    answer = asking.get("/cases/A")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/purpose?next=%2Fcases%2FA")
    for to in ("/cases.json", "/cases/A.csv"):
        assert asking.get(to).status_code == 428
    assert asking.post("/reports", {"case": "A"}).status_code == 428
    to = answer.headers["Location"]
    assert asking.post(to, {"purpose": "curiosity", "next": "/cases/A"}).status_code == 422
    said = asking.post(to, {"purpose": "inquest", "next": "/cases/A"})
    assert (said.status_code, said.headers["Location"]) == (303, "/cases/A")
    size = house.store.size()
    assert asking.get("/cases/A").status_code == 200
    assert asking.get("/cases.json").status_code == 200
    assert {body["purpose"] for _, body in since(house, size)} == {"inquest"}
    assert client("reviewer").get("/cases/A").status_code == 302, "another session is asked anew"


def test_where_the_policy_says_so_each_subject_is_asked_for(app):
    put_in_force(app, purpose_ask="required", purpose_each="subject")
    asking = client("supervisor")
    asking.post("/purpose", {"purpose": "audit"})
    assert asking.get("/cases").status_code == 200
    answer = asking.get("/reports/case/A")
    about = answer.headers["Location"].rpartition("about=")[2]
    asking.post("/purpose", {"purpose": "oversight", "about": about})
    size = app.store.size()
    assert asking.get("/reports/case/A").status_code == 200
    assert asking.get("/cases/A").status_code == 200
    assert {body["purpose"] for _, body in since(app, size)} == {"oversight"}
    assert asking.get(f"/reports/lead/{lead_of(app.store, 'D')}").status_code in (302, 403)


def test_where_it_is_optional_the_page_offers_it_and_where_it_is_off_it_does_not(app):
    asking = client("reader")
    assert "Why you look at cases" in asking.get("/cases/A").text
    asking.post("/purpose", {"purpose": "training", "next": "https://elsewhere.example/"})
    size = app.store.size()
    assert "training" in asking.get("/cases/A").text
    assert since(app, size)[0][1]["purpose"] == "training"
    put_in_force(app, purpose_ask="off")
    assert "Why you look at cases" not in asking.get("/cases/A").text


def test_a_policy_that_was_adopted_before_purposes_still_counts(app):
    from openverdict.decisions.models import Policy as StoredPolicy
    from openverdict.ledger.events import PolicyAdopted

    told = json.loads(read_policy().to_bytes())
    old = {name: value for name, value in told.items() if not name.startswith("purpose_")}
    old["version"] = "older"
    text = json.dumps(old)
    with app.store.writing("root", "administration") as writer:
        writer.record(
            PolicyAdopted,
            [StoredPolicy(version="older", settings=text)],
            policy="decisions",
            policy_version="older",
            sha256=sha256(text.encode()).hexdigest(),
        )
    assert (in_force(app.store).version, in_force(app.store).purpose_ask) == ("older", "optional")


def test_every_page_about_cases_leaves_an_entry(app):
    """The table of routes is walked: whatever page shows a case or a list, in whatever form, somebody can tell who saw it."""
    asking = client("supervisor")
    silent: list[tuple[str, ...]] = []
    for route in OURS:
        if not shows_cases(route):
            assert route.operation in HOUSE or not isinstance(route.operation, Operation)
            continue
        for twin in ("", *route.twins):
            size = app.store.size()
            answer = asking.get(address(route.name, twin=twin, **parameters(route, "A")))
            kinds = {kind for kind, _ in since(app, size)}
            if answer.status_code != 200:
                continue
            if twin == "json" and set(json.loads(answer.content)) == {"done", "location"}:
                continue  # the way to another page, and nothing of a case
            if (route.is_about_cases or route.csv) and not kinds & SHOWN:
                silent.append((route.name, twin))
            if (twin or route.paper) and "pack_disclosed" not in kinds:
                silent.append((route.name, twin, "file"))
    assert silent == [], silent


def test_everybody_can_use_the_page_that_asks_why(browse):
    window = browse("reviewer")
    page = window.open("/cases/A")
    page.get_by_text("For somebody else", exact=True).click()
    assert page.get_by_label("Who gets it").is_visible()
    assert unusable(window, "/purpose?next=/cases") == []
    page.get_by_label("quality assurance").check()
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("The log says from here on: quality assurance.").wait_for()
