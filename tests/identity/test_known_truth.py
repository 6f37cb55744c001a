"""A made-up register with known truth: enough is found, almost nothing is wrong, and namesakes stay apart."""

from __future__ import annotations

import re
from collections import Counter

import polars as pl
import pytest
from tests.identity.people import SECRET, people, persons_of, town

from openverdict.errors import InputError
from openverdict.identity import cluster, propose, read_model
from openverdict.identity.clusters import Link
from openverdict.identity.comparisons import COMPARISONS
from openverdict.identity.propose import MOST_PROPOSALS, PROPOSALS_SCHEMA
from openverdict.identity.rules import CONTRADICTIONS, REASONS, crowded

MODEL = read_model("shipped")
TWINS = {"date_of_death": "", "person_number": "", "role": "witness", "identifiers": "phone:1"}


@pytest.fixture(scope="module")
def proposed():
    """A small town with namesakes in twos and in a crowd, scored with the shipped model."""
    made, records = town(3_000, 7, namesakes=100, crowd=100)
    return made, records, propose(records, SECRET, MODEL)


def _identities(found):
    kept = found.proposals.filter(over_threshold="yes")
    links = [
        Link(*row) for row in kept.select("record_a", "record_b", "bits", "probability").iter_rows()
    ]
    said = {(a, b): why for a, b, why in found.contradictions.iter_rows()}
    return cluster(links, said).identities


def test_enough_is_found_and_almost_nothing_is_wrong(proposed):
    made, records, found = proposed
    person = dict(zip(records.table["key"], persons_of(made, records), strict=True))
    right = wrong = 0
    for identity in _identities(found):
        counts = Counter(person[record] for record in identity.records)
        within = sum(n * (n - 1) // 2 for n in counts.values())
        right += within
        wrong += len(identity.records) * (len(identity.records) - 1) // 2 - within
    every = sum(n * (n - 1) // 2 for n in Counter(person.values()).values())
    assert right / (right + wrong) >= 0.99
    assert right / every >= 0.93


def test_no_namesake_born_the_same_day_is_joined_and_each_stays_a_proposal(proposed):
    made, _, found = proposed
    stock = dict(zip(made.records["record_id"], made.stock, strict=True))
    for side in "ab":
        pairs = found.proposals.filter(
            pl.col(f"record_id_{side}").replace_strict(stock) == "namesake"
        )
        assert pairs.height > 100
        over = pairs.filter(over_threshold="yes")
        assert over.is_empty()


def test_what_is_written_holds_no_name_no_date_and_no_number(proposed):
    _, records, found = proposed
    text = (found.proposals.write_csv() + found.contradictions.write_csv()).upper()
    words = set(re.split(r"[^A-Z0-9]+", text))
    for column in ("forename", "surname", "dob", "number", "postcode"):
        long = {v for v in records.table[column].drop_nulls().unique() if len(v) > 5}
        assert long
        assert long.isdisjoint(words)


def test_the_bits_of_a_proposal_add_up(proposed):
    frame = proposed[2].proposals
    parts = ["bits_prior", *(f"bits_{c.name}" for c in COMPARISONS), "bits_kin"]
    assert (frame.select(parts).sum_horizontal() - frame["bits"]).abs().max() < 0.001
    assert frame.schema == pl.Schema(PROPOSALS_SCHEMA)


def test_a_crowd_does_not_bury_the_rest(proposed):
    below = proposed[2].proposals.filter(over_threshold="no")
    sides = pl.concat([below["record_a"], below["record_b"].rename("record_a")])
    counts = proposed[2].counts
    assert sides.len() <= 2 * MOST_PROPOSALS * sides.n_unique()
    assert counts["pairs_proposed"] < counts["pairs_at_floor"]


def test_what_needs_a_person_stands_first(proposed):
    over = proposed[2].proposals["over_threshold"].to_list()
    assert over == sorted(over)


def _reasons(*changes: dict[str, str], **also: str) -> str | None:
    found = propose(people(*changes, **also), SECRET, MODEL, floor=1e-9, threshold=0.5)
    assert found.proposals.height == 1
    return found.proposals["held_back"][0]


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ({"forenames": "Ada"}, {"forenames": "Joan"}, "forename_differs"),
        ({"date_of_birth": "1940-01-02"}, {"date_of_birth": "1965-11-30"}, "birth_differs"),
        ({"sex": "M"}, {"sex": "F", "date_of_birth": "1961-05-05"}, "sex_differs"),
        ({"person_number": "943 476 5919"}, {"person_number": "401 023 2137"}, "number_differs"),
        ({"date_of_death": "2019-11-30"}, {"date_of_death": "2014-02-03"}, "death_differs"),
        ({"role": "decedent"}, {"role": "finder", "source": "coroner"}, "own_death"),
        ({"forenames": ""}, {}, "names_not_compared"),
        ({"postcode": "", "place": ""}, {"identifiers": "", "forenames": "Annabel"}, "name_alone"),
    ],
)
def test_a_pair_is_held_back_for_a_reason_in_words(one, other, reason):
    assert REASONS[reason] in (_reasons(one, other, **TWINS) or "")


def test_one_number_bears_out_one_slip_and_not_two():
    number = {"person_number": "943 476 5919"}
    assert _reasons(number, {**number, "date_of_birth": "1984-12-31"}) is None
    both = _reasons(number, {**number, "date_of_birth": "1984-12-31", "forenames": "Joan"}) or ""
    assert REASONS["birth_differs"] in both


def test_missing_values_hold_nothing_back_but_the_lack_of_agreement():
    blank = {"sex": "", "person_number": "", "date_of_death": "", "identifiers": ""}
    assert _reasons(blank, {}, role="witness") is None


def test_a_name_and_day_with_many_numbers_tells_nobody_apart():
    numbers = [{"person_number": f"40{k}0232137", "postcode": ""} for k in range(6)]
    assert crowded(people(*numbers).table).all()
    assert not crowded(people(*numbers[:4]).table).any()
    assert not crowded(people(*[{**n, "date_of_birth": ""} for n in numbers]).table).any()


def test_forenames_that_differ_hold_a_pair_back_but_contradict_nothing():
    assert "forename_differs" in REASONS
    assert "forename_differs" not in CONTRADICTIONS
    assert set(CONTRADICTIONS) <= set(REASONS)


def test_a_single_record_gives_no_proposal():
    assert propose(people({}), SECRET, MODEL).proposals.is_empty()


@pytest.mark.parametrize(("threshold", "floor"), [(0.5, 0.9), (1.0, 0.5), (0.9, 0.0)])
def test_settings_that_make_no_sense_are_refused(threshold, floor):
    with pytest.raises(InputError, match="--floor"):
        propose(people({}), SECRET, MODEL, threshold=threshold, floor=floor)
