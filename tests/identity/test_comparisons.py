"""Which level of agreement two records fall into, as the engine itself finds it."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identity.people import SECRET, people

from openverdict.identity import read_model
from openverdict.identity.blocking import Candidates
from openverdict.identity.comparisons import COMPARISONS, FUNCTIONS, condition
from openverdict.identity.score import score

MODEL = read_model("shipped")
NAMES = st.text(alphabet="ABCDEN", min_size=1, max_size=14)

# Field, one record, another, and the level that they fall into.
PAIRS = [
    ("forename", {"forenames": "William"}, {"forenames": "WILLIAM John"}, "same"),
    ("forename", {"forenames": "William"}, {"forenames": "Bill"}, "short_form"),
    ("forename", {"forenames": "Bobby"}, {"forenames": "Rob"}, "short_form"),
    ("forename", {"forenames": "William"}, {"forenames": "W"}, "initial"),
    ("forename", {"forenames": "Thomas"}, {"forenames": "William Thomas"}, "later_forename"),
    ("forename", {"forenames": "Oluwaseun"}, {"forenames": "Oluwasuen"}, "nearly_same"),
    ("forename", {"forenames": "Ian"}, {"forenames": "Iam"}, "alike"),
    ("forename", {"forenames": "William"}, {"forenames": "Peter"}, "different"),
    ("forename", {"forenames": "William"}, {"forenames": "Unknown"}, "missing"),
    ("forename", {"forenames": "Peter", "surname": "Cole"}, {"forenames": "Cole", "surname": "Peter"}, "missing"),
    ("surname", {"forenames": "Peter", "surname": "Cole"}, {"forenames": "Cole", "surname": "Peter"}, "swapped"),
    ("surname", {"forenames": "Peter", "surname": "Colebrook"}, {"forenames": "Colebrok", "surname": "Peter"}, "swapped"),
    ("surname", {"forenames": "James", "surname": "Jameson"}, {"forenames": "James", "surname": "Jameson"}, "same"),
    ("surname", {"surname": "Smith-Jones"}, {"surname": "Jones"}, "part"),
    ("surname", {"surname": "Wisniewski"}, {"surname": "Wisnewski"}, "nearly_same"),
    ("surname", {"surname": "Li"}, {"surname": "Lo"}, "alike"),
    ("surname", {"surname": "Smith"}, {"surname": "Walker"}, "different"),
    ("middle", {"forenames": "Ann Mary"}, {"forenames": "Ann M"}, "initial"),
    ("middle", {"forenames": "Ann Mary"}, {"forenames": "Ann"}, "missing"),
    ("birth", {"date_of_birth": "1961-05-04"}, {"date_of_birth": "1961-04-05"}, "swapped"),
    ("birth", {"date_of_birth": "1961-05-04"}, {"date_of_birth": "1971-05-04"}, "digit"),
    ("birth", {"date_of_birth": "1961-05-14"}, {"date_of_birth": "1961-05-41"[:7]}, "as_known"),
    ("birth", {"date_of_birth": "1961-05-14"}, {"date_of_birth": "1961"}, "as_known"),
    ("birth", {"date_of_birth": "1961-05-14"}, {"date_of_birth": "1961-05-28"}, "two_of_three"),
    ("birth", {"date_of_birth": "1961-05-14"}, {"date_of_birth": "1984-05-14"}, "two_of_three"),
    ("birth", {"date_of_birth": "1961-05-14"}, {"date_of_birth": "1962"}, "different"),
    ("birth", {"date_of_birth": "1961-05-14"}, {"date_of_birth": "1958-11-02"}, "different"),
    ("birth", {"date_of_birth": "1961-05-14"}, {"date_of_birth": "1900-01-01"}, "missing"),
    ("sex", {"sex": "F"}, {"sex": "female"}, "same"),
    ("sex", {"sex": "F"}, {"sex": "M"}, "different"),
    ("home", {"postcode": "qx94zw"}, {"postcode": "QX9 4ZW"}, "same"),
    ("home", {"postcode": "QX9 4ZW"}, {"postcode": "QX9 4AB"}, "sector"),
    ("home", {"postcode": "QX9 4ZW"}, {"postcode": "QX8 4ZW"}, "sector"),
    ("home", {"postcode": "QX9 4ZW"}, {"postcode": "QX9 1AB"}, "town"),
    ("home", {"postcode": "", "place": "Ely"}, {"postcode": "CB1 1AA", "place": "ely"}, "town"),
    ("home", {"postcode": "", "place": "Ely"}, {"postcode": "CB1 1AA", "place": ""}, "missing"),
    ("home", {"postcode": "QX9 4ZW", "place": "Ely"}, {"postcode": "AB1 1AA", "place": "Wick"}, "different"),
    ("number", {"person_number": "943 476 5919"}, {"person_number": "9434765919"}, "same"),
    ("number", {"person_number": "943 476 5919"}, {"person_number": "9434765991"}, "digit"),
    ("number", {"person_number": "943 476 5919"}, {"person_number": "401 023 2137"}, "different"),
    ("ids", {"identifiers": "phone:1;email:a@b"}, {"identifiers": "phone:2;email:a@b"}, "shared"),
    ("ids", {"identifiers": "phone:1"}, {"identifiers": "phone:2"}, "different"),
    ("ids", {"identifiers": "phone:1"}, {"identifiers": "email:a@b"}, "missing"),
    ("death", {"date_of_death": "2019-11-30"}, {"date_of_death": "2019-12-02"}, "near"),
    ("death", {"date_of_death": "2019-11-30"}, {"date_of_death": "2019-10-30"}, "near"),
    ("death", {"date_of_death": "2019-11-30"}, {"date_of_death": "2018-02-11"}, "different"),
    ("death", {"date_of_death": "2019-11-30"}, {"date_of_death": ""}, "missing"),
]  # fmt: skip


@pytest.fixture(scope="module")
def levels() -> list[dict[str, object]]:
    """Every pair of the list, each way round, scored at one go."""
    read = people(
        *[
            {**change, "source": f"S{k:03d}", "record_id": side}
            for k, (_, one, other, _) in enumerate(PAIRS)
            for side, change in (("a", one), ("b", other))
        ]
    )
    first = np.arange(0, 2 * len(PAIRS), 2)
    found = Candidates(np.concatenate([first, first + 1]), np.concatenate([first + 1, first]), ())
    scored = score(read, found, MODEL, SECRET, least_weight=-1e6)
    return scored.sort("left", "right").to_dicts()


@pytest.mark.parametrize(
    "number", range(len(PAIRS)), ids=lambda k: f"{PAIRS[k][0]} {PAIRS[k][3]} {k}"
)
def test_two_records_fall_into_the_level_whichever_comes_first(levels, number):
    field, _, _, level = PAIRS[number]
    there, back = levels[2 * number], levels[2 * number + 1]
    assert (there["left"], back["right"]) == (2 * number, 2 * number)
    assert [there[f"level_{field}"], back[f"level_{field}"]] == [level, level]
    assert there["weight"] == pytest.approx(back["weight"])


@pytest.mark.parametrize("number", [k for k, pair in enumerate(PAIRS) if pair[3] == "missing"])
def test_a_missing_value_adds_nothing(levels, number):
    field = PAIRS[number][0]
    assert levels[2 * number][f"weight_{field}"] == 0.0


@given(one=NAMES, other=NAMES, least=st.sampled_from([0.82, 0.84, 0.9, 0.92]))
def test_names_are_alike_as_the_similarity_of_jaro_and_winkler_says(one, other, least):
    """Against DuckDB's own function; a value that is the bound itself may fall either way."""
    said = condition(f"{{alike a b {least}}}", "duckdb")
    query = f"select {said}, jaro_winkler_similarity(a, b) from (select ? as a, ? as b)"  # noqa: S608
    row = duckdb.execute(query, [one, other]).fetchone()
    assert row is not None
    assert row[0] == (row[1] >= least) or row[1] == pytest.approx(least)


def test_every_condition_is_written_for_both_engines():
    for comparison in COMPARISONS:
        for sql in (comparison.missing, *(level.sql for level in comparison.levels)):
            for dialect in FUNCTIONS:
                assert "{" not in condition(sql, dialect)


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda c: c.name)
def test_the_shares_of_a_comparison_add_to_one_and_the_last_level_takes_what_is_left(comparison):
    for share in ("m", "u", "kin"):
        total = sum(getattr(level, share) for level in comparison.levels)
        assert total == pytest.approx(1, abs=0.011)
    assert [level.sql for level in comparison.levels].index("") == len(comparison.levels) - 1
