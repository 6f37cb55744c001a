"""Intake: files come in, columns are placed, a dry run says what would become of them, and somebody takes them in."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from openverdict.cases import FieldType, dictionary
from openverdict.decisions.roles import Operation
from openverdict.errors import InputError
from openverdict.intake import shipped_mappings, write_template
from openverdict.intake.mapping import parse_mapping
from openverdict.intake.placing import TICK
from openverdict.reports.labels import STATUS_WORDS
from openverdict.reports.words import counted
from openverdict.web import jobs, spool, tasks, working
from openverdict.web.answers import Download, Go, GoneError, Page
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind, begin
from openverdict.web.models import ACTIVE, Job, KeptMapping
from openverdict.web.paging import SIZE
from openverdict.web.route import Route
from openverdict.web.serving import UPLOAD_BYTES
from openverdict.web.spool import Upload
from openverdict.web.words import size_words

SHOWN = 20  # rejects and changes on the page of the dry run; the rest has pages of its own
SHIPPED_WORDS = {
    "allegheny": "Allegheny County fatal overdoses",
    "connecticut": "Connecticut accidental drug-related deaths",
    "nvdrs": "NVDRS export (violent deaths)",
    "sudors": "SUDORS export (overdoses)",
}
FULL = f"Up to {UPLOAD_BYTES // 2**20} MB in all. They stay on this machine, in a folder of the app's own."


def index(ask: Ask) -> Page:
    """Uploads that wait for somebody, and what was taken in last."""
    working.bury(ask.store)
    uploads = [_line(each) for each in spool.uploads_of(ask.who)]
    taken = Job.objects.filter(kind=working.COMMIT, state=working.DONE).order_by("-id")[:10]
    data = {
        "uploads": [
            {**each, "to": ask.to("intake.batch", batch=each["batch"])} for each in uploads
        ],
        "taken": [
            {
                "at": working.told(job)["ended"],
                "by": job.username,
                **{
                    name: job.result.get(name)
                    for name in ("rows_read", "new_cases", "facts", "superseded")
                },
            }
            for job in taken
        ],
    }
    return Page(data)


def upload(ask: Ask, filled: Filled) -> Go:
    """Files come in; the worker looks at them."""
    made = spool.receive(ask.who, filled["files"], filled["sheet"])
    try:
        tasks.put(working.LOOK, ask.who, ask.purpose, batch=made.token)
    except BaseException:
        made.remove()
        raise
    return Go(ask.to("intake.batch", batch=made.token))


def batch(ask: Ask) -> Page:
    """One upload: what it is at."""
    working.bury(ask.store)
    token = ask.params["batch"]
    found = spool.find(token, ask.who)
    job = working.latest(batch=token, username=ask.who)
    taken = job is not None and (job.kind, job.state) == (working.COMMIT, working.DONE)
    if job is not None and taken:
        if found is not None:
            found.remove()  # the worker was ended before it came to that
        told = {"batch": token, "stage": "taken", "files": [], "receipt": job.result}
        return Page(told, title="Taken in")
    if found is None:
        raise GoneError(
            "these files were thrown away or taken in, or are somebody else's; see Intake"
        )
    data: dict[str, Any] = {
        **_line(found),
        "sheet": found.about["sheet"],
        "job": None if job is None else working.told(job),
        "stage": _stage(found, job),
        "columns": len(found.about.get("columns") or ()),
        "missing": [
            {"field": name, "label": dictionary()[name].label}
            for name in found.about.get("missing") or ()
        ],
        "found_instead": [c["name"] for c in found.about.get("columns") or ()],
        "choice": _choice_words(found),
        "rows": found.about.get("rows"),
        "found": None,
    }
    if data["stage"] == "read":
        data["found"] = _found(ask, found)
    layout = (found.about.get("choice") or {}).get("layout")
    return Page(data, title=_title(found), filled=begin(LAYOUT, {"layout": layout}))


def choose(ask: Ask, filled: Filled) -> Go:
    """By which mapping the columns are read."""
    found = _own(ask)
    layout = filled["layout"]
    if layout in (jobs.COLUMNS, jobs.TEXT):
        name = "intake.columns" if layout == jobs.COLUMNS else "intake.mapping"
        return Go(ask.to(name, batch=found.token))
    return _dry_run(ask, found, {"layout": layout})


def columns(ask: Ask) -> Page:
    """A field for each column."""
    found = _own(ask)
    held = found.about.get("columns")
    if not held:
        raise GoneError("these files need no mapping: their columns are those of the template")
    choice = found.about.get("choice") or {}
    mine = choice if choice.get("layout") == jobs.COLUMNS else None
    first = {
        "field": [mine["fields"].get(c["name"], "") if mine else c["field"] for c in held],
        "format": [mine["formats"].get(c["name"], "") if mine else "" for c in held],
    }
    filled = begin(COLUMNS, first)
    filled.raw["lenient"] = ["yes"] if mine and mine["lenient"] else []
    groups: dict[str, list[tuple[str, str]]] = {}
    for field in dictionary().values():
        groups.setdefault(field.group, []).append((field.name, field.label))
    layout = {"groups": list(groups.items()), "tick": TICK}
    data = {"batch": found.token, "rows": found.about.get("rows"), "columns": held}
    return Page(data, filled=filled, crumbs=_crumbs(ask, found), layout=layout)


def place(ask: Ask, filled: Filled) -> Go | None:
    """The columns are placed; the dry run begins."""
    found = _own(ask)
    held = [c["name"] for c in found.about.get("columns") or ()]
    fields, formats = filled["field"], filled["format"]
    if len(fields) != len(held) or len(formats) != len(held):
        filled.error(
            "",
            f"there are {len(held)} columns: give a field and a format for each, or an empty one",
        )
        return None
    chosen = {name: field for name, field in zip(held, fields, strict=True) if field}
    if "found_at" not in chosen.values():
        filled.error("", "No column says when the person was found: choose one for “Found at”")
        return None
    for column, form in zip(found.about["columns"], formats, strict=True):
        field = chosen.get(column["name"], "")
        if (
            column["formats"]
            and not form
            and field in dictionary()
            and dictionary()[field].type is FieldType.DATETIME
        ):
            filled.error(
                "",
                f"{column['name']}: its times may be read in several ways: say how they are written",
            )
    if filled.errors:
        return None
    choice = {
        "layout": jobs.COLUMNS,
        "fields": chosen,
        "formats": {name: form for name, form in zip(held, formats, strict=True) if form},
        "lenient": filled["lenient"],
    }
    return _dry_run(ask, found, choice)


def mapping(ask: Ask) -> Page:
    """The mapping as text."""
    found = _own(ask)
    text = (
        found.mapping.read_text(encoding="utf-8")
        if found.mapping.exists()
        else found.about.get("suggested")
    )
    data = {
        "batch": found.token,
        "mapping": text or "",
        "columns": [c["name"] for c in found.about.get("columns") or ()],
    }
    return Page(data, filled=begin(MAPPING, {"toml": text or ""}), crumbs=_crumbs(ask, found))


def write_mapping(ask: Ask, filled: Filled) -> Go:
    """The text is checked and used."""
    found = _own(ask)
    text = filled["toml"] + "\n"
    parse_mapping(spool.MAPPING, text)
    spool.write(found.mapping, text.encode())
    return _dry_run(ask, found, {"layout": jobs.TEXT})


def rejects(ask: Ask) -> Page:
    """What was not read, and why; as CSV all of it."""
    found = _own(ask)
    if not found.rejects.exists():
        raise GoneError("nothing was read of these files yet; begin with the dry run")
    table = pl.read_parquet(found.rejects)
    after = ask.query["after"] or 0
    rows = table if ask.twin == "csv" else table.slice(after, SIZE)
    more = after + SIZE < table.height
    data = {
        "batch": found.token,
        "rejects": rows.to_dicts(),
        "total": table.height,
        "first": after + 1,
        "after": str(after + SIZE) if more else None,
        "before": None,
    }
    return Page(data, crumbs=_crumbs(ask, found))


def changes(ask: Ask) -> Page:
    """Which values of cases that the store has would be superseded."""
    found = _own(ask)
    told = found.about.get("found")
    if told is None:
        raise GoneError("nothing was read of these files yet; begin with the dry run")
    store = told["store"]
    data = {
        "batch": found.token,
        "changes": _changes(ask, store["changes"]),
        "superseded": store["superseded"],
    }
    return Page(data, crumbs=_crumbs(ask, found))


def commit(ask: Ask) -> Page:
    """Before the files are taken in."""
    found = _own(ask)
    told = found.about.get("found")
    if told is None or told["store"]["refused"] or _all_rejected(told):
        raise GoneError("these files can't be taken in as they are; see the dry run")
    return Page({"batch": found.token, "found": told}, crumbs=_crumbs(ask, found))


def take_in(ask: Ask, filled: Filled) -> Go:
    """The worker takes them in."""
    found = _own(ask)
    told = found.about.get("found")
    if told is None or told["store"]["refused"] or _all_rejected(told):
        raise InputError("begin with the dry run: nothing is taken in that nobody looked at")
    keep_as = filled["keep_as"] if told["mapping"] else None
    settings = {
        "files": [source["sha256"] for source in told["sources"]],
        "entries": ask.store.size(),
        "keep_as": keep_as,
    }
    tasks.put(working.COMMIT, ask.who, ask.purpose, batch=found.token, settings=settings)
    return Go(ask.to("intake.batch", batch=found.token))


def discard(ask: Ask) -> Page:
    """Before the files are thrown away."""
    found = _own(ask)
    names = ", ".join(str(each["name"]) for each in found.about["files"])
    data = {
        "batch": found.token,
        "lede": f"{names}: the uploaded copies go; nothing in the store changes.",
    }
    return Page(data, crumbs=_crumbs(ask, found))


def throw_away(ask: Ask, filled: Filled) -> Go:
    """They go."""
    found = _own(ask)
    if Job.objects.filter(batch=found.token, state__in=ACTIVE).exists():
        raise InputError("work on these files is under way; end it first")
    found.remove()
    return Go(
        ask.to("intake.index"), "The uploaded files were thrown away. Nothing in the store changed."
    )


def stop(ask: Ask) -> Page:
    """Before the work on files is ended."""
    found = _own(ask)
    lede = "It ends at its next step. What it did so far is undone: the store is as it was before."
    return Page({"batch": found.token, "lede": lede}, crumbs=_crumbs(ask, found))


def end(ask: Ask, filled: Filled) -> Go:
    """The work is ended."""
    found = _own(ask)
    job = working.latest(batch=found.token, state__in=ACTIVE)
    if job is not None:
        working.end(job)
    return Go(ask.to("intake.batch", batch=found.token))


def template(ask: Ask) -> Download:
    """An empty template of the register."""
    kind = ask.query["kind"] or "csv"
    with tempfile.TemporaryDirectory(dir=spool.folder()) as place:
        path = Path(place) / f"register.{kind}"
        write_template(path)
        content = path.read_bytes()
    return Download(
        content,
        path.name,
        "text/csv; charset=utf-8" if kind == "csv" else "application/octet-stream",
    )


def _own(ask: Ask) -> Upload:
    found = spool.find(ask.params["batch"], ask.who)
    if found is None:
        raise GoneError(
            "these files were thrown away or taken in, or are somebody else's; see Intake"
        )
    return found


def _dry_run(ask: Ask, found: Upload, choice: dict[str, Any]) -> Go:
    if Job.objects.filter(batch=found.token, state__in=ACTIVE).exists():
        raise InputError("work on these files is under way; wait for its end, or end it")
    found.keep(choice=choice, found=None)
    tasks.put(working.READ, ask.who, ask.purpose, batch=found.token)
    return Go(ask.to("intake.batch", batch=found.token))


def _all_rejected(told: dict[str, Any]) -> bool:
    """Whether the dry run could not read one row."""
    return bool(told["rows_read"]) and told["rejected_rows"] >= told["rows_read"]


def _stage(found: Upload, job: Job | None) -> str:
    if job is not None and job.state in ACTIVE:
        return "work"
    if found.about.get("found"):
        return "read"
    return "layout" if found.about.get("columns") else "unread"


def _line(found: Upload) -> dict[str, Any]:
    layouts = found.about.get("layouts") or []
    files = [
        {
            "name": each["name"],
            "bytes": each["bytes"],
            "size": size_words(each["bytes"]),
            "layout": layouts[place] if place < len(layouts) else None,
        }
        for place, each in enumerate(found.about["files"])
    ]
    told = found.about.get("found")
    stands = (
        "dry run done"
        if told
        else "columns to be placed"
        if found.about.get("columns")
        else "not read yet"
    )
    return {
        "batch": found.token,
        "title": _title(found),
        "files": files,
        "made_at": found.about["made_at"],
        "stands": stands,
    }


def _title(found: Upload) -> str:
    first, *others = (str(each["name"]) for each in found.about["files"])
    return first + (f" and {counted(len(others), 'other file')}" if others else "")


def _found(ask: Ask, found: Upload) -> dict[str, Any]:
    told = dict(found.about["found"])
    store = dict(told["store"])
    store["changes"] = _changes(ask, store["changes"][:SHOWN])
    first = pl.scan_parquet(found.rejects).head(SHOWN).collect().to_dicts()
    return {**told, "store": store, "first_rejects": first, "all_rejected": _all_rejected(told)}


def _changes(ask: Ask, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "case": row["case"],
            "field": row["field"],
            "label": dictionary()[row["field"]].label,
            "value": row["value"]
            if row["value"] is not None
            else STATUS_WORDS.get(row["status"], row["status"]),
            "to": ask.to("cases.case", case=row["case"]),
        }
        for row in rows
    ]


def _choice_words(found: Upload) -> str:
    layout = str((found.about.get("choice") or {}).get("layout", ""))
    if layout.startswith(jobs.SHIPPED):
        name = layout.removeprefix(jobs.SHIPPED)
        return SHIPPED_WORDS.get(name, name)
    if layout.startswith(jobs.KEPT):
        kept = KeptMapping.objects.filter(id=int(layout.removeprefix(jobs.KEPT))).first()
        return "a kept mapping" if kept is None else kept.name
    return {
        jobs.AS_IS: "the columns of the template",
        jobs.COLUMNS: "columns placed one by one",
        jobs.TEXT: "a mapping written as text",
    }.get(layout, "")


def _layouts(ask: Ask) -> tuple[tuple[str, str], ...]:
    """The ways to read columns of another layout."""
    kept = [
        (f"{jobs.KEPT}{each.id}", f"Kept: {each.name}")
        for each in KeptMapping.objects.order_by("name")
    ]
    shipped = [
        (f"{jobs.SHIPPED}{name}", SHIPPED_WORDS.get(name, name)) for name in shipped_mappings()
    ]
    return (
        (jobs.COLUMNS, "Place each column on a page; a first choice is made"),
        *kept,
        *shipped,
        (jobs.TEXT, "Write the mapping as text"),
    )


def _crumbs(ask: Ask, found: Upload) -> tuple[tuple[str, str], ...]:
    return ((_title(found), ask.to("intake.batch", batch=found.token)),)


UPLOAD = Form(
    (
        Field(
            "files",
            "Files of one register",
            Kind.FILES,
            hint=f"CSV, XLSX, Parquet or JSON facts. {FULL}",
        ),
        Field(
            "sheet",
            "Sheet of a workbook",
            required=False,
            hint="The first one otherwise.",
            longest=100,
        ),
    ),
    button="Upload",
)
LAYOUT = Form(
    (Field("layout", "How are the columns to be read?", Kind.CHOICE, choices=_layouts),),
    button="Go on to the dry run",
)
COLUMNS = Form(
    (
        Field(
            "field",
            "Field",
            Kind.EACH,
            required=False,
            choices=(
                *((f.name, f.label) for f in dictionary().values()),
                (TICK, "ticks a substance"),
            ),
        ),
        Field("format", "Written as", Kind.EACH, required=False, longest=40),
        Field(
            "lenient",
            "Keep a row when one of its values can't be read; the value is left out, and listed",
            Kind.FLAG,
            required=False,
        ),
    ),
    button="Go on to the dry run",
)
MAPPING = Form(
    (
        Field(
            "toml",
            "Mapping",
            Kind.WORDS,
            longest=200_000,
            hint="TOML, as the page of mappings in the documentation describes it.",
        ),
    ),
    button="Go on to the dry run",
)
SURE = Form(
    (
        Field("sure", "I have looked at what would be read, refused and changed", Kind.FLAG),
        Field(
            "keep_as",
            "Keep the mapping under this name",
            required=False,
            longest=100,
            hint="For the next file of this layout.",
        ),
    ),
    button="Take in",
)
AWAY = Form((), button="Throw the files away", danger=True)
STOP = Form((), button="End it", danger=True)
AFTER = Form((Field("after", "After", Kind.NUMBER, required=False, least=0, most=10**9),))
KIND = Form(
    (Field("kind", "Kind", Kind.PICK, required=False, choices=(("csv", "CSV"), ("xlsx", "XLSX"))),)
)


def _route(path: str, name: str, view: Any, title: str, **more: Any) -> Route:
    below = ("house.home",) if path == "intake" else ("house.home", "intake.index")
    return Route(path, name, view, operation=Operation.COLLECT, title=title, crumbs=below, **more)


ROUTES: tuple[Route, ...] = (
    _route(
        "intake",
        "intake.index",
        index,
        "Intake",
        form=UPLOAD,
        act=upload,
        nav="Intake",
        csv="uploads",
    ),
    _route(
        "intake/template", "intake.template", template, "Empty template", query=KIND, json=False
    ),
    _route(
        "intake/<slug:batch>", "intake.batch", batch, "Upload", form=LAYOUT, act=choose, csv="files"
    ),
    _route(
        "intake/<slug:batch>/columns",
        "intake.columns",
        columns,
        "Place the columns",
        form=COLUMNS,
        act=place,
        csv="columns",
    ),
    _route(
        "intake/<slug:batch>/mapping",
        "intake.mapping",
        mapping,
        "Mapping as text",
        form=MAPPING,
        act=write_mapping,
    ),
    _route(
        "intake/<slug:batch>/rejects",
        "intake.rejects",
        rejects,
        "What was not read",
        query=AFTER,
        csv="rejects",
    ),
    _route(
        "intake/<slug:batch>/changes",
        "intake.changes",
        changes,
        "What would be other",
        csv="changes",
    ),
    _route(
        "intake/<slug:batch>/commit", "intake.commit", commit, "Take in", form=SURE, act=take_in
    ),
    _route(
        "intake/<slug:batch>/discard",
        "intake.discard",
        discard,
        "Throw away",
        form=AWAY,
        act=throw_away,
        template="layout/form.html",
    ),
    _route(
        "intake/<slug:batch>/stop",
        "intake.stop",
        stop,
        "End the work on these files",
        form=STOP,
        act=end,
        template="layout/form.html",
    ),
)
