"""Persons in common: keys of one case that stand in another, in any role, among deaths and non-fatal incidents.

What comes in is a register (already replayed to its day); what goes out are findings. A key is a pseudonym: nobody is
named and nobody is scored, the findings belong to cases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from openverdict.cases import Register
from openverdict.leads.finding import Finding, found, listed, ordinary
from openverdict.leads.rules import settings

_HOSTS = {"host", "last_seen_with", "last_contact"}
_CALLERS = {"caller", "finder"}
_SPIKING = {"spiking", "administer_substance"}


@dataclass(slots=True)
class _Case:
    """What is needed of a case to compare its persons with those of another."""

    case_id: str
    incident: bool
    found_at: datetime
    institution: bool
    incident_type: str | None
    incapacitated: set[str] = field(default_factory=set)


def persons_in_common(register: Register) -> Iterator[Finding]:
    """Every finding that rests on a person who stands in more than one case."""
    cases, stands_in = _index(register.table)
    rules = settings()["persons"]
    limit = max(rules["ordinary_cases"], rules["ordinary_share"] * len(register))
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key, roles_in in stands_in.items():
        if len(roles_in) < 2:
            continue
        if len(roles_in) > limit:
            yield from _ordinary_person(key, roles_in)
            continue
        for case_id, code, words in _compare(key, roles_in, cases):
            said[case_id, code].append(words)
    for (case_id, code), every in said.items():
        shown = listed(dict.fromkeys(every), rules["listed"])
        yield found(case_id, code, f"{shown}.", "persons")


def shared_identifiers(register: Register) -> Iterator[Finding]:
    """Numbers, names of accounts, vehicles, prints and the like that stand in more than one case."""
    rules = settings()["persons"]
    rows = (
        register.table.select("case_id", "identifiers")
        .explode("identifiers")
        .drop_nulls("identifiers")
        .unique()
    )
    limit = max(rules["ordinary_cases"], rules["ordinary_share"] * len(register))
    by_identifier = rows.group_by("identifiers").agg(pl.col("case_id").sort())
    by_identifier = by_identifier.filter(pl.col("case_id").list.len() > 1).sort("identifiers")
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    for identifier, case_ids in by_identifier.iter_rows():
        kind = identifier.partition(":")[0]
        code = "forensic_match" if kind in ("dna", "print") else "shared_handle_phone_plate"
        for case_id in case_ids:
            others = [other for other in case_ids if other != case_id]
            if len(case_ids) > limit:
                text = f"The same {kind} stands in {len(others)} other cases: ordinary here."
                yield ordinary(case_id, code, text, "identifiers")
            else:
                words = f"The same {kind} stands in {listed(others, rules['listed'])}"
                said[case_id, code].append(words)
    for (case_id, code), every in said.items():
        yield found(case_id, code, f"{listed(every, rules['listed'])}.", "identifiers")


def _index(table: pl.DataFrame) -> tuple[dict[str, _Case], dict[str, dict[str, set[str]]]]:
    """Cases by number, and for every person's key the roles it has in each case, ordinary roles left out; only cases with a
    person who stands in another one too.
    """
    institutions = settings()["settings"]["institution"]
    working = settings()["persons"]["ordinary_roles"]
    with_persons = _with_common_persons(table, working)
    cases = {
        row[0]: _Case(row[0], row[1] == "incident", row[2], row[3] in institutions, row[4])
        for row in with_persons.select(
            "case_id", "kind", "found_at", "found_place_kind", "incident_type"
        ).iter_rows()
    }
    stands_in: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for case_id, persons in with_persons.select("case_id", "persons").iter_rows():
        for person in persons:
            role, _, key = person.partition(":")
            if role == "incapacitated":
                cases[case_id].incapacitated.add(key)
            if role not in working:
                stands_in[key][case_id].add(role)
    return cases, stands_in


def _with_common_persons(table: pl.DataFrame, working: Sequence[str]) -> pl.DataFrame:
    """The cases with a person who stands in more than one, in their order."""
    some = table.select(
        "case_id", "kind", "found_at", "found_place_kind", "incident_type", "persons"
    )
    some = some.filter(pl.col("persons").list.len() > 0).with_row_index("row")
    parts = some.select("row", pl.col("persons")).explode("persons")
    role_and_key = pl.col("persons").str.splitn(":", 2)
    named = parts.select(
        "row",
        role=role_and_key.struct.field("field_0"),
        key=role_and_key.struct.field("field_1").fill_null(""),
    )
    stands_in = named.filter(~pl.col("role").is_in(working)).select("row", "key").unique()
    rows = stands_in.filter(pl.col("key").is_duplicated()).get_column("row").unique().sort()
    return some[rows].drop("row")


def _ordinary_person(key: str, roles_in: Mapping[str, set[str]]) -> Iterator[Finding]:
    for case_id, roles in roles_in.items():
        text = (
            f"{_person(key, roles)} stands in {len(roles_in)} cases of the register, "
            "as people do whose work it is; not counted."
        )
        yield ordinary(case_id, "shared_person_any_role", text, "persons")


def _compare(
    key: str, roles_in: Mapping[str, set[str]], cases: Mapping[str, _Case]
) -> Iterator[tuple[str, str, str]]:
    """For one person, what each case in which they stand owes to each of the others: (case, code, words)."""
    rules = settings()["persons"]
    finds = sum("finder" in roles for roles in roles_in.values())
    for case_id, roles in roles_in.items():
        for other_id, other_roles in roles_in.items():
            if other_id == case_id:
                continue
            case, other = cases[case_id], cases[other_id]
            there = f"{_person(key, roles)} stands in case {other_id} ({_roles(other_roles)})"
            yield case_id, "shared_person_any_role", there
            for code in _codes(key, roles, other_roles, case, other, rules):
                if code == "same_finder" and finds > rules["ordinary_finds"]:
                    continue
                yield case_id, code, f"{there}{_when(case, other)}"


def _codes(
    key: str,
    roles: set[str],
    other_roles: set[str],
    case: _Case,
    other: _Case,
    rules: Mapping[str, Any],
) -> Iterator[str]:
    if "finder" in roles & other_roles and not (case.institution and other.institution):
        yield "same_finder"
    if roles & _CALLERS and other_roles & set(rules["tie_roles"]):
        yield "caller_linked"
    if roles & _HOSTS and other_roles - set(rules["own_circle"]):
        yield "host_is_repeat"
    if not other.incident or roles & {"incapacitated", "complainant"}:
        return
    if "named_in_report" in other_roles:
        yield "prior_allegation_host"
    others = other.incapacitated - {key}
    if other_roles - set(rules["unharmed_roles"]) and (others or other.incident_type in _SPIKING):
        yield "prior_incapacitated_incident"


def _when(case: _Case, other: _Case) -> str:
    days = (other.found_at.date() - case.found_at.date()).days
    if days == 0:
        return ", the same day"
    return f", {abs(days):,} days {'later' if days > 0 else 'earlier'}"


def _person(key: str, roles: set[str]) -> str:
    return f"Person {key} ({_roles(roles)})"


def _roles(roles: set[str]) -> str:
    return ", ".join(sorted(roles)).replace("_", " ")
