"""Leads, pairs and decisions: the work list, one lead, two cases side by side, deciding on them."""

from __future__ import annotations

from openverdict.web.route import Route

ROUTES: tuple[Route, ...] = ()
