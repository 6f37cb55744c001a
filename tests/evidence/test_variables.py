"""The file of variables: what it holds, and what it refuses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tests.evidence.made import made

from openverdict.cases import dictionary
from openverdict.errors import InputError
from openverdict.evidence import Model, load_variables, model_hash, prepare
from openverdict.linkage import all_pairs, compile_tables, from_units

NEEDED = """
[gap]
label = "Time between"
kernel = "gap"
fields = ["found_at", "last_known_alive_at"]
theta = [18, 2]
mixture_days = [[1.0, 45.0]]
source = "test"

[distance]
label = "Distance"
kernel = "distance"
fields = ["found_lat", "found_lon", "found_precision_m"]
theta = [7, 3]
mixture_m = [[1.0, 500.0]]
source = "test"

[age]
label = "Age"
kernel = "number"
fields = ["age_years"]
theta = [5, 5]
mixture_years = [[1.0, 4.0]]
source = "test"
"""
SEX = '[sex]\nlabel = "Sex"\nkernel = "code"\nfields = ["sex"]\ntheta = [8, 2]\nsource = "test"\n'


def read(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return load_variables(path)


def test_every_shipped_variable_reads_evidence_fields_and_says_where_its_prior_comes_from():
    fields = dictionary()
    for variable in load_variables():
        for name in (*variable.fields, *filter(None, [variable.negative])):
            assert fields[name].evidence
            assert not fields[name].equality
        assert 0 < variable.theta < 1
        assert variable.source
        assert sum(w for w, _ in variable.mixture) == pytest.approx(1.0 if variable.mixture else 0)


def test_a_file_of_ones_own_is_read_in_its_order(tmp_path):
    names = [v.name for v in read(tmp_path, NEEDED + SEX)]
    assert names == ["gap", "distance", "age", "sex"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (NEEDED + SEX.replace("code", "magic"), "magic"),
        (NEEDED.replace("mixture_years = [[1.0, 4.0]]\n", ""), "mixture"),
        (NEEDED.replace("mixture_m = [[1.0, 500.0]]\n", ""), "mixture"),
        (NEEDED + SEX.replace('["sex"]', '["ethnicity"]'), "ethnicity"),
        (NEEDED + SEX.replace('["sex"]', '["no_such_field"]'), "no_such_field"),
        (NEEDED + SEX.replace("[8, 2]", "[0, 2]"), "theta"),
        (NEEDED + SEX.replace("[8, 2]", '["a", 2]'), "sex"),
        (NEEDED + SEX.replace('kernel = "code"\n', ""), "kernel"),
        (NEEDED + SEX + "colour = 1\n", "colour"),
        (NEEDED + SEX + "weight = -0.5\n", "weight"),
        (NEEDED + SEX + "weight = nan\n", "weight"),
        (NEEDED + SEX + 'weight = "much"\n', "sex"),
        (NEEDED + "[sex\n", "mine.toml"),
        (SEX, "gap"),
        (NEEDED + NEEDED.replace("[gap]", "[g2]").partition("[distance]")[0], "gap"),
        ("", "gap"),
    ],
)
def test_a_file_that_makes_no_model_is_refused_in_one_line_that_names_the_place(
    tmp_path, text, says
):
    with pytest.raises(InputError, match=says) as error:
        read(tmp_path, text)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"absent\.toml"):
        load_variables(tmp_path / "absent.toml")


def test_the_hash_changes_with_any_setting_and_with_nothing_else():
    shipped = load_variables()
    assert model_hash(shipped) == model_hash(tuple(dataclasses.replace(v) for v in shipped))
    changed = (dataclasses.replace(shipped[0], beta=(17.0, 2.0)), *shipped[1:])
    assert model_hash(shipped) != model_hash(changed)


def test_a_file_without_keys_spots_or_types_makes_a_model_that_scores_every_pair(tmp_path):
    prepared = prepare(made(1, 30), read(tmp_path, NEEDED + SEX))
    ledger = all_pairs(compile_tables(Model(prepared)), -(10**8))
    assert len(ledger.i) == 30 * 29 // 2
    total = Model(prepared).total(ledger.i, ledger.j)
    ratio = Model(prepared).ratio(from_units(ledger.units))
    np.testing.assert_allclose(ratio, total, atol=0.01)
