"""What came of a run as one HTML file that opens offline and prints, and as lines for a terminal."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from openverdict.decisions.words import Conclusion, conclusion_words, reasons
from openverdict.reports.closing import Closing, Concluded
from openverdict.reports.consideration_page import STATE_WORDS
from openverdict.reports.outcome import inclusion_words
from openverdict.reports.render import environment
from openverdict.reports.unlooked import KINDS
from openverdict.reports.unlooked_files import KIND_WORDS
from openverdict.reports.words import (
    counted,
    day_words,
    listed,
    sentence_case,
    signed,
    thousands,
    two_figures,
)

_HELD = (Conclusion.SIMILAR.value, Conclusion.POSSIBLY.value)


def closing_html(told: Closing, *, made: datetime, reader: str) -> str:
    """The report as one HTML document. `made`, `reader`: when and for whom, for its head."""
    page = {
        "made": day_words(made.date()),
        "reader": reader,
        "known": _known(told),
        "verdict": verdict(told),
        "figures": _figures(told),
        "compared": _compared(told),
        "leads": [_lead(each) for each in told.leads],
        "hidden": told.hidden,
        "pairs": [(conclusion_words(code, 2), n) for code, n in told.pairs.items()],
        "open_hidden": told.open_hidden,
        "open": [(KIND_WORDS[kind], told.still_open[kind]) for kind in KINDS],
        "log_size": told.log_size,
        "log_root": told.log_root,
    }
    foot = (
        f"for {reader}",
        _known(told),
        f"model {told.model_version}, hash {told.model_hash[:16]}",
        f"register hash {told.register_hash[:16]}",
        f"log of {told.log_size:,} entries, root {told.log_root[:16]}",
    )
    template = environment().get_template("closing.html")
    return template.render(title=_title(told), page=page, foot=foot) + "\n"


def closing_text(told: Closing) -> str:
    """The report as lines for a terminal."""
    lines = [f"{_title(told)}, {_known(told)}", "", verdict(told), ""]
    lines += [f"{label}: {big} ({words})" for label, big, words in _figures(told)]
    lines += ["", *_compared(told), ""]
    for each in map(_lead, told.leads):
        lines.append(f"lead {each['lead']} ({each['cases']}): {each['conclusion']}")
    lines += [f"{KIND_WORDS[kind]}: {n:,}" for kind, n in told.still_open.items() if n]
    if told.hidden:
        lines.append(f"Leads of cases that you may not see: {told.hidden:,}")
    return "\n".join(lines)


def verdict(told: Closing) -> str:
    """What came of it, in the sentence that opens the report."""
    held = [lead for lead in told.leads if lead.conclusion in _HELD]
    pairs = sum(n for code, n in told.pairs.items() if code in _HELD)
    if not told.is_closed:
        left = sum(told.still_open.values()) + told.open_hidden
        return (
            f"This review is not closed: {counted(left, 'thing is', 'things are')} still open,"
            " and what is open may change what is said here."
        )
    if held or pairs:
        return (
            f"Everything that this run listed was considered. {sentence_case(counted(len(held), 'lead'))} and"
            f" {counted(pairs, 'pair')} are held to be similar, or possibly so."
        )
    return (
        "Everything that this run listed was considered, and nothing was held to be similar. That is a result; this report says"
        " how far it carries."
    )


def _title(told: Closing) -> str:
    return f"What came of run {told.run}"


def _known(told: Closing) -> str:
    words = "everything that was known"
    if told.as_of:
        words = f"what was known at the end of {day_words(date.fromisoformat(told.as_of))}"
    if told.recorded_as_of:
        words += f" and recorded by {day_words(date.fromisoformat(told.recorded_as_of[:10]))}"
    return f"on {words}"


def _figures(told: Closing) -> list[tuple[str, str, str]]:
    considered = [lead for lead in told.leads if lead.conclusion is not None]
    dissents = sum(lead.disagreement for lead in told.leads)
    return [
        ("Leads put forward", thousands(len(told.leads)), "that this reader may read about"),
        ("Considered to the end", thousands(len(considered)), f"{dissents} with a dissent"),
        (
            "Pairs decided on",
            thousands(sum(told.pairs.values())),
            "decisions that stand, of every run",
        ),
        ("Still open", thousands(sum(told.still_open.values())), "listed below by kind"),
    ]


def _compared(told: Closing) -> list[str]:
    """What was compared and how, as sentences."""
    n = told.counts
    said = [
        f"{sentence_case(counted(n['deaths'], 'death'))} and {counted(n['incidents'], 'non-fatal incident')}: all"
        f" {counted(told.pairs_total, 'pair')}, of which {thousands(told.pairs_ledger)} were listed one by one and"
        f" {thousands(told.pairs_remainder)} fell below the floor and were counted.",
    ]
    if n["without_place"]:
        cases = counted(n["without_place"], "case")
        said.append(f"Without a place, and compared on everything but distance: {cases}.")
    if n["undated_rows"]:
        rows = counted(n["undated_rows"], "row")
        said.append(f"Left out, for it is not recorded when they became known: {rows}.")
    if told.null_registers:
        said.append(
            f"Chance was measured on {counted(told.null_registers, 'register')} like this one without any series, with a budget"
            f" of {two_figures(told.budget)} leads a year."
        )
    else:
        said.append("Chance was not measured in this run: its leads passed by strength alone.")
    said.append(inclusion_words(told.inclusion))
    return said


def _lead(each: Concluded) -> dict[str, Any]:
    words = STATE_WORDS[each.state]
    if each.conclusion is not None:
        words = conclusion_words(each.conclusion, len(each.cases))
    if each.disagreement:
        words += "; two people came to different conclusions, and both are kept"
    return {
        "lead": each.lead,
        "cases": ", ".join(each.cases),
        "ratio": "kept until your first view"
        if each.kept
        else "a case alone"
        if each.log10_lr is None
        else signed(each.log10_lr),
        "conclusion": sentence_case(words),
        "reasons": [reasons()[code].label for code in each.reasons],
        "people": "kept until you have decided"
        if each.kept
        else listed(list(each.people))
        if each.people
        else "nobody yet",
    }
