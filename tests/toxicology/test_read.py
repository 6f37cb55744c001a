"""Tables of results: what is read, what is refused and why, and the facts that follow."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from openverdict.cases import Register
from openverdict.cli import app
from openverdict.errors import InputError
from openverdict.intake import read_register
from openverdict.toxicology import (
    Outcome,
    ReadResults,
    load_ghb_rules,
    load_panels,
    make_facts,
    read_results,
    with_register,
    write_results_template,
)
from openverdict.toxicology.template import COLUMNS

RULES = load_ghb_rules()


def read(folder: Path, *lines: str, **more: object) -> ReadResults:
    path = folder / "results.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_results(path, **more)  # type: ignore[arg-type]


def facts_of(found: ReadResults) -> set[tuple[str, str, str | None, str]]:
    table = make_facts(found.results, RULES).table
    return set(table.select("case_id", "field", "value", "status").iter_rows())


def fault(folder: Path, header: str, row: str) -> tuple[int, str, str]:
    found = read(folder, header, row)
    assert found.results == ()
    assert (found.rows_read, found.rejected_rows) == (1, 1)
    (line,) = found.rejects.iter_rows(named=True)
    assert line["file"] == "results.csv"
    assert "\n" not in line["reason"]
    return line["row"], line["field"], line["reason"]


def test_every_row_is_a_result_or_a_reject(tmp_path):
    found = read(
        tmp_path,
        "case_id,substance,value,unit,specimen",
        "A,Fentanyl,23,ng/mL,femoral",
        "A,Fentanyl,many,ng/mL,femoral",
        "B,EtOH,0.145,g/dL,vitreous humor",
    )
    assert [(r.case_id, r.substance, str(r.level), r.specimen) for r in found.results] == [
        ("A", "fentanyl", "0.023 mg/L", "femoral_blood"),
        ("B", "ethanol", "1450 mg/L", "vitreous"),
    ]
    assert found.rejects.rows() == [
        ("results.csv", 3, "value", "many", "not a number; use digits and a decimal point")
    ]
    assert found.rows_read == 3


@pytest.mark.parametrize(
    ("header", "row", "field", "says"),
    [
        ("case_id,substance,outcome", ",GHB,detected", "case_id", "one line"),
        ("case_id,substance,outcome", "A,GBH,detected", "substance", "full name"),
        ("case_id,substance,outcome", "A,G,detected", "substance", "full name"),
        ("case_id,substance,outcome", "A,Tina,detected", "substance", "full name"),
        ("case_id,substance,outcome", "A,GHB,maybe", "outcome", "not in the list"),
        ("case_id,substance,outcome", "A,GHB,", "outcome", "a gap says nothing"),
        ("case_id,substance,value", "A,GHB,40", "unit", "without its unit"),
        ("case_id,substance,value,unit", "A,GHB,40,furlongs", "unit", "not a unit"),
        ("case_id,substance,value,unit", 'A,GHB,"40,5",mg/L', "value", "not a number"),
        ("case_id,substance,value,unit", "A,GHB,0,mg/L", "value", "level of 0"),
        ("case_id,substance,value,unit,operator", "A,GHB,<4,mg/L,>", "operator", "another operator"),
        ("case_id,substance,value,unit,operator", "A,GHB,4,mg/L,about", "operator", "not an operator"),
        ("case_id,substance,outcome,operator", "A,GHB,detected,<", "operator", "without a value"),
        ("case_id,substance,outcome,value,unit", "A,GHB,not tested,4,mg/L", "value", "beside the outcome"),
        ("case_id,substance,outcome,value,unit", "A,GHB,negative,4,mg/L", "value", "limit of detection"),
        ("case_id,substance,outcome,lab_opinion", "A,GHB,negative,exogenous", "lab_opinion", "beside the outcome"),
        ("case_id,substance,outcome,preservative", "A,GHB,positive,jam", "preservative", "not in the list"),
        ("case_id,substance,outcome,panel", "A,GHB,negative,routine_screen", "panel", "does not test for ghb"),
        ("case_id,outcome,panel", "A,negative,no_such", "panel", "no panel of this name"),
        ("case_id,outcome,panel", "A,positive,routine_screen", "substance", "detects nothing"),
        ("case_id,outcome,specimen", "A,detected,bile", "substance", "only say not_tested"),
        ("case_id,outcome", "A,not tested", "substance", "what the row is about"),
        ("case_id,substance,outcome,reported_at", "A,GHB,positive,03/04/2015", "reported_at", "either way round"),
        ("case_id,substance,outcome,pm_interval_h", "A,GHB,positive,soon", "pm_interval_h", "not a number"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_refused_with_its_place_and_the_mend(
    header, row, field, says, tmp_path
):
    place, named, reason = fault(tmp_path, header, row)
    assert (place, named) == (2, field)
    assert says in reason


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["case_id,drug", "A,GHB"], "no column 'drug'"),
        (["substance,outcome", "GHB,detected"], "'case_id' is missing"),
        (["case_id,Case ID,substance", "A,A,GHB"], "stands twice"),
        ([""], "empty"),
    ],
)
def test_a_table_that_is_not_one_of_results_is_refused_in_one_line(lines, says, tmp_path):
    with pytest.raises(InputError) as refused:
        read(tmp_path, *lines)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_two_states_of_decomposition_in_one_case_are_refused(tmp_path):
    found = read(
        tmp_path,
        "case_id,substance,outcome,decomposition",
        "A,GHB,positive,none",
        "A,MDMA,positive,advanced",
    )
    assert found.rejects.row(0, named=True)["field"] == "decomposition"


def test_a_value_below_a_limit_is_neither_found_nor_not_found(tmp_path):
    found = read(tmp_path, "case_id,substance,value,unit", "A,MDMA,<0.01,mg/L")
    assert found.results[0].outcome is Outcome.UNCLEAR
    assert not any(field.startswith("substances_") for _, field, _, _ in facts_of(found))
    assert any("below a limit" in note for note in make_facts(found.results, RULES).notes)


def test_the_routine_screen_makes_nothing_negative_and_leaves_ghb_untested(tmp_path):
    found = read(tmp_path, "case_id,outcome,panel", "A,negative,routine screen")
    facts = facts_of(found)
    assert ("A", "ghb_class", "not_tested", "recorded") in facts
    assert not any(field == "substances_not_detected" for _, field, _, _ in facts)


def test_a_laboratorys_own_panel_speaks_for_what_it_includes_and_no_more(tmp_path):
    path = tmp_path / "panels.toml"
    path.write_text(
        '[drugs_of_abuse]\nlabel = "Drugs of abuse"\nincludes = ["cocaine", "MDMA", "ketamine"]\n'
        'excludes = ["GHB"]\nsource = "Method 12, 2015"\n',
        encoding="utf-8",
    )
    found = read(
        tmp_path,
        "case_id,substance,outcome,panel",
        "A,,negative,drugs of abuse",
        "A,ketamine,positive,drugs of abuse",
        "B,,pending,drugs of abuse",
        panels=load_panels(path),
    )
    facts = facts_of(found)
    by_field: dict[tuple[str, str], set[str | None]] = {
        (case, field): set() for case, field, _, _ in facts
    }
    for case, field, value, _ in facts:
        by_field[case, field].add(value)
    assert by_field["A", "substances_not_detected"] == {"cocaine", "mdma"}
    assert by_field["A", "substances_detected"] == {"ketamine"}
    assert by_field["B", "substances_pending"] == {"cocaine", "mdma", "ketamine"}
    assert by_field["A", "ghb_class"] == {"not_tested"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[p]\nlabel = "P"\nincludes = ["cocaine"]', "no source"),
        ('[p]\nlabel = "P"\nsource = "s"\nincludes = ["GBH"]', "names no substance"),
        ('[p]\nlabel = "P"\nsource = "s"\nincludes = ["cocaine"]\nexcludes = ["cocaine"]', "both"),
        ('[p]\nlabel = "P"\nsource = "s"\nholds = []', "keys other than"),
        ("[p", "not TOML"),
    ],
)
def test_a_file_of_panels_is_refused_in_one_line(text, says, tmp_path):
    path = tmp_path / "panels.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_panels(path)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_specimen_that_was_not_analysed_is_not_tested_and_never_negative(tmp_path):
    found = read(
        tmp_path,
        "case_id,specimen,outcome,lab_comment,substance",
        "A,bile,not analysed,contaminated,",
        "A,urine,negative,,cocaine",
        "B,bile,not analysed,contaminated,",
    )
    facts = facts_of(found)
    assert ("A", "specimens_not_analysed", "bile", "recorded") in facts
    assert ("A", "substances_not_detected", "cocaine", "recorded") in facts
    assert ("B", "substances_detected", None, "not_tested") in facts


def test_a_substance_found_in_one_specimen_is_found(tmp_path):
    facts = facts_of(
        read(
            tmp_path,
            "case_id,substance,outcome,specimen",
            "A,MDMA,negative,urine",
            "A,MDMA,positive,femoral",
        )
    )
    assert ("A", "substances_detected", "mdma", "recorded") in facts
    assert not any(field == "substances_not_detected" for _, field, _, _ in facts)


def test_a_level_goes_into_the_register_only_when_it_is_an_exact_one_of_blood(tmp_path):
    facts = facts_of(
        read(
            tmp_path,
            "case_id,substance,value,unit,specimen",
            "A,MDMA,0.3,mg/L,femoral",
            "A,MDMA,4,mg/L,urine",
            "A,ketamine,>2,mg/L,femoral",
            "A,cocaine,1,mg/kg,liver",
        )
    )
    assert {value for _, field, value, _ in facts if field == "substance_levels"} == {"mdma:0.3"}


def test_each_fact_has_the_day_of_the_report_and_its_place(tmp_path):
    found = read(
        tmp_path,
        "case_id,substance,outcome,reported_at,laboratory,source",
        "A,GHB,positive,2015-03-02,Lab 1,T-9",
    )
    for row in make_facts(found.results, RULES).table.iter_rows(named=True):
        assert row["known_from"].date() == date(2015, 3, 2)
        assert row["source"] == "T-9 (results.csv, row 2)"
        assert row["author"] == "Lab 1"


def _register(folder: Path) -> Register:
    path = folder / "register.csv"
    path.write_text(
        "case_id,found_at,known_from,age_years,decomposition,items_missing,signs_moved\n"
        "A,2015-01-01,2015-01-02,23,none,none,unknown\nB,2015-01-05,2015-01-06,41,advanced,phone;wallet,\n",
        encoding="utf-8",
    )
    return read_register(path).register


def test_facts_with_their_register_make_one_file_that_stands_alone(tmp_path):
    before = _register(tmp_path)
    found = read(
        tmp_path,
        "case_id,substance,value,unit,specimen,reported_at",
        "A,GHB,400,mg/L,femoral,2015-02-01",
    )
    table = with_register(make_facts(found.results, RULES).table, before)
    path = tmp_path / "facts.csv"
    table.write_csv(path)
    after = read_register(path)
    assert after.rejected_rows == 0
    assert after.register.case("A")["substances_detected"] == ["ghb"]
    said = ["case_id", "found_at", "age_years", "decomposition", "items_missing", "signs_moved"]
    assert after.register.table.select(said).equals(before.table.select(said))
    assert after.register.statuses.equals(before.statuses)
    assert "substances_detected" not in after.register.as_of(date(2015, 1, 20)).case("A")


CODES = ["ghb", "mdma", "ketamine"]
LINES = st.tuples(st.sampled_from("AB"), st.sampled_from(CODES), st.sampled_from(list(Outcome)))


@given(st.lists(LINES, max_size=12))
def test_nothing_becomes_negative_that_was_not_tested_for(rows):
    from openverdict.toxicology import Result as Line

    results = [Line(case, code, outcome) for case, code, outcome in rows]
    listed = make_facts(results, RULES).table.filter(pl.col("field") == "substances_not_detected")
    for case, code in listed.select("case_id", "value").iter_rows():
        own = {outcome for c, s, outcome in rows if (c, s) == (case, code)}
        assert Outcome.NOT_DETECTED in own
        assert Outcome.DETECTED not in own


HEADER = "case_id,substance,value,unit\n"


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: (HEADER + text).encode()))
def test_any_bytes_are_read_or_refused_in_one_line(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "results.csv"
    path.write_bytes(data)
    said = ""
    try:
        found = read_results(path)
        assert found.rows_read >= found.rejected_rows
    except InputError as error:
        said = str(error)
    assert "\n" not in said


def test_a_template_has_every_column_and_replaces_nothing(tmp_path):
    for name in ("empty.csv", "empty.xlsx"):
        write_results_template(tmp_path / name)
        found = read_results(tmp_path / name)
        assert (found.results, found.rows_read) == ((), 0)
        with pytest.raises(InputError, match="is there already"):
            write_results_template(tmp_path / name)
    assert (tmp_path / "empty.csv").read_text(encoding="utf-8").strip().split(",") == list(COLUMNS)
    with pytest.raises(InputError, match=r"\.csv or \.xlsx"):
        write_results_template(tmp_path / "empty.pdf")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def results(tmp_path: Path) -> Path:
    path = tmp_path / "results.csv"
    path.write_text(
        "case_id,substance,outcome,value,unit,specimen,decomposition,reported_at,panel\n"
        "A,GHB,,40,mg/L,cardiac,advanced,2015-02-01,\n"
        "B,GHB,,400,mg/L,femoral,none,2015-02-01,\n"
        "C,,negative,,,urine,,2015-02-01,routine screen\n"
        "D,GBH,positive,,,,,,\n",
        encoding="utf-8",
    )
    return path


def test_the_command_writes_facts_results_readings_and_rejects(results, tmp_path):
    out = tmp_path / "out"
    done = run("toxicology", results, "--out", out)
    assert done.exit_code == 0, done.output
    assert {p.name for p in out.iterdir()} == {
        "facts.csv",
        "results.csv",
        "ghb.csv",
        "rejects.csv",
        "toxicology.json",
    }
    ghb = pl.read_csv(out / "ghb.csv")
    assert dict(ghb.select("case_id", "ghb_class").iter_rows()) == {
        "A": "indeterminate",
        "B": "exceeds_usual_postmortem",
        "C": "not_tested",
    }
    assert ghb.get_column("sources").null_count() == 0
    assert "row 5" in done.stdout
    assert run("toxicology", results, "--out", out, "--strict", "--quiet").exit_code == 1


def test_the_command_replaces_nothing_that_it_did_not_write(results, tmp_path):
    (tmp_path / "facts.csv").write_text("mine", encoding="utf-8")
    for out in (tmp_path, results):
        refused = run("toxicology", results, "--out", out)
        assert refused.exit_code == 2
        assert len(refused.stderr.splitlines()) == 1
    assert (tmp_path / "facts.csv").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("arguments", [[], ["gone.csv"]])
def test_the_command_says_what_is_missing(arguments, tmp_path):
    refused = run("toxicology", *arguments, "--out", tmp_path / "out")
    assert refused.exit_code == 2
    assert len(refused.stderr.splitlines()) == 1


def test_a_table_without_a_readable_row_is_refused_with_its_first_reject(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("case_id,substance,outcome\nA,GBH,positive\n", encoding="utf-8")
    refused = run("toxicology", path, "--out", tmp_path / "out")
    assert refused.exit_code == 2
    assert "row 2" in refused.stderr


def test_facts_go_into_a_store_that_has_their_cases_and_into_no_other(results, tmp_path):
    pytest.importorskip("django")
    register, store, out = tmp_path / "register.csv", tmp_path / "cases.db", tmp_path / "out"
    register.write_text(
        "case_id,found_at,known_from\nA,2015-01-01,2015-01-02\nB,2015-01-03,2015-01-04\n",
        encoding="utf-8",
    )
    assert run("toxicology", results, "--out", out).exit_code == 0
    assert run("intake", register, "--store", store, "--quiet").exit_code == 0
    done = run("intake", out / "facts.csv", "--store", store, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["store"]["new_cases"] == 0
    assert told["store"]["facts"] == 12
    assert {reject["reason"] for reject in told["rejects"]} == {"the case has no fact for found_at"}


@pytest.mark.parametrize("text", ["=1+1", " @SUM(A1)", "＝1+1", "+cmd|x", "-1+1"])
def test_no_cell_that_people_open_is_run_as_a_formula(text, tmp_path):
    path = tmp_path / "results.csv"
    path.write_text(
        f"case_id,substance,outcome,lab_comment\nA,GHB,positive,{text}\n", encoding="utf-8"
    )
    assert run("toxicology", path, "--out", tmp_path / "out", "--quiet").exit_code == 0
    cell = pl.read_csv(tmp_path / "out" / "results.csv").item(0, "lab_comment")
    assert cell == f"'{text.strip()}"


def test_a_table_of_many_results_is_read_whole(tmp_path):
    lines = [f"C{n},MDMA,{n / 100 + 0.01:.2f},mg/L,femoral" for n in range(5_000)]
    found = read(tmp_path, "case_id,substance,value,unit,specimen", *lines)
    assert (len(found.results), found.rejected_rows) == (5_000, 0)
    assert len(make_facts(found.results, RULES).ghb) == 5_000
