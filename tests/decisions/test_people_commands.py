"""A team that works without the web app: every act of people as a command, on both engines."""

from __future__ import annotations

import csv
import io
import json
import stat
import zipfile
from hashlib import sha256
from importlib.resources import files
from typing import Any

import pytest
from tests.decisions.acts import TEXT, Acts
from tests.ledger.conftest import KEY, store_maker
from tests.reports.reading import read
from typer.testing import CliRunner, Result

from openverdict.cli import app
from openverdict.decisions.showing import STRUCK_OUT
from openverdict.ledger.models import Event

LEAD = 1


class Commands:
    """The program on one store."""

    def __init__(self, address: str, store: Any) -> None:
        self.address, self.store = address, store

    def run(self, *words: object, said: str | None = None) -> Result:
        environment = {"OPENVERDICT_SIGNING_KEY": KEY.secret_text()}
        given = [*map(str, words), "--store", self.address]
        return CliRunner().invoke(app, given, env=environment, input=said)

    def done(self, *words: object, said: str | None = None) -> str:
        result = self.run(*words, said=said)
        assert result.exit_code == 0, result.output
        return result.stdout

    def told(self, *words: object, said: str | None = None) -> Any:
        return json.loads(self.done(*words, "--json", said=said))

    def refused(self, *words: object, said: str | None = None) -> str:
        result = self.run(*words, said=said)
        assert result.exit_code == 2, result.output
        lines = [line for line in result.stderr.splitlines() if line.startswith("openverdict: ")]
        assert len(lines) == 1, result.stderr
        return lines[0]

    def look(self, user: str, *subject: object, view: str = "possibly") -> None:
        """First view, then the ratio."""
        self.done("decide", "show", *subject, "--as", user)
        self.done("decide", "view", *subject, "--view", view, "--as", user)
        self.done("decide", "show", *subject, "--ratio", "--as", user)

    def last(self, kind: str) -> Any:
        """The body of the last event of a kind."""
        event = self.store.rows(Event).filter(kind=kind).order_by("-seq").first()
        return json.loads(event.body)


@pytest.fixture
def commands(engine_name, request, tmp_path, make_store) -> Commands:
    """The commands on a store with something of everything, in which A and B are very alike."""
    address = store_maker(request, tmp_path, f"filled_{engine_name}", engine_name)()
    store = make_store(url=address)
    Acts(store).strengthen("A", "B", 3.5)
    return Commands(address, store)


PAIR = ("--pair", "A", "B")
LIKE = ("--conclusion", "similar", "--reason", "same_place")
APART = ("--conclusion", "not_similar", "--reason", "different_way")


def test_a_pair_is_shown_viewed_decided_on_by_two_and_reported(commands):
    seen = commands.told("decide", "show", *PAIR, "--as", "one")
    assert "log10_lr" not in seen["snapshot"]
    fields = {fact["field"] for fact in seen["snapshot"]["page"]["facts"]}
    assert {"found_at", "body_position"} <= fields
    commands.done("decide", "view", *PAIR, "--view", "possibly", "--as", "one")
    said = commands.done("decide", "show", *PAIR, "--ratio", "--as", "one")
    assert "Log10 likelihood ratio +3.50" in said
    first = commands.told("decide", "record", *PAIR, *LIKE, "--text", TEXT, "--as", "one")
    assert first["state"] == "awaits_second_person"
    commands.look("two", *PAIR)
    told = commands.told(
        "decide", "second", first["decision"], *APART, "--text-file", "-", "--as", "two",
        said=f"{TEXT}\n",
    )  # fmt: skip
    assert told["disagreement"]
    report = commands.told("report", "consideration", *PAIR, "--as", "three")
    assert report["state"] == "awaits_third_person"
    assert [step["words"] for step in report["steps"] if step["words"] == TEXT] == [TEXT, TEXT]
    assert report["showings"][0]["log10_lr"] == 3.5
    terms = sum(value for _, value in report["showings"][0]["terms"])
    assert terms == pytest.approx(3.5)


def test_a_person_without_a_first_view_or_a_showing_is_told_what_comes_first(commands):
    refusal = commands.refused("decide", "record", *PAIR, *LIKE, "--text", TEXT, "--as", "one")
    steps = [
        f"openverdict decide {step} --as one"
        for step in ("show --pair A B", "view --pair A B --view …", "show --pair A B --ratio")
    ]
    assert f"first: {', then '.join(steps)}" in refusal
    assert "can't record a first view any more" in commands.refused(
        "decide", "show", *PAIR, "--ratio", "--as", "one"
    )
    commands.done("decide", "show", *PAIR, "--ratio", "--not-deciding", "--as", "one")
    assert "has recorded no first view" in commands.refused(
        "decide", "record", *PAIR, *LIKE, "--text", TEXT, "--as", "one"
    )


