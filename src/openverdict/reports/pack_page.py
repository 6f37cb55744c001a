"""A disclosure pack as a page for reading: what its tables hold, in words, for a panel that has no spreadsheet before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openverdict.cases import dictionary
from openverdict.cases.words import plain
from openverdict.decisions.words import conclusion_words, reasons
from openverdict.reports.pack_words import WORDS
from openverdict.reports.render import environment
from openverdict.reports.shown import value_text, variable_labels
from openverdict.reports.words import counted, day_words, listed, sentence_case, signed, thousands

LISTED = 200  # decisions on the page, and facts times five; the tables have them all
_PLACES = {1: "first", 2: "second", 3: "third"}
_NAMED = 12  # fields of a profile in a sentence
_SHORT = 16  # letters of a hash
Row = tuple[Any, ...]


@dataclass(frozen=True)
class PackTables:
    """The rows of a pack's tables as they stand in its files, and what may be in it."""

    profile: Mapping[str, Any]
    recipients: Sequence[str]
    made: datetime
    cases: int
    pairs: int
    decisions: Sequence[Row]
    terms: Sequence[Row]
    facts: Sequence[Row]
    runs: Sequence[Mapping[str, Any]]
    sources: Sequence[Row]


def pack_html(told: PackTables) -> str:
    """The page as one HTML document."""
    profile, made = told.profile, day_words(told.made)
    runs = [_run(run) for run in told.runs]
    page = {
        "made": made,
        "recipients": listed(list(told.recipients)),
        "profile": profile["profile"],
        "may_hold": _may_hold(profile),
        "figures": [
            ("Decisions", thousands(len(told.decisions)), "rejected and superseded ones too"),
            ("Pairs", thousands(told.pairs), "that somebody decided on"),
            ("Cases", thousands(told.cases), "that they are about"),
            ("Withheld", thousands(profile["decisions_withheld"]), _withheld(profile)),
        ],
        "decisions": _decisions(told),
        "decisions_more": max(0, len(told.decisions) - LISTED),
        "facts": [_fact(row) for row in told.facts[: 5 * LISTED]],
        "facts_more": max(0, len(told.facts) - 5 * LISTED),
        "runs": runs,
        "sources": [
            (sha[:_SHORT], kind, thousands(read), thousands(rejected), mapping or "none")
            for sha, kind, _, read, rejected, mapping in told.sources
        ],
        "words": WORDS,
    }
    foot = (f"for {page['recipients']}", f"profile {profile['profile']}")
    template = environment().get_template("pack.html")
    return template.render(title=WORDS.title, page=page, foot=foot) + "\n"


def _may_hold(profile: Mapping[str, Any]) -> str:
    """What the profile allows, as a sentence."""
    fields = [dictionary()[name].label.lower() for name in profile["fields"]]
    names = "case numbers" if profile["case_numbers"] else "pseudonyms in the place of case numbers"
    own = "people’s own words" if profile["words"] else "no words of people"
    facts = listed(fields) if fields else "no facts of cases"
    if len(fields) > _NAMED:
        facts = f"{len(fields)} fields, which profile.json names"
    return f"It may hold {names}, {own}, and of each case: {facts}."


def _withheld(profile: Mapping[str, Any]) -> str:
    if not profile["decisions_withheld"]:
        return "nothing was left out for want of a right to disclose it"
    return "on cases that whoever made this pack may not disclose"


def _decisions(told: PackTables) -> list[dict[str, Any]]:
    """The first decisions, each with what pointed towards it and away."""
    labels = variable_labels()
    points: dict[str, dict[str, list[str]]] = {}
    digits = 2 if told.profile["case_numbers"] else 1  # no more than the tables give
    for number, variable, ratio, way in told.terms:
        said = f"{labels.get(variable, plain(variable))} {signed(float(ratio), digits)}"
        points.setdefault(number, {}).setdefault(way, []).append(said)
    return [_decision(row, points.get(row[0], {}), digits) for row in told.decisions[:LISTED]]


def _decision(row: Row, points: Mapping[str, list[str]], digits: int) -> dict[str, Any]:
    number, kind, cases, place, of, supersedes, person, conclusion, codes, said, ratio, *_ = row
    chain = [f"decides as {_PLACES[place]} person"]
    chain += [f"on decision {of}"] if of else []
    chain += [f"in the place of decision {supersedes}"] if supersedes else []
    return {
        "number": number,
        "subject": f"{kind}: {cases.replace(';', ', ')}",
        "person": f"{person}, who {' '.join(chain)}",
        "conclusion": sentence_case(conclusion_words(conclusion, len(cases.split(";")))),
        "reasons": [reasons()[code].label for code in codes.split(";") if code],
        "words": said,
        "ratio": "" if ratio is None else f"log10 ratio {signed(float(ratio), digits)}",
        "towards": points.get("towards", []),
        "away": points.get("away", []),
    }


def _fact(row: Row) -> tuple[str, str, str, str]:
    case, field, value, status, known = row
    told = {"field": field, "value": value, "status": status}
    label = dictionary()[field].label if field in dictionary() else plain(field)
    return case, label, value_text(told), "no day given" if known is None else known[:10]


def _run(run: Mapping[str, Any]) -> tuple[str, ...]:
    known = run["as_of"] or "everything that was known"
    model = f"{run['model_version']}, hash {run['model_hash'][:_SHORT]}"
    cases = counted(run["cases"], "case")
    return str(run["run"]), known, cases, model, run["register_hash"][:_SHORT], str(run["seed"])
