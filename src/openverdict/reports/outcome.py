"""What came out of a run in a sentence, and what a group that is not put forward failed, as far as the run measured it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from openverdict.reports.totals import Totals
from openverdict.reports.words import counted, day_words, sentence_case, signed, two_figures
from openverdict.series.classes import WORDS


def headline(t: Totals) -> str:
    """What came out, in the sentence that opens the report."""
    if not t.cases:
        return "There is no case in this register."
    if not t.series_leads:
        return f"No group of similar cases is put forward: {_why_none(t)}"
    groups = counted(t.series_leads, "group")
    verb = "is" if t.series_leads == 1 else "are"
    alone = " by strength alone" if t.no_chance else ""
    unsaid = " Chance was not measured in this run." if t.no_chance else ""
    finding = "It is not a finding." if t.series_leads == 1 else "None is a finding."
    return sentence_case(
        f"{groups} of similar cases {verb} put forward{alone} for a person to look at.{unsaid} {finding}"
    )


def foot(t: Totals) -> tuple[str, ...]:
    """What stands at the foot of every printed page: on what was known, by which model, from which register."""
    as_of = f"as of {day_words(t.as_of)}" if t.as_of else "on everything that was known"
    return (
        sentence_case(as_of),
        f"model {t.model_version}, hash {t.model_hash[:16]}",
        f"register hash {t.register_hash[:16]}",
    )


def _why_none(t: Totals) -> str:
    """What kept the strongest group back, as far as this run measured it."""
    if t.cases == 1:
        return "there is one case, and nothing to compare it with."
    if t.best_strength is None:
        unsaid = " Chance was not measured in this run." if t.no_chance else ""
        return f"no cases were similar enough to form one.{unsaid}"
    if t.no_chance:
        return "none reached the bar of strength. Chance was not measured in this run."
    weak, frequent = _failed(t, t.best_strength, t.best_chance)
    if weak and frequent:
        return (
            "the best there was falls short of the bar of strength, and chance alone gives its like"
            " more often than the budget allows."
        )
    if frequent:
        return (
            "the best there was is strong enough, but chance alone gives its like more often than"
            " the budget allows."
        )
    if weak and t.best_chance is not None:
        return (
            "the best there was falls short of the bar of strength, though its chance rate lies"
            " within the budget."
        )
    return "none reached the bar of strength."


def _failed(t: Totals, strength: float, per_year: float | None) -> tuple[bool, bool]:
    """Whether a group falls short of the bar, and whether its chance rate lies over the budget."""
    weak = t.bar is not None and strength < t.bar
    return weak, per_year is not None and t.budget is not None and per_year > t.budget


def failed_words(t: Totals, strength: float, per_year: float | None) -> str:
    """Which of the bar and the budget a group failed, in words."""
    weak, frequent = _failed(t, strength, per_year)
    if weak and frequent:
        return "the bar of strength and the budget of chance"
    if weak and per_year is not None:
        return "the bar of strength only; its chance rate lies within the budget"
    if weak:
        return "the bar of strength; chance was not measured"
    if frequent:
        return "the budget of chance only; its strength passes the bar"
    return "not stated by this run"


def budget_words(t: Totals) -> str:
    """The budget of false leads as a sentence, and whether it kept anything back."""
    if t.budget is None:
        return "No budget of false leads was set, or this run did not say which."
    lead = counted(round(t.budget), "lead") if t.budget == round(t.budget) else ""
    lead = lead or f"{two_figures(t.budget)} leads"
    if t.no_chance:
        return f"Chance was not measured in this run, so the budget of {lead} a year kept nothing back."
    return f"At most {lead} a year that chance alone would give, on average."


def bar_words(t: Totals) -> str:
    """What a group needs to be put forward."""
    if t.bar is None:
        return "The bar was not stated by this run."
    nulls = ""
    if t.null_registers:
        nulls = (
            ", and a chance rate within the budget, measured on"
            f" {counted(t.null_registers, 'register')} like this one without any series"
        )
    return f"To be put forward a group needs a strength of at least {signed(t.bar)}{nulls}."


def class_words(t: Totals) -> str:
    """The classes that occur, and which part of the budget each has."""
    return "; ".join(f"{WORDS.get(label, label)}, {part * 100:.0f} %" for label, part in t.classes)


def fit_words(t: Totals) -> str:
    """Whether the tails fit, and how far the null registers reach."""
    words = []
    if t.null_years:
        words.append(
            f"Each kind of null register is {two_figures(t.null_years)} years long in all here."
        )
    samples, failed = t.tails
    if failed:
        words.append(
            f"In {failed} of {counted(samples, 'sample')} of null groups, by class and kind, no tail fits: there a"
            " strength that none reached is given as reached once, which is an upper bound."
        )
    elif samples:
        words.append("Every tail fits as far as it could be tested.")
    return " ".join(words)


def inclusion_words(told: Mapping[str, str] | None) -> str:
    """By which rule cases came into the register, when it was fixed and by whom; or that no rule was given."""
    if not told:
        return (
            "No rule of inclusion was given with this run: it cannot be shown that the cases were not chosen with an outcome"
            " in view."
        )
    day = day_words(date.fromisoformat(told["fixed_on"]))
    return (
        f"Which cases are in: “{told['rule']}” Fixed on {day} by {told['by']}, before this run"
        f" ({told['file']}, SHA-256 {told['sha256'][:16]}…; in full in summary.json)."
    )
