"""The simulated country: as many cases as asked for, cities apart, nobody in two of them, the same bytes each time."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from openverdict import read_register
from openverdict.cli import app
from openverdict.errors import InputError
from openverdict.simulate import (
    CitySpec,
    Country,
    CountrySpec,
    SeriesPlan,
    simulate_country,
)
from openverdict.simulate.country import city_sizes, city_specs

EARTH_M = 6_371_008.8
SMALL = CitySpec(cases_a_year=300, years=2.0, duplicate_share=0.02, missing_share=0.1)


@pytest.fixture(scope="module")
def country() -> Country:
    return simulate_country(CountrySpec(4_000, city=SMALL), 1)


def by_city(country: Country) -> pl.DataFrame:
    return country.register.table.join(country.truth.select("case_id", "city"), on="case_id")


def values_by_city(country: Country, column: str) -> list[set[str]]:
    """What stands in one column, city by city; lists are taken apart."""
    table = by_city(country)
    if table.schema[column] == pl.List:
        table = table.explode(column)
    found = table.drop_nulls(column).group_by("city").agg(pl.col(column).unique())
    return [set(row) for row in found.get_column(column)]


def test_a_country_has_exactly_the_cases_asked_for_in_cities_of_about_the_size_asked_for(country):
    assert len(country.register) == country.truth.height == 4_000
    sizes = country.truth.group_by("city").len().sort("city").get_column("len").to_list()
    assert len(sizes) == country.spec.count == round(4_000 / 600)
    assert sizes == city_sizes(country.spec).tolist()
    assert max(sizes) / min(sizes) < 1.4 / 0.6 + 0.02
    assert country.register.simulated


@pytest.mark.parametrize("cases", [1, 2, 37, 601])
def test_a_small_country_is_one_city_of_the_size_asked_for(cases):
    made = simulate_country(CountrySpec(cases, city=SMALL), 3)
    assert len(made.register) == cases
    assert made.spec.count == 1


def test_deaths_recorded_twice_and_planted_series_stay_whole():
    city = CitySpec(
        cases_a_year=300,
        duplicate_share=0.05,
        missing_share=0.1,
        series=(SeriesPlan(members=5, count=2),),
    )
    made = simulate_country(CountrySpec(1_800, cities=3, city=city), 2)
    held = set(made.truth["case_id"])
    again = made.truth.drop_nulls("duplicate_of")
    assert again.height > 30
    assert set(again["duplicate_of"]) <= held
    assert set(made.series["case_id"]) <= held
    assert made.series.group_by("series_id").len()["len"].to_list() == [5] * 6


def test_cities_lie_apart_on_the_globe(country):
    found = by_city(country).drop_nulls("found_lat")
    assert found["found_lat"].is_between(-70, 70).all()
    assert found["found_lon"].is_between(-180, 180).all()
    places = {
        city: np.radians(part.select("found_lat", "found_lon").to_numpy())
        for (city,), part in found.group_by("city")
    }
    for one, other in combinations(places.values(), 2):
        lat, lon = (one[:, None, k] - other[None, :, k] for k in range(2))
        cosines = np.cos(one[:, None, 0]) * np.cos(other[None, :, 0])
        half = np.sin(lat / 2) ** 2 + cosines * np.sin(lon / 2) ** 2
        assert (2 * EARTH_M * np.arcsin(np.sqrt(half))).min() > 100_000


def test_a_city_is_as_wide_wherever_it_lies(country):
    spread = (
        by_city(country)
        .group_by("city")
        .agg(
            (pl.col("found_lon") * pl.col("found_lat").radians().cos()).std().alias("east"),
            pl.col("found_lat").std().alias("north"),
        )
    )
    for column in ("east", "north"):
        widths = spread[column].to_numpy()
        assert widths.max() / widths.min() < 2.0


@pytest.mark.parametrize(
    "column",
    ["case_id", "persons", "identifiers", "found_place", "micro_place", "home_area", "unit"],
)
def test_two_cities_share_no_case_person_number_place_or_unit(country, column):
    sets = values_by_city(country, column)
    assert len(sets) == country.spec.count
    assert sum(map(len, sets)) == len(set.union(*sets))


def test_some_persons_meet_several_cases_of_their_city(country):
    persons = by_city(country).explode("persons").drop_nulls("persons")
    most = persons.group_by("city", "persons").len().group_by("city").agg(pl.col("len").max())
    assert most.height == country.spec.count
    assert most["len"].to_numpy().min() >= 3


def test_each_place_says_that_it_is_simulated(country):
    assert country.register.table["found_place"].str.starts_with("simulated city ").all()


def test_no_two_cities_are_alike(country):
    specs = city_specs(country.spec)
    assert len({spec.city_seed for spec in specs}) == len(specs)
    days = by_city(country).group_by("city").agg(pl.col("found_at").sort().head(50))
    assert len({tuple(row) for row in days["found_at"]}) == len(specs)


def test_one_seed_gives_the_same_bytes_and_two_do_not(country):
    again = simulate_country(country.spec, 1)
    assert again.register.content_hash() == country.register.content_hash()
    assert again.truth.equals(country.truth)
    other = simulate_country(CountrySpec(700, city=SMALL), 2)
    assert (
        other.register.content_hash()
        != simulate_country(CountrySpec(700, city=SMALL), 1).register.content_hash()
    )


def test_a_country_that_makes_no_sense_is_refused_with_a_mend():
    with pytest.raises(InputError, match="ask for one or more"):
        CountrySpec(10, cities=0)
    with pytest.raises(InputError, match="too few for 5 cities"):
        CountrySpec(4, cities=5)
    with pytest.raises(InputError, match="ask for fewer"):
        city_specs(CountrySpec(200_000_000))


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_the_command_writes_a_register_that_reads_back_whole(tmp_path, form):
    out = tmp_path / f"register.{form}"
    call = ["simulate", "--cases", "600", "--cities", "2", "--seed", "4", "--out", str(out)]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0
    assert "600 simulated cases in 2 cities" in done.stdout
    read = read_register(out)
    made = simulate_country(CountrySpec(600, 2), 4).register
    assert read.rejected_rows == 0
    assert read.register.content_hash() == made.content_hash()
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_the_command_replaces_no_file_and_asks_for_a_known_form(tmp_path):
    held = tmp_path / "register.csv"
    held.write_text("kept", encoding="utf-8")
    for out, says in ((held, "is there already"), (tmp_path / "register.xlsx", "write .parquet")):
        done = CliRunner().invoke(app, ["simulate", "--cases", "10", "--out", str(out)])
        assert done.exit_code == 2
        assert says in done.stderr
    assert held.read_text(encoding="utf-8") == "kept"
