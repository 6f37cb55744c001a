"""Facts that a stated policy admitted and no person: told with every lead that rests on them, counted in the run's summary.

Where a fact came from is known to the register alone; a lead gets it here, once for all that show leads: reports, tables, the
store and notebooks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any

import polars as pl

from openverdict.cases import FieldType, Register, Status, dictionary
from openverdict.cases.values import parse_code, parse_list
from openverdict.cases.words import counted, item_label
from openverdict.errors import FieldError
from openverdict.leads.results import Lead, Reason, Review
from openverdict.narrative import UnderPolicy, under_policy

CODE = "facts_under_policy"  # of the reason that a lead gets, and the key of the summary
NAMED = 6  # facts that a lead names; of more it gives the number


@dataclass(frozen=True, slots=True)
class Resting:
    """A fact that stands in the register by a policy alone."""

    case_id: str
    field: str
    value: str
    policy: UnderPolicy


def resting(register: Register) -> tuple[Resting, ...]:
    """The facts of a register that stand by a policy alone: known on its day, counted in its row, and given by nobody else."""
    facts = register.facts.filter(pl.col("status") == Status.RECORDED)
    if register.known_on is not None:
        end = datetime.combine(register.known_on, time.max)
        facts = facts.filter(pl.col("known_from") <= end)
    by_policy = facts.filter(pl.col("source").str.starts_with("policy "))
    if by_policy.is_empty():
        return ()
    cases = by_policy.get_column("case_id").unique().implode()
    given: dict[tuple[str, str, str], list[UnderPolicy | None]] = {}
    columns = facts.filter(pl.col("case_id").is_in(cases))
    for case, name, value, source in columns.select(
        "case_id", "field", "value", "source"
    ).iter_rows():
        given.setdefault((case, name, _code(name, value)), []).append(under_policy(source))
    rows = {
        row["case_id"]: row
        for row in register.table.filter(pl.col("case_id").is_in(cases)).iter_rows(named=True)
    }
    return tuple(
        Resting(case, name, value, policies[0])
        for (case, name, value), policies in sorted(given.items())
        if policies[0] is not None and None not in policies and _stands(rows.get(case), name, value)
    )


def tell(review: Review) -> Review:
    """The review with each lead that rests on such facts saying so, and with their number in the summary.

    A review in which nothing rests on a policy is handed back as it is.
    """
    found = resting(review.register)
    if not found:
        return review
    by_case: dict[str, list[Resting]] = {}
    for each in found:
        by_case.setdefault(each.case_id, []).append(each)
    leads = tuple(_told(lead, by_case) for lead in review.leads)
    summary = {**review.summary, CODE: _summary(found, leads)}
    return replace(review, leads=leads, summary=summary)


def said_of(lead: Lead) -> str:
    """What a lead says of facts under a policy; empty where it rests on none."""
    return next((reason.text for reason in lead.reasons if reason.code == CODE), "")


def _told(lead: Lead, by_case: dict[str, list[Resting]]) -> Lead:
    own = [each for case in lead.cases for each in by_case.get(case, ())]
    if not own:
        return lead
    source = ", ".join(dict.fromkeys(f"{each.field} of {each.case_id}" for each in own))
    reason = Reason(CODE, _words(own), "Q", source)
    return replace(lead, reasons=(reason, *lead.reasons))


def _words(own: list[Resting]) -> str:
    policies = dict.fromkeys(
        f"{each.policy.name} {each.policy.version} (SHA-256 {each.policy.sha256}…)" for each in own
    )
    named = [
        f"{_label(each.field)} of {each.case_id}: {_value_label(each.field, each.value)}"
        for each in own[:NAMED]
    ]
    more = f"; and {len(own) - NAMED:,} more" if len(own) > NAMED else ""
    return (
        f"Rests in part on {counted(len(own), 'fact')} that no person accepted, taken from narratives under policy "
        f"{' and '.join(policies)}: {'; '.join(named)}{more}."
    )


def _summary(found: Iterable[Resting], leads: tuple[Lead, ...]) -> list[dict[str, Any]]:
    """One entry a policy: its facts, cases and rules, and the leads that rest on its facts."""
    by_policy: dict[tuple[str, str, str], list[Resting]] = {}
    for each in found:
        key = (each.policy.name, each.policy.version, each.policy.sha256)
        by_policy.setdefault(key, []).append(each)
    told = []
    for (name, version, digest), facts in by_policy.items():
        cases = {each.case_id for each in facts}
        told.append(
            {
                "policy": name,
                "version": version,
                "sha256": digest,
                "facts": len(facts),
                "cases": len(cases),
                "leads": sum(not cases.isdisjoint(lead.cases) for lead in leads),
                "rules": dict(sorted(Counter(each.policy.rule for each in facts).items())),
            }
        )
    return told


def _code(name: str, value: str | None) -> str:
    """A value as the register's row holds it, as far as it is a code."""
    field, text = dictionary()[name], value or ""
    try:
        if field.type.is_list:
            return ";".join(parse_list(field, text))
        return parse_code(field, text) if field.type is FieldType.CODE else text
    except FieldError:
        return text


def _stands(row: dict[str, Any] | None, name: str, value: str) -> bool:
    held = None if row is None else row.get(name)
    return value in held if isinstance(held, list) else held is not None and str(held) == value


def _label(name: str) -> str:
    return dictionary()[name].label.lower()


def _value_label(name: str, value: str) -> str:
    return item_label(dictionary()[name], value)
