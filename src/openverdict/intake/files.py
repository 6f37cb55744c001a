"""Paths to sheets: the extension tells the kind; the bytes are read once, hashed and handed to their reader."""

from __future__ import annotations

import hashlib
import re
import zipfile
from io import BytesIO
from pathlib import Path

from openverdict.errors import InputError
from openverdict.intake.columnar import read_parquet
from openverdict.intake.delimited import read_delimited
from openverdict.intake.jsonfacts import read_json_facts
from openverdict.intake.sheet import Sheet, Table, lay_out
from openverdict.intake.workbook import read_workbook

KINDS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".parquet": "parquet",
    ".json": "json",
}


# What a file is by its first bytes, whatever its name says.
FIRST_BYTES: dict[bytes, tuple[str, str]] = {
    b"%PDF": ("a PDF", ""),
    b"\x89PNG": ("a PNG picture", ""),
    b"\xff\xd8\xff": ("a JPEG picture", ""),
    b"GIF8": ("a GIF picture", ""),
    b"{\\rtf": ("an RTF document", ""),
    b"\xd0\xcf\x11\xe0": ("an old Word or Excel file, or an encrypted one", "xlsx"),
    b"PK\x03\x04": ("a zip archive", "xlsx"),
    b"PK\x05\x06": ("an empty zip archive", "xlsx"),
    b"\x1f\x8b": ("a gzip archive", ""),
    b"7z\xbc\xaf": ("a 7z archive", ""),
    b"Rar!": ("a RAR archive", ""),
    b"SQLite format 3\0": ("a SQLite database", ""),
    b"PAR1": ("a Parquet file", "parquet"),
}
_NETWORK = re.compile(r"(https?|ftp|file|s3):/", re.IGNORECASE)


def read_sheet(path: Path, sheet: str | None = None) -> Sheet:
    """One file as a sheet of text.

    Raises:
        InputError: no such file, a folder, an extension that is not read, or content that cannot be read.
    """
    kind = KINDS.get(path.suffix.lower())
    if path == Path():
        raise InputError("no file named (an empty name, or `.`); name the files of the register")
    if _NETWORK.match(path.as_posix()):
        raise InputError(
            f"{path.name}: an address, not a file; nothing is fetched: save it and name the copy"
        )
    if path.is_dir():
        raise InputError(f"{path.name}: this is a folder; name the files in it")
    if not path.exists():
        raise InputError(f"{path.name}: no such file in {path.parent}")
    if not path.is_file():
        raise InputError(f"{path.name}: this is a device or a pipe; name a file")
    if kind is None:
        raise InputError(
            f"{path.name}: files ending in {path.suffix or 'nothing'!r} are not read; "
            "save it as .csv, .xlsx, .parquet or .json"
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path.name}: cannot be read ({error.strerror}); name a file that you may read"
        ) from None
    if not data:
        raise InputError(f"{path.name}: the file is empty; it needs a header row")
    _refuse_other_kinds(path.name, kind, data)
    digest = hashlib.sha256(data).hexdigest()
    if kind == "parquet":
        frame = read_parquet(path.name, data)
        numbers = tuple(range(1, frame.height + 1))
        return Sheet(path.name, digest, kind, frame, numbers, size_bytes=len(data))
    table = _read(kind, path.name, data, sheet)
    frame, rows, faults = lay_out(path.name, table)
    return Sheet(path.name, digest, kind, frame, rows, faults, table.notes, len(data))


def _refuse_other_kinds(name: str, kind: str, data: bytes) -> None:
    """Refuse a file that is something else than its name says."""
    for start, (what, fits) in FIRST_BYTES.items():
        if not data.startswith(start) or kind == fits:
            continue
        if fits == "xlsx" and _is_workbook(data):
            raise InputError(f"{name}: this is a workbook, not {kind.upper()}; name it .xlsx")
        mend = f"name it .{fits}" if fits == "parquet" else "save the table as .csv or .xlsx"
        raise InputError(f"{name}: this is {what}, not a table; {mend}")


def _is_workbook(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except Exception:  # zipfile raises many kinds on damaged input
        return False


def _read(kind: str, name: str, data: bytes, sheet: str | None) -> Table:
    if kind == "xlsx":
        return read_workbook(name, data, sheet)
    return read_json_facts(name, data) if kind == "json" else read_delimited(name, data)
