"""The commands of new cases: a register prepared once, and what comes after compared with it."""

from __future__ import annotations

import json as jsonlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openverdict.cli.options import Json, Map, Quiet, Sheet
from openverdict.cli.terminal import REJECTED, count, errors, fail, progress, why_empty

if TYPE_CHECKING:
    from datetime import date

    from openverdict.arrivals import Arrivals, PreparedRegister
    from openverdict.intake import Intake

SHOWN = 10  # new cases on the terminal
NAMED = 5  # unknown values on the terminal

Tell = Callable[[str, float], None]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="Prepare from what was known at the end of this day."),
]


def add_arrival_commands(app: typer.Typer) -> None:
    """Put both commands into the program."""
    app.command("prepare")(prepare)
    app.command("arrive")(arrive)


def prepare(
    register: Annotated[list[Path], typer.Argument(help="The files of one register.")],
    out: Annotated[
        Path, typer.Option("--out", help="File to write; only its owner may read it.")
    ] = Path("register.prepared"),
    as_of: AsOf = None,
    mapping: Map = None,
    sheet: Sheet = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when rows were rejected.")
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Learn once what is usual in a register, for new cases to be compared with."""
    with errors(out):
        from openverdict.arrivals import save_prepared
        from openverdict.arrivals.store import check_target

        check_target(out)
        with progress(quiet or json) as tell:
            prepared, read = _prepared(register, mapping, sheet, as_of, tell)
            save_prepared(prepared, out)
        told = {
            "cases": len(prepared),
            "rejected_rows": read.rejected_rows,
            "register_hash": prepared.register_hash,
            "model_hash": prepared.model_hash,
            "bytes": out.stat().st_size,
            "out": str(out),
        }
        if json:
            typer.echo(jsonlib.dumps(told, indent=2, ensure_ascii=False))
        elif not quiet:
            typer.echo(
                f"{count(len(prepared), 'case')} prepared, {count(read.rejected_rows, 'row')} rejected; "
                f"{out} holds {out.stat().st_size / 1e6:,.1f} MB."
            )
    if strict and read.rejected_rows:
        raise typer.Exit(REJECTED)


def arrive(
    register: Annotated[
        list[Path],
        typer.Argument(
            metavar="REGISTER NEW",
            help="A prepared register or the files of a register; last, the file of new cases.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", help="Folder to write into; nothing is written elsewhere.")
    ] = Path("openverdict-arrivals"),
    kept: Annotated[
        Path | None,
        typer.Option(
            "--prepared",
            help="Where the prepared register is kept: taken if made from these files, else made anew.",
        ),
    ] = None,
    top: Annotated[
        int | None, typer.Option("--top", min=1, help="At most so many pairs of each new case.")
    ] = None,
    floor: Annotated[
        float | None,
        typer.Option(
            "--floor",
            help="log10 ratio from which a pair is put out; 2, or by the register's size.",
        ),
    ] = None,
    alone: Annotated[
        bool, typer.Option("--alone", help="Do not compare the new cases with each other.")
    ] = False,
    as_of: AsOf = None,
    mapping: Map = None,
    sheet: Sheet = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when rows of NEW were rejected.")
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Compare new cases with a prepared register, without doing the rest anew."""
    with errors(out):
        from openverdict import read_register
        from openverdict.arrivals import compare, write_arrivals
        from openverdict.arrivals.results import check_arrivals_folder

        if len(register) < 2:
            fail("name two files: the prepared register (or the register), then the new cases")
        if floor is not None and not math.isfinite(floor):
            fail(f"--floor {floor:g}: give a finite number")
        *known, new = register
        for path in (*known, new):
            if out.resolve() in path.resolve().parents:
                fail(f"--out {out}: holds the input {path}; name a new folder, so that it is kept")
        check_arrivals_folder(out)
        with progress(quiet or json) as tell:
            prepared = _taken(known, kept, mapping, sheet, as_of, tell)
            tell("reading", 0.0)
            read = read_register(new, mapping=mapping, sheet=sheet)
            found = compare(
                prepared, read.register, floor=floor, top=top, among=not alone, progress=tell
            )
            summary = {
                **found.summary,
                "rejected_rows": read.rejected_rows,
                "sources": read.account(),
            }
            write_arrivals(_with(found, summary), out, rejects=read.rejects)
        if json:
            told = {**summary, "out": str(out)}
            typer.echo(jsonlib.dumps(told, indent=2, ensure_ascii=False))
        elif not quiet:
            _say(found, read, out)
    if strict and read.rejected_rows:
        raise typer.Exit(REJECTED)


def _with(found: Arrivals, summary: dict[str, Any]) -> Arrivals:
    from dataclasses import replace

    return replace(found, summary=summary)


def _taken(
    known: list[Path],
    kept: Path | None,
    mapping: str | None,
    sheet: str | None,
    as_of: str | None,
    tell: Tell,
) -> PreparedRegister:
    """The prepared register that was named, the one kept from these very files, or a new one."""
    from openverdict.arrivals import load_prepared, save_prepared
    from openverdict.arrivals.store import check_target, is_prepared, read_header

    if is_prepared(known[0]):
        if len(known) > 1 or kept is not None or as_of is not None:
            fail(
                f"{known[0]}: is prepared already; name it and the new cases, without --prepared or --as-of"
            )
        tell("loading", 0.0)
        return load_prepared(known[0])
    if kept is None:
        return _prepared(known, mapping, sheet, as_of, tell)[0]
    check_target(kept)
    if kept.exists():
        wanted = _inputs(known, mapping, sheet, as_of)
        try:
            matches = read_header(kept)[0].get("inputs") == wanted
        except Exception:
            matches = False
        if matches:
            tell("loading", 0.0)
            return load_prepared(kept)
    prepared, _ = _prepared(known, mapping, sheet, as_of, tell)
    save_prepared(prepared, kept)
    return prepared


def _prepared(
    files: list[Path], mapping: str | None, sheet: str | None, as_of: str | None, tell: Tell
) -> tuple[PreparedRegister, Intake]:
    from openverdict import read_register
    from openverdict.arrivals import prepare_register

    day = _day(as_of)
    tell("reading", 0.0)
    read = read_register(*files, mapping=mapping, sheet=sheet)
    known = read.register if day is None else read.register.as_of(day)
    if not len(known):
        fail(why_empty(read, known, "prepare"))
    inputs = _inputs(files, mapping, sheet, as_of)
    return prepare_register(known, inputs=inputs, progress=tell), read


def _inputs(files: list[Path], mapping: str | None, sheet: str | None, as_of: str | None) -> str:
    """SHA-256 over the bytes of the files and of a mapping, and the settings that they are read with."""
    import hashlib

    from openverdict.evidence import load_variables, model_hash

    parts = [model_hash(load_variables()), sheet or "", as_of or ""]
    named = [*files, *([Path(mapping)] if mapping and Path(mapping).is_file() else [])]
    for path in named:
        with path.open("rb") as file:
            parts.append(hashlib.file_digest(file, "sha256").hexdigest())
    if mapping and not Path(mapping).is_file():
        parts.append(mapping)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _day(text: str | None) -> date | None:
    from datetime import date

    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"--as-of {text!r} is not a date; write it as 2014-08-28")


