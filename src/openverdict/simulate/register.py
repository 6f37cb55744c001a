"""A whole simulated register: background, innocent concentration, planted series, duplicates, recording."""

from __future__ import annotations

import numpy as np
import polars as pl

from openverdict.cases import Register
from openverdict.simulate.background import draw_background, type_counts
from openverdict.simulate.city import DISTRICTS, Ints, make_city, to_degrees
from openverdict.simulate.clusters import add_batches, add_hot_spots, add_surges
from openverdict.simulate.draft import NONE, Draft
from openverdict.simulate.recording import record
from openverdict.simulate.series import Member, plant
from openverdict.simulate.spec import CitySpec, Simulated
from openverdict.simulate.table import case_numbers, moments, register_table, statuses
from openverdict.simulate.types import death_types

# One stream of random numbers a stage, so that a plan, or a share of missing values, changes nothing before its stage.
STAGES = (
    "counts",
    "background",
    "hot_spots",
    "batches",
    "surges",
    "series",
    "duplicates",
    "units",
    "habits",
    "wrong",
    "missing",
    "precision",
)


def simulate_register(spec: CitySpec, seed: int) -> Simulated:
    """A register made from published base rates, the same bytes for the same spec and seed."""
    rngs = streams(seed)
    counts = type_counts(rngs["counts"], "death", spec.deaths, spec.type_shares)
    incidents = round(spec.incident_share * spec.deaths)
    counts |= type_counts(rngs["counts"], "incident", incidents, spec.type_shares)
    return simulate_counts(rngs, spec, seed, counts)


def streams(seed: int) -> dict[str, np.random.Generator]:
    """The random numbers of each stage."""
    children = np.random.SeedSequence(seed).spawn(len(STAGES))
    return {
        stage: np.random.Generator(np.random.PCG64(child))
        for stage, child in zip(STAGES, children, strict=True)
    }


def simulate_counts(
    rngs: dict[str, np.random.Generator], spec: CitySpec, seed: int, counts: dict[str, int]
) -> Simulated:
    """A register with given numbers of cases of each type."""
    city = make_city(spec.city_seed)
    draft = draw_background(rngs["background"], city, spec, counts)
    add_hot_spots(rngs["hot_spots"], city, spec, draft)
    add_batches(rngs["batches"], city, spec, draft)
    add_surges(rngs["surges"], city, spec, draft)
    members = plant(rngs["series"], city, spec, draft, spec.series)
    unit = city.district_of(draft.x, draft.y)
    draft, unit = _duplicated(rngs, spec, draft, unit)
    case_ids = case_numbers(spec.prefix, draft.found_min)
    truth = _truth(spec, draft, unit, case_ids)
    recording = record(rngs, spec, draft, unit)
    table = register_table(spec, draft, recording, unit, case_ids)
    register = Register.from_table(table, statuses(case_ids, draft, recording), simulated=True)
    return Simulated(register, _series_frame(members, case_ids), truth, spec, seed)


def _duplicated(
    rngs: dict[str, np.random.Generator], spec: CitySpec, draft: Draft, unit: Ints
) -> tuple[Draft, Ints]:
    """Some deaths stand in the register twice: the second record has another unit and another hour."""
    n = len(draft)
    rng = rngs["duplicates"]
    again = np.flatnonzero(rng.random(n) < spec.duplicate_share)
    both = draft.take(np.concatenate((np.arange(n), again)))
    both.duplicate_of[n:] = again
    both.found_min[n:] += rng.integers(0, 180, len(again))
    other = (unit[again] + rng.integers(1, DISTRICTS, len(again))) % DISTRICTS
    return both, np.concatenate((unit, other))


def _truth(spec: CitySpec, draft: Draft, unit: Ints, case_ids: pl.Series) -> pl.DataFrame:
    """What an oracle needs to know about each case, before anything was lost."""
    lat, lon = to_degrees(draft.x, draft.y, spec.origin)
    types = pl.Series(list(death_types()))
    whose = np.where(draft.duplicate_of == NONE, 0, draft.duplicate_of)
    columns = [
        case_ids,
        types.gather(pl.Series(draft.type.astype(np.int64))).alias("type"),
        _numbers(draft.hot_spot, "hot_spot"),
        _numbers(draft.batch, "batch"),
        _numbers(draft.surge, "surge"),
        pl.select(
            pl.when(pl.Series(draft.duplicate_of != NONE)).then(case_ids.gather(pl.Series(whose)))
        )
        .to_series()
        .alias("duplicate_of"),
        pl.Series("unit", unit),
        pl.Series("true_lat", lat),
        pl.Series("true_lon", lon),
        moments(spec.start, draft.found_min, np.zeros(len(draft), np.bool_)).alias("true_found_at"),
        pl.Series("interval_h", draft.interval_h),
        pl.Series("tested", draft.tested),
        pl.Series("ghb_tested", draft.ghb_tested),
        pl.Series("age_years", draft.age),
        pl.Series("spot", draft.spot),
    ]
    columns += [pl.Series(name, code.copy()) for name, code in draft.codes.items()]
    columns += [pl.Series(name, bits.copy()) for name, bits in draft.items.items()]
    return pl.DataFrame(columns).sort("case_id")


def _numbers(values: Ints, name: str) -> pl.Series:
    return (
        pl.select(pl.when(pl.Series(values != NONE)).then(pl.Series(values)))
        .to_series()
        .alias(name)
    )


def _series_frame(members: list[Member], case_ids: pl.Series) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (
                case_ids[m.row],
                m.series_id,
                m.kind,
                m.member,
                None if m.copied_row is None else case_ids[m.copied_row],
            )
            for m in members
        ],
        schema={
            "case_id": pl.String,
            "series_id": pl.String,
            "series_kind": pl.String,
            "member": pl.Int64,
            "copied_from": pl.String,
        },
        orient="row",
    )
