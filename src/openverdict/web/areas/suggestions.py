"""Suggestions: the queue of what rules read in texts, whole rules, the stated policy, documents. Each has its own module."""

from __future__ import annotations

from openverdict.web.areas import admitting, documents, queueing, whole_rules
from openverdict.web.route import Route

ROUTES: tuple[Route, ...] = (
    *queueing.ROUTES,
    *whole_rules.ROUTES,
    *admitting.ROUTES,
    *documents.ROUTES,
)
