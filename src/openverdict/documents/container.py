"""The zip container of a DOCX: checked whole before any part of it is unpacked, and unpacked piece by piece."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

from openverdict.documents.limits import MIB, Limits, plain
from openverdict.errors import InputError

_RATIO_FROM = MIB  # below this size a high ratio is harmless
_PIECE = 64 << 10
_DIRECTORY_ENTRY = b"PK\x01\x02"
_ANEW = "open it in the program that made it and save it anew"
# What `zipfile` raises on damaged input.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, IndexError, KeyError,
    OverflowError,
)  # fmt: skip


class Container:
    """The parts of a zip archive by their names in lower case, and how much of it has been unpacked."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Check an archive.

        Raises:
            InputError: damaged, encrypted, or beyond the limits on parts, size and ratio.
        """
        self._limits = limits
        self._packed = len(data)
        self._unpacked = 0
        if data.count(_DIRECTORY_ENTRY) > 2 * limits.entries:
            raise InputError(f"holds more than {limits.entries:,} parts; {_ANEW}")
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
            found = self._archive.infolist()
        except _DAMAGE as error:
            raise InputError(f"is a damaged zip archive ({_one_line(error)}); {_ANEW}") from None
        self.parts: dict[str, zipfile.ZipInfo] = {}
        for entry in found:
            name = entry.filename.lower()
            if name in self.parts:
                raise InputError(f"holds the part {entry.filename[:80]!r} twice; {_ANEW}")
            self.parts[name] = entry
        self._check(found)

    def _check(self, found: list[zipfile.ZipInfo]) -> None:
        limits = self._limits
        if len(found) > limits.entries:
            raise InputError(f"holds {len(found):,} parts, more than {limits.entries:,}; {_ANEW}")
        if any(entry.flag_bits & 0x41 for entry in found):
            raise InputError("is encrypted; open it, and save a copy without a password")
        if any(
            entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in found
        ):
            raise InputError(f"is packed in a way that no DOCX is; {_ANEW}")
        total = sum(entry.file_size for entry in found)
        if total > limits.unpacked_bytes:
            most = plain("unpacked_bytes", limits.unpacked_bytes)
            raise InputError(f"unpacks to {total:,} bytes, more than {most}; {_ANEW}")
        if total > _RATIO_FROM and total > limits.ratio * self._packed:
            raise InputError(f"unpacks to more than {limits.ratio} times its size; {_ANEW}")
        end = 0
        for entry in sorted(found, key=lambda e: e.header_offset):
            if entry.header_offset < end:
                raise InputError(f"holds parts that overlap; {_ANEW}")
            end = entry.header_offset + entry.compress_size

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a part, a bounded piece at a time, whatever size it says it has.

        Raises:
            InputError: no such part, damaged, or beyond the limit of what is unpacked.
        """
        if name not in self.parts:
            raise InputError(f"lacks its part {name[:80]!r} and is damaged; {_ANEW}")
        try:
            with self._archive.open(self.parts[name]) as part:
                while piece := part.read(_PIECE):
                    self._unpacked += len(piece)
                    if self._unpacked > self._limits.unpacked_bytes:
                        most = plain("unpacked_bytes", self._limits.unpacked_bytes)
                        raise InputError(f"unpacks to more than {most}; {_ANEW}")
                    yield piece
        except _DAMAGE as error:
            raise InputError(f"is damaged at {name[:80]!r} ({_one_line(error)}); {_ANEW}") from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
