"""A small network: the cases of a lead on one side, who or what stands in the records of several of them on the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openverdict.reports.words import counted, listed

WIDTH = 360.0
_CASES_X, _HOLDERS_X = 84.0, 214.0
_ROW, _TOP = 36.0, 22.0
_MOST = 12  # holders that are drawn; the table has them all
_LONGEST = 21  # characters of a label that fit


@dataclass(frozen=True, slots=True)
class Holder:
    """A person or an identifier by its key, and in the records of which cases (by number) it stands as what."""

    key: str
    kind: str
    stands: tuple[tuple[int, str], ...]

    @property
    def cases(self) -> tuple[int, ...]:
        """The cases, each once."""
        return tuple(dict.fromkeys(number for number, _ in self.stands))


@dataclass(frozen=True, slots=True)
class Node:
    """A mark with its label."""

    x: str
    y: str
    label: str


@dataclass(frozen=True, slots=True)
class Network:
    """Everything that the template draws, in the units of the drawing, and its twin as a table.

    `rows`: key, what it is, and as what it stands in which case. `mentions`: sentences on cases that name others.
    """

    height: str
    cases: tuple[Node, ...]
    holders: tuple[Node, ...]
    lines: tuple[str, ...]
    arcs: tuple[str, ...]
    rows: tuple[tuple[str, str, str], ...]
    mentions: tuple[str, ...]
    words: str


def network(
    cases: Mapping[int, str], holders: Sequence[Holder], mentions: Sequence[tuple[int, int]]
) -> Network | None:
    """The network of some cases (number to name); None where nothing stands in two of them and none names another."""
    shared = [each for each in holders if len(each.cases) > 1]
    shared.sort(key=lambda each: (-len(each.cases), each.kind, each.key))
    if not shared and not mentions:
        return None
    drawn = shared[:_MOST]
    height = _TOP * 2 + _ROW * (max(len(cases), len(drawn)) - 1)
    y_case = _spread(list(cases), height)
    y_holder = _spread(range(len(drawn)), height)
    lines = tuple(
        f"M{_CASES_X + 11:.0f} {y_case[number]:.1f}L{_HOLDERS_X - 8:.0f} {y_holder[i]:.1f}"
        for i, each in enumerate(drawn)
        for number in each.cases
    )
    return Network(
        f"{height:.0f}",
        tuple(Node(f"{_CASES_X:.0f}", f"{y_case[number]:.1f}", str(number)) for number in y_case),
        tuple(
            Node(f"{_HOLDERS_X:.0f}", f"{y_holder[i]:.1f}", _short(each.key))
            for i, each in enumerate(drawn)
        ),
        lines,
        tuple(_arc(y_case[a], y_case[b]) for a, b in mentions),
        tuple((each.key, each.kind, _stands(each)) for each in shared),
        tuple(
            f"The record of case {a} ({cases[a]}) names case {b} ({cases[b]})." for a, b in mentions
        ),
        _in_words(shared, mentions, len(drawn)),
    )


def _spread(names: Sequence[int], height: float) -> dict[int, float]:
    """Places of some marks down the drawing, in the middle of it."""
    first = (height - _ROW * (len(names) - 1)) / 2
    return {name: first + i * _ROW for i, name in enumerate(names)}


def _arc(y_from: float, y_to: float) -> str:
    bow = _CASES_X - 26 - min(abs(y_to - y_from) / 4, 40)
    return f"M{_CASES_X - 11:.0f} {y_from:.1f}Q{bow:.0f} {(y_from + y_to) / 2:.1f} {_CASES_X - 11:.0f} {y_to:.1f}"


def _short(key: str) -> str:
    return key if len(key) <= _LONGEST else f"{key[: _LONGEST - 1]}…"


def _stands(holder: Holder) -> str:
    return "; ".join(f"{role} in case {number}" for number, role in holder.stands)


def _in_words(shared: Sequence[Holder], mentions: Sequence[tuple[int, int]], drawn: int) -> str:
    said = [
        f"{each.key} stands in the records of cases {listed([str(n) for n in each.cases])}."
        for each in shared[:drawn]
    ]
    if len(shared) > drawn:
        said.append(f"{counted(len(shared) - drawn, 'more stands', 'more stand')} in the table.")
    said += [f"Case {a} names case {b}." for a, b in mentions]
    return " ".join(said)
