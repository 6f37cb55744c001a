"""Single cases for a reader: those that deserve a second look, and every case of a small register, concluded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from openverdict import same_person
from openverdict.leads.results import Lead, Review, Triage
from openverdict.reports.facts import CaseRef, Cases, FactTable
from openverdict.reports.labels import check_label, level_words
from openverdict.reports.lead_view import reason_rows
from openverdict.reports.opinions import Opinions, opinions
from openverdict.reports.words import counted, day_words, sentence_case
from openverdict.under_policy import said_of

FURTHER_ENQUIRY = 2  # the level below those that are put forward one by one
_SECTIONS, _LISTED, _CLOSURE = 20, 200, 500
_CONCLUSIONS = (
    "No concern found in what is recorded.",
    "Cannot be concluded yet: the record has gaps.",
    "Further enquiry is suggested.",
    "Referral is suggested.",
    "Urgent referral is suggested.",
)


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case looked at alone, ready to print."""

    anchor: str
    ref: CaseRef
    level: int
    level_words: str
    first_raised: str
    under_policy: str
    same_person: str
    reasons: tuple[tuple[str, str, str], ...]
    contradictions: tuple[str, ...]
    innocent: tuple[tuple[str, str, str], ...]
    against: tuple[str, ...]
    missing: tuple[str, ...]
    checks_missing: tuple[str, ...]
    checks_unknown: str
    facts: FactTable
    opinions: Opinions | None


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case as a line of a table."""

    ref: CaseRef
    level: int
    level_words: str
    conclusion: str
    reasons: tuple[str, ...]
    checks_missing: str
    similar_to: str


@dataclass(frozen=True, slots=True)
class SecondLook:
    """The cases put forward: the first in full, more as a list, the others counted.

    `further` counts the cases at the level of further enquiry, which is below them.
    """

    total: int
    further: int
    by_level: tuple[tuple[str, int], ...]
    sections: tuple[CaseView, ...]
    listed: tuple[CaseRow, ...]
    not_shown: int


def second_look(review: Review, cases: Cases) -> SecondLook:
    """The cases that are leads, as they are ranked."""
    leads = {lead.cases[0]: lead for lead in review.leads if lead.kind == "case" and lead.cases}
    worth = [entry for entry in review.triage if entry.case_id in leads]
    worth.sort(key=lambda entry: leads[entry.case_id].rank)
    levels = sorted({entry.level for entry in worth}, reverse=True)
    return SecondLook(
        total=len(worth),
        further=sum(
            entry.level == FURTHER_ENQUIRY and entry.case_id not in leads for entry in review.triage
        ),
        by_level=tuple(
            (sentence_case(level_words(level)), sum(entry.level == level for entry in worth))
            for level in levels
        ),
        sections=tuple(
            case_view(i, entry, leads[entry.case_id], cases)
            for i, entry in enumerate(worth[:_SECTIONS], 1)
        ),
        listed=tuple(
            _case_row(entry, cases, {}, leads[entry.case_id])
            for entry in worth[_SECTIONS : _SECTIONS + _LISTED]
        ),
        not_shown=max(0, len(worth) - _SECTIONS - _LISTED),
    )


def every_case(review: Review, cases: Cases) -> tuple[CaseRow, ...]:
    """Each case with its conclusion, for a register small enough to be read case by case."""
    if len(review.triage) > _CLOSURE:
        return ()
    similar: dict[str, list[str]] = {}
    for lead in review.series_leads:
        for case_id in lead.cases:
            similar.setdefault(case_id, []).append(f"lead {lead.rank}")
    return tuple(_case_row(entry, cases, similar) for entry in review.triage)


def case_view(number: int, entry: Triage, lead: Lead, cases: Cases) -> CaseView:
    """A case that is a lead, ready to print."""
    ref = cases.ref(number, entry.case_id)
    return CaseView(
        anchor=f"case-{number}",
        ref=ref,
        level=entry.level,
        level_words=level_words(entry.level),
        first_raised=day_words(lead.first_raised),
        under_policy=said_of(lead),
        same_person=same_person.said_of(lead),
        reasons=reason_rows(entry.reasons),
        contradictions=entry.contradictions,
        innocent=reason_rows(entry.innocent),
        against=lead.against,
        missing=lead.missing,
        checks_missing=tuple(check_label(name) for name in entry.checks_missing),
        checks_unknown=cases.checks_unknown([entry.case_id]),
        facts=cases.fact_tables([ref])[0],
        opinions=opinions(cases, [ref]),
    )


def _case_row(
    entry: Triage, cases: Cases, similar: Mapping[str, list[str]], lead: Lead | None = None
) -> CaseRow:
    shown = [check_label(name) for name in entry.checks_missing]
    checks = "; ".join(shown[:4])
    if len(shown) > 4:
        checks += f"; and {counted(len(shown) - 4, 'other', 'others')}"
    ref = cases.ref(0, entry.case_id)
    if not shown and cases.checks_unknown([entry.case_id]):
        checks = "nobody recorded which were made"
    said = () if lead is None else (said_of(lead), same_person.said_of(lead))
    return CaseRow(
        ref=ref,
        level=entry.level,
        level_words=level_words(entry.level),
        conclusion=_CONCLUSIONS[min(max(entry.level, 0), len(_CONCLUSIONS) - 1)],
        reasons=(*filter(None, said), *(r.text for r in entry.reasons), *entry.contradictions),
        checks_missing=checks or "none",
        similar_to=", ".join(similar.get(entry.case_id, [])),
    )
