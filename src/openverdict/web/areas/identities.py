"""Identities: proposals that records are of one person, comparisons that come in, what counts undecided."""

from __future__ import annotations

from openverdict.web.areas import comparing, letting_count, same_persons
from openverdict.web.route import Route

# A proposal's own address comes last: it would fit the others, too.
ROUTES: tuple[Route, ...] = (
    same_persons.LIST,
    *comparing.ROUTES,
    *letting_count.ROUTES,
    *same_persons.ROUTES,
)
