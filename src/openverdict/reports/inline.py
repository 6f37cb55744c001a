"""Leads and reviews as short HTML for a notebook: what `_repr_html_` gives."""

from __future__ import annotations

from openverdict.leads.results import Lead, Review, renderers
from openverdict.reports.labels import check_label
from openverdict.reports.lead_view import raised_with, reason_rows
from openverdict.reports.page import simulated_words
from openverdict.reports.render import environment
from openverdict.reports.standing import interval_words
from openverdict.reports.totals import totals
from openverdict.reports.words import chance, counted, day_words, rate, sentence_case, signed

_SHOWN = 10


def lead_html(lead: Lead) -> str:
    """One lead in short: what is similar, how strongly, how often by chance, both readings."""
    what = "case" if lead.kind == "case" else "similar case"
    title = sentence_case(counted(len(lead.cases), what))
    strength = ""
    if lead.log10_lr is not None:
        strength = f"log10 likelihood ratio {signed(lead.log10_lr)}"
        if lead.assessment is not None:
            strength += (
                f", 95 % interval {interval_words(lead.assessment.low, lead.assessment.high)}"
            )
    return (
        environment()
        .get_template("inline_lead.html")
        .render(
            lead=lead,
            title=title,
            strength=strength,
            chance=(lead.chance_words or chance(lead.chance_per_year, known=lead.chance))
            if strength
            else "",
            first_raised=day_words(lead.first_raised),
            first_raised_with=raised_with(lead),
            reasons=reason_rows(lead.reasons),
            checks=[check_label(name) for name in lead.checks_missing],
        )
    )


def review_html(review: Review) -> str:
    """A review in short: the counts and the first leads."""
    rows = [
        (
            lead.rank,
            lead.kind,
            ", ".join(lead.cases[:6]) + (" …" if len(lead.cases) > 6 else ""),
            "" if lead.log10_lr is None else signed(lead.log10_lr),
            "" if lead.log10_lr is None else rate(lead.chance_per_year),
        )
        for lead in review.leads[:_SHOWN]
    ]
    return (
        environment()
        .get_template("inline_review.html")
        .render(
            t=totals(review),
            simulated=simulated_words(review.register),
            rows=rows,
            more=max(0, len(review.leads) - _SHOWN),
        )
    )


renderers[Lead] = lead_html
renderers[Review] = review_html
