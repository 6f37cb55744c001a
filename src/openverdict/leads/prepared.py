"""The words of the triage rules that no single field holds: setting, distance from home, hours and the like."""

from __future__ import annotations

import polars as pl

from openverdict.cases import Register, substances
from openverdict.leads.rules import settings

EARTH_RADIUS_M = 6_371_008.8
# A byte a case and not the sixteen of a text: tables have millions of rows.
_YES = pl.Enum(["yes"])
_SETTINGS = pl.Enum(["outdoors", "home", "institution", "indoors"])
_NO_OPINION = ["pending", "not_stated", "undetermined", "open"]
_SAME_OPINION = {"drug_related": "accident", "unlawful_killing": "homicide"}


def prepare(register: Register) -> pl.DataFrame:
    """The register's table with the words of `triage.toml`; an added value is missing where its fields are."""
    table = register.table.with_columns(
        category_known_from=_category_known(register),
    ).with_columns(
        setting=_setting(),
        away_from_home_m=pl.coalesce(_away_from_home(), "distance_home_found_m"),
        category_closes=_yes(pl.col("category_police").is_in(_closing())),
        hours_account_to_found=_hours("witness_account_time", "found_at"),
        hours_meeting_to_found=_hours("first_meeting_at", "found_at"),
        drug_signs=_yes(_drug_signs()),
        unexplained=_yes(_unexplained()),
        both_ways=_overlap("substances_detected", "substances_not_detected"),
        missing_and_present=_overlap("items_missing", "items_present"),
        advised_not_done=pl.col("tests_advised").list.set_difference("checks_done"),
    )
    return table.with_columns(
        closed_early=_yes(_closed_early()),
        **_toxicology(),
        **_opinions(),
    ).drop("category_known_from")


def distance_m(lat_a: pl.Expr, lon_a: pl.Expr, lat_b: pl.Expr, lon_b: pl.Expr) -> pl.Expr:
    """Great-circle distance in metres between two points in degrees (haversine)."""
    a, b = lat_a.radians(), lat_b.radians()
    dlon = (lon_b - lon_a).radians()
    h = ((b - a) / 2).sin() ** 2 + a.cos() * b.cos() * (dlon / 2).sin() ** 2
    return h.clip(0.0, 1.0).sqrt().arcsin() * (2 * EARTH_RADIUS_M)


def _yes(test: pl.Expr) -> pl.Expr:
    return pl.when(test.fill_null(value=False)).then(pl.lit("yes", _YES))


def _hours(earlier: str, later: str) -> pl.Expr:
    """Hours between two times of day; missing when either is only a date."""
    exact = (pl.col(f"{earlier}_span_s") == 0) & (pl.col(f"{later}_span_s") == 0)
    gap = (pl.col(later) - pl.col(earlier)).dt.total_seconds() / 3600
    return pl.when(exact.fill_null(value=True)).then(gap)


def _setting() -> pl.Expr:
    kinds = settings()["settings"]
    place = pl.col("found_place_kind")
    return (
        pl.when(place.is_in(kinds["outdoors"]))
        .then(pl.lit("outdoors", _SETTINGS))
        .when(place.is_in(kinds["home"]))
        .then(pl.lit("home", _SETTINGS))
        .when(place.is_in(kinds["institution"]))
        .then(pl.lit("institution", _SETTINGS))
        .when(place.is_not_null())
        .then(pl.lit("indoors", _SETTINGS))
    )


def _away_from_home() -> pl.Expr:
    points = (pl.col(name) for name in ("home_lat", "home_lon", "found_lat", "found_lon"))
    # Home is taken to be as coarse as the place found: two towns apart may be neighbours across the boundary.
    certain = distance_m(*points) - 2 * pl.col("found_precision_m").fill_null(0)
    return (certain.clip(lower_bound=0.0) / 100).round() * 100


def _closing() -> list[str]:
    return list(settings()["category"]["not_suspicious"])


def _category_known(register: Register) -> pl.Series:
    """When a category that closes a case was known, by row; missing but for cases that came as facts."""
    code = pl.col("value").str.to_lowercase().str.replace_all(r"[\s/,-]+", "_")
    facts = register.facts.filter((pl.col("field") == "category_police") & code.is_in(_closing()))
    if register.known_on is not None:
        facts = facts.filter(pl.col("known_from").dt.date() <= register.known_on)
    known = facts.group_by("case_id").agg(pl.col("known_from").min())
    ids = register.table.select("case_id")  # alone: a join copies every column
    return ids.join(known, on="case_id", how="left", maintain_order="left")["known_from"]


