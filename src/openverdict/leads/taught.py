"""What known series taught a review and what that changed, for `summary.json` and the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from openverdict.evidence import Model, Variable
from openverdict.evidence.consistency import unweighted
from openverdict.evidence.weights import Taught
from openverdict.linkage import all_pairs, compile_tables
from openverdict.series import Series, branching


def taught_summary(
    taught: Taught,
    shipped: tuple[Variable, ...],
    model: Model,
    series: Sequence[Series],
    ids: Sequence[str],
    *,
    floor: int,
    threads: int | None,
) -> dict[str, Any]:
    """What was learned, and its effect: pairs in the ledger and the ratios of the strongest groups, without and with weights.

    `shipped`: the variables before; `model`: with what was learned; `floor` of the ledger in thousandths of a bit.
    """
    told = taught.summary(shipped)
    if not taught.used:
        return told
    plain = unweighted(model)
    groups = [
        {
            "cases": [ids[m] for m in s.members],
            "log10_lr_without_weights": _ratio(plain, s.members),
            "log10_lr_with_weights": s.log10_lr,
        }
        for s in series
    ]
    ledger = all_pairs(compile_tables(plain), floor, threads=threads)
    return told | {"pairs_ledger_without_weights": len(ledger.i), "strongest_groups": groups}


def _ratio(model: Model, members: tuple[int, ...]) -> float:
    a, b = np.triu_indices(len(members), 1)
    m = np.array(members)
    matrix = np.full((len(m), len(m)), -np.inf)
    matrix[a, b] = model.total(m[a], m[b])
    return branching(matrix)
