"""Long work: put into the queue by a page, done by the worker, told about while it goes on, ended when somebody asks.

The worker says every second how far it has come, and hears then whether it is to stop. A worker that says nothing for two
minutes, or whose process ended, did not finish: its job is marked failed, and so is the run in the log. What a job writes into
the store it writes in one transaction at its end, so that nothing of a job that did not finish stands there.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.utils import timezone

from openverdict.errors import OpenverdictError
from openverdict.ledger.configuring import DEFAULT
from openverdict.ledger.models import Source
from openverdict.ledger.runs import FAILED, abandon_run, outcome_of
from openverdict.ledger.store import Store
from openverdict.web.models import ACTIVE, Job

QUEUED, RUNNING, DONE, STOPPED = "queued", "running", "done", "stopped"
RUN, LOOK, READ, COMMIT = "run", "look", "read", "commit"
NARRATIVES, DOCUMENT, COMPARISON, VERIFY = "narratives", "document", "comparison", "verify"
TELL_EVERY_S = 1.0
SILENT = timedelta(minutes=2)  # after which a worker counts as gone
Work = Callable[[Job, "Teller"], dict[str, Any]]
_ending = threading.Event()  # this worker is to end


class Stopped(KeyboardInterrupt):
    """Somebody ended the job, or the app."""


class Teller:
    """What a job tells its progress to; raises Stopped where it is to end."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._lock = threading.Lock()
        self._step, self._share, self._pairs = "", 0.0, 0
        self._began = (time.monotonic(), 0.0)

    def __call__(self, step: str, share: float) -> None:
        """Told from any thread of the work."""
        if self.stop.is_set() or _ending.is_set():
            raise Stopped
        with self._lock:
            now = time.monotonic()
            if step != self._step:
                self._began = (now, float(share))
            elif not self._began[1] and _pairs_of(share) and not self._pairs:
                self._began = (now, float(share))  # what was finished before is no part of the rate
            self._step, self._share = step, float(share)
            self._pairs = _pairs_of(share)

    def figures(self) -> dict[str, Any]:
        """What stands in the job's row of it."""
        with self._lock:
            since, first = self._began
            spent = time.monotonic() - since
            speed = (self._share - first) / spent if spent > 0 else 0.0
            left = (1.0 - self._share) / speed if speed > 0 else None
            return {
                "step": self._step,
                "share": min(max(self._share, 0.0), 1.0),
                "pairs_a_second": speed * self._pairs,
                "left_s": left,
            }


def end(job: Job) -> None:
    """Ask a job to end: at once where nobody has begun it, else at its next step."""
    now = timezone.now()
    waiting = Job.objects.filter(id=job.id, state=QUEUED)
    if not waiting.update(state=STOPPED, ended_at=now):
        Job.objects.filter(id=job.id, state=RUNNING).update(stop_asked=True)


def perform(number: int, store: Store, by_kind: dict[str, Work]) -> None:
    """Do a job, in the worker."""
    now = timezone.now()
    taken = Job.objects.filter(id=number, state=QUEUED)
    if not taken.update(state=RUNNING, began_at=now, told_at=now, worker=this_worker()):
        return  # somebody ended it before it began
    job = Job.objects.get(id=number)
    teller = Teller()
    try:
        with _told(job, teller):
            result = by_kind[job.kind](job, teller)
    except Stopped:
        said = "The app was ended while this was under way." if _ending.is_set() else ""
        _close(store, job, STOPPED, said)
    except OpenverdictError as error:
        _close(store, job, FAILED, str(error))
    except MemoryError:
        _close(
            store, job, FAILED, "there was not memory enough; use a machine with more, or less data"
        )
    except Exception as error:  # whatever it is, the page has to say that it went wrong
        traceback.print_exc(file=sys.stderr)
        said = f"something broke on our side ({type(error).__name__}); what it was stands in the terminal of the app"
        _close(store, job, FAILED, said)
    else:
        _close(store, job, DONE, "", result)


