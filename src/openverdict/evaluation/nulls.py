"""Registers without a series: does an alarm rate that is called one a year come once a year?

Each simulated register is run through the same steps as a review, with its own null registers; every group that has a
chance rate of at most r a year is an alarm at nominal r. Over all registers the alarms a year are compared with r.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import chi2, poisson

from openverdict.evidence import Model, load_variables, prepare
from openverdict.leads.setup import LEAD_BAR, REPLICATES, effective_years
from openverdict.linkage import all_pairs, compile_slots, compile_tables, from_units, to_units
from openverdict.series import LEAST_RATE, exact, grow, measure_chance, set_aside
from openverdict.simulate import CitySpec, simulate_register

NOMINAL = {"one a month": 12.0, "one a year": 1.0, "one in ten years": 0.1}
KEPT_TO = 30.0  # groups with a higher chance rate a year are not remembered


def chance_rates(spec: CitySpec, seed: int, replicates: int = REPLICATES) -> dict[str, Any]:
    """One register without a series: its years, and rate, strength and class of each group, the rarest first."""
    register = simulate_register(spec, seed).register
    n = len(register)
    years = effective_years(register.table.get_column("found_at"))
    prepared = prepare(register, load_variables())
    model = Model(prepared)
    slots = compile_slots(model)
    link_floor = float(np.log10(n)) - 2.0
    ledger = all_pairs(compile_tables(model, slots), int(to_units(link_floor)), threads=1)
    kept = set_aside(model, ledger.i, ledger.j).kept
    grown = grow(
        ledger.i[kept],
        ledger.j[kept],
        from_units(ledger.units[kept]),
        n,
        least=LEAD_BAR - 4.0,
    )
    kind = register.table.get_column("kind").fill_null("death")
    chance = measure_chance(
        prepared,
        slots,
        (kind == "death").to_numpy(),
        years=years,
        replicates=replicates,
        seed=seed,
        bar=LEAD_BAR,
        link_floor=link_floor,
        threads=1,
    )
    groups: list[list[Any]] = [
        [
            round(chance.per_year(s.strength, s.members, by_key=s.by_key), 5),
            round(s.strength, 3),
            chance.class_of(s.members, by_key=s.by_key),
        ]
        for s in exact(model, grown)
    ]
    groups = sorted((g for g in groups if g[0] <= KEPT_TO), key=lambda g: g[0])
    return {"seed": seed, "cases": n, "years": round(years, 4), "groups": groups}


def rate_interval(count: int, years: float, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a Poisson rate a year."""
    tail = (1 - level) / 2
    low = float(chi2.ppf(tail, 2 * count) / 2) if count else 0.0
    return low / years, float(chi2.ppf(1 - tail, 2 * count + 2) / 2) / years


def nominal_band(rate: float, years: float, level: float = 0.95) -> tuple[float, float]:
    """Where the measured rate lies with this chance when alarms come at `rate` a year, independent of each other."""
    tail = (1 - level) / 2
    low, high = poisson.ppf([tail, 1 - tail], rate * years)
    return float(low) / years, float(high) / years


def alarm_table(registers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Measured alarm rates beside the nominal ones: as a review raises leads, and whatever their strength.

    `registers_inside`: the part of the registers whose own count of alarms lies in the 95 % band of nominal.
    """
    years = sum(float(r["years"]) for r in registers)
    rows = []
    for words, rate in NOMINAL.items():
        row: dict[str, Any] = {"nominal": words, "rate": rate, "band": nominal_band(rate, years)}
        for name, bar in (("any_strength", -np.inf), ("as_raised", LEAD_BAR)):
            counts = [
                sum(g[0] <= max(rate, LEAST_RATE) and g[1] >= bar for g in r["groups"])
                for r in registers
            ]
            alarms = sum(counts)
            low, high = row["band"]
            inside = [
                _inside(count, rate, float(r["years"]))
                for count, r in zip(counts, registers, strict=True)
            ]
            row[name] = {
                "alarms": alarms,
                "measured": alarms / years,
                "interval": rate_interval(alarms, years),
                "in_band": bool(low <= alarms / years <= high),
                "registers_inside": float(np.mean(inside)),
                "spread": float(np.var(counts) / max(np.mean(counts), 1e-9)),
            }
        rows.append(row)
    return rows


def _inside(count: int, rate: float, years: float) -> bool:
    low, high = nominal_band(rate, years)
    return low <= count / years <= high
