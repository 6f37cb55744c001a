"""The whole report as one frozen object: what the templates print and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from openverdict.cases import Register
from openverdict.leads.results import Review
from openverdict.reports import outcome
from openverdict.reports.case_view import CaseRow, SecondLook, every_case, second_look
from openverdict.reports.facts import CaseRef, Cases, Missing, missing_by_field
from openverdict.reports.figures import Ring
from openverdict.reports.lead_view import LeadView, headline, lead_view, raised_with
from openverdict.reports.pairs import PairView, pair_view
from openverdict.reports.policies import PolicyRow, policy_rows
from openverdict.reports.taught import TaughtView, taught_view
from openverdict.reports.totals import Totals, totals
from openverdict.reports.words import (
    chance,
    counted,
    day_words,
    listed,
    odds_of_group,
    rate,
    rate_range,
    sentence_case,
    short_day,
    signed,
    weight,
)

_LEADS_IN_FULL, _LEADS_LISTED, _WATCHED, _REJECTS, _BEST = 50, 300, 20, 50, 5


@dataclass(frozen=True, slots=True)
class LeadRow:
    """One group as a line of a table; `failed` says why it is not put forward."""

    anchor: str
    rank: int
    headline: str
    case_ids: tuple[str, ...]
    value: str
    odds: str
    chance: str
    interval: str = ""
    first_raised: str = ""
    first_raised_with: str = ""
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """A pair shown whatever its strength."""

    anchor: str
    pair: PairView
    refs: tuple[CaseRef, CaseRef]


@dataclass(frozen=True, slots=True)
class BestPair:
    """One of the strongest pairs of the register, lead or not."""

    case_a: str
    case_b: str
    value: str
    weight: str


@dataclass(frozen=True, slots=True)
class Page:
    """One report."""

    title: str
    simulated: str
    covers: str
    known_on: str
    foot: tuple[str, ...]
    t: Totals
    headline: str
    budget_words: str
    bar_words: str
    floor_words: str
    class_words: str
    fit_words: str
    taught: TaughtView | None
    inclusion_words: str
    under_policy: tuple[PolicyRow, ...]
    best_words: tuple[str, ...]
    best_pairs: tuple[BestPair, ...]
    lead_rows: tuple[LeadRow, ...]
    leads: tuple[LeadView, ...]
    leads_not_listed: int
    below: tuple[LeadRow, ...]
    second: SecondLook
    watched: tuple[Watched, ...]
    watched_not_shown: int
    missing: tuple[Missing, ...]
    never: str
    every_case: tuple[CaseRow, ...]
    rejects: tuple[tuple[str, ...], ...]
    rejects_not_shown: int


def build_page(review: Review, title: str, outline: Sequence[Ring] = ()) -> Page:
    """Everything a report prints, from a review."""
    t = totals(review)
    cases = Cases(review.register)
    series = review.series_leads
    missing, never = missing_by_field(review.register)
    return Page(
        title=title,
        simulated=simulated_words(review.register),
        covers=covers(t),
        known_on=day_words(t.as_of) if t.as_of else "",
        foot=outcome.foot(t),
        t=t,
        headline=outcome.headline(t),
        budget_words=outcome.budget_words(t),
        bar_words=outcome.bar_words(t),
        floor_words="" if t.floor is None else f"log10 ratio {signed(t.floor)}",
        class_words=outcome.class_words(t),
        fit_words=outcome.fit_words(t),
        taught=taught_view(review.summary),
        inclusion_words=outcome.inclusion_words(review.summary.get("inclusion")),
        under_policy=policy_rows(review.summary),
        best_words=_best_words(review, t),
        best_pairs=_best_pairs(review),
        lead_rows=tuple(
            LeadRow(
                f"lead-{lead.rank}" if i < _LEADS_IN_FULL else "",
                lead.rank,
                headline(lead.cases, cases),
                lead.cases,
                "not computed" if lead.log10_lr is None else signed(lead.log10_lr),
                ""
                if lead.log10_lr is None
                else odds_of_group(lead.log10_lr, len(lead.cases), t.cases),
                rate(lead.chance_per_year),
                rate_range(lead.chance.low, lead.chance.high) if lead.chance else "",
                short_day(lead.first_raised),
                raised_with(lead),
            )
            for i, lead in enumerate(series[:_LEADS_LISTED])
        ),
        leads=tuple(lead_view(lead, cases, outline, t.cases) for lead in series[:_LEADS_IN_FULL]),
        leads_not_listed=max(0, len(series) - _LEADS_LISTED),
        below=_below(review, cases, t),
        second=second_look(review, cases),
        watched=tuple(
            Watched(
                f"watched-{i}",
                pair_view(link, {link.case_a: "the earlier case", link.case_b: "the later case"}),
                (cases.ref(1, link.case_a), cases.ref(2, link.case_b)),
            )
            for i, link in enumerate(review.watched[:_WATCHED], 1)
        ),
        watched_not_shown=max(0, len(review.watched) - _WATCHED),
        missing=missing,
        never=never,
        every_case=every_case(review, cases),
        rejects=tuple(
            tuple("" if value is None else str(value) for value in row)
            for row in review.rejects.select("file", "row", "field", "value", "reason")
            .head(_REJECTS)
            .iter_rows()
        ),
        rejects_not_shown=max(0, review.rejects.height - _REJECTS),
    )


def covers(t: Totals) -> str:
    """How many deaths and incidents, and from when to when, as a sentence without its stop."""
    what = [counted(t.deaths, "death")]
    if t.incidents:
        what.append(counted(t.incidents, "non-fatal incident"))
    words = " and ".join(what)
    if t.first_found and t.last_found:
        first, last = day_words(t.first_found), day_words(t.last_found)
        words += f", {first}" if first == last else f", {first} to {last}"
    return sentence_case(words)


def _best_words(review: Review, t: Totals) -> tuple[str, ...]:
    """The best group and the strongest pair, how often chance alone gives the group, and what it failed."""
    if t.cases < 2:
        return ()
    words = []
    if t.best_log10 is not None:
        who = f", {listed(list(t.best_cases[:8]))}," if t.best_cases else ""
        strength = "" if t.best_strength is None else f", strength {signed(t.best_strength)}"
        failed = (
            ""
            if t.best_strength is None
            else f" It failed: {outcome.failed_words(t, t.best_strength, t.best_chance)}."
        )
        words.append(
            f"The best group{who} reached a log10 ratio of {signed(t.best_log10)}{strength}."
            f" {chance(t.best_chance)}{failed}"
        )
    else:
        words.append("No cases were similar enough to form a group at all.")
    if not review.links.is_empty():
        best = review.links.get_column("log10_lr").max()
        if isinstance(best, float):
            words.append(
                f"The strongest pair has a log10 ratio of {signed(best)}."
                f" {weight(best)} It is the strongest of {t.pairs_total:,} pairs, and the strongest"
                " of many is strong by selection alone."
            )
    else:
        words.append("No pair reached the floor.")
    return tuple(words)


def _best_pairs(review: Review) -> tuple[BestPair, ...]:
    if review.links.is_empty():
        return ()
    best = review.links.sort(
        pl.col("log10_lr"), "case_a", "case_b", descending=[True, False, False]
    ).head(_BEST)
    return tuple(
        BestPair(a, b, signed(lr), weight(lr))
        for a, b, lr in best.select("case_a", "case_b", "log10_lr").iter_rows()
    )


def _below(review: Review, cases: Cases, t: Totals) -> tuple[LeadRow, ...]:
    """The best groups of the summary that are no leads, and what each failed."""
    put_forward = {frozenset(lead.cases) for lead in review.series_leads}
    groups = [
        group
        for group in review.summary.get("strongest_groups", ())
        if frozenset(group["cases"]) not in put_forward
    ]
    return tuple(
        LeadRow(
            "",
            0,
            headline(tuple(group["cases"]), cases),
            tuple(group["cases"]),
            signed(group["log10_lr"]),
            odds_of_group(group["log10_lr"], len(group["cases"]), t.cases),
            rate(group["chance_per_year"]),
            interval=_interval(group),
            failed=outcome.failed_words(t, group["strength"], group["chance_per_year"]),
        )
        for group in groups
    )


def _interval(group: Mapping[str, Any]) -> str:
    low, high = group.get("chance_low"), group.get("chance_high")
    return "" if low is None or high is None else rate_range(low, high)


def simulated_words(register: Register) -> str:
    """The banner of a register that was made, not lived; empty for a real one."""
    if not register.simulated:
        return ""
    if not register.real_cases:
        return "Simulated data: nobody in it lived or died."
    return (
        "Simulated data: apart from the cases "
        + ", ".join(register.real_cases)
        + " of the worked example, nobody in it lived or died."
    )
