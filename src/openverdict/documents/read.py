"""A document to its text: hashed here, parsed in a process of its own, and its answer checked before it is believed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from openverdict.documents.answer import checked
from openverdict.documents.kinds import checked_kind, named_kind, refusal
from openverdict.documents.limits import LIMITS, Limits, plain
from openverdict.documents.model import Document
from openverdict.documents.pieces import short
from openverdict.documents.source import read_file, too_large
from openverdict.errors import EngineError, InputError

# The child gets its search path by the first line of its input, and nothing else of this process's surroundings.
_START = (
    "import sys, json; asked = json.loads(sys.stdin.buffer.readline()); sys.path[:] = asked['path']; "
    "from openverdict.documents.child import main; main(asked)"
)
_KEPT = ("SYSTEMROOT", "LD_LIBRARY_PATH")  # without these some systems can't start Python at all
NAME = 200  # characters of a file's name that are shown
GRACE_S = 10  # from the end of its answer to its own end
_SPLIT = "split it, or save it anew from the program that made it"


def read_document(path: Path | str, limits: Limits = LIMITS) -> Document:
    """Read a document from a file.

    Raises:
        InputError: no plain file, of another kind, damaged, encrypted, without text, or beyond a limit; one line says which.
        EngineError: the process that parses could not be started.
    """
    path = Path(path)
    if named_kind(path.name) is None and not path.is_dir() and os.path.lexists(path):
        raise InputError(f"{short(path.name, NAME)}: {refusal(path.name)}")
    data, digest = read_file(path, limits)
    return _read(path.name, data, digest, limits)


def file_hash(path: Path, limits: Limits = LIMITS) -> str:
    """The SHA-256 of a file's bytes.

    Raises:
        InputError: no plain file, not to be read, or larger than a document may be.
    """
    return read_file(path, limits)[1]


def read_document_bytes(name: str, data: bytes, limits: Limits = LIMITS) -> Document:
    """Read a document that is in memory; `name` says its kind.

    Raises:
        InputError, EngineError: see `read_document`.
    """
    if len(data) > limits.file_bytes:
        raise InputError(f"{short(name, NAME)}: {too_large(len(data), limits)}")
    return _read(name, data, hashlib.sha256(data).hexdigest(), limits)


def _read(name: str, data: bytes, digest: str, limits: Limits) -> Document:
    try:
        kind = checked_kind(name, data)
        answer = _answer(kind, data, limits)
    except InputError as error:
        raise InputError(f"{short(name, NAME)}: {error}") from None
    return checked(short(name, NAME), digest, len(data), kind, answer, limits)


def _answer(kind: str, data: bytes, limits: Limits) -> bytes:
    """What a new process answers, of bounded length and in bounded time.

    Raises:
        InputError: it gave none. EngineError: it could not be started.
    """
    asked = {
        "path": [str(Path(entry or ".").absolute()) for entry in sys.path],
        "kind": kind,
        "limits": asdict(limits),
    }
    try:
        process = subprocess.Popen(  # noqa: S603 (our own interpreter, on our own words)
            [sys.executable, "-I", "-B", "-X", "utf8", "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
        )
    except (OSError, ValueError) as error:
        raise EngineError(
            f"a process to read documents in could not be started ({error}); see that Python can start programs here"
        ) from error
    found: list[bytes] = []
    question = json.dumps(asked).encode()
    feeding = threading.Thread(target=_feed, args=(process, question, data), daemon=True)
    taking = threading.Thread(target=_take, args=(process, limits.answer_bytes, found), daemon=True)
    is_late = True
    try:
        feeding.start()
        taking.start()
        taking.join(limits.wall_s)
        if not taking.is_alive():
            process.wait(GRACE_S)
            is_late = False
    except subprocess.TimeoutExpired:
        pass
    finally:
        process.kill()  # does nothing to a process that has ended; whoever waits for it goes on
        code = process.wait()
        for thread in (feeding, taking):
            if thread.ident is not None:
                thread.join(GRACE_S)
    return _judged(found[0] if found else b"", code, is_late, limits)


def _judged(answer: bytes, code: int, is_late: bool, limits: Limits) -> bytes:
    if is_late:
        raise InputError(f"takes longer than {limits.wall_s:,} s to read; {_SPLIT}")
    if len(answer) > limits.answer_bytes:
        most = plain("answer_bytes", limits.answer_bytes)
        raise InputError(f"says more than {most} of text and places; {_SPLIT}")
    if code in (-24, 152):  # SIGXCPU
        raise InputError(f"takes more than {limits.cpu_s:,} s of computing to read; {_SPLIT}")
    if code or not answer:
        most = plain("memory_bytes", limits.memory_bytes)
        raise InputError(
            f"made its reader break off, or needs more than {most} of memory; save it anew from the program that made it"
        )
    return answer


def _feed(process: subprocess.Popen[bytes], asked: bytes, data: bytes) -> None:
    """Write the question and the bytes; a process that has ended takes no more, and that is said elsewhere."""
    assert process.stdin is not None  # noqa: S101 (it is a pipe)
    try:
        with process.stdin as pipe:
            pipe.write(asked + b"\n")
            pipe.write(data)
    except OSError:
        return


def _take(process: subprocess.Popen[bytes], most: int, found: list[bytes]) -> None:
    """Read one byte more than may come, and stop the process there."""
    assert process.stdout is not None  # noqa: S101 (it is a pipe)
    with process.stdout as pipe:
        answer = pipe.read(most + 1)
    if len(answer) > most:
        process.kill()
    found.append(answer)
