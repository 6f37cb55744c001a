"""Ordinary explanations: what innocent concentration could have brought a set of cases together, each tested on its own.

Every test says what was done, gives its number and a result in words, also when it finds nothing, and says so when the register
does not allow it. What was priced already (nearness at a place where many deaths happen, a local surge, habits of a kind or
a unit) is still shown: it is for people to weigh. docs/methods/uncertainty.md lists them with their formulas.
"""

from __future__ import annotations

from collections.abc import Sequence

from openverdict.leads.group import Group
from openverdict.leads.inclusion import Inclusion
from openverdict.leads.ordinary_place import hot_spot, one_event, venue
from openverdict.leads.ordinary_records import duplicate, kind, selection, team
from openverdict.leads.ordinary_time import batch, recording, season, surge
from openverdict.leads.results import OrdinaryTest


def ordinary_tests(group: Group, inclusion: Inclusion | None = None) -> tuple[OrdinaryTest, ...]:
    """Every test on one group, in a fixed order."""
    return (
        hot_spot(group),
        venue(group),
        batch(group),
        surge(group),
        season(group),
        recording(group),
        kind(group),
        team(group),
        one_event(group),
        duplicate(group),
        selection(group, inclusion),
    )


def innocent_reading(tests: Sequence[OrdinaryTest]) -> tuple[str, ...]:
    """The explanations that were found, as sentences; where none was, one line that says what was looked for."""
    found = tuple(f"{test.label}: {test.result}" for test in tests if test.found)
    if found:
        return found
    tried = [test.label[:1].lower() + test.label[1:] for test in tests if test.found is False]
    return (f"Looked for and not found: {'; '.join(tried)}.",)
