"""Persons taken to be one: told with every lead in which one stands, and by whose word, a reviewer's or a threshold's.

The key of a person says what it rests on (`identity.apply`). A lead gets that in words here, once for all that show leads:
reports, tables, the store and notebooks. Keys that somebody else made say nothing of it, and nothing is said of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from openverdict.cases import Register
from openverdict.cases.words import counted
from openverdict.identity.run import ACCEPTED, UNREVIEWED
from openverdict.leads.results import Lead, Reason, Review

CODE = "same_person"  # of the reason that a lead gets, and the key of the summary
NAMED = 6  # persons that a lead names; of more it gives the number
_SAID = {
    ACCEPTED: "Same person by accepted identity, as a reviewer decided",
    UNREVIEWED: "Same person over the threshold of probability, which nobody has reviewed",
}
Roles = dict[str, list[str]]  # by case


def persons(register: Register) -> dict[str, Roles]:
    """The persons whom an identity takes to be one in several cases: key to the roles that they have in each."""
    listed = register.table.select("case_id", "persons").explode("persons").drop_nulls("persons")
    parts = pl.col("persons").str.splitn(":", 2)
    rows = listed.select(
        "case_id", role=parts.struct.field("field_0"), key=parts.struct.field("field_1")
    ).drop_nulls("key")
    rows = rows.filter(pl.col("key").str.contains(f"^(?:{ACCEPTED}|{UNREVIEWED})-"))
    found: dict[str, Roles] = defaultdict(lambda: defaultdict(list))
    for case, role, key in rows.unique().sort("key", "case_id", "role").iter_rows():
        found[key][case].append(role)
    return {key: dict(cases) for key, cases in found.items() if len(cases) > 1}


def tell(review: Review) -> Review:
    """The review with each lead in which such a person stands saying so, and with their number in the summary.

    A review without any is handed back as it is.
    """
    found = persons(review.register)
    if not found:
        return review
    by_case: dict[str, set[str]] = defaultdict(set)
    for key, cases in found.items():
        for case in cases:
            by_case[case].add(key)
    leads = tuple(_told(lead, found, by_case) for lead in review.leads)
    summary = {**review.summary, CODE: _summary(found, leads)}
    return replace(review, leads=leads, summary=summary)


def said_of(lead: Lead) -> str:
    """What a lead says of persons taken to be one; empty where none stands in it."""
    return next((reason.text for reason in lead.reasons if reason.code == CODE), "")


def _told(lead: Lead, found: Mapping[str, Roles], by_case: Mapping[str, set[str]]) -> Lead:
    """A lead of several cases tells of those who stand in two of them; of a single case, of those who stand in another too."""
    own = set(lead.cases)
    keys = sorted({key for case in lead.cases for key in by_case.get(case, ())})
    if len(own) > 1:
        keys = [key for key in keys if len(own.intersection(found[key])) > 1]
    if not keys:
        return lead
    shown = {
        key: {case: roles for case, roles in found[key].items() if len(own) == 1 or case in own}
        for key in keys
    }
    source = ", ".join(f"persons of {case}" for case in lead.cases if _stands(case, shown))
    return replace(lead, reasons=(Reason(CODE, _words(shown), "Q", source), *lead.reasons))


def _stands(case: str, shown: Mapping[str, Roles]) -> bool:
    return any(case in cases for cases in shown.values())


def _words(shown: Mapping[str, Roles]) -> str:
    """Those whom a reviewer accepted first."""
    sentences = []
    for basis, said in _SAID.items():
        keys = [key for key in shown if key.startswith(f"{basis}-")]
        if not keys:
            continue
        told = [f"{key} ({_places(shown[key])})" for key in keys[:NAMED]]
        if len(keys) > NAMED:
            told.append(f"and {len(keys) - NAMED:,} more")
        sentences.append(f"{said}: {'; '.join(told)}.")
    return " ".join(sentences)


def _places(cases: Roles) -> str:
    some = list(cases.items())[:NAMED]
    told = [f"{' and '.join(roles).replace('_', ' ')} of {case}" for case, roles in some]
    if len(cases) > NAMED:
        told.append(f"{counted(len(cases) - NAMED, 'case')} more")
    return ", ".join(told)


def _summary(found: Mapping[str, Roles], leads: tuple[Lead, ...]) -> dict[str, Any]:
    """How many persons rest on what, and how many leads tell of one."""
    told = {basis: sum(key.startswith(f"{basis}-") for key in found) for basis in _SAID}
    return {**told, "leads": sum(bool(said_of(lead)) for lead in leads)}
