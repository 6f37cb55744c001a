"""What a review hands out: frozen objects that reports, the app and the command line read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from openverdict.cases import Register
from openverdict.evidence.contribution import Contribution

# How results show themselves in a notebook, by type: filled by the reports room, which stands above this one.
renderers: dict[type, Callable[[Any], str]] = {}


class Shown:
    """What a notebook shows of a result."""

    __slots__ = ()

    def _repr_html_(self) -> str | None:
        render = renderers.get(type(self))
        return None if render is None else render(self)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a case has its triage level, or a lead its rank: a code of the vocabulary, the words, where it comes from.

    `direction` is a letter of the indicator vocabulary (S, L, E, Q); `source` names the fields or cases it rests on.
    """

    code: str
    text: str
    direction: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Triage:
    """One case looked at alone: level 0 no concern found, 1 quality gap, 2 further enquiry, 3 refer, 4 refer urgently."""

    case_id: str
    level: int
    reasons: tuple[Reason, ...]
    contradictions: tuple[str, ...]
    checks_missing: tuple[str, ...]
    innocent: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """How well a chance rate is known.

    `low`, `high`: its 95 % interval, a year; `one_in_all`: the rate of one null group of its class in all null registers,
    below which it rests on the fitted tail alone; `group_class`: label of the class that it was compared in
    (`series.classes`); `drawn`: the rate on registers drawn from the learned model, a second opinion (None: none was drawn).
    """

    low: float
    high: float
    one_in_all: float
    group_class: str
    drawn: float | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Two cases with their log10 likelihood ratio; `case_a` is the earlier. `rank` counts from 1 over all pairs.

    `mandatory`: one case names the other, so a person must consider the pair; it can't close by itself.
    `sentence` places the pair in the register ("of the 10,977 other deaths, 41 are at least as similar …").
    `chance_per_year`: how many pairs or series that rank as high a register without any series would give a year, and
    `chance` how well that is known; None where chance was not measured.
    """

    case_a: str
    case_b: str
    log10_lr: float
    contributions: tuple[Contribution, ...]
    rank: int | None = None
    mandatory: bool = False
    sentence: str = ""
    chance_per_year: float | None = None
    chance: Measured | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """When a lead would first have been raised, by review of what was known on each day on which something became known.

    `day`: the first on which a series lead held two or more of its cases (None: on none of those tried, or nothing of the
    cases has a day); `cases`, `log10_lr`, `chance_per_year` and `chance` are those of that lead on that day; `tried`: the days
    reviewed, in order.
    """

    day: date | None
    cases: tuple[str, ...]
    log10_lr: float | None
    chance_per_year: float | None
    chance: Measured | None
    tried: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Lead(Shown):
    """What a reviewer gets: a series or a single case.

    `cases` in order of time. `log10_lr`, `chance_per_year` (what leads are ranked by) and `chance` are None for a single
    case. `strength`: the log10 likelihood ratio less the price of its size (see docs/methods). `first_raised` is the
    day from which enough of its cases were on record, each from its first known fact and with today's ratios;
    `first_raised_with` are the cases that sufficed; `replayed` is the answer by true replay (None: not asked for).
    `supports`, `against`,
    `innocent`, `missing` and `checks_missing` are sentences for people, in order of weight.
    """

    rank: int
    lead_id: str
    kind: str
    cases: tuple[str, ...]
    log10_lr: float | None
    strength: float | None
    chance_per_year: float | None
    first_raised: date
    reasons: tuple[Reason, ...]
    links: tuple[Link, ...] = ()
    supports: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    innocent: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    checks_missing: tuple[str, ...] = ()
    chance_words: str = ""
    mandatory: bool = False
    first_raised_with: tuple[str, ...] = ()
    chance: Measured | None = None
    replayed: Replayed | None = None


@dataclass(frozen=True)
class Review(Shown):
    """One run: everything that `review --out` writes.

    `links`: pairs at or above the floor, columns case_a, case_b, log10_lr and one lr_<variable> a variable, best first.
    `rejects`: file, row, field, value, reason. `summary`: the counts, versions, seed and settings of `summary.json`,
    without timings. `timings`: seconds by step (not part of what is compared between runs). `watched`: pairs shown
    whatever their strength because the caller asked, or because one case names the other.
    """

    register: Register
    leads: tuple[Lead, ...]
    links: pl.DataFrame
    triage: tuple[Triage, ...]
    rejects: pl.DataFrame
    summary: Mapping[str, Any]
    timings: Mapping[str, float] = field(default_factory=dict)
    watched: tuple[Link, ...] = ()

    @property
    def series_leads(self) -> tuple[Lead, ...]:
        """The leads that are series, best first."""
        return tuple(lead for lead in self.leads if lead.kind == "series")
