"""The simulated city: counts, shares, concentration, recording, and the same bytes each time."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date

import numpy as np
import polars as pl
import pytest

from openverdict.cases import FieldType, checks, dictionary, indicators, substances
from openverdict.cases.fields import equality_fields
from openverdict.errors import InputError
from openverdict.simulate import (
    CitySpec,
    Simulated,
    city_outline,
    death_types,
    simulate_register,
)
from openverdict.simulate.city import DISTRICTS
from openverdict.simulate.rates import rates
from openverdict.simulate.recording import missing_chances

# Fields that every case has in truth, so that an empty cell means that nobody recorded it.
ALWAYS = (
    "age_years",
    "sex",
    "found_lat",
    "home_lat",
    "home_area",
    "found_place_kind",
    "last_known_alive_at",
    "body_position",
    "signs_moved",
    "clothing_state",
    "coverings",
    "items_missing",
    "items_present",
    "note_present",
    "injuries",
    "contact_channels",
    "indicators",
    "manner_police",
    "category_police",
    "checks_done",
)


@pytest.fixture(scope="module")
def city() -> Simulated:
    return simulate_register(CitySpec(years=2), 1)


def joined(simulated: Simulated) -> pl.DataFrame:
    return simulated.register.table.join(simulated.truth, on="case_id", suffix="_true")


def test_deaths_incidents_and_duplicates_add_up(city):
    kinds = {name: kind.kind for name, kind in death_types().items()}
    truth = city.truth.with_columns(kind=pl.col("type").replace_strict(kinds))
    once = truth.filter(pl.col("duplicate_of").is_null())
    assert once.filter(kind="death").height == city.spec.deaths == 2 * 10_978
    assert once.filter(kind="incident").height == round(0.03 * city.spec.deaths)
    assert len(city.register) == truth.height
    assert 0 < truth.height - once.height < 30
    assert city.register.table.filter(kind="incident").height >= once.filter(kind="incident").height


def test_types_come_in_their_shares(city):
    deaths = city.spec.deaths
    types = [kind for kind in death_types().values() if kind.kind == "death"]
    total = sum(kind.share for kind in types)
    once = city.truth.filter(pl.col("duplicate_of").is_null())
    for kind in types:
        part = kind.share / total
        seen = once.filter(type=kind.name).height
        assert abs(seen - deaths * part) <= 5 * np.sqrt(deaths * part * (1 - part)) + 1e-9, (
            kind.name
        )


def test_men_are_as_many_as_among_reported_and_examined_deaths(city):
    men = np.mean(city.truth.get_column("sex").to_numpy())
    assert 0.55 < men < 0.66  # 57.5 % of deaths reported, 63.5 % of those examined


def test_hot_spots_hold_3_to_14_deaths_at_one_address(city):
    spots = city.truth.drop_nulls("hot_spot").filter(pl.col("duplicate_of").is_null())
    sizes = spots.group_by("hot_spot").agg(
        pl.len(), pl.col("true_lat").n_unique().alias("places"), pl.col("spot").n_unique()
    )
    assert sizes.height == 25
    assert sizes.get_column("len").min() >= 3
    assert sizes.get_column("len").max() <= 14
    assert sizes.get_column("places").max() == sizes.get_column("spot").max() == 1


def test_a_batch_is_one_set_of_substances_within_its_days(city):
    batches = city.truth.drop_nulls("batch").filter(pl.col("duplicate_of").is_null())
    found = batches.group_by("batch").agg(
        pl.col("substances").n_unique(),
        (pl.col("true_found_at").max() - pl.col("true_found_at").min())
        .dt.total_days()
        .alias("days"),
        pl.len(),
    )
    assert found.height > 3
    assert found.get_column("substances").max() == 1
    assert found.get_column("days").max() < rates()["batches"]["days"]
    assert found.get_column("len").max() <= rates()["batches"]["high"]


def test_some_officers_and_patrols_meet_many_cases_and_most_finders_one(city):
    persons = city.register.table.select(pl.col("persons").explode().drop_nulls()).to_series()
    counts = persons.value_counts()
    officers = counts.filter(pl.col("persons").str.starts_with("attending_officer:"))
    finders = counts.filter(pl.col("persons").str.starts_with("finder:"))
    assert officers.get_column("count").median() > 5
    assert finders.get_column("count").median() == 1
    assert finders.get_column("count").max() >= 5


def test_the_rare_type_has_habits_of_its_own(city):
    rows = joined(city).filter(pl.col("type") == "chemsex", pl.col("ghb_tested"))
    found = rows.get_column("substances_detected").drop_nulls()
    assert np.mean(found.list.contains("ghb").to_numpy()) > 0.85
    others = joined(city).filter(pl.col("type") == "opioid").get_column("substances_detected")
    assert np.mean(others.drop_nulls().list.contains("ghb").to_numpy()) < 0.05


def test_ghb_is_named_only_where_somebody_asked_for_it(city):
    rows = joined(city).filter(~pl.col("ghb_tested"), pl.col("substances_detected").is_not_null())
    for name in ("substances_detected", "substances_not_detected"):
        named = rows.filter(pl.col(name).list.contains("ghb")).height
        assert named <= 0.01 * rows.height
    untested = joined(city).filter(~pl.col("tested"))
    assert untested.get_column("substances_detected").null_count() == untested.height


@pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 0.6])
def test_the_mean_share_of_missing_values_is_the_one_asked_for(share):
    counts = np.ones((DISTRICTS, len(death_types())))
    rng = np.random.default_rng(1)
    chances = missing_chances(rng, CitySpec(missing_share=share), counts)
    assert np.mean([table.mean() for table in chances.values()]) == pytest.approx(share, abs=1e-6)
    assert set(chances) == set(rates()["missing_weights"])


def test_empty_cells_follow_the_share_of_missing_values(city):
    def empty(simulated: Simulated) -> float:
        table = simulated.register.table
        return float(np.mean([table.get_column(name).null_count() / len(table) for name in ALWAYS]))

    full = simulate_register(CitySpec(years=0.3, missing_share=0.0), 1)
    sparse = simulate_register(CitySpec(years=0.3, missing_share=0.6), 1)
    assert empty(full) == 0.0
    assert empty(city) == pytest.approx(0.4, abs=0.05)
    assert empty(sparse) == pytest.approx(0.6, abs=0.06)


def test_wrong_codes_are_as_many_as_asked_for():
    simulated = simulate_register(CitySpec(years=1, wrong_share=0.2, missing_share=0.0), 3)
    rows = joined(simulated).filter(pl.col("duplicate_of").is_null())
    sex = rows.get_column("sex") == "male"
    wrong = (sex != (rows.get_column("sex_true") == 1)).mean()
    men = np.mean(rows.get_column("sex_true").to_numpy() == 1)
    expected = 0.2 * 2 * men * (1 - men)
    assert wrong == pytest.approx(expected, abs=5 * np.sqrt(expected / len(rows)))


def test_the_point_recorded_lies_within_its_precision(city):
    rows = joined(city).drop_nulls("found_lat")
    north = (rows.get_column("found_lat") - rows.get_column("true_lat")) * 111_320
    east = (rows.get_column("found_lon") - rows.get_column("true_lon")) * 69_300
    precision = rows.get_column("found_precision_m").to_numpy()
    assert np.all(np.hypot(north.to_numpy(), east.to_numpy()) < precision + 2)
    assert np.all(precision >= 10)


def test_times_are_in_order(city):
    table = city.register.table
    assert (table["last_known_alive_at"] <= table["found_at"]).all()
    assert (table["known_from"] >= table["found_at"].dt.date().cast(pl.Datetime("us"))).all()
    closed = table.drop_nulls("closed_at")
    assert closed.height > 1000
    assert (closed["closed_at"].dt.date() <= closed["known_from"].dt.date()).all()
    assert (table["found_at"].dt.date() >= date(2013, 1, 1)).all()
    assert set(table["found_at_span_s"]) == {0, 86_400}


def test_every_value_fits_the_field_dictionary(city):
    vocabularies = {"substances": substances(), "indicators": indicators(), "checks": checks()}
    for entry in dictionary().values():
        if entry.equality or entry.type not in (FieldType.CODE, FieldType.ITEMS):
            continue
        column = city.register.table.get_column(entry.name).drop_nulls()
        seen = set(column.explode().drop_nulls() if entry.type.is_list else column)
        if entry.vocabulary:
            assert seen <= set(vocabularies[entry.vocabulary]), entry.name
        elif not entry.open:
            assert seen <= set(entry.values), entry.name


def test_nothing_of_the_truth_and_no_equality_field_is_in_the_register(city):
    columns = set(city.register.table.columns)
    assert not columns & {field.name for field in equality_fields()}
    assert not columns & {"type", "hot_spot", "batch", "surge", "series_id", "duplicate_of"}
    assert city.register.simulated
    assert city.register.table.get_column("found_place").str.starts_with("simulated").all()


def test_a_shared_acquaintance_stands_in_a_few_records_without_any_series(city):
    once = joined(city).filter(pl.col("duplicate_of").is_null(), pl.col("hot_spot").is_null())
    keys = once.select(pl.col("persons").explode().drop_nulls()).to_series()
    seen = keys.filter(keys.str.starts_with("last_seen_with:")).value_counts()
    assert 1 <= seen.filter(pl.col("count") > 1).height <= 60


def test_the_outline_is_closed_and_holds_the_city(city):
    lat, lon = city_outline()
    assert (lat[0], lon[0]) == pytest.approx((lat[-1], lon[-1]))
    within = city.truth.filter(
        pl.col("true_lat").is_between(lat.min(), lat.max()),
        pl.col("true_lon").is_between(lon.min(), lon.max()),
    )
    assert within.height > 0.97 * city.truth.height


def test_a_register_too_small_for_its_hot_spots_and_surges_goes_without():
    spec = CitySpec(cases_a_year=12, years=1, hot_spots=40_000, surges_a_year=20_000)
    simulated = simulate_register(spec, 1)
    assert len(simulated.register) == 12
    assert simulated.truth.drop_nulls("hot_spot").height <= 12


@pytest.mark.parametrize(
    "wrong",
    [
        {"missing_share": 1.0},
        {"wrong_share": -0.1},
        {"type_shares": {"no_such_type": 0.1}},
        {"cases_a_year": 0},
    ],
)
def test_a_spec_that_makes_no_sense_is_refused_with_a_mend(wrong):
    with pytest.raises(InputError, match=r"write|see|give"):
        CitySpec(**wrong)


def test_two_runs_give_the_same_bytes_and_two_seeds_do_not():
    spec = CitySpec(years=0.2)
    first = simulate_register(spec, 5)
    again = simulate_register(spec, 5)
    assert first.register.content_hash() == again.register.content_hash()
    assert first.truth.equals(again.truth)
    assert simulate_register(spec, 6).register.content_hash() != first.register.content_hash()


def test_the_hash_seed_of_the_interpreter_changes_nothing():
    code = (
        "from openverdict.simulate import *;"
        "s = CitySpec(years=0.1, series=(SeriesPlan(), SeriesPlan('roaming', 3)));"
        "print(simulate_register(s, 2).register.content_hash())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "7")
    }
    assert len(hashes) == 1
