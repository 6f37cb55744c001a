"""Exports of overdose and violent death reporting: every view by itself, and nothing negative that nobody found."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openverdict.cases.vocabulary import substance_code
from openverdict.errors import MappingError
from openverdict.intake import Intake, load_mapping, read_register, template_texts

ROW = {
    "IncidentYear": "2021",
    "IncidentNumber": "12",
    "VictimNumber": "1",
    "DeathDateYear": "2021",
    "DeathDateMonth": "3",
    "DeathDateDay": "4",
}
MANNERS = {
    "DeathMannerLE": "manner_police",
    "DeathMannerCME": "manner_coroner",
    "DeathMannerAbstractor": "manner_review",
    "DeathMannerDC": "feature_3",
}
LETTERS = {
    "N": "natural",
    "A": "accident",
    "S": "suicide",
    "H": "homicide",
    "P": "pending",
    "C": "undetermined",
}


def read(folder: Path, *rows: dict[str, str], mapping: str = "sudors") -> Intake:
    """Rows under the union of their columns, read through a shipped mapping."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    path = folder / "export.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return read_register(path, mapping=mapping)


def case(folder: Path, **more: str) -> dict[str, object]:
    """One made row as a case."""
    taken = read(folder, {**ROW, **more})
    assert taken.rejects.is_empty(), taken.rejects
    return taken.register.case("NV-2021-12-1")


@pytest.mark.parametrize("mapping", ["sudors", "nvdrs"])
def test_four_differing_views_on_the_manner_stand_side_by_side_and_come_round(tmp_path, mapping):
    said = dict(zip(MANNERS, "SCHA", strict=True))
    taken = read(tmp_path, {**ROW, **said}, mapping=mapping)
    wanted = {
        "manner_police": "suicide",
        "manner_coroner": "undetermined",
        "manner_review": "homicide",
        "feature_3": "death certificate: accident",
    }
    again = tmp_path / "again.csv"
    template_texts(taken.register).write_csv(again)
    for register in (taken.register, read_register(again).register):
        found = register.case("NV-2021-12-1")
        assert {name: found[name] for name in wanted} == wanted


@pytest.mark.parametrize("column", MANNERS)
def test_a_view_never_stands_in_for_another(tmp_path, column):
    found = case(tmp_path, **{column: "A"})
    assert [name for name in MANNERS.values() if name in found] == [MANNERS[column]]


@settings(max_examples=25, deadline=None)
@given(st.fixed_dictionaries({column: st.sampled_from(list(LETTERS)) for column in MANNERS}))
def test_any_four_views_are_kept_as_they_are(tmp_path_factory, said):
    found = case(tmp_path_factory.mktemp("export"), **said)
    kept = {c: str(found[n]).removeprefix("death certificate: ") for c, n in MANNERS.items()}
    assert kept == {column: LETTERS[letter] for column, letter in said.items()}


@pytest.mark.parametrize(
    ("code", "manner"),
    [
        ("1", "suicide"),
        ("02", "homicide"),
        ("Terrorism suicide", "suicide"),
        ("6", "legal_intervention"),
        ("9", "undetermined"),
        ("H", "homicide"),
    ],
)
def test_the_abstractors_numbers_letters_and_words_are_read(tmp_path, code, manner):
    assert case(tmp_path, AbstractorDeathmanner_c=code)["manner_review"] == manner


def test_a_manner_that_no_edition_has_refuses_the_row(tmp_path):
    taken = read(tmp_path, {**ROW, "DeathMannerCME": "X"})
    assert taken.rejects.get_column("field").to_list() == ["manner_coroner"]
    assert len(taken.register) == 0


