"""What a report says of facts that stand by a stated policy and not by a person: how many, by which policy and rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openverdict.reports.words import counted, sentence_case
from openverdict.under_policy import CODE


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One policy: `said`, a sentence for the summary; the numbers and rules for the page of methods."""

    said: str
    name: str
    sha256: str
    facts: int
    cases: int
    leads: int
    rules: tuple[tuple[str, int], ...]


def policy_rows(summary: Mapping[str, Any]) -> tuple[PolicyRow, ...]:
    """From the key `facts_under_policy` of a review's summary; nothing where no fact stands by a policy."""
    return tuple(_row(told) for told in summary.get(CODE, ()))


def _row(told: Mapping[str, Any]) -> PolicyRow:
    name = f"{told['policy']} {told['version']}"
    facts = counted(told["facts"], "fact")
    verb, leads = ("was" if told["facts"] == 1 else "were"), told["leads"]
    rest = "No lead rests on them."
    if leads:
        says = "rests on such facts and says so" if leads == 1 else "rest on such facts and say so"
        rest = f"{sentence_case(counted(leads, 'lead'))} {says}."
    said = (
        f"{sentence_case(facts)} of {counted(told['cases'], 'case')} {verb} taken from narratives under policy {name} "
        f"(SHA-256 {told['sha256']}…) and accepted by no person. {rest}"
    )
    return PolicyRow(
        said,
        name,
        told["sha256"],
        told["facts"],
        told["cases"],
        leads,
        tuple(told["rules"].items()),
    )
