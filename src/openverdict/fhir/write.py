"""A case to a document: what the profiles of case documents can hold of it, and nothing that names a person."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl

from openverdict.cases import Register, substances
from openverdict.cases.values import DAY_S
from openverdict.errors import InputError
from openverdict.fhir.bundle import Resource, codes, validate
from openverdict.fhir.document import CAUSES, NOT_ANALYSED, OPINIONS, READING, REGISTER_NUMBER

_SPACE = uuid.UUID("6f1f1d0e-6d1c-5e57-9a45-3b1f5a0a4c11")
_OFFSET = re.compile(r"Z|[+-]\d{2}:\d{2}")
_LISTS = {
    "substances_detected": "detected",
    "substances_not_detected": "not detected",
    "substances_pending": None,
}
# The fields that a document holds; all others stay in the register.
HELD = (
    "case_id", "tracking_numbers", "age_years", "sex", *OPINIONS.values(), *CAUSES, "cause_part2", "death_at_est",
    "pronounced_at", "death_place_kind", "death_lat", "death_lon", "incident_place_kind", "pm_type", *_LISTS,
    "substance_levels", "ghb_class", "specimens", "specimens_not_analysed",
)  # fmt: skip
Row = dict[str, Any]


@dataclass
class _Maker:
    """A document in the making: its resources, and which section each is listed in."""

    case_id: str
    offset: str | None
    statuses: dict[str, str]
    day: str
    resources: list[Resource] = field(default_factory=list)
    sections: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def url(self, name: str) -> str:
        return f"urn:uuid:{uuid.uuid5(_SPACE, f'{self.case_id}/{name}')}"

    def add(self, name: str, resource: Resource, section: str | None = None) -> None:
        self.resources.append({"id": self.url(name).removeprefix("urn:uuid:"), **resource})
        if section:
            self.sections.setdefault(section, []).append(self.url(name))

    def observe(self, name: str, kind: str, section: str, said: Row) -> None:
        """Add an observation of a kind of `codes.toml`."""
        self.add(
            name,
            {
                "resourceType": "Observation",
                "status": "final",
                "code": _loinc(kind),
                "subject": {"reference": self.url("patient")},
                **said,
            },
            section,
        )

    def absent(self, name: str) -> Row | None:
        """Why a field has no value, as FHIR says it; None where nobody said."""
        status = self.statuses.get(name)
        reasons = {said: code for code, said in reversed(codes()["absent"].items())}
        if status is None:
            return None
        return {"dataAbsentReason": _concept("absent", reasons[status], status.replace("_", " "))}


def write_document(
    register: Register,
    case_id: str,
    day: date,
    *,
    offset: str | None = None,
    author: str | None = None,
) -> tuple[Resource, tuple[str, ...]]:
    """The document of one case, which the FHIR models accept, and notes on what was left out of it.

    Args:
        register: where the case stands.
        case_id: which case.
        day: the date of the document.
        offset: of the register's clock (`Z`, `+01:00`). FHIR holds no time of day without one; else dates alone are written.
        author: who answers for it: an office, no person. Without one the document says that it is not known yet.

    Raises:
        InputError: no such case, or an offset that is none.
        MissingPartError: the extra `fhir` is not installed.
    """
    if offset is not None and not _OFFSET.fullmatch(offset):
        raise InputError(f"{offset!r} is not an offset from UTC; write Z or +01:00")
    row = register.case(case_id)
    said = register.statuses.filter(pl.col("case_id") == case_id)
    statuses = dict(said.select("field", "status").iter_rows())
    make = _Maker(case_id, offset, statuses, day.isoformat())
    _patient(row, make)
    _manners(row, make)
    _causes(row, make)
    _death(row, make)
    _examination(row, make)
    _toxicology(row, make)
    bundle = _bundle(row, make, author)
    validate("the document", bundle)
    return bundle, tuple(make.notes)


def _loinc(kind: str) -> Resource:
    code, display = codes()["observation"][kind]
    return _concept("loinc", code, display)


def _concept(system: str, code: str, display: str) -> Resource:
    return {"coding": [{"system": codes()["systems"][system], "code": code, "display": display}]}


def _patient(row: Row, make: _Maker) -> None:
    gender = row.get("sex") or ("unknown" if make.statuses.get("sex") == "unknown" else None)
    number = {"type": {"text": REGISTER_NUMBER}, "value": make.case_id}
    patient = {"resourceType": "Patient", "identifier": [number]}
    make.add("patient", {**patient, **({"gender": gender} if gender else {})})
    if "age_years" in row:
        years = row["age_years"]
        value = int(years) if float(years).is_integer() else years
        said = {"value": value, "unit": "years", "system": "http://unitsofmeasure.org", "code": "a"}
        make.observe("age", "age", "demographics", {"valueQuantity": said})
    elif absent := make.absent("age_years"):
        make.observe("age", "age", "demographics", absent)


def _manners(row: Row, make: _Maker) -> None:
    """Every opinion on the manner beside the others, with whose it is."""
    for whose, name in OPINIONS.items():
        value = row.get(name)
        if value is None:
            said = make.absent(name)
        elif value in codes()["manner"]:
            said = {"valueCodeableConcept": _concept("snomed", *codes()["manner"][value])}
        else:
            said = {"valueCodeableConcept": {"text": value}}
        if said:
            section = "cause-manner" if name == "manner_coroner" else "circumstances"
            make.observe(name, "manner", section, {**said, "performer": [{"display": whose}]})


def _causes(row: Row, make: _Maker) -> None:
    for line, name in enumerate(CAUSES, start=1):
        said = {"valueCodeableConcept": {"text": row[name]}} if name in row else make.absent(name)
        if said:
            number = {"code": {"text": "line number"}, "valueInteger": line}
            make.observe(name, "cause", "cause-manner", {**said, "component": [number]})
    name = "cause_part2"
    said = {"valueCodeableConcept": {"text": row[name]}} if name in row else make.absent(name)
    if said:
        make.observe(name, "part2", "cause-manner", said)


def _moment(row: Row, name: str, make: _Maker) -> str | None:
    """A time as FHIR writes it: a date alone where it is one, or where the register's clock is not known."""
    moment = row.get(name)
    if not isinstance(moment, datetime):
        return None
    if row.get(f"{name}_span_s") == DAY_S:
        return moment.date().isoformat()
    if make.offset is None:
        make.notes.append(
            f"{name}: the time of day is left out; say the register's offset from UTC with --offset"
        )
        return moment.date().isoformat()
    return f"{moment.isoformat(timespec='microseconds' if moment.microsecond else 'seconds')}{make.offset}"


