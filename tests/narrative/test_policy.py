"""A stated policy admits what people's decisions bear out and nothing else; a whole rule needs a person who saw its rate."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from typer.testing import CliRunner

from openverdict import read_register
from openverdict.cases import Register
from openverdict.cli import app
from openverdict.errors import InputError
from openverdict.narrative import (
    Stated,
    accept,
    measure,
    parse_settings,
    read_suggestion_policy,
    rule_to_accept,
    suggest_register,
    suggest_substances,
    under_policy,
)

POLICY = """
[policy]
name = "house"
version = "1"
adopted_by = "head of review"
adopted_on = 2024-05-06
reason = "Read twice by two people in April; they agreed."

[[admit]]
rules = ["substance.*.name"]
fields = ["substances_detected"]
reviewed = 20
lower_bound = 0.8
"""
AT = datetime(2024, 6, 1, 12)
RULE = "substance.ghb.name"


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY, encoding="utf-8")
    return path


@pytest.fixture
def register_file(tmp_path: Path) -> Path:
    """Forty cases: each has GHB on its toxicology, every other one ketamine as well."""
    lines = ["case_id,found_at,known_from,narrative"]
    for n in range(40):
        more = " and ketamine" if n % 2 else ""
        lines.append(f"C{n:02},2020-01-01,2020-01-02,Toxicology: GHB 310 mg/L{more} detected.")
    path = tmp_path / "register.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def register(register_file: Path) -> Register:
    return read_register(register_file).register


def decided(register: Register, until: int, rejected: tuple[str, ...] = ()) -> pl.DataFrame:
    """What a reviewer decided of the suggestions: those of cases before `until`, all accepted but in some cases."""
    table = suggest_register(register, suggest_substances)
    said = (
        pl.when(pl.col("case_id").is_in(list(rejected))).then(pl.lit("no")).otherwise(pl.lit("yes"))
    )
    seen = pl.col("case_id") < f"C{until:02}"
    return table.with_columns(
        accepted=pl.when(seen).then(said),
        reviewer=pl.when(seen).then(pl.lit("r7")),
        at=pl.when(seen).then(pl.lit("2024-05-01")),
    ).cast(pl.String())  # fmt: skip


def stated(file: Path, *frames: pl.DataFrame) -> Stated:
    return Stated(read_suggestion_policy(file), measure(frames), AT)


def test_undecided_suggestions_of_a_rule_that_holds_become_facts_that_name_the_policy(
    register, policy_file
):
    rows = decided(register, 25)
    taken = accept(register, rows, stated(policy_file, rows))
    by_policy = taken.facts.filter(pl.col("author") == "policy house 1")
    assert taken.at_once == by_policy.height == 15
    assert by_policy.get_column("value").unique().to_list() == ["ghb"]
    told = under_policy(by_policy.item(0, "source"))
    assert told is not None
    assert (told.name, told.version, told.rule) == ("house", "1", RULE)
    assert told.sha256 == read_suggestion_policy(policy_file).sha256[:16]
    assert "25 of 25 accepted, narrative 12-15" in by_policy.item(0, "source")
    assert by_policy.get_column("recorded_at").unique().to_list() == [AT]
    people = taken.facts.filter(pl.col("author") == "r7")
    assert all(under_policy(source) is None for source in people.get_column("source"))
    # Ketamine was decided twelve times only.
    assert taken.left == (("substance.ketamine.name: 12 of its suggestions decided, 20 needed", 8),)
    assert taken.undecided == 8


@pytest.mark.parametrize("rejected", [1, 3, 5])
def test_a_rule_is_admitted_as_far_as_the_lower_bound_of_its_rate_says(
    register, policy_file, rejected
):
    rows = decided(register, 25, tuple(f"C{n:02}" for n in range(rejected)))
    low = binomtest(25 - rejected, 25).proportion_ci(0.95, method="wilson").low
    assert (accept(register, rows, stated(policy_file, rows)).at_once == 15) == (low >= 0.8)


def test_a_policy_counts_decisions_on_the_same_version_of_a_rule_alone(register, policy_file):
    rows = decided(register, 25)
    older = rows.with_columns(version=pl.lit("0+older"))
    fresh = decided(register, 0)
    assert accept(register, fresh, stated(policy_file, older)).at_once == 0
    assert accept(register, fresh, stated(policy_file, rows)).at_once == 40


def test_a_policy_admits_no_value_that_a_person_turned_down_in_the_case(register, policy_file):
    rows = decided(register, 25)
    twice = rows.filter(pl.col("case_id") == "C30", pl.col("value") == "ghb").with_columns(
        accepted=pl.lit("no"), start=pl.lit("0"), end=pl.lit("3")
    )
    taken = accept(register, pl.concat([rows, twice]), stated(policy_file, rows))
    assert taken.at_once == 14
    assert "C30" not in taken.facts.get_column("case_id")
    assert any("turned the same value down" in why for why, _ in taken.left)


def test_what_is_not_said_of_this_person_states_nothing_under_a_policy_either(
    policy_file, tmp_path
):
    path = tmp_path / "other.csv"
    path.write_text(
        "case_id,found_at,narrative\nX,2020-01-01,Toxicology pending: no GHB detected.\n",
        encoding="utf-8",
    )
    one = read_register(path).register
    rows = decided(one, 0).with_columns(field=pl.lit("substances_detected"))
    rate = {(row["rule"], row["version"]): (500, 500) for row in rows.iter_rows(named=True)}
    taken = accept(one, rows, Stated(read_suggestion_policy(policy_file), rate, AT))
    assert taken.facts.is_empty()


def test_the_hash_is_of_the_settings_and_not_of_the_layout(policy_file, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text("# by us\n" + POLICY.replace(" = ", "="), encoding="utf-8")
    one, two = read_suggestion_policy(policy_file), read_suggestion_policy(other)
    assert one.sha256 == two.sha256
    other.write_text(POLICY.replace("0.8", "0.81"), encoding="utf-8")
    assert read_suggestion_policy(other).sha256 != one.sha256
    assert parse_settings(one.settings) == one


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("lower_bound = 0.8", "lower_bound = 0.3", "from 0.5 to less than 1"),
        ("lower_bound = 0.8", "lower_bound = true", "from 0.5 to less than 1"),
        ("reviewed = 20", "reviewed = 3", "20 or more"),
        ("reviewed = 20", "", "missing or unknown: reviewed"),
        ('"substances_detected"', '"ethnicity"', "is no field"),
        ('"substances_detected"', '"mention:person"', "is no field"),
        ("[[admit]]", "[admit]", "at least once"),
        ('name = "house"', 'name = "our house"', "one word"),
        ('adopted_by = "head of review"', 'adopted_by = " "', "who answers for it"),
        ("2024-05-06", '"2024-05-06"', "a day without quotes"),
        ("Read twice by two people in April; they agreed.", "because", "say why in words"),
        ('version = "1"', 'version = "1"\nkappa = 1', "missing or unknown: kappa"),
        ("[policy]", "[policy", "cannot be read as TOML"),
    ],
)
def test_a_policy_that_states_too_little_is_refused(policy_file, before, after, says):
    policy_file.write_text(POLICY.replace(before, after), encoding="utf-8")
    with pytest.raises(InputError, match=says):
        read_suggestion_policy(policy_file)


@given(st.integers(20, 400).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_more_acceptance_never_admits_less(counts):
    n, taken = counts
    from openverdict.narrative.policy import Admit, SuggestionPolicy

    entry = Admit(("*",), ("indicators",), 20, 0.9)
    policy = SuggestionPolicy("p", "1", "x", date(2024, 1, 1), "y", (entry,))
    held = [
        policy.admits("r", "v", "indicators", {("r", "v"): (n, k)})
        for k in (taken, min(n, taken + 1))
    ]
    assert held != [True, False]


def test_a_fact_that_a_file_gives_is_under_no_policy():
    for source in (
        None,
        "",
        "register.csv",
        "policy of the house",
        "policy a b (sha256 xyz), rule r, ",
    ):
        assert under_policy(source) is None


def test_a_whole_rule_is_accepted_by_a_person_with_its_rate_in_the_source(register):
    rows = decided(register, 25, ("C03",))
    whole, left = rule_to_accept(RULE, [rows], reviewer="r9", at=AT)
    assert (whole.decided, whole.accepted, left) == (25, 24, 15)
    taken = accept(register, rows, whole)
    mine = taken.facts.filter(pl.col("author") == "r9")
    assert mine.height == taken.at_once == 15
    assert "together with others of its rule (24 of 25 before)" in mine.item(0, "source")
    assert under_policy(mine.item(0, "source")) is None  # a person did


@pytest.mark.parametrize(
    ("rule", "until", "says"),
    [
        ("substance.ghb", 25, "did you mean substance.ghb.name"),
        (RULE, 5, "5 of its suggestions decided one by one; decide at least 10"),
        (RULE, 40, "decided already"),
    ],
)
def test_a_whole_rule_needs_to_be_known_first(register, rule, until, says):
    with pytest.raises(InputError, match=says):
        rule_to_accept(rule, [decided(register, until)], reviewer="r9", at=AT)


def test_two_versions_of_a_rule_are_not_accepted_together(register):
    rows = decided(register, 25)
    mixed = pl.concat([rows, rows.head(3).with_columns(version=pl.lit("0+older"))])
    with pytest.raises(InputError, match="2 versions of it"):
        rule_to_accept(RULE, [mixed], reviewer="r9", at=AT)


def run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def reviewed_file(register, tmp_path) -> Path:
    path = tmp_path / "reviewed.csv"
    decided(register, 25).write_csv(path)
    return path


def test_the_command_says_what_a_policy_admitted_and_what_it_left(
    register_file, reviewed_file, policy_file, tmp_path
):
    out = tmp_path / "facts.csv"
    done = run(
        "accept", register_file, "--reviewed", reviewed_file, "--policy", policy_file, "--out", out
    )
    assert done.exit_code == 0, done.output
    assert "15 of them under the policy, by no person" in done.output
    assert "substance.ketamine.name: 12 of its suggestions decided, 20 needed" in done.output
    assert read_register(out).register.case("C30")["substances_detected"] == ["ghb"]


def test_more_files_can_be_measured_on(
    register, register_file, reviewed_file, policy_file, tmp_path
):
    fresh = tmp_path / "fresh.csv"
    decided(register, 0).write_csv(fresh)
    words = ("accept", register_file, "--reviewed", fresh, "--policy", policy_file, "--json")
    alone = run(*words, "--out", tmp_path / "a.csv")
    both = run(*words, "--measured", reviewed_file, "--out", tmp_path / "b.csv")
    assert '"at_once": 0' in alone.output
    assert '"at_once": 40' in both.output


def test_the_command_shows_a_rules_rate_and_accepts_nothing_unasked(
    register_file, reviewed_file, tmp_path
):
    out = tmp_path / "facts.csv"
    words = ("accept", register_file, "--reviewed", reviewed_file, "--rule", RULE, "--out", out)
    assert "say who accepts" in run(*words).output
    unasked = run(*words, "--by", "r9")
    assert unasked.exit_code == 2
    assert "25 of 25 decided one by one were accepted, 1.00 (0.87–1.00)" in unasked.output
    assert "15 suggestions of it would be accepted by r9" in unasked.output
    assert not out.exists()
    done = run(*words, "--by", "r9", "--yes")
    assert done.exit_code == 0, done.output
    assert "15 of them with the whole rule" in done.output


def test_a_policy_and_a_rule_are_not_given_together(
    register_file, reviewed_file, policy_file, tmp_path
):
    words = ("accept", register_file, "--reviewed", reviewed_file, "--out", tmp_path / "f.csv")
    done = run(*words, "--policy", policy_file, "--rule", RULE)
    assert done.exit_code == 2
    assert "give one of them" in done.output


@pytest.mark.parametrize("kind", ["semicolons", "workbook"])
def test_a_reviewed_file_may_come_back_as_a_spreadsheet_saves_it(
    register, register_file, tmp_path, kind
):
    rows = decided(register, 25)
    path = tmp_path / ("back.xlsx" if kind == "workbook" else "back.csv")
    if kind == "workbook":
        rows.write_excel(path)
    else:
        rows.write_csv(path, separator=";", include_bom=True)
    done = run(
        "accept", register_file, "--reviewed", path, "--out", tmp_path / "facts.csv", "--json"
    )
    assert done.exit_code == 0, done.output
    assert '"facts": 37' in done.output
    assert '"refused": []' in done.output


def test_a_file_that_is_no_reviewed_one_is_named(register_file, tmp_path):
    done = run("accept", register_file, "--reviewed", register_file, "--out", tmp_path / "f.csv")
    assert done.exit_code == 2
    assert "has no column 'field'" in done.output
