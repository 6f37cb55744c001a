"""The API against its own description: whatever schemathesis sends, nothing breaks, and every answer is one that it names."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import cycle
from typing import Any
from urllib.parse import urlencode

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core import NotSet
from tests.web.conftest import client
from tests.web.test_routes import OURS, parameters

from openverdict.web.openapi import description
from openverdict.web.route import Gate
from openverdict.web.routes import ROUTES, by_name

ROLES = ("administrator", "reviewer")  # by turns
SEED = 20141103
BUSY = ("log/verify", "reports/closure", "reports/unlooked")  # take long, and take nothing


def of(examples: int) -> settings:
    """How many calls, and nothing of them kept."""
    return settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def send(asking: Any, case: Any) -> Any:
    """The answer to a call as schemathesis made it up."""
    query = {name: value for name, value in (case.query or {}).items() if value is not None}
    body = {} if isinstance(case.body, NotSet) else case.body
    more: dict[str, Any] = {"QUERY_STRING": urlencode(query, doseq=True)}
    if case.method.upper() == "GET":
        return asking.get(case.formatted_path, **more)
    told = body if isinstance(body, bytes) else json.dumps(body, default=str)
    return asking.post(case.formatted_path, told, content_type="application/json", **more)


class Caller:
    """Sends calls, and writes down what is wrong with the answers."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._turns = cycle(ROLES)
        self._asking: dict[str, Any] = {}

    def call(self, case: Any) -> None:
        role = next(self._turns)
        answer = self._ask(role, case)
        if (
            answer.status_code == 401
        ):  # what was sent before ended the session, or it asks anew who one is
            self._asking.pop(role)
            answer = self._ask(role, case)
        described = {int(code) for code in case.operation.definition.raw["responses"]}
        if answer.status_code not in described:
            said = f"{case.method} {case.formatted_path} {case.query} {case.body!r:.200}"
            self.faults.append(f"{role}: {said}: {answer.status_code}")
        elif answer.headers["Content-Type"] == "application/json":
            json.loads(answer.content)

    def _ask(self, role: str, case: Any) -> Any:
        if role not in self._asking:
            self._asking[role] = client(role, raise_request_exception=False)
        return send(self._asking[role], case)


def test_nothing_that_is_sent_breaks_the_api(app):
    schema = schemathesis.openapi.from_dict(description(ROUTES))
    caller, tried = Caller(), 0
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]
        if any(part in operation.path for part in BUSY):
            continue
        tried += 1
        route = by_name(operation.definition.raw["operationId"].rpartition(".")[0])
        known = {name: str(value) for name, value in parameters(route, "A").items()}
        fixed: dict[str, Any] = {"path_parameters": known} if known else {}
        anything: dict[str, Any] = {}
        many = 2 if operation.method.upper() == "POST" else 1
        ways = [(GenerationMode.POSITIVE, fixed, many), (GenerationMode.NEGATIVE, fixed, 1)]
        if known:
            ways.append((GenerationMode.POSITIVE, anything, 1))
        for mode, path, examples in ways:
            calls = operation.as_strategy(generation_mode=mode, **path)
            with suppress(Unsatisfiable):  # a call without parameters has none that could be wrong
                seed(SEED)(of(examples)(given(case=calls)(caller.call)))()
    assert caller.faults == []
    assert tried >= len([r for r in OURS if "json" in r.twins]) - len(BUSY)


def test_an_address_that_is_none_answers_in_json_where_json_was_asked_for(app):
    answer = client("reader").get("/none/such.json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json")


def test_the_description_names_who_may_ask(app):
    items = description(ROUTES)["paths"].values()
    asked = {each["get"]["operationId"]: each["get"]["security"] for each in items}
    for route in OURS:
        if "json" in route.twins and route.operation is not Gate.OPEN:
            assert asked[f"{route.name}.get"] == [{"session": []}], route.name
