"""Draft: a register in the making, as NumPy columns of numbers, and the draws that fill it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from openverdict.simulate.city import Floats, Ints
from openverdict.simulate.types import CODE_FIELDS, ITEM_FIELDS, DeathType, Words

Bits = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]
NONE = -1  # no code, no person, no spot


@dataclass
class Draft:
    """One row a case; numbers stand for the words of `types.words()`.

    Times are minutes from the first day, `interval_h` hours between last known alive and found, positions metres.
    `persons` and `identifiers` give a number for each role or kind, NONE where there is nobody.
    """

    type: npt.NDArray[np.int16]
    found_min: Ints
    interval_h: Floats
    age: Floats
    x: Floats
    y: Floats
    home_x: Floats
    home_y: Floats
    home_area: Ints
    spot: Ints
    codes: dict[str, npt.NDArray[np.int16]]
    items: dict[str, Bits]
    tested: Flags
    ghb_tested: Flags
    persons: dict[str, Ints] = field(default_factory=dict)
    identifiers: dict[str, Ints] = field(default_factory=dict)
    hot_spot: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    batch: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    surge: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    duplicate_of: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    claimed: Flags = field(default_factory=lambda: np.empty(0, np.bool_))

    @classmethod
    def empty(cls, n: int, roles: tuple[str, ...], kinds: tuple[str, ...]) -> Draft:
        """A draft of `n` rows with nothing drawn."""

        def none() -> Ints:
            return np.full(n, NONE, np.int64)

        return cls(
            type=np.zeros(n, np.int16),
            found_min=np.zeros(n, np.int64),
            interval_h=np.zeros(n),
            age=np.zeros(n),
            x=np.zeros(n),
            y=np.zeros(n),
            home_x=np.zeros(n),
            home_y=np.zeros(n),
            home_area=np.zeros(n, np.int64),
            spot=none(),
            codes={name: np.full(n, NONE, np.int16) for name in CODE_FIELDS},
            items={name: np.zeros(n, np.uint64) for name in ITEM_FIELDS},
            tested=np.zeros(n, np.bool_),
            ghb_tested=np.zeros(n, np.bool_),
            persons={role: none() for role in roles},
            identifiers={kind: none() for kind in kinds},
            hot_spot=none(),
            batch=none(),
            surge=none(),
            duplicate_of=none(),
            claimed=np.zeros(n, np.bool_),
        )

    def __len__(self) -> int:
        return len(self.type)

    def take(self, rows: Ints) -> Draft:
        """The draft's rows in the order given."""
        taken: dict[str, Any] = {}
        for name, value in vars(self).items():
            if isinstance(value, dict):
                taken[name] = {key: column[rows] for key, column in value.items()}
            else:
                taken[name] = value[rows]
        return Draft(**taken)

    def claim(self, rng: np.random.Generator, types: list[int], size: int) -> Ints:
        """Rows of some types that nothing else has taken yet, chosen at random and marked as taken.

        The draft stands in the order of its types, so that a type is one range of rows. Fewer rows than asked for come
        back when fewer are free.
        """
        starts = np.searchsorted(self.type, types, side="left")
        counts = np.searchsorted(self.type, types, side="right") - starts
        total = int(counts.sum())
        chosen: list[int] = []
        for _ in range(4 * size if total else 0):
            place = int(rng.integers(total))
            which = int(np.searchsorted(np.cumsum(counts), place, side="right"))
            row = int(starts[which] + place - counts[:which].sum())
            if not self.claimed[row]:
                self.claimed[row] = True
                chosen.append(row)
                if len(chosen) == size:
                    break
        else:
            rows = np.concatenate(
                [np.arange(s, s + c) for s, c in zip(starts, counts, strict=True)]
            )
            free = rows[~self.claimed[rows]]
            more = rng.choice(free, size=min(size - len(chosen), len(free)), replace=False)
            self.claimed[more] = True
            chosen.extend(int(row) for row in more)
        return np.array(chosen, dtype=np.int64)


def draw_code(
    rng: np.random.Generator, words: Words, distribution: Mapping[str, float], n: int
) -> npt.NDArray[np.int16]:
    """`n` independent codes."""
    table = words.table(distribution)
    last = max(words.number(value) for value in distribution)
    return np.searchsorted(table, rng.random(n), side="right").clip(max=last).astype(np.int16)


def draw_items(rng: np.random.Generator, words: Words, parts: Mapping[str, float], n: int) -> Bits:
    """`n` sets of independent items."""
    bits = np.zeros(n, np.uint64)
    for item, part in parts.items():
        bits |= (rng.random(n) < part).astype(np.uint64) << np.uint64(words.number(item))
    return bits


def draw_set(
    rng: np.random.Generator,
    words: Words,
    sets: tuple[tuple[float, tuple[str, ...]], ...],
    n: int,
) -> Bits:
    """`n` draws of one whole set."""
    parts = np.array([part for part, _ in sets])
    masks = np.array([words.mask(items) for _, items in sets], dtype=np.uint64)
    which = np.searchsorted(np.cumsum(parts) / parts.sum(), rng.random(n), side="right")
    drawn: Bits = masks[which.clip(max=len(masks) - 1)]
    return drawn


def draw_age(rng: np.random.Generator, age: Mapping[str, float], n: int) -> Floats:
    """`n` ages in completed years from a truncated normal."""
    low, high = (ndtr((age[end] - age["mean"]) / age["sd"]) for end in ("low", "high"))
    years = age["mean"] + age["sd"] * ndtri(rng.uniform(low, high, n))
    completed: Floats = np.floor(years.clip(age["low"], age["high"]))
    return completed


def draw_days(
    rng: np.random.Generator, kind: DeathType, n: int, days: int, first: int, trend: float
) -> Ints:
    """`n` days of the register by season and trend; `first` is the first day's place in its year."""
    day = np.arange(days)
    season = 1 + kind.season["amplitude"] * np.cos(
        2 * np.pi * (day + first - kind.season["peak"]) / 365.25
    )
    table = np.cumsum(season * (1 + trend) ** (day / 365.25))
    drawn = np.searchsorted(table, rng.random(n) * table[-1], side="right")
    days_drawn: Ints = drawn.clip(max=days - 1).astype(np.int64)
    return days_drawn
