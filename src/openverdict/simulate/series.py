"""Planted series: deaths of the register made to belong together, each copying an earlier one in part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from openverdict.errors import InputError
from openverdict.simulate.background import own_key, roles
from openverdict.simulate.city import City, Ints
from openverdict.simulate.clusters import FIRST_SERIES_SPOT, type_numbers
from openverdict.simulate.draft import NONE, Draft
from openverdict.simulate.rates import series_entries
from openverdict.simulate.spec import CitySpec, SeriesPlan
from openverdict.simulate.types import ITEM_FIELDS, words


@dataclass(frozen=True)
class Member:
    """One planted death: its row in the draft, its series, its place in it and the row it copies (None: the first)."""

    row: int
    series_id: str
    kind: str
    member: int
    copied_row: int | None


def plant(
    rng: np.random.Generator,
    city: City,
    spec: CitySpec,
    draft: Draft,
    plans: tuple[SeriesPlan, ...],
) -> list[Member]:
    """Plant every series of the plans into the draft; the members in the order of their deaths."""
    planted: list[Member] = []
    number = 0
    for plan in plans:
        for _ in range(plan.count):
            planted.extend(_plant_one(rng, city, spec, draft, plan, number))
            number += 1
    return planted


def consistency(plan: SeriesPlan) -> dict[str, float]:
    """How often each feature of a plan's series is carried over."""
    theta: dict[str, float] = series_entries()[plan.kind]["theta"]
    if plan.theta is None:
        return theta
    return {name: plan.theta if value > 0 else 0.0 for name, value in theta.items()}


def _plant_one(
    rng: np.random.Generator,
    city: City,
    spec: CitySpec,
    draft: Draft,
    plan: SeriesPlan,
    number: int,
) -> list[Member]:
    entry = series_entries()[plan.kind]
    theta = consistency(plan)
    spot = FIRST_SERIES_SPOT + spec.key_offset // 10_000 + number
    rows = draft.claim(rng, type_numbers(entry["types"]), plan.members)
    if len(rows) < plan.members:
        raise InputError(
            f"too few free deaths to plant a series of kind {plan.kind!r} with {plan.members} members; "
            "plant fewer, or make the register larger"
        )
    days = _days(rng, spec, plan.gap_days or tuple(entry["gap_days"]), len(rows))
    draft.found_min[rows] = days * 1440 + draft.found_min[rows] % 1440
    person = int(own_key(rows[:1], len(roles()) + 2, len(draft))[0])
    phone = int(own_key(rows[:1], 2, len(draft))[0])
    members: list[Member] = []
    for member, row in enumerate(int(r) for r in rows):
        draft.tested[row] = rng.random() < entry["tested"]
        draft.ghb_tested[row] = draft.tested[row]
        if member == 0:
            source = None
            _sign(rng, city, draft, entry, row, spot)
        else:
            source = int(rows[rng.integers(member)])
            _copy(rng, draft, entry, theta, source, row, spot)
        if entry["persons"] and (member == 0 or rng.random() < theta["person"]):
            role = entry["persons"][int(rng.integers(len(entry["persons"])))]
            draft.persons[role][row] = person
        if "identifier" in entry and (member == 0 or rng.random() < theta["identifier"]):
            draft.identifiers[entry["identifier"]][row] = phone
        members.append(Member(row, f"series-{number + 1:03d}", plan.kind, member + 1, source))
    return members


def _days(
    rng: np.random.Generator, spec: CitySpec, gap_days: tuple[float, float], members: int
) -> Ints:
    """Days found: gaps log-uniform, squeezed if the register is too short for them, the first death anywhere."""
    low, high = np.log(gap_days)
    gaps = np.exp(rng.uniform(low, high, members - 1))
    room = spec.days - 1
    if gaps.sum() > room:
        gaps *= room / gaps.sum()
    first = rng.uniform(0, max(0.0, room - gaps.sum()))
    return np.asarray(np.floor(first + np.concatenate(([0.0], np.cumsum(gaps)))), dtype=np.int64)


def _sign(
    rng: np.random.Generator, city: City, draft: Draft, entry: dict[str, Any], row: int, spot: int
) -> None:
    """Give the first death the signature of its series."""
    for name, choices in entry["signature"].items():
        choice = choices[int(rng.integers(len(choices)))]
        if name in ITEM_FIELDS:
            draft.items[name][row] = words()[name].mask(choice)
        else:
            draft.codes[name][row] = words()[name].number(choice)
    draft.age[row] = rng.integers(entry["age"]["low"], entry["age"]["high"] + 1)
    if entry["first_place"] == "open":
        at = np.array([row])
        x, y = city.near_centre(rng, draft.home_x[at], draft.home_y[at], np.array([0.3]), 1200.0)
        draft.x[row], draft.y[row] = x[0], y[0]
    elif entry["first_place"] == "site":
        site = int(rng.integers(len(city.site_x[entry["site"]])))
        draft.x[row], draft.y[row] = (
            city.site_x[entry["site"]][site],
            city.site_y[entry["site"]][site],
        )
        draft.home_x[row], draft.home_y[row] = draft.x[row], draft.y[row]
    if entry["place"]["spot"]:
        draft.spot[row] = spot


def _copy(
    rng: np.random.Generator,
    draft: Draft,
    entry: dict[str, Any],
    theta: dict[str, float],
    source: int,
    row: int,
    spot: int,
) -> None:
    """Carry each feature over from one earlier death with its consistency; what is not carried over stays as it was."""
    for name in entry["signature"]:
        if rng.random() < theta[name]:
            column = draft.items[name] if name in ITEM_FIELDS else draft.codes[name]
            column[row] = column[source]
    if rng.random() < theta["age"]:
        draft.age[row] = round(draft.age[source] + entry["age_sd"] * rng.standard_normal())
    if rng.random() < theta["place"]:
        at_home = draft.x[row] == draft.home_x[row] and draft.y[row] == draft.home_y[row]
        same_spot = draft.spot[source] != NONE and rng.random() < entry["place"]["spot"]
        dx, dy = rng.standard_normal(2) * (0.0 if same_spot else entry["place"]["sd_m"])
        draft.x[row], draft.y[row] = draft.x[source] + dx, draft.y[source] + dy
        draft.spot[row] = spot if same_spot else NONE
        if at_home:
            draft.home_x[row], draft.home_y[row] = draft.x[row], draft.y[row]
