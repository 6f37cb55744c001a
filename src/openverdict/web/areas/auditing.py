"""The log: its entries by filters a page at a time, one entry with its proof, whether all of it holds, and taking it out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory

from openverdict.decisions.guarding import ask as ask_rule
from openverdict.decisions.log_list import LogFilter, list_entries, prove_entry
from openverdict.decisions.logbook import export_log, read_entries
from openverdict.decisions.roles import Operation
from openverdict.errors import InputError
from openverdict.ledger.events import registry
from openverdict.ledger.events.base import Act
from openverdict.web import tasks, working
from openverdict.web.answers import Download, Go, GoneError, Page, as_json
from openverdict.web.ask import Ask
from openverdict.web.forms import Choices, Field, Filled, Form, Kind
from openverdict.web.models import ACTIVE
from openverdict.web.paging import SIZE
from openverdict.web.route import Route


def _kinds(_: Ask) -> Choices:
    """Every kind of entry, in words."""
    names = sorted({kind for kind, _ in registry()})
    return tuple((name, name.replace("_", " ")) for name in names)


def _start(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)


def _end(day: date | None) -> datetime | None:
    """The last moment of a day that the log can tell from the next."""
    if day is None:
        return None
    return datetime.combine(day, time(23, 59, 59, 999_999), UTC)


def list_log(ask: Ask) -> Page:
    """The entries that a filter chooses, the newest at the head. That they were read is an entry itself."""
    told = ask.query
    chosen = LogFilter(
        act=told["act"],
        kind=told["kind"],
        actor=told["actor"],
        case=told["case"],
        since=_start(told["since"]),
        until=_end(told["until"]),
    )
    before, after = told["before"], told["after"]
    with ask.writing() as writer:
        page = list_entries(ask.store, writer, chosen, before=before, after=after, size=SIZE)
    rows = [
        {**asdict(line), "address": ask.to("record.entry", entry=line.entry)} for line in page.lines
    ]
    data = {"entries": rows, "size": page.size, "newer": page.newer, "older": page.older}
    query = {name: value for name, value in told.raw.items() if name not in ("before", "after")}
    return Page(data, layout={"query": query})


def view_entry(ask: Ask) -> Page:
    """One entry as it stands in the log, with its proof. That it was read is logged."""
    number = _known(ask)
    with ask.writing() as writer:
        read_entries(ask.store, writer, number, number)
    data = asdict(prove_entry(ask.store, number, user=ask.who))
    data["address"] = ask.to("record.proof", entry=number)
    data["last"] = ask.store.size() - 1
    hashes = [
        ("leaf", data["leaf"]),
        *(("beside it", each) for each in data["path"]),
        ("root", data["root"]),
    ]
    data["hashes"] = [{"entry": number, "what": what, "hash": value} for what, value in hashes]
    return Page(data, title=f"Entry {number}")


def proof(ask: Ask) -> Download:
    """The proof of one entry as a file."""
    number = _known(ask)
    with ask.writing() as writer:
        read_entries(ask.store, writer, number, number)
    told = prove_entry(ask.store, number, user=ask.who)
    return Download(as_json(told), f"entry-{number}-proof.json", "application/json")


def _known(ask: Ask) -> int:
    """The number of an entry that there is."""
    number, size = int(ask.params["entry"]), ask.store.size()
    if number >= size:
        raise GoneError(f"entry {number}: the log has those from 0 to {size - 1}")
    return number


def before_verifying(ask: Ask) -> Page:
    """How far reading the whole store again has come, and what came of it the last time."""
    working.bury(ask.store)
    job = working.latest(working.VERIFY)
    return Page(
        {
            "size": ask.store.size(),
            "job": None if job is None else working.told(job),
            "verdict": None if job is None or job.state != working.DONE else job.result,
        }
    )


def verify_now(ask: Ask, _: Filled) -> Go:
    """The worker reads the whole store again."""
    ask_rule(ask.store, ask.who, Operation.INSPECT_LOG)
    if working.latest(working.VERIFY, state__in=ACTIVE) is not None:
        raise InputError("the log is being read already; wait for its end, or end it")
    tasks.put(working.VERIFY, ask.who, ask.purpose)
    return Go(ask.to("record.verify"))


def before_stopping(ask: Ask) -> Page:
    """Before it is ended."""
    return Page({"lede": "Reading ends at its next step, and says nothing of the log."})


def stop_verifying(ask: Ask, _: Filled) -> Go:
    """It is ended."""
    job = working.latest(working.VERIFY, state__in=ACTIVE)
    if job is not None:
        working.end(job)
    return Go(ask.to("record.verify"))


def before_export(ask: Ask) -> Page:
    """What an export of the log holds."""
    lede = (
        "A zip file with every entry, its proof and the program that verifies it without this one. "
        "That it left the house, and for whom, is an entry of the log."
    )
    return Page({"lede": lede})


def export(ask: Ask, filled: Filled) -> Download:
    """Take the log out, for a recipient."""
    with TemporaryDirectory() as folder:
        target = Path(folder) / "log.zip"
        export_log(
            ask.store,
            target,
            actor=ask.who,
            purpose="disclosure",
            recipients=(filled["recipient"],),
        )
        return Download(target.read_bytes(), "openverdict-log.zip", "application/zip")


RECIPIENT = Field("recipient", "Who gets it", hint="As the log will name them, for good.")
VERIFY = Form((), button="Read the whole log again")
FILTER = Form(
    (
        Field("case", "Case", required=False),
        Field("actor", "Person", required=False),
        Field(
            "act",
            "Act",
            Kind.PICK,
            required=False,
            choices=tuple((each.value, each.value) for each in Act),
        ),
        Field("kind", "Kind", Kind.PICK, required=False, choices=_kinds),
        Field("since", "From day", Kind.DATE, required=False),
        Field("until", "To day", Kind.DATE, required=False),
        Field("after", "After entry", Kind.NUMBER, required=False, least=0),
        Field("before", "Before entry", Kind.NUMBER, required=False, least=0),
    )
)
ROUTES: tuple[Route, ...] = (
    Route(
        "log",
        "record.log",
        list_log,
        operation=Operation.INSPECT_LOG,
        title="Log",
        nav="Log",
        query=FILTER,
        csv="entries",
        crumbs=("house.home",),
    ),
    Route(
        "log/<number:entry>",
        "record.entry",
        view_entry,
        operation=Operation.INSPECT_LOG,
        title="Entry",
        csv="hashes",
        crumbs=("house.home", "record.log"),
    ),
    Route(
        "log/<number:entry>/proof",
        "record.proof",
        proof,
        operation=Operation.INSPECT_LOG,
        title="Proof of an entry",
        json=False,
        paper=True,
    ),
    Route(
        "log/verify",
        "record.verify",
        before_verifying,
        operation=Operation.INSPECT_LOG,
        title="Verify the log",
        form=VERIFY,
        act=verify_now,
        crumbs=("house.home", "record.log"),
    ),
    Route(
        "log/verify/stop",
        "record.stop_verifying",
        before_stopping,
        operation=Operation.INSPECT_LOG,
        title="End reading the log",
        form=Form((), button="End it", danger=True),
        act=stop_verifying,
        template="layout/form.html",
        crumbs=("house.home", "record.log", "record.verify"),
    ),
    Route(
        "log/export",
        "record.export",
        before_export,
        operation=Operation.EXPORT_LOG,
        title="Take the log out",
        form=Form((RECIPIENT,), button="Make the file"),
        act=export,
        template="layout/form.html",
        json=False,
        crumbs=("house.home", "record.log"),
    ),
)
