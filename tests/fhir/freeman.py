"""The Freeman example of the FHIR guide (CC0), built by hand as JSON: a toxicology message and a case document.

Codes, numbers, dates and values are those of the example; names of persons and addresses are left out or made up, since
nothing here reads them. What the example itself gets wrong is kept: one line's code says ketamine where the line says xylazine.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

Json = dict[str, Any]
BASE = "https://www.forensic-investigation-agency.org"
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
TRACKING = "http://hl7.org/fhir/us/mdi/StructureDefinition/Extension-tracking-number"
MDI = "http://hl7.org/fhir/us/mdi/CodeSystem/cs-mdi-codes"
PATIENT = {"reference": "Patient/decedent"}


def concept(system: str, code: str, display: str, *, text: bool = False) -> Json:
    said: Json = {"coding": [{"system": system, "code": code, "display": display}]}
    return {**said, "text": display} if text else said


def entry(resource: Json) -> Json:
    return {"fullUrl": f"{BASE}/{resource['resourceType']}/{resource['id']}", "resource": resource}


def specimen(name: str, code: str, display: str, millilitres: float, **more: Any) -> Json:
    container = {
        "specimenQuantity": {"value": millilitres, "unit": "ml"},
        **more.pop("container", {}),
    }
    return {
        "resourceType": "Specimen",
        "id": name,
        "status": "available",
        "type": concept(SNOMED, code, display, text=True),
        "subject": PATIENT,
        "receivedTime": "2021-12-03T16:00:00Z",
        "container": [container],
        **more,
    }


TAKEN = {"collectedDateTime": "2021-12-03T11:00:00Z"}
FLUORIDE = (
    "Non-evacuated blood collection tube, potassium oxalate/sodium fluoride (physical object)"
)
SPECIMENS = [
    specimen(
        "blood", "258580003", "Whole blood sample", 20,
        collection={**TAKEN, "bodySite": concept(SNOMED, "83419000", "Femoral vein structure (body structure)")},
        container={"type": {**concept(SNOMED, "702287009", FLUORIDE), "text": "GT tube"}},
    ),
    specimen("urine", "122575003", "Urine specimen (specimen)", 5, collection=TAKEN),
    specimen("vitreous", "258438000", "Vitreous humor sample", 3, collection=TAKEN),
    specimen("bile", "119341000", "Bile specimen (specimen)", 3),
    specimen("liver", "128168004", "Tissue specimen from liver (specimen)", 5),
    specimen("stomach", "119379005", "Specimen from stomach (specimen)", 60),
]  # fmt: skip
IN_BLOOD = "in Serum, Plasma or Blood by Confirmatory method"
# Specimen, LOINC, its name, the value of the observation, and the report's line.
LINES = [
    ("blood", "56478-1", "Ethanol [Mass/volume] in Blood by Gas chromatography", "0.145 g/dL", "ETOH BLOOD: 0.145 g/dL"),
    ("blood", "11072-6", "Despropionylfentanyl [Mass/volume] in Serum or Plasma", "true", "4-ANPP: POSITIVE"),
    ("blood", "86223-5", f"Acetyl norfentanyl [Mass/volume] {IN_BLOOD}", "2 ng/ml", "ACETYLFENTANYL: 2 ng/mL"),
    ("blood", "73938-3", "fentaNYL [Mass/volume] in Blood by Confirmatory method", "23 ng/mL", "FENTANYL: 23 ng/mL"),
    ("urine", "46983-3", "Ethanol [Mass/volume] in Urine by Confirmatory method", "true", "ETOH URINE: 0.160 g/dL"),
    ("urine", "11072-6", "Despropionylfentanyl [Mass/volume] in Serum or Plasma", "true", "4-ANPP: POSITIVE"),
    ("urine", "74810-3", "Acetyl fentanyl [Presence] in Urine by Confirmatory method", "true", "ACETYLFENTANYL: POSITIVE"),
    ("urine", "11235-9", "fentaNYL [Presence] in Urine", "true", "FENTANYL: POSITIVE"),
    ("urine", "43199-9", "Norfentanyl [Presence] in Urine", "true", "NORFENTANYL: POSITIVE"),
    ("urine", "12327-3", "Ketamine [Presence] in Urine", "true", "XYLAZINE: POSITIVE"),
    ("vitreous", "12465-1", "Ethanol [Mass/volume] in Vitreous fluid", "0.133 g/dL", "ETOH VITREOUS HUMOR: 0.133 g/dL"),
]  # fmt: skip


def message() -> Json:
    """The toxicology message: eleven results, six specimens, three of them never analysed."""
    results = [
        {
            "resourceType": "Observation",
            "id": f"result-{number}",
            "status": "final",
            "code": concept(LOINC, code, name, text=True),
            "subject": PATIENT,
            "effectiveDateTime": "2021-12-03",
            "performer": [{"reference": "Practitioner/toxicologist"}],
            "valueString": value,
            "specimen": {"reference": f"Specimen/{where}"},
        }
        for number, (where, code, name, value, _) in enumerate(LINES, start=1)
    ]
    report = {
        "resourceType": "DiagnosticReport",
        "id": "report",
        "extension": [
            {
                "url": TRACKING,
                "valueIdentifier": {"system": "http://example.org/agency", "value": "ME21-111"},
            }
        ],
        "identifier": [
            {
                "type": {"coding": [{"system": MDI, "code": "tox-lab-case-number"}]},
                "value": "R21-01578",
            }
        ],
        "status": "final",
        "code": concept(LOINC, "81273-5", "fentaNYL and Norfentanyl panel - Specimen"),
        "subject": PATIENT,
        "effectiveDateTime": "2021-12-03T11:00:00Z",
        "issued": "2022-01-05T11:00:00Z",
        "performer": [{"reference": "Practitioner/toxicologist"}],
        "specimen": [{"reference": f"Specimen/{s['id']}"} for s in SPECIMENS],
        "result": [
            {"reference": f"Observation/result-{number}", "display": line}
            for number, (*_, line) in enumerate(LINES, start=1)
        ],
        "conclusion": "Samples of bile, liver, and stomach contents were contaminated and not analyzed.",
    }
    header = {
        "resourceType": "MessageHeader",
        "id": "header",
        "eventCoding": {"system": MDI, "code": "tox-result-report"},
        "source": {
            "name": "Forensic Toxicology Laboratory",
            "endpoint": "http://example.org/endpoint/1",
        },
        "focus": [{"reference": "DiagnosticReport/report"}],
    }
    laboratory = {
        "resourceType": "Organization",
        "id": "lab",
        "active": True,
        "name": "Forensic Toxicology Laboratory",
    }
    toxicologist = {
        "resourceType": "Practitioner",
        "id": "toxicologist",
        "name": [{"family": "Nobody"}],
    }
    everything = [header, report, decedent(), laboratory, toxicologist, *SPECIMENS, *results]
    bundle = {
        "resourceType": "Bundle",
        "id": "message",
        "type": "message",
        "identifier": {
            "system": "urn:ietf:rfc:3986",
            "value": "urn:uuid:683dde44-f766-4b03-a20b-6324f23986d9",
        },
        "timestamp": "2022-01-05T11:00:00Z",
        "entry": [entry(resource) for resource in everything],
    }
    return deepcopy(bundle)


def decedent() -> Json:
    return {
        "resourceType": "Patient",
        "id": "decedent",
        "active": True,
        "name": [{"use": "official", "family": "Nobody", "given": ["Nobody"]}],
        "gender": "female",
        "birthDate": "1978-03-12",
    }


def observation(name: str, code: tuple[str, str], **more: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": concept(LOINC, *code),
        "subject": PATIENT,
        "effectiveDateTime": "2022-01-08",
        "performer": [{"reference": "Practitioner/certifier"}],
        **more,
    }


def document() -> Json:
    """The case document: accident, fentanyl toxicity, dead on arrival at hospital."""
    place = {
        "status": "active",
        "name": "Atlanta GA",
        "address": {"city": "Atlanta", "state": "GA"},
    }
    pronounced = concept(LOINC, "80616-6", "Date and time pronounced dead")
    where = concept(LOINC, "58332-8", "Location of death")
    arrived = concept(SNOMED, "63238001", "Dead on arrival at hospital")
    interval = concept(LOINC, "69440-6", "Disease onset to death interval")
    injury_place = concept(LOINC, "69450-5", "Place of injury")
    yes = concept("http://terminology.hl7.org/CodeSystem/v2-0136", "Y", "Yes")
    everything = [
        observation(
            "manner",
            ("69449-7", "Manner of death"),
            valueCodeableConcept=concept(SNOMED, "7878000", "Accidental death"),
        ),
        observation(
            "cause1",
            ("69453-9", "Cause of death [US Standard Certificate of Death]"),
            valueCodeableConcept={"text": "Fentanyl toxicity"},
            component=[
                {"code": {"coding": [{"code": "lineNumber"}]}, "valueInteger": 1},
                {"code": interval, "valueString": "minutes to hours"},
            ],
        ),
        observation(
            "part2",
            ("69441-4", "Other significant causes or conditions of death"),
            valueCodeableConcept={"text": "Hypertensive heart disease"},
        ),
        observation(
            "date",
            ("81956-5", "Date+time of death"),
            valueDateTime="2022-01-08",
            component=[
                {"code": pronounced, "valueDateTime": "2022-01-08T15:30:00-05:00"},
                {"code": where, "valueCodeableConcept": arrived},
            ],
        ),
        observation(
            "injury",
            ("11374-6", "Injury incident description"),
            valueCodeableConcept={"text": "drug toxicity"},
            component=[{"code": injury_place, "valueCodeableConcept": {"text": "Private house"}}],
        ),
        observation(
            "tobacco",
            ("69443-0", "Did tobacco use contribute to death"),
            valueCodeableConcept=concept(SNOMED, "373067005", "No"),
        ),
        observation("autopsy", ("85699-7", "Autopsy was performed"), valueCodeableConcept=yes),
        {"resourceType": "Location", "id": "death-place", **place},
        decedent(),
        {"resourceType": "Practitioner", "id": "certifier", "name": [{"family": "Nobody"}]},
    ]
    composition = {
        "resourceType": "Composition",
        "id": "composition",
        "extension": [
            {
                "url": TRACKING,
                "valueIdentifier": {"type": {"coding": [{"code": "BCT"}]}, "value": "ME21-113"},
            }
        ],
        "status": "final",
        "type": concept(LOINC, "86807-5", "Death administrative information Document"),
        "subject": PATIENT,
        "date": "2022-02-20",
        "author": [{"reference": "Practitioner/certifier"}],
        "title": "MDI to EDRS Composition",
        "section": [
            {
                "code": {"coding": [{"system": MDI, "code": "cause-manner"}]},
                "entry": [
                    {"reference": f"Observation/{name}"}
                    for name in ("cause1", "part2", "manner", "injury")
                ],
            }
        ],
    }
    return {
        "resourceType": "Bundle",
        "id": "document",
        "type": "document",
        "identifier": {
            "system": "urn:ietf:rfc:3986",
            "value": "urn:uuid:933dde44-f766-4b03-a20b-6324f23986c0",
        },
        "timestamp": "2022-01-04T08:51:14.637+00:00",
        "entry": [entry(resource) for resource in (composition, *everything)],
    }
