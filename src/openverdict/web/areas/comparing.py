"""A comparison of records of persons comes in: its files, what taking it in would come to, and then taking it in."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from openverdict.decisions.linking import foresee
from openverdict.decisions.roles import Operation
from openverdict.decisions.thresholds import counting
from openverdict.errors import InputError
from openverdict.identity import Run, read_run
from openverdict.identity.decide import NAME as DECISIONS
from openverdict.identity.run import ACCOUNT, KEPT
from openverdict.web import spool, tasks, working
from openverdict.web.answers import Go, GoneError, Page
from openverdict.web.areas.same_persons import ABOVE
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind
from openverdict.web.models import ACTIVE
from openverdict.web.route import Route
from openverdict.web.serving import UPLOAD_BYTES
from openverdict.web.spool import Upload

NEEDED = (ACCOUNT, *KEPT)
# What `identity propose` writes beside them: decisions are read, the rest is worked out anew.
BESIDE = (DECISIONS, "identities.csv", "set_aside.csv", "rejects.csv")


def before_upload(ask: Ask) -> Page:
    """The comparison that was taken in last."""
    return Page({"last": asdict(counting(ask.store, user=ask.who)), "needed": list(NEEDED)})


def upload(ask: Ask, filled: Filled) -> Go:
    """The files come in and are checked against the hashes that they were written with."""
    files = filled["files"]
    names = [str(each.name) for each in files]
    odd = sorted(set(names) - {*NEEDED, *BESIDE})
    missing = [name for name in NEEDED if name not in names]
    if odd:
        raise InputError(
            f"{', '.join(odd)[:200]}: not of the folder that openverdict identity propose wrote; leave it out"
        )
    if missing:
        raise InputError(f"{', '.join(missing)}: is missing; choose every file of the folder")
    if len(set(names)) != len(names):
        raise InputError("a file comes twice; choose the files of one folder")
    made = spool.receive(ask.who, files, None, comparison=True)
    try:
        made.put_together()
        _read(made)
    except BaseException:
        made.remove()
        raise
    return Go(ask.to("persons.taking", batch=made.token))


def taking(ask: Ask) -> Page:
    """What taking it in would come to; while the worker is at it, how far it has come; then what came of it."""
    working.bury(ask.store)
    token = ask.params["batch"]
    job = working.latest(working.COMPARISON, batch=token, username=ask.who)
    data: dict[str, Any] = {
        "batch": token,
        "job": None if job is None else working.told(job),
        "result": job.result if job is not None and job.state == working.DONE else None,
        "foreseen": None,
    }
    if data["result"] is None:
        found = _own(ask)
        if job is None or job.state not in ACTIVE:
            data["foreseen"] = asdict(foresee(ask.store, _read(found), user=ask.who))
    return Page(data)


def take(ask: Ask, filled: Filled) -> Go:
    """The worker takes it in."""
    found = _own(ask)
    refused = foresee(ask.store, _read(found), user=ask.who).refused
    if refused is not None:
        raise InputError(refused)
    tasks.put(working.COMPARISON, ask.who, ask.purpose, batch=found.token)
    return Go(ask.to("persons.taking", batch=found.token))


def before_discarding(ask: Ask) -> Page:
    """Before the files go."""
    _own(ask)
    return Page({"lede": "The uploaded copies go; nothing in the store changes."})


def discard(ask: Ask, filled: Filled) -> Go:
    """They go."""
    found = _own(ask)
    if working.latest(working.COMPARISON, batch=found.token, state__in=ACTIVE) is not None:
        raise InputError("it is being taken in; wait for the end of that")
    found.remove()
    return Go(ask.to("persons.take"), "The files were thrown away. The store is as it was.")


def _own(ask: Ask) -> Upload:
    found = spool.find(ask.params["batch"], ask.who, comparison=True)
    if found is None:
        raise GoneError(
            "these files were taken in or thrown away, or are somebody else's; upload them again"
        )
    return found


def _read(found: Upload) -> Run:
    """The comparison. What is wrong with it names no folder of this machine."""
    try:
        return read_run(found.together)
    except InputError as error:
        words = (
            str(error).replace(f"{found.together}/", "").replace(f"{found.together}", "the files")
        )
        raise InputError(words) from None


UPLOAD = Form(
    (
        Field("files", "Every file of the folder", Kind.FILES,
              hint=f"Of the folder that openverdict identity propose wrote: {', '.join(NEEDED)}, and {DECISIONS} if people "
              f"decided there. No name of anybody is in them. Up to {UPLOAD_BYTES // 2**20} MB in all."),
    ),
    button="Upload",
)  # fmt: skip
SURE = Form(
    (Field("sure", "I have looked at what would become of it", Kind.FLAG),), button="Take it in"
)
AWAY = Form((), button="Throw the files away", danger=True)
_UNDER = (*ABOVE, "persons.take")


def _route(end: str, name: str, view: Any, title: str, **more: Any) -> Route:
    more.setdefault("crumbs", _UNDER)
    return Route(f"persons/take{end}", f"persons.{name}", view, operation=Operation.COLLECT, title=title, **more)  # fmt: skip


ROUTES: tuple[Route, ...] = (
    _route("", "take", before_upload, "Take a comparison in", form=UPLOAD, act=upload, crumbs=ABOVE),
    _route("/<slug:batch>", "taking", taking, "What would become of it", form=SURE, act=take),
    _route("/<slug:batch>/discard", "discard", before_discarding, "Throw a comparison away", form=AWAY, act=discard,
           template="layout/form.html"),
)  # fmt: skip
