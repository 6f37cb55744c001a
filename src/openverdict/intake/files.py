"""Paths to sheets: the extension tells the kind; the bytes are read once, hashed and handed to their reader."""

from __future__ import annotations

import hashlib
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


def read_sheet(path: Path, sheet: str | None = None) -> Sheet:
    """One file as a sheet of text.

    Raises:
        InputError: no such file, a folder, an extension that is not read, or content that cannot be read.
    """
    kind = KINDS.get(path.suffix.lower())
    if path.is_dir():
        raise InputError(f"{path.name}: this is a folder; name the files in it")
    if not path.exists():
        raise InputError(f"{path.name}: no such file in {path.parent}")
    if kind is None:
        raise InputError(
            f"{path.name}: files ending in {path.suffix or 'nothing'!r} are not read; "
            "save it as .csv, .xlsx, .parquet or .json"
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name}: cannot be read: {error.strerror}") from None
    if not data:
        raise InputError(f"{path.name}: the file is empty; it needs a header row")
    digest = hashlib.sha256(data).hexdigest()
    if kind == "parquet":
        frame = read_parquet(path.name, data)
        return Sheet(path.name, digest, kind, frame, tuple(range(1, frame.height + 1)))
    table = _read(kind, path.name, data, sheet)
    frame, rows, faults = lay_out(path.name, table)
    return Sheet(path.name, digest, kind, frame, rows, faults, table.notes)


def _read(kind: str, name: str, data: bytes, sheet: str | None) -> Table:
    if kind == "xlsx":
        return read_workbook(name, data, sheet)
    return read_json_facts(name, data) if kind == "json" else read_delimited(name, data)
