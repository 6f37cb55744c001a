"""The commands that work on a store: verify, checkpoint, witness, backup, restore."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openverdict.cli.options import Json, Key, Quiet, Url
from openverdict.cli.record import Purpose, Who, who_does, working
from openverdict.cli.terminal import count, fail, progress

if TYPE_CHECKING:
    from openverdict.ledger.verifying import Verdict


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
    with working():
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
    with working(out):
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
            with opened.writing(who_does(by), purpose) as writer:
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
    with working(file):
        from openverdict.ledger.keyring import change_key
        from openverdict.ledger.store import open_store

        with open_store(store, key=key) as opened:
            changed = change_key(opened, file, actor=who_does(by), purpose=purpose, reason=reason)
        typer.echo(f"Wrote {file}. Give its verifier key to whoever verifies:")
        typer.echo(str(changed.keys[0].verifier()))


@checkpoint.command("keys")
def checkpoint_keys(store: Url) -> None:
    """Print the verifier keys that the log names, for whoever verifies to keep."""
    with working():
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
    with working():
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
    with working(file):
        from openverdict.ledger.backup import write_backup
        from openverdict.ledger.store import open_store

        with open_store(store, key=key) as opened, progress(quiet) as tell:
            made = write_backup(opened, file, actor=who_does(by), purpose=purpose, progress=tell)
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
    with working():
        from openverdict.errors import RecordError
        from openverdict.ledger.backup import restore_backup

        with progress(quiet) as tell:
            try:
                opened, verdict = restore_backup(
                    file, store, actor=who_does(by), purpose=purpose, progress=tell
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
