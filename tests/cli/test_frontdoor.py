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
import openverdict.reports
from openverdict.cli import app, main
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
    # Nothing stands out in it, so that the closure report is among the files.
    assert {p.name for p in (tmp_path / "out").iterdir()} == {*FILE_NAMES, "closure.html"}
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


@pytest.mark.parametrize("how", [(), ("--quiet",), ("--json",), ("--store", "cases.db")])
def test_an_intake_that_could_read_no_row_at_all_fails_and_says_why(tmp_path, how):
    path = tmp_path / "nothing.csv"
    path.write_text("case_id,found_at\nX1,yesterday\nX2,03/04/2015\n", encoding="utf-8")
    how = [str(tmp_path / each) if each.endswith(".db") else each for each in how]
    told = run("intake", path, *how)
    (line,) = [each for each in told.stderr.splitlines() if each.startswith("openverdict: ")]
    assert told.exit_code == 1
    assert "all 2 rows were rejected; first: nothing.csv, row 2, found_at 'yesterday'" in line
    path.write_text("case_id,found_at\n", encoding="utf-8")
    assert run("intake", path).exit_code == 0, "an empty table is no fault of its rows"


def test_columns_that_are_not_those_of_the_template_are_named_with_the_mend(tmp_path):
    path = tmp_path / "foreign.csv"
    path.write_text("Ref,Date found,Sex\nR1,03/02/2021,M\n", encoding="utf-8")
    said = ("'case_id' and 'found_at' are missing", "found instead: 'Ref', 'Date found', 'Sex'")
    check_refused(run("intake", path), *said, f"openverdict intake --suggest-mapping {path}")
    path.write_text("case_id,found_att\nR1,2021-02-03\n", encoding="utf-8")
    check_refused(run("intake", path), "'found_at' is missing", "did you mean found_at?")


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
        (["--budget", "-1"], ["--budget -1: give"]),
        (["--budget", "nan"], ["--budget nan: give"]),
        (["--budget", "1e999"], ["--budget inf: give"]),
        (["--seed", "-1"], ["--seed -1: give"]),
        (["--sheet", "deaths"], ["no sheet 'deaths'"]),
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
    for day, cases in (("2014-06-19", 3), ("2014-08-28", 4)):
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


def test_an_empty_register_is_an_error_of_the_command_and_none_of_the_python_api(tmp_path):
    path = tmp_path / "empty.csv"
    path.write_text("case_id,found_at\n", encoding="utf-8")
    result = run("review", path, "--out", tmp_path / "out", *FAST)
    check_refused(result, "no case left to review: 0 rows read", "one row a case")
    assert not (tmp_path / "out").exists()
    empty = openverdict.review(path, null_registers=0)
    assert (empty.summary["cases"], empty.leads) == (0, ())


