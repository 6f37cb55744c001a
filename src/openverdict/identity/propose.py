"""Records to proposals: which may be of one person, how probably, why, what holds each back, and which records contradict."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from openverdict.errors import InputError
from openverdict.identity.blocking import MOST_IN_KEY, Candidates, RuleCount, candidates
from openverdict.identity.clusters import MOST_TOGETHER, Pair, components, ordered
from openverdict.identity.comparisons import COMPARISONS, MISSING
from openverdict.identity.model import FrozenModel
from openverdict.identity.read import Records
from openverdict.identity.rules import CONTRADICTIONS, REASONS, held_back
from openverdict.identity.score import score
from openverdict.identity.secret import Secret
from openverdict.identity.template import DECEDENT
from openverdict.identity.train import train
from openverdict.identity.weighed import BESIDE

THRESHOLD, FLOOR = 0.95, 0.5
MOST_PROPOSALS = 20  # below the threshold, a record; the rest is counted
ANY_WEIGHT = -1e6
MOST_SURE = 0.999999  # a model is never surer than that
SAME_DEATH, SAME_PERSON = "same_death", "same_person"
ABOUT = ("source", "record_id", "case_id", "role")
PROPOSALS_SCHEMA: dict[str, pl.DataType] = {
    "proposal": pl.String(),
    "kind": pl.String(),
    **{f"{what}_{side}": pl.String() for side in "ab" for what in ABOUT},
    "probability": pl.Float64(),
    "over_threshold": pl.String(),
    "held_back": pl.String(),
    "why": pl.String(),
    "bits": pl.Float64(),
    "bits_prior": pl.Float64(),
    **{f"bits_{c.name}": pl.Float64() for c in COMPARISONS},
    "bits_kin": pl.Float64(),
    "record_a": pl.String(),
    "record_b": pl.String(),
    "accepted": pl.String(),
    "reviewer": pl.String(),
    "at": pl.String(),
    "reason": pl.String(),
}
CONTRADICTIONS_SCHEMA: dict[str, pl.DataType] = {
    "record_a": pl.String(),
    "record_b": pl.String(),
    "why": pl.String(),
}


@dataclass(frozen=True)
class Proposed:
    """What comes of comparing records. No names, dates or numbers are in it.

    `proposals` in `PROPOSALS_SCHEMA`, the most probable first; `contradictions` in `CONTRADICTIONS_SCHEMA`, among records
    that proposals connect; `rules` how many pairs each rule of blocking gave; `counts` of pairs, all of which add up.
    """

    proposals: pl.DataFrame
    contradictions: pl.DataFrame
    model: FrozenModel
    rules: tuple[RuleCount, ...]
    counts: dict[str, int]
    threshold: float
    floor: float


def propose(
    records: Records,
    secret: Secret,
    model: FrozenModel | None = None,
    *,
    threshold: float = THRESHOLD,
    floor: float = FLOOR,
    most_in_key: int = MOST_IN_KEY,
    accepted: Collection[Pair] = (),
    threads: int | None = None,
    spark: Any = None,
    tell: Callable[[str, float], None] = lambda step, share: None,
) -> Proposed:
    """Compare records and say which may be of one person.

    `model`: a frozen one; learned from these records without it, always on DuckDB. `threshold`: probability from which a
    pair that no rule holds back counts without a person's decision; `floor`: from which it is proposed. `accepted`: pairs of
    keys that people accepted before, so that what contradicts them is known. `spark`: a session to score on.

    Raises:
        InputError: settings that make no sense, too few records to learn from, or another secret than the model's.
        EngineError: the engine gave up.
    """
    if not 0 < floor <= threshold < 1:
        raise InputError(
            f"--floor {floor:g} and --threshold {threshold:g}: write two probabilities, the floor not above the threshold"
        )
    tell("looking for records to compare", 0.0)
    found = candidates(records.table, most_in_key)
    if model is None:
        tell("learning from the records", 0.0)
        model = train(records, found, secret, threads)
    tell("comparing records", 0.0)
    weight = float(np.log2(floor) - np.log2(1 - floor))
    scores = score(records, found, model, secret, least_weight=weight, threads=threads, spark=spark)
    scores = scores.filter(pl.col("probability") >= floor)
    reasons = held_back(scores, records.table)
    free = ~reasons.select(pl.any_horizontal(pl.all())).to_series()
    over = (scores.get_column("probability") >= threshold) & free
    shown = over | _best(scores)
    scores, reasons = scores.filter(shown), reasons.filter(shown)
    counts = {
        "pairs_total": len(records) * (len(records) - 1) // 2,
        "pairs_compared": len(found),
        "pairs_at_floor": len(shown),
        "pairs_proposed": scores.height,
        "pairs_over_threshold": int(over.sum()),
        "pairs_held_back": int((~free & (free.is_not_null())).filter(shown).sum()),
    }
    tell("looking for contradictions", 0.0)
    keys = records.table.get_column("key")
    contradictions = _contradictions(records, scores, model, secret, keys, accepted, threads)
    proposals = _table(scores, reasons, over.filter(shown), records.table, secret)
    return Proposed(proposals, contradictions, model, found.counts, counts, threshold, floor)


def _best(scores: pl.DataFrame) -> pl.Series:
    """Pairs that are among the best of either of their records."""
    ranks = pl.Series("shown", np.zeros(scores.height, dtype=bool))
    for side in ("left", "right"):
        rank = scores.select(
            pl.struct("weight", -pl.col("left"), -pl.col("right"))
            .rank("ordinal", descending=True)
            .over(side)
        ).to_series()
        ranks = ranks | (rank <= MOST_PROPOSALS)
    return ranks


def _contradictions(
    records: Records,
    scores: pl.DataFrame,
    model: FrozenModel,
    secret: Secret,
    keys: pl.Series,
    accepted: Collection[Pair],
    threads: int | None,
) -> pl.DataFrame:
    """Among records that proposals or accepted pairs connect, those that cannot be one person, by keys.

    The pairs of connected records that were not scored yet are few, and are scored on this machine.
    """
    number = {key: rid for rid, key in enumerate(keys)}
    width = len(str(len(keys)))
    pairs = [
        (f"{a:0{width}}", f"{b:0{width}}") for a, b in scores.select("left", "right").iter_rows()
    ]
    pairs += [
        (f"{min(number[a], number[b]):0{width}}", f"{max(number[a], number[b]):0{width}}")
        for a, b in sorted(accepted)
        if a in number and b in number
    ]
    groups = [
        np.array(group, dtype=np.int64)
        for group in components(pairs)
        if len(group) <= MOST_TOGETHER
    ]
    n = len(keys)
    closure = [np.zeros(0, dtype=np.int64)]
    for group in groups:
        a, b = np.triu_indices(len(group), 1)
        closure.append(group[a] * n + group[b])
    known = scores.get_column("left").to_numpy() * n + scores.get_column("right").to_numpy()
    rest = np.setdiff1d(np.concatenate(closure), known)
    more = score(
        records,
        Candidates(rest // n, rest % n, ()),
        model,
        secret,
        least_weight=ANY_WEIGHT,
        threads=threads,
    )
    scored = pl.concat([scores, more])
    reasons = held_back(scored, records.table)
    why = pl.coalesce(pl.when(pl.col(name)).then(pl.lit(name)) for name in CONTRADICTIONS)
    said = (
        scored.select("left", "right")
        .with_columns(why=reasons.select(why).to_series())
        .drop_nulls("why")
    )
    rows = [(*ordered(keys[a], keys[b]), code) for a, b, code in said.iter_rows()]
    return pl.DataFrame(sorted(rows), schema=CONTRADICTIONS_SCHEMA, orient="row")


def _table(
    scores: pl.DataFrame,
    reasons: pl.DataFrame,
    over: pl.Series,
    table: pl.DataFrame,
    secret: Secret,
) -> pl.DataFrame:
    """The proposals as they are written: who, how probably, why, and room for a decision."""
    keys = table.get_column("key")
    sides = [ordered(keys[a], keys[b]) for a, b in scores.select("left", "right").iter_rows()]
    first = pl.Series("record_a", [a for a, _ in sides], dtype=pl.String)
    second = pl.Series("record_b", [b for _, b in sides], dtype=pl.String)
    about = table.select("key", *ABOUT)
    made = pl.DataFrame(
        {
            "proposal": pl.Series([proposal_key(secret, a, b) for a, b in sides], dtype=pl.String),
            "record_a": first,
            "record_b": second,
        }
    )
    for side in "ab":
        named = about.rename(
            {"key": f"record_{side}", **{what: f"{what}_{side}" for what in ABOUT}}
        )
        made = made.join(named, on=f"record_{side}", how="left", maintain_order="left")
    words = pl.concat_str(
        [pl.when(pl.col(name)).then(pl.lit(said)) for name, said in REASONS.items()],
        separator="; ",
        ignore_nulls=True,
    )
    made = made.with_columns(
        kind=pl.when((pl.col("role_a") == DECEDENT) & (pl.col("role_b") == DECEDENT))
        .then(pl.lit(SAME_DEATH))
        .otherwise(pl.lit(SAME_PERSON)),
        probability=scores.get_column("probability").round(6).clip(upper_bound=MOST_SURE),
        bits=scores.get_column("weight"),
        over_threshold=pl.Series(["yes" if x else "no" for x in over], dtype=pl.String),
        held_back=reasons.select(words).to_series(),
        why=scores.select(_why()).to_series(),
        **{
            f"bits_{name}": scores.get_column(f"weight_{name}")
            for name in ("prior", *(c.name for c in COMPARISONS), "kin")
        },
    )
    made = made.with_columns(pl.col("held_back").replace("", None))
    blank = [
        pl.lit(None, pl.String).alias(name) for name in ("accepted", "reviewer", "at", "reason")
    ]
    made = made.with_columns(blank).select(
        pl.col(name).cast(kind) for name, kind in PROPOSALS_SCHEMA.items()
    )
    made = made.with_columns(
        pl.col(name).round(4) for name in PROPOSALS_SCHEMA if name.startswith("bits")
    )
    # What needs a person comes first.
    order = ["over_threshold", "probability", "record_a", "record_b"]
    return made.sort(order, descending=[False, True, False, False])


def proposal_key(secret: Secret, a: str, b: str) -> str:
    """The key of a proposal: of its two records, whatever the run."""
    return secret.keyed("proposal", *ordered(a, b))


def _why() -> pl.Expr:
    """The contributions in words: each field with its level and its bits, what was missing left out."""
    parts = []
    for c in COMPARISONS:
        words = {level.name: f"{c.label} {level.words}" for level in c.levels}
        level = pl.col(f"level_{c.name}")
        said = pl.concat_str(
            level.replace_strict(words, default="", return_dtype=pl.String),
            pl.lit(" ("),
            _signed(f"weight_{c.name}"),
            pl.lit(")"),
        )
        parts.append(pl.when(level != MISSING).then(said))
    for name, words_before in BESIDE.items():
        said = pl.concat_str(pl.lit(f"{words_before} ("), _signed(f"weight_{name}"), pl.lit(")"))
        parts.append(pl.when(pl.col(f"weight_{name}").abs() >= 0.05).then(said))
    return pl.concat_str(parts, separator="; ", ignore_nulls=True)


def _signed(column: str) -> pl.Expr:
    """Bits with their sign and one digit."""
    value = pl.col(column).round(1)
    return pl.concat_str(
        pl.when(value > 0).then(pl.lit("+")).otherwise(pl.lit("")), value.cast(pl.String)
    ).str.replace("-", "−", literal=True)
