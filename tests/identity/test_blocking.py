"""Which pairs are compared: each rule against a plain double loop, and the guards."""

from __future__ import annotations

from itertools import combinations

import pytest
from tests.identity.people import people, town

from openverdict.identity import blocking
from openverdict.identity.blocking import candidates


def _brute(table):
    """Pairs that share a number, an identifier, or a day of birth with the sound of a surname."""
    heard = blocking.sounds(table)["surname_sound"].to_list()
    rows = table.to_dicts()
    for a, b in combinations(range(len(rows)), 2):
        one, other = rows[a], rows[b]
        number = one["number"] is not None and one["number"] == other["number"]
        shared = set(one["ids"] or ()) & set(other["ids"] or ())
        day = (
            one["dob"] is not None
            and one["dob"] == other["dob"]
            and heard[a] == heard[b]
            and heard[a]
        )
        if number or shared or day:
            yield a, b


def test_every_pair_that_shares_a_key_is_compared_once():
    _, records = town(600)
    found = candidates(records.table)
    pairs = list(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert all(a < b for a, b in pairs)
    assert pairs == sorted(set(pairs))
    assert set(_brute(records.table)) <= set(pairs)


def test_the_counts_of_the_rules_add_up():
    _, records = town(600)
    found = candidates(records.table)
    assert sum(rule.new_pairs for rule in found.counts) == len(found)
    assert all(rule.new_pairs <= rule.pairs for rule in found.counts)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"date_of_birth": "1961-05-04"}, {"date_of_birth": "1961-04-05", "surname": "Thistlewik"}),
        ({"forenames": "William"}, {"forenames": "Bill", "surname": "Marsh", "postcode": ""}),
        ({"forenames": "Ada", "surname": "Marsh"}, {"forenames": "Marsh", "surname": "Ada"}),
        ({}, {"date_of_birth": "1971-05-04", "postcode": "", "place": ""}),
        ({}, {"date_of_birth": "", "surname": "Marsh", "forenames": "Annabell"}),
        ({"surname": "Smythe-Thistlewick"}, {"forenames": "Rosa", "postcode": ""}),
    ],
)
def test_records_that_differ_as_records_do_are_still_compared(one, other):
    alone = {"person_number": "", "identifiers": "", "date_of_death": ""}
    assert len(candidates(people({**alone, **one}, {**alone, **other}).table)) == 1


def test_a_value_that_too_many_records_share_is_left_out_and_counted():
    read = people(*[{"person_number": "943 476 5919", "surname": s * 3} for s in "ABCDEFGH"])
    whole = candidates(read.table)
    cut = candidates(read.table, most_in_key=7)
    number = cut.counts[0]
    assert whole.counts[0].pairs == 28
    assert (number.pairs, number.keys_left_out, number.pairs_left_out) == (0, 1, 28)


def test_a_rule_that_gives_too_many_pairs_keeps_its_smaller_values(monkeypatch):
    monkeypatch.setattr(blocking, "FREE_PAIRS", 4)
    monkeypatch.setattr(blocking, "MOST_PAIRS_A_RECORD", 0)
    numbers = ["943 476 5919"] * 4 + ["401 023 2137"] * 2
    read = people(*[{"person_number": n} for n in numbers])
    number = candidates(read.table).counts[0]
    assert (number.pairs, number.pairs_left_out) == (1, 6)


def test_nothing_is_compared_where_there_is_nothing():
    assert len(candidates(people().table)) == 0
    assert len(candidates(people({}).table)) == 0
