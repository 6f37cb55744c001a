"""What the worker does: long runs, and tidying up. A task gets plain values and asks `running.current` for the store."""

from __future__ import annotations

from django.contrib.sessions.models import Session
from django.utils import timezone
from django_tasks import task

from openverdict.web.models import OneTimeLink


@task()
def tidy() -> int:
    """Throw away sessions and links whose time is over; how many."""
    now = timezone.now()
    sessions, _ = Session.objects.filter(expire_date__lt=now).delete()
    links, _ = OneTimeLink.objects.filter(expires_at__lt=now).delete()
    return int(sessions + links)
