"""A case document to facts: manner, causes, dates, place of death, autopsy, age, sex and what toxicology it lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from openverdict.cases import FACTS_SCHEMA, FieldType, Status, dictionary
from openverdict.cases.values import parse_code, parse_number, parse_time
from openverdict.errors import FieldError, InputError
from openverdict.fhir.bundle import Bundle, Resource, coded, codes, tracking_numbers, worded
from openverdict.fhir.message import case_number, not_held, read_line, specimen_words
from openverdict.intake.cells import read_moment
from openverdict.toxicology.model import Outcome
from openverdict.toxicology.units import convert, parse_value, plain_number
from openverdict.toxicology.words import read_substance

REGISTER_NUMBER = "register case number"
READING = "GHB class"
NOT_ANALYSED = "not analysed"
# Whose opinion on the manner: by the words of the performer; the certifier's is the coroner's or medical examiner's.
OPINIONS = {
    "police": "manner_police",
    "pathologist": "manner_pathologist",
    "coroner or medical examiner": "manner_coroner",
    "review": "manner_review",
}
CAUSES = ("cause_1a", "cause_1b", "cause_1c", "cause_1d")
_LISTS = {
    Outcome.DETECTED: "substances_detected",
    Outcome.NOT_DETECTED: "substances_not_detected",
    Outcome.PENDING: "substances_pending",
}


@dataclass(frozen=True)
class Document:
    """What a document says of a case: facts in `FACTS_SCHEMA`, what a person should look at, and what no field holds."""

    case_id: str
    tracking: tuple[tuple[str, str], ...]
    facts: pl.DataFrame
    notes: tuple[str, ...]
    not_held: tuple[str, ...]


@dataclass
class _Taker:
    """Facts as they are found; what a field can't read becomes a note."""

    case_id: str
    since: str | None
    name: str
    lines: list[tuple[object, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def take(self, name: str, value: str | None, status: Status = Status.RECORDED) -> None:
        """Add a fact, once its field can read it."""
        if status is Status.RECORDED:
            try:
                _check(name, value or "")
            except FieldError as error:
                self.notes.append(f"{error.field} {error.value!r}: {error.reason}; left out")
                return
        known = read_moment("known_from", self.since)
        kept = value if status is Status.RECORDED else None
        self.lines.append((self.case_id, name, kept, str(status), known, None, self.name, ""))


def _check(name: str, value: str) -> None:
    entry = dictionary()[name]
    if entry.type is FieldType.DATETIME:
        parse_time(name, value)
    elif entry.type is FieldType.NUMBER:
        parse_number(entry, value)
    elif entry.type is FieldType.CODE:
        parse_code(entry, value)


def read_document(bundle: Bundle, case_id: str | None = None) -> Document:
    """The facts of a case document, under `case_id`, or the register's number in it, or the case's tracking number.

    They count as known from the day of the document.

    Raises:
        InputError: a message, or no number to keep the facts under.
    """
    if bundle.kind != "document":
        raise InputError(
            f"{bundle.name}: a message, not a document; it is read as toxicology results"
        )
    composition = bundle.first("Composition")
    tracking = tracking_numbers(composition)
    number = case_number(bundle, case_id or _register_number(bundle), tracking)
    to = _Taker(number, str(composition.get("date", ""))[:10] or None, bundle.name)
    if to.since is not None and len(to.since) < len("2014-06-19"):
        to.notes.append(
            f"the document is dated {to.since}, without a day; its facts are in no replay"
        )
        to.since = None
    for kind, text in tracking:
        to.take("tracking_numbers", f"{kind}:{text}")
    for observation in bundle.resources("Observation"):
        if observation["status"] in ("entered-in-error", "cancelled"):
            to.notes.append(
                f"an observation is {observation['status'].replace('-', ' ')}; left out"
            )
            continue
        _observation(observation, to)
    for patient in bundle.resources("Patient"):
        _patient(patient, to)
    for location in bundle.resources("Location"):
        _location(location, to)
    for specimen in bundle.resources("Specimen"):
        _specimen(specimen, to)
    facts = pl.DataFrame(to.lines, schema=FACTS_SCHEMA, orient="row").unique(maintain_order=True)
    to.notes += _said_twice(facts)
    return Document(number, tracking, facts, tuple(to.notes), _left(bundle))


def _said_twice(facts: pl.DataFrame) -> list[str]:
    """Fields of one value of which the document gives several: a note each."""
    said: dict[str, dict[str, None]] = {}
    for name, value in facts.select("field", "value").drop_nulls("value").iter_rows():
        if not dictionary()[name].type.is_list:
            said.setdefault(name, {})[value] = None
    return [
        f"{name}: the document says {' and '.join(repr(value[:60]) for value in values)}; each is kept as a fact, and "
        "the last of them stands for the case: a person should look"
        for name, values in said.items()
        if len(values) > 1
    ]


def _register_number(bundle: Bundle) -> str | None:
    for patient in bundle.resources("Patient"):
        for identifier in patient.get("identifier", ()):
            if (identifier.get("type") or {}).get("text") == REGISTER_NUMBER:
                return str(identifier.get("value") or "") or None
    return None


def _observation(observation: Resource, to: _Taker) -> None:
    """What one observation says, by its code."""
    loinc = {code: name for name, (code, _) in codes()["observation"].items()}
    names = [loinc[code] for code in coded(observation.get("code")) if code in loinc]
    if any("laboratory" in coded(category) for category in observation.get("category", ())):
        _laboratory(observation, to)
        return
    kind = names[0] if names else None
    if kind == "manner":
        _manner(observation, to)
    elif kind == "cause":
        _cause(observation, to)
    elif kind == "part2":
        _text(observation, "cause_part2", to)
    elif kind == "death_date":
        _death_date(observation, to)
    elif kind == "autopsy":
        _autopsy(observation, to)
    elif kind == "age":
        quantity = observation.get("valueQuantity") or {}
        if quantity.get("code", "a") in ("a", "year", "years") and "value" in quantity:
            to.take("age_years", str(quantity["value"]))
        else:
            _absent(observation, "age_years", to)
    elif kind == "injury":
        for component in observation.get("component", ()):
            if codes()["observation"]["injury_place"][0] in coded(component.get("code")):
                _incident_place(worded(component.get("valueCodeableConcept")), to)


def _absent(observation: Resource, name: str, to: _Taker) -> bool:
    """Take the reason why a value is absent; whether there was one."""
    for code in coded(observation.get("dataAbsentReason")):
        status = codes()["absent"].get(code)
        if status is not None:
            to.take(name, None, Status(status))
            return True
    return False


def _text(observation: Resource, name: str, to: _Taker) -> None:
    text = worded(observation.get("valueCodeableConcept")) or observation.get("valueString")
    if text:
        to.take(name, text)
    else:
        _absent(observation, name, to)


def _manner(observation: Resource, to: _Taker) -> None:
    said = [performer.get("display") for performer in observation.get("performer", ())]
    name = next((OPINIONS[words] for words in said if words in OPINIONS), "manner_coroner")
    value = observation.get("valueCodeableConcept")
    if value is None:
        _absent(observation, name, to)
        return
    known = {code: manner for manner, (code, _) in codes()["manner"].items()}
    system = codes()["systems"][
        "snomed"
    ]  # a local system may use the same digits for something else
    own = [c for c in value.get("coding", ()) if c.get("system", system) == system]
    found = [known[code] for code in coded({"coding": own}) if code in known]
    words = worded(value)
    if found:
        to.take(name, found[0])
    elif words and words in dictionary()[name].values:
        to.take(name, words)
    else:
        to.notes.append(
            f"manner of death {(words or ', '.join(coded(value)))[:60]!r} is none of VRDR's; left out"
        )


def _cause(observation: Resource, to: _Taker) -> None:
    lines = [c["valueInteger"] for c in observation.get("component", ()) if "valueInteger" in c]
    line = lines[0] if lines else 1
    if not 1 <= line <= len(CAUSES):
        to.notes.append(f"cause of death, line {line}: only {len(CAUSES)} lines are kept; left out")
        return
    _text(observation, CAUSES[line - 1], to)


def _death_date(observation: Resource, to: _Taker) -> None:
    if "valueDateTime" in observation:
        to.take("death_at_est", observation["valueDateTime"])
    else:
        _absent(observation, "death_at_est", to)
    numbers = codes()["observation"]
    for component in observation.get("component", ()):
        own = coded(component.get("code"))
        if numbers["pronounced"][0] in own and "valueDateTime" in component:
            to.take("pronounced_at", component["valueDateTime"])
        elif numbers["pronounced"][0] in own:
            _absent(component, "pronounced_at", to)
        elif numbers["place_of_death"][0] in own:
            value = component.get("valueCodeableConcept")
            known = {code: place for place, (code, _) in codes()["place"].items()}
            found = [known[code] for code in coded(value) if code in known]
            words = worded(value)
            if found or words:
                to.take("death_place_kind", found[0] if found else words)
            else:
                _absent(component, "death_place_kind", to)


def _autopsy(observation: Resource, to: _Taker) -> None:
    """Yes says that there was a post-mortem and not of which kind, unless the words name it."""
    value = observation.get("valueCodeableConcept") or {}
    if value.get("text") in dictionary()["pm_type"].values:
        to.take("pm_type", value["text"])
    elif "Y" in coded(value):
        to.take("checks_done", "post_mortem")
    elif "N" in coded(value):
        to.take("pm_type", "none")
    else:
        _absent(observation, "pm_type", to)


def _incident_place(words: str | None, to: _Taker) -> None:
    if words and words in dictionary()["incident_place_kind"].values:
        to.take("incident_place_kind", words)
    elif words:
        to.notes.append(
            f"place of injury {words[:60]!r} is no kind of place of the dictionary; left out"
        )


def _laboratory(observation: Resource, to: _Taker) -> None:
    named = worded(observation.get("code")) or ""
    text = observation.get("valueString") or ""
    if named == READING:
        to.take("ghb_class", text)
        return
    try:
        code = read_substance(named)
        line = read_line(text)
        outcome = Outcome.PENDING if observation["status"] == "registered" else line.outcome
        if outcome in _LISTS:
            to.take(_LISTS[outcome], code)
        if outcome is Outcome.DETECTED and line.value and line.unit and line.operator == "=":
            level = convert(parse_value(line.value), line.unit, code)
            if level is not None and level.unit == "mg/L":
                to.take("substance_levels", f"{code}:{plain_number(level.number)}")
    except FieldError as error:
        to.notes.append(f"{error.field} {error.value!r}: {error.reason}; left out")


def _patient(patient: Resource, to: _Taker) -> None:
    """Sex, and the age that the day of birth and the day of death make; neither name nor address nor day of birth is kept."""
    gender = patient.get("gender")
    if gender in codes()["sex"]:
        to.take("sex", codes()["sex"][gender])
    elif gender == "unknown":
        to.take("sex", None, Status.UNKNOWN)
    if any(line[1] == "age_years" for line in to.lines):
        return
    died = next((str(line[2]) for line in to.lines if line[1] == "death_at_est" and line[2]), "")
    try:
        birth, death = (
            date.fromisoformat(str(patient.get("birthDate"))),
            date.fromisoformat(died[:10]),
        )
    except ValueError:
        return
    before = (death.month, death.day) < (birth.month, birth.day)
    to.take("age_years", str(death.year - birth.year - before))


def _location(location: Resource, to: _Taker) -> None:
    """Where the place of death is, when the resource says that it is that and where it lies."""
    profiles = (location.get("meta") or {}).get("profile", ())
    position = location.get("position")
    if not position or not any("death-location" in profile for profile in profiles):
        return
    lat, lon = position.get("latitude"), position.get("longitude")
    try:
        parse_number(dictionary()["death_lat"], str(lat))
        parse_number(dictionary()["death_lon"], str(lon))
    except FieldError as error:
        to.notes.append(
            f"{error.field} {error.value!r}: {error.reason}; perhaps latitude and longitude are swapped; left out"
        )
        return
    to.take("death_lat", str(lat))
    to.take("death_lon", str(lon))


def _specimen(specimen: Resource, to: _Taker) -> None:
    site, _ = specimen_words(specimen)
    if site is None:
        return
    to.take("specimens", site)
    if any(note.get("text") == NOT_ANALYSED for note in specimen.get("note", ())):
        to.take("specimens_not_analysed", site)


_HELD = {
    kind: frozenset(elements.split())
    for kind, elements in {
        "Composition": "extension date section type subject title status identifier author",
        "Observation": "status code category subject component dataAbsentReason valueCodeableConcept valueString "
        "valueQuantity valueDateTime performer",
        "Patient": "gender identifier",
        "Location": "position status",
        "Specimen": "type note subject",
    }.items()
}


def _left(bundle: Bundle) -> tuple[str, ...]:
    """What the document says and no field holds: elements of the resources read, and observations of other codes."""
    known = {code for code, _ in codes()["observation"].values()}
    others = [
        f"Observation: {(worded(o.get('code')) or ', '.join(coded(o.get('code'))))[:60]}"
        for o in bundle.resources("Observation")
        if not known & set(coded(o.get("code"))) and not o.get("category")
    ]
    parts = [
        f"Observation.component: {(worded(c.get('code')) or ', '.join(coded(c.get('code'))))[:60]}"
        for o in bundle.resources("Observation")
        for c in o.get("component", ())
        if "valueInteger" not in c and not known & set(coded(c.get("code")))
    ]
    return (*not_held(bundle, _HELD), *dict.fromkeys((*others, *parts)))