def test_a_decision_is_superseded_and_the_old_one_stays(commands, tmp_path):
    commands.look("one", *PAIR)
    words = tmp_path / "words.txt"
    words.write_text(TEXT, encoding="utf-8")
    first = commands.told("decide", "record", *PAIR, *LIKE, "--text-file", words, "--as", "one")
    told = commands.told(
        "decide", "supersede", first["decision"], "--because", "entered_wrongly",
        "--conclusion", "possibly", "--reason", "same_place", "--text", TEXT, "--as", "one",
    )  # fmt: skip
    assert told["conclusion"] == "possibly"
    steps = commands.told("report", "consideration", *PAIR)["steps"]
    assert sum(step["what"] == "decided" for step in steps) == 2


def test_weak_pairs_are_decided_on_together_from_a_table_or_standard_input(commands, tmp_path):
    table = tmp_path / "weak.csv"
    table.write_text("rank,case_a,case_b\n1,A,C\n2,A,D\n", encoding="utf-8")
    how = ("--reason", "below_floor", "--text", TEXT, "--as", "one")
    told = commands.told("decide", "together", table, *how)
    assert len(told["decisions"]) == 2
    assert "decision 1 stands; leave the pair out" in commands.refused(
        "decide", "together", "-", *how, said="case_a,case_b\nA,C\n"
    )
    assert "needs a first line with case_a,case_b" in commands.refused(
        "decide", "together", "-", *how, said="A,C\n"
    )


def test_owners_assignments_referrals_concerns_and_their_answers(commands):
    commands.done("duty", "own", "A", "the.owner", "--as", "head")
    commands.done("duty", "assign", "one", "--lead", LEAD, "--as", "head")
    commands.done("decide", "show", *PAIR, "--as", "one")
    referred = commands.told("duty", "refer", "murder team", *PAIR, "--text", TEXT, "--as", "one")
    raised = commands.told("duty", "concern", "A", "B", "--raised-by", "family", "--text", TEXT)
    waiting = commands.told("duty", "waiting")["waiting"]
    assert {each["rule"] for each in waiting} == {"assignment", "referral", "concern"}
    assert commands.told("duty", "waiting", "--overdue")["waiting"] == []
    answer = ("duty", "answer", "concern", raised["concern"], "--outcome", "enquiry_opened")
    assert "--told or --not-told" in commands.refused(*answer, "--text", TEXT)
    commands.done(*answer, "--told", "--text", TEXT)
    commands.done(
        "duty", "answer", "referral", referred["referral"], "--outcome", "refused", "--text", TEXT
    )
    (left,) = commands.told("duty", "waiting")["waiting"]
    assert left["rule"] == "assignment"


def test_what_is_late_goes_up_once(commands, clock, monkeypatch):
    commands.done("duty", "concern", "A", "--raised-by", "press", "--text", TEXT)
    later = clock.now.replace(year=clock.now.year + 20)
    monkeypatch.setattr("openverdict.ledger.writing.clock", lambda: later)
    monkeypatch.setattr("openverdict.cli.acting.now", lambda: later)
    monkeypatch.setattr("openverdict.cli.duty.now", lambda: later)
    for _ in range(2):
        (late,) = commands.told("duty", "waiting", "--escalate", "--to", "the.head")["waiting"]
        assert late["escalated_to"] == "the.head"
        assert late["days_over"] > 0
    assert commands.store.rows(Event).filter(kind="clock_overran").count() == 1


def test_a_category_is_provisional_until_another_person_signs_it(commands):
    made = ("duty", "category", "A", "unexpected_not_suspicious", "--text", TEXT, "--as", "one")
    told = commands.told(*made)
    assert told["premature"]
    number = told["category"]
    assert "another person has to sign it" in commands.refused(
        "duty", "sign", "category", number, "--as", "one"
    )
    commands.done("duty", "sign", "category", number, "--dissent", "--text", TEXT, "--as", "two")
    commands.done("duty", "reopen", "A", "--because", "coroners_doubt", "--as", "two")
    steps = commands.told("report", "consideration", "--case", "A")["steps"]
    whats = [step["what"] for step in steps]
    assert whats[-3:] == ["category", "dissent", "reopened"]
    assert steps[-2]["words"] == TEXT


