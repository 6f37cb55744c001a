"""The field's open reference on its own 490 crimes: the figures of docs/validation.md, baselines in the same run.

    python benchmarks/crimelinkage.py            # reads OPENVERDICT_DATA/crimelinkage, or ../shared/data/crimelinkage

The data belong to the R package crimelinkage (GPL-3) and are read where they lie; only figures are written, to
benchmarks/results/crimelinkage.json. Everything that is fitted or chosen is fitted and chosen on training folds.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from openverdict.cases import Register
from openverdict.evaluation.clusters import f1, merges, same_series
from openverdict.evaluation.crossval import VARIANTS, LabelledRegister
from openverdict.evaluation.measures import (
    average_precision,
    calibration_bins,
    calibration_line,
    cllr,
    cllr_min,
    over_confidence,
    recall_at_zero,
    roc_auc,
    tpr_at,
)
from openverdict.evaluation.resample import bootstrap, interval
from openverdict.evidence import load_variables

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Scorer = Callable[[frozenset[int]], FloatArray]

HERE = Path(__file__).parent
EARTH_M = 6_371_008.8
ORIGIN = (51.5, 0.0)  # anywhere: only distances matter
ALONE = 6  # the fold of the one-off crimes when they are held out together
DRAWS = 2000
TAIL = 20  # unlinked training pairs from which the tail is fitted
CUTS = np.round(np.arange(-1.0, 6.0, 0.01), 2)  # tried for the clusters
FALSE_PAIRS = 0.5  # expected at the operating point


def data_folder() -> Path:
    root = os.environ.get("OPENVERDICT_DATA") or HERE.parents[1] / "shared" / "data"
    return Path(root) / "crimelinkage"


def read(
    folder: Path,
) -> tuple[Register, dict[str, frozenset[str]], dict[str, int], dict[str, int]]:
    """The crimes as a register; offenders, fold and group of every solved crime."""
    crimes = pl.read_csv(folder / "crimes.csv", try_parse_dates=True)
    folds = pl.read_csv(folder / "folds.csv")
    offenders = pl.read_csv(folder / "offenders.csv")
    radians = np.radians(ORIGIN[0])
    register = Register.from_table(
        crimes.select(
            pl.col("crimeID").alias("case_id"),
            pl.col("DT.TO").alias("found_at"),
            pl.lit(0).alias("found_at_span_s"),
            pl.col("DT.FROM").alias("last_known_alive_at"),
            (pl.col("Y") / EARTH_M).degrees().add(ORIGIN[0]).alias("found_lat"),
            (pl.col("X") / (EARTH_M * np.cos(radians))).degrees().alias("found_lon"),
            pl.lit(10.0).alias("found_precision_m"),
            *(pl.col(f"MO{k}").cast(pl.String).alias(f"feature_{k}") for k in (1, 2, 3)),
        )
    )
    known = set(folds.get_column("crimeID"))
    series: dict[str, frozenset[str]] = {}
    for offender, crime in offenders.iter_rows():
        if crime in known:
            series[crime] = series.get(crime, frozenset()) | {offender}
    fold = dict(folds.select("crimeID", "fold").iter_rows())
    group = dict(folds.select("crimeID", "group").iter_rows())
    return register, series, fold, group


class Protocol:
    """The figures of one way of scoring; `scorer(without)` gives every pair in scope, fitted without these folds."""

    def __init__(self, labelled: LabelledRegister, apart: LabelledRegister) -> None:
        self.labelled, self.apart = labelled, apart
        pairs = labelled.pairs
        self.fold = np.where(labelled.fold_i == labelled.fold_j, labelled.fold_i, 0)
        alone = apart.fold_i == ALONE
        self.null = alone & (apart.fold_j == ALONE)
        self.tested = self.fold > 0
        self.linked = pairs.linked

    def figures(self, scorer: Scorer, alone: Scorer) -> dict[str, Any]:
        """Every figure of the protocol; `alone` scores with the one-off crimes held out together."""
        score = self._cross_validated(scorer)
        tested = self.labelled.pairs.take(self.tested)
        s, y = score[self.tested], tested.linked
        draws = bootstrap(s, tested, draws=DRAWS, seed=1)
        return {
            "pairs": len(s),
            "linked_pairs": int(y.sum()),
            "auc": roc_auc(s, y),
            "average_precision": average_precision(s, y),
            "tpr_at_0.05": tpr_at(s, y, 0.05),
            "tpr_at_0.01": tpr_at(s, y, 0.01),
            "intervals_95": {name: interval(values) for name, values in draws.items()},
            "cllr": cllr(s, y),
            "cllr_min": cllr_min(s, y),
            "calibration_slope": calibration_line(s, y)[0],
            "over_confident_nats": over_confidence(calibration_bins(s, y))[0],
            "over_confident_nats_surely": over_confidence(calibration_bins(s, y))[1],
            "recall_at_zero_false_pairs": recall_at_zero(s, y, self.null[self.tested]),
            "identification": self._identification(scorer),
            "clusters": self._clusters(scorer, score),
            "one_off_crimes": self._one_off(alone, score),
        }

    def _cross_validated(self, scorer: Scorer, without: frozenset[int] = frozenset()) -> FloatArray:
        result = np.full(len(self.fold), np.nan)
        for k in range(1, 6):
            if k not in without:
                rows = self.fold == k
                result[rows] = scorer(without | {k})[self.labelled.row[rows]]
        return result

    def _identification(self, scorer: Scorer) -> dict[str, float]:
        """Each crime whose offender has another: where the first of its offenders stands among all offenders."""
        labelled = self.labelled
        m = len(labelled.cases)
        offenders = sorted(set().union(*labelled.series.values()))
        crimes = {o: [c for c, s in labelled.series.items() if o in s] for o in offenders}
        matrix: dict[int, FloatArray] = {}
        ranks = []
        for crime, own in sorted(labelled.series.items()):
            if not any(len(crimes[o]) > 1 for o in own):
                continue
            k = labelled.fold[crime]
            if k not in matrix:
                full = np.full((m, m), -np.inf)
                full[np.triu_indices(m, 1)] = scorer(frozenset({k}))
                matrix[k] = np.maximum(full, full.T)
            row = matrix[k][crime].copy()
            row[crime] = -np.inf
            best = {o: float(row[crimes[o]].max()) for o in offenders}
            top = max(best[o] for o in own)
            above = sum(best[o] > top for o in offenders if o not in own)
            tied = sum(best[o] == top for o in offenders if o not in own)
            ranks.append(1 + above + tied / 2)
        r = np.array(ranks)
        shares = {f"top_{t}": float((r <= t).mean()) for t in (1, 5, 10, 50)}
        return {"queries": len(r), "offenders": len(offenders), **shares}

    def _clusters(self, scorer: Scorer, score: FloatArray) -> dict[str, Any]:
        """Cases joined into series inside each fold (see `merges`), at the cut of the best F1 inside the training folds."""
        together = np.zeros(len(score), dtype=bool)
        cuts = []
        for k in range(1, 6):
            inner = self._cross_validated(scorer, frozenset({k}))
            train = {q: np.flatnonzero(self.fold == q) for q in range(1, 6) if q != k}
            made = {q: merges(inner[rows]) for q, rows in train.items()}
            counts = np.zeros((len(CUTS), 3))
            for q, rows in train.items():
                counts += [self._counted(rows, same_series(made[q], cut)) for cut in CUTS]
            best = float(CUTS[int(np.argmax(f1(counts)))])
            cuts.append(best)
            rows = np.flatnonzero(self.fold == k)
            together[rows] = same_series(merges(score[rows]), best)
        claimed, found, linked = self._counted(np.flatnonzero(self.tested), together[self.tested])
        return {
            "precision": found / max(claimed, 1),
            "recall": found / linked,
            "f1": float(f1(np.array([[claimed, found, linked]]))[0]),
            "cuts_log10": cuts,
        }

    def _counted(self, rows: IntArray, same: npt.NDArray[np.bool_]) -> tuple[int, int, int]:
        """Of these pairs: how many are claimed to be of one series, how many of them are linked, how many linked there are."""
        linked = self.linked[rows]
        return int(same.sum()), int((same & linked).sum()), int(linked.sum())

    def _one_off(self, alone: Scorer, score: FloatArray) -> dict[str, float]:
        """Series among the crimes that belong to none, at a cut set on the others; the recall of links at that cut."""
        apart = self.apart
        unlinked = []
        for a in range(1, 6):
            for b in range(a, 6):
                rows = (apart.fold_i == a) & (apart.fold_j == b) | (apart.fold_i == b) & (
                    apart.fold_j == a
                )
                rows &= ~apart.pairs.linked
                unlinked.append(alone(frozenset({ALONE, a, b}))[apart.row[rows]])
        training = np.sort(np.concatenate(unlinked))[::-1]
        cut = operating_point(training, int(self.null.sum()))
        ratio = alone(frozenset({ALONE}))[apart.row[self.null]]
        over = ratio >= cut
        i, j = apart.pairs.i[self.null][over], apart.pairs.j[self.null][over]
        n = len(apart.register)
        graph = coo_array((np.ones(len(i)), (i, j)), shape=(n, n))
        _, label = connected_components(graph, directed=False)
        sizes = np.bincount(label)
        linked = self.linked & self.tested
        return {
            "crimes": len({*apart.pairs.i[self.null].tolist(), *apart.pairs.j[self.null].tolist()}),
            "pairs": int(self.null.sum()),
            "cut_log10": cut,
            "false_pairs": int(over.sum()),
            "false_series": int((sizes > 1).sum()),
            "recall_of_linked_pairs": float((score[linked] >= cut).mean()),
            "highest_log10": float(ratio.max()),
        }


def operating_point(unlinked: FloatArray, pairs: int) -> float:
    """log10 cut at which `pairs` unlinked pairs hold FALSE_PAIRS in expectation, by an exponential tail.

    `unlinked`: ratios of unlinked training pairs, highest first. The tail starts at the TAIL-th and never falls faster than
    that of a calibrated ratio.
    """
    start = float(unlinked[TAIL])
    scale = max(float((unlinked[:TAIL] - start).mean()), float(1 / np.log(10.0)))
    excess = np.log(pairs * TAIL / len(unlinked) / FALSE_PAIRS)
    return start + scale * max(float(excess), 0.0)


def ours(labelled: LabelledRegister, variant: str) -> Scorer:
    return lambda without: labelled.scores(without)[variant]


def main() -> None:
    from baselines.pairs import BASELINES  # type: ignore[import-not-found]

    began = time.perf_counter()
    register, by_case, fold_of, group_of = read(data_folder())
    number = {c: k for k, c in enumerate(register.table.get_column("case_id").to_list())}
    series = {number[c]: s for c, s in by_case.items()}
    fold = {number[c]: f for c, f in fold_of.items()}
    size = np.bincount(list(group_of.values()))
    apart_fold = {number[c]: ALONE if size[g] == 1 else fold_of[c] for c, g in group_of.items()}
    variables = load_variables(HERE / "crimelinkage.toml")
    labelled = LabelledRegister(register, variables, series, fold)
    apart = LabelledRegister(register, variables, series, apart_fold)
    protocol = Protocol(labelled, apart)
    results: dict[str, Any] = {}
    for name, make in BASELINES.items():
        results[name] = protocol.figures(make(labelled), make(apart))
        say(name, results[name])
    for variant in VARIANTS:
        results[variant] = protocol.figures(ours(labelled, variant), ours(apart, variant))
        say(variant, results[variant])
    results["combination, fold by fold"] = [
        {
            "fold": k,
            "strength": strength,
            "constant": c.constant,
            "coefficients": dict(zip(c.terms, c.coefficients.tolist(), strict=True)),
        }
        for k in labelled.folds
        for strength in [labelled.choose(frozenset({k}))]
        for c in [labelled.combined(frozenset({k}), strength)[0]]
    ]
    out = HERE / "results" / "crimelinkage.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(rounded(results), indent=2) + "\n", encoding="utf-8")
    print(f"{time.perf_counter() - began:.0f} s; written to {out.relative_to(HERE.parent)}")


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value]
    return round(value, 4) if isinstance(value, float) else value


def say(name: str, f: dict[str, Any]) -> None:
    top, one = f["identification"], f["one_off_crimes"]
    print(
        f"{name}: AUC {f['auc']:.3f}, AP {f['average_precision']:.3f}, "
        f"TPR {f['tpr_at_0.05']:.3f} / {f['tpr_at_0.01']:.3f}, Cllr {f['cllr']:.3f} (min {f['cllr_min']:.3f}), "
        f"top {top['top_1']:.3f}/{top['top_5']:.3f}/{top['top_10']:.3f}/{top['top_50']:.3f}, "
        f"slope {f['calibration_slope']:.2f}, over-confident {f['over_confident_nats']:.2f} "
        f"(surely {f['over_confident_nats_surely']:.2f}), "
        f"F1 {f['clusters']['f1']:.3f}, false series {one['false_series']} at recall "
        f"{one['recall_of_linked_pairs']:.3f}, zero-false recall {f['recall_at_zero_false_pairs']:.3f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
