"""Identities in a register: which keys are written, and that a lead says what each rests on."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from tests.identity.people import SECRET, people

from openverdict.cases import Register
from openverdict.errors import InputError
from openverdict.identity import (
    basis_in_words,
    propose,
    read_model,
    read_run,
    stand,
    with_identities,
    write_run,
)
from openverdict.leads.persons import persons_in_common, shared_identifiers

MODEL = read_model("shipped")
HOST = {"case_id": "A", "source": "police", "role": "host", "date_of_death": ""}
STRANGER = {
    "forenames": "Peter",
    "surname": "Marsh",
    "sex": "M",
    "date_of_birth": "1988-02-09",
    "postcode": "AB1 2CD",
    "place": "Elsewhere",
    "person_number": "401 023 2137",
    "identifiers": "phone:07700 900999",
    "date_of_death": "",
}
NOBODY = {"forenames": "Joan", "surname": "Ware", "person_number": "", "identifiers": ""}


def _register(**cells: list[str]) -> Register:
    return Register.from_table(
        pl.DataFrame(
            {
                "case_id": ["A", "B", "C"],
                "kind": ["death"] * 3,
                "found_at": [datetime(2019, 1, 1), datetime(2019, 12, 1), datetime(2020, 3, 1)],
                **{name: [value, None, None] for name, value in cells.items()},
            }
        )
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The host of case A is the finder of case B and the decedent of case C; somebody else found A."""
    records = people(
        HOST,
        {**HOST, "case_id": "B", "role": "finder"},
        {"case_id": "C", "source": "coroner"},
        {**STRANGER, "case_id": "A", "source": "police", "role": "finder"},
        {**STRANGER, "case_id": "Z", "source": "police", "role": "witness", **NOBODY},
    )
    folder = tmp_path_factory.mktemp("applied") / "run"
    return write_run(folder, propose(records, SECRET, MODEL), records, SECRET)


def _persons(register: Register) -> dict[str, list[str]]:
    return dict(register.table.select("case_id", "persons").iter_rows())


def test_the_same_person_has_one_key_in_every_role(run):
    applied = with_identities(_register(), run, stand(run))
    persons = _persons(applied.register)
    keys = {
        person.partition(":")[2]
        for case in "ABC"
        for person in persons[case]
        if "unreviewed" in person
    }
    assert len(keys) == 1
    assert [person.partition(":")[0] for person in persons["C"]] == ["decedent"]
    assert sorted(person.partition(":")[0] for person in persons["A"]) == ["finder", "host"]
    assert applied.strangers == 1


def test_a_lead_says_whether_an_identity_was_accepted(run):
    applied = with_identities(_register(), run, stand(run))
    texts = [finding.text for finding in persons_in_common(applied.register)]
    assert any("Person unreviewed-" in text and "stands in case B" in text for text in texts)
    assert not any("Thistlewick" in text for text in texts)


def test_nothing_rests_on_the_threshold_when_only_acceptances_count(run):
    applied = with_identities(_register(), run, stand(run), accepted_only=True)
    assert list(persons_in_common(applied.register)) == []
    assert set(applied.sidecar["basis"]) == {"single"}
    assert applied.sidecar["probability"].null_count() == applied.sidecar.height


def test_a_key_says_in_words_what_it_rests_on(run):
    keys = {
        key.partition(":")[2]
        for case in _persons(with_identities(_register(), run, stand(run)).register).values()
        for key in case
    }
    assert all(basis_in_words(key) for key in keys)
    assert "nobody has reviewed" in (basis_in_words("unreviewed-00ff") or "")
    assert basis_in_words("K123") is None


def test_identifiers_go_in_as_keyed_hashes_of_their_kind(run):
    applied = with_identities(_register(), run, stand(run))
    cells = dict(applied.register.table.select("case_id", "identifiers").iter_rows())
    assert set(cells["A"]) & set(cells["B"]) & set(cells["C"])
    assert all(
        key.startswith("phone:") and "0770" not in key for keys in cells.values() for key in keys
    )
    assert list(shared_identifiers(applied.register))


def test_a_decedent_of_one_case_alone_gets_no_key(run, tmp_path):
    records = people({"case_id": "C"}, {**STRANGER, "case_id": "C", "role": "finder"})
    alone = write_run(tmp_path / "alone", propose(records, SECRET, MODEL), records, SECRET)
    persons = _persons(with_identities(_register(), alone, stand(alone)).register)
    assert [person.partition(":")[0] for person in persons["C"]] == ["finder"]


@pytest.mark.parametrize("cells", [{"persons": ["finder:K1"]}, {"identifiers": ["phone:ab"]}])
def test_keys_that_stand_in_a_register_are_replaced_only_when_asked(run, cells):
    register = _register(**cells)
    with pytest.raises(InputError, match="--replace"):
        with_identities(register, run, stand(run))
    replaced = with_identities(register, run, stand(run), replace_cells=True)
    assert "finder:K1" not in _persons(replaced.register)["A"]


def test_what_was_looked_for_and_absent_stays_where_no_record_is(run, tmp_path):
    records = people({**HOST, "case_id": "A"})
    one = write_run(tmp_path / "one", propose(records, SECRET, MODEL), records, SECRET)
    register = _register()
    table = register.table.with_columns(
        persons=pl.Series([None, [], None], dtype=pl.List(pl.String))
    )
    applied = with_identities(Register(table), one, stand(one))
    assert applied.register.table["persons"].to_list()[1] == []


def test_a_register_of_other_cases_is_refused(run):
    other = Register.from_table(
        pl.DataFrame({"case_id": ["X"], "found_at": [datetime(2020, 1, 1)]})
    )
    with pytest.raises(InputError, match="must be the register's own"):
        with_identities(other, run, stand(run))


def test_the_sidecar_says_for_each_record_what_its_key_rests_on(run):
    sidecar = with_identities(_register(), read_run(run.folder), stand(run)).sidecar
    assert sidecar["model"].unique().to_list() == [MODEL.hash]
    several = sidecar.filter(basis="unreviewed")
    assert (several["probability"] >= 0.95).all()
    assert set(several["case_id"]) == {"A", "B", "C"}
