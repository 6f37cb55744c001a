"""The frozen model of identities: shares and frequencies as one JSON file with its hash, which any engine can score with.

It holds no name. The frequencies of names and postcodes stand under keyed hashes, and only of those that are on several
records; everything rarer is given one common floor.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from openverdict.errors import InputError
from openverdict.identity.comparisons import COMPARISONS, FREQUENCIES, condition
from openverdict.identity.kin import Priors
from openverdict.identity.secret import Secret

FORMAT = "openverdict identity model, 1"
SHIPPED = "shipped"
SEVERAL = 5  # records that a name or postcode stands on before its own frequency is kept
MOST_LIKELY_PRIOR = 0.001  # of two records of a small file: they were picked, and say little of how common matches are
SplinkSettings = dict[str, Any]


@dataclass(frozen=True)
class Frequencies:
    """How common values of one column are: `share` by keyed hash, and `floor` for all others."""

    share: Mapping[str, float]
    floor: float


@dataclass(frozen=True)
class FrozenModel:
    """Shares by comparison and level, `m` among pairs of one person and `u` among chance pairs; and how many pairs there are
    a record of one person, and of two people of one household.

    `frequencies` is empty where the model takes them from the records that it scores. `secret` is the fingerprint of the
    secret that the hashes were made with. `trained` says on what, in counts.
    """

    m: Mapping[str, Mapping[str, float]]
    u: Mapping[str, Mapping[str, float]]
    pairs_a_record: float
    kin_a_record: float
    frequencies: Mapping[str, Frequencies]
    secret: str
    trained: Mapping[str, Any]

    def content(self) -> dict[str, Any]:
        """Everything but the hash, as it is written."""
        return {
            "format": FORMAT,
            "trained": dict(self.trained),
            "pairs_a_record": self.pairs_a_record,
            "kin_a_record": self.kin_a_record,
            "comparisons": {
                c.name: {
                    level.name: {"m": self.m[c.name][level.name], "u": self.u[c.name][level.name]}
                    for level in c.levels
                }
                for c in COMPARISONS
            },
            "conditions": _conditions_hash(),
            "secret": self.secret,
            "frequencies": {
                name: {"floor": f.floor, "share": dict(sorted(f.share.items()))}
                for name, f in sorted(self.frequencies.items())
            },
        }

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the content in canonical form."""
        text = json.dumps(self.content(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return sha256(text.encode()).hexdigest()

    def priors(self, records: int) -> Priors:
        """How probable each reading is of two records drawn at random, among so many.

        Pairs of one person grow with the number of records, all pairs with its square: 2 a / (n - 1), `a` the pairs a record.
        """
        each = (2 * a / max(records - 1, 1) for a in (self.pairs_a_record, self.kin_a_record))
        return Priors(*(min(share, MOST_LIKELY_PRIOR) for share in each))

    def weight(self, comparison: str, level: str) -> float:
        """Log2 of m / u; a value's own frequency comes on top of it."""
        return math.log2(self.m[comparison][level] / self.u[comparison][level])

    def settings(self, dialect: str, records: int) -> SplinkSettings:
        """The model in the words of Splink, for one of its engines."""
        return splink_settings(self.m, self.u, self.priors(records).one, dialect)

    def frequency_table(self, column: str, values: pl.Series, secret: Secret) -> pl.DataFrame:
        """How common the values of a column are, as `column` and `tf_<column>`: the common ones by the model, the rest by its
        floor.
        """
        counted = self.frequencies.get(column) or count_frequencies(values, column, secret)
        names = values.drop_nulls().unique().sort()
        shares = [counted.share.get(hashed(secret, column, name), counted.floor) for name in names]
        return pl.DataFrame({column: names, f"tf_{column}": pl.Series(shares, dtype=pl.Float64)})

    def check_secret(self, secret: Secret) -> None:
        """Refuse a secret under which the frequencies of the model cannot be read.

        Raises:
            InputError: it was made with another.
        """
        if self.frequencies and self.secret != secret.fingerprint:
            raise InputError(
                "the model was trained with another secret, so that its frequencies of names cannot be read; "
                "give that secret with --secret, or train anew"
            )


def splink_settings(
    m: Mapping[str, Mapping[str, float]],
    u: Mapping[str, Mapping[str, float]],
    prior: float,
    dialect: str,
) -> SplinkSettings:
    """Comparisons and shares as a settings dictionary of Splink."""
    comparisons = []
    for c in COMPARISONS:
        levels: list[dict[str, Any]] = [
            {
                "sql_condition": condition(c.missing, dialect),
                "label_for_charts": "missing",
                "is_null_level": True,
            }
        ]
        for level in c.levels:
            said: dict[str, Any] = {
                "sql_condition": condition(level.sql, dialect) if level.sql else "ELSE",
                "label_for_charts": level.name,
                "m_probability": m[c.name][level.name],
                "u_probability": u[c.name][level.name],
            }
            if level.frequency:
                # Of this level itself: m / u · u / frequency = m / frequency.
                said |= {
                    "tf_adjustment_column": level.frequency,
                    "disable_tf_exact_match_detection": True,
                }
            levels.append(said)
        comparisons.append({"output_column_name": c.name, "comparison_levels": levels})
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "rid",
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [],
        "probability_two_random_records_match": prior,
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": True,
        "linker_uid": "identity",
    }


def hashed(secret: Secret, column: str, value: str) -> str:
    """What stands for a value in the file of a model."""
    return secret.keyed("frequency", column, value)


def count_frequencies(values: pl.Series, column: str, secret: Secret) -> Frequencies:
    """Shares of the values that stand on several records; all others share the floor, as if on `SEVERAL`."""
    counts = values.drop_nulls().rename("value").value_counts().filter(pl.col("count") >= SEVERAL)
    n = max(len(values) - values.null_count(), 1)
    share = {
        hashed(secret, column, value): _short(count / n) for value, count in counts.iter_rows()
    }
    return Frequencies(share, _short(min(SEVERAL / n, 1.0)))


def read_model(path: Path | str) -> FrozenModel:
    """A model from its file, or the `shipped` one.

    Raises:
        InputError: no such file, no model, one of another form or other comparisons, or changed since it was written.
    """
    if str(path) == SHIPPED:
        return _parse(
            SHIPPED, files("openverdict.identity").joinpath("data/shipped_model.json").read_bytes()
        )
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); name the model.json of a run, or: shipped"
        ) from None
    return _parse(str(path), data)


