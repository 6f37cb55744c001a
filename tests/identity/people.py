"""Small tables of made-up persons for the tests, and what they become when they are read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import polars as pl

from openverdict.identity import Records, Secret, make_records
from openverdict.identity.made_up import MadeUp, made_up
from openverdict.identity.template import COLUMNS

SECRET = Secret(bytes(range(32)))
ANNA: Mapping[str, str] = {
    "record_id": "1",
    "source": "coroner",
    "case_id": "C1",
    "role": "decedent",
    "forenames": "Annabel Rosamund",
    "surname": "Thistlewick",
    "date_of_birth": "1961-05-04",
    "sex": "F",
    "postcode": "QX9 4ZW",
    "place": "Nether Quibble",
    "person_number": "943 476 5919",
    "identifiers": "phone:07700 900123",
    "date_of_death": "2019-11-30",
}


def rows(
    *changes: Mapping[str, str], **also: str
) -> list[tuple[str, int, Mapping[str, str | None]]]:
    """Rows like Anna's, each with its changes, numbered unless they say otherwise."""
    return [
        ("people.csv", number, {**ANNA, "record_id": str(number), **also, **change})
        for number, change in enumerate(changes, start=1)
    ]


def people(*changes: Mapping[str, str], **also: str) -> Records:
    """Records like Anna's, each with its changes."""
    return make_records(rows(*changes, **also), SECRET)


@cache
def town(records: int, seed: int = 3, namesakes: int = 0, crowd: int = 0) -> tuple[MadeUp, Records]:
    """A made-up register with its truth, read."""
    made = made_up(records, seed, namesakes=namesakes, crowd=crowd)
    cells = made.records.select(list(COLUMNS)).iter_rows(named=True)
    return made, make_records((("made.csv", k, row) for k, row in enumerate(cells, 2)), SECRET)


def persons_of(made: MadeUp, records: Records) -> list[int]:
    """The true person of each record, in the records' order."""
    told = pl.DataFrame({"record_id": made.records["record_id"], "person": made.person})
    return records.table.join(told, on="record_id", how="left", maintain_order="left")[
        "person"
    ].to_list()
