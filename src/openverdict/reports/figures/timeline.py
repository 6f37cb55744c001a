"""A timeline: from last known alive to found, one row a case, with the other cases nearby as faint ticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from openverdict.reports.words import counted, month_short, short_day

WIDTH = 360.0
_LEFT, _RIGHT = 8.0, 352.0
_ROW, _TOP = 34.0, 6.0
_TICKS_SHOWN = 300
_MOST_LABELS = 4


@dataclass(frozen=True, slots=True)
class TimeCase:
    """One case on the timeline; `start` is None when nobody recorded when the person was last known to be alive."""

    number: int
    start: datetime | None
    end: datetime
    words: str
    incident: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One case's line: its words above, its interval below."""

    words: str
    text_y: str
    y: str
    start: str | None
    end: str
    width: str
    incident: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything that the template draws, in the units of the drawing."""

    height: str
    axis_y: str
    rows: tuple[Row, ...]
    labels: tuple[tuple[str, str], ...]
    ticks: str
    ticks_y: str
    ticks_words: str
    words: str


def timeline(cases: Sequence[TimeCase], nearby: Sequence[datetime] = ()) -> Timeline:
    """The timeline of a lead's cases; `nearby` are the days on which other cases close by were found."""
    first = min(case.start or case.end for case in cases)
    last = max(case.end for case in cases)
    pad = max((last - first) * 0.06, timedelta(days=1))
    first, last = _moved(first, -pad), _moved(last, pad)
    scale = (_RIGHT - _LEFT) / (last - first).total_seconds()

    def x(moment: datetime) -> float:
        return _LEFT + (moment - first).total_seconds() * scale

    rows = []
    for i, case in enumerate(cases):
        y = _TOP + i * _ROW + 24
        start = None if case.start is None else x(case.start)
        end = x(case.end)
        rows.append(
            Row(
                case.words,
                f"{y - 12:.1f}",
                f"{y:.1f}",
                None if start is None else f"{start:.1f}",
                f"{end:.1f}",
                f"{max(end - start, 1.5):.1f}" if start is not None else "0",
                case.incident,
            )
        )
    ticks_y = _TOP + len(cases) * _ROW + 6
    seen = sorted(moment for moment in nearby if first <= moment <= last)
    stride = max(1, -(-len(seen) // _TICKS_SHOWN))
    share = "" if stride == 1 else f", of which one in {stride} is drawn"
    return Timeline(
        height=f"{ticks_y + 44:.0f}",
        axis_y=f"{ticks_y + 16:.0f}",
        rows=tuple(rows),
        labels=tuple((f"{x(moment):.1f}", words) for moment, words in _labels(first, last)),
        ticks="".join(f"M{x(moment):.0f} {ticks_y:.0f}v10" for moment in seen[::stride]),
        ticks_y=f"{ticks_y:.0f}",
        ticks_words=f"{counted(len(seen), 'other case')} found nearby in this time{share}",
        words="; ".join(case.words for case in cases),
    )


def _moved(moment: datetime, by: timedelta) -> datetime:
    """A moment moved, but never off the calendar."""
    try:
        return moment + by
    except OverflowError:
        return moment


def _labels(first: datetime, last: datetime) -> list[tuple[datetime, str]]:
    """At most four evenly chosen dates: years, firsts of months or days, with room for their words."""
    days = (last - first).total_seconds() / 86_400
    if days > 4 * 366:
        starts = [datetime(year, 1, 1) for year in range(first.year, last.year + 1)]
        labels = [(start, str(start.year)) for start in starts]
    elif days > 75:
        months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
        starts = [datetime(m // 12, m % 12 + 1, 1) for m in months]
        labels = [(start, f"{month_short(start)} {start.year}") for start in starts]
    else:
        starts = [
            datetime.combine(date.fromordinal(n), datetime.min.time())
            for n in range(first.toordinal(), last.toordinal() + 1)
        ]
        labels = [(start, short_day(start)) for start in starts]
    margin = (last - first) * 0.1
    labels = [(at, words) for at, words in labels if first + margin <= at <= last - margin]
    stride = max(1, -(-len(labels) // _MOST_LABELS))
    return labels[::stride]
