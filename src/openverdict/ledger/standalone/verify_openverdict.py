#!/usr/bin/env python3
"""Verify an export of an Openverdict audit log, or compare two of its checkpoints, without Openverdict.

    python verify_openverdict.py EXPORT [--key KEY]... [--seen CHECKPOINT]...
    python verify_openverdict.py witness OLD NEW [--proof PROOF] --key KEY...

EXPORT is a folder or a zip file. KEY is a verifier key (name+id+base64) or a file with one a line: take it from the log's owner
by another way than the export, or else all that is shown is that the export agrees with itself. CHECKPOINT is one that you (a
witness) kept: with it, a log that was rewritten or cut since then is found out, whoever signed it.

Exit code 0: intact. 1: broken, and the first thing that is wrong is named. 2: can't tell.

This file stands alone on purpose: it shares no code with the program that writes the log. It needs Python 3.11 and the
package `cryptography`, for Ed25519. What it checks follows RFC 9162 (Merkle tree, proofs), C2SP signed-note and C2SP
tlog-checkpoint.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

FORMAT, VERSION = "openverdict-export", 1
INTACT, BROKEN, UNKNOWN = 0, 1, 2
LARGEST_SMALL_FILE = 64_000_000  # bytes; everything but events.jsonl and leaves.txt is read at once
LARGEST_LINE = 16_000_000  # bytes
LOG_KEY, WITNESS_KEY = 1, 4
DECODER = json.JSONDecoder()
Say = Callable[[str], None]
ACTS = ("collection", "alteration", "consultation", "disclosure", "combination", "erasure")


class Broken(Exception):
    """Something is not what it should be."""


class Unknown(Exception):
    """It can't be told from what is there."""


# --- The Merkle tree of RFC 9162, section 2.1 ---


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\0" + entry)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right)


