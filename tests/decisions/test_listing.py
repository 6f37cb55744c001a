"""The register as a list: whatever is asked, the pages hold what going through every fact of every case gives."""

from __future__ import annotations

import random
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from tests.decisions.registers import USERS, make
from tests.ledger.filled import BY

from openverdict.decisions import accounts
from openverdict.decisions.access import AccessError, may
from openverdict.decisions.listing import CaseFilter, list_cases
from openverdict.decisions.models import Restriction
from openverdict.decisions.reach import reach
from openverdict.decisions.roles import Operation, Role
from openverdict.errors import InputError
from openverdict.intake import read_register
from openverdict.ledger import bits
from openverdict.ledger.collecting import collect
from openverdict.ledger.derived import Present
from openverdict.ledger.facts import read_store
from openverdict.ledger.models import Case, Fact, Triaged


def everything(store):
    """By case, what its facts say, by the register's own rules: the oracle."""
    found = {}
    levels = dict(store.rows(Triaged).values_list("case_id", "level"))
    restricted = set(store.rows(Restriction).values_list("case_id", flat=True))
    for row in read_store(store).register.table.iter_rows(named=True):
        case = row["case_id"]
        facts = list(store.rows(Fact).filter(case_id=case, field="unit"))
        row["units"] = {fact.value for fact in facts}
        row["kind"] = row["kind"] or "death"
        row["level"] = levels.get(case)
        row["restricted"] = case in restricted
        found[case] = row
    return found


def day_of(row):
    return row["found_at"].date()


CHECKS = {
    "found_from": lambda row, value: day_of(row) >= value,
    "found_until": lambda row, value: day_of(row) <= value,
    "kind": lambda row, value: row["kind"] == value,
    "place_kind": lambda row, value: row["found_place_kind"] == value,
    "unit": lambda row, value: value in row["units"],
    "age_from": lambda row, value: row["age_years"] is not None and row["age_years"] >= value,
    "age_until": lambda row, value: row["age_years"] is not None and row["age_years"] <= value,
    "sex": lambda row, value: row["sex"] == value,
    "substance": lambda row, value: holds(row["substances_detected"], value),
    "indicator": lambda row, value: holds(row["indicators"], value),
    "manner": lambda row, value: value in (row["manner_police"], row["manner_coroner"]),
    "category": lambda row, value: row["category_police"] == value,
    "closed": lambda row, value: (row["closed_at"] is not None) == value,
    "number": lambda row, value: row["case_id"].startswith(value),
    "level": lambda row, value: row["level"] is not None and row["level"] >= value,
    "restricted": lambda row, value: row["restricted"] == value,
}
CHOICES: dict[str, list[Any]] = {
    "found_from": [date(2014, 1, 20)],
    "found_until": [date(2014, 1, 20), date(2014, 2, 1)],
    "kind": ["death", "incident"],
    "place_kind": ["home", "venue"],
    "unit": ["North", "East", "West"],
    "age_from": [33.5],
    "age_until": [33.5],
    "sex": ["male"],
    "substance": ["ghb", "none"],
    "indicator": ["prompt_help", "none"],
    "manner": ["open", "accident"],
    "category": ["unexplained"],
    "closed": [True, False],
    "number": ["A", "B-0", "Z"],
    "level": [1, 3],
    "restricted": [True, False],
}


def holds(items, value):
    return items is not None and (value in items if items else value == "none")


def visible(store, user, clock, operation=Operation.LIST):
    rows = store.rows(Case).filter(may(store, user, operation, at=clock.now))
    return set(rows.values_list("case_id", flat=True))


def key(sort, row):
    if sort == "case_id":
        return row["case_id"]
    text = row["found_at"].isoformat(timespec="minutes")
    return (text[:10] if row["found_at_span_s"] else text, row["case_id"])


