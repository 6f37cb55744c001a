"""What a run changed: leads, pairs and levels beside those of the run before, and that the owners of the cases are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from openverdict import same_person, under_policy
from openverdict.cases import Register
from openverdict.decisions.access import allowed
from openverdict.decisions.exhibits import listed
from openverdict.decisions.guarding import look
from openverdict.decisions.models import LateFact, Notice, RunCompared
from openverdict.decisions.roles import Operation
from openverdict.decisions.steps import tell_owner
from openverdict.errors import InputError
from openverdict.intake.plausible import strange
from openverdict.leads import Review, Settings, review
from openverdict.ledger.events import RunsCompared
from openverdict.ledger.facts import AsOf, entries_by, read_store
from openverdict.ledger.models import Lead, LeadCase, Link, Run, RunEnd, Triaged
from openverdict.ledger.runs import FAILED, STOPPED, abandon_run, finish_run, plan_run
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer

LEAST = 0.05  # log10: what a pair or a lead has to move by to be named
LIST_CHANGED = "list_changed"


@dataclass(frozen=True)
class Moved:
    """A lead or a pair by its cases: log10 ratio and rank in the run before and after; None where it was not listed."""

    cases: tuple[str, ...]
    ratio_before: float | None
    ratio_after: float | None
    rank_before: int | None
    rank_after: int | None


@dataclass(frozen=True)
class Level:
    """A case whose triage level is another; None: it was not in that run."""

    case: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class Changes:
    """What is other in run `after` than in run `before`. `touched`: cases with results that came between the two.

    `leads`: those that are new, gone, or whose ratio or rank moved; `pairs`: those that came, went, or whose ratio moved.
    `hidden`: how many more there are of cases that the person who asks may not see.
    """

    before: int
    after: int
    leads: tuple[Moved, ...]
    pairs: tuple[Moved, ...]
    levels: tuple[Level, ...]
    touched: tuple[str, ...]
    hidden: int = 0

    def __len__(self) -> int:
        return len(self.leads) + len(self.pairs) + len(self.levels)


@look(Operation.LIST)
def changes(store: Store, before: int, after: int, *, user: str | None = None) -> Changes:
    """What is other in one run than in another, as far as a person may list the cases.

    Raises:
        InputError: one of the runs has not ended, or there is none of its number.
    """
    found = _changes(store, before, after)
    if user is None:
        return found
    named = {case for each in (*found.leads, *found.pairs) for case in each.cases}
    named |= {each.case for each in found.levels} | set(found.touched)
    seen = allowed(store, user, Operation.LIST, named, at=store.clock())
    leads = tuple(each for each in found.leads if seen.issuperset(each.cases))
    pairs = tuple(each for each in found.pairs if seen.issuperset(each.cases))
    levels = tuple(each for each in found.levels if each.case in seen)
    touched = tuple(case for case in found.touched if case in seen)
    left = len(found) - len(leads) - len(pairs) - len(levels)
    return Changes(before, after, leads, pairs, levels, touched, left)


@look(Operation.RUN, by="actor")
def rerun(
    store: Store,
    *,
    actor: str,
    purpose: str,
    settings: Settings | None = None,
    asked: AsOf | None = None,
    progress: Callable[[str, float], None] | None = None,
    planned: Callable[[int], None] | None = None,
) -> tuple[int, Review, Changes | None]:
    """Run triage, links and leads on the store, store the run, and tell the owners what it changed.

    `asked`: on what was known, and what the store held, on which days; as it stands otherwise. `progress`: told (step, share
    done); what it raises ends the run, and nothing of it is stored but that it was planned and how it ended. `planned` is told
    the number of the run before it begins.

    Returns the number of the run, its result, and what is other than in the run before (None: there was none).

    Raises:
        AccessError: the actor starts no runs. InputError: the store holds no case, or none was known by then.
    """
    used, on, tell = settings or Settings(), asked or AsOf(), progress or (lambda step, share: None)
    tell("loading", 0.0)
    entries = entries_by(store, on.recorded)
    read = read_store(store, on, entries=entries)
    register = read.register if on.known is None else read.register.as_of(on.known)
    if not len(register):
        raise InputError(_why_empty(read.register, on))
    by: dict[str, Any] = {"actor": actor, "purpose": purpose}
    run = plan_run(
        store,
        register,
        used,
        as_of=on,
        entries=entries,
        program_version=version("openverdict"),
        **by,
    )
    try:
        if planned is not None:
            planned(run)
        made = review(
            register,
            used,
            rejects=read.rejects,
            sources=read.account(),
            notes=(*read.notes, *strange(register, store.clock().date())),
            progress=tell,
        )
        result = same_person.tell(under_policy.tell(made))
        tell("storing", 0.0)
        finish_run(store, run, result, **by)
    except KeyboardInterrupt:
        abandon_run(store, run, STOPPED, **by)
        raise
    except BaseException:
        abandon_run(store, run, FAILED, **by)
        raise
    with store.writing(actor, purpose) as writer:
        found = _tell(store, writer, run)
    return run, result, found


def _why_empty(register: Register, on: AsOf) -> str:
    if len(register):
        return f"no case was known at the end of {on.known}; name a later day"
    by = "" if on.recorded is None else f" at the end of {on.recorded}"
    return f"the store holds no case{by}; take files in first"


@look(Operation.RUN, by="actor")
def compare_with_before(store: Store, run: int, *, actor: str, purpose: str) -> Changes | None:
    """The same telling for a run that was stored by itself; None where there is none before it to compare with."""
    with store.writing(actor, purpose) as writer:
        return _tell(store, writer, run)


@look(Operation.LIST)
def told_of(store: Store, run: int, *, user: str | None = None) -> list[tuple[str, str]]:
    """(owner, case): whom it was told to that a run changed what stands about a case, of cases that a person may list."""
    rows = listed(store, Notice, user, None)
    own = [row for row in rows if (row.reason, row.cause) == (LIST_CHANGED, str(run))]
    return [(row.user, row.case_id) for row in own]


def _tell(store: Store, writer: Writer, run: int) -> Changes | None:
    """Compare a run with the one before it of the same question, log that, and tell the owners of the cases; once a run."""
    writer.flush()
    if store.rows(RunCompared).filter(run=run).exists():
        raise InputError(f"run {run} was compared with the run before it already; see changes")
    asked = store.rows(Run).filter(id=run).first()
    if asked is None:
        raise InputError(f"run {run}: there is none of this number")
    same = store.rows(Run).filter(
        as_of=asked.as_of, recorded_as_of=asked.recorded_as_of, id__lt=run
    )
    ended = store.rows(RunEnd).filter(run_id__in=same.values("id")).order_by("-run_id").first()
    if ended is None:
        return None
    found = _changes(store, ended.run_id, run)
    named = {case for each in found.leads for case in each.cases}
    named |= {each.case for each in found.levels} | set(found.touched)
    row = RunCompared(run=run, run_before=ended.run_id, changed=len(found))
    writer.record(
        RunsCompared,
        [row],
        run=str(run),
        before=str(ended.run_id),
        leads=len(found.leads),
        pairs=len(found.pairs),
        levels=len(found.levels),
    )
    for case in sorted(named):
        tell_owner(store, writer, case, LIST_CHANGED, str(run))
    return found


def _changes(store: Store, before: int, after: int) -> Changes:
    for number in (before, after):
        if not store.rows(RunEnd).filter(run_id=number).exists():
            raise InputError(f"run {number}: there is none of this number that has ended")
    planned = {run.id: run.log_size for run in store.rows(Run).filter(id__in=(before, after))}
    came = store.rows(LateFact).filter(run__gte=before, event_id__lt=planned[after])
    touched = sorted(set(came.values_list("case_id", flat=True)))
    leads = _moved(_leads(store, before), _leads(store, after), ranks=True)
    pairs = _moved(_pairs(store, before), _pairs(store, after), ranks=False)
    levels = [dict(_levels(store, number)) for number in (before, after)]
    other = sorted(
        case
        for case in levels[0].keys() | levels[1].keys()
        if levels[0].get(case) != levels[1].get(case)
    )
    return Changes(
        before,
        after,
        tuple(leads),
        tuple(pairs),
        tuple(Level(case, levels[0].get(case), levels[1].get(case)) for case in other),
        tuple(touched),
    )


Placed = dict[tuple[str, ...], tuple[float | None, int | None]]


def _leads(store: Store, run: int) -> Placed:
    members: dict[int, list[str]] = {}
    held = store.rows(LeadCase).filter(lead__run_id=run).order_by("id")
    for lead, case in held.values_list("lead_id", "case_id"):
        members.setdefault(lead, []).append(case)
    rows = store.rows(Lead).filter(run_id=run).values_list("id", "log10_lr", "rank")
    return {tuple(sorted(members.get(lead, ()))): (ratio, rank) for lead, ratio, rank in rows}


def _pairs(store: Store, run: int) -> Placed:
    rows = store.rows(Link).filter(run_id=run).values_list("case_a", "case_b", "log10_lr", "rank")
    return {tuple(sorted((a, b))): (ratio, rank) for a, b, ratio, rank in rows}


def _levels(store: Store, run: int) -> Iterable[tuple[str, int]]:
    rows = store.rows(Triaged).filter(run_id=run).values_list("case_id", "level")
    return [(str(case), int(level)) for case, level in rows]


def _moved(before: Placed, after: Placed, *, ranks: bool) -> list[Moved]:
    nothing = (None, None)
    found = [
        Moved(key, old[0], new[0], old[1], new[1])
        for key in before.keys() | after.keys()
        if _is_other(old := before.get(key, nothing), new := after.get(key, nothing), ranks=ranks)
    ]
    last = len(before) + len(after)
    return sorted(found, key=lambda m: (m.rank_after or last, m.rank_before or last, m.cases))


def _is_other(old: Any, new: Any, *, ranks: bool) -> bool:
    if (old == (None, None)) != (new == (None, None)) or (old[0] is None) != (new[0] is None):
        return True
    if ranks and old[1] != new[1]:
        return True
    return old[0] is not None and abs(old[0] - new[0]) >= LEAST
