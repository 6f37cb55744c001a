"""The front doors: the commands and the Python API, as a stranger meets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from tests.evidence.made import made
from typer.testing import CliRunner, Result

import openverdict
from openverdict.cli import app
from openverdict.errors import InputError
from openverdict.intake import template_texts
from openverdict.reports import FILE_NAMES
from openverdict.simulate import worked_example_facts_path

FAST = ("--null-registers", "2", "--quiet")
NONSENSE_ROW = "case_id,found_at,age_years\nX1,2014-06-19,23\nX2,2014-06-20,a hundred and four\n"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def shell(*arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "openverdict", *(str(a) for a in arguments)]
    return subprocess.run(
        command, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )


def check_refused(result: Result, *says: str) -> None:
    """Exit code 2, one line on standard error, nothing raised through."""
    assert result.exit_code == 2, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    lines = [line for line in result.stderr.splitlines() if line.startswith("openverdict: ")]
    assert len(lines) == 1
    assert lines[0] == result.stderr.splitlines()[-1]
    assert all(word in lines[0] for word in says)


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("register") / "register.csv"
    template_texts(made(1, 40)).write_csv(path)
    return path


@pytest.fixture(scope="module")
def with_reject(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("register") / "with_reject.csv"
    path.write_text(NONSENSE_ROW, encoding="utf-8")
    return path


def test_a_review_ends_well_and_writes_every_file(register, tmp_path):
    result = run("review", register, "--out", tmp_path / "out", "--null-registers", "2")
    assert result.exit_code == 0, result.output
    assert {p.name for p in (tmp_path / "out").iterdir()} == set(FILE_NAMES)
    assert "40 cases" in result.stdout
    assert str(tmp_path / "out" / "report.html") in result.stdout


def test_quiet_says_nothing_at_all(register, tmp_path):
    result = run("review", register, "--out", tmp_path / "out", *FAST)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_json_is_one_object_with_the_counts_and_nothing_beside_it(register, tmp_path):
    result = run("review", register, "--out", tmp_path / "out", "--null-registers", "2", "--json")
    told = json.loads(result.stdout)
    assert told["cases"] == 40
    assert told["pairs_total"] == 780 == told["pairs_ledger"] + told["pairs_remainder"]
    assert told["out"] == str(tmp_path / "out")


def test_rejected_rows_change_the_exit_code_only_when_asked(with_reject, tmp_path):
    plain = run("review", with_reject, "--out", tmp_path / "a", *FAST)
    strict = run("review", with_reject, "--out", tmp_path / "b", "--strict", *FAST)
    assert (plain.exit_code, strict.exit_code) == (0, 1)
    for out in ("a", "b"):
        assert "a hundred and four" in (tmp_path / out / "rejects.csv").read_text(encoding="utf-8")
    assert run("intake", with_reject, "--strict").exit_code == 1
    assert run("intake", with_reject).exit_code == 0


def test_intake_accounts_for_every_row_as_json(with_reject):
    told = json.loads(run("intake", with_reject, "--json").stdout)
    assert told["rows_read"] == told["cases"] + told["rejected_rows"] == 2
    assert told["rejects"][0]["field"] == "age_years"


@pytest.mark.parametrize("command", ["review", "intake"])
def test_a_file_that_is_not_there_is_refused(command, tmp_path):
    check_refused(run(command, tmp_path / "absent.csv", "--out", tmp_path / "out"), "absent.csv")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--as-of", "28 August 2014"], ["--as-of", "2014-08-28"]),
        (["--as-of", "2014-02-30"], ["--as-of"]),
        (["--watch", "K0000"], ["--watch", "A,B"]),
        (["--watch", "K0000,"], ["--watch"]),
        (["--watch", "K0000,nobody"], ["nobody"]),
        (["--watch", "K0000,K0000"], ["K0000", "itself"]),
        (["--budget", "-1"], ["budget"]),
        (["--budget", "nan"], ["budget"]),
        (["--seed", "-1"], ["seed"]),
        (["--map", "no_such_mapping"], ["no_such_mapping"]),
        (["--outline", "no_such_outline.json"], ["no_such_outline.json"]),
    ],
)
def test_a_call_that_makes_no_sense_is_refused_in_one_line(register, tmp_path, options, says):
    result = run("review", register, "--out", tmp_path / "out", *options, *FAST)
    check_refused(result, *says)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_refused(register, tmp_path):
    file = tmp_path / "a_file"
    file.write_text("not a folder", encoding="utf-8")
    check_refused(run("review", register, "--out", file / "out", *FAST), "a_file")
    check_refused(run("intake", register, "--out", file / "out"), "a_file")
    check_refused(run("intake", "--template", file / "t.csv"), "a_file")
    check_refused(
        run(
            "evaluate",
            "--deaths-a-year",
            60,
            "--replicates",
            1,
            "--out",
            file / "x.json",
            "--quiet",
        ),
        "a_file",
    )
    assert file.read_text(encoding="utf-8") == "not a folder"


def test_a_folder_with_somebody_elses_files_is_left_alone(register, tmp_path):
    (tmp_path / "letters.txt").write_text("mine", encoding="utf-8")
    check_refused(run("review", register, "--out", tmp_path, *FAST))
    assert [p.name for p in tmp_path.iterdir()] == ["letters.txt"]


def test_explain_shows_every_contribution_and_their_sum(register):
    told = json.loads(run("explain", register, "K0001", "K0002", "--json").stdout)
    assert sum(c["log10_lr"] for c in told["contributions"]) == pytest.approx(told["log10_lr"])
    words = run("explain", register, "K0001", "K0002")
    assert words.exit_code == 0
    assert f"{told['log10_lr']:+.3f}" in words.stdout


@pytest.mark.parametrize("pair", [("K0001", "nobody"), ("K0001", "K0001")])
def test_explain_refuses_a_pair_that_is_none(register, pair):
    check_refused(run("explain", register, *pair), pair[1])


def test_explain_as_of_a_day_knows_only_the_cases_of_that_day(tmp_path):
    facts = worked_example_facts_path()
    told = json.loads(run("explain", facts, "A", "B", "--as-of", "2014-08-28", "--json").stdout)
    assert {told["case_a"], told["case_b"]} == {"A", "B"}
    check_refused(run("explain", facts, "A", "B", "--as-of", "2014-08-27"), "B")


def test_a_review_as_of_a_day_holds_the_cases_found_by_then(tmp_path):
    facts = worked_example_facts_path()
    for day, cases in (("2014-06-19", 3), ("2014-08-28", 4), ("2012-01-01", 0)):
        options = ["--out", tmp_path / day, "--as-of", day, "--no-chance", "--json"]
        told = json.loads(run("review", facts, *options).stdout)
        assert (told["cases"], told["as_of"], told["null_registers"]) == (cases, day, 0)


def test_evaluate_on_known_series_and_on_planted_ones(register, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("case_id,series_id\nK0001,a\nK0002,a\nK0003,\n", encoding="utf-8")
    told = json.loads(run("evaluate", register, "--known-series", labels).stdout)
    assert (told["cases"], told["pairs"], told["linked_pairs"]) == (3, 3, 1)
    out = tmp_path / "planted.json"
    done = run(
        "evaluate", "--deaths-a-year", 60, "--replicates", 1, "--out", out, "--quiet"
    )  # fmt: skip
    assert (done.exit_code, done.stdout) == (0, "")
    assert json.loads(out.read_text(encoding="utf-8"))["replicates"] == 1
    check_refused(run("evaluate", register), "--known-series")


def test_intake_with_nothing_to_read_says_so():
    check_refused(run("intake"), "no file")


def test_a_demo_of_a_small_city_ends_by_naming_the_page_to_open(tmp_path):
    done = run("demo", "--out", tmp_path / "demo", "--deaths-a-year", 60, "--null-registers", 2)
    assert done.exit_code == 0, done.output
    assert str(tmp_path / "demo" / "index.html") in done.stdout
    pages = {p.parent.name for p in (tmp_path / "demo").glob("*/report.html")}
    assert pages == {
        "2014-06-19", "2014-08-28", "2014-08-28-with-the-enquiry", "2014-09-20", "2015-09-25"
    }  # fmt: skip


def test_from_a_shell_errors_are_one_line_without_a_traceback(tmp_path):
    done = shell("review", tmp_path / "absent.csv", "--out", tmp_path / "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert "absent.csv" in done.stderr.splitlines()[-1]


def test_from_a_shell_an_unknown_option_is_refused_with_code_two():
    done = shell("review", "--no-such-option")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_help_imports_no_table_library_and_no_compiler():
    program = (
        "import sys\nfrom openverdict.cli import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = {'polars', 'numpy', 'numba', 'scipy', 'pyarrow', 'jinja2'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for command in ("demo", "review", "intake", "explain", "evaluate"):
        assert command in done.stdout


@pytest.mark.parametrize("command", ["demo", "review", "intake", "explain", "evaluate"])
def test_every_option_of_a_command_is_explained(command):
    done = run(command, "--help")
    assert done.exit_code == 0
    assert "--" in done.stdout


def test_every_public_name_is_there_and_others_are_not():
    for name in openverdict.__all__:
        assert getattr(openverdict, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        openverdict.no_such_name  # noqa: B018


def test_the_python_api_takes_a_path_an_intake_and_a_register_alike(register):
    read = openverdict.read_register(register)
    results = [
        openverdict.review(source, null_registers=2) for source in (register, str(register), read)
    ]
    bare = openverdict.review(read.register, null_registers=2)
    for result in results:
        assert result.leads == bare.leads
        assert result.links.equals(bare.links)
        assert result.summary["sources"]
    assert bare.summary["sources"] == []
    assert openverdict.explain(register, "K0001", "K0002") == openverdict.explain(
        read, "K0002", "K0001"
    )


def test_the_python_api_replays_watches_and_refuses(register):
    facts = worked_example_facts_path()
    result = openverdict.review(
        facts, as_of=date(2014, 8, 28), null_registers=0, watch=(("A", "B"),), budget=1.0
    )
    assert result.summary["budget_per_year"] == 1.0
    assert [(w.case_a, w.case_b) for w in result.watched] == [("A", "B")]
    with pytest.raises(InputError, match="nobody"):
        openverdict.review(register, watch=(("nobody", "K0001"),))
    with pytest.raises(InputError, match="D"):
        openverdict.explain(facts, "A", "D", as_of=date(2014, 8, 28))


def test_results_show_themselves_in_a_notebook_and_cannot_be_changed(register):
    result = openverdict.review(register, null_registers=0)
    shown = result._repr_html_()
    assert shown
    assert "40" in shown
    with pytest.raises(AttributeError):
        result.leads = ()  # type: ignore[misc]


def test_the_written_review_of_the_python_api_is_that_of_the_command(register, tmp_path):
    openverdict.write_review(
        openverdict.review(register, null_registers=2), tmp_path / "api", timings=False
    )
    assert run("review", register, "--out", tmp_path / "cli", *FAST).exit_code == 0
    for name in ("leads.csv", "links.csv", "cases.csv"):
        assert (tmp_path / "api" / name).read_bytes() == (tmp_path / "cli" / name).read_bytes()


def test_an_empty_register_is_no_error(tmp_path):
    path = tmp_path / "empty.csv"
    path.write_text("case_id,found_at\n", encoding="utf-8")
    result = run("review", path, "--out", tmp_path / "out", *FAST)
    assert result.exit_code == 0
    assert json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))["cases"] == 0
