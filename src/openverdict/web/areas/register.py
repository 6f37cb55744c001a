"""The register: search, intake, runs and what was known on a day, each in a module of its own."""

from __future__ import annotations

from openverdict.web.areas import intake, running
from openverdict.web.route import Route

ROUTES: tuple[Route, ...] = (*intake.ROUTES, *running.ROUTES)
