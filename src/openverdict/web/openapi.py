"""The description of the API (OpenAPI 3.1), made from the table of routes: nothing else, and nothing left out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from openverdict import __version__
from openverdict.web.consulting import LONGEST_RECIPIENT, RECIPIENT, leaves
from openverdict.web.forms import Field, Form, Kind
from openverdict.web.route import Gate, Route

PARAMETER = re.compile(r"<(\w+):(\w+)>")
SCHEMAS: dict[str, dict[str, Any]] = {
    "key": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": 200},
    "number": {"type": "integer", "minimum": 0, "maximum": 10**15 - 1},
    "slug": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
}
TYPES: dict[Kind, dict[str, Any]] = {
    Kind.NUMBER: {"type": "integer"},
    Kind.DECIMAL: {"type": "number"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.FLAG: {"type": "boolean"},
    Kind.FILE: {"type": "string", "format": "binary"},
    Kind.FILES: {"type": "array", "items": {"type": "string", "format": "binary"}},
}
ANSWERS = {
    "400": "What was sent could not be read",
    "401": "Sign in first",
    "403": "The rule that says no",
    "404": "There is nothing there",
    "405": "Not this method",
    "422": "A field is wrong",
    "428": "Say first why",
}
_ERROR = {
    "type": "object",
    "properties": {"status": {"type": "integer"}, "error": {"type": "string"}},
}


def description(routes: Iterable[Route]) -> dict[str, Any]:
    """The document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Openverdict review app",
            "version": __version__,
            "description": "The JSON twins of the pages. Sign in as on the pages; every rule is that of the page.",
        },
        "paths": {
            f"/{_path(route)}.json": _item(route) for route in routes if "json" in route.twins
        },
        "components": {
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "openverdict_session"}
            }
        },
    }


def _path(route: Route) -> str:
    return PARAMETER.sub(r"{\2}", route.path) or "index"


def _item(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": SCHEMAS[kind]}
            for kind, name in PARAMETER.findall(route.path)
        ],
        "get": _operation(route, "get", [*_query(route.query), *_recipient(route)]),
    }
    if route.form is not None:
        body = {"required": True, "content": {"application/json": {"schema": _schema(route.form)}}}
        found["post"] = {**_operation(route, "post", []), "requestBody": body}
    return found


def _operation(route: Route, method: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    said = {"200": {"description": route.title, "content": {"application/json": {"schema": {}}}}}
    for code, words in ANSWERS.items():
        said[code] = {"description": words, "content": {"application/json": {"schema": _ERROR}}}
    rule = route.operation.value if route.operation is not None else ""
    return {
        "operationId": f"{route.name}.{method}",
        "summary": route.title,
        "description": f"Asks the rule: {rule}.",
        "parameters": parameters,
        "responses": said,
        "security": [] if route.operation is Gate.OPEN else [{"session": []}],
    }


def _query(form: Form) -> list[dict[str, Any]]:
    return [
        {"name": each.name, "in": "query", "required": each.required, "schema": _type(each)}
        for each in form.fields
    ]


def _recipient(route: Route) -> list[dict[str, Any]]:
    """Who gets the file, where that is a disclosure."""
    if not leaves(route):
        return []
    schema = {"type": "string", "maxLength": LONGEST_RECIPIENT}
    return [{"name": RECIPIENT, "in": "query", "required": False, "schema": schema}]


def _schema(form: Form) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {each.name: _type(each) for each in form.fields},
        "required": [each.name for each in form.fields if each.required],
        "additionalProperties": False,
    }


def _type(each: Field) -> dict[str, Any]:
    if each.kind in (Kind.CHOICES, Kind.EACH):
        return {
            "type": "array",
            "items": _choice(each),
            "uniqueItems": each.kind is Kind.CHOICES,
            "description": each.label,
        }
    found = TYPES.get(each.kind)
    return {**(_choice(each) if found is None else found), "description": each.label}


def _choice(each: Field) -> dict[str, Any]:
    if each.choices and not callable(each.choices):
        return {"type": "string", "enum": [value for value, _ in each.choices]}
    return {"type": "string", "maxLength": each.longest}
