"""The cost of log likelihood ratios against known labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def cllr(log10_lr: npt.NDArray[np.float64], linked: npt.NDArray[np.bool_]) -> float:
    """Cost of the log likelihood ratio in bits; 1 is what a system that says nothing costs.

    Brümmer and du Preez (2006), Computer Speech and Language 20:230. NaN when either kind is missing.
    """
    if not linked.any() or linked.all():
        return float("nan")
    nats = log10_lr * np.log(10.0)
    for_linked = np.logaddexp(0.0, -nats[linked]).mean()
    for_others = np.logaddexp(0.0, nats[~linked]).mean()
    return float((for_linked + for_others) / (2 * np.log(2.0)))
