"""`fhir`: messages and case documents of medicolegal death investigation in, case documents out."""

from __future__ import annotations

import hashlib
import json as jsonlib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openverdict.cli.options import Quiet
from openverdict.cli.terminal import count, errors, fail

if TYPE_CHECKING:
    import polars as pl

fhir = typer.Typer(
    name="fhir", help="HL7 FHIR R4: toxicology messages and case documents.", no_args_is_help=True
)
FILES = ("fhir.json", "facts.csv", "results.csv", "ghb.csv")
MADE_BY = "openverdict fhir in"


@fhir.command("in")
def read_in(
    file: Annotated[Path, typer.Argument(help="A message or a document as JSON.")],
    out: Annotated[
        Path, typer.Option("--out", help="Folder to write into; nothing is written elsewhere.")
    ] = Path("openverdict-fhir"),
    case: Annotated[
        str | None,
        typer.Option("--case", help="The register's own case number; the bundle's otherwise."),
    ] = None,
    register: Annotated[
        list[Path] | None,
        typer.Option("--register", help="Register of the case: goes into facts.csv as well."),
    ] = None,
    ghb: Annotated[
        Path | None, typer.Option("--ghb", help="TOML with other thresholds, each with its source.")
    ] = None,
    quiet: Quiet = False,
    json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Read a toxicology message or a case document, and write the facts that it makes.

    `fhir.json` says what should be looked at and what no field holds. No name, address or day of birth is kept.
    """
    with errors(out):
        from openverdict import fhir as room
        from openverdict import read_register
        from openverdict.toxicology import with_register
        from openverdict.toxicology.outputs import readable_csv

        _check_folder(out, [file, *(register or ()), *([ghb] if ghb else [])])
        data = _bytes(file)
        bundle = room.read_bundle(file.name, data)
        cases = read_register(*register).register if register else None
        tables, told = _read(bundle, case, ghb, cases)
        if cases is not None:
            tables["facts.csv"] = with_register(tables["facts.csv"], cases)
            if told["case_id"] not in set(cases.table.get_column("case_id")):
                told["notes"].append(
                    f"case {told['case_id']} is not in the register, and so not in facts.csv; name it with --case"
                )
        told = {"made_by": MADE_BY, "sha256": hashlib.sha256(data).hexdigest(), **told}
        out.mkdir(parents=True, exist_ok=True)
        text = jsonlib.dumps(told, indent=2, ensure_ascii=False)
        _put(out / FILES[0], (text + "\n").encode())
        facts = tables.pop("facts.csv").write_csv(datetime_format="%Y-%m-%dT%H:%M:%S")
        _put(out / "facts.csv", facts.encode())
        for name, table in tables.items():
            _put(out / name, readable_csv(table))
        if json:
            typer.echo(text)
        elif not quiet:
            _say(told, out)


def _read(
    bundle: Any, case: str | None, ghb: Path | None, cases: Any
) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """The tables that a bundle makes, and the account of it."""
    import polars as pl

    from openverdict import fhir as room
    from openverdict.cases import FACTS_SCHEMA
    from openverdict.toxicology import load_ghb_rules, make_facts, results_table
    from openverdict.toxicology.facts import circumstances
    from openverdict.toxicology.outputs import ghb_table

    if bundle.kind == "document":
        document = room.read_document(bundle, case)
        told = {
            "kind": "document",
            "case_id": document.case_id,
            "facts": document.facts.height,
            "notes": list(document.notes),
            "not_held": list(document.not_held),
        }
        return {"facts.csv": document.facts}, told
    message = room.read_message(bundle, case)
    rules, around = load_ghb_rules(ghb), None if cases is None else circumstances(cases)
    facts = make_facts(message.results, rules, around)
    first = facts.table.get_column("known_from").min() if facts.table.height else None
    numbers = [
        (
            message.case_id,
            "tracking_numbers",
            f"{kind}:{number}",
            "recorded",
            first,
            None,
            bundle.name,
            "",
        )
        for kind, number in message.tracking
    ]
    table = pl.concat([facts.table, pl.DataFrame(numbers, schema=FACTS_SCHEMA, orient="row")])
    reading = [reading.ghb_class for reading in facts.ghb]
    told = {
        "kind": "message",
        "case_id": message.case_id,
        "results": sum(not r.is_specimen for r in message.results),
        "specimens_not_analysed": sum(r.is_specimen for r in message.results),
        "ghb_class": reading[0] if reading else None,
        "facts": table.height,
        "notes": [*message.notes, *facts.notes],
        "not_held": list(message.not_held),
    }
    tables = {
        "facts.csv": table,
        "results.csv": results_table(message.results, rules, around),
        "ghb.csv": ghb_table(facts),
    }
    return tables, told


@fhir.command("out")
def write_out(
    register: Annotated[Path, typer.Argument(help="The register: a table or a facts file.")],
    case: Annotated[str, typer.Argument(help="The case.")],
    out: Annotated[Path, typer.Option("--out", help="New file for the document.")],
    offset: Annotated[
        str | None,
        typer.Option(
            "--offset", help="The register's offset from UTC (Z, +01:00), for times of day."
        ),
    ] = None,
    author: Annotated[
        str | None, typer.Option("--author", help="The office that answers for it; no person.")
    ] = None,
    day: Annotated[
        str | None, typer.Option("--date", help="Date of the document; today otherwise.")
    ] = None,
    mapping: Annotated[
        str | None, typer.Option("--map", help="Mapping file, or the name of a shipped one.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Write one case as a FHIR document; what the document can't hold stays in the register."""
    with errors(out):
        from openverdict import read_register
        from openverdict.fhir import write_document

        if out.exists() or out.is_symlink():
            fail(f"--out {out}: is there already; name a new file, so that nothing is replaced")
        known = read_register(register, mapping=mapping).register
        bundle, notes = write_document(known, case, _day(day), offset=offset, author=author)
        data = (jsonlib.dumps(bundle, indent=2, ensure_ascii=False) + "\n").encode()
        _put(out, data)
        if not quiet:
            typer.echo(f"Wrote {out}: {count(len(bundle['entry']), 'resource')}.")
            for note in notes:
                typer.echo(f"note: {note}")


def _day(text: str | None) -> date:
    if text is None:
        return date.today()  # noqa: DTZ011 (the user's own day)
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"--date {text!r} is not a date; write it as 2014-08-28")


