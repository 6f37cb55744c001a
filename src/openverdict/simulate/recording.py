"""How deaths are written down: coders' habits, wrong codes, missing values, coarse places and times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openverdict.simulate.city import DISTRICTS, Floats, Ints
from openverdict.simulate.draft import NONE, Draft, Flags
from openverdict.simulate.rates import rates
from openverdict.simulate.spec import CitySpec
from openverdict.simulate.types import CODE_FIELDS, ITEM_FIELDS, death_types, words

UNIT_SD, TYPE_SD = (
    0.35,
    0.15,
)  # how much units and types differ in what they leave out, on the logit scale


@dataclass(frozen=True)
class Recording:
    """What the record shows of each case, beside the draft's values as recorded."""

    missing: dict[str, Flags]
    precision_m: Floats
    x: Floats
    y: Floats
    found_date_only: Flags
    alive_date_only: Flags
    lag_days: Ints
    closed_after_min: Ints  # NONE: not closed by the day the record was known


def missing_chances(
    rng: np.random.Generator, spec: CitySpec, counts: npt.NDArray[np.float64]
) -> dict[str, npt.NDArray[np.float64]]:
    """Chance that a field is missing, by unit and type; the mean over fields and cases is `spec.missing_share`.

    `counts` are the cases by unit and type. Fields differ by their weights, units and types by a shift of the logit.
    """
    weights = rates()["missing_weights"]
    shift = rng.normal(0, UNIT_SD, (DISTRICTS, 1)) + rng.normal(0, TYPE_SD, (1, len(death_types())))
    if spec.missing_share <= 0:
        return {name: np.zeros_like(shift) for name in weights}
    own = {name: shift + rng.normal(0, UNIT_SD, (DISTRICTS, 1)) for name in weights}
    low, high = -12.0, 12.0
    for _ in range(50):
        level = (low + high) / 2
        chances = {
            name: 1 / (1 + np.exp(-(level + 1.6 * np.log(weight) + own[name])))
            for name, weight in weights.items()
        }
        mean = np.mean([np.average(table, weights=counts) for table in chances.values()])
        low, high = (level, high) if mean < spec.missing_share else (low, level)
    return chances


def record(
    rngs: dict[str, np.random.Generator], spec: CitySpec, draft: Draft, unit: Ints
) -> Recording:
    """Turn true values into recorded ones, in place, and say what is missing."""
    n = len(draft)
    _follow_habits(rngs["habits"], draft, unit)
    _mistake(rngs["wrong"], spec, draft)
    rng = rngs["missing"]
    counts = np.zeros((DISTRICTS, len(death_types())))
    np.add.at(counts, (unit, draft.type), 1.0)
    chances = missing_chances(rng, spec, counts)
    flat = unit * len(death_types()) + draft.type
    missing = {name: rng.random(n) < table.ravel()[flat] for name, table in chances.items()}
    rng = rngs["precision"]
    steps = np.array(rates()["precision"]["steps"])
    step = np.searchsorted(np.cumsum(steps[:, 0]), rng.random(n)).clip(max=len(steps) - 1)
    precision = np.exp(rng.uniform(np.log(steps[step, 1]), np.log(steps[step, 2])))
    precision = np.maximum(10.0, np.round(precision, -1))
    radius, angle = precision * np.sqrt(rng.random(n)), rng.uniform(0, 2 * np.pi, n)
    found_date_only = rng.random(n) < spec.date_only_share
    lag = np.floor(np.exp(rng.normal(np.log(2.5), 0.9, n))).clip(0, 45).astype(np.int64)
    closed = np.exp(rng.normal(np.log(60.0), 1.8, n)) * 60  # minutes; a median of 60 hours
    closed = np.where((closed < lag * 1440) & (rng.random(n) < 0.8), closed, NONE)
    return Recording(
        missing,
        precision,
        draft.x + radius * np.cos(angle),
        draft.y + radius * np.sin(angle),
        found_date_only,
        found_date_only | (rng.random(n) < spec.date_only_share),
        lag,
        closed.astype(np.int64),
    )


def _follow_habits(rng: np.random.Generator, draft: Draft, unit: Ints) -> None:
    """Some units word a thing their own way, in most of their records."""
    entry = rates()["habits"]
    for number in np.flatnonzero(rng.random(DISTRICTS) < entry["units_with_habit"]):
        habit = entry["list"][int(rng.integers(len(entry["list"])))]
        here = np.flatnonzero(unit == number)
        here = here[rng.random(len(here)) < entry["strength"]]
        vocabulary = words()[habit["field"]]
        before, after = vocabulary.number(habit["from"]), vocabulary.number(habit["to"])
        if habit["field"] in CODE_FIELDS:
            column = draft.codes[habit["field"]]
            column[here[column[here] == before]] = after
        else:
            bits = draft.items[habit["field"]]
            here = here[(bits[here] >> np.uint64(before)) & np.uint64(1) == 1]
            bits[here] &= ~np.uint64(1 << before)
            bits[here] |= np.uint64(1 << after)


def _mistake(rng: np.random.Generator, spec: CitySpec, draft: Draft) -> None:
    """Replace a code by that of some other case, and add or drop one item of a list, in `wrong_share` of the values."""
    n = len(draft)
    for name in CODE_FIELDS:
        wrong = np.flatnonzero(rng.random(n) < spec.wrong_share)
        column = draft.codes[name]
        column[wrong] = column[rng.integers(0, n, len(wrong))]
    for name in ITEM_FIELDS:
        wrong = np.flatnonzero(rng.random(n) < spec.wrong_share)
        item = rng.integers(0, len(words()[name].values), len(wrong)).astype(np.uint64)
        draft.items[name][wrong] ^= np.uint64(1) << item
    wrong = np.flatnonzero(rng.random(n) < spec.wrong_share)
    draft.age[wrong] = (draft.age[wrong] + rng.choice([-10, -1, 1, 10], len(wrong))).clip(0, 110)
