"""The commands that work on a store, and what `intake` and `review` do with one."""

from __future__ import annotations

import getpass
import json as jsonlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openverdict.terminal import count, errors, fail, progress

if TYPE_CHECKING:
    from openverdict.cases import Register
    from openverdict.intake import Intake
    from openverdict.leads import Review, Settings
    from openverdict.ledger.facts import AsOf
    from openverdict.ledger.store import Store
    from openverdict.ledger.verifying import Verdict

StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store", help="The store: path of a SQLite file, or postgresql://user@host/database."
    ),
]
Url = Annotated[
    str,
    typer.Option(
        "--store", help="The store: path of a SQLite file, or postgresql://user@host/database."
    ),
]
RecordedAsOf = Annotated[
    str | None,
    typer.Option(
        "--recorded-as-of", help="Use only what the store held at the end of this day (UTC)."
    ),
]
Who = Annotated[
    str | None,
    typer.Option("--by", help="Who does this, as the log names them; your user name otherwise."),
]
Purpose = Annotated[str, typer.Option("--purpose", help="Why, as one word, for the log.")]
Key = Annotated[
    Path | None,
    typer.Option(
        "--key", help="File of the signing key; FILE.key beside a SQLite store otherwise."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]

checkpoint = typer.Typer(
    help="Signed heads of the log: export them for a witness, change the key.", no_args_is_help=True
)
witness = typer.Typer(help="What a witness outside does with checkpoints.", no_args_is_help=True)


def add_store_commands(app: typer.Typer) -> None:
    """Put the commands of this module on the program."""
    app.command()(verify)
    app.command()(backup)
    app.command()(restore)
    app.add_typer(checkpoint, name="checkpoint")
    app.add_typer(witness, name="witness")


@contextmanager
def _working(out: Path | None = None) -> Iterator[None]:
    """Errors as one line, with Django set up."""
    with errors(out), _ready():
        yield


@contextmanager
def _ready() -> Iterator[None]:
    """Django set up; what a database raises is one line, too."""
    from openverdict.ledger.configuring import configure

    configure()
    from django.db import DatabaseError

    try:
        yield
    except DatabaseError as error:
        said = " ".join(str(error).split())[:200]
        fail(f"the store cannot be used ({said}); see whether it is whole with: openverdict verify")


def verify(
    store: Url,
    key: Annotated[
        list[Path] | None,
        typer.Option(
            "--key", help="File of verifier keys that you kept; believed instead of the log's own."
        ),
    ] = None,
    outside: Annotated[
        list[Path] | None,
        typer.Option("--checkpoint", help="Checkpoint that you kept outside the store."),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Read the whole store again and prove it: exit code 0 intact, 1 broken, 2 can't tell."""
    with _working():
        from openverdict.ledger import verifying
        from openverdict.ledger.store import open_store

        keys = _verifier_keys(key or [])
        notes = [_note(path) for path in outside or []]
        with open_store(store, migrate=False) as opened, progress(quiet or json) as tell:
            verdict = verifying.verify(opened, keys=keys, checkpoints=notes, progress=tell)
        if json:
            typer.echo(jsonlib.dumps(_verdict(verdict), indent=2, ensure_ascii=False))
        elif not quiet or verdict.problems:
            _say_verdict(verdict, has_outside=bool(keys or notes))
    raise typer.Exit(int(verdict.outcome))


@checkpoint.command("export")
def checkpoint_export(
    store: Url,
    out: Annotated[Path, typer.Option("--out", help="New file for the checkpoint.")],
    since: Annotated[
        Path | None,
        typer.Option(
            "--since",
            help="Checkpoint that the witness has: adds the proof that this one continues it.",
        ),
    ] = None,
    key: Key = None,
    to: Annotated[
        list[str] | None, typer.Option("--to", help="Whom it is for, as the log names them.")
    ] = None,
    by: Who = None,
    purpose: Purpose = "witnessing",
) -> None:
    """Sign the head of the log as it is now and write it into a new file, for somebody outside to keep."""
    with _working(out):
        from openverdict.ledger.events import CheckpointSent
        from openverdict.ledger.export import consistency_text
        from openverdict.ledger.note import Checkpoint, Note
        from openverdict.ledger.reading import StoredLog
        from openverdict.ledger.store import open_store

        proof = _proof_of(out)
        for path in (out, proof):
            if path.exists():
                fail(f"{path}: exists; name a new file")
        with open_store(store, key=key) as opened:
            before = None
            if since is not None:
                before = Checkpoint.parse(Note.parse(_note(since)).text).size
            with opened.writing(_who(by), purpose) as writer:
                note = writer.checkpoint(*opened.keys)
                head = Checkpoint.parse(Note.parse(note).text)
                if to:
                    writer.record(
                        CheckpointSent, size=head.size, root=head.root.hex(), recipients=tuple(to)
                    )
            with opened.snapshot():
                log = StoredLog(opened)
                told = None if before is None else consistency_text(before, head.size, log)
        out.write_text(note, encoding="utf-8")
        if told is not None:
            proof.write_text(told, encoding="utf-8")
        typer.echo(
            f"Wrote {out}: {count(head.size, 'entry').replace('entrys', 'entries')}, signed by {head.origin}."
        )


@checkpoint.command("key")
def checkpoint_key(
    file: Annotated[Path, typer.Argument(help="New file for the new key.")],
    store: Url,
    key: Key = None,
    reason: Annotated[
        str, typer.Option("--reason", help="Why, as one word, for the log.")
    ] = "rotation",
    by: Who = None,
    purpose: Purpose = "administration",
) -> None:
    """Make a new signing key in a new file; the present one is retired. The log says so, signed by both."""
    with _working(file):
        from openverdict.ledger.keyring import change_key
        from openverdict.ledger.store import open_store

        with open_store(store, key=key) as opened:
            changed = change_key(opened, file, actor=_who(by), purpose=purpose, reason=reason)
        typer.echo(f"Wrote {file}. Give its verifier key to whoever verifies:")
        typer.echo(str(changed.keys[0].verifier()))


@checkpoint.command("keys")
def checkpoint_keys(store: Url) -> None:
    """Print the verifier keys that the log names, for whoever verifies to keep."""
    with _working():
        from openverdict.ledger.reading import StoredLog
        from openverdict.ledger.store import open_store

        with open_store(store, migrate=False) as opened:
            for key in StoredLog(opened).verifier_keys():
                typer.echo(str(key))


@witness.command("check")
def witness_check(
    old: Annotated[Path, typer.Argument(help="The checkpoint that was kept.")],
    new: Annotated[Path, typer.Argument(help="The checkpoint that was given now.")],
    proof: Annotated[
        Path | None,
        typer.Option("--proof", help="The proof between them; NEW.proof.json otherwise."),
    ] = None,
    key: Annotated[
        list[Path] | None,
        typer.Option("--key", help="File of the log's verifier keys, as you got it."),
    ] = None,
) -> None:
    """Whether a newer checkpoint continues an older one: exit code 0 it does, 1 it does not, 2 can't tell."""
    with _working():
        from openverdict.errors import RecordError
        from openverdict.ledger.witness import continues

        keys = _verifier_keys(key or [])
        if proof is None and _proof_of(new).exists():
            proof = _proof_of(new)
        text = None if proof is None else _note(proof)
        try:
            before, after = continues(_note(old), _note(new), text, keys)
        except RecordError as error:
            typer.echo(f"BROKEN: {error}")
            raise typer.Exit(1) from None
        typer.echo(
            f"{after.origin}: {after.size} entries continue the {before.size} that were kept."
        )
        if not keys:
            typer.echo("Nobody's signature was looked at: give the log's verifier keys with --key.")
            raise typer.Exit(2)


def _proof_of(checkpoint_file: Path) -> Path:
    """Where the proof of a checkpoint's file stands: beside it."""
    return checkpoint_file.with_name(f"{checkpoint_file.name}.proof.json")


def backup(
    file: Annotated[Path, typer.Argument(help="New file for the backup.")],
    store: Url,
    key: Key = None,
    by: Who = None,
    purpose: Purpose = "backup",
    quiet: Quiet = False,
) -> None:
    """Copy the whole store into one file that either engine takes back. The signing key is not in it."""
    with _working(file):
        from openverdict.ledger.backup import write_backup
        from openverdict.ledger.store import open_store

        with open_store(store, key=key) as opened, progress(quiet) as tell:
            made = write_backup(opened, file, actor=_who(by), purpose=purpose, progress=tell)
        if not quiet:
            typer.echo(f"Wrote {made.path}: a log of {made.size:,} entries, SHA-256 {made.sha256}.")


def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")],
    store: Url,
    by: Who = None,
    purpose: Purpose = "restore",
    quiet: Quiet = False,
) -> None:
    """Put a backup into a new store and verify it there; nothing is left where it does not verify."""
    with _working():
        from openverdict.errors import RecordError
        from openverdict.ledger.backup import restore_backup

        with progress(quiet) as tell:
            try:
                opened, verdict = restore_backup(
                    file, store, actor=_who(by), purpose=purpose, progress=tell
                )
            except RecordError as error:
                typer.echo(f"BROKEN: {file}: {error}", err=True)
                raise typer.Exit(1) from None
        opened.close()
        if not quiet:
            typer.echo(
                f"Restored {verdict.entries:,} entries and {verdict.rows:,} rows; all verified."
            )
            typer.echo(
                "Its signing key is not in the backup: put it back in its place before you go on."
            )


def take_in(
    url: str, read: Intake, mapping: str | None, by: str | None, purpose: str
) -> dict[str, Any]:
    """Take what was read into a store; what changed, for people and for JSON."""
    from dataclasses import asdict

    with _ready():
        from openverdict.ledger.collecting import collect
        from openverdict.ledger.store import open_store

        with open_store(url, create=True) as store:
            used = _mapping(mapping)
            receipt = collect(store, read, actor=_who(by), purpose=purpose, mapping=used)
    return {"store": asdict(receipt)}


def say_taken_in(told: dict[str, Any]) -> None:
    """What an intake changed in the store."""
    if not told:
        return
    r = told["store"]
    typer.echo(
        f"Into the store: {count(r['new_cases'], 'new case')}, {count(r['facts'], 'fact')} added, "
        f"{r['superseded']:,} superseded, {r['unchanged']:,} as before; entries {r['first_entry']:,} to "
        f"{r['last_entry']:,} of its log."
    )


def held(
    url: str | None,
    register: Sequence[Path] | None,
    mapping: str | None,
    sheet: str | None,
    known: date | None,
    recorded: str | None,
    by: str | None,
    purpose: str,
) -> AbstractContextManager[_Record | None]:
    """What `review` works on: None for files, the record of a store otherwise."""
    if url is None:
        if not register:
            fail("no file named; name the files of the register, or a store with --store")
        if recorded is not None:
            fail("--recorded-as-of asks what a store held; name one with --store")
        return nullcontext()
    if register or mapping or sheet:
        fail("--store holds its own register; leave out files, --map and --sheet")
    return _recorded(url, known, _day(recorded), _who(by), purpose)


@contextmanager
def _recorded(
    url: str, known: date | None, recorded: date | None, who: str, purpose: str
) -> Iterator[_Record]:
    with _ready(), _opened(url) as store:
        from openverdict.ledger.facts import AsOf

        record = _Record(store, AsOf(known, recorded), who, purpose)
        try:
            yield record
        except KeyboardInterrupt:
            record.abandon("stopped")
            raise
        except BaseException:
            record.abandon("failed")
            raise


def _opened(url: str) -> Store:
    from openverdict.ledger.store import open_store

    return open_store(url)


class _Record:
    """One run on a store: read, planned before it begins, finished or abandoned."""

    def __init__(self, store: Store, asked: AsOf, who: str, purpose: str) -> None:
        self.store = store
        self.asked = asked
        self.by = {"actor": who, "purpose": purpose}
        self.run: int | None = None

    def read(self) -> Intake:
        """What the store held."""
        from openverdict.ledger.facts import entries_by, read_store

        self.entries = entries_by(self.store, self.asked.recorded)
        return read_store(self.store, self.asked, entries=self.entries)

    def why_empty(self, read: Intake) -> str:
        """Why there is nothing to review, and the mend, as one line."""
        if len(read.register):
            return f"no case was known at the end of {self.asked.known}; name a later day"
        by = "" if self.asked.recorded is None else f" at the end of {self.asked.recorded}"
        return f"the store held no case{by}; take files in with: openverdict intake FILE --store {self.store}"

    def plan(self, register: Register, *, null_registers: int, **how: Any) -> None:
        """Fix the run in the log."""
        from openverdict import __version__
        from openverdict.leads import settings
        from openverdict.ledger.runs import plan_run

        set_to: Settings = settings(replicates=null_registers, **how)
        self.run = plan_run(
            self.store,
            register,
            set_to,
            as_of=self.asked,
            entries=self.entries,
            program_version=__version__,
            **self.by,
        )

    def finish(self, result: Review, out: Path) -> None:
        """Store what came out, with the hashes of the files that were written."""
        from openverdict.ledger.runs import finish_run

        written = {
            path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(out.iterdir())
        }
        run, self.run = self.run, None
        if run is not None:
            finish_run(self.store, run, result, outputs=written, **self.by)

    def abandon(self, outcome: str) -> None:
        """Say that a planned run came to nothing."""
        from openverdict.ledger.runs import abandon_run

        if self.run is not None:
            abandon_run(self.store, self.run, outcome, **self.by)


def _who(by: str | None) -> str:
    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"--recorded-as-of {text!r} is not a date; write it as 2014-08-28")


def _mapping(name: str | None) -> tuple[str, str] | None:
    """Name and hash of a mapping."""
    if name is None:
        return None
    path = Path(name)
    if path.is_file():
        return path.name, sha256(path.read_bytes()).hexdigest()
    shipped = files("openverdict.intake").joinpath(f"mappings/{name}.toml")
    return name, sha256(shipped.read_bytes()).hexdigest()


def _note(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        fail(f"{path}: not a checkpoint; name the file as you got it")


def _verifier_keys(paths: Sequence[Path]) -> tuple[Any, ...]:
    from openverdict.ledger.note import read_keys

    return tuple(key for path in paths for key in read_keys(_note(path)))


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "outcome": verdict.outcome.name.lower(),
        "entries": verdict.entries,
        "rows": verdict.rows,
        "nodes": verdict.nodes,
        "checkpoints": verdict.checkpoints,
        "outside_checkpoints": verdict.outside,
        "erased_entries": verdict.erased,
        "root": verdict.root.hex(),
        "problems": [str(problem) for problem in verdict.problems],
        "doubts": verdict.doubts,
    }


def _say_verdict(verdict: Verdict, *, has_outside: bool) -> None:
    typer.echo(
        f"{verdict.entries:,} entries, {verdict.rows:,} rows, {verdict.nodes:,} nodes, "
        f"{verdict.checkpoints:,} checkpoints read."
    )
    if verdict.problems:
        typer.echo(f"BROKEN: {verdict.first}")
        for problem in verdict.problems:
            if problem is not verdict.first:
                typer.echo(f"also: {problem}")
        return
    for doubt in verdict.doubts:
        typer.echo(f"can't tell: {doubt}")
    if verdict.doubts:
        return
    typer.echo(f"Intact. Root {verdict.root.hex()}")
    if not has_outside:
        typer.echo(
            "Whether its end was cut off, or all of it written anew, only a checkpoint kept outside can tell: "
            "give one with --checkpoint."
        )
