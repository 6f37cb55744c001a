"""The validation report's renderer on made-up results: targets, ceilings, what is not measured, and which code made it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from markupsafe import escape

from openverdict.evaluation.validation import LABELLED, ROWS, Section, sections
from openverdict.evaluation.validation_page import (
    as_html,
    as_json,
    as_markdown,
    tally,
    write_validation,
)

NOW = "aaaaaaaaaaaa"


def labelled(worse: float = 0.0) -> dict[str, Any]:
    variant: dict[str, Any] = {"intervals_95": {"auc": [0.9, 0.95]}, "calibration_slope": 0.94}
    for path, _, target, sign in LABELLED:
        spot = variant
        for part in path[:-1]:
            spot = spot.setdefault(part, {})
        spot[path[-1]] = target - sign * worse
    return {"combination": variant, "plain logistic": variant}


def share(value: float) -> dict[str, Any]:
    return {"share": value, "interval": [max(value - 0.1, 0), min(value + 0.1, 1)], "of": 20}


def power(model: float, oracle: float) -> dict[str, Any]:
    return {
        "outdoor": {
            "code": [NOW],
            "planted_cities": 20,
            "null_cities": 3,
            "model": {"2": share(model), "false_leads_per_year": 1.0},
            "oracle": {"2": share(oracle)},
        }
    }


def nulls() -> dict[str, Any]:
    one = {"measured": 1.5, "interval": [1.2, 1.9], "in_band": False}
    row = {"nominal": "one a year", "rate": 1.0, "band": [0.8, 1.2], "any_strength": one,
           "as_raised": {"measured": 0.5}}  # fmt: skip
    return {
        "asked": {"deaths_a_year": 250, "years": 2.0},
        "registers": 60,
        "code": ["bbbbbbbbbbbb"],
        "table": [row],
    }


def example() -> dict[str, Any]:
    row = {"cases": ["A", "B", "S-1"], "example_cases": ["A", "B"], "day": "2014-08-28", "rank": 1, "of": 3,
           "chance_per_year": 0.08, "chance_low": 0.01, "chance_high": 0.9}  # fmt: skip
    return {"code": [NOW], "as_held": {"first_raised": [row]}, "with_the_enquiry": {"first_raised": []}}  # fmt: skip


def calibration(slope: float, over: float) -> dict[str, Any]:
    unit = {"low": 0, "high": 1, "claimed": 0.5, "observed": 0.4, "low_observed": 0.1, "high_observed": 0.7}  # fmt: skip
    part = {"slope": slope, "slope_interval": [slope - 0.1, slope + 0.1], "linked_pairs": 72, "over_confident_nats": over,
            "over_confident_nats_surely": 0.0, "slope_with_as_many_others_as_linked": 0.5, "bins": [unit]}  # fmt: skip
    return {
        "code": [NOW],
        "parts": {"all kinds": part, "a key in common": {**part, "over_confident_nats": None}},
    }


def connecticut() -> dict[str, Any]:
    row = share(0.25) | {
        "raised": 5,
        "raised_and_strong_enough_for_a_review": 4,
        "median_strength": -1.2,
    }
    return {"code": [NOW], "bars": {"1.0": 0.5}, "settings": {"any": {"2": row}}}


def everything() -> dict[str, Any]:
    return {
        "crimelinkage": labelled(),
        "power": power(0.5, 0.6),
        "nulls": nulls(),
        "worked_example": example(),
        "planted_calibration": calibration(0.8, 0.4),
        "connecticut_planted": connecticut(),
    }


def made(results: dict[str, Any]) -> dict[str, Section]:
    return {s.name: s for s in sections(results, NOW, {"nulls": "2026-01-02"})}


def met(section: Section) -> dict[str, bool | None]:
    return {row.what: row.met for row in section.rows}


@pytest.mark.parametrize(("worse", "holds"), [(0.0, True), (0.01, False)])
def test_a_labelled_target_is_met_from_its_own_value_on_and_not_short_of_it(worse, holds):
    rows = [row for row in made({"crimelinkage": labelled(worse)})["crimelinkage"].rows if row.target]  # fmt: skip
    assert len(rows) == len(LABELLED)
    assert {row.met for row in rows} == {holds}


def test_where_a_target_lies_above_the_ceiling_the_ceiling_is_the_target_and_the_row_says_so():
    low = made({"power": power(0.6, 0.6)})["power"].rows[0]
    high = made({"power": power(0.6, 0.9)})["power"].rows[0]
    assert low.met is True
    assert low.target == "≥ 60% (ceiling; 70% was asked)"
    assert high.met is False
    assert high.target == "≥ 70%"


def test_too_few_cities_or_registers_are_a_target_missed():
    found = made(everything())
    assert met(found["power"])["outdoor: planted cities"] is False
    assert met(found["nulls"])["registers"] is False


def test_a_rate_that_the_bar_itself_sets_is_no_target_met():
    assert met(made(everything())["power"])["outdoor: false leads a year"] is None


def test_a_slope_outside_its_limits_is_said_to_miss_on_either_side():
    for slope, holds in ((0.8, False), (0.95, True), (1.2, False)):
        rows = met(made({"planted_calibration": calibration(slope, 0.4)})["planted_calibration"])
        assert rows["all kinds: slope"] is holds
        assert rows["a key in common: slope"] is None
        assert "a key in common: most over-confident unit, nats" not in rows


def test_what_is_not_measured_is_named_and_counts_neither_way():
    found = sections({"nulls": nulls()}, NOW, {})
    assert tally(found).startswith("Of 2 targets 0 are met and 2 are not. Not measured yet: ")
    assert as_markdown(found).count("Not measured yet.") == len(ROWS) - 1


def test_figures_of_other_code_than_today_are_said_to_be():
    found = made(everything())
    assert "that is today's code" in found["power"].origin
    assert "bbbbbbbbbbbb, stored 2026-01-02; **the code has changed since**" in found["nulls"].origin  # fmt: skip
    assert found["crimelinkage"].origin == "Code not recorded."


def test_markdown_html_and_json_hold_every_row(tmp_path):
    pytest.importorskip("matplotlib")
    results = everything()
    found = sections(results, NOW, {})
    page = write_validation(found, results, tmp_path).read_text(encoding="utf-8")
    twin = json.loads((tmp_path / "validation.json").read_text(encoding="utf-8"))
    text = as_markdown(found)
    for section, again in zip(found, twin, strict=True):
        assert [row["what"] for row in again["rows"]] == [row.what for row in section.rows]
        for row in section.rows:
            assert f"| {row.what} |" in text
            assert f">{escape(row.what)}<" in page
    assert page.count("<svg") == 3
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/", "")


def test_the_report_is_the_same_each_time():
    pytest.importorskip("matplotlib")
    results = everything()
    found = sections(results, NOW, {})
    assert as_html(found, results) == as_html(found, results)
    assert as_json(found) == as_json(found)


def test_a_figure_that_is_not_a_number_is_shown_as_a_dash():
    found = sections({"planted_calibration": calibration(float("nan"), 0.4)}, NOW, {})
    assert "| all kinds: slope | 0.9–1.1 | – |" in as_markdown(found)
