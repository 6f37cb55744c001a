"""A store to practise on: the worked example in a simulated city, taken in and reviewed, with a person for each role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from openverdict.cases.vocabulary import substances
from openverdict.decisions import accounts
from openverdict.decisions.access import in_use
from openverdict.decisions.changes import rerun
from openverdict.decisions.late import take_in
from openverdict.decisions.roles import Role
from openverdict.decisions.suggesting import suggest
from openverdict.errors import InputError
from openverdict.intake import read_register, template_texts
from openverdict.leads import Settings
from openverdict.ledger.models import Case
from openverdict.ledger.store import Store, open_store
from openverdict.simulate import demo_register

ADMINISTRATOR = "an.administrator"
PEOPLE: dict[str, Role] = {
    "a.keeper": Role.DATA_MANAGER,
    "a.reviewer": Role.REVIEWER,
    "b.reviewer": Role.REVIEWER,
    "c.reviewer": Role.REVIEWER,
    "a.supervisor": Role.SUPERVISOR,
    "an.auditor": Role.AUDITOR,
    "a.reader": Role.READER,
}
PURPOSE = "practice"
TOLD = 30  # cases that get a narrative
POSITIONS = {
    "sitting_propped": "sitting propped against a wall",
    "supine": "lying on the back",
    "prone": "lying face down",
    "in_bed": "in bed",
}
DEATHS_A_YEAR = 2_000  # a city of a size that is taken in and reviewed while one waits


def make_practice_store(
    url: str,
    seed: int,
    deaths_a_year: int | None,
    null_registers: int,
    tell: Callable[[str, float], None],
) -> int:
    """Make a store, take the example and its city in, run a review; the number of cases. Its accounts have no password yet.

    Raises:
        InputError: the store holds something already.
    """
    register = demo_register(seed, cases_a_year=deaths_a_year or DEATHS_A_YEAR)
    with open_store(url, create=True) as store:
        if in_use(store) or store.rows(Case).exists():
            raise InputError(f"{url}: holds something already; name a new store to practise on")
        _make_people(store)
        with TemporaryDirectory() as folder:
            table, facts = Path(folder) / "city.csv", Path(folder) / "example.csv"
            told = register.facts.get_column("case_id").unique().to_list()
            city = template_texts(register).filter(~pl.col("case_id").is_in(told))
            _with_narratives(city).write_csv(table)
            register.facts.write_csv(facts)
            read = read_register(table, facts)
        take_in(store, read, actor="a.keeper", purpose=PURPOSE, progress=tell)
        settings = replace(Settings(), replicates=null_registers, seed=seed)
        rerun(store, actor="a.supervisor", purpose=PURPOSE, settings=settings, progress=tell)
        suggest(store, actor="a.supervisor", purpose=PURPOSE, progress=tell)
    return len(register)


def _with_narratives(city: pl.DataFrame) -> pl.DataFrame:
    """The city with a narrative for its first `TOLD` cases with toxicology, put together from what is recorded of each, so that
    rules have something to read and people something to accept or reject.
    """
    tested = city.filter(pl.col("substances_detected").str.contains("[a-z]"))
    rows = tested.sort("case_id").head(TOLD).iter_rows(named=True)
    texts = {row["case_id"]: _narrative(row) for row in rows}
    told = pl.col("case_id").replace_strict(texts, default="", return_dtype=pl.String())
    return city.with_columns(narrative=told)


def _narrative(row: dict[str, str | None]) -> str:
    """What an officer could have written about a simulated case."""
    known = substances()

    def names(field: str, most: int) -> str:
        codes = [code for code in (row[field] or "").split(";") if code in known]
        return " and ".join(known[code].label for code in codes[:most])

    parts = ["Simulated case."]
    if position := POSITIONS.get(row["body_position"] or ""):
        parts.append(f"Found {position} by a passer-by, who called an ambulance.")
    if found := names("substances_detected", 3):
        parts.append(f"Toxicology detected {found}.")
    if absent := names("substances_not_detected", 2):
        parts.append(f"There was no {absent.replace(' and ', ' or ')}.")
    if "phone" in (row["items_missing"] or "").split(";"):
        parts.append("The phone was missing.")
    if row["injuries"] == "none":
        parts.append("No injuries were seen.")
    return " ".join(parts)


def _make_people(store: Store) -> None:
    with store.writing(ADMINISTRATOR, PURPOSE) as writer:
        accounts.found(store, writer, ADMINISTRATOR)
        for name, role in PEOPLE.items():
            accounts.change_user(store, writer, name, "made")
            accounts.grant(store, writer, name, role)
