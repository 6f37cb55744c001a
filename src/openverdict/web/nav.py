"""The navigation: the routes that have words for it and that the person may ask for, by the one table of roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from openverdict.decisions.access import Footing, footing
from openverdict.decisions.roles import Operation
from openverdict.ledger.store import Store
from openverdict.web.addresses import address
from openverdict.web.route import Gate, Route
from openverdict.web.running import current


@dataclass(frozen=True)
class Entry:
    """One entry. `here`: the page shown is this one or below it."""

    label: str
    address: str
    here: bool


def may_use(store: Store, user: str | None, route: Route) -> bool:
    """Whether a person may ask for a route at all, whatever the case."""
    if route.operation is Gate.OPEN:
        return True
    return user is not None and _open_to(footing(store, user, (), at=store.clock()), route)


def _open_to(stance: Footing, route: Route) -> bool:
    return not isinstance(route.operation, Operation) or stance.answer(route.operation).allowed


def may_follow(user: str | None, name: str, /, **params: Any) -> bool:
    """Whether a link to a route would be answered to a person: the rule that the dispatcher asks, of these very cases."""
    from openverdict.web.routes import by_name

    route, store = by_name(name), current().store
    if not isinstance(route.operation, Operation):
        return route.operation is Gate.OPEN or user is not None
    if user is None:
        return False
    about = route.about(store, params)
    stance = footing(store, user, about, at=store.clock())
    return stance.may(route.operation) if about else stance.answer(route.operation).allowed


def followed(request: HttpRequest, user: str | None, names: tuple[str, ...]) -> list[str]:
    """Of routes about no case, those that a person may ask for."""
    from openverdict.web.routes import by_name

    routes = [by_name(name) for name in names]
    if user is None:
        return [route.name for route in routes if route.operation is Gate.OPEN]
    stance = _stance(request, user)
    return [route.name for route in routes if _open_to(stance, route)]


def _stance(request: HttpRequest, user: str) -> Footing:
    """What a person may do, whatever the case: asked once for a page."""
    found: Footing | None = getattr(request, "openverdict_stance", None)
    if found is None or found.user != user:
        store = current().store
        found = footing(store, user, (), at=store.clock())
        request.openverdict_stance = found
    return found


def navigation(request: HttpRequest, user: str | None) -> list[Entry]:
    """The entries for who asks."""
    from openverdict.web.routes import ROUTES, by_name

    if user is None:
        return []
    shown: Route | None = getattr(request, "openverdict_route", None)
    way = () if shown is None else (*shown.crumbs, shown.name)
    here = next((name for name in reversed(way) if by_name(name).nav), None)
    stance = _stance(request, user)
    return [
        Entry(route.nav, address(route.name), route.name == here)
        for route in ROUTES
        if route.nav and _open_to(stance, route)
    ]
