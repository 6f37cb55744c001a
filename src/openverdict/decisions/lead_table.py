"""Where each lead stands at present, kept up to date in the transaction of what moves it: a view, a decision, a clock, a unit.

Nothing is decided here: the state of a lead is what `standing` says of it, and is asked again whenever it may have changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, cast

from openverdict.decisions.derived import LeadNow
from openverdict.decisions.models import (
    Assignment,
    Clock,
    ClockStop,
    Decision,
    FirstView,
    Referral,
    Reopened,
)
from openverdict.decisions.reopening import decided_before_reopening
from openverdict.decisions.standing import stands_on_each
from openverdict.decisions.subjects import Kind
from openverdict.ledger import engine
from openverdict.ledger.derived import Present, PresentItem
from openverdict.ledger.models import Case, Fact, Lead, LeadCase
from openverdict.ledger.store import Store

AT_ONCE = 500
BETWEEN = "\x1f"  # between units: it stands in no code
UNIT = "unit"
COLUMNS = tuple(str(field.column) for field in LeadNow._meta.concrete_fields)
# Clocks that run on something about a lead, by the kind of what they run on.
ON_LEADS = {"assignment": Assignment, "decision": Decision, "referral": Referral}
_BY_SUBJECT = (Assignment, FirstView, Decision, Referral)
_SUBJECT_KIND, _SUBJECT = 1, 2  # places in their rows, after the id
Row = tuple[Any, ...]


class LeadKeeper:
    """Keeps the table up to date within one transaction."""

    def __init__(self, alias: str) -> None:
        self._alias = alias
        self._leads: set[int] = set()
        self._clocks: set[int] = set()  # that stopped
        self._cases: set[str] = set()
        self._new: set[str] = set()  # cases that no lead can hold yet

    def take(self, model: type[Any], event: int, rows: Sequence[Sequence[Any]]) -> None:
        """Rows that are being recorded."""
        if model is Fact:
            if self._new.issuperset({row[1] for row in rows}):
                return
            self._cases.update(row[1] for row in rows if row[2] == UNIT)
        elif model is Case:
            self._new.update(row[1] for row in rows)
        elif model is Lead:
            self._leads.update(row[0] for row in rows)
        elif model in _BY_SUBJECT:
            self._leads.update(
                int(row[_SUBJECT]) for row in rows if row[_SUBJECT_KIND] == Kind.LEAD
            )
        elif model is Clock:
            self._clocks.update(row[0] for row in rows)
        elif model is ClockStop:
            self._clocks.update(row[1] for row in rows)
        elif model is Reopened:
            self._cases.update(row[1] for row in rows)

    def gone(self, cases: Collection[str], entries: Collection[int]) -> None:
        """Facts of these cases were erased."""
        self._cases.update(cases)

    def settle(self) -> None:
        """Bring the table up to date."""
        leads, clocks, cases = self._leads, self._clocks, self._cases
        self._leads, self._clocks, self._cases, self._new = set(), set(), set(), set()
        if clocks:
            leads |= _leads_of_clocks(self._alias, clocks)
        if cases:
            leads |= _leads_of_cases(self._alias, cases)
        for part in _parts(sorted(leads)):
            LeadNow.objects.using(self._alias).filter(id__in=part).delete()
            _write(self._alias, _worked_out(self._alias, part))


class LeadTables:
    """Where leads stand, as a set of derived tables."""

    name = "leads"
    version = 1
    models = (LeadNow,)

    def keeper(self, alias: str) -> LeadKeeper:
        """For one transaction."""
        return LeadKeeper(alias)

    def make(self, alias: str) -> None:
        """Make the table anew."""
        engine.run(alias, "DELETE FROM decisions_leadnow")
        for part in _parts(_every_lead(alias)):
            _write(alias, _worked_out(alias, part))

    def faults(self, alias: str) -> Iterator[str]:
        """The first lead that stands otherwise than the table says."""
        leads = _every_lead(alias)
        for part in _parts(leads):
            rows = LeadNow.objects.using(alias).filter(id__in=part).order_by("id")
            if list(rows.values_list(*COLUMNS)) != _worked_out(alias, part):
                yield f"the lists have a lead from {part[0]} to {part[-1]} otherwise than the record"
                return
        if LeadNow.objects.using(alias).count() != len(leads):
            yield "the lists have a lead that the record does not have"


class _Rows:
    """What `standing` needs of a store."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    def rows(self, model: type[Any]) -> Any:
        return model.objects.using(self.alias)