@pytest.mark.parametrize(
    ("column", "code", "field", "status"),
    [
        ("DeathMannerLE", "9", "manner_police", "unknown"),
        ("DeathMannerAbstractor", "99", "manner_review", "unknown"),
        ("DeathMannerCME", "8", "manner_coroner", "not_applicable"),
        ("InjuryLocation", "99", "found_place_kind", "unknown"),
        ("InjuryLocation", "88", "incident_place_kind", "not_applicable"),
        ("Homeless", "9", "housing", "unknown"),
        ("RecentRelease", "9", "recent_release", "unknown"),
        ("SexVictim", "U", "sex", "unknown"),
        ("AutopsyPerformed", "U", "pm_type", "unknown"),
    ],
)
def test_unknown_and_not_applicable_become_the_statuses_of_facts(
    tmp_path, column, code, field, status
):
    taken = read(tmp_path, {**ROW, column: code})
    assert ("NV-2021-12-1", field, status) in set(taken.register.statuses.iter_rows())
    assert field not in taken.register.case("NV-2021-12-1")


@pytest.mark.parametrize(
    "column",
    [
        "SuicideNoteCME",
        "MentalHealthProblemLE",
        "SuicideAttemptHistoryCME",
        "Homeless",
        "HasEvidenceOfInjectionNeedle",
        "HasIndicationsTracks",
        "HistDrugNoEvidence",
    ],
)
def test_a_circumstance_coded_nought_says_nothing(tmp_path, column):
    plain, coded = case(tmp_path), case(tmp_path, **{column: "0"})
    assert coded == plain


def test_no_previous_overdose_reported_is_not_recorded(tmp_path):
    assert "prior_overdose" not in case(tmp_path, PreviousOverdose="1")
    assert case(tmp_path, PreviousOverdose="4")["prior_overdose"] == "yes"


@pytest.mark.parametrize(
    ("tested", "result", "detected", "absent"),
    [
        ("1", "1", True, False),
        ("1", "2", False, True),
        ("2", "8", False, False),
        ("2", "2", False, False),  # not tested and not present at once: nobody looked
        ("9", "9", False, False),
        ("", "2", False, False),
    ],
)
def test_a_substance_is_absent_only_where_it_was_tested_and_not_present(
    tmp_path, tested, result, detected, absent
):
    found = case(
        tmp_path,
        SubstanceName7="Xylazine",
        SubstanceTested7=tested,
        SubstanceResult7=result,
        CocaineTested=tested,
        CocaineResult=result,
    )
    assert found.get("substances_detected", []) == (["cocaine", "xylazine"] if detected else [])
    assert found.get("substances_not_detected", []) == (["cocaine", "xylazine"] if absent else [])


def test_a_class_of_substances_stays_a_class(tmp_path):
    found = case(tmp_path, BenzodiazepinesTested="1", BenzodiazepinesResult="1")
    assert found["substances_detected"] == ["benzodiazepine"]
    assert found["checks_done"] == ["toxicology"]


def test_no_class_is_read_as_a_substance_of_its_kind():
    entries = load_mapping("sudors").origins["substances_detected"]
    codes = {code for origin in entries for code in origin.flags.values()}
    single = {"ethanol", "cocaine", "cannabis", "carbon_monoxide", "benzodiazepine", "barbiturate"}
    assert {substance_code(code) for code in codes} - {None} == single


def test_the_interval_from_last_alive_to_found_unresponsive_is_read(tmp_path):
    found = case(
        tmp_path,
        LastSeenAliveYear="2021",
        LastSeenAliveMonth="03",
        LastSeenAliveDay="3",
        LastSeenAliveTime="2210",
        FoundUnresponsiveYear="2021",
        FoundUnresponsiveMonth="3",
        FoundUnresponsiveDay="4",
        FoundUnresponsiveTime="0415",
    )
    assert str(found["last_known_alive_at"]) == "2021-03-03 22:10:00"
    assert str(found["found_at"]) == "2021-03-04 04:15:00"
    assert (found["found_at_span_s"], found["death_at_est_span_s"]) == (0, 86_400)


@pytest.mark.parametrize(
    ("time", "span"), [("9999", 86_400), ("915", 86_400), ("", 86_400), ("0915", 0)]
)
def test_a_time_of_day_that_is_not_four_digits_leaves_the_day(tmp_path, time, span):
    day = dict(zip(("Year", "Month", "Day"), ("2021", "3", "3"), strict=True))
    columns = {f"FoundUnresponsive{part}": value for part, value in day.items()}
    found = case(tmp_path, **columns, FoundUnresponsiveTime=time)
    assert found["found_at_span_s"] == span


