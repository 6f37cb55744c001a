"""Registers drawn from the learned model: what is kept stays, what is drawn follows the rates it is drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from tests.evidence.made import made, made_rows, register_of

from openverdict.evidence import Model, Prepared, load_variables, prepare
from openverdict.evidence.encode import Content, encode_content
from openverdict.evidence.types import learn_types
from openverdict.series.parametric import draw, drawn_registers, mix_around
from openverdict.simulate import CitySpec, simulate_register


@pytest.fixture(scope="module")
def city() -> tuple[Prepared, np.ndarray]:
    register = simulate_register(CitySpec(cases_a_year=700), 3).register
    kind = register.table["kind"].fill_null("death")
    return prepare(register, load_variables()), (kind == "death").to_numpy()


def content_of(n: int, seed: int = 1) -> Content:
    return encode_content(made(seed, n, places="spread"), load_variables())


def test_the_same_seed_draws_the_same_registers_and_another_seed_others(city):
    prepared, is_death = city
    one, two = (list(drawn_registers(prepared, is_death, 2, 5)) for _ in range(2))
    (other,) = drawn_registers(prepared, is_death, 1, 6)
    for a, b in zip(one, two, strict=True):
        assert (a.prepared.learned.content.bits == b.prepared.learned.content.bits).all()
        assert (a.order == b.order).all()
    ages = [r.prepared.learned.content.age for r in (*one, other)]
    assert not (ages[0] == ages[1]).all()
    assert not (ages[0] == ages[2]).all()
    assert list(drawn_registers(prepared, is_death, 0, 5)) == []


def test_places_times_units_and_what_is_recorded_stay_as_they_are(city):
    prepared, is_death = city
    before = prepared.learned.content
    (drawn,) = drawn_registers(prepared, is_death, 1, 1)
    after = drawn.prepared.learned.content
    assert drawn.prepared.slots is prepared.slots
    assert drawn.prepared.around is prepared.around
    assert (after.recorded == before.recorded).all()
    assert (after.bits[:, after.of_place] == before.bits[:, after.of_place]).all()
    assert ((after.age >= 0) == (before.age >= 0)).all()
    assert (after.unit == before.unit).all()
    assert not (after.age == before.age).all()


def test_a_code_has_one_value_where_it_is_recorded_and_nothing_has_any_where_it_is_not():
    content = content_of(600)
    types = learn_types(content)
    drawn = draw(content, types, types.posterior, np.random.default_rng(1))
    variable = np.array([bit.variable for bit in content.bit_list])
    for v, described in enumerate(content.coded):
        held = drawn.bits[:, variable == v].sum(1)
        assert (held[content.recorded[:, v] == 0] == 0).all()
        if described.kernel == "code":
            assert (held[content.recorded[:, v] == 1] == 1).all()
    number = {(b.variable, b.value, b.negative): d for d, b in enumerate(content.bit_list)}
    for (v, value, negative), d in number.items():
        if negative:
            both = drawn.bits[:, d] & drawn.bits[:, number[v, value, False]]
            assert not both.any()


def test_values_are_drawn_at_the_rates_of_the_kind_of_death():
    """One kind for all: the share of each value among many draws is its rate, and ages follow their density."""
    content = content_of(500)
    types = learn_types(content)
    one = np.zeros_like(types.posterior)
    one[:, 0] = 1.0
    rng = np.random.default_rng(2)
    draws = [draw(content, types, one, rng) for _ in range(60)]
    bits = np.mean([d.bits for d in draws], axis=0)
    variable = np.array([bit.variable for bit in content.bit_list])
    for v, described in enumerate(content.coded):
        if described.of_place:
            continue
        rows = content.recorded[:, v] == 1
        mine = np.flatnonzero((variable == v) & ~np.array([b.negative for b in content.bit_list]))
        rate = types.rates.bit[0, mine]
        expected = rate if described.kernel == "items" else rate / rate.sum()
        share = bits[np.ix_(rows, mine)].mean(0)
        noise = np.sqrt(expected / max(rows.sum() * len(draws), 1))
        assert (np.abs(share - expected) < 5 * noise + 1e-3).all()
    ages = np.concatenate([d.age[d.age >= 0] for d in draws])
    mean = float((np.arange(128) * types.rates.age[0]).sum() / types.rates.age[0].sum())
    assert ages.mean() == pytest.approx(mean, abs=1.0)


def test_persons_and_identifiers_are_exchanged_and_none_is_lost(city):
    prepared, is_death = city
    before = prepared.learned.content.keys
    (drawn,) = drawn_registers(prepared, is_death, 1, 1)
    after = drawn.prepared.learned.content.keys
    for name, keys in before.items():
        assert sorted(after[name].index) == sorted(keys.index)
        assert after[name].names == keys.names
    assert (is_death[drawn.order] == is_death).all()


def test_the_mix_around_follows_the_kinds_nearby():
    """Two towns, each with a kind of its own: the mix at a place is that of its town, and incidents look at incidents."""
    rows = made_rows(4, 400, places="towns", missing=0.0, incidents=0.2, persons=1)
    register = register_of(rows)
    prepared = prepare(register, load_variables())
    town = prepared.slots.xyz_m[:, 0] > np.median(prepared.slots.xyz_m[:, 0])
    is_death = (register.table["kind"] == "death").to_numpy()
    posterior = np.zeros((400, 2))
    posterior[np.arange(400), (town ^ ~is_death).astype(int)] = 1.0
    mix = mix_around(posterior, prepared.around, is_death)
    np.testing.assert_allclose(mix.sum(1), 1.0)
    likely = mix[np.arange(400), posterior.argmax(1)]
    assert likely.mean() > 0.8
    assert likely[~is_death].mean() > 0.7


def test_a_drawn_register_can_be_searched_like_any_other(city):
    prepared, is_death = city
    (drawn,) = drawn_registers(prepared, is_death, 1, 1)
    model = Model(drawn.prepared)
    i, j = np.triu_indices(40, 1)
    total = model.total(i, j)
    assert np.isfinite(total).all()
