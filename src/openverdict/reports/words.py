"""Numbers as words: ratios, chances, counts, days and distances, the same way on every page."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files

from openverdict.leads.results import Measured
from openverdict.series import LEAST_RATE, price

_SMALL = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS_A_YEAR = 365.25
MINUS = "\N{MINUS SIGN}"
_NEGATIVE = re.compile(r"(?<=ratio )-(?=\d)|(?<=strength )-(?=\d)")


@dataclass(frozen=True, slots=True)
class ScaleStep:
    """One step of the verbal scale: from this ratio on, these words."""

    from_ratio: float
    words: str


@cache
def verbal_scale() -> tuple[str, tuple[ScaleStep, ...]]:
    """The source of the verbal scale and its steps, weakest first."""
    text = files("openverdict.reports").joinpath("data/scale.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    return raw["source"], tuple(ScaleStep(s["from_ratio"], s["words"]) for s in raw["steps"])


def verbal(log10_lr: float) -> str:
    """The words of the verbal scale for a log10 likelihood ratio, with the reading they speak for."""
    size = abs(log10_lr)
    steps = verbal_scale()[1]
    index = max(i for i, step in enumerate(steps) if size >= math.log10(step.from_ratio) - 1e-12)
    if index == 0:
        return steps[0].words
    reading = "belonging together" if log10_lr > 0 else "being unrelated"
    return f"{steps[index].words} for {reading}"


def thousands(number: float) -> str:
    """A whole number with separators: 10,977."""
    return f"{round(number):,}"


def two_figures(number: float) -> str:
    """A positive number to two significant figures, without exponents: 16,000; 3.4; 0.051."""
    if number <= 0:
        return "0"
    digits = 1 - math.floor(math.log10(number))
    rounded = round(number, digits)
    return thousands(rounded) if digits <= 0 else f"{rounded:.{digits}f}".rstrip("0").rstrip(".")


def counted(number: int, one: str, many: str | None = None) -> str:
    """A count with its noun: no deaths, one death, four deaths, 14 deaths, 10,977 deaths."""
    noun = one if number == 1 else many or f"{one}s"
    return f"{_SMALL[number] if 0 <= number <= 12 else thousands(number)} {noun}"


def sentence_case(text: str) -> str:
    """The first letter upper case, the rest as it is."""
    return text[:1].upper() + text[1:]


def signed(log10_lr: float, digits: int = 2) -> str:
    """A log10 ratio with its sign: +1.20, −0.35, 0."""
    if log10_lr == 0:
        return "0"
    text = f"{abs(log10_lr):.{digits}f}"
    if float(text) == 0:
        return f"less than {10**-digits:g} either way"
    return f"{'+' if log10_lr > 0 else MINUS}{text}"


def times(log10_lr: float) -> str:
    """A log10 ratio as so many times, to two figures; past a million the data do not carry a figure."""
    size = abs(log10_lr)
    if size >= 6:
        return "more than a million times"
    if size < math.log10(1.05):
        return "about as often"
    return f"about {two_figures(10**size)} times"


def weight(log10_lr: float) -> str:
    """One sentence that says what a log10 likelihood ratio means, and for which reading."""
    if abs(log10_lr) < math.log10(1.05):
        return "What was found is about as probable either way."
    first, second = "belong together", "are unrelated"
    if log10_lr < 0:
        first, second = second, first
    return (
        f"What was found is {times(log10_lr)} more probable if the cases {first}"
        f" than if they {second}."
    )


def minus(text: str) -> str:
    """A sentence with the true minus sign before a negative ratio or strength."""
    return _NEGATIVE.sub(MINUS, text)


def rate(per_year: float | None) -> str:
    """A chance rate in few words; at the least rate that null registers can say, "less than"."""
    if per_year is None:
        return "not measured"
    if per_year <= LEAST_RATE:
        return f"less than once in {thousands(1 / LEAST_RATE)} years"
    if per_year >= 1.5:
        return f"about {two_figures(per_year)} times a year"
    if per_year > 0.75:
        return "about once a year"
    return f"about once in {two_figures(1 / per_year)} years"


def rate_range(low: float, high: float) -> str:
    """The interval of a chance rate in few words, the rarer end first."""
    rarer, oftener = _bare(low), _bare(high)
    return rarer if rarer == oftener else f"{rarer} to {oftener}"


def _bare(per_year: float) -> str:
    return rate(per_year).removeprefix("about ")


def chance(
    per_year: float | None,
    *,
    what: str = "a group that ranks as high",
    known: Measured | None = None,
) -> str:
    """A chance rate in sentences, with what is known of it; "not measured" when there is none."""
    if per_year is None:
        return "How often chance alone gives this was not measured in this run."
    reach = ", as far as the null registers reach" if per_year <= LEAST_RATE else ""
    how_well = "" if known is None else f" (95 % interval: {rate_range(known.low, known.high)})"
    like = f"a register like this one without any series would give {what}"
    if known is not None and per_year < known.one_in_all:
        # What was counted comes first: beyond it the rate is what a fitted tail says, and no observation.
        said = [
            f"Counted in the null registers, {like} {_bare(known.one_in_all)} or more seldom,"
            " as far as a count of none or hardly any of its like can say.",
            f"How much more seldom rests on the fitted tail, an extrapolation: {rate(per_year)}{how_well}.",
        ]
    else:
        said = [f"{like[0].upper()}{like[1:]} {rate(per_year)}{reach}{how_well}."]
    if known is not None and known.drawn is not None:
        more = (
            " That is more often: the rate above may be too low, or the drawn registers too few to say."
            if known.drawn > per_year
            else ""
        )
        said.append(
            "A second opinion, from registers drawn from the learned model instead of shuffled:"
            f" {_bare(known.drawn)}.{more}"
        )
    return " ".join(said)


def one_in(share: float) -> str:
    """A share between 0 and 1 as one in so many."""
    return f"about 1 in {two_figures(1 / share)}" if share < 0.67 else "nearly all"


def commonness(share: float) -> str:
    """A share in words, from very common to very rare."""
    for limit, words in (
        (0.5, "very common"),
        (0.1, "common"),
        (0.01, "uncommon"),
        (0.001, "rare"),
    ):
        if share >= limit:
            return words
    return "very rare"


def day_words(day: date) -> str:
    """A day in words: 19 June 2014."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def moment_words(moment: datetime, span_s: int | None) -> str:
    """A time as precise as it was recorded: a day alone, or a day with its clock time."""
    if span_s:
        return day_words(moment)
    return f"{day_words(moment)}, {moment:%H:%M}"


