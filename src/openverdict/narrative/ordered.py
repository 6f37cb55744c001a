"""Words in a row: where a pattern of steps stands among words, told in bits.

Each step of a pattern becomes a number whose bit *i* says that word *i* fits, and steps are walked with shifts, from each
word on. It finds what spaCy's matcher finds with `greedy="LONGEST"` (a test holds the two equal), without trying every way
in which steps that may be absent can be filled: a pattern of three gaps took that matcher most of a second on one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One step: plain words, or what tells a fitting word; or, with `most`, up to so many words of any kind."""

    words: frozenset[str]
    fits: Callable[[str], object] | None = None
    optional: bool = False
    most: int = 0

    def bits(self, places: Mapping[str, int]) -> int:
        """The words that fit, as bits, given the bits of each word."""
        found = 0
        if self.fits is not None:
            for word, at in places.items():
                if self.fits(word):
                    found |= at
        else:
            for word in self.words.intersection(places):
                found |= places[word]
        return found


@dataclass(frozen=True, slots=True)
class Ordered:
    """A pattern of steps; at least one of them must be there."""

    steps: tuple[Step, ...]

    def matches(self, places: Mapping[str, int], size: int) -> list[tuple[int, int]]:
        """Where the pattern stands among `size` words (end excluded): of overlapping spans the longest, then the first."""
        every = (1 << (size + 1)) - 1
        at = every
        known: list[int] = []  # the bits of each step
        for step in self.steps:
            bits = 0 if step.most else step.bits(places)
            known.append(bits)
            at = _walked(at, step, bits) & every
            if not at:
                return []
        spans = []
        first = self.steps[0]
        starts = every >> 1 if first.most or first.optional else known[0]
        for start in _places(starts):
            at = 1 << start
            for step, bits in zip(self.steps, known, strict=True):
                at = _walked(at, step, bits) & every
                if not at:
                    break
            spans += [(start, end) for end in _places(at)]
        if len(spans) == 1:
            return spans
        spans.sort(key=lambda s: (s[0] - s[1], s[0]))
        kept: list[tuple[int, int]] = []
        for a, b in spans:
            if all(b <= x or y <= a for x, y in kept):
                kept.append((a, b))
        return kept


def _walked(at: int, step: Step, bits: int) -> int:
    """Where one may be after a step, given where one may be before it."""
    if step.most:
        for _ in range(step.most):
            at |= at << 1
        return at
    moved = (at & bits) << 1
    return at | moved if step.optional else moved


def _places(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set, from the lowest on."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def places_of(words: Sequence[str]) -> dict[str, int]:
    """Each word, in small letters, with a bit for every place where it stands."""
    places: dict[str, int] = {}
    bit = 1
    for word in words:
        plain = word.lower()
        places[plain] = places.get(plain, 0) | bit
        bit <<= 1
    return places


def steps_of(pattern: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """The steps of a pattern in the form of spaCy's matcher, as `compile_pattern` writes them."""
    found = []
    for step in pattern:
        wanted = step.get("LOWER", step.get("TEXT"))
        if wanted is None:
            found.append(Step(frozenset(), most=int(step["OP"][3:-1])))
            continue
        optional = step.get("OP") == "?"
        if isinstance(wanted, str):
            found.append(Step(frozenset((wanted,)), optional=optional))
        elif "IN" in wanted:
            found.append(Step(frozenset(wanted["IN"]), optional=optional))
        else:
            found.append(Step(frozenset(), re.compile(wanted["REGEX"]).search, optional))
    return tuple(found)
