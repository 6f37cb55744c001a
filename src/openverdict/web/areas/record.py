"""The record: consideration, never looked at, referrals and concerns, audit log, as-of."""

from __future__ import annotations

from openverdict.web.route import Route

ROUTES: tuple[Route, ...] = ()
