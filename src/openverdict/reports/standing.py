"""How far a lead can be relied on, ready to print: interval, cap, leave-outs, beliefs, ordinary explanations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from openverdict.leads.assess import posteriors
from openverdict.leads.results import Assessment, Lead, Link, OrdinaryTest, Without
from openverdict.reports.words import listed, odds, sentence_case, signed, thousands

_SOURCES = {
    "theta": "how often features are carried over",
    "background": "how rare they are",
    "kinds": "the kinds of death",
}
_VERDICTS = {True: "found", False: "not found", None: "could not be tested"}


@dataclass(frozen=True, slots=True)
class OtherwiseRow:
    """One line: without what, or with what wrong; the ratio, the strength, and whether the group would stand."""

    label: str
    value: str
    strength: str
    outcome: str


@dataclass(frozen=True, slots=True)
class PriorRow:
    """What would be believed after the evidence, for one belief held before it."""

    belief: str
    before: str
    after: str
    ends: str


@dataclass(frozen=True, slots=True)
class TestRow:
    """One ordinary explanation, what was tested, what came out, and the verdict in words."""

    label: str
    test: str
    result: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything about one lead's reliability, as words."""

    interval: str
    rests_on: str
    capped: str
    without_variable: tuple[OtherwiseRow, ...]
    without_case: tuple[OtherwiseRow, ...]
    if_wrong: tuple[OtherwiseRow, ...]
    if_differs: tuple[OtherwiseRow, ...]
    even: str
    ordinary: tuple[TestRow, ...]
    refutes: tuple[str, ...]
    next_check: str
    record: str


def standing(lead: Lead) -> Standing | None:
    """The standing of a series lead; None where it was not assessed."""
    a = lead.assessment
    if a is None:
        return None
    return Standing(
        interval=interval_words(a.low, a.high),
        rests_on=_rests_on(a),
        capped=_capped(a),
        without_variable=_rows(a.without_variable),
        without_case=_rows(a.without_case),
        if_wrong=_rows(a.if_wrong),
        if_differs=_rows(a.if_differs),
        even=_even(a),
        ordinary=tuple(_test(test) for test in a.ordinary),
        refutes=a.refutes,
        next_check=a.next_check_words,
        record=a.record,
    )


def interval_words(low: float | None, high: float | None) -> str:
    """The ends of an interval: +5.36 to +7.67; empty where there is none.

    Where both ends are alike a bound holds the ratio (what a pair can show, or the cap): that is no precision, and is said.
    """
    if low is None or high is None:
        return ""
    ends = signed(low), signed(high)
    if ends[0] == ends[1]:
        return f"{ends[0]} at both ends, for a bound holds it there"
    return f"{ends[0]} to {ends[1]}"


def pair_interval(link: Link) -> str:
    """What stands beside a pair's ratio: its interval, and that the register supports no more than the cap."""
    words = interval_words(link.log10_lr_low, link.log10_lr_high)
    if not words:
        return ""
    told = f"95 % interval {words}"
    if link.cap is not None and link.capped:
        told += f"; the register supports at least {signed(link.cap)} and can’t show more"
    return told


def prior_rows(lead: Lead, register_size: int) -> tuple[PriorRow, ...]:
    """Three beliefs held before the evidence, and what each becomes."""
    size, ratio = len(lead.cases), lead.log10_lr
    if ratio is None or not 2 <= size <= register_size:
        return ()
    a = lead.assessment
    made = posteriors(ratio, ratio, ratio, size, register_size) if a is None else a.posteriors
    return tuple(
        PriorRow(
            f"One death in {thousands(p.one_death_in)} belongs to such a group: {_registers(p.registers)}",
            odds(p.before),
            odds(p.after),
            "not worked out" if a is None else f"{odds(p.low)} … {odds(p.high)}",
        )
        for p in made
    )


def _registers(registers: float) -> str:
    if registers <= 1:
        return "one in every register like this one"
    return f"one in {thousands(registers)} registers like this one"


def _rests_on(a: Assessment) -> str:
    parts = sorted(a.shares.items(), key=lambda entry: -entry[1])
    told = [f"{_SOURCES[s]} ({100 * part:.0f} %)" for s, part in parts if part >= 0.005]
    if not told:
        return ""
    return f"Its width comes from {listed(told)}."


def _capped(a: Assessment) -> str:
    if not a.capped:
        return ""
    return (
        f"The register supports a log10 ratio of at least {signed(a.reported)} (95 % interval "
        f"{interval_words(a.reported_low, a.reported_high)}): none of its other pairs can bear out a pair’s ratio beyond "
        f"{signed(a.cap)}, so larger ones are held to it here. The rank rests on the figure as worked out."
    )


def _even(a: Assessment) -> str:
    n = a.even_at
    if n < 1:
        return "Even if every death belonged to such a group, the odds would stay below even."
    figure = thousands(n) if n < 1e9 else "thousands of millions"
    return (
        f"The odds are even if one death in {figure} belongs to such a group. Whoever takes such groups to be rarer than that "
        "should take these cases to be more probably unrelated."
    )


def _rows(found: Iterable[Without]) -> tuple[OtherwiseRow, ...]:
    return tuple(
        OtherwiseRow(
            sentence_case(w.label) if w.code != w.label else w.label,
            "no group is left" if w.log10_lr is None else signed(w.log10_lr),
            "not defined" if w.strength is None else signed(w.strength),
            "still put forward" if w.put_forward else "not put forward",
        )
        for w in found
    )


def _test(test: OrdinaryTest) -> TestRow:
    return TestRow(test.label, test.test, test.result, _VERDICTS[test.found])
