"""A text with the words marked that suggestions were read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from openverdict.decisions.suggestions import SuggestionLine


@dataclass(frozen=True)
class Piece:
    """Some characters of a text: `own` of the suggestion that is asked about, or of `line`, the shortest of others there."""

    text: str
    own: bool
    line: SuggestionLine | None


def pieces(text: str, own: tuple[int, int] | None, others: Sequence[SuggestionLine]) -> list[Piece]:
    """The text in pieces, in their order. Where others stand within the words asked about, these alone are marked."""
    cuts = {0, len(text), *(own or ()), *(at for each in others for at in (each.begins, each.ends))}
    found: list[Piece] = []
    for start, end in pairwise(sorted(at for at in cuts if 0 <= at <= len(text))):
        is_own = own is not None and own[0] <= start and end <= own[1]
        here = [each for each in others if each.begins <= start and end <= each.ends]
        line = None if is_own or not here else min(here, key=lambda each: each.ends - each.begins)
        if found and (found[-1].own, found[-1].line) == (is_own, line):
            found[-1] = Piece(found[-1].text + text[start:end], is_own, line)
        else:
            found.append(Piece(text[start:end], is_own, line))
    return found
