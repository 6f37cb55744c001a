"""Facts in and out of a store: the register that comes out is the one that went in, and says so years later."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from openverdict.cases import Fact as CaseFact
from openverdict.cases import Status
from openverdict.errors import FieldError, InputError
from openverdict.intake import Intake, read_register
from openverdict.ledger.cells import cells, uncells
from openverdict.ledger.collecting import collect
from openverdict.ledger.entering import correct_fact, enter_facts
from openverdict.ledger.facts import AsOf, equality_record, read_cases, read_store
from openverdict.ledger.models import Event, Fact, Source
from openverdict.simulate import (
    CitySpec,
    simulate_register,
    worked_example_facts_path,
)

BY: dict[str, Any] = {"actor": "a.clerk", "purpose": "death_review"}
ROW = "case_id,found_at,known_from,found_place_kind,substances_detected,age_years,injuries,ethnicity\n"


def same(a, b):
    assert_frame_equal(a.table, b.table)
    assert_frame_equal(a.statuses.sort("case_id", "field"), b.statuses.sort("case_id", "field"))
    assert_frame_equal(a.facts, b.facts)
    assert (a.known_on, a.undated_rows) == (b.known_on, b.undated_rows)


def table(tmp_path, text, name="register.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_register(path)


def fact(case, field, value, known_from=None, status=Status.RECORDED):
    moment = None if known_from is None else datetime.fromisoformat(known_from)
    return CaseFact(case, field, value, status, moment, None, "by hand", "a.clerk")


def test_the_worked_example_comes_out_as_it_went_in(store):
    read = read_register(worked_example_facts_path())
    receipt = collect(store, read, **BY)
    back = read_store(store)
    same(back.register, read.register)
    assert back.account() == read.account()
    assert receipt.new_cases == 6


def test_a_table_comes_out_as_it_went_in_with_its_rejects_and_notes(store, tmp_path):
    rows = (
        "A,2014-06-19T04:18,2014-06-19,street,ghb;alcohol,23,none,white\n"
        "B,2014-08-28,,park_or_churchyard,not_tested,22,,\n"
        "C,yesterday,2014-09-20,park_or_churchyard,,22,unknown,\n"
    )
    read = table(tmp_path, ROW + rows)
    read = replace(read, notes=("a note of the reading",))
    collect(store, read, **BY)
    back = read_store(store)
    same(back.register, read.register)
    assert_frame_equal(back.rejects, read.rejects)
    assert back.notes == read.notes
    assert (back.rows_read, back.rejected_rows) == (read.rows_read, read.rejected_rows)
    for day in (date(2014, 6, 18), date(2014, 6, 19), date(2014, 9, 1)):
        same(back.register.as_of(day), read.register.as_of(day))


def test_a_simulated_city_comes_out_as_it_went_in(store):
    register = simulate_register(CitySpec(start=date(2013, 6, 1), years=0.2), 1).register
    read = Intake(
        replace(register, simulated=False),
        equality=read_register(worked_example_facts_path()).equality,
        rejects=pl.DataFrame(schema=read_store(store).rejects.schema),
        rows_read=len(register),
        rejected_rows=0,
        sources=(),
    )
    collect(store, read, **BY)
    back = read_store(store).register
    same(back, read.register)
    assert back.content_hash() == register.content_hash()


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "mapping"), [("ct_drug_deaths", "connecticut"), ("allegheny_overdoses", "allegheny")]
)
def test_real_registers_survive_being_cut_into_cells(real_data, folder, mapping):
    (path,) = (real_data / folder).glob("*.csv")
    register = read_register(path, mapping=mapping).register
    lines = cells(register.table, register.statuses)
    ids = register.table.select("case_id").with_columns(case=pl.int_range(pl.len()))
    made, statuses = uncells(lines.join(ids, on="case", how="left", maintain_order="left"))
    again = type(register).from_table(made, statuses)
    assert again.content_hash() == register.content_hash()


def test_the_equality_record_is_kept_apart(store, tmp_path):
    read = table(tmp_path, ROW + "A,2014-06-19,2014-06-19,street,,23,,white\n")
    collect(store, read, **BY)
    assert equality_record(store).table.row(0, named=True)["ethnicity"] == "white"
    assert "ethnicity" not in {row.field for row in store.rows(Fact)}
    assert "white" not in str(read_store(store).register.table.to_dicts())


def test_a_file_is_taken_in_once(store, tmp_path):
    read = table(tmp_path, ROW + "A,2014-06-19,2014-06-19,street,,23,,\n")
    collect(store, read, **BY)
    before = store.size()
    with pytest.raises(InputError, match=r"register\.csv: was taken into this store before"):
        collect(store, read, **BY)
    assert store.size() == before
    # By another mapping it is another reading.
    collect(store, read, **BY, mapping=("mine", "0" * 64))
    assert store.rows(Source).count() == 2


def test_a_file_name_stands_behind_a_commitment(store, tmp_path):
    read = table(tmp_path, ROW + "A,2014-06-19,2014-06-19,street,,23,,\n", "johnsmith.csv")
    collect(store, read, **BY)
    assert not any("johnsmith" in event.body for event in store.rows(Event))
    assert read_store(store).account()[0]["file"] == "johnsmith.csv"


def test_a_row_that_comes_again_adds_what_is_new_and_supersedes_what_changed(
    store, clock, tmp_path
):
    first = table(tmp_path, ROW + "A,2014-06-19T04:18,2014-06-19,street,ghb;alcohol,23,,\n")
    collect(store, first, **BY)
    clock.now = datetime(2024, 3, 1, 12, tzinfo=UTC)
    again = table(tmp_path, ROW + "A,2014-06-19T04:18,2014-06-19,street,ghb,24,bruise,\n")
    receipt = collect(store, again, **BY)
    assert (receipt.new_cases, receipt.facts, receipt.superseded) == (0, 1, 2)
    now = read_store(store).register.case("A")
    assert (now["age_years"], now["substances_detected"], now["injuries"]) == (
        24.0,
        ["ghb"],
        ["bruise"],
    )
    # What the row says anew was not held before it came, whatever the row's own date.
    then = read_store(store, AsOf(known=date(2014, 12, 31))).register.as_of(date(2014, 12, 31))
    case = then.case("A")
    assert (case["age_years"], case["substances_detected"]) == (23.0, ["ethanol", "ghb"])
    assert "injuries" not in case
    kinds = [event.kind for event in store.rows(Event).order_by("seq")]
    assert kinds.count("fact_superseded") == 2


def test_a_row_that_comes_again_with_a_later_day_dates_its_changes_by_it(store, tmp_path):
    collect(store, table(tmp_path, ROW + "A,2014-06-19,2014-06-19,street,,23,,\n"), **BY)
    collect(store, table(tmp_path, ROW + "A,2014-06-19,2014-07-01,street,ghb,23,,\n"), **BY)
    held = read_store(store).register
    assert held.as_of(date(2014, 7, 1)).case("A")["substances_detected"] == ["ghb"]
    assert "substances_detected" not in held.as_of(date(2014, 6, 30)).case("A")


def test_an_empty_cell_takes_nothing_back(store, tmp_path):
    collect(store, table(tmp_path, ROW + "A,2014-06-19,2014-06-19,street,ghb,23,,\n"), **BY)
    before = read_store(store).register
    collect(store, table(tmp_path, ROW + "A,2014-06-19,2014-06-19,,,,,\n"), **BY)
    assert read_store(store).register.case("A") == before.case("A")


def test_a_correction_counts_from_the_day_it_was_known(store):
    with store.writing(**BY) as writer:
        numbers = enter_facts(
            store,
            writer,
            [
                fact("A", "found_at", "2014-06-19", "2014-06-19"),
                fact("A", "age_years", "32", "2014-06-19"),
            ],
        )
    with store.writing(**BY) as writer:
        new = fact("A", "age_years", "23", "2014-07-01")
        correct_fact(store, writer, numbers[1], new, "misread")

    def age(day):
        return read_store(store, AsOf(known=day)).register.as_of(day).case("A")["age_years"]

    assert age(date(2014, 6, 30)) == 32.0  # what was believed that day
    assert age(date(2014, 7, 1)) == 23.0
    with store.writing(**BY) as writer, pytest.raises(InputError, match="superseded by fact"):
        correct_fact(store, writer, numbers[1], new, "misread")


def test_a_list_is_corrected_and_not_joined(store):
    with store.writing(**BY) as writer:
        numbers = enter_facts(
            store,
            writer,
            [
                fact("A", "found_at", "2014-06-19", "2014-06-19"),
                fact("A", "substances_detected", "bhb", "2014-06-19"),
            ],
        )
        correct_fact(
            store,
            _flushed(writer),
            numbers[1],
            fact("A", "substances_detected", "ghb", "2014-06-20"),
            "misread",
        )
    assert read_store(store).register.case("A")["substances_detected"] == ["ghb"]


def _flushed(writer):
    writer.flush()
    return writer


@pytest.mark.parametrize(
    ("entered", "error"),
    [
        ([("A", "age_years", "23")], InputError),  # a new case without found_at
        ([("A", "found_at", "yesterday")], FieldError),
        ([("A", "ethnicity", "white")], InputError),
        ([("A", "no_such_field", "1")], InputError),
        ([("A", "found_at", "2014-06-19"), ("B", "found_at", "2014-06-19")], InputError),
    ],
)
def test_a_fact_that_does_not_fit_its_field_is_refused(store, entered, error):
    before = store.size()
    with pytest.raises(error), store.writing(**BY) as writer:
        enter_facts(store, writer, [fact(*line) for line in entered])
    assert store.size() == before


def test_what_the_store_held_on_a_day_is_answered_by_its_own_clock(store, clock, tmp_path):
    clock.now = datetime(2024, 1, 10, 12, tzinfo=UTC)
    collect(store, table(tmp_path, ROW + "A,2014-06-19,2014-06-19,street,,23,,\n"), **BY)
    clock.now = datetime(2024, 2, 10, 12, tzinfo=UTC)
    late = table(tmp_path, ROW + "B,2014-06-01,2014-06-01,street,,23,,\n", "late.csv")
    collect(store, late, **BY)

    def held(day):
        read = read_store(store, AsOf(recorded=day))
        return read.register.table.get_column("case_id").to_list(), len(read.sources)

    assert held(date(2024, 1, 9)) == ([], 0)
    assert held(date(2024, 1, 10)) == (["A"], 1)
    assert held(date(2024, 2, 9)) == (["A"], 1)
    assert held(date(2024, 2, 10)) == (["B", "A"], 2)
    assert held(datetime(2024, 2, 10, 11, tzinfo=UTC) + timedelta(minutes=5)) == (["A"], 1)


def test_some_cases_alone_are_as_they_are_among_all(filled):
    some = ["A", "C", "T"]
    for known in (None, date(2014, 8, 28), date(2015, 9, 25)):
        whole = read_store(filled, AsOf(known=known)).register
        whole = whole if known is None else whole.as_of(known)
        alone = read_cases(filled, some, known)
        for mine, theirs in ((alone.table, whole.table), (alone.statuses, whole.statuses)):
            theirs = theirs.filter(pl.col("case_id").is_in(some))
            order = [name for name in ("case_id", "field") if name in theirs.columns]
            assert_frame_equal(mine.sort(order), theirs.sort(order))


def test_some_fields_of_some_cases_are_these_and_the_day_on_which_they_were_found(filled):
    told = read_cases(filled, ["A"], fields=["sex"]).case("A")
    assert {"case_id", "found_at", "sex"} <= set(told)
    assert not {"age_years", "found_lat", "persons", "indicators"} & set(told)
