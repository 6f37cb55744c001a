"""What would refute a group, and the enquiry of least effort that bears on what it leans on."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from openverdict.cases import checks
from openverdict.cases.words import check_label
from openverdict.errors import InputError
from openverdict.leads.group import listed
from openverdict.leads.results import Assessment, Without

MOST_REFUTES = 4


@dataclass(frozen=True, slots=True)
class Enquiry:
    """How much effort an enquiry takes (1 to 4) and the evidence variables it bears on."""

    effort: int
    bears_on: tuple[str, ...]


@cache
def enquiries() -> Mapping[str, Enquiry]:
    """Every check of the vocabulary with its effort, from `data/next_checks.toml`."""
    text = files("openverdict.leads").joinpath("data/next_checks.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)
    strange = sorted(set(told) ^ set(checks()))
    if strange:
        raise InputError(f"next_checks.toml and checks.toml do not agree on {strange[0]!r}")
    return {name: Enquiry(e["effort"], tuple(e["bears_on"])) for name, e in told.items()}


def refutes(assessment: Assessment, log10_lr: float) -> tuple[str, ...]:
    """What would take the group away, as sentences: single values first, then what it rests on alone."""
    lines = [
        _if(f"the {_lower(w.label)} turned out to be wrong", w, log10_lr)
        for w in assessment.if_wrong
        if not w.put_forward
    ]
    lines += [
        _if(f"the {_lower(w.label)}, which is not recorded, turned out to differ", w, log10_lr)
        for w in assessment.if_differs
        if not w.put_forward
    ]
    lines += [
        f"It leans on {_lower(w.label)}: without it the log10 ratio is {_signed(w.log10_lr)}, and it is not put forward."
        for w in assessment.without_variable
        if not w.put_forward
    ]
    if not lines:
        lines = [
            "No single value and no single variable takes it away: two or more of what it rests on would have to be wrong."
        ]
    return tuple(lines[:MOST_REFUTES])


def _if(what: str, w: Without, log10_lr: float) -> str:
    return (
        f"If {what}, the log10 ratio would fall from {_signed(log10_lr)} to {_signed(w.log10_lr)}, and the group would no "
        "longer be put forward."
    )


def next_check(
    assessment: Assessment,
    log10_lr: float,
    open_checks: Mapping[str, Sequence[str]],
    variables: Mapping[str, str],
) -> tuple[str, str]:
    """The name of the enquiry to make next and a sentence that says why; both empty where none is open.

    `open_checks`: by name, the cases for which it is not recorded as made; `variables`: labels by name. Of those of least
    effort that bear on a variable the group leans on, the one whose variable weighs most; else simply one of least effort.
    """
    weight = {
        w.code: log10_lr - w.log10_lr
        for w in assessment.without_variable
        if w.log10_lr is not None and log10_lr > w.log10_lr
    }
    for w in assessment.if_differs:
        name = w.code.partition(":")[0]
        if w.log10_lr is not None:
            weight[name] = max(weight.get(name, 0.0), log10_lr - w.log10_lr)
    ranked = []
    for name, cases in open_checks.items():
        enquiry = enquiries()[name]
        best = max(enquiry.bears_on, key=lambda v: weight.get(v, 0.0), default="")
        told = weight.get(best, 0.0)
        ranked.append((told <= 0.0, enquiry.effort, -told, name, best, tuple(cases)))
    if not ranked:
        return "", ""
    nothing, _, told, name, best, cases = min(ranked)
    where = f"not recorded as made for {listed(cases)}"
    if nothing:
        return name, f"{check_label(name)}: {where}; the least effort of what is open."
    return name, (
        f"{check_label(name)}: {where}. It bears on {_lower(variables.get(best, best))}, which moves the log10 ratio by "
        f"{-told:.2f}, and takes the least effort of those that do."
    )


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]


def _signed(value: float | None) -> str:
    return "not defined" if value is None else f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")