def test_exhibits_devices_and_enquiries_by_command(commands):
    made = ("exhibit", "add", "A", "note", "--found", "at_scene", "--text", TEXT)
    number = commands.told(*made)["exhibit"]
    device = commands.told("exhibit", "device", "A", "phone", "missing")["device"]
    flags = commands.told("exhibit", "list", "--case", "A")["flags"]
    assert "phone_missing_no_billing" in {flag["code"] for flag in flags}
    asked = commands.told(
        "exhibit", "ask", "A", "handwriting", "--advised-by", "coroner", "--exhibit", number
    )
    answer = ("exhibit", "answer", asked["enquiry"], "done", "--verification", "verified")
    commands.done(*answer, "--text", TEXT)
    assert "answered before" in commands.refused(*answer, "--text", TEXT)
    commands.done("exhibit", "device-is", device, "found_later")
    told = commands.told("exhibit", "list", "--case", "A")
    assert [each["status"] for each in told["devices"]] == ["found_later"]
    assert [each["verification"] for each in told["enquiries"]] == ["verified"]


def test_accounts_and_grants_and_why_somebody_may_not(commands):
    assert commands.told("account", "list") == {"accounts": []}
    commands.done("account", "found", "the.admin")
    manage = ("--as", "the.admin")
    for user in ("one", "head", "audit"):
        commands.done("account", "change", user, "made", *manage)
    grant = commands.told("account", "grant", "one", "reviewer", "--case", "A", *manage)
    commands.done("account", "grant", "head", "supervisor", "--until", "2199-12-31", *manage)
    commands.done("account", "grant", "audit", "auditor", *manage)
    why = commands.told("account", "why", "one", "view", "B", *manage)
    assert (why["allowed"], why["standing"]) == (False, "other")
    assert commands.told("account", "why", "one", "view", "A", "--as", "one")["allowed"]
    assert "may not manage accounts" in commands.refused(
        "account", "why", "head", "view", "A", "--as", "one"
    )
    assert "may not" in commands.refused("decide", "show", *PAIR, "--as", "one")
    assert commands.last("access_denied")["data"]["subject"] == "B"
    commands.done("account", "restrict", "B", "--because", "sensitive", "--as", "head")
    assert commands.told("account", "why", "audit", "view", "B", *manage)["access"] != "redacted"
    commands.done("account", "break-glass", "B", "--text", TEXT, "--as", "one")
    assert commands.told("account", "why", "one", "view", "B", *manage)["allowed"]
    commands.done("account", "close-glass", 1, "--as", "one")
    assert not commands.told("account", "why", "one", "view", "B", *manage)["allowed"]
    commands.done("account", "revoke", grant["grant"], *manage)
    listed = {row["user"]: row for row in commands.told("account", "list", *manage)["accounts"]}
    assert listed["one"] == {"user": "one", "state": "made", "grants": []}
    assert "until 2199-12-31" in commands.done("account", "list", *manage)


def test_an_auditor_gets_a_report_without_what_names_people(commands):
    commands.look("one", *PAIR)
    commands.done("decide", "record", *PAIR, *LIKE, "--text", TEXT, "--as", "one")
    commands.done("account", "found", "the.admin")
    commands.done("account", "change", "audit", "made", "--as", "the.admin")
    commands.done("account", "grant", "audit", "auditor", "--as", "the.admin")
    said = commands.done("report", "consideration", *PAIR, "--json", "--as", "audit")
    assert TEXT not in said
    assert json.loads(said)["redacted"]
    shown = commands.told("decide", "show", "--lead", LEAD, "--ratio", "--as", "audit")
    fields = {fact["field"] for fact in shown["snapshot"]["page"]["facts"]}
    assert "persons" not in fields
    assert shown["snapshot"]["lead"] == STRUCK_OUT


def test_every_report_is_a_file_whose_hash_is_in_the_log(commands, tmp_path):
    commands.look("one", *PAIR)
    page, data = tmp_path / "pair.html", tmp_path / "pair.json"
    commands.done("report", "consideration", *PAIR, "--out", page, "--out", data, "--as", "head")
    files = [tmp_path / f"never.{kind}" for kind in ("html", "csv", "xlsx", "json")]
    outs = [word for file in files for word in ("--out", file)]
    commands.done("report", "unlooked", *outs, "--as", "head")
    made = commands.store.rows(Event).filter(kind="report_made", actor="head")
    hashes = {json.loads(event.body)["data"]["sha256"] for event in made}
    assert hashes == {sha256(file.read_bytes()).hexdigest() for file in (page, data, *files)}
    assert "is there already" in commands.refused("report", "consideration", *PAIR, "--out", page)
    assert "ends in .html" in commands.refused(
        "report", "consideration", *PAIR, "--out", tmp_path / "pair.txt"
    )
    for file in (page, files[0]):
        html = file.read_text(encoding="utf-8")
        assert "http" not in html.replace("http-equiv", "")
        tree = read(html)
        for table in tree.all("table"):
            assert table.all("caption")
            assert all(cell.attrs.get("scope") for cell in table.all("th"))
            assert all(cell.text() for cell in table.all("td"))
        ids = [node.attrs["id"] for node in tree.walk() if "id" in node.attrs]
        assert len(ids) == len(set(ids))
        for link in tree.all("a"):
            assert str(link.attrs["href"])[1:] in ids
        assert "suspect" not in tree.text().lower()
        assert "linked" not in tree.text().lower()


