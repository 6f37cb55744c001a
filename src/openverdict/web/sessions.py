"""A person's sessions: how many there are, since when, and ending them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.sessions.models import Session
from django.utils import timezone

BEGAN = "began"  # key of a session: when it began, in seconds since 1970


def sessions_of(name: str) -> list[tuple[str, str | None]]:
    """(key, when it began) of the sessions of a person that go on, the oldest first."""
    user = get_user_model().objects.filter(username=name).first()
    if user is None:
        return []
    found: list[tuple[str, str | None]] = []
    rows: Any = Session.objects.filter(expire_date__gt=timezone.now()).order_by("expire_date")
    for row in rows.iterator(chunk_size=500):
        told = row.get_decoded()
        if told.get(SESSION_KEY) == str(user.pk):
            began = told.get(BEGAN)
            at = None if began is None else datetime.fromtimestamp(began, UTC).isoformat()
            found.append((str(row.session_key), at))
    return found


def end_sessions(name: str, but: str | None = None) -> int:
    """End a person's sessions, all or all but one; how many ended."""
    keys = [key for key, _ in sessions_of(name) if key != but]
    Session.objects.filter(session_key__in=keys).delete()
    return len(keys)