class Tree:
    """Grows by one leaf at a time. `peaks`: (height, hash) of the complete subtrees so far, from left to right."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        height = 0
        peaks = self.peaks
        while peaks and peaks[-1][0] == height:
            leaf = node_hash(peaks.pop()[1], leaf)
            height += 1
        peaks.append((height, leaf))
        self.size += 1

    def root(self) -> bytes:
        if not self.peaks:
            return sha256(b"")
        value = self.peaks[-1][1]
        for _, left in self.peaks[-2::-1]:
            value = node_hash(left, value)
        return value


def largest_power_below(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def root_of_inclusion(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """The root that an inclusion path leads to; 2.1.3.1 read backwards. The path is used up from its end."""
    if size == 1:
        return leaf
    if not path:
        raise Broken("the proof is too short")
    k, other = largest_power_below(size), path.pop()
    if index < k:
        return node_hash(root_of_inclusion(index, k, leaf, path), other)
    return node_hash(other, root_of_inclusion(index - k, size - k, leaf, path))


def roots_of_consistency(
    old: int, new: int, old_root: bytes, path: list[bytes], whole: bool = True
) -> tuple[bytes, bytes]:
    """The two roots that a consistency path leads to; 2.1.4.1 read backwards. The path is used up from its end."""
    if old == new:
        if whole:
            return old_root, old_root
        if not path:
            raise Broken("the proof is too short")
        found = path.pop()
        return found, found
    if not path:
        raise Broken("the proof is too short")
    k, other = largest_power_below(new), path.pop()
    if old <= k:
        first, second = roots_of_consistency(old, k, old_root, path, whole)
        return first, node_hash(second, other)
    first, second = roots_of_consistency(old - k, new - k, old_root, path, False)
    return node_hash(other, first), node_hash(other, second)


def check_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, path: list[bytes]
) -> None:
    if not 0 < old <= new:
        raise Broken(f"there is no proof from {old} to {new} entries")
    path = list(path)
    if roots_of_consistency(old, new, old_root, path) != (old_root, new_root) or path:
        raise Broken(f"the log of {new} entries does not continue the log of {old}")


# --- Signed notes and checkpoints ---


class Key:
    """A verifier key. Two keys are the same when their text is."""

    def __init__(self, vkey: str) -> None:
        name, _, rest = vkey.partition("+")
        key_id, _, material = rest.partition("+")
        data = from_base64(material)
        if not name or len(data) != 33 or data[0] not in (LOG_KEY, WITNESS_KEY):
            raise ValueError("not a verifier key of Ed25519")
        if sha256(name.encode() + b"\n" + data)[:4].hex() != key_id:
            raise ValueError("the id of the key does not fit it")
        self.vkey, self.name, self.id = vkey, name, bytes.fromhex(key_id)
        self.kind, self.public = data[0], data[1:]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and other.vkey == self.vkey

    def __hash__(self) -> int:
        return hash(self.vkey)

    def holds(self, text: bytes, signature: bytes) -> bool:
        try:
            from cryptography.exceptions import InvalidSignature
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        except ImportError:
            raise Unknown(
                "signatures need the package cryptography; install it: pip install cryptography"
            ) from None
        if self.kind == WITNESS_KEY:
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            text = b"cosignature/v1\ntime %d\n" % time + text
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


class Checkpoint:
    """A checkpoint as it was read; nothing is verified yet."""

    def __init__(self, data: bytes, where: str) -> None:
        self.where = where
        try:
            whole = data.decode("utf-8")
            body, gap, lines = whole.rpartition("\n\n")
            if not gap or not lines.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", whole):
                raise ValueError
            self.text = body + "\n"
            self.origin, size, root, *more = body.split("\n")
            if not self.origin or not all(more) or not re.fullmatch(r"0|[1-9][0-9]{0,15}", size):
                raise ValueError
            self.size, self.root = int(size), from_base64(root)
            if len(self.root) != 32:
                raise ValueError
            self.signatures = []
            for line in lines[:-1].split("\n"):
                dash, name, signature = line.split(" ")
                raw = from_base64(signature)
                if dash != "—" or not name or len(raw) < 5:
                    raise ValueError
                self.signatures.append((name, raw[:4], raw[4:]))
        except ValueError:
            raise Broken(f"{where}: not a checkpoint in the form of C2SP tlog-checkpoint") from None

    def signers(self, keys: list[Key]) -> list[Key]:
        """Which of the keys signed this. A false signature by one of them is broken."""
        found = []
        for key in keys:
            for name, key_id, signature in self.signatures:
                if (name, key_id) == (key.name, key.id):
                    if not key.holds(self.text.encode(), signature):
                        raise Broken(f"{self.where}: the signature of {key.name} does not hold")
                    found.append(key)
        return found


def from_base64(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not in canonical base64")
    return data


def from_hex(text: object, length: int = 32) -> bytes:
    if not isinstance(text, str) or not re.fullmatch(r"[0-9a-f]*", text) or len(text) != 2 * length:
        raise ValueError(f"not {length} bytes in hexadecimal")
    return bytes.fromhex(text)


def read_keys(text: str, where: str) -> list[Key]:
    keys = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            try:
                keys.append(Key(line.strip()))
            except ValueError as error:
                raise Broken(f"{where}: {line.strip()!r}: {error}") from None
    return keys


# --- Reading an export ---


class Folder:
    """The files of an export in a folder. Names that begin with a dot are the system's, and no part of it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        found = []
        for path in sorted(self.path.rglob("*")):
            name = path.relative_to(self.path).as_posix()
            if path.is_symlink():
                raise Broken(f"{name}: a link to another place; an export holds its files itself")
            if path.is_file() and not any(part.startswith(".") for part in name.split("/")):
                found.append(name)
        return found

    def open(self, name: str) -> IO[bytes]:
        return (self.path / name).open("rb")


class Archive:
    """The files of an export in a zip file."""

    def __init__(self, path: Path) -> None:
        self.zip = zipfile.ZipFile(path)

    def names(self) -> list[str]:
        names = [entry.filename for entry in self.zip.infolist() if not entry.is_dir()]
        if len(names) != len(set(names)):
            raise Broken("the zip file holds two files of one name")
        return sorted(names)

    def open(self, name: str) -> IO[bytes]:
        return self.zip.open(name)


