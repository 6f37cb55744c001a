"""Labelled pairs scored by models that never saw their groups: as shipped, with learned consistency, and combined.

Everything that is chosen (consistency, kernels, coefficients, the design of the combination and its shrinkage) is chosen on the
folds that are left in; rarity is learned from the whole register, without labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from openverdict.cases import Register
from openverdict.errors import InputError
from openverdict.evaluation.measures import average_precision, cllr
from openverdict.evaluation.resample import bootstrap
from openverdict.evidence import Model, Variable, prepare
from openverdict.evidence.combination import DESIGNS, Design, columns, fit_combination, measures
from openverdict.evidence.combination import Combination as Fitted
from openverdict.evidence.consistency import learn_consistency, retuned
from openverdict.evidence.known import LabelledPairs, groups, labelled_pairs

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

STRENGTHS = (1.0, 10.0)
ERROR_DRAWS = 200
MOST_CASES = 1500
FOLDS = 5
PRIOR, LEARNED, COMBINED = "as shipped", "learned consistency", "combination"
VARIANTS = (PRIOR, LEARNED, COMBINED)
LOG10 = float(np.log(10.0))


@dataclass(frozen=True)
class Option:
    """A design of the combination and its strength of shrinkage towards the model."""

    design: Design
    strength: float


def assign_folds(series: dict[int, frozenset[str]], folds: int, seed: int) -> dict[int, int]:
    """A fold 1 … `folds` for every named case, groups kept whole: the largest first, each into the emptiest fold.

    `seed` orders groups of equal size.
    """
    members: dict[int, list[int]] = {}
    for case, group in groups(series).items():
        members.setdefault(group, []).append(case)
    rng = np.random.default_rng(seed)
    shuffled = [members[k] for k in rng.permutation(sorted(members)).tolist()]
    size = dict.fromkeys(range(1, folds + 1), 0)
    result: dict[int, int] = {}
    for cases in sorted(shuffled, key=lambda cases: -len(cases)):
        fold = min(size, key=lambda f: (size[f], f))
        size[fold] += len(cases)
        result |= dict.fromkeys(cases, fold)
    return result


class LabelledRegister:
    """A register, its known series and their folds; fits on what is left in and scores every pair in scope.

    `series` and `fold` by case number. The scope is the whole register where that is at most MOST_CASES, else the named
    cases: `cases` are its numbers, and every score stands in the order of `np.triu_indices(len(cases), 1)`.
    """

    def __init__(
        self,
        register: Register,
        variables: tuple[Variable, ...],
        series: dict[int, frozenset[str]],
        fold: dict[int, int],
    ) -> None:
        self.register, self.series, self.fold = register, series, fold
        n = len(register)
        self.cases = np.arange(n) if n <= MOST_CASES else np.array(sorted(series), dtype=np.int64)
        if len(self.cases) > MOST_CASES:
            raise InputError(
                f"{len(series):,} cases of known series are too many to learn from together; "
                f"name {MOST_CASES:,} or fewer"
            )
        self.model = Model(prepare(register, variables))
        a, b = np.triu_indices(len(self.cases), 1)
        self.i, self.j = self.cases[a], self.cases[b]
        self.pairs: LabelledPairs = labelled_pairs(series)
        at = {c: k for k, c in enumerate(self.cases.tolist())}
        x = np.array([at[c] for c in self.pairs.i.tolist()], dtype=np.int64)
        y = np.array([at[c] for c in self.pairs.j.tolist()], dtype=np.int64)
        m = len(self.cases)
        self.row: IntArray = x * (2 * m - x - 1) // 2 + (y - x - 1)
        self.fold_i = np.array([fold[c] for c in self.pairs.i.tolist()], dtype=np.int64)
        self.fold_j = np.array([fold[c] for c in self.pairs.j.tolist()], dtype=np.int64)
        self.folds: tuple[int, ...] = tuple(sorted(set(fold.values())))
        self._terms: dict[frozenset[int], tuple[Model, dict[str, FloatArray]]] = {}
        self._chosen: dict[frozenset[int], Option] = {}
        self._combined: dict[tuple[frozenset[int], Option], tuple[Fitted, FloatArray]] = {}

    def train(self, without: frozenset[int]) -> BoolArray:
        """Labelled pairs with both cases in the folds left in."""
        gone = sorted(without)
        kept: BoolArray = ~np.isin(self.fold_i, gone) & ~np.isin(self.fold_j, gone)
        return kept

    def inside(self, fold: int) -> BoolArray:
        """Labelled pairs with both cases in one fold."""
        both: BoolArray = (self.fold_i == fold) & (self.fold_j == fold)
        return both

    @cached_property
    def shipped(self) -> FloatArray:
        """log10 likelihood ratio of every pair in scope, nothing learned from labels."""
        return self.model.total(self.i, self.j)

    @cached_property
    def smooth(self) -> dict[str, FloatArray]:
        """The smooth measures of every pair in scope."""
        return measures(self.register, self.model, self.i, self.j)

    def learned(self, without: frozenset[int]) -> tuple[Model, dict[str, FloatArray]]:
        """The model with consistency learned without these folds, and its terms for every pair in scope."""
        if without not in self._terms:
            pairs = self.pairs.take(self.train(without))
            model = retuned(self.model, learn_consistency(self.model, pairs))
            self._terms[without] = model, model.terms(self.i, self.j)
        return self._terms[without]

    def combined(self, without: frozenset[int], option: Option) -> tuple[Fitted, FloatArray]:
        """The combination fitted without these folds, and its log10 likelihood ratio for every pair in scope."""
        if (without, option) not in self._combined:
            model, terms = self.learned(without)
            names, values = columns(option.design, model, terms, self.smooth)
            train = self.train(without)
            fitted, wide = fit_combination(
                option.design,
                option.strength,
                names,
                values,
                self.pairs.take(train),
                self.row[train],
                len(self.cases),
            )
            self._combined[without, option] = fitted, fitted.log_lr(wide) / LOG10
        return self._combined[without, option]

    def out_of_fold(self, without: frozenset[int], option: Option) -> FloatArray:
        """Inner cross-validation: each labelled pair inside a fold left in, scored without that fold too; NaN elsewhere."""
        result = np.full(len(self.pairs.i), np.nan)
        for fold in self.folds:
            if fold not in without:
                rows = self.inside(fold)
                scores = self.combined(without | {fold}, option)[1]
                result[rows] = scores[self.row[rows]]
        return result

    def choose(self, without: frozenset[int]) -> Option:
        """The option taken on the folds left in, by inner cross-validation.

        Shrinkage: the least Cllr within each design. Design: the simplest whose average precision is within one standard
        error (bootstrap over groups) of the best one's.
        """
        if without not in self._chosen:
            self._chosen[without] = self._choose(without)
        return self._chosen[without]

    def _choose(self, without: frozenset[int]) -> Option:
        best: list[Option] = []
        scores: list[FloatArray] = []
        for design in DESIGNS:
            tried = [Option(design, strength) for strength in STRENGTHS]
            inner = [self.out_of_fold(without, option) for option in tried]
            seen = ~np.isnan(inner[0])
            costs = [cllr(s[seen], self.pairs.linked[seen]) for s in inner]
            best.append(tried[int(np.argmin(costs))])
            scores.append(inner[int(np.argmin(costs))])
        seen = ~np.isnan(scores[0])
        pairs = self.pairs.take(seen)
        precision = [average_precision(s[seen], pairs.linked) for s in scores]
        top = int(np.argmax(precision))
        draws = bootstrap(scores[top][seen], pairs, draws=ERROR_DRAWS, seed=1)
        error = float(np.std(draws["average_precision"]))
        return next(o for o, p in zip(best, precision, strict=True) if p >= precision[top] - error)

    def scores(self, without: frozenset[int]) -> dict[str, FloatArray]:
        """log10 likelihood ratio of every pair in scope by variant, everything chosen without these folds."""
        _, terms = self.learned(without)
        return {
            PRIOR: self.shipped,
            LEARNED: np.sum([terms[v.name] for v in self.model.variables], axis=0),
            COMBINED: self.combined(without, self.choose(without))[1],
        }

    def cross_validated(self) -> dict[str, FloatArray]:
        """By variant: each labelled pair inside a fold, scored without that fold; NaN for pairs between folds."""
        result = {v: np.full(len(self.pairs.i), np.nan) for v in VARIANTS}
        for fold in self.folds:
            rows = self.inside(fold)
            for variant, scores in self.scores(frozenset({fold})).items():
                result[variant][rows] = scores[self.row[rows]]
        return result
