"""What the worker does of long work: look at an upload, read it for a dry run, take it in; a comparison; a run; read texts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import date
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from openverdict.errors import InputError
from openverdict.web import spool, working
from openverdict.web.models import Job, KeptMapping
from openverdict.web.running import current

if TYPE_CHECKING:
    from openverdict.intake import Intake
    from openverdict.intake.sheet import Sheet
    from openverdict.ledger.store import Store
    from openverdict.web.spool import Upload
    from openverdict.web.working import Teller

AS_IS, COLUMNS, TEXT = "as_is", "columns", "text"
SHIPPED, KEPT = "shipped:", "kept:"
TEMPLATE, FACTS, FOREIGN = "template", "facts", "foreign"
VERIFIED = ("entries", "rows", "nodes", "checkpoints", "erased")


def look(job: Job, tell: Teller) -> dict[str, Any]:
    """What stands in the files: whether their layout is ours, else their columns; where it is ours, the dry run follows."""
    from openverdict.intake.files import read_sheet
    from openverdict.intake.placing import mapping_text, place_columns
    from openverdict.intake.read import missing_columns

    upload = _upload(job)
    layouts: list[str] = []
    columns: list[dict[str, Any]] | None = None
    missing: list[str] = []
    suggested, rows = "", 0
    for place, path in enumerate(upload.paths):
        tell("reading", place / len(upload.paths))
        sheet = read_sheet(path, upload.about["sheet"] if path.suffix == ".xlsx" else None)
        layouts.append(_layout(sheet))
        rows += sheet.rows_read
        if layouts[-1] == FOREIGN and columns is None:
            placed = place_columns(sheet)
            columns = [asdict(each) for each in placed]
            missing = missing_columns(sheet.frame.columns)
            fields = {each.name: each.field for each in placed if each.field}
            with suppress(InputError):  # where no column says when: the page begins without a text
                suggested = mapping_text(sheet, fields, {}, name=sheet.name)
    upload = upload.keep(
        layouts=layouts, columns=columns, missing=missing, rows=rows, suggested=suggested
    )
    if FOREIGN not in layouts:
        upload.keep(choice={"layout": AS_IS})
        return read(job, tell)
    return {"rows": rows}


def read(job: Job, tell: Teller) -> dict[str, Any]:
    """The dry run: what would be read, what refused, what would change in the store."""
    from openverdict.decisions.late import foresee

    upload = _upload(job)
    store = current().store
    found, used = _read(upload, store, tell)
    seen = foresee(store, found, user=job.username, mapping=used, progress=tell)
    parquet = upload.rejects.with_name(f".{upload.rejects.name}.part")
    found.rejects.write_parquet(parquet)
    parquet.chmod(0o600)
    parquet.replace(upload.rejects)
    counts = {
        "rows_read": found.rows_read,
        "cases": len(found.register),
        "rejected_rows": found.rejected_rows,
        "rejects": found.rejects.height,
    }
    upload.keep(
        found={
            **counts,
            "notes": list(found.notes),
            "sources": found.account(),
            "mapping": used,
            "store": asdict(seen),
        }
    )
    return counts


def commit(job: Job, tell: Teller) -> dict[str, Any]:
    """Take the files in, as the dry run read them; then they are removed."""
    from openverdict.decisions.late import take_in

    upload = _upload(job)
    store = current().store
    found, used = _read(upload, store, tell)
    receipt = take_in(
        store, found, actor=job.username, purpose=job.purpose, mapping=used, progress=tell
    )
    if keep_as := job.settings.get("keep_as"):
        text = upload.mapping.read_text(encoding="utf-8")
        kept = {"toml": text, "username": job.username, "kept_at": job.queued_at}
        KeptMapping.objects.update_or_create(name=keep_as, defaults=kept)
    upload.remove()
    return {
        **asdict(receipt),
        "rows_read": found.rows_read,
        "rejected_rows": found.rejected_rows,
        "files": [source.sha256 for source in found.sources],
    }


def run(job: Job, tell: Teller) -> dict[str, Any]:
    """A review run on the store, stored there."""
    from openverdict import reports  # noqa: F401  (reports teach results to show themselves)
    from openverdict.decisions.changes import rerun
    from openverdict.leads import settings
    from openverdict.ledger.facts import AsOf

    asked = dict(job.settings)
    days = [asked.pop(name, None) for name in ("as_of", "recorded_as_of")]
    known, recorded = (None if day is None else date.fromisoformat(day) for day in days)
    number, result, changes = rerun(
        current().store,
        actor=job.username,
        purpose=job.purpose,
        settings=settings(**asked),
        asked=AsOf(known, recorded),
        progress=tell,
        planned=lambda number: _planned(job, number),
    )
    return {
        "run": number,
        "timings": {step: round(seconds, 3) for step, seconds in result.timings.items()},
        "changed": None if changes is None else len(changes),
    }


def narratives(job: Job, tell: Teller) -> dict[str, Any]:
    """Let the rules read the narratives that they have not read yet."""
    from openverdict.decisions.suggesting import suggest

    tell("narratives", 0.0)
    return asdict(suggest(current().store, actor=job.username, purpose=job.purpose, progress=tell))


def document(job: Job, tell: Teller) -> dict[str, Any]:
    """Read a document about a case, and let the rules read its text."""
    from openverdict.web.read_documents import read

    tell("document", 0.0)
    found = read(_upload(job))
    return {"characters": len(found.document.text), "suggestions": len(found.suggestions)}


def comparison(job: Job, tell: Teller) -> dict[str, Any]:
    """Take a comparison of records of persons in, whole or not at all; then its files are removed."""
    from openverdict.decisions.linking import take_in
    from openverdict.identity import read_run

    upload = _upload(job)
    tell("comparison", 0.0)
    run = read_run(upload.together)
    with current().store.writing(job.username, job.purpose) as writer:
        taken = take_in(current().store, writer, run)
    upload.remove()
    return asdict(taken)


def verify_store(job: Job, tell: Teller) -> dict[str, Any]:
    """Read the whole store again, and say what came of it."""
    from openverdict.ledger.verifying import verify

    tell("verify-entries", 0.0)
    found = verify(current().store, progress=tell)
    return {
        "outcome": found.outcome.name.lower(),
        "root": found.root.hex(),
        **{name: getattr(found, name) for name in VERIFIED},
        "problems": [{"entry": each.entry, "what": each.what} for each in found.problems],
        "doubts": found.doubts,
    }


BY_KIND: dict[str, Callable[[Job, Any], dict[str, Any]]] = {
    working.LOOK: look,
    working.READ: read,
    working.COMMIT: commit,
    working.RUN: run,
    working.NARRATIVES: narratives,
    working.DOCUMENT: document,
    working.VERIFY: verify_store,
    working.COMPARISON: comparison,
}


def shipped_text(name: str) -> str:
    """A mapping that comes with the package."""
    shipped = files("openverdict.intake").joinpath(f"mappings/{name}.toml")
    return shipped.read_text(encoding="utf-8")


def _planned(job: Job, number: int) -> None:
    Job.objects.filter(id=job.id).update(run=number)


def _upload(job: Job) -> Upload:
    of_persons = job.kind == working.COMPARISON
    found = spool.find(
        job.batch, job.username, case=job.settings.get("case"), comparison=of_persons
    )
    if found is None:
        raise InputError("the files are gone: they were thrown away; upload them again")
    return found


def _layout(sheet: Sheet) -> str:
    from openverdict.cases import dictionary
    from openverdict.intake.facts import is_facts

    if is_facts(sheet):
        return FACTS
    names = [column.lower().replace(" ", "_") for column in sheet.frame.columns]
    needed = {field.name for field in dictionary().values() if field.required}
    ours = (
        set(names) <= set(dictionary()) and needed <= set(names) and len(set(names)) == len(names)
    )
    return TEMPLATE if ours else FOREIGN


def _read(upload: Upload, store: Store, tell: Teller) -> tuple[Intake, tuple[str, str] | None]:
    """The files read by what was chosen, with name and hash of the mapping as the record keeps them."""
    from openverdict.intake import read_register
    from openverdict.intake.plausible import strange
    from openverdict.ledger.collecting import known_cases

    tell("reading", 0.0)
    used = _mapping(upload)
    found = read_register(
        *upload.paths,
        mapping=None if used is None else upload.mapping,
        sheet=upload.about["sheet"],
        known_cases=lambda cases: known_cases(store, sorted(cases)),
    )
    first: dict[str, str] = {}
    for source in found.sources:
        if source.sha256 in first:
            raise InputError(
                f"{source.name}: the same file as {first[source.sha256]}, byte for byte; upload it once"
            )
        first[source.sha256] = source.name
    tell("comparing", 0.0)
    notes = strange(found.register, store.clock().date())
    return replace(found, notes=(*found.notes, *notes)), used


def _mapping(upload: Upload) -> tuple[str, str] | None:
    """Put the mapping that was chosen in its place; its name and hash."""
    from openverdict.intake.files import read_sheet
    from openverdict.intake.placing import mapping_text

    choice = upload.about.get("choice") or {}
    layout = str(choice.get("layout", AS_IS))
    if layout == AS_IS:
        return None
    if layout == COLUMNS:
        place = upload.about["layouts"].index(FOREIGN)
        path = upload.paths[place]
        sheet = read_sheet(path, upload.about["sheet"] if path.suffix == ".xlsx" else None)
        text = mapping_text(
            sheet,
            choice["fields"],
            choice["formats"],
            name="columns placed by hand",
            lenient=choice["lenient"],
        )
        name = spool.MAPPING
    elif layout.startswith(SHIPPED):
        name = layout.removeprefix(SHIPPED)
        text = shipped_text(name)
    elif layout.startswith(KEPT):
        kept = KeptMapping.objects.filter(id=int(layout.removeprefix(KEPT))).first()
        if kept is None:
            raise InputError("the mapping is kept no more; choose another")
        name, text = kept.name, kept.toml
    else:
        name, text = spool.MAPPING, upload.mapping.read_text(encoding="utf-8")
    spool.write(upload.mapping, text.encode())
    return name, sha256(text.encode()).hexdigest()
