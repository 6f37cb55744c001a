"""What a frozen register says of new cases agrees with what it says of its own, but for the case itself."""

from __future__ import annotations

import numpy as np
import pytest
from tests.evidence.made import made

from openverdict.cases import Register
from openverdict.evidence import load_variables, prepare
from openverdict.evidence.frozen import freeze, hashed
from openverdict.evidence.newcomers import encode_newcomers, posterior_of


@pytest.mark.parametrize("seed", [1, 2])
def test_a_case_of_the_register_is_coded_as_it_was_when_it_comes_again(seed):
    register = made(seed, 150, places="spread")
    prepared = prepare(register, load_variables())
    frozen = freeze(register, prepared, "salt")
    new = encode_newcomers(register, frozen)
    content = prepared.learned.content
    assert new.unknown == ()
    known = len(content.bit_list)
    np.testing.assert_array_equal(new.content.bits[:, :known], content.bits)
    np.testing.assert_array_equal(new.content.recorded, content.recorded)
    np.testing.assert_array_equal(new.content.age, content.age)
    np.testing.assert_array_equal(new.content.unit, content.unit)
    np.testing.assert_array_equal(new.slots.spot, prepared.slots.spot)
    np.testing.assert_array_equal(new.slots.kind, prepared.slots.kind)
    for name, keys in content.keys.items():
        np.testing.assert_array_equal(new.content.keys[name].start, keys.start)
        np.testing.assert_array_equal(new.content.keys[name].index, keys.index)
        np.testing.assert_array_equal(new.content.keys[name].role, keys.role)


def test_the_posterior_of_a_case_that_comes_again_is_the_one_it_was_learned_with():
    register = made(3, 600)
    prepared = prepare(register, load_variables())
    frozen = freeze(register, prepared, "salt")
    found = posterior_of(frozen, prepared.learned.content)
    np.testing.assert_allclose(found, prepared.types.posterior, atol=1e-9)


def test_hashes_differ_by_their_salt():
    assert hashed(["a", "b"], "one").tolist() != hashed(["a", "b"], "two").tolist()
    assert len(set(hashed([str(k) for k in range(1000)], "one").tolist())) == 1000


def test_case_numbers_are_found_again_in_any_script():
    register = made(4, 40)
    table = register.table.with_columns(
        case_id=register.table.get_column("case_id").str.replace("K00", "Å·")
    )
    register = Register(table)
    frozen = freeze(register, prepare(register, load_variables()), "salt")
    for row, case in enumerate(table.get_column("case_id")):
        assert frozen.cases.find(case) == row
        assert frozen.cases.id(row) == case
    assert frozen.cases.find("nobody") == -1
