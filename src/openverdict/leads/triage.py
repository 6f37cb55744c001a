"""Triage of single cases: a level from 0 to 4 with its reasons, contradictions and enquiries never recorded as made.

What comes in is a register, already replayed to its day, and the pairs above the floor. What goes out is one `Triage` a
case. The rules are data (`data/triage.toml`). Closed and non-suspicious cases are read like open ones; what is missing
never counts; innocent reasons never cancel a hard one; and no field about the person's life lowers a level.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import polars as pl

from openverdict.cases import Register, checks, indicators
from openverdict.leads.checks import checks_never_made
from openverdict.leads.finding import Finding, found, in_words
from openverdict.leads.level import level_of
from openverdict.leads.persons import persons_in_common, shared_identifiers
from openverdict.leads.prepared import prepare
from openverdict.leads.results import Reason, Triage
from openverdict.leads.rules import (
    Rule,
    contradiction_rules,
    points_of,
    reason_rules,
    settings,
)
from openverdict.leads.similar import cross_references, similar_cases

Expected = tuple[tuple[str, ...], tuple[str, ...] | None]
_AS_WRITTEN = {"mentions_cases", "note_names_case", "manners"}


def triage(register: Register, links: pl.DataFrame | None = None) -> tuple[Triage, ...]:
    """Every case of the register looked at alone, in register order.

    `links` holds the pairs above the floor (case_a, case_b, log10_lr); without it no reason of similarity in place,
    pose or belongings is given. Only what the register holds is used.
    """
    table = prepare(register)
    checked = checks_never_made(table)
    contradictions = _contradictions(table)
    findings: dict[str, list[Finding]] = defaultdict(list)
    for finding in _findings(register, table, links):
        findings[finding.case_id].append(finding)
    for finding in _quality(table, checked, contradictions):
        findings[finding.case_id].append(finding)
    incidents = set(register.table.filter(pl.col("kind") == "incident").get_column("case_id"))
    return tuple(
        _put_together(
            case_id,
            findings.get(case_id, []),
            tuple(said.text for said in contradictions.get(case_id, ())),
            missing or (),
            incident=case_id in incidents,
        )
        for case_id, (_, missing) in zip(table.get_column("case_id"), checked, strict=True)
    )


def _findings(
    register: Register, table: pl.DataFrame, links: pl.DataFrame | None
) -> Iterator[Finding]:
    """Every reason but those of quality that rest on the checks."""
    yield from _given(table)
    deaths = table.filter(pl.col("kind").fill_null("death") == "death")
    yield from _apply([rule for rule in reason_rules() if _kept(rule, table)], deaths)
    yield from persons_in_common(register)
    yield from shared_identifiers(register)
    yield from cross_references(table)
    if links is not None:
        yield from similar_cases(table, links)


def _given(table: pl.DataFrame) -> Iterator[Finding]:
    """Indicators that the record itself gives."""
    rows = table.select("case_id", "indicators").explode("indicators").drop_nulls("indicators")
    for case_id, code in rows.iter_rows():
        yield found(case_id, code, indicators()[code].description, "indicators")


def _kept(rule: Rule, table: pl.DataFrame) -> bool:
    """Whether the register uses at all what the rule misses in a case."""
    if rule.kept is not None and table.get_column(rule.kept).null_count() == table.height:
        return False
    if rule.kept_check is not None:
        return bool(table.get_column("checks_done").list.contains(rule.kept_check).any())
    return True


def _apply(rules: Sequence[Rule], table: pl.DataFrame) -> Iterator[Finding]:
    """Rules over a prepared table, all in one pass: a finding for every case in which one holds."""
    flags = table.select(rule.holds.alias(str(number)) for number, rule in enumerate(rules))
    for rule, flag in zip(rules, flags.iter_columns(), strict=True):
        yield from _say_of(rule, table, flag)


def _say_of(rule: Rule, table: pl.DataFrame, flag: pl.Series) -> Iterator[Finding]:
    """One rule's findings, in the words of each case's own values."""
    named = [name for name in table.columns if f"{{{name}}}" in rule.text]
    rows = table.select("case_id", *named).filter(flag)
    points = points_of(rule.code, rule.direction) if rule.points is None else rule.points
    source = ", ".join(rule.sources)
    for case_id, *values in rows.iter_rows():
        words = {name: _say(name, value) for name, value in zip(named, values, strict=True)}
        text = rule.text.format(**words)
        yield Finding(case_id, rule.code, text, source, points, rule.direction)


def _say(name: str, value: object) -> str:
    """A recorded value within a sentence; case numbers stand as they are written."""
    if value is None:
        return "not recorded"
    if name in _AS_WRITTEN:
        return ", ".join(value) if isinstance(value, list) else str(value)
    return in_words(value)


def _contradictions(table: pl.DataFrame) -> dict[str, list[Finding]]:
    """What contradicts what, by case: the sentence and the fields of each."""
    said: dict[str, list[Finding]] = defaultdict(list)
    for finding in _apply(contradiction_rules(), table):
        said[finding.case_id].append(finding)
    return said


def _quality(
    table: pl.DataFrame, checked: Sequence[Expected], contradictions: dict[str, list[Finding]]
) -> Iterator[Finding]:
    """Quality reasons: contradictions, enquiries not listed, a category given before the enquiries were made."""
    silent = {c for c, e in settings()["contradiction"].items() if not e.get("raises", True)}
    for case_id, said in contradictions.items():
        pairs = [pair for pair in said if pair.code not in silent]
        if not pairs:
            continue
        text = f"Parts of the record contradict each other: {len(pairs)} such."
        source = ", ".join(dict.fromkeys(pair.source for pair in pairs))
        yield Finding(case_id, "contradiction", text, source, 0, "Q")
    kept = table.get_column("checks_done").null_count() < table.height
    enough = 1 - settings()["category"]["premature_share"]
    death = (table.get_column("kind").fill_null("death") == "death").to_list()
    closes = table.get_column("category_closes").to_list()
    # What is expected only below an age counts here for nobody, so that age moves no level.
    by_age = {name for name, check in checks().items() if check.expected == "unexplained_under_50"}
    ids = table.get_column("case_id").to_list()
    for row, (case_id, (expected, missing)) in enumerate(zip(ids, checked, strict=True)):
        if missing is None:
            if kept and death[row]:
                text = "The record does not say which enquiries were made."
                yield Finding(case_id, "checks_not_recorded", text, "checks_done", 0, "Q")
        elif closes[row] == "yes":
            asked = [name for name in expected if name not in by_age]
            made = sum(name not in missing for name in asked)
            if len(asked) - made > enough * len(asked):
                text = f"Called not suspicious with {made} of {len(asked)} expected enquiries recorded as made."
                source = "category_police, checks_done"
                yield Finding(case_id, "category_premature", text, source, 0, "Q")


def _put_together(
    case_id: str,
    findings: Sequence[Finding],
    contradictions: tuple[str, ...],
    checks_missing: tuple[str, ...],
    *,
    incident: bool,
) -> Triage:
    """One case's findings as reasons (each code once, what weighs most first), and the level they give."""
    if not findings:
        return Triage(case_id, 0, (), contradictions, checks_missing)
    by_code: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        by_code[finding.code, finding.direction].append(finding)
    merged = [_merge(same) for same in by_code.values()]
    merged.sort(key=lambda f: ("SLQE".index(f.direction), -f.points))
    reasons = [Reason(f.code, f.text, f.direction, f.source) for f in merged]
    return Triage(
        case_id,
        level_of(merged, incident=incident),
        tuple(reason for reason in reasons if reason.direction != "E"),
        contradictions,
        checks_missing,
        tuple(reason for reason in reasons if reason.direction == "E"),
    )


def _merge(same: list[Finding]) -> Finding:
    """Several ways to one reason as one: the words of what the record shows before those of the vocabulary."""
    if len(same) == 1:
        return same[0]
    shown = [f for f in same if f.source != "indicators"] or same[:1]
    text = " ".join(dict.fromkeys(f.text for f in shown))
    source = ", ".join(dict.fromkeys(f.source for f in same))
    points = max(f.points for f in same)
    return Finding(same[0].case_id, same[0].code, text, source, points, same[0].direction)
