"""One lead as a page of its own, to be handed to somebody: the same view and the same words as in the report of its review."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openverdict.errors import InputError
from openverdict.leads.results import Lead, Review
from openverdict.reports import outcome
from openverdict.reports.case_view import CaseView, case_view
from openverdict.reports.facts import Cases
from openverdict.reports.figures import Ring
from openverdict.reports.lead_view import LeadView, lead_view
from openverdict.reports.page import covers, simulated_words
from openverdict.reports.render import DEFAULT_TITLE, environment, glossary
from openverdict.reports.totals import Totals, totals
from openverdict.reports.words import day_words


@dataclass(frozen=True, slots=True)
class LeadPage:
    """What the page of one lead prints: a group (`lead`) or a single case (`case`), and what its review says of all leads."""

    title: str
    heading: str
    simulated: str
    covers: str
    known_on: str
    foot: tuple[str, ...]
    t: Totals
    budget_words: str
    bar_words: str
    inclusion_words: str
    lead: LeadView | None
    case: CaseView | None


class LeadPages:
    """The pages of the leads of one review; what they have in common is worked out once."""

    def __init__(
        self, review: Review, *, title: str = DEFAULT_TITLE, outline: Sequence[Ring] = ()
    ) -> None:
        self._review, self._title, self._outline = review, title, outline
        self._cases, self._t = Cases(review.register), totals(review)
        self._triage = {entry.case_id: entry for entry in review.triage}

    def names(self) -> Iterator[tuple[str, Lead]]:
        """Every lead under the name of its file, in order of rank: `lead-001` for a group, `case-002` for a single case."""
        width = max(3, len(str(len(self._review.leads))))
        for lead in self._review.leads:
            name = "lead" if lead.kind == "series" else "case"
            yield f"{name}-{lead.rank:0{width}d}", lead

    def html(self, lead: Lead) -> str:
        """The page of one lead of the review as one HTML document.

        Raises:
            InputError: it is a single case that the review did not look at.
        """
        template = environment().get_template("lead_page.html")
        return template.render(page=self._page(lead), glossary=glossary()) + "\n"

    def _page(self, lead: Lead) -> LeadPage:
        t, group, case = self._t, None, None
        if lead.kind == "series":
            group = lead_view(lead, self._cases, self._outline, t.cases)
            heading = group.headline
        else:
            entry = self._triage.get(lead.cases[0])
            if entry is None:
                raise InputError(
                    f"{lead.cases[0]}: this review has not looked at it; name a lead of the review"
                )
            case = case_view(1, entry, lead, self._cases)
            heading = f"Case {case.ref.case_id}, for a second look"
        return LeadPage(
            title=self._title,
            heading=heading,
            simulated=simulated_words(self._review.register),
            covers=covers(t),
            known_on=day_words(t.as_of) if t.as_of else "",
            foot=(*outcome.foot(t), f"lead {lead.lead_id}"),
            t=t,
            budget_words=outcome.budget_words(t),
            bar_words=outcome.bar_words(t),
            inclusion_words=outcome.inclusion_words(self._review.summary.get("inclusion")),
            lead=group,
            case=case,
        )
