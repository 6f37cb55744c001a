"""The export of the log: everything that somebody else needs to verify it, in a folder or a zip file.

    manifest.json              format, log, size and root, and the size and hash of every other file
    events.jsonl               one canonical body a line: all of them in sequence, or those selected
    leaves.txt                 the leaf hash of each entry, one a line, so that the first bad entry can be named (whole export)
    checkpoints/000001.txt …   every checkpoint up to the size of the export, oldest first
    proofs/consistency-OLD-NEW.json   that each checkpoint continues the one before
    proofs/inclusion.json      that each selected entry is in the log (selection)
    keys.txt                   the keys that signed, one vkey a line
    commitments.jsonl          what opens commitments of the entries, where that is disclosed
    attached/…                 further files, covered by the manifest
    verify_openverdict.py      the verifier, which needs nothing of this package

`docs/methods/audit-log.md` says what each of these proves. The store hands in a `LogReader`; nothing here knows a database.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files as package_files
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol

from openverdict.errors import InputError, RecordError
from openverdict.ledger.canonical import canonical_bytes
from openverdict.ledger.commitment import Opening
from openverdict.ledger.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_inclusion,
)
from openverdict.ledger.note import Checkpoint, Note, VerifierKey

FORMAT = "openverdict-export"
VERSION = 1
VERIFIER = "verify_openverdict.py"


class LogReader(Protocol):
    """What an export needs of a log. All of it from one view: what is appended meanwhile is not seen."""

    @property
    def size(self) -> int:
        """Number of entries."""
        ...

    def event_bodies(self, begin: int, end: int) -> Iterable[bytes]:
        """Canonical bodies of the entries `begin` to `end` − 1, in sequence."""
        ...

    def node(self, level: int, index: int) -> bytes:
        """Hash of a complete node of the tree; level 0 are the leaf hashes. Raises LookupError when there is none."""
        ...

    def checkpoints(self) -> Iterable[str]:
        """Every signed checkpoint, as a note, from the oldest to the newest."""
        ...


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What opens one commitment of one entry: hash of `salt` and `content` (UTF-8) is what the entry holds.

    `salt` is empty for a plain hash, such as that of rows that hold nothing personal.
    """

    entry: int
    salt: bytes
    content: str

    @classmethod
    def of(cls, entry: int, opening: Opening) -> Disclosed:
        """From an opening as it is kept beside the log."""
        return cls(entry, opening.salt, canonical_bytes(opening.value).decode("utf-8"))


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. The hash of the manifest stands for the whole export."""

    path: Path
    size: int
    entries: int
    manifest_sha256: str


def write_export(
    reader: LogReader,
    target: Path,
    keys: Sequence[VerifierKey],
    *,
    size: int | None = None,
    only: Sequence[int] | None = None,
    openings: Iterable[Disclosed] = (),
    attached: Mapping[str, bytes] | None = None,
) -> Exported:
    """Write the log as far as its last checkpoint, or as far as the checkpoint of `size` entries.

    Args:
        reader: the log.
        target: a new folder, or a new file whose name ends in `.zip`. Nothing is ever overwritten.
        keys: the public keys that signed the checkpoints, retired ones too.
        size: another size than that of the last checkpoint; there must be a checkpoint of it.
        only: numbers of the entries to be exported, each with its proof; all entries otherwise.
        openings: what opens commitments of the exported entries.
        attached: further files by name, put under `attached/`.

    Raises:
        InputError: there is no such checkpoint, or the target exists.
        RecordError: the log does not agree with its own checkpoint.
    """
    notes = [(Checkpoint.parse(Note.parse(text).text), text) for text in reader.checkpoints()]
    if not notes:
        raise InputError("the log has no checkpoint yet; sign one, then export")
    size = notes[-1][0].size if size is None else size
    notes = [(head, text) for head, text in notes if head.size <= size]
    if not notes or notes[-1][0].size != size:
        raise InputError(f"no checkpoint over {size} entries; sign one, or choose another size")
    head = notes[-1][0]
    if size > reader.size:
        raise RecordError(
            f"a checkpoint over {size} entries, but the log has {reader.size}; run: openverdict verify"
        )
    selected = None if only is None else sorted(set(only))
    if selected and not 0 <= selected[0] <= selected[-1] < size:
        raise InputError(f"entries to export must be from 0 to {size - 1}")
    with _open(target) as out:
        entries = _write_entries(reader, out, head, selected)
        _write_checkpoints(reader, out, notes)
        out.write("keys.txt", "".join(f"{key}\n" for key in dict.fromkeys(keys)))
        _write_openings(out, openings)
        for name, data in (attached or {}).items():
            out.write(f"attached/{_plain_name(name)}", data)
        out.write(VERIFIER, verifier_text())
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "scope": "whole" if selected is None else "selection",
            "origin": head.origin,
            "size": size,
            "root": head.root.hex(),
            "entries": entries,
            "files": out.written,
        }
        data = (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()
        out.write("manifest.json", data)
    return Exported(target, size, entries, sha256(data).hexdigest())


def verifier_text() -> str:
    """The source of the stand-alone verifier."""
    return (package_files("openverdict.ledger") / "standalone" / VERIFIER).read_text("utf-8")


class _Out:
    """The files of an export as they are written, each with its length and hash."""

    def __init__(self, archive: zipfile.ZipFile | None, folder: Path) -> None:
        self._archive, self._folder = archive, folder
        self.written: dict[str, dict[str, Any]] = {}

    @contextmanager
    def file(self, name: str) -> Iterator[_Hashing]:
        hashing = _Hashing()
        with self._raw(name) as hashing.file:
            yield hashing
        self.written[name] = {"bytes": hashing.length, "sha256": hashing.digest.hexdigest()}

    def write(self, name: str, content: str | bytes) -> None:
        with self.file(name) as out:
            out.write(content.encode() if isinstance(content, str) else content)

    def write_json(self, name: str, value: object) -> None:
        self.write(name, json.dumps(value, sort_keys=True) + "\n")

    def _raw(self, name: str) -> AbstractContextManager[IO[bytes]]:
        if self._archive is None:
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("xb")
        info = zipfile.ZipInfo(
            name, date_time=(1980, 1, 1, 0, 0, 0)
        )  # the same log, the same bytes
        info.compress_type = zipfile.ZIP_DEFLATED
        return self._archive.open(info, "w", force_zip64=True)


class _Hashing:
    file: IO[bytes]

    def __init__(self) -> None:
        self.digest, self.length = sha256(), 0

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self.digest.update(data)
        self.length += len(data)


@contextmanager
def _open(target: Path) -> Iterator[_Out]:
    try:
        if target.suffix.lower() != ".zip":
            target.mkdir(parents=True)
            yield _Out(None, target)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(target, "x") as archive:
            yield _Out(archive, target)
    except FileExistsError:
        raise InputError(f"{target} exists; name a new folder or zip file") from None


def _write_entries(
    reader: LogReader, out: _Out, head: Checkpoint, selected: list[int] | None
) -> int:
    if selected is None:
        return _write_whole(reader, out, head)
    return _write_selection(reader, out, head, selected)


def _write_whole(reader: LogReader, out: _Out, head: Checkpoint) -> int:
    # A zip file takes one file at a time: the hashes wait, 65 bytes each.
    frontier, leaves = Frontier(), bytearray()
    with out.file("events.jsonl") as events:
        for body in reader.event_bodies(0, head.size):
            leaf = leaf_hash(body)
            frontier.append(leaf)
            events.write(body + b"\n")
            leaves += leaf.hex().encode() + b"\n"
    out.write("leaves.txt", bytes(leaves))
    if (frontier.size, frontier.root()) != (head.size, head.root):
        raise RecordError("the entries are not those that were signed; run: openverdict verify")
    return head.size


def _write_selection(reader: LogReader, out: _Out, head: Checkpoint, selected: list[int]) -> int:
    proofs = []
    with out.file("events.jsonl") as events:
        for number in selected:
            (body,) = reader.event_bodies(number, number + 1)
            path = inclusion_proof(number, head.size, reader.node)
            if not verify_inclusion(number, head.size, leaf_hash(body), path, head.root):
                raise RecordError(f"entry {number} is not what was signed; run: openverdict verify")
            events.write(body + b"\n")
            proofs.append({"entry": number, "hashes": [value.hex() for value in path]})
    out.write_json(
        "proofs/inclusion.json", {"kind": "inclusion", "size": head.size, "entries": proofs}
    )
    return len(selected)


def _write_checkpoints(
    reader: LogReader, out: _Out, notes: Sequence[tuple[Checkpoint, str]]
) -> None:
    before = 0
    for number, (head, text) in enumerate(notes, 1):
        out.write(f"checkpoints/{number:06d}.txt", text)
        if 0 < before < head.size:
            proof = consistency_text(before, head.size, reader)
            out.write(f"proofs/consistency-{before}-{head.size}.json", proof)
        before = head.size


def consistency_text(old: int, new: int, reader: LogReader) -> str:
    """A consistency proof as a file for a witness: what `verify_openverdict.py witness` takes."""
    hashes = [value.hex() for value in consistency_proof(old, new, reader.node)]
    proof = {"kind": "consistency", "old": old, "new": new, "hashes": hashes}
    return json.dumps(proof, sort_keys=True) + "\n"


def _write_openings(out: _Out, openings: Iterable[Disclosed]) -> None:
    lines = [
        {
            "entry": each.entry,
            "commitment": sha256(each.salt + each.content.encode()).hexdigest(),
            "salt": each.salt.hex(),
            "content": each.content,
        }
        for each in openings
    ]
    if lines:
        text = "".join(canonical_bytes(line).decode("utf-8") + "\n" for line in lines)
        out.write("commitments.jsonl", text)


def _plain_name(name: str) -> str:
    path = PurePosixPath(name)
    if not name or path.is_absolute() or any(p.startswith(".") for p in path.parts) or "\\" in name:
        raise InputError(f"attached file {name!r}: give a plain relative name")
    return str(path)
