"""Work list, leads and pairs: blind until the first view, then a decision, a second person and a third."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from tests.web.conftest import client, lead_of, unusable

from openverdict.decisions import accounts, changes, desk
from openverdict.decisions.models import Decision, FirstView, Shown
from openverdict.ledger.models import Event, Lead
from openverdict.web.areas import running
from openverdict.web.areas.subjects import by_rank

CASES = ("B", "C", "D")  # of a group in the filled store
TEXT = "Found at one wall within a month; the scene photographs show the same posture."
OPINION = {"conclusion": "similar", "reasons": ["same_place"], "text": TEXT}


@dataclass(frozen=True)
class Owed:
    """A lead as lists have it."""

    number: int
    rank: int
    first_raised: str
    cases: tuple[str, ...] = ()


@pytest.fixture
def team(app):
    """Three reviewers, a supervisor and an auditor for the cases of the group."""
    with app.store.writing("root", "administration") as writer:
        for name, role in (
            ("one", "reviewer"), ("two", "reviewer"), ("three", "reviewer"),
            ("chief", "supervisor"), ("watch", "auditor"), ("look", "reader"),
        ):  # fmt: skip
            accounts.change_user(app.store, writer, name, "made")
            for case in CASES:
                accounts.grant(app.store, writer, name, role, case=case)
    return app


def number(app):
    """Of the lead of the group."""
    return lead_of(app.store, *CASES)


def at(app, *cases):
    """The address of the lead of these cases; of the group where none is named."""
    return f"/leads/{lead_of(app.store, *(cases or CASES))}"


def shown_to(app, name):
    rows = app.store.rows(Shown).filter(user=name, subject_kind="lead", subject=number(app))
    return rows.order_by("-id").first()


def view(app, name, to=None, said="possibly"):
    asking, to = client(name), to or at(app)
    told = asking.get(f"{to}.json").json()
    return asking, asking.post(f"{to}/first-view", {"view": said, "shown": told["showing"]})


def decide(app, name, to=None, **opinion):
    """First view, then the decision."""
    to = to or at(app)
    asking, _ = view(app, name, to)
    told = asking.get(f"{to}.json").json()
    stands = {"of": str(told["decisions_stand"])} if told["decisions_stand"] else {}
    return asking.post(f"{to}/decide", {**OPINION, **opinion, "shown": told["showing"], **stands})


def test_nothing_gives_the_ratio_away_before_the_first_view(team):
    lead = team.store.rows(Lead).get(id=number(team))
    asking = client("one")
    page = asking.get(at(team))
    told = asking.get(f"{at(team)}.json")
    table = asking.get(f"{at(team)}.csv")
    listed = asking.get("/leads?queue=all")
    kept = json.loads(told.content)
    assert (page.status_code, kept["blind"], kept["found"], kept["contributions"]) == (
        200, True, None, [],
    )  # fmt: skip
    assert kept["lead"]["first_raised_with"] == []  # the cases that sufficed are the most alike
    for each in (page, told, table, listed):
        text = each.content.decode()
        for word in (
            "og10",
            f"{lead.log10_lr:.2f}",
            "chance",
            "likelihood",
            "innocent",
            "speaks for",
        ):
            assert word not in text, word
    assert shown_to(team, "one").ratio_shown == 0


@pytest.mark.parametrize("page", ["/runs/1.json", "/as-of.json?day=2015-12-31"])
def test_no_page_that_lists_leads_gives_anything_away_either(team, page):
    def figures(name):
        leads = client(name).get(page).json()["leads"]
        return next(
            (e["blind"], e["rank"], e["log10_lr"]) for e in leads if e["number"] == number(team)
        )

    assert figures("one") == (True, None, None)
    assert figures("look") == (False, 1, pytest.approx(6.031378, abs=1e-6))
    view(team, "one")
    assert figures("one") == figures("look")


def test_leads_that_are_owed_a_first_view_stand_in_no_order_of_strength(team):
    leads = [Owed(3, 1, "2015-02-01"), Owed(4, 2, "2014-01-01"), Owed(5, 3, "2013-01-01")]
    assert [each.number for each in by_rank(leads, {"3", "4"})] == [5, 4, 3]
    assert [each.number for each in by_rank(leads, set())] == [3, 4, 5]


def test_what_moved_between_runs_is_told_without_figures_until_the_first_view(team):
    pair = changes.Moved(("C", "B"), 3.1, 3.4, 2, 1)
    group = changes.Moved(CASES, None, 6.0, None, 1)
    found = changes.Changes(1, 1, (group,), (pair,), (), ())
    leads, pairs = running.owed(team.store, found, "one")
    assert (leads, pairs) == ({CASES}, {("B", "C")})
    assert running.owed(team.store, found, "look") == (set(), set())
    told = running.moved((pair,), pairs)[0]
    assert (told["blind"], told["ratio_after"], told["rank_after"]) == (True, None, None)
    view(team, "one", "/pairs/B/C")
    assert running.owed(team.store, found, "one") == ({CASES}, set())


def test_a_case_names_its_leads_and_pairs_and_leads_to_any_other(team):
    with team.store.writing("root", "administration") as writer:
        accounts.grant(team.store, writer, "one", "reviewer", case="A")
    asking = client("one")

    alone = str(lead_of(team.store, "B"))

    def together(name):
        told = client(name).get("/cases/B.json").json()
        return [(e["kind"], e["key"]) for e in told["together"]], told["together_hidden"]

    assert together("one") == (
        [("lead", alone), ("lead", str(number(team))), ("pair", "B|C"), ("pair", "B|D")], 0,
    )  # fmt: skip
    answer = asking.get("/pairs?first=B&second=A")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/pairs/B/A")
    asking.get("/pairs/B/A")
    assert ("pair", "A|B") in together("one")[0]
    assert together("two")[1] == 1  # counted for who may not list case A
    assert asking.get("/pairs?first=B").status_code == 200


def test_a_lead_is_shown_in_few_queries_however_many_cases_it_has(team):
    asking, _ = view(team, "one")
    counts = []
    for path in (at(team), at(team, "B")):  # of three cases, and of one
        asking.get(path)
        with CaptureQueriesContext(connections[team.store.alias]) as queries:
            asking.get(path)
        counts.append(len(queries))
    assert counts[0] <= counts[1] + 15
    assert counts[0] < 110


def test_before_the_first_view_the_csv_holds_the_cases_and_no_page_of_it_the_day_it_was_raised(
    team,
):
    asking = client("one")
    rows = asking.get(f"{at(team)}.csv").content.decode("utf-8-sig").splitlines()
    assert len(rows) == 1 + len(CASES)
    assert all(any(case in row.split(",") for row in rows[1:]) for case in CASES)
    assert asking.get(f"{at(team)}.json").json()["lead"]["first_raised"] is None
    assert "raised on" not in asking.get(at(team)).text
    view(team, "one")
    assert asking.get(f"{at(team)}.json").json()["lead"]["first_raised"]
    assert "aised on" in asking.get(at(team)).text
    assert len(asking.get(f"{at(team)}.csv").content.splitlines()) > len(rows)


def test_the_first_view_opens_the_rest(team):
    asking, answer = view(team, "one")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{at(team)}#found")
    page = asking.get(at(team)).text
    for words in (
        "What the run found", "+6.03", "What speaks against it", "Ordinary explanations",
        "What it would take to believe it", "Checks never made", "Carried over in",
    ):  # fmt: skip
        assert words in page, words
    told = asking.get(f"{at(team)}.json").json()
    assert told["found"]["log10_lr"] == pytest.approx(6.031378, abs=1e-6)
    rows = [r for r in told["contributions"] if (r["case_a"], r["case_b"]) == ("B", "C")]
    assert sum(row["log10_lr"] for row in rows) == pytest.approx(3.473214, abs=1e-6)
    assert shown_to(team, "one").ratio_shown == 1


def test_two_agree_and_it_is_considered(team):
    assert decide(team, "one").status_code == 303
    told = client("two").get(f"{at(team)}.json").json()
    assert (told["state"], told["decisions"], told["opinions_hidden"]) == (
        "awaits_second_person", [], True,
    )  # fmt: skip
    assert decide(team, "two").status_code == 303
    told = client("one").get(f"{at(team)}.json").json()
    assert (told["state"], told["conclusion"], len(told["decisions"])) == (
        "considered", "similar", 2,
    )  # fmt: skip
    assert client("one").get(at(team)).text.count("Found at one wall") == 2


def test_two_disagree_and_a_third_who_sees_both_decides(team):
    decide(team, "one")
    decide(team, "two", conclusion="not_similar", reasons=["different_way"])
    view(team, "three")
    told = client("three").get(f"{at(team)}.json").json()
    assert (told["turn"], len(told["decisions"])) == ("decide_too", 2)
    decide(team, "three", conclusion="possibly")
    told = client("look").get(f"{at(team)}.json").json()
    assert (told["state"], told["conclusion"], told["disagreement"]) == (
        "considered", "possibly", True,
    )  # fmt: skip


def test_nobody_is_first_and_second(team):
    decide(team, "one")
    answer = decide(team, "one")
    assert answer.status_code == 422
    assert "must be another" in answer.text


def test_who_comes_second_by_chance_is_told_that_a_decision_stands(team):
    for name in ("one", "two"):
        view(team, name)
    late = client("two")
    shown = late.get(f"{at(team)}.json").json()["showing"]
    decide(team, "one")
    answer = late.post(f"{at(team)}/decide", {**OPINION, "shown": shown})
    assert answer.status_code == 422
    assert "decide too, or supersede" in answer.text
    assert team.store.rows(Decision).filter(subject=number(team), subject_kind="lead").count() == 1


def test_what_was_shown_to_another_or_of_another_is_refused(team):
    view(team, "one")
    asking, _ = view(team, "two")
    theirs = shown_to(team, "one").id
    answer = asking.post(f"{at(team)}/decide", {**OPINION, "shown": theirs})
    assert (answer.status_code, "not what you were shown" in answer.text) == (422, True)
    pair = asking.get("/pairs/B/C.json").json()["showing"]
    assert (
        asking.post(f"{at(team)}/first-view", {"view": "similar", "shown": pair}).status_code == 422
    )


def test_a_decision_without_a_reason_comes_back_as_it_was_filled_in(team):
    asking, _ = view(team, "one")
    shown = asking.get(f"{at(team)}.json").json()["showing"]
    answer = asking.post(
        f"{at(team)}/decide", {"conclusion": "similar", "text": "short", "shown": shown}
    )
    assert answer.status_code == 422
    page = answer.text
    top, _, below = page.partition("<h1>Lead S-B-3</h1>")
    assert "Why? Choose at least one</a>" in top
    assert "What the run found</h2>" in below
    assert "The facts side by side</h2>" in below
    assert "Error:</span> Choose at least one</p>" in below, "the label is not said twice"
    assert "short</textarea>" in below
    assert f'name="shown" value="{shown_to(team, "one").id}"' in below, "of the page as it is now"
    refused = view(team, "two", said="")[1]
    assert (refused.status_code, "The facts side by side</h2>" in refused.text) == (422, True)
    assert "What the run found</h2>" not in refused.text


def test_a_decision_is_superseded_and_kept(team):
    decide(team, "one")
    asking = client("one")
    told = asking.get(f"{at(team)}.json").json()
    answer = asking.post(
        f"{at(team)}/supersede",
        {
            **OPINION, "conclusion": "possibly", "because": "entered_wrongly",
            "shown": told["showing"], "of": told["decisions_stand"],
        },
    )  # fmt: skip
    assert answer.status_code == 303
    first, second = asking.get(f"{at(team)}.json").json()["decisions"]
    assert first["superseded_by"] == second["decision"]
    assert second["supersedes"] == first["decision"]


def test_who_gives_up_deciding_sees_the_ratio_and_decides_no_more(team):
    asking = client("one")
    asking.get(at(team))
    assert asking.post(f"{at(team)}/without-deciding", {}).status_code == 422
    assert asking.post(f"{at(team)}/without-deciding", {"sure": "yes"}).status_code == 303
    told = asking.get(f"{at(team)}.json").json()
    assert (told["turn"], told["blind"]) == ("spent", False)
    answer = asking.post(f"{at(team)}/first-view", {"view": "similar", "shown": told["showing"]})
    assert (answer.status_code, "has seen the ratio" in answer.text) == (422, True)


def test_an_auditor_sees_numbers_and_no_place_person_or_word(team):
    told = client("watch").get(f"{at(team)}.json").json()
    assert (told["redacted"], told["blind"]) == (True, False)
    assert told["found"]["log10_lr"] == pytest.approx(6.031378, abs=1e-6)
    assert (told["facts"]["map"], told["facts"]["network"], told["contributions"]) == (
        None,
        None,
        [],
    )
    assert "W_finder" not in client("watch").get(at(team)).text
    assert "W_finder" in client("look").get(at(team)).text


def test_the_work_list_says_what_waits_for_whom(team):
    chief, key = client("chief"), str(number(team))
    assert chief.post(f"{at(team)}/give", {"user": "one"}).status_code == 303
    told = client("one").get("/leads.json").json()
    assert (told["queue"], [each["key"] for each in told["items"]]) == ("mine", [key])
    counts = {each["queue"]: each["count"] for each in told["queues"]}
    assert counts["unassigned"] == counts["all"] - 1
    assert told["hidden"] == 1  # the lead of case A
    later = team.store.clock() + timedelta(days=15)
    object.__setattr__(team.store, "clock", lambda: later)
    assert [i["key"] for i in client("one").get("/leads.json?queue=overdue").json()["items"]] == [
        key
    ]


def waits(name):
    return {each["kind"]: each for each in client(name).get("/index.json").json()["waits"]}


def test_the_start_page_says_what_waits_for_whom(team, monkeypatch):
    def counts(name):
        queues = client(name).get("/leads.json").json()["queues"]
        told = {each["queue"]: each["count"] for each in queues if each["count"]}
        names = {"mine": "given", "second": "second", "unassigned": "unassigned"}
        return {names[queue]: count for queue, count in told.items() if queue in names}

    def same(name):
        found = waits(name)
        assert {k: found[k]["count"] for k in counts(name)} == counts(name)
        return found

    assert set(same("one")) == {"unassigned", "suggestion"}
    client("chief").post(f"{at(team)}/give", {"user": "two"})
    assert waits("two")["given"]["due"] > team.store.clock().date().isoformat()
    client("one").get(at(team))
    client("one").post(f"{at(team)}/refer", {"recipient": "murder team", "text": TEXT})
    client("one").post(f"{at(team)}/concern", {"raised_by": "family", "text": TEXT})
    decide(team, "one")
    client("chief").post(f"{at(team)}/give", {"user": "two"})
    assert set(same("two")) >= {"given", "second", "referral", "concern"}
    assert "second" not in waits("one")
    assert "referral" not in waits("look"), "who may not answer is not waited for"
    assert client("root").get("/index.json").json()["waits"] == []
    later = team.store.clock() + timedelta(days=40)
    object.__setattr__(team.store, "clock", lambda: later)
    told = waits("two")
    assert (told["given"]["late"], told["overdue"]["count"] >= 3) == (1, True)
    assert client("two").get(told["overdue"]["to"]).status_code == 200
    monkeypatch.setattr(desk, "CAP", 1)
    assert (waits("one")["unassigned"]["count"], waits("one")["unassigned"]["counted_all"]) == (
        1,
        False,
    )
    assert "more than 1<" in client("one").get("/").text


def test_who_is_waited_for_finds_it_and_who_has_decided_does_not(team):
    decide(team, "one")
    keys = {n: client(n).get("/leads.json?queue=second").json()["items"] for n in ("one", "two")}
    assert ([i["key"] for i in keys["one"]], [i["key"] for i in keys["two"]]) == (
        [],
        [str(number(team))],
    )


def test_the_clock_of_who_was_given_it_stops_with_their_second_decision(team):
    decide(team, "one")
    client("chief").post(f"{at(team)}/give", {"user": "two"})
    assert client("two").get("/leads.json").json()["queue"] == "mine"
    decide(team, "two")
    counts = {q["queue"]: q["count"] for q in client("two").get("/leads.json").json()["queues"]}
    assert counts["mine"] == 0
    assert counts["overdue"] == 0


def test_a_queue_has_positions_and_neighbours(team):
    asking = client("one")
    items = asking.get("/leads.json?queue=all").json()["items"]
    for place, each in enumerate(items):
        queue = asking.get(each["to"].replace("?", ".json?")).json()["queue"]
        assert (queue["position"], queue["total"]) == (place + 1, len(items))
        assert queue["next"] == (items[place + 1]["to"] if place + 1 < len(items) else None)
        assert queue["previous"] == (items[place - 1]["to"] if place else None)


def test_one_goes_on_where_one_left_off(team):
    asking = client("one")
    assert asking.get("/leads/next").headers["Location"].endswith("queue=unassigned")
    asking.get(at(team, "D"))
    asking.get(at(team))
    assert asking.get("/leads/next").headers["Location"] == at(team)
    resume = asking.get("/leads.json?queue=all").json()["resume"]
    assert resume == {"words": "Lead S-B-3", "to": f"{at(team)}?queue=all"}
    decide(team, "one")
    assert asking.get("/leads/next").headers["Location"] != at(team)


def test_a_pair_is_decided_on_the_same_way(team):
    told = client("one").get("/pairs/C/B.json").json()
    assert (told["blind"], told["found"]) == (True, None)
    assert ">Cases B and C</a>" in client("one").get("/pairs/B/C/refer").text
    assert decide(team, "one", "/pairs/B/C").status_code == 303
    told = client("one").get("/pairs/B/C.json").json()
    assert told["found"]["whole"]
    assert sum(r["log10_lr"] for r in told["contributions"]) == pytest.approx(3.473214, abs=1e-6)
    assert told["state"] == "awaits_second_person"


def test_a_lead_is_referred_and_a_concern_raised(team):
    asking = client("one")
    asking.get(at(team))
    answer = asking.post(f"{at(team)}/refer", {"recipient": "murder team", "text": TEXT})
    assert answer.status_code == 303
    answer = asking.post(f"{at(team)}/concern", {"raised_by": "family", "text": TEXT})
    assert answer.status_code == 303
    kinds = set(team.store.rows(Event).values_list("kind", flat=True))
    assert {"referral_made", "concern_raised"} <= kinds


def test_who_may_not_decide_is_offered_no_form(team):
    page = client("look").get(at(team)).text
    assert "<textarea" not in page
    assert client("look").get(f"{at(team)}/decide").status_code == 403
    assert team.store.rows(FirstView).count() == 0


def test_a_case_by_itself_is_asked_about_in_its_own_words(team):
    asking = client("one")
    items = asking.get("/leads.json?queue=all").json()["items"]
    alone = next(each for each in items if len(each["cases"]) == 1)
    page = asking.get(alone["to"]).text
    assert "needs no enquiry" in page
    assert "not similar" not in page


def test_an_unknown_lead_is_not_there(team):
    assert client("one").get("/leads/999").status_code == 404
    assert client("one").get("/pairs/B/B").status_code == 404


def test_everybody_can_use_the_pages(team, browse):
    window = browse("one")
    assert (
        unusable(
            window, "/leads?queue=all", f"{at(team)}?queue=all", f"{at(team)}/without-deciding"
        )
        == []
    )
    view(team, "one")
    assert unusable(window, f"{at(team)}?queue=all", f"{at(team)}/decide", "/pairs/B/C") == []


def test_a_lead_is_gone_through_with_the_keyboard_alone(team, browse):
    page = browse("one").open("/leads?queue=all")
    for key, place in (
        ("o", at(team, "D")), ("n", at(team, "C")), ("n", at(team)), ("v", "#decide"),
    ):  # fmt: skip
        page.keyboard.press(key)
        page.wait_for_url(f"**{place}*")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert page.get_by_label("possibly similar").is_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("o d ? v")  # in a field, letters are letters
    assert page.get_by_label("In words").input_value() == "o d ? v"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**#found")
    page.keyboard.press("d")
    page.wait_for_url("**#decide")
    assert page.get_by_role("heading", name="What the run found").is_visible()


def test_it_works_without_javascript(team, browse):
    page = browse("one", java_script_enabled=False).open("/leads?queue=all")
    page.get_by_role("link", name="S-B-3").click()
    page.get_by_label("not enough information").check()
    page.get_by_role("button", name="Record my first view").click()
    page.get_by_label("not similar", exact=True).check()
    page.get_by_label("What they share is outweighed").check()
    page.get_by_label("Your reason in words").fill(TEXT)
    page.get_by_role("button", name="Record my decision").click()
    assert "Awaits a second person" in page.get_by_role("status").inner_text()


def test_on_a_small_screen_the_long_parts_are_folded_and_nothing_is_lost(team, browse):
    view(team, "one")
    page = browse("one", width=360, java_script_enabled=False).open(at(team))
    page.get_by_text("Menu: Work").click()
    assert page.get_by_role("link", name="Register", exact=True).is_visible()
    told = {part: page.locator(f"h3#{part} + details") for part in ("for", "against")}
    for part, folded in told.items():
        assert not folded.locator("ul").first.is_visible(), part
    told["against"].locator("summary").click()
    assert told["against"].locator("ul").first.is_visible()
    page.set_viewport_size({"width": 1440, "height": 900})
    assert all(each.locator("ul").first.is_visible() for each in told.values())
    assert not told["for"].locator("summary").is_visible()
    page.set_viewport_size({"width": 360, "height": 900})
    page.emulate_media(media="print")
    assert all(each.locator("ul").first.is_visible() for each in told.values())


def test_no_report_tells_whoever_has_still_to_decide(team):
    decide(team, "one")
    view(team, "two")
    for path in (
        f"/reports/lead/{number(team)}",
        f"/reports/lead/{number(team)}.json",
        f"/reports/lead/{number(team)}/pdf",
    ):
        answer = client("two").get(path)
        assert answer.status_code == 400, path
        assert TEXT not in answer.content.decode(errors="replace")
    assert "have not decided yet" in client("two").get(f"/reports/lead/{number(team)}").text
    assert "/reports/lead/" not in client("two").get(at(team)).text
    paper = f"/reports/lead/{number(team)}/pdf"
    assert f'href="{paper}"' in client("one").get(at(team)).text
    file = client("one").get(f"{paper}?recipient=The panel")
    assert file.headers["Content-Type"] == "application/pdf"
    assert "The panel" in team.store.rows(Event).order_by("-seq").first().body
    for path in ("/reports/unlooked", "/reports/closure", "/reports/case/B"):
        page = client("two").get(path)
        assert page.status_code == 200, path
        assert "at one wall" not in page.text, path
        assert "+6.03" not in page.text, path
    closed = client("two").get("/reports/closure.json").json()
    mine = next(each for each in closed["leads"] if each["lead"] == number(team))
    assert (mine["kept"], mine["rank"], mine["log10_lr"], mine["people"]) == (True, None, None, [])
    decide(team, "two")
    assert client("two").get(f"/reports/lead/{number(team)}").text.count("Found at one wall") >= 2
