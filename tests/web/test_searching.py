"""The register and its days: filters in the address, pages by key, what is hidden counted, and a day as the record has it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.web.conftest import axe, client, unusable

from openverdict.decisions import listing
from openverdict.decisions.known import known_on, list_known
from openverdict.ledger.facts import AsOf, read_store
from openverdict.ledger.models import Fact
from openverdict.reports.figures import Ring


def told(asking, path, **query):
    return json.loads(asking.get(f"{path}.json", query).content)


def everybody(app):
    """A person who may list all that is not restricted."""
    from openverdict.decisions import accounts

    with app.store.writing("root", "administration") as writer:
        accounts.change_user(app.store, writer, "wide", "made")
        accounts.grant(app.store, writer, "wide", "reviewer")
    return client("wide")


def test_a_day_is_typed_as_people_write_it_and_never_month_first(app):
    asking = everybody(app)
    wanted = [line["case"] for line in told(asking, "/register", found_from="2014-09-01")["cases"]]
    for day in ("1 9 2014", "01/09/2014", "1.9.2014", "1 September 2014", "1 sept 2014"):
        found = told(asking, "/register", found_from=day)
        assert [line["case"] for line in found["cases"]] == wanted, day
        assert found["chosen"] == {"found_from": "2014-09-01"}
    for day in ("9/28/2014", "1 9 14", "2014-9-1", "31 2 2014", "1 Se 2014"):
        assert asking.get("/register", {"found_from": day}).status_code == 400, day
    page = asking.get("/register?found_from=2014-09-01").text
    assert 'value="1 9 2014"' in page
    assert 'type="date"' not in page


def test_the_register_is_searched_by_the_address_alone(app):
    asking = everybody(app)
    every = told(asking, "/register")
    names = [line["case"] for line in every["cases"]]
    assert every["count"] == len(names)
    assert every["hidden"] == 1, "case B is restricted"
    found = told(asking, "/register", found_until="2014-08-31", kind="death", sort="case_id")
    assert [line["case"] for line in found["cases"]] == sorted(
        line["case"]
        for line in every["cases"]
        if line["kind"] == "death" and line["found_at"] < "2014-09"
    )
    assert found["chosen"] == {"found_until": "2014-08-31", "kind": "death"}
    lines = asking.get("/register.csv?kind=incident").content.decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + sum(line["kind"] == "incident" for line in every["cases"])
    assert asking.get("/register?substance=none_such").status_code == 400


def test_the_pages_of_the_register_hold_each_case_once(app, monkeypatch):
    monkeypatch.setattr(
        "openverdict.web.areas.searching.list_cases",
        lambda *given, **more: listing.list_cases(*given, **{**more, "size": 2}),
    )
    asking = everybody(app)
    found, after = [], None
    while True:
        page = told(asking, "/register", sort="case_id", **({"after": after} if after else {}))
        found += [line["case"] for line in page["cases"]]
        after = page["after"]
        if after is None:
            break
    assert found == sorted(set(found))
    assert len(found) == page["count"] > 2


@pytest.mark.parametrize("days", [-40, 0, 3, 30, 200, 600])
def test_a_day_is_shown_as_a_replay_of_the_register_has_it(app, days):
    day = date(2014, 6, 20) + timedelta(days=days)
    replayed = read_store(app.store, AsOf(day)).register.as_of(day)
    page = list_known(app.store, day, user="openverdict", size=500)
    there = {line.case_id: line for line in page.page.lines}
    assert set(there) == set(replayed.table.get_column("case_id"))
    for case, line in there.items():
        held = replayed.case(case)
        assert line.sex == held.get("sex")
        assert line.age_years == held.get("age_years")
        assert line.manner_police == held.get("manner_police")
        assert line.manner_coroner == held.get("manner_coroner")
        assert line.place == held.get("found_place")
    seen = known_on(app.store, day, user="openverdict")
    for point in seen.points:
        held = replayed.case(point.case)
        assert (point.lat, point.lon) == (held["found_lat"], held["found_lon"])
    assert all(lead.first_raised <= f"{day}T99" for lead in seen.leads)
    assert {case for lead in seen.leads for case in lead.cases} <= set(there)


def test_a_correction_is_not_known_before_its_day(app):
    new = app.store.rows(Fact).filter(supersedes__isnull=False, field="found_lat").get()
    day = date.fromisoformat(new.known_from[:10])
    for shown, on in ((float(new.value), day), (None, day - timedelta(days=1))):
        points = {p.case: p.lat for p in known_on(app.store, on, user="openverdict").points}
        assert (points.get(new.case_id) == shown) == (shown is not None)


def test_who_sees_places_struck_out_sees_none_on_the_map(app):
    reader = told(client("reader"), "/as-of", day="2015-01-01")
    auditor = told(client("auditor"), "/as-of", day="2015-01-01")
    assert [line["case"] for line in auditor["cases"]] == ["A"]
    assert reader["points"]
    assert auditor["points"] == []
    assert auditor["cases"][0]["place"] is None


def test_a_day_gives_no_ratio_away_before_the_first_view(app):
    from openverdict.decisions import accounts

    with app.store.writing("root", "administration") as writer:
        for name, role in (("one", "reviewer"), ("look", "reader")):
            accounts.change_user(app.store, writer, name, "made")
            for case in "BCD":
                accounts.grant(app.store, writer, name, role, case=case)
    (group,) = told(client("one"), "/as-of", day="2030-01-01")["leads"]
    assert (group["cases"], group["blind"], group["log10_lr"]) == (["B", "C", "D"], True, None)
    assert "after your first view" in client("one").get("/as-of?day=2030-01-01").text
    (group,) = told(client("look"), "/as-of", day="2030-01-01")["leads"]
    assert group["log10_lr"] is not None


def test_areas_of_a_file_are_drawn_on_the_map_of_a_day(app, monkeypatch):
    area = Ring([(-1.0, 51.0), (0.05, 51.3), (1.0, 52.0), (-1.0, 52.0), (-1.0, 51.0)])
    assert 'class="outline"' not in client("reviewer").get("/as-of").text
    monkeypatch.setattr(
        "openverdict.web.areas.searching.current", lambda: replace(app, outline=(area,))
    )
    assert 'class="outline"' in client("reviewer").get("/as-of").text


def test_the_slider_works_with_and_without_javascript(browse, app):
    window = browse("reviewer")
    page = window.open("/as-of?day=2014-09-20")
    page.locator("#at").fill("5")
    page.get_by_role("heading", name="June 2014").wait_for()
    assert axe(page) == []
    page = browse("reviewer", java_script_enabled=False).open("/as-of")
    page.locator("#at").fill("5")
    page.get_by_role("button", name="Show this day").click()
    assert "June 2014" in page.locator("#known-day").inner_text()


def test_everybody_can_use_the_register_and_its_days(browse):
    window = browse("reviewer")
    assert unusable(window, "/register", "/as-of?day=2014-09-20") == []
