"""Units: a level as written to milligrams a litre or a kilogram, exactly, by pint on decimal numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

import pint

from openverdict.errors import FieldError
from openverdict.toxicology.words import molar_masses

# Spellings are looked up in lower case and never handed to a parser: laboratories write MG/L, which SI reads as megagrams.
_MASS = {
    "kg": "kilogram",
    "g": "gram",
    "gm": "gram",
    "gram": "gram",
    "grams": "gram",
    "mg": "milligram",
    "mgm": "milligram",
    "ug": "microgram",
    "mcg": "microgram",
    "μg": "microgram",
    "ng": "nanogram",
    "pg": "picogram",
}
_AMOUNT = {
    "mol": "mole",
    "mmol": "millimole",
    "umol": "micromole",
    "μmol": "micromole",
    "nmol": "nanomole",
    "pmol": "picomole",
}
_VOLUME = {
    "l": "litre",
    "litre": "litre",
    "liter": "litre",
    "dl": "decilitre",
    "cl": "centilitre",
    "ml": "millilitre",
    "ul": "microlitre",
    "μl": "microlitre",
}
_TISSUE = {"kg": "kilogram", "g": "gram", "mg": "milligram"}
# Units of activity or share: kept as written, since they have no mass.
_WITHOUT_MASS = {"iu/l", "u/l", "mu/l", "miu/l", "mu/ml", "iu/ml", "%", "% saturation", "%sat"}
_SHAPE = re.compile(r"([a-zμ]+)(?:/|per)(100)?([a-zμ]+)")
_VALUE = re.compile(r"\d{1,12}(\.\d{1,12})?([eE][+-]?\d{1,2})?", re.ASCII)
HOW = "write mg/L, µg/L, ng/mL, g/dL, mg/dL, mmol/L, mg/kg or the like"


@dataclass(frozen=True, slots=True, order=True)
class Level:
    """A level: `number` in `unit`, which is mg/L (fluids) or mg/kg (tissue)."""

    number: Decimal
    unit: str

    def __str__(self) -> str:
        return f"{plain_number(self.number)} {self.unit}"


def plain_number(number: Decimal) -> str:
    """A number without an exponent and without zeros behind it: 1450, 0.023."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_value(text: str) -> Decimal:
    """A number as written.

    Raises:
        FieldError: not digits and a decimal point.
    """
    if not _VALUE.fullmatch(text.strip()):
        raise FieldError("value", text, "not a number; use digits and a decimal point")
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise FieldError("value", text, "not a number; use digits and a decimal point") from None


def convert(value: Decimal, unit: str, substance: str | None = None) -> Level | None:
    """A value in a unit as a level in mg/L or mg/kg; None for units that have no mass (IU/L, %).

    `substance` (a code of the vocabulary) is needed for amounts of substance: its molar mass makes mmol/L a mass.

    Raises:
        FieldError: a unit that is not known, or an amount of a substance whose molar mass is not.
    """
    spelled = " ".join(unit.lower().replace("\u00b5", "μ").split())
    if spelled in _WITHOUT_MASS:
        return None
    shape = _SHAPE.fullmatch(spelled.replace(" ", ""))
    if shape is None:
        raise FieldError("unit", unit, f"not a unit of concentration; {HOW}")
    above, hundred, below = shape.groups()
    units = _registry()
    if above in _MASS:
        quantity = units.Quantity(value, _MASS[above])
    elif above in _AMOUNT:
        mass = molar_masses().get(substance or "")
        if mass is None:
            reason = f"an amount of {substance or 'a substance'}, whose molar mass is not listed; write a mass"
            raise FieldError("unit", unit, reason)
        quantity = units.Quantity(value, _AMOUNT[above]) * units.Quantity(mass, "gram / mole")
    else:
        raise FieldError("unit", unit, f"not a unit of concentration; {HOW}")
    if below in _VOLUME:
        name, per, target = _VOLUME[below], "mg/L", "milligram / litre"
    elif below in _TISSUE:
        name, per, target = _TISSUE[below], "mg/kg", "milligram / kilogram"
    else:
        raise FieldError("unit", unit, f"not a unit of concentration; {HOW}")
    quantity = quantity / units.Quantity(Decimal(100 if hundred else 1), name)
    return Level(Decimal(quantity.to(target).magnitude), per)


@cache
def _registry() -> Any:
    """One registry on decimal numbers, made when the first unit is read."""
    return pint.UnitRegistry(non_int_type=Decimal, cache_folder=None)
