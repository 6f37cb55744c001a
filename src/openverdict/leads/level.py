"""The level of one case: one sum, stated in `data/triage.toml`, that an added S reason never lowers."""

from __future__ import annotations

from collections.abc import Sequence

from openverdict.cases import indicators
from openverdict.leads.finding import Finding
from openverdict.leads.rules import settings


def level_of(findings: Sequence[Finding], *, incident: bool = False) -> int:
    """Level 0 to 4 from a case's findings, one a code.

    S reasons add their points; L reasons count, up to a cap, beside an S reason; E reasons take off a little of
    what is not hard and leave at least 1; Q reasons alone give 1. A non-fatal incident counts each reason at most
    `incident_cap`.
    """
    rules: dict[str, int] = settings()["level"]
    cap = rules["incident_cap"] if incident else None
    raising = [f for f in findings if f.direction == "S"]
    hard = sum(_points(f, cap) for f in raising if _is_hard(f))
    soft = sum(_points(f, cap) for f in raising if not _is_hard(f))
    if hard + soft > 0:
        similar = sum(_points(f, cap) for f in findings if f.direction == "L")
        soft += min(rules["l_cap"], similar)
    total = hard + soft - min(_takes_off(findings), soft)
    if total >= rules["refer_urgently"]:
        level = 4
    elif total >= rules["refer"]:
        level = 3
    elif total >= rules["further_enquiry"]:
        level = 2
    else:
        level = int(hard + soft > 0 or any(f.direction == "Q" for f in findings))
    at_least: dict[str, int] = settings()["at_least"]
    return max([level, *(at_least.get(f.code, 0) for f in findings if f.direction != "E")])


def _points(finding: Finding, cap: int | None) -> int:
    return finding.points if cap is None else min(finding.points, cap)


def _is_hard(finding: Finding) -> bool:
    entry = indicators().get(finding.code)
    return entry.hard if entry is not None else finding.code == "note_refuted"


def _takes_off(findings: Sequence[Finding]) -> int:
    """What the innocent reasons take off; an intent that may rest on a note nobody tested takes nothing."""
    codes = {f.code for f in findings if f.direction == "E"}
    if any(f.code in ("note_unverified", "note_refuted") for f in findings):
        codes.discard("intent_verified")
    allowed: dict[str, int] = settings()["takes_off"]
    return min(int(settings()["level"]["off_cap"]), sum(allowed.get(code, 0) for code in codes))