class Export:
    """An export whose manifest was read: what it says of itself, and which of its files are not what it says."""

    def __init__(self, path: Path) -> None:
        if path.is_dir():
            self.files: Folder | Archive = Folder(path)
        elif zipfile.is_zipfile(path):
            self.files = Archive(path)
        else:
            raise Unknown(f"{path}: neither a folder nor a zip file; name an export")
        self.names = self.files.names()
        if "manifest.json" not in self.names:
            raise Unknown(f"{path}: no manifest.json in it; name an export")
        text = self.text("manifest.json")
        manifest = parsed(text, "manifest.json")
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise Unknown("manifest.json: not that of an export of an audit log")
        if manifest.get("version") != VERSION:
            raise Unknown(
                f"manifest.json: version {manifest.get('version')!r}; take a newer verifier"
            )
        fields = {"format", "version", "scope", "origin", "size", "root", "entries", "files"}
        if set(manifest) != fields or text != json.dumps(manifest, indent=1, sort_keys=True) + "\n":
            raise Broken("manifest.json: not as it was written")
        for name in ("size", "entries", "version"):
            if type(manifest[name]) is not int or not 0 <= manifest[name] < 2**53:
                raise Broken(f"manifest.json: {name} is not a number")
        if manifest["scope"] not in ("whole", "selection") or not isinstance(
            manifest["files"], dict
        ):
            raise Broken("manifest.json: not as it was written")
        self.manifest = manifest
        self.size, self.entries = manifest["size"], manifest["entries"]
        self.is_whole = manifest["scope"] == "whole"
        self.faults = list(self.differences(manifest["files"]))

    def differences(self, listed: dict[str, Any]) -> Iterator[str]:
        """What of the files is not as the manifest lists it."""
        there = set(self.names) - {"manifest.json"}
        for name in sorted(set(listed) - there):
            yield f"{name}: listed in manifest.json, but not there"
        for name in sorted(there - set(listed)):
            yield f"{name}: there, but not listed in manifest.json"
        for name in sorted(there & set(listed)):
            digest, length = hashlib.sha256(), 0
            with self.files.open(name) as file:
                while block := file.read(1 << 20):
                    digest.update(block)
                    length += len(block)
            if listed[name] != {"bytes": length, "sha256": digest.hexdigest()}:
                yield f"{name}: its content is not that listed in manifest.json"

    def text(self, name: str) -> str:
        """A small file as text."""
        return self.data(name).decode("utf-8", "surrogateescape")

    def data(self, name: str) -> bytes:
        """A small file."""
        if name not in self.names:
            raise Broken(f"{name}: not there")
        with self.files.open(name) as file:
            data = file.read(LARGEST_SMALL_FILE + 1)
        if len(data) > LARGEST_SMALL_FILE:
            raise Unknown(f"{name}: too large to be read at once")
        return data

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a file, without their ends."""
        if name not in self.names:
            raise Broken(f"{name}: not there")
        with self.files.open(name) as file:
            for number, line in enumerate(iter(partial(file.readline, LARGEST_LINE), b""), 1):
                if not line.endswith(b"\n"):
                    raise Broken(f"{name}, line {number}: cut off, or too long")
                yield line[:-1]

    def under(self, folder: str, ending: str) -> list[str]:
        return [n for n in self.names if n.startswith(f"{folder}/") and n.endswith(ending)]


def parsed(text: str | bytes, where: str) -> Any:
    def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key stands twice")
        return found

    try:
        return json.loads(text, object_pairs_hook=without_twins)
    except (ValueError, RecursionError):
        raise Broken(f"{where}: not JSON as it was written") from None


# --- Verifying an export ---


class Findings:
    """What was learned from the entries: counts by act, keys, checkpoints, and bodies that openings speak of."""

    def __init__(self, wanted: set[int]) -> None:
        self.wanted = wanted
        self.bodies: dict[int, object] = {}
        self.acts: Counter[str] = Counter()
        self.added: dict[str, int] = {}
        self.retired: dict[str, int] = {}
        self.signed: list[tuple[int, object, object]] = []

    def take(self, number: int, line: bytes) -> None:
        where = f"entry {number}"
        try:
            # A fault in the form of an entry matters only as far as its hash is right; duplicates are then the writer's.
            text = line.decode("utf-8")
            body, end = DECODER.raw_decode(text)
            act, kind = body["act"], body["kind"]
            if end != len(text):
                raise ValueError
        except (ValueError, TypeError, KeyError, RecursionError):
            raise Broken(f"{where}: not the body of an event") from None
        if act not in ACTS:
            raise Broken(f"{where}: {act!r} is none of the six acts")
        self.acts[act] += 1
        if number in self.wanted:
            self.bodies[number] = body
        if kind == "checkpoint_signed":
            data = body.get("data")
            data = data if isinstance(data, dict) else {}
            self.signed.append((number, data.get("size"), data.get("root")))
        if kind in ("key_added", "key_retired"):
            try:
                vkey = str(body["data"]["key"])
            except (TypeError, KeyError):
                raise Broken(f"{where}: an event about a key without a key") from None
            known = self.added if kind == "key_added" else self.retired
            known.setdefault(vkey, number)


def verify_export(path: Path, given: list[Key], seen: list[Checkpoint], say: Say) -> None:
    """Raises Broken or Unknown, or returns."""
    export = Export(path)
    checkpoints = read_checkpoints(export)
    roots = {checkpoint.size: checkpoint.root for checkpoint in checkpoints}
    openings = read_openings(export)
    findings = Findings({opening["entry"] for opening in openings})
    if export.is_whole:
        check_whole(export, checkpoints, findings, {s.size for s in seen}, roots)
    else:
        check_selection(export, roots, findings)
    check_proofs(export, checkpoints, roots)
    check_openings(openings, findings)
    for number, size, root in findings.signed:
        if not isinstance(size, int) or size not in roots:
            raise Broken(
                f"entry {number}: the checkpoint over {size} entries that it speaks of is not there"
            )
        if roots[size].hex() != root:
            raise Broken(f"entry {number}: the checkpoint over {size} entries has another root")
    keys = read_keys(export.text("keys.txt"), "keys.txt")
    if export.faults:
        raise Broken(export.faults[0])
    shown = ", ".join(f"{findings.acts[act]} {act}" for act in ACTS if findings.acts[act])
    say(f"log        {export.manifest['origin']}")
    say(f"entries    {export.entries} of {export.size}" + (f" ({shown})" if shown else ""))
    say(f"root       {export.manifest['root']}, {len(checkpoints)} checkpoints")
    check_trust(export, checkpoints, keys, given, findings, say)
    for held in seen:
        check_seen(export, held, roots, given or keys)
    if seen:
        say(f"seen       continues {len(seen)} checkpoints that were kept outside")


def read_checkpoints(export: Export) -> list[Checkpoint]:
    names = export.under("checkpoints", ".txt")
    checkpoints = [Checkpoint(export.data(name), name) for name in names]
    for before, after in zip([None, *checkpoints], checkpoints):  # noqa: B905 - the last has no successor
        if after.origin != export.manifest["origin"]:
            raise Broken(f"{after.where}: of another log, {after.origin}")
        if before is None:
            continue
        if after.size < before.size:
            raise Broken(f"{after.where}: over fewer entries than the one before it")
        if after.size == before.size and after.root != before.root:
            raise Broken(f"{after.where}: two different logs of {after.size} entries were signed")
    if not checkpoints:
        raise Unknown("no checkpoint in the export: nobody has signed what is in it")
    last = checkpoints[-1]
    if (last.size, last.root.hex()) != (export.size, export.manifest["root"]):
        raise Broken(f"{last.where}: not the size and the root that manifest.json has")
    return checkpoints


def check_whole(
    export: Export,
    checkpoints: list[Checkpoint],
    findings: Findings,
    also: set[int],
    roots: dict[int, bytes],
) -> None:
    """Hash every entry, rebuild the tree, and compare it with every checkpoint. Adds the roots at the sizes in `also`."""
    if export.entries != export.size:
        raise Broken("manifest.json: a whole export has as many entries as the log")
    tree, leaves, first_bad, covered = Tree(), export.lines("leaves.txt"), None, 0
    signed = dict(roots)
    names = {checkpoint.size: checkpoint.where for checkpoint in reversed(checkpoints)}
    looked_at = also | signed.keys()

    def compare() -> None:
        nonlocal covered
        size = tree.size
        if size in also:
            roots.setdefault(size, tree.root())
        if size in signed:
            if tree.root() != signed[size]:
                if first_bad is not None:
                    raise Broken(f"entry {first_bad}: changed, put in, left out or moved")
                raise Broken(
                    f"entries {covered} to {size - 1}: not those over which {names[size]} was signed"
                )
            covered = size

    if 0 in looked_at:
        compare()
    for line in export.lines("events.jsonl"):
        number = tree.size
        if number == export.size:
            bad = number if first_bad is None else first_bad
            raise Broken(f"entry {bad}: changed, put in, left out or moved")
        leaf = leaf_hash(line)
        if first_bad is None:
            if next(leaves, None) == leaf.hex().encode():
                findings.take(number, line)
            else:
                first_bad = number
        tree.add(leaf)
        if number + 1 in looked_at:
            compare()
    if tree.size < export.size:
        number = tree.size if first_bad is None else first_bad
        raise Broken(f"entry {number}: missing or moved; {export.size} entries were signed")
    if first_bad is not None:
        raise Broken(
            f"leaves.txt, line {first_bad + 1}: not the hash of entry {first_bad}, which is as signed"
        )
    if next(leaves, None) is not None:
        raise Broken(f"leaves.txt: more lines than {export.size} entries")


def check_selection(export: Export, roots: dict[int, bytes], findings: Findings) -> None:
    """Every entry by its own proof."""
    name = "proofs/inclusion.json"
    proof = parsed(export.text(name), name)
    try:
        if proof["kind"] != "inclusion" or proof["size"] != export.size:
            raise ValueError
        numbers = [item["entry"] for item in proof["entries"]]
        paths = [[from_hex(value) for value in item["hashes"]] for item in proof["entries"]]
        if any(type(number) is not int for number in numbers) or numbers != sorted(set(numbers)):
            raise ValueError
        if numbers and not 0 <= numbers[0] <= numbers[-1] < export.size:
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise Broken(f"{name}: not as it was written") from None
    lines = list(export.lines("events.jsonl"))
    if not len(lines) == len(numbers) == export.entries:
        raise Broken(
            f"events.jsonl: {len(lines)} entries, {len(numbers)} proofs, {export.entries} in manifest.json"
        )
    for number, path, line in zip(numbers, paths, lines):  # noqa: B905 - of equal length, as just checked
        try:
            root = root_of_inclusion(number, export.size, leaf_hash(line), path)
        except Broken:
            root = b""
        if root != roots[export.size] or path:
            raise Broken(f"entry {number}: changed, or its proof was")
        findings.take(number, line)


def check_proofs(export: Export, checkpoints: list[Checkpoint], roots: dict[int, bytes]) -> None:
    """Every consistency proof, and that none is missing between two checkpoints."""
    proven = set()
    for name in export.under("proofs", ".json"):
        if name == "proofs/inclusion.json":
            continue
        old, new, path = read_proof(export.text(name), name)
        if old not in roots or new not in roots:
            raise Broken(f"{name}: of sizes without a checkpoint")
        try:
            check_consistency(old, new, roots[old], roots[new], path)
        except Broken as error:
            raise Broken(f"{name}: {error}") from None
        proven.add((old, new))
    sizes = sorted({checkpoint.size for checkpoint in checkpoints} - {0})
    for pair in zip(sizes, sizes[1:]):  # noqa: B905, RUF007 - the last has no successor
        if pair not in proven:
            raise Broken(
                f"proofs: none that the log of {pair[1]} entries continues that of {pair[0]}"
            )


def read_proof(text: str, where: str) -> tuple[int, int, list[bytes]]:
    proof = parsed(text, where)
    try:
        if set(proof) != {"kind", "old", "new", "hashes"} or proof["kind"] != "consistency":
            raise ValueError
        if type(proof["old"]) is not int or type(proof["new"]) is not int:
            raise ValueError
        return proof["old"], proof["new"], [from_hex(value) for value in proof["hashes"]]
    except (TypeError, ValueError):
        raise Broken(f"{where}: not a consistency proof") from None


def read_openings(export: Export) -> list[dict[str, Any]]:
    name = "commitments.jsonl"
    if name not in export.names:
        return []
    openings = []
    for number, line in enumerate(export.lines(name), 1):
        opening = parsed(line.decode("utf-8", "surrogateescape"), f"{name}, line {number}")
        try:
            if set(opening) != {"entry", "commitment", "salt", "content"}:
                raise ValueError
            form = json.dumps(opening, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
            if form.encode() != line:
                raise ValueError
            if type(opening["entry"]) is not int or not isinstance(opening["content"], str):
                raise ValueError
            salt = from_hex(opening["salt"], 32 if opening["salt"] else 0)
            found = sha256(salt + opening["content"].encode("utf-8"))
            if found != from_hex(opening["commitment"]):
                raise Broken(
                    f"{name}, line {number}: the content is not what entry {opening['entry']} speaks of"
                )
        except (TypeError, ValueError):
            raise Broken(f"{name}, line {number}: not as it was written") from None
        openings.append(opening)
    return openings


def check_openings(openings: list[dict[str, Any]], findings: Findings) -> None:
    for opening in openings:
        number = opening["entry"]
        if number not in findings.bodies:
            raise Broken(f"commitments.jsonl: entry {number} is not in this export")
        if opening["commitment"] not in strings(findings.bodies[number]):
            raise Broken(f"commitments.jsonl: entry {number} holds no such commitment")


def strings(value: object) -> set[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        value = list(value.values())
    return set().union(*map(strings, value)) if isinstance(value, list) else set()


def check_trust(
    export: Export,
    checkpoints: list[Checkpoint],
    keys: list[Key],
    given: list[Key],
    findings: Findings,
    say: Say,
) -> None:
    """Every signature by a known key holds, and a trusted key stands behind the last checkpoint.

    A key is trusted when it was given, or when the log itself says so in an entry that a trusted key has signed.
    """
    trusted = list(given or keys)
    covered = 0
    for checkpoint in checkpoints:
        signers = [
            key
            for key in checkpoint.signers(list(dict.fromkeys([*keys, *trusted])))
            if key.kind == LOG_KEY
        ]
        if not signers:
            raise Broken(f"{checkpoint.where}: signed by none of the keys in keys.txt")
        if all(
            findings.retired.get(key.vkey, checkpoint.size) < checkpoint.size for key in signers
        ):
            entry = findings.retired[signers[0].vkey]
            raise Broken(f"{checkpoint.where}: signed only by a key that entry {entry} retired")
        if set(signers) & set(trusted):
            covered = checkpoint.size
            trusted += [
                Key(vkey)
                for vkey, number in findings.added.items()
                if number < covered and is_key(vkey)
            ]
    signers = [key for key in checkpoints[-1].signers(trusted) if key.kind == LOG_KEY]
    if not signers:
        raise Unknown(
            f"the keys that were given vouch for the first {covered} of {export.size} entries, and no further; "
            "ask the log's owner for the present key"
        )
    for key in dict.fromkeys(signers):
        say(f"signed by  {key.vkey}")
    if not given:
        say(
            "           This key came with the export. Compare it with the one that the log's owner made public,"
        )
        say(
            "           or give that one with --key: a log that was rewritten as a whole is signed by another key."
        )


def is_key(vkey: str) -> bool:
    try:
        return bool(Key(vkey))
    except ValueError:
        return False


def check_seen(export: Export, held: Checkpoint, roots: dict[int, bytes], keys: list[Key]) -> None:
    """The export continues a checkpoint that was kept outside it."""
    if held.origin != export.manifest["origin"]:
        raise Unknown(f"{held.where}: of another log, {held.origin}")
    if not held.signers(keys):
        raise Unknown(f"{held.where}: signed by no key that is known here; give its key with --key")
    if held.size > export.size:
        raise Broken(
            f"{held.where}: over {held.size} entries, but the export ends after {export.size}; "
            "entries were cut off, or the export is older than that checkpoint"
        )
    if held.size == 0:
        return
    if held.size not in roots:
        raise Unknown(
            f"{held.where}: a selection of entries can't be compared with it; ask for a whole export"
        )
    if held.root != roots[held.size]:
        raise Broken(
            f"{held.where}: the first {held.size} entries are not those that were signed then"
        )


# --- Witnessing ---


def witness(
    old: Checkpoint, new: Checkpoint, proof: str | None, where: str, keys: list[Key]
) -> None:
    """That NEW continues OLD. Raises Broken or Unknown, or returns."""
    if old.origin != new.origin:
        raise Broken(f"two logs: {old.origin} and {new.origin}")
    for checkpoint in (old, new):
        if not [key for key in checkpoint.signers(keys) if key.kind == LOG_KEY]:
            raise Unknown(
                f"{checkpoint.where}: signed by no key that was given; give the log's with --key"
            )
    if new.size < old.size:
        raise Broken(
            f"{new.where}: over {new.size} entries, fewer than the {old.size} before; entries were cut off"
        )
    if old.size == new.size:
        if old.root != new.root:
            raise Broken(f"two different logs of {new.size} entries were signed")
        return
    if old.size == 0:
        return
    if proof is None:
        raise Unknown(f"no proof from {old.size} to {new.size} entries; give one with --proof")
    first, second, path = read_proof(proof, where)
    if (first, second) != (old.size, new.size):
        raise Unknown(
            f"{where}: a proof from {first} to {second} entries; one from {old.size} to {new.size} is needed"
        )
    check_consistency(old.size, new.size, old.root, new.root, path)


# --- The command ---


def keys_from(words: list[str]) -> list[Key]:
    """Keys as given in the call: each a key itself, or a file of them."""
    keys: list[Key] = []
    for word in words:
        if is_key(word):
            keys.append(Key(word))
            continue
        try:
            found = read_keys(Path(word).read_text(encoding="utf-8"), word)
        except (OSError, UnicodeDecodeError, Broken) as error:
            raise Unknown(
                f"--key {word}: neither a verifier key nor a file of them ({error})"
            ) from None
        if not found:
            raise Unknown(f"--key {word}: no key in it")
        keys += found
    return keys


def checkpoint_from(name: str) -> Checkpoint:
    try:
        return Checkpoint(Path(name).read_bytes(), name)
    except (OSError, Broken) as error:
        raise Unknown(f"{name}: no checkpoint can be read from it ({error})") from None


def run(words: list[str], say: Say) -> None:
    about = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(description=about)
    witnessing = words[:1] == ["witness"]
    if witnessing:
        parser.add_argument("witness")
        parser.add_argument("old", metavar="OLD")
        parser.add_argument("new", metavar="NEW")
        parser.add_argument("--proof", help="the consistency proof between them, a file")
    else:
        parser.add_argument("export", metavar="EXPORT", help="a folder or a zip file")
        parser.add_argument(
            "--seen", action="append", default=[], help="a checkpoint that was kept outside"
        )
    parser.add_argument(
        "--key", action="append", default=[], help="a verifier key, or a file of them"
    )
    call = parser.parse_args(words)
    keys = keys_from(call.key)
    if not witnessing:
        verify_export(Path(call.export), keys, [checkpoint_from(name) for name in call.seen], say)
        return
    proof = None
    if call.proof is not None:
        try:
            proof = Path(call.proof).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Unknown(f"{call.proof}: no proof can be read from it ({error})") from None
    old, new = checkpoint_from(call.old), checkpoint_from(call.new)
    witness(old, new, proof, str(call.proof), keys)
    say(f"{new.origin}: {new.size} entries continue {old.size}")


def main(words: list[str] | None = None) -> int:
    """The exit code: 0 intact, 1 broken, 2 can't tell."""

    def say(line: str) -> None:
        print(line.encode("utf-8", "replace").decode("utf-8"))

    try:
        run(sys.argv[1:] if words is None else words, say)
    except Broken as error:
        say(f"broken: {error}")
        return BROKEN
    except Unknown as error:
        say(f"can't tell: {error}")
        return UNKNOWN
    except Exception as error:  # whatever it is, nothing was verified
        say(f"can't tell: it can't be read ({type(error).__name__}: {error})")
        return UNKNOWN
    say("intact")
    return INTACT


if __name__ == "__main__":
    sys.exit(main())