def month_short(day: date) -> str:
    """The first three letters of the month."""
    return _MONTHS[day.month - 1][:3]


def short_day(day: date) -> str:
    """A day in few letters, for pictures: 19 Jun 2014."""
    return f"{day.day} {month_short(day)} {day.year}"


def span_words(days: float) -> str:
    """A length of time in the unit a person would use."""
    if days < 1:
        return "less than a day"
    if days < 60:
        return counted(round(days), "day")
    if days < 730:
        return counted(round(days / _DAYS_A_YEAR * 12), "month")
    return f"{two_figures(days / _DAYS_A_YEAR)} years"


def metres_words(metres: float) -> str:
    """A distance in metres below a kilometre, in kilometres above."""
    if metres < 1:
        return "the same point"
    if metres < 995:
        return f"{two_figures(metres)} m"
    return f"{two_figures(metres / 1000)} km"


def listed(items: list[str]) -> str:
    """Items as an English list: a, b and c."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def odds_of_group(log10_lr: float, members: int, cases: int) -> str:
    """The odds of a group under the stated prior: its ratio less the price of its size, in a register of `cases`."""
    return odds(log10_lr - price(members, cases))


def odds(log10_odds: float) -> str:
    """Odds in words, to two figures; past a million the data do not carry a figure."""
    size = abs(log10_odds)
    if size < math.log10(1.05):
        return "even"
    figure = "more than a million" if size >= 6 else two_figures(10**size)
    return f"{figure} to 1 {'for' if log10_odds > 0 else 'against'}"
