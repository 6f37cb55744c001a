"""Score candidate pairs with a frozen model, on DuckDB or on a Spark that is there: the same pairs with the same weights."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from openverdict.identity.blocking import Candidates
from openverdict.identity.comparisons import COMPARISONS, FREQUENCIES, MISSING
from openverdict.identity.engine import duckdb_api, linker, register, spark_api
from openverdict.identity.kin import kin_weights, weigh
from openverdict.identity.model import FrozenModel
from openverdict.identity.read import Records
from openverdict.identity.secret import Secret

# Nothing that is written out is compared in an engine, and nothing that is compared is written out.
KEPT_BACK = ("source", "record_id", "case_id", "role", "key")
SCORES_SCHEMA: dict[str, pl.DataType] = {
    "left": pl.Int64(),
    "right": pl.Int64(),
    "weight": pl.Float64(),
    "probability": pl.Float64(),
    **{f"level_{c.name}": pl.String() for c in COMPARISONS},
    "weight_prior": pl.Float64(),
    **{f"weight_{c.name}": pl.Float64() for c in COMPARISONS},
    "weight_kin": pl.Float64(),
}


def score(
    records: Records,
    found: Candidates,
    model: FrozenModel,
    secret: Secret,
    *,
    least_weight: float = 0.0,
    threads: int | None = None,
    spark: Any = None,
) -> pl.DataFrame:
    """The candidates whose log2 odds of being one person are at least `least_weight`, in `SCORES_SCHEMA`, by left and right.

    `weight` is the sum of `weight_prior`, of `weight_<comparison>`, the log2 likelihood ratios against chance, and of
    `weight_kin`, what is taken off since two people of one household may look so; a missing value has level `missing` and
    weight 0. `least_weight` is of the sum without the last. `spark`: a session to score on instead of DuckDB.

    Raises:
        InputError: the model was made with another secret. EngineError: the engine gave up.
    """
    model.check_secret(secret)
    if not len(found):
        return pl.DataFrame(schema=SCORES_SCHEMA)
    api: AbstractContextManager[Any] = duckdb_api(threads) if spark is None else spark_api(spark)
    dialect = "duckdb" if spark is None else "spark"
    table = records.table.drop(KEPT_BACK)
    pairs = pl.DataFrame({"match_key": "0", "join_key_l": found.left, "join_key_r": found.right})
    with api as database:
        job = linker(database, table, model.settings(dialect, len(records)), "records")
        for column in FREQUENCIES:
            common = model.frequency_table(column, table.get_column(column), secret)
            registered = register(database, common, f"frequency_of_{column}")
            job.table_management.register_term_frequency_lookup(registered, column)
        blocked = register(database, pairs, "candidate_pairs")
        job.table_management.register_blocked_pairs_for_predict(blocked)
        scored = job.inference.predict(threshold_match_weight=least_weight, warning_mode="never")
        columns = ["rid_l", "rid_r"]
        columns += [f"gamma_{c.name}" for c in COMPARISONS]
        columns += [f"mw_{c.name}" for c in COMPARISONS]
        columns += [f"mw_tf_adj_{c.name}" for c in COMPARISONS if c.by_frequency]
        kept = scored.query_sql(f"select {', '.join(columns)} from {{this}}")  # noqa: S608 (our own names)
        frame = pl.from_arrow(_arrow(kept, spark))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 (of a table)
    return _weighed(_tidy(frame), model, len(records))


def _arrow(kept: Any, spark: Any) -> Any:
    if spark is None:
        return kept.as_duckdbpyrelation().to_arrow_table()
    return kept.as_spark_dataframe().toArrow()


def _tidy(frame: pl.DataFrame) -> pl.DataFrame:
    """Splink's columns under our names: numbers of levels as their names, a frequency's part with its comparison's."""
    columns: list[pl.Expr] = [
        pl.col("rid_l").cast(pl.Int64).alias("left"),
        pl.col("rid_r").cast(pl.Int64).alias("right"),
    ]
    for c in COMPARISONS:
        # Splink counts levels from the last, which is 0; a missing value is -1.
        names = {-1: MISSING} | {k: level.name for k, level in enumerate(reversed(c.levels))}
        columns.append(
            pl.col(f"gamma_{c.name}")
            .cast(pl.Int64)
            .replace_strict(names, return_dtype=pl.String)
            .alias(f"level_{c.name}")
        )
        weight = pl.col(f"mw_{c.name}")
        if c.by_frequency:
            weight = weight + pl.col(f"mw_tf_adj_{c.name}")
        columns.append(weight.alias(f"weight_{c.name}"))
    return frame.select(columns).sort("left", "right")


def chance_weights(scores: pl.DataFrame) -> npt.NDArray[np.float64]:
    """Log2 likelihood ratio of one person against chance for each pair: the sum over the fields."""
    total: npt.NDArray[np.float64] = (
        scores.select(f"weight_{c.name}" for c in COMPARISONS).to_numpy().sum(1)
    )
    return total


def _weighed(scores: pl.DataFrame, model: FrozenModel, records: int) -> pl.DataFrame:
    """With prior, relatives, sum and probability."""
    priors = model.priors(records)
    prior = float(np.log2(priors.one) - np.log2(priors.chance))
    chance = chance_weights(scores)
    weight = weigh(chance, kin_weights(scores, model.m), priors)
    made = scores.with_columns(
        weight=weight,
        probability=1.0 / (1.0 + np.exp2(-weight)),
        weight_prior=pl.lit(prior),
        weight_kin=weight - chance - prior,
    )
    return made.select(pl.col(name).cast(kind) for name, kind in SCORES_SCHEMA.items())
