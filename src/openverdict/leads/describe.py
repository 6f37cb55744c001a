"""A series or a case in words: what supports it, what speaks against it, the innocent reading and what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from openverdict.cases import Register, dictionary
from openverdict.evidence import Contribution, Model, model_hash
from openverdict.evidence.relation import TERM as RELATION
from openverdict.leads.group import Group
from openverdict.leads.inclusion import Inclusion
from openverdict.leads.next_check import next_check, refutes
from openverdict.leads.ordinary import innocent_reading, ordinary_tests
from openverdict.leads.record import record_words
from openverdict.leads.results import (
    Assessment,
    Lead,
    Link,
    Measured,
    OrdinaryTest,
    Reason,
    Triage,
)
from openverdict.series import Series

NOT_TRIED = "Not tried: many stronger leads come first in this list. Review these cases as a register of their own."
LEAST_WORTH_SAYING = 0.1  # log10 likelihood ratio
MISSING_FIELDS = (
    "found_lat",
    "last_known_alive_at",
    "age_years",
    "substances_detected",
    "body_position",
    "items_missing",
    "contact_channels",
    "persons",
    "checks_done",
)


class Describer:
    """Makes leads of one run."""

    def __init__(
        self,
        register: Register,
        triaged: tuple[Triage, ...],
        inclusion: Inclusion | None = None,
    ) -> None:
        self.register = register
        self.inclusion = inclusion
        self.by_case = {t.case_id: t for t in triaged}

    def series(
        self,
        rank: int,
        series: Series,
        model: Model,
        links: tuple[Link, ...],
        rate: float | None,
        known: Measured | None,
        raised: date,
        raised_with: tuple[str, ...],
        *,
        assessment: Assessment | None,
        in_full: bool = True,
    ) -> Lead:
        """A lead of two or more cases; `known`: how well the chance rate is known; `in_full`: try ordinary explanations."""
        ids = tuple(model.prepared.case_ids[m] for m in series.members)
        best: dict[str, tuple[Contribution, Link]] = {}
        worst: dict[str, tuple[Contribution, Link]] = {}
        for link in links:
            for c in (c for c in link.contributions if c.variable != RELATION):
                if (
                    c.log10_lr > best.get(c.variable, (c, link))[0].log10_lr
                    or c.variable not in best
                ):
                    best[c.variable] = (c, link)
                if (
                    c.log10_lr < worst.get(c.variable, (c, link))[0].log10_lr
                    or c.variable not in worst
                ):
                    worst[c.variable] = (c, link)
        supports = sorted(best.values(), key=lambda pair: -pair[0].log10_lr)
        against = sorted(worst.values(), key=lambda pair: pair[0].log10_lr)
        reasons = tuple(
            Reason(f"similar_{c.variable}", _say(c, link), "L", f"{link.case_a}, {link.case_b}")
            for c, link in supports
            if c.log10_lr >= LEAST_WORTH_SAYING
        )
        carries = tuple(c.variable for c, _ in supports if c.log10_lr >= LEAST_WORTH_SAYING)
        tests: tuple[OrdinaryTest, ...] = ()
        if in_full:
            group = Group(model, self.register, series.members, carries)
            tests = ordinary_tests(group, self.inclusion)
        return Lead(
            rank=rank,
            lead_id=f"S-{'-'.join(ids[:1])}-{len(ids)}",
            kind="series",
            cases=ids,
            log10_lr=series.log10_lr,
            strength=series.strength,
            chance_per_year=rate,
            first_raised=raised,
            reasons=reasons,
            links=links,
            supports=tuple(r.text for r in reasons),
            against=tuple(
                _say(c, link) for c, link in against if c.log10_lr <= -LEAST_WORTH_SAYING
            ),
            innocent=innocent_reading(tests) if in_full else (NOT_TRIED,),
            missing=self._missing(ids),
            checks_missing=self._checks(ids),
            mandatory=any(link.mandatory for link in links),
            first_raised_with=raised_with,
            chance=known,
            assessment=None
            if assessment is None
            else self._told(assessment, series, model, ids, tests),
        )

    def _told(
        self,
        assessment: Assessment,
        series: Series,
        model: Model,
        ids: tuple[str, ...],
        tests: tuple[OrdinaryTest, ...],
    ) -> Assessment:
        """The assessment with what its records say: ordinary explanations, what would refute it, what to do next."""
        open_checks: dict[str, list[str]] = {}
        for case in ids:
            for check in self.by_case[case].checks_missing if case in self.by_case else ():
                open_checks.setdefault(check, []).append(case)
        labels = {v.name: v.label for v in model.variables}
        name, words = next_check(assessment, series.log10_lr, open_checks, labels)
        return replace(
            assessment,
            ordinary=tests,
            refutes=refutes(assessment, series.log10_lr),
            next_check=name,
            next_check_words=words,
            record=record_words(series.strength, model_hash(model.variables)),
        )

    def case(self, rank: int, t: Triage, raised: date) -> Lead:
        """A lead of one case, from its triage."""
        return Lead(
            rank=rank,
            lead_id=f"C-{t.case_id}",
            kind="case",
            cases=(t.case_id,),
            log10_lr=None,
            strength=None,
            chance_per_year=None,
            first_raised=raised,
            reasons=t.reasons,
            supports=tuple(r.text for r in t.reasons),
            against=(),
            innocent=tuple(r.text for r in t.innocent),
            missing=self._missing((t.case_id,)),
            checks_missing=t.checks_missing,
        )

    def _missing(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        rows = [self.register.case(case) for case in ids]
        lines = []
        for name in MISSING_FIELDS:
            without = [case for case, row in zip(ids, rows, strict=True) if name not in row]
            if without:
                lines.append(f"{dictionary()[name].label}: not recorded for {', '.join(without)}.")
        return tuple(lines)

    def _checks(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        found = [self.by_case[case].checks_missing for case in ids if case in self.by_case]
        return tuple(dict.fromkeys(check for checks in found for check in checks))


def _say(c: Contribution, link: Link) -> str:
    note = f" ({c.note})" if c.note else ""
    values = "" if c.earlier == c.later else f": {c.earlier} / {c.later}"
    return f"{c.label}, {link.case_a} and {link.case_b}{values}: {c.comparison}{note}; log10 ratio {_signed(c.log10_lr)}."


def _signed(value: float) -> str:
    """A number with its sign, the minus as people write it."""
    return f"{value:+.2f}".replace("-", "−")
