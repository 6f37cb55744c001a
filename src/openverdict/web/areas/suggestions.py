"""Suggestions: the queue of what rules read in texts, whole rules at once, documents. Each has a module of its own."""

from __future__ import annotations

from openverdict.web.areas import documents, queueing, whole_rules
from openverdict.web.route import Route

ROUTES: tuple[Route, ...] = (*queueing.ROUTES, *whole_rules.ROUTES, *documents.ROUTES)
