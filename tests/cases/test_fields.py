"""The field dictionary: complete, consistent, and with the equality record held apart."""

from __future__ import annotations

from openverdict.cases import FieldType, Register, dictionary, table_schema, template_fields
from openverdict.cases.fields import equality_fields

TEMPLATE = """case_id kind found_at last_known_alive_at known_from found_lat found_lon found_precision_m found_place
found_place_kind micro_place home_lat home_lon home_area age_years sex substances_detected substances_not_detected
body_position signs_moved clothing_state coverings items_missing items_present note_present note_verified injuries
contact_channels indicators persons identifiers mentions_cases manner_police manner_pathologist manner_coroner
category_police checks_done closed_at unit narrative"""

EQUALITY = {
    "ethnicity",
    "sexual_orientation",
    "gender_identity",
    "disability",
    "migration_status",
    "sex_work",
}


def test_the_template_has_its_forty_columns_in_order():
    assert " ".join(field.name for field in template_fields()) == " ".join(TEMPLATE.split())


def test_template_fields_stand_first():
    assert all(field.template for field in list(dictionary().values())[:40])


def test_the_equality_fields_are_the_six_and_none_is_evidence():
    assert {field.name for field in equality_fields()} == EQUALITY
    assert not any(field.evidence or field.template for field in equality_fields())


def test_no_equality_field_can_stand_in_a_register():
    assert not EQUALITY & set(table_schema())
    assert not EQUALITY & set(Register.from_table(Register.from_facts([]).table).table.columns)


def test_every_field_says_what_it_is_and_where_it_comes_from():
    for field in dictionary().values():
        assert field.label
        assert field.group
        assert field.description.endswith(".")
        assert set(field.standard) - {" "} <= set("MOFNSPDT")


def test_a_number_with_limits_has_a_unit_and_a_closed_code_has_values():
    for field in dictionary().values():
        if field.minimum is not None:
            assert field.unit
        if field.type is FieldType.CODE and not field.open and field.vocabulary is None:
            assert field.values, field.name


def test_every_vocabulary_named_by_a_field_exists():
    named = {field.vocabulary for field in dictionary().values() if field.vocabulary}
    assert named == {"substances", "indicators", "checks"}
