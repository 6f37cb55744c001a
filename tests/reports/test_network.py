"""The small network: what several cases have in common is drawn, and stands in a table beside it."""

from __future__ import annotations

from openverdict.reports.figures import Holder, Network
from openverdict.reports.figures import network as network_or_none

CASES = {1: "A", 2: "B", 3: "C"}


def network(*given) -> Network:
    made = network_or_none(*given)
    assert made is not None
    return made


def test_who_stands_in_one_case_alone_is_not_in_it():
    alone = Holder("P", "person", ((1, "finder"), (1, "caller")))
    assert network_or_none(CASES, [alone], []) is None


def test_who_stands_in_several_has_a_line_to_each_and_a_row_in_the_table():
    made = network(CASES, [Holder("P", "person", ((1, "finder"), (3, "caller")))], [])
    assert (len(made.cases), len(made.holders), len(made.lines)) == (3, 1, 2)
    assert made.rows == (("P", "person", "finder in case 1; caller in case 3"),)
    assert made.words == "P stands in the records of cases 1 and 3."


def test_a_case_that_names_another_has_a_bow_and_a_sentence():
    made = network(CASES, [], [(3, 1)])
    assert (len(made.arcs), made.mentions) == (1, ("The record of case 3 (C) names case 1 (A).",))


def test_a_crowd_is_drawn_in_part_and_listed_whole():
    crowd = [Holder(f"P{i:02}", "person", ((1, "visitor"), (2, "visitor"))) for i in range(30)]
    made = network(CASES, crowd, [])
    assert (len(made.holders), len(made.rows)) == (12, 30)
    assert "18 more stand in the table" in made.words


def test_a_long_key_does_not_leave_the_picture():
    made = network(CASES, [Holder("k" * 60, "identifier", ((1, "phone"), (2, "phone")))], [])
    assert len(made.holders[0].label) <= 21
    assert made.rows[0][0] == "k" * 60
