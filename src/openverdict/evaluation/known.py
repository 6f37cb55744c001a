"""A register whose series are known: how the ratios rank and weigh its pairs, as shipped and with what the labels teach."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from openverdict.cases import Register
from openverdict.errors import InputError
from openverdict.evaluation.crossval import VARIANTS, LabelledRegister
from openverdict.evaluation.measures import (
    average_precision,
    calibration_bins,
    calibration_line,
    cllr,
    cllr_min,
    over_confidence,
    roc_auc,
    tpr_at,
)
from openverdict.evaluation.resample import bootstrap, interval
from openverdict.evidence import Model, load_variables, prepare
from openverdict.evidence.known import (
    FOLDS,
    KnownSeries,
    assign_folds,
    labelled_pairs,
    read_known_series,
)

FloatArray = npt.NDArray[np.float64]

MOST_PAIRS = 20_000_000
MOST_LABELLED = 1500  # cases that consistency and the combination are cross-validated on
LEAST_GROUPS = 10  # groups with linked pairs below which nothing is learned from the labels
DRAWS = 2000


@dataclass(frozen=True)
class Variant:
    """One way of scoring: its log10 ratios of the tested pairs and their labels."""

    name: str
    log10_lr: FloatArray
    linked: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Evaluation:
    """`outcome`, ready for JSON, and the scores behind it, for plots."""

    outcome: dict[str, Any]
    variants: tuple[Variant, ...]


def on_known_series(register: Register, labels: Path) -> dict[str, Any]:
    """Figures of the shipped model over all pairs of the named cases; a pair is linked when both stand in one series.

    `labels`: CSV with columns case_id and series_id; a case may stand in several rows. Cases with an empty series_id are
    known to stand alone; cases that are not named are left out.

    Raises:
        InputError: the file or its columns do not fit, a case is not in the register, or there are too many pairs.
    """
    return _shipped(register, read_known_series(labels))[0]


def evaluate_known_series(
    register: Register, labels: Path, *, seed: int = 1, draws: int = DRAWS
) -> Evaluation:
    """The same, and with enough series the three ways of scoring side by side, cross-validated over groups of series.

    Raises:
        InputError: as `on_known_series`.
    """
    known = read_known_series(labels)
    outcome, variant = _shipped(register, known)
    series = known.numbers(register.table.get_column("case_id").to_list())
    pairs = labelled_pairs(series)
    learnable = len(np.unique(pairs.group[pairs.linked]))
    outcome["groups_with_linked_pairs"] = learnable
    if learnable < LEAST_GROUPS or len(series) > MOST_LABELLED:
        return Evaluation(outcome, (variant,) if pairs.linked.any() else ())
    folds = assign_folds(series, FOLDS, seed)
    labelled = LabelledRegister(register, load_variables(), series, folds)
    scored = labelled.cross_validated()
    tested = labelled.fold_i == labelled.fold_j
    inside = pairs.take(tested)
    variants = tuple(Variant(name, scored[name][tested], inside.linked) for name in VARIANTS)
    figures: dict[str, Any] = {"folds": FOLDS, "seed": seed, "draws": draws}
    figures["pairs"], figures["linked_pairs"] = len(inside.i), int(inside.linked.sum())
    for v in variants:
        one = measured(v.log10_lr, v.linked)
        if v.linked.any():
            drawn = bootstrap(v.log10_lr, inside, draws=draws, seed=seed)
            one["intervals_95"] = {
                name: [_figure(x) for x in interval(values)] for name, values in drawn.items()
            }
        figures[v.name] = one
    outcome["cross_validated"] = figures
    return Evaluation(outcome, variants)


def measured(log10_lr: FloatArray, linked: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Every measure of labelled pairs, ready for JSON; None where a kind of pair is missing."""
    bins = calibration_bins(log10_lr, linked) if len(linked) else ()
    slope, intercept = calibration_line(log10_lr, linked)
    over, surely = over_confidence(bins)
    return {
        "auc": _figure(roc_auc(log10_lr, linked)),
        "average_precision": _figure(average_precision(log10_lr, linked)),
        "tpr_at_0.05": _figure(tpr_at(log10_lr, linked, 0.05)),
        "tpr_at_0.01": _figure(tpr_at(log10_lr, linked, 0.01)),
        "cllr": _figure(cllr(log10_lr, linked)),
        "cllr_min": _figure(cllr_min(log10_lr, linked)),
        "calibration_slope": _figure(slope),
        "calibration_intercept_nats": _figure(intercept),
        "over_confident_nats": _figure(over),
        "over_confident_nats_surely": _figure(surely),
        "calibration": [
            {k: round(x, 4) if isinstance(x, float) else x for k, x in asdict(b).items()}
            for b in bins
        ],
    }


def _shipped(register: Register, known: KnownSeries) -> tuple[dict[str, Any], Variant]:
    series = known.numbers(register.table.get_column("case_id").to_list())
    if len(series) * (len(series) - 1) // 2 > MOST_PAIRS:
        raise InputError(
            f"{known.name}: more than {MOST_PAIRS:,} pairs; name fewer cases, those of known series and a sample of others"
        )
    pairs = labelled_pairs(series)
    linked, i, j = pairs.linked, pairs.i, pairs.j
    ratio = Model(prepare(register, load_variables())).total(i, j) if len(i) else np.zeros(0)
    outcome = {
        "cases": len(series),
        "pairs": len(i),
        "linked_pairs": int(linked.sum()),
        **measured(ratio, linked),
        "median_log10_lr_linked": _figure(float(np.median(ratio[linked])))
        if linked.any()
        else None,
        "median_log10_lr_others": _figure(float(np.median(ratio[~linked])))
        if (~linked).any()
        else None,
    }
    return outcome, Variant(VARIANTS[0], ratio, linked)


def _figure(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)
