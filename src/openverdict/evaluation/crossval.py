"""Labelled pairs scored by models that never saw their groups: as shipped, with learned consistency, and combined.

Everything that is fitted or chosen (consistency, kernels, coefficients, their shrinkage) is fitted or chosen on the folds that
are left in; rarity is learned from the whole register, without labels.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from openverdict.cases import Register
from openverdict.errors import InputError
from openverdict.evaluation.measures import cllr
from openverdict.evidence import Model, Variable, prepare
from openverdict.evidence.combination import Combination, fit_combination, pair_weights
from openverdict.evidence.consistency import learn_consistency, retuned
from openverdict.evidence.known import LabelledPairs, labelled_pairs
from openverdict.evidence.smooth import measures
from openverdict.evidence.weights import STRENGTHS as WEIGHT_STRENGTHS
from openverdict.evidence.weights import fit_weights

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

STRENGTHS = (1.0, 10.0)
MOST_CASES = 1500
PRIOR, LEARNED, COMBINED = "as shipped", "learned consistency", "combination"
WEIGHTED = "weighted, as in a review"
VARIANTS = (PRIOR, LEARNED, WEIGHTED, COMBINED)
LOG10 = float(np.log(10.0))


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
        self._chosen: dict[frozenset[int], float] = {}
        self._chosen_weighted: dict[frozenset[int], float] = {}
        self._combined: dict[tuple[frozenset[int], float], tuple[Combination, FloatArray]] = {}

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
            model = retuned(
                self.model, learn_consistency(self.model, pairs), from_known_series=True
            )
            self._terms[without] = model, model.terms(self.i, self.j)
        return self._terms[without]

    def weighted(self, without: frozenset[int], strength: float) -> FloatArray:
        """log10 ratio of every pair in scope by the model's terms, each with the weight fitted without these folds."""
        model, terms = self.learned(without)
        train = self.train(without)
        pairs = self.pairs.take(train)
        values = np.stack([terms[v.name] for v in model.variables], 1)
        rows = values[self.row[train]]
        result: FloatArray = values @ fit_weights(rows, pairs.linked, pair_weights(pairs), strength)
        return result

    def combined(self, without: frozenset[int], strength: float) -> tuple[Combination, FloatArray]:
        """The combination fitted without these folds, and its log10 likelihood ratio for every pair in scope."""
        if (without, strength) not in self._combined:
            model, terms = self.learned(without)
            train = self.train(without)
            fitted, values = fit_combination(
                strength,
                model.variables,
                {name: value * LOG10 for name, value in terms.items()} | self.smooth,
                self.pairs.take(train),
                self.row[train],
                len(self.cases),
            )
            self._combined[without, strength] = fitted, fitted.log_lr(values) / LOG10
        return self._combined[without, strength]

    def choose(self, without: frozenset[int]) -> float:
        """The combination's strength of shrinkage towards the model: of least Cllr inside the folds left in."""
        if without not in self._chosen:
            self._chosen[without] = self._least_cost(
                without, STRENGTHS, lambda inner, strength: self.combined(inner, strength)[1]
            )
        return self._chosen[without]

    def choose_weighted(self, without: frozenset[int]) -> float:
        """The same for the weights."""
        if without not in self._chosen_weighted:
            self._chosen_weighted[without] = self._least_cost(
                without, WEIGHT_STRENGTHS, self.weighted
            )
        return self._chosen_weighted[without]

    def _least_cost(
        self,
        without: frozenset[int],
        strengths: tuple[float, ...],
        score: Callable[[frozenset[int], float], FloatArray],
    ) -> float:
        """The strength of least Cllr when each labelled pair inside a fold left in is scored without that fold too."""
        costs = []
        for strength in strengths:
            result = np.full(len(self.pairs.i), np.nan)
            for fold in self.folds:
                if fold not in without:
                    rows = self.inside(fold)
                    result[rows] = score(without | {fold}, strength)[self.row[rows]]
            seen = ~np.isnan(result)
            costs.append(cllr(result[seen], self.pairs.linked[seen]))
        return strengths[int(np.argmin(costs))]

    def scores(self, without: frozenset[int]) -> dict[str, FloatArray]:
        """log10 likelihood ratio of every pair in scope by variant, everything chosen without these folds."""
        model, terms = self.learned(without)
        return {
            PRIOR: self.shipped,
            LEARNED: model.ratio(model.summed(terms)),
            WEIGHTED: self.weighted(without, self.choose_weighted(without)),
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