def test_a_pack_holds_what_its_profile_lists_and_the_same_key_gives_the_same_names(
    commands, tmp_path
):
    commands.look("one", *PAIR)
    commands.done("decide", "record", *PAIR, *LIKE, "--text", TEXT, "--as", "one")
    profile = tmp_path / "own.toml"
    profile.write_text('name = "own"\nfields = ["sex"]\n', encoding="utf-8")
    key = tmp_path / "inspectorate.key"
    names = []
    for number, keyed in enumerate((True, True, False)):
        target = tmp_path / f"{number}.zip"
        more = ("--pseudonyms", key) if keyed else ()
        told = commands.told(
            "report", "pack", target, "--profile", profile, "--to", "an inspectorate", *more,
            "--as", "head",
        )  # fmt: skip
        assert (told["cases"], told["decisions"], told["withheld"]) == (2, 1, 0)
        with zipfile.ZipFile(target) as pack:
            text = pack.read("attached/decisions.csv").decode()
            facts = list(csv.DictReader(io.StringIO(pack.read("attached/facts.csv").decode())))
        assert TEXT not in text
        assert {fact["field"] for fact in facts} == {"sex"}
        names.append({row["cases"] for row in csv.DictReader(io.StringIO(text))})
    assert names[0] == names[1]
    assert not names[0] & names[2]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    profile.write_text('name = "own"\nfields = ["ethnicity"]\n', encoding="utf-8")
    assert "not fields that a pack may hold: ethnicity" in commands.refused(
        "report", "pack", tmp_path / "x", "--profile", profile, "--to", "a", "--as", "head"
    )


