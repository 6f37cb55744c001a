"""How far two reviewers agree, and how often the suggestions of each rule are accepted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from openverdict.errors import InputError

YES, NO = frozenset({"yes", "y", "true", "1"}), frozenset({"no", "n", "false", "0"})
KEY = ("case_id", "field", "value", "assertion", "start", "end", "sha256", "rule")
Z95 = 1.959963984540054
RATES_SCHEMA: dict[str, pl.DataType] = {
    "rule": pl.String(),
    "decided": pl.Int64(),
    "accepted": pl.Int64(),
    "rate": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two reviewers on `rows` suggestions that both decided; `kappa` is NaN when chance alone would agree."""

    rows: int
    agreed: int
    kappa: float


def cohen_kappa(first: Sequence[object], second: Sequence[object]) -> float:
    """Cohen's kappa of two codings of the same things: (p_o - p_e) / (1 - p_e).

    p_o is the share coded alike, p_e the share expected if both coded by their own margins at random. Cohen (1960),
    Educational and Psychological Measurement 20:37-46. NaN without codings, or when both use one same code throughout.

    Raises:
        InputError: the codings differ in length.
    """
    if len(first) != len(second):
        raise InputError("two codings of different length; code the same things in the same order")
    n = len(first)
    if not n:
        return math.nan
    alike = sum(a == b for a, b in zip(first, second, strict=True))
    one, two = Counter(first), Counter(second)
    # In counts, so that perfect expectation is told exactly: p_e = expected / n².
    expected = sum(one[code] * two[code] for code in one)
    if expected == n * n:
        return math.nan
    return (alike * n - expected) / (n * n - expected)


def agreement(first: pl.DataFrame, second: pl.DataFrame) -> Agreement:
    """Agreement on accepted or not, over the suggestions that both reviewed files decide."""
    decided = [_decided(frame) for frame in (first, second)]
    both = sorted(decided[0].keys() & decided[1].keys())
    a, b = ([side[key] for key in both] for side in decided)
    return Agreement(len(both), sum(x == y for x, y in zip(a, b, strict=True)), cohen_kappa(a, b))


def decided_rows(frame: pl.DataFrame) -> Iterator[tuple[dict[str, str | None], bool]]:
    """The rows of a reviewed file on which somebody decided, each suggestion once, and whether it was accepted."""
    last: dict[tuple[str, ...], tuple[dict[str, str | None], bool]] = {}
    for row in frame.iter_rows(named=True):
        word = (row["accepted"] or "").strip().lower()
        if word in YES or word in NO:
            last[_key(row)] = (row, word in YES)
    yield from last.values()


def _decided(frame: pl.DataFrame) -> dict[tuple[str, ...], bool]:
    return {_key(row): said for row, said in decided_rows(frame)}


def _key(row: dict[str, str | None]) -> tuple[str, ...]:
    """What tells one suggestion from another; a file without documents has no hash of any."""
    return tuple(str(row.get(name) or "") for name in KEY)


def acceptance_rates(reviewed: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """How often the decided suggestions of each rule were accepted, with a 95 % interval, in `RATES_SCHEMA`."""
    decided, taken = Counter[str](), Counter[str]()
    for frame in reviewed:
        for key, accepted in _decided(frame).items():
            decided[key[-1]] += 1
            taken[key[-1]] += accepted
    rows = [(r, n, taken[r], taken[r] / n, *wilson(taken[r], n)) for r, n in decided.items()]
    return pl.DataFrame(sorted(rows), schema=RATES_SCHEMA, orient="row")


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % score interval of a proportion; (0, 1) of nothing. Wilson (1927), JASA 22:209-212."""
    if not n:
        return 0.0, 1.0
    p, z2 = hits / n, Z95**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return (0.0 if hits == 0 else middle - half), (1.0 if hits == n else middle + half)
