"""What the fields of a proposal weigh, read back from the words that it was written down with, a field a row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from openverdict.identity.comparisons import COMPARISONS, DIFFERENT

PRIOR, KIN = "prior", "kin"
# What stands beside the fields: it is of no field, and no likelihood ratio of one.
BESIDE = {
    PRIOR: "how rare one person is among all pairs",
    KIN: "two of one household may look so",
}
_PART = re.compile(r"(?P<words>.+) \((?P<bits>[+\N{MINUS SIGN}-]?\d+(?:\.\d+)?)\)")


@dataclass(frozen=True)
class Weighed:
    """One field of two records, or what stands beside the fields (`prior`, `kin`; "" for words of another version).

    `label` the field, `words` how far the two agree in it; `differs`: the closest level that holds is that of another value.
    `bits`: log2 of the likelihood ratio, rounded to a tenth; None where the field was missing in one of the two: it weighs
    nothing. Of `prior` and `kin` it is what is added to the sum for them.
    """

    name: str
    label: str
    words: str
    differs: bool
    bits: float | None


def weighed(why: str) -> tuple[Weighed, ...]:
    """Every field in its order, those that were not compared too, and then what stands beside them.

    `why` as a proposal has it: `forename the same (+8.0); …`. A part that is not understood comes last, in its own words.
    """
    found: dict[str, Weighed] = {}
    others: list[Weighed] = []
    for part in why.split("; ") if why else ():
        fits = _PART.fullmatch(part)
        words = part if fits is None else fits["words"]
        bits = None if fits is None else float(fits["bits"].replace("\N{MINUS SIGN}", "-"))
        known = _known().get(words)
        if known is None or known[0] in found:
            others.append(Weighed("", "", words, False, bits))
        else:
            name, label, said, differs = known
            found[name] = Weighed(name, label, said, differs, bits)
    fields = [
        found.get(c.name) or Weighed(c.name, c.label, "missing in one of the two", False, None)
        for c in COMPARISONS
    ]
    return (*fields, *(found[name] for name in BESIDE if name in found), *others)


@cache
def _known() -> dict[str, tuple[str, str, str, bool]]:
    """(name, label, words, whether it differs) by the words that a part begins with."""
    known = {
        f"{c.label} {level.words}": (c.name, c.label, level.words, level.name == DIFFERENT)
        for c in COMPARISONS
        for level in c.levels
    }
    return known | {words: (name, "", words, False) for name, words in BESIDE.items()}
