"""What the worker does: long runs, and tidying up. A task gets plain values and asks `running.current` for the store."""

from __future__ import annotations

from django.contrib.sessions.models import Session
from django.utils import timezone
from django_tasks import task

from openverdict.web import spool, working
from openverdict.web.jobs import BY_KIND
from openverdict.web.models import OneTimeLink
from openverdict.web.running import current


@task()
def work_on(job: int) -> None:
    """Do a job that a page put into the queue."""
    working.perform(job, current().store, BY_KIND)


@task()
def tidy() -> int:
    """Throw away sessions, links and uploads whose time is over; how many."""
    now = timezone.now()
    sessions, _ = Session.objects.filter(expire_date__lt=now).delete()
    links, _ = OneTimeLink.objects.filter(expires_at__lt=now).delete()
    return int(sessions + links + spool.tidy(now))
