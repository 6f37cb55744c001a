"""Comparisons of records of persons as a folder holds them, made by hand: which records, and which pairs were proposed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from openverdict.identity import Decision, Run
from openverdict.identity.propose import CONTRADICTIONS_SCHEMA, PROPOSALS_SCHEMA
from openverdict.identity.run import ACCOUNT, RECORDS_COLUMNS

MODEL = sha256(b"a model").hexdigest()
Proposed = tuple[str, str, float]


def key_of(a: str, b: str) -> str:
    """The key of the proposal of two records."""
    return sha256(f"{a} {b}".encode()).hexdigest()[:16]


def compared(
    folder: Path,
    people: Mapping[str, tuple[str | None, str]],
    pairs: Sequence[Proposed],
    *,
    against: Sequence[tuple[str, str, str]] = (),
    decisions: Sequence[Decision] = (),
    keyed_with: str = "00ff",
) -> Run:
    """`people`: record to case and role; `pairs` of records (a < b) with their probability, over the threshold from 0.95 on."""
    records = [
        (record, "police", f"R-{record}", case, role, None)
        for record, (case, role) in people.items()
    ]
    rows = [
        {
            "proposal": key_of(a, b),
            "kind": "same_person",
            "probability": probability,
            "over_threshold": "yes" if probability >= 0.95 else "no",
            "held_back": None if probability >= 0.95 else "nothing agrees beyond name",
            "why": "forename the same (+8.0)",
            "bits": 10.0 * probability,
            "record_a": a,
            "record_b": b,
        }
        for a, b, probability in pairs
    ]
    account: dict[str, Any] = {"model": MODEL, "secret": keyed_with, "threshold": 0.95}
    account["written"] = [list(pairs), list(against), len(decisions)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ACCOUNT).write_text(json.dumps(account), encoding="utf-8")
    return Run(
        folder,
        pl.DataFrame(rows, schema=PROPOSALS_SCHEMA),
        pl.DataFrame(list(against), schema=CONTRADICTIONS_SCHEMA, orient="row"),
        pl.DataFrame(records, schema=RECORDS_COLUMNS, orient="row"),
        account,
        tuple(decisions),
    )
