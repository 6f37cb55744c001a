"""The coded narratives: marked text to plain text with its codes, and how rules compare with them."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from openverdict.narrative import Assertion, Suggestion, suggest

DATA = Path(__file__).parent / "data"
_MARK = re.compile(r"\{([a-z0-9_.]+)([-~?]?):|\}")
SENSES = {"": "present", "-": "negated", "~": "other", "?": "uncertain"}


@dataclass(frozen=True)
class Code:
    """One code of a reader: what, in which sense, and where."""

    code: str
    sense: str
    start: int
    end: int


@dataclass(frozen=True)
class Narrative:
    """A narrative without its marks, and the codes that the marks held."""

    name: str
    text: str
    codes: tuple[Code, ...]

    @property
    def held_out(self) -> bool:
        """Whether it was written after the rules were fixed, and no rule was mended on it."""
        return self.name.startswith("H")


def read_marked(name: str, marked: str) -> Narrative:
    """Marked text to text and codes."""
    text, at, codes = "", 0, []
    stack: list[tuple[str, str, int]] = []
    for match in _MARK.finditer(marked):
        text += marked[at : match.start()]
        at = match.end()
        if match.group() == "}":
            code, sign, start = stack.pop()
            codes.append(Code(code, SENSES[sign], start, len(text)))
        else:
            stack.append((match[1], match[2], len(text)))
    text += marked[at:]
    assert not stack, f"{name}: a mark is left open"
    return Narrative(name, text, tuple(sorted(codes, key=lambda c: (c.start, -c.end))))


def narratives() -> list[Narrative]:
    """All coded narratives: those that rules were written with (N) and mended on (F, G), and those held out (H)."""
    lines = [
        line
        for file in ("narratives.txt", "fresh.txt", "held_out.txt")
        for line in (DATA / file).read_text(encoding="utf-8").splitlines()
    ]
    return [
        read_marked(*line.split("\t", 1)) for line in lines if line and not line.startswith("#")
    ]


def second_reading() -> dict[str, set[str]]:
    """The indicators that a second reader coded in each narrative (`narrative,indicators`); empty without the file."""
    if not (DATA / "second_reading.csv").exists():
        return {}
    with (DATA / "second_reading.csv").open(encoding="utf-8", newline="") as file:
        return {
            r["narrative"]: set(filter(None, r["indicators"].split(";")))
            for r in csv.DictReader(file)
        }


def sense_of(suggestion: Suggestion) -> str:
    """A rule's assertion in the four senses that readers coded."""
    plain = (Assertion.PRESENT, Assertion.NEGATED, Assertion.UNCERTAIN)
    return suggestion.assertion.value if suggestion.assertion in plain else "other"


def indicator_counts(
    chosen: list[Narrative],
) -> tuple[Counter[str], Counter[str], Counter[str], list[str]]:
    """Indicators stated as present: (both, only rules, only reader) by narrative, and what differs, in words."""
    both, extra, missed = Counter[str](), Counter[str](), Counter[str]()
    told = []
    for n in chosen:
        gold = {c.code for c in n.codes if "." not in c.code and c.sense == "present"}
        found = {
            s.value: s
            for s in suggest(n.text)
            if s.field == "indicators" and s.assertion is Assertion.PRESENT
        }
        both.update(gold & set(found))
        extra.update(set(found) - gold)
        missed.update(gold - set(found))
        told += [
            f"{n.name} + {value} [{found[value].rule}]: {found[value].span(n.text)}"
            for value in sorted(set(found) - gold)
        ]
        told += [
            f"{n.name} - {c.code}: {n.text[c.start : c.end]}"
            for c in n.codes
            if c.code in gold - set(found)
        ]
    return both, extra, missed, told
