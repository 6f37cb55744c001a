"""A mapping lays a foreign table under the template, says what does not fit, and guesses nothing."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from openverdict.errors import MappingError
from openverdict.intake import (
    Intake,
    load_mapping,
    read_register,
    shipped_mappings,
    suggest_mapping,
)
from openverdict.intake.mapping import parse_mapping

BASE = """
[fields.case_id]
column = "id"
[fields.found_at]
column = "when"
formats = ["%d/%m/%Y"]
"""


def _read(tmp_path: Path, table: str, extra: str = "", base: str = BASE) -> Intake:
    (tmp_path / "table.csv").write_text(table, encoding="utf-8")
    (tmp_path / "map.toml").write_text(extra + base if "[mapping]" in extra else base + extra)
    return read_register(tmp_path / "table.csv", mapping=tmp_path / "map.toml")


def test_a_declared_date_format_is_read_and_another_one_refused(tmp_path: Path):
    intake = _read(tmp_path, "id,when\nA,03/04/2015\nB,13/14/2015\nC,2015-04-03\n")
    assert str(intake.register.case("A")["found_at"]) == "2015-04-03 00:00:00"
    assert intake.register.case("A")["found_at_span_s"] == 86_400
    assert list(intake.rejects.select("row", "value").iter_rows()) == [
        (3, "13/14/2015"),
        (4, "2015-04-03"),
    ]


def test_a_date_that_fits_two_declared_formats_is_refused(tmp_path: Path):
    base = BASE.replace('["%d/%m/%Y"]', '["%d/%m/%Y", "%m/%d/%Y"]')
    intake = _read(tmp_path, "id,when\nA,03/04/2015\nB,13/04/2015\nC,04/04/2015\n", base=base)
    assert intake.register.table.get_column("case_id").to_list() == ["C", "B"]
    assert "fits two formats: 2015-03-04 or 2015-04-03" in intake.rejects["reason"][0]


def test_date_and_time_columns_are_joined(tmp_path: Path):
    base = """
[fields.case_id]
column = "id"
[fields.found_at]
columns = ["day", "clock"]
join = " "
formats = ["%d/%m/%Y %H:%M"]
"""
    intake = _read(tmp_path, "id,day,clock\nA,19/06/2014,04:18\n", base=base)
    assert str(intake.register.case("A")["found_at"]) == "2014-06-19 04:18:00"
    assert intake.register.case("A")["found_at_span_s"] == 0


def test_value_maps_ignore_capitals_and_space_and_can_refuse(tmp_path: Path):
    extra = """
[fields.sex]
column = "s"
map = { "m" = "male", "not  said" = "unknown", "-" = "" }
otherwise = "refuse"
"""
    table = "id,when,s\nA,01/01/2015,M\nB,01/01/2015,Not Said\nC,01/01/2015,-\nD,01/01/2015,male\n"
    intake = _read(tmp_path, table, extra)
    assert intake.register.table.get_column("sex").to_list() == ["male", None, None]
    assert list(intake.register.statuses.iter_rows()) == [("B", "sex", "unknown")]
    assert intake.rejects.get_column("reason").to_list() == ["the mapping does not name this text"]


def test_flags_and_lists_add_up_and_a_blank_flag_is_not_recorded(tmp_path: Path):
    extra = """
[[fields.substances_detected]]
flags = { "g" = "ghb", "coke" = "cocaine" }
yes = ["Y"]
no = ["N"]
[[fields.substances_detected]]
columns = ["other", "more"]
separator = ","
"""
    table = (
        "id,when,g,coke,other,more\n"
        'A,01/01/2015,Y,y,"alcohol, ketamine",heroin\n'
        "B,01/01/2015,N,,,\nC,01/01/2015,maybe,,,\n"
    )
    intake = _read(tmp_path, table, extra)
    assert intake.register.case("A")["substances_detected"] == [
        "cocaine",
        "ethanol",
        "ghb",
        "heroin",
        "ketamine",
    ]
    assert "substances_detected" not in intake.register.case("B")
    assert "substances_not_detected" not in intake.register.case("B")
    assert list(intake.rejects.select("row", "value").iter_rows()) == [(4, "maybe")]


def test_origins_are_tried_in_order_and_the_last_may_be_a_constant(tmp_path: Path):
    point = r"extract = '\(([-0-9.]+), [-0-9.]+\)'"
    extra = f"""
