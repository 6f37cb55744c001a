"""The comparisons of `data/comparisons.toml`: what is compared of two records, and into which levels of agreement it falls."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

FUNCTIONS: Mapping[str, Mapping[str, str]] = {
    "duckdb": {
        "jaro": "jaro_similarity",
        "overlap": "list_has_any",
        "holds": "list_contains",
    },
    "spark": {"jaro": "jaro_sim", "overlap": "arrays_overlap", "holds": "array_contains"},
}
_ALIKE = re.compile(r"\{alike (\w+) (\w+) ([\d.]+)\}")
DIFFERENT, MISSING = "different", "missing"
# Forename and surname in each other's field, or nearly so: judged once, under the surname.
_SWAPPED = (
    "(forename_l <> forename_r AND surname_l <> surname_r "
    "AND {alike forename_l surname_r 0.92} AND {alike surname_l forename_r 0.92})"
)


@dataclass(frozen=True)
class Level:
    """One level: `sql` its condition (empty: whatever is left), `words` what a reader is told.

    `m`, `u` and `kin`: the shares of pairs of one person, of chance pairs and of pairs of one household in it; the first two
    are what training starts from. `frequency`: column whose value's own frequency replaces `u`.
    """

    name: str
    words: str
    m: float
    u: float
    kin: float
    sql: str = ""
    frequency: str | None = None


@dataclass(frozen=True)
class Comparison:
    """One field: `missing` the condition under which it adds nothing, and its levels, the closest first."""

    name: str
    label: str
    missing: str
    levels: tuple[Level, ...]

    @property
    def by_frequency(self) -> bool:
        """Whether a level takes the value's own frequency."""
        return any(level.frequency for level in self.levels)

    def words(self, level: str) -> str:
        """A level in words."""
        return next(entry.words for entry in self.levels if entry.name == level)


def _load() -> tuple[Comparison, ...]:
    text = files("openverdict.identity").joinpath("data/comparisons.toml").read_text("utf-8")
    return tuple(
        Comparison(
            name, said["label"], said["missing"], tuple(Level(**level) for level in said["levels"])
        )
        for name, said in tomllib.loads(text).items()
    )


COMPARISONS = _load()
FREQUENCIES = tuple(level.frequency for c in COMPARISONS for level in c.levels if level.frequency)


def condition(sql: str, dialect: str) -> str:
    """A condition in the words of `duckdb` or `spark`."""
    sql = _ALIKE.sub(_alike, sql.replace("{swapped}", _SWAPPED))
    for name, said in FUNCTIONS[dialect].items():
        sql = sql.replace("{" + name + "}", said)
    return sql


def _alike(found: re.Match[str]) -> str:
    """Whether the Jaro-Winkler similarity of two names is at least so much.

    jw = j + 0.1 p (1 - j), with j the Jaro similarity and p the letters in common at the beginning, at most four (Winkler
    1990). Written as a bound on j, (x - 0.1 p) / (1 - 0.1 p), since the engines' own functions differ on names of more than
    ten letters. Bounds are a trifle low, so that the last bit of a quotient decides nothing.
    """
    a, b, least = found[1], found[2], float(found[3])
    cases = " ".join(
        f"WHEN substr({a}, 1, {p}) = substr({b}, 1, {p}) THEN {(least - 0.1 * p) / (1 - 0.1 * p) - 1e-9:.12f}"
        for p in (4, 3, 2, 1)
    )
    return f"{{jaro}}({a}, {b}) >= CASE {cases} ELSE {least - 1e-9:.12f} END"
