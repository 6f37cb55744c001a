"""The register: search, filters, intake and runs."""

from __future__ import annotations

from openverdict.web.route import Route

ROUTES: tuple[Route, ...] = ()