def write_model(model: FrozenModel) -> bytes:
    """The bytes of a model's file."""
    said = {**model.content(), "hash": model.hash}
    return (json.dumps(said, indent=1, sort_keys=True) + "\n").encode()


def _parse(name: str, data: bytes) -> FrozenModel:
    try:
        said = json.loads(data)
        if said["format"] != FORMAT:
            raise InputError(f"{name}: a model of another form ({said['format']!r}); train anew")
        if said["conditions"] != _conditions_hash():
            raise InputError(
                f"{name}: made for other comparisons than this version has; train anew"
            )
        comparisons = said["comparisons"]
        model = FrozenModel(
            m={
                c: {name: float(s["m"]) for name, s in levels.items()}
                for c, levels in comparisons.items()
            },
            u={
                c: {name: float(s["u"]) for name, s in levels.items()}
                for c, levels in comparisons.items()
            },
            pairs_a_record=float(said["pairs_a_record"]),
            kin_a_record=float(said["kin_a_record"]),
            frequencies={
                c: Frequencies({k: float(v) for k, v in f["share"].items()}, float(f["floor"]))
                for c, f in said["frequencies"].items()
            },
            secret=said["secret"],
            trained=said["trained"],
        )
        fits = model.hash == said["hash"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            f"{name}: not a model of identities; name the model.json that a run wrote"
        ) from None
    if not fits:
        raise InputError(
            f"{name}: was changed since it was written (its hash does not fit); restore it, or train anew"
        )
    if set(model.frequencies) - set(FREQUENCIES):
        raise InputError(f"{name}: frequencies of columns that are not compared; train anew")
    return model


def _conditions_hash() -> str:
    """Hash over what the levels mean: a model is good for these conditions only."""
    said = [
        [c.name, c.missing, [[level.name, level.sql, level.frequency] for level in c.levels]]
        for c in COMPARISONS
    ]
    return sha256(json.dumps(said).encode()).hexdigest()[:16]


def _short(share: float) -> float:
    """Six significant digits: what the last bits of a sum are depends on the order of threads."""
    return float(f"{share:.6g}")
