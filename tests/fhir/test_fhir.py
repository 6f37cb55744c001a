"""FHIR: the Freeman message and document in, documents out that the models accept, and what is kept on the way round."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fhir.freeman import LINES, document, message
from typer.testing import CliRunner, Result

from openverdict.cases import Register, Status, dictionary, substances, table_schema
from openverdict.cli import app
from openverdict.errors import InputError
from openverdict.fhir import HELD, read_bundle, read_document, read_message, write_document
from openverdict.fhir.write import _label
from openverdict.intake import read_register
from openverdict.toxicology import Outcome, load_ghb_rules, make_facts
from openverdict.toxicology.words import read_substance


def bundle(content: object):
    return read_bundle("file.json", json.dumps(content).encode())


def test_the_message_holds_eleven_results_and_three_specimens_that_are_not_tested():
    read = read_message(bundle(message()))
    results = [r for r in read.results if not r.is_specimen]
    unanalysed = [r for r in read.results if r.is_specimen]
    assert len(results) == 11
    assert all(r.outcome is Outcome.DETECTED for r in results)
    assert [(r.specimen, r.outcome) for r in unanalysed] == [
        ("bile", Outcome.NOT_TESTED),
        ("liver", Outcome.NOT_TESTED),
        ("stomach", Outcome.NOT_TESTED),
    ]
    assert all("contaminated" in (r.comment or "") for r in unanalysed)


def test_each_result_has_its_substance_level_and_specimen():
    read = read_message(bundle(message()))
    said = [
        (r.substance, r.specimen, str(r.level or "")) for r in read.results if not r.is_specimen
    ]
    assert said == [
        ("ethanol", "femoral_blood", "1450 mg/L"),
        ("4_anpp", "femoral_blood", ""),
        ("acetylfentanyl", "femoral_blood", "0.002 mg/L"),
        ("fentanyl", "femoral_blood", "0.023 mg/L"),
        ("ethanol", "urine", "1600 mg/L"),
        ("4_anpp", "urine", ""),
        ("acetylfentanyl", "urine", ""),
        ("fentanyl", "urine", ""),
        ("fentanyl", "urine", ""),
        ("xylazine", "urine", ""),
        ("ethanol", "vitreous", "1330 mg/L"),
    ]
    assert {r.preservative for r in read.results if r.specimen == "femoral_blood"} == {"fluoride"}


def test_where_a_code_and_its_line_name_different_substances_a_person_is_told():
    notes = read_message(bundle(message())).notes
    assert any("XYLAZINE" in note and "Ketamine" in note for note in notes)


def test_the_message_makes_facts_in_which_ghb_is_not_tested_and_nothing_is_negative():
    read = read_message(bundle(message()))
    facts = make_facts(read.results, load_ghb_rules()).table
    said = {(field, value) for field, value in facts.select("field", "value").iter_rows()}
    assert ("ghb_class", "not_tested") in said
    assert {value for field, value in said if field == "specimens_not_analysed"} == {
        "bile",
        "liver",
        "stomach",
    }
    assert not any(field == "substances_not_detected" for field, _ in said)
    assert dict(read.tracking) == {"mdi_case": "ME21-111", "tox_lab": "R21-01578"}


def test_the_example_says_what_the_guide_says(real_data):
    folder = real_data / "fhir_mdi" / "mdi-tox-freeman"
    texts = [
        path.read_text(encoding="utf-8") for path in sorted(folder.glob("us-core-lab-result-*.fsh"))
    ]
    own = sorted((code, value) for _, code, _, value, _ in LINES)
    theirs = [
        (re.search(r"loinc#(\S+)", t), re.search(r'valueString = "([^"]+)"', t)) for t in texts
    ]
    assert own == sorted((code[1], value[1]) for code, value in theirs if code and value)
    report = (folder / "diagnosticreport-mdi-toxicology-lab-a-freeman.fsh").read_text(
        encoding="utf-8"
    )
    assert re.findall(r'display = "([A-Z0-9 -]+: [^"]+)"', report) == [line for *_, line in LINES]


def _with(change, number: int = 1) -> dict:
    """The message with one observation changed."""
    content = deepcopy(message())
    content["entry"][0]["resource"]["id"] = "header"
    for entry in content["entry"]:
        if entry["resource"]["id"] == f"result-{number}":
            entry["resource"].pop("valueString")
            entry["resource"] |= change
        if entry["resource"]["id"] == "report":
            entry["resource"]["result"][number - 1].pop("display")
    return content


@pytest.mark.parametrize(
    ("change", "outcome", "level"),
    [
        ({"valueString": "NEGATIVE"}, Outcome.NOT_DETECTED, None),
        ({"valueString": "None Detected"}, Outcome.NOT_DETECTED, None),
        ({"valueString": "<10 mg/dL"}, Outcome.UNCLEAR, "100 mg/L"),
        ({"valueString": ">= 400 mg/dL"}, Outcome.DETECTED, "4000 mg/L"),
        ({"valueString": "see report"}, Outcome.UNCLEAR, None),
        ({"valueString": "Not analyzed"}, Outcome.NOT_TESTED, None),
        ({"valueQuantity": {"value": 80, "unit": "mg/dL"}}, Outcome.DETECTED, "800 mg/L"),
        ({"valueQuantity": {"value": 5, "unit": "mg/dL", "comparator": "<"}}, Outcome.UNCLEAR, "50 mg/L"),
        ({"valueBoolean": False}, Outcome.NOT_DETECTED, None),
        ({"dataAbsentReason": {"coding": [{"code": "not-performed"}]}}, Outcome.NOT_TESTED, None),
        ({"dataAbsentReason": {"coding": [{"code": "error"}]}}, Outcome.UNCLEAR, None),
        ({"status": "registered"}, Outcome.PENDING, None),
        ({}, Outcome.UNCLEAR, None),
    ],
)  # fmt: skip
def test_a_value_is_read_as_it_stands_and_a_gap_is_never_negative(change, outcome, level):
    first = read_message(bundle(_with(change))).results[0]
    assert first.substance == "ethanol"
    assert (first.outcome, str(first.level) if first.level else None) == (outcome, level)


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_withdrawn_result_is_left_out_and_said(status):
    read = read_message(bundle(_with({"status": status, "valueString": "true"})))
    assert sum(not r.is_specimen for r in read.results) == 10
    assert any(status.replace("-", " ") in note for note in read.notes)


def test_the_document_makes_facts_and_says_what_no_field_holds():
    read = read_document(bundle(document()))
    assert read.case_id == "ME21-113"
    assert {(f, v) for f, v in read.facts.select("field", "value").iter_rows()} == {
        ("tracking_numbers", "mdi_case:ME21-113"),
        ("manner_coroner", "accident"),
        ("cause_1a", "Fentanyl toxicity"),
        ("cause_part2", "Hypertensive heart disease"),
        ("death_at_est", "2022-01-08"),
        ("pronounced_at", "2022-01-08T15:30:00-05:00"),
        ("death_place_kind", "dead_on_arrival"),
        ("checks_done", "post_mortem"),
        ("sex", "female"),
        ("age_years", "43"),
    }
    assert set(read.facts.get_column("known_from").dt.date()) == {date(2022, 2, 20)}
    left = set(read.not_held)
    assert {"Patient.name", "Patient.birthDate", "Location.address"} <= left
    assert {
        "Observation: Did tobacco use contribute to death",
        "Observation.component: Disease onset to death interval",
    } <= left


def test_nothing_that_is_written_down_holds_a_name_or_a_day_of_birth():
    results = read_message(bundle(message())).results
    toxicology = make_facts(results, load_ghb_rules()).table
    for read in (read_document(bundle(document())).facts, toxicology):
        text = read.write_csv()
        assert "Nobody" not in text
        assert "1978" not in text


@pytest.mark.parametrize(
    ("code", "manner"),
    [
        ("38605008", "natural"),
        ("7878000", "accident"),
        ("44301001", "suicide"),
        ("27935005", "homicide"),
        ("185973002", "pending"),
        ("65037004", "undetermined"),
    ],
)
def test_the_six_manners_of_vital_records_are_read(code, manner):
    content = document()
    value = content["entry"][1]["resource"]["valueCodeableConcept"]
    value["coding"][0]["code"] = code
    facts = read_document(bundle(content)).facts
    assert facts.filter(pl.col("field") == "manner_coroner").get_column("value").to_list() == [
        manner
    ]


def test_a_local_code_of_the_same_digits_is_none_of_vital_records():
    content = document()
    coding = content["entry"][1]["resource"]["valueCodeableConcept"]["coding"][0]
    coding["system"] = "http://coroner.example/manner"
    read = read_document(bundle(content))
    assert "manner_coroner" not in read.facts.get_column("field")
    assert any("none of VRDR's" in note for note in read.notes)


def test_two_opinions_of_one_view_are_both_kept_and_a_person_is_asked_to_look():
    content = document()
    second = deepcopy(content["entry"][1])
    second["fullUrl"] = "urn:uuid:00000000-0000-4000-8000-000000000001"
    second["resource"]["id"] = "second"
    second["resource"]["valueCodeableConcept"]["coding"][0]["code"] = "65037004"
    content["entry"].append(second)
    read = read_document(bundle(content))
    kept = read.facts.filter(pl.col("field") == "manner_coroner").get_column("value").to_list()
    assert kept == ["accident", "undetermined"]
    assert any("'accident' and 'undetermined'" in note for note in read.notes)


FULL = {
    "case_id": "C-1",
    "tracking_numbers": ["cad:77", "edrs_file:9", "mdi_case:ME1", "tox_lab:R2"],
    "age_years": 43.0,
    "sex": "female",
    "manner_police": "accident",
    "manner_pathologist": "undetermined",
    "manner_coroner": "open",
    "manner_review": "homicide",
    "cause_1a": "Mixed drug toxicity",
    "cause_1b": "b",
    "cause_1c": "c",
    "cause_1d": "d",
    "cause_part2": "Heart disease",
    "death_at_est": datetime(2015, 1, 1),
    "death_at_est_span_s": 86_400,
    "pronounced_at": datetime(2015, 1, 2, 3, 4, 5),
    "pronounced_at_span_s": 0,
    "death_place_kind": "hospital",
    "death_lat": 51.5,
    "death_lon": -0.1,
    "incident_place_kind": "others_home",
    "pm_type": "coronial",
    "substances_detected": ["ghb", "methamphetamine"],
    "substances_not_detected": ["cocaine", "not_in_the_vocabulary"],
    "substances_pending": ["ketamine"],
    "substance_levels": ["ghb:400"],
    "ghb_class": "exceeds_usual_postmortem",
    "specimens": ["bile", "femoral_blood"],
    "specimens_not_analysed": ["bile"],
}
NOT_WRITTEN = {name for name, field in dictionary().items() if name not in HELD}


def register(**cells: object) -> Register:
    row = {"found_at": datetime(2015, 1, 1), "found_at_span_s": 86_400, **cells}
    types = table_schema()
    return Register.from_table(
        pl.DataFrame({n: [v] for n, v in row.items()}, schema={n: types[n] for n in row})
    )


def round_trip(case: Register, offset: str | None = "Z") -> tuple[Register, tuple[str, ...]]:
    written, notes = write_document(
        case, case.table.item(0, "case_id"), date(2015, 6, 1), offset=offset
    )
    read = read_document(bundle(written))
    return Register.from_facts(read.facts), notes


@pytest.mark.parametrize("name", [name for name in HELD if name != "case_id"])
def test_a_field_that_both_can_hold_comes_back_as_it_was(name):
    before, (after, _) = register(**FULL), round_trip(register(**FULL))
    assert after.table.item(0, "case_id") == "C-1"
    columns = [name, *([f"{name}_span_s"] if dictionary()[name].type == "datetime" else [])]
    assert after.table.select(columns).equals(before.table.select(columns))


def test_every_field_is_either_held_or_stays_in_the_register():
    assert set(HELD) <= set(dictionary())
    assert set(HELD) | NOT_WRITTEN == set(dictionary())
    assert set(FULL) - {"death_at_est_span_s", "pronounced_at_span_s"} == set(HELD)
    after, _ = round_trip(
        register(**FULL, narrative="private", persons=["finder:P1"], identifiers=["phone:ab"])
    )
    back = {
        n
        for n in dictionary()
        if n in after.table.columns and after.table.get_column(n).null_count() == 0
    }
    assert back - set(HELD) == {"known_from"}


def test_what_is_not_held_is_not_written():
    written, _ = write_document(
        register(**FULL, narrative="private words", persons=["finder:P1"]), "C-1", date(2015, 6, 1)
    )
    assert "private" not in json.dumps(written)
    assert "P1" not in json.dumps(written)


STATED = (
    "manner_police",
    "manner_coroner",
    "cause_1a",
    "cause_part2",
    "age_years",
    "death_at_est",
    "pronounced_at",
    "death_place_kind",
    "pm_type",
)


@pytest.mark.parametrize("name", STATED)
@pytest.mark.parametrize("status", [s for s in Status if s is not Status.RECORDED])
def test_why_a_value_is_missing_comes_back_too(name, status):
    told = pl.DataFrame({"case_id": ["C-1"], "field": [name], "status": [str(status)]})
    table = register(case_id="C-1").table
    after, _ = round_trip(Register.from_table(table, told))
    assert (name, str(status)) in set(after.statuses.select("field", "status").iter_rows())
    assert after.table.item(0, name) is None


def test_four_different_opinions_on_the_manner_stand_side_by_side():
    written, _ = write_document(register(**FULL), "C-1", date(2015, 6, 1))
    opinions = [e["resource"] for e in written["entry"] if "performer" in e["resource"]]
    values = [opinion["valueCodeableConcept"] for opinion in opinions]
    words = [value.get("text") or value["coding"][0]["code"] for value in values]
    said = list(zip((o["performer"][0]["display"] for o in opinions), words, strict=True))
    assert said == [
        ("police", "7878000"),
        ("pathologist", "65037004"),
        ("coroner or medical examiner", "open"),
        ("review", "27935005"),
    ]


@pytest.mark.parametrize("name", ["manner_police", "manner_coroner", "manner_review"])
@pytest.mark.parametrize(
    ("manner", "code"),
    [
        ("natural", "38605008"),
        ("accident", "7878000"),
        ("suicide", "44301001"),
        ("homicide", "27935005"),
        ("pending", "185973002"),
        ("undetermined", "65037004"),
    ],
)
def test_the_six_manners_of_vital_records_are_written_and_read_back(name, manner, code):
    written, _ = write_document(
        register(**{"case_id": "C-1", name: manner}), "C-1", date(2015, 6, 1)
    )
    (opinion,) = [e["resource"] for e in written["entry"] if "performer" in e["resource"]]
    (coding,) = opinion["valueCodeableConcept"]["coding"]
    assert (coding["system"], coding["code"]) == ("http://snomed.info/sct", code)
    back = read_document(bundle(written)).facts.filter(pl.col("field") == name)
    assert back.get_column("value").to_list() == [manner]


def test_a_time_without_a_known_offset_is_written_as_its_day_and_that_is_said():
    after, notes = round_trip(register(**FULL), offset=None)
    assert after.table.item(0, "pronounced_at") == datetime(2015, 1, 2)
    assert any("--offset" in note for note in notes)


def test_every_substance_is_read_back_by_the_name_it_is_written_under():
    assert {code: read_substance(_label(code)) for code in substances()} == {
        c: c for c in substances()
    }


VALUES = st.fixed_dictionaries(
    {"case_id": st.from_regex(r"[A-Za-z0-9 -]{1,20}", fullmatch=True).map(str.strip).filter(bool)},
    optional={
        "sex": st.sampled_from(["male", "female", "other"]),
        "age_years": st.integers(0, 110).map(float),
        "manner_police": st.sampled_from(dictionary()["manner_police"].values),
        "manner_coroner": st.sampled_from(dictionary()["manner_coroner"].values),
        "manner_review": st.sampled_from(dictionary()["manner_review"].values),
        "cause_1a": st.from_regex(r"[A-Za-z][A-Za-z ,()<>&-]{0,30}[a-z]", fullmatch=True).map(lambda t: " ".join(t.split())),
        "death_place_kind": st.sampled_from(dictionary()["death_place_kind"].values),
        "pm_type": st.sampled_from(dictionary()["pm_type"].values),
        "substances_detected": st.lists(st.sampled_from(sorted(substances())), min_size=1, unique=True).map(sorted),
        "substances_pending": st.lists(st.sampled_from(sorted(substances())), min_size=1, unique=True).map(sorted),
        "specimens": st.lists(st.sampled_from(dictionary()["specimens"].values), min_size=1, unique=True).map(sorted),
        "ghb_class": st.sampled_from(dictionary()["ghb_class"].values),
    },
)  # fmt: skip


@given(VALUES)
def test_any_case_comes_back_as_it_was(cells):
    after, _ = round_trip(register(**cells)) if len(cells) > 1 else (None, ())
    if after is not None:
        assert after.table.select(list(cells)).equals(register(**cells).table.select(list(cells)))


def _r5() -> dict:
    content = document()
    content["entry"][0]["resource"]["author"] = [{"display": "office"}]
    content["entry"][0]["resource"]["attester"] = [{"mode": {"text": "professional"}}]
    content["entry"][0]["resource"]["subject"] = [{"reference": "Patient/decedent"}]
    return content


def _without(kind: str) -> dict:
    content = message()
    content["entry"] = [e for e in content["entry"] if e["resource"]["resourceType"] != kind]
    return content


BUNDLE = b'{"resourceType": "Bundle", "type": "message", "entry": '


def _deep() -> bytes:
    return (
        b'{"resourceType":"Bundle","type":"message","entry":'
        + b"[" * 100_000
        + b"]" * 100_000
        + b"}"
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<Bundle xmlns='http://hl7.org/fhir'/>", "this is XML"),
        (b"\xef\xbb\xbf  <?xml version='1.0'?>", "this is XML"),
        (b"PK\x03\x04", "zip"),
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b"\xff\xfe{", "UTF-8"),
        (b"[]", "not a resource"),
        (b'{"resourceType": "Patient"}\n{"resourceType": "Patient"}\n', "one a line"),
        (b'{"resourceType": "Patient"}', "not a Bundle"),
        (b'{"resourceType": "Bundle", "type": "collection"}', "a message or a document"),
        (b'{"resourceType": "Bundle", "type": "message"}', "MessageHeader"),
        (BUNDLE + b'[{"resource": {"resourceType": "Nope"}}]}', "unknown resource type"),
        (b'{"resourceType": "Bundle", "type": "message", "entry": 7}', "not valid FHIR R4"),
        (_deep(), "nested"),
        (json.dumps(_r5()).encode(), "FHIR R5"),
        (json.dumps(_without("MessageHeader")).encode(), "MessageHeader"),
    ],
)  # fmt: skip
def test_what_is_no_bundle_of_r4_is_refused_in_one_line_with_what_to_do(data, says):
    with pytest.raises(InputError) as refused:
        read_bundle("file.json", data)
    assert says in str(refused.value)
    assert str(refused.value).startswith("file.json: ")
    assert "\n" not in str(refused.value)


def test_a_message_without_its_report_is_refused():
    with pytest.raises(InputError, match="no DiagnosticReport"):
        read_message(bundle(_without("DiagnosticReport")))


def test_a_bundle_without_a_case_number_asks_for_one():
    content = message()
    for entry in content["entry"]:
        entry["resource"].pop("extension", None)
    with pytest.raises(InputError, match="--case"):
        read_message(bundle(content))
    assert read_message(bundle(content), "K-7").case_id == "K-7"


def test_swapped_latitude_and_longitude_are_left_out_and_said():
    content = document()
    for entry in content["entry"]:
        if entry["resource"]["resourceType"] == "Location":
            entry["resource"]["meta"] = {
                "profile": ["http://hl7.org/fhir/us/vrdr/StructureDefinition/vrdr-death-location"]
            }
            entry["resource"]["position"] = {"longitude": 36.146084, "latitude": -114.413155}
    read = read_document(bundle(content))
    assert any("swapped" in note for note in read.notes)
    assert not set(read.facts.get_column("field")) & {"death_lat", "death_lon"}


PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
JSON = st.recursive(
    PLAIN,
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=8), part, max_size=3)
    ),
    max_leaves=8,
)
KEYS = [
    "valueString",
    "code",
    "status",
    "specimen",
    "performer",
    "extension",
    "identifier",
    "component",
    "note",
    "subject",
]


@given(st.integers(0, 22), st.sampled_from(KEYS), JSON)
def test_a_message_with_a_broken_part_is_read_or_refused_in_one_line(place, key, value):
    content = message()
    entries = content["entry"]
    entries[place % len(entries)]["resource"][key] = value
    said = ""
    try:
        assert read_message(bundle(content)).case_id
    except InputError as error:
        said = str(error)
    assert "\n" not in said


@given(
    st.integers(0, 22),
    st.sampled_from([*KEYS, "valueCodeableConcept", "position", "meta", "date"]),
    JSON,
)
def test_a_document_with_a_broken_part_is_read_or_refused_in_one_line(place, key, value):
    content = deepcopy(document())
    entries = content["entry"]
    entries[place % len(entries)]["resource"][key] = value
    said = ""
    try:
        assert read_document(bundle(content)).case_id
    except InputError as error:
        said = str(error)
    assert "\n" not in said


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "message.json").write_text(json.dumps(message()), encoding="utf-8")
    (tmp_path / "document.json").write_text(json.dumps(document()), encoding="utf-8")
    (tmp_path / "register.csv").write_text(
        "case_id,found_at,known_from,manner_police\nC-1,2022-01-08,2022-01-09,undetermined\n",
        encoding="utf-8",
    )
    return tmp_path


def test_the_commands_bring_a_message_and_a_document_into_one_register_and_out_again(files):
    step, facts = files / "register.csv", None
    for name in ("message", "document"):
        done = run(
            "fhir",
            "in",
            files / f"{name}.json",
            "--case",
            "C-1",
            "--register",
            step,
            "--out",
            files / name,
        )
        assert done.exit_code == 0, done.output
        step = facts = files / name / "facts.csv"
    assert facts is not None
    case = read_register(facts).register.case("C-1")
    assert case["substances_detected"] == [
        "4_anpp",
        "acetylfentanyl",
        "ethanol",
        "fentanyl",
        "xylazine",
    ]
    assert case["specimens_not_analysed"] == ["bile", "liver", "stomach"]
    assert (case["manner_police"], case["manner_coroner"]) == ("undetermined", "accident")
    done = run(
        "fhir",
        "out",
        facts,
        "C-1",
        "--out",
        files / "out.json",
        "--offset",
        "Z",
        "--date",
        "2022-03-01",
    )
    assert done.exit_code == 0, done.output
    again = read_document(read_bundle("out.json", (files / "out.json").read_bytes()))
    assert Register.from_facts(again.facts).case("C-1")["manner_coroner"] == "accident"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["in", "gone.json"], "no such file"),
        (["in", "."], "folder"),
        (["out", "register.csv", "C-2", "--out", "new.json"], "no case 'C-2'"),
        (["out", "register.csv", "C-1", "--out", "message.json"], "is there already"),
        (["out", "register.csv", "C-1", "--out", "new.json", "--offset", "BST"], "not an offset"),
        (["out", "register.csv", "C-1", "--out", "new.json", "--date", "3/4/2015"], "not a date"),
    ],
)
def test_a_call_that_cannot_be_met_ends_with_one_line(arguments, says, files, monkeypatch):
    monkeypatch.chdir(files)
    refused = run("fhir", *arguments)
    assert refused.exit_code == 2
    assert says in refused.stderr
    assert (
        len([line for line in refused.stderr.splitlines() if line.startswith("openverdict: ")]) == 1
    )


def test_the_command_replaces_nothing_that_it_did_not_write(files):
    (files / "facts.csv").write_text("mine", encoding="utf-8")
    assert run("fhir", "in", files / "message.json", "--out", files).exit_code == 2
    assert (files / "facts.csv").read_text(encoding="utf-8") == "mine"
