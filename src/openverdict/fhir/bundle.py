"""Bytes to a bundle: JSON of FHIR R4 that the FHIR models accept, with its references to be followed."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any, NoReturn

from openverdict.cases import dictionary
from openverdict.errors import InputError, MissingPartError

MAX_BYTES = 64 << 20
MAX_DEPTH = 60
# Versions other than R4, by what their models accept that R4's do not.
_OTHERS = (("R5", "fhir.resources"), ("STU3", "fhir.resources.STU3"))
_EXPORT = "export it as FHIR R4 (4.0.1) JSON"
Resource = dict[str, Any]


@cache
def codes() -> dict[str, Any]:
    """The codes of the profiles."""
    text = files("openverdict.fhir").joinpath("data/codes.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@dataclass(frozen=True)
class Bundle:
    """A bundle: `kind` is message or document; `data` as it stands in the file."""

    name: str
    kind: str
    data: Resource

    def resources(self, *types: str) -> Iterator[Resource]:
        """The resources of some types, in the order of the file."""
        for entry in self.data.get("entry", ()):
            resource = entry.get("resource")
            if resource and (not types or resource["resourceType"] in types):
                yield resource

    def first(self, kind: str) -> Resource:
        """The first resource of a type.

        Raises:
            InputError: there is none.
        """
        for resource in self.resources(kind):
            return resource
        raise InputError(f"{self.name}: the {self.kind} holds no {kind}; {_EXPORT}, whole")

    def follow(self, reference: Resource | None) -> Resource | None:
        """The resource that a reference names, by its full URL or as Type/id; None where the bundle does not hold it."""
        wanted = (reference or {}).get("reference")
        if not wanted:
            return None
        for entry in self.data.get("entry", ()):
            resource = entry.get("resource") or {}
            own = f"{resource.get('resourceType')}/{resource.get('id')}"
            if wanted in (entry.get("fullUrl"), own) or wanted.endswith(f"/{own}"):
                return dict(resource)
        return None


def read_bundle(name: str, data: bytes) -> Bundle:
    """Read a bundle.

    Raises:
        InputError: XML, another version of FHIR, not JSON, not a message or document, or not what the models accept.
        MissingPartError: the extra `fhir` is not installed.
    """
    content = _json(name, data)
    kind = content.get("resourceType")
    if kind != "Bundle":
        said = f"a {kind}" if isinstance(kind, str) and kind.isalpha() else "no FHIR resource"
        raise InputError(
            f"{name}: this is {said}, not a Bundle; export the whole message or document"
        )
    if content.get("type") not in ("message", "document"):
        said = str(content.get("type"))[:40]
        raise InputError(f"{name}: a bundle of type {said!r}; a message or a document is read")
    validate(name, content)
    bundle = Bundle(name, content["type"], _without_nulls(content))
    needed = "MessageHeader" if bundle.kind == "message" else "Composition"
    first = next(bundle.resources(), None)
    if first is None or first["resourceType"] != needed:
        raise InputError(
            f"{name}: the first entry of a {bundle.kind} is a {needed}; {_EXPORT}, whole"
        )
    return bundle


def _json(name: str, data: bytes) -> Resource:
    if len(data) > MAX_BYTES:
        raise InputError(
            f"{name}: {len(data)} bytes; at most {MAX_BYTES}: one message or document a file"
        )
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:5]
    if start.startswith(b"<"):
        raise InputError(f"{name}: this is XML; {_EXPORT}")
    if start.startswith(b"PK"):
        raise InputError(f"{name}: this is a zip archive; unpack it and name the JSON file in it")
    try:
        content = json.loads(data.decode("utf-8-sig"), parse_constant=_refuse)
    except UnicodeDecodeError:
        raise InputError(f"{name}: the file is not UTF-8; save it as UTF-8") from None
    except RecursionError:
        raise InputError(f"{name}: nested too deeply; {_EXPORT}") from None
    except ValueError as error:
        lines = [line for line in data.splitlines() if line.strip()]
        if (
            len(lines) > 1
            and all(line.lstrip().startswith(b"{") for line in lines[:2])
            and b"}" in lines[0]
        ):
            raise InputError(
                f"{name}: several resources, one a line; give one bundle a file"
            ) from None
        raise InputError(f"{name}: not JSON: {error}; {_EXPORT}") from None
    if not isinstance(content, dict):
        raise InputError(f"{name}: a JSON {type(content).__name__}, not a resource; {_EXPORT}")
    if _depth(content) > MAX_DEPTH:
        raise InputError(f"{name}: nested more than {MAX_DEPTH} deep; {_EXPORT}")
    return content


def _without_nulls(content: Any) -> Any:
    """The same without members and items that are null: the models let them pass, and they say nothing."""
    if isinstance(content, dict):
        return {k: _without_nulls(v) for k, v in content.items() if v is not None}
    if isinstance(content, list):
        return [_without_nulls(part) for part in content if part is not None]
    return content


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _depth(content: object) -> int:
    deepest, left = 0, [(content, 1)]
    while left:
        part, depth = left.pop()
        deepest = max(deepest, depth)
        if depth > MAX_DEPTH:
            break
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        left += [(child, depth + 1) for child in inner]
    return deepest


def validate(name: str, content: Resource) -> None:
    """Hold a bundle against the FHIR models of R4B, which for the resources used here are those of R4.

    Raises:
        InputError: they do not accept it. MissingPartError: the extra `fhir` is not installed.
    """
    problem = _problem("fhir.resources.R4B", content)
    if problem is None:
        return
    for version, module in _OTHERS:
        if _problem(module, content) is None:
            raise InputError(f"{name}: this is FHIR {version}; {_EXPORT}")
    raise InputError(f"{name}: not valid FHIR R4: {problem}; {_EXPORT}, or have it corrected")


def _problem(module: str, content: Resource) -> str | None:
    """The first thing that the models of a version do not accept; None where they accept it all."""
    try:
        models = import_module(module)
    except ImportError:
        raise MissingPartError("Reading FHIR", "fhir") from None
    try:
        models.get_fhir_model_class("Bundle").model_validate(content)
    except KeyError as error:
        return f"an unknown resource type {str(error.args[0])[:40]!r}"
    except Exception as error:  # pydantic's, and whatever a hostile value provokes in the models
        told = getattr(error, "errors", None)
        if callable(told):
            first = told()[0]
            place = ".".join(str(part) for part in first["loc"])
            return _one_line(f"{place}: {first['msg']}")
        return _one_line(str(error)) or type(error).__name__
    return None


def _one_line(text: str) -> str:
    """Text from a file as one short line, without what does not print."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))[:300]


