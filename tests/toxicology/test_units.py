"""Units: exact, independent of spelling, and refused where they are not known."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openverdict.errors import FieldError
from openverdict.toxicology import Level, convert
from openverdict.toxicology.units import parse_value
from openverdict.toxicology.words import molar_masses


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("0.145", "g/dL", "1450 mg/L"),
        ("23", "ng/mL", "0.023 mg/L"),
        ("2", "ng/ml", "0.002 mg/L"),
        ("145", "mg/100ml", "1450 mg/L"),
        ("80", "mg per 100 ml", "800 mg/L"),
        ("7", "µg/L", "0.007 mg/L"),
        ("7", "μg/L", "0.007 mg/L"),
        ("7", "mcg/L", "0.007 mg/L"),
        ("3", "MG/L", "3 mg/L"),
        ("3", "NG/ML", "0.003 mg/L"),
        ("12", "mg/kg", "12 mg/kg"),
        ("12", "ng/g", "0.012 mg/kg"),
        ("5", "pg/mg", "0.005 mg/kg"),
        ("1", "kg/l", "1000000 mg/L"),
    ],
)  # fmt: skip
def test_a_level_is_converted_exactly(value, unit, expected):
    assert str(convert(Decimal(value), unit)) == expected


def test_an_amount_of_substance_becomes_a_mass_by_its_molar_mass():
    # C4H8O3: 4 x 12.011 + 8 x 1.008 + 3 x 15.999 = 104.105 g/mol
    assert molar_masses()["ghb"] == Decimal("104.105")
    assert convert(Decimal("1"), "mmol/L", "ghb") == Level(Decimal("104.105"), "mg/L")
    assert convert(Decimal("1000"), "µmol/L", "ethanol") == Level(Decimal("46.069"), "mg/L")


def test_an_amount_of_a_substance_without_a_known_molar_mass_is_refused():
    with pytest.raises(FieldError, match="molar mass"):
        convert(Decimal("1"), "mmol/L", "xylazine")


@pytest.mark.parametrize("unit", ["IU/L", "mU/L", "%"])
def test_a_unit_without_mass_gives_no_level(unit):
    assert convert(Decimal("1"), unit) is None


@pytest.mark.parametrize(
    "unit", ["mg", "L", "furlongs", "mg/mL/h", "9**9**9", "__import__('os')", "mg/m", "", "mg/100", "ppm"]
)  # fmt: skip
def test_anything_else_is_refused_and_never_evaluated(unit):
    with pytest.raises(FieldError, match="not a unit"):
        convert(Decimal("1"), unit)


@pytest.mark.parametrize(
    "text", ["", "1,5", "1e999", "inf", "nan", "-3", "1 000", "٣", "0x10", "1_0"]
)
def test_a_value_is_digits_and_a_point(text):
    with pytest.raises(FieldError):
        parse_value(text)


MASSES = {"kg": 6, "g": 3, "mg": 0, "ug": -3, "ng": -6, "pg": -9}
VOLUMES = {"l": 0, "dl": -1, "cl": -2, "ml": -3, "ul": -6}


@given(
    st.decimals("0.000001", "999999", places=6),
    st.sampled_from([*MASSES]),
    st.sampled_from([*VOLUMES]),
)
def test_every_unit_agrees_with_powers_of_ten(value, mass, volume):
    level = convert(value, f"{mass}/{volume}")
    assert level is not None
    assert level.number == value.scaleb(MASSES[mass] - VOLUMES[volume])
