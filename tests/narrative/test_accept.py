"""Acceptance: a suggestion is no fact until a named person accepts it, and only where its words still stand."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from openverdict import read_register
from openverdict.cases import Register
from openverdict.cli import app
from openverdict.errors import InputError
from openverdict.narrative import accept, read_reviewed, suggest, suggest_register, with_register

TEXT = (
    "Found in the park at 06:40, sitting propped against the wall. No phone was found. GHB 310 mg/L; "
    "alcohol not detected. If ketamine is found, refer back. See case SD/14/0231. His sister rang Mr Smith."
)
ROWS = (
    "case_id,found_at,known_from,age_years,indicators,signs_moved,narrative\n"
    f'A1,2020-01-01,2020-01-02,24,body_moved,unknown,"{TEXT}"\n'
    "A2,2020-02-01,,30,none,,\n"
    "A3,2020-03-01,,,,,He was found in bed at home.\n"
)


@pytest.fixture
def register_file(tmp_path: Path) -> Path:
    path = tmp_path / "register.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


@pytest.fixture
def register(register_file: Path) -> Register:
    return read_register(register_file).register


def reviewed(register: Register, said: str = "yes") -> pl.DataFrame:
    """Everything that was suggested, decided alike."""
    return suggest_register(register).with_columns(
        accepted=pl.lit(said), reviewer=pl.lit("reviewer 7"), at=pl.lit("2021-05-06T10:00:00")
    ).cast(pl.String())  # fmt: skip


def test_every_suggestion_is_only_suggested_and_its_words_stand_in_the_text(register):
    table = suggest_register(register)
    assert table.get_column("status").unique().to_list() == ["suggested"]
    texts = dict(register.table.select("case_id", "narrative").iter_rows())
    for case, start, end, words in table.select("case_id", "start", "end", "text").iter_rows():
        assert texts[case][start:end] == words


def test_no_name_leaves_the_text_but_as_the_words_of_its_span():
    named = [s for s in suggest(TEXT) if s.span(TEXT) == "Mr Smith"]
    assert [(s.field, s.value) for s in named] == [("mention:person", "named")]


def test_accepted_suggestions_become_facts_with_source_and_author(register):
    taken = accept(register, reviewed(register))
    assert taken.refused.is_empty()
    facts = taken.facts.filter(pl.col("case_id") == "A1")
    stated = set(facts.select("field", "value").iter_rows())
    assert {
        ("indicators", "phone_missing"), ("substances_detected", "ghb"), ("body_position", "sitting_propped"),
        ("substances_not_detected", "ethanol"), ("mentions_cases", "SD/14/0231"),
    } <= stated  # fmt: skip
    # What is only conceivable states nothing, and neither do a clock time and a person pointed at.
    assert not any(value == "ketamine" for _, value in stated)
    assert taken.pointed >= 3
    assert facts.get_column("author").unique().to_list() == ["reviewer 7"]
    assert facts.get_column("recorded_at").unique().to_list() == [datetime(2021, 5, 6, 10)]
    assert facts.get_column("known_from").unique().to_list() == [datetime(2020, 1, 2)]
    assert all("rule " in s and "version " in s for s in facts.get_column("source"))


def test_without_a_known_day_the_time_of_review_is_when_it_was_known(register):
    facts = accept(register, reviewed(register)).facts.filter(pl.col("case_id") == "A3")
    assert facts.get_column("known_from").unique().to_list() == [datetime(2021, 5, 6, 10)]


@pytest.mark.parametrize(
    ("said", "undecided", "rejected"), [("", True, False), ("no", False, True)]
)
def test_what_nobody_accepted_is_no_fact(register, said, undecided, rejected):
    rows = reviewed(register, said)
    taken = accept(register, rows)
    assert taken.facts.is_empty()
    assert (taken.undecided, taken.rejected) == (rows.height * undecided, rows.height * rejected)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"text": "another phone"}, "does not stand"),
        ({"start": "3"}, "does not stand"),
        ({"start": "-1"}, "not a whole number"),
        ({"end": "99999"}, "does not stand"),
        ({"case_id": "B9"}, "not in the register"),
        ({"reviewer": " "}, "nobody is named"),
        ({"at": "yesterday"}, "ISO 8601"),
        ({"accepted": "maybe"}, "write yes, no or nothing"),
        ({"value": "phone_mising"}, "did you mean phone_missing"),
        ({"value": "phone_missing;note_unverified"}, "one value a row"),
        ({"value": ""}, "has no value"),
        ({"field": "ethnicity"}, "no field"),
        ({"field": "colour"}, "no field"),
        ({"assertion": "sure"}, "not one of"),
    ],
)  # fmt: skip
def test_a_row_that_does_not_hold_is_refused_with_its_reason(register, change, says):
    rows = reviewed(register).filter(pl.col("value") == "phone_missing")
    taken = accept(register, rows.with_columns(**{k: pl.lit(v) for k, v in change.items()}))
    assert taken.facts.is_empty()
    assert taken.refused.get_column("row").to_list() == [2]
    assert says in taken.refused.item(0, "reason")


def test_a_text_changed_since_refuses_its_suggestions(register, tmp_path):
    rows = reviewed(register)
    path = tmp_path / "later.csv"
    path.write_text(ROWS.replace("Found in the park", "He was found in the park"), encoding="utf-8")
    taken = accept(read_register(path).register, rows)
    assert "A1" not in taken.facts.get_column("case_id").to_list()
    assert (
        taken.refused.filter(pl.col("case_id") == "A1").height
        == rows.filter(pl.col("case_id") == "A1").height
    )


def test_a_second_value_of_a_field_of_one_value_is_refused(register):
    rows = reviewed(register).filter(pl.col("field") == "body_position", pl.col("case_id") == "A1")
    other = rows.with_columns(value=pl.lit("prone"))
    taken = accept(register, pl.concat([rows, other]))
    assert taken.facts.height == 1
    assert "already" in taken.refused.item(0, "reason")


def test_a_file_that_is_no_review_is_refused():
    with pytest.raises(InputError, match="has no column"):
        read_reviewed(pl.DataFrame({"case_id": ["A"]}), "x.csv")


def test_the_facts_file_reads_as_the_register_with_what_was_accepted(register, tmp_path):
    facts = with_register(register, accept(register, reviewed(register)).facts, "register.csv")
    path = tmp_path / "facts.csv"
    facts.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S%.f")
    again = read_register(path)
    assert again.rejected_rows == 0
    before, after = (
        {row["case_id"]: row for row in r.table.iter_rows(named=True)}
        for r in (register, again.register)
    )
    assert set(before["A1"]["indicators"]) < set(after["A1"]["indicators"])
    assert before["A2"]["indicators"] == after["A2"]["indicators"] == []
    for name in ("found_at", "age_years", "narrative", "known_from"):
        assert before["A1"][name] == after["A1"][name]
    assert ("A1", "signs_moved", "unknown") in set(again.register.statuses.iter_rows())
    known = again.register.as_of(date(2020, 1, 3)).table
    assert known.get_column("case_id").to_list() == ["A1"]


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_the_commands_go_from_texts_to_facts_and_rates(register_file, tmp_path):
    out, facts, rates = (tmp_path / n for n in ("suggestions.csv", "facts.csv", "rates.csv"))
    assert "None of them counts" in run("suggest", register_file, "--out", out)
    done = pl.read_csv(out, infer_schema=False).with_columns(
        accepted=pl.lit("yes"), reviewer=pl.lit("r"), at=pl.lit("2021-01-01")
    )
    done.write_csv(tmp_path / "one.csv")
    done.with_columns(accepted=pl.lit("no")).write_csv(tmp_path / "two.csv")
    told = run("accept", register_file, "--reviewed", tmp_path / "one.csv", "--out", facts)
    assert "accepted" in told
    assert len(read_register(facts).register) == 3
    only = tmp_path / "only.csv"
    run(
        "accept",
        register_file,
        "--reviewed",
        tmp_path / "one.csv",
        "--out",
        only,
        "--only",
        "--json",
    )
    assert 0 < pl.read_csv(only).height < pl.read_csv(facts).height
    assert "kappa 0.00" in run(
        "agreement", tmp_path / "one.csv", tmp_path / "two.csv", "--out", rates
    )
    assert pl.read_csv(rates).columns == ["rule", "decided", "accepted", "rate", "low", "high"]
    run("suggest", register_file, "--out", out, code=2)  # replaces nothing
    run("suggest", register_file, "--out", tmp_path / "x.txt", code=2)
    done.with_columns(text=pl.lit("gone")).write_csv(tmp_path / "stale.csv")
    run(
        "accept",
        register_file,
        "--reviewed",
        tmp_path / "stale.csv",
        "--out",
        tmp_path / "f2.csv",
        "--strict",
        code=1,
    )


def test_the_command_reads_substances_alone_if_told_to(register_file, tmp_path):
    out = tmp_path / "s.csv"
    run("suggest", register_file, "--out", out, "--substances-only", "--quiet")
    rules = pl.read_csv(out).get_column("rule")
    assert "ghb" in pl.read_csv(out).get_column("value").to_list()
    assert rules.str.starts_with("substance.").all()
