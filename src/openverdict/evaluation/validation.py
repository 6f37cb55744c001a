"""The validation report's figures from stored results: target, measured, interval, met or not; nothing is run here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Results = Mapping[str, Any]
COMMANDS = {
    "crimelinkage": "python benchmarks/crimelinkage.py",
    "power": "python benchmarks/power.py",
    "nulls": "python benchmarks/nulls.py",
    "worked_example": "python benchmarks/worked_example.py",
    "planted_calibration": "python benchmarks/planted_calibration.py",
    "connecticut_planted": "python benchmarks/connecticut_planted.py",
}
TITLES = {
    "crimelinkage": "Labelled pairs: crimes of known series",
    "power": "Planted series: power at one false lead a year",
    "nulls": "Registers without a series: nominal and measured alarm rates",
    "worked_example": "The worked example: when each lead is first raised",
    "planted_calibration": "Calibration on planted pairs",
    "connecticut_planted": "Series planted in the columns of a real register",
}
NOTES = {
    "crimelinkage": "490 crimes, folds that keep groups of co-offending apart; our combination, with a plain logistic "
    "regression on the same folds beside it. The package calls its data fictitious. Intervals: draws of groups.",
    "power": "Simulated cities. The bar is the strength at which cities without a series make one false lead a year. The "
    "oracle knows the simulator's densities, not the planted labels: where a target lies above what it reaches, what it "
    "reaches is the target.",
    "nulls": "An alarm at nominal r is a group with a chance rate of at most r a year; the target is the 95 % band of the "
    "nominal rate.",
    "worked_example": "Four deaths and two earlier incidents inside a simulated city year. No target is set: the table says on "
    "which day each set of its cases is first raised, and how often chance alone would do so on that day.",
    "planted_calibration": "Simulated cities with many planted series of different consistency; every pair inside a series is "
    "linked. The model's consistencies were set beforehand and are not those of the simulator. A slope below 1: the ratios "
    "claim more than they hold; above 1: less.",
    "connecticut_planted": "Four real deaths are made alike in the register's own columns, with stated consistencies. The bar "
    "is that of a few null registers of its own, and rarity is learned from the whole register, not as of each day. The "
    "register holds towns, not addresses, and no time of day. No target is set.",
}
ENOUGH_REGISTERS, ENOUGH_CITIES = 1000, 100
CEILING_SHARE = 0.9

# Path in the outcome of a variant, words, target, direction (1: at least, -1: at most).
LABELLED = (
    (("auc",), "AUC", 0.925, 1),
    (("average_precision",), "average precision", 0.58, 1),
    (("tpr_at_0.05",), "linked pairs found at 5 % false", 0.78, 1),
    (("tpr_at_0.01",), "linked pairs found at 1 % false", 0.58, 1),
    (("cllr",), "Cllr", 0.48, -1),
    (("identification", "top_1"), "right offender of 387, top 1", 0.46, 1),
    (("identification", "top_5"), "top 5", 0.72, 1),
    (("identification", "top_10"), "top 10", 0.76, 1),
    (("identification", "top_50"), "top 50", 0.91, 1),
    (("clusters", "f1"), "clusters, F1 of pairs", 0.60, 1),
    (("one_off_crimes", "false_series"), "false series among 241 one-off crimes", 1, -1),
    (("recall_at_zero_false_pairs",), "linked pairs above every null pair", 0.16, 1),
)
POWER = {
    "outdoor": {"2": 0.70, "3": 0.95},
    "outdoor, 60 % missing": {"2": 0.45, "3": 0.85},
}
DEATH = {"2": "2nd death", "3": "3rd death", "4": "4th death"}


@dataclass(frozen=True)
class Row:
    """One figure: what it is, target in words, value with its interval, whether the target is met (None: none is set)."""

    what: str
    target: str
    measured: float
    interval: tuple[float, float] | None = None
    met: bool | None = None
    beside: str = ""


@dataclass(frozen=True)
class Section:
    """The rows of one result file; `made_by`: the code's hashes, or none; `stored`: a date or None; `current`: made by today's
    code (None: not known).
    """

    name: str
    rows: tuple[Row, ...]
    made_by: tuple[str, ...] = ()
    stored: str | None = None
    current: bool | None = None

    @property
    def title(self) -> str:
        """Heading."""
        return TITLES[self.name]

    @property
    def origin(self) -> str:
        """Which code made the figures and when, and whether that is today's code."""
        if not self.rows:
            return "Not measured yet."
        code = f"Made by code {', '.join(self.made_by)}" if self.made_by else "Code not recorded"
        when = f", stored {self.stored}" if self.stored else ""
        said = {
            None: "",
            True: "; that is today's code",
            False: "; **the code has changed since**, so that a new run may give other figures",
        }[self.current if self.made_by else None]
        return f"{code}{when}{said}."


def sections(
    results: Mapping[str, Results | None], code: str, stored: Mapping[str, str | None]
) -> tuple[Section, ...]:
    """Every section of the report; a result that is None is shown as not measured."""
    made = []
    for name, rows in ROWS.items():
        found = results.get(name)
        if found is None:
            made.append(Section(name, ()))
            continue
        codes = tuple(_codes(name, found))
        made.append(Section(name, tuple(rows(found)), codes, stored.get(name), codes == (code,)))
    return tuple(made)


