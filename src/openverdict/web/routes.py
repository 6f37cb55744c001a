"""The one table of routes, put together from the areas. Addresses, navigation, API description and test come from it."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from django.urls import path

from openverdict.decisions.roles import Operation
from openverdict.web.areas import (
    cases,
    helping,
    house,
    identities,
    leads,
    people,
    record,
    register,
    second_factor,
    suggestions,
)
from openverdict.web.dispatch import answer, foreign
from openverdict.web.route import Gate, Route

# In the order in which the navigation shows them.
AREAS = (
    house,
    leads,
    cases,
    suggestions,
    identities,
    register,
    record,
    people,
    second_factor,
    helping,
)
ROUTES: tuple[Route, ...] = tuple(route for area in AREAS for route in area.ROUTES)


def faults() -> list[str]:
    """What is wrong with the table; nothing, says a test."""
    found = []
    for route in ROUTES:
        if not isinstance(route.operation, Operation | Gate):
            found.append(
                f"{route.name}: says not who may ask for it; give it an operation or a Gate"
            )
        if (route.view is None) == (route.foreign is None):
            found.append(f"{route.name}: give it a view, or a foreign one")
        if (route.form is None) != (route.act is None):
            found.append(f"{route.name}: a form needs an act, and an act a form")
        if route.case and f":{route.case}>" not in route.path:
            found.append(f"{route.name}: its path has no parameter {route.case}")
        if route.foreign is None and not route.title:
            found.append(f"{route.name}: has no title")
    names = [route.name for route in ROUTES]
    found += [
        f"{name}: two routes of this name" for name in sorted(set(names)) if names.count(name) > 1
    ]
    return found


@cache
def by_name(name: str) -> Route:
    """The route of a name."""
    return next(route for route in ROUTES if route.name == name)


def patterns() -> list[Any]:
    """The table as Django's resolver wants it. Twins stand before their page."""
    found = []
    for route in ROUTES:
        if route.foreign is not None:
            found.append(path(route.path, partial(foreign, route=route), name=route.name))
            continue
        for twin in route.twins:
            named = f"{route.path or 'index'}.{twin}"
            view = partial(answer, route=route, twin=twin)
            found.append(path(named, view, name=f"{route.name}~{twin}"))
        found.append(path(route.path, partial(answer, route=route), name=route.name))
    return found