def _death(row: Row, make: _Maker) -> None:
    components: list[Row] = []
    pronounced = _moment(row, "pronounced_at", make)
    said = {"valueDateTime": pronounced} if pronounced else make.absent("pronounced_at")
    if said:
        components.append({"code": _loinc("pronounced"), **said})
    kind = row.get("death_place_kind")
    place: Row | None = make.absent("death_place_kind")
    if kind in codes()["place"]:
        place = {"valueCodeableConcept": _concept("snomed", *codes()["place"][kind])}
    elif kind is not None:
        place = {"valueCodeableConcept": {"text": kind}}
    if place:
        components.append({"code": _loinc("place_of_death"), **place})
    died = _moment(row, "death_at_est", make)
    value = {"valueDateTime": died} if died else make.absent("death_at_est")
    if value or components:
        more = {"component": components} if components else {}
        make.observe("death", "death_date", "jurisdiction", {**(value or {}), **more})
    if "death_lat" in row and "death_lon" in row:
        profile = "http://hl7.org/fhir/us/vrdr/StructureDefinition/vrdr-death-location"
        location = {
            "resourceType": "Location",
            "meta": {"profile": [profile]},
            "status": "active",
            "name": "Place of death",
            "position": {"latitude": row["death_lat"], "longitude": row["death_lon"]},
        }
        make.add("place", location, "circumstances")
    if "incident_place_kind" in row:
        part = {
            "code": _loinc("injury_place"),
            "valueCodeableConcept": {"text": row["incident_place_kind"]},
        }
        make.observe("injury", "injury", "circumstances", {"component": [part]})


