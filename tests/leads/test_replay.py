"""First raised by true replay: which days are tried, and that the day is the first on which a review raises the lead."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from tests.evidence.made import register_of

from openverdict.cases import Register
from openverdict.leads import Review, Settings, review
from openverdict.leads.replay import Replays, days_to_try
from openverdict.leads.results import Lead
from openverdict.simulate import CitySpec, SeriesPlan, simulate_register, worked_example

START = datetime(2014, 1, 1)
RUN = Settings(replicates=4)


def rows(*known: int | None) -> Register:
    """Cases K0, K1 … found on the first days of 2014, each known from so many days after the start (None: nobody knows)."""
    return register_of(
        [
            {
                "found_at": START + timedelta(days=k),
                "known_from": None if d is None else START + timedelta(days=d, hours=5),
            }
            for k, d in enumerate(known)
        ]
    )


def lead_of(*cases: str, kind: str = "series") -> Lead:
    day = date(2014, 1, 1)
    return Lead(1, "S", kind, cases, 5.0, 1.0, 0.1, day, ())


def on(number: int) -> date:
    return (START + timedelta(days=number)).date()


def test_a_day_is_tried_whenever_something_of_the_cases_became_known_from_the_second_case_on():
    register = rows(9, 3, 30, 7, None)
    assert days_to_try(register, ["K0", "K1", "K2"]) == (on(9), on(30))
    assert days_to_try(register, ["K0", "K4"]) == ()
    assert days_to_try(register.as_of(on(10)), ["K0", "K1", "K2"]) == (on(9),)


def test_a_case_is_not_known_before_it_is_found():
    assert days_to_try(rows(0, 0, 0), ["K0", "K2"]) == (on(2),)


def test_cases_that_came_as_facts_are_tried_on_the_days_of_their_facts():
    days = days_to_try(worked_example().as_of(date(2014, 10, 1)), ["A", "B"])
    assert days[0] == date(2014, 8, 28)
    facts = worked_example().facts.filter(pl.col("case_id").is_in(["A", "B"]))
    known = facts.filter(pl.col("known_from") <= datetime(2014, 10, 1, 23))["known_from"]
    assert set(days) == {d.date() for d in known if d.date() >= days[0]}


def test_a_day_is_reviewed_once_and_nothing_after_the_day_that_answers():
    asked: list[date | None] = []

    def leads_of(register: Register) -> tuple[Lead, ...]:
        asked.append(register.known_on)
        return (lead_of("K0", "K1"), lead_of("K2", kind="case")) if len(register) >= 3 else ()

    replays = Replays(rows(1, 2, 3, 4), leads_of)
    first = replays.first_raised(["K0", "K1", "K3"])
    assert first.day == on(4)
    assert first.cases == ("K0", "K1")
    assert first.tried == (on(2), on(4))
    assert asked == [on(2), on(4)]
    assert replays.first_raised(["K0", "K1"]).day is None
    assert replays.first_raised(["K2", "K3"]).day is None
    assert asked == [on(2), on(4)]


@pytest.fixture(scope="module")
def planted() -> Review:
    spec = CitySpec(cases_a_year=300, series=(SeriesPlan("outdoor", members=5),))
    return review(simulate_register(spec, 2).register, replace(RUN, replay=True))


def test_a_lead_is_raised_on_the_first_day_on_which_a_review_raises_it(planted):
    """Against reviews of registers from which everything known later was taken out by hand."""
    lead = planted.series_leads[0]
    assert lead.replayed is not None
    assert lead.replayed.tried
    raised = []
    for day in lead.replayed.tried:
        end = datetime.combine(day, datetime.max.time())
        table = planted.register.table
        known = (pl.col("known_from") <= end) & (pl.col("found_at") <= end)
        leads = review(Register.from_table(table.filter(known)), RUN).series_leads
        raised.append([x for x in leads if len(set(lead.cases) & set(x.cases)) >= 2])
    assert [bool(x) for x in raised] == [False] * (len(raised) - 1) + [True]
    assert lead.replayed.day == lead.replayed.tried[-1]
    (first,) = raised[-1][:1]
    assert lead.replayed.cases == first.cases
    assert lead.replayed.chance_per_year == first.chance_per_year
    assert lead.replayed.log10_lr == first.log10_lr


def test_a_replay_changes_nothing_else(planted):
    plain = review(planted.register, RUN)
    assert all(lead.replayed is None for lead in plain.leads)
    assert tuple(replace(lead, replayed=None) for lead in planted.leads) == plain.leads
    assert planted.summary == plain.summary
    assert all(lead.replayed is None for lead in planted.leads if lead.kind == "case")
