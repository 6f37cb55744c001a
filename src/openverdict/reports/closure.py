"""The closure report: that nothing was found, what was compared and how, on what was known, and what would have been seen.

It is made where no group of similar cases is put forward. A review that says so took as much work as one that raises a lead,
and somebody may need it in ten years: so the page says how far the result carries, and leaves room for what a person concludes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openverdict.cases.words import plain
from openverdict.errors import InputError
from openverdict.evidence.draws import DRAWS
from openverdict.leads.results import Review
from openverdict.reports.page import build_page
from openverdict.reports.render import DEFAULT_TITLE, environment, glossary
from openverdict.reports.totals import Totals
from openverdict.reports.words import counted, listed, thousands, two_figures, verbal_scale
from openverdict.series import price

_SIZES = (2, 3, 4)
_POWER = {
    "raised": int,
    "raised_interval": list,
    "replicates": int,
    "members": int,
    "deaths_a_year": int,
    "budget_per_year": float,
    "kind": str,
}


def closure_html(
    review: Review, *, title: str = DEFAULT_TITLE, power: Mapping[str, Any] | None = None
) -> str:
    """The closure report of a review that puts no group forward, as one HTML document.

    `power`: what an evaluation on planted series found (`read_power`); without it the page says that nobody measured it.

    Raises:
        InputError: the review puts groups forward, so that there is nothing to close.
    """
    if review.series_leads:
        groups = counted(len(review.series_leads), "group")
        raise InputError(
            f"closure: {groups} of this review put forward; decide on them first, and see report.html"
        )
    page = build_page(review, title)
    source, steps = verbal_scale()
    told = environment().get_template("closure.html")
    return (
        told.render(
            page=page,
            seen=seen_words(page.t, power),
            scale=steps,
            scale_source=source,
            glossary=glossary(),
            draws=DRAWS,
        )
        + "\n"
    )


def read_power(path: Path) -> dict[str, Any]:
    """What `openverdict evaluate --deaths-a-year … --out FILE` wrote of series planted in simulated cities.

    Raises:
        InputError: the file cannot be read, or no such evaluation wrote it.
    """
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); name the file of an evaluation") from (
            error
        )
    fits = isinstance(told, dict) and all(
        isinstance(told.get(key), (int, float) if kind is float else kind)
        for key, kind in _POWER.items()
    )
    if not fits or not told["replicates"] or len(told["raised_interval"]) != 2:
        raise InputError(
            f"{path}: was not written by an evaluation on planted series; make one with:"
            " openverdict evaluate --deaths-a-year N --out power.json"
        )
    return dict(told)


def seen_words(t: Totals, power: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What a group would have had to be like to be put forward, and how often such groups are, as far as anybody measured."""
    words = []
    sizes = [size for size in _SIZES if size <= t.cases]
    if sizes:
        prices = [f"{price(size, t.cases):.1f} for {counted(size, 'case')}" for size in sizes]
        words.append(
            "Strength is what a group’s similarities amount to, less the price of being one of the many groups of its size"
            f" that a register of {counted(t.cases, 'case')} could form: {listed(prices)}. A group that shares only what is"
            " common was therefore not put forward, however alike its cases look."
        )
    if power is None:
        words.append(
            "How often a series of a given size would have been put forward was not measured with this run. An evaluation on"
            " planted series measures it; until then, what was not found says only that nothing stood out this far."
        )
        return tuple(words)
    raised, cities, members = power["raised"], power["replicates"], power["members"]
    low, high = (f"{100 * float(end):.0f}" for end in power["raised_interval"])
    where = counted(cities, "simulated city", "simulated cities")
    words.append(
        f"Measured: in each of {where} of {thousands(power['deaths_a_year'])} deaths a year one series of"
        f" {counted(members, 'death')} ({plain(power['kind'])}) was planted, and searched for in the same way, at a budget of"
        f" {two_figures(float(power['budget_per_year']))} leads a year. It was put forward in {raised} of {cities}"
        f" ({100 * raised / cities:.0f} %; 95 % interval {low} to {high} %)."
    )
    words.append(
        "A simulated city is not this register: its records are as complete as it was told to make them. Read the share as"
        " what such a search can do, not as the chance that this one missed nothing."
    )
    return tuple(words)
