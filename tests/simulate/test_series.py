"""Planted series: how much is carried over, where and when, and that nothing is added to the register."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from openverdict.errors import InputError
from openverdict.simulate import CitySpec, SeriesPlan, Simulated, cohort_58, simulate_register
from openverdict.simulate.rates import series_entries

MANY = 120


def planted(kind: str, **plan: object) -> Simulated:
    plans = (SeriesPlan(kind, 4, MANY, **plan),)  # type: ignore[arg-type]
    return simulate_register(CitySpec(years=3, series=plans, duplicate_share=0.0), 11)


@pytest.fixture(scope="module")
def outdoor() -> Simulated:
    return planted("outdoor")


def copies(simulated: Simulated) -> pl.DataFrame:
    """Each copying member beside the member it copies (columns with _from)."""
    truth = simulated.truth
    return (
        simulated.series.drop_nulls("copied_from")
        .join(truth, on="case_id")
        .join(truth, left_on="copied_from", right_on="case_id", suffix="_from")
    )


def metres(rows: pl.DataFrame) -> np.ndarray:
    north = (rows["true_lat"] - rows["true_lat_from"]).to_numpy() * 111_320
    east = (rows["true_lon"] - rows["true_lon_from"]).to_numpy() * 69_300
    return np.hypot(north, east)


@pytest.mark.parametrize("kind", ["outdoor", "home_visitor", "hostel", "roaming"])
def test_each_feature_is_carried_over_about_as_often_as_its_consistency_says(kind):
    simulated = planted(kind)
    entry = series_entries()[kind]
    rows = copies(simulated)
    members = simulated.series["case_id"].implode()
    others = simulated.truth.filter(
        ~pl.col("case_id").is_in(members), pl.col("type").is_in(entry["types"])
    )
    for name in entry["signature"]:
        theta = entry["theta"][name]
        same = float((rows[name] == rows[f"{name}_from"]).mean())
        common = others[name].value_counts()["count"].to_numpy().max() / others.height
        error = 4 * np.sqrt(0.25 / rows.height)
        assert theta - error <= same <= theta + (1 - theta) * common + error, name


def test_a_consistency_of_one_copies_everything_and_of_zero_nothing_rare():
    rows = copies(planted("outdoor", theta=1.0))
    for name in series_entries()["outdoor"]["signature"]:
        assert (rows[name] == rows[f"{name}_from"]).all()
    assert (metres(rows) < 1500).all()
    rows = copies(planted("outdoor", theta=0.0))
    assert np.mean((rows["substances"] == rows["substances_from"]).to_numpy()) < 0.5
    assert (metres(rows) < 1500).mean() < 0.1


def test_an_outdoor_series_stays_within_some_500_metres(outdoor):
    distance = metres(copies(outdoor))
    assert np.mean(distance < 500) > 0.7
    assert np.mean(distance < 1000) > 0.85


def test_gaps_are_weeks_to_a_year(outdoor):
    found = outdoor.series.join(outdoor.truth, on="case_id").sort("series_id", "member")
    gaps = found.select(
        pl.col("true_found_at").dt.date().diff().over("series_id").drop_nulls().alias("gap")
    ).to_series()
    assert (gaps <= timedelta(days=367)).all()
    assert np.mean((gaps >= timedelta(days=7)).to_numpy()) > 0.98


def test_planting_replaces_deaths_and_leaves_all_others_as_they_were(outdoor):
    plain = simulate_register(CitySpec(years=3, duplicate_share=0.0), 11)
    assert len(plain.register) == len(outdoor.register)
    assert plain.series.is_empty()
    assert outdoor.series.height == 4 * MANY
    assert outdoor.series["case_id"].n_unique() == 4 * MANY
    members = outdoor.series["case_id"].implode()
    rest = outdoor.truth.filter(~pl.col("case_id").is_in(members)).drop("case_id")
    assert rest.join(plain.truth, on=["type", "true_found_at", "true_lat"]).height >= len(rest)


def test_members_lose_fields_like_everybody_else(outdoor):
    table = outdoor.register.table
    members = table.filter(pl.col("case_id").is_in(outdoor.series["case_id"].implode()))
    for name in ("body_position", "items_missing", "contact_channels"):
        all_cases = table[name].null_count() / len(table)
        assert members[name].null_count() / len(members) == pytest.approx(all_cases, abs=0.08)


@pytest.mark.parametrize(
    ("kind", "column"), [("home_visitor", "persons"), ("roaming", "identifiers")]
)
def test_a_person_or_number_in_common_is_found_across_the_series(kind, column):
    plans = (SeriesPlan(kind, 4, 10, theta=1.0),)
    simulated = simulate_register(CitySpec(years=2, series=plans, missing_share=0.0), 4)
    rows = simulated.series.join(simulated.register.table, on="case_id")
    for _, series in rows.group_by("series_id"):
        keys = [{k.split(":")[1] for k in cell} for cell in series[column]]
        assert set.intersection(*keys)


@pytest.mark.parametrize("members", [2, 3, 6])
def test_a_series_has_as_many_members_as_asked_for(members):
    plans = (SeriesPlan("outdoor", members, 3),)
    simulated = simulate_register(CitySpec(years=1, series=plans), 1)
    assert simulated.series.group_by("series_id").len()["len"].to_list() == [members] * 3
    assert simulated.series["member"].max() == members


def test_a_plan_that_makes_no_sense_is_refused():
    for wrong in ({"kind": "none"}, {"members": 1}, {"theta": 1.5}):
        with pytest.raises(InputError):
            SeriesPlan(**wrong)


def test_a_register_too_small_for_its_series_says_so():
    spec = CitySpec(cases_a_year=40, years=1, series=(SeriesPlan("hostel", 6, 4),))
    with pytest.raises(InputError, match="make the register larger"):
        simulate_register(spec, 1)


def test_the_cohort_has_58_deaths_like_the_published_ones():
    ages, men = [], []
    for seed in range(12):
        cohort = cohort_58(seed)
        assert len(cohort.register) == 58
        assert cohort.series.is_empty()
        found = cohort.register.table["found_at"].dt.date()
        assert str(found.min()) >= "2011-06-01"
        assert str(found.max()) <= "2015-10-31"
        ages += cohort.truth["age_years"].to_list()
        men += cohort.truth["sex"].to_list()
        detected = cohort.register.table["substances_detected"].drop_nulls()
        assert np.mean(detected.list.contains("ghb").to_numpy()) > 0.9
    assert np.mean(ages) == pytest.approx(32, abs=1.5)
    assert np.mean(men) == pytest.approx(0.82, abs=0.06)


def test_a_series_can_be_planted_in_the_cohort():
    cohort = cohort_58(1, series=4)
    assert len(cohort.register) == 58
    assert cohort.series.height == 4