def _codes(name: str, found: Results) -> list[str]:
    parts = list(found.values()) if name == "power" else [found]
    return sorted({code for part in parts for code in part.get("code", ())})


def _at(found: Any, path: tuple[str, ...]) -> float:
    for part in path:
        found = found[part]
    return float(found)


def _labelled(found: Results) -> Iterator[Row]:
    ours, plain = found["combination"], found["plain logistic"]
    for path, words, target, sign in LABELLED:
        value = _at(ours, path)
        around = ours["intervals_95"].get(path[0])
        yield Row(
            words,
            f"{'≥' if sign > 0 else '≤'} {target:g}",
            value,
            None if around is None else (around[0], around[1]),
            sign * value >= sign * target,
            f"plain logistic {_at(plain, path):.3g}",
        )
    yield Row("calibration slope", "", float(ours["calibration_slope"]), beside="1: as claimed")


def _power(found: Results) -> Iterator[Row]:
    for name, table in found.items():
        model, oracle = table["model"], table["oracle"]
        for k, words in DEATH.items():
            if k not in model:
                continue
            ceiling = float(oracle[k]["share"])
            wanted = POWER.get(name, {}).get(k)
            target, met = "", None
            share = float(model[k]["share"])
            if wanted is not None:
                aim = min(wanted, ceiling)
                target = f"≥ {aim:.0%}" + (
                    f" (ceiling; {wanted:.0%} was asked)" if aim < wanted else ""
                )
                met = share >= aim
            yield Row(
                f"{name}: raised at the {words}",
                target,
                share,
                (model[k]["interval"][0], model[k]["interval"][1]),
                met,
                f"oracle {ceiling:.0%}; {model[k]['of']} cities",
            )
            if wanted is not None and ceiling > 0:
                part = share / ceiling
                yield Row(
                    f"{name}, {words}: part of the oracle's power",
                    f"≥ {CEILING_SHARE:.0%}",
                    part,
                    None,
                    part >= CEILING_SHARE,
                )
        if name in POWER:
            cities = int(table["planted_cities"])
            yield Row(f"{name}: planted cities", f"≥ {ENOUGH_CITIES}", cities, None, cities >= ENOUGH_CITIES)  # fmt: skip
            yield Row(
                f"{name}: false leads a year",
                "",
                float(model["false_leads_per_year"]),
                beside=f"set so by the bar, on {table['null_cities']} cities without a series",
            )


def _nulls(found: Results) -> Iterator[Row]:
    registers = int(found["registers"])
    size = f"{found['asked']['deaths_a_year']:,} deaths a year, {found['asked']['years']:g} years"
    yield Row("registers", f"≥ {ENOUGH_REGISTERS:,}", registers, None, registers >= ENOUGH_REGISTERS, size)  # fmt: skip
    for row in found["table"]:
        low, high = row["band"]
        one = row["any_strength"]
        yield Row(
            row["nominal"],
            f"{low:.3g}–{high:.3g}",
            float(one["measured"]),
            (one["interval"][0], one["interval"][1]),
            bool(one["in_band"]),
            f"as a review raises them {row['as_raised']['measured']:.2g}",
        )


def _example(found: Results) -> Iterator[Row]:
    for name, words in (("as_held", "as held"), ("with_the_enquiry", "with the enquiry made")):
        for row in found[name]["first_raised"]:
            others = len(row["cases"]) - len(row["example_cases"])
            low, high = row["chance_low"], row["chance_high"]
            yield Row(
                f"{words}: {', '.join(row['example_cases'])}"
                + (f" and {others} more" if others else "")
                + f", {row['day']}, chance a year",
                "",
                float(row["chance_per_year"]),
                None if low is None else (low, high),
                None,
                f"rank {row['rank']} of {row['of']}",
            )


def _calibration(found: Results) -> Iterator[Row]:
    for name, part in found["parts"].items():
        aim = name in ("all kinds", "outdoor")
        slope, most = float(part["slope"]), part["over_confident_nats"]
        around = part.get("slope_interval")
        yield Row(
            f"{name}: slope",
            "0.9–1.1" if aim else "",
            slope,
            None if around is None else (around[0], around[1]),
            0.9 <= slope <= 1.1 if aim else None,
            f"{part['linked_pairs']} linked pairs; {part['slope_with_as_many_others_as_linked']:.2f} "
            "where both kinds weigh the same",
        )
        if most is None:
            continue
        yield Row(
            f"{name}: most over-confident unit, nats",
            "≤ 0.5" if aim else "",
            most,
            None,
            most <= 0.5 if aim else None,
            f"{part['over_confident_nats_surely']:.2f} as far as the labels make sure",
        )


def _connecticut(found: Results) -> Iterator[Row]:
    for name, rows in found["settings"].items():
        for k, row in rows.items():
            yield Row(
                f"{name}: raised at the {DEATH[k]}",
                "",
                float(row["share"]),
                (row["interval"][0], row["interval"][1]),
                None,
                f"{row['raised']} of {row['of']}, {row['raised_and_strong_enough_for_a_review']} as a review raises them; "
                f"median strength {row['median_strength']:.1f}, bar {found['bars']['1.0']}",
            )


ROWS = {
    "crimelinkage": _labelled,
    "power": _power,
    "nulls": _nulls,
    "worked_example": _example,
    "planted_calibration": _calibration,
    "connecticut_planted": _connecticut,
}
