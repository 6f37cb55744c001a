"""Bit sets of a register: what is in them, and that pages of them are read off indexes."""

from __future__ import annotations

import random

from django.db import connections
from tests.ledger.filled import BY

from openverdict.intake import read_register
from openverdict.ledger import bits
from openverdict.ledger.bit_pages import Order, first_of, numbered
from openverdict.ledger.collecting import collect
from openverdict.ledger.derived import Present
from openverdict.ledger.store import open_store

CASES = 300


def filled(folder):
    dice = random.Random(2)
    lines = [f"C-{n:03},2014-0{dice.randrange(1, 10)}-11" for n in range(CASES)]
    path = folder / "register.csv"
    path.write_text("\n".join(["case_id,found_at", *lines]), encoding="utf-8")
    store = open_store(str(folder / "cases.db"), create=True)
    collect(store, read_register(path), **BY)
    return store


def test_numbers_become_a_set_and_come_back():
    for numbers in ([], [0], [1, 7, 8, 40_000], list(range(5, 100_000, 3))):
        found = bits.of_numbers(numbers)
        assert all(found >> n & 1 for n in numbers[:100])
        assert found.bit_count() == len(numbers)
        assert bits.numbers_of(found) == numbers


def test_a_page_is_read_off_an_index_however_it_is_read(tmp_path, monkeypatch):
    with filled(tmp_path) as store:
        every = bits.held(store.alias, bits.EVERY, "")
        some = every & bits.of_numbers(range(0, CASES + 1, 2))
        rows = store.rows(Present).order_by("-found_at", "-case_id")
        wanted = [n for n in rows.values_list("id", flat=True) if n % 2 == 0]
        order = Order(("found_at", "case_id"), down=True)
        for at_most, plans in ((0, "COVERING INDEX ledger_present_found"), (CASES, "PRIMARY KEY")):
            monkeypatch.setattr("openverdict.ledger.bit_pages.SORTED", at_most)
            asked: list[tuple[str, object]] = []

            def note(execute, sql, params, many, context, asked=asked):
                asked.append((sql, params))
                return execute(sql, params, many, context)

            with connections[store.alias].execute_wrapper(note):
                assert first_of(store.alias, some, order, 20) == wanted[:20]
            sql, params = asked[-1]
            with connections[store.alias].cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
                told = " / ".join(row[3] for row in cursor.fetchall())
            assert plans in told


def test_cases_are_found_by_how_their_number_begins_few_or_most_of_them(tmp_path):
    with filled(tmp_path) as store:
        for begins in ("C-", "C-0", "C-29", "C-299", "D", "B"):
            rows = store.rows(Present).filter(case_id__startswith=begins)
            found = bits.numbers_of(numbered(store.alias, begins))
            assert found == sorted(rows.values_list("id", flat=True)), begins
