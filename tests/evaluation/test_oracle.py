"""The oracle that knows the simulator's densities: held to what every likelihood ratio obeys, and to the simulator."""

from __future__ import annotations

import numpy as np
import pytest

from openverdict.evaluation.densities import age_tables, set_density
from openverdict.evaluation.observed import habits_of_units, observe
from openverdict.evaluation.oracle import NEVER, Oracle, gap_density
from openverdict.evidence import Model, load_variables, prepare
from openverdict.simulate import CitySpec, SeriesPlan, death_types, simulate_register
from openverdict.simulate.draft import draw_items, draw_set
from openverdict.simulate.types import words

PLAN = SeriesPlan("outdoor", 4, 4)


@pytest.fixture(scope="module")
def simulated():
    """A town of 3,000 deaths with four planted series."""
    return simulate_register(CitySpec(cases_a_year=1500, years=2.0, series=(PLAN,)), 4)


@pytest.fixture(scope="module")
def oracle(simulated):
    return Oracle(simulated, PLAN)


def random_pairs(oracle, m, seed):
    pairs = np.sort(np.random.default_rng(seed).integers(0, len(oracle.seen), (m, 2)), axis=1)
    return pairs[pairs[:, 0] < pairs[:, 1]].T


def planted_pairs(simulated, register):
    ids = register.table.get_column("case_id").to_list()
    both = simulated.series.drop_nulls("copied_from").select("case_id", "copied_from").rows()
    pairs = np.sort([[ids.index(a), ids.index(b)] for a, b in both], axis=1)
    return pairs.T


def test_a_true_ratio_has_mean_one_among_unrelated_cases(simulated, oracle):
    members = simulated.series.get_column("case_id").implode()
    planted = simulated.register.table.get_column("case_id").is_in(members).to_numpy()
    i, j = random_pairs(oracle, 150_000, 1)
    alone = ~planted[i] & ~planted[j] & oracle.seen.is_death[i] & oracle.seen.is_death[j]
    ratio = 10.0 ** oracle.pairs(i[alone], j[alone])
    assert np.isfinite(ratio).all()
    assert 0.3 < np.minimum(ratio, 1e4).mean() < 1.5


def test_contributions_add_up_to_the_ratio(oracle):
    i, j = random_pairs(oracle, 300, 2)
    parts = oracle.contributions(i, j)
    np.testing.assert_allclose(sum(parts.values()), oracle.pairs(i, j), atol=1e-9)


def test_pairs_that_copied_stand_above_others_and_above_what_the_model_gives(simulated, oracle):
    i, j = planted_pairs(simulated, simulated.register)
    true = oracle.pairs(i, j)
    ours = Model(prepare(simulated.register, load_variables())).total(i, j)
    others = oracle.pairs(*random_pairs(oracle, 2000, 3))
    assert np.median(true) > np.quantile(others, 0.99)
    assert true.mean() > ours.mean()


def test_an_incident_is_never_a_member(oracle):
    incident = np.flatnonzero(~oracle.seen.is_death)[:1]
    last = np.array([len(oracle.seen) - 1])
    assert oracle.pairs(incident, last)[0] == pytest.approx(NEVER)


def test_a_part_of_the_register_is_scored_by_itself(simulated):
    part = simulated.register.as_of(simulated.spec.start.replace(year=2014))
    oracle = Oracle(simulated, PLAN, part)
    assert len(oracle.seen) == len(part) < len(simulated.register)
    assert np.isfinite(oracle.pairs(*random_pairs(oracle, 500, 4))).all()


def test_habits_are_those_by_which_the_simulator_wrote(simulated):
    habits = habits_of_units(simulated)
    seen = observe(simulated.register, simulated.spec)
    truth = dict(simulated.truth.select("case_id", "body_position").iter_rows())
    true = np.array([truth[case] for case in seen.case_ids])
    before, after = (unit_values[seen.unit] for unit_values in habits["body_position"])
    recorded = seen.recorded["body_position"]
    moved = recorded & (true == before)
    if moved.sum() >= 20:
        assert (seen.codes["body_position"][moved] == after[moved]).mean() > 0.5
    same = recorded & (true != before)
    assert (seen.codes["body_position"][same] == true[same]).mean() > 0.9


def test_the_density_of_sets_is_that_of_the_draws():
    kind = death_types()["chemsex"]
    vocabulary = words()["substances"]
    rng = np.random.default_rng(5)
    n = 100_000
    drawn = draw_set(rng, vocabulary, kind.sets, n)
    drawn |= draw_items(rng, vocabulary, kind.items["substances"], n)
    sets, counts = np.unique(drawn, return_counts=True)
    p = set_density(kind, "substances", sets)
    assert p.sum() == pytest.approx(1.0, abs=0.01)
    usual = counts > 500
    np.testing.assert_allclose(counts[usual] / n, p[usual], rtol=0.15)


def test_ages_and_gaps_are_distributions():
    by_type, copied = age_tables(0.03, 2.5)
    np.testing.assert_allclose(by_type.sum(1), 1.0, atol=1e-9)
    np.testing.assert_allclose(copied[20:90].sum(1), 1.0, atol=1e-6)
    assert copied[40].argmax() == 40
    assert gap_density(SeriesPlan("outdoor", 2), 800).sum() == pytest.approx(1.0, abs=1e-3)
    assert gap_density(SeriesPlan("outdoor", 4), 3000).sum() == pytest.approx(1.0, abs=1e-3)


def test_an_oracle_that_knows_the_plan_scores_members_higher(simulated, oracle):
    i, j = planted_pairs(simulated, simulated.register)
    assert oracle.knowing_plan().pairs(i, j).mean() > oracle.pairs(i, j).mean()
