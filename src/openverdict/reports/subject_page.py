"""A lead or a pair for a page: the facts as its run had them, and what the run found only where that may be shown.

The facts are of the run's own day, as in `shown`; what came in since is counted. What was found (ratio, rank, chance, reasons,
contributions, ordinary explanations) is made from the words that the run kept, and is left out whole when it is not asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from openverdict.decisions.categories import signatures
from openverdict.decisions.guarding import look
from openverdict.decisions.models import Decision
from openverdict.decisions.roles import Access, Operation
from openverdict.decisions.showing import contents_of, ratio_of, snapshot
from openverdict.decisions.standing import reason_codes
from openverdict.decisions.subjects import Kind, Subject
from openverdict.decisions.words import conclusion_words, reasons
from openverdict.errors import InputError
from openverdict.leads.results import Lead as FoundLead
from openverdict.leads.results import Link as FoundLink
from openverdict.ledger.facts import read_cases
from openverdict.ledger.lead_words import IN_FULL, lead_pair, lead_pairs, lead_words
from openverdict.ledger.models import Event, Lead, LeadCase, Run
from openverdict.ledger.store import Store
from openverdict.reports.consideration import ERASED, PLAIN, STRUCK
from openverdict.reports.facts import Cases
from openverdict.reports.figures import Ring
from openverdict.reports.kept_lead import kept_lead, kept_link
from openverdict.reports.labels import check_label
from openverdict.reports.lead_view import lead_view, reason_rows
from openverdict.reports.pairs import PairView, Term, pair_view
from openverdict.reports.shown import facts_page, variable_labels
from openverdict.reports.side_by_side import SideBySide, side_by_side
from openverdict.reports.words import sentence_case, signed, weight

NAMED = 90  # pairs of a large lead that are named with their ratio besides those that stand in full
# Of a lead as reports print it, what says how alike the run found its cases; the rest is facts, and stands there for itself.
FOUND = (
    *("value", "strength", "odds", "price", "weight", "chance", "replayed", "reasons", "pairs", "pairs_open"),
    *("other_pairs", "supports", "against", "innocent", "priors", "standing"),
)  # fmt: skip


@dataclass(frozen=True)
class SubjectPage:
    """A lead or a pair. `found`: what the run found, or None where that is not shown.

    `lead`: of a lead, its own columns that say nothing of strength. `missing`, `checks_missing`: sentences;
    `checks_never_made`: codes of the latter. `contributions`: a row a pair and variable. `kept`: what `decisions.show`
    keeps of the page, besides the run's own words.
    """

    run: int
    as_of: str | None
    redacted: bool
    recorded_since: int
    facts: SideBySide
    lead: dict[str, Any] | None
    missing: tuple[str, ...]
    checks_missing: tuple[str, ...]
    found: dict[str, Any] | None
    contributions: tuple[dict[str, Any], ...]
    kept: dict[str, Any]
    checks_never_made: tuple[str, ...] = ()


@look(Operation.VIEW, "subject", seen=True)
def subject_page(
    store: Store,
    subject: Subject,
    run: int,
    *,
    ratio: bool,
    user: str | None = None,
    outline: Sequence[Ring] = (),
    access: Access = Access.YES,
) -> SubjectPage:
    """The page of a pair or a lead, from a run that ended; `ratio`: with what the run found.

    Who sees cases with what names people struck out gets no place, no person and no words of the run. `access` is filled in by
    the table of roles, not by callers.

    Raises:
        InputError: there is no such run, or the lead is not of it.
    """
    redacted = access is Access.REDACTED
    planned = store.rows(Run).filter(id=run).first()
    if planned is None:
        raise InputError(f"run {run}: there is none of this number; choose another")
    known = None if planned.as_of is None else date.fromisoformat(planned.as_of)
    register = read_cases(
        store, subject.cases, known, entries=planned.log_size, fields=PLAIN if redacted else None
    )
    facts = side_by_side(register, subject.cases, outline)
    kept = facts_page(store, subject, run, user=user)
    row = (
        store.rows(Lead).filter(id=int(subject.key)).first() if subject.kind is Kind.LEAD else None
    )
    words = None if row is None or redacted else lead_words(store, int(row.id))
    lead = None if words is None else kept_lead(words)
    missing = () if lead is None else lead.missing
    checks = () if lead is None else tuple(check_label(check) for check in lead.checks_missing)
    kept |= {"missing": list(missing), "checks_missing": list(checks)}
    found: dict[str, Any] | None = None
    rows: tuple[dict[str, Any], ...] = ()
    if ratio and row is not None:
        found, rows = _found_of_lead(row, lead, Cases(register), int(planned.cases))
        if lead is not None and words is not None and words.get("links_total"):
            found |= _many_pairs(store, int(row.id), int(words["links_total"]), facts)
    elif ratio:
        found, rows = _found_of_pair(store, subject, run, None if redacted else facts)
    return SubjectPage(
        run,
        planned.as_of,
        redacted,
        int(kept["recorded_since"]),
        facts,
        None if row is None else _columns(row, lead if ratio else None, ratio=ratio),
        missing,
        checks,
        found,
        rows,
        kept,
        () if lead is None else tuple(lead.checks_missing),
    )


@look(Operation.VIEW, "subject", seen=True)
def decided_on(
    store: Store, subject: Subject, *, user: str | None = None, access: Access = Access.YES
) -> list[dict[str, Any]]:
    """Every decision on a subject in the order of the log, those too in whose place another stands."""
    redacted = access is Access.REDACTED
    rows = list(
        store.rows(Decision)
        .filter(subject_kind=subject.kind.value, subject=subject.key)
        .order_by("id")
    )
    entries = [row.event_id for row in rows]
    said = contents_of(store, entries, "text")
    at = dict(store.rows(Event).filter(seq__in=entries).values_list("seq", "at"))
    later = {row.supersedes: int(row.id) for row in rows if row.supersedes}
    signed = signatures(store, "decision", [row.id for row in rows])
    return [
        {
            "decision": int(row.id),
            "place": row.place,
            "of": row.of,
            "user": row.user,
            "conclusion": row.conclusion,
            "words": conclusion_words(row.conclusion, len(subject.cases)),
            "reasons": [
                found.label if (found := reasons().get(code)) else code
                for code in reason_codes(row)
            ],
            "text": STRUCK if redacted else said.get(row.event_id, ERASED),
            "at": at.get(row.event_id),
            "entry": row.event_id,
            "second_needed": bool(row.second_needed),
            "supersedes": row.supersedes,
            "superseded_by": later.get(row.id) or later.get(row.of),
            "signed": asdict(signed[row.id]) if row.id in signed else None,
        }
        for row in rows
    ]


def _columns(row: Lead, lead: FoundLead | None, *, ratio: bool) -> dict[str, Any]:
    """What is said of a lead; with the ratio also when it was raised, for a group raised early is a strong one, and by `lead`,
    where it may be said, with which cases.
    """
    return {
        "number": int(row.id),
        "name": row.lead_id,
        "kind": row.kind,
        "first_raised": row.first_raised if ratio else None,
        "first_raised_with": [] if lead is None else list(lead.first_raised_with),
        "mandatory": bool(row.mandatory),
    }


def _found_of_lead(
    row: Lead, lead: FoundLead | None, cases: Cases, register_size: int
) -> tuple[dict[str, Any], tuple[dict[str, Any], ...]]:
    """What the run found of a lead; numbers alone where its words are struck out or erased."""
    numbers = {
        "log10_lr": row.log10_lr,
        "rank": row.rank,
        "chance_per_year": row.chance_per_year,
        "value": "not computed" if row.log10_lr is None else signed(row.log10_lr),
        "weight": "" if row.log10_lr is None else weight(row.log10_lr),
        "whole": lead is not None,
    }
    if lead is None:
        return numbers, ()
    if lead.kind != "series":
        told = {
            "reasons": reason_rows(lead.reasons),
            "innocent": lead.innocent,
            "against": lead.against,
        }
        return numbers | told, ()
    view = asdict(lead_view(lead, cases, (), register_size))
    rows = tuple(row for link in lead.links for row in _rows_of(link))
    return numbers | {name: view[name] for name in FOUND} | {"pairs_not_named": 0}, rows


def _many_pairs(store: Store, lead: int, total: int, facts: SideBySide) -> dict[str, Any]:
    """The pairs of a large lead that don't stand in full: the first of them with their ratios, and how many there are."""
    names = {ref.case_id: f"case {ref.number}" for ref in facts.cases}
    lines = lead_pairs(store, lead, start=IN_FULL, size=NAMED)
    told = tuple(
        (sentence_case(f"{names[p.case_a]} and {names[p.case_b]}"), signed(p.log10_lr))
        for p in lines
    )
    return {"other_pairs": told, "pairs_not_named": max(0, total - IN_FULL - len(lines))}


