"""A path to bytes: a plain file, opened once, read up to its limit, hashed."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from openverdict.documents.limits import Limits, plain
from openverdict.documents.pieces import short
from openverdict.errors import InputError


def read_file(path: Path, limits: Limits) -> tuple[bytes, str]:
    """The bytes of a document, and their SHA-256.

    The file is opened without following a link and without waiting, and what was opened is what is looked at, so that
    nothing can be put in its place in between.

    Raises:
        InputError: no such file, no plain file, not to be read, or larger than the limit.
    """
    name = short(path.name or path, 200)
    try:
        if path.is_symlink():
            raise InputError(f"{name}: is a link; name the file that it points to")
        flags = os.O_RDONLY
        for each in ("O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):
            flags |= getattr(os, each, 0)
        number = os.open(path, flags)
    except ValueError:
        raise InputError(f"{name}: is no name of a file; name a document") from None
    except FileNotFoundError:
        raise InputError(f"{name}: no such file in {path.parent}; name one that is there") from None
    except OSError as error:
        if path.is_dir():
            raise InputError(f"{name}: is a folder; name the documents in it") from None
        raise InputError(
            f"{name}: cannot be opened ({error.strerror}); name a file that you may read"
        ) from None
    try:
        state = os.fstat(number)
        if stat.S_ISDIR(state.st_mode):
            raise InputError(f"{name}: is a folder; name the documents in it")
        if not stat.S_ISREG(state.st_mode):
            raise InputError(f"{name}: is a device or a pipe; name a file")
        if state.st_size > limits.file_bytes:
            raise InputError(f"{name}: {too_large(state.st_size, limits)}")
        with os.fdopen(number, "rb", closefd=False) as file:
            data = file.read(limits.file_bytes + 1)
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}); copy it anew") from None
    finally:
        os.close(number)
    if len(data) > limits.file_bytes:
        raise InputError(f"{name}: {too_large(len(data), limits)}")
    return data, hashlib.sha256(data).hexdigest()


def too_large(size: int, limits: Limits) -> str:
    """Why a file of this size is refused."""
    most = plain("file_bytes", limits.file_bytes)
    return f"has {size:,} bytes, more than {most}; split it, or leave out its pictures"
