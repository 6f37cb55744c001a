"""Taking proposals in that records of persons are of one, and deciding on them: accept, reject, undo, or let a threshold count.

Records are compared outside of the store, where names are (`openverdict identity propose`); in here there are keyed hashes,
roles and numbers of cases. A proposal is a lead for a person. An acceptance links two records and merges nothing: in each case
a fact of the field `persons` with the key of the person comes of it, which an undo supersedes. Nothing is overwritten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from openverdict.decisions.guarding import act, look
from openverdict.decisions.lateness import note
from openverdict.decisions.linked import (
    ACCEPTED,
    REJECTED,
    UNDONE,
    Settled,
    cases_of,
    decided,
    group,
    newest,
    proposal_row,
    settle,
    threshold,
)
from openverdict.decisions.models import (
    About,
    IdentityComparison,
    IdentityDecision,
    IdentityThreshold,
    RecordPair,
)
from openverdict.decisions.roles import Operation
from openverdict.decisions.steps import about, refuse_machine, said
from openverdict.errors import InputError
from openverdict.identity import Action, Run, in_force
from openverdict.identity.run import ACCOUNT, WHY
from openverdict.ledger.canonical import canonical_bytes, decimal_text
from openverdict.ledger.events import (
    IdentitiesProposed,
    IdentityResolved,
    PersonsCompared,
    PolicyAdopted,
)
from openverdict.ledger.models import Case, Content
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Block, Writer

BY_A_PERSON, FROM_FOLDER = "person", "decided_in_the_folder"
POLICY, TEXT = "identities", "text"
_OUTCOMES = {Action.ACCEPT: ACCEPTED, Action.REJECT: REJECTED}


@dataclass(frozen=True)
class TakenIn:
    """What became of a comparison: proposals that wait or count, pairs known to contradict, pairs of cases that the store does
    not have, decisions taken over from its folder, and the facts that came and went.
    """

    comparison: int
    proposals: int
    contradictions: int
    left_out: int
    decisions: int
    facts: int
    superseded: int


@dataclass(frozen=True)
class ForeseenRun:
    """What would become of a comparison. `decisions`: made in its folder, that would be taken over; `standing`: decisions that
    stand in the store, and would hold on; `refused`: why it can't be taken in, or None.
    """

    proposals: int
    contradictions: int
    left_out: int
    decisions: int
    standing: int
    refused: str | None


@dataclass(frozen=True)
class Linked:
    """A decision on two records: its number, the facts that came and went, and why the link was not followed, if it was not."""

    decision: int
    facts: int
    superseded: int
    not_followed: tuple[str, ...]


@act(Operation.COLLECT)
def take_in(store: Store, writer: Writer, run: Run) -> TakenIn:
    """Take in what a comparison proposed, of cases that the store has. It stands in the place of the one before it.

    Decisions that stand in the store hold on; those made in the folder are taken over, each under the name of whoever made
    it. None of the rest counts before a person accepts it, or it is over the threshold of the house (`let_count`).

    Raises:
        InputError: it was taken in before, or its keys were made with another secret than those that people decided on.
    """
    writer.flush()
    began = writer.size
    if (refused := _refusal(store, run)) is not None:
        raise InputError(f"{run.folder}: {refused}")
    number = writer.next_id(IdentityComparison)
    rows, left_out = _rows(store, run, number)
    pairs = sum(map(len, rows.values()))
    row = IdentityComparison(
        model=run.model,
        secret=run.account["secret"],
        account=_account(run),
        threshold=float(run.account["threshold"]),
        records=run.records.height,
        pairs=pairs,
        left_out=left_out,
    )
    writer.record(
        PersonsCompared,
        [row],
        comparison=str(number),
        model_sha256=run.model,
        account_sha256=row.account,
        threshold=decimal_text(row.threshold),
        records=row.records,
        pairs=pairs,
        left_out=left_out,
    )
    for cases, values in rows.items():
        writer.record(
            IdentitiesProposed,
            [*(About(case_id=case) for case in cases), Block(RecordPair, values)],
            comparison=str(number),
            cases=cases,
            pairs=len(values),
        )
    writer.flush()
    taken = _take_over(store, writer, run, number)
    settled = settle(store, writer)
    note(store, writer, began)
    proposed = store.rows(RecordPair).filter(comparison=number, probability__isnull=False).count()
    contradicting = store.rows(RecordPair).filter(comparison=number, contradiction__isnull=False)
    return TakenIn(
        number,
        proposed,
        contradicting.count(),
        left_out,
        taken,
        settled.entered,
        settled.superseded,
    )


@look(Operation.COLLECT)
def foresee(store: Store, run: Run, *, user: str | None = None) -> ForeseenRun:
    """What taking a comparison in would come to; nothing is written."""
    rows, left_out = _rows(store, run, 0)
    pairs = [values for part in rows.values() for values in part]
    stands = decided(store)
    taken = [pair for pair in in_force(run.decisions) if pair not in stands]
    known = {values[2:4] for values in pairs if values[1]}
    return ForeseenRun(
        sum(bool(values[1]) for values in pairs),
        sum(values[-1] is not None for values in pairs),
        left_out,
        sum(pair in known for pair in taken),
        len(stands),
        _refusal(store, run),
    )


def _account(run: Run) -> str:
    """The hash of the account of a comparison."""
    return sha256((run.folder / ACCOUNT).read_bytes()).hexdigest()


def _refusal(store: Store, run: Run) -> str | None:
    """Why a comparison can't be taken in, if it can't."""
    last = newest(store)
    if last is None:
        return None
    if last.account == _account(run):
        return f"was taken in before (comparison {last.id})"
    if last.secret != run.account["secret"] and (held := len(decided(store))):
        return (
            f"its keys were made with another secret than those of the {held:,} decisions in the store, which would be lost; "
            "compare again with that secret"
        )
    return None


def _touched(store: Store, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Every case in which a person of the proposal, as links have it, would stand or stood: all of them may change."""
    row = proposal_row(store, given["proposal"])
    if row is None:
        return ()
    return tuple(sorted(cases_of(store, group(store, (row.record_a, row.record_b)))))


