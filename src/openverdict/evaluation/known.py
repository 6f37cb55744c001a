"""A register whose series are known: how the ratios rank and weigh its pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from openverdict.cases import Register
from openverdict.errors import InputError
from openverdict.evaluation.measures import average_precision, cllr, roc_auc
from openverdict.evidence import Model, load_variables, prepare

MOST_PAIRS = 20_000_000


def on_known_series(register: Register, labels: Path) -> dict[str, Any]:
    """Figures over all pairs of the labelled cases; a pair is linked when both stand in one series.

    `labels`: CSV with columns case_id and series_id; a case may stand in several rows. Cases with an empty series_id are
    known to stand alone; cases that are not named are left out.

    Raises:
        InputError: the file or its columns do not fit, a case is not in the register, or there are too many pairs.
    """
    named = _labels(labels)
    number = {c: k for k, c in enumerate(register.table.get_column("case_id").to_list())}
    strange = [case for case in named if case not in number]
    if strange:
        raise InputError(f"{labels.name}: case {strange[0]!r} is not in the register")
    cases = np.array(sorted(number[case] for case in named), dtype=np.int64)
    if len(cases) * (len(cases) - 1) // 2 > MOST_PAIRS:
        raise InputError(
            f"{labels.name}: more than {MOST_PAIRS:,} pairs; name fewer cases, those of known series and a sample of others"
        )
    by_number = {number[case]: series for case, series in named.items()}
    a, b = np.triu_indices(len(cases), 1)
    i, j = cases[a], cases[b]
    linked = np.array(
        [bool(by_number[x] & by_number[y]) for x, y in zip(i, j, strict=True)], dtype=bool
    )
    ratio = Model(prepare(register, load_variables())).total(i, j) if len(i) else np.zeros(0)
    return {
        "cases": len(cases),
        "pairs": len(i),
        "linked_pairs": int(linked.sum()),
        "auc": _figure(roc_auc(ratio, linked)),
        "average_precision": _figure(average_precision(ratio, linked)),
        "cllr": _figure(cllr(ratio, linked)),
        "median_log10_lr_linked": _figure(float(np.median(ratio[linked])))
        if linked.any()
        else None,
        "median_log10_lr_others": _figure(float(np.median(ratio[~linked])))
        if (~linked).any()
        else None,
    }


def _figure(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)


def _labels(path: Path) -> dict[str, set[str]]:
    try:
        frame = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path.name}: cannot be read as CSV ({error})") from None
    if not {"case_id", "series_id"} <= set(frame.columns):
        raise InputError(f"{path.name}: needs the columns case_id and series_id")
    named: dict[str, set[str]] = {}
    for case, series in frame.select("case_id", "series_id").iter_rows():
        if case:
            named.setdefault(case, set()).update([series] if series else [])
    return named
