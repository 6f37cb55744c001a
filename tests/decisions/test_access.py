"""Access: every role, operation and case as the one table says, in SQL, in words and when somebody acts."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from openverdict.decisions import accounts
from openverdict.decisions.access import AccessError, acting, footing, may, seen_by, why
from openverdict.decisions.guarding import cases_under
from openverdict.decisions.models import Decision, Grant, Notice
from openverdict.decisions.reach import counted
from openverdict.decisions.roles import (
    HOUSE,
    OPEN,
    TABLE,
    Access,
    Operation,
    Role,
    Standing,
    roles_tables,
)
from openverdict.errors import InputError
from openverdict.ledger.events import FactsRecorded
from openverdict.ledger.models import Case, Event, Fact
from openverdict.ledger.verifying import Outcome, verify

CASES = {Standing.OWN: "own-1", Standing.OTHER: "other-1", Standing.RESTRICTED: "hidden-1"}
WHY = "The mother is at the desk and asks for him."


def new_case(writer, case, unit):
    rows = [
        Case(case_id=case),
        Fact(case_id=case, field="unit", value=unit, status="recorded"),
    ]
    writer.record(FactsRecorded, rows, facts=1, cases=1, case=case)


@pytest.fixture
def house(store):
    """Three cases, an administrator, and one person for each role, in unit North."""
    with store.writing("openverdict", "administration") as writer:
        for case, unit in (("own-1", "North"), ("other-1", "South"), ("hidden-1", "North")):
            new_case(writer, case, unit)
        accounts.found(store, writer, "root")
    with store.writing("root", "administration") as writer:
        for role in Role:
            accounts.change_user(store, writer, role.value, "made")
            accounts.grant(store, writer, role.value, role.value, unit="North")
    with store.writing("supervisor", "administration") as writer:
        accounts.restrict(store, writer, "hidden-1", "officer_involved")
    return store


def listed(store, user, operation, clock):
    rows = store.rows(Case).filter(may(store, user, operation, at=clock.now))
    return set(rows.values_list("case_id", flat=True))


@pytest.mark.parametrize("role", Role)
def test_every_operation_on_every_case_is_allowed_as_the_table_says(house, clock, role):
    """In SQL and in words: each computes the standing of the case for itself."""
    for operation in set(Operation) - HOUSE:
        cell = TABLE[role][operation]
        wanted = {CASES[standing] for standing in Standing if cell.of(standing) in OPEN}
        assert listed(house, role.value, operation, clock) == wanted, operation
        for standing, case in CASES.items():
            answer = why(house, role.value, operation, case, at=clock.now)
            said = (answer.allowed, answer.access, answer.standing)
            assert said == (case in wanted, cell.of(standing), standing), operation
            assert answer.text
    for operation in HOUSE:
        answer = why(house, role.value, operation, at=clock.now)
        assert answer.allowed == (TABLE[role][operation].own is Access.YES)


@pytest.mark.parametrize("role", Role)
def test_cases_that_are_asked_about_together_are_answered_as_one_by_one(house, clock, role):
    if role is not Role.ADMINISTRATOR:  # who manages accounts reads no case
        with house.writing("root", "administration") as writer:
            accounts.grant(house, writer, role.value, Role.REVIEWER.value, case="hidden-1")
    cases = (*CASES.values(), "nowhere-1")
    together = footing(house, role.value, cases, at=clock.now)
    for operation in set(Operation) - HOUSE:
        for case in cases:
            assert together.answer(operation, case) == why(
                house, role.value, operation, case, at=clock.now
            )
        one_by_one = [listed(house, role.value, operation, clock) >= {case} for case in cases[:3]]
        asked = [together.answer(operation, case).allowed for case in cases[:3]]
        assert asked == one_by_one


@pytest.mark.parametrize("role", Role)
def test_who_acts_against_the_table_is_refused_and_that_is_all_that_is_written(house, role):
    before = house.size()
    refused = 0
    for operation in (Operation.VIEW, Operation.DECIDE, Operation.SIGN_OFF):
        for standing, case in CASES.items():
            allowed = TABLE[role][operation].of(standing) in OPEN
            try:
                with acting(house, role.value, operation, [case], "death_review"):
                    pass
            except AccessError:
                refused += 1
                allowed = not allowed
            assert allowed
    events = house.rows(Event).filter(seq__gte=before)
    assert set(events.values_list("kind", flat=True)) <= {"access_denied"}
    assert events.count() == refused


def test_an_auditor_decides_nothing_and_an_administrator_reads_nothing():
    writes = set(Operation) - {
        Operation.LIST, Operation.VIEW, Operation.REPORT, Operation.INSPECT_LOG,
        Operation.EXPORT_LOG,
    }  # fmt: skip
    for operation in writes:
        cell = TABLE[Role.AUDITOR][operation]
        assert all(cell.of(standing) is Access.NO for standing in Standing)
    for operation in set(Operation) - {Operation.MANAGE_ACCOUNTS}:
        cell = TABLE[Role.ADMINISTRATOR][operation]
        assert all(cell.of(standing) is Access.NO for standing in Standing)


def test_what_is_restricted_is_invisible_and_counted(house, clock):
    assert counted(house, "reviewer", at=clock.now) == (1, 2)
    assert counted(house, "administrator", at=clock.now) == (0, 3)


def test_a_grant_for_the_case_itself_opens_it_until_it_ends_or_is_taken_back(house, clock):
    with house.writing("root", "administration") as writer:
        until = clock.now + timedelta(days=1)
        accounts.grant(house, writer, "reviewer", "reviewer", case="hidden-1", until=until)
    assert "hidden-1" in listed(house, "reviewer", Operation.DECIDE, clock)
    clock.now += timedelta(days=2)
    assert "hidden-1" not in listed(house, "reviewer", Operation.DECIDE, clock)
    with house.writing("root", "administration") as writer:
        number = accounts.grant(house, writer, "reviewer", "reviewer", case="hidden-1")
        accounts.revoke(house, writer, number)
    assert not why(house, "reviewer", Operation.VIEW, "hidden-1", at=clock.now).allowed


def test_a_locked_account_may_do_nothing(house, clock):
    with house.writing("root", "administration") as writer:
        accounts.change_user(house, writer, "reviewer", "locked")
    assert listed(house, "reviewer", Operation.LIST, clock) == set()
    assert why(house, "reviewer", Operation.LIST, "own-1", at=clock.now).rule == "no_role"
    with house.writing("root", "administration") as writer:
        accounts.change_user(house, writer, "reviewer", "opened")
    assert listed(house, "reviewer", Operation.LIST, clock) == {"own-1"}


def test_a_case_goes_with_its_unit_when_that_is_corrected(house, clock):
    old = house.rows(Fact).get(case_id="other-1", field="unit")
    with house.writing("data", "death_review") as writer:
        row = Fact(
            case_id="other-1", field="unit", value="North", status="recorded", supersedes=old.id
        )
        writer.record(FactsRecorded, [row], facts=1, cases=1, case="other-1")
    assert listed(house, "reader", Operation.VIEW, clock) == {"own-1", "other-1"}


def test_breaking_the_glass_needs_a_reason_ends_by_itself_and_alerts_somebody(house, clock):
    with house.writing("reviewer", "death_review") as writer:
        with pytest.raises(InputError, match="fewer than 20"):
            accounts.break_glass(house, writer, "hidden-1", "now")
        with pytest.raises(InputError, match="allows 1 to 8"):
            accounts.break_glass(house, writer, "hidden-1", WHY, hours=9)
    with acting(house, "reviewer", Operation.BREAK_GLASS, ["hidden-1"], "death_review") as writer:
        number = accounts.break_glass(house, writer, "hidden-1", WHY)
    assert house.rows(Notice).get().user == "supervisor"
    body = house.rows(Event).get(kind="break_glass_opened").body
    assert json.loads(body)["data"]["alerted"] == ["supervisor"]
    assert WHY not in body
    assert listed(house, "reviewer", Operation.VIEW, clock) == {"own-1", "hidden-1"}
    assert why(house, "reviewer", Operation.VIEW, "hidden-1", at=clock.now).allowed
    assert listed(house, "reviewer", Operation.DECIDE, clock) == {"own-1"}
    assert counted(house, "reviewer", at=clock.now) == (2, 1)
    clock.now += timedelta(hours=9)
    assert listed(house, "reviewer", Operation.VIEW, clock) == {"own-1"}
    with house.writing("reviewer", "death_review") as writer:
        accounts.close_glass(house, writer, number)
    assert verify(house).outcome is Outcome.INTACT


def test_nobody_gives_a_role_to_themselves_or_both_manages_accounts_and_reads_cases(house):
    with house.writing("root", "administration") as writer:
        with pytest.raises(InputError, match="to themselves"):
            accounts.grant(house, writer, "root", "reviewer")
        with pytest.raises(InputError, match="reads no case"):
            accounts.grant(house, writer, "administrator", "reader")
        with pytest.raises(InputError, match="no such account"):
            accounts.grant(house, writer, "nobody", "reader")
        with pytest.raises(InputError, match="made before"):
            accounts.found(house, writer, "second")
    assert house.rows(Grant).count() == 1 + len(Role)


def test_a_decision_is_seen_by_those_only_who_may_see_all_of_its_cases(acts, clock):
    acts.decide("first", acts.pair("A", "B"), "possibly")
    store = acts.store
    with store.writing("openverdict", "administration") as writer:
        accounts.found(store, writer, "root")
    with store.writing("root", "administration") as writer:
        for user in ("half", "whole"):
            accounts.change_user(store, writer, user, "made")
        for user, case in (("half", "A"), ("whole", "A"), ("whole", "B")):
            accounts.grant(store, writer, user, "reader", case=case)
    told = {row.event_id: cases_under(store, row.event_id) for row in store.rows(Decision)}
    seen = {
        user: len(seen_by(store, told, user, Operation.VIEW, at=clock.now))
        for user in ("half", "whole", "root")
    }
    assert seen == {"half": 0, "whole": 1, "root": 0}


def test_without_accounts_whoever_can_open_the_store_may_do_everything(store, clock):
    assert why(store, "anybody", Operation.DECIDE, "A", at=clock.now).rule == "no_accounts"
    assert counted(store, "anybody", at=clock.now) == (0, 0)


def test_the_documentation_shows_every_cell_of_the_table():
    page = roles_tables()
    for operation in Operation:
        (line,) = [line for line in page.splitlines() if f"`{operation.value}`" in line]
        assert line.count("|") == len(Role) + 2
