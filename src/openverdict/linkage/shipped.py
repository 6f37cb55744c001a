"""An object with large arrays as one file that several processes can map into memory, so that a machine holds one copy."""

from __future__ import annotations

import mmap
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ALIGNED = 64
MARK = b"openverdict job 1\n"


@dataclass(frozen=True)
class Parcel:
    """A pickle whose arrays stand apart from it; `size` in bytes, without padding."""

    pickle: bytes
    arrays: tuple[memoryview, ...]

    @property
    def size(self) -> int:
        """Bytes that have to be sent."""
        return len(self.pickle) + sum(array.nbytes for array in self.arrays)

    def write(self, path: Path) -> None:
        """Write it for `opened`: a mark, the pickled places of all parts, the parts."""
        with path.open("wb") as file:
            parts = (memoryview(self.pickle), *self.arrays)
            places, at = [], 0
            for part in parts:
                size = part.nbytes
                places.append((at, size))
                at += -(-size // ALIGNED) * ALIGNED
            head = pickle.dumps(places)
            begin = MARK + len(head).to_bytes(8, "little") + head
            file.write(begin + bytes(-len(begin) % ALIGNED))
            for part in parts:
                file.write(part)
                file.write(bytes(-part.nbytes % ALIGNED))


def packed(held: Any) -> Parcel:
    """An object made ready to be written; its arrays are not copied."""
    arrays: list[pickle.PickleBuffer] = []
    body = pickle.dumps(held, protocol=5, buffer_callback=arrays.append)
    return Parcel(body, tuple(array.raw() for array in arrays))


def opened(path: Path) -> Any:
    """The object in a file that `Parcel.write` wrote, its arrays mapped: pages are read when needed and shared by processes.

    Unpickling runs what a file says: only for files that this program sent itself.
    """
    with path.open("rb") as file:
        # A private copy of what is written to, which nothing is: compiled code wants arrays that it could write to.
        held = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    at = len(MARK) + 8
    after = at + int.from_bytes(held[len(MARK) : at], "little")
    begin = -(-after // ALIGNED) * ALIGNED
    places = pickle.loads(held[at:after])  # noqa: S301
    parts = [held[begin + place : begin + place + size] for place, size in places]
    return pickle.loads(parts[0], buffers=parts[1:])  # noqa: S301