def _bytes(path: Path) -> bytes:
    from openverdict.fhir.bundle import MAX_BYTES

    if path.is_dir():
        fail(f"{path}: this is a folder; name the file in it")
    if path.exists() and path.stat().st_size > MAX_BYTES:
        fail(
            f"{path}: {path.stat().st_size:,} bytes; at most {MAX_BYTES:,}: one message or document a file"
        )
    return path.read_bytes()


def _check_folder(out: Path, inputs: list[Path]) -> None:
    """Refuse a folder in which an input, or a file that this command did not write, would be replaced."""
    if out.exists() and not out.is_dir():
        fail(f"--out {out}: is a file; name a folder")
    given = {path.resolve() for path in inputs}
    for name in FILES:
        path = out / name
        if path.resolve() in given:
            fail(f"{path}: is an input and would be replaced; name a new folder")
        if path.exists() and not _is_ours(out / FILES[0]):
            fail(
                f"{path}: was not written by this command; name a new folder, so that nothing of yours is replaced"
            )


def _is_ours(path: Path) -> bool:
    try:
        return bool(jsonlib.loads(path.read_bytes()).get("made_by") == MADE_BY)
    except (OSError, ValueError, AttributeError):
        return False


def _put(path: Path, data: bytes) -> None:
    made = path.with_name(f".{path.name}.part")
    made.write_bytes(data)
    made.replace(path)


def _say(told: dict[str, Any], out: Path) -> None:
    if told["kind"] == "message":
        typer.echo(
            f"Case {told['case_id']}: {count(told['results'], 'result')}, "
            f"{count(told['specimens_not_analysed'], 'specimen')} never analysed, {count(told['facts'], 'fact')}."
        )
        typer.echo(f"GHB: {(told['ghb_class'] or 'pending').replace('_', ' ')}.")
    else:
        typer.echo(f"Case {told['case_id']}: {count(told['facts'], 'fact')}.")
    for note in told["notes"]:
        typer.echo(f"note: {note}")
    if told["not_held"]:
        typer.echo(
            f"note: {len(told['not_held']):,} elements have no field here; {out / FILES[0]} names them"
        )
    typer.echo(f"Facts for a register stand in {out / 'facts.csv'}.")
