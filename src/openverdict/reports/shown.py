"""What a person is shown of a pair, a lead or a case without a browser: facts side by side, and the ratio if asked for.

The facts are those of the run that the page speaks of: what was known on its day, as the store held it then. A page that
showed later facts under an earlier run would be hindsight; what came in since is counted instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openverdict.cases import FieldType, Status, dictionary
from openverdict.cases.words import item_label
from openverdict.decisions.guarding import look
from openverdict.decisions.roles import Access, Operation
from openverdict.decisions.subjects import Subject
from openverdict.errors import InputError
from openverdict.evidence.relation import LABEL, TERM
from openverdict.evidence.variables import load_variables
from openverdict.ledger.models import Fact, Run
from openverdict.ledger.store import Store
from openverdict.narrative import under_policy
from openverdict.reports.consideration import PLAIN
from openverdict.reports.labels import STATUS_WORDS, level_words
from openverdict.reports.words import counted, sentence_case, signed, weight


@look(Operation.VIEW, "subject", seen=True)
def facts_page(
    store: Store,
    subject: Subject,
    run: int,
    *,
    user: str | None = None,
    access: Access = Access.YES,
) -> dict[str, Any]:
    """The facts of a subject's cases as a run had them, for `decisions.show(page=…)`: plain values with canonical bytes.

    `user`: who looks; may be left out only where the store has no accounts. Who sees cases with what names people struck out
    gets what names nobody. A fact that no person accepted names its `policy`. `recorded_since`: how many facts about these
    cases came in after the run was fixed. `access` is filled in by the table of roles, not by callers.

    Raises:
        InputError: there is no such run.
    """
    redacted = access is Access.REDACTED
    planned = store.rows(Run).filter(id=run).first()
    if planned is None:
        raise InputError(f"run {run}: there is none of this number; choose another")
    rows = list(store.rows(Fact).filter(case_id__in=subject.cases).order_by("id"))
    held = [row for row in rows if row.event_id < planned.log_size]
    known = [row for row in held if _was_known(row.known_from, planned.as_of)]
    gone = {row.supersedes for row in known}
    order = {name: place for place, name in enumerate(dictionary())}
    left = [
        row
        for row in known
        if row.id not in gone and row.field != "known_from" and (not redacted or row.field in PLAIN)
    ]
    left.sort(key=lambda row: (order.get(row.field, len(order)), subject.cases.index(row.case_id)))
    return {
        "facts": [
            {
                "case": row.case_id,
                "field": row.field,
                "value": row.value,
                "status": row.status,
                "known_from": row.known_from,
                **_policy(row.origin),
            }
            for row in left
        ],
        "recorded_since": len(rows) - len(held),
        "redacted": redacted,
    }


def shown_text(shown: Mapping[str, Any]) -> str:
    """What was shown (`decisions.showing.snapshot`, with its page) as lines for a terminal."""
    as_of = shown["as_of"]
    known = f"what was known at the end of {as_of}" if as_of else "everything the store held"
    lines = [
        f"{sentence_case(shown['kind'])} {shown['subject']}: {', '.join(shown['cases'])}",
        f"Run {shown['run']}, on {known}; model {shown['model_version']}.",
    ]
    lines += _strength(shown) if shown["ratio_shown"] else ["The ratio is not shown."]
    page = shown.get("page", {})
    before = None
    for fact in page.get("facts", ()):
        if fact["field"] != before:
            field = dictionary().get(fact["field"])
            lines.append(field.label if field else fact["field"])
            before = fact["field"]
        since = f"  (known from {fact['known_from'][:10]})" if fact["known_from"] else ""
        by = f"  (under policy {fact['policy']}, by no person)" if "policy" in fact else ""
        lines.append(f"  {fact['case']}: {value_text(fact)}{since}{by}")
    if page.get("recorded_since"):
        facts = counted(page["recorded_since"], "fact")
        lines.append(
            f"Since that run, {facts} about these cases came in: review again to see them."
        )
    return "\n".join(lines)


def value_text(fact: Mapping[str, Any]) -> str:
    """One fact's value in words."""
    if fact["status"] != Status.RECORDED:
        return STATUS_WORDS.get(fact["status"], fact["status"])
    field = dictionary().get(fact["field"])
    if field is None or field.type not in (FieldType.CODE, FieldType.ITEMS, FieldType.KEYS):
        return str(fact["value"])
    return "; ".join(item_label(field, item) for item in str(fact["value"]).split(";"))


def variable_labels() -> dict[str, str]:
    """The label of each evidence variable by its name."""
    return {each.name: each.label for each in load_variables()} | {TERM: LABEL}


def _policy(origin: str | None) -> dict[str, str]:
    """By which policy a fact stands that no person accepted; nothing of any other."""
    found = under_policy(origin)
    return {} if found is None else {"policy": f"{found.name} {found.version}"}


def _was_known(known_from: str | None, as_of: str | None) -> bool:
    """Whether a fact was known by the end of a day; what has no day is in no replay."""
    return as_of is None or (known_from is not None and known_from[:10] <= as_of)


def _strength(shown: Mapping[str, Any]) -> list[str]:
    if shown["kind"] == "case":
        level = shown.get("triage_level")
        return [
            "No run has looked at it alone." if level is None else f"Alone: {level_words(level)}."
        ]
    ratio = shown.get("log10_lr")
    if ratio is None:
        floor = shown.get("below_floor")
        return [f"The run listed no ratio: it is below {floor}." if floor else "It has no ratio."]
    rank = f", rank {shown['rank']:,}" if shown.get("rank") else ""
    lines = [f"Log10 likelihood ratio {signed(float(ratio))}{rank}. {weight(float(ratio))}"]
    labels = variable_labels()
    terms = sorted(shown.get("contributions", ()), key=lambda t: -abs(float(t["log10_lr"])))
    lines += [
        f"  {signed(float(term['log10_lr'])):>7}  {labels.get(term['variable'], term['variable'])}"
        for term in terms
        if float(term["log10_lr"])
    ]
    lead = shown.get("lead")
    if not isinstance(lead, Mapping):
        return lines  # struck out, or there is none
    for key, head in (("supports", "For"), ("against", "Against"), ("innocent", "Innocently")):
        lines += [f"  {head}: {sentence}" for sentence in lead.get(key, ())]
    return lines
