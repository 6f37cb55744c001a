"""How wide the columns of a table are on paper: each fits its longest word, and the rest goes to those that say most."""

from __future__ import annotations

from collections.abc import Sequence

_LINE = 104.0  # letters on a line of a table
_LONGEST_WORD, _LONGEST_CELL = 16.0, 150.0
_ROOM = 2.0  # letters between two columns


def column_widths(rows: Sequence[Sequence[str]]) -> list[float]:
    """The width of each column as a part of the table's, from the texts of all its rows, the head among them.

    Every row has a text for each column. The parts add up to 1.
    """
    columns = list(zip(*rows, strict=True))
    least = [_ROOM + min(max(map(_longest_word, column)), _LONGEST_WORD) for column in columns]
    wanted = [_ROOM + min(_usual(column), _LONGEST_CELL) for column in columns]
    spare = max(_LINE - sum(least), 0.0)
    more = [max(want - low, 0.0) for want, low in zip(wanted, least, strict=True)]
    given = min(spare / sum(more), 1.0) if sum(more) else 0.0
    widths = [low + part * given for low, part in zip(least, more, strict=True)]
    return [round(width / sum(widths), 4) for width in widths]


def _longest_word(text: str) -> float:
    return float(max(map(len, text.split()), default=0))


def _usual(column: Sequence[str]) -> float:
    """Between the mean and the longest text of a column, so that one long cell doesn't rule the table."""
    lengths = [len(text) for text in column]
    return (sum(lengths) / len(lengths) + max(lengths)) / 2