def _worked_out(alias: str, leads: Sequence[int]) -> list[Row]:
    """Where these leads stand, in the order of their numbers."""
    store = cast(Store, _Rows(alias))
    keys = [str(number) for number in leads]
    stood = stands_on_each(store, Kind.LEAD, keys)
    before = decided_before_reopening(store).filter(subject_kind=Kind.LEAD.value, subject__in=keys)
    reopened = set(before.values_list("subject", flat=True))
    units = _units(store, leads)
    given, due = _awaited(store, keys)
    found = []
    rows = store.rows(Lead).filter(id__in=leads).order_by("id")
    for number, run, rank in rows.values_list("id", "run_id", "rank"):
        key = str(number)
        people = (*stood[key].people, None, None)
        found.append(
            (
                number,
                run,
                rank,
                stood[key].state.value,
                given.get(key),
                due.get(key),
                people[0],
                people[1],
                int(key in reopened),
                units[number],
            )
        )
    return found


def _units(store: Store, leads: Sequence[int]) -> dict[int, str | None]:
    members = list(store.rows(LeadCase).filter(lead_id__in=leads).values_list("lead_id", "case_id"))
    own: dict[str, str | None] = {}
    several: set[str] = set()
    for part in _parts(sorted({case for _, case in members})):
        rows = store.rows(Present).filter(case_id__in=part).values_list("id", "case_id", UNIT)
        names = {}
        for number, case, unit in rows:
            own[case] = unit
            names[number] = case
        more = store.rows(PresentItem).filter(case__in=list(names), field=UNIT)
        several.update(names[number] for number in more.values_list("case", flat=True))
    cases: dict[int, list[str]] = {number: [] for number in leads}
    for number, case in members:
        cases[number].append(case)
    found: dict[int, str | None] = {}
    for number, held in cases.items():
        said = [own.get(case) for case in held]
        if any(not unit for unit in said) or not said:
            found[number] = ""
        elif several.intersection(held):
            found[number] = None
        else:
            found[number] = BETWEEN.join(sorted({unit for unit in said if unit}))
    return found


def _awaited(store: Store, keys: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """By lead, who was given it and has not decided; and the first day by which something about it is waited for."""
    given: dict[str, str] = {}
    due: dict[str, str] = {}
    for kind, model in ON_LEADS.items():
        rows = store.rows(model).filter(subject_kind=Kind.LEAD.value, subject__in=keys)
        of = {str(row.id): row for row in rows}
        running = store.rows(Clock).filter(subject_kind=kind, subject__in=list(of))
        stopped = store.rows(ClockStop).filter(clock__in=running.values("id")).values("clock")
        for subject, day in running.exclude(id__in=stopped).values_list("subject", "due"):
            row = of[subject]
            due[row.subject] = min(day, due.get(row.subject, day))
            if kind == "assignment":
                given[row.subject] = row.user
    return given, due


def _leads_of_clocks(alias: str, clocks: Collection[int]) -> set[int]:
    store = _Rows(alias)
    found: set[int] = set()
    rows = store.rows(Clock).filter(id__in=list(clocks), subject_kind__in=list(ON_LEADS))
    for kind, subject in rows.values_list("subject_kind", "subject"):
        of = store.rows(ON_LEADS[kind]).filter(id=int(subject), subject_kind=Kind.LEAD.value)
        found.update(int(key) for key in of.values_list("subject", flat=True))
    return found


def _leads_of_cases(alias: str, cases: Collection[str]) -> set[int]:
    found: set[int] = set()
    for part in _parts(sorted(cases)):
        rows = LeadCase.objects.using(alias).filter(case_id__in=part)
        found.update(rows.values_list("lead_id", flat=True))
    return found


def _every_lead(alias: str) -> list[int]:
    return list(Lead.objects.using(alias).order_by("id").values_list("id", flat=True))


def _write(alias: str, rows: Sequence[Row]) -> None:
    if rows:
        engine.insert(alias, "decisions_leadnow", COLUMNS, rows)


def _parts(listed: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(listed)
    while part := list(islice(left, AT_ONCE)):
        yield part