def _closed_early() -> pl.Expr:
    """Called not suspicious within a day of being found, and no toxicology reported by then.

    A date alone stands for its whole day, so the same day is within 24 hours.
    """
    closes = pl.col("category_closes") == "yes"
    open_still = pl.col("category_police").is_in(
        ["homicide", "suspicious", "unexpected_under_investigation", "expected"]
    )
    said = pl.min_horizontal(
        pl.when(closes).then(pl.col("category_set_at")),
        pl.when(closes).then(pl.col("category_known_from")),
        pl.when(~open_still.fill_null(value=False)).then(pl.col("closed_at")),
    )
    found = pl.when(pl.col("found_at_span_s") > 0)
    hours = (
        found.then(said.dt.truncate("1d") - pl.col("found_at").dt.truncate("1d"))
        .otherwise(said - pl.col("found_at"))
        .dt.total_seconds()
        / 3600
    )
    within: pl.Expr = (hours <= settings()["category"]["early_hours"]) & (hours > -24)
    within = within & ~(found.then(hours >= 24).otherwise(False))
    return within & ~(pl.col("toxicology_reported_at") <= said).fill_null(value=False)


def _drug_signs() -> pl.Expr:
    items = pl.col("items_present").list.eval(pl.element().is_in(settings()["drugs"]["items"]))
    return (
        (pl.col("substances_detected").list.len() > 0).fill_null(value=False)
        | (pl.col("substances_suspected").list.len() > 0).fill_null(value=False)
        | items.list.any().fill_null(value=False)
    )


def _unexplained() -> pl.Expr:
    """A death on whose manner neither coroner nor pathologist has yet given an opinion; the police's alone is none."""
    death = pl.col("kind").fill_null("death") == "death"
    settled = pl.lit(value=False)
    for name in ("manner_coroner", "manner_pathologist"):
        settled = settled | (~pl.col(name).is_in(_NO_OPINION)).fill_null(value=False)
    return death & ~settled & (pl.col("category_police").fill_null("") != "expected")


def _overlap(one: str, other: str) -> pl.Expr:
    return pl.col(one).list.set_intersection(other)


def _toxicology() -> dict[str, pl.Expr]:
    rules = settings()["drugs"]
    family = [c for c, s in substances().items() if s.family == rules["family"]]
    sedatives = [
        code
        for code, entry in substances().items()
        if entry.klass in rules["sedative_classes"] and entry.family != rules["family"]
    ]
    detected = pl.col("substances_detected")
    lists = (detected, pl.col("substances_not_detected"))
    said = pl.col("ghb_class").is_not_null() & (pl.col("ghb_class") != "not_tested")
    for column in (*lists, pl.col("substances_pending")):
        said = said | column.list.eval(pl.element().is_in(family)).list.any().fill_null(value=False)
    said = said | pl.col("checks_done").list.contains("toxicology_ghb").fill_null(value=False)
    hit = detected.list.eval(pl.element().is_in(family))
    other = detected.list.eval(pl.element().is_in(sedatives))
    unsaid = (pl.col("unexplained") == "yes") & (pl.col("drug_signs") == "yes") & ~said
    return {
        "toxicology_said": _yes(lists[0].is_not_null() | lists[1].is_not_null()),
        "ghb_said": _yes(said),
        "ghb_unsaid": _yes(unsaid),
        "ghb_alone": _yes(hit.list.any() & hit.list.all()),
        "sedating_combo": _yes(hit.list.any() & other.list.any()),
    }


def _opinions() -> dict[str, pl.Expr]:
    """Opinions on the manner of death side by side, and accounts of drug use that can't both be right."""
    sides = ("police", "pathologist", "coroner", "review")
    opinions = pl.concat_list(
        pl.when(~pl.col(f"manner_{side}").is_in(["pending", "not_stated"]))
        .then(pl.col(f"manner_{side}"))
        .replace(_SAME_OPINION)
        for side in sides
    ).list.drop_nulls()
    words = pl.concat_str(
        [pl.lit(f"{side} ") + pl.col(f"manner_{side}").str.replace_all("_", " ") for side in sides],
        separator=", ",
        ignore_nulls=True,
    )
    uses = pl.concat_list(
        pl.col(name)
        for name in ("drug_use_history", "drug_use_history_own", "drug_use_history_family")
    ).list.drop_nulls()
    none = uses.list.eval(pl.element() == "none_known")
    return {
        "manners": words,
        "manners_differ": _yes(opinions.list.n_unique() > 1),
        "drug_use_accounts_differ": _yes(none.list.any() & ~none.list.all()),
    }
