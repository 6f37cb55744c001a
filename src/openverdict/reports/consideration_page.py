"""The consideration report as one HTML file that opens offline and prints, and as lines for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from openverdict.cases import dictionary
from openverdict.cases.words import plain
from openverdict.decisions.duties import (
    CATEGORIES,
    CONCERN_OUTCOMES,
    REFERRAL_OUTCOMES,
    REOPENED_FOR,
)
from openverdict.decisions.words import Conclusion, conclusion_words, reasons
from openverdict.reports.consideration import Consideration, SharedFact, Showing, Step
from openverdict.reports.labels import level_words
from openverdict.reports.render import environment
from openverdict.reports.shown import value_text, variable_labels
from openverdict.reports.words import (
    counted,
    day_words,
    listed,
    minus,
    rate,
    sentence_case,
    signed,
    weight,
)

STATE_WORDS = {
    "raised": "not considered",
    "first_view_recorded": "begun",
    "awaits_second_person": "awaits a second person",
    "awaits_third_person": "awaits a third person",
    "considered": "considered",
}
NO_DAY = "no day given"
_NEITHER = 0.005  # a term that is printed as 0.00
_CODE = re.compile(r"(?<![\w.-])[a-z]+(?:_[a-z]+)*(?![\w.-])")


def consideration_html(told: Consideration, *, made: datetime, reader: str) -> str:
    """The report as one HTML document. `made`, `reader`: when and for whom, for its head."""
    labels = variable_labels()
    page = {
        "name": _name(told),
        "about": _about(told),
        "made": day_words(made.date()),
        "reader": reader,
        "redacted": told.redacted,
        "figures": _figures(told),
        "disagreement": told.disagreement,
        "never": told.never,
        "has_shared": len(told.cases) > 1,
        "shared": list(_shared(told.shared)),
        "steps": [_step(step, len(told.cases)) for step in told.steps],
        "showings": [_showing(each, labels) for each in told.showings],
        "beside": [
            {
                "on": _on(each.subject_kind, each.subject),
                "conclusion": conclusion_words(each.conclusion, each.cases),
                "who": each.who,
                "decision": each.decision,
            }
            for each in told.beside
        ],
        "shared_with": "at least two of these cases" if len(told.cases) > 1 else "this case",
        "log_size": told.log_size,
        "log_root": told.log_root,
    }
    template = environment().get_template("consideration.html")
    return template.render(title=_title(told), page=page, foot=_foot(told, reader)) + "\n"


def _foot(told: Consideration, reader: str) -> tuple[str, ...]:
    """What stands at the foot of every printed page."""
    models = sorted(
        {f"{s.model_version}, hash {s.model_hash[:16]}" for s in told.showings if s.model_hash}
    )
    return (
        f"for {reader}",
        f"log of {told.log_size:,} entries, root {told.log_root[:16]}",
        *(f"shown under model {model}" for model in models),
    )


def consideration_text(told: Consideration) -> str:
    """The report as lines for a terminal."""
    lines = [_title(told), ""]
    lines += [
        f"{label}: {big}{f' ({words})' if words else ''}" for label, big, words in _figures(told)
    ]
    lines += ["", "What was not done:"]
    lines += [f"  {said}" for said in told.never] or ["  nothing that the record names"]
    if told.shared:
        lines += ["", "What they share (known, recorded):"]
        lines += [
            f"  {row['label']}: {row['value']} ({row['cases']}; {row['known']}, {row['recorded']})"
            for row in _shared(told.shared)
        ]
    lines += ["", "What happened:"]
    for each_step in told.steps:
        step = _step(each_step, len(told.cases))
        lines.append(
            f"  {step['when']}  {step['what']}, {step['who']}: {step['detail']} (entry {step['entry']})"
        )
        if step["words"]:
            lines.append(f"    “{step['words']}”")
    lines += [
        f"  beside: {_on(each.subject_kind, each.subject)}: {conclusion_words(each.conclusion, each.cases)} "
        f"(decision {each.decision}, {each.who})"
        for each in told.beside
    ]
    return "\n".join(lines)


def _title(told: Consideration) -> str:
    one = len(told.cases) == 1 and told.subject.startswith("case")
    what = f"{_name(told)} was" if one or told.subject.startswith("lead") else f"{_name(told)} were"
    return sentence_case(f"how {what} considered")


def _name(told: Consideration) -> str:
    if told.subject.startswith("pair"):
        return f"cases {listed(list(told.cases))}"
    return told.subject


def _about(told: Consideration) -> str:
    if told.subject.startswith("lead"):
        return f"{counted(len(told.cases), 'case').capitalize()}: {', '.join(told.cases)}"
    return "From the record of one store"


def _figures(told: Consideration) -> list[tuple[str, str, str]]:
    """What stands first: how far it has come, and the first day of each thing that has to happen."""
    figures = [("Standing", STATE_WORDS[told.state], _holds(told))]
    if not told.subject.startswith("case"):
        figures.append(_first("First scored", told.first_scored))
    for label, wanted in (("First shown", "shown"), ("First decided", "decided")):
        found = next((step for step in told.steps if step.what == wanted), None)
        figures.append(_first(label, found))
    return figures


def _holds(told: Consideration) -> str:
    return "" if told.conclusion is None else conclusion_words(told.conclusion, len(told.cases))


def _first(label: str, step: Step | None) -> tuple[str, str, str]:
    if step is None:
        return label, "never", ""
    who = "" if step.what == "scored" else f"{step.who}, "
    return label, day_words(_day(step.at)), f"{who}entry {step.entry} of the log"


def _shared(facts: Sequence[SharedFact]) -> Iterator[dict[str, str]]:
    order = {name: place for place, name in enumerate(dictionary())}
    for each in sorted(facts, key=lambda fact: (fact.cases, order.get(fact.field, len(order)))):
        field = dictionary().get(each.field)
        told = {"field": each.field, "value": each.value, "status": "recorded"}
        yield {
            "cases": ", ".join(each.cases),
            "label": field.label if field else plain(each.field),
            "value": value_text(told),
            "known": NO_DAY if each.known_from is None else each.known_from[:10],
            "recorded": each.recorded[:10],
        }


def _step(step: Step, cases: int) -> dict[str, Any]:
    codes = _codes(cases)
    return {
        "when": f"{step.at[:10]} {step.at[11:16]}",
        "what": step.what,
        "who": step.who,
        "detail": minus(_CODE.sub(lambda code: codes.get(code[0], code[0]), step.detail)),
        "words": step.words,
        "entry": step.entry,
    }


def _showing(each: Showing, labels: dict[str, str]) -> dict[str, Any]:
    shown = {
        "number": each.showing,
        "when": f"{day_words(_day(each.at))}, {each.at[11:16]}",
        "who": each.who,
        "words": "What was shown was erased; the log still proves that it was shown, and when.",
        "terms": (),
        "neutral": "",
        "versions": "",
    }
    if each.erased:
        return shown
    known = f" on what was known at the end of {each.as_of}" if each.as_of else ""
    told = [f"Run {each.run}{known}."]
    if each.triage_level is not None:
        told.append(f"Looked at alone: {level_words(each.triage_level)}.")
    elif each.log10_lr is not None:
        rank = f", rank {each.rank:,}" if each.rank is not None else ""
        told.append(
            f"Log10 likelihood ratio {signed(each.log10_lr)}{rank}. {weight(each.log10_lr)}"
        )
        if each.chance_per_year is not None:
            told.append(f"By chance alone: {rate(each.chance_per_year)}.")
    else:
        told.append("No ratio was listed: below the floor of that run, or there is none.")
    counts = [(name, value) for name, value in each.terms if abs(value) >= _NEITHER]
    rest = [name for name, value in each.terms if abs(value) < _NEITHER]
    return shown | {
        "words": " ".join(told),
        "terms": [(labels.get(name, plain(name)), signed(value)) for name, value in counts],
        "neutral": "; ".join(labels.get(name, plain(name)) for name in rest),
        "versions": f"Model {each.model_version}, hash {each.model_hash[:16]}…; data hash {each.data_hash[:16]}….",
    }


@cache
def _codes(cases: int) -> dict[str, str]:
    """The codes of the record's own vocabularies as words, on so many cases; a case number or a user is left as it is."""
    own = (*CATEGORIES, *REFERRAL_OUTCOMES, *CONCERN_OUTCOMES, *REOPENED_FOR)
    told = {code: plain(code) for code in own}
    told |= {code.value: conclusion_words(code, cases) for code in Conclusion}
    return told | {code: reason.label.lower() for code, reason in reasons().items()}


def _on(kind: str, key: str) -> str:
    return f"{kind} {key.replace('|', ', ')}" if kind == "pair" else f"{kind} {key}"


def _day(at: str) -> date:
    return datetime.fromisoformat(at).date()
