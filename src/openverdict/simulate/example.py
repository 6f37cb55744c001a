"""The nameless worked example: four deaths, two earlier incidents, and the day each fact could be known."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import polars as pl

from openverdict.cases import FACTS_SCHEMA, Register

EXAMPLE_CASES = ("A", "B", "C", "D", "I1", "I2")


def worked_example_facts_path(*, enquiry: bool = False) -> Path:
    """The shipped facts file of the example, or that of the one ordinary enquiry that was not made."""
    name = "worked_example_enquiry.csv" if enquiry else "worked_example.csv"
    return Path(str(files("openverdict.simulate").joinpath("data", name)))


def worked_example(enquiry: bool = False) -> Register:
    """The example's register: real deaths, no names; every fact dated, with its source, on `Register.facts`.

    With `enquiry`, the answer to one ordinary enquiry (where had B been staying?) is added to what was held.
    """
    facts = _read(worked_example_facts_path())
    if enquiry:
        facts = pl.concat([facts, _read(worked_example_facts_path(enquiry=True))])
    return Register.from_facts(facts)


def _read(path: Path) -> pl.DataFrame:
    """A shipped facts file: dates alone, empty where the day is not known."""
    text = pl.read_csv(path, schema=dict.fromkeys(FACTS_SCHEMA, pl.String()))
    day = pl.col("known_from", "recorded_at").str.to_date("%Y-%m-%d").cast(pl.Datetime("us"))
    return text.with_columns(day)
