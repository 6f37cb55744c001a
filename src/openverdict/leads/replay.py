"""The day on which a lead would first have been raised, by true replay: the review run again on what was known each day."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

import polars as pl

from openverdict.cases import Register
from openverdict.leads.results import Lead, Replayed

Raise = Callable[[Register], tuple[Lead, ...]]


def days_to_try(register: Register, cases: Iterable[str]) -> tuple[date, ...]:
    """The days on which something of these cases became known, from the day on which two of them were, in order.

    Each case that came as one row has one such day; one that came as facts has those of its facts. Days after the register's
    own are left out, and so is what has no day.
    """
    wanted = list(cases)
    rows = register.table.filter(pl.col("case_id").is_in(wanted))
    facts = register.facts.filter(pl.col("case_id").is_in(wanted))
    from_facts = facts.get_column("case_id").unique().implode()
    found = dict(rows.select("case_id", "found_at").iter_rows())
    moments = pl.concat(
        [
            rows.filter(~pl.col("case_id").is_in(from_facts)).select("case_id", "known_from"),
            facts.select("case_id", "known_from"),
        ]
    ).drop_nulls()
    days: set[tuple[date, str]] = set()
    for case, moment in moments.iter_rows():
        if case in found:
            days.add((max(moment, found[case]).date(), case))
    seen: set[str] = set()
    second: date | None = None
    for day, case in sorted(days):
        seen.add(case)
        if len(seen) >= 2 and second is None:
            second = day
    if second is None:
        return ()
    last = register.known_on or date.max
    return tuple(sorted({day for day, _ in days if second <= day <= last}))


class Replays:
    """Replays of one register; a day is reviewed once, whichever leads ask for it."""

    def __init__(self, register: Register, leads_of: Raise) -> None:
        """`leads_of`: the leads that a review raises from a register."""
        self.register = register
        self.leads_of = leads_of
        self.by_day: dict[date, tuple[Lead, ...]] = {}

    def first_raised(self, cases: Iterable[str]) -> Replayed:
        """The first of the days to try on which a series lead held two or more of these cases."""
        wanted = set(cases)
        tried = []
        for day in days_to_try(self.register, wanted):
            tried.append(day)
            for lead in self._leads(day):
                if len(wanted & set(lead.cases)) >= 2:
                    return Replayed(
                        day,
                        lead.cases,
                        lead.log10_lr,
                        lead.chance_per_year,
                        lead.chance,
                        tuple(tried),
                    )
        return Replayed(None, (), None, None, None, tuple(tried))

    def _leads(self, day: date) -> tuple[Lead, ...]:
        if day not in self.by_day:
            found = self.leads_of(self.register.as_of(day))
            self.by_day[day] = tuple(lead for lead in found if lead.kind == "series")
        return self.by_day[day]
