"""`document`: what one document says, with the place of every piece; and the documents that other commands are given."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from openverdict.cli.terminal import errors, fail

if TYPE_CHECKING:
    import polars as pl

    from openverdict.documents import Document, Named
    from openverdict.narrative import FromDocuments, Suggestion

NOTED = 5  # documents whose notes stand on the terminal
REASONS = 20  # likewise why none of the documents was read

OfCase = Annotated[
    str | None, typer.Option("--case", help="The case that the documents named are about.")
]
Index = Annotated[
    Path | None, typer.Option("--index", help="CSV with file, case_id and, if known, known_from.")
]
KnownFrom = Annotated[
    str | None,
    typer.Option("--known-from", help="With --case: the day on which the documents were known."),
]
Rejects = Annotated[
    Path | None,
    typer.Option("--rejects", help="New file for what was not read; rejects.csv beside --out."),
]


def add_document_command(app: typer.Typer) -> None:
    """Put `document` beside the other commands."""
    app.command()(document)


def document(
    file: Annotated[Path, typer.Argument(help="A document: .txt, .docx, .pdf or .eml.")],
    about: Annotated[
        bool,
        typer.Option(
            "--about", help="Hash, size and what the file says of itself, without its text."
        ),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print text, places and all as JSON.")
    ] = False,
) -> None:
    """Print the text of a document, each piece with the page, paragraph, cell or line where it stands.

    The file is parsed in a process of its own, under limits; nothing in it is run, drawn or fetched.
    """
    with errors():
        from openverdict.documents import read_document

        read = read_document(file)
        if json:
            told = {**asdict(read), "metadata": dict(read.metadata)}
            if about:
                told = {key: value for key, value in told.items() if key not in ("text", "places")}
            typer.echo(jsonlib.dumps(told, indent=2, ensure_ascii=False))
            return
        if about:
            typer.echo("\n".join(_about(read)))
            return
        for place in read.places:
            text = read.text[place.start : place.end]
            typer.echo(f"[{place.where}]{chr(10) if chr(10) in text else ' '}{text}")
        for note in read.notes:
            typer.echo(f"note: {note}", err=True)
        for unread in read.unread:
            typer.echo(f"not read: {unread.where}: {unread.reason}", err=True)


def _about(read: Document) -> list[str]:
    """A document as lines for an exhibit's words: which bytes, what it says of itself, what was not read."""
    lines = [
        f"{read.name}: {read.kind}, {read.size_bytes:,} bytes, {len(read.text):,} characters of text",
        f"SHA-256: {read.sha256}",
        *(f"{name} (by its own word): {value}" for name, value in read.metadata.items()),
    ]
    lines += [
        f"{a.where}: {a.size_bytes:,} bytes, {'read' if a.is_read else 'not read'}, SHA-256: {a.sha256}"
        for a in read.attachments
    ]
    lines += [f"note: {note}" for note in read.notes]
    return lines + [f"not read: {unread.where}: {unread.reason}" for unread in read.unread]


@dataclass(frozen=True)
class Given:
    """The documents of a call, those whose case nobody named, and where the account of reading them goes."""

    named: list[Named]
    strays: list[Path]
    rejects: Path
    documents: Path

    def read(
        self,
        how: Callable[[str], list[Suggestion]],
        tell: Callable[[str, float], None],
        *,
        alone: bool,
    ) -> FromDocuments:
        """What they suggest. When they are alone and none could be read, say why, write nothing, and end."""
        from openverdict.narrative import suggest_documents

        made = suggest_documents(self.named, self.strays, how, tell)
        if alone and made.documents.is_empty():
            _none_read(made)
        made.write(self.rejects, self.documents)
        return made

    def say(self, made: FromDocuments) -> None:
        """How they were read, on the terminal."""
        from openverdict.narrative.from_documents import JOIN

        for name, notes in made.documents.select("file", "notes").head(NOTED).iter_rows():
            for note in notes.split(JOIN) if notes else ():
                typer.echo(f"note: {name}: {note}")
        if made.refused.height:
            typer.echo(
                f"note: {made.refused.height:,} documents, or parts of one, were not read: {self.rejects} says why"
            )


def documents_given(
    files: list[Path],
    out: Path,
    case: str | None,
    index: Path | None,
    known_from: str | None,
    rejects: Path | None,
) -> tuple[list[Path], Given | None]:
    """(files of the register, the documents); ends the call where nothing is named, or something would be replaced."""
    from openverdict.documents import gather

    if known_from is not None and case is None:
        fail("--known-from: is for --case; in an index, give the column known_from")
    register, named, strays = gather(files, case, index, known_from)
    if not named and not strays:
        if not register:
            fail("no file named; name the files of a register, documents with --case, or --index")
        return register, None
    given = Given(
        named, strays, rejects or out.with_name("rejects.csv"), out.with_name("documents.csv")
    )
    if len({path.resolve() for path in (out, given.rejects, given.documents)}) < 3:
        fail(f"--out {out}: rejects.csv and documents.csv are written beside it; name another")
    for path, option in ((given.rejects, "--rejects"), (given.documents, "--out")):
        if path.suffix.lower() != ".csv":
            fail(f"{option} {path}: write .csv at its end")
        if path.exists() or path.is_symlink():
            mend = "name a new file" if option == "--rejects" else "write into another folder"
            fail(f"{option}: {path} is there already; {mend}, so that nothing is replaced")
    return register, given


def documents_of(
    files: list[Path], reviewed: pl.DataFrame
) -> tuple[list[Path], dict[str, Document]]:
    """(files of the register, the documents that rows are of, by the SHA-256 of their bytes)."""
    from openverdict.documents import file_hash, is_document, read_document
    from openverdict.errors import InputError

    wanted = set(reviewed.get_column("sha256").drop_nulls())
    register, documents = [], {}
    for path in files:
        is_wanted = is_document(path)
        if path.suffix.lower() in (".txt", ".text") and wanted:
            # Larger than a document may be, or no file: the reader of registers says which.
            with suppress(InputError):
                is_wanted = file_hash(path) in wanted
        if is_wanted:
            document = read_document(path)
            documents[document.sha256] = document
        else:
            register.append(path)
    return register, documents


def _none_read(made: FromDocuments) -> NoReturn:
    first, *others = made.refused.get_column("reason").to_list()
    for reason in others[:REASONS]:
        typer.echo(f"note: {reason}", err=True)
    more = len(others) - REASONS
    fail(f"{first}{f'; and {more:,} more' if more > 0 else ''}")