def walk(store, chosen, user, sort, down, size):
    """All pages forward, then backward from the last: the cases of either walk."""
    asked = {"user": user, "sort": sort, "descending": down, "size": size}
    forward, page = [], list_cases(store, chosen, **asked)
    first = page
    while True:
        forward.append([line.case_id for line in page.lines])
        if page.next is None:
            break
        page = list_cases(store, chosen, after=page.next, **asked)
    backward = [forward[-1]]
    while page.previous is not None:
        page = list_cases(store, chosen, before=page.previous, **asked)
        backward.insert(0, [line.case_id for line in page.lines])
    return first, forward, backward


@pytest.mark.parametrize("is_sorted_by_hand", [True, False])
def test_every_filter_order_and_person_gets_what_going_through_all_facts_gives(
    store, clock, tmp_path, monkeypatch, is_sorted_by_hand
):
    if not is_sorted_by_hand:  # the ways that large registers take
        monkeypatch.setattr("openverdict.ledger.bit_pages.SORTED", 3)
        monkeypatch.setattr("openverdict.ledger.bit_pages.FIRST_AT_ONCE", 7)
        monkeypatch.setattr("openverdict.ledger.bits.SPAN", 16)
    make(store, tmp_path, 5)
    told = everything(store)
    dice = random.Random(9)
    filters: list[dict[str, Any]] = [{}] + [
        {name: value} for name, values in CHOICES.items() for value in values
    ]
    filters += [
        {name: dice.choice(CHOICES[name]) for name in dice.sample(list(CHOICES), 2)}
        for _ in range(12)
    ]
    filters = filters[:1] + dice.sample(filters[1:], 20)
    seen = {user: visible(store, user, clock) for user in USERS[:-1]}
    for number, given in enumerate(filters):
        user = "everything" if number % 2 else dice.choice(USERS[:-1])
        sort, down = dice.choice(["found_at", "case_id"]), dice.random() < 0.5
        wanted = [
            row
            for case, row in told.items()
            if case in seen[user] and all(CHECKS[n](row, v) for n, v in given.items())
        ]
        if "place_kind" in given and user == "auditor":
            wanted = []  # it is struck out for them
        if "place_kind" in given and user == "mixed":
            wanted = [row for row in wanted if "North" in row["units"]]
        names = [row["case_id"] for row in sorted(wanted, key=lambda r: key(sort, r), reverse=down)]
        size = dice.choice([13, 30])
        page, forward, backward = walk(store, CaseFilter(**given), user, sort, down, size)
        assert [name for part in forward for name in part] == names, (given, user, sort, down)
        assert backward == forward
        assert page.count == len(names)
        assert page.hidden == len(told) - len(seen[user])


def test_a_line_says_what_the_facts_say_and_strikes_out_what_it_must(store, clock, tmp_path):
    make(store, tmp_path, 6)
    told = everything(store)
    north = {case for case, row in told.items() if "North" in row["units"]}
    for user in ("everything", "auditor", "mixed"):
        for line in list_cases(store, user=user, size=500).lines:
            row = told[line.case_id]
            is_struck = user == "auditor" or (user == "mixed" and line.case_id not in north)
            assert line.redacted == is_struck
            assert (line.kind, line.age_years, line.sex) == (
                row["kind"], row["age_years"], row["sex"],
            )  # fmt: skip
            assert line.place_kind == (None if is_struck else row["found_place_kind"])
            assert line.place == (None if is_struck else row["found_place"])
            assert (line.level, line.restricted) == (row["level"], row["restricted"])


@pytest.mark.parametrize("role", Role)
def test_a_reach_is_what_the_table_of_roles_says_in_sql(store, clock, tmp_path, role):
    make(store, tmp_path, 7)
    with store.writing("root", "administration") as writer:
        accounts.change_user(store, writer, "new", "made")
        accounts.grant(store, writer, "new", role.value, unit="East")
        accounts.grant(store, writer, "new", role.value, case="A-001")
    operations = (Operation.LIST, Operation.VIEW, Operation.RAISE_CONCERN, Operation.BREAK_GLASS)
    for user in ("new", *(USERS if role is Role.READER else ())):
        for operation in operations:
            within = reach(store, user, operation, at=clock.now)
            rows = within.allows(store.rows(Present))
            found = set(rows.values_list("case_id", flat=True))
            assert found == visible(store, user, clock, operation), (user, operation)
            numbers = set(rows.values_list("id", flat=True))
            assert set(bits.numbers_of(within.bits(store))) == numbers, (user, operation)