def test_an_unknown_day_found_falls_back_to_the_day_of_death_and_no_day_is_refused(tmp_path):
    unknown = {
        "FoundUnresponsiveYear": "2021",
        "FoundUnresponsiveMonth": "3",
        "FoundUnresponsiveDay": "99",
    }
    assert str(case(tmp_path, **unknown)["found_at"]) == "2021-03-04 00:00:00"
    taken = read(tmp_path, {**ROW, "DeathDateDay": "99"})
    assert taken.rejects.get_column("reason").to_list() == ["found_at is required"]
    taken = read(tmp_path, {**ROW, "DeathDateMonth": "13"})
    assert "not in the declared format" in taken.rejects.get_column("reason")[0]


@pytest.mark.parametrize(
    ("age", "unit", "years"),
    [("34", "1", 34.0), ("6", "2", 0.5), ("999", "1", None), ("34", "9", None), ("34", "", None)],
)
def test_an_age_needs_its_unit(tmp_path, age, unit, years):
    assert case(tmp_path, Age=age, AgeUnit=unit).get("age_years") == years


def test_the_persons_own_home_is_told_from_any_house(tmp_path):
    assert case(tmp_path, InjuryLocation="A")["found_place_kind"] == "residence"
    own = case(tmp_path, InjuryLocation="A", InjuredAtVictimHome="1")
    assert own["found_place_kind"] == own["incident_place_kind"] == "home"
    taken = read(tmp_path, {**ROW, "InjuryLocation": "4"})
    assert len(taken.register) == 1
    assert set(taken.rejects.get_column("reason")) == {
        "value left out: the mapping does not name this text"
    }


def test_scene_and_circumstances_become_items_and_sentences(tmp_path):
    found = case(
        tmp_path,
        HasEvidenceOfInjectionNeedle="1",
        SmokingTinfoil="1",
        HasIndicationsTracks="1",
        wasNaloxoneAdministered="1",
        BystandersPresent="3",
        WitnessedDrugUse="1",
        NarrativeCME="Found by a flatmate.",
    )
    assert found["items_present"] == ["foil", "syringe"]
    assert found["injuries"] == ["injection_mark"]
    assert found["narrative"] == (
        "NarrativeCME: Found by a flatmate. Naloxone was given. Several bystanders were present. "
        "A bystander is recorded to have seen the drug taken."
    )
    assert "indicators" not in found  # that somebody saw it does not make them reliable


def test_names_are_found_whatever_their_capitals_and_spaces(tmp_path):
    spaced = {"Incident Year": "2021", "INCIDENT_NUMBER": "12", "victimnumber": "1"}
    dc = {"Date of Death - Year": "2021", "Date of Death - Month": "3", "Date of Death - Day": "4"}
    taken = read(tmp_path, {**spaced, **dc, "Manner of death on DC": "S", "Suicide Note CME": "1"})
    found = taken.register.case("NV-2021-12-1")
    assert found["feature_3"] == "death certificate: suicide"
    assert found["note_present"] == "yes"


def test_what_either_side_lacks_is_noted_in_short(tmp_path):
    notes = read(tmp_path, {**ROW, "SubstanceCausedDeath1": "1"}).notes
    assert any("SubstanceCausedDeath1" in note and "not read" in note for note in notes)
    lacking = next(note for note in notes if "does not have" in note)
    assert "SiteID" in lacking
    assert lacking.endswith("more")


def test_a_table_without_its_numbers_is_no_export(tmp_path):
    with pytest.raises(MappingError, match=r"fields.case_id: .* has none of the columns"):
        read(tmp_path, {"DeathDateYear": "2021"})


def test_the_mapping_reads_no_protected_characteristic():
    mapping = load_mapping("sudors")
    assert not {"ethnicity", "sexual_orientation", "gender_identity"} & set(mapping.origins)