def coded(concept: Resource | None) -> list[str]:
    """The codes of a CodeableConcept."""
    return [coding["code"] for coding in (concept or {}).get("coding", ()) if "code" in coding]


def worded(concept: Resource | None) -> str | None:
    """The words of a CodeableConcept: its text, else the first display."""
    if not concept:
        return None
    shown = [coding["display"] for coding in concept.get("coding", ()) if "display" in coding]
    text = concept.get("text") or (shown[0] if shown else None)
    return " ".join(text.split()) if text else None


def tracking_numbers(*carriers: Resource) -> tuple[tuple[str, str], ...]:
    """(kind, number) of tracking numbers, from the extensions and identifiers of resources.

    An extension without a kind is the case's own number, as in the guide's examples; an identifier without one is none.
    """
    kinds, url = codes()["tracking"], codes()["systems"]["tracking"]
    listed = dictionary()["tracking_numbers"].values
    found: dict[tuple[str, str], None] = {}
    for carrier in carriers:
        extensions = [e for e in carrier.get("extension", ()) if e.get("url") == url]
        identifiers = carrier.get("identifier") or []
        several = identifiers if isinstance(identifiers, list) else [identifiers]
        for identifier, is_own in [
            *((e.get("valueIdentifier") or {}, True) for e in extensions),
            *((i, False) for i in several),
        ]:
            kind_of = identifier.get("type") or {}
            known = [kinds[code] for code in coded(kind_of) if code in kinds]
            known += [kind_of["text"]] if kind_of.get("text") in listed else []
            kind = known[0] if known else ("mdi_case" if is_own else None)
            if kind and identifier.get("value"):
                found[kind, " ".join(str(identifier["value"]).split())] = None
    return tuple(found)
