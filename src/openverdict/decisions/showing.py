"""What was shown: the content itself, kept behind a salted commitment, and the event that says to whom and when.

A decision names what its author had seen. So an oversight body reads, years later, the very ratio, contributions, rank and
versions that were on the page, and the log proves that they are these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from openverdict.decisions.guarding import act
from openverdict.decisions.models import About, Disposal, Shown
from openverdict.decisions.roles import Access, Operation
from openverdict.decisions.subjects import Kind, Subject
from openverdict.errors import InputError
from openverdict.ledger.canonical import decimal_text
from openverdict.ledger.commitment import commit
from openverdict.ledger.events import CaseViewed, LeadShown, PairShown
from openverdict.ledger.lead_words import lead_words
from openverdict.ledger.models import Content, Lead, Link, Run, RunEnd, Triaged
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer

AT_ONCE = 1_000  # entries in one query
STRUCK_OUT = "(struck out)"


def snapshot(store: Store, subject: Subject, run: int, *, ratio: bool) -> dict[str, Any]:
    """What a run says of a subject, with canonical bytes; without `ratio`, nothing of how alike it found them.

    Raises:
        InputError: there is no such run, or it has not ended.
    """
    planned = store.rows(Run).filter(id=run).first()
    end = store.rows(RunEnd).filter(run_id=run).order_by("-id").first()
    if planned is None or end is None:
        raise InputError(f"run {run}: there is none of this number that has ended; choose another")
    told: dict[str, Any] = {
        "kind": subject.kind.value,
        "subject": subject.key,
        "cases": list(subject.cases),
        "run": run,
        "as_of": planned.as_of,
        "recorded_as_of": planned.recorded_as_of,
        "log_size": planned.log_size,
        "program_version": planned.program_version,
        "model_version": planned.model_version,
        "model_hash": planned.model_hash,
        "data_hash": planned.register_hash,
        "vocabularies": json.loads(planned.vocabularies),
        "ratio_shown": ratio,
    }
    if ratio:
        told |= _FOUND[subject.kind](store, subject, planned, end)
    return told


@act(Operation.VIEW, "subject", seen=True)
def show(
    store: Store,
    writer: Writer,
    subject: Subject,
    *,
    run: int,
    ratio: bool,
    page: Mapping[str, Any] | None = None,
    access: Access = Access.YES,
) -> int:
    """Record that the writer's actor is shown a subject; the number of the showing, which a view or a decision names.

    `page`: what else is on the page (facts, sentences), with canonical bytes; kept word for word. Who sees cases with what
    names people struck out sees no words of a lead, and only a page that was made so (it says `redacted`). `access` is filled
    in by who asked, not by callers.

    Raises:
        InputError: see `snapshot`; `page` has no canonical form; or a case of it was erased at the end of its time.
    """
    erased = store.rows(Disposal).filter(case_id__in=subject.cases).first()
    if erased is not None:
        raise InputError(
            f"{subject}: case {erased.case_id} was erased at the end of its time; there is nothing left to show "
            "(the consideration report tells what remains)"
        )
    content = snapshot(store, subject, run, ratio=ratio)
    if access is Access.REDACTED:
        content |= {name: STRUCK_OUT for name in ("lead",) if name in content}
    if page and (access is not Access.REDACTED or page.get("redacted")):
        content["page"] = dict(page)
    opening = commit(content)
    row = Shown(
        subject_kind=subject.kind.value,
        subject=subject.key,
        run=run,
        user=writer.actor,
        ratio_shown=int(ratio),
        snapshot=opening.commitment,
    )
    kept: dict[str, Any] = {"openings": {"snapshot": opening}, "snapshot": opening.commitment}
    rows = [row, *(About(case_id=case) for case in subject.cases)]
    if subject.kind is Kind.PAIR:
        first, second = subject.cases
        writer.record(
            PairShown, rows, run=str(run), case_a=first, case_b=second, ratio_shown=ratio, **kept
        )
    elif subject.kind is Kind.LEAD:
        writer.record(
            LeadShown,
            rows,
            run=str(run),
            lead=subject.key,
            cases=subject.cases,
            ratio_shown=ratio,
            **kept,
        )
    else:
        writer.record(
            CaseViewed, rows, case=subject.key, part="triage" if ratio else "facts", **kept
        )
    return int(row.id)


def last_showing(store: Store, subject: Subject, user: str, *, ratio: bool | None) -> int | None:
    """The last time that a subject was shown to a person: with the ratio, without it, or either way (None)."""
    rows = store.rows(Shown).filter(user=user, subject_kind=subject.kind.value, subject=subject.key)
    if ratio is not None:
        rows = rows.filter(ratio_shown=int(ratio))
    last = rows.order_by("-id").first()
    return None if last is None else int(last.id)


def is_showing_of(store: Store, shown: int, subject: Subject, user: str) -> bool:
    """Whether a showing is of this subject and to this person."""
    rows = store.rows(Shown).filter(id=shown, user=user)
    return bool(rows.filter(subject_kind=subject.kind.value, subject=subject.key).exists())


def content_of(store: Store, entry: int, name: str) -> Any:
    """The personal content that an entry of the log speaks of under this name; None when it was erased."""
    kept = store.rows(Content).filter(event_id=entry, name=name).first()
    return None if kept is None else json.loads(kept.value)


def contents_of(store: Store, entries: Sequence[int], name: str) -> dict[int, Any]:
    """The same for many entries, by their numbers; an entry whose content was erased is not among them."""
    found: dict[int, Any] = {}
    for start in range(0, len(entries), AT_ONCE):
        part = list(entries[start : start + AT_ONCE])
        kept = store.rows(Content).filter(event_id__in=part, name=name)
        found |= {
            entry: json.loads(value) for entry, value in kept.values_list("event_id", "value")
        }
    return found


def ratio_of(store: Store, subject: Subject, run: int) -> float | None:
    """The log10 ratio of a pair or a lead in a run; None where the run lists none."""
    if subject.kind is Kind.PAIR:
        found = _link(store, subject, run)
    elif subject.kind is Kind.LEAD:
        found = store.rows(Lead).filter(id=int(subject.key)).first()
    else:
        return None
    return None if found is None or found.log10_lr is None else float(found.log10_lr)


def _link(store: Store, subject: Subject, run: int) -> Link | None:
    first, second = subject.cases
    return (
        store.rows(Link)
        .filter(run_id=run, case_a__in=(first, second), case_b__in=(first, second))
        .first()
    )


def _pair(store: Store, subject: Subject, run: Run, end: RunEnd) -> dict[str, Any]:
    link = _link(store, subject, run.id)
    if link is None:
        return {"log10_lr": None, "rank": None, "below_floor": decimal_text(run.floor)}
    terms = zip(json.loads(end.variables), json.loads(link.terms), strict=True)
    return {
        "log10_lr": decimal_text(link.log10_lr),
        "rank": link.rank,
        "listed_because": link.shown,
        "contributions": [
            {"variable": name, "log10_lr": decimal_text(value)} for name, value in terms
        ],
    }


def _lead(store: Store, subject: Subject, run: Run, _: RunEnd) -> dict[str, Any]:
    found = store.rows(Lead).filter(id=int(subject.key), run_id=run.id).first()
    if found is None:
        raise InputError(f"lead {subject.key} is not of run {run.id}; show it from its own run")
    return {
        "log10_lr": None if found.log10_lr is None else decimal_text(found.log10_lr),
        "rank": found.rank,
        "chance_per_year": None
        if found.chance_per_year is None
        else decimal_text(found.chance_per_year),
        # Of a group of hundreds, as its page has it: not every pair of them word for word, each time that it is shown.
        "lead": _without_floats(lead_words(store, found.id)),
    }


def _case(store: Store, subject: Subject, run: Run, _: RunEnd) -> dict[str, Any]:
    found = store.rows(Triaged).filter(run_id=run.id, case_id=subject.key).first()
    return {"triage_level": None if found is None else found.level}


_FOUND = {Kind.PAIR: _pair, Kind.LEAD: _lead, Kind.CASE: _case}


def _without_floats(value: Any) -> Any:
    if isinstance(value, float):
        return decimal_text(value)
    if isinstance(value, dict):
        return {key: _without_floats(item) for key, item in value.items()}
    return [_without_floats(item) for item in value] if isinstance(value, list) else value
