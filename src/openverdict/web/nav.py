"""The navigation: the routes that have words for it and that the person may ask for, by the one table of roles."""

from __future__ import annotations

from dataclasses import dataclass

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


def navigation(request: HttpRequest, user: str | None) -> list[Entry]:
    """The entries for who asks."""
    from openverdict.web.routes import ROUTES, by_name

    if user is None:
        return []
    store = current().store
    shown: Route | None = getattr(request, "openverdict_route", None)
    way = () if shown is None else (*shown.crumbs, shown.name)
    here = next((name for name in reversed(way) if by_name(name).nav), None)
    stance = footing(store, user, (), at=store.clock())
    return [
        Entry(route.nav, address(route.name), route.name == here)
        for route in ROUTES
        if route.nav and _open_to(stance, route)
    ]
