"""The stand-alone verifier: it knows nothing of the package, accepts what is whole, and finds every change."""

from __future__ import annotations

import ast
import importlib.util
import io
import json
import random
import shutil
import subprocess
import sys
import zipfile
from base64 import b64decode
from contextlib import redirect_stdout
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import ModuleType

import pytest
from tests.ledger.logs import (
    KEY,
    NEXT_KEY,
    ORIGIN,
    OTHER_KEY,
    START,
    MemoryLog,
    a_log,
    verifiers,
    vkey,
)

from openverdict.ledger import export as export_module
from openverdict.ledger.canonical import canonical_bytes
from openverdict.ledger.events import CheckpointSigned, KeyAdded
from openverdict.ledger.export import Disclosed, consistency_text, write_export
from openverdict.ledger.merkle import Frontier
from openverdict.ledger.note import Checkpoint, KeyKind, Note, SigningKey, sign_checkpoint

VERIFIER = Path(export_module.__file__).parent / "standalone" / "verify_openverdict.py"
INTACT, BROKEN, UNKNOWN = 0, 1, 2


@pytest.fixture(scope="module")
def verifier() -> ModuleType:
    """The verifier, loaded from its file as a module of its own."""
    spec = importlib.util.spec_from_file_location("verify_openverdict", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    return a_log()


@pytest.fixture(scope="module")
def good(log, tmp_path_factory) -> Path:
    """A whole export as a folder, with openings and an attachment."""
    target = tmp_path_factory.mktemp("exports") / "whole"
    openings = [Disclosed.of(entry, opening) for entry, opening in log.openings.items()]
    write_export(
        log, target, verifiers(KEY), openings=openings, attached={"pack/cases.csv": b"case_id\n"}
    )
    return target


@pytest.fixture
def copy(good, tmp_path) -> Path:
    """The good export, to be spoilt."""
    return Path(shutil.copytree(good, tmp_path / "copy"))


def run(verifier: ModuleType, *words: object) -> tuple[int, str]:
    out = io.StringIO()
    with redirect_stdout(out):
        code = verifier.main([str(word) for word in words])
    return code, out.getvalue()


def alone(*words: object) -> subprocess.CompletedProcess[str]:
    """The verifier as its users run it: a file, in a Python that does not see this package."""
    return subprocess.run(
        [sys.executable, "-I", str(VERIFIER), *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def relist(folder: Path) -> None:
    """Make the manifest right again, as somebody would who wants a change to go unnoticed."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["files"] = {
        file.relative_to(folder).as_posix(): {
            "bytes": file.stat().st_size,
            "sha256": sha256(file.read_bytes()).hexdigest(),
        }
        for file in folder.rglob("*")
        if file.is_file() and file != path
    }
    path.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")


# --- It stands alone ---


def test_the_verifier_imports_nothing_but_the_standard_library_and_cryptography():
    tree = ast.parse(VERIFIER.read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add((node.module or "").split(".")[0])
    assert imported - sys.stdlib_module_names == {"cryptography"}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"__import__", "exec", "eval", "importlib"}


def test_the_verifier_runs_where_the_package_cannot_be_imported(good, tmp_path):
    shutil.copy(VERIFIER, tmp_path / "v.py")
    code = (
        "import sys, runpy\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'openverdict': raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        f"sys.argv = ['v.py', {str(good)!r}]\n"
        f"runpy.run_path({str(tmp_path / 'v.py')!r}, run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=False)
    assert done.returncode == INTACT, done.stderr


def test_every_export_holds_the_verifier_as_it_is(good):
    assert (good / "verify_openverdict.py").read_bytes() == VERIFIER.read_bytes()


def test_without_the_signature_library_it_cannot_tell(good, verifier, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    code, said = run(verifier, good)
    assert (code, "pip install cryptography" in said) == (UNKNOWN, True)


# --- What is whole ---


def test_a_whole_export_is_intact(good):
    done = alone(good)
    assert (done.returncode, done.stderr) == (INTACT, "")
    assert done.stdout.splitlines()[-1] == "intact"
    assert ORIGIN in done.stdout
    assert vkey(KEY) in done.stdout
    assert "consultation" in done.stdout
    assert "Compare it with the one that the log's owner made public" in done.stdout


def test_given_the_key_of_the_log_it_needs_no_warning(good, tmp_path):
    (tmp_path / "keys").write_text(f"# ours\n{vkey(KEY)}\n", encoding="utf-8")
    for key in (vkey(KEY), tmp_path / "keys"):
        done = alone(good, "--key", key)
        assert (done.returncode, "Compare" in done.stdout) == (INTACT, False)


def test_a_zip_file_is_the_same_export(log, good, verifier, tmp_path):
    target = tmp_path / "whole.zip"
    openings = [Disclosed.of(entry, opening) for entry, opening in log.openings.items()]
    attached = {"pack/cases.csv": b"case_id\n"}
    done = write_export(log, target, verifiers(KEY), openings=openings, attached=attached)
    assert done.manifest_sha256 == sha256((good / "manifest.json").read_bytes()).hexdigest()
    assert run(verifier, target)[0] == INTACT
    again = tmp_path / "again.zip"
    write_export(log, again, verifiers(KEY), openings=openings, attached=attached)
    assert again.read_bytes() == target.read_bytes()


def test_a_selection_is_proven_entry_by_entry(log, verifier, tmp_path):
    opening = log.openings[1]
    write_export(
        log, tmp_path / "some", verifiers(KEY), only=[50, 1, 7], openings=[Disclosed.of(1, opening)]
    )
    code, said = run(verifier, tmp_path / "some", "--key", vkey(KEY))
    assert (code, "3 of 64" in said) == (INTACT, True)
    assert (tmp_path / "some" / "events.jsonl").read_bytes().splitlines()[1] == log.bodies[7]
    assert not (tmp_path / "some" / "leaves.txt").exists()


def test_an_export_may_end_at_an_earlier_checkpoint(log, verifier, tmp_path):
    done = write_export(log, tmp_path / "early", verifiers(KEY), size=21)
    assert (done.size, run(verifier, tmp_path / "early")[0]) == (21, INTACT)


@pytest.mark.parametrize("events", [0, 1, 2, 3, 31, 64])
def test_a_log_of_any_size_is_verified(verifier, tmp_path, events):
    log = a_log(events, every=5)
    write_export(log, tmp_path / "x", verifiers(KEY))
    assert run(verifier, tmp_path / "x", "--key", vkey(KEY))[0] == INTACT


def test_a_log_that_was_signed_while_empty_is_verified(verifier, tmp_path):
    log = MemoryLog()
    log.sign()
    write_export(log, tmp_path / "empty", verifiers(KEY))
    assert run(verifier, tmp_path / "empty")[0] == INTACT
    log.sign()
    write_export(log, tmp_path / "one", verifiers(KEY))
    assert run(verifier, tmp_path / "one")[0] == INTACT


# --- Every change of a byte ---


def mutations(data: bytes, rng: random.Random, count: int):
    for _ in range(count):
        place = rng.randrange(len(data))
        match rng.randrange(3):
            case 0:
                yield (
                    data[:place]
                    + bytes([data[place] ^ (1 << rng.randrange(8))])
                    + data[place + 1 :]
                )
            case 1:
                yield data[:place] + data[place + 1 :]
            case _:
                yield data[:place] + bytes([rng.randrange(256)]) + data[place:]


# At least 1,000 changes of every kind of file; the many checkpoints and proofs share theirs.
KINDS = ["manifest.json", "events.jsonl", "leaves.txt", "keys.txt", "commitments.jsonl"]
KINDS += ["checkpoints", "proofs", "attached", "verify_openverdict.py"]


def spoil(verifier, copy, kind, *, mend: bool) -> list[str]:
    """Changes of a byte that went unnoticed, of a thousand."""
    rng = random.Random(f"{kind} {mend}")
    at = copy / kind
    files = [at] if at.is_file() else sorted(file for file in at.rglob("*") if file.is_file())
    manifest = (copy / "manifest.json").read_bytes()
    unnoticed, count = [], 0
    while count < 1000:
        file = rng.choice(files)
        data = file.read_bytes()
        for changed in mutations(data, rng, 50):
            if changed == data:
                continue
            count += 1
            file.write_bytes(changed)
            if mend:
                relist(copy)
            code, said = run(verifier, copy, "--key", vkey(KEY))
            last = said.splitlines()[-1]
            assert last.startswith(("broken: ", "can't tell: ", "intact")), said
            assert "can't be read" not in last, said
            if code == INTACT:
                unnoticed.append(f"{file.name}: {data!r} became {changed!r}")
        file.write_bytes(data)
        (copy / "manifest.json").write_bytes(manifest)
    return unnoticed


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_one_of_a_thousand_changes_of_a_byte_is_found(verifier, copy, kind):
    assert spoil(verifier, copy, kind, mend=False) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["events.jsonl", "leaves.txt", "commitments.jsonl", "checkpoints"])
def test_they_are_found_even_when_the_manifest_is_made_to_fit(verifier, copy, kind):
    assert spoil(verifier, copy, kind, mend=True) == []


def test_changes_of_a_zip_file_that_reach_its_content_are_found(log, verifier, tmp_path):
    whole = tmp_path / "whole.zip"
    write_export(log, whole, verifiers(KEY))
    data, rng = whole.read_bytes(), random.Random(5)
    content = unzipped(data)
    changed_content = 0
    for changed in mutations(data, rng, 300):
        (tmp_path / "changed.zip").write_bytes(changed)
        code, said = run(verifier, tmp_path / "changed.zip")
        if unzipped(changed) != content:
            changed_content += 1
            assert code != INTACT, said
    assert changed_content > 200


def unzipped(data: bytes) -> dict[str, bytes] | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except Exception:
        return None


# --- The first bad entry is named ---


def lines(folder: Path) -> list[bytes]:
    return (folder / "events.jsonl").read_bytes().splitlines(keepends=True)


def rewrite(folder: Path, changed: list[bytes], *, leaves: bool) -> None:
    (folder / "events.jsonl").write_bytes(b"".join(changed))
    if leaves:
        hashes = [sha256(b"\0" + line[:-1]).hexdigest() + "\n" for line in changed]
        (folder / "leaves.txt").write_text("".join(hashes), encoding="utf-8")
    relist(folder)


def edited(old: list[bytes]) -> list[bytes]:
    return [*old[:17], old[17].replace(b'"user:', b'"loser:'), *old[18:]]


def deleted(old: list[bytes]) -> list[bytes]:
    return [*old[:17], *old[18:]]


def inserted(old: list[bytes]) -> list[bytes]:
    return [*old[:17], old[3], *old[17:]]


def swapped(old: list[bytes]) -> list[bytes]:
    return [*old[:17], old[18], old[17], *old[19:]]


@pytest.mark.parametrize("change", [edited, deleted, inserted, swapped])
def test_the_first_bad_entry_is_named(verifier, copy, change):
    rewrite(copy, change(lines(copy)), leaves=False)
    code, said = run(verifier, copy)
    assert (code, said.splitlines()[-1].startswith("broken: entry 17: ")) == (BROKEN, True)


@pytest.mark.parametrize("change", [edited, deleted, inserted, swapped])
def test_with_the_hashes_rewritten_the_first_checkpoint_over_it_says_so(verifier, copy, change):
    rewrite(copy, change(lines(copy)), leaves=True)
    code, said = run(verifier, copy)
    assert (code, "entries 0 to 20: not those over which checkpoints/000001.txt" in said) == (
        BROKEN,
        True,
    )


@pytest.mark.parametrize("leaves", [False, True])
def test_a_cut_tail_is_found_by_the_checkpoint_over_it(verifier, copy, leaves):
    rewrite(copy, lines(copy)[:60], leaves=leaves)
    code, said = run(verifier, copy)
    assert (code, "entry 60: missing" in said) == (BROKEN, True)


def test_an_entry_too_many_at_the_end_is_found(verifier, copy):
    rewrite(copy, [*lines(copy), lines(copy)[-1]], leaves=True)
    assert run(verifier, copy)[0] == BROKEN


def test_a_false_hash_beside_true_entries_is_told_apart(verifier, copy):
    path = copy / "leaves.txt"
    text = path.read_text(encoding="utf-8").splitlines()
    text[9] = "0" * 64
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    relist(copy)
    code, said = run(verifier, copy)
    assert (code, "leaves.txt, line 10: not the hash of entry 9" in said) == (BROKEN, True)


def test_a_file_put_in_or_taken_out_is_found(verifier, copy):
    (copy / "attached" / "decision.pdf").write_bytes(b"%PDF")
    assert "attached/decision.pdf: there, but not listed" in run(verifier, copy)[1]
    (copy / "attached" / "decision.pdf").unlink()
    (copy / "attached" / "pack" / "cases.csv").unlink()
    assert "cases.csv: listed in manifest.json, but not there" in run(verifier, copy)[1]


def test_a_link_to_another_place_is_refused(verifier, copy, tmp_path):
    (tmp_path / "elsewhere").write_bytes((copy / "leaves.txt").read_bytes())
    (copy / "leaves.txt").unlink()
    (copy / "leaves.txt").symlink_to(tmp_path / "elsewhere")
    assert run(verifier, copy)[0] == BROKEN


def test_what_the_system_leaves_in_a_folder_does_no_harm(verifier, copy):
    (copy / ".DS_Store").write_bytes(b"x")
    assert run(verifier, copy)[0] == INTACT


# --- Checkpoints, keys, proofs ---


def test_a_missing_checkpoint_in_the_middle_leaves_a_gap_in_the_proofs(verifier, copy):
    (copy / "checkpoints" / "000002.txt").unlink()
    relist(copy)
    assert run(verifier, copy)[0] == BROKEN


def test_a_checkpoint_that_was_left_out_is_missed_by_its_event(verifier, log, tmp_path):
    without = replace(log, notes=[log.notes[0], *log.notes[2:]])
    write_export(without, tmp_path / "x", verifiers(KEY))
    code, said = run(verifier, tmp_path / "x")
    assert (
        code,
        "entry 42: the checkpoint over 42 entries that it speaks of is not there" in said,
    ) == (
        BROKEN,
        True,
    )


def test_a_checkpoint_is_the_one_that_its_event_speaks_of(verifier, tmp_path):
    log = MemoryLog()
    log.work(1)
    log.sign()
    log.bodies.pop()
    log.frontier = Frontier.load(1, log.node)
    said_so = CheckpointSigned(
        actor="x", at=START, purpose="administration", size=1, root="0" * 64, keys=(vkey(KEY),)
    )
    log.append(said_so)
    log.sign()
    write_export(log, tmp_path / "x", verifiers(KEY))
    code, said = run(verifier, tmp_path / "x")
    assert (code, "entry 1: the checkpoint over 1 entries has another root" in said) == (
        BROKEN,
        True,
    )


def test_a_missing_proof_is_found(verifier, copy):
    next((copy / "proofs").glob("consistency-*")).unlink()
    relist(copy)
    code, said = run(verifier, copy)
    assert (code, "proofs: none that the log of" in said) == (BROKEN, True)


def test_a_checkpoint_signed_by_somebody_else_is_found(verifier, copy):
    path = copy / "checkpoints" / "000002.txt"
    head = Checkpoint.parse(Note.parse(path.read_bytes()).text)
    path.write_text(str(sign_checkpoint(head, OTHER_KEY)), encoding="utf-8")
    relist(copy)
    code, said = run(verifier, copy)
    assert (code, "000002.txt: signed by none of the keys" in said) == (BROKEN, True)


def test_two_logs_of_one_size_under_one_key_are_found(verifier, copy):
    head = Checkpoint(ORIGIN, 64, bytes(32))
    (copy / "checkpoints" / "000009.txt").write_text(str(sign_checkpoint(head, KEY)), "utf-8")
    relist(copy)
    code, said = run(verifier, copy)
    assert (code, "two different logs of 64 entries were signed" in said) == (BROKEN, True)


def test_a_log_that_was_rewritten_and_signed_anew_is_found_by_the_owner_s_key(verifier, tmp_path):
    forged = a_log(40, keys=(OTHER_KEY,))
    write_export(forged, tmp_path / "forged", verifiers(OTHER_KEY))
    code, said = run(verifier, tmp_path / "forged")
    assert (code, vkey(OTHER_KEY) in said, "Compare it" in said) == (INTACT, True, True)
    code, said = run(verifier, tmp_path / "forged", "--key", vkey(KEY))
    assert (code, "vouch for the first 0 of" in said) == (UNKNOWN, True)


def test_a_log_that_was_rewritten_with_the_owner_s_key_is_found_by_a_checkpoint_kept_outside(
    verifier, log, tmp_path
):
    (tmp_path / "kept").write_text(log.notes[1], encoding="utf-8")
    forged = a_log(55)
    forged_other = MemoryLog()
    forged_other.append(KeyAdded(actor="x", at=START, purpose="administration", key=vkey(KEY)))
    for number in range(60):
        forged_other.work(number + 1)
    forged_other.sign()
    for name, one in (("shorter", forged), ("other", forged_other)):
        write_export(one, tmp_path / name, verifiers(KEY))
        assert run(verifier, tmp_path / name, "--key", vkey(KEY))[0] == INTACT
    assert run(verifier, tmp_path / "shorter", "--seen", tmp_path / "kept")[0] == INTACT
    code, said = run(verifier, tmp_path / "other", "--seen", tmp_path / "kept")
    assert (code, "the first 42 entries are not those that were signed then" in said) == (
        BROKEN,
        True,
    )


def test_a_tail_that_was_cut_off_with_its_checkpoints_is_found_by_one_kept_outside(
    verifier, log, tmp_path
):
    (tmp_path / "kept").write_text(log.notes[-1], encoding="utf-8")
    write_export(log, tmp_path / "cut", verifiers(KEY), size=42)
    assert run(verifier, tmp_path / "cut")[0] == INTACT
    code, said = run(verifier, tmp_path / "cut", "--seen", tmp_path / "kept")
    assert (code, "over 64 entries, but the export ends after 42" in said) == (BROKEN, True)


def test_a_checkpoint_kept_outside_cannot_be_held_against_a_selection(verifier, log, tmp_path):
    write_export(log, tmp_path / "some", verifiers(KEY), only=[3])
    note = sign_checkpoint(Checkpoint(ORIGIN, 5, bytes(32)), KEY)
    (tmp_path / "kept").write_text(str(note), encoding="utf-8")
    assert run(verifier, tmp_path / "some", "--seen", tmp_path / "kept")[0] == UNKNOWN
    (tmp_path / "kept").write_text(log.notes[0], encoding="utf-8")
    assert run(verifier, tmp_path / "some", "--seen", tmp_path / "kept")[0] == INTACT


def test_after_a_change_of_key_holders_of_the_old_one_still_reach_the_end(verifier, tmp_path):
    log = a_log(60, keys=(KEY, NEXT_KEY))
    write_export(log, tmp_path / "x", verifiers(KEY, NEXT_KEY))
    for given in ((), ("--key", vkey(KEY)), ("--key", vkey(NEXT_KEY))):
        assert run(verifier, tmp_path / "x", *given)[0] == INTACT
    code, said = run(verifier, tmp_path / "x", "--key", vkey(OTHER_KEY))
    assert (code, "vouch for the first 0" in said) == (UNKNOWN, True)


def test_a_key_signs_nothing_after_it_was_retired(verifier, tmp_path):
    log = a_log(60, keys=(KEY, NEXT_KEY))
    log.work(3)
    log.sign(KEY)
    write_export(log, tmp_path / "x", verifiers(KEY, NEXT_KEY))
    code, said = run(verifier, tmp_path / "x")
    assert (code, "signed only by a key that entry 33 retired" in said) == (BROKEN, True)


# --- Openings ---


def test_a_disclosed_text_is_what_its_entry_speaks_of(good):
    first = json.loads((good / "commitments.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert json.loads(first["content"]) == "The sister of 0 has doubts."
    assert first["entry"] == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"content": '"The sister has no doubts."'}, "is not what entry 1 speaks of"),
        ({"entry": 2}, "entry 2 holds no such commitment"),
        ({"entry": 999}, "entry 999 is not in this export"),
        ({"salt": "00"}, "not as it was written"),
        ({"more": 1}, "not as it was written"),
        ({"spaces": " "}, "not as it was written"),
    ],
)
def test_a_text_that_is_not_the_one_committed_to_is_found(verifier, copy, change, says):
    spaces = change.get("spaces", "")
    path = copy / "commitments.jsonl"
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    opening = {**json.loads(first), **{k: v for k, v in change.items() if k != "spaces"}}
    text = canonical_bytes(opening).decode() + spaces
    path.write_text("\n".join([text, *rest]) + "\n", encoding="utf-8")
    relist(copy)
    code, said = run(verifier, copy)
    assert (code, says in said) == (BROKEN, True)


def test_an_export_is_intact_without_the_texts_that_were_erased(verifier, log, tmp_path):
    write_export(log, tmp_path / "x", verifiers(KEY))
    assert not (tmp_path / "x" / "commitments.jsonl").exists()
    assert run(verifier, tmp_path / "x")[0] == INTACT


# --- What it can't tell ---


def test_what_is_no_export_cannot_be_told(verifier, tmp_path):
    (tmp_path / "file.txt").write_text("x", encoding="utf-8")
    for place in (tmp_path, tmp_path / "file.txt", tmp_path / "none"):
        assert run(verifier, place)[0] == UNKNOWN
    (tmp_path / "manifest.json").write_text('{"format": "other"}', encoding="utf-8")
    assert run(verifier, tmp_path)[0] == UNKNOWN


def test_an_export_of_a_later_form_cannot_be_told(verifier, copy):
    path = copy / "manifest.json"
    text = path.read_text(encoding="utf-8").replace('"version": 1', '"version": 2')
    path.write_text(text, encoding="utf-8")
    assert run(verifier, copy)[0] == UNKNOWN


def test_an_export_that_nobody_signed_cannot_be_told(verifier, copy):
    shutil.rmtree(copy / "checkpoints")
    relist(copy)
    code, said = run(verifier, copy)
    assert (code, "no checkpoint" in said) == (UNKNOWN, True)


def test_a_call_that_makes_no_sense_cannot_be_told(good):
    for words in ([], [good, "--key", "nonsense"], [good, "--seen", "nowhere"], ["--what"]):
        done = alone(*words)
        assert done.returncode == UNKNOWN
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("data", [b"[" * 100_000, b"\xff\xfe", b"", b"{}", b'{"files":' * 9000])
def test_a_hostile_manifest_does_no_harm(verifier, copy, data):
    (copy / "manifest.json").write_bytes(data)
    assert run(verifier, copy)[0] in (BROKEN, UNKNOWN)


# --- Witnessing ---


@pytest.fixture
def heads(log, tmp_path) -> tuple[Path, Path, Path]:
    """Two checkpoints of the log and the proof between them, as files."""
    old, new, proof = tmp_path / "old", tmp_path / "new", tmp_path / "proof"
    old.write_text(log.notes[0], encoding="utf-8")
    new.write_text(log.notes[-1], encoding="utf-8")
    proof.write_text(consistency_text(21, 64, log), encoding="utf-8")
    return old, new, proof


def test_a_witness_sees_that_one_checkpoint_continues_another(heads):
    old, new, proof = heads
    done = alone("witness", old, new, "--proof", proof, "--key", vkey(KEY))
    assert (done.returncode, "64 entries continue 21" in done.stdout) == (INTACT, True)


def test_a_witness_needs_the_key_and_the_proof(verifier, heads):
    old, new, proof = heads
    assert run(verifier, "witness", old, new, "--proof", proof)[0] == UNKNOWN
    assert run(verifier, "witness", old, new, "--key", vkey(KEY))[0] == UNKNOWN
    assert run(verifier, "witness", old, new, "--proof", old, "--key", vkey(KEY))[0] == BROKEN
    assert run(verifier, "witness", new, new, "--key", vkey(KEY))[0] == INTACT


def test_a_witness_finds_a_cut_and_a_rewritten_log(verifier, heads, tmp_path, log):
    old, new, proof = heads
    code, said = run(verifier, "witness", new, old, "--proof", proof, "--key", vkey(KEY))
    assert (code, "entries were cut off" in said) == (BROKEN, True)
    other = MemoryLog()
    for number in range(64):
        other.work(number + 1)
    other.sign()
    forged, its_proof = tmp_path / "forged", tmp_path / "its_proof"
    forged.write_text(other.notes[0], encoding="utf-8")
    its_proof.write_text(consistency_text(21, 64, other), encoding="utf-8")
    for evidence in (proof, its_proof):
        code, said = run(verifier, "witness", old, forged, "--proof", evidence, "--key", vkey(KEY))
        assert (code, "does not continue" in said) == (BROKEN, True)
    code, said = run(verifier, "witness", new, forged, "--key", vkey(KEY))
    assert (code, "two different logs of 64 entries" in said) == (BROKEN, True)


def test_a_proof_of_other_sizes_is_asked_for_again(verifier, heads, log, tmp_path):
    old, new, proof = heads
    proof.write_text(consistency_text(42, 64, log), encoding="utf-8")
    code, said = run(verifier, "witness", old, new, "--proof", proof, "--key", vkey(KEY))
    assert (code, "one from 21 to 64 is needed" in said) == (UNKNOWN, True)


def test_a_witness_s_signature_is_checked_where_its_key_is_known(verifier, heads, tmp_path):
    old, new, proof = heads
    other = SigningKey("witness.example.org/one", bytes(range(3, 35)), KeyKind.WITNESS)
    note = Note.parse(new.read_bytes()).signed_by(other, at=1_700_000_000)
    new.write_text(str(note), encoding="utf-8")
    words = ("witness", old, new, "--proof", proof, "--key", vkey(KEY))
    assert run(verifier, *words)[0] == INTACT
    assert run(verifier, *words, "--key", vkey(other))[0] == INTACT
    line = note.signatures[1]
    moved = Note(
        note.text,
        (note.signatures[0], type(line)(line.name, line.key_id, bytes(8) + line.value[8:])),
    )
    new.write_text(str(moved), encoding="utf-8")
    assert run(verifier, *words, "--key", vkey(other))[0] == BROKEN


# --- Its own mathematics, against published proofs ---


@pytest.mark.data
def test_its_proofs_are_checked_as_the_published_vectors_mark_them(verifier, real_data):
    """Those with hashes of the right length: it reads no others."""
    count = 0
    for file in sorted((real_data / "merkle_vectors" / "testdata").rglob("*.json")):
        vector = json.loads(file.read_text(encoding="utf-8"))
        proof = [b64decode(item) for item in vector["proof"] or []]
        roots = [
            b64decode(vector[key] or "")
            for key in ("root", "leafHash", "root1", "root2")
            if key in vector
        ]
        if any(len(value) != 32 for value in (*proof, *roots)):
            continue
        count += 1
        try:
            if "leafIdx" in vector:
                index, size = vector["leafIdx"], vector["treeSize"]
                if not 0 <= index < size:
                    raise verifier.Broken("no such entry")
                held = verifier.root_of_inclusion(index, size, roots[1], proof) == roots[0]
                held = held and not proof
            else:
                verifier.check_consistency(vector["size1"], vector["size2"], *roots, proof)
                held = True
        except verifier.Broken:
            held = False
        assert held != vector["wantErr"], file
    assert count > 100


def test_a_line_without_end_is_not_read_as_a_whole(verifier, copy, monkeypatch):
    monkeypatch.setattr(verifier, "LARGEST_LINE", 100)
    code, said = run(verifier, copy)
    assert (code, "cut off, or too long" in said) == (BROKEN, True)
