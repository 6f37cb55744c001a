"""What people were told: notices about cases that they own, and results that a run could not know."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from openverdict.cases import dictionary
from openverdict.decisions import late
from openverdict.decisions.roles import Operation
from openverdict.web.answers import Page
from openverdict.web.areas.of_case import plain
from openverdict.web.ask import Ask
from openverdict.web.route import Route


def notices(ask: Ask) -> Page:
    """What the person was told of, the newest at the head."""
    rows = [
        {**asdict(each), "words": plain(each.reason), "to": ask.to("cases.case", case=each.case)}
        for each in late.notices(ask.store, user=ask.who)
    ]
    return Page({"notices": rows})


def late_results(ask: Ask) -> Page:
    """Results that came in after a run had looked at their case, of the cases that the person may list."""
    rows = [_late(ask, *each) for each in reversed(late.late_facts(ask.store, user=ask.who))]
    return Page({"late": rows})


def _late(ask: Ask, case: str, field: str, reason: str, run: int) -> dict[str, Any]:
    known = dictionary().get(field)
    return {
        "case": case,
        "field": field,
        "label": known.label if known else field,
        "reason": reason,
        "words": plain(reason),
        "run": run,
        "to": ask.to("cases.case", case=case),
    }


ABOVE = ("house.home", "record.waiting")
ROUTES: tuple[Route, ...] = (
    Route("duties/notices", "record.notices", notices, operation=Operation.LIST, title="What you were told",
          csv="notices", crumbs=ABOVE),
    Route("duties/late", "record.late", late_results, operation=Operation.LIST, title="Late results",
          csv="late", crumbs=ABOVE),
)  # fmt: skip
