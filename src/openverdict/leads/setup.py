"""How a review is run: its settings, the bars it goes by, and what they come to in a register."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from openverdict.leads.inclusion import Inclusion

MODEL_VERSION = "1"
LEDGER_FLOOR = 2.0  # of registers up to 10,000 cases
PAIRS_A_CASE = 50  # that unrelated pairs are expected to bring into the ledger, at most
BUDGET = 6.0
REPLICATES = 20
SHUFFLED_TO_DRAWN = 5  # for so many shuffled null registers one is drawn from the learned model
LEAD_BAR = -1.0  # strength from which a series can be a lead: odds of 1 to 10 under the stated prior, by the sums of terms
CASE_LEVEL = 3  # triage level from which a single case is a lead
LEAST_YEARS = 0.25
MOST_IN_FULL = 300  # series leads that are assessed and placed in the register; beyond them no report lists any
LEAST_IN_FULL = 30  # the same in a register so large that each takes seconds
IN_FULL_CASES = 3_000_000  # cases times leads in full, about
STRONGEST = 10  # groups named in the summary, whether or not they are put forward


@dataclass(frozen=True)
class Settings:
    """How a review is run.

    `budget`: leads a year that chance alone may make; `floor`: log10 likelihood ratio from which a pair stands in the
    ledger (None: `ledger_floor` of the register's cases); `replicates`: null registers (0: chance is not measured and no
    series becomes a lead by it); `watch`: pairs of case numbers to explain whatever their ratio; `known_series`: a CSV of
    case_id and series_id to learn consistency from; `inclusion`: the rule by which cases came into the register, fixed
    before the run; `replay`: find by true replay when each series lead was first raised (a whole review a day: dear);
    `intervals`: say how far ratios can be relied on.

    Who compares the pairs changes nothing in the result: `engine` (local, spark), `master` (of Spark), `threads` (of local;
    None: one a core), `work` (a folder in which finished tasks are kept, so that a stopped run goes on; the caller removes it).
    """

    budget: float = BUDGET
    floor: float | None = None
    replicates: int = REPLICATES
    seed: int = 1
    threads: int | None = None
    engine: str = "local"
    master: str = "local[*]"
    work: Path | None = None
    variables: Path | None = None
    watch: tuple[tuple[str, str], ...] = ()
    known_series: Path | None = None
    replay: bool = False
    inclusion: Inclusion | None = None
    intervals: bool = True


def settings(
    *,
    budget: float | None = None,
    floor: float | None = None,
    replicates: int | None = None,
    seed: int = 1,
    watch: tuple[tuple[str, str], ...] = (),
    known_series: Path | None = None,
    replay: bool = False,
    inclusion: Inclusion | None = None,
    threads: int | None = None,
    engine: str = "local",
    master: str = "local[*]",
    work: Path | None = None,
) -> Settings:
    """Settings from what a caller gave; None keeps the default."""
    given = {"budget": budget, "replicates": replicates}
    kept = {k: v for k, v in given.items() if v is not None}
    return Settings(
        floor=floor,
        seed=seed,
        watch=watch,
        known_series=known_series,
        replay=replay,
        inclusion=inclusion,
        threads=threads,
        engine=engine,
        master=master,
        work=work,
        **kept,  # type: ignore[arg-type]
    )


def ledger_floor(cases: int) -> float:
    """The log10 ratio from which a pair stands in the ledger: of a register of so many cases, at most PAIRS_A_CASE pairs of
    unrelated cases a case are expected to reach it, whatever the size; never less than LEDGER_FLOOR.
    """
    return max(LEDGER_FLOOR, float(np.log10(max(cases, 1) / (2 * PAIRS_A_CASE))))


def effective_years(found: pl.Series) -> float:
    """Years that a register covers at its own usual volume: (sum of monthly counts)^2 / sum of their squares / 12.

    For an even register this is its length; a few early cases do not stretch it (Kish's effective sample size, applied
    to months). Never less than LEAST_YEARS; 0 for an empty register.
    """
    if len(found) == 0:
        return 0.0
    months = found.dt.truncate("1mo").value_counts().get_column("count").to_numpy().astype(float)
    return max(float(months.sum() ** 2 / (months**2).sum()) / 12, LEAST_YEARS)
