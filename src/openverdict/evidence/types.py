"""Types of death: a latent-class model of the coded fields, grown around rare co-occurrences and chosen by BIC.

A value is rare or common *among deaths of the same type*; habits that go together in a type are counted once, as the
type. Random starts miss rare types, so classes are grown: each new class starts from the cases that hold the pair of
values most over-represented under the model so far (see docs/methods/rarity.md). Goodman (1974), Biometrika 61:215 for the
model; Dempster, Laird and Rubin (1977), JRSS B 39:1 for EM; Schwarz (1978), Annals of Statistics 6:461 for BIC.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from openverdict.evidence.encode import SEEN_ONCE, Content
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
MAX_LEARNING_ROWS = 30_000
GROW_STEPS = 12
FINAL_STEPS = 40
TRIES = 8
SURE = 0.5  # a case is of a type when its posterior exceeds this


@dataclass(frozen=True)
class Features:
    """What the types are learned from: `x` (n, D) 0/1, `seen` (n, G) recorded by group, `group` (D), `single` (G), and `bit`
    (D) the content's bit that a column shows, -1 for a band of age.
    """

    x: FloatArray
    seen: FloatArray
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
    columns: list[npt.NDArray[np.generic]] = []
    groups: list[int] = []
    names: list[str] = []
    bits: list[int] = []
    seen: list[npt.NDArray[np.generic]] = []
    single: list[bool] = []
    for v, variable in enumerate(content.coded):
        if variable.name not in TYPE_VARIABLES:
            continue
        mine = [
            d
            for d, bit in enumerate(content.bit_list)
            if bit.variable == v
            and not bit.negative
            and bit.value != SEEN_ONCE
            and content.bits[:, d].sum() >= 5
        ]
        if not mine:
            continue
        columns += [content.bits[:, d] for d in mine]
        groups += [len(seen)] * len(mine)
        names += [content.bit_list[d].value for d in mine]
        bits += mine
        seen.append(content.recorded[:, v])
        single.append(variable.kernel == "code")
    band = np.searchsorted(AGE_EDGES, content.age, side="right")
    for k in range(len(AGE_EDGES) + 1):
        columns.append((band == k) & (content.age >= 0))
        groups.append(len(seen))
        low = AGE_EDGES[k - 1] if k else 0
        names.append(f"aged {low}+" if k == len(AGE_EDGES) else f"aged {low}–{AGE_EDGES[k] - 1}")
    seen.append(content.age >= 0)
    single.append(True)
    return Features(
        np.stack(columns, 1).astype(float),
        np.stack(seen, 1).astype(float),
        np.array(groups),
        np.array(single),
        tuple(names),
        np.array(bits + [-1] * (len(AGE_EDGES) + 1), dtype=np.int64),
    )


@dataclass(frozen=True)
class _Rows:
    """Rows to learn from: `x` and `seen` sparse (few values a row, and no threads to wait for), weights `w`."""

    x: sparse.csr_array
    seen: sparse.csr_array
    w: FloatArray


def _rows(x: FloatArray, seen: FloatArray, w: FloatArray) -> _Rows:
    return _Rows(sparse.csr_array(x), sparse.csr_array(seen), w)


def _thin(f: Features, chosen: npt.NDArray[np.int64] | None = None) -> _Rows:
    """Distinct rows with their weights; a fixed stride keeps the learning set bounded."""
    both = np.concatenate([f.x, f.seen], 1).astype(np.uint8)
    both = both if chosen is None else both[chosen]
    step = max(1, -(-len(both) // MAX_LEARNING_ROWS))
    rows, counts = np.unique(both[::step], axis=0, return_counts=True)
    d = f.x.shape[1]
    return _rows(
        rows[:, :d].astype(float), rows[:, d:].astype(float), counts.astype(np.float64) * step
    )


def _log_likelihood(f: Features, m: _Mixture, rows: _Rows) -> FloatArray:
    """Log density of each row under each class plus the log of its share, shape (rows, K)."""
    bernoulli = ~f.single[f.group]
    log_p = np.log(m.rate)
    log_q = np.where(bernoulli, np.log1p(-m.rate), 0.0)
    groups = np.zeros((len(f.single), len(f.group)))
    groups[f.group, np.arange(len(f.group))] = 1.0
    log_none = np.stack([groups[g] @ log_q.T for g in range(len(groups))])
    result: FloatArray = rows.x @ (log_p - log_q).T + rows.seen @ log_none + np.log(m.share)
    return result


def _posterior(ll: FloatArray) -> tuple[FloatArray, FloatArray]:
    top = ll.max(1, keepdims=True)
    weights = np.exp(ll - top)
    total = weights.sum(1, keepdims=True)
    return weights / total, (top + np.log(total))[:, 0]


def _maximise(f: Features, r: FloatArray, rows: _Rows, base: FloatArray) -> _Mixture:
    rw = r * rows.w[:, None]
    share = (rw.sum(0) + 1.0) / (rw.sum() + rw.shape[1])
    rate = ((rows.x.T @ rw).T + SHRINK * base) / ((rows.seen.T @ rw).T[:, f.group] + SHRINK)
    return _Mixture(share, np.clip(rate, 1e-7, 1 - 1e-7))


def _em(f: Features, r: FloatArray, rows: _Rows, steps: int) -> tuple[_Mixture, FloatArray, float]:
    base = (rows.x.T @ rows.w) / np.maximum((rows.seen.T @ rows.w)[f.group], 1.0)
    base = np.clip(base, 1e-7, 1 - 1e-7)
    before, total = -np.inf, -np.inf
    m = _maximise(f, r, rows, base)
    for _ in range(steps):
        r, row = _posterior(_log_likelihood(f, m, rows))
        total = float((rows.w * row).sum())
        if total - before < 1e-7 * abs(total):
            break
        before = total
        m = _maximise(f, r, rows, base)
    return m, r, total


def _bic(r: FloatArray, rows: _Rows, total: float) -> float:
    """Schwarz's criterion; a rate is a parameter when its class holds at least one such value, and is learned from the cases
    of its class: it costs the log of their number. With the log of all cases rare types would not be found.
    """
    held = rows.x.T @ (r * rows.w[:, None])
    of = (r * rows.w[:, None]).sum(0)
    rates = float(((held >= 1.0).sum(0) * np.log(np.maximum(of, 2.0))).sum())
    return -2.0 * total + rates + float((r.shape[1] - 1) * np.log(rows.w.sum()))


def _seeds(f: Features, m: _Mixture, r: FloatArray, rows: _Rows) -> list[tuple[int, int]]:
    """Pairs of values most over-represented under the model, by the G statistic, best first."""
    rw = r * rows.w[:, None]
    weigh = sparse.diags_array
    observed = (rows.x.T @ weigh(rows.w) @ rows.x).toarray()
    expected = np.zeros_like(observed)
    for z in range(r.shape[1]):
        both_seen = (rows.seen.T @ weigh(rw[:, z]) @ rows.seen).toarray()
        expected += both_seen[np.ix_(f.group, f.group)] * np.outer(m.rate[z], m.rate[z])
    exclusive = f.single[f.group][:, None] & (f.group[:, None] == f.group[None, :])
    with np.errstate(divide="ignore", invalid="ignore"):
        g = observed * np.log(observed / expected) - (observed - expected)
    usable = (observed >= MIN_CASES) & (observed > expected) & ~exclusive
    g = np.triu(np.where(usable, g, -np.inf), 1)
    g[g == 0] = -np.inf
    flat = np.argsort(-g, axis=None, kind="stable")[:TRIES]
    return [divmod(int(k), g.shape[1]) for k in flat if np.isfinite(g.flat[k])]


def learn_types(content: Content, chosen: npt.NDArray[np.int64] | None = None) -> Types:
    """Grow the mixture while BIC improves and give every case its posterior.

    `chosen`: the cases to grow it on, for example drawn anew with replacement (None: all).
    """
    f = features(content)
    rows = _thin(f, chosen)
    m, r, total = _em(f, np.ones((rows.x.shape[0], 1)), rows, FINAL_STEPS)
    bic = _bic(r, rows, total)
    while len(m.share) < MAX_TYPES:
        for a, b in _seeds(f, m, r, rows):
            both = (rows.x[:, [a]] * rows.x[:, [b]]).toarray()
            start = np.where(both > 0, 0.95, 1e-3)
            tried = _em(f, np.concatenate([r * (1 - start), start], 1), rows, GROW_STEPS)
            score = _bic(tried[1], rows, tried[2])
            if score < bic and (tried[1] * rows.w[:, None]).sum(0).min() >= MIN_CASES:
                (m, r, total), bic = tried, score
                break
        else:
            break
    m, r, total = _em(f, r, rows, FINAL_STEPS)
    everyone = _rows(f.x, f.seen, np.ones(len(f.x)))
    posterior, _ = _posterior(_log_likelihood(f, m, everyone))
    sure = (posterior.max(1) > SURE) & (len(m.share) > 1)  # one type for all says nothing
    label = np.where(sure, posterior.argmax(1), -1).astype(np.int32)
    rates = count(content, posterior)
    bic = _bic(r, rows, total)
    return Types(m.share, posterior, label, rates, _names(f, m), bic, m.rate, f.bit)


def _names(f: Features, m: _Mixture) -> tuple[str, ...]:
    """Each type by the values that set it apart most: share in the type times log of its excess over the register."""
    base = m.share @ m.rate
    weight = m.rate * np.log(m.rate / base)
    return tuple(
        " + ".join(f.names[d] for d in np.argsort(-weight[z], kind="stable")[:3])
        for z in range(len(m.share))
    )
