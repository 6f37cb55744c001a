"""One series lead for a reader: everything its page shows, as words, numbers and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

from openverdict import same_person
from openverdict.leads.results import Lead, Reason, Replayed
from openverdict.reports.facts import CaseRef, Cases, FactTable
from openverdict.reports.figures import (
    PlaceMap,
    Ring,
    TimeCase,
    Timeline,
    place_map,
    timeline,
)
from openverdict.reports.figures.place_map import distance_m
from openverdict.reports.labels import DIRECTION_WORDS, check_label, source_words
from openverdict.reports.opinions import Opinions, opinions
from openverdict.reports.pairs import PairView, against_words, pair_view
from openverdict.reports.standing import PriorRow, Standing, prior_rows, standing
from openverdict.reports.words import (
    chance,
    counted,
    day_words,
    listed,
    metres_words,
    odds_of_group,
    rate,
    sentence_case,
    short_day,
    signed,
    span_words,
    weight,
)
from openverdict.series import price
from openverdict.under_policy import CODE, said_of

# Of a large group the strongest pairs stand in full; the others are named with their ratio, and links.csv has them all.
_PAIRS_OPEN, _PAIRS_IN_FULL = 3, 10
_NEARBY_M = 5_000.0


@dataclass(frozen=True, slots=True)
class LeadView:
    """One series lead, ready to print."""

    anchor: str
    rank: int
    lead_id: str
    headline: str
    cases: tuple[CaseRef, ...]
    value: str
    strength: str
    odds: str
    price: str
    weight: str
    chance: str
    first_raised: str
    first_raised_with: str
    replayed: str
    mandatory: bool
    under_policy: str
    same_person: str
    reasons: tuple[tuple[str, str, str], ...]
    map: PlaceMap | None
    without_place: str
    timeline: Timeline | None
    pairs: tuple[PairView, ...]
    pairs_open: int
    other_pairs: tuple[tuple[str, str], ...]
    supports: tuple[str, ...]
    against: tuple[str, ...]
    innocent: tuple[str, ...]
    missing: tuple[str, ...]
    checks_missing: tuple[str, ...]
    checks_unknown: str
    facts: tuple[FactTable, ...]
    opinions: Opinions | None
    priors: tuple[PriorRow, ...]
    standing: Standing | None


def lead_view(lead: Lead, cases: Cases, outline: Sequence[Ring], register_size: int) -> LeadView:
    """A series lead, ready to print."""
    refs = tuple(cases.ref(i, case_id) for i, case_id in enumerate(lead.cases, 1))
    names = {ref.case_id: f"case {ref.number}" for ref in refs}
    ranked = sorted(
        lead.links, key=lambda link: (not link.mandatory, -link.log10_lr, link.case_a, link.case_b)
    )
    full = ranked[:_PAIRS_IN_FULL]
    points = [p for ref in refs if (p := cases.map_case(ref.number, ref.case_id)) is not None]
    others = cases.others(lead.cases)
    placed = {p.number for p in points}
    nowhere = [f"case {ref.number}" for ref in refs if ref.number not in placed]
    return LeadView(
        anchor=f"lead-{lead.rank}",
        rank=lead.rank,
        lead_id=lead.lead_id,
        headline=headline(lead.cases, cases),
        cases=refs,
        value="not computed" if lead.log10_lr is None else signed(lead.log10_lr),
        strength="" if lead.strength is None else signed(lead.strength),
        odds=""
        if lead.log10_lr is None
        else odds_of_group(lead.log10_lr, len(lead.cases), register_size),
        price=f"{price(len(lead.cases), register_size):.2f}",
        weight="" if lead.log10_lr is None else weight(lead.log10_lr),
        chance=lead.chance_words or chance(lead.chance_per_year, known=lead.chance),
        first_raised=day_words(lead.first_raised),
        first_raised_with=raised_with(lead),
        replayed=replayed_words(lead.replayed),
        mandatory=lead.mandatory,
        under_policy=said_of(lead),
        same_person=same_person.said_of(lead),
        reasons=reason_rows(
            [
                r
                for r in lead.reasons
                if r.text not in lead.supports and r.code not in (CODE, same_person.CODE)
            ]
        ),
        map=place_map(points, (others.lat, others.lon), outline),
        without_place=", ".join(nowhere),
        timeline=time_figure(refs, cases, others.found_near(points, _NEARBY_M)),
        pairs=tuple(pair_view(link, names) for link in full),
        pairs_open=_PAIRS_OPEN,
        other_pairs=tuple(
            (
                sentence_case(f"{names[link.case_a]} and {names[link.case_b]}"),
                signed(link.log10_lr),
            )
            for link in ranked[_PAIRS_IN_FULL:]
        ),
        supports=lead.supports,
        against=lead.against or against_words(lead.links, names),
        innocent=lead.innocent,
        missing=lead.missing,
        checks_missing=_checks(lead),
        checks_unknown=cases.checks_unknown(lead.cases),
        facts=cases.fact_tables(refs),
        opinions=opinions(cases, refs),
        priors=prior_rows(lead, register_size),
        standing=standing(lead),
    )


def headline(case_ids: Sequence[str], cases: Cases) -> str:
    """The lead in one sentence: how many, how near, how soon, and no more than "similar"."""
    told = together(case_ids, cases)
    return f"{told}{',' if ',' in told else ''} {'is' if len(case_ids) == 1 else 'are'} similar"


def together(case_ids: Sequence[str], cases: Cases) -> str:
    """How many, how near, how soon: facts alone."""
    incidents = sum(cases.is_incident(case_id) for case_id in case_ids)
    deaths = len(case_ids) - incidents
    parts = [counted(deaths, "death")] if deaths else []
    if incidents:
        parts.append(counted(incidents, "incident"))
    who = " and ".join(parts)
    points = [p for i, case_id in enumerate(case_ids) if (p := cases.map_case(i, case_id))]
    found = [at for case_id in case_ids if (at := cases.found(case_id)) is not None]
    where = []
    if len(points) == len(case_ids) > 1:
        apart = max(distance_m(a, b) for a, b in combinations(points, 2))
        where.append("at one point" if apart < 1 else f"within {metres_words(apart)}")
    if len(found) == len(case_ids) > 1:
        days = (max(found) - min(found)).total_seconds() / 86_400
        where.append(f"within {span_words(days)}" if days >= 1 else "within a day")
    return sentence_case(f"{who}, {' and '.join(where)}" if where else who)


def raised_with(lead: Lead) -> str:
    """Which of its cases put the lead forward first; empty when it took all of them."""
    first = [case_id for case_id in lead.cases if case_id in lead.first_raised_with]
    if not first or len(first) == len(lead.cases):
        return ""
    return f"first put forward with {listed(first)}"


def replayed_words(replayed: Replayed | None) -> str:
    """When a replay first raised the lead, and how often by chance on that day; empty where none was asked for."""
    if replayed is None:
        return ""
    days = counted(len(replayed.tried), "day")
    if not replayed.tried:
        return "By replay: none, for its cases have no day on which they became known."
    if replayed.day is None:
        return (
            f"By replay: on none of the {days} tried, the last of them {day_words(replayed.tried[-1])}."
            " What raises it now is that the register knows more, of these cases or of others."
        )
    with_cases = listed(list(replayed.cases))
    often = rate(replayed.chance_per_year)
    return (
        f"By replay of what was known each day: {day_words(replayed.day)}, with {with_cases};"
        f" how often by chance, measured on that day: {often}."
    )


def reason_rows(reasons: Sequence[Reason]) -> tuple[tuple[str, str, str], ...]:
    """Reasons as (words, which way they point, where they come from)."""
    return tuple(
        (r.text, DIRECTION_WORDS.get(r.direction, r.direction), source_words(r.source))
        for r in reasons
    )


def _checks(lead: Lead) -> tuple[str, ...]:
    """The checks that nobody made; those written as `case: check` are put together by check."""
    lines: list[str] = []
    cases_without: dict[str, list[str]] = {}
    for entry in lead.checks_missing:
        case_id = next((c for c in lead.cases if entry.startswith(f"{c}: ")), None)
        if case_id is None:
            lines.append(check_label(entry))
        else:
            cases_without.setdefault(check_label(entry[len(case_id) + 2 :]), []).append(case_id)
    for check, without in cases_without.items():
        where = "any of them" if set(without) == set(lead.cases) else listed(without)
        lines.append(f"{check}: not recorded as made in {where}")
    return tuple(lines)


def time_figure(refs: Sequence[CaseRef], cases: Cases, nearby: list[datetime]) -> Timeline | None:
    """The timeline of some cases; `nearby`: when others close by were found."""
    rows = []
    for ref in refs:
        row = cases.row(ref.case_id)
        end, start = row["found_at"], row["last_known_alive_at"]
        if not isinstance(end, datetime):
            continue
        span = row["found_at_span_s"]
        end_of_day = end + timedelta(seconds=span if isinstance(span, int) else 0)
        alive = start if isinstance(start, datetime) and start <= end_of_day else None
        words = (
            f"{ref.number} · {'reported' if ref.kind == 'incident' else 'found'} {short_day(end)}"
        )
        if ref.kind == "death":
            words += f", last alive {short_day(alive) if alive else 'not recorded'}"
        rows.append(TimeCase(ref.number, alive, end, words, ref.kind == "incident"))
    return timeline(rows, nearby) if rows else None