def _say(found: Arrivals, read: Intake, out: Path) -> None:
    s = found.summary
    typer.echo(
        f"{count(s['new_cases'], 'new case')}, {count(read.rejected_rows, 'row')} rejected; "
        f"{count(s['pairs_total'], 'pair')} compared ({s['prepared_cases']:,} prepared cases), "
        f"{s['pairs_ledger']:,} at or above the floor of {s['ledger_floor_log10_lr']:g}."
    )
    for note in read.notes:
        typer.echo(f"note: {note}")
    if read.rejected_rows:
        typer.echo(f"note: what was rejected, and why, stands in {out / 'rejects.csv'}")
    held = s["already_prepared"]
    if held:
        typer.echo(
            f"note: left out, since the prepared register holds them: {_some(held)}; what changed in them"
            " takes effect when the register is prepared again"
        )
    unknown = [f"{u['case_id']} {u['field']} {u['value']!r}" for u in s["unknown_values"]]
    if unknown:
        typer.echo(
            f"note: not among the values of the prepared register, and so alike in no case: {_some(unknown)}"
        )
    for case, above in zip(found.case_ids[:SHOWN], found.above, strict=False):
        rows = found.pairs.filter(found.pairs.get_column("case_new") == case)
        if rows.is_empty():
            typer.echo(f"{case}: no similar case at or above the floor.")
            continue
        strongest = [
            f"{row['case_a']} ({row['log10_lr']:.1f}: {_most(row)})"
            for row in rows.head(3).iter_rows(named=True)
        ]
        typer.echo(f"{case}: {count(above, 'similar case')}; {'; '.join(strongest)}")
    if len(found.case_ids) > SHOWN:
        typer.echo(f"… and {len(found.case_ids) - SHOWN:,} more new cases.")
    which = (
        f"Of each new case the {s['top']:,} strongest pairs" if s["top"] else "All of these pairs"
    )
    typer.echo(f"{which} stand in {out / 'arrivals.csv'}.")


def _most(row: dict[str, Any]) -> str:
    """The two variables that say most for a pair."""
    terms = {
        name[3:]: value
        for name, value in row.items()
        if name.startswith("lr_") and name != "lr_relation"
    }
    best = sorted(terms, key=lambda name: -terms[name])[:2]
    return ", ".join(f"{name.replace('_', ' ')} {terms[name]:+.1f}" for name in best)


def _some(texts: list[str]) -> str:
    more = f" and {len(texts) - NAMED:,} more" if len(texts) > NAMED else ""
    return ", ".join(texts[:NAMED]) + more
