"""One pair for a reader: its ratio, and each contribution with both values, how they compare, and how rare that is."""

from __future__ import annotations

from dataclasses import dataclass

from openverdict.evidence.contribution import Contribution
from openverdict.evidence.relation import TERM as RELATION
from openverdict.leads.results import Link
from openverdict.reports.figures import Bar, bars
from openverdict.reports.standing import pair_interval
from openverdict.reports.words import (
    chance,
    commonness,
    listed,
    one_in,
    sentence_case,
    signed,
    thousands,
    two_figures,
    verbal,
    weight,
)


@dataclass(frozen=True, slots=True)
class Term:
    """One contribution, ready to print."""

    label: str
    earlier: str
    later: str
    comparison: str
    rarity: str
    value: str
    bar: Bar
    against: bool
    theta: str
    counts: str
    note: str


@dataclass(frozen=True, slots=True)
class PairView:
    """One pair, ready to print."""

    title: str
    case_a: str
    case_b: str
    value: str
    interval: str
    weight: str
    verbal: str
    rank: str
    chance: str
    sentence: str
    mandatory: bool
    terms: tuple[Term, ...]
    missing: str
    neutral: str


def pair_view(link: Link, names: dict[str, str]) -> PairView:
    """A pair with its contributions, strongest first and what a pair can show last; `names` gives each case's short name
    within the lead.
    """
    shown = sorted(
        (c for c in link.contributions if c.log10_lr != 0 or (_holds_both(c) and c.comparison)),
        key=lambda c: (c.variable == RELATION, -c.log10_lr, c.label),
    )
    drawn = bars([c.log10_lr for c in shown])
    missing = [
        _missing_words(c)
        for c in link.contributions
        if not _holds_both(c) and not c.log10_lr and c.variable != RELATION
    ]
    neutral = [
        c.label
        for c in link.contributions
        if _holds_both(c) and not c.log10_lr and not c.comparison
    ]
    return PairView(
        title=sentence_case(f"{names[link.case_a]} and {names[link.case_b]}"),
        case_a=link.case_a,
        case_b=link.case_b,
        value=signed(link.log10_lr),
        interval=pair_interval(link),
        weight=weight(link.log10_lr),
        verbal=verbal(link.log10_lr),
        rank="" if link.rank is None else thousands(link.rank),
        chance=chance(
            link.chance_per_year, what="a pair or group that ranks as high", known=link.chance
        ),
        sentence=link.sentence,
        mandatory=link.mandatory,
        terms=tuple(_term(c, bar) for c, bar in zip(shown, drawn, strict=True)),
        missing="; ".join(missing),
        neutral=listed(neutral) if neutral else "",
    )


def _holds_both(term: Contribution) -> bool:
    return term.earlier is not None and term.later is not None


def _missing_words(term: Contribution) -> str:
    if term.earlier is None and term.later is None:
        where = "in both"
    else:
        where = "in the earlier" if term.earlier is None else "in the later"
    return f"{term.label} ({where})"


def _term(term: Contribution, bar: Bar) -> Term:
    return Term(
        label=term.label,
        earlier=_value(term, term.earlier),
        later=_value(term, term.later),
        comparison=term.comparison,
        rarity=rarity_words(term),
        value=signed(term.log10_lr),
        bar=bar,
        against=term.log10_lr < 0,
        # What a pair can show is no feature: nothing of it is carried over.
        theta="" if term.variable == RELATION else f"{term.theta:.2f}",
        counts="" if term.weight == 1 else f"{term.weight:.2f}",
        note="" if _note_counts(term) else term.note,
    )


def _value(term: Contribution, value: str | None) -> str:
    if term.variable == RELATION:
        return "–"  # it compares no values
    return "missing" if value is None else value


def _note_counts(term: Contribution) -> bool:
    """Whether the note already says the count that stands behind the rarity."""
    return term.count is not None and bool(term.of) and thousands(term.count) in term.note


def rarity_words(term: Contribution) -> str:
    """How rare the value is among the other cases: the words, and the count behind them.

    With no count the learned rarity stands alone. Between densities (distance, days, age) only their ratio means
    something to a reader.
    """
    if term.count is not None and term.of:
        counts = f"{thousands(term.count)} of {counted_others(term.of)}"
        return f"{commonness(term.count / term.of)}: {term.note if _note_counts(term) else counts}"
    if not term.rarity or term.kernel is None:
        return ""
    if term.kernel == 1 and term.rarity <= 1:
        return f"{commonness(term.rarity)}: {one_in(term.rarity)}, learned from the register"
    ratio = term.kernel / term.rarity
    more = "more" if ratio >= 1 else "less"
    factor = two_figures(max(ratio, 1 / ratio) if ratio else 1e6)
    return f"{factor} times {more} probable if it is carried over than among unrelated cases"


def counted_others(of: int) -> str:
    """So many other cases, in figures: 2,310 other cases, 1 other case."""
    return f"{thousands(of)} other case{'' if of == 1 else 's'}"


def against_words(links: tuple[Link, ...], names: dict[str, str]) -> tuple[str, ...]:
    """The contributions that speak against, strongest first, as sentences."""
    found = sorted(
        (
            (term.log10_lr, link, term)
            for link in links
            for term in link.contributions
            if term.log10_lr < 0 and term.variable != RELATION
        ),
        key=lambda entry: (entry[0], entry[1].case_a, entry[1].case_b, entry[2].label),
    )
    return tuple(
        f"{term.label}, {names[link.case_a]} and {names[link.case_b]}:"
        f" {term.comparison or 'the values differ'} ({signed(value)})."
        for value, link, term in found[:8]
    )