[[fields.found_lat]]
columns = ["scene", "town"]
{point}
[[fields.found_lon]]
columns = ["scene", "town"]
extract = '\\([-0-9.]+, ([-0-9.]+)\\)'
[[fields.found_precision_m]]
column = "scene"
value = "10"
[[fields.found_precision_m]]
value = "6000"
"""
    table = 'id,when,scene,town\nA,01/01/2015,"x (51.5, -0.1)",\nB,01/01/2015,,"y (52.5, 0.2)"\n'
    table_read = _read(tmp_path, table, extra).register.table.sort("case_id")
    columns = table_read.select("found_lat", "found_lon", "found_precision_m")
    assert list(columns.iter_rows()) == [(51.5, -0.1, 10.0), (52.5, 0.2, 6000.0)]


def test_units_are_turned_into_those_of_the_field(tmp_path: Path):
    extra = """
[fields.found_precision_m]
column = "ft"
unit = "ft"
[fields.age_years]
column = "months"
unit = "month"
"""
    intake = _read(
        tmp_path, "id,when,ft,months\nA,01/01/2015,1000,18\nB,01/01/2015,x,5000\n", extra
    )
    case = intake.register.case("A")
    assert (case["found_precision_m"], case["age_years"]) == (304.8, 1.5)
    assert intake.rejects.get_column("field").to_list() == ["age_years", "found_precision_m"]


def test_keys_get_their_role_from_the_mapping(tmp_path: Path):
    extra = """
[[fields.persons]]
column = "found_by"
prefix = "finder:"
[[fields.persons]]
column = "called_by"
prefix = "caller:"
"""
    intake = _read(tmp_path, "id,when,found_by,called_by\nA,01/01/2015,P1,P2\n", extra)
    assert intake.register.case("A")["persons"] == ["caller:P2", "finder:P1"]


def test_a_lenient_field_leaves_the_value_out_and_keeps_the_row(tmp_path: Path):
    extra = '[fields.age_years]\ncolumn = "age"\nlenient = true\n'
    intake = _read(tmp_path, "id,when,age\nA,01/01/2015,old\nB,01/01/2015,30\n", extra)
    assert (len(intake.register), intake.rejected_rows, intake.rows_read) == (2, 0, 2)
    assert "age_years" not in intake.register.case("A")
    (reason,) = intake.rejects.get_column("reason")
    assert reason.startswith("value left out: ")


def test_a_case_number_can_be_made_from_the_row(tmp_path: Path):
    base = '[fields.case_id]\nnumber = "X-{n:03d}"\n[fields.found_at]\ncolumn = "when"\n'
    intake = _read(tmp_path, "when\n2015-01-02\nsoon\n2015-01-01\n", base=base)
    assert intake.register.table.get_column("case_id").to_list() == ["X-003", "X-001"]
    assert intake.rejects.get_column("row").to_list() == [3]


def test_columns_left_unread_are_noted_unless_ignored(tmp_path: Path):
    table = "id,when,a,b,c\nA,01/01/2015,1,2,3\n"
    extra = '[mapping]\nignore = ["a"]\nempty = ["N/A"]\n[unplaced]\ncolumns = ["b"]\n'
    (note,) = _read(tmp_path, table, extra).notes
    assert note.endswith("name them in ignore: b, c")


def test_texts_that_mean_empty_are_empty(tmp_path: Path):
    extra = '[mapping]\nempty = ["N/A"]\n[fields.age_years]\ncolumn = "age"\n'
    intake = _read(tmp_path, "id,when,age\nA,01/01/2015,n/a\n", extra)
    assert "age_years" not in intake.register.case("A")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[fields", "not TOML"),
        ('[field.case_id]\ncolumn = "id"', "field: no such key; did you mean fields?"),
        (BASE + '[fields.agee_years]\ncolumn = "a"', "did you mean age_years?"),
        (BASE + '[fields.age_years]\ncolum = "a"', "did you mean column?"),
        (BASE + "[fields.age_years]\ncolumn = 3", "fields.age_years.column"),
        (BASE + "[fields.age_years]\n", "needs a column"),
        (BASE + '[fields.age_years]\ncolumn = "a"\nunit = "mile"', "can't be turned into year"),
        (BASE + '[fields.age_years]\ncolumn = "a"\nformats = ["%d"]', "only for a time"),
        (BASE + '[fields.sex]\ncolumn = "a"\notherwise = "guess"', "keep, refuse, empty"),
        (BASE + '[fields.sex]\ncolumn = "a"\nextract = "("', "not a regular expression"),
        (BASE + '[fields.sex]\nflags = { "a" = "b" }', "holds a list"),
        (BASE + '[fields.coverings]\nflags = { "a" = "b" }', "the texts that tick"),
        (BASE + '[fields.sex]\ncolumn = "a"\nlenient = "yes"', "true or false"),
        (BASE + '[fields.sex]\ncolumn = "a"\nmap = { "a" = 1 }', "a text in quotation marks"),
        ('[fields.case_id]\nnumber = "{n.real}"', "number: only for case_id"),
        ('[fields.case_id]\ncolumn = "id"', "fields.found_at is missing"),
        ('[fields.case_id]\ncolumn = "id"\nlenient = true', "can't be left out"),
        ("fields = 3", "write a table"),
        (BASE + "[mapping]\nignore = 3", "mapping.ignore"),
        (BASE + '[mapping]\nheaders = "any"', "exact, loose"),
        (BASE + '[mapping]\noptional = "yes"', "write true or false"),
        (BASE + '[fields.sex]\ncolumn = "a"\nadd = true', "add: only for a text"),
        (BASE + '[fields.sex]\ncolumn = "a"\ncomplete = true', "complete: only with join"),
        (BASE + '[fields.sex]\ncolumn = "a"\nrepeat = 3', "goes with {k}"),
        (BASE + '[fields.sex]\ncolumn = "a{k}"', "goes with {k}"),
        (BASE + '[fields.sex]\ncolumn = "a{k}"\nrepeat = 0', "from 1 to 200"),
        (BASE + '[fields.sex]\ncolumn = "a{k}"\nrepeat = true', "a whole number"),
        (BASE + '[fields.sex]\ncolumn = "a"\nwhen = { b = "1" }', "when.b: write a list"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_with_its_key(text: str, said: str):
    with pytest.raises(MappingError) as caught:
        parse_mapping("map.toml", text)
    assert said in str(caught.value)
    assert str(caught.value).startswith("map.toml: ")
    assert "\n" not in str(caught.value)


def test_an_origin_holds_only_where_another_column_says_so(tmp_path: Path):
    extra = """
