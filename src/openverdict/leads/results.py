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

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of all reasons, both ways, each once."""
        return tuple(dict.fromkeys(r.code for r in (*self.reasons, *self.innocent)))


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
    `chance` how well that is known; None where chance was not measured. `log10_lr_low` and `log10_lr_high` are the ends of
    the ratio's 95 % interval; `cap` is log10 of the largest ratio that the register supports.
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
    log10_lr_low: float | None = None
    log10_lr_high: float | None = None
    cap: float | None = None

    @property
    def capped(self) -> bool:
        """Whether the ratio is larger than the register can support."""
        return self.cap is not None and self.log10_lr > self.cap


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
class Without:
    """What a lead would be without one thing, or with one value wrong: `code` names it, `label` says it in words.

    `log10_lr` and `strength` are None where no group would be left. `put_forward`: whether it would still pass the bar and
    the budget.
    """

    code: str
    label: str
    log10_lr: float | None
    strength: float | None
    put_forward: bool


@dataclass(frozen=True, slots=True)
class Posterior:
    """One belief held before the evidence, and what the ratio makes of it, as log10 odds for these very cases.

    The belief: one death in `one_death_in` belongs to a group of this size; that is one such group in `registers` registers
    like this one. `low` and `high`: at the ends of the ratio's interval.
    """

    one_death_in: float
    registers: float
    before: float
    after: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OrdinaryTest:
    """One ordinary explanation: what was tested, what came out in words and as a number, and whether it was found.

    `found` is None where the register does not allow the test; `result` then says why.
    """

    code: str
    label: str
    test: str
    result: str
    figure: float | None
    found: bool | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """How far a series lead can be relied on.

    `low`, `high`: 95 % interval of the log10 likelihood ratio; `shares`: part of its variance by source (theta, background,
    kinds). `cap`: log10 of the largest ratio of a pair that the register supports; `reported`: the ratio with every pair held
    to it, with its own interval; `capped`: whether any pair was. `even_at`: the belief at which the odds are even, one death
    in so many. `if_wrong`: single values set at odds with the rest; `if_differs`: missing values, were they to differ.
    """

    low: float
    high: float
    shares: Mapping[str, float]
    cap: float
    reported: float
    reported_low: float
    reported_high: float
    capped: bool
    without_variable: tuple[Without, ...]
    without_case: tuple[Without, ...]
    if_wrong: tuple[Without, ...]
    if_differs: tuple[Without, ...]
    posteriors: tuple[Posterior, ...]
    even_at: float
    ordinary: tuple[OrdinaryTest, ...] = ()
    refutes: tuple[str, ...] = ()
    next_check: str = ""
    next_check_words: str = ""
    record: str = ""


@dataclass(frozen=True, slots=True)
class Lead(Shown):
    """What a reviewer gets: a series or a single case.

    `cases` in order of time. `log10_lr`, `chance_per_year` (what leads are ranked by) and `chance` are None for a single
    case. `strength`: the log10 likelihood ratio less the price of its size (see docs/methods). `first_raised` is the
    day from which enough of its cases were on record, each from its first known fact and with today's ratios;
    `first_raised_with` are the cases that sufficed; `replayed` is the answer by true replay (None: not asked for).
    `supports`, `against`, `innocent`, `missing` and `checks_missing` are sentences for people, in order of weight.
    `assessment` says how far a series can be relied on.
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
    assessment: Assessment | None = None


@dataclass(frozen=True)
class Review(Shown):
    """One run: everything that `review --out` writes.

    `links`: pairs at or above the floor, columns case_a, case_b, log10_lr, one lr_<variable> a variable, and the ends of the
    95 % interval, log10_lr_low and log10_lr_high; best first.
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
