"""Types of death: a latent-class model of the coded fields, grown around rare co-occurrences and chosen by BIC.

A value is rare or common *among deaths of the same type*; habits that go together in a type are counted once, as the
type. Random starts miss rare types, so classes are grown: each new class starts from the cases that hold the pair of
values most over-represented under the model so far (see docs/methods/rarity.md). Goodman (1974), Biometrika 61:215 for the
model; Dempster, Laird and Rubin (1977), JRSS B 39:1 for EM; Schwarz (1978), Annals of Statistics 6:461 for BIC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from openverdict.evidence.encode import SEEN_ONCE, Content
from openverdict.evidence.mixture import expect, gather, none_held, normalise, weigh
from openverdict.evidence.rates import SHRINK, Rates, count

FloatArray = npt.NDArray[np.float64]

TYPE_VARIABLES = (
    "sex",
    "place_kind",
    "substances",
    "position",
    "present_items",
    "channels",
    "injuries",
)
AGE_EDGES = (18, 25, 35, 45, 55, 65, 75, 85)
MAX_TYPES = 32
MIN_CASES = 20.0
LEAST_HELD = 5  # a value that fewer cases hold tells nothing of types
MAX_LEARNING_ROWS = 30_000
GROW_STEPS = 12
FINAL_STEPS = 40
TRIES = 8
CHUNK = 65_536  # cases whose posterior is worked out at a time
SURE = 0.5  # a case is of a type when its posterior exceeds this


@dataclass(frozen=True)
class Features:
    """What the types are learned from: `x` (n, D) 0/1, `seen` (n, G) recorded by group, `group` (D), `single` (G), and `bit`
    (D) the content's bit that a column shows, -1 for a band of age.
    """

    x: npt.NDArray[np.uint8]
    seen: npt.NDArray[np.uint8]
    group: npt.NDArray[np.int64]
    single: npt.NDArray[np.bool_]
    names: tuple[str, ...]
    bit: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Types:
    """`share` (K), `posterior` (n, K), `label` (n) or -1 where no type is sure, `rates` by type, `names` (K).

    `rate` (K, D) of the columns of the mixture itself, and `bit` (D) of `Features`: what tells the type of a new case.
    """

    share: FloatArray
    posterior: FloatArray
    label: npt.NDArray[np.int32]
    rates: Rates
    names: tuple[str, ...]
    bic: float
    rate: FloatArray
    bit: npt.NDArray[np.int64]


@dataclass
class _Mixture:
    share: FloatArray
    rate: FloatArray


def features(content: Content) -> Features:
    """Coded values of TYPE_VARIABLES and age bands, as 0/1 columns with what was recorded."""
    chosen: list[int] = []
    groups: list[int] = []
    asked: list[int] = []
    single: list[bool] = []
    count = content.bits.sum(0, dtype=np.int64)
    for v, variable in enumerate(content.coded):
        if variable.name not in TYPE_VARIABLES:
            continue
        mine = [
            d
            for d, bit in enumerate(content.bit_list)
            if bit.variable == v
            and not bit.negative
            and bit.value != SEEN_ONCE
            and count[d] >= LEAST_HELD
        ]
        if not mine:
            continue
        chosen += mine
        groups += [len(asked)] * len(mine)
        asked.append(v)
        single.append(variable.kernel == "code")
    names = [content.bit_list[d].value for d in chosen]
    band = np.searchsorted(AGE_EDGES, content.age, side="right")
    aged = content.age >= 0
    bands = len(AGE_EDGES) + 1
    for k in range(bands):
        low = AGE_EDGES[k - 1] if k else 0
        names.append(f"aged {low}+" if k == len(AGE_EDGES) else f"aged {low}–{AGE_EDGES[k] - 1}")
    of_band = (band[:, None] == np.arange(bands)) & aged[:, None]
    return Features(
        np.concatenate([content.bits[:, chosen], of_band.astype(np.uint8)], 1),
        np.concatenate([content.recorded[:, asked], aged[:, None].astype(np.uint8)], 1),
        np.array([*groups, *[len(asked)] * bands]),
        np.array([*single, True]),
        tuple(names),
        np.array(chosen + [-1] * bands, dtype=np.int64),
    )


@dataclass(frozen=True)
class _Held:
    """What each row holds in CSR (`start`, `column`), and what it records, as the bits of `pattern`."""

    start: npt.NDArray[np.int64]
    column: npt.NDArray[np.int32]
    pattern: npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Rows(_Held):
    """Rows to learn from: their weights `w`, and `held` (rows, D) what they hold as 0/1; `base` (D) the rate of each column
    among all, `both` (D, D) how often two are held.
    """

    w: FloatArray
    held: npt.NDArray[np.uint8]
    base: FloatArray
    both: FloatArray


def _thin(f: Features, chosen: npt.NDArray[np.int64] | None = None) -> _Rows:
    """Distinct rows with their weights; a fixed stride keeps the learning set bounded."""
    n = len(f.x) if chosen is None else len(chosen)
    step = max(1, -(-n // MAX_LEARNING_ROWS))
    taken = np.arange(0, n, step) if chosen is None else chosen[::step]
    rows, counts = _distinct(np.concatenate([f.x[taken], f.seen[taken]], 1))
    d = f.x.shape[1]
    held, seen = np.ascontiguousarray(rows[:, :d]), rows[:, d:]
    w = counts.astype(np.float64) * step
    x = sparse.csr_array(held.astype(float))
    of = (sparse.csr_array(seen.astype(float)).T @ w)[f.group]
    return _Rows(
        x.indptr.astype(np.int64),
        x.indices.astype(np.int32),
        _pattern(seen),
        w,
        held,
        np.clip((x.T @ w) / np.maximum(of, 1.0), 1e-7, 1 - 1e-7),
        (x.T @ sparse.diags_array(w) @ x).toarray(),
    )


def _distinct(
    flags: npt.NDArray[np.uint8],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Distinct rows of a 0/1 array in their order, and how often each stands there; sorted as whole words of bits."""
    packed = np.packbits(flags, axis=1)
    words = np.zeros((len(flags), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
    words[:, : packed.shape[1]] = packed
    whole = words.view(">u8").astype(np.uint64)
    order = np.lexsort(whole.T[::-1])
    whole = whole[order]
    first = np.flatnonzero(np.append(True, (whole[1:] != whole[:-1]).any(1))[: len(flags)])
    return flags[order[first]], np.diff(np.append(first, len(flags)))


def _pattern(seen: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """The recorded groups of each row as the bits of one number."""
    pattern: npt.NDArray[np.int64] = seen.astype(np.int64) @ (1 << np.arange(seen.shape[1]))
    return pattern


def _tables(f: Features, m: _Mixture) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log odds of each column (D, K), log probability of holding none of what each pattern records, log shares."""
    bernoulli = ~f.single[f.group]
    log_p = np.log(m.rate)
    log_q = np.where(bernoulli, np.log1p(-m.rate), 0.0)
    groups = np.zeros((len(f.single), len(f.group)))
    groups[f.group, np.arange(len(f.group))] = 1.0
    none = np.zeros((1 << len(groups), len(m.share)))
    none_held(np.stack([groups[g] @ log_q.T for g in range(len(groups))]), none)
    return np.ascontiguousarray((log_p - log_q).T), none, np.log(m.share)


def _posterior(
    tables: tuple[FloatArray, FloatArray, FloatArray], rows: _Held
) -> tuple[FloatArray, FloatArray]:
    """Each row's posterior (rows, K), and the log of its density."""
    weights = np.empty((len(rows.pattern), len(tables[2])))
    top, total = np.empty(len(weights)), np.empty(len(weights))
    weigh(rows.start, rows.column, rows.pattern, *tables, weights, top)
    np.exp(weights, out=weights)
    normalise(weights, total)
    return weights, top + np.log(total)


def _gathered(
    f: Features, rw: FloatArray, rows: _Rows
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sums of the weights `rw` (rows, K): of all rows (K), by column held (D, K) and by group recorded (G, K)."""
    classes = rw.shape[1]
    total = np.zeros(classes)
    held, seen = np.zeros((len(f.group), classes)), np.zeros((len(f.single), classes))
    gather(rows.start, rows.column, rows.pattern, rw, total, held, seen)
    return (rw.sum(0) if classes == 1 else total), held, seen


def _maximise(f: Features, r: FloatArray, rows: _Rows) -> _Mixture:
    rw = r * rows.w[:, None]
    total, held, seen = _gathered(f, rw, rows)
    share = (total + 1.0) / (rw.sum() + rw.shape[1])
    rate = (held.T + SHRINK * rows.base) / (seen.T[:, f.group] + SHRINK)
    return _Mixture(share, np.clip(rate, 1e-7, 1 - 1e-7))


def _em(f: Features, r: FloatArray, rows: _Rows, steps: int) -> tuple[_Mixture, FloatArray, float]:
    before, total = -np.inf, -np.inf
    m = _maximise(f, r, rows)
    for _ in range(steps):
        r, row = _posterior(_tables(f, m), rows)
        total = float((rows.w * row).sum())
        if total - before < 1e-7 * abs(total):
            break
        before = total
        m = _maximise(f, r, rows)
    return m, r, total


def _bic(f: Features, r: FloatArray, rows: _Rows, total: float) -> float:
    """Schwarz's criterion; a rate is a parameter when its class holds at least one such value, and is learned from the cases
    of its class: it costs the log of their number. With the log of all cases rare types would not be found.
    """
    of, held, _ = _gathered(f, r * rows.w[:, None], rows)
    rates = float(((held >= 1.0).sum(0) * np.log(np.maximum(of, 2.0))).sum())
    return -2.0 * total + rates + float((r.shape[1] - 1) * np.log(rows.w.sum()))


def _seeds(f: Features, m: _Mixture, r: FloatArray, rows: _Rows) -> list[tuple[int, int]]:
    """Pairs of values most over-represented under the model, by the G statistic, best first."""
    observed, expected = rows.both, np.zeros_like(rows.both)
    expect(rows.pattern, f.group, len(f.single), r * rows.w[:, None], m.rate, expected)
    exclusive = f.single[f.group][:, None] & (f.group[:, None] == f.group[None, :])
    usable = np.triu((observed >= MIN_CASES) & (observed > expected) & ~exclusive, 1)
    at = np.flatnonzero(usable)
    seen, usual = observed.flat[at], expected.flat[at]
    g = seen * np.log(seen / usual) - (seen - usual)
    best = at[np.argsort(-g, kind="stable")[:TRIES]]
    return [divmod(int(k), len(observed)) for k in best]


@dataclass(frozen=True)
class Kinds:
    """A mixture and the counts of the whole register by its types: what rates any of the register's cases.

    `rates` holds no posteriors; `types` works them out for the cases asked for.
    """

    features: Features
    mixture: _Mixture
    rates: Rates
    bic: float

    def types(self, cases: npt.NDArray[np.int64] | None = None) -> Types:
        """The types with the posterior of some cases (None: of all), in their order."""
        f, m = self.features, self.mixture
        posterior = np.concatenate([np.zeros((0, len(m.share))), *_posteriors(f, m, cases)])
        sure = posterior.max(1) > SURE if len(m.share) > 1 else np.zeros(len(posterior), bool)
        label = np.where(sure, posterior.argmax(1), -1).astype(np.int32)
        rates = replace(self.rates, posterior=posterior)
        names = _names(f, m)
        return Types(m.share, posterior, label, rates, names, self.bic, m.rate, f.bit)


def learn_types(content: Content, chosen: npt.NDArray[np.int64] | None = None) -> Types:
    """Grow the mixture while BIC improves and give every case its posterior.

    `chosen`: the cases to grow it on, for example drawn anew with replacement (None: all).
    """
    return learn_kinds(content, features(content), chosen).types()


def learn_kinds(
    content: Content, f: Features, chosen: npt.NDArray[np.int64] | None = None
) -> Kinds:
    """Grow the mixture while BIC improves, and count every case by its types; `f` the features of `content`."""
    rows = _thin(f, chosen)
    m, r, total = _em(f, np.ones((len(rows.w), 1)), rows, FINAL_STEPS)
    bic = _bic(f, r, rows, total)
    while len(m.share) < MAX_TYPES:
        for a, b in _seeds(f, m, r, rows):
            start = np.where(rows.held[:, [a]] & rows.held[:, [b]], 0.95, 1e-3)
            tried = _em(f, np.concatenate([r * (1 - start), start], 1), rows, GROW_STEPS)
            score = _bic(f, tried[1], rows, tried[2])
            if score < bic and (tried[1] * rows.w[:, None]).sum(0).min() >= MIN_CASES:
                (m, r, total), bic = tried, score
                break
        else:
            break
    m, r, total = _em(f, r, rows, FINAL_STEPS)
    rates = count(content, len(m.share), _posteriors(f, m))
    return Kinds(f, m, rates, _bic(f, r, rows, total))


def _posteriors(
    f: Features, m: _Mixture, cases: npt.NDArray[np.int64] | None = None
) -> Iterator[FloatArray]:
    """The posterior of every case asked for (None: of all), some at a time and in their order, each (cases, K)."""
    tables = _tables(f, m)
    for first in range(0, len(f.x) if cases is None else len(cases), CHUNK):
        some = slice(first, first + CHUNK)
        at = some if cases is None else cases[some]
        row, column = np.nonzero(f.x[at])
        pattern = _pattern(f.seen[at])
        start = np.searchsorted(row, np.arange(len(pattern) + 1))
        yield _posterior(tables, _Held(start, column.astype(np.int32), pattern))[0]


def _names(f: Features, m: _Mixture) -> tuple[str, ...]:
    """Each type by the values that set it apart most: share in the type times log of its excess over the register."""
    base = m.share @ m.rate
    weight = m.rate * np.log(m.rate / base)
    return tuple(
        " + ".join(f.names[d] for d in np.argsort(-weight[z], kind="stable")[:3])
        for z in range(len(m.share))
    )
