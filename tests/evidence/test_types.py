"""Types of death against a brute-force mixture, on independent data, and on a planted rare type."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from tests.evidence.made import START

from openverdict.cases import Register, table_schema
from openverdict.evidence import load_variables
from openverdict.evidence.encode import encode_content
from openverdict.evidence.rates import SHRINK
from openverdict.evidence.types import Types, learn_types

Floats = npt.NDArray[np.float64]
# Values of three lists that types are learned from.
FIELDS = ("substances_detected", "items_present", "contact_channels")


def register_of_bits(x: npt.NDArray[np.bool_]) -> Register:
    """Complete cases: columns of `x` are values of the three lists in turn."""
    n, d = x.shape
    names = [f"v{k:02d}" for k in range(d)]
    columns: dict[str, object] = {
        "case_id": [f"K{k:05d}" for k in range(n)],
        "found_at": [START] * n,
        "found_at_span_s": [0] * n,
    }
    for f, field in enumerate(FIELDS):
        mine = range(f, d, len(FIELDS))
        columns[field] = [[names[k] for k in mine if row[k]] for row in x]
    schema = table_schema()
    return Register.from_table(pl.DataFrame(columns, schema={c: schema[c] for c in columns}))


def learn(x: npt.NDArray[np.bool_]) -> Types:
    return learn_types(encode_content(register_of_bits(x), load_variables()))


def maximise(x: Floats, r: Floats) -> tuple[Floats, Floats]:
    """Shares and rates with SHRINK pseudo-cases of the whole register in each rate and one in each share."""
    overall = x.mean(0)
    share = (r.sum(0) + 1) / (len(x) + r.shape[1])
    rate = (r.T @ x + SHRINK * overall) / (r.sum(0)[:, None] + SHRINK)
    return share, rate


def score(x: Floats, share: Floats, rate: Floats) -> tuple[Floats, float]:
    """Posterior and log-likelihood, case by case and class by class, without a trick."""
    joint = np.empty((len(x), len(share)))
    for z in range(len(share)):
        joint[:, z] = share[z] * np.prod(np.where(x > 0, rate[z], 1 - rate[z]), axis=1)
    return joint / joint.sum(1, keepdims=True), float(np.log(joint.sum(1)).sum())


def brute_force(x: Floats, r: Floats) -> tuple[Floats, float]:
    """EM from the given posterior until nothing moves."""
    before = -np.inf
    for _ in range(5000):
        r, total = score(x, *maximise(x, r))
        if total - before < 1e-10 * abs(total):
            break
        before = total
    return r, total


@pytest.fixture(scope="module")
def two_types() -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    rng = np.random.default_rng(2)
    second = rng.random(3000) < 0.3
    rates = np.where(second[:, None], np.linspace(0.9, 0.2, 12), np.linspace(0.05, 0.7, 12))
    return rng.random((3000, 12)) < rates, second


def test_with_two_types_the_likelihood_is_that_of_a_brute_force_mixture(two_types):
    x, second = two_types
    types = learn(x)
    assert len(types.share) == 2
    start = np.stack([~second, second], 1).astype(float)
    posterior, best = brute_force(x.astype(float), start)
    _, reached = score(x.astype(float), *maximise(x.astype(float), types.posterior))
    assert reached == pytest.approx(best, rel=1e-6)
    swap = posterior[:, ::-1] if types.share[0] < types.share[1] else posterior
    assert np.abs(types.posterior - swap).max() < 0.02


def test_the_criterion_reported_is_schwarzs_with_each_types_own_cases(two_types):
    x, _ = two_types
    types = learn(x)
    _, total = score(x.astype(float), *maximise(x.astype(float), types.posterior))
    of_types = (12 * np.log(types.posterior.sum(0))).sum()  # twelve rates each, none of them empty
    assert types.bic == pytest.approx(-2 * total + of_types + np.log(len(x)), rel=1e-5)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_independent_values_make_one_type(seed):
    rng = np.random.default_rng(seed)
    x = rng.random((4000, 18)) < np.linspace(0.02, 0.5, 18)
    assert len(learn(x).share) == 1


@pytest.mark.parametrize("share", [0.004, 0.006])
def test_a_type_of_one_in_two_hundred_is_found_by_what_its_deaths_share(share):
    rng = np.random.default_rng(5)
    n = 10_000
    rare = rng.permutation(n) < share * n
    x = rng.random((n, 18)) < [*[0.01] * 4, *np.linspace(0.02, 0.4, 14)]
    x[rare, :4] = rng.random((int(rare.sum()), 4)) < 0.8  # four values that are rare elsewhere
    types = learn(x)
    assert len(types.share) == 2
    theirs = types.label == int(types.share.argmin())
    assert (theirs & rare).sum() >= 0.8 * rare.sum()
    assert (theirs & rare).sum() >= 0.9 * theirs.sum()


def test_every_case_belongs_somewhere_and_shares_add_up(two_types):
    types = learn(two_types[0])
    np.testing.assert_allclose(types.posterior.sum(1), 1.0, atol=1e-12)
    assert types.share.sum() == pytest.approx(1.0)
    assert set(np.unique(types.label)) <= {-1, 0, 1}
    np.testing.assert_allclose(types.rates.age.sum(1), 1.0, atol=0.15)
    assert ((types.rates.bit > 0) & (types.rates.bit <= 1)).all()


def test_the_same_cases_in_another_order_make_the_same_types(two_types):
    x, _ = two_types
    order = np.random.default_rng(3).permutation(len(x))
    one, other = learn(x), learn(x[order])
    np.testing.assert_allclose(np.sort(one.share), np.sort(other.share), rtol=1e-6)


def test_a_register_that_says_nothing_has_one_type():
    types = learn(np.zeros((50, 0), dtype=bool))
    assert len(types.share) == 1
    assert types.posterior.shape == (50, 1)