def test_a_register_whose_rows_are_all_rejected_names_the_first(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("case_id,found_at\nA,28/11/2015\nB,soon\n", encoding="utf-8")
    result = run("review", path, "--out", tmp_path / "out", *FAST)
    check_refused(
        result, "2 rows read, 2 rejected", "bad.csv, row 2, found_at '28/11/2015'", "2015-11-28"
    )


def test_the_same_file_twice_is_named(register, tmp_path):
    copy = tmp_path / "copy.csv"
    copy.write_bytes(register.read_bytes())
    for command in ("review", "intake"):
        result = run(command, register, copy, "--out", tmp_path / "out")
        check_refused(result, "copy.csv", "the same file as", "name it once")


def test_a_replay_in_which_nothing_was_known_says_why(register, tmp_path):
    facts = worked_example_facts_path()
    out = tmp_path / "out"
    early = run("review", facts, "--as-of", "2012-01-01", "--out", out, *FAST)
    check_refused(early, "no case was known at the end of 2012-01-01", "a later day")
    bare = tmp_path / "bare.csv"
    bare.write_text("case_id,found_at\nA,2014-01-01\nB,2014-02-01\n", encoding="utf-8")
    undated = run("review", bare, "--as-of", "2021-06-01", "--out", out, *FAST)
    check_refused(undated, "2 rows have no known_from; give the column, or map it")


def test_a_template_replaces_no_file(tmp_path):
    for name in ("mine.csv", "mine.xlsx"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
        check_refused(run("intake", "--template", tmp_path / name), name, "is there already")
        assert (tmp_path / name).read_text(encoding="utf-8") == "mine"


def test_intake_replaces_its_own_tables_and_nobody_elses(register, tmp_path):
    own, out = tmp_path / "own", tmp_path / "out"
    own.mkdir()
    mine = own / "register.csv"
    mine.write_bytes(register.read_bytes())
    check_refused(run("intake", mine, "--out", own), "is an input")
    check_refused(run("intake", register, "--out", own), "register.csv", "name a new folder")
    assert [(p.name, p.read_bytes()) for p in own.iterdir()] == [
        ("register.csv", register.read_bytes())
    ]
    for _ in range(2):
        assert run("intake", register, "--out", out).exit_code == 0
        assert {p.name for p in out.iterdir()} == {"register.csv", "rejects.csv", "intake.json"}
    (out / "rejects.csv").write_text("my remarks", encoding="utf-8")
    check_refused(run("intake", register, "--out", out), "rejects.csv", "changed since")
    assert (out / "rejects.csv").read_text(encoding="utf-8") == "my remarks"


def test_a_review_replaces_neither_its_input_nor_files_that_only_share_its_names(
    register, tmp_path
):
    folder = tmp_path / "f1"
    folder.mkdir()
    mine = folder / "cases.csv"
    mine.write_bytes(register.read_bytes())
    check_refused(run("review", mine, "--out", folder, *FAST), "holds the input")
    check_refused(run("review", register, "--out", folder, *FAST), "no review wrote", "cases.csv")
    (folder / "summary.json").write_text('{"total": 3}', encoding="utf-8")
    check_refused(run("review", register, "--out", folder, *FAST), "no review wrote")
    assert mine.read_bytes() == register.read_bytes()


def test_a_review_replaces_an_earlier_review(register, tmp_path):
    for _ in range(2):
        assert run("review", register, "--out", tmp_path / "out", *FAST).exit_code == 0


def test_an_evaluation_replaces_only_an_evaluation(register, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("case_id,series_id\nK0001,a\nK0002,a\nK0003,\n", encoding="utf-8")
    small = ("evaluate", "--deaths-a-year", 60, "--replicates", 1, "--quiet", "--out")
    mine, held = tmp_path / "mine.json", tmp_path / "held"
    mine.write_text('{"mine": 1}', encoding="utf-8")
    held.mkdir()
    (held / "evaluation.json").write_text("[]", encoding="utf-8")
    check_refused(run(*small, mine), "mine.json", "name a new place")
    check_refused(run(*small, held), "is a folder")
    known = ("evaluate", register, "--known-series", labels, "--quiet", "--out")
    check_refused(run(*known, held), "evaluation.json", "name a new place")
    check_refused(run(*known, mine), "is a file")
    check_refused(run(*known, tmp_path), "holds the input")
    assert mine.read_text(encoding="utf-8") == '{"mine": 1}'


def test_a_demo_replaces_only_a_demo(tmp_path):
    page = tmp_path / "index.html"
    page.write_text("<title>My pages</title>", encoding="utf-8")
    check_refused(run("demo", "--out", tmp_path), "index.html", "no demo wrote")
    page.unlink()
    (tmp_path / "2014-06-19").mkdir()
    (tmp_path / "2014-06-19" / "diary.txt").write_text("mine", encoding="utf-8")
    check_refused(run("demo", "--out", tmp_path), "diary.txt")
    small = ("demo", "--out", tmp_path / "demo", "--deaths-a-year", 60, "--null-registers", 0)
    first, again = run(*small), run(*small, "--quiet")
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "look 2 of 5: comparing every pair" in first.stderr


def test_no_series_is_told_without_claiming_what_was_not_measured(register, tmp_path):
    bare = tmp_path / "bare.csv"
    bare.write_text("case_id,found_at\nA,2014-01-01\nB,2014-02-01\n", encoding="utf-8")
    out = ("--out", tmp_path / "out")
    unmeasured = run("review", bare, "--no-chance", *out).stdout
    assert "chance was not measured" in unmeasured
    assert "0 series leads, 0 single cases" in unmeasured
    assert "2 cases, 0 rows rejected; 1 pair compared" in unmeasured
    measured = run("review", bare, "--null-registers", "2", *out).stdout
    assert "none passed both the bar and the budget" in measured


def test_counts_of_one_are_in_the_singular(with_reject, tmp_path):
    assert "2 rows read: 1 case, 1 row rejected." in run("intake", with_reject).stdout
    said = run("review", with_reject, "--out", tmp_path / "out", "--no-chance").stdout
    assert "1 case, 1 row rejected; 0 pairs compared" in said


def test_strange_values_are_noted_in_the_terminal_and_in_the_review(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("case_id,found_at\nA,2014-01-01\nB,9014-02-01\n", encoding="utf-8")
    done = run("review", path, "--out", tmp_path / "out", "--no-chance")
    assert "note: case B: found_at lies after today" in done.stdout
    told = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    assert any("found_at lies after today" in note for note in told["notes"])
    assert "note: case B: found_at lies after today" in run("intake", path).stdout


def test_an_empty_name_and_an_address_are_refused(tmp_path):
    check_refused(run("review", "", "--out", tmp_path / "out"), "no file named")
    check_refused(run("review", "http://a.example/deaths.csv", "--out", tmp_path / "o"), "address")


@pytest.mark.parametrize("written", [False, True])
def test_ctrl_c_ends_with_130_and_says_what_stands(register, tmp_path, monkeypatch, written):
    really = openverdict.reports.write_review

    def stopped(result, out, **options):
        if written:
            really(result, out, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr("openverdict.reports.write_review", stopped)
    out = tmp_path / "out"
    done = run("review", register, "--out", out, *FAST)
    said = f"what was written so far stands in {out}" if written else "nothing was written"
    assert (done.exit_code, done.stderr) == (130, f"openverdict: stopped; {said}\n")


def test_what_the_system_refuses_is_said_in_words(register, tmp_path, monkeypatch):
    def full(self, *args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("openverdict.reports.bundle._write", full)
    done = run("review", register, "--out", tmp_path / "out", *FAST)
    check_refused(done, "the disk is full")
    assert "Errno" not in done.stderr


def test_the_version_is_told():
    done = run("--version")
    assert (done.exit_code, done.stdout) == (0, f"openverdict {openverdict.__version__}\n")


def test_an_evaluation_says_which_city_it_is_at():
    done = run("evaluate", "--deaths-a-year", 60, "--replicates", 2)
    assert "city 1 of 2" in done.stderr
    assert "city 2 of 2" in done.stderr


def test_kernels_are_cached_in_a_folder_of_ones_own_where_the_package_is_read_only(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setenv("NUMBA_CACHE_DIR", "set before")
    openverdict._place_cache(tmp_path)
    assert os.environ["NUMBA_CACHE_DIR"] == "set before"
    for is_shared in (False, True):
        monkeypatch.delenv("NUMBA_CACHE_DIR")
        openverdict._place_cache(tmp_path)
        folder = Path(os.environ["NUMBA_CACHE_DIR"])
        assert folder.parent == tmp_path
        assert folder.name.startswith("openverdict-") is not is_shared
        assert folder.stat().st_mode & 0o77 == 0
        (tmp_path / f"openverdict-{os.getuid()}").chmod(0o777)


def test_ctrl_c_before_a_command_has_begun_is_told_too(monkeypatch, capsys):
    def stopped() -> None:
        raise SystemExit(130)

    monkeypatch.setattr("openverdict.cli.program.app", stopped)
    monkeypatch.setattr("openverdict.cli.program.told_stopped", [])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 130
    assert capsys.readouterr().err == "openverdict: stopped; nothing was written\n"


def test_a_rule_of_inclusion_goes_into_the_summary_and_one_of_the_future_is_refused(
    register, tmp_path
):
    rule = tmp_path / "inclusion.toml"
    rule.write_text('rule = "Every death."\nfixed_on = 2013-06-01\nby = "the board"\n')
    out = tmp_path / "out"
    assert run("review", register, "--out", out, "--inclusion", rule, *FAST).exit_code == 0
    told = json.loads((out / "summary.json").read_bytes())["inclusion"]
    assert (told["rule"], told["fixed_on"], told["by"]) == (
        "Every death.",
        "2013-06-01",
        "the board",
    )
    direct = openverdict.review(register, null_registers=2, inclusion=rule)
    assert direct.summary["inclusion"] == told
    rule.write_text('rule = "Every death."\nfixed_on = 2999-06-01\nby = "the board"\n')
    refused = run("review", register, "--out", tmp_path / "no", "--inclusion", rule, *FAST)
    check_refused(refused, "inclusion.toml", "after today")
    assert not (tmp_path / "no").exists()
