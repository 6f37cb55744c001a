"""A document about a case: it comes in, is read in a process of its own, and a person ticks what is right in it."""

from __future__ import annotations

from typing import Any

from openverdict.decisions.from_documents import accept_of_document, states
from openverdict.decisions.roles import Operation
from openverdict.decisions.suggestions import SuggestionLine
from openverdict.errors import InputError
from openverdict.ledger.models import Case
from openverdict.reports.words import counted
from openverdict.web import read_documents, spool, tasks, working
from openverdict.web.answers import Go, GoneError, Page
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind
from openverdict.web.marked import pieces
from openverdict.web.models import ACTIVE, Job
from openverdict.web.read_documents import ReadDocument
from openverdict.web.route import Route
from openverdict.web.spool import Upload
from openverdict.web.suggested import row_of

SHOWN = 500  # suggestions on the page; the rest of a long document is left to the command
WHOLE = 50_000  # characters of a text that is shown whole
AROUND = 120  # characters shown before and after the words of a suggestion


def before_upload(ask: Ask) -> Page:
    """Which case it is about."""
    case = ask.params["case"]
    if not ask.store.rows(Case).filter(case_id=case).exists():
        raise GoneError(f"case {case}: the store does not have it; check the number")
    lede = (
        f"About case {case}. It is read in a process of its own and kept for a week at most; rules suggest facts, and you "
        "tick what is right. A scan without a text layer can't be read: recognise its characters first."
    )
    return Page({"lede": lede}, title="Read a document", crumbs=_above(ask))


def upload(ask: Ask, filled: Filled) -> Go:
    """The worker reads it."""
    case, known = ask.params["case"], filled["known_from"]
    if known is not None and known > ask.store.clock().date():
        raise InputError(f"Known from: {known} lies ahead; choose a day that has been")
    made = spool.receive(ask.who, [filled["document"]], None, case=case)
    made = made.keep(known_from=None if known is None else known.isoformat())
    try:
        tasks.put(working.DOCUMENT, ask.who, ask.purpose, batch=made.token, settings={"case": case})
    except BaseException:
        made.remove()
        raise
    return Go(ask.to("documents.document", case=case, batch=made.token))


def document(ask: Ask) -> Page:
    """What it suggests, each with the words and the place that it was read from."""
    working.bury(ask.store)
    found = _own(ask)
    job = working.latest(working.DOCUMENT, batch=found.token)
    read = None if job is None or job.state in ACTIVE else read_documents.kept(found)
    data: dict[str, Any] = {
        "case": ask.params["case"],
        "batch": found.token,
        "name": found.about["files"][0]["name"],
        "job": None if job is None else working.told(job),
        "read": read is not None,
        "known_from": found.about.get("known_from"),
        "suggestions": [],
    }
    layout: dict[str, Any] = {"pieces": []}
    if read is not None:
        about = read.document
        data |= {
            "sha256": about.sha256,
            "kind": about.kind,
            "characters": len(about.text),
            "notes": list(about.notes),
            "unread": [{"where": each.where, "reason": each.reason} for each in about.unread],
            "suggestions": _rows(read),
            "more": max(len(read.suggestions) - SHOWN, 0),
        }
        if len(about.text) <= WHOLE:
            layout["pieces"] = pieces(about.text, None, _lines(read))
    return Page(data, title=str(data["name"]), crumbs=_above(ask), layout=layout)


def accept(ask: Ask, filled: Filled) -> Go:
    """What was ticked becomes facts, all or none; the copy of the document goes."""
    case, found = ask.params["case"], _own(ask)
    read = read_documents.kept(found)
    if read is None:
        raise InputError("nothing was read of this document; upload it again")
    chosen = [read.suggestions[int(each)] for each in filled["accept"]]
    with ask.writing() as writer:
        numbers = accept_of_document(
            ask.store, writer, case, read.document, chosen, found.about.get("known_from")
        )
    found.remove()
    words = f"{counted(len(numbers), 'fact')} of the document {'is' if len(numbers) == 1 else 'are'} recorded."
    return Go(ask.to("cases.case", case=case), f"{words[:1].upper()}{words[1:]} The uploaded copy was removed.")  # fmt: skip


