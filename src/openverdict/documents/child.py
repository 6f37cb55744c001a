"""The process in which a document is parsed: takes its limits first, then the bytes, and answers once, in JSON.

It is told what to do on its standard input: one line of JSON (`path`, `kind`, `limits`), then the bytes of the document.
It opens nothing, writes no file, starts no program and no connection; where the system can, it is held to that.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from openverdict.documents.docx import read_docx
from openverdict.documents.limits import Limits, plain
from openverdict.documents.mail import read_mail
from openverdict.documents.pdf import read_pdf
from openverdict.documents.pieces import Pieces, short
from openverdict.documents.texts import read_text
from openverdict.errors import InputError, OpenverdictError

READERS: dict[str, Callable[[bytes, Pieces], None]] = {
    "txt": read_text,
    "docx": read_docx,
    "pdf": read_pdf,
    "eml": lambda data, pieces: read_mail(data, pieces, READERS),
}
# Acts that no parser of a document has a reason for. Not a wall: what holds are the limits of the system and the bare process.
_FORBIDDEN = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile", "os.remove",
    "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.kill", "shutil.",
    "ctypes.", "urllib.", "ftplib.", "smtplib.", "webbrowser.", "sqlite3.", "pickle.find_class",
)  # fmt: skip


def parse(kind: str, data: bytes, limits: Limits) -> dict[str, Any]:
    """The answer for a document: what was read, or `refused` with the reason, as one line.

    Whatever a damaged file makes the libraries raise is a reason too.
    """
    pieces = Pieces(limits)
    try:
        READERS[kind](data, pieces)
    except MemoryError:
        del pieces
        most = plain("memory_bytes", limits.memory_bytes)
        return {
            "refused": f"needs more than {most} of memory to be read; split it, or save it anew"
        }
    except RecursionError:
        return {
            "refused": "is nested too deeply to be read; save it anew from the program that made it"
        }
    except OpenverdictError as error:
        return {"refused": short(error, 500)}
    except (
        Exception
    ) as error:  # the last net: a fault of ours, or of a library, on a file made to find it
        return {
            "refused": f"could not be read ({type(error).__name__}); save it anew from the program that made it"
        }
    return pieces.answer()


def confine(limits: Limits) -> None:
    """Hold this process to its limits; what a system does not know is left out."""
    try:
        import resource  # noqa: PLC0415 (POSIX alone)
    except ImportError:
        return
    for name, most in (
        ("RLIMIT_AS", limits.memory_bytes),
        ("RLIMIT_CPU", limits.cpu_s),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NPROC", 0),
    ):
        which = getattr(resource, name, None)
        if which is None:
            continue
        hard = resource.getrlimit(which)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # At the soft limit of time the process is told, at the hard one it is killed without a word.
        last = most + 5 if name == "RLIMIT_CPU" and hard == resource.RLIM_INFINITY else most
        with suppress(ValueError, OSError):
            resource.setrlimit(which, (most, last))


def forbid() -> None:
    """From here on, an act that no parser has a reason for ends the parsing."""

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_FORBIDDEN) or (event == "open" and _writes(arguments)):
            raise InputError("made its reader reach for something outside; it was stopped")

    sys.addaudithook(watch)


def _writes(arguments: tuple[Any, ...]) -> bool:
    """Whether a file is opened for anything but reading: mode by name, or the flags of the system."""
    mode, flags = (*arguments, None, None)[1:3]
    if isinstance(mode, str):
        return bool(set(mode) & set("wax+"))
    return isinstance(flags, int) and flags & 3 != 0


def main(asked: dict[str, Any]) -> None:
    """Confine, read, answer."""
    limits = Limits(**asked["limits"])
    confine(limits)
    data = sys.stdin.buffer.read(limits.file_bytes + 1)
    if asked["kind"] in ("pdf", "eml"):
        with suppress(ImportError):
            import pypdf  # noqa: F401, PLC0415 (before files may no longer be opened for writing)
    forbid()
    answer = json.dumps(parse(asked["kind"], data, limits), ensure_ascii=False).encode(
        "utf-8", "replace"
    )
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