[[fields.substances_detected]]
column = "drug{k}"
repeat = 2
when = { "result{k}" = ["found"] }
"""
    table = (
        "id,when,drug1,result1,drug2,result2\n"
        "A,01/01/2015,GHB,Found,heroin,absent\nB,01/01/2015,GHB,,heroin, found\n"
    )
    intake = _read(tmp_path, table, extra)
    detected = intake.register.table.get_column("substances_detected").to_list()
    assert detected == [["ghb"], ["heroin"]]


def test_a_fault_of_an_origin_that_does_not_hold_is_none(tmp_path: Path):
    extra = """
[fields.age_years]
column = "age"
unit = "month"
when = { "unit" = ["m"] }
"""
    intake = _read(tmp_path, "id,when,age,unit\nA,01/01/2015,old,y\nB,01/01/2015,6,m\n", extra)
    assert intake.rejected_rows == 0
    assert intake.register.table.get_column("age_years").to_list() == [None, 0.5]


def test_a_whole_date_needs_all_its_columns_and_texts_mean_empty_in_them_alone(tmp_path: Path):
    extra = """
[fields.closed_at]
columns = ["y", "m", "d"]
join = "-"
complete = true
empty = ["99"]
formats = ["%Y-%m-%d"]
[fields.age_years]
column = "age"
"""
    table = "id,when,y,m,d,age\nA,01/01/2015,2015,4,99,99\nB,01/01/2015,2015,4,3,\n"
    register = _read(tmp_path, table, extra).register
    assert "closed_at" not in register.case("A")
    assert register.case("A")["age_years"] == 99
    assert str(register.case("B")["closed_at"]) == "2015-04-03 00:00:00"


def test_texts_can_be_put_after_each_other(tmp_path: Path):
    extra = """
