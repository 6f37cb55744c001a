"""GHB: every rule of the reading, its source, and what must not change with units, order or a rising level."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openverdict.cases import Register, dictionary
from openverdict.errors import InputError
from openverdict.leads.triage import triage
from openverdict.toxicology import (
    Circumstances,
    Level,
    Outcome,
    Result,
    assess,
    assess_case,
    convert,
    load_ghb_rules,
)
from openverdict.toxicology.ghb import CLASSES
from openverdict.toxicology.model import Opinion
from openverdict.toxicology.rules import GhbRules

RULES = load_ghb_rules()
FRESH = Circumstances("none")
SITES = [
    "femoral_blood",
    "iliac_blood",
    "subclavian_blood",
    "cardiac_blood",
    "blood",
    "urine",
    "vitreous",
    None,
]
STATES = ["none", "early", "moderate", "advanced", "present", None]
UNITS = [
    ("mg/L", 1),
    ("µg/mL", 1),
    ("ng/mL", 1000),
    ("g/L", "0.001"),
    ("mg/100 mL", "0.1"),
    ("MG/L", 1),
]
PRESERVATIVES = ["fluoride", "none", "edta", None]


def ghb(number: str | None = None, state: str | None = "none", **said: object) -> Result:
    """A GHB result: detected, femoral, fresh and preserved unless told otherwise."""
    level = None if number is None else Level(Decimal(number), str(said.pop("unit", "mg/L")))
    values: dict[str, object] = {
        "case_id": "A",
        "substance": "ghb",
        "outcome": Outcome.DETECTED,
        "level": level,
        "value": number,
        "specimen": "femoral_blood",
        "preservative": "fluoride",
        "circumstances": Circumstances(state),
    }
    return Result(**{**values, **said})  # type: ignore[arg-type]


def class_of(result: Result) -> str | None:
    return assess(result, RULES).ghb_class


def test_forty_in_cardiac_blood_of_a_decomposed_body_tells_nothing_and_says_why():
    read = assess(
        ghb("40", specimen="cardiac_blood", circumstances=Circumstances("moderate")), RULES
    )
    assert read.ghb_class == "indeterminate"
    said = " ".join(reason.text for reason in read.reasons)
    assert "cardiac blood" in said
    assert "Decomposition: moderate" in said
    assert any("Kintz" in source for source in read.sources)
    assert any("Korb" in source for source in read.sources)
    assert any("Andresen" in source for source in read.sources)


def test_four_hundred_in_femoral_blood_of_a_fresh_body_exceeds_what_forms_after_death():
    read = assess(ghb("400", preservative=None), RULES)
    assert read.ghb_class == "exceeds_usual_postmortem"
    assert any("Korb" in source for source in read.sources)
    assert any("preservative is not recorded" in caveat.text for caveat in read.caveats)


def test_a_case_in_which_no_result_names_ghb_is_not_tested_by_the_advisory_council():
    read = assess_case("A", [ghb("1450", substance="ethanol")], RULES)
    assert read.ghb_class == "not_tested"
    assert "Misuse of Drugs" in read.sources[0]


def test_the_six_classes_are_those_of_the_field_dictionary():
    assert dictionary()["ghb_class"].values == CLASSES


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("0.6", "consistent_with_endogenous"),
        ("29.99", "consistent_with_endogenous"),
        ("30", "indeterminate"),
        ("50", "indeterminate"),
        ("50.01", "exceeds_usual_postmortem"),
    ],
)
def test_the_thresholds_lie_at_thirty_and_fifty(number, expected):
    assert class_of(ghb(number)) == expected


@pytest.mark.parametrize(
    ("said", "because"),
    [
        ({"specimen": "cardiac_blood"}, "cardiac blood"),
        ({"specimen": "subclavian_blood"}, "subclavian blood"),
        ({"specimen": "blood"}, "blood"),
        ({"specimen": "urine"}, "urine"),
        ({"specimen": None}, "of no stated site"),
        ({"preservative": "none"}, "not preserved"),
        ({"circumstances": Circumstances("moderate")}, "Decomposition: moderate"),
        ({"circumstances": Circumstances("advanced")}, "Decomposition: advanced"),
        ({"circumstances": Circumstances("present")}, "Decomposition: present"),
        ({"circumstances": Circumstances()}, "not recorded"),
    ],
)
def test_a_high_level_is_indeterminate_when(said, because):
    read = assess(ghb("193", **said), RULES)
    assert read.ghb_class == "indeterminate"
    assert any(because in reason.text for reason in read.reasons)


def test_early_decomposition_is_little_decomposition():
    assert class_of(ghb("193", circumstances=Circumstances("early"))) == "exceeds_usual_postmortem"


@pytest.mark.parametrize("specimen", SITES)
def test_below_thirty_is_consistent_with_what_forms_in_the_body_in_any_fluid(specimen):
    assert class_of(ghb("28.7", specimen=specimen)) == "consistent_with_endogenous"


def test_not_detected_and_not_tested_stay_apart():
    assert class_of(ghb(outcome=Outcome.NOT_DETECTED)) == "not_detected"
    assert class_of(ghb(outcome=Outcome.NOT_TESTED)) == "not_tested"


def test_a_pending_result_has_no_class():
    assert class_of(ghb(outcome=Outcome.PENDING)) is None
    assert assess_case("A", [ghb(outcome=Outcome.PENDING)], RULES).ghb_class is None


def test_what_the_toxicologist_reports_as_taken_goes_before_the_level():
    low = ghb("12", opinion=Opinion.EXOGENOUS, specimen="cardiac_blood")
    assert class_of(low) == "reported_by_toxicologist_as_exogenous"


def test_another_opinion_of_the_toxicologist_is_shown_and_changes_no_class():
    read = assess(ghb("400", opinion=Opinion.ENDOGENOUS), RULES)
    assert read.ghb_class == "exceeds_usual_postmortem"
    assert any("endogenous" in caveat.text for caveat in read.caveats)


@pytest.mark.parametrize(
    ("operator", "number", "expected"),
    [
        ("<", "30", "consistent_with_endogenous"),
        ("≤", "30", "indeterminate"),
        ("<", "40", "indeterminate"),
        (">", "5", "indeterminate"),
        (">", "50", "exceeds_usual_postmortem"),
        ("≥", "50", "indeterminate"),
        ("≥", "51", "exceeds_usual_postmortem"),
        ("~", "400", "exceeds_usual_postmortem"),
    ],
)
def test_an_operator_says_only_what_it_says(operator, number, expected):
    assert class_of(ghb(number, operator=operator)) == expected


def test_a_detection_without_a_level_is_indeterminate():
    assert class_of(ghb()) == "indeterminate"


def test_brain_has_a_cut_off_of_its_own_and_other_tissue_has_none():
    assert class_of(ghb("9", unit="mg/kg", specimen="brain")) == "consistent_with_endogenous"
    assert class_of(ghb("90", unit="mg/kg", specimen="brain")) == "indeterminate"
    assert class_of(ghb("9", unit="mg/kg", specimen="liver")) == "indeterminate"


def test_the_hours_after_death_are_shown_and_change_no_class():
    read = assess(ghb("400", circumstances=Circumstances("none", 60.0)), RULES)
    assert read.ghb_class == "exceeds_usual_postmortem"
    assert any("60 hours" in caveat.text for caveat in read.caveats)


def test_what_the_register_says_of_the_body_is_used_where_the_result_is_silent():
    silent = ghb("400", circumstances=Circumstances())
    assert assess(silent, RULES, FRESH).ghb_class == "exceeds_usual_postmortem"
    advanced = Circumstances("advanced")
    assert assess(ghb("400"), RULES, advanced).ghb_class == "exceeds_usual_postmortem"


def test_a_low_level_in_one_specimen_takes_nothing_from_a_high_one_in_another():
    low, high = ghb("10"), ghb("200", specimen="cardiac_blood")
    read = assess_case("A", [low, high], RULES)
    assert read.ghb_class == "indeterminate"
    assert any("consistent_with_endogenous" in caveat.text for caveat in read.caveats)


def test_a_specimen_without_the_test_takes_nothing_from_one_with_it():
    results = [ghb(outcome=Outcome.NOT_TESTED), ghb(outcome=Outcome.NOT_DETECTED)]
    assert assess_case("A", results, RULES).ghb_class == "not_detected"


def test_the_family_says_that_what_was_taken_cannot_be_told():
    read = assess_case("A", [ghb("400"), ghb(substance="gbl")], RULES)
    said = " ".join(caveat.text for caveat in read.caveats)
    assert "GBL" in said
    assert "can't be told" in said


def test_ketone_bodies_are_not_ghb():
    ketone = ghb("400", substance="beta_hydroxybutyrate")
    assert assess_case("A", [ketone], RULES).ghb_class == "not_tested"


@pytest.mark.parametrize("number", ["12", "40", "400"])
def test_no_reading_speaks_of_a_person_and_each_says_that_a_level_has_no_author(number):
    read = assess(ghb(number), RULES)
    said = " ".join(r.text for r in (*read.reasons, *read.caveats)).lower()
    assert "no level says who" in said
    assert not any(word in said for word in ("suspect", "suspicio", "murder", "homicide"))


@pytest.mark.parametrize(
    "ghb_class", ["exceeds_usual_postmortem", "reported_by_toxicologist_as_exogenous"]
)
def test_no_class_raises_a_level_by_itself(ghb_class):
    case = {"case_id": "X", "found_at": datetime(2015, 1, 1), "found_at_span_s": 0}
    with_class = Register.from_table(pl.DataFrame([{**case, "ghb_class": ghb_class}]))
    (entry,) = triage(with_class)
    assert (entry.level, entry.reasons) == (0, ())


@given(
    st.sampled_from(SITES),
    st.sampled_from(STATES),
    st.sampled_from(PRESERVATIVES),
    st.sampled_from(["=", "~", ">", "≥"]),
    st.decimals("0.01", "2000", places=2),
    st.decimals("0", "2000", places=2),
)
def test_a_higher_level_never_reads_as_less(specimen, state, preservative, operator, number, more):
    said = {"specimen": specimen, "preservative": preservative, "operator": operator}
    low = ghb(str(number), state, **said)
    high = replace(low, level=Level(number + more, "mg/L"))
    assert CLASSES.index(class_of(low) or "") <= CLASSES.index(class_of(high) or "")


@given(
    st.decimals("0.01", "2000", places=2),
    st.sampled_from(SITES),
    st.sampled_from(STATES),
    st.sampled_from(UNITS),
)
def test_the_class_does_not_depend_on_the_unit(number, specimen, state, written):
    unit, factor = written
    level = convert(number * Decimal(factor), unit, "ghb")
    assert level == Level(number, "mg/L")
    said = ghb(str(number), specimen=specimen, circumstances=Circumstances(state))
    assert class_of(replace(said, level=level)) == class_of(said)


@given(st.lists(st.decimals("0.01", "500", places=2), min_size=1, max_size=5), st.randoms())
def test_the_order_of_the_results_changes_no_class(numbers, random):
    results = [ghb(str(n), specimen=SITES[i]) for i, n in enumerate(numbers)]
    shuffled = random.sample(results, len(results))
    assert assess_case("A", results, RULES).ghb_class == assess_case("A", shuffled, RULES).ghb_class


@given(
    st.sampled_from(list(Outcome)),
    st.one_of(st.none(), st.decimals("0", "5000", places=1)),
    st.sampled_from(SITES),
    st.sampled_from(STATES),
    st.sampled_from(PRESERVATIVES),
    st.sampled_from(["=", "<", ">", "≤", "≥", "~"]),
)
def test_every_reading_has_a_class_of_the_list_and_every_step_a_source(
    outcome, number, specimen, state, preservative, operator
):
    fixed = {"specimen": specimen, "preservative": preservative, "operator": operator}
    result = ghb(None if number is None else str(number), state, outcome=outcome, **fixed)
    read = assess(result, RULES)
    assert read.ghb_class in CLASSES if outcome is not Outcome.PENDING else read.ghb_class is None
    assert read.reasons
    assert all(reason.text and reason.source for reason in (*read.reasons, *read.caveats))
    assert (read.ghb_class == "exceeds_usual_postmortem") <= (
        specimen in RULES.peripheral and state in RULES.little and preservative != "none"
    )


def _shipped() -> str:
    from importlib.resources import files

    return files("openverdict.toxicology").joinpath("data/ghb.toml").read_text(encoding="utf-8")


def _load(folder, text: str) -> GhbRules:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return load_ghb_rules(path)


def test_thresholds_come_from_the_file_that_is_named(tmp_path):
    own = _load(tmp_path, _shipped().replace("mg_l = 50", "mg_l = 120"))
    assert assess(ghb("100"), own).ghb_class == "indeterminate"
    assert "120 mg/L" in " ".join(r.text for r in assess(ghb("400"), own).reasons)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("source = \"Korb and Cooper, J Anal Toxicol 2014\"", "source = \"\""), "no source"),
        (("mg_l = 50", "mg_l = 20"), "below"),
        (("mg_l = 50", 'mg_l = "fifty"'), "number"),
        (("mg_l = 50", "mg_l = nan"), "number"),
        (("[usual]", "[common]"), "[usual] is missing"),
        (("[usual]", "[usual"), "not TOML"),
        (("[always]", "[extra]\n[always]"), "unknown part"),
    ],
)  # fmt: skip
def test_a_file_of_thresholds_is_refused_in_one_line(change, says, tmp_path):
    with pytest.raises(InputError, match=r"own\.toml") as refused:
        _load(tmp_path, _shipped().replace(*change))
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