def test_a_pack_withholds_and_counts_what_its_maker_may_not_disclose(commands, tmp_path):
    for pair in (("A", "B"), ("A", "C")):
        commands.look("one", "--pair", *pair)
        commands.done("decide", "record", "--pair", *pair, *LIKE, "--text", TEXT, "--as", "one")
    commands.done("account", "found", "the.admin")
    commands.done("account", "change", "head", "made", "--as", "the.admin")
    for case in ("A", "B"):
        grant = ("account", "grant", "head", "supervisor", "--case", case)
        commands.done(*grant, "--as", "the.admin")
    how = ("--profile", "oversight", "--to", "an inspectorate", "--as", "head")
    told = commands.told("report", "pack", tmp_path / "pack", *how)
    assert (told["decisions"], told["withheld"]) == (1, 1)
    text = (tmp_path / "pack" / "attached" / "profile.json").read_text(encoding="utf-8")
    assert json.loads(text)["decisions_withheld"] == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("decide", "show"), "name one of: --pair A B"),
        (("decide", "show", "--pair", "A", "A"), "a pair is of two cases"),
        (("decide", "show", "--case", "Z"), "the store does not have it"),
        (("decide", "show", "--lead", "no-such"), "no run raised one"),
        (("decide", "record", *PAIR, *LIKE), "no words were given"),
        (("decide", "second", "9", *LIKE, "--text", TEXT), "there is none of this number"),
        (("decide", "record", *PAIR, *LIKE, "--text", "a", "--text-file", "b"), "give one"),
        (("duty", "sign", "thing", "1"), "sign a category or a decision"),
        (
            ("duty", "answer", "concern", "7", "--outcome", "passed_on", "--told", "--text", "a"),
            "none of",
        ),
        (("account", "why", "one", "fly"), "one of: list, view"),
        (("account", "why", "one", "view", "ZZ"), "case ZZ: the store does not have it"),
        (("account", "grant", "one", "reader", "--until", "soon"), "is not a date"),
        (("report", "pack", "new", "--profile", "all", "--to", "a"), "one of: figures"),
        (("report", "unlooked", "--out", "no/such/folder/a.html"), "there is no folder"),
        (("keep", "until", "A", "soon", "--group", "group_1"), "is not a date"),
        (("keep", "erase", "A", "no/such/folder/a.txt"), "there is no folder"),
        (("news", "changes"), "no run was compared with one before it"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(commands, words, says):
    before = commands.store.size()
    assert says in commands.refused(*words)
    assert commands.store.size() == before


def test_a_case_is_kept_held_and_erased_by_two_with_a_certificate(commands, tmp_path):
    paper, keys = tmp_path / "certificate.txt", tmp_path / "keys.txt"
    keys.write_text(f"{KEY.verifier()}\n", encoding="utf-8")
    told = commands.told("keep", "until", "D", "2020-01-01", "--group", "group_3", "--as", "m")
    assert told["review_due"] == "2020-01-01"
    commands.done("keep", "hold", "D", "--because", "inquest", "--as", "head")
    assert "on hold" in commands.refused("keep", "approve", "D", "--as", "head")
    commands.done("keep", "lift", "D", "--because", "over", "--as", "head")
    commands.done("keep", "approve", "D", "--as", "head")
    (kept,) = commands.told("keep", "list", "--due", "--as", "m")["kept"]
    assert (kept["case"], kept["on_hold"], kept["approved_by"]) == ("D", False, "head")
    assert "another person" in commands.refused("keep", "erase", "D", paper, "--as", "head")
    made = commands.told("keep", "erase", "D", paper, "--as", "m")
    assert made["facts"] > 0
    assert made["pseudonym"].startswith("erased-")
    check = ["keep", "check", str(paper)]
    runner = CliRunner()
    held = runner.invoke(app, [*check, "--key", str(keys), "--json"])
    assert held.exit_code == 0, held.output
    assert json.loads(held.stdout)["stated"]["Approved by"] == "head"
    assert runner.invoke(app, check).exit_code == 2
    paper.write_text(paper.read_text("utf-8").replace("head", "tail", 1), encoding="utf-8")
    spoilt = runner.invoke(app, [*check, "--key", str(keys)])
    assert spoilt.exit_code == 1
    assert spoilt.stdout.startswith("BROKEN: the statement")


def test_a_late_result_and_what_a_review_changed_by_it_are_told(commands, tmp_path):
    commands.done("duty", "own", "T", "an.owner", "--as", "head")
    assert commands.told("news", "notices", "--as", "an.owner")["notices"] == []
    review = ("review", "--no-chance", "--by", "a.clerk")
    commands.told(*review, "--out", tmp_path / "one")
    table = tmp_path / "late.csv"
    table.write_text(
        "case_id,found_at,found_lat,found_lon,substances_detected\n"
        "T,2014-07-01,51.5350,0.0760,ghb\n", encoding="utf-8"
    )  # fmt: skip
    commands.done("intake", table, "--by", "a.clerk")
    (came,) = commands.told("news", "late", "--as", "an.owner")["late"]
    assert (came["case"], came["field"]) == ("T", "substances_detected")
    told = commands.told(*review, "--out", tmp_path / "two")["changes"]
    assert (told["late_results"], told["told"]["an.owner"]) == (1, 1)
    changed = commands.told("news", "changes", "--as", "an.owner")
    assert (changed["before"], changed["after"]) == (told["run_before"], told["run"])
    assert (changed["touched"], changed["told"]) == (["T"], {"an.owner": ["T"]})
    assert len(changed["pairs"]) == told["pairs"]
    said = commands.done("news", "changes", "--as", "an.owner").splitlines()
    assert said[0].endswith("late results on 1 case. Told: an.owner (1 case).")
    assert len(said) == 1 + told["leads"] + told["pairs"] + told["levels"]
    notices = commands.told("news", "notices", "--as", "an.owner")["notices"]
    assert [each["reason"] for each in notices] == ["list_changed", "late_result"]


def test_the_acting_person_may_come_from_the_environment(commands):
    environment = {"OPENVERDICT_USER": "one"}
    words = ["decide", "show", *PAIR, "--store", commands.address]
    result = CliRunner().invoke(app, words, env=environment)
    assert result.exit_code == 0, result.output
    assert commands.last("pair_shown")["actor"] == "one"


def test_the_policy_in_force_is_said_and_another_is_adopted(commands, tmp_path):
    from openverdict.decisions.policy import read_policy

    shipped = files("openverdict.decisions").joinpath("data/policy.toml").read_text("utf-8")
    assert commands.told("decide", "policy")["version"] == read_policy().version
    mine = tmp_path / "policy.toml"
    mine.write_text(shipped.replace('"openverdict-2"', '"house-2"'), encoding="utf-8")
    assert commands.told("decide", "policy", mine, "--as", "head")["version"] == "house-2"
    assert commands.last("policy_adopted")["actor"] == "head"
