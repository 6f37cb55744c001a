"""Learn the shares of a model from unlabelled records, once, by expectation maximisation in Splink, and freeze them.

`u` comes from random pairs of records no two of which agree on a person's number or on names and day of birth; `m` from pairs
that agree on one thing, by sessions that leave that thing out; how common true pairs are, from the candidates. Everything that
is drawn is drawn by a hash of the record, and figures are kept to six digits, so that a run gives the same model again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import polars as pl

from openverdict.errors import InputError
from openverdict.identity.blocking import Candidates
from openverdict.identity.comparisons import COMPARISONS, FREQUENCIES
from openverdict.identity.engine import duckdb_api, linker
from openverdict.identity.kin import kin_weights, learn_priors
from openverdict.identity.model import FrozenModel, count_frequencies, splink_settings
from openverdict.identity.read import Records
from openverdict.identity.rules import crowded
from openverdict.identity.score import chance_weights, score
from openverdict.identity.secret import Secret

FEWEST_RECORDS = 5_000  # below it the shares would be guesses
FEWEST_PAIRS = 200  # of a session: true pairs that its shares rest on
RANDOM_PAIRS = 3e6
SEED = 1
CROWD = 20  # records that agree on what a session rests on; more of them teach nothing
# Columns that the pairs of a session agree on; the comparisons made of them are left out of it.
SESSIONS = (("number",), ("dob", "sector"), ("forename", "surname"))
LEAST_WEIGHT = -10.0  # log2 odds from which a candidate counts when priors are learned
LEAST_M, LEAST_U, UNSEEN = 2e-4, 1e-7, 5.0  # no level is ever impossible
Shares = dict[str, dict[str, float]]


def train(
    records: Records,
    found: Candidates,
    secret: Secret,
    threads: int | None = None,
    random_pairs: float = RANDOM_PAIRS,
) -> FrozenModel:
    """A model learned from these records; `random_pairs`: how many chance pairs are drawn.

    Raises:
        InputError: too few of them, or no session has pairs enough.
        EngineError: the engine gave up.
    """
    if len(records) < FEWEST_RECORDS:
        raise InputError(
            f"{len(records):,} records are too few to learn from ({FEWEST_RECORDS:,} at least); "
            "give --model with a model.json of a larger table, or --model shipped"
        )
    table = records.table
    m0 = {c.name: {level.name: level.m for level in c.levels} for c in COMPARISONS}
    u0 = {c.name: {level.name: level.u for level in c.levels} for c in COMPARISONS}
    prior = 2.0 / len(table)
    with duckdb_api(threads) as api:
        u, u_seen = _chance(api, table, splink_settings(m0, u0, prior, "duckdb"), u0, random_pairs)
    m, sessions = _true(table, splink_settings(m0, u, prior, "duckdb"), m0, threads)
    if not sessions:
        raise InputError(
            "the records give too few pairs to learn from: no persons' numbers, dates or names agree; give --model shipped"
        )
    frequencies = {
        name: count_frequencies(table.get_column(name), name, secret) for name in FREQUENCIES
    }
    trained = {
        "records": len(table),
        "candidates": len(found),
        "sessions": sessions,
        "random_pairs": u_seen,
        "seed": SEED,
    }
    model = FrozenModel(m, u, 1.0, 0.2, frequencies, secret.fingerprint, trained)
    scores = score(records, found, model, secret, least_weight=LEAST_WEIGHT, threads=threads)
    many = crowded(table)
    scores = scores.filter(
        ~(many.gather(scores.get_column("left")) | many.gather(scores.get_column("right")))
    )
    every = len(table) * (len(table) - 1) / 2
    priors = learn_priors(
        chance_weights(scores), kin_weights(scores, m), every, model.priors(len(table))
    )
    one, kin = (float(f"{share * every / len(table):.6g}") for share in (priors.one, priors.kin))
    return FrozenModel(m, u, one, kin, frequencies, secret.fingerprint, trained)


def _chance(
    api: Any, table: pl.DataFrame, settings: dict[str, Any], start: Shares, most: float
) -> tuple[Shares, int]:
    """Shares among chance pairs, from records that are plainly of different persons; and how many pairs were drawn.

    A level that was never drawn is given the share of `UNSEEN` draws.
    """
    apart = _apart(table)
    drawn = int(min(most, apart.height * (apart.height - 1) / 2))
    job = linker(api, apart, settings, "apart")
    job.training.estimate_u_using_random_sampling(
        max_pairs=most, seed=SEED, min_count_per_level=None, num_chunks=1
    )
    said = _learned(
        job,
        "u_probability",
        "_trained_u_probabilities",
        start,
        max(LEAST_U, UNSEEN / max(drawn, 1)),
    )
    return said, drawn


def _apart(table: pl.DataFrame) -> pl.DataFrame:
    """Records without those that plainly repeat an earlier one: one number, or one formal name and day of birth."""
    names = pl.concat_str(pl.col("formal").list.first(), "surname", "dob", separator="|")
    rows = table.with_columns(names=names)
    for key in ("number", "names"):
        rows = rows.filter(pl.col(key).is_null() | pl.col(key).is_first_distinct())
    return rows.drop("names")


def _true(
    table: pl.DataFrame, settings: dict[str, Any], start: Shares, threads: int | None
) -> tuple[Shares, list[dict[str, Any]]]:
    """Shares among true pairs: for each comparison the median over the sessions that could learn it."""
    from splink import block_on

    learned: list[Shares] = []
    sessions: list[dict[str, Any]] = []
    for columns in SESSIONS:
        rows = _uncrowded(table, columns)
        sizes = rows.group_by(columns).len().get_column("len").cast(pl.Int64)
        pairs = int((sizes * (sizes - 1) // 2).sum())
        if pairs < FEWEST_PAIRS:
            continue
        with duckdb_api(threads) as api:
            job = linker(api, rows, settings, "records")
            job.training.estimate_parameters_using_expectation_maximisation(
                block_on(*columns), estimate_without_term_frequencies=True, fix_u_probabilities=True
            )
            learned.append(_learned(job, "m_probability", "_trained_m_probabilities", {}, LEAST_M))
        sessions.append({"agree_on": list(columns), "pairs": pairs})
    found = {}
    for c in COMPARISONS:
        each = [shares[c.name] for shares in learned if c.name in shares]
        found[c.name] = (
            _to_one(
                {level.name: median(s[level.name] for s in each) for level in c.levels}, LEAST_M
            )
            if each
            else dict(start[c.name])
        )
    return found, sessions


def _uncrowded(table: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Records that agree on the columns with some others, but not with a crowd, who would be namesakes."""
    size = pl.len().over(columns)
    return table.drop_nulls(columns).filter((size > 1) & (size <= CROWD))


def _learned(
    job: Any, name: str, history: str, start: Mapping[str, Mapping[str, float]], least: float
) -> Shares:
    """What a linker learned; a comparison that it could not learn keeps what it had, if anything."""
    said = {c.output_column_name: c.comparison_levels for c in job._settings_obj.comparisons}
    found: Shares = {}
    for c in COMPARISONS:
        levels = {
            level.label_for_charts: level for level in said[c.name] if not level.is_null_level
        }
        if any(getattr(level, history) for level in levels.values()):
            found[c.name] = _to_one(
                {key: float(getattr(level, name) or 0.0) for key, level in levels.items()}, least
            )
        elif c.name in start:
            found[c.name] = dict(start[c.name])
    return found


def _to_one(shares: Mapping[str, float], least: float) -> dict[str, float]:
    """Shares that add to one, none below `least`, to six digits."""
    raised = {name: max(share, least) for name, share in shares.items()}
    total = sum(raised.values())
    return {name: float(f"{share / total:.6g}") for name, share in raised.items()}
