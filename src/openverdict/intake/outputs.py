"""What `intake --out DIR` leaves behind, and the refusal to replace a file that it did not write."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from openverdict.errors import InputError
from openverdict.intake.result import Intake
from openverdict.intake.template import template_texts

TABLES = ("register.csv", "rejects.csv")
ACCOUNT = "intake.json"


def check_outputs(out: Path, inputs: Iterable[Path]) -> None:
    """Refuse a folder in which `write_intake` would replace an input, or a file that no intake wrote.

    What an intake wrote stands in `intake.json` by its hash, so that a table corrected by hand is not replaced either.

    Raises:
        InputError: it would, or `out` is a file.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; name a folder")
    given = {path.resolve() for path in inputs}
    for name in (*TABLES, ACCOUNT):
        if (out / name).resolve() in given:
            raise InputError(f"{out / name}: is an input and would be replaced; name a new folder")
    written = _written(out / ACCOUNT)
    for name in (*TABLES, ACCOUNT):
        path = out / name
        if path.exists() and (written is None or written.get(name, _hash(path)) != _hash(path)):
            raise InputError(
                f"{path}: was not written by this command, or was changed since; name a new folder,"
                " so that nothing of yours is replaced"
            )


def write_intake(read: Intake, out: Path) -> None:
    """`register.csv`, `rejects.csv`, and `intake.json`, which says what was read and what was written.

    The account of what is to be written is put in place first: if the run is stopped half way, the next one may go on.
    """
    out.mkdir(parents=True, exist_ok=True)
    tables = dict(zip(TABLES, (template_texts(read.register), read.rejects), strict=True))
    contents = {name: frame.write_csv().encode() for name, frame in tables.items()}
    account = {
        "written": {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
        "rows_read": read.rows_read,
        "cases": len(read.register),
        "rejected_rows": read.rejected_rows,
        "sources": read.account(),
        "notes": list(read.notes),
    }
    told = json.dumps(account, indent=2, ensure_ascii=False) + "\n"
    for name in TABLES:
        (out / name).unlink(missing_ok=True)
    for name, data in {ACCOUNT: told.encode(), **contents}.items():
        made = out / f".{name}.part"
        made.write_bytes(data)
        made.replace(out / name)


def _written(path: Path) -> dict[str, str] | None:
    """Name to hash of what an earlier intake wrote; None where there is no such account."""
    try:
        told = json.loads(path.read_bytes())
        written = told["written"]
        return {name: str(written[name]) for name in TABLES}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