def _examination(row: Row, make: _Maker) -> None:
    kind = row.get("pm_type")
    said = make.absent("pm_type")
    if kind is not None:
        answer = ("N", "No") if kind == "none" else ("Y", "Yes")
        said = {"valueCodeableConcept": {**_concept("v2_0136", *answer), "text": kind}}
    if said:
        make.observe("autopsy", "autopsy", "exam-autopsy", said)
    unanalysed = row.get("specimens_not_analysed") or []
    for site in sorted({*(row.get("specimens") or []), *unanalysed}):
        specimen: Row = {
            "resourceType": "Specimen",
            "type": {"text": site},
            "subject": {"reference": make.url("patient")},
        }
        if site in unanalysed:
            specimen["note"] = [{"text": NOT_ANALYSED}]
        make.add(f"specimen {site}", specimen, "exam-autopsy")


def _toxicology(row: Row, make: _Maker) -> None:
    levels = [item.rpartition(":") for item in row.get("substance_levels") or []]
    for code, _, number in levels:
        _laboratory(make, f"level {code} {number}", _label(code), f"{number} mg/L")
    with_level = {code for code, _, _ in levels}
    for name, words in _LISTS.items():
        for code in row.get(name) or []:
            if name != "substances_detected" or code not in with_level:
                _laboratory(make, f"{name} {code}", _label(code), words)
    if "ghb_class" in row:
        _laboratory(make, "ghb_class", READING, row["ghb_class"])


def _label(code: str) -> str:
    """The name of a substance that is read back to the same code."""
    return substances()[code].label if code in substances() else code


def _laboratory(make: _Maker, name: str, label: str, value: str | None) -> None:
    """A laboratory observation, whose value is text, as the profile has it; without one it is still awaited."""
    said: Row = {"valueString": value} if value else {}
    observation = {
        "resourceType": "Observation",
        "status": "final" if value else "registered",
        "category": [_concept("category", "laboratory", "Laboratory")],
        "code": {"text": label},
        "subject": {"reference": make.url("patient")},
        **said,
    }  # fmt: skip
    make.add(name, observation, "exam-autopsy")


def _bundle(row: Row, make: _Maker, author: str | None) -> Resource:
    systems = codes()["systems"]
    unknown = {
        "extension": [{"url": systems["absent_extension"], "valueCode": "temp-unknown"}],
        "display": "not known yet",
    }
    titles = {
        "demographics": "Additional demographic information",
        "circumstances": "Circumstances",
        "jurisdiction": "Jurisdiction",
        "cause-manner": "Cause and manner of death",
        "exam-autopsy": "Examination and toxicology",
    }
    sections = [
        {
            "title": title,
            "code": _concept("mdi", code, title),
            "entry": [{"reference": url} for url in make.sections[code]],
        }
        for code, title in titles.items()
        if code in make.sections
    ]
    composition = {
        "resourceType": "Composition",
        "id": make.url("composition").removeprefix("urn:uuid:"),
        "meta": {"profile": [systems["composition"]]},
        "status": "preliminary",
        "type": _loinc("document"),
        "subject": {"reference": make.url("patient")},
        "date": make.day,
        "author": [{"display": author} if author else unknown],
        "title": "Case document",
        **({"extension": numbers} if (numbers := _tracking(row)) else {}),
        **({"section": sections} if sections else {}),
    }
    entries = [composition, *make.resources]
    return {
        "resourceType": "Bundle",
        "id": make.url(f"bundle {make.day}").removeprefix("urn:uuid:"),
        "meta": {"profile": [systems["document"]]},
        "identifier": {"system": "urn:ietf:rfc:3986", "value": make.url(f"bundle {make.day}")},
        "type": "document",
        "timestamp": f"{make.day}T00:00:00Z",
        "entry": [
            {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource} for resource in entries
        ],
    }


def _tracking(row: Row) -> list[Row]:
    """Tracking numbers as extensions; kinds that the guide has no code for are named in words."""
    known = {kind: code for code, kind in codes()["tracking"].items()}
    found = []
    for item in row.get("tracking_numbers") or []:
        kind, _, number = item.partition(":")
        named = (
            _concept("mdi", known[kind], kind.replace("_", " "))
            if kind in known
            else {"text": kind}
        )
        identifier = {"type": named, "value": number}
        found.append({"url": codes()["systems"]["tracking"], "valueIdentifier": identifier})
    return found
