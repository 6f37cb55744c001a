"""What comes out of new cases, and its files, each put in place whole or not at all."""

from __future__ import annotations

import io
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from openverdict.errors import InputError

FILE_NAMES = ("arrivals.csv", "arrivals.parquet", "rejects.csv", "summary.json")
# What a spreadsheet takes for a formula, also in full width or after white space; a plain number is none.
_FORMULA = r"^[\s\x00]*[=+\-@\t\r＝＋－＠]"
_PLAIN_NUMBER = r"^[+\-]?\d+(\.\d+)?$"


@dataclass(frozen=True)
class Arrivals:
    """New cases compared with a prepared register.

    `pairs`: columns case_new, case_a (the earlier), log10_lr and one lr_<variable> a variable, which add up to it; by new case,
    strongest first. `above`: for each new case, how many pairs reach the floor, put out or not. `summary`: the counts
    (pairs_ledger + pairs_remainder = pairs_total), versions and hashes, and under `unknown_values` what the prepared
    register's lists do not hold.
    """

    case_ids: tuple[str, ...]
    pairs: pl.DataFrame
    above: tuple[int, ...]
    summary: Mapping[str, Any]


def check_arrivals_folder(out: Path) -> None:
    """Refuse a folder in which `write_arrivals` would replace what it did not write.

    Raises:
        InputError: `out` is a file, or holds other files.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; name a folder")
    held = sorted(entry.name for entry in out.iterdir()) if out.exists() else []
    foreign = [name for name in held if name not in FILE_NAMES]
    if held and not foreign and not _is_ours(out / "summary.json"):
        foreign = held
    if foreign:
        raise InputError(
            f"{out}: holds files that no arrival wrote ({', '.join(foreign[:3])}); name a new folder"
        )


def _is_ours(summary: Path) -> bool:
    try:
        told = json.loads(summary.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and {"new_cases", "prepared_cases"} <= set(told)


def write_arrivals(
    arrivals: Arrivals, out: Path, *, rejects: pl.DataFrame | None = None
) -> tuple[Path, ...]:
    """Write `arrivals.csv`, `arrivals.parquet`, `summary.json` and, where rows were read from files, `rejects.csv`.

    Two runs give the same bytes. The summary goes last, so that a folder with a summary is whole.

    Raises:
        InputError: `out` holds what no arrival wrote, or cannot be written.
    """
    check_arrivals_folder(out)
    parquet = io.BytesIO()
    arrivals.pairs.write_parquet(parquet)
    contents = {"arrivals.csv": _safe_csv(arrivals.pairs), "arrivals.parquet": parquet.getvalue()}
    if rejects is not None:
        contents["rejects.csv"] = _safe_csv(rejects)
    told = json.dumps(dict(arrivals.summary), sort_keys=True, indent=2, ensure_ascii=False)
    contents["summary.json"] = (told + "\n").encode()
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "summary.json").unlink(missing_ok=True)
        for name, content in contents.items():
            made = out / f".{name}.{secrets.token_hex(4)}"
            try:
                with made.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                made.replace(out / name)
            finally:
                made.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error}); name another folder") from error
    return tuple(out / name for name in contents)


def _safe_csv(table: pl.DataFrame) -> bytes:
    """A table as UTF-8 CSV; a text cell that a spreadsheet would run gets a leading apostrophe."""
    texts = [name for name, dtype in table.schema.items() if dtype == pl.String]
    guarded = table.with_columns(
        pl.when(pl.col(name).str.contains(_FORMULA) & ~pl.col(name).str.contains(_PLAIN_NUMBER))
        .then(pl.concat_str(pl.lit("'"), pl.col(name)))
        .otherwise(pl.col(name))
        .alias(name)
        for name in texts
    )
    return guarded.write_csv().encode()
