"""Words that stand near each other in any order: the second kind of pattern, for what is said in many ways.

`a|b & @list & !c <8`: one word of each group within eight words (12 unless told), whatever the order, and none of a group
with `!` in the whole sentence. A group holds words, `~stem`, `@list`, `#` for a number, and `two_words` for words in a row.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openverdict.errors import InputError

WINDOW = 12
MOST = 24  # places of one group that are tried in one sentence
Spots = Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Group:
    """One of these: plain words, sequences of words by their first, beginnings of words, or a number."""

    words: frozenset[str]
    sequences: Mapping[str, tuple[tuple[str, ...], ...]]
    stems: tuple[str, ...]
    number: bool

    def first_words(self) -> frozenset[str]:
        """The words of which one must stand in a sentence; empty where beginnings or numbers do as well."""
        return frozenset() if self.stems or self.number else self.words | self.sequences.keys()

    def places(self, words: Sequence[str], spots: Spots) -> list[tuple[int, int]]:
        """Where the group stands among words, as (first, end excluded), the longer of two that begin alike first."""
        found = [(i, i + 1) for word in self.words.intersection(spots) for i in spots[word]]
        if self.number or self.stems:
            found += [
                (i, i + 1)
                for word, at in spots.items()
                if word not in self.words
                and ((self.number and word.isdigit()) or word.startswith(self.stems))
                for i in at
            ]
        if self.sequences:
            found += [
                (i, i + len(sequence))
                for word in self.sequences.keys() & spots.keys()
                for sequence in self.sequences[word]
                for i in spots[word]
                if tuple(words[i : i + len(sequence)]) == sequence
            ]
        found.sort(key=_in_order)
        return found

    def stands(self, words: Sequence[str], spots: Spots) -> bool:
        """Whether the group stands anywhere among words."""
        return not self.words.isdisjoint(spots) or bool(self.places(words, spots))


@dataclass(frozen=True, slots=True)
class Near:
    """Groups that must stand near each other, and groups that must not stand in the sentence."""

    groups: tuple[Group, ...]
    without: tuple[Group, ...]
    window: int

    def matches(self, words: Sequence[str], at: Spots | None = None) -> list[tuple[int, int]]:
        """The shortest stretch of words that holds one of each group, if it is short enough.

        `at`: where each word stands, for a caller that tries many patterns on the same words.
        """
        at = spots_of(words) if at is None else at
        if any(group.stands(words, at) for group in self.without):
            return []
        spots = []
        for group in self.groups:
            places = group.places(words, at)
            if not places:
                return []
            spots.append(places[:MOST])
        best: tuple[int, int] | None = None
        # From each place of the first group the nearest free place of every other: not always the shortest, but always near.
        for start in spots[0]:
            taken = [start]
            for places in spots[1:]:
                free = [p for p in places if all(p[1] <= t[0] or t[1] <= p[0] for t in taken)]
                if not free:
                    break
                taken.append(min(free, key=lambda p: (_stretch([*taken, p]), p)))
            else:
                first, end = min(t[0] for t in taken), max(t[1] for t in taken)
                if end - first <= self.window and (best is None or end - first < best[1] - best[0]):
                    best = first, end
        return [best] if best else []


def spots_of(words: Sequence[str]) -> Spots:
    """Each word with the places where it stands."""
    spots: dict[str, list[int]] = {}
    for i, word in enumerate(words):
        spots.setdefault(word, []).append(i)
    return spots


def _in_order(place: tuple[int, int]) -> tuple[int, int]:
    return place[0], -place[1]


def _stretch(taken: Sequence[tuple[int, int]]) -> int:
    return max(t[1] for t in taken) - min(t[0] for t in taken)


def compile_near(
    pattern: str, lists: Mapping[str, tuple[str, ...]], common: frozenset[str] = frozenset()
) -> tuple[Near, tuple[frozenset[str], ...]]:
    """A pattern of groups, and the groups' words, the rarest first: one of each must stand in a sentence.

    Raises:
        InputError: an unknown list, a window that is no number, or no group of plain words.
    """
    written, _, width = pattern.partition(" <")
    if width and not width.strip().isdigit():
        raise InputError(f"phrases.toml: pattern {pattern!r}: write the window as a number, `<8`")
    wanted: list[Group] = []
    without: list[Group] = []
    for part in written.split(" & "):
        group = _group(pattern, part.strip().removeprefix("!"), lists)
        (without if part.strip().startswith("!") else wanted).append(group)
    called = [words for g in wanted if (words := g.first_words())]
    if not called:
        raise InputError(
            f"phrases.toml: pattern {pattern!r} has no group of plain words; add one, without `~` or `#`"
        )
    called.sort(key=lambda w: (len(w & common) * 100 + len(w), sorted(w)))
    return Near(tuple(wanted), tuple(without), int(width or WINDOW)), tuple(called)


def _group(pattern: str, written: str, lists: Mapping[str, tuple[str, ...]]) -> Group:
    words: list[str] = []
    stems: list[str] = []
    number = False
    for part in written.split("|"):
        if part.startswith("@"):
            if part[1:] not in lists:
                raise InputError(
                    f"phrases.toml: pattern {pattern!r} names no list {part!r}; add it under [lists]"
                )
            words.extend(lists[part[1:]])
        elif part.startswith("~"):
            stems.append(part[1:])
        elif part == "#":
            number = True
        else:
            words.append(part)
    sequences = sorted(
        (tuple(w.split("_")) for w in words if "_" in w), key=lambda s: (s[0], -len(s), s)
    )
    return Group(
        frozenset(w for w in words if "_" not in w),
        {k: tuple(g) for k, g in itertools.groupby(sequences, key=lambda s: s[0])},
        tuple(stems),
        number,
    )