def _found_of_pair(
    store: Store, subject: Subject, run: int, facts: SideBySide | None
) -> tuple[dict[str, Any], tuple[dict[str, Any], ...]]:
    """What the run found of a pair: with both values where a lead of it kept them, else the figures alone."""
    told = snapshot(store, subject, run, ratio=True)
    value = ratio_of(store, subject, run)
    numbers = {
        "log10_lr": value,
        "rank": told.get("rank"),
        "below_floor": told.get("below_floor"),
        "listed_because": told.get("listed_because"),
        "value": "not listed" if value is None else signed(value),
        "weight": "" if value is None else weight(value),
        "whole": False,
    }
    link = None if facts is None else _link_with_values(store, subject, run)
    if link is not None and facts is not None:
        names = {ref.case_id: f"case {ref.number}" for ref in facts.cases}
        view: PairView = pair_view(link, names)
        return numbers | {"whole": True, "pair": asdict(view)}, tuple(_rows_of(link))
    labels = variable_labels()
    terms = [
        (labels.get(term["variable"], term["variable"]), float(term["log10_lr"]))
        for term in told.get("contributions", ())
    ]
    terms.sort(key=lambda term: -abs(term[1]))
    rows = tuple({"variable": name, "log10_lr": ratio} for name, ratio in terms if ratio)
    return numbers | {"terms": [(name, signed(ratio)) for name, ratio in terms if ratio]}, rows


