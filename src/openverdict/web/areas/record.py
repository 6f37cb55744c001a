"""The record: the log, reports, duties with their clocks. Each has a module of its own."""

from __future__ import annotations

from openverdict.web.areas import auditing, reporting, signing_off, telling, waiting
from openverdict.web.route import Route

ROUTES: tuple[Route, ...] = (
    *auditing.ROUTES,
    *reporting.ROUTES,
    *waiting.ROUTES,
    *signing_off.ROUTES,
    *telling.ROUTES,
)
