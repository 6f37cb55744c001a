"""How far a group can be relied on: its interval, what it would be without one thing, and what a belief becomes.

Formulas and assumptions: docs/methods/uncertainty.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import lgamma, log

import numpy as np
import numpy.typing as npt

from openverdict.evidence import Model, Variable
from openverdict.evidence.cap import Cap
from openverdict.evidence.draws import GroupDraws, quantiles
from openverdict.evidence.interval import SOURCES, Intervals, PairIntervals
from openverdict.leads.results import Assessment, Posterior, Without
from openverdict.series import LEAST_CANDIDATES, Series, branching, price
from openverdict.series.chance import CARRIES

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Terms = dict[str, FloatArray]

LEAST_WORTH_SAYING = 0.1  # log10 likelihood ratio
MOST_SHOWN = 6  # single values, the gravest first
VALUES = {
    "gap": "Time",
    "distance": "Place",
}  # what a case has, where the variable names what two have
REGISTERS = (1.0, 10.0, 100.0)  # beliefs: one such group in so many registers like this one


class Assessor:
    """Assesses the groups of one run.

    `i`, `j`, `log10_lr`: the ledger's pairs; `pairs`: how many pairs were compared in all; `passes(strength, members, keyed)`
    says whether a group would be put forward.
    """

    def __init__(
        self,
        intervals: Intervals,
        ledger: tuple[IntArray, IntArray, FloatArray],
        pairs: int,
        passes: Callable[[float, tuple[int, ...], bool], bool],
        seed: int,
    ) -> None:
        self.intervals, self.model = intervals, intervals.model
        self.cap_of = Cap(*ledger, pairs)
        self.passes, self.seed = passes, seed

    def cap(self, members: Iterable[int]) -> float:
        """log10 of the largest ratio of a pair that the register supports, the pairs of these cases left out."""
        return self.cap_of.without(members)

    def assess(self, series: Series, own: PairIntervals | None = None) -> Assessment:
        """Everything about one group but what its fields say (ordinary explanations, checks); `own`: the intervals of its
        pairs, where they are at hand.
        """
        members = series.members
        draws = GroupDraws(self.intervals, members, own)
        k, seed = len(members), (self.seed, *members)
        most = self.cap(members)
        ratio, drawn = self.model.ratio, self.model.ratio(draws.totals(seed))
        total = ratio(self.model.summed(draws.at))
        low, high = quantiles(scores(drawn, k))
        capped_low, capped_high = quantiles(scores(np.minimum(drawn, most), k))
        reported = float(scores(np.minimum(total, most)[None], k)[0])
        spread = {
            source: float(scores(ratio(draws.totals(seed, sources=(source,))), k).var())
            for source in SOURCES
        }
        whole = sum(spread.values())
        group = _Group(self, members, draws.at)
        beliefs = posteriors(reported, capped_low, capped_high, k, self.model.n)
        return Assessment(
            low=low,
            high=high,
            shares={s: v / whole if whole > 0 else 0.0 for s, v in spread.items()},
            cap=most,
            reported=reported,
            reported_low=capped_low,
            reported_high=capped_high,
            capped=bool((total > most).any()),
            without_variable=group.without_variable(),
            without_case=group.without_case(),
            if_wrong=group.if_wrong(),
            if_differs=group.if_differs(),
            posteriors=beliefs,
            even_at=even_at(reported, k, self.model.n),
        )


def scores(total: FloatArray, k: int) -> FloatArray:
    """Branching score of a group of k in each row of `total` (rows, pairs in the order of `triu_indices`)."""
    b = np.triu_indices(k, 1)[1]
    result = np.zeros(len(total))
    for j in range(1, k):
        mine = total[:, b == j]
        top = mine.max(1)
        result += top + np.log10((10.0 ** (mine - top[:, None])).mean(1))
    return result


def posteriors(log10_lr: float, low: float, high: float, k: int, n: int) -> tuple[Posterior, ...]:
    """What a ratio makes of three beliefs.

    One death in N belongs to a group of k: so many groups stand among the C(n, k) that the register could form, and the odds
    that these very cases are one of them are n / (N k) / C(n, k). N is n / k times one, ten and a hundred: one such group
    in each register like this one, in one of ten, in one of a hundred. n is never fewer than LEAST_CANDIDATES.
    """
    candidates = max(n, LEAST_CANDIDATES, k)
    result = []
    for registers in REGISTERS:
        before = -np.log10(registers) - log10_groups(candidates, k)
        result.append(
            Posterior(
                one_death_in=registers * candidates / k,
                registers=registers,
                before=float(before),
                after=float(before + log10_lr),
                low=float(before + low),
                high=float(before + high),
            )
        )
    return tuple(result)


def even_at(log10_lr: float, k: int, n: int) -> float:
    """The N at which one death in N gives even odds: rarer than that, the cases are more probably unrelated."""
    candidates = max(n, LEAST_CANDIDATES, k)
    return float(10.0 ** (log10_lr - log10_groups(candidates, k)) * candidates / k)


def log10_groups(n: int, k: int) -> float:
    """log10 of the number of groups of k among n."""
    return (lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)) / log(10.0)


class _Group:
    """One group with its terms by variable, and what it would be otherwise."""

    def __init__(self, of: Assessor, members: tuple[int, ...], at: Terms) -> None:
        self.of, self.model, self.members, self.at = of, of.model, members, at
        self.a, self.b = np.triu_indices(len(members), 1)
        self.ids = [self.model.prepared.case_ids[m] for m in members]

    def without_variable(self) -> tuple[Without, ...]:
        """Each variable that counts, left out, the one it leans on most first."""
        counts = [
            v for v in self.model.variables if np.abs(self.at[v.name]).max() >= LEAST_WORTH_SAYING
        ]
        found = [
            self._outcome(v.name, v.label, {**self.at, v.name: 0 * self.at[v.name]}) for v in counts
        ]
        return _gravest(found)

    def without_case(self) -> tuple[Without, ...]:
        """Each case left out, in order of time."""
        found = []
        for c, case in enumerate(self.ids):
            kept = (self.a != c) & (self.b != c)
            rest = (*self.members[:c], *self.members[c + 1 :])
            if len(rest) < 2:
                found.append(Without(case, case, None, None, False))
                continue
            terms = {name: term[kept] for name, term in self.at.items()}
            found.append(self._outcome(case, case, terms, rest))
        return tuple(found)

    def if_wrong(self) -> tuple[Without, ...]:
        """Single values, each set at odds with every other member's, the gravest first."""
        found = []
        for v in self.model.variables:
            if not v.fields:
                continue
            for c, case in enumerate(self.ids):
                mine = (self.a == c) | (self.b == c)
                agrees = mine & (self.at[v.name] >= LEAST_WORTH_SAYING)
                if agrees.any():
                    term = np.where(agrees, at_odds(v), self.at[v.name])
                    label = f"{VALUES.get(v.kernel, v.label)} of {case}"
                    found.append(
                        self._outcome(f"{v.name}:{case}", label, {**self.at, v.name: term})
                    )
        return _gravest(found)[:MOST_SHOWN]

    def if_differs(self) -> tuple[Without, ...]:
        """Values that a member lacks and others have, were they to differ, the gravest first."""
        found = []
        for v in self.model.variables:
            has = records(self.model, v)
            if not v.fields or has is None:
                continue
            mine = has[list(self.members)]
            for c, case in enumerate(self.ids):
                pairs = ((self.a == c) & mine[self.b]) | ((self.b == c) & mine[self.a])
                if mine[c] or not pairs.any():
                    continue
                term = np.where(pairs, at_odds(v), self.at[v.name])
                label = f"{VALUES.get(v.kernel, v.label)} of {case}"
                found.append(self._outcome(f"{v.name}:{case}", label, {**self.at, v.name: term}))
        return _gravest(found)[:MOST_SHOWN]

    def _outcome(
        self, code: str, label: str, terms: Terms, members: tuple[int, ...] | None = None
    ) -> Without:
        of = self.members if members is None else members
        k = len(of)
        total = self.model.summed(terms)
        matrix = np.full((k, k), -np.inf)
        matrix[np.triu_indices(k, 1)] = total
        score = branching(self.model.ratio(matrix))
        strength = branching(matrix) - price(k, self.model.n)
        keyed = any(
            bool((terms[v.name] >= CARRIES).any())
            for v in self.model.variables
            if v.kernel in ("keys", "mention")
        )
        return Without(code, label, score, strength, self.of.passes(strength, of, keyed))


def at_odds(v: Variable) -> float:
    """The term of two values that do not agree: log10(1 - theta), in a list log10(1 - theta r); a mention is no value."""
    if v.kernel == "mention":
        return 0.0
    return float(v.log10_lr(1 - v.reporting if v.kernel == "items" else 0.0))


def records(model: Model, v: Variable) -> npt.NDArray[np.bool_] | None:
    """Which cases record a variable; None where not recording it is nothing that an enquiry could mend."""
    if v.kernel == "distance":
        return model.slots.placed
    if v.kernel == "number":
        return model.content.age >= 0
    if v in model.content.coded:
        known: npt.NDArray[np.bool_] = model.content.recorded[:, model.content.coded.index(v)] > 0
        return known
    return None


def _gravest(found: list[Without]) -> tuple[Without, ...]:
    return tuple(sorted(found, key=lambda w: (w.log10_lr or 0.0, w.code)))
