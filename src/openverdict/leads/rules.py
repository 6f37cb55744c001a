"""The rules of triage as data: conditions read from `data/triage.toml` and turned into Polars expressions."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, reduce
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import polars as pl

from openverdict.cases import indicators

Condition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: where `holds` is true the sentence `text` is said; it rests on the fields `sources`.

    `points` is None where the vocabulary and [points] decide. `kept` names a field, `kept_check` an enquiry, that the
    register must use at all before its absence in one case says anything.
    """

    code: str
    text: str
    holds: pl.Expr
    sources: tuple[str, ...]
    direction: str
    points: int | None = None
    kept: str | None = None
    kept_check: str | None = None


@cache
def settings() -> Mapping[str, Any]:
    """The whole rules file."""
    text = files("openverdict.leads").joinpath("data/triage.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


@cache
def reason_rules() -> tuple[Rule, ...]:
    """The rules that give reasons, in the order of the file; an `or` part speaks where the first way does not hold."""
    rules = []
    for code, entry in settings()["reason"].items():
        direction = direction_of(code, entry.get("direction"))
        first = _rule(code, entry, direction)
        rules.append(first)
        if "or" in entry:
            second = _rule(code, entry["or"], direction)
            rules.append(replace(second, holds=second.holds & ~first.holds))
    return tuple(rules)


@cache
def contradiction_rules() -> tuple[Rule, ...]:
    """The rules that say what two parts of a record contradict each other."""
    return tuple(_rule(code, entry, "Q") for code, entry in settings()["contradiction"].items())


def direction_of(code: str, said: str | None = None) -> str:
    """The one letter under which a reason is shown: S where the vocabulary holds S, else its first letter."""
    if said is not None:
        return said
    letters = indicators()[code].directions
    return "S" if "S" in letters else letters[0]


def points_of(code: str, direction: str) -> int:
    """What a reason adds when its rule does not say."""
    chosen = settings()["points_of"].get(code)
    if chosen is None:
        entry = indicators().get(code)
        kind = "hard" if entry is not None and entry.hard else direction
        chosen = settings()["points"][kind]
    return int(chosen)


def holds(conditions: Sequence[Condition], any_of: Sequence[Sequence[Condition]] = ()) -> pl.Expr:
    """One expression for a list of conditions that must all hold, and lists of which one must."""
    every = [_test(condition) for condition in conditions]
    if any_of:
        every.append(reduce(pl.Expr.or_, (holds(conditions) for conditions in any_of)))
    return reduce(pl.Expr.and_, every) if every else pl.lit(value=True)


def _rule(code: str, entry: Mapping[str, Any], direction: str) -> Rule:
    when, any_of = entry.get("when", []), entry.get("any", [])
    fields = [c["field"] for c in _conditions(when, any_of)]
    return Rule(
        code=code,
        text=entry["text"],
        holds=holds(when, any_of),
        sources=tuple(dict.fromkeys(entry.get("source", _sources(fields)))),
        direction=direction,
        points=entry.get("points"),
        kept=entry.get("kept"),
        kept_check=entry.get("kept_check"),
    )


def _sources(names: Sequence[str]) -> Iterator[str]:
    """Fields of the dictionary behind the words of the rules."""
    for name in names:
        yield from settings()["made_of"].get(name, [name])


def _conditions(
    when: Sequence[Condition], any_of: Sequence[Sequence[Condition]]
) -> Iterator[Condition]:
    yield from when
    for conditions in any_of:
        yield from conditions


def _test(condition: Condition) -> pl.Expr:
    """One condition; what is not recorded never fulfils it, but for `missing`."""
    name = condition["field"]
    column = pl.col(name)
    (word, wanted), *more = [(k, v) for k, v in condition.items() if k != "field"]
    if more:
        raise ValueError(f"triage.toml: one test a condition, not {dict(condition)}")
    match word:
        case "is":
            test = column.is_in(wanted)
        case "has":
            test = column.list.eval(pl.element().is_in(wanted)).list.any()
        case "lacks":
            test = ~column.list.eval(pl.element().is_in(wanted)).list.any()
        case "filled":
            test = column.list.len() > 0
        case "recorded":
            test = column.is_not_null()
        case "missing":
            test = column.is_null()
        case "above":
            test = column > wanted
        case "below":
            test = column < wanted
        case "later_than":
            gap = (column - pl.col(wanted)).dt.total_seconds()
            span = pl.col(f"{wanted}_span_s").fill_null(0)
            test = pl.when(span > 0).then(gap >= span).otherwise(gap > 0)
        case _:
            raise ValueError(f"triage.toml: no test is called {word!r}")
    return test.fill_null(value=False)
