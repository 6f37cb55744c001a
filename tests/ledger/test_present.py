"""What each case comes to at present: always what reading all facts again gives, whatever was done to the store."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connections
from tests.ledger.filled import BY

from openverdict.cases import Fact as CaseFact
from openverdict.cases import Status
from openverdict.intake import read_register
from openverdict.ledger import derived, engine
from openverdict.ledger.backup import restore_backup, write_backup
from openverdict.ledger.collecting import collect
from openverdict.ledger.derived import Derived, Present, PresentBits, PresentItem
from openverdict.ledger.entering import correct_fact, enter_facts
from openverdict.ledger.erasing import entries_about, erase
from openverdict.ledger.events import CaseErased
from openverdict.ledger.facts import read_store
from openverdict.ledger.models import Case, Fact
from openverdict.ledger.present import LISTS, SCALARS
from openverdict.ledger.verifying import Outcome, verify
from openverdict.simulate import worked_example_facts_path

HEAD = (
    "case_id,found_at,known_from,kind,found_place_kind,age_years,sex,unit,"
    "substances_detected,indicators,manner_police,closed_at"
)
TABLE = f"""{HEAD}
T1,2014-07-01,2014-07-02,death,street,23,male,North,ghb;mdma,none,accident,2014-08-01T10:15
T2,2014-07-01T08:30,2014-07-02,incident,,,,South,none,,,
T3,2014-07-03,2014-07-04,,home,41.5,female,,,home_locked_alone,,
"""


def said_by_the_facts(store):
    """By case, (values, items) as `read_store` has them: the oracle."""
    table = read_store(store).register.table
    found = {}
    for row in table.iter_rows(named=True):
        values = {name: row[name] for name in SCALARS if name != "unit"}
        values["kind"] = row["kind"] or "death"
        for name in ("found_at", "closed_at"):
            values[name] = (row[name], row[f"{name}_span_s"] if row[name] else None)
        items = {
            (name, item)
            for name in LISTS
            if row[name] is not None
            for item in (row[name] or ["none"])
        }
        found[row["case_id"]] = (values, items)
    for case, (_, items) in found.items():
        items |= {("unit", unit) for unit in units_of(store, case)}
    return found


def units_of(store, case):
    facts = list(store.rows(Fact).filter(case_id=case, field="unit"))
    gone = {fact.supersedes for fact in facts}
    return {fact.value for fact in facts if fact.id not in gone and fact.value is not None}


def said_by_the_lists(store):
    items: dict[int, set] = {}
    for line in store.rows(PresentItem):
        items.setdefault(line.case, set()).add((line.field, line.item))
    found = {}
    for row in store.rows(Present):
        values = {name: getattr(row, name) for name in SCALARS if name != "unit"}
        for name in ("found_at", "closed_at"):
            values[name] = moment(values[name])
        own = items.get(row.id, set())
        assert ("unit", row.unit) not in own
        found[row.case_id] = (values, own | ({("unit", row.unit)} if row.unit else set()))
        assert store.rows(Case).get(id=row.id).case_id == row.case_id
    return found


def moment(text):
    if not text:  # erased, and then spoken of again
        return (None, None)
    return (datetime.fromisoformat(text), 86_400 if len(text) == 10 else 0)


def agree(store):
    listed, told = said_by_the_lists(store), said_by_the_facts(store)
    differ = {
        case: (listed.get(case), told.get(case))
        for case in listed | told
        if listed.get(case) != told.get(case)
    }
    assert differ == {}
    with store.snapshot():
        assert list(derived.faults(store.alias)) == []


def take_in(store, folder: Path, text: str, name: str = "table.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    collect(store, read_register(path), **BY)


def test_a_table_and_facts_files_are_listed_as_they_are_read(store, tmp_path):
    take_in(store, tmp_path, TABLE)
    agree(store)
    collect(store, read_register(worked_example_facts_path()), **BY)
    agree(store)
    assert store.rows(Present).count() == store.rows(Case).count()


def test_a_row_that_comes_again_changes_what_is_listed(store, tmp_path):
    take_in(store, tmp_path, TABLE)
    again = TABLE.replace("ghb;mdma", "ghb").replace(",23,male,North", ",24,male,East")
    take_in(store, tmp_path, again.replace("2014-07-02", "2014-09-02"), "again.csv")
    agree(store)
    row = store.rows(Present).get(case_id="T1")
    assert (row.age_years, row.unit, row.revised) == (24.0, "East", 1)
    assert store.rows(Present).get(case_id="T3").revised == 0


FIELDS = {
    "found_place_kind": ["street", "home", "venue"],
    "age_years": ["20", "31.5", "77"],
    "sex": ["male", "female"],
    "unit": ["North", "South", "East"],
    "kind": ["death", "incident"],
    "substances_detected": ["ghb", "mdma", "none", "ethanol"],
    "indicators": ["prompt_help", "none", "home_locked_alone"],
    "manner_coroner": ["open", "accident"],
    "closed_at": ["2015-01-01", "2015-01-01T10:00:30"],
    "body_position": ["prone"],
}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_is_entered_corrected_and_erased_the_lists_follow(store, tmp_path, seed):
    dice = random.Random(seed)
    take_in(store, tmp_path, TABLE)
    day = datetime(2014, 7, 1)

    def fact(case, field):
        is_said = dice.random() < 0.8
        status = Status.RECORDED if is_said else dice.choice([Status.UNKNOWN, Status.NOT_TESTED])
        value = dice.choice(FIELDS[field]) if is_said else None
        known = None if dice.random() < 0.2 else day + timedelta(days=dice.randrange(30))
        recorded = None if dice.random() < 0.5 else day + timedelta(days=dice.randrange(30))
        return CaseFact(case, field, value, status, known, recorded, dice.choice("ab"), "c")

    for step in range(12):
        with store.writing(**BY) as writer:
            for _ in range(2):
                case = dice.choice(["T1", "T2", "T3", f"N{dice.randrange(4)}"])
                facts = [fact(case, name) for name in dice.sample(list(FIELDS), 4)]
                if not store.rows(Case).filter(case_id=case).exists():
                    first = f"2014-08-{dice.randrange(1, 28):02}"
                    begun = CaseFact(case, "found_at", first, Status.RECORDED, day, None, "a", "c")
                    facts.insert(0, begun)
                enter_facts(store, writer, facts)
                writer.flush()
            stood = list(store.rows(Fact).filter(field__in=FIELDS).order_by("id"))
            gone = {row.supersedes for row in stood}
            old = dice.choice([row for row in stood if row.id not in gone])
            correct_fact(store, writer, old.id, fact(old.case_id, old.field), "wrong")
        agree(store)
        if step % 5 == 4:
            case = dice.choice(list(store.rows(Present).values_list("case_id", flat=True)))
            with store.writing(**BY) as writer:
                held = entries_about(store, case)
                facts_held = store.rows(Fact).filter(case_id=case).count()
                erase(
                    store, writer, CaseErased, held, case=case, facts=facts_held,
                    rule="end_of_retention", approved_by="a", certificate_sha256="0" * 64,
                )  # fmt: skip
            assert not store.rows(Present).filter(case_id=case).exists()
            agree(store)
    made = said_by_the_lists(store)
    with engine.writing(store.alias):
        derived.make(store.alias)
    assert said_by_the_lists(store) == made
    assert verify(store).outcome is Outcome.INTACT


def test_a_write_that_is_undone_changes_no_list(store, tmp_path):
    take_in(store, tmp_path, TABLE)
    before = said_by_the_lists(store)
    row = CaseFact("T1", "sex", "female", Status.RECORDED, None, None, "a", "c")

    def fail():
        with store.writing(**BY) as writer:
            enter_facts(store, writer, [row])
            writer.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert said_by_the_lists(store) == before


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE ledger_present SET unit = 'West' WHERE case_id = 'T1'",
        "DELETE FROM ledger_present WHERE case_id = 'T3'",
        "DELETE FROM ledger_presentitem WHERE item = 'mdma'",
        "INSERT INTO ledger_presentitem VALUES ('indicators', 'prompt_help', 3)",
        "INSERT INTO ledger_presentitem VALUES ('indicators', 'prompt_help', 99)",
        "DELETE FROM ledger_presentbits WHERE value = 'mdma'",
        "DELETE FROM ledger_presentbits",
        "UPDATE ledger_presentbits SET value = 'hotel' WHERE value = 'street'",
        "UPDATE ledger_derived SET version = 0",
        "UPDATE ledger_derived SET name = 'other' WHERE name = 'present'",
    ],
)
def test_lists_that_are_not_what_the_facts_say_are_found_by_verify(store, tmp_path, damage):
    take_in(store, tmp_path, TABLE)
    assert verify(store).outcome is Outcome.INTACT
    with engine.writing(store.alias), connections[store.alias].cursor() as cursor:
        cursor.execute(damage)
    verdict = verify(store)
    assert verdict.outcome is Outcome.BROKEN
    assert "lists" in str(verdict.first)


def test_a_store_whose_lists_were_made_by_other_rules_gets_new_ones_when_it_is_opened(
    store, make_store, tmp_path
):
    take_in(store, tmp_path, TABLE)
    before = said_by_the_lists(store)
    with engine.writing(store.alias):
        store.rows(Present).filter(case_id="T2").delete()
        store.rows(PresentBits).filter(field="unit").delete()
        store.rows(Derived).update(version=0)
    again = make_store()
    assert said_by_the_lists(again) == before
    assert verify(again).outcome is Outcome.INTACT


def test_a_restored_store_has_its_lists(store, tmp_path):
    take_in(store, tmp_path, TABLE)
    write_backup(store, tmp_path / "b.zip", **BY)
    restored, _ = restore_backup(tmp_path / "b.zip", str(tmp_path / "restored.db"), **BY)
    with restored:
        assert said_by_the_lists(restored) == said_by_the_lists(store)
