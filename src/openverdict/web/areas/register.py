"""The register: search, intake, runs and what was known on a day, each in a module of its own."""

from __future__ import annotations

from openverdict.web.areas import intake, running, searching
from openverdict.web.route import Route

ROUTES: tuple[Route, ...] = (*searching.ROUTES, *intake.ROUTES, *running.ROUTES)
