"""A death recorded twice is not a series: pairs of records that look like one death, set aside before series are grown.

They stay in the ledger, and a person is told of each. Whether two records are one death is for a person to decide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openverdict.evidence import Model
from openverdict.evidence.encode import PRECISION_M
from openverdict.evidence.surroundings import NEAR_M

IntArray = npt.NDArray[np.int64]

DAYS_APART = 2
WEEK = 7  # days, where one more of them agrees
AGREEMENTS = 2  # how many of: age, address, a person in common, an identifier in common


@dataclass(frozen=True)
class Duplicates:
    """`pairs` (m, 2) case numbers that look like one death, the earlier first; `kept` which of the pairs asked about
    have no second record in them.
    """

    pairs: IntArray
    kept: npt.NDArray[np.bool_]


def set_aside(model: Model, i: IntArray, j: IntArray) -> Duplicates:
    """Among pairs (i, j), find those that look like one death recorded twice, and drop every pair with a second record.

    Within DAYS_APART days (a WEEK with one more), no conflict in age, sex or place, and at least AGREEMENTS of: the same
    age, one address, a person in common, an identifier in common.
    """
    age, sex = model.content.age, _sex(model)
    aged = (age[i] >= 0) & (age[j] >= 0)
    same_age = aged & (age[i] == age[j])
    conflict = aged & (
        np.abs(age[i].astype(int) - age[j]) > 1
    )  # a birthday may lie between two sources
    conflict |= (sex[i] != sex[j]) & (sex[i] >= 0) & (sex[j] >= 0)
    near = model.are_near(i, j)
    slots = model.slots
    within = np.append(PRECISION_M, 0.0)[slots.precision]
    apart = model.metres(i, j) > NEAR_M + within[i] + within[j]
    conflict |= slots.placed[i] & slots.placed[j] & apart
    agreements = same_age.astype(int) + near
    for v in model.variables:
        if v.kernel == "keys":
            agreements += model.find_sparse(v.name, i, j)[1]
    days = model.gap_days(i, j)
    soon = (days <= DAYS_APART) & (agreements >= AGREEMENTS)
    soon |= (days <= WEEK) & (agreements > AGREEMENTS)
    twice = soon & ~conflict
    second = np.zeros(model.n, dtype=bool)
    second[j[twice]] = True
    return Duplicates(np.stack([i[twice], j[twice]], 1), ~(second[i] | second[j]))


def _sex(model: Model) -> npt.NDArray[np.int64]:
    """Number of the recorded sex, or -1."""
    content = model.content
    found = np.full(model.n, -1, dtype=np.int64)
    for d, bit in enumerate(content.bit_list):
        if content.coded[bit.variable].fields[:1] == ("sex",):
            found[content.bits[:, d] > 0] = d
    return found
