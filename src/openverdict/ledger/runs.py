"""Runs: fixed, dated and stored before they begin; links, levels and leads stored when they end.

A run compares records with each other, so it is logged as a combination. Its rule of inclusion stands in the log before
anything is looked at; nobody can choose it afterwards by what came out. A run that fails or is stopped says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, is_dataclass, replace
from datetime import date
from hashlib import sha256
from importlib.resources import files
from typing import Any

import polars as pl

from openverdict.cases import Register
from openverdict.errors import InputError
from openverdict.evidence import load_variables, model_hash
from openverdict.leads import Lead as FoundLead
from openverdict.leads import Review, Settings
from openverdict.leads.setup import CASE_LEVEL, LEAD_BAR, MODEL_VERSION, ledger_floor
from openverdict.ledger.canonical import canonical_bytes, decimal_text
from openverdict.ledger.events import LeadRaised, MentionRaised, RunFinished, RunPlanned
from openverdict.ledger.facts import AsOf
from openverdict.ledger.models import (
    Content,
    Event,
    Lead,
    LeadCase,
    Link,
    Mention,
    Run,
    RunEnd,
    Triaged,
)
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Block, Writer

VOCABULARIES = {
    "openverdict.cases": ("fields", "indicators", "substances", "checks"),
    "openverdict.evidence": ("variables",),
    "openverdict.leads": ("triage", "next_checks", "record"),
}
DONE, FAILED, STOPPED = "done", "failed", "stopped"


def vocabularies() -> dict[str, str]:
    """SHA-256 of every file of words and rules that a run reads, by name."""
    found = {}
    for package, names in VOCABULARIES.items():
        for name in names:
            data = files(package).joinpath(f"data/{name}.toml").read_bytes()
            found[f"{name}.toml"] = sha256(data).hexdigest()
    return found


def inclusion_rule(settings: Settings, as_of: AsOf) -> dict[str, Any]:
    """By which rule cases, pairs and leads are included, in words and numbers; fixed before the run.

    The floor of the settings must be a number here.
    """
    if settings.floor is None:
        raise ValueError("the floor of a run is fixed before it; give its number")
    known = settings.known_series
    return {
        "cases": "every case that the store held and that was known by then, whatever its category and "
        "whether it is closed or not",
        "pairs": "every pair of cases; listed from the floor on, counted below it",
        "leads": "series from the bar on whose chance rate is within the budget; single cases from the level on",
        "floor_log10_lr": decimal_text(settings.floor),
        "bar_strength": decimal_text(LEAD_BAR),
        "case_level": CASE_LEVEL,
        "budget_per_year": decimal_text(settings.budget),
        "null_registers": settings.replicates,
        "as_of": None if as_of.known is None else as_of.known.isoformat(),
        "recorded_as_of": None if as_of.recorded is None else as_of.recorded.isoformat(),
        "watched_pairs": [list(pair) for pair in settings.watch],
        "known_series_sha256": None if known is None else sha256(known.read_bytes()).hexdigest(),
        "into_the_register": None if settings.inclusion is None else settings.inclusion.told(),
    }


def plan_run(
    store: Store,
    register: Register,
    settings: Settings,
    *,
    as_of: AsOf,
    entries: int,
    actor: str,
    purpose: str,
    program_version: str,
) -> int:
    """Fix a run and store it, before it begins; its number.

    Args:
        store: where the register was read from.
        register: what the run will see (already replayed to `as_of.known`).
        settings: how it will be run.
        as_of: which day it asks about.
        entries: how many entries of the log it was read from.
        actor: who runs it.
        purpose: why, as a code.
        program_version: of what runs it.
    """
    floor = ledger_floor(len(register)) if settings.floor is None else settings.floor
    settings = replace(settings, floor=floor)
    rule = canonical_bytes(inclusion_rule(settings, as_of)).decode()
    words = canonical_bytes(vocabularies()).decode()
    with store.writing(actor, purpose) as writer:
        run = Run(
            as_of=None if as_of.known is None else as_of.known.isoformat(),
            recorded_as_of=None if as_of.recorded is None else as_of.recorded.isoformat(),
            log_size=entries,
            cases=len(register),
            register_hash=register.content_hash(),
            program_version=program_version,
            model_version=MODEL_VERSION,
            model_hash=model_hash(load_variables(settings.variables)),
            vocabularies=words,
            seed=settings.seed,
            budget=float(settings.budget),
            floor=float(floor),
            null_registers=settings.replicates,
            rule=rule,
        )
        writer.record(
            RunPlanned,
            [run],
            run=str(writer.next_id(Run)),
            cases=run.cases,
            register_sha256=run.register_hash,
            rule_sha256=sha256(rule.encode()).hexdigest(),
            program_version=run.program_version,
            model_version=run.model_version,
            model_sha256=run.model_hash,
            vocabularies_sha256=sha256(words.encode()).hexdigest(),
            seed=run.seed,
            floor=decimal_text(run.floor),
            log_size=entries,
            null_registers=run.null_registers,
            budget=decimal_text(run.budget),
            as_of=run.as_of,
            recorded_as_of=run.recorded_as_of,
        )
    return int(run.id)


def finish_run(
    store: Store,
    run: int,
    result: Review,
    *,
    actor: str,
    purpose: str,
    outputs: Mapping[str, str] | None = None,
) -> None:
    """Store what came out: leads, links, levels, and the summary, in one transaction.

    `outputs`: SHA-256 of the files that were written, by name, so that they can be recognised later.

    Raises:
        InputError: the log says already how the run ended.
    """
    summary = json.dumps(dict(result.summary), sort_keys=True, ensure_ascii=False, default=str)
    with store.writing(actor, purpose) as writer:
        if (said := outcome_of(store, run)) is not None:
            raise InputError(
                f"run {run}: ended before ({said}); nothing of it was stored: run it again"
            )
        # By name, so that a lead's number, which stands in its address, doesn't tell its rank to who is still to look at it.
        for lead in sorted(result.leads, key=lambda lead: lead.lead_id):
            _raise_lead(writer, run, lead)
        _raise_mentions(store, writer, result)
        variables = [name for name in result.links.columns if name.startswith("lr_")]
        end = RunEnd(
            run_id=run,
            pairs_total=int(result.summary["pairs_total"]),
            pairs_ledger=int(result.summary["pairs_ledger"]),
            pairs_remainder=int(result.summary["pairs_remainder"]),
            leads=len(result.leads),
            variables=json.dumps([name.removeprefix("lr_") for name in variables]),
            outputs=canonical_bytes(dict(outputs or {})).decode(),
            summary=summary,
        )
        levels = [(run, triaged.case_id, triaged.level) for triaged in result.triage]
        links = list(_links(run, result, variables))
        writer.record(
            RunFinished,
            [end, Block(Triaged, levels), Block(Link, links)],
            run=str(run),
            outcome=DONE,
            pairs_total=end.pairs_total,
            pairs_ledger=end.pairs_ledger,
            pairs_remainder=end.pairs_remainder,
            leads=end.leads,
            summary_sha256=sha256(summary.encode()).hexdigest(),
        )


def abandon_run(store: Store, run: int, outcome: str, *, actor: str, purpose: str) -> None:
    """Say that a run came to nothing: `failed` or `stopped`; nothing where the log says already how it ended."""
    with store.writing(actor, purpose) as writer:
        if outcome_of(store, run) is not None:
            return
        writer.record(
            RunFinished,
            run=str(run),
            outcome=outcome,
            pairs_total=0,
            pairs_ledger=0,
            pairs_remainder=0,
            leads=0,
        )


def outcomes(store: Store, since: int = 0) -> dict[int, tuple[str, str]]:
    """By number of the run: how it ended (done, failed, stopped) and when, by the entries of the log from `since` on."""
    found = store.rows(Event).filter(kind=RunFinished.kind, seq__gte=since).order_by("seq")
    ended: dict[int, tuple[str, str]] = {}
    for body, at in found.values_list("body", "at"):
        told = json.loads(body)["data"]
        ended.setdefault(int(told["run"]), (str(told["outcome"]), str(at)))
    return ended


def outcome_of(store: Store, run: int) -> str | None:
    """How a run ended, by the log; None while nothing says so."""
    planned = store.rows(Run).filter(id=run).values_list("event_id", flat=True).first()
    found = outcomes(store, planned or 0).get(run)
    return None if found is None else found[0]


def _raise_lead(writer: Writer, run: int, lead: FoundLead) -> None:
    number = writer.next_id(Lead)
    row = Lead(
        run_id=run,
        rank=lead.rank,
        lead_id=lead.lead_id,
        kind=lead.kind,
        log10_lr=_float(lead.log10_lr),
        strength=_float(lead.strength),
        chance_per_year=_float(lead.chance_per_year),
        first_raised=lead.first_raised.isoformat(),
        mandatory=int(lead.mandatory),
    )
    words = json.dumps(asdict(lead), sort_keys=True, ensure_ascii=False, default=_plain)
    writer.record(
        LeadRaised,
        [
            row,
            Block(LeadCase, [(number, case) for case in lead.cases]),
            Content(name="lead", value=words),
        ],
        run=str(run),
        lead=str(number),
        lead_kind=lead.kind,
        rank=lead.rank,
        cases=tuple(lead.cases),
        log10_lr=_decimal(lead.log10_lr),
        chance_per_year=_decimal(lead.chance_per_year),
    )


def _raise_mentions(store: Store, writer: Writer, result: Review) -> None:
    """Pairs in which one case names the other, if they were not raised before."""
    pairs = [(w.case_a, w.case_b) for w in result.watched if w.mandatory]
    if not pairs:
        return
    known = {frozenset(pair) for pair in store.rows(Mention).values_list("case_a", "case_b")}
    for case_a, case_b in pairs:
        if frozenset((case_a, case_b)) in known:
            continue
        row = Mention(case_a=case_a, case_b=case_b)
        writer.record(
            MentionRaised, [row], case_a=case_a, case_b=case_b, source_field="mentions_cases"
        )


def _links(run: int, result: Review, variables: list[str]) -> Iterator[tuple[Any, ...]]:
    """The pairs at or above the floor in their order, then those shown for another reason."""
    why = {(w.case_a, w.case_b): "mandatory" if w.mandatory else "watched" for w in result.watched}
    texts = result.links.select(
        "case_a",
        "case_b",
        "log10_lr",
        terms="["
        + pl.concat_str([pl.col(name).cast(pl.String()) for name in variables], separator=",")
        + "]"
        if variables
        else pl.lit("[]"),
    )
    for rank, (case_a, case_b, ratio, terms) in enumerate(texts.iter_rows(), start=1):
        shown = why.pop((case_a, case_b), "floor")
        yield run, rank, case_a, case_b, ratio, terms, shown
    left = {(w.case_a, w.case_b): w for w in result.watched}
    for pair, shown in why.items():
        link = left[pair]
        terms = {c.variable: c.log10_lr for c in link.contributions}
        listed = json.dumps([terms.get(name.removeprefix("lr_"), 0.0) for name in variables])
        yield run, None, *pair, float(link.log10_lr), listed, shown


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)


def _decimal(value: float | None) -> str | None:
    return None if value is None else decimal_text(float(value))


def _plain(value: Any) -> Any:
    """What JSON has no form for: days as ISO text, numbers of other libraries as numbers."""
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "item"):
        return value.item()
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)