def bury(store: Store, worker: str | None = None, why: str = "") -> int:
    """Mark as failed what a worker that is gone was at: this one's jobs, or those of any that is silent. How many."""
    lost = Job.objects.filter(state=RUNNING)
    if worker is None:
        lost = lost.filter(told_at__lt=timezone.now() - SILENT)
        why = "the process that did this says nothing any more; it may have been ended, or the machine was"
    else:
        lost = lost.filter(worker=worker)
    found = list(lost)
    for job in found:
        _close(store, job, FAILED, f"{why}; nothing of it stands in the store: begin it again")
    return len(found)


def this_worker() -> str:
    """The name of this process."""
    return worker_name(os.getpid())


def worker_name(pid: int) -> str:
    """The name of a worker's process on this machine."""
    return f"{socket.gethostname()}:{pid}"


def end_all() -> None:
    """Let what this process is at end at its next step."""
    _ending.set()


def _close(
    store: Store, job: Job, state: str, message: str, result: dict[str, Any] | None = None
) -> None:
    """Say how a job ended; where its run has not ended in the log, say it there too."""
    job.refresh_from_db(fields=["run"])
    if job.run is not None and state != DONE:
        outcome = STOPPED if state == STOPPED else FAILED
        abandon_run(store, job.run, outcome, actor=job.username, purpose=job.purpose)
        if outcome_of(store, job.run) == DONE:
            state, message = DONE, ""
    if job.kind == COMMIT and state != DONE and _stands(store, job):
        state, message = DONE, ""
    ended: dict[str, Any] = {"state": state, "message": message, "ended_at": timezone.now()}
    if result is not None:
        ended["result"] = result
    Job.objects.filter(id=job.id, state=RUNNING).update(**ended)


def _stands(store: Store, job: Job) -> bool:
    """Whether files were taken in though the process that did it could not say so any more."""
    hashes = job.settings.get("files") or []
    since = job.settings.get("entries", 0)
    held = store.rows(Source).filter(sha256__in=hashes, event_id__gte=since)
    return bool(hashes) and held.count() >= len(hashes)


@contextmanager
def _told(job: Job, teller: Teller) -> Iterator[None]:
    """A thread of its own keeps the job's row up to date while the work goes on."""
    over = threading.Event()
    thread = threading.Thread(target=_keep_telling, args=(job.id, teller, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _keep_telling(number: int, teller: Teller, over: threading.Event) -> None:
    try:
        while not over.wait(TELL_EVERY_S):
            own = Job.objects.filter(id=number, state=RUNNING)
            if not own.update(told_at=timezone.now(), **teller.figures()):
                teller.stop.set()  # somebody took this process for gone
            elif own.filter(stop_asked=True).exists():
                teller.stop.set()
    finally:
        connections[DEFAULT].close()


def latest(kind: str | None = None, **chosen: Any) -> Job | None:
    """The job put last of those chosen."""
    rows = Job.objects.filter(**chosen) if kind is None else Job.objects.filter(kind=kind, **chosen)
    return rows.order_by("-id").first()


def told(job: Job) -> dict[str, Any]:
    """A job for a page and its twins."""
    from openverdict.web.words import job_words, left_words, rate_words, step_words

    since = job.began_at or job.queued_at
    return {
        "job": job.id,
        "kind": job.kind,
        "state": job.state,
        "active": job.state in ACTIVE,
        "by": job.username,
        "since": _text(since),
        "ended": _text(job.ended_at),
        "step": job.step,
        "percent": int(100 * job.share) if job.state == RUNNING else 0,
        "run": job.run,
        "message": job.message,
        "words": job_words(job.kind, job.state, stopping=job.stop_asked),
        "step_words": step_words(job.step),
        "rate_words": rate_words(job.pairs_a_second),
        "left_words": left_words(job.left_s),
    }


def _pairs_of(share: float) -> int:
    """Of how many pairs a share is told; 0 where it is of something else."""
    return int(getattr(share, "pairs", 0) or 0)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
