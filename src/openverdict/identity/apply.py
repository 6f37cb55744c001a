"""Identities into a register: the cells `persons` and `identifiers`, from nothing but accepted and over-threshold identities.

A key says by its first word what it rests on: `accepted-` a person's decision, `unreviewed-` the threshold alone, `single-` one
record that belongs to nobody else's. So every lead that tells of a person in common tells which, wherever it is shown.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import polars as pl

from openverdict.cases import Register
from openverdict.errors import InputError
from openverdict.identity.run import ACCEPTED, IDENTITIES_SCHEMA, SINGLE, UNREVIEWED, Run, Standing
from openverdict.identity.template import DECEDENT

BASES = {
    ACCEPTED: "one person by a reviewer's decision",
    UNREVIEWED: "one person by the probability of the model alone, which nobody has reviewed",
    SINGLE: "one record, taken to be of nobody else",
}


@dataclass(frozen=True)
class Applied:
    """`register` with keys; `sidecar` in `IDENTITIES_SCHEMA`, the records whose case is in it; `strangers` how many other
    cases the records have.
    """

    register: Register
    sidecar: pl.DataFrame
    strangers: int


def with_identities(
    register: Register,
    run: Run,
    standing: Standing,
    *,
    accepted_only: bool = False,
    replace_cells: bool = False,
) -> Applied:
    """A register whose persons and identifiers are those of a comparison, for every case that it has a record of.

    `accepted_only`: identities that rest on the threshold do not count; each of their records stands for itself.
    `replace_cells`: cells that hold keys already are replaced; refused otherwise. A decedent's key is written only where the
    identity stands in another case too.

    Raises:
        InputError: a cell holds keys already, or no record is of a case of the register.
    """
    table = register.table
    cases = set(table.get_column("case_id"))
    said = standing.identities
    if accepted_only:
        loose = pl.col("basis") == UNREVIEWED
        own = pl.concat_str(pl.lit(f"{SINGLE}-"), "record")
        said = said.with_columns(
            identity=pl.when(loose).then(own).otherwise("identity"),
            probability=pl.when(~loose).then("probability"),
            records=pl.when(loose).then(1).otherwise("records"),
            basis=pl.when(loose).then(pl.lit(SINGLE)).otherwise("basis"),
        )
    mine = said.filter(pl.col("case_id").is_in(list(cases)))
    if mine.is_empty():
        raise InputError(
            "no record is of a case of the register; their case_id must be the register's own"
        )
    persons, identifiers = _cells(mine, run.records)
    if not replace_cells:
        _refuse_filled(register, set(persons) | set(identifiers))
    filled = table.with_columns(
        _column(table, "persons", persons), _column(table, "identifiers", identifiers)
    )
    written = set(persons) | set(identifiers)
    statuses = register.statuses.filter(
        ~(
            pl.col("field").is_in(["persons", "identifiers"])
            & pl.col("case_id").is_in(list(written))
        )
    )
    strangers = said.filter(pl.col("case_id").is_not_null() & ~pl.col("case_id").is_in(list(cases)))
    return Applied(
        replace(register, table=filled, statuses=statuses),
        mine.select(list(IDENTITIES_SCHEMA)),
        strangers.get_column("case_id").n_unique(),
    )


def basis_in_words(key: str) -> str | None:
    """What a key of this room rests on, in words for a lead; None for a key that somebody else made."""
    return BASES.get(key.partition("-")[0])


def _cells(
    mine: pl.DataFrame, records: pl.DataFrame
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """role:key and kind:hash by case."""
    cases_of: dict[str, set[str]] = defaultdict(set)
    for identity, case_id in mine.select("identity", "case_id").iter_rows():
        cases_of[identity].add(case_id)
    persons: dict[str, set[str]] = defaultdict(set)
    for identity, case_id, role in mine.select("identity", "case_id", "role").iter_rows():
        if role != DECEDENT or len(cases_of[identity]) > 1:
            persons[case_id].add(f"{role}:{identity}")
    identifiers: dict[str, set[str]] = defaultdict(set)
    with_ids = mine.select("record", "case_id").join(
        records.select("record", "identifiers"), on="record", how="inner"
    )
    for _, case_id, said in with_ids.drop_nulls("identifiers").iter_rows():
        identifiers[case_id].update(said.split(";"))
    return _sorted(persons), _sorted(identifiers)


def _sorted(cells: dict[str, set[str]]) -> dict[str, list[str]]:
    return {case: sorted(keys) for case, keys in cells.items() if keys}


def _refuse_filled(register: Register, cases: set[str]) -> None:
    held = register.table.filter(
        pl.col("case_id").is_in(list(cases))
        & ((pl.col("persons").list.len() > 0) | (pl.col("identifiers").list.len() > 0))
    ).get_column("case_id")
    if len(held):
        raise InputError(
            f"case {held[0]!r} and {len(held) - 1:,} others hold keys of persons or identifiers already; give --replace to put "
            "these in their place"
        )


def _column(table: pl.DataFrame, name: str, cells: dict[str, list[str]]) -> pl.Series:
    ids, before = table.get_column("case_id"), table.get_column(name)
    return pl.Series(
        name,
        [cells.get(i, b) for i, b in zip(ids, before.to_list(), strict=True)],
        dtype=before.dtype,
    )
