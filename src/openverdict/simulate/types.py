"""Kinds of death and their habits: the distributions that the simulator draws from, as data.

An oracle that knows the true densities reads the same objects; nothing else in the package does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from openverdict.simulate.rates import rates, series_entries, type_entries

# The fields that hold one code, and the key of a type that says how the code is distributed.
CODE_FIELDS = (
    "sex",
    "found_place_kind",
    "body_position",
    "signs_moved",
    "note_present",
    "manner_police",
    "category_police",
)
# The fields that hold a list of codes, and the key of a type that gives the part for each item.
ITEM_FIELDS = {
    "substances": "extras",
    "items_present": "present",
    "items_missing": "missing",
    "clothing_state": "clothing",
    "coverings": "coverings",
    "injuries": "injuries",
    "contact_channels": "contact",
    "indicators": "indicators",
    "checks_done": "checks",
}


@dataclass(frozen=True)
class DeathType:
    """One kind of death, or of non-fatal incident.

    `codes` gives, for each code field, value → part; `items`, for each list field, item → part, the items independent
    of each other; of `sets`, lists of substances that come together, one is drawn. `persons` gives role → source →
    part, and `identifiers` kind → source → part.
    """

    name: str
    kind: str
    label: str
    share: float
    age: Mapping[str, float]
    codes: Mapping[str, Mapping[str, float]]
    items: Mapping[str, Mapping[str, float]]
    sets: tuple[tuple[float, tuple[str, ...]], ...]
    persons: Mapping[str, Mapping[str, float]]
    identifiers: Mapping[str, Mapping[str, float]]
    tested: float
    ghb_tested: float
    hours: str
    season: Mapping[str, float]
    interval: Mapping[str, float]
    local: float


def _death_type(name: str, entry: dict[str, Any]) -> DeathType:
    codes = {
        "sex": {"male": entry["male"], "female": 1 - entry["male"]},
        "found_place_kind": entry["place"],
        "body_position": entry["position"],
        "signs_moved": {"yes": entry["moved"], "no": 1 - entry["moved"]},
        "note_present": {"yes": entry["note"], "no": 1 - entry["note"]},
        "manner_police": entry["manner"],
        "category_police": entry["category"],
    }
    return DeathType(
        name=name,
        kind=entry["kind"],
        label=entry["label"],
        share=entry["share"],
        age=entry["age"],
        codes=codes,
        items={field: entry[key] for field, key in ITEM_FIELDS.items()},
        sets=tuple((part, tuple(items)) for part, items in entry["sets"]),
        persons=entry["persons"],
        identifiers=entry["identifiers"],
        tested=entry["tested"],
        ghb_tested=entry["ghb_tested"],
        hours=entry["hours"],
        season=entry["season"],
        interval=entry["interval"],
        local=entry["local"],
    )


@cache
def death_types() -> Mapping[str, DeathType]:
    """All kinds by name, in the order of the file."""
    entries = dict(type_entries())
    defaults = entries.pop("defaults")
    return MappingProxyType(
        {name: _death_type(name, {**defaults, **entry}) for name, entry in entries.items()}
    )


@dataclass(frozen=True)
class Words:
    """The values that a simulated field can take, each at its own number."""

    values: tuple[str, ...]

    def number(self, value: str) -> int:
        """The number of one value."""
        return self.values.index(value)

    def mask(self, items: tuple[str, ...] | list[str]) -> int:
        """A set of items as bits."""
        return sum(1 << self.number(item) for item in set(items))

    def table(self, distribution: Mapping[str, float]) -> npt.NDArray[np.float64]:
        """Cumulative distribution over the numbers."""
        parts = np.zeros(len(self.values))
        for value, part in distribution.items():
            parts[self.number(value)] = part
        table: npt.NDArray[np.float64] = np.cumsum(parts) / parts.sum()
        return table


@cache
def words() -> Mapping[str, Words]:
    """For each simulated field, every value that a type, a hot spot, a batch, a series or a coder's habit can give."""
    found: dict[str, set[str]] = {name: set() for name in (*CODE_FIELDS, *ITEM_FIELDS)}
    for kind in death_types().values():
        for name, distribution in kind.codes.items():
            found[name].update(distribution)
        for name, items in kind.items.items():
            found[name].update(items)
        found["substances"].update(item for _, items in kind.sets for item in items)
    for habit in rates()["habits"]["list"]:
        found[habit["field"]].update((habit["from"], habit["to"]))
    for spot in rates()["hot_spots"]["kinds"]:
        found["coverings"].update(spot["coverings"])
    for batch in rates()["batches"]["sets"]:
        found["substances"].update(batch["substances"])
    for entry in series_entries().values():
        for name, choices in entry["signature"].items():
            for choice in choices:
                found[name].update(choice if isinstance(choice, list) else [choice])
    return MappingProxyType({name: Words(tuple(sorted(values))) for name, values in found.items()})
