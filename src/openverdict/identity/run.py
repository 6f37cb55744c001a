"""The folder of one comparison: what `propose` writes there, read back and checked, and the identities that stand today."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from openverdict.errors import InputError
from openverdict.identity.clusters import Clusters, Link, Pair, cluster
from openverdict.identity.decide import NAME as DECISIONS
from openverdict.identity.decide import Action, Decision, in_force, read_decisions
from openverdict.identity.model import write_model
from openverdict.identity.propose import ABOUT, CONTRADICTIONS_SCHEMA, PROPOSALS_SCHEMA, Proposed
from openverdict.identity.read import Records
from openverdict.identity.rules import REASONS
from openverdict.identity.secret import Secret

ACCOUNT = "identity.json"
KEPT = ("proposals.csv", "contradictions.csv", "records.csv", "model.json")
ACCEPTED, UNREVIEWED, SINGLE = "accepted", "unreviewed", "single"
SAID_TWO = "said_two"
WHY = {
    **REASONS,
    SAID_TWO: "a person said that they are two",
    "unchecked": "too many records are alike to have compared each with each",
}
RECORDS_COLUMNS: dict[str, pl.DataType] = {
    "record": pl.String(),
    **dict.fromkeys(ABOUT, pl.String()),
    "identifiers": pl.String(),
}
IDENTITIES_SCHEMA: dict[str, pl.DataType] = {
    "identity": pl.String(),
    "basis": pl.String(),
    "probability": pl.Float64(),
    "records": pl.Int64(),
    **dict.fromkeys(ABOUT, pl.String()),
    "record": pl.String(),
    "decided_by": pl.String(),
    "decided_at": pl.String(),
    "model": pl.String(),
}
SET_ASIDE_SCHEMA: dict[str, pl.DataType] = {
    "proposal": pl.String(),
    "record_a": pl.String(),
    "record_b": pl.String(),
    "basis": pl.String(),
    "probability": pl.Float64(),
    "would_join": pl.String(),
    "with": pl.String(),
    "why": pl.String(),
}


@dataclass(frozen=True)
class Run:
    """One comparison with the decisions made on it since."""

    folder: Path
    proposals: pl.DataFrame
    contradictions: pl.DataFrame
    records: pl.DataFrame
    account: Mapping[str, Any]
    decisions: tuple[Decision, ...]

    @property
    def model(self) -> str:
        """Hash of the model."""
        return str(self.account["model"])

    @property
    def decisions_path(self) -> Path:
        """Where decisions are appended."""
        return self.folder / DECISIONS


@dataclass(frozen=True)
class Standing:
    """What stands today. `identities` in `IDENTITIES_SCHEMA`, every record once; `set_aside` in `SET_ASIDE_SCHEMA`."""

    identities: pl.DataFrame
    set_aside: pl.DataFrame
    clusters: Clusters


def check_folder(out: Path) -> None:
    """Refuse a folder that holds anything.

    Raises:
        InputError: it does, or it is a file.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            f"{out}: is there already and not empty; name a new folder, so that nothing is replaced"
        )


def write_run(
    out: Path,
    proposed: Proposed,
    records: Records,
    secret: Secret,
    carried: tuple[Decision, ...] = (),
) -> Run:
    """Everything that a comparison leaves, in a new folder that its owner alone can open.

    Raises:
        InputError: the folder holds something already.
    """
    check_folder(out)
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    identifiers = pl.col("ids").list.join(";")
    listed = records.table.select(
        record="key", **{what: what for what in ABOUT}, identifiers=identifiers
    )
    contents = {
        "proposals.csv": proposed.proposals.write_csv().encode(),
        "contradictions.csv": proposed.contradictions.write_csv().encode(),
        "records.csv": listed.write_csv().encode(),
        "model.json": write_model(proposed.model),
        "rejects.csv": records.rejects.write_csv().encode(),
        DECISIONS: b"".join(decision.line() for decision in carried),
    }
    account = {
        "written": {name: sha256(contents[name]).hexdigest() for name in KEPT},
        "model": proposed.model.hash,
        "secret": secret.fingerprint,
        "threshold": proposed.threshold,
        "floor": proposed.floor,
        "rows_read": records.rows_read,
        "records": len(records),
        "rejected_rows": records.rejected_rows,
        "counts": proposed.counts,
        "blocking": [rule.__dict__ for rule in proposed.rules],
        "sources": [{"file": name, "sha256": digest} for name, digest in records.files],
        "notes": list(records.notes),
    }
    contents[ACCOUNT] = (json.dumps(account, indent=2, ensure_ascii=False) + "\n").encode()
    for name, data in contents.items():
        (out / name).write_bytes(data)
    run = read_run(out)
    write_standing(run)
    return run