def _link_with_values(store: Store, subject: Subject, run: int) -> FoundLink | None:
    """The pair as a lead of the run kept it, with the values that were compared; None where no lead holds both cases."""
    first, second = subject.cases
    with_first = store.rows(LeadCase).filter(lead__run_id=run, case_id=first).values("lead_id")
    both = store.rows(LeadCase).filter(lead_id__in=with_first, case_id=second)
    for number in both.order_by("lead_id").values_list("lead_id", flat=True):
        words = lead_pair(store, int(number), first, second)
        if words is not None:
            return kept_link(words)
    return None


def _rows_of(link: FoundLink) -> list[dict[str, Any]]:
    """The contributions of a pair as a table: words as the page has them, numbers as the run had them."""
    view = pair_view(link, {link.case_a: link.case_a, link.case_b: link.case_b})
    shown: dict[str, Term] = {term.label: term for term in view.terms}
    return [
        {
            "case_a": link.case_a,
            "case_b": link.case_b,
            "variable": term.label,
            "earlier": term.earlier,
            "later": term.later,
            "comparison": term.comparison,
            "rarity": shown[term.label].rarity if term.label in shown else "",
            "count": term.count,
            "of": term.of,
            "carried_over": term.theta,
            "log10_lr": term.log10_lr,
        }
        for term in link.contributions
    ]
