"""Jobs put into the queue, and what the worker does with them: long runs, and tidying up.

A task gets plain values and asks `running.current` for the store.
"""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_tasks import task

from openverdict.errors import InputError
from openverdict.web import spool, working
from openverdict.web.jobs import BY_KIND
from openverdict.web.models import Job, OneTimeLink
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


def put(
    kind: str,
    username: str,
    purpose: str,
    *,
    batch: str = "",
    settings: dict[str, Any] | None = None,
) -> Job:
    """Put a job into the queue.

    Raises:
        InputError: one of its kind that there can be only one of is there already.
    """
    try:
        with transaction.atomic():
            made = Job.objects.create(
                kind=kind,
                username=username,
                purpose=purpose,
                batch=batch,
                queued_at=timezone.now(),
                settings=settings or {},
            )
    except IntegrityError:
        what = "a run" if kind == working.RUN else "work on these files"
        raise InputError(f"{what} is under way already; wait for its end, or end it") from None
    work_on.enqueue(made.id)
    return made
