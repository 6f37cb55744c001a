"""The commands on a store, as somebody types them; every one on both engines."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from tests.ledger.conftest import KEY
from tests.ledger.filled import as_owner
from typer.testing import CliRunner, Result

from openverdict.cli import app
from openverdict.intake import template_texts
from openverdict.ledger.export import write_export
from openverdict.ledger.models import Event, Run
from openverdict.ledger.reading import StoredLog
from openverdict.reports import FILE_NAMES
from openverdict.simulate import (
    DEMO_DATES,
    CitySpec,
    simulate_register,
    worked_example_facts_path,
)

FACTS = worked_example_facts_path()
SMALL = CitySpec(start=date(2013, 6, 1), years=2.3, cases_a_year=60)


def run(*words: object) -> Result:
    environment = {"OPENVERDICT_SIGNING_KEY": KEY.secret_text()}
    return CliRunner().invoke(app, [str(word) for word in words], env=environment)


def done(*words: object) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*words: object) -> str:
    result = run(*words)
    assert result.exit_code == 2, result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("openverdict: ")]
    assert len(lines) == 1, result.stderr
    return lines[0]


@pytest.fixture
def city(tmp_path):
    """A small simulated city as a template table, around the worked example."""
    path = tmp_path / "city.csv"
    template_texts(simulate_register(SMALL, 1).register).write_csv(path)
    return path


def summary(folder):
    told = json.loads((folder / "summary.json").read_text())
    del told["timings"]
    return told


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "in a city"])
@pytest.mark.parametrize("day", DEMO_DATES, ids=str)
def test_a_review_of_the_store_is_that_of_the_files_byte_for_byte(url, tmp_path, city, day, alone):
    files = [FACTS] if alone else [city, FACTS]
    done("intake", *files, "--store", url, "--quiet")
    how = ["--as-of", day, "--null-registers", 2, "--watch", "A,I1", "--quiet"]
    done("review", *files, *how, "--out", tmp_path / "files")
    done("review", "--store", url, *how, "--out", tmp_path / "store")
    for name in FILE_NAMES:
        if name != "summary.json":
            here, there = (tmp_path / "store" / name), (tmp_path / "files" / name)
            assert here.read_bytes() == there.read_bytes(), name
    assert summary(tmp_path / "store") == summary(tmp_path / "files")
    assert "Intact" in done("verify", "--store", url)


def test_what_the_store_held_then_is_reviewed_again_the_same(url, tmp_path, clock, monkeypatch):
    monkeypatch.setattr("openverdict.ledger.writing.clock", clock)
    facts = pl.read_csv(FACTS, infer_schema=False)
    early, late = tmp_path / "early.csv", tmp_path / "late.csv"
    is_early = pl.col("case_id").is_in(["A", "I1", "I2"])
    facts.filter(is_early).write_csv(early)
    facts.filter(~is_early).write_csv(late)
    done("intake", early, "--store", url, "--quiet")
    done(
        "review", early, "--as-of", "2015-09-25", "--no-chance", "--quiet", "--out", tmp_path / "a"
    )
    clock.now = clock.now.replace(day=20)
    done("intake", late, "--store", url, "--quiet")
    how = ["--as-of", "2015-09-25", "--no-chance", "--quiet", "--store", url]
    done("review", *how, "--recorded-as-of", "2024-01-19", "--out", tmp_path / "b")
    done("review", *how, "--out", tmp_path / "c")
    for name in ("leads.csv", "links.csv", "cases.csv", "report.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert summary(tmp_path / "a") == summary(tmp_path / "b")
    assert summary(tmp_path / "c")["cases"] == 6


def test_the_log_names_who_did_what_and_why(url, make_store, tmp_path):
    done("intake", FACTS, "--store", url, "--by", "a.clerk", "--purpose", "audit", "--quiet")
    out = tmp_path / "out"
    done("review", "--store", url, "--no-chance", "--out", out, "--by", "an.analyst", "--quiet")
    store = make_store()
    said = {
        (event.kind, event.actor, json.loads(event.body)["purpose"]) for event in store.rows(Event)
    }
    assert ("source_registered", "a.clerk", "audit") in said
    assert ("run_planned", "an.analyst", "death_review") in said
    assert store.rows(Run).get().cases == 6


def test_intake_says_what_the_store_got(url):
    told = json.loads(done("intake", FACTS, "--store", url, "--json"))
    assert told["cases"] == told["store"]["new_cases"] == 6
    assert told["store"]["facts"] == 150
    assert "taken into this store before" in refused("intake", FACTS, "--store", url)


def test_a_review_that_fails_is_in_the_log_as_failed(url, make_store, tmp_path, monkeypatch):
    done("intake", FACTS, "--store", url, "--quiet")

    def fails(*_args: object, **_more: object) -> None:
        raise OSError(28, "no room")

    monkeypatch.setattr("openverdict.reports.write_review", fails)
    assert "disk is full" in refused(
        "review", "--store", url, "--no-chance", "--out", tmp_path / "o", "--quiet"
    )
    last = make_store().rows(Event).order_by("seq").last()
    assert json.loads(last.body)["data"]["outcome"] == "failed"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["review", "--recorded-as-of", "2024-01-01", str(FACTS)], "name one with --store"),
        (["review"], "name the files of the register, or a store"),
        (["review", str(FACTS), "--store", "STORE"], "leave out files"),
        (["review", "--store", "STORE", "--recorded-as-of", "soon"], "not a date"),
        (["review", "--store", "STORE"], "the store held no case; take files in"),
        (["verify", "--store", "nowhere.db"], "there is no store"),
        (["verify", "--store", "STORE", "--checkpoint", str(FACTS)], "note"),
        (["backup", str(FACTS), "--store", "STORE"], "never replaces a file"),
        (["restore", str(FACTS), "--store", "new.db"], "cannot be read as a backup"),
        (["checkpoint", "export", "--store", "STORE", "--out", str(FACTS)], "exists"),
        (["checkpoint", "key", str(FACTS), "--store", "STORE"], "exists"),
    ],
)
def test_a_call_that_cannot_be_met_says_why_in_one_line(url, tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    assert says in refused(*(url if word == "STORE" else word for word in words))
    assert not list(tmp_path.glob("new.db*"))


def test_verify_ends_with_one_and_names_the_entry_where_something_was_changed(url, make_store):
    done("intake", FACTS, "--store", url, "--quiet")
    store = make_store()
    with as_owner(store) as cursor:
        cursor.execute("UPDATE ledger_fact SET value = 'x' WHERE id = 5")
    store.close()
    result = run("verify", "--store", url)
    assert result.exit_code == 1
    assert "BROKEN: entry 3: ledger_fact: has rows that were changed" in result.stdout
    told = json.loads(run("verify", "--store", url, "--json").stdout)
    assert told["outcome"] == "broken"
    assert run("verify", "--store", url, "--quiet").exit_code == 1


def test_a_witness_keeps_a_checkpoint_and_checks_the_next(url, tmp_path):
    first, second, keys = tmp_path / "1.txt", tmp_path / "2.txt", tmp_path / "keys.txt"
    done("checkpoint", "export", "--store", url, "--out", first, "--to", "the.coroner")
    done("intake", FACTS, "--store", url, "--quiet")
    done("checkpoint", "export", "--store", url, "--out", second, "--since", first)
    keys.write_text(done("checkpoint", "keys", "--store", url))
    assert "continue the 2 that were kept" in done("witness", "check", first, second, "--key", keys)
    assert run("witness", "check", first, second).exit_code == 2  # nobody's signature was looked at
    backwards = run("witness", "check", second, first, "--key", keys)
    assert backwards.exit_code == 1
    assert "cut off" in backwards.stdout
    done("verify", "--store", url, "--checkpoint", first, "--checkpoint", second, "--key", keys)
    forged = second.read_text().replace("openverdict/tests\n", "openverdict/tests \n", 1)
    second.write_text(forged)
    assert run("verify", "--store", url, "--checkpoint", second).exit_code in (1, 2)


def test_backup_and_restore_as_commands(url, tmp_path):
    done("intake", FACTS, "--store", url, "--quiet")
    done("backup", tmp_path / "b.zip", "--store", url, "--quiet")
    new = tmp_path / "new.db"
    done("restore", tmp_path / "b.zip", "--store", new)
    assert "Intact" in done("verify", "--store", new)
    damaged = bytearray((tmp_path / "b.zip").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "bad.zip").write_bytes(damaged)
    assert run("restore", tmp_path / "bad.zip", "--store", tmp_path / "x.db").exit_code in (1, 2)
    assert not (tmp_path / "x.db").exists()


def test_a_key_is_changed_by_command(url, tmp_path):
    new = tmp_path / "new.key"
    told = done("checkpoint", "key", new, "--store", url)
    assert "openverdict/tests+" in told
    assert "is not one of this store's" in refused(
        "checkpoint", "export", "--store", url, "--out", tmp_path / "1.txt"
    )
    done("checkpoint", "export", "--store", url, "--out", tmp_path / "1.txt", "--key", new)


def test_the_export_of_a_stored_log_is_verified_by_the_file_that_stands_alone(
    filled, tmp_path, stand_alone
):
    with filled.snapshot():
        log = StoredLog(filled)
        write_export(log, tmp_path / "export", log.verifier_keys())
    key = str(KEY.verifier())
    result = stand_alone(tmp_path / "export", "--key", key)
    assert result.returncode == 0, result.stdout + result.stderr
    events = (tmp_path / "export" / "events.jsonl").read_bytes()
    (tmp_path / "export" / "events.jsonl").write_bytes(events.replace(b"a.clerk", b"a.crook", 1))
    assert stand_alone(tmp_path / "export", "--key", key).returncode == 1


@pytest.fixture
def stand_alone(tmp_path):
    """Runs the verifier that an export carries, without this package."""
    import subprocess
    import sys

    def check(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        program = folder / "verify_openverdict.py"
        command = [sys.executable, "-I", str(program), str(folder), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return check
