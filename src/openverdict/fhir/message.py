"""A toxicology message to results: what the laboratory's report lists, and the specimens that nobody analysed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from openverdict.cases.vocabulary import substance_code
from openverdict.errors import FieldError, InputError
from openverdict.fhir.bundle import Bundle, Resource, coded, codes, tracking_numbers, worded
from openverdict.toxicology.model import OPERATORS, Outcome, Result
from openverdict.toxicology.units import convert, parse_value
from openverdict.toxicology.words import code_of, read_substance

_LEVEL = re.compile(r"(?:(<=|>=|[=<>≤≥~≈])\s*)?([0-9][0-9.eE+-]*)\s*([A-Za-zµμ%][^;,()]*)")
_LOINC = re.compile(
    r"(?P<name>[^\[]+?)(?:\s*\[[^\]]*\]\s*(?:in\s+.+?)?)?(?:\s+by\s+(?P<method>.+))?"
)
_MEASURED = ("=", ">", "≥", "~")
_ABSENT = {"not-performed": Outcome.NOT_TESTED, "temp-unknown": Outcome.PENDING}
_WAITING = ("registered",)
_WITHDRAWN = ("entered-in-error", "cancelled")
_SITES = {
    "femoral": "femoral_blood",
    "iliac": "iliac_blood",
    "subclavian": "subclavian_blood",
    "heart": "cardiac_blood",
    "cardiac": "cardiac_blood",
    "peripheral": "peripheral_blood",
}
_HELD = {
    kind: frozenset(elements.split())
    for kind, elements in {
        "DiagnosticReport": "extension identifier issued specimen result conclusion",
        "Observation": "status code valueString valueQuantity valueBoolean valueCodeableConcept dataAbsentReason specimen "
        "method note",
        "Specimen": "type collection receivedTime container note",
        "Organization": "name",
        "MessageHeader": "source",
    }.items()
}


@dataclass(frozen=True)
class Message:
    """A message: its results, the tracking numbers of the case, and what a person should look at.

    `not_held`: what the message says and a result has no place for.
    """

    case_id: str
    tracking: tuple[tuple[str, str], ...]
    results: tuple[Result, ...]
    notes: tuple[str, ...]
    not_held: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """What was read from one text: an outcome, and the parts of a level."""

    outcome: Outcome
    operator: str = "="
    value: str | None = None
    unit: str | None = None


def read_message(bundle: Bundle, case_id: str | None = None) -> Message:
    """The results of a toxicology message, under `case_id` or else the case's own tracking number.

    Raises:
        InputError: a document, a message without a report, or no number to keep the results under.
    """
    if bundle.kind != "message":
        raise InputError(f"{bundle.name}: a document, not a message; it is read as a case document")
    report = bundle.first("DiagnosticReport")
    tracking = tracking_numbers(report, *bundle.resources("MessageHeader"))
    case = case_number(bundle, case_id, tracking)
    notes: list[str] = []
    results: list[Result] = []
    used: set[str] = set()
    laboratory = _laboratory(bundle)
    issued = str(report.get("issued") or "")[:10] or None
    listed = report.get("result") or [
        {"reference": f"Observation/{o.get('id')}"} for o in bundle.resources("Observation")
    ]
    for place, reference in enumerate(listed, start=1):
        where = f"{bundle.name}, result {place}"
        observation = bundle.follow(reference)
        if observation is None:
            notes.append(
                f"result {place} is not in the message ({str(reference.get('display', ''))[:60]}); left out"
            )
            continue
        if observation["status"] in _WITHDRAWN:
            notes.append(f"result {place} is {observation['status'].replace('-', ' ')}; left out")
            continue
        specimen = bundle.follow(observation.get("specimen"))
        used.add(str((observation.get("specimen") or {}).get("reference", "")).rsplit("/", 1)[-1])
        try:
            result, told = _result(case, observation, reference.get("display"), specimen, where)
        except FieldError as error:
            notes.append(
                f"result {place} is left out: {error.field} {error.value!r}: {error.reason}"
            )
            continue
        notes += [f"result {place}: {said}" for said in told]
        results.append(_dated(result, issued, laboratory))
    results += _unanalysed(bundle, case, report, used, issued, laboratory)
    return Message(case, tracking, tuple(results), tuple(notes), not_held(bundle, _HELD))


def case_number(bundle: Bundle, case_id: str | None, tracking: tuple[tuple[str, str], ...]) -> str:
    """The number that a register keeps the case under.

    Raises:
        InputError: none was given and the bundle has none, or it can't be one.
    """
    own = next((number for kind, number in tracking if kind == "mdi_case"), None)
    number = case_id or own
    if not number:
        raise InputError(
            f"{bundle.name}: no case number in it; give the register's own with --case"
        )
    if not number.isprintable() or ";" in number:
        raise InputError(
            f"{bundle.name}: {number[:40]!r} can't be a case number; give the register's own with --case"
        )
    return number


def _dated(result: Result, issued: str | None, laboratory: str | None) -> Result:
    return replace(result, reported_at=issued, laboratory=laboratory)


def _result(
    case: str, observation: Resource, shown: str | None, specimen: Resource | None, where: str
) -> tuple[Result, list[str]]:
    """One observation and the line that the report shows for it: (the result, what a person should look at).

    Raises:
        FieldError: a name that may mean several substances.
    """
    notes = []
    text = worded(observation.get("code")) or ""
    parts = _LOINC.fullmatch(text)
    by_code = parts["name"].strip() if parts else text
    by_line, line_value = _shown(shown)
    named = by_line or by_code
    if not named:
        raise FieldError("code", "", "the observation names no substance")
    if by_line and by_code and substance_code(by_line) != substance_code(by_code):
        notes.append(
            f"the report's line names {by_line}, the code {by_code}; kept as the line names it: ask the laboratory"
        )
    written, line = _observed(observation)
    if line_value is not None:
        read = read_line(line_value)
        if (
            line.value is None
            and read.value is not None
            and line.outcome is not Outcome.NOT_DETECTED
        ):
            line = read
        elif read.value is not None and (read.value, read.operator) != (line.value, line.operator):
            notes.append(
                f"the observation says {written!r}, the report's line {line_value!r}; kept as the observation says"
            )
    substance = read_substance(named)
    level = None
    if line.value is not None and line.unit is not None:
        try:
            level = convert(parse_value(line.value), line.unit, substance)
        except FieldError as error:
            notes.append(f"{error.value!r}: {error.reason}; kept as written, without a level")
    if line.outcome is Outcome.UNCLEAR:
        notes.append(
            f"{named}: {written!r} says neither that it was detected nor that it was not; in no list"
        )
    site, preservative = specimen_words(specimen)
    comment = "; ".join(note["text"] for note in observation.get("note", ()) if note.get("text"))
    result = Result(
        case_id=case,
        substance=substance,
        outcome=line.outcome,
        named=named,
        operator=line.operator,
        value=line.value,
        unit=line.unit,
        level=level,
        specimen=site,
        preservative=preservative,
        method=worded(observation.get("method")) or (parts["method"] if parts else None),
        comment=comment or None,
        taken_at=_taken(specimen),
        received_at=str((specimen or {}).get("receivedTime") or "") or None,
        text="; ".join(t for t in (text, shown, written) if t),
        source=where,
    )
    return result, notes


def _shown(text: str | None) -> tuple[str | None, str | None]:
    """(substance, value) of a report's line such as `ETOH BLOOD: 0.145 g/dL`; the specimen's words are taken off."""
    if not text:
        return None, None
    name, colon, value = text.partition(":")
    words = name.split()
    for length in range(len(words), 0, -1):
        rest = " ".join(words[length:])
        if substance_code(" ".join(words[:length])) and (not rest or code_of("specimen", rest)):
            return " ".join(words[:length]), value.strip() or None
    return (name.strip() or None) if colon else None, value.strip() or None


def _observed(observation: Resource) -> tuple[str, Line]:
    """(what the observation's value says, as read)."""
    if "valueQuantity" in observation:
        quantity = observation["valueQuantity"]
        unit = quantity.get("unit") or quantity.get("code") or ""
        written = f"{quantity.get('comparator', '')}{quantity.get('value', '')} {unit}"
        return written, read_line(written)
    if "valueBoolean" in observation:
        return str(observation["valueBoolean"]).lower(), read_line(str(observation["valueBoolean"]))
    text = observation.get("valueString") or worded(observation.get("valueCodeableConcept"))
    if text:
        return text, read_line(text)
    reasons = coded(observation.get("dataAbsentReason"))
    for reason in reasons:
        if reason in _ABSENT:
            return reason, Line(_ABSENT[reason])
    waiting = observation["status"] in _WAITING
    return "; ".join(reasons), Line(Outcome.PENDING if waiting else Outcome.UNCLEAR)


def read_line(text: str) -> Line:
    """A value as laboratories write it: a level, or a word for an outcome; what is neither is unclear."""
    text = " ".join(text.split())
    word = code_of("outcome", text)
    if word is not None:
        return Line(Outcome(word))
    found = _LEVEL.fullmatch(text)
    if found is None:
        return Line(Outcome.UNCLEAR)
    operator = OPERATORS[found[1] or "="]
    try:
        number = parse_value(found[2])
    except FieldError:
        return Line(Outcome.UNCLEAR)
    is_found = operator in _MEASURED and not (number == 0 and operator in ("=", "~"))
    outcome = Outcome.DETECTED if is_found else Outcome.UNCLEAR
    return Line(outcome, operator, found[2], found[3].strip())


def specimen_words(specimen: Resource | None) -> tuple[str | None, str | None]:
    """(specimen, preservative) of a Specimen, by the words of its type, its body site and its container."""
    if specimen is None:
        return None, None
    words = worded(specimen.get("type")) or ""
    site = code_of("specimen", words) or "_".join(re.findall(r"[a-z0-9]+", words.lower())) or None
    place = (specimen.get("collection") or {}).get("bodySite")
    if site == "blood" and place:
        known = [codes()["site"][code] for code in coded(place) if code in codes()["site"]]
        said = (worded(place) or "").lower()
        known += [code for word, code in _SITES.items() if word in said]
        site = known[0] if known else site
    preservative = None
    for container in specimen.get("container", ()):
        kind = container.get("type")
        known = [codes()["container"][code] for code in coded(kind) if code in codes()["container"]]
        word = worded(kind)
        preservative = preservative or (
            known[0] if known else word and code_of("preservative", word)
        )
    return site, preservative


def _taken(specimen: Resource | None) -> str | None:
    return ((specimen or {}).get("collection") or {}).get("collectedDateTime")


def _unanalysed(
    bundle: Bundle,
    case: str,
    report: Resource,
    used: set[str],
    issued: str | None,
    laboratory: str | None,
) -> list[Result]:
    """The specimens of the report that no observation is about: not tested, with what the report says of them."""
    found = []
    for specimen in bundle.resources("Specimen"):
        if specimen.get("id") in used:
            continue
        notes = [note["text"] for note in specimen.get("note", ()) if note.get("text")]
        site, preservative = specimen_words(specimen)
        if site is None:
            continue
        found.append(
            Result(
                case_id=case,
                substance=None,
                outcome=Outcome.NOT_TESTED,
                specimen=site,
                preservative=preservative,
                comment="; ".join(notes) or report.get("conclusion"),
                taken_at=_taken(specimen),
                received_at=specimen.get("receivedTime"),
                reported_at=issued,
                laboratory=laboratory,
                source=f"{bundle.name}, specimen {worded(specimen.get('type'))}",
            )
        )
    return found


def _laboratory(bundle: Bundle) -> str | None:
    """The organisation that reports; never a person."""
    for organisation in bundle.resources("Organization"):
        if organisation.get("name"):
            return str(organisation["name"])
    for header in bundle.resources("MessageHeader"):
        return (header.get("source") or {}).get("name")
    return None


def not_held(bundle: Bundle, held: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Every element of a bundle's resources that is not held, as Type.element, once."""
    plumbing = {"resourceType", "id", "meta", "text"}
    found = {
        f"{resource['resourceType']}.{element}": None
        for resource in bundle.resources()
        for element in resource
        if element not in plumbing
        and element not in held.get(resource["resourceType"], frozenset())
    }
    return tuple(sorted(found))