@act(Operation.ENTER_FACTS, cases=_touched)
def accept(store: Store, writer: Writer, proposal: str, text: str) -> Linked:
    """Say that two records are of one person. `text`: why, without a name of anybody; it is kept beside the log.

    Raises:
        InputError: there is no such proposal, somebody decided on it, there are no words, or the machine acts.
    """
    return _decide(store, writer, proposal, ACCEPTED, text)


@act(Operation.ENTER_FACTS, cases=_touched)
def reject(store: Store, writer: Writer, proposal: str, text: str) -> Linked:
    """Say that two records are of two persons: no chain of other links joins them from then on either.

    Raises:
        InputError: as `accept`.
    """
    return _decide(store, writer, proposal, REJECTED, text)


@act(Operation.ENTER_FACTS, cases=_touched)
def undo(store: Store, writer: Writer, proposal: str, text: str) -> Linked:
    """Take back what stands on two records; both decisions stay in the record, and the facts of the link are superseded.

    Raises:
        InputError: as `accept`, or nothing stands that could be undone.
    """
    return _decide(store, writer, proposal, UNDONE, text)


@act(Operation.ADOPT_POLICY)
def let_count(
    store: Store, writer: Writer, least: float | None, text: str | None = None
) -> Settled:
    """Let pairs that nobody decided on count as one person from this probability on, or none of them (None), from now on.

    `text`: why, kept beside the log. What a rule holds back never counts undecided, and neither does what the comparison had
    below its own threshold.

    Raises:
        InputError: no probability, it stands so already, or the machine acts.
    """
    writer.flush()
    refuse_machine(writer)
    began = writer.size
    if least is not None and not 0.5 <= least < 1:
        raise InputError(f"threshold {least:g}: give a probability from 0.5 on, below 1")
    if threshold(store) == least:
        raise InputError("that is in force already")
    word = "none" if least is None else decimal_text(least)
    why = [] if text is None else [_content(said(text, "threshold"))]
    writer.record(
        PolicyAdopted,
        [IdentityThreshold(least=least), *why],
        policy=POLICY,
        policy_version=word,
        sha256=sha256(word.encode()).hexdigest(),
    )
    settled = settle(store, writer)
    note(store, writer, began)
    return settled


