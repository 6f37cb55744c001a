"""Deciding on many pairs at once: only "not similar", only what is weak, one reason for all, one event for each pair."""

from __future__ import annotations

import json
from collections.abc import Sequence

from openverdict.decisions.deciding import (
    Opinion,
    check_opinion,
    second_needed,
)
from openverdict.decisions.guarding import act
from openverdict.decisions.models import Decision
from openverdict.decisions.policy import in_force
from openverdict.decisions.roles import Operation
from openverdict.decisions.showing import ratio_of, snapshot
from openverdict.decisions.standing import is_mentioned, stands_on
from openverdict.decisions.steps import record_decision, refuse_machine
from openverdict.decisions.subjects import Kind, Subject
from openverdict.decisions.words import Conclusion
from openverdict.errors import InputError
from openverdict.ledger.commitment import commit
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer


@act(Operation.DECIDE_TOGETHER, "pairs")
def decide_together(
    store: Store,
    writer: Writer,
    pairs: Sequence[Subject],
    reasons: tuple[str, ...],
    text: str,
    *,
    run: int,
) -> list[int]:
    """Decide "not similar" on pairs that one list showed, all or none; the numbers of the decisions.

    Each pair gets its own event with its own snapshot. The policy bounds how many, and below which ratio. No first view is
    asked for, since nobody looked at them one by one; that is what the name of the whole in `bulk` says.

    Raises:
        InputError: a pair is too strong, mentioned, decided on before, or comes twice; nothing was written.
    """
    writer.flush()
    refuse_machine(writer)
    policy = in_force(store)
    opinion = Opinion(Conclusion.NOT_SIMILAR.value, reasons, text)
    if not 0 < len(pairs) <= policy.bulk_largest:
        raise InputError(
            f"{len(pairs)} pairs at once; the policy allows 1 to {policy.bulk_largest}"
        )
    if len({each.key for each in pairs}) != len(pairs):
        raise InputError("a pair comes twice; name each once")
    ratios = []
    for each in pairs:
        if each.kind is not Kind.PAIR:
            raise InputError(f"{each}: only pairs are decided on together")
        ratio = ratio_of(store, each, run)
        if is_mentioned(store, each):
            raise InputError(
                f"{each}: one record names the other; open it, a person has to consider it"
            )
        if ratio is not None and ratio >= policy.bulk_below_log10_lr:
            raise InputError(f"{each}: too alike to be decided on together with others; open it")
        if (first := stands_on(store, each.kind, each.key).first) is not None:
            raise InputError(f"{each}: decision {first.id} stands; leave the pair out")
        check_opinion(store, each, opinion, policy)
        ratios.append(ratio)
    name = f"bulk-{writer.size}"
    numbers = []
    for each, ratio in zip(pairs, ratios, strict=True):
        shown = commit(snapshot(store, each, run, ratio=True))
        row = Decision(
            subject_kind=each.kind.value,
            subject=each.key,
            user=writer.actor,
            conclusion=opinion.conclusion,
            reasons=json.dumps(list(reasons)),
            place=1,
            run=run,
            second_needed=int(second_needed(store, each, opinion.conclusion, ratio, policy)),
            policy=policy.version,
            log10_lr=ratio,
            bulk=name,
        )
        openings = {"text": commit(text.strip()), "snapshot": shown}
        numbers.append(record_decision(store, writer, row, each, openings, shown.commitment))
    return numbers