def test_without_accounts_everything_is_listed_and_with_them_somebody_has_to_ask(store, tmp_path):
    path = tmp_path / "register.csv"
    path.write_text("case_id,found_at\nA,2014-01-01\n", encoding="utf-8")
    collect(store, read_register(path), **BY)
    page = list_cases(store)
    assert [line.case_id for line in page.lines] == ["A"]
    assert (page.hidden, page.run, page.lines[0].level) == (0, None, None)
    with store.writing("openverdict", "administration") as writer:
        accounts.found(store, writer, "root")
    for user in (None, "root", "stranger"):
        with pytest.raises(AccessError):
            list_cases(store, user=user)


@pytest.mark.parametrize("least", [1, 2, 3, 5])
def test_levels_of_an_earlier_run_are_asked_of_its_own_record(store, tmp_path, monkeypatch, least):
    make(store, tmp_path, 8)
    chosen = CaseFilter(level=least)
    page = list_cases(store, chosen, user="everything", size=500)
    monkeypatch.setattr("openverdict.ledger.bits.last_run", lambda alias: None)
    again = list_cases(store, chosen, user="everything", size=500, run=page.run)
    assert again == page


AGES = (0, 0.5, 9, 9.99, 10, 19, 20, 20.25, 29, 30, 33, 33.5, 34, 40, 99, 120)


def test_ages_and_days_are_cut_where_a_bound_says(store, tmp_path):
    days = ["2013-12-31", "2014-01-01", "2014-01-01T00:00:01", "2014-01-31T23:59", "2014-02-01"]
    days += [
        "2014-02-28",
        "2014-03-01T12:00",
        "2014-12-31",
        "2015-01-01",
        "2016-02-29",
        "2016-03-01",
    ]
    lines = [f"C{n},{days[n % len(days)]},{age}" for n, age in enumerate((*AGES, *AGES[::-1]))]
    path = tmp_path / "register.csv"
    path.write_text("\n".join(["case_id,found_at,age_years", *lines, "D,2014-01-05,"]), "utf-8")
    collect(store, read_register(path), **BY)
    present = store.rows(Present)

    def listed(**given):
        page = list_cases(store, CaseFilter(**given), size=100)
        assert page.count == len(page.lines)
        return {line.case_id for line in page.lines}

    for low, high in product((None, *AGES, 33.2), repeat=2):
        if (low, high) != (None, None):
            rows = present if low is None else present.filter(age_years__gte=low)
            rows = rows if high is None else rows.filter(age_years__lte=high)
            wanted = set(rows.exclude(age_years=None).values_list("case_id", flat=True))
            assert listed(age_from=low, age_until=high) == wanted, (low, high)
    bounds = [date.fromisoformat(day[:10]) for day in days]
    for first, last in product((None, *bounds), repeat=2):
        rows = present if first is None else present.filter(found_at__gte=first.isoformat())
        if last is not None:
            rows = rows.filter(found_at__lt=(last + timedelta(days=1)).isoformat())
        wanted = set(rows.values_list("case_id", flat=True))
        assert listed(found_from=first, found_until=last) == wanted, (first, last)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"sort": "age"}, "one of: found_at, case_id"),
        ({"size": 0}, "give 1 to"),
        ({"after": "a~b", "before": "a~b"}, "one of the two"),
        ({"after": "nonsense"}, "begin with the first page"),
    ],
)
def test_a_page_that_there_cannot_be_is_refused(store, given, says):
    with pytest.raises(InputError, match=says):
        list_cases(store, **given)