def before_discarding(ask: Ask) -> Page:
    """Before the copy goes."""
    found = _own(ask)
    lede = (
        f"{found.about['files'][0]['name']}: the uploaded copy goes; nothing in the store changes."
    )
    return Page({"lede": lede}, crumbs=_above(ask))


def discard(ask: Ask, filled: Filled) -> Go:
    """It goes."""
    found = _own(ask)
    if Job.objects.filter(batch=found.token, state__in=ACTIVE).exists():
        raise InputError("it is being read; wait for the end of that")
    found.remove()
    return Go(ask.to("cases.case", case=ask.params["case"]), "It was thrown away. The store is as it was.")  # fmt: skip


def _own(ask: Ask) -> Upload:
    found = spool.find(ask.params["batch"], ask.who, case=ask.params["case"])
    if found is None:
        raise GoneError(
            "this document was taken in or thrown away, or is somebody else's; upload it again"
        )
    return found


def _above(ask: Ask) -> tuple[tuple[str, str], ...]:
    case = ask.params["case"]
    return ((f"Case {case}", ask.to("cases.case", case=case)),)


def _lines(read: ReadDocument) -> list[SuggestionLine]:
    return [
        SuggestionLine(
            number, "", each.field, each.value, each.assertion.value, each.start, each.end,
            each.rule, each.version, each.confidence, None,
        )
        for number, each in enumerate(read.suggestions)
    ]  # fmt: skip


def _rows(read: ReadDocument) -> list[dict[str, Any]]:
    text = read.document.text
    rows = []
    for line, each in zip(_lines(read)[:SHOWN], read.suggestions, strict=False):
        row = {name: value for name, value in row_of(line).items() if name not in _OF_QUEUE}
        row |= {
            "place": read.document.where(each.start, each.end),
            "before": text[max(each.start - AROUND, 0) : each.start],
            "text_words": text[each.start : each.end],
            "after": text[each.end : each.end + AROUND],
            "states": states(read.document, each),
        }
        rows.append(row)
    return rows


def _choices(ask: Ask) -> tuple[tuple[str, str], ...]:
    """What can be ticked: what would be a fact."""
    found = spool.find(ask.params["batch"], ask.who, case=ask.params["case"])
    read = None if found is None else read_documents.kept(found)
    rows = [] if read is None else _rows(read)
    return tuple((str(row["suggestion"]), row["words"]) for row in rows if row["states"])


_OF_QUEUE = ("case", "status", "by", "at", "fact", "together")
UPLOAD = Form(
    (
        Field("document", "Document", Kind.FILE, hint="Text, DOCX, PDF with a text layer, or e-mail (EML); up to 64 MB."),
        Field("known_from", "Known from", Kind.DATE, required=False,
              hint="The first day on which somebody of yours had it. The day on which you accept, when left out."),
    ),
    button="Read it",
)  # fmt: skip
ACCEPT = Form(
    (Field("accept", "What is right", Kind.CHOICES, choices=_choices),),
    button="Record what is ticked",
)
AWAY = Form((), button="Throw it away", danger=True)
_BELOW = ("house.home", "register.search")


def _route(end: str, name: str, view: Any, title: str, **more: Any) -> Route:
    return Route(f"cases/<key:case>/document{end}", f"documents.{name}", view, operation=Operation.ENTER_FACTS,
                 title=title, case="case", crumbs=_BELOW, **more)  # fmt: skip


ROUTES: tuple[Route, ...] = (
    _route("", "upload", before_upload, "Read a document", form=UPLOAD, act=upload, template="layout/form.html"),
    _route("/<slug:batch>", "document", document, "Document", form=ACCEPT, act=accept, csv="suggestions"),
    _route("/<slug:batch>/discard", "discard", before_discarding, "Throw a document away", form=AWAY, act=discard,
           template="layout/form.html"),
)  # fmt: skip
