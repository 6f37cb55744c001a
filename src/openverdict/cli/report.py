"""The commands that report: how something was considered, what came of a run, what nobody looked at, packs for outside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openverdict.cli.acting import (
    As,
    OfCase,
    OfLead,
    OfPair,
    Purpose,
    acting,
    now,
    opened,
    say,
    subject_of,
)
from openverdict.cli.options import Json, Key, Url
from openverdict.cli.record import who_does
from openverdict.cli.terminal import count, errors, fail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

report = typer.Typer(
    name="report",
    help="How something was considered, what nobody looked at, and packs for somebody outside.",
    no_args_is_help=True,
)


@report.command("consideration")
def consideration(
    store: Url,
    pair: OfPair = None,
    lead: OfLead = None,
    case: OfCase = None,
    out: Annotated[
        list[Path] | None,
        typer.Option("--out", help="New file, .html, .pdf or .json; may be given several times."),
    ] = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """How a pair, a lead or a case was considered: what could be seen when, who was shown what, who decided and why."""
    files = _new_files(out, (".html", ".pdf", ".json"))
    with opened(store) as record:
        import json as jsonlib

        from openverdict.reports import consideration as room
        from openverdict.reports.consideration_page import consideration_html, consideration_text
        from openverdict.reports.making import log_report
        from openverdict.reports.printed import pdf

        subject = subject_of(record, pair, lead, case)
        who, at = who_does(user), now()
        told = room.consideration(record, subject, at, user=who)
        as_json = jsonlib.dumps(told.to_dict(), indent=2, ensure_ascii=False) + "\n"

        def page() -> str:
            return consideration_html(told, made=at, reader=who)

        made = {
            ".html": lambda: page().encode(),
            ".pdf": lambda: pdf(page(), printed_at=at),
            ".json": as_json.encode,
            "": (as_json if json else consideration_text(told)).encode,
        }
        contents = _contents(files, made)
        kind, data = subject.kind.value, list(contents.values())
        with acting(record, user, purpose) as writer:
            log_report(writer, "consideration", kind, subject.key, data, cases=subject.cases)
        _hand_out(contents)


@report.command("unlooked")
def unlooked(
    store: Url,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            help="New file, .html, .pdf, .csv, .xlsx or .json; may be given several times.",
        ),
    ] = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """What nobody looked at: pairs and leads of the last run without a decision, and what is overdue, by unit."""
    files = _new_files(out, (".html", ".pdf", ".csv", ".xlsx", ".json"))
    with opened(store) as record:
        from openverdict.reports import unlooked as room
        from openverdict.reports import unlooked_files as forms
        from openverdict.reports.making import log_report
        from openverdict.reports.printed import pdf

        who, at = who_does(user), now()
        told = room.never_looked_at(record, at, who)

        def page() -> str:
            return forms.unlooked_html(told, made=at, reader=who)

        spoken = forms.unlooked_json if json else forms.unlooked_text
        made = {
            ".html": lambda: page().encode(),
            ".pdf": lambda: pdf(page(), printed_at=at),
            ".csv": lambda: forms.unlooked_csv(told),
            ".xlsx": lambda: forms.unlooked_xlsx(told),
            ".json": lambda: forms.unlooked_json(told).encode(),
            "": lambda: spoken(told).encode(),
        }
        contents = _contents(files, made)
        run = "none" if told.run is None else str(told.run)
        with acting(record, user, purpose) as writer:
            log_report(writer, "never_looked_at", "run", run, list(contents.values()))
        _hand_out(contents)


@report.command("closure")
def closure(
    store: Url,
    out: Annotated[
        list[Path] | None,
        typer.Option("--out", help="New file, .html, .pdf or .json; may be given several times."),
    ] = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """What came of the last run: what people concluded on each lead, who dissented, and what is still open."""
    files = _new_files(out, (".html", ".pdf", ".json"))
    with opened(store) as record:
        import json as jsonlib

        from openverdict.reports import closing as room
        from openverdict.reports.closing_page import closing_html, closing_text
        from openverdict.reports.making import log_report
        from openverdict.reports.printed import pdf

        who, at = who_does(user), now()
        told = room.closing(record, at, who)
        as_json = jsonlib.dumps(told.to_dict(), indent=2, ensure_ascii=False) + "\n"

        def page() -> str:
            return closing_html(told, made=at, reader=who)

        made = {
            ".html": lambda: page().encode(),
            ".pdf": lambda: pdf(page(), printed_at=at),
            ".json": as_json.encode,
            "": (as_json if json else closing_text(told)).encode,
        }
        contents = _contents(files, made)
        with acting(record, user, purpose) as writer:
            log_report(writer, "closure", "run", str(told.run), list(contents.values()))
        _hand_out(contents)


@report.command("pack")
def pack(
    target: Annotated[Path, typer.Argument(help="New folder, or new file that ends in .zip.")],
    store: Url,
    profile: Annotated[
        str,
        typer.Option(
            "--profile",
            help="What may be in it: figures, panel, oversight, or a TOML file of your own.",
        ),
    ],
    to: Annotated[list[str], typer.Option("--to", help="Who gets it, as the log names them.")],
    case: Annotated[
        list[str] | None,
        typer.Option("--case", help="Only what is about these cases alone; may be repeated."),
    ] = None,
    pseudonyms: Annotated[
        Path | None,
        typer.Option(
            "--pseudonyms",
            help="File for the key that makes the pseudonyms, so that this recipient's next pack has the same ones; "
            "made if it is not there. Without it the key is thrown away.",
        ),
    ] = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="With its page as PDF (pack.pdf) beside pack.html.")
    ] = False,
    key: Key = None,
    user: As = None,
    purpose: Purpose = "disclosure",
    json: Json = False,
) -> None:
    """Everything that was considered, rejected pairs too, in a folder or zip that its recipient verifies alone."""
    with opened(store, target, key) as record:
        from openverdict.reports.pack import PROFILES, pseudonym_key, read_profile, write_pack

        if target.exists():
            fail(f"{target}: exists; name a new folder or zip file")
        chosen = profile if profile in PROFILES else read_profile(Path(profile))
        made = write_pack(
            record,
            target,
            actor=who_does(user),
            purpose=purpose,
            recipients=to,
            profile=chosen,
            cases=case or None,
            key=None if pseudonyms is None else pseudonym_key(pseudonyms),
            printed=pdf,
        )
        told = {
            "path": str(target),
            "cases": made.cases,
            "pairs": made.pairs,
            "decisions": made.decisions,
            "withheld": made.withheld,
            "manifest_sha256": made.exported.manifest_sha256,
        }
        left = f" {count(made.withheld, 'decision')} on cases that you may not disclose withheld."
        words = (
            f"Wrote {target}: {count(made.decisions, 'decision')} on {count(made.cases, 'case')}, "
            f"manifest {made.exported.manifest_sha256}.{left if made.withheld else ''}"
        )
        say(json, told, words)


def _new_files(out: list[Path] | None, kinds: tuple[str, ...]) -> list[Path]:
    """Files that may be written: of a kind that is known, and not there yet."""
    for path in out or []:
        if path.suffix.lower() not in kinds:
            fail(f"--out {path}: name a file that ends in {', '.join(kinds)}")
        if path.exists():
            fail(f"--out {path}: is there already; name a new file")
        if not path.parent.is_dir():
            fail(f"--out {path}: there is no folder {path.parent}; make it first")
    if any(path.suffix.lower() == ".pdf" for path in out or []):
        from openverdict.reports.printed import check_pdf

        with errors():
            check_pdf()
    return list(out or [])


def _contents(
    files: list[Path], made: Mapping[str, Callable[[], bytes]]
) -> dict[Path | None, bytes]:
    """The bytes of each file, or of what the terminal gets (None) where no file was named."""
    if not files:
        return {None: made[""]()}
    return {path: made[path.suffix.lower()]() for path in files}


def _hand_out(contents: Mapping[Path | None, bytes]) -> None:
    """Write the files, or the lines for the terminal, once the log says that they were made."""
    for path, data in contents.items():
        if path is None:
            typer.echo(data.decode().rstrip("\n"))
        else:
            path.write_bytes(data)
            typer.echo(f"Wrote {path}.")
