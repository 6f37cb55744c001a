"""People: accounts, roles, access, settings."""

from __future__ import annotations

from openverdict.web.route import Route

ROUTES: tuple[Route, ...] = ()