def read_run(folder: Path) -> Run:
    """A comparison's folder, checked against the hashes that it was written with.

    Raises:
        InputError: no such folder, a file is missing or was changed, or the decisions do not hold together.
    """
    try:
        account = json.loads((folder / ACCOUNT).read_bytes())
        written = account["written"]
        data = {name: (folder / name).read_bytes() for name in KEPT}
        changed = [name for name in KEPT if sha256(data[name]).hexdigest() != written[name]]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"{folder}: not the folder of `openverdict identity propose`; name that one"
        ) from None
    if changed:
        raise InputError(
            f"{folder / changed[0]}: was changed since it was written; decide in a copy and give it with --reviewed"
        )
    return Run(
        folder,
        _table(data["proposals.csv"], PROPOSALS_SCHEMA),
        _table(data["contradictions.csv"], CONTRADICTIONS_SCHEMA),
        _table(data["records.csv"], RECORDS_COLUMNS),
        account,
        read_decisions(folder / DECISIONS),
    )


def until(run: Run, day: date) -> Run:
    """The run with the decisions that had been made by the end of a day."""
    end = f"{day.isoformat()}T23:59:59.999999"
    return replace(run, decisions=tuple(d for d in run.decisions if d.at.rstrip("Z") <= end))


def stand(run: Run) -> Standing:
    """The identities that the proposals over the threshold and the decisions make together."""
    decided = in_force(run.decisions)
    known = set(run.records.get_column("record"))
    accepted = {
        p: d for p, d in decided.items() if d.action is Action.ACCEPT and known.issuperset(p)
    }
    rejected = {pair for pair, d in decided.items() if d.action is Action.REJECT}
    columns = run.proposals.select(
        "record_a", "record_b", "bits", "probability", "over_threshold", "proposal"
    )
    links, named = [], {d.pair: d.proposal for d in run.decisions}
    for a, b, bits, probability, over, proposal in columns.iter_rows():
        named[a, b] = proposal
        if (a, b) in rejected or (over != "yes" and (a, b) not in accepted):
            continue
        links.append(Link(a, b, bits, probability, (a, b) in accepted))
    here = {(link.a, link.b) for link in links}
    links += [
        Link(*pair, 0.0, d.probability or 0.0, True)
        for pair, d in accepted.items()
        if pair not in here
    ]
    contradictions: dict[Pair, str] = {(a, b): why for a, b, why in run.contradictions.iter_rows()}
    contradictions |= dict.fromkeys(rejected, SAID_TWO)
    clusters = cluster(links, contradictions)
    return Standing(_identities(run, clusters, accepted), _set_aside(clusters, named), clusters)


def write_standing(run: Run) -> Standing:
    """Put what stands today beside the run: `identities.csv` and `set_aside.csv`, made anew each time."""
    standing = stand(run)
    for name, frame in (
        ("identities.csv", standing.identities),
        ("set_aside.csv", standing.set_aside),
    ):
        made = run.folder / f".{name}.part"
        made.write_bytes(frame.write_csv().encode())
        made.replace(run.folder / name)
    return standing


def _identities(run: Run, clusters: Clusters, accepted: Mapping[Pair, Decision]) -> pl.DataFrame:
    """Every record with the identity that it belongs to; one that belongs to nobody else's has its own."""
    said: dict[str, tuple[str, str, float | None, int, str | None, str | None]] = {}
    for identity in clusters.identities:
        basis = ACCEPTED if identity.accepted else UNREVIEWED
        last = max(
            (accepted[x.a, x.b] for x in identity.links if x.accepted),
            key=lambda d: d.number,
            default=None,
        )
        probability = None if identity.accepted else identity.probability
        entry = (f"{basis}-{identity.records[0]}", basis, probability, len(identity.records))
        for record in identity.records:
            said[record] = (*entry, last.by if last else None, last.at if last else None)
    rows = []
    for record, source, record_id, case_id, role, _ in run.records.iter_rows():
        key, basis, probability, size, by, at = said.get(
            record, (f"{SINGLE}-{record}", SINGLE, None, 1, None, None)
        )
        rows.append(
            (
                key,
                basis,
                probability,
                size,
                source,
                record_id,
                case_id,
                role,
                record,
                by,
                at,
                run.model,
            )
        )
    frame = pl.DataFrame(rows, schema=IDENTITIES_SCHEMA, orient="row")
    return frame.sort(pl.col("records") == 1, "identity", "source", "record_id")


def _set_aside(clusters: Clusters, named: Mapping[Pair, str]) -> pl.DataFrame:
    rows = [
        (
            named.get((s.link.a, s.link.b), ""),
            s.link.a,
            s.link.b,
            ACCEPTED if s.link.accepted else UNREVIEWED,
            s.link.probability,
            s.one,
            s.other,
            WHY[s.why],
        )
        for s in clusters.set_aside
    ]
    return pl.DataFrame(rows, schema=SET_ASIDE_SCHEMA, orient="row")


def _table(data: bytes, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return pl.read_csv(io.BytesIO(data), schema=dict(schema))