[[fields.narrative]]
column = "story"
[[fields.narrative]]
value = "Seen by a doctor."
when = { "seen" = ["1"] }
add = true
"""
    table = "id,when,story,seen\nA,01/01/2015,Found.,1\nB,01/01/2015,,1\nC,01/01/2015,Found.,0\n"
    told = _read(tmp_path, table, extra).register.table.get_column("narrative").to_list()
    assert told == ["Found. Seen by a doctor.", "Seen by a doctor.", "Found."]


def test_columns_may_be_lacking_where_the_mapping_says_so(tmp_path: Path):
    optional = "[mapping]\noptional = true\n"
    extra = optional + '[fields.sex]\ncolumn = "gender"\n'
    intake = _read(tmp_path, "id,when\nA,01/01/2015\n", extra)
    assert "sex" not in intake.register.case("A")
    assert any("gender" in note for note in intake.notes)
    with pytest.raises(MappingError, match=r"fields\.case_id: table\.csv has none of"):
        _read(tmp_path, "when\n01/01/2015\n", optional)


def test_two_columns_of_one_loose_name_are_refused(tmp_path: Path):
    with pytest.raises(MappingError, match="'id' and 'I_D' go by the same name"):
        _read(tmp_path, "id,when,I_D\nA,01/01/2015,B\n", '[mapping]\nheaders = "loose"\n')


def test_a_column_that_the_file_lacks_is_named_with_the_nearest(tmp_path: Path):
    with pytest.raises(
        MappingError, match=r"fields\.found_at: no column 'when' .* did you mean whem"
    ):
        _read(tmp_path, "id,whem\nA,01/01/2015\n")


def test_an_unknown_mapping_is_answered_with_the_shipped_ones():
    assert shipped_mappings() == ("allegheny", "connecticut", "nvdrs", "sudors")
    with pytest.raises(MappingError, match="none is shipped but: allegheny, connecticut"):
        load_mapping("conecticut")


@pytest.mark.parametrize("name", ["allegheny", "connecticut"])
def test_a_shipped_mapping_is_well_formed(name: str):
    mapping = load_mapping(name)
    assert {"case_id", "found_at", "known_from", "ethnicity"} <= set(mapping.origins)
    assert not set(mapping.columns) & set(mapping.ignore)


def test_a_suggested_mapping_can_be_used_and_says_what_it_could_not_place(tmp_path: Path):
    table = (
        "Ref,Date of death,Age,Gender,Heroin,GHB,drug1,Shoe size\n"
        "1,19/06/2014,23,M,Y,,Alcohol,9\n2,01/02/2015,40,F,,Y,Ketamine,\n"
    )
    (tmp_path / "table.csv").write_text(table)
    text = suggest_mapping(tmp_path / "table.csv")
    assert tomllib.loads(text)["unplaced"]["columns"] == ["Shoe size"]
    (tmp_path / "map.toml").write_text(text)
    intake = read_register(tmp_path / "table.csv", mapping=tmp_path / "map.toml")
    assert intake.rejected_rows == 0
    assert intake.register.case("1")["substances_detected"] == ["ethanol", "heroin"]
    assert intake.register.case("2")["sex"] == "female"


def test_a_suggestion_leaves_dates_that_may_be_either_way_round_to_a_person(tmp_path: Path):
    (tmp_path / "table.csv").write_text("id,date\n1,03/04/2015\n")
    text = suggest_mapping(tmp_path / "table.csv")
    assert '# Day and month may be either way round: choose "%d/%m/%Y" or "%m/%d/%Y"' in text
    (tmp_path / "map.toml").write_text(text)
    assert read_register(tmp_path / "table.csv", mapping=tmp_path / "map.toml").rejected_rows == 1


def test_a_suggestion_without_a_date_says_that_one_is_needed(tmp_path: Path):
    (tmp_path / "table.csv").write_text('a "b",c\\d\n1,2\n')
    text = suggest_mapping(tmp_path / "table.csv")
    assert "# Required: when the person was found." in text
    with pytest.raises(MappingError, match="no column ''"):
        _read(tmp_path, 'a "b",c\\d\n1,2\n', base=text)


def test_a_suggestion_says_how_many_dates_a_format_fits_and_leaves_the_choice(tmp_path: Path):
    days = "".join(f"{n},{n:02}/11/2015\n" for n in range(1, 29))
    (tmp_path / "table.csv").write_text(f"id,date\n{days}29,soon\n")
    text = suggest_mapping(tmp_path / "table.csv")
    assert '"%d/%m/%Y" fits 28 of 29, "%m/%d/%Y" fits 12 of 29 texts' in text
    assert 'does not fit "soon"' in text
    assert '# formats = ["%d/%m/%Y"]' in text


@pytest.mark.parametrize(
    ("name", "values", "taken"),
    [
        ("N° de dossier", "A1 A2 A3", True),
        ("Numéro", "1 2 3", True),
        ("Référence interne", "1 2 3", True),
        ("Coroner's file number", "1 2 3", True),
        ("Numéro", "1 1 2", False),
        ("Remarques", "1 2 3", False),
    ],
)
def test_a_column_of_different_values_named_like_a_reference_is_the_case_number(
    tmp_path: Path, name: str, values: str, taken: bool
):
    rows = "".join(f"{value};x\n" for value in values.split())
    (tmp_path / "table.csv").write_text(f"{name};lieu\n{rows}", encoding="utf-8")
    fields = tomllib.loads(suggest_mapping(tmp_path / "table.csv"))["fields"]
    assert (fields["case_id"].get("column") == name) is taken