def _decide(store: Store, writer: Writer, proposal: str, outcome: str, text: str) -> Linked:
    writer.flush()
    refuse_machine(writer)
    began = writer.size
    text = said(text, f"proposal {proposal}")
    row = proposal_row(store, proposal)
    if row is None:
        raise InputError(
            f"proposal {proposal}: there is none of this key; see: openverdict persons list"
        )
    records = (row.record_a, row.record_b)
    before = decided(store, records).get(records)
    if outcome == UNDONE and before is None:
        raise InputError(f"proposal {proposal}: nothing stands that could be undone")
    if outcome != UNDONE and before is not None:
        raise InputError(f"proposal {proposal}: {before.user} {before.outcome} it; undo that first")
    reached = group(store, records)
    number = _record(store, writer, row, outcome, text, writer.actor, BY_A_PERSON)
    writer.flush()
    settled = settle(store, writer, reached | group(store, records))
    note(store, writer, began)
    return Linked(number, settled.entered, settled.superseded, _not_followed(settled, records))


def _record(
    store: Store,
    writer: Writer,
    row: RecordPair,
    outcome: str,
    text: str,
    user: str,
    rule: str,
) -> int:
    last = store.rows(IdentityDecision).filter(record_a=row.record_a, record_b=row.record_b)
    before = last.order_by("-id").first()
    decision = IdentityDecision(
        proposal=row.proposal,
        record_a=row.record_a,
        record_b=row.record_b,
        user=user,
        outcome=outcome,
        probability=row.probability,
        comparison=row.comparison,
        supersedes=None if before is None else before.id,
    )
    why = _content(text)
    cases = sorted({row.case_a, row.case_b})
    writer.record(
        IdentityResolved,
        [decision, *about(cases), why],
        records=(row.record_a, row.record_b),
        outcome=outcome,
        rule=rule,
    )
    return int(decision.id)


def _content(text: str) -> Content:
    """Words beside the log."""
    return Content(name=TEXT, value=canonical_bytes(text).decode(), salt=None)


def _not_followed(settled: Settled, records: tuple[str, str]) -> tuple[str, ...]:
    """Why the link between these records was set aside, if it was."""
    return tuple(
        f"it would join {each.one} with {each.other}, and {WHY[each.why]}"
        for each in settled.clusters.set_aside
        if (each.link.a, each.link.b) == records
    )


def _take_over(store: Store, writer: Writer, run: Run, number: int) -> int:
    """The decisions of a folder that nobody has decided otherwise on in the store."""
    stands, count = decided(store), 0
    for pair, decision in sorted(in_force(run.decisions).items()):
        row = proposal_row(store, decision.proposal)
        if pair in stands or row is None:
            continue
        outcome = _OUTCOMES[decision.action]
        text = f"{decision.reason} (decided in the folder, {decision.at})"
        _record(store, writer, row, outcome, text, decision.by, FROM_FOLDER)
        count += 1
    writer.flush()
    return count


def _rows(
    store: Store, run: Run, number: int
) -> tuple[dict[tuple[str, ...], list[tuple[Any, ...]]], int]:
    """Every pair that was proposed or contradicts, by the cases that it is of, and how many were left out."""
    known = set(store.rows(Case).values_list("case_id", flat=True).iterator())
    of = {row["record"]: row for row in run.records.iter_rows(named=True)}
    said = {(row["record_a"], row["record_b"]): row for row in run.proposals.iter_rows(named=True)}
    against = {(a, b): why for a, b, why in run.contradictions.iter_rows()}
    found: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
    left_out = 0
    for pair in [*said, *sorted(set(against) - set(said))]:
        one, other = (of[record] for record in pair)
        if not {one["case_id"], other["case_id"]} <= known:
            left_out += 1
            continue
        proposed = said.get(pair)
        told = (
            ("", None, None, 0, None, None)
            if proposed is None
            else (
                proposed["proposal"],
                proposed["probability"],
                proposed["bits"],
                int(proposed["over_threshold"] == "yes"),
                proposed["held_back"],
                proposed["why"],
            )
        )
        sides = [
            value
            for name in ("case_id", "role", "source", "record_id")
            for value in (one[name], other[name])
        ]
        cases = tuple(sorted({one["case_id"], other["case_id"]}))
        found[cases].append((number, told[0], *pair, *sides, *told[1:], against.get(pair)))
    return dict(found), left_out
